//! Drafts: an interview under way. Every answer is on the disk before the next question is shown; a draft ends in a
//! save or is dropped by its owner, never by the program.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value as Json};
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;

use crate::columns::{blob, maybe_blob};
use crate::error::{Result, StoreError};
use crate::replica::Replica;
use crate::save::Heads;

/// An interview under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The record that it will become, or that is being edited.
    pub record: RecordId,
    /// The record's salt.
    pub salt: Salt,
    /// The form and version, `form@version`.
    pub form: String,
    /// The case of an assessment.
    pub case: Option<RecordId>,
    /// The wave of a survey.
    pub wave: Option<String>,
    /// When it was begun.
    pub started: Millis,
    /// The heads of the record's parts when it was begun: what the person saw, and so what the draft builds on.
    pub heads: Heads,
}

impl Replica {
    /// Begins a draft, or finds the one of this record that is under way already.
    pub fn begin_draft(&mut self, draft: &Draft) -> Result<()> {
        self.database_mut().execute(
            "INSERT INTO draft (record, salt, form, kase, wave, started_ms, heads)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            params![
                draft.record.as_bytes(),
                draft.salt.as_bytes(),
                draft.form,
                draft.case.map(|case| case.0),
                draft.wave,
                draft.started.0,
                heads_text(&draft.heads),
            ],
        )?;
        Ok(())
    }

    /// Keeps one answer, or several that one answer led to, in one transaction.
    pub fn keep_answers(&mut self, record: RecordId, answers: &[(Key, Value)]) -> Result<()> {
        let transaction = self.database_mut().transaction()?;
        for (key, value) in answers {
            transaction
                .prepare_cached(
                    "INSERT INTO draft_answer (record, key, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET value = excluded.value",
                )?
                .execute(params![record.as_bytes(), key.as_str(), value.to_json().to_string()])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Goes on with a draft under another version of its form; whether there is such a draft.
    pub fn upgrade_draft(&mut self, record: RecordId, form: &str) -> Result<bool> {
        let upgraded = self
            .database_mut()
            .execute("UPDATE draft SET form = ?2 WHERE record = ?1", params![record.as_bytes(), form])?;
        Ok(upgraded == 1)
    }

    /// Every draft, the oldest first.
    pub fn drafts(&self) -> Result<Vec<Draft>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT record, salt, form, kase, wave, started_ms, heads FROM draft ORDER BY started_ms, record",
        )?;
        let mut rows = statement.query([])?;
        let mut drafts = Vec::new();
        while let Some(row) = rows.next()? {
            drafts.push(Draft {
                record: blob(row, 0, "draft", "record")?,
                salt: blob(row, 1, "draft", "salt")?,
                form: row.get(2)?,
                case: maybe_blob(row, 3, "draft", "kase")?,
                wave: row.get(4)?,
                started: Millis(row.get(5)?),
                heads: heads_from_text(&row.get::<_, String>(6)?)?,
            });
        }
        Ok(drafts)
    }

    /// The answers of a draft.
    pub fn draft_answers(&self, record: RecordId) -> Result<BTreeMap<Key, Value>> {
        let wrong = || StoreError::Inconsistent { table: "draft_answer", column: "value" };
        let mut statement =
            self.connection().prepare_cached("SELECT key, value FROM draft_answer WHERE record = ?1")?;
        let mut rows = statement.query([record.as_bytes()])?;
        let mut answers = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let text: String = row.get(1)?;
            let json = serde_json::from_str(&text).map_err(|_| wrong())?;
            let value = Value::from_json(&json).ok_or_else(wrong)?;
            answers.insert(Key::from_text(row.get::<_, String>(0)?), value);
        }
        Ok(answers)
    }

    /// Drops a draft and its answers, because its owner said so.
    pub fn drop_draft(&mut self, record: RecordId) -> Result<bool> {
        let dropped =
            self.database_mut().execute("DELETE FROM draft WHERE record = ?1", [record.as_bytes()])?;
        Ok(dropped == 1)
    }
}

/// What the draft of a record builds on; `None` where there is none.
pub(crate) fn heads_of(connection: &Connection, record: RecordId) -> Result<Option<Heads>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT heads FROM draft WHERE record = ?1")?
        .query_row([record.as_bytes()], |row| row.get(0))
        .optional()?;
    text.map(|text| heads_from_text(&text)).transpose()
}

fn heads_text(heads: &Heads) -> String {
    let parts = heads.iter().map(|(class, heads)| {
        let heads = heads.iter().map(|head| Json::String(head.to_string())).collect();
        (class.as_str().to_owned(), Json::Array(heads))
    });
    Json::Object(parts.collect()).to_string()
}

fn heads_from_text(text: &str) -> Result<Heads> {
    let wrong = || StoreError::Inconsistent { table: "draft", column: "heads" };
    let parts: Map<String, Json> = serde_json::from_str(text).map_err(|_| wrong())?;
    let head = |json: &Json| json.as_str().and_then(|text| text.parse::<ChangeHash>().ok());
    parts
        .into_iter()
        .map(|(class, heads)| {
            let heads = heads.as_array().and_then(|heads| heads.iter().map(head).collect());
            Ok((ClassId::new(class), heads.ok_or_else(wrong)?))
        })
        .collect()
}
