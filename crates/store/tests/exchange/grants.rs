//! Who holds what: caseloads, classes, assignments to an office, to a person and to another region, and what leaves.

use std::collections::{BTreeMap, BTreeSet};

use teranga_core::audience::{Agent, Audience, Clearance, Reach};
use teranga_core::class::ClassId;
use teranga_core::id::{Entropy, EventId, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::record::{Assignee, Envelope, Event, EventKind, keys};
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::children::Standing;
use teranga_store::drafts::Draft;
use teranga_store::save::PartEdit;
use teranga_store::ticks::Tick;
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::session::{Plan, PushPlan};

use crate::world::*;

pub(crate) fn caseload(person: &str) -> Profile {
    let agent = Agent { office: "BAOS".into(), person: person.into() };
    let audience = Audience { reach: Reach::Caseload(agent), ..Audience::of_region(Some("SN-KL")) };
    Profile { kind: ReplicaKind::Device, person: person.into(), office: "BAOS".into(), audience }
}

pub(crate) fn device(world: &mut World, profile: &Profile, code: &str) -> (tempfile::TempDir, Replica) {
    let dir = tempfile::tempdir().unwrap();
    let mut device = Replica::create(dir.path(), profile, &mut world.seed).unwrap();
    enrol(&mut world.region, &mut device, code);
    (dir, device)
}

pub(crate) fn to(region: &str, person: Option<&str>) -> Assignee {
    let person = person.map(str::to_owned);
    Assignee { region: region.into(), office: Some("BAOS".into()), person }
}

/// Writes an event into a record's envelope and returns its identity.
pub(crate) fn event(on: &mut Replica, seed: &mut Seeded, record: RecordId, kind: EventKind) -> EventId {
    let id = EventId::generate(NOW, seed);
    let edits = Envelope::write_event(id, &Event { at: NOW, kind }).into_iter().collect();
    let salt = on.record(record).unwrap().unwrap().salt;
    save(on, record, salt, vec![PartEdit { class: ClassId::new("open"), edits }]);
    id
}

pub(crate) fn assign(on: &mut Replica, seed: &mut Seeded, record: RecordId, assignee: Assignee) -> EventId {
    event(on, seed, record, EventKind::Assigned { to: assignee })
}

/// An assessment of a case.
fn assessment(on: &mut Replica, seed: &mut Seeded, case: RecordId) -> RecordId {
    let record = open_record(on, seed, &[("E01", "ok")]);
    let salt = on.record(record).unwrap().unwrap().salt;
    let edits = vec![(Key::question(keys::CASE), Value::text(case.to_string()))];
    save(on, record, salt, vec![PartEdit { class: ClassId::new("open"), edits }]);
    record
}

fn holds(replica: &Replica, record: RecordId) -> bool {
    replica.record(record).unwrap().is_some_and(|row| row.form.is_some())
}

#[test]
fn a_caseload_is_what_is_assigned_and_an_assessment_comes_with_its_case() {
    let mut world = world(40);
    let (_dir, mut binta) = device(&mut world, &caseload("Binta"), "four");
    let case = open_record(&mut world.awa, &mut world.seed, &[("E02", "often")]);
    let of_case = assessment(&mut world.awa, &mut world.seed, case);
    let other = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    sync(&mut binta, &mut world.region);
    assert!(binta.records().unwrap().is_empty());
    assign(&mut world.awa, &mut world.seed, case, to("SN-KL", Some("Binta")));
    sync_all(&mut world);
    sync(&mut binta, &mut world.region);
    assert!(holds(&binta, case) && holds(&binta, of_case) && !holds(&binta, other));
    assert_eq!(binta.parts(of_case).unwrap(), world.hq.parts(of_case).unwrap());
    // What she writes is taken, and what others write of the case reaches her.
    edit(&mut binta, of_case, &[("E03", "yes")]);
    edit(&mut world.moussa, case, &[("E04", "no")]);
    sync_all(&mut world);
    sync(&mut binta, &mut world.region);
    sync_all(&mut world);
    same_everywhere(&world, of_case);
    assert_eq!(binta.parts(case).unwrap(), world.hq.parts(case).unwrap());
    assert_eq!(world.region.log_counts().unwrap().quarantined, 0);
    // The hub counts what it lets everybody hold, an assessment with its case.
    let audiences = [binta.profile(), world.awa.profile(), world.region.profile(), &caseload("Fatou")]
        .map(|profile| profile.audience.clone());
    assert_eq!(world.region.caseloads(&audiences).unwrap(), [2, 3, 3, 0]);
    assert_eq!((binta.caseload().unwrap(), world.awa.caseload().unwrap()), (2, 3));
}

#[test]
fn a_case_that_is_given_on_leaves_once_it_is_backed_up_and_what_was_written_meanwhile_is_kept_and_marked() {
    let mut world = world(41);
    let (_dirs, mut binta) = device(&mut world, &caseload("Binta"), "four");
    let (_dir, mut coumba) = device(&mut world, &caseload("Coumba"), "five");
    let case = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let first = assign(&mut world.awa, &mut world.seed, case, to("SN-KL", Some("Binta")));
    sync_all(&mut world);
    sync(&mut binta, &mut world.region);
    edit(&mut binta, case, &[("E02", "offline")]);
    event(&mut world.awa, &mut world.seed, case, EventKind::Relieved { assigned: first });
    assign(&mut world.awa, &mut world.seed, case, to("SN-KL", Some("Coumba")));
    sync_all(&mut world);
    // She hears of it in the same exchange that brings what she wrote: no backup covers it yet, so it stays.
    sync(&mut binta, &mut world.region);
    assert!(holds(&binta, case) && binta.is_gone(case).unwrap());
    assert_eq!(binta.tick(case).unwrap(), Tick::AtRegion);
    let late = world.region.aside().unwrap();
    assert_eq!(late[0].reason.as_deref(), Some("after-reassignment"));
    sync_all(&mut world);
    sync(&mut coumba, &mut world.region);
    assert_eq!(coumba.parts(case).unwrap(), world.hq.parts(case).unwrap());
    let survey =
        coumba.parts(case).unwrap().into_iter().find(|part| part.class.as_str() == "survey").unwrap();
    assert_eq!(survey.values[&Key::question("E02")], Value::text("offline"));
    world.hq.note_backup(NOW).unwrap();
    sync(&mut world.region, &mut world.hq);
    sync(&mut binta, &mut world.region);
    assert!(!holds(&binta, case) && binta.parts(case).unwrap().is_empty());
    assert_eq!(flaws(&binta), [""; 0]);
    // Back in her charge it comes back whole.
    assign(&mut world.awa, &mut world.seed, case, to("SN-KL", Some("Binta")));
    sync_all(&mut world);
    sync(&mut binta, &mut world.region);
    assert_eq!(binta.parts(case).unwrap(), world.hq.parts(case).unwrap());
    assert_eq!(binta.tick(case).unwrap(), Tick::Safe);
}

#[test]
fn a_case_that_is_given_on_stays_while_an_assessment_of_it_is_being_filled() {
    let mut world = world(48);
    let (_dir, mut binta) = device(&mut world, &caseload("Binta"), "four");
    let case = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let assigned = assign(&mut world.awa, &mut world.seed, case, to("SN-KL", Some("Binta")));
    sync_all(&mut world);
    sync(&mut binta, &mut world.region);
    let record = RecordId::generate(NOW, &mut world.seed);
    let (form, started, heads) = ("rss@1".into(), NOW, BTreeMap::new());
    let draft = Draft { record, salt: Salt([7; 16]), form, case: Some(case), wave: None, started, heads };
    binta.begin_draft(&draft).unwrap();
    event(&mut world.awa, &mut world.seed, case, EventKind::Relieved { assigned });
    sync_all(&mut world);
    world.hq.note_backup(NOW).unwrap();
    for _ in 0..2 {
        sync(&mut world.region, &mut world.hq);
        sync(&mut binta, &mut world.region);
    }
    assert!(holds(&binta, case) && binta.is_gone(case).unwrap(), "what she fills in follows from it");
    binta.drop_draft(record).unwrap();
    sync(&mut binta, &mut world.region);
    assert!(!holds(&binta, case));
}

#[test]
fn nobody_gives_themselves_a_case_and_who_is_refused_keeps_what_they_wrote() {
    let mut world = world(42);
    let (_dir, mut binta) = device(&mut world, &caseload("Binta"), "four");
    let case = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    // A device that knows the case by other means writes itself into its envelope.
    let salt = world.awa.record(case).unwrap().unwrap().salt;
    let own = Event { at: NOW, kind: EventKind::Assigned { to: to("SN-KL", Some("Binta")) } };
    let edits = Envelope::write_event(EventId::generate(NOW, &mut world.seed), &own).into_iter().collect();
    save(&mut binta, case, salt, vec![PartEdit { class: ClassId::new("open"), edits }]);
    sync(&mut binta, &mut world.region);
    assert_eq!(world.region.log_counts().unwrap().quarantined, 1);
    assert!(!holds(&binta, case) && world.region.custody(case).unwrap().unwrap().assigned.is_empty());
    assert!(matches!(binta.tick(case).unwrap(), Tick::Held(_)));
    assert_eq!(binta.held_answers(case).unwrap().len(), 1);
}

#[test]
fn a_case_assigned_to_another_region_is_held_there_with_who_wrote_it_and_leaves_when_that_ends() {
    let mut world = world(43);
    let dir = tempfile::tempdir().unwrap();
    let other = profile(ReplicaKind::Hub, "tamba", Some("SN-TC"));
    let mut tamba = Replica::create(&dir.path().join("hub"), &other, &mut world.seed).unwrap();
    enrol(&mut world.hq, &mut tamba, "six");
    let there = profile(ReplicaKind::Device, "ndeye", Some("SN-TC"));
    let mut ndeye = Replica::create(&dir.path().join("device"), &there, &mut world.seed).unwrap();
    enrol(&mut tamba, &mut ndeye, "seven");
    let case = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let older = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let sent = assign(&mut world.awa, &mut world.seed, case, to("SN-TC", None));
    sync_all(&mut world);
    let mut far = |world: &mut World, ndeye: &mut Replica| {
        for _ in 0..2 {
            sync(&mut tamba, &mut world.hq);
            sync(ndeye, &mut tamba);
        }
        sync(&mut tamba, &mut world.hq);
        sync_all(world);
        sync(&mut tamba, &mut world.hq);
        sync(ndeye, &mut tamba);
        (holds(&tamba, case), holds(ndeye, case), holds(ndeye, older))
    };
    assert_eq!(far(&mut world, &mut ndeye), (true, true, false));
    assert_eq!(ndeye.parts(case).unwrap(), world.hq.parts(case).unwrap());
    assert_eq!(ndeye.author(world.awa.actor()).unwrap().unwrap().person, "awa");
    assert_eq!(ndeye.tick(case).unwrap(), Tick::Safe);
    // An assessment made there reaches the region whose case it is.
    let record = RecordId::generate(NOW, &mut world.seed);
    let envelope = Envelope {
        form: "rss@1".into(),
        case: Some(case),
        wave: None,
        region: "SN-TC".into(),
        events: [(EventId::generate(NOW, &mut world.seed), Event { at: NOW, kind: EventKind::Submitted })]
            .into(),
    };
    let salt = Salt([9; 16]);
    save(&mut ndeye, record, salt, vec![PartEdit { class: ClassId::new("open"), edits: envelope.write() }]);
    far(&mut world, &mut ndeye);
    assert!(holds(&world.awa, record) && holds(&world.hq, record));
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
    edit(&mut ndeye, case, &[("E02", "often")]);
    let copied = ndeye.next_request(&teranga_sync::session::Session::new().plan(), NOW).unwrap().unwrap();
    far(&mut world, &mut ndeye);
    event(&mut world.awa, &mut world.seed, case, EventKind::Relieved { assigned: sent });
    sync_all(&mut world);
    far(&mut world, &mut ndeye);
    world.hq.note_backup(NOW).unwrap();
    assert_eq!(far(&mut world, &mut ndeye), (false, false, false));
    assert!(holds(&world.hq, case) && holds(&world.awa, case));
    // A late copy of what was written there gives nothing of it back.
    let known = tamba.child(ndeye.id()).unwrap().unwrap();
    let again = tamba.ingest(&known, copied.line, &copied.pushes[0], NOW).unwrap();
    assert_eq!(again, teranga_store::ingest::Ingested::Known);
    while tamba.apply_logged().unwrap().is_left() {}
    assert_eq!((tamba.bodies(case).unwrap(), holds(&tamba, case)), (0, false));
}

#[test]
fn a_class_that_a_device_is_not_cleared_for_never_reaches_it_and_one_that_it_loses_leaves() {
    let mut world = world(44);
    let clearance = Clearance::of_names(["open"]);
    let narrow = Profile {
        audience: Audience { clearance, ..Audience::of_region(Some("SN-KL")) },
        ..profile(ReplicaKind::Device, "desk", Some("SN-KL"))
    };
    let (_dir, mut desk) = device(&mut world, &narrow, "four");
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    sync(&mut desk, &mut world.region);
    let classes = |desk: &Replica| -> BTreeSet<String> {
        desk.parts(record).unwrap().iter().map(|part| part.class.as_str().to_owned()).collect()
    };
    assert_eq!(classes(&desk), BTreeSet::from(["open".to_owned()]));
    let everything = Audience::of_region(Some("SN-KL"));
    world.region.regrant(desk.id(), everything.clone()).unwrap().unwrap();
    sync(&mut desk, &mut world.region);
    assert_eq!(classes(&desk), BTreeSet::from(["open".to_owned(), "survey".to_owned()]));
    assert_eq!(desk.profile().audience, everything);
    world.region.regrant(desk.id(), narrow.audience).unwrap().unwrap();
    world.hq.note_backup(NOW).unwrap();
    sync(&mut world.region, &mut world.hq);
    sync(&mut desk, &mut world.region);
    assert_eq!(classes(&desk), BTreeSet::from(["open".to_owned()]));
    assert_eq!(desk.parts(record).unwrap().len(), 1);
}

#[test]
fn a_new_device_receives_the_newest_records_first_and_each_change_once_however_small_the_answers() {
    let mut world = world(45);
    let mut records: Vec<RecordId> = Vec::new();
    for number in 0..40 {
        let at = Millis(NOW.0 + number * 1_000);
        let record = RecordId::generate(at, &mut world.seed);
        let mut salt = [0; 16];
        world.seed.fill(&mut salt);
        let envelope = Envelope {
            form: "rss@1".into(),
            case: None,
            wave: None,
            region: "SN-KL".into(),
            events: [(EventId::generate(at, &mut world.seed), Event { at, kind: EventKind::Submitted })]
                .into(),
        };
        let parts = vec![
            PartEdit { class: ClassId::new("open"), edits: envelope.write() },
            PartEdit { class: ClassId::new("survey"), edits: texts(&[("E01", "ok")]) },
        ];
        save(&mut world.awa, record, Salt(salt), parts);
        if number % 3 == 0 {
            edit(&mut world.awa, record, &[("E02", "often")]);
        }
        records.push(record);
    }
    sync_all(&mut world);
    let late = profile(ReplicaKind::Device, "late", Some("SN-KL"));
    let (_dir, mut late) = device(&mut world, &late, "four");
    let plan = Plan { push: PushPlan::Ask, pull_bytes_max: 900 };
    let (mut came, mut seen, mut rows_of_saves) = (Vec::new(), BTreeSet::new(), 0);
    for _ in 0..2_000 {
        let request = late.next_request(&plan, NOW).unwrap().unwrap();
        let known = world.region.child(late.id()).unwrap().unwrap();
        let before = world.region.begin_exchange(&request, NOW).unwrap().unwrap();
        let answer = world.region.answer(&known, &request, before, NOW).unwrap();
        let rows = if answer.rows.is_empty() {
            Vec::new()
        } else {
            teranga_sync::feed::decode(&answer.rows, answer.version).unwrap()
        };
        for row in rows {
            let teranga_sync::feed::Row::Save { save, .. } = row else { continue };
            rows_of_saves += 1;
            if seen.insert(save[0].record) {
                came.push(save[0].record);
            }
        }
        let taken = late.take_answer(&request, &answer, NOW).unwrap();
        if taken.left == teranga_sync::session::Left::Nothing {
            break;
        }
        assert!(taken.moved);
    }
    records.reverse();
    assert_eq!(came, records);
    assert_eq!(rows_of_saves, 40 + 14);
    for record in &records {
        assert_eq!(late.parts(*record).unwrap(), world.hq.parts(*record).unwrap());
    }
    // From now on the feed goes on as ever.
    edit(&mut world.moussa, records[0], &[("E05", "new")]);
    sync_all(&mut world);
    sync(&mut late, &mut world.region);
    assert_eq!(late.parts(records[0]).unwrap(), world.hq.parts(records[0]).unwrap());
}

#[test]
fn a_revoked_device_is_answered_no_more_until_it_is_taken_in_again() {
    use teranga_store::children::Standing;
    let mut world = world(46);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    assert!(world.region.set_standing(world.awa.id(), Standing::Revoked).unwrap());
    assert!(
        world.region.child(world.awa.id()).unwrap().is_none()
            && world.region.is_revoked(world.awa.id()).unwrap()
    );
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Here);
    assert!(world.region.set_standing(world.awa.id(), Standing::Enrolled).unwrap());
    sync_all(&mut world);
    same_everywhere(&world, record);
    let stranger = teranga_core::id::ReplicaId([7; 16]);
    assert!(!world.region.set_standing(stranger, Standing::Revoked).unwrap());
}

