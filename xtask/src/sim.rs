//! `cargo xtask sim --seeds A..B [--json]`: plays the seeds of a range in simulated worlds, on all cores, and shrinks what
//! fails. A failing seed prints what happened and the commit at which it does. Run it in a release build.

use std::io::{IsTerminal as _, Write as _};
use std::ops::Range;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::json;
use teranga_sim::{Many, Outcome, Sabotage, Script, play_many, shrink};

/// Failing seeds that are shrunk and shown; of the rest only the number is said.
const SHOWN_MAX: usize = 5;

struct Arguments {
    seeds: Range<u64>,
    json: bool,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let arguments = read(arguments)?;
    let begun = Instant::now();
    let of = arguments.seeds.end - arguments.seeds.start;
    let Many { runs, done, failed } = play_many(arguments.seeds, |many| progress(many, of));
    for (seed, outcome) in failed.iter().take(SHOWN_MAX) {
        show(*seed, outcome);
    }
    println!(
        "sim: {runs} seeds, {} failed; {} changes, {} sessions, {} broken sessions, {} power cuts, {} moves, {} conflicts; {:.1} s",
        failed.len(),
        done.changes,
        done.sessions,
        done.broken_sessions,
        done.power_cuts,
        done.moves,
        done.conflicts,
        begun.elapsed().as_secs_f64()
    );
    if arguments.json {
        let seeds: Vec<u64> = failed.iter().map(|(seed, _)| *seed).collect();
        println!(
            "{}",
            json!({
                "runs": runs, "failed": failed.len(), "failed_seeds": seeds, "changes": done.changes,
                "sessions": done.sessions, "broken_sessions": done.broken_sessions,
                "power_cuts": done.power_cuts, "moves": done.moves, "conflicts": done.conflicts,
            })
        );
    }
    if failed.is_empty() { Ok(()) } else { bail!("{} of {runs} seeds failed", failed.len()) }
}

fn read(arguments: &[String]) -> Result<Arguments> {
    let usage = "usage: cargo xtask sim --seeds A..B [--json]";
    let mut read = Arguments { seeds: 0..100, json: false };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => read.json = true,
            "--seeds" => {
                let range = arguments.next().and_then(|range| range.split_once("..")).context(usage)?;
                read.seeds = range.0.parse().context(usage)?..range.1.parse().context(usage)?;
            }
            _ => bail!(usage),
        }
    }
    if read.seeds.is_empty() {
        bail!(usage)
    }
    Ok(read)
}

fn progress(many: &Many, of: u64) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        let _ = write!(out, "\r{} of {of} seeds, {} failed", many.runs, many.failed.len());
        let _ = if many.runs == of { writeln!(out) } else { out.flush() };
    }
}

fn show(seed: u64, outcome: &Outcome) {
    let Some(fault) = &outcome.fault else { return };
    println!("seed {seed} at commit {}: {fault}", commit());
    let script = Script::new(seed);
    let (short, how) = shrink(&script, fault, Sabotage::Nothing);
    println!("{} of its {} steps do it: {how}\n{short}", short.steps.len(), script.steps.len());
}

fn commit() -> String {
    let output = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    let name = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    name.map_or_else(|| "unknown".to_owned(), |name| String::from_utf8_lossy(&name).trim().to_owned())
}
