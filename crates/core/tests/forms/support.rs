//! Small invented forms, opened.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use teranga_core::class::ClassId;
use teranga_core::flow::{Filling, FlowContext, Held, Opening};
use teranga_core::form::{Choice, Form, Lists};
use teranga_core::key::Key;
use teranga_core::list::Validity;
use teranga_core::time::Millis;
use teranga_core::value::Value;

/// 2026-11-24T12:00:00Z.
pub(crate) const NOW: Millis = Millis(1_795_521_600_000);

pub(crate) fn key(id: &str) -> Key {
    Key::question(id)
}

pub(crate) fn text(text: &str) -> Value {
    Value::text(text)
}

pub(crate) fn form(json: &Json) -> Arc<Form> {
    Arc::new(Form::parse(json).unwrap_or_else(|errors| panic!("{errors}")))
}

pub(crate) fn context() -> FlowContext {
    FlowContext { now: NOW, language: "fr".into(), username: Some("awa".into()), ..FlowContext::default() }
}

pub(crate) fn again() -> FlowContext {
    FlowContext { opening: Opening::Again, ..context() }
}

pub(crate) fn held(classes: &[&str]) -> FlowContext {
    let classes = classes.iter().map(|class| ClassId::new(*class)).collect();
    FlowContext { held: Held::Only(classes), ..again() }
}

pub(crate) fn lists() -> Lists {
    let mut lists = Lists::new();
    let department = |code: &str, region: &str| {
        let properties: Map<String, Json> = [("region".to_owned(), json!(region))].into_iter().collect();
        Choice { name: code.into(), label: None, properties, validity: Validity::default() }
    };
    lists.insert(
        "sn-departments",
        vec![department("DK-1", "DK"), department("DK-2", "DK"), department("TH-1", "TH")],
    );
    lists
}

pub(crate) fn filling(json: &Json) -> Filling {
    Filling::new(form(json), &lists(), [].into_iter().collect(), context())
}
