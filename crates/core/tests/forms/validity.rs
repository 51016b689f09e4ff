//! Codes that are valid on some days only: offered by the day on which the interview was begun, never taken back, and
//! refused by name when they are new.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use teranga_core::answers::{AnswerError, answers_from_json};
use teranga_core::catalogue::{Catalogue, CatalogueError, ResourceKind};
use teranga_core::flow::{Answers, Filling, FlowContext};
use teranga_core::form::Lists;
use teranga_core::id::Entropy;
use teranga_core::time::Millis;

use super::support::{NOW, again, context, form, key, text};

/// A day before and a day after [`NOW`], which is of 2026-11-24.
const BEFORE: Millis = Millis(NOW.0 - 86_400_000);
const AFTER: Millis = Millis(NOW.0 + 86_400_000);

struct Still;

impl Entropy for Still {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// The list, with one code that begins and one that ends on the day of [`NOW`].
fn agencies() -> Json {
    json!({"list_id": "agencies", "version": "1", "title": "t", "source": "s", "entries": [
        {"code": "always", "label": "Toujours"},
        {"code": "new", "label": "Nouvelle", "valid_from": "2026-11-24"},
        {"code": "old", "label": "Ancienne", "valid_to": "2026-11-24", "properties": {"region": "TH"}}]})
}

fn document() -> Json {
    json!({"form_id": "f", "version": "1", "survey": [
        {"type": "select_one", "list": "agencies", "name": "one"},
        {"type": "select_multiple", "list": "agencies", "name": "many"},
        {"type": "select_one", "list": "agencies", "name": "filtered", "choice_filter": "valid_from != ''"}],
        "choices": {"agencies": {"from_list": "agencies"}}})
}

fn lists() -> Lists {
    let mut catalogue = Catalogue::default();
    catalogue.add(ResourceKind::List, &agencies().to_string()).unwrap();
    catalogue.lists_for(&form(&document()))
}

fn filling(answers: Answers, begun: Option<Millis>, context: FlowContext) -> Filling {
    Filling::new(form(&document()), &lists(), answers, FlowContext { begun, ..context })
}

fn offered(filling: &Filling, question: &str) -> Vec<String> {
    filling.choices(&key(question)).into_iter().map(|choice| choice.name).collect()
}

#[test]
fn a_code_is_offered_on_the_days_on_which_it_is_valid_both_ends_included() {
    let on = |begun| offered(&filling(Answers::new(), begun, context()), "one");
    assert_eq!(on(Some(BEFORE)), ["always", "old"]);
    assert_eq!(on(Some(NOW)), ["always", "new", "old"]);
    assert_eq!(on(Some(AFTER)), ["always", "new"]);
    assert_eq!(on(None), ["always", "new", "old"], "nobody said which day");
    let before = filling(Answers::new(), Some(BEFORE), context());
    assert!(
        offered(&before, "filtered").is_empty(),
        "a filter reads the days, and what it leaves is asked again"
    );
}

#[test]
fn what_was_given_stands_with_its_label_and_is_never_taken_back() {
    let mut begun = filling(Answers::new(), Some(NOW), context());
    begun.set(&key("one"), text("old")).unwrap();
    begun.set(&key("many"), text("old new")).unwrap();
    let stored = begun.stored().clone();
    // The same interview on a later day, and one of another day into which the answers were merged.
    for (begun, now) in [(NOW, AFTER), (AFTER, AFTER)] {
        let mut opened = filling(stored.clone(), Some(begun), FlowContext { now, ..again() });
        assert!(opened.validate().is_empty());
        opened.clear_unavailable();
        assert_eq!(opened.stored(), &stored);
        let shown = opened.prompts().find(|prompt| prompt.key == Some(key("one"))).unwrap();
        assert!(shown.choices.iter().any(|choice| {
            choice.name == "old"
                && choice.label.as_ref().is_some_and(|label| label.get("fr", "fr") == "Ancienne")
        }));
        opened.set(&key("many"), text("old always")).unwrap();
        opened.set(&key("one"), text("old")).unwrap();
    }
}

#[test]
fn a_new_answer_out_of_its_days_is_refused_with_question_code_and_days() {
    let mut late = filling(Answers::new(), Some(AFTER), context());
    let sheet = json!({"one": "old", "many": ["always", "old"]});
    let sheet = answers_from_json(late.form(), &lists(), &sheet).unwrap();
    let refused = late.fill(&sheet, &mut Still).unwrap_err();
    let told: Vec<String> = refused.iter().map(ToString::to_string).collect();
    let ends = "old is valid …2026-11-24, and the interview is of 2026-11-25";
    assert_eq!(told, [format!("one: {ends}"), format!("many: {ends}")]);
    assert_eq!(late.stored(), &BTreeMap::new());
    let filtered = late.set(&key("filtered"), text("always")).unwrap_err();
    assert!(matches!(filtered, AnswerError::UnavailableCode { .. }), "{filtered}");
}

#[test]
fn a_list_whose_days_are_none_or_end_before_they_begin_is_not_published_and_is_still_read() {
    for (from, to) in [("2026-11-25", "2026-11-24"), ("24/11/2026", "2026-11-25"), ("2026-01-01", "")] {
        let mut list = agencies();
        list["entries"][1]["valid_from"] = json!(from);
        list["entries"][1]["valid_to"] = json!(to);
        let refused = Catalogue::default().publish(ResourceKind::List, &list.to_string()).unwrap_err();
        assert!(
            matches!(&refused, CatalogueError::Validity { list, code } if list == "agencies@1" && code == "new")
        );
        assert!(Catalogue::default().add(ResourceKind::List, &list.to_string()).is_ok());
    }
    assert!(Catalogue::default().publish(ResourceKind::List, &agencies().to_string()).is_ok());
}
