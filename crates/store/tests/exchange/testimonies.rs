//! What only a colleague's device holds any more: the hub that had it is gone, and its author's device too. Whoever has it
//! brings it as a witness, and nobody can do more in another's name than in their own.

use std::collections::BTreeSet;

use teranga_core::audience::{Audience, Clearance};
use teranga_core::class::ClassId;
use teranga_core::id::{Line, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::problem::Problem;
use teranga_core::value::Value;
use teranga_store::children::Standing;
use teranga_store::ingest::Ingested;
use teranga_store::save::PartEdit;
use teranga_store::ticks::Tick;
use teranga_store::{Profile, Replica};
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::manifest::{Authorship, Listed, Manifest};
use teranga_sync::message::Push;
use teranga_sync::pack::{Pack, list};
use teranga_sync::session::{Left, Session};

use crate::world::*;

/// Another device of the region's hub, cleared for these classes; for all where there are none.
fn colleague(world: &mut World, name: &str, classes: &[&str]) -> (tempfile::TempDir, Replica) {
    let dir = tempfile::tempdir().unwrap();
    let clearance = Clearance::of_names(classes.iter().copied());
    let audience = Audience { clearance, ..Audience::of_region(Some("SN-KL")) };
    let profile = Profile { audience, ..profile(ReplicaKind::Device, name, Some("SN-KL")) };
    let mut device = Replica::create(dir.path(), &profile, &mut world.seed).unwrap();
    enrol(&mut world.region, &mut device, name);
    (dir, device)
}

/// The region's hub burns with its disk, and another one is set up.
fn burns(world: &mut World) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let profile = world.region.profile().clone();
    world.region = Replica::create(dir.path(), &profile, &mut world.seed).unwrap();
    enrol(&mut world.hq, &mut world.region, "another");
    dir
}

/// A record that Awa wrote and Moussa has from the hub, which headquarters never heard of; and the hub is gone.
fn heard_of_by_moussa(seed: u64) -> (World, tempfile::TempDir, RecordId) {
    let mut world = world(seed);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    edit(&mut world.awa, record, &[("E02", "rarely")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.moussa, &mut world.region);
    let dir = burns(&mut world);
    (world, dir, record)
}

/// Who wrote what a replica shows of a record, by name.
fn authors(replica: &Replica, world: &World) -> BTreeSet<String> {
    let known = [&world.awa, &world.moussa].map(Replica::id);
    let people = replica.people().unwrap().into_iter();
    let of = people.filter(|person| known.contains(&teranga_sync::identity::replica_id(&person.key)));
    of.map(|person| person.person).collect()
}

#[test]
fn what_only_a_colleague_holds_is_brought_by_them_and_its_author_is_named() {
    let (mut world, _dir, record) = heard_of_by_moussa(101);
    edit(&mut world.moussa, record, &[("E03", "on top of it")]);
    enrol(&mut world.region, &mut world.moussa, "seven");
    assert_eq!(world.moussa.tick(record).unwrap(), Tick::Here, "nobody else is known to have it");
    assert_eq!(world.moussa.log_counts().unwrap().unsent, 4);
    sync(&mut world.moussa, &mut world.region);
    assert_eq!(world.moussa.tick(record).unwrap(), Tick::AtRegion);
    sync(&mut world.region, &mut world.hq);
    sync(&mut world.region, &mut world.hq);
    sync(&mut world.moussa, &mut world.region);
    assert_eq!(world.moussa.tick(record).unwrap(), Tick::Safe);
    assert_eq!(world.hq.parts(record).unwrap(), world.moussa.parts(record).unwrap());
    for replica in [&world.hq, &world.region, &world.moussa] {
        assert_eq!(replica.witnessed().unwrap(), 3);
        assert_eq!(flaws(replica), [""; 0]);
        assert!(authors(replica, &world).contains("awa"));
    }
}

#[test]
fn what_its_author_brings_after_all_takes_the_testimonys_place() {
    let (mut world, _dir, record) = heard_of_by_moussa(102);
    enrol(&mut world.region, &mut world.moussa, "seven");
    sync(&mut world.moussa, &mut world.region);
    sync(&mut world.region, &mut world.hq);
    assert_eq!(world.hq.witnessed().unwrap(), 3);
    enrol(&mut world.region, &mut world.awa, "eight");
    sync_all(&mut world);
    same_everywhere(&world, record);
    for replica in [&world.hq, &world.region] {
        assert_eq!(replica.witnessed().unwrap(), 0);
        assert_eq!(replica.log_counts().unwrap().applied, 3);
        assert_eq!(flaws(replica), [""; 0]);
    }
    for replica in [&world.awa, &world.moussa, &world.region] {
        assert_eq!(replica.tick(record).unwrap(), Tick::Safe);
    }
}

#[test]
fn nothing_is_said_again_that_the_hub_brings_again_or_the_homes_backup_covers() {
    let mut world = world(103);
    let (covered, known) = (
        open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]),
        open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]),
    );
    sync_all(&mut world);
    world.hq.note_backup(NOW).unwrap();
    sync_all(&mut world);
    edit(&mut world.awa, known, &[("E02", "rarely")]);
    sync_all(&mut world);
    let _dir = burns(&mut world);
    sync(&mut world.region, &mut world.hq);
    enrol(&mut world.region, &mut world.moussa, "seven");
    sync(&mut world.moussa, &mut world.region);
    assert_eq!(world.region.witnessed().unwrap(), 0);
    assert_eq!(world.moussa.log_counts().unwrap().unsent, 0);
    for record in [covered, known] {
        assert_eq!(world.moussa.tick(record).unwrap(), Tick::Safe);
    }
}

