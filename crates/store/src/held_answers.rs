//! Answers of this replica that a hub did not take. They were taken out of the record, and are kept with the change that
//! gave them until their author gives them again or lets them go.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde_json::Value as Json;
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, ReplicaId};
use teranga_core::key::Key;
use teranga_core::value::Value;

use crate::columns::{self, blob};
use crate::error::{Result, StoreError};
use crate::replica::Replica;

/// An answer that a hub did not take.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldAnswer {
    /// The class of the part that it stood in.
    pub class: ClassId,
    /// The question.
    pub key: Key,
    /// The answer.
    pub value: Value,
}

impl Replica {
    /// The records of which answers are kept aside, because a hub did not take them.
    pub fn records_held(&self) -> Result<Vec<RecordId>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT record FROM held_answer UNION
             SELECT record FROM verdict WHERE settled = 0 AND withdrawn = 0 AND origin = ?1 ORDER BY 1",
        )?;
        let mut rows = statement.query([self.id().as_bytes()])?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            records.push(blob(row, 0, "held_answer", "record")?);
        }
        Ok(records)
    }

    /// The answers of a record that are kept aside; of a question that was answered more than once the last.
    pub fn held_answers(&self, record: RecordId) -> Result<Vec<HeldAnswer>> {
        let wrong = || StoreError::Inconsistent { table: "held_answer", column: "value" };
        let mut statement = self.connection().prepare_cached(
            "SELECT class, key, value FROM held_answer JOIN change USING (record, class, hash)
             WHERE record = ?1 ORDER BY seq",
        )?;
        let mut rows = statement.query([record.as_bytes()])?;
        let mut held: BTreeMap<(ClassId, Key), Value> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let json: Json = serde_json::from_str(&row.get::<_, String>(2)?).map_err(|_| wrong())?;
            let question = (columns::class(row, 0)?, Key::from_text(row.get::<_, String>(1)?));
            held.insert(question, Value::from_json(&json).ok_or_else(wrong)?);
        }
        Ok(held.into_iter().map(|((class, key), value)| HeldAnswer { class, key, value }).collect())
    }

    /// Notes that the answers of a record that were kept aside are let go: its verdicts are settled.
    pub fn settle_held(&mut self, record: RecordId) -> Result<()> {
        let own = self.id();
        let transaction = self.database_mut().transaction()?;
        settle(&transaction, own, record)?;
        Ok(transaction.commit()?)
    }
}

/// Forgets the answers of a record that were kept aside, and settles the verdicts on them.
pub(crate) fn settle(connection: &Connection, own: ReplicaId, record: RecordId) -> Result<()> {
    connection.execute("DELETE FROM held_answer WHERE record = ?1", [record.as_bytes()])?;
    connection.execute(
        "UPDATE verdict SET settled = 1 WHERE record = ?1 AND withdrawn = 0 AND origin = ?2",
        [record.as_bytes(), own.as_bytes()],
    )?;
    Ok(())
}

/// Keeps an answer that was taken out, with the change that gave it.
pub(crate) fn keep(
    connection: &Connection,
    record: RecordId,
    change: ChangeHash,
    answer: &HeldAnswer,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO held_answer (record, class, hash, key, value) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET value = excluded.value",
        )?
        .execute(params![
            record.as_bytes(),
            answer.class.as_str(),
            change.as_bytes(),
            answer.key.as_str(),
            answer.value.to_json().to_string()
        ])?;
    Ok(())
}

/// Forgets the answers that a change gave: it was taken after all.
pub(crate) fn forget(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    change: ChangeHash,
) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM held_answer WHERE record = ?1 AND class = ?2 AND hash = ?3")?
        .execute(params![record.as_bytes(), class.as_str(), change.as_bytes()])?;
    Ok(())
}
