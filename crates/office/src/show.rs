//! A record as people look at it: envelope, parts, and who wrote each value of an answer in conflict. Questions and
//! codes come with their labels, because a reader has no need to know a form by heart.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use teranga_core::form::{Choice, Form, Located, Question};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::text::Text;
use teranga_core::value::Value;
use teranga_core::versions::Lineage;
use teranga_document::view::Conflict;
use teranga_store::StoreError;
use teranga_store::records::PartView;

use crate::office::Office;
use crate::refusal::Refusal;

/// What labels come from: the form of a record, where it is published here.
struct Labels<'a> {
    form: &'a Form,
    lists: teranga_core::form::Lists,
}

impl Labels<'_> {
    fn question(&self, key: &Key) -> Option<&Question> {
        self.form.locate(key).map(Located::question)
    }

    /// The labels of the codes that a value holds, or of the option that a key is.
    fn codes(&self, key: &Key, value: &Value) -> Vec<Text> {
        let Some(question) = self.question(key).filter(|question| question.kind.has_choices()) else {
            return Vec::new();
        };
        let choices = self.form.choices_of(question, &self.lists).unwrap_or_default();
        let label = |code: &str| {
            let named = |choice: &&Choice| choice.name == code;
            choices.iter().find(named).and_then(|choice| choice.label.clone())
        };
        match value {
            Value::Text(codes) => codes.split_whitespace().filter_map(label).collect(),
            Value::Cleared | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::NoAnswer(_) => {
                Vec::new()
            }
        }
    }

    /// The option of a select-multiple that a key is.
    fn option(&self, key: &Key) -> Option<Text> {
        let Some(Located::Option(question, option)) = self.form.locate(key) else { return None };
        let choices = self.form.choices_of(question, &self.lists)?;
        choices.iter().find(|choice| choice.name == option)?.label.clone()
    }
}

impl Office {
    /// Every record that holds an answer with more than one value.
    pub(crate) fn conflicts(&self) -> Result<Json, StoreError> {
        let mut records = self.replica().records_in_conflict()?;
        records.extend(self.records_under_mappings()?);
        records.sort_unstable();
        records.dedup();
        let shown = records.into_iter().filter_map(|record| self.show(record).transpose());
        // What stands side by side in the store may say the same under the record's version.
        let in_conflict = |record: &Json| {
            let parts = record.get("parts").and_then(Json::as_array).into_iter().flatten();
            parts.filter_map(|part| part.get("conflicts")?.as_array()).any(|conflicts| !conflicts.is_empty())
        };
        let shown: Vec<Json> = shown.collect::<Result<_, _>>()?;
        Ok(Json::Array(shown.into_iter().filter(in_conflict).collect()))
    }

    /// The records whose version reads answers of earlier ones: in them answers to different questions can disagree.
    fn records_under_mappings(&self) -> Result<Vec<RecordId>, StoreError> {
        let mapped: Vec<String> = self
            .catalogue()
            .every_form()
            .filter(|form| !self.catalogue().lineage(form).is_plain())
            .map(|form| form.reference().to_string())
            .collect();
        if mapped.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.replica().records()?.into_iter();
        let of_mapped = rows.filter(|row| row.form.as_ref().is_some_and(|form| mapped.contains(form)));
        Ok(of_mapped.map(|row| row.record).collect())
    }

    /// One record, for whoever asked for it by name: they are told that it was erased, or that it is not here.
    pub(crate) fn asked_for(&self, record: RecordId) -> Result<Json, Refusal> {
        let refused = |code| Refusal::new(code, &[("record", &record.to_string())]);
        if self.replica().is_erased(record)? {
            return Err(refused("record-erased"));
        }
        self.show(record)?.ok_or_else(|| refused("record-unknown"))
    }

    /// One record; `None` where nothing of it is held.
    pub fn show(&self, record: RecordId) -> Result<Option<Json>, StoreError> {
        let replica = self.replica();
        let Some(row) = replica.record(record)? else { return Ok(None) };
        let form = row.form.as_ref().and_then(|form| form.parse().ok());
        let form = form.and_then(|form| self.catalogue().form(&form)).map(Arc::as_ref);
        let labels = form.map(|form| Labels { form, lists: self.catalogue().lists_for(form) });
        let lineage = form.map_or_else(|| Lineage::new(Vec::new()), |form| self.catalogue().lineage(form));
        let parts = replica.parts_under(record, &lineage)?;
        let shown = parts.iter().map(|part| self.show_part(part, labels.as_ref()));
        Ok(Some(json!({
            "record": record, "form": row.form, "case": row.case, "wave": row.wave, "region": row.region,
            "state": row.state.code(), "review": row.review.code(),
            "parts": shown.collect::<Result<Vec<_>, _>>()?,
        })))
    }

    fn show_part(&self, part: &PartView, labels: Option<&Labels<'_>>) -> Result<Json, StoreError> {
        let conflicts = part.conflicts.iter().map(|conflict| self.show_conflict(conflict, labels));
        let values: serde_json::Map<String, Json> =
            part.values.iter().map(|(key, value)| (key.as_str().to_owned(), value.to_json())).collect();
        let named: serde_json::Map<String, Json> = part
            .values
            .keys()
            .filter_map(|key| Some((key.as_str().to_owned(), json!(labels?.question(key)?.label))))
            .collect();
        let conflicts = conflicts.collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "class": part.class, "values": values, "labels": named, "conflicts": conflicts }))
    }

    fn show_conflict(&self, conflict: &Conflict, labels: Option<&Labels<'_>>) -> Result<Json, StoreError> {
        let mut values = Vec::new();
        for candidate in &conflict.values {
            let author = self.replica().author(candidate.actor)?;
            values.push(json!({
                "value": candidate.value.to_json(),
                "labels": labels.map(|labels| labels.codes(&conflict.key, &candidate.value)),
                "person": author.as_ref().map(|author| &author.person),
                "office": author.as_ref().map(|author| &author.office),
                "at": candidate.time.to_rfc3339(),
            }));
        }
        let question = labels.and_then(|labels| labels.question(&conflict.key));
        Ok(json!({
            "key": conflict.key,
            "label": question.map(|question| &question.label),
            "option": labels.and_then(|labels| labels.option(&conflict.key)),
            "values": values,
        }))
    }
}
