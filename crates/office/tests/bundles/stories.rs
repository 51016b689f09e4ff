//! What befalls bundles on their way, told one by one.

use teranga_client::bundle::{BundleError, Imported};
use teranga_core::id::RecordId;
use teranga_core::problem::Problem;
use teranga_office::admin::Command;
use teranga_office::{Office, ReturnRows};
use teranga_store::Replica;
use teranga_store::courier::Carry;
use teranga_store::ticks::Tick;
use teranga_sync::bundle::Bundle;
use teranga_sync::hex::Hex;
use teranga_sync::limits;
use teranga_sync::message::More;
use teranga_sync::parcel::Parcel;
use teranga_sync::version::{self, Spoken, Version};

use crate::world::{NOW, World, copy_folder, online};

fn tick(world: &World, device: usize, record: RecordId) -> Tick {
    world.devices[device].replica().tick(record).unwrap()
}

#[test]
fn a_bundle_and_its_return_do_the_same_twice() {
    let mut world = World::new(11, &["awa"]);
    let record = world.open(0, &[("E01", "one")]);
    let file = world.export(0);
    let (first, back) = world.bring(&file);
    let (again, back_again) = world.bring(&file);
    assert_eq!((first[0].logged, first[0].known), (1, 0));
    assert_eq!((again[0].logged, again[0].known), (0, 1));
    assert_eq!(tick(&world, 0, record), Tick::Here, "a tick waits for what the hub signed");
    assert!(world.hear(0, &back.unwrap()).unwrap().moved);
    let after = world.devices[0].replica().uplink().unwrap();
    assert!(!world.hear(0, &back_again.unwrap()).unwrap().moved);
    assert_eq!(world.devices[0].replica().uplink().unwrap(), after);
    assert_eq!(tick(&world, 0, record), Tick::Safe);
    world.all_are_equal();
}

#[test]
fn an_older_return_after_a_newer_one_takes_nothing_back() {
    let mut world = World::new(12, &["awa", "moussa"]);
    let first = world.open(0, &[("E01", "one")]);
    let file = world.export(0);
    let old = world.bring(&file).1.unwrap();
    let second = world.open(0, &[("E01", "two")]);
    let of_moussa = world.open(1, &[("E01", "three")]);
    world.online(1);
    world.round(0);
    let after = world.devices[0].replica().uplink().unwrap();
    world.hear(0, &old).unwrap();
    assert_eq!(world.devices[0].replica().uplink().unwrap(), after);
    for record in [first, second, of_moussa] {
        assert_eq!(tick(&world, 0, record), Tick::Safe);
    }
}

#[test]
fn a_bundle_that_comes_after_the_link_did_the_same_is_known() {
    let mut world = World::new(13, &["awa"]);
    world.open(0, &[("E01", "one")]);
    let late = world.export(0);
    // The first request is lost, the next asks what arrived: what did not is cut anew, but not what left in a file.
    world.online_when(0, |message| message > 0);
    world.open(0, &[("E01", "two")]);
    world.online(0);
    let (taken, back) = world.bring(&late);
    assert_eq!((taken[0].logged, taken[0].known, taken[0].refused.len()), (0, 1, 0));
    let acknowledged = world.devices[0].replica().uplink().unwrap().unwrap().acknowledged;
    world.hear(0, &back.unwrap()).unwrap();
    assert_eq!(world.devices[0].replica().uplink().unwrap().unwrap().acknowledged, acknowledged);
    world.online(0);
    world.all_are_equal();
}

#[test]
fn a_hub_that_was_put_back_takes_nothing_after_the_gap_and_is_sent_everything_again() {
    let mut world = World::new(14, &["awa"]);
    let folder = world.hub.replica().folder().to_owned();
    let aside = world.folder.path().join("aside");
    let spare = World::new(15, &[]);
    drop(std::mem::replace(&mut world.hub, spare.hub));
    copy_folder(&folder, &aside);
    world.hub = Office::open(Replica::open(&folder, &mut world.seed).unwrap()).unwrap();
    let first = world.open(0, &[("E01", "one")]);
    world.round(0);
    assert_eq!(tick(&world, 0, first), Tick::Safe);
    world.hub = Office::open(Replica::open(&aside, &mut world.seed).unwrap()).unwrap();
    let second = world.open(0, &[("E01", "two")]);
    let file = world.export(0);
    let (taken, back) = world.bring(&file);
    assert_eq!((taken[0].logged, taken[0].after_gap), (0, 1));
    let heard = world.hear(0, &back.unwrap()).unwrap();
    assert!(!heard.moved && heard.more == More::Rows, "{heard:?}");
    assert_eq!(tick(&world, 0, first), Tick::Here, "what the hub forgot is on this device only");
    for _ in 0..3 {
        world.round(0);
    }
    assert_eq!((tick(&world, 0, first), tick(&world, 0, second)), (Tick::Safe, Tick::Safe));
    world.all_are_equal();
}

