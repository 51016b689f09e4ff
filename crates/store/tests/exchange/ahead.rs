//! More saves than are tried at once, of the same records again and again: what is found out of the next while those before them
//! are written does not leave out what they write.

use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_store::Status;

use crate::world::*;

/// Each record in each of several lots of saves.
const TIMES: usize = 70;

#[test]
fn what_the_saves_before_write_is_not_left_out_by_those_that_were_tried_meanwhile() {
    let mut world = world(141);
    let records: Vec<RecordId> =
        (0..3).map(|_| open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")])).collect();
    for number in 1..=TIMES {
        for record in &records {
            edit(&mut world.moussa, *record, &[("E02", &number.to_string())]);
        }
    }
    sync_all(&mut world);
    for record in records {
        same_everywhere(&world, record);
        let parts = world.hq.parts(record).unwrap();
        let last = parts.iter().find_map(|part| part.values.get(&Key::question("E02")));
        assert_eq!(last, Some(&Value::text(TIMES.to_string())));
    }
    let census = world.hq.census().unwrap();
    assert!(census.len() > 3 * TIMES && census.iter().all(|(_, status)| *status == Status::Applied));
}
