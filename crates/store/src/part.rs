//! Parts in the store: loading a part's document, and writing it back with everything derived from it: its view, its
//! conflicts, and for the open part what the record's envelope says.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value as Json, json};
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, ChangeHash, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::record::{Envelope, State, keys};
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::part::{Part, PartError};
use teranga_document::view::{Candidate, Conflict};
use teranga_sync::first::first_change;

use crate::columns::{self, blob, integer};
use crate::custody;
use crate::error::{Result, StoreError};
use crate::mentions;
use crate::review;

/// The class whose part is the envelope.
pub(crate) const OPEN: &str = "open";

/// A record's salt; `None` when nothing of it is held.
pub(crate) fn salt_of(connection: &Connection, record: RecordId) -> Result<Option<Salt>> {
    let mut statement = connection
        .prepare_cached("SELECT iif(key IS NULL, salt, unseal(salt)) FROM record WHERE record = ?1")?;
    let mut rows = statement.query([record.as_bytes()])?;
    rows.next()?.map(|row| blob(row, 0, "record", "salt")).transpose()
}

/// Whether a record was ever named here.
pub(crate) fn is_record_known(connection: &Connection, record: RecordId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM record WHERE record = ?1)")?
        .query_row([record.as_bytes()], |row| row.get(0))?)
}

