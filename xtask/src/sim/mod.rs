//! `cargo xtask sim --seeds A..B [--json] [--resume FILE]`: plays the seeds of a range in simulated worlds, on all cores, and
//! shrinks what fails. A failing seed prints what happened and the commit at which it does. Run it in a release build.

mod course;

use std::io::{IsTerminal as _, Write as _};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value as Json, json};
use teranga_sim::{Many, Outcome, Sabotage, Script, commit, play, play_many, shrink};

use self::course::{Course, Spent};
use crate::said::Manner;

/// Failing seeds that are shrunk and shown; of the rest only the number is said.
const SHOWN_MAX: usize = 5;

struct Arguments {
    seeds: Range<u64>,
    manner: Manner,
    /// Where it is kept how far the run has come.
    resume: Option<PathBuf>,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let arguments = read(arguments)?;
    let course = played(&arguments)?;
    // Before what failed is played again and again to be made short.
    let (runs, cpu_s) = (course.runs(), course.cpu_s_each());
    let cost = cpu_s.map(|cpu_s| format!(", {cpu_s:.3} s of processor each")).unwrap_or_default();
    for seed in course.failed.iter().take(SHOWN_MAX) {
        arguments.manner.say(&shown(*seed, &course.commit));
    }
    let (done, failed, seconds) = (course.done, course.failed.len(), course.spent.seconds);
    arguments.manner.say(&format!(
        "sim: {runs} seeds, {failed} failed; {} changes, {} sessions, {} broken sessions, {} power cuts, {} moves, {} conflicts; {seconds:.1} s{cost}",
        done.changes,
        done.sessions,
        done.broken_sessions,
        done.power_cuts,
        done.moves,
        done.conflicts
    ));
    arguments.manner.end(&as_json(&course));
    if failed == 0 { Ok(()) } else { bail!("{failed} of {runs} seeds failed") }
}

/// What came of a run, for programs.
fn as_json(course: &Course) -> Json {
    let done = course.done;
    json!({
        "runs": course.runs(), "failed": course.failed.len(), "failed_seeds": course.failed,
        "changes": done.changes, "sessions": done.sessions, "broken_sessions": done.broken_sessions,
        "power_cuts": done.power_cuts, "moves": done.moves, "conflicts": done.conflicts,
        "cpu_s_each": course.cpu_s_each(),
    })
}

/// Plays what is still to be played, part by part.
fn played(arguments: &Arguments) -> Result<Course> {
    let (begun, file) = (Instant::now(), arguments.resume.as_deref());
    let new = Course::new(arguments.seeds.clone(), commit());
    let mut course = if let Some(file) = file { new.resume(file)? } else { new };
    if let Some(file) = file {
        // Before anything is played: that it cannot be written is better said now.
        course.keep(file)?;
    }
    let before = course.spent;
    while let Some(part) = course.part() {
        let many = play_many(part, |many, seed, outcome| tell(&course, many, (seed, outcome)));
        let now = Spent { seconds: begun.elapsed().as_secs_f64(), cpu_s: cpu_s() };
        course.add(&many, before + now);
        if let Some(file) = file {
            course.keep(file)?;
        }
    }
    Ok(course)
}

fn read(arguments: &[String]) -> Result<Arguments> {
    let usage = "usage: cargo xtask sim --seeds A..B [--json] [--resume FILE]";
    let mut read = Arguments { seeds: 0..100, manner: Manner::of(arguments), resume: None };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => {}
            "--resume" => read.resume = Some(arguments.next().context(usage)?.into()),
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

/// Says at once which seed failed, so that it is known whatever becomes of the run, and how far that has come: where nobody
/// watches it count, after each part.
fn tell(course: &Course, part: &Many, (seed, outcome): (u64, &Outcome)) {
    let mut out = std::io::stderr();
    let watched = out.is_terminal();
    if let Some(fault) = &outcome.fault {
        let _ = writeln!(out, "{}seed {seed}: {fault}", if watched { "\r" } else { "" });
    }
    let (runs, of) = (course.runs() + part.runs, course.seeds.end - course.seeds.start);
    let line = format!("{runs} of {of} seeds, {} failed", course.failed.len() + part.failed.len());
    if watched {
        let _ = write!(out, "\r{line}");
        let _ = if runs == of { writeln!(out) } else { out.flush() };
    } else if course.part().is_some_and(|whole| whole.start + part.runs == whole.end) {
        let _ = writeln!(out, "{line}");
    }
}

fn shown(seed: u64, commit: &str) -> String {
    let script = Script::new(seed);
    let Some(fault) = play(&script, Sabotage::Nothing).fault else { return String::new() };
    let (short, how) = shrink(&script, &fault, Sabotage::Nothing);
    format!(
        "seed {seed} at commit {commit}: {fault}\n{} of its {} steps do it: {how}\n{short}",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_reads_how_many_were_played_and_which_failed() {
        let two = read(&["--seeds", "7..9", "--json"].map(str::to_owned)).unwrap();
        let mut course = played(&two).unwrap();
        let told = as_json(&course);
        assert_eq!(
            (&told["runs"], &told["failed"], &told["failed_seeds"]),
            (&json!(2), &json!(0), &json!([]))
        );
        assert!(told["sessions"].as_u64() > Some(0) && told["changes"].as_u64() > Some(0), "{told}");
        course.failed.push(8);
        let told = as_json(&course);
        assert_eq!(
            (&told["runs"], &told["failed"], &told["failed_seeds"]),
            (&json!(2), &json!(1), &json!([8]))
        );
    }

    #[test]
    fn a_range_without_seeds_is_refused() {
        for seeds in ["9..9", "9..7", "9", "a..b"] {
            assert!(read(&["--seeds", seeds].map(str::to_owned)).is_err(), "{seeds}");
        }
    }
}
