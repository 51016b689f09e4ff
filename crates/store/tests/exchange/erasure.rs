//! Erasure: nothing of an erased record is left anywhere, a late copy is refused without stopping the rest, and whoever may
//! have held it confirms.

use teranga_core::audience::{Agent, Audience, Reach};
use teranga_core::class::ClassId;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::record::keys;
use teranga_core::value::Value;
use teranga_store::erase::Destroyed;
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::ticks::Tick;
use teranga_store::{Replica, StoreError};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::session::Left;

use crate::world::*;

fn is_nowhere(replicas: &[&Replica], record: RecordId) {
    for replica in replicas {
        assert!(replica.is_erased(record).unwrap());
        assert!(replica.parts(record).unwrap().is_empty() && replica.bodies(record).unwrap() == 0);
        assert_eq!(flaws(replica), [""; 0]);
    }
}

#[test]
fn what_is_erased_is_nowhere_and_everybody_confirms() {
    let mut world = world(80);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "a word that must go")]);
    let other = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let word = b"a word that must go";
    let tells = |replica: &Replica| {
        let files = std::fs::read_dir(replica.folder()).unwrap().map(|file| file.unwrap().path());
        let bytes: Vec<Vec<u8>> = files.map(|file| std::fs::read(file).unwrap()).collect();
        bytes.iter().any(|bytes| bytes.windows(word.len()).any(|window| window == word))
    };
    assert!(tells(&world.awa) && tells(&world.moussa), "it stood there before");
    // A log that was damaged when a telephone stopped is kept beside the database, with what stood in it.
    let kept = |replica: &Replica, file: &str| replica.folder().join(format!("{file}-wal-damaged"));
    let second = world.awa.folder().join("replica.sqlite-wal-damaged-2");
    std::fs::copy(world.awa.folder().join("replica.sqlite"), second).unwrap();
    std::fs::write(kept(&world.region, "keys.sqlite"), word).unwrap();
    assert_eq!(world.hq.erase(record, NOW).unwrap(), [record]);
    assert!(world.hq.erase(record, NOW).unwrap().is_empty());
    let before = world.hq.erasures().unwrap();
    // Moussa never wrote anything; his hub has told of him.
    for holder in [&world.awa, &world.moussa, &world.region] {
        assert!(before[0].outstanding.contains(&holder.id()));
    }
    assert_eq!(before[0].confirmed, [world.hq.id()]);
    sync_all(&mut world);
    is_nowhere(&[&world.hq, &world.region, &world.awa, &world.moussa], record);
    let after = world.hq.erasures().unwrap();
    assert!(after[0].outstanding.is_empty(), "{after:?}");
    for replica in [&world.hq, &world.region, &world.awa, &world.moussa] {
        assert!(after[0].confirmed.contains(&replica.id()));
        assert!(!tells(replica) && replica.damaged_logs().is_empty());
    }
    same_everywhere(&world, other);
    assert_eq!(world.awa.tick(other).unwrap(), Tick::Safe);
}

#[test]
fn whoever_came_since_the_last_night_is_waited_for_until_they_confirm() {
    let mut world = world(85);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    // Fatou comes between two nights, and is given the record; then headquarters erases it.
    let profile = profile(ReplicaKind::Device, "fatou", Some("SN-KL"));
    let mut fatou = Replica::create(&world.dir.path().join("fatou"), &profile, &mut world.seed).unwrap();
    enrol(&mut world.region, &mut fatou, "four");
    sync(&mut fatou, &mut world.region);
    assert!(fatou.bodies(record).unwrap() > 0);
    world.hq.erase(record, NOW).unwrap();
    for _ in 0..3 {
        sync_all(&mut world);
    }
    let erased = world.hq.erasures().unwrap();
    assert!(erased[0].confirmed.contains(&world.awa.id()), "who has confirmed is told at once");
    assert_eq!(erased[0].outstanding, [fatou.id()]);
    sync(&mut fatou, &mut world.region);
    sync_all(&mut world);
    let erased = world.hq.erasures().unwrap();
    assert!(erased[0].outstanding.is_empty(), "{erased:?}");
    assert!(erased[0].confirmed.contains(&fatou.id()));
}

#[test]
fn a_late_copy_is_refused_and_the_rest_of_its_pack_goes_through() {
    let mut world = world(81);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    // Offline, in one pack: a correction of the record, and another interview.
    edit(&mut world.awa, record, &[("E02", "late")]);
    let other = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    world.hq.erase(record, NOW).unwrap();
    sync(&mut world.region, &mut world.hq);
    sync(&mut world.awa, &mut world.region);
    sync_all(&mut world);
    is_nowhere(&[&world.hq, &world.region, &world.awa, &world.moussa], record);
    same_everywhere(&world, other);
    assert_eq!(world.awa.tick(other).unwrap(), Tick::Safe);
    let salt = teranga_core::id::Salt([1; 16]);
    let parts = vec![PartEdit { class: ClassId::new("survey"), edits: texts(&[("E01", "again")]) }];
    let save = Save { record, salt, form: "rss@1".into(), at: NOW, parts, draft: DraftFate::Keep };
    assert!(matches!(world.awa.save(&save), Err(StoreError::Erased(erased)) if erased == record));
}