/// Notes that a record exists; whether that was not known.
pub(crate) fn note_record(connection: &Connection, record: RecordId, salt: Salt) -> Result<bool> {
    if is_record_known(connection, record)? {
        return Ok(false);
    }
    // Null of what was erased and never here: it may be named, but without its salt nothing is guessed by its name.
    let (is_erased, key): (bool, Option<i64>) = connection
        .prepare_cached(
            "SELECT gone, iif(gone, NULL, fresh_key())
             FROM (SELECT EXISTS (SELECT 1 FROM erased WHERE record = ?1) AS gone)",
        )?
        .query_row([record.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    connection
        .prepare_cached(
            "INSERT INTO record (record, key, salt) VALUES (?1, ?2, iif(?4, zeroblob(16), seal(?2, ?3)))",
        )?
        .execute(params![record.as_bytes(), key, salt.as_bytes(), is_erased])?;
    Ok(true)
}

/// The part's document.
pub(crate) fn load(connection: &Connection, record: RecordId, class: &ClassId, salt: Salt) -> Result<Part> {
    read(&stored(connection, record, class, salt)?, record, class)
}

/// The document of a part as it is stored.
pub(crate) fn read(stored: &Stored, record: RecordId, class: &ClassId) -> Result<Part> {
    let unreadable =
        || StoreError::Unreadable { record: record.to_string(), class: class.as_str().to_owned() };
    stored.part().map_err(|_| unreadable())
}

/// A part as it is stored: at which heads, and what its document loads from.
#[derive(Debug)]
pub(crate) struct Stored {
    /// None of one that nobody has written to yet.
    heads: Option<Vec<u8>>,
    bytes: Vec<u8>,
}

impl Stored {
    /// How much of it there is, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The document.
    pub(crate) fn part(&self) -> std::result::Result<Part, PartError> {
        Part::load(&self.bytes)
    }

    /// Whether the part stands as it stood then.
    pub(crate) fn stands(&self, connection: &Connection, record: RecordId, class: &ClassId) -> Result<bool> {
        let heads: Option<Vec<u8>> = connection
            .prepare_cached("SELECT heads FROM part WHERE record = ?1 AND class = ?2")?
            .query_row(params![record.as_bytes(), class.as_str()], |row| row.get(0))
            .optional()?;
        Ok(heads == self.heads)
    }
}

/// What the part's document loads from: its snapshot, or its deterministic first change.
pub(crate) fn stored(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    salt: Salt,
) -> Result<Stored> {
    let stored = connection
        .prepare_cached("SELECT heads, unseal(snapshot) FROM part WHERE record = ?1 AND class = ?2")?
        .query_row(params![record.as_bytes(), class.as_str()], |row| {
            Ok(Stored { heads: row.get(0)?, bytes: row.get(1)? })
        })
        .optional()?;
    // Of a new part the first change is written out: reading it costs less than making it.
    Ok(stored.unwrap_or_else(|| Stored { heads: None, bytes: first_change(record, class, salt).0 }))
}

/// The heads of a record's parts, the open one left out.
pub(crate) fn heads_but_open(
    connection: &Connection,
    record: RecordId,
) -> Result<BTreeMap<ClassId, Vec<ChangeHash>>> {
    let mut statement =
        connection.prepare_cached("SELECT class, heads FROM part WHERE record = ?1 AND class <> ?2")?;
    let mut rows = statement.query(params![record.as_bytes(), OPEN])?;
    let mut heads = BTreeMap::new();
    while let Some(row) = rows.next()? {
        heads.insert(columns::class(row, 0)?, heads_from_blob(&row.get::<_, Vec<u8>>(1)?));
    }
    Ok(heads)
}

/// Drops a part of which nothing stands any more.
pub(crate) fn drop_part(connection: &Connection, record: RecordId, class: &ClassId) -> Result<()> {
    // What the author attached stays, to be given again.
    mentions::drop_part(connection, record, class)?;
    for table in ["part", "conflict"] {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE record = ?1 AND class = ?2"))?
            .execute(params![record.as_bytes(), class.as_str()])?;
    }
    if class.as_str() == OPEN {
        forget_envelope(connection, record)?;
    } else {
        review::derive(connection, record, None)?;
    }
    touch(connection, record)
}

/// What a part holds, ready to be written.
pub(crate) struct Shown {
    pub(crate) heads: Vec<ChangeHash>,
    pub(crate) snapshot: Vec<u8>,
    pub(crate) values: BTreeMap<Key, Value>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// Writes a part with everything derived from it. Once all parts of a save are written, its record is touched.
pub(crate) fn write(connection: &Connection, record: RecordId, class: &ClassId, shown: &Shown) -> Result<()> {
    let heads: Vec<u8> = shown.heads.iter().flat_map(|head| head.0).collect();
    let part = params![record.as_bytes(), class.as_str(), heads, shown.snapshot, view_text(&shown.values)?];
    let was_here = connection
        .prepare_cached(
            "UPDATE part SET heads = ?3, snapshot = seal((SELECT key FROM record WHERE record = ?1), ?4),
                 view = seal((SELECT key FROM record WHERE record = ?1), ?5)
             WHERE record = ?1 AND class = ?2",
        )?
        .execute(part)?;
    if was_here == 0 {
        connection
            .prepare_cached(
                "INSERT INTO part (record, class, heads, snapshot, view)
                 SELECT ?1, ?2, ?3, seal(key, ?4), seal(key, ?5) FROM record WHERE record = ?1",
            )?
            .execute(part)?;
    }
    write_conflicts(connection, record, class, &shown.conflicts)?;
    mentions::derive(connection, record, class, shown)?;
    let open = (class.as_str() == OPEN).then_some(&shown.values);
    if let Some(values) = open {
        write_envelope(connection, record, values)?;
    }
    review::derive(connection, record, open)
}

fn write_conflicts(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    conflicts: &[Conflict],
) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM conflict WHERE record = ?1 AND class = ?2")?
        .execute(params![record.as_bytes(), class.as_str()])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO conflict (record, class, key, candidates)
             SELECT ?1, ?2, ?3, seal(record.key, ?4) FROM record WHERE record = ?1",
    )?;
    for (key, candidates) in conflict_texts(conflicts) {
        insert.execute(params![record.as_bytes(), class.as_str(), key, candidates])?;
    }
    Ok(())
}

/// Conflicts as they stand in their table: the key, and the candidates as JSON.
pub(crate) fn conflict_texts(conflicts: &[Conflict]) -> BTreeMap<&str, String> {
    let released = format!("{}/", keys::RELEASE);
    conflicts
        .iter()
        // What two replicas derived apart is nobody's answer: whoever holds the inputs derives it again.
        .filter(|conflict| !conflict.key.as_str().starts_with(&released))
        .map(|conflict| {
            let candidates: Vec<Json> = conflict.values.iter().map(candidate_json).collect();
            (conflict.key.as_str(), Json::Array(candidates).to_string())
        })
        .collect()
}

fn candidate_json(candidate: &Candidate) -> Json {
    json!({
        "value": candidate.value.to_json(),
        "actor": candidate.actor.to_string(),
        "change": candidate.change.to_string(),
        "time": candidate.time.0,
    })
}

/// Reads one candidate back.
pub(crate) fn candidate_from_json(json: &Json) -> Option<Candidate> {
    Some(Candidate {
        value: Value::from_json(json.get("value")?)?,
        actor: json.get("actor")?.as_str()?.parse::<ActorId>().ok()?,
        change: json.get("change")?.as_str()?.parse::<ChangeHash>().ok()?,
        time: Millis(json.get("time")?.as_i64()?),
    })
}

fn write_envelope(connection: &Connection, record: RecordId, values: &BTreeMap<Key, Value>) -> Result<()> {
    let Ok(envelope) = Envelope::read(values) else { return Ok(()) };
    connection
        .prepare_cached(
            "UPDATE record SET form = ?2, kase = ?3, wave = ?4, region = ?5, state = ?6, custody = ?7 WHERE record = ?1",
        )?
        .execute(params![
            record.as_bytes(),
            envelope.form,
            envelope.case.map(|case| case.0),
            envelope.wave,
            envelope.region,
            envelope.state().code(),
            custody::column(&envelope)?,
        ])?;
    Ok(())
}

/// Forgets what a record's envelope said, when the open part is held no more.
pub(crate) fn forget_envelope(connection: &Connection, record: RecordId) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE record SET form = NULL, kase = NULL, wave = NULL, region = NULL, state = 'open', custody = NULL,
                 review = 'unreviewed'
             WHERE record = ?1",
        )?
        .execute([record.as_bytes()])?;
    Ok(())
}

