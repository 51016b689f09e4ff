//! The project's own commands: `cargo xtask NAME`.

mod bench;
mod conformance;
mod faults;
mod floors;
mod fuzz;
mod node;
mod oracle;
mod said;
mod sim;
mod wasm;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

/// As in the command itself: benchmarks measure what is shipped.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "cargo xtask floors | check | torture | faults [WORD] | conformance [DIR] [--json] | fuzz [TARGET] [--seconds N] [--seed S] | oracle validate|engine | sim [--seeds A..B] [--json] [--resume FILE] | wasm | bench sync [--json] | bench hub [--json] | bench memory [--json] | bench hostile [--json] | bench peers [--json] | bench ingest | bench burst | bench forms [--json]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    match arguments.first().map(String::as_str) {
        Some("floors") => floors::check(),
        Some("check") => check(),
        Some("torture") => torture(),
        Some("faults") => faults::run(arguments.get(1).map(String::as_str)),
        Some("conformance") => conformance::run(arguments.get(1..).unwrap_or_default()),
        Some("fuzz") => fuzz::run(arguments.get(1..).unwrap_or_default()),
        Some("sim") => sim::run(arguments.get(1..).unwrap_or_default()),
        Some("oracle") => oracle::run(arguments.get(1..).unwrap_or_default()),
        Some("wasm") => wasm::run(),
        Some("bench") => bench::run(arguments.get(1..).unwrap_or_default()),
        _ => bail!("usage: {USAGE}"),
    }
}

/// What a change must pass before it lands.
fn check() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    floors::check()?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    cargo(&["test", "--workspace"])
}

/// The killing tests with fifty moments each.
fn torture() -> Result<()> {
    let status = Command::new("cargo")
        .args(["test", "--package", "teranga-tests", "--test", "kill", "--", "--nocapture"])
        .env("TERANGA_MOMENTS", "50")
        .status()
        .context("cargo does not start")?;
    if status.success() { Ok(()) } else { bail!("a promise did not hold: see above") }
}

fn cargo(arguments: &[&str]) -> Result<()> {
    let status = Command::new("cargo").args(arguments).status().context("cargo does not start")?;
    if status.success() { Ok(()) } else { bail!("cargo {} failed", arguments.join(" ")) }
}
