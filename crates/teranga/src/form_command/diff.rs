//! `teranga form diff`: what changed between two versions, and whether the later one may follow the earlier.

use std::sync::Arc;

use serde_json::json;
use teranga_core::form::Form;
use teranga_core::versions::{Change, Difference, check_successor, differences};

use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;

pub(super) fn run(before: &Form, after: &Form, as_json: bool, messages: &Messages) -> Outcome {
    let found = differences(before, after);
    let findings = if before.form_id() == after.form_id() {
        check_successor(&[&Arc::new(before.clone())], after)
    } else {
        Vec::new()
    };
    if as_json {
        let refused: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let told = json!({ "differences": found, "refused": refused });
        say!("{}", serde_json::to_string_pretty(&told).unwrap_or_default());
    } else if found.is_empty() {
        say!("{}", messages.text("diff-none"));
    } else {
        for difference in &found {
            tell(difference, messages);
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    Err(Failure::listing("diff-refused", vec![("count", findings.len().to_string())], findings))
}

fn tell(difference: &Difference, messages: &Messages) {
    let of = match difference.of.as_str() {
        "" => messages.text("diff-form"),
        of => of.to_owned(),
    };
    let with = |key: &str, told: &[(&str, &str)]| {
        let told: Vec<(&str, &str)> = told.iter().copied().chain([("of", of.as_str())]).collect();
        messages.with(key, &told)
    };
    let line = match &difference.change {
        Change::Added { what } => with("diff-added", &[("what", what)]),
        Change::Removed { what } => with("diff-removed", &[("what", what)]),
        Change::Moved { from, to } => with("diff-moved", &[("from", from), ("to", to)]),
        Change::Changed { member, from, to } => {
            let (from, to) = (or_nothing(from), or_nothing(to));
            with("diff-changed", &[("member", member), ("from", from), ("to", to)])
        }
    };
    say!("{line}");
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "∅" } else { text }
}
