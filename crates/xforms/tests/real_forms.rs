//! Forms that other people wrote and use. The files are not part of this repository; where they are absent the tests
//! say so and pass.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on must stop the test"
)]

use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Reader as _, Xlsx};
use teranga_core::form::Form;
use teranga_xforms::{Imported, import_xlsx};

fn bytes(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/forms").join(name);
    let bytes = std::fs::read(path).ok();
    if bytes.is_none() {
        println!("skipped: {name} is not here");
    }
    bytes
}

fn import(name: &str, bytes: &[u8]) -> Imported {
    import_xlsx(bytes, name).unwrap_or_else(|findings| {
        let lines: Vec<String> = findings.iter().take(20).map(ToString::to_string).collect();
        panic!("{name}: {} findings\n{}", findings.len(), lines.join("\n"))
    })
}

/// The types on the survey sheet, read without this crate: questions, groups and repeats.
fn counted(bytes: &[u8]) -> (usize, usize) {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = workbook.worksheet_range("survey").unwrap();
    let column =
        range.rows().next().unwrap().iter().position(|cell| *cell == Data::String("type".into())).unwrap();
    let types =
        range.rows().skip(1).map(|row| row[column].to_string()).filter(|kind| !kind.trim().is_empty());
    let (mut questions, mut sections) = (0, 0);
    for kind in types {
        match kind.split([' ', '_']).next().unwrap() {
            // `end` alone is the question that notes when the filling ended.
            "begin" => sections += 1,
            "end" if kind.trim() != "end" => {}
            _ => questions += 1,
        }
    }
    (questions, sections)
}

fn imports_whole(name: &str) -> Option<(Form, Imported)> {
    let bytes = bytes(name)?;
    let imported = import(name, &bytes);
    let form = Form::parse(&imported.form).unwrap();
    let sections = form.rows().filter(|row| row.kind.is_section()).count() - 1;
    assert_eq!((form.questions().count(), sections), counted(&bytes), "{name}");
    Some((form, imported))
}

#[test]
fn the_socio_economic_survey_imports_whole() {
    let Some((form, imported)) = imports_whole("socio-economic-survey.xlsx") else { return };
    assert_eq!(form.default_language(), "en");
    assert!(form.languages().contains(&"fr"));
    assert!(imported.form["choices"].as_object().unwrap().len() > 5);
}

#[test]
fn the_verbal_autopsy_imports_whole_and_says_what_it_changed() {
    let Some((form, imported)) = imports_whole("who-verbal-autopsy.xlsx") else { return };
    assert!(form.questions().count() > 500);
    let remarks: Vec<String> = imported.remarks.iter().map(ToString::to_string).collect();
    assert!(remarks.iter().any(|remark| remark.contains("style is kept and has no effect")), "{remarks:?}");
    assert!(
        remarks.iter().any(|remark| remark.starts_with("survey, row 258, column calculation:")),
        "{remarks:?}"
    );
}

#[test]
fn the_form_of_all_question_types_imports_whole() {
    let Some((form, _)) = imports_whole("all-question-types.xlsx") else { return };
    assert!(form.questions().count() > 80);
}

#[test]
fn a_damaged_workbook_is_a_finding_wherever_it_is_cut() {
    let Some(bytes) = bytes("socio-economic-survey.xlsx") else { return };
    for cut in (0..bytes.len()).step_by(97) {
        assert!(import_xlsx(&bytes[..cut], "cut.xlsx").is_err(), "{cut}");
    }
}
