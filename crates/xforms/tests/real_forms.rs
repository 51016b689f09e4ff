//! Forms that other people wrote and use. The files are not part of this repository; where they are absent the tests
//! say so and pass.

use std::path::Path;

use teranga_core::form::Form;
use teranga_xforms::import_xlsx;

fn import(name: &str) -> Option<Form> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/forms").join(name);
    let Ok(bytes) = std::fs::read(path) else {
        println!("skipped: {name} is not here");
        return None;
    };
    let imported = import_xlsx(&bytes, name).unwrap_or_else(|findings| {
        let lines: Vec<String> = findings.iter().take(20).map(ToString::to_string).collect();
        panic!("{name}: {} findings\n{}", findings.len(), lines.join("\n"))
    });
    Some(Form::parse(&imported.form).unwrap())
}

#[test]
fn the_socio_economic_survey_imports() {
    let Some(form) = import("socio-economic-survey.xlsx") else { return };
    assert!(form.questions().count() > 50, "{}", form.questions().count());
}

#[test]
fn the_verbal_autopsy_imports() {
    let Some(form) = import("who-verbal-autopsy.xlsx") else { return };
    assert!(form.questions().count() > 300, "{}", form.questions().count());
}

#[test]
fn the_form_of_all_question_types_imports() {
    let Some(form) = import("all-question-types.xlsx") else { return };
    assert!(form.questions().count() > 30, "{}", form.questions().count());
}

#[test]
fn a_damaged_workbook_is_a_finding_wherever_it_is_cut() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/forms/socio-economic-survey.xlsx");
    let Ok(bytes) = std::fs::read(path) else {
        println!("skipped: the survey is not here");
        return;
    };
    for cut in (0..bytes.len()).step_by(997) {
        assert!(import_xlsx(&bytes[..cut], "cut.xlsx").is_err(), "{cut}");
    }
}
