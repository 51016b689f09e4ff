//! The recorded cases of the field's own converter: what it takes must be taken, what it rejects must be rejected, at
//! the same sheet, row and column.

use std::path::Path;

use anyhow::Result;
use serde_json::Value as Json;
use teranga_xforms::{Finding, Imported, import_csv, import_markdown};

use crate::report::{FileReport, Verdict};

/// Sheets as lists of rows, as the CSV file that says the same.
fn csv(sheets: &Json) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for (name, rows) in sheets.as_object().unwrap() {
        let rows = rows.as_array().unwrap();
        let mut columns: Vec<&str> = Vec::new();
        for column in rows.iter().flat_map(|row| row.as_object().unwrap().keys()) {
            if !columns.contains(&column.as_str()) {
                columns.push(column);
            }
        }
        writer.write_record([name.as_str(), ""]).unwrap();
        writer.write_record([""].iter().chain(&columns)).unwrap();
        for row in rows {
            let cells = columns.iter().map(|column| row[column].as_str().unwrap_or_default());
            writer.write_record([""].into_iter().chain(cells)).unwrap();
        }
    }
    writer.into_inner().unwrap()
}

fn import(case: &Json) -> Result<Imported, Vec<Finding>> {
    let (input, name) = (&case["input"], case["name"].as_str().unwrap_or("data"));
    match input["md"].as_str() {
        Some(tables) => import_markdown(tables, name),
        None => import_csv(&csv(&input["ss"]), name),
    }
}

/// What stands between two pieces of a text.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// Whether a finding is at the place that a message names; what it does not name is free.
fn is_at(finding: &Finding, message: &str) -> bool {
    let row = between(message, "[row : ", "]").and_then(|row| row.parse::<usize>().ok());
    let sheet = between(message, "On the '", "' sheet");
    let column = between(message, "sheet, the '", "' value").map(|column| {
        // `parameters (value)` names a parameter within the column; the entities' list was once called a dataset.
        let column = column.split(" (").next().filter(|name| *name == "parameters").unwrap_or(column);
        if column == "dataset" { "list_name" } else { column }
    });
    // Our findings name the heading that stands in the sheet, the messages sometimes its present spelling.
    let heading = if finding.column == "tag" { "name" } else { finding.column.as_str() };
    row.is_none_or(|row| row == finding.row)
        && sheet.is_none_or(|sheet| sheet == finding.sheet.to_lowercase())
        && column.is_none_or(|column| column == heading)
}

/// Why a case does not agree.
fn disagreement(case: &Json) -> Option<String> {
    let rejected = case["assert"]["errored"] == Json::Bool(true);
    let messages = case["assert"]["error__contains"].as_array();
    let messages: Vec<&str> = messages.into_iter().flatten().filter_map(Json::as_str).collect();
    match (import(case), rejected) {
        (Ok(_), false) => None,
        (Ok(_), true) => Some(format!("taken, though: {messages:?}")),
        (Err(findings), false) => {
            let lines: Vec<String> = findings.iter().take(3).map(ToString::to_string).collect();
            Some(format!("rejected: {}", lines.join(" | ")))
        }
        (Err(findings), true) => {
            let missed =
                messages.iter().find(|message| !findings.iter().any(|finding| is_at(finding, message)))?;
            let lines: Vec<String> = findings.iter().take(3).map(ToString::to_string).collect();
            Some(format!("rejected elsewhere than {missed:?}: {}", lines.join(" | ")))
        }
    }
}

/// Runs the corpus.
#[expect(clippy::unnecessary_wraps, reason = "every corpus is run by the same signature")]
pub(crate) fn run(_folder: &Path, cases: &[Json]) -> Result<FileReport> {
    Ok(FileReport::of(cases, |case| disagreement(case).map_or(Verdict::Passed, Verdict::Failed)))
}
