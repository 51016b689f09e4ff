//! Files that are cut, damaged, for somebody else or by somebody else: what can be read of them is taken, and nothing else.

use std::collections::BTreeSet;

use teranga_client::bundle::BundleError;
use teranga_core::id::{Entropy, RecordId};
use teranga_core::problem::{Explain as _, Problem};
use teranga_core::time::Millis;
use teranga_office::ReturnRows;
use teranga_office::admin::Command;
use teranga_store::ticks::Tick;
use teranga_sync::bundle::{Bundle, Return};
use teranga_sync::feed::Cursor;
use teranga_sync::hex::Hex;
use teranga_sync::identity::Identity;
use teranga_sync::message::{Acknowledged, Asker, More};
use teranga_sync::parcel::{HEAD_BYTES, Parcel, ParcelKind, ParcelWriter};
use teranga_sync::version::{self, Spoken};

use crate::world::{NOW, World, bring_to};

/// A world whose device has made a file of two messages, one of each of two records, and where the first one ends.
fn two_messages() -> (World, Vec<u8>, usize, [RecordId; 2]) {
    let mut world = World::new(1, &["awa"]);
    let first = world.open(0, &[("E01", "one")]);
    let mut file = world.export(0);
    let end = file.len();
    let second = world.open(0, &[("E01", "two")]);
    file.extend_from_slice(&world.export(0)[HEAD_BYTES..]);
    (world, file, end, [first, second])
}

fn records(world: &World) -> BTreeSet<RecordId> {
    world.hub.replica().records().unwrap().into_iter().map(|row| row.record).collect()
}

#[test]
fn a_file_cut_anywhere_brings_what_stands_before_the_cut() {
    let (mut world, file, end, [first, second]) = two_messages();
    for cut in 0..=file.len() {
        world.bring(&file[..cut]);
        let expected = match cut {
            _ if cut < end => BTreeSet::new(),
            _ if cut < file.len() => BTreeSet::from([first]),
            _ => BTreeSet::from([first, second]),
        };
        assert_eq!(records(&world), expected, "cut at {cut}");
    }
}

#[test]
fn a_file_with_a_bit_wrong_brings_nothing_of_the_message_that_is_damaged() {
    let (mut world, file, end, _) = two_messages();
    for at in 0..end {
        let mut wrong = file[..end].to_vec();
        wrong[at] ^= 1 << (at % 8);
        let (taken, _) = world.bring(&wrong);
        assert!(taken.is_empty() && records(&world).is_empty(), "byte {at}");
    }
    // What is damaged in the first message does not touch the second one: it brings everything.
    let mut wrong = file.clone();
    wrong[end - 1] ^= 1;
    assert_eq!(world.bring(&wrong).0.len(), 1);
    assert_eq!(records(&world).len(), 2);
}

#[test]
fn a_return_that_is_cut_or_damaged_moves_nothing() {
    let mut world = World::new(2, &["awa"]);
    let record = world.open(0, &[("E01", "one")]);
    let file = world.export(0);
    let back = world.bring(&file).1.unwrap();
    let before = world.devices[0].replica().uplink().unwrap();
    for at in 0..back.len() {
        let mut wrong = back.clone();
        wrong[at] ^= 1 << (at % 8);
        assert!(world.hear(0, &wrong).is_err(), "byte {at}");
        assert!(world.hear(0, &back[..at]).is_err(), "cut at {at}");
    }
    assert_eq!(world.devices[0].replica().uplink().unwrap(), before);
    assert_eq!(world.devices[0].replica().tick(record).unwrap(), Tick::Here);
    assert!(world.hear(0, &back).unwrap().moved);
    assert_eq!(world.devices[0].replica().tick(record).unwrap(), Tick::Safe);
}

