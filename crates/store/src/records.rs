//! Reading records: what lists, screens and exports show. Everything here is read from views, never from documents.

use std::collections::BTreeMap;

use rusqlite::{Row, params};
use serde_json::Value as Json;
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::record::{Review, State};
use teranga_core::value::Value;
use teranga_document::view::Conflict;

use crate::columns::{self, blob, integer, maybe_blob, unsigned};
use crate::error::{Result, StoreError};
use crate::part::{candidate_from_json, heads_from_blob, state_from_code, view_values};
use crate::replica::Replica;
use crate::review;

/// What a record's envelope says, as it stands in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// The record.
    pub record: RecordId,
    /// Its salt.
    pub salt: Salt,
    /// The form and version that it was opened with; none while the envelope has not arrived.
    pub form: Option<String>,
    /// The case of an assessment.
    pub case: Option<RecordId>,
    /// The wave of a survey.
    pub wave: Option<String>,
    /// The region whose office opened it.
    pub region: Option<String>,
    /// Whether it counts.
    pub state: State,
    /// Where it stands with its office.
    pub review: Review,
    /// Grows with every change of any record: whoever reads by it sees what changed.
    pub touched: u64,
}

/// How many records there are of one form, in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordCount {
    /// The form and version that they were opened with.
    pub form: String,
    /// Whether they count.
    pub state: State,
    /// How many there are.
    pub records: u64,
}

/// One part as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct PartView {
    /// The class.
    pub class: ClassId,
    /// The heads of its document.
    pub heads: Vec<ChangeHash>,
    /// The values.
    pub values: BTreeMap<Key, Value>,
    /// The answers that hold more than one value.
    pub conflicts: Vec<Conflict>,
}

const COLUMNS: &str =
    "record, iif(key IS NULL, salt, unseal(salt)), form, kase, wave, region, state, touched, review";

impl Replica {
    /// One record; `None` when nothing of it is held.
    pub fn record(&self, record: RecordId) -> Result<Option<RecordRow>> {
        Ok(self.select("WHERE record = ?1", params![record.as_bytes()])?.pop())
    }

    /// Every record whose envelope is held, in the order of the identities, which is that of their beginning.
    pub fn records(&self) -> Result<Vec<RecordRow>> {
        self.select("WHERE form IS NOT NULL ORDER BY record", [])
    }

    /// How many records there are of each form, in each state: of those whose envelope is held.
    pub fn record_counts(&self) -> Result<Vec<RecordCount>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT form, state, count(*) FROM record WHERE form IS NOT NULL GROUP BY form, state",
        )?;
        let mut rows = statement.query([])?;
        let mut counts = Vec::new();
        while let Some(row) = rows.next()? {
            counts.push(RecordCount {
                form: row.get(0)?,
                state: state_from_code(&row.get::<_, String>(1)?)?,
                records: unsigned(row.get(2)?),
            });
        }
        Ok(counts)
    }

    /// The assessments of a case.
    pub fn records_of_case(&self, case: RecordId) -> Result<Vec<RecordRow>> {
        self.select("WHERE kase = ?1 ORDER BY record", params![case.as_bytes()])
    }

    /// Up to `max` records that changed after this number, in the order in which they last did.
    pub fn records_touched_after(&self, touched: u64, max: usize) -> Result<Vec<RecordRow>> {
        let max = integer(max as u64);
        self.select("WHERE touched > ?1 ORDER BY touched LIMIT ?2", params![integer(touched), max])
    }

    fn select(&self, rest: &str, parameters: impl rusqlite::Params) -> Result<Vec<RecordRow>> {
        let mut statement =
            self.connection().prepare_cached(&format!("SELECT {COLUMNS} FROM record {rest}"))?;
        let mut rows = statement.query(parameters)?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            records.push(read(row)?);
        }
        Ok(records)
    }

    /// The parts of a record that are held.
    pub fn parts(&self, record: RecordId) -> Result<Vec<PartView>> {
        let mut conflicts = self.conflicts_of(record)?;
        let mut statement = self
            .connection()
            .prepare_cached("SELECT class, heads, unseal(view) FROM part WHERE record = ?1 ORDER BY class")?;
        let mut rows = statement.query([record.as_bytes()])?;
        let mut parts = Vec::new();
        while let Some(row) = rows.next()? {
            let class = columns::class(row, 0)?;
            parts.push(PartView {
                conflicts: conflicts.remove(&class).unwrap_or_default(),
                heads: heads_from_blob(&row.get::<_, Vec<u8>>(1)?),
                values: view_values(&row.get::<_, Vec<u8>>(2)?)?,
                class,
            });
        }
        Ok(parts)
    }

    fn conflicts_of(&self, record: RecordId) -> Result<BTreeMap<ClassId, Vec<Conflict>>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT class, key, unseal(candidates) FROM conflict WHERE record = ?1 ORDER BY class, key",
        )?;
        let mut rows = statement.query([record.as_bytes()])?;
        let mut conflicts: BTreeMap<ClassId, Vec<Conflict>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let conflict = Conflict {
                key: Key::from_text(row.get::<_, String>(1)?),
                values: read_candidates(&row.get::<_, Vec<u8>>(2)?)?,
            };
            conflicts.entry(columns::class(row, 0)?).or_default().push(conflict);
        }
        Ok(conflicts)
    }

    /// The records that hold an answer with more than one value.
    pub fn records_in_conflict(&self) -> Result<Vec<RecordId>> {
        let mut statement =
            self.connection().prepare_cached("SELECT DISTINCT record FROM conflict ORDER BY record")?;
        let mut rows = statement.query([])?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            records.push(blob(row, 0, "conflict", "record")?);
        }
        Ok(records)
    }
}

fn read_candidates(json: &[u8]) -> Result<Vec<teranga_document::view::Candidate>> {
    let wrong = || StoreError::Inconsistent { table: "conflict", column: "candidates" };
    let json: Vec<Json> = serde_json::from_slice(json).map_err(|_| wrong())?;
    json.iter().map(|candidate| candidate_from_json(candidate).ok_or_else(wrong)).collect()
}

fn read(row: &Row<'_>) -> Result<RecordRow> {
    Ok(RecordRow {
        record: blob(row, 0, "record", "record")?,
        salt: blob(row, 1, "record", "salt")?,
        form: row.get(2)?,
        case: maybe_blob(row, 3, "record", "kase")?,
        wave: row.get(4)?,
        region: row.get(5)?,
        state: state_from_code(&row.get::<_, String>(6)?)?,
        touched: unsigned(row.get(7)?),
        review: review::read(&row.get::<_, String>(8)?)?,
    })
}
