//! `cargo xtask sim --seeds A..B [--json]`: plays the seeds of a range in simulated worlds, on all cores, and shrinks what
//! fails. A failing seed prints what happened and the commit at which it does. Run it in a release build.

use std::io::{IsTerminal as _, Write as _};
use std::ops::Range;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::json;
use teranga_sim::{Many, Outcome, Sabotage, Script, play_many, shrink};

use crate::said::Manner;

/// Failing seeds that are shrunk and shown; of the rest only the number is said.
const SHOWN_MAX: usize = 5;

/// After so many seeds a line says how far it has come, where nobody watches it count.
const PROGRESS_EVERY: u64 = 500;

struct Arguments {
    seeds: Range<u64>,
    manner: Manner,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let arguments = read(arguments)?;
    let begun = Instant::now();
    let of = arguments.seeds.end - arguments.seeds.start;
    let Many { runs, done, failed } = play_many(arguments.seeds, |many| progress(many, of));
    // Before what failed is played again and again to be made short.
    let seconds = begun.elapsed().as_secs_f64();
    let cpu_s = cpu_s().zip(u32::try_from(runs).ok()).map(|(cpu_s, runs)| cpu_s / f64::from(runs));
    let cost = cpu_s.map(|cpu_s| format!(", {cpu_s:.3} s of processor each")).unwrap_or_default();
    for (seed, outcome) in failed.iter().take(SHOWN_MAX) {
        arguments.manner.say(&shown(*seed, outcome));
    }
    arguments.manner.say(&format!(
        "sim: {runs} seeds, {} failed; {} changes, {} sessions, {} broken sessions, {} power cuts, {} moves, {} conflicts; {seconds:.1} s{cost}",
        failed.len(),
        done.changes,
        done.sessions,
        done.broken_sessions,
        done.power_cuts,
        done.moves,
        done.conflicts
    ));
    let seeds: Vec<u64> = failed.iter().map(|(seed, _)| *seed).collect();
    arguments.manner.end(&json!({
        "runs": runs, "failed": failed.len(), "failed_seeds": seeds, "changes": done.changes,
        "sessions": done.sessions, "broken_sessions": done.broken_sessions,
        "power_cuts": done.power_cuts, "moves": done.moves, "conflicts": done.conflicts,
        "cpu_s_each": cpu_s,
    }));
    if failed.is_empty() { Ok(()) } else { bail!("{} of {runs} seeds failed", failed.len()) }
}

fn read(arguments: &[String]) -> Result<Arguments> {
    let usage = "usage: cargo xtask sim --seeds A..B [--json]";
    let mut read = Arguments { seeds: 0..100, manner: Manner::of(arguments) };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => {}
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
    let line = format!("{} of {of} seeds, {} failed", many.runs, many.failed.len());
    if out.is_terminal() {
        let _ = write!(out, "\r{line}");
        let _ = if many.runs == of { writeln!(out) } else { out.flush() };
    } else if many.runs.is_multiple_of(PROGRESS_EVERY) {
        // Whoever goes on with a range that was broken off reads here how far it came.
        let _ = writeln!(out, "{line}");
    }
}

fn shown(seed: u64, outcome: &Outcome) -> String {
    let Some(fault) = &outcome.fault else { return String::new() };
    let script = Script::new(seed);
    let (short, how) = shrink(&script, fault, Sabotage::Nothing);
    format!(
        "seed {seed} at commit {}: {fault}\n{} of its {} steps do it: {how}\n{short}",
        commit(),
        short.steps.len(),
        script.steps.len()
    )
}

/// The processor's time that this process has taken, where there is a `/proc` that says so: in hundredths of a second, the
/// fourteenth and fifteenth of the fields of `proc(5)`, of which the second may hold blanks.
fn cpu_s() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let (of_ours, of_the_system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((f64::from(of_ours) + f64::from(of_the_system)) / 100.0)
}

fn commit() -> String {
    let output = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    let name = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    name.map_or_else(|| "unknown".to_owned(), |name| String::from_utf8_lossy(&name).trim().to_owned())
}
