//! The field's own recorded cases, run against our engine: expressions, the behaviour of forms, the conversion of
//! workbooks. The cases are not part of this repository; whoever has them names their folder.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "the cases are trusted: what does not have their shape must stop the run"
)]

mod report;
mod scenario;
mod xlsform;
mod xpath;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value as Json;

pub use report::{Failure, FileReport, to_json};

/// One kind of corpus: the name of its file, and how it is run.
type Corpus = (&'static str, fn(&Path, &[Json]) -> Result<FileReport>);

const CORPORA: &[Corpus] = &[
    ("xpath.jsonl", xpath::run),
    ("xpath-javarosa.jsonl", xpath::run),
    ("scenario.jsonl", scenario::run),
    ("xlsform.jsonl", xlsform::run),
];

/// The folder in which the cases stand beside a checkout of this repository.
pub fn default_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance")
}

/// Runs every corpus that the folder holds; of those that it lacks nothing is reported.
pub fn run(folder: &Path) -> Result<Vec<FileReport>> {
    let mut reports = Vec::new();
    for (file, run) in CORPORA {
        let path = folder.join(file);
        if !path.exists() {
            continue;
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("{file} cannot be read"))?;
        let cases = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let cases: Result<Vec<Json>> = cases
            .map(|(at, line)| serde_json::from_str(line).with_context(|| format!("{file}, line {}", at + 1)))
            .collect();
        reports.push(run(folder, &cases?)?.named(file));
    }
    Ok(reports)
}
