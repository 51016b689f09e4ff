//! Where records stand with their offices, kept beside what their envelopes say, so that a list need open no document: a
//! part that changes after an approval shows at once.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::class::ClassId;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::record::{Envelope, Event, PartHeads, Review, keys};
use teranga_core::value::Value;

use crate::error::{Result, StoreError};
use crate::part::{self, OPEN};
use crate::register::Author;
use crate::replica::Replica;

impl Replica {
    /// The reviews of a record that stand, with who wrote each, as far as they were introduced.
    pub fn standing_reviews(&self, record: RecordId) -> Result<Vec<(Event, Option<Author>)>> {
        let (connection, class) = (self.connection(), ClassId::new(OPEN));
        let Some(salt) = part::salt_of(connection, record)? else { return Ok(Vec::new()) };
        let unreadable =
            || StoreError::Unreadable { record: record.to_string(), class: class.as_str().to_owned() };
        let open = part::load(connection, record, &class, salt)?;
        let view = open.view().map_err(|_| unreadable())?;
        let Ok(envelope) = Envelope::read(&view.values) else { return Ok(Vec::new()) };
        let mut reviews = Vec::new();
        for (id, _) in envelope.standing_reviews() {
            let Some(event) = envelope.events.get(&id) else { continue };
            let key = Key::question(keys::EVENT).child(&id.to_string());
            let writers = open.standing(&key).map_err(|_| unreadable())?;
            let author = writers.first().map(|writer| self.author(writer.actor)).transpose()?.flatten();
            reviews.push((event.clone(), author));
        }
        Ok(reviews)
    }

    /// The heads of a record's parts that are held here, the open one left out.
    pub fn heads_but_open(&self, record: RecordId) -> Result<PartHeads> {
        part::heads_but_open(self.connection(), record)
    }
}

/// Derives it anew when the open part was written, or, of a record that was reviewed, another one.
pub(crate) fn derive(
    connection: &Connection,
    record: RecordId,
    open: Option<&BTreeMap<Key, Value>>,
) -> Result<()> {
    if let Some(open) = open {
        return write(connection, record, open);
    }
    if of(connection, record)? == Review::Unreviewed {
        return Ok(());
    }
    let view: Option<Vec<u8>> = connection
        .prepare_cached("SELECT unseal(view) FROM part WHERE record = ?1 AND class = ?2")?
        .query_row(params![record.as_bytes(), OPEN], |row| row.get(0))
        .optional()?;
    view.map_or(Ok(()), |view| write(connection, record, &part::view_values(&view)?))
}

fn write(connection: &Connection, record: RecordId, open: &BTreeMap<Key, Value>) -> Result<()> {
    let Ok(envelope) = Envelope::read(open) else { return Ok(()) };
    let review = if envelope.standing_reviews().is_empty() {
        Review::Unreviewed
    } else {
        Review::of(&envelope, open, &part::heads_but_open(connection, record)?)
    };
    connection
        .prepare_cached("UPDATE record SET review = ?2 WHERE record = ?1 AND review <> ?2")?
        .execute(params![record.as_bytes(), review.code()])?;
    Ok(())
}

fn of(connection: &Connection, record: RecordId) -> Result<Review> {
    let code: String = connection
        .prepare_cached("SELECT review FROM record WHERE record = ?1")?
        .query_row([record.as_bytes()], |row| row.get(0))?;
    read(&code)
}

/// A review by its code, as it stands in `record.review`.
pub(crate) fn read(code: &str) -> Result<Review> {
    let found = Review::ALL.into_iter().find(|review| review.code() == code);
    found.ok_or(StoreError::Inconsistent { table: "record", column: "review" })
}
