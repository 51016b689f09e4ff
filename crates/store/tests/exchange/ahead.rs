//! More saves than are tried at once, of two people who wrote to the same records at one time: what is found out of the second's
//! while the first's are written does not leave those out.

use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_store::ingest::Ingested;
use teranga_store::{Replica, Status};
use teranga_sync::session::Session;

use crate::world::*;

/// As many as are tried at once: so many saves of the one, and then so many of the other.
const RECORDS: usize = 64;

/// Brings what a device has, and has nothing applied.
fn logged(child: &mut Replica, hub: &mut Replica) {
    let request = child.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let known = hub.child(child.id()).unwrap().unwrap();
    for push in &request.pushes {
        assert_eq!(hub.ingest(&known, request.line, push, NOW).unwrap(), Ingested::Logged);
    }
    assert_eq!(child.log_counts().unwrap().unsent, RECORDS as u64, "all of it is in this request");
}

#[test]
fn what_the_saves_before_write_is_not_left_out_by_those_that_were_tried_meanwhile() {
    let mut world = world(141);
    let records: Vec<RecordId> =
        (0..RECORDS).map(|_| open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")])).collect();
    sync_all(&mut world);
    for record in &records {
        edit(&mut world.moussa, *record, &[("E02", "moussa")]);
        edit(&mut world.awa, *record, &[("E03", "awa")]);
    }
    logged(&mut world.moussa, &mut world.region);
    logged(&mut world.awa, &mut world.region);
    assert_eq!(world.region.log_counts().unwrap().logged, 2 * RECORDS as u64);
    let applied = world.region.apply_logged().unwrap();
    assert_eq!((applied.changes, applied.is_left()), (2 * RECORDS, false), "in one round");
    for record in records {
        let parts = world.region.parts(record).unwrap();
        let answer = |question| parts.iter().find_map(|part| part.values.get(&Key::question(question)));
        assert_eq!(answer("E02"), Some(&Value::text("moussa")));
        assert_eq!(answer("E03"), Some(&Value::text("awa")));
    }
    assert!(world.region.census().unwrap().iter().all(|(_, status)| *status == Status::Applied));
    assert_eq!(flaws(&world.region), [""; 0]);
}
