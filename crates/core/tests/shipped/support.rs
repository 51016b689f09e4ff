//! The shipped catalogue, and its forms filled from files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use teranga_core::answers::answers_from_json;
use teranga_core::catalogue::Catalogue;
use teranga_core::flow::{Filling, FlowContext};
use teranga_core::form::Form;
use teranga_core::id::Entropy;
use teranga_core::key::Key;
use teranga_core::shipped;
use teranga_core::time::Millis;

/// 2026-11-24T12:00:00Z.
const NOW: Millis = Millis(1_795_521_600_000);

/// Randomness that counts.
pub(crate) struct Counter(pub(crate) u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 += 1;
        bytes.fill(self.0);
    }
}

pub(crate) fn catalogue() -> Catalogue {
    shipped::catalogue().unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

/// The shipped forms by their identity.
pub(crate) fn forms() -> BTreeMap<String, Arc<Form>> {
    let catalogue = catalogue();
    let forms = catalogue.forms().into_iter();
    forms.map(|form| (form.form_id().to_owned(), Arc::clone(form))).collect()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

pub(crate) fn json(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The files of a folder, in the order of their names.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// A new record of a form.
pub(crate) fn opened(catalogue: &Catalogue, form: &str) -> Filling {
    let form = catalogue.latest_form(form).unwrap_or_else(|| panic!("no form {form}"));
    let context = FlowContext { now: NOW, language: "fr".into(), ..FlowContext::default() };
    Filling::new(Arc::clone(form), &catalogue.lists_for(form), BTreeMap::new(), context)
}

/// A new record of a form with these answers.
pub(crate) fn filled(catalogue: &Catalogue, form: &str, answers: &Json) -> Filling {
    let mut filling = opened(catalogue, form);
    let lists = catalogue.lists_for(filling.form());
    let sheet = answers_from_json(filling.form(), &lists, answers)
        .unwrap_or_else(|errors| panic!("{form}: {errors:?}"));
    filling.fill(&sheet, &mut Counter(0)).unwrap_or_else(|errors| panic!("{form}: {errors:?}"));
    filling
}

/// What is stored for a question outside every repeat, as JSON; null where nothing counts.
pub(crate) fn value(filling: &Filling, question: &str) -> Json {
    filling.answers().get(&Key::question(question)).map_or(Json::Null, teranga_core::value::Value::to_json)
}
