//! What this replica may hold no more: its hub said so. It stays until nothing of it can be lost - the last verified backup of
//! the home covers every change of the record and every file of it that is here, no draft is open on it, no answer of it
//! waits to be given again - and then goes: documents, views and bodies. Their hashes stay, so that the packs of the past can still be named.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::grant::{is_cleared, may_hold, reaches};
use teranga_core::id::{RecordId, ReplicaId};
use teranga_core::record::Custody;
use teranga_sync::receipt::Assurance;

use crate::behind::{self, Reading};
use crate::columns::{self, blob};
use crate::covered;
use crate::custody;
use crate::error::Result;
use crate::membership;
use crate::mentions;
use crate::part;
use crate::replica::{self, Replica};
use crate::ticks;
use crate::unsaid;
use crate::verdicts;

/// Stands in the column for the whole record.
const WHOLE: &str = "";

/// Notes that a record, or its part of one class, may be held no more. With a case go its assessments, but for those
/// that this replica may hold for their own sake: the hub may not know of them all yet.
pub(crate) fn note(connection: &Connection, record: RecordId, class: Option<&ClassId>) -> Result<()> {
    let audience = replica::read_profile(connection)?.audience;
    let follows = in_charge(connection, record)?.is_some_and(|custody| !reaches(&audience, &custody));
    let said = if follows { Said::AsWasToBeExpected } else { Said::ByItsHub };
    note_one(connection, record, class, said)?;
    if class.is_none() {
        for assessment in custody::of_case(connection, record)? {
            let own = custody::facts(connection, assessment)?.map(|facts| facts.own);
            if !own.is_some_and(|own| reaches(&audience, &own)) {
                note_one(connection, assessment, None, said)?;
            }
        }
    }
    Ok(())
}

/// Who is in charge of a record; or was, before its envelope was taken out.
fn in_charge(connection: &Connection, record: RecordId) -> Result<Option<Custody>> {
    let known = custody::of(connection, record)?;
    known.map_or_else(|| verdicts::custody_before(connection, record), |known| Ok(Some(known)))
}

/// Who says that this replica may hold something no more. Of what is said more than once the last holds; but what its hub said
/// stays said by its hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// Its hub, of this very part.
    ByItsHub,
    /// Its hub, and it follows from what that one had told it that it may hold: another hub may tell it something else.
    AsWasToBeExpected,
    /// It follows from what it was told that it may hold, and from what is known here of the record.
    ByWhatItMayHold,
}

/// The first code of what no hub said.
pub(crate) const BY_WHAT_IT_MAY_HOLD: u8 = Said::ByWhatItMayHold.code();

impl Said {
    /// The code in the column.
    const fn code(self) -> u8 {
        match self {
            Self::ByItsHub => 0,
            Self::AsWasToBeExpected => 1,
            Self::ByWhatItMayHold => 2,
        }
    }
}

fn note_one(connection: &Connection, record: RecordId, class: Option<&ClassId>, said: Said) -> Result<()> {
    membership::leave_below(connection, record, class)?;
    if part::salt_of(connection, record)?.is_none() {
        return if class.is_none() { membership::note_leave(connection, record) } else { Ok(()) };
    }
    connection
        .prepare_cached(
            "INSERT INTO gone (record, class, said, place)
             VALUES (?1, ?2, ?3, coalesce((SELECT position FROM uplink), 0))
             ON CONFLICT (record, class) DO UPDATE SET
                 said = iif(excluded.said = ?4 AND said < ?4, ?5, excluded.said)",
        )?
        .execute(params![
            record.as_bytes(),
            class.map_or(WHOLE, ClassId::as_str),
            said.code(),
            Said::ByWhatItMayHold.code(),
            Said::AsWasToBeExpected.code()
        ])?;
    Ok(())
}

/// Notes what lies beyond an audience: this replica may hold other things than before, and its hub may not know of all that it
/// has from a hub which is gone.
pub(crate) fn beyond(connection: &Connection, audience: &Audience) -> Result<()> {
    // What it was to let go by what it might hold before, it may perhaps hold by now. That a class leaves never has another
    // reason, and whoever brought its changes is not brought them again.
    connection.execute("DELETE FROM gone WHERE said = ?1", [Said::ByWhatItMayHold.code()])?;
    for class in classes_leaving(connection)?.iter().filter(|class| is_cleared(audience, class)) {
        connection.execute("DELETE FROM gone WHERE class = ?1", [class.as_str()])?;
    }
    let parts = membership::parts(connection)?;
    parts.iter().try_for_each(|(record, classes)| beyond_of(connection, audience, (*record, classes)))
}

fn beyond_of(
    connection: &Connection,
    audience: &Audience,
    (record, classes): (RecordId, &[ClassId]),
) -> Result<()> {
    let Some(custody) = in_charge(connection, record)? else { return Ok(()) };
    if !reaches(audience, &custody) {
        return note_one(connection, record, None, Said::ByWhatItMayHold);
    }
    let mut closed = classes.iter().filter(|class| !may_hold(audience, &custody, class));
    closed.try_for_each(|class| note_one(connection, record, Some(class), Said::ByWhatItMayHold))
}

/// Notes of a record of which something was not taken that it is out of this replica's charge, where that had put it in charge: its
/// hub, which never took it, does not say that it leaves.
pub(crate) fn out_of_charge(connection: &Connection, record: RecordId) -> Result<()> {
    let audience = replica::read_profile(connection)?.audience;
    let assessments = custody::of_case(connection, record)?;
    let mut out = assessments.into_iter().chain([record]);
    out.try_for_each(|record| beyond_of(connection, &audience, (record, &[])))
}

