//! What replicas were granted before. Whoever may hold less from now on lets go only once the home's backup covers it, and
//! nobody hears of that: until then it may hold what it was ever granted, and an erasure waits for its word too.

use rusqlite::{Connection, params};
use teranga_core::audience::{Agent, Audience, Clearance, Place};
use teranga_core::id::ReplicaId;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{self, Introduction};
use teranga_sync::limits;

use crate::error::{Result, StoreError};

/// Notes what a replica was granted. Of which classes is not kept: whoever had any part has to confirm.
pub(crate) fn note(connection: &Connection, before: &Introduction) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO granted_before (replica, region, reach, office, person) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            replica_id(&before.key).as_bytes(),
            before.audience.place.code(),
            introduction::reach_code(&before.audience.reach),
            before.office,
            before.person,
        ])?;
    Ok(())
}

/// What a replica was granted before.
pub(crate) fn of(connection: &Connection, now: &Introduction) -> Result<Vec<Introduction>> {
    read(connection, now, "told IN (0, 1)")
}

/// The same, as far as the hub above has not been told: not more than go with one request beside what it is granted now.
pub(crate) fn untold(connection: &Connection, now: &Introduction) -> Result<Vec<Introduction>> {
    let mut untold = read(connection, now, "told = 0")?;
    untold.truncate(limits::INTRODUCTIONS_MAX.saturating_sub(1));
    Ok(untold)
}

fn read(connection: &Connection, now: &Introduction, so: &'static str) -> Result<Vec<Introduction>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT region, reach, office, person FROM granted_before WHERE replica = ?1 AND {so}
         ORDER BY region, reach, office, person"
    ))?;
    let mut rows = statement.query([replica_id(&now.key).as_bytes()])?;
    let mut granted = Vec::new();
    while let Some(row) = rows.next()? {
        let (office, person): (String, String) = (row.get(2)?, row.get(3)?);
        let agent = Agent { office: office.clone(), person: person.clone() };
        let reach = introduction::reach(row.get(1)?, &agent)
            .ok_or(StoreError::Inconsistent { table: "granted_before", column: "reach" })?;
        let place = Place::of_code(&row.get::<_, String>(0)?);
        let audience = Audience { place, reach, clearance: Clearance::Every };
        granted.push(Introduction { audience, office, person, ..now.clone() });
    }
    Ok(granted)
}

/// Notes that the hub above was told.
pub(crate) fn told(connection: &Connection, replica: ReplicaId, introduction: &Introduction) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE granted_before SET told = 1
             WHERE replica = ?1 AND region = ?2 AND reach = ?3 AND office = ?4 AND person = ?5",
        )?
        .execute(params![
            replica.as_bytes(),
            introduction.audience.place.code(),
            introduction::reach_code(&introduction.audience.reach),
            introduction.office,
            introduction.person,
        ])?;
    Ok(())
}

/// The hub above may have forgotten what it was told.
pub(crate) fn tell_again(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE granted_before SET told = 0 WHERE told = 1", [])?;
    Ok(())
}
