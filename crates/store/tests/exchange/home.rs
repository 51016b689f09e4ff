//! Whose word destroys: the home's, whose key every replica was told when it was enrolled, and nobody's between.

use std::path::Path;

use teranga_core::id::{PublicKey, RecordId};
use teranga_core::time::Millis;
use teranga_store::Replica;
use teranga_store::uplink::Joined;
use teranga_sync::erase::{Confirmation, Erasure};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::session::{Left, Session};

use crate::world::*;

/// Syncs to the end; how many words were passed over.
fn foreign_words(child: &mut Replica, hub: &mut Replica) -> usize {
    let mut words = 0;
    loop {
        let taken = exchange(child, hub);
        words += taken.foreign_words;
        if taken.left == Left::Nothing {
            return words;
        }
    }
}

/// A device of the region that is told this home.
fn newcomer(world: &mut World, folder: &Path, home: Option<&PublicKey>) -> Replica {
    let profile = profile(ReplicaKind::Device, "binta", Some("SN-KL"));
    let mut device = Replica::create(&folder.join("binta"), &profile, &mut world.seed).unwrap();
    world.region.add_enrolment_code("ten", &profile, Millis(NOW.0 + 1)).unwrap();
    world.region.enrol("ten", &device.public_key(), NOW).unwrap().unwrap();
    let key = world.region.public_key();
    device.join(&Joined { key: &key, url: "http://127.0.0.1:1", name: "hub", home }, profile).unwrap();
    device
}

fn stands(replica: &Replica, record: RecordId) -> bool {
    !replica.is_erased(record).unwrap() && replica.parts(record).unwrap().len() == 2
}

#[test]
fn every_replica_is_told_the_home_and_a_region_alone_knows_none() {
    let world = world(300);
    let home = Some(world.hq.public_key());
    for replica in [&world.hq, &world.region, &world.awa, &world.moussa] {
        assert_eq!(replica.home().unwrap(), home);
    }
    let (dir, mut seed) = (tempfile::tempdir().unwrap(), Seeded(1));
    let alone = profile(ReplicaKind::Hub, "thies", Some("SN-TH"));
    let alone = Replica::create(&dir.path().join("thies"), &alone, &mut seed).unwrap();
    assert_eq!(alone.home().unwrap(), None);
}

#[test]
fn a_hub_that_is_not_the_home_destroys_nothing_on_a_device_and_keeps_nothing_from_going_up() {
    let mut world = world(301);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    world.region.erase(record, NOW).unwrap();
    let other = open_record(&mut world.awa, &mut world.seed, &[("E01", "later")]);
    assert_eq!(foreign_words(&mut world.awa, &mut world.region), 1);
    assert_eq!(foreign_words(&mut world.moussa, &mut world.region), 1);
    assert!(stands(&world.awa, record) && stands(&world.moussa, record));
    // It is said once, and everything else goes on.
    assert_eq!(foreign_words(&mut world.awa, &mut world.region), 0);
    sync_all(&mut world);
    same_everywhere(&world, other);
    assert!(stands(&world.hq, record));
    // The home's own word is taken, after that one too.
    world.hq.erase(other, NOW).unwrap();
    sync_all(&mut world);
    assert!([&world.awa, &world.moussa].iter().all(|device| device.is_erased(other).unwrap()));
}

#[test]
fn a_word_that_comes_up_is_taken_only_from_the_home() {
    let mut world = world(302);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let (own, home) = (world.region.identity().clone(), world.hq.identity().clone());
    let mut brought = |by: &teranga_sync::identity::Identity| {
        let mut request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
        let word = Erasure::sign(by, record, NOW);
        request.confirmations = vec![Confirmation::sign(world.awa.identity(), word)];
        assert!(world.region.begin_exchange(&request, NOW).unwrap().is_some());
        world.region.is_erased(record).unwrap()
    };
    assert!(!brought(&own), "a region that knows its home does not decide");
    assert!(brought(&home), "as after a backup was put back");
}

#[test]
fn whoever_was_told_no_home_believes_its_hub() {
    let mut world = world(303);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let folder = tempfile::tempdir().unwrap();
    let mut binta = newcomer(&mut world, folder.path(), None);
    assert_eq!(foreign_words(&mut binta, &mut world.region), 0);
    assert!(stands(&binta, record));
    world.region.erase(record, NOW).unwrap();
    assert_eq!(foreign_words(&mut binta, &mut world.region), 0);
    assert!(binta.is_erased(record).unwrap());
    // Whoever was told one once keeps it.
    let (key, profile) = (world.region.public_key(), world.awa.profile().clone());
    let hub = Joined { key: &key, url: "http://127.0.0.1:1", name: "hub", home: None };
    world.awa.join(&hub, profile).unwrap();
    assert_eq!(foreign_words(&mut world.awa, &mut world.region), 1);
    assert!(stands(&world.awa, record));
}

#[test]
fn a_home_that_was_set_up_anew_is_believed_once_it_was_told() {
    let mut world = world(304);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let dir = tempfile::tempdir().unwrap();
    let home = profile(ReplicaKind::Hub, "siege", None);
    let mut home = Replica::create(&dir.path().join("home"), &home, &mut world.seed).unwrap();
    enrol(&mut home, &mut world.region, "four");
    sync(&mut world.region, &mut home);
    home.erase(record, NOW).unwrap();
    sync(&mut world.region, &mut home);
    assert!(world.region.is_erased(record).unwrap(), "the region has pinned the new home");
    assert_eq!(foreign_words(&mut world.awa, &mut world.region), 1);
    assert!(stands(&world.awa, record));
    enrol(&mut world.region, &mut world.awa, "five");
    assert_eq!(foreign_words(&mut world.awa, &mut world.region), 0);
    assert!(world.awa.is_erased(record).unwrap(), "its words are read once more");
    assert_eq!(flaws(&world.awa), [""; 0]);
    // What the home before decided is passed on to whoever comes now; there is nothing here to destroy, and nothing to say.
    let before = world.hq.public_key();
    let mut binta = newcomer(&mut world, dir.path(), Some(&before));
    assert_eq!(foreign_words(&mut binta, &mut world.region), 0);
    assert_eq!(binta.home().unwrap(), Some(before));
    assert_ne!(before, home.public_key());
}
