//! The recorded cases of the field's own converter: what it takes must be taken and come out as an XForm that shows the
//! same; what it rejects must be rejected, at the same sheet, row and column.

mod fragment;
mod meaning;
mod paths;

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value as Json;
use teranga_core::form::{Form, Lists};
use teranga_xforms::{Finding, Flaw, Imported, Note, Remark, export_xform, import_csv, import_markdown};

use crate::report::{FileReport, Verdict};
use meaning::{between, row};
use paths::Xml;

/// What the corpus calls the file of a workbook.
const FILE_NAME: &str = "data";

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
    let input = &case["input"];
    match input["md"].as_str() {
        Some(tables) => import_markdown(tables, FILE_NAME),
        None => import_csv(&csv(&input["ss"]), FILE_NAME),
    }
}

/// The XForm of an imported case.
fn exported(case: &Json, imported: &Imported) -> Result<String> {
    let mut document = imported.form.clone();
    // The corpus's converter is told the name of the root beside the workbook; ours reads it in the settings.
    if let Some(name) = case["name"].as_str()
        && document["settings"]["name"].is_null()
    {
        document["settings"]["name"] = name.into();
    }
    let form = Form::parse(&document).map_err(|errors| anyhow!("not a form: {errors:?}"))?;
    let xml = export_xform(&form, &Lists::new())?;
    // A form of ours always has a version: one that names none is version 1. The corpus's converter writes none then.
    let unversioned = imported.remarks.iter().any(|remark| remark.note == Note::NoVersion);
    Ok(if unversioned { xml.replacen(" version=\"1\"", "", 1) } else { xml })
}

/// Whether a finding is at the place that a message names; what it does not name is free.
fn is_at(finding: &Finding, message: &str) -> bool {
    let sheet = between(message, "On the '", "' sheet");
    let column = between(message, "sheet, the '", "' value").map(|column| {
        // `parameters (value)` names a parameter within the column; the entities' list was once called a dataset.
        let column = column.split(" (").next().filter(|name| *name == "parameters").unwrap_or(column);
        if column == "dataset" { "list_name" } else { column }
    });
    // Our findings name the heading that stands in the sheet, the messages sometimes its present spelling.
    let heading = if finding.column == "tag" { "name" } else { finding.column.as_str() };
    row(message).is_none_or(|row| row == finding.row)
        && sheet.is_none_or(|sheet| sheet == finding.sheet.to_lowercase())
        && column.is_none_or(|column| column == heading)
}

fn texts<'a>(asserted: &'a Json, kind: &str) -> Vec<&'a str> {
    asserted[kind].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

/// Which texts of an XForm an assertion looks at.
fn part<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (start, end) = match name {
        "xml" => return Some(xml),
        "model" => ("<model", "</model>"),
        "instance" => ("<instance>", "</instance>"),
        "itext" => ("<itext>", "</itext>"),
        _ => return None,
    };
    let from = xml.find(start)?;
    let to = xml.get(from..)?.find(end)? + from + end.len();
    xml.get(from..to)
}

/// The first assertion on an XForm that does not hold.
fn untrue(asserted: &Json, xml: &str) -> Result<Option<String>> {
    for name in ["xml", "model", "instance", "itext"] {
        let text = part(xml, name).unwrap_or("");
        let (held, kept_out) = (format!("{name}__contains"), format!("{name}__excludes"));
        if let Some(piece) = texts(asserted, &held).into_iter().find(|piece| !fragment::holds(text, piece)) {
            return Ok(Some(format!("{held} {piece}")));
        }
        if let Some(piece) = texts(asserted, &kept_out).into_iter().find(|piece| fragment::holds(text, piece))
        {
            return Ok(Some(format!("{kept_out} {piece}")));
        }
    }
    let parsed = Xml::parse(xml)?;
    for path in texts(asserted, "xml__xpath_match") {
        let found = parsed.count(path)?;
        if found != 1 {
            return Ok(Some(format!("{found} times {path}")));
        }
    }
    for pair in asserted["xml__xpath_count"].as_array().into_iter().flatten() {
        let path = pair[0].as_str().context("a path and a number")?;
        let found = parsed.count(path)?;
        if Some(found as u64) != pair[1].as_u64() {
            return Ok(Some(format!("{found} times, not {}, {path}", pair[1])));
        }
    }
    for pair in asserted["xml__xpath_exact"].as_array().into_iter().flatten() {
        let path = pair[0].as_str().context("a path and what it finds")?;
        if !parsed.finds(path, pair[1].as_array().context("what a path finds")?)? {
            return Ok(Some(format!("not exactly {} at {path}", pair[1])));
        }
    }
    Ok(None)
}

/// The first assertion on warnings that does not hold.
fn unsaid(asserted: &Json, remarks: &[Remark]) -> Option<String> {
    let unsaid =
        texts(asserted, "warnings__contains").into_iter().find(|text| !meaning::is_said(remarks, text));
    if let Some(warning) = unsaid {
        return Some(format!("does not say: {warning}"));
    }
    if let Some(text) =
        texts(asserted, "warnings__not_contains").into_iter().find(|text| meaning::is_said(remarks, text))
    {
        return Some(format!("says: {text}"));
    }
    let wanted = asserted["warnings_count"].as_u64()?;
    let warned = meaning::warnings(remarks) as u64;
    (warned != wanted).then(|| format!("{warned} warnings, not {wanted}"))
}

/// Why a case that must be rejected does not agree.
fn not_rejected(asserted: &Json, imported: Result<Imported, Vec<Finding>>) -> Option<String> {
    let messages = texts(asserted, "error__contains");
    let Err(findings) = imported else { return Some(format!("taken, though: {messages:?}")) };
    let suggested = findings.iter().filter_map(|finding| match &finding.flaw {
        Flaw::NoSheet(similar) => Some(similar),
        _ => None,
    });
    // What a message must not hold are the names of sheets that are no slips of the one that is missing.
    let unwanted = texts(asserted, "error__not_contains");
    let wrong = suggested.flatten().find(|sheet| unwanted.contains(&format!("'{sheet}'").as_str()));
    if let Some(sheet) = wrong {
        return Some(format!("suggests the sheet {sheet}"));
    }
    let missed = messages.iter().find(|message| !findings.iter().any(|finding| is_at(finding, message)))?;
    Some(format!("rejected elsewhere than {missed:?}: {}", listed(&findings)))
}

fn listed(findings: &[Finding]) -> String {
    findings.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}

/// Why a case does not agree.
fn disagreement(case: &Json) -> Option<String> {
    let asserted = &case["assert"];
    let imported = import(case);
    if asserted["errored"] == Json::Bool(true) {
        return not_rejected(asserted, imported);
    }
    let imported = match imported {
        Ok(imported) => imported,
        Err(findings) => return Some(format!("rejected: {}", listed(&findings))),
    };
    let judged = exported(case, &imported).and_then(|xml| untrue(asserted, &xml));
    judged.unwrap_or_else(|error| Some(format!("{error:#}"))).or_else(|| unsaid(asserted, &imported.remarks))
}

/// Runs the corpus. No case is skipped: one that asserts nothing more must still be taken and come out as XML.
#[expect(clippy::unnecessary_wraps, reason = "every corpus is run by the same signature")]
pub(crate) fn run(_folder: &Path, cases: &[Json]) -> Result<FileReport> {
    Ok(FileReport::of(cases, |case| disagreement(case).map_or(Verdict::Passed, Verdict::Failed)))
}
