//! Erasure where only files go: who destroyed something says so in the next file, until it is known that the hub has it.

use teranga_core::id::{RecordId, ReplicaId};
use teranga_office::Office;
use teranga_store::Replica;
use teranga_sync::bundle::Bundle;
use teranga_sync::parcel::Parcel;
use teranga_sync::version::Spoken;

use crate::world::{NOW, World, bring_to, copy_folder, online};

/// Who has not said that a record is gone there, as the home knows.
fn outstanding(home: &Office, record: RecordId) -> Vec<ReplicaId> {
    let erasures = home.replica().erasures().unwrap();
    erasures.into_iter().find(|erasure| erasure.record == record).unwrap().outstanding
}

/// How many confirmations the messages of a bundle hold.
fn confirmations(hub: &Office, child: &Replica, file: &[u8]) -> Vec<usize> {
    let parcel = Parcel::read(file).unwrap();
    let opened =
        parcel.sealed.iter().map(|sealed| parcel.head.open(hub.replica().identity(), sealed).unwrap());
    let bundles = opened.map(|bytes| Bundle::read(&bytes, &child.public_key(), Spoken::BUILD).unwrap());
    bundles.map(|bundle| bundle.confirmations.len()).collect()
}

#[test]
fn who_lives_by_files_confirms_in_the_next_and_no_more_once_the_hub_has_it() {
    let mut world = World::new(41, &["Awa Exemple"]);
    let record = world.open(0, &[("E01", "a word that must go")]);
    world.round(0);
    let awa = world.devices[0].replica().id();
    world.hub.replica_mut().erase(record, NOW).unwrap();
    assert_eq!(world.round(0).destroyed.records, 1);
    assert_eq!(outstanding(&world.hub, record), [awa], "the word had not come when that file was made");

    // This file is lost, the return for the next too.
    world.export(0);
    let lost = world.export(0);
    world.bring(&lost);
    assert!(outstanding(&world.hub, record).is_empty());
    let file = world.export(0);
    assert_eq!(confirmations(&world.hub, world.devices[0].replica(), &file), [1], "nobody told it");
    let (_, back) = world.bring(&file);
    world.hear(0, &back.unwrap()).unwrap();
    let file = world.export(0);
    assert_eq!(confirmations(&world.hub, world.devices[0].replica(), &file), [0]);
    world.all_are_equal();
}

#[test]
fn a_hub_that_was_put_back_hears_it_again_in_a_file() {
    let mut world = World::new(42, &["Awa Exemple"]);
    let record = world.open(0, &[("E01", "a word that must go")]);
    world.round(0);
    world.hub.replica_mut().erase(record, NOW).unwrap();
    let backup = world.folder.path().join("backup");
    copy_folder(world.hub.replica().folder(), &backup);
    world.round(0);
    world.round(0);
    assert!(outstanding(&world.hub, record).is_empty());
    world.hub = Office::open(Replica::open(&backup, &mut world.seed).unwrap()).unwrap();
    let awa = world.devices[0].replica().id();
    assert_eq!(outstanding(&world.hub, record), [awa]);
    for _ in 0..3 {
        world.round(0);
    }
    assert!(outstanding(&world.hub, record).is_empty());
}

#[test]
fn a_region_that_lives_by_files_says_of_itself_first_and_of_others_once_they_are_known() {
    let (mut world, mut region) = World::with_a_region(43);
    let record = world.open(0, &[("E01", "a word that must go")]);
    let awa = world.devices[0].replica().id();
    let meets = |world: &mut World, region: &mut Office| {
        online(world.devices[0].replica_mut(), region, &mut world.seed, |_| true).unwrap();
    };
    let files = |world: &mut World, region: &mut Office| {
        let file = region.replica_mut().bundle(&mut world.seed, NOW).unwrap().unwrap().file;
        let taken = bring_to(&mut world.hub, &file, &mut world.seed).pop().unwrap().unwrap();
        let back = Parcel::read(&taken.back).unwrap();
        for sealed in &back.sealed {
            region.take_return(&back.head.letter(sealed)).unwrap();
        }
    };
    meets(&mut world, &mut region);
    files(&mut world, &mut region);
    world.hub.replica_mut().erase(record, NOW).unwrap();
    files(&mut world, &mut region);
    meets(&mut world, &mut region);
    assert_eq!(outstanding(&world.hub, record).len(), 2);
    files(&mut world, &mut region);
    assert_eq!(
        outstanding(&world.hub, record),
        [awa],
        "the home has her key from her pack, and waits for a link"
    );
    online(region.replica_mut(), &mut world.hub, &mut world.seed, |_| true).unwrap();
    assert!(outstanding(&world.hub, record).is_empty());
}
