//! Membership: which records enter the replicas that sync here and which leave them, when an assignment, a region's
//! envelope or an enrolment changes. `core::grant` decides; this writes what follows into the feed, newest records
//! first, so that a cursor stays enough to say what a child has.

use rusqlite::{Connection, params};
use teranga_core::class::ClassId;
use teranga_core::grant::{may_hold, reaches};
use teranga_core::id::{RecordId, ReplicaId};
use teranga_core::record::Custody;
use teranga_sync::feed::Row;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::Introduction;

use crate::columns::{self, blob};
use crate::custody::{self, Facts};
use crate::error::{Result, StoreError};
use crate::feed::{self, About, To};
use crate::ingest;
use crate::log;
use crate::register;
use crate::verdicts;

/// Enrols a child, or changes what it may hold. A new one is given everything that it may hold; of one that is enrolled
/// already what it gains enters and what it loses leaves.
pub(crate) fn admit(connection: &Connection, introduction: &Introduction) -> Result<()> {
    let id = replica_id(&introduction.key);
    let before = register::introduction(connection, id)?;
    ingest::introduce(connection, introduction)?;
    let added = connection.execute(
        "INSERT INTO child (replica) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM child WHERE replica = ?1)",
        [id.as_bytes()],
    )?;
    if added == 1 {
        enter(connection, id, None)?;
        return leaves_of_before(connection, introduction);
    }
    match before.filter(|before| before.audience != introduction.audience) {
        None => Ok(()),
        Some(before) => regrant(connection, &before, introduction),
    }
}

/// Tells a new child what left its place before it came: it may hold that from a hub which is gone, and nobody else would tell
/// it, or those below it.
fn leaves_of_before(connection: &Connection, child: &Introduction) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT l.record FROM feed f JOIN leaving l ON l.row = f.ref JOIN replica r ON r.id = f.only_
         WHERE f.kind = 6 AND l.class IS NULL AND r.region IS ?1
         UNION SELECT record FROM leaving WHERE class = ?2",
    )?;
    let mut rows = statement.query(params![child.audience.region(), NEVER_HERE])?;
    let mut left: Vec<RecordId> = Vec::new();
    while let Some(row) = rows.next()? {
        left.push(blob(row, 0, "leaving", "record")?);
    }
    for record in left {
        let custody = custody::here(connection, record)?;
        if !custody.is_some_and(|custody| reaches(&child.audience, &custody)) {
            leave(connection, replica_id(&child.key), record, None)?;
        }
    }
    Ok(())
}

/// What an enrolled child gains and loses when it may hold other things than before.
fn regrant(connection: &Connection, before: &Introduction, after: &Introduction) -> Result<()> {
    let child = replica_id(&after.key);
    // What it brought and what waits here it may have let go of meanwhile, by the word of a hub before this one.
    log::tell_who_brought(connection, child)?;
    for (record, classes) in parts(connection)? {
        let Some(custody) = custody::here(connection, record)? else { continue };
        let held = |audience| -> Vec<&ClassId> {
            classes.iter().filter(|class| may_hold(audience, &custody, class)).collect()
        };
        let (had, has) = (held(&before.audience), held(&after.audience));
        if has.is_empty() && !had.is_empty() {
            leave(connection, child, record, None)?;
            continue;
        }
        for lost in had.iter().filter(|class| !has.contains(class)) {
            leave(connection, child, record, Some(lost))?;
        }
        if has.iter().any(|class| !had.contains(class)) {
            enter(connection, child, Some(record))?;
        }
    }
    // What was not taken of what it brought from a hub that is gone, while it might not be told so.
    verdicts::tell_again(connection, child)
}

/// Tells a child once more what it may hold and what was not taken, for it may have been told something else that is forgotten
/// here, and tries again what it was told was not taken: once in each opening, however often it asks from a place that is not known.
pub(crate) fn say_again(connection: &Connection, child: ReplicaId) -> Result<()> {
    let said: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM feed WHERE kind = 1 AND only_ = ?1 AND opening = this_opening())",
        )?
        .query_row([child.as_bytes()], |row| row.get(0))?;
    let Some(row) = register::row_of(connection, child)?.filter(|_| !said) else { return Ok(()) };
    feed::append(connection, About::Replica(row), To::Only(child), child.as_bytes())?;
    verdicts::tell_again(connection, child)
}

