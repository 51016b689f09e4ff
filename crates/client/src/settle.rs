//! Settling an answer that holds two values: with one of them or with a third, checked as though it were given in an
//! interview. A settlement that the form would refuse would travel to every replica as the one answer left.

use teranga_core::answers::AnswerError;
use teranga_core::class::ClassId;
use teranga_core::flow::{Answers, Filling, Finding};
use teranga_core::form::{Kind, Located};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::record::keys;
use teranga_core::value::Value;
use teranga_store::records::RecordRow;
use teranga_store::save::{Heads, SavedChange};

use crate::acts::saving;
use crate::device::Device;
use crate::error::ClientError;
use crate::interview::Setting;

/// The facts whose values may be told in an error: they say nothing of the person.
const FACTS: [&str; 4] = [keys::FORM, keys::CASE, keys::WAVE, keys::REGION];

/// An answer in conflict.
struct Standing {
    key: Key,
    class: ClassId,
    values: Vec<Value>,
}

impl Device {
    /// Settles an answer that holds two values with one of them, or with a third that the form takes.
    pub fn settle(
        &mut self,
        record: RecordId,
        key: &Key,
        value: Value,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let row = self.require(record)?;
        let standing = self.standing(&row, key)?;
        let mut settled = self.settled(&row, &standing, value, &setting)?;
        let interview = self.look_at(&row, &settled, setting.now)?;
        if let Some(interview) = &interview {
            // Earlier versions ask it otherwise; what they hold is settled with it. A mapping stays within a class.
            let told =
                interview.told_back(interview.filling(), |key| settled.iter().any(|(own, _)| own == key));
            settled.extend(told.into_iter().map(|(_, key, value)| (key, value)));
        }
        let catalogue = self.catalogue().clone();
        let save = saving(&row, standing.class, settled, setting.now);
        let release = |heads: &Heads| {
            interview.as_ref().map(|interview| interview.released(&catalogue, heads)).unwrap_or_default()
        };
        Ok(self.replica_mut().save_releasing(&save, &release)?)
    }

    /// The values of an answer in conflict.
    fn standing(&self, row: &RecordRow, key: &Key) -> Result<Standing, ClientError> {
        let (record, parts) = (row.record, self.parts(row)?);
        let found = parts.into_iter().find_map(|part| {
            let conflict = part.conflicts.into_iter().find(|conflict| conflict.key == *key)?;
            let values = conflict.values.into_iter().map(|candidate| candidate.value).collect();
            Some(Standing { key: conflict.key, class: part.class, values })
        });
        found.ok_or_else(|| ClientError::NotInConflict { record, key: key.to_string() })
    }

    /// The keys and values that settle: what the form makes of the answer where it is one, else a value that stands.
    fn settled(
        &self,
        row: &RecordRow,
        standing: &Standing,
        value: Value,
        setting: &Setting<'_>,
    ) -> Result<Vec<(Key, Value)>, ClientError> {
        if standing.key.is_envelope() {
            return self.settled_fact(row, standing, value);
        }
        let among = |value: Value| {
            if standing.values.contains(&value) {
                return Ok(vec![(standing.key.clone(), value)]);
            }
            Err(ClientError::SettleStanding { record: row.record, key: standing.key.to_string() })
        };
        let Some(interview) = self.look_at(row, &[], setting.now)? else { return among(value) };
        let mut filling = interview.filling().clone();
        filling.set_language(setting.language);
        if is_mark_of_choices(&filling, &standing.key, &value) {
            return among(value);
        }
        let before = filling.stored().clone();
        match filling.set(&standing.key, value.clone()) {
            Ok(_) => answer_with_options(&filling, &before, &standing.key),
            // It was given where the list said otherwise of its days.
            Err(AnswerError::OutOfValidity { .. }) if standing.values.contains(&value) => among(value),
            // Nobody is asked for these: they are computed, or came with another version of the form.
            Err(
                AnswerError::NotAsked { .. }
                | AnswerError::ReadOnly { .. }
                | AnswerError::NoItem { .. }
                | AnswerError::Hidden { .. }
                | AnswerError::UnknownQuestion { .. },
            ) => among(value),
            Err(error) => Err(error.into()),
        }
    }

    /// A fact of the envelope is one of its values in conflict, and a case may be any case that is here.
    fn settled_fact(
        &self,
        row: &RecordRow,
        standing: &Standing,
        value: Value,
    ) -> Result<Vec<(Key, Value)>, ClientError> {
        let key = standing.key.as_str();
        if standing.values.contains(&value) {
            return Ok(vec![(standing.key.clone(), value)]);
        }
        if let (keys::CASE, Value::Text(text)) = (key, &value)
            && let Ok(case) = text.parse()
        {
            self.require_case(case)?;
            return Ok(vec![(standing.key.clone(), Value::text(case.to_string()))]);
        }
        if !FACTS.contains(&key) {
            return Err(ClientError::SettleStanding { record: row.record, key: key.to_owned() });
        }
        let told = |value: &Value| match value {
            Value::Text(text) => text.clone(),
            other => other.to_json().to_string(),
        };
        let allowed = standing.values.iter().map(told).collect();
        Err(ClientError::SettleFact { record: row.record, key: key.to_owned(), allowed })
    }
}

/// Whether this is the mark that choices were made, which a select-multiple keeps beside its options.
fn is_mark_of_choices(filling: &Filling, key: &Key, value: &Value) -> bool {
    let located = filling.form().locate(key);
    matches!(located, Some(Located::Answer(question)) if question.kind == Kind::SelectMultiple)
        && matches!(value, Value::Bool(_))
}

/// The answer as the form stores it, with the options of a select-multiple that it changed. The answer itself is
/// written even where it is what was shown already: that is what ends the conflict.
fn answer_with_options(
    filling: &Filling,
    before: &Answers,
    key: &Key,
) -> Result<Vec<(Key, Value)>, ClientError> {
    let question = match filling.form().locate(key) {
        Some(Located::Option(_, option)) => {
            key.as_str().strip_suffix(option).map_or(key.as_str(), |own| own.trim_end_matches('/'))
        }
        _ => key.as_str(),
    };
    let findings: Vec<Finding> =
        filling.validate().into_iter().filter(|finding| finding.key.as_str() == question).collect();
    if !findings.is_empty() {
        return Err(ClientError::Findings(findings));
    }
    let own = filling.stored().get(key).cloned().unwrap_or(Value::Cleared);
    let options = format!("{question}/");
    let is_of_it = |changed: &Key| changed.as_str() == question || changed.as_str().starts_with(&options);
    let mut settled = vec![(key.clone(), own)];
    let changed = filling.changes_since(before).into_iter();
    settled.extend(changed.filter(|(changed, _)| changed != key && is_of_it(changed)));
    Ok(settled)
}