/// Gives a record the highest number of all, so that whoever reads by number sees it again.
pub(crate) fn touch(connection: &Connection, record: RecordId) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE record SET touched = (SELECT max(touched) + 1 FROM record) WHERE record = ?1",
        )?
        .execute([record.as_bytes()])?;
    Ok(())
}

/// A state by its code, as it stands in `record.state`.
pub(crate) fn state_from_code(code: &str) -> Result<State> {
    [State::Open, State::Submitted, State::Voided]
        .into_iter()
        .find(|state| state.code() == code)
        .ok_or(StoreError::Inconsistent { table: "record", column: "state" })
}

/// A view in its column.
pub(crate) fn view_text(values: &BTreeMap<Key, Value>) -> Result<String> {
    let shown: BTreeMap<&Key, Json> = values.iter().map(|(key, value)| (key, value.to_json())).collect();
    serde_json::to_string(&shown).map_err(|_| StoreError::Inconsistent { table: "part", column: "view" })
}

/// Reads a view back.
pub(crate) fn view_values(json: &[u8]) -> Result<BTreeMap<Key, Value>> {
    let wrong = || StoreError::Inconsistent { table: "part", column: "view" };
    let map: Map<String, Json> = serde_json::from_slice(json).map_err(|_| wrong())?;
    map.into_iter()
        .map(|(key, value)| Ok((Key::from_text(key), Value::from_json(&value).ok_or_else(wrong)?)))
        .collect()
}

/// The heads in their column.
pub(crate) fn heads_from_blob(bytes: &[u8]) -> Vec<ChangeHash> {
    bytes.chunks_exact(32).filter_map(ChangeHash::from_slice).collect()
}

/// A row number handed to SQL.
pub(crate) fn row_number(value: usize) -> i64 {
    integer(value as u64)
}