/// Every record with the classes of its parts, newest first.
pub(crate) fn parts(connection: &Connection) -> Result<Vec<(RecordId, Vec<ClassId>)>> {
    let mut statement = connection.prepare("SELECT record, class FROM part ORDER BY record DESC, class")?;
    let mut rows = statement.query([])?;
    let mut found: Vec<(RecordId, Vec<ClassId>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (record, class) = (blob(row, 0, "part", "record")?, columns::class(row, 1)?);
        match found.last_mut() {
            Some((last, classes)) if *last == record => classes.push(class),
            _ => found.push((record, vec![class])),
        }
    }
    Ok(found)
}

/// Of how many assessments how many children are told at most, where a case goes into other hands.
pub(crate) fn reach_of(connection: &Connection, case: RecordId) -> Result<usize> {
    let assessments: i64 = connection
        .prepare_cached("SELECT count(*) FROM record WHERE kase = ?1")?
        .query_row([case.as_bytes()], |row| row.get(0))?;
    // Mostly there are none yet, and hundreds of children.
    if assessments == 0 {
        return Ok(0);
    }
    let children: i64 = connection
        .prepare_cached("SELECT count(DISTINCT replica) FROM child")?
        .query_row([], |row| row.get(0))?;
    Ok(usize::try_from(assessments.saturating_mul(children)).unwrap_or_default())
}

/// Notes what a save did to who may hold its record, and the assessments of the case that it is.
pub(crate) fn note(connection: &Connection, record: RecordId, before: Option<&Facts>) -> Result<()> {
    let after = custody::facts(connection, record)?;
    let assessments = custody::of_case(connection, record)?;
    if after.as_ref() == before || (before.is_none() && assessments.is_empty()) {
        return Ok(());
    }
    let mut moved: Vec<Moved> = Vec::new();
    if let (Some(before), Some(after)) = (before, &after) {
        let was = custody::under(connection, before)?;
        moved.push(Moved { record, was, is: custody::under(connection, after)? });
    }
    for assessment in assessments {
        let Some(facts) = custody::facts(connection, assessment)? else { continue };
        let under = |case: Option<&Facts>| facts.with(case.map(|case| &case.own));
        moved.push(Moved { record: assessment, was: under(before), is: under(after.as_ref()) });
    }
    moved.retain(|moved| moved.was != moved.is);
    moved.sort_unstable_by_key(|moved| std::cmp::Reverse(moved.record));
    for child in children(connection)? {
        let id = replica_id(&child.key);
        for Moved { record, was, is } in &moved {
            match (reaches(&child.audience, was), reaches(&child.audience, is)) {
                (false, true) => comes_to(connection, id, *record)?,
                (true, false) => leave(connection, id, *record, None)?,
                (true, true) | (false, false) => {}
            }
        }
    }
    Ok(())
}

/// A record whose custody is another than before.
struct Moved {
    record: RecordId,
    was: Custody,
    is: Custody,
}

/// Tells a child that brings what is known that it may not hold a record, where that is so: it has it from a hub that is gone.
pub(crate) fn leave_if_out(connection: &Connection, child: ReplicaId, record: RecordId) -> Result<()> {
    let known = register::introduction(connection, child)?.zip(custody::here(connection, record)?);
    match known {
        Some((known, custody)) if !reaches(&known.audience, &custody) => {
            leave(connection, child, record, None)
        }
        Some(_) | None => Ok(()),
    }
}

/// Tells a child once more that it may hold a record no more, or parts of it, where that is so.
pub(crate) fn leave_again(connection: &Connection, child: ReplicaId, record: RecordId) -> Result<()> {
    let known = register::introduction(connection, child)?.zip(custody::here(connection, record)?);
    let Some((known, custody)) = known.filter(|(known, custody)| reaches(&known.audience, custody)) else {
        return leave(connection, child, record, None);
    };
    for class in classes_of(connection, record)? {
        if !may_hold(&known.audience, &custody, &class) {
            leave(connection, child, record, Some(&class))?;
        }
    }
    Ok(())
}