#[test]
fn two_witnesses_who_may_hold_different_parts_bring_the_whole() {
    let mut world = world(104);
    let (_desk_dir, mut desk) = colleague(&mut world, "desk", &["open"]);
    let (_fatou_dir, mut fatou) = colleague(&mut world, "fatou", &[]);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    for device in [&mut world.awa, &mut desk, &mut fatou] {
        sync(device, &mut world.region);
    }
    let _dir = burns(&mut world);
    enrol(&mut world.region, &mut desk, "seven");
    sync(&mut desk, &mut world.region);
    assert_eq!(world.region.parts(record).unwrap().len(), 1);
    enrol(&mut world.region, &mut fatou, "eight");
    sync(&mut fatou, &mut world.region);
    sync(&mut world.region, &mut world.hq);
    assert_eq!(world.hq.parts(record).unwrap(), fatou.parts(record).unwrap());
    // And the author, who sends it in one save, is understood.
    enrol(&mut world.region, &mut world.awa, "nine");
    enrol(&mut world.region, &mut world.moussa, "ten");
    sync_all(&mut world);
    same_everywhere(&world, record);
    for replica in [&world.hq, &world.region] {
        assert_eq!(replica.witnessed().unwrap(), 0);
        assert_eq!(flaws(replica), [""; 0]);
    }
}

/// A pack of Awa's as somebody else signs it, in the name of whom they say.
pub(crate) fn in_the_name_of(witness: &Replica, author: Introduction, of: &Push) -> Push {
    let Pack { manifest, saves } = of.pack().unwrap();
    let by = Authorship { author: Some(author), openings: manifest.by.openings };
    let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
    let listed = listed.iter().map(Vec::as_slice);
    let manifest = Manifest::sign(witness.identity(), manifest.batch, manifest.previous, by, listed);
    Push::of(1, None, &Pack { manifest, saves }, of.version)
}

