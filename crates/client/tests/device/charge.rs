//! Who is in charge of a case, and how many cases anybody may be in charge of.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use teranga_client::charge::Handover;
use teranga_client::{ClientError, Device};
use teranga_core::grant::{CASELOAD_MAX, CASELOAD_WARN};
use teranga_core::id::RecordId;
use teranga_core::record::Assignee;
use teranga_store::FILE;

use crate::world::*;

fn to(office: Option<&str>, person: Option<&str>) -> Assignee {
    let own = |name: &str| name.to_owned();
    Assignee { region: "SN-KL".into(), office: office.map(own), person: person.map(own) }
}

/// Gives a case's row as many copies as make so many rows: who is in charge of it has as many records then.
#[expect(clippy::disallowed_methods, reason = "ten thousand cases, saved one after another, take a minute")]
fn copy_until(device: &Device, case: RecordId, rows: i64) {
    let connection = Connection::open(device.replica().folder().join(FILE)).unwrap();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info('record') WHERE name != 'record'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let columns = columns.join(", ");
    let copied = connection
        .execute(
            &format!(
                "WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
                 INSERT INTO record (record, {columns})
                 SELECT randomblob(16), {columns} FROM record, n WHERE record = ?1"
            ),
            rusqlite::params![case.as_bytes(), rows],
        )
        .unwrap();
    assert_eq!(i64::try_from(copied).unwrap(), rows - 1);
}

#[test]
fn nothing_more_is_assigned_to_whoever_has_ten_thousand_records_and_before_that_a_device_says_so() {
    let mut world = world(50);
    let profile = world.moussa.replica().profile().clone();
    let moussa = to(Some(&profile.office), Some(&profile.person));
    sync_all(&mut world);
    let (awa, seed) = (&mut world.awa, &mut world.seed);
    let (first, second) = (case(awa, seed, "2026-11-02"), case(awa, seed, "2026-11-03"));
    awa.assign(first, moussa.clone(), Handover::Beside, setting(seed)).unwrap();
    assert_eq!(awa.caseload_of(&moussa).unwrap(), Some(1));
    assert_eq!(awa.caseload_warning().unwrap(), None);

    copy_until(awa, first, i64::try_from(CASELOAD_MAX).unwrap());
    assert_eq!(awa.caseload_of(&moussa).unwrap(), Some(CASELOAD_MAX));
    assert_eq!(awa.caseload_warning().unwrap(), Some(CASELOAD_MAX + 1));
    const { assert!(CASELOAD_WARN < CASELOAD_MAX) };
    let full = awa.assign(second, moussa.clone(), Handover::Beside, setting(seed)).unwrap_err();
    assert!(
        matches!(&full, ClientError::CaseloadFull { to, most: CASELOAD_MAX } if to.contains("moussa")),
        "{full}"
    );
    assert!(awa.replica().custody(second).unwrap().unwrap().assigned.is_empty());
    // His office would give it to him too; a region as a whole has no bound; what he has he keeps, and can be given alone.
    let office = to(Some(&profile.office), None);
    assert!(awa.assign(second, office.clone(), Handover::Beside, setting(seed)).is_err());
    awa.assign(second, to(None, None), Handover::Beside, setting(seed)).unwrap();
    awa.assign(first, moussa.clone(), Handover::Instead, setting(seed)).unwrap();
    // Once he is relieved of one there is room for another.
    awa.relieve(first, Some(&moussa), setting(seed)).unwrap();
    awa.assign(second, moussa, Handover::Beside, setting(seed)).unwrap();
}