#[test]
fn what_is_for_somebody_else_is_told_from_what_is_damaged() {
    let (mut world, mut other) = (World::new(3, &["awa", "moussa"]), World::new(4, &["fatou"]));
    world.open(0, &[("E01", "one")]);
    let file = world.export(0);
    let elsewhere = bring_to(&mut other.hub, &file, &mut other.seed);
    assert_eq!(elsewhere[0].as_ref().unwrap_err().problem, Problem::Unauthorised);
    let letter = Hex(file.clone());
    let told = other.hub.admin(Command::BundleImport { letter, last: true }, &mut other.seed, NOW);
    assert_eq!(told.unwrap_err().code, "bundle-other-recipient");
    let back = world.bring(&file).1.unwrap();
    assert!(matches!(
        world.hear(1, &back),
        Err(BundleError::OtherRecipient { recipient }) if recipient == Parcel::read(&file).unwrap().head.from.to_string()
    ));
    assert!(matches!(other.hear(0, &file), Err(BundleError::OtherRecipient { .. })));
    assert_eq!(world.devices[0].import(&file).unwrap_err().code(), "bundle-own");
    assert_eq!(world.devices[0].import(b"PK\x03\x04").unwrap_err().code(), "bundle-foreign");
}

#[test]
fn nobody_speaks_for_the_hub_or_for_a_child_in_a_file() {
    let mut world = World::new(5, &["awa", "moussa"]);
    let record = world.open(0, &[("E01", "one")]);
    let (awa, moussa) = (world.devices[0].replica().id(), world.devices[1].replica().id());
    let file = world.export(0);
    let back = world.bring(&file).1.unwrap();
    let hub = world.hub.replica().public_key();
    // A return that whoever knows the device's key sealed for it, and did not sign as the hub.
    let parcel = Parcel::read(&back).unwrap();
    let opened = parcel.head.open(world.devices[0].replica().identity(), parcel.sealed[0]).unwrap();
    let honest = Return::read(&opened, &hub, Spoken::BUILD).unwrap();
    let stranger = Identity::generate(&mut world.seed);
    let key = world.devices[0].replica().public_key();
    let mut forged = ParcelWriter::new(ParcelKind::Return, &key, world.hub.replica().id());
    let lie = Return { acknowledged: honest.acknowledged, hub_time: Millis(0), ..honest };
    forged.add(&lie.encode(&stranger), &mut world.seed).unwrap();
    assert_eq!(world.hear(0, &forged.finish()).unwrap_err().code(), "bundle-damaged");
    assert_eq!(world.devices[0].replica().tick(record).unwrap(), Tick::Here);
    // Bundles in another's name, and of somebody who is not enrolled.
    let empty = |replica| Bundle {
        version: version::MAX,
        hub: teranga_sync::identity::replica_id(&hub),
        replica,
        line: teranga_core::id::Line::FIRST,
        opening: Asker::default(),
        exchange: 1,
        cursor: Cursor::default(),
        continues: false,
        confirmations: Vec::new(),
        pushes: Vec::new(),
    };
    let moussa_key = world.devices[1].replica().identity().clone();
    let cases = [
        (awa, empty(awa), &moussa_key, Problem::Unauthorised),
        (moussa, empty(awa), &moussa_key, Problem::Malformed),
        (awa, empty(moussa), &moussa_key, Problem::Unauthorised),
        (stranger.replica(), empty(stranger.replica()), &stranger, Problem::Unauthorised),
    ];
    for (from, bundle, signs, problem) in cases {
        let mut file = ParcelWriter::new(ParcelKind::Bundle, &hub, from);
        file.add(&bundle.encode(signs), &mut world.seed).unwrap();
        let refused = world.hub.take_bundle(&file.finish(), ReturnRows::File, &mut world.seed, NOW);
        assert_eq!(refused.unwrap_err().problem, problem);
    }
}

/// Randomness of one byte; never used for a key that hides anything.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(9);
    }
}

#[test]
fn a_return_for_an_opening_that_is_not_known_here_is_a_copys() {
    let mut world = World::new(6, &["awa"]);
    let device = world.devices[0].replica();
    let back = Return {
        version: version::MAX,
        newest: version::MAX.number(),
        replica: device.id(),
        line: teranga_core::id::Line::FIRST,
        opening: Asker([7; 8]),
        exchange: 1,
        acknowledged: Acknowledged::default(),
        refused: Vec::new(),
        hub_time: NOW,
        from: Cursor::default(),
        cursor: Cursor::default(),
        more: More::Nothing,
        rows: Vec::new(),
    };
    let mut file = ParcelWriter::new(ParcelKind::Return, &device.public_key(), world.hub.replica().id());
    file.add(&back.encode(world.hub.replica().identity()), &mut Fixed).unwrap();
    assert_eq!(world.hear(0, &file.finish()).unwrap_err().code(), "bundle-of-a-copy");
}