#[test]
fn a_copy_whose_bundle_comes_second_goes_on_in_a_line_of_its_own() {
    let mut world = World::new(16, &["awa"]);
    world.open(0, &[("E01", "of both")]);
    let copy = world.copy(0);
    world.open(0, &[("E01", "of the first")]);
    world.open(copy, &[("E01", "of the copy")]);
    let (one, two) = (world.export(0), world.export(copy));
    let back = world.bring(&one).1.unwrap();
    let (taken, back_of_the_copy) = world.bring(&two);
    assert_eq!(taken[0].refused[0].problem, Problem::BrokenChain);
    let back_of_the_copy = back_of_the_copy.unwrap();
    assert!(matches!(world.hear(0, &back_of_the_copy), Err(BundleError::OfACopy)));
    assert!(matches!(world.hear(copy, &back), Err(BundleError::OfACopy)));
    assert!(!world.hear(0, &back).unwrap().began_a_line);
    assert!(world.hear(copy, &back_of_the_copy).unwrap().began_a_line);
    for device in [copy, 0, copy, 0] {
        world.round(device);
    }
    assert_eq!(world.hub.replica().records().unwrap().len(), 3);
    world.all_are_equal();
}

#[test]
fn a_colleague_carries_what_only_the_hub_can_read_and_brings_back_what_only_its_maker_can() {
    let mut world = World::new(17, &["awa", "moussa"]);
    world.online(0);
    world.online(1);
    let record = world.open(0, &[("E01", "one")]);
    let file = world.export(0);
    let taken_along = world.devices[1].import(&file).unwrap();
    assert_eq!(taken_along, Imported::Carried { from: "awa".into(), cut: false });
    world.devices[1].import(&file).unwrap();
    assert_eq!(world.devices[1].replica().carried_count().unwrap(), 1, "carried once");
    assert!(world.devices[1].replica().records().unwrap().is_empty());
    let parcel = Parcel::read(&file).unwrap();
    assert!(parcel.head.open(world.devices[1].replica().identity(), parcel.sealed[0]).is_err());
    assert!(matches!(world.devices[1].return_of("awa"), Err(BundleError::NothingFor { .. })));
    let carried = world.devices[1].replica().carried_after(0).unwrap().unwrap();
    let letter = parcel.head.letter(&carried.sealed);
    let back = world.hub.take_bundle(&letter, ReturnRows::Letter, &mut world.seed, NOW).unwrap().back;
    world.devices[1].replica_mut().handed_over(&carried, Some(&back), NOW).unwrap();
    assert_eq!(world.devices[1].replica().carried_count().unwrap(), 0);
    let back = world.devices[1].return_of(" Awa").unwrap();
    assert!(world.hear(0, &back).unwrap().moved);
    assert_eq!(tick(&world, 0, record), Tick::Safe);
}

#[test]
fn what_is_carried_for_others_has_its_bounds_and_what_does_not_fit_is_not_begun() {
    let mut world = World::new(18, &["awa", "moussa"]);
    let awa = world.devices[0].replica().id();
    let carrier = world.devices[1].replica_mut();
    let half = vec![1; limits::CARRIED_BYTES_MAX / 2 + 1];
    assert_eq!(carrier.carry(awa, &[&half]).unwrap(), Carry::Taken);
    let other = vec![2; limits::CARRIED_BYTES_MAX / 2];
    assert_eq!(carrier.carry(awa, &[b"small", &other]).unwrap(), Carry::Full);
    assert_eq!(carrier.carried_count().unwrap(), 1, "nothing of what did not fit");
    assert_eq!(carrier.carry(awa, &[&half, b"small"]).unwrap(), Carry::Taken);
    let many: Vec<Vec<u8>> =
        (0..limits::CARRIED_MESSAGES_MAX).map(|number| number.to_be_bytes().to_vec()).collect();
    let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    assert_eq!(carrier.carry(awa, &many).unwrap(), Carry::Full);
    assert_eq!(carrier.carried_count().unwrap(), 2);
}

/// Moussa's next pack is refused: the hub was put back to before a record, and more builds on that than may wait for it.
fn about_to_be_refused(seed: u64) -> World {
    let mut world = World::new(seed, &["awa", "moussa"]);
    let folder = world.hub.replica().folder().to_owned();
    let aside = world.folder.path().join("aside");
    let spare = World::new(21, &[]);
    drop(std::mem::replace(&mut world.hub, spare.hub));
    copy_folder(&folder, &aside);
    world.hub = Office::open(Replica::open(&folder, &mut world.seed).unwrap()).unwrap();
    let record = world.open(0, &[("E01", "one")]);
    world.online(0);
    world.online(1);
    world.hub = Office::open(Replica::open(&aside, &mut world.seed).unwrap()).unwrap();
    for number in 0..=limits::WAITING_PER_PART_MAX {
        world.edit(1, record, &[("E01", &number.to_string())]);
    }
    world
}

#[test]
fn a_pack_that_is_refused_stays_and_is_named_and_goes_once_it_can_be_taken() {
    let mut world = about_to_be_refused(19);
    let heard = world.round(1);
    assert_eq!(heard.refused, 1);
    let refused = world.devices[1].replica().refused_packs().unwrap();
    assert_eq!(refused[0].code, "too-many-waiting");
    for device in [0, 1, 0] {
        world.online(device);
    }
    world.all_are_equal();
}