#[test]
fn a_case_goes_with_its_assessments_those_that_come_late_too() {
    let mut world = world(82);
    let case = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let link = vec![(Key::question(keys::CASE), Value::text(case.to_string()))];
    let of_case = |device: &mut Replica, seed: &mut Seeded| {
        let record = open_record(device, seed, &[("E01", "ok")]);
        let salt = device.record(record).unwrap().unwrap().salt;
        save(device, record, salt, vec![PartEdit { class: ClassId::new("open"), edits: link.clone() }]);
        record
    };
    let known = of_case(&mut world.awa, &mut world.seed);
    sync_all(&mut world);
    let late = of_case(&mut world.moussa, &mut world.seed);
    let erased = world.hq.erase(case, NOW).unwrap();
    assert!(erased.contains(&case) && erased.contains(&known) && !erased.contains(&late));
    sync_all(&mut world);
    sync_all(&mut world);
    for record in [case, known, late] {
        is_nowhere(&[&world.hq, &world.region, &world.awa, &world.moussa], record);
    }
}

/// An assessment of a case that somebody begins.
fn assessment_of(world: &mut World, case: RecordId) -> teranga_store::drafts::Draft {
    teranga_store::drafts::Draft {
        record: RecordId::generate(NOW, &mut world.seed),
        salt: teranga_core::id::Salt([3; 16]),
        form: "rss@1".into(),
        case: Some(case),
        wave: None,
        started: NOW,
        heads: std::collections::BTreeMap::new(),
    }
}

#[test]
fn a_draft_of_an_erased_case_goes_with_it() {
    let mut world = world(84);
    let case = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let draft = assessment_of(&mut world, case);
    world.moussa.begin_draft(&draft).unwrap();
    let other = teranga_store::drafts::Draft {
        record: RecordId::generate(NOW, &mut world.seed),
        case: None,
        ..draft.clone()
    };
    world.moussa.begin_draft(&other).unwrap();
    world.hq.erase(case, NOW).unwrap();
    sync_all(&mut world);
    let left: Vec<RecordId> = world.moussa.drafts().unwrap().iter().map(|draft| draft.record).collect();
    assert_eq!(left, [other.record]);
}

#[test]
fn only_the_home_decides_and_only_the_replica_itself_confirms() {
    let mut world = world(83);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    // A device signs an erasure of its own, and hands it up as something that it has done.
    let own = teranga_sync::erase::Erasure::sign(world.awa.identity(), record, NOW);
    let mut request =
        world.awa.next_request(&teranga_sync::session::Session::new().plan(), NOW).unwrap().unwrap();
    request.confirmations = vec![teranga_sync::erase::Confirmation::sign(world.awa.identity(), own)];
    assert!(world.region.begin_exchange(&request, NOW).unwrap().is_some());
    assert!(!world.region.is_erased(record).unwrap());
    assert_eq!(world.region.parts(record).unwrap().len(), 2);
    // A stranger's signature confirms nothing.
    world.hq.erase(record, NOW).unwrap();
    sync(&mut world.region, &mut world.hq);
    let dir = tempfile::tempdir().unwrap();
    let stranger = profile(ReplicaKind::Device, "stranger", Some("SN-KL"));
    let stranger = Replica::create(dir.path(), &stranger, &mut world.seed).unwrap();
    let word = teranga_sync::erase::Erasure::sign(world.hq.identity(), record, NOW);
    let forged = teranga_sync::erase::Confirmation::sign(stranger.identity(), word);
    let forged = teranga_sync::erase::Confirmation { replica: world.moussa.id(), ..forged };
    let mut request =
        world.awa.next_request(&teranga_sync::session::Session::new().plan(), NOW).unwrap().unwrap();
    request.confirmations = vec![forged];
    assert!(world.region.begin_exchange(&request, NOW).unwrap().is_some());
    assert!(world.region.erasures().unwrap()[0].outstanding.contains(&world.moussa.id()));
}

/// What erasures destroy on a device while it syncs until nothing is left.
fn destroyed(device: &mut Replica, hub: &mut Replica) -> Destroyed {
    let mut destroyed = Destroyed::default();
    loop {
        let taken = exchange(device, hub);
        destroyed += taken.destroyed;
        if taken.left == Left::Nothing {
            return destroyed;
        }
    }
}