fn classes_of(connection: &Connection, record: RecordId) -> Result<Vec<ClassId>> {
    let mut statement =
        connection.prepare_cached("SELECT class FROM part WHERE record = ?1 ORDER BY class")?;
    let mut rows = statement.query([record.as_bytes()])?;
    let mut classes = Vec::new();
    while let Some(row) = rows.next()? {
        classes.push(columns::class(row, 0)?);
    }
    Ok(classes)
}

/// Passes down that this replica may hold something no more: nobody below it may either, but for what its other
/// records say.
pub(crate) fn leave_below(connection: &Connection, record: RecordId, class: Option<&ClassId>) -> Result<()> {
    let custody = custody::of(connection, record)?;
    for child in children(connection)? {
        // Of what is not known here somebody may hold something from a hub that was here before.
        if custody.as_ref().is_none_or(|custody| reaches(&child.audience, custody)) {
            leave(connection, replica_id(&child.key), record, class)?;
        }
    }
    Ok(())
}

/// Stands for the class of a record that left and was never here; no row of the feed says so of it.
const NEVER_HERE: &str = "";

/// Remembers, for children that come later, that a record left which was never here.
pub(crate) fn note_leave(connection: &Connection, record: RecordId) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO leaving (record, class) SELECT ?1, ?2
             WHERE NOT EXISTS (SELECT 1 FROM leaving WHERE record = ?1 AND class = ?2)",
        )?
        .execute(params![record.as_bytes(), NEVER_HERE])?;
    Ok(())
}

/// Whether a record left before this replica came, or was put back: nobody here can say who was in charge of it.
pub(crate) fn left_before(connection: &Connection, record: RecordId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM leaving WHERE record = ?1 AND class = ?2)")?
        .query_row(params![record.as_bytes(), NEVER_HERE], |row| row.get(0))?)
}

/// Passes down that this replica may hold a record after all, which it had said leaves.
pub(crate) fn enter_below(connection: &Connection, record: RecordId) -> Result<()> {
    let Some(custody) = custody::of(connection, record)? else { return Ok(()) };
    for child in children(connection)? {
        if reaches(&child.audience, &custody) {
            comes_to(connection, replica_id(&child.key), record)?;
        }
    }
    Ok(())
}

/// The leave row that stands in a row of `leaving`.
pub(crate) fn leave_row(connection: &Connection, row: i64) -> Result<Row> {
    let mut statement = connection.prepare_cached("SELECT record, class FROM leaving WHERE row = ?1")?;
    let mut rows = statement.query([row])?;
    let row = rows.next()?.ok_or(StoreError::Inconsistent { table: "feed", column: "ref" })?;
    let class = row.get::<_, Option<String>>(1)?.map(ClassId::new);
    Ok(Row::Leave { record: blob(row, 0, "leaving", "record")?, class })
}

fn children(connection: &Connection) -> Result<Vec<Introduction>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT replica FROM child ORDER BY replica")?;
    let mut rows = statement.query([])?;
    let mut children = Vec::new();
    while let Some(row) = rows.next()? {
        let id: ReplicaId = blob(row, 0, "child", "replica")?;
        children.extend(register::introduction(connection, id)?);
    }
    Ok(children)
}

fn enter(connection: &Connection, child: ReplicaId, record: Option<RecordId>) -> Result<()> {
    let digest = [child.0, record.unwrap_or(RecordId([0; 16])).0].concat();
    feed::append(connection, About::Enter(record), To::Only(child), &digest)?;
    Ok(())
}

/// Tells a child that a record is in its hands now. It may have something of it from a hub that is gone, which was not taken here
/// while it might not be told so.
fn comes_to(connection: &Connection, child: ReplicaId, record: RecordId) -> Result<()> {
    enter(connection, child, Some(record))?;
    verdicts::tell_of(connection, child, record)
}

/// Tells a child that it may hold something no more.
fn leave(connection: &Connection, child: ReplicaId, record: RecordId, class: Option<&ClassId>) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO leaving (record, class) VALUES (?1, ?2)")?
        .execute(params![record.as_bytes(), class.map(ClassId::as_str)])?;
    let row = connection.last_insert_rowid();
    let class = class.map(ClassId::as_str).unwrap_or_default();
    let digest = [child.as_bytes(), record.as_bytes().as_slice(), class.as_bytes()].concat();
    feed::append(connection, About::Leave(row), To::Only(child), &digest)?;
    Ok(())
}
