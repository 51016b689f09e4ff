//! `cargo xtask bench sync`: bytes, round trips and speed of the sync, on seeded records, in one process, over the bytes
//! that would travel; of the form engine beside the field's own; of ingest. `docs/benchmarks.md` holds the tables.

mod burst;
mod cut;
mod forms;
mod held;
mod hostile;
mod ingest;
mod memory;
mod peers;
mod row;
mod served;
mod socio;
mod sync;
mod work;
mod world;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::said::Manner;

/// Measures in a release build, whatever this was built as.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if cfg!(debug_assertions) {
        let status = Command::new("cargo")
            .args(["run", "--release", "--quiet", "--package", "xtask", "--", "bench"])
            .args(arguments)
            .status()
            .context("cargo does not start")?;
        return if status.success() { Ok(()) } else { bail!("the benchmark failed") };
    }
    match arguments.first().map(String::as_str) {
        Some("sync") => sync::run(Manner::of(arguments)),
        Some("hub") => sync::hub(Manner::of(arguments)),
        Some("memory") => sync::memory(Manner::of(arguments)),
        Some("hostile") => hostile::run(Manner::of(arguments)),
        Some("peers") => peers::run(Manner::of(arguments)),
        Some("ingest") => {
            let done = ingest::Work::new(devices(arguments)?)?.ingest()?;
            println!("{} parts and {} changes a second", done.parts_per_s, done.changes_per_s);
            Ok(())
        }
        Some("burst") => {
            let burst::Measured { burst, whole } = burst::measure(&ingest::Work::new(devices(arguments)?)?)?;
            for logged in [burst, whole] {
                println!("{} changes a second, of {}", logged.changes_per_s, logged.changes);
            }
            Ok(())
        }
        // What `memory` and `hostile` start; nobody's command.
        Some("serve") => served::serve(Path::new(arguments.get(1).context("which folder?")?)),
        Some("forms") => forms::run(Manner::of(arguments)),
        _ => bail!(
            "usage: cargo xtask bench sync [--json] | hub [--json] | memory [--json] | hostile [--json] | peers [--json] | ingest [--devices N] | burst [--devices N] | forms [--json]"
        ),
    }
}

/// How many devices bring something.
fn devices(arguments: &[String]) -> Result<usize> {
    match arguments.get(1).map(String::as_str) {
        None => Ok(ingest::DEVICES),
        Some("--devices") => {
            let count = arguments.get(2).context("how many devices?")?;
            count.parse().context("--devices takes a number")
        }
        Some(_) => bail!("usage: cargo xtask bench ingest|burst [--devices N]"),
    }
}
