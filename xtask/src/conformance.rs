//! `cargo xtask conformance [DIR] [--json]`: the field's recorded cases against our engine, file by file, with the
//! identity of each case that does not hold.

use std::path::PathBuf;

use anyhow::{Result, bail};
use teranga_conformance::{default_folder, run as run_corpora, to_json};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let json = arguments.iter().any(|argument| argument == "--json");
    let mut folders = arguments.iter().filter(|argument| *argument != "--json");
    let folder = folders.next().map_or_else(default_folder, PathBuf::from);
    if folders.next().is_some() || !folder.is_dir() {
        bail!("conformance takes one folder that holds the recorded cases, and --json");
    }
    let reports = run_corpora(&folder)?;
    for report in &reports {
        for failure in &report.failures {
            println!("{} {}: {}", report.file, failure.id, failure.why);
        }
    }
    for report in &reports {
        println!(
            "{}: {} passed, {} failed, {} skipped ({:.1} %)",
            report.file,
            report.passed,
            report.failures.len(),
            report.skipped,
            report.percent()
        );
    }
    if json {
        println!("{}", to_json(&reports));
    }
    Ok(())
}
