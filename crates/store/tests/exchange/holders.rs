//! Whose word is waited for when a record is erased: also of whom the home never heard that they were in charge of it, and of whom
//! nothing that is held any more says so.

use teranga_core::class::ClassId;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::record::{EventKind, keys};
use teranga_core::value::Value;
use teranga_store::Replica;
use teranga_store::save::PartEdit;

use crate::grants::{assign, caseload, device, event, to};
use crate::lent::Lent;
use crate::world::*;

/// Who has not confirmed yet, as this replica knows.
fn outstanding(at: &Replica, record: RecordId) -> Vec<teranga_core::id::ReplicaId> {
    let erased = at.erasures().unwrap().into_iter().find(|erased| erased.record == record);
    erased.unwrap().outstanding
}

#[test]
fn whoever_was_put_in_charge_since_the_last_night_is_waited_for() {
    let mut world = world(100);
    let (_dir, mut binta) = device(&mut world, &caseload("Binta"), "four");
    let case = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    // Headquarters has known Binta for long, and that nothing of this is hers.
    sync_all(&mut world);
    assign(&mut world.awa, &mut world.seed, case, to("SN-KL", Some("Binta")));
    sync(&mut world.awa, &mut world.region);
    sync(&mut binta, &mut world.region);
    assert!(binta.bodies(case).unwrap() > 0);
    world.hq.erase(case, NOW).unwrap();
    assert!(!outstanding(&world.hq, case).contains(&binta.id()), "nobody has told it yet");
    // At night the region hears of it, and says who has the case there before it confirms.
    for _ in 0..2 {
        sync_all(&mut world);
        assert_eq!(outstanding(&world.hq, case), [binta.id()]);
    }
    sync(&mut binta, &mut world.region);
    sync_all(&mut world);
    assert_eq!(binta.bodies(case).unwrap(), 0);
    assert!(outstanding(&world.hq, case).is_empty());
}

#[test]
fn whoever_has_a_case_that_their_hub_let_go_of_is_waited_for_there_too() {
    let mut lent = Lent::new(101);
    lent.taken_back();
    lent.world.hq.note_backup(NOW).unwrap();
    // The hub lets the case go; Ndeye, who has it too, has not heard of anything.
    for _ in 0..2 {
        sync(&mut lent.there, &mut lent.world.hq);
    }
    assert_eq!(lent.there.bodies(lent.case).unwrap(), 0);
    assert!(lent.ndeye.bodies(lent.case).unwrap() > 0);
    lent.world.hq.erase(lent.case, NOW).unwrap();
    sync(&mut lent.there, &mut lent.world.hq);
    // By this list a hub tells whoever was revoked what they are to destroy.
    assert!(outstanding(&lent.there, lent.case).contains(&lent.ndeye.id()));
    assert!(outstanding(&lent.world.hq, lent.case).contains(&lent.ndeye.id()));
    lent.away();
    assert_eq!(lent.ndeye.bodies(lent.case).unwrap(), 0);
    assert!(!outstanding(&lent.world.hq, lent.case).contains(&lent.ndeye.id()));
}

#[test]
fn whoever_was_in_charge_of_the_case_on_which_it_was_entered_by_mistake_is_waited_for_and_believed() {
    let mut world = world(102);
    let (_dir, mut binta) = device(&mut world, &caseload("Binta"), "four");
    let wrong = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    assign(&mut world.awa, &mut world.seed, wrong, to("SN-KL", Some("Binta")));
    let right = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let entered = open_of_case(Some(wrong), "SN-KL", (&mut world.awa, &mut world.seed), &[("E01", "ok")]);
    sync_all(&mut world);
    sync(&mut binta, &mut world.region);
    assert!(binta.bodies(entered).unwrap() > 0);
    // She corrects an answer, offline; meanwhile it is moved to where it belongs.
    edit(&mut binta, entered, &[("E02", "offline")]);
    let salt = world.awa.record(entered).unwrap().unwrap().salt;
    let edits = vec![(Key::question(keys::CASE), Value::text(right.to_string()))];
    save(&mut world.awa, entered, salt, vec![PartEdit { class: ClassId::new("open"), edits }]);
    let moved = EventKind::Moved { from: Some(wrong), to: right };
    event(&mut world.awa, &mut world.seed, entered, moved);
    sync_all(&mut world);
    sync(&mut binta, &mut world.region);
    let aside = world.region.aside().unwrap();
    let reasons: Vec<Option<&str>> = aside.iter().map(|aside| aside.reason.as_deref()).collect();
    assert_eq!(reasons, [Some("after-reassignment")], "it is taken, and marked");
    let shown = world.region.parts(entered).unwrap();
    assert!(shown.iter().any(|part| part.values.get(&Key::question("E02")) == Some(&Value::text("offline"))));
    // What she has of it no backup covers yet.
    world.hq.erase(right, NOW).unwrap();
    assert!(outstanding(&world.hq, entered).contains(&binta.id()));
    sync(&mut world.region, &mut world.hq);
    sync(&mut binta, &mut world.region);
    sync_all(&mut world);
    assert_eq!(binta.bodies(entered).unwrap(), 0);
    assert!(!outstanding(&world.hq, entered).contains(&binta.id()));
}