#[test]
fn whoever_headquarters_enrolled_once_is_judged_by_the_hub_that_enrolled_them_since() {
    let mut world = world(41);
    let dir = tempfile::tempdir().unwrap();
    let before = profile(ReplicaKind::Device, "fatou", Some("SN-TC"));
    let mut fatou = Replica::create(dir.path(), &before, &mut world.seed).unwrap();
    enrol(&mut world.hq, &mut fatou, "at headquarters");
    assert!(world.hq.set_standing(fatou.id(), Standing::Revoked).unwrap());
    let since = profile(ReplicaKind::Device, "fatou", Some("SN-KL"));
    world.region.add_enrolment_code("here", &since, Millis(NOW.0 + 1)).unwrap();
    assert!(world.region.enrol("here", &fatou.public_key(), NOW).unwrap().is_some());
    let (key, home) = (world.region.public_key(), world.region.home().unwrap());
    let joined = Joined { key: &key, url: "http://127.0.0.1:1", name: "hub", home: home.as_ref() };
    fatou.join(&joined, since).unwrap();

    let record = open_record(&mut fatou, &mut world.seed, &[("E01", "ok")]);
    for _ in 0..2 {
        sync(&mut fatou, &mut world.region);
        sync(&mut world.region, &mut world.hq);
    }
    sync(&mut fatou, &mut world.region);
    assert_eq!(world.hq.parts(record).unwrap(), fatou.parts(record).unwrap());
    assert!(world.hq.aside().unwrap().is_empty());
    assert_eq!(fatou.tick(record).unwrap(), Tick::Safe);
    // What she wrote she would have had to destroy in any case; of what the region has she may hold all since.
    let other = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    world.hq.erase(other, NOW).unwrap();
    assert!(world.hq.erasures().unwrap()[0].outstanding.contains(&fatou.id()));
}