#[test]
fn a_witness_can_do_no_more_in_anothers_name_than_in_its_own() {
    let mut world = world(105);
    let (_dir, desk) = colleague(&mut world, "desk", &["open"]);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let who = |replica: &Replica| world.region.introduction(replica.id()).unwrap().unwrap();
    let (awa, moussa, clerk) = (who(&world.awa), who(&world.moussa), who(&desk));
    let sent = &request.pushes[0];
    let mut takes = |witness: &Replica, author: &Introduction| {
        let push = in_the_name_of(witness, author.clone(), sent);
        let known = world.region.introduction(witness.id()).unwrap().unwrap();
        world.region.ingest(&known, Line::FIRST, &push, NOW).unwrap()
    };
    assert_eq!(takes(&world.moussa, &moussa), Ingested::Refused(Problem::Malformed), "of itself");
    assert_eq!(takes(&world.moussa, &clerk), Ingested::Refused(Problem::Forbidden), "of somebody else's");
    assert_eq!(takes(&desk, &awa), Ingested::Logged);
    // A hub that has read nothing of its own hub yet refuses nobody.
    while world.region.apply_logged().unwrap().is_left() {}
    assert_eq!(world.region.log_counts().unwrap().waiting, 2);
    sync(&mut world.region, &mut world.hq);
    let reasons: BTreeSet<String> =
        world.region.verdicts(record).unwrap().into_iter().map(|verdict| verdict.reason).collect();
    assert_eq!(reasons, BTreeSet::from(["not-granted".to_owned()]), "who may hold `open` alone");
    assert!(world.region.parts(record).unwrap().is_empty());
    assert_eq!(flaws(&world.region), [""; 0]);
}

/// Exchanges until nothing is left, and passes over what the hub refuses. Returns how often it did.
fn sync_past_refusals(child: &mut Replica, hub: &mut Replica) -> usize {
    let (known, mut refusals) = (hub.child(child.id()).unwrap().unwrap(), 0);
    child.begin_session().unwrap();
    for _ in 0..20 {
        let request = child.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
        let before = hub.begin_exchange(&request, NOW).unwrap().unwrap();
        let taken: Vec<Ingested> =
            request.pushes.iter().map(|push| hub.ingest(&known, request.line, push, NOW).unwrap()).collect();
        while hub.apply_logged().unwrap().is_left() {}
        if let Some(Ingested::Refused(problem)) = taken.first() {
            child.pass_over(&request, *problem).unwrap();
            refusals += 1;
            continue;
        }
        let answer = hub.answer(&known, &request, before, NOW).unwrap();
        if child.take_answer(&request, &answer, NOW).unwrap().left == Left::Nothing {
            return refusals;
        }
    }
    panic!("the exchange never ends");
}

/// Somebody tells the new hub of the record first, with another salt: no true word of it can be taken there any more.
#[test]
fn a_testimony_that_is_refused_holds_nothing_else_up() {
    let (mut world, _dir, record) = heard_of_by_moussa(106);
    sync(&mut world.region, &mut world.hq);
    let (_desk_dir, mut desk) = colleague(&mut world, "desk", &[]);
    let edits = vec![(Key::question("E01"), Value::text("forged"))];
    save(&mut desk, record, Salt([9; 16]), vec![PartEdit { class: ClassId::new("survey"), edits }]);
    sync(&mut desk, &mut world.region);
    let own = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    enrol(&mut world.region, &mut world.moussa, "seven");
    for _ in 0..2 {
        assert_eq!(sync_past_refusals(&mut world.moussa, &mut world.region), 1, "once a session");
        assert_eq!(world.moussa.tick(own).unwrap(), Tick::AtRegion);
        assert_eq!(world.moussa.tick(record).unwrap(), Tick::Here, "it is not called safer than it is");
    }
    assert!(!world.region.parts(own).unwrap().is_empty());
    assert_eq!(flaws(&world.moussa), [""; 0]);
}

