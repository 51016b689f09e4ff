//! The warnings of the field's own converter, and the remarks of ours that mean the same at the same place.

use std::collections::BTreeSet;

use teranga_xforms::{Note, Remark};

/// What stands between two pieces of a text.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// The row that a message names.
pub(crate) fn row(message: &str) -> Option<usize> {
    between(message, "[row : ", "]").and_then(|row| row.parse().ok())
}

/// What is missing in a language, line by line: language, sheet, columns.
fn missing(line: &str) -> Option<(&str, &str, Vec<&str>)> {
    let (language, rest) = line.strip_prefix("Language '")?.split_once("' is missing the ")?;
    let (sheet, columns) = rest.trim_end_matches('.').split_once(' ')?;
    let columns = columns.strip_prefix("columns ").or_else(|| columns.strip_suffix(" column"))?;
    Some((language, sheet, columns.split(", ").collect()))
}

/// Whether a remark says what a warning says.
fn means(remark: &Remark, warning: &str) -> bool {
    let at_row = row(warning).is_some_and(|row| row == remark.row);
    match &remark.note {
        Note::CaseTwin { .. } => at_row && warning.contains("case-insensitive match"),
        Note::NoLabel => at_row && warning.contains("no label"),
        Note::TypeKept(kind) => at_row && warning.contains(&format!("{kind} is no longer supported")),
        Note::OtherNotTranslated => warning.starts_with("This form uses or_other and translations"),
        Note::SheetMisspelt(_) => {
            // A case may ask for the sentence and for the name of the sheet apart.
            warning.contains("sheets with similar names were found")
                || warning == format!("'{}'", remark.sheet)
        }
        Note::NoLanguageCode(language) => between(warning, "machine-readable codes: ", ". Learn")
            .is_some_and(|all| all.split(", ").any(|one| one == language)),
        _ => false,
    }
}

/// Whether the remarks say everything that a warning says.
pub(crate) fn is_said(remarks: &[Remark], warning: &str) -> bool {
    if !warning.starts_with("Language '") {
        return remarks.iter().any(|remark| means(remark, warning));
    }
    warning.lines().all(|line| {
        missing(line).is_some_and(|(language, sheet, columns)| {
            let told = |column: &&str| {
                remarks.iter().any(|remark| {
                    let same = matches!(&remark.note, Note::NotTranslated(missing) if missing == language);
                    same && remark.sheet == sheet && remark.column == **column
                })
            };
            columns.iter().all(told)
        })
    })
}

/// How many warnings the remarks would be: those that the converter does not warn of are not counted, and those that
/// it puts into one sentence count once.
pub(crate) fn warnings(remarks: &[Remark]) -> usize {
    let sentences = remarks.iter().filter_map(|remark| {
        Some(match &remark.note {
            Note::CaseTwin { .. } => format!("case {}", remark.row),
            Note::NoLabel => format!("label {} {}", remark.sheet, remark.row),
            Note::TypeKept(kind) if ["simserial", "subscriberid"].contains(&kind.as_str()) => {
                format!("type {}", remark.row)
            }
            Note::OtherNotTranslated => "other".to_owned(),
            Note::SheetMisspelt(meant) => format!("sheet {meant}"),
            Note::NoLanguageCode(_) => "codes".to_owned(),
            Note::NotTranslated(_) => "translations".to_owned(),
            Note::PictureSize => format!("picture {}", remark.row),
            _ => return None,
        })
    });
    sentences.collect::<BTreeSet<String>>().len()
}