#[test]
fn who_had_not_sent_something_of_what_is_erased_is_told_how_much() {
    let mut world = world(94);
    let case = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let nobodys = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.region, &mut world.hq);
    edit(&mut world.awa, case, &[("E02", "late")]);
    edit(&mut world.awa, case, &[("E02", "later")]);
    let draft = assessment_of(&mut world, case);
    world.awa.begin_draft(&draft).unwrap();
    for record in [case, nobodys] {
        world.hq.erase(record, NOW).unwrap();
    }
    sync(&mut world.region, &mut world.hq);
    let lost = destroyed(&mut world.awa, &mut world.region);
    assert_eq!(lost, Destroyed { words: 2, records: 2, unsent: 3 });
    // Moussa held one of them, and wrote nothing of it.
    let lost = destroyed(&mut world.moussa, &mut world.region);
    assert_eq!(lost, Destroyed { words: 2, records: 1, unsent: 0 });
    assert_eq!(destroyed(&mut world.moussa, &mut world.region), Destroyed::default());
}

/// A device that only reads is granted less, its hub says so further up, and the record is erased: it may still hold it.
fn granted_less(seed: u64, told_between: bool) -> World {
    let mut world = world(seed);
    let caseload = caseload_of(&world.moussa);
    let everything = world.moussa.profile().audience.clone();
    if !told_between {
        // Headquarters never hears of the grant by which the device came to hold it.
        world.region.regrant(world.moussa.id(), caseload.clone()).unwrap().unwrap();
        sync(&mut world.region, &mut world.hq);
        world.region.regrant(world.moussa.id(), everything).unwrap().unwrap();
    }
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.moussa, &mut world.region);
    if told_between {
        sync(&mut world.region, &mut world.hq);
    }
    world.region.regrant(world.moussa.id(), caseload.clone()).unwrap().unwrap();
    sync(&mut world.region, &mut world.hq);
    assert_eq!(world.hq.introduction(world.moussa.id()).unwrap().unwrap().audience, caseload);
    assert_eq!(world.moussa.parts(record).unwrap().len(), 2, "its plaintext is there");
    world.hq.erase(record, NOW).unwrap();
    world
}

fn caseload_of(device: &Replica) -> Audience {
    let profile = device.profile().clone();
    let agent = Agent { office: profile.office, person: profile.person };
    Audience { reach: Reach::Caseload(agent), ..profile.audience }
}

#[test]
fn who_was_granted_less_is_waited_for_until_it_confirms() {
    for (seed, told_between) in [(92, true), (93, false)] {
        let mut world = granted_less(seed, told_between);
        let moussa = world.moussa.id();
        assert!(world.hq.erasures().unwrap()[0].outstanding.contains(&moussa), "{told_between}");
        sync(&mut world.region, &mut world.hq);
        assert!(world.region.erasures().unwrap()[0].outstanding.contains(&moussa));
        sync_all(&mut world);
        let erased = &world.hq.erasures().unwrap()[0];
        assert!(erased.outstanding.is_empty() && erased.confirmed.contains(&moussa));
        is_nowhere(&[&world.hq, &world.region, &world.awa, &world.moussa], erased.record);
    }
}

/// A case of Moussa's, and an assessment of it by Awa, who may hold nothing of it any more and does not know: it is held aside.
fn held_aside(seed: u64, before_it_comes: impl Fn(&mut World, RecordId)) -> (World, RecordId) {
    let mut world = world(seed);
    let case = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let less = caseload_of(&world.awa);
    world.region.regrant(world.awa.id(), less).unwrap().unwrap();
    let answers = [("E01", "a word that must go")];
    let assessment = open_of_case(Some(case), "SN-KL", (&mut world.awa, &mut world.seed), &answers);
    before_it_comes(&mut world, case);
    sync_all(&mut world);
    world.hq.erase(case, NOW).unwrap();
    sync_all(&mut world);
    (world, assessment)
}

#[test]
fn what_was_not_taken_goes_with_its_case() {
    let (world, assessment) = held_aside(90, |_, _| {});
    is_nowhere(&[&world.hq, &world.region, &world.awa], assessment);
    let erasures = world.hq.erasures().unwrap();
    let of_it = erasures.iter().find(|erased| erased.record == assessment).unwrap();
    assert!(of_it.outstanding.is_empty() && of_it.confirmed.contains(&world.region.id()));
}

#[test]
fn what_is_not_taken_after_its_case_was_erased_goes_the_same_way() {
    let (world, assessment) = held_aside(91, |world, case| {
        world.hq.erase(case, NOW).unwrap();
        sync(&mut world.region, &mut world.hq);
    });
    is_nowhere(&[&world.hq, &world.region, &world.awa], assessment);
}
