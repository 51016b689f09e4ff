//! What a version of a form does not ask any more: answers to earlier ones that it reads nowhere. They stay stored, and
//! whoever looks at a record or goes on with it under this version is shown them beside the form, or who gave one late
//! would look for it in vain.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::flow::Answers;
use crate::form::{Form, Kind, Located, Question};
use crate::key::{Key, ORDER, REMOVED};
use crate::value::Value;

use super::Lineage;

/// An answer that a version does not ask and reads nowhere.
#[derive(Debug, Clone)]
pub struct KeptAside {
    /// The question's key, of a select-multiple too.
    pub key: Key,
    /// The answer; of a select-multiple the codes that are chosen, a space between them.
    pub value: Value,
    /// The last version that asked it; none where no version that is here did.
    pub form: Option<Arc<Form>>,
}

impl KeptAside {
    /// The question as it was last asked.
    pub fn question(&self) -> Option<&Question> {
        Some(self.form.as_ref()?.locate(&self.key)?.question())
    }
}

impl Lineage {
    /// What of these answers, as the last version reads them, it does not ask. An answer to a retired question is among
    /// them where no mapping says what it means today.
    pub fn kept_aside(&self, answers: &Answers) -> Vec<KeptAside> {
        let Some(last) = self.versions.last() else { return Vec::new() };
        let mut aside = BTreeMap::new();
        for (key, value) in answers {
            let is_asked = key.is_envelope() || last.locate(key).is_some();
            if is_asked || *value == Value::Cleared || is_of_no_item(key, answers) {
                continue;
            }
            if self.said(key, value).is_empty() {
                self.keep(key, value, &mut aside);
            }
        }
        aside.into_values().collect()
    }

    fn keep(&self, key: &Key, value: &Value, aside: &mut BTreeMap<Key, KeptAside>) {
        let asked = self.versions.iter().rev().find(|form| form.locate(key).is_some());
        let (key, value) = match asked.and_then(|form| form.locate(key)) {
            Some(Located::Order(..) | Located::Removed(..)) => return,
            Some(Located::Option(_, code)) => {
                let Some((question, _)) = key.as_str().rsplit_once('/') else { return };
                if *value != Value::Bool(true) {
                    return;
                }
                let question = Key::from_text(question);
                let chosen = match aside.get(&question).map(|kept| &kept.value) {
                    Some(Value::Text(before)) if !before.is_empty() => format!("{before} {code}"),
                    _ => code.to_owned(),
                };
                (question, Value::Text(chosen))
            }
            // It says no more than that something may be chosen.
            Some(Located::Answer(question))
                if question.kind == Kind::SelectMultiple && *value == Value::Bool(true) =>
            {
                (key.clone(), Value::text(""))
            }
            Some(Located::Answer(_)) | None => (key.clone(), value.clone()),
        };
        aside.insert(key.clone(), KeptAside { key, value, form: asked.cloned() });
    }
}

/// Whether a key is one of an item that was taken out of its repeat, or only says so or where the item stands.
fn is_of_no_item(key: &Key, answers: &Answers) -> bool {
    let text = key.as_str();
    let removed =
        |item: &str| matches!(answers.get(&Key::from_text(item).child(REMOVED)), Some(Value::Text(_)));
    key.segments().last().is_some_and(|last| [ORDER, REMOVED].contains(&last))
        || text.match_indices('/').filter_map(|(at, _)| text.get(..at)).any(removed)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::value::NoAnswer;

    use super::*;

    const ITEM: &str = "child/01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const REMOVED_ITEM: &str = "child/01BX5ZZKBKACTAV9WEVGEMMVRZ";

    fn form(version: &str, survey: &Json, mappings: &Json) -> Arc<Form> {
        let codes = |codes: &[&str]| -> Json { codes.iter().map(|code| json!({"name": code})).collect() };
        let choices = json!({"needs": codes(&["money", "care", "work"]), "school": codes(&["all", "some"])});
        let document = json!({
            "form_id": "suivi", "version": version, "title": "Suivi", "survey": survey, "choices": choices,
            "mappings": mappings,
        });
        Arc::new(Form::parse(&document).unwrap_or_else(|errors| panic!("{errors}")))
    }

    fn lineage() -> Lineage {
        let asked = json!([
            {"type": "text", "name": "kept"},
            {"type": "text", "name": "remark", "label": "Remarque"},
            {"type": "select_multiple", "list": "needs", "name": "needs"},
            {"type": "select_one", "list": "school", "name": "school"},
            {"type": "repeat", "name": "child", "children": [{"type": "text", "name": "name"}]}]);
        let today = json!([{"type": "text", "name": "kept"}, {"type": "text", "name": "girls"}]);
        let mappings = json!({"split": {"school": {"all": {"girls": "toutes"}}}});
        Lineage::new(vec![form("1", &asked, &json!({})), form("2", &today, &mappings)])
    }

    fn aside(answers: &[(&str, Value)]) -> Vec<KeptAside> {
        let answers = answers.iter().map(|(key, value)| (Key::from_text(*key), value.clone())).collect();
        lineage().kept_aside(&lineage().carry(&answers).answers)
    }

    fn told(aside: &[KeptAside]) -> Vec<(&str, Value)> {
        aside.iter().map(|kept| (kept.key.as_str(), kept.value.clone())).collect()
    }

    #[test]
    fn what_is_not_asked_any_more_is_kept_aside_as_it_was_last_asked() {
        let aside = aside(&[
            ("_form", Value::text("suivi@2")),
            ("kept", Value::text("asked")),
            ("needs", Value::Bool(true)),
            ("needs/care", Value::Bool(true)),
            ("needs/money", Value::Bool(false)),
            ("needs/work", Value::Bool(true)),
            ("remark", Value::text("à revoir")),
            ("unheard", Value::Int(3)),
        ]);
        let shown = [
            ("needs", Value::text("care work")),
            ("remark", Value::text("à revoir")),
            ("unheard", Value::Int(3)),
        ];
        assert_eq!(told(&aside), shown);
        let label = |kept: &KeptAside| Some(kept.question()?.label.get("fr", "fr").to_owned());
        assert_eq!(aside.iter().map(label).collect::<Vec<_>>()[1..], [Some("Remarque".to_owned()), None]);
    }

    #[test]
    fn an_answer_that_no_mapping_reads_is_kept_aside_and_one_that_is_read_or_taken_back_is_not() {
        assert!(aside(&[("school", Value::text("all")), ("remark", Value::Cleared)]).is_empty());
        assert_eq!(told(&aside(&[("school", Value::text("some"))])), [("school", Value::text("some"))]);
    }

    #[test]
    fn of_a_repeat_the_answers_are_kept_aside_and_not_what_was_taken_out_of_it() {
        let aside = aside(&[
            (&format!("{ITEM}/_order"), Value::text("a")),
            (&format!("{ITEM}/name"), Value::NoAnswer(NoAnswer::Declined)),
            (&format!("{REMOVED_ITEM}/_removed"), Value::text("2026-11-02T09:00:00Z")),
            (&format!("{REMOVED_ITEM}/name"), Value::text("Exemple")),
        ]);
        let name = format!("{ITEM}/name");
        assert_eq!(told(&aside), [(name.as_str(), Value::NoAnswer(NoAnswer::Declined))]);
    }
}