#[test]
fn of_a_save_that_a_colleague_brought_in_part_its_author_brings_the_rest_whatever_it_may_write_now() {
    let mut world = world(119);
    let (_folder, mut binta) = colleague(&mut world, "binta", &["open"]);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut binta, &mut world.region);
    let _dir = burns(&mut world);
    enrol(&mut world.region, &mut binta, "seven");
    sync(&mut binta, &mut world.region);
    let brought = |hub: &Replica| hub.parts(record).unwrap().len();
    assert_eq!(brought(&world.region), 1, "of the two parts of the save Binta had one");
    enrol(&mut world.region, &mut world.awa, "eight");
    let only_open =
        Audience { clearance: Clearance::of_names(["open"]), ..Audience::of_region(Some("SN-KL")) };
    world.region.regrant(world.awa.id(), only_open).unwrap().unwrap();
    for _ in 0..2 {
        sync(&mut world.awa, &mut world.region);
        sync(&mut world.region, &mut world.hq);
    }
    assert_eq!((brought(&world.region), brought(&world.hq)), (2, 2));
    // Its office sees that it was taken though its author may not write it today.
    let aside = world.region.aside().unwrap();
    assert_eq!(
        aside.iter().filter_map(|aside| aside.reason.as_deref()).collect::<Vec<_>>(),
        ["after-reassignment"]
    );
    assert!(world.awa.records_held().unwrap().is_empty());
}

#[test]
fn what_a_revoked_witness_brought_its_author_brings_after_all() {
    let (mut world, _dir, record) = heard_of_by_moussa(109);
    enrol(&mut world.region, &mut world.moussa, "seven");
    exchange(&mut world.moussa, &mut world.region);
    let request = world.moussa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let moussa = world.region.child(world.moussa.id()).unwrap().unwrap();
    assert!(world.region.set_standing(world.moussa.id(), Standing::Revoked).unwrap());
    for push in &request.pushes {
        assert_eq!(world.region.ingest(&moussa, request.line, push, NOW).unwrap(), Ingested::Logged);
    }
    while world.region.apply_logged().unwrap().is_left() {}
    let reasons = |replica: &Replica| -> BTreeSet<Option<String>> {
        replica.aside().unwrap().into_iter().map(|aside| aside.reason).collect()
    };
    assert!(reasons(&world.region).contains(&Some("revoked".to_owned())));
    sync(&mut world.region, &mut world.hq);
    enrol(&mut world.region, &mut world.awa, "eight");
    for _ in 0..2 {
        sync(&mut world.awa, &mut world.region);
        sync(&mut world.region, &mut world.hq);
    }
    for replica in [&world.region, &world.hq] {
        assert_eq!(replica.parts(record).unwrap(), world.awa.parts(record).unwrap());
        assert!(reasons(replica).is_empty());
    }
    sync(&mut world.awa, &mut world.region);
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
}

#[test]
fn what_is_not_taken_of_a_witness_who_may_hold_less_is_told_it_once_it_may_hold_more_again() {
    let (mut world, _dir, record) = heard_of_by_moussa(110);
    enrol(&mut world.region, &mut world.moussa, "seven");
    sync(&mut world.region, &mut world.hq);
    let everything = world.moussa.profile().audience.clone();
    let only_personal =
        Audience { clearance: Clearance::of_names(["personal"]), ..Audience::of_region(Some("SN-KL")) };
    world.region.regrant(world.moussa.id(), only_personal).unwrap().unwrap();
    sync(&mut world.moussa, &mut world.region);
    assert!(world.region.parts(record).unwrap().is_empty(), "it might not have written that");
    assert_eq!(world.region.verdicts(record).unwrap().len(), 3);
    world.region.regrant(world.moussa.id(), everything).unwrap().unwrap();
    for _ in 0..2 {
        sync(&mut world.moussa, &mut world.region);
    }
    assert!(world.moussa.parts(record).unwrap().is_empty(), "both show the same");
    assert_eq!(flaws(&world.moussa), [""; 0]);
}
