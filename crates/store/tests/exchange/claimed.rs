//! Somebody names in a pack of their own what another wrote, whose hashes they have read, and brings nothing of it: the author's
//! packs are taken all the same, and so is a colleague's testimony.

use teranga_core::id::{Line, ManifestHash};
use teranga_store::Replica;
use teranga_store::ingest::Ingested;
use teranga_sync::identity::Identity;
use teranga_sync::introduction::Introduction;
use teranga_sync::manifest::{Authorship, Manifest};
use teranga_sync::message::Push;
use teranga_sync::pack::{Pack, Save, list};
use teranga_sync::session::Session;

use crate::world::*;

/// What a device would send now.
fn saves_of(device: &mut Replica) -> (Vec<Save>, Authorship) {
    let request = device.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let pack = request.pushes.first().unwrap().pack().unwrap();
    (pack.saves, pack.manifest.by)
}

/// A pack of Moussa's, in a line that is drawn for it.
fn pack_of_moussa(world: &mut World, by: Authorship, saves: Vec<Save>) -> (Push, Line) {
    let line = Line::draw(&mut world.seed);
    let listed: Vec<_> = saves.iter().map(|save| list(save)).collect();
    let listed = listed.iter().map(Vec::as_slice);
    let batch = line.beginning().next();
    let manifest = Manifest::sign(world.moussa.identity(), batch, ManifestHash([0; 32]), by, listed);
    (Push::of(1, None, &Pack { manifest, saves }, world.region.spoken().newest), line)
}

/// Moussa claims at the region what Awa has not sent yet, with something of his own in the same save; by their packs as he signs
/// them.
fn claimed(seed: u64, by: impl Fn(Authorship) -> Authorship) -> (World, teranga_core::id::RecordId) {
    let mut world = world(seed);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    open_record(&mut world.moussa, &mut world.seed, &[("E01", "satisfied")]);
    let (mut theirs, _) = saves_of(&mut world.awa);
    let (mine, own) = saves_of(&mut world.moussa);
    theirs.iter_mut().flatten().for_each(|entry| entry.body = None);
    let by = by(own);
    if by.author.is_none() {
        theirs.first_mut().unwrap().extend(mine.into_iter().flatten());
    }
    let (push, line) = pack_of_moussa(&mut world, by, theirs);
    let moussa = world.region.child(world.moussa.id()).unwrap().unwrap();
    assert!(matches!(world.region.ingest(&moussa, line, &push, NOW).unwrap(), Ingested::Logged));
    while world.region.apply_logged().unwrap().is_left() {}
    assert!(world.region.parts(record).unwrap().is_empty());
    (world, record)
}

fn is_well(mut world: World, record: teranga_core::id::RecordId) {
    for _ in 0..2 {
        sync_all(&mut world);
    }
    assert_eq!(world.region.parts(record).unwrap().len(), 2);
    same_everywhere(&world, record);
    assert_eq!(world.awa.log_counts().unwrap().unsent, 0);
    for replica in [&world.hq, &world.region, &world.awa] {
        assert_eq!(flaws(replica), [""; 0]);
    }
}

#[test]
fn what_somebody_only_named_is_taken_from_its_author() {
    let (world, record) = claimed(120, |own| own);
    is_well(world, record);
}

#[test]
fn what_somebody_only_named_in_an_invented_colleagues_name_is_taken_from_its_author() {
    let nobody = Identity::from_secret([9; 32]);
    let (world, record) = claimed(121, |own| Authorship {
        author: Some(Introduction {
            key: nobody.public_key(),
            kind: teranga_sync::introduction::ReplicaKind::Device,
            person: "Personne".into(),
            office: "Nulle part".into(),
            audience: teranga_core::audience::Audience::of_region(Some("SN-KL")),
        }),
        ..own
    });
    is_well(world, record);
}
