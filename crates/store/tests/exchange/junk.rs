//! What signs as it should and says what nobody says: found by `cargo xtask fuzz`, each with what it did. And what somebody between
//! has changed of what another signed.

use teranga_core::id::RecordId;
use teranga_core::problem::Problem;
use teranga_store::ingest::Ingested;
use teranga_store::uplink::TakeError;
use teranga_sync::bytes::DecodeError;
use teranga_sync::erase::Erasure;
use teranga_sync::feed::{Cursor, Row, encode};
use teranga_sync::manifest::{Listed, Manifest};
use teranga_sync::message::{Answer, More, Push};
use teranga_sync::pack::{Pack, list};
use teranga_sync::session::Session;

use crate::world::*;

/// The hub counted one back from nothing: it panicked, or said that there was nothing. It sends the child to the start.
#[test]
fn nobody_stands_within_a_row_before_the_first() {
    let mut world = world(90);
    let record = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.moussa, &mut world.region);
    let mut request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    assert_eq!(request.cursor, Cursor::default());
    request.cursor.within = 1;
    let awa = world.region.child(world.awa.id()).unwrap().unwrap();
    let before = world.region.begin_exchange(&request, NOW).unwrap().unwrap();
    let answer = world.region.answer(&awa, &request, before, NOW).unwrap();
    assert_eq!((answer.cursor, answer.more, answer.rows.is_empty()), (Cursor::default(), More::Rows, true));
    sync(&mut world.awa, &mut world.region);
    assert!(world.awa.record(record).unwrap().is_some());
}

/// The device called itself damaged, for a word that its hub had spoilt.
#[test]
fn an_erasure_that_nobody_signed_is_not_taken_and_no_damage_of_ones_own() {
    let mut world = world(91);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let awa = world.region.child(world.awa.id()).unwrap().unwrap();
    let before = world.region.begin_exchange(&request, NOW).unwrap().unwrap();
    let honest = world.region.answer(&awa, &request, before, NOW).unwrap();
    let word = Erasure::sign(world.hq.identity(), RecordId([9; 16]), NOW);
    let rows = encode(&[Row::Erase(Erasure { record, ..word })], honest.version);
    let answer = Answer { rows, ..honest };
    let taken = world.awa.take_answer(&request, &answer, NOW);
    assert!(matches!(taken, Err(TakeError::Rows(DecodeError::Invalid { field: "erasure" }))), "{taken:?}");
    assert!(!world.awa.is_erased(record).unwrap());
}

/// The hub took it, could not put it together again as it was signed, and called its own disk damaged.
#[test]
fn a_pack_with_a_save_without_changes_is_not_taken() {
    let mut world = world(92);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let mut request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let honest = request.pushes[0].clone();
    let mut pack = honest.pack().unwrap();
    pack.saves.push(Vec::new());
    let listed: Vec<Vec<Listed>> = pack.saves.iter().map(|save| list(save)).collect();
    let Manifest { batch, previous, by, .. } = pack.manifest;
    let listed = listed.iter().map(Vec::as_slice);
    pack.manifest = Manifest::sign(world.awa.identity(), batch, previous, by, listed);
    request.pushes[0].bytes = pack.encode(honest.version);
    let awa = world.region.child(world.awa.id()).unwrap().unwrap();
    let taken = world.region.ingest(&awa, request.line, &request.pushes[0], NOW).unwrap();
    assert_eq!(taken, Ingested::Refused(Problem::Malformed));
    assert_eq!(flaws(&world.region), [""; 0]);
    sync(&mut world.awa, &mut world.region);
    assert!(world.region.record(record).unwrap().is_some());
}

/// A hub between signs for what passes through it only that it does: whose it is, headquarters asks the pack itself.
#[test]
fn what_a_hub_between_has_changed_of_a_devices_pack_is_refused_above_and_the_pack_itself_is_taken() {
    let mut world = world(93);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    edit(&mut world.awa, record, &[("E02", "often")]);
    sync(&mut world.awa, &mut world.region);
    let request = world.region.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let honest = request.pushes[0].clone();
    let pack = honest.pack().unwrap();
    assert_eq!(pack.manifest.replica(), world.awa.id(), "it is the device's");
    let region = world.hq.child(world.region.id()).unwrap().unwrap();
    let twisted = |twist: &dyn Fn(&mut Pack)| {
        let mut pack = pack.clone();
        twist(&mut pack);
        Push { bytes: pack.encode(honest.version), ..honest.clone() }
    };
    let mut is_taken = |push: &Push| world.hq.ingest(&region, request.line, push, NOW).unwrap();
    let without_the_last = twisted(&|pack| drop(pack.saves.pop()));
    assert_eq!(is_taken(&without_the_last), Ingested::Refused(Problem::Unauthorised));
    let in_another_order = twisted(&|pack| pack.saves.reverse());
    assert_eq!(is_taken(&in_another_order), Ingested::Refused(Problem::Unauthorised));
    let of_another_record = twisted(&|pack| pack.saves[0][0].record.0[0] ^= 1);
    assert_eq!(is_taken(&of_another_record), Ingested::Refused(Problem::Unauthorised));
    let own = world.region.identity().clone();
    let as_its_own = twisted(&|pack| {
        let listed: Vec<Vec<Listed>> = pack.saves.iter().map(|save| list(save)).collect();
        let Manifest { batch, previous, by, .. } = pack.manifest.clone();
        pack.manifest = Manifest::sign(&own, batch, previous, by, listed.iter().map(Vec::as_slice));
    });
    assert!(matches!(is_taken(&as_its_own), Ingested::Refused(Problem::Forbidden)));
    assert_eq!(is_taken(&honest), Ingested::Logged);
    assert_eq!(flaws(&world.hq), [""; 0]);
}
