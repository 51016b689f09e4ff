//! The recorded behaviour of forms: an XForm is opened, answers are set, items come and go, and what the form then
//! shows is compared. Answers are set as [`Filling::take`] does, which commits what breaks a constraint, as the
//! recording engine did; selections are compared as handing in would leave them.
//!
//! What a recording took from elsewhere is told apart by its kind: moments agree within the seconds that a recording
//! took, identities drawn at random agree in their shape, and the device's properties are those that the record
//! shows at its beginning. A record that by its own name goes on with an instance that stood before begins with what
//! it shows at its beginning, if it does not hold for a new one.

mod agree;
mod run;

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use chrono::DateTime;
use serde_json::Value as Json;
use teranga_core::answers::read_element;
use teranga_core::flow::{Answers, Filling, FlowContext, Opening};
use teranga_core::form::{Form, Lists};
use teranga_core::time::Millis;
use teranga_xforms::import_xform;

use run::Run;

use crate::report::{FileReport, Verdict};

/// Minutes ahead of UTC in the recordings' time zones.
const ZONES: &[(&str, i32)] = &[("America/Phoenix", -420), ("UTC", 0)];
fn now(case: &Json) -> Millis {
    let moment = DateTime::parse_from_rfc3339(case["now"].as_str().unwrap()).unwrap();
    Millis(moment.timestamp_millis())
}

fn context(case: &Json, form: &Form, opening: Opening) -> FlowContext {
    let zone = case["tz"].as_str().unwrap_or("UTC");
    let shown = |property: &str| {
        let root = form.rows().next().map_or("data", |root| root.name.as_str());
        case["init"][format!("/{root}/{property}")]["v"].as_str().filter(|v| !v.is_empty()).map(str::to_owned)
    };
    FlowContext {
        now: now(case),
        language: form.default_language().to_owned(),
        opening,
        offset_minutes: ZONES.iter().find(|(name, _)| *name == zone).map_or(0, |(_, offset)| *offset),
        device_id: shown("deviceid"),
        username: shown("username"),
        phone_number: shown("phonenumber"),
        email: shown("email"),
        ..FlowContext::default()
    }
}

fn fresh(case: &Json, form: &Arc<Form>) -> Run {
    let context = context(case, form, Opening::First);
    let filling = Filling::new(Arc::clone(form), &Lists::new(), Answers::new(), context);
    Run::new(form, filling)
}

/// The form over the instance that the record shows at its beginning.
fn continued(case: &Json, form: &Arc<Form>) -> Run {
    let run = fresh(case, form);
    // The items are those of a new record, by whose places the record names its answers.
    let stored = run.filling.stored().iter().filter(|(key, _)| key.as_str().ends_with("/_order"));
    let mut answers: Answers = stored.map(|(key, value)| (key.clone(), value.clone())).collect();
    for (path, node) in case["init"].as_object().unwrap() {
        if let Some(text) = node["v"].as_str()
            && let Some(place) = run.place(path).filter(|place| !place.missing)
            && let Some((question, key)) = run.question(&place)
        {
            answers.insert(key, read_element(question, text));
        }
    }
    let context = context(case, form, Opening::Again);
    Run::new(form, Filling::new(Arc::clone(form), &Lists::new(), answers, context))
}

/// Whether a record goes on with an instance that stood before, as its own name says.
fn goes_on(case: &Json) -> bool {
    let name = case["source"].as_str().unwrap_or_default().to_lowercase();
    ["edit", "restor", "deserial"].iter().any(|word| name.contains(word))
}

/// The first step that does not hold.
fn failing(mut run: Run, case: &Json) -> Option<String> {
    let now = now(case);
    let steps = case["steps"].as_array().unwrap();
    steps
        .iter()
        .enumerate()
        .find_map(|(at, step)| run.step(step, now).map(|why| format!("step {}: {why}", at + 1)))
}

fn disagreement(case: &Json) -> Option<String> {
    let source = case["form"].as_str().unwrap();
    let imported = match import_xform(source.as_bytes(), "form.xml") {
        Ok(imported) => imported,
        Err(findings) => {
            let lines: Vec<String> = findings.iter().take(3).map(ToString::to_string).collect();
            return Some(format!("refused: {}", lines.join(" | ")));
        }
    };
    let form = Arc::new(Form::parse(&imported.form).unwrap());
    let fails = failing(fresh(case, &form), case)?;
    if goes_on(case) { failing(continued(case, &form), case) } else { Some(fails) }
}

/// Runs the corpus.
#[expect(clippy::unnecessary_wraps, reason = "every corpus is run by the same signature")]
pub(crate) fn run(_folder: &Path, cases: &[Json]) -> Result<FileReport> {
    Ok(FileReport::of(cases, |case| disagreement(case).map_or(Verdict::Passed, Verdict::Failed)))
}