/// At another hub than before, or at one that has forgotten, what followed from what this replica was told that it may hold is
/// found out anew: it may be told something else now, and is not brought again what it brings itself.
pub(crate) fn find_out_anew(connection: &Connection, audience: &Audience) -> Result<()> {
    connection.execute(
        "UPDATE gone SET said = ?1 WHERE said = ?2",
        [Said::ByWhatItMayHold.code(), Said::AsWasToBeExpected.code()],
    )?;
    beyond(connection, audience)
}

fn classes_leaving(connection: &Connection) -> Result<Vec<ClassId>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT class FROM gone WHERE class <> ?1")?;
    let mut rows = statement.query([WHOLE])?;
    let mut classes = Vec::new();
    while let Some(row) = rows.next()? {
        classes.push(columns::class(row, 0)?);
    }
    Ok(classes)
}

/// Notes that everything that is here may be held no more.
pub(crate) fn note_all(connection: &Connection) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO gone (record, class)
             SELECT record, ?1 FROM (SELECT record FROM part UNION
                 SELECT record FROM change WHERE body IS NOT NULL) WHERE true
             ON CONFLICT DO NOTHING",
        )?
        .execute([WHOLE])?;
    Ok(())
}

/// Notes that a change of a part came down: it may be held again, and the assessments of the case that it is; by those below
/// too, who were told that it leaves.
pub(crate) fn came(connection: &Connection, record: RecordId, class: &ClassId) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM gone WHERE record = ?1 AND (class = ?2 OR class = ?3)
             OR class = ?3 AND record IN (SELECT record FROM record WHERE kase = ?1)
         RETURNING record, class",
    )?;
    let mut rows = statement.query(params![record.as_bytes(), class.as_str(), WHOLE])?;
    let mut back: BTreeSet<RecordId> = BTreeSet::new();
    let mut whole = false;
    while let Some(row) = rows.next()? {
        let returned: RecordId = blob(row, 0, "gone", "record")?;
        whole |= returned == record && row.get::<_, String>(1)? == WHOLE;
        back.insert(returned);
    }
    if whole {
        still_gone(connection, record, class)?;
    }
    back.into_iter().try_for_each(|record| membership::enter_below(connection, record))
}

/// Of a record that left whole and comes back, each class comes back by itself: some may be closed to this replica by now.
fn still_gone(connection: &Connection, record: RecordId, came: &ClassId) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO gone (record, class)
             SELECT DISTINCT record, class FROM change WHERE record = ?1 AND class <> ?2 AND body IS NOT NULL
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![record.as_bytes(), came.as_str()])?;
    Ok(())
}

/// Lets go of what may be held no more, where that is known: who is behind may be told otherwise in what it has not read yet.
pub(crate) fn let_go(connection: &Connection, own: ReplicaId) -> Result<()> {
    if behind::reading(connection)? != Reading::Behind && evict(connection, own)? > 0 {
        unsaid::note_let_go(connection)?;
    }
    Ok(())
}

/// Lets go of what may be held no more and the home's backup covers. Returns how many records and parts went.
pub(crate) fn evict(connection: &Connection, own: ReplicaId) -> Result<usize> {
    let mut statement = connection.prepare_cached("SELECT record, class FROM gone")?;
    let mut rows = statement.query([])?;
    let mut gone: Vec<(RecordId, String)> = Vec::new();
    while let Some(row) = rows.next()? {
        gone.push((blob(row, 0, "gone", "record")?, row.get(1)?));
    }
    let mut evicted = 0;
    for (record, class) in gone {
        if is_needed(connection, record)? || !ticks::is_safe(connection, own, record, Assurance::BackedUp)? {
            continue;
        }
        evict_one(connection, record, &class)?;
        evicted += 1;
    }
    Ok(evicted)
}

/// Whether a person still works on a record here, or on an assessment of that case, which is filled from it; or the home's backup is not known to have all of its files.
fn is_needed(connection: &Connection, record: RecordId) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM draft WHERE record = ?1 OR kase = ?1)
                 OR EXISTS (SELECT 1 FROM held_answer WHERE record = ?1)
                 OR EXISTS (SELECT 1 FROM mention JOIN attachment USING (hash)
                            WHERE mention.record = ?1 AND held = 1 AND covered = 0)",
        )?
        .query_row([record.as_bytes()], |row| row.get(0))?)
}

fn evict_one(connection: &Connection, record: RecordId, class: &str) -> Result<()> {
    let of = "record = ?1 AND (?2 = '' OR class = ?2)";
    for sql in [
        format!("UPDATE change SET status = 5, reason = NULL, body = NULL WHERE {of}"),
        format!("DELETE FROM part WHERE {of}"),
        format!("DELETE FROM conflict WHERE {of}"),
        "DELETE FROM gone WHERE record = ?1 AND class = ?2".to_owned(),
    ] {
        connection.prepare_cached(&sql)?.execute(params![record.as_bytes(), class])?;
    }
    covered::remember(connection, record)?;
    mentions::forget(connection, record, class)?;
    if class == WHOLE {
        let in_charge = custody::facts(connection, record)?.map(|facts| facts.own);
        part::forget_envelope(connection, record)?;
        match in_charge {
            Some(in_charge) => custody::keep_left(connection, record, &in_charge)?,
            // Its envelope was never taken here.
            None => membership::note_leave(connection, record)?,
        }
    }
    part::touch(connection, record)
}

impl Replica {
    /// Whether the hub says that this replica may hold a record no more, and it waits only for the home's backup to cover it.
    pub fn is_gone(&self, record: RecordId) -> Result<bool> {
        custody::is_leaving(self.connection(), record)
    }
}