#[test]
fn a_pack_that_is_refused_is_named_though_another_message_of_its_file_follows() {
    let mut world = about_to_be_refused(23);
    let long = world.open(1, &[("E01", "one")]);
    for _ in 0..16 {
        // What does not compress.
        let letters = (0..48_000).map(|_| char::from(b'a' + u8::try_from(world.seed.below(26)).unwrap()));
        let letter: String = letters.collect();
        world.edit(1, long, &[("E02", &letter)]);
    }
    let file = world.export(1);
    assert!(Parcel::read(&file).unwrap().sealed.len() > 1);
    let (taken, back) = world.bring(&file);
    assert_eq!(taken.iter().map(|taken| taken.refused.len()).collect::<Vec<_>>()[..2], [1, 0]);
    assert_eq!(world.hear(1, &back.unwrap()).unwrap().refused, 1, "by the last message's return");
}

#[test]
fn what_comes_under_another_salt_than_stands_is_held_aside_and_its_author_is_told() {
    let mut world = World::new(22, &["awa", "moussa"]);
    let record = world.open(0, &[("E01", "one")]);
    world.online(0);
    world.open_with(1, record, teranga_core::id::Salt([9; 16]), &[("E01", "two")]);
    world.round(1);
    let Tick::Held(verdicts) = tick(&world, 1, record) else { panic!("its author is not told") };
    assert!(verdicts.iter().all(|verdict| verdict.reason == "salt-contested"));
    let after = world.open(1, &[("E01", "three")]);
    world.round(1);
    assert_eq!(tick(&world, 1, after), Tick::Safe, "its chain goes on");
    let mut flaws = Vec::new();
    world.hub.replica().verify(|flaw| flaws.push(flaw)).unwrap();
    assert!(flaws.is_empty(), "{flaws:?}");
}

#[test]
fn a_regional_hub_without_a_link_relays_in_files_and_ticks_come_down() {
    let (mut world, mut region) = World::with_a_region(20);
    let record = world.open(0, &[("E01", "one")]);
    let _ = online(world.devices[0].replica_mut(), &mut region, &mut world.seed, |_| true);
    assert_eq!(tick(&world, 0, record), Tick::AtRegion);
    let exported = region.admin(Command::BundleExport, &mut world.seed, NOW).unwrap();
    let letter: Hex = serde_json::from_value(exported["file"].clone()).unwrap();
    let taken = world.hub.admin(Command::BundleImport { letter, last: true }, &mut world.seed, NOW).unwrap();
    assert_eq!((&taken["logged"], &taken["person"]), (&1.into(), &"kaolack".into()));
    let letter: Hex = serde_json::from_value(taken["back"].clone()).unwrap();
    let heard = region.admin(Command::BundleImport { letter, last: true }, &mut world.seed, NOW).unwrap();
    assert_eq!((&heard["kind"], &heard["moved"]), (&"return".into(), &true.into()));
    let _ = online(world.devices[0].replica_mut(), &mut region, &mut world.seed, |_| true);
    assert_eq!(tick(&world, 0, record), Tick::Safe);
    let refused = world.hub.admin(Command::BundleExport, &mut world.seed, NOW).unwrap_err();
    assert_eq!(refused.code, "hub-no-parent");
}

/// The version in which the only message of a file for the hub is written.
fn version_of(world: &World, file: &[u8]) -> Option<Version> {
    let parcel = Parcel::read(file).unwrap();
    let message = parcel.head.open(world.hub.replica().identity(), parcel.sealed[0]).unwrap();
    let key = world.devices[0].replica().public_key();
    Bundle::read(&message, &key, Spoken::BUILD).ok().map(|bundle| bundle.version)
}

#[test]
fn a_bundle_speaks_as_the_hub_was_heard_to_and_one_that_is_too_new_loses_nothing() {
    let mut world = World::new(19, &["awa"]);
    let first = world.open(0, &[("E01", "one")]);
    let file = world.export(0);
    assert_eq!(version_of(&world, &file), Some(version::MIN), "nothing was heard of this hub yet");
    let back = world.bring(&file).1.unwrap();
    world.hear(0, &back).unwrap();
    let second = world.open(0, &[("E01", "two")]);
    let file = world.export(0);
    assert_eq!(version_of(&world, &file), Some(version::MAX), "a return says what the hub speaks");
    // Meanwhile the hub was put back to the build before.
    world.hub.replica_mut().speak(Spoken { oldest: version::MIN, newest: version::MIN });
    let refused = world.hub.take_bundle(&file, ReturnRows::File, &mut world.seed, NOW).unwrap_err();
    assert_eq!(refused.problem, Problem::UpgradeNeeded);
    assert_eq!((tick(&world, 0, first), tick(&world, 0, second)), (Tick::Safe, Tick::Here));
    // A link brings it in the version that both speak.
    world.online(0);
    assert_eq!(tick(&world, 0, second), Tick::Safe);
    world.all_are_equal();
}
