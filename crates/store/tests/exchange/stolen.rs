//! A key that was stolen with work that its owner has not sent. Whoever has it can bring that work first, in pieces, in another
//! shape, or under another salt: its owner's packs are taken all the same.

use teranga_core::class::ClassId;
use teranga_core::id::{Batch, Line, ManifestHash, RecordId, Salt};
use teranga_store::children::Standing;
use teranga_store::ingest::Ingested;
use teranga_store::save::PartEdit;
use teranga_store::ticks::Tick;
use teranga_sync::manifest::{Authorship, Manifest};
use teranga_sync::message::Push;
use teranga_sync::pack::{Pack, Save, list};
use teranga_sync::session::Session;

use crate::world::*;

/// Awa has two interviews that she has not sent; the thief brings them first, twisted by this. Then she syncs.
fn brought_first(seed: u64, twist: impl Fn(Vec<Save>) -> Vec<Save>) -> (World, [RecordId; 2]) {
    let mut world = world(seed);
    let records =
        ["ok", "satisfied"].map(|answer| open_record(&mut world.awa, &mut world.seed, &[("E01", answer)]));
    let request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let pack = request.pushes.first().unwrap().pack().unwrap();
    let saves = twist(pack.saves);
    let line = Line::draw(&mut world.seed);
    let (identity, by) = (world.awa.identity(), Authorship::own(pack.manifest.by.openings));
    let listed: Vec<_> = saves.iter().map(|save| list(save)).collect();
    let listed = listed.iter().map(Vec::as_slice);
    let batch: Batch = line.beginning().next();
    let manifest = Manifest::sign(identity, batch, ManifestHash([0; 32]), by, listed);
    let push = Push::of(1, None, &Pack { manifest, saves }, world.region.spoken().newest);
    let awa = world.region.child(world.awa.id()).unwrap().unwrap();
    let asked = teranga_sync::message::Request { line, exchange: 1, ..request };
    world.region.begin_exchange(&asked, NOW).unwrap().unwrap();
    assert!(matches!(world.region.ingest(&awa, line, &push, NOW).unwrap(), Ingested::Logged));
    while world.region.apply_logged().unwrap().is_left() {}
    for _ in 0..2 {
        sync_all(&mut world);
    }
    (world, records)
}

/// Everybody holds both interviews, and can put together every pack as it was signed.
fn all_is_well((world, records): (World, [RecordId; 2])) {
    for record in records {
        assert_eq!(world.region.parts(record).unwrap().len(), 2);
        same_everywhere(&world, record);
    }
    for replica in [&world.hq, &world.region, &world.awa, &world.moussa] {
        assert_eq!(flaws(replica), [""; 0]);
    }
    assert_eq!(world.awa.log_counts().unwrap().unsent, 0);
}

#[test]
fn work_that_was_brought_in_pieces_first_is_taken_whole() {
    all_is_well(brought_first(1, |mut saves| {
        saves.first_mut().unwrap().pop();
        saves
    }));
}

#[test]
fn work_that_was_brought_in_saves_of_another_shape_is_taken_in_its_own() {
    all_is_well(brought_first(2, |saves| vec![saves.into_iter().flatten().collect()]));
    all_is_well(brought_first(3, |saves| saves.into_iter().flatten().map(|entry| vec![entry]).collect()));
}

#[test]
fn a_salt_that_no_change_proves_gives_way_to_one_that_does() {
    all_is_well(brought_first(4, |mut saves| {
        for entry in saves.first_mut().unwrap() {
            entry.salt = Salt([7; 16]);
        }
        saves
    }));
}

#[test]
fn a_salt_that_was_proved_stays_though_nothing_stands_yet() {
    let mut world = world(5);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    // What Awa brings is held aside, for she is revoked; then somebody else brings her record's identity under another salt.
    let awa = world.region.child(world.awa.id()).unwrap().unwrap();
    assert!(world.region.set_standing(world.awa.id(), Standing::Revoked).unwrap());
    let request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    world.region.begin_exchange(&request, NOW).unwrap().unwrap();
    world.region.ingest(&awa, request.line, request.pushes.first().unwrap(), NOW).unwrap();
    while world.region.apply_logged().unwrap().is_left() {}
    let parts = vec![PartEdit { class: ClassId::new("survey"), edits: texts(&[("E01", "satisfied")]) }];
    save(&mut world.moussa, record, Salt([7; 16]), parts);
    sync(&mut world.moussa, &mut world.region);
    assert!(matches!(world.moussa.tick(record).unwrap(), Tick::Held(_)), "he is told");

    world.region.try_again(record).unwrap();
    while world.region.apply_logged().unwrap().is_left() {}
    assert_eq!(world.region.parts(record).unwrap(), world.awa.parts(record).unwrap());
    assert_eq!(flaws(&world.region), [""; 0]);
}
