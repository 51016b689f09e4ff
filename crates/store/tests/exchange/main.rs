//! What a save, an exchange and a relay must keep, between replicas in one process.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

mod ahead;
mod anew;
mod asking;
mod backups;
mod claimed;
mod cutting;
mod drafts;
mod dump;
mod erasure;
mod flips;
mod frozen;
mod full;
mod grants;
mod held;
mod holders;
mod home;
mod judged;
mod junk;
mod kept_back;
mod killed;
mod large;
mod lent;
mod lines;
mod newer;
mod sealing;
mod stolen;
mod testimonies;
mod verdicts;
mod waiting;
mod world;

use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, Line, ManifestHash, OpeningNonce};
use teranga_core::key::Key;
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::part::Part;
use teranga_store::Replica;
use teranga_store::ingest::Ingested;
use teranga_store::ticks::Tick;
use teranga_store::uplink::TakeError;
use teranga_sync::identity::actor_of;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::manifest::{Authorship, Listed, Manifest};
use teranga_sync::message::{Acknowledged, Answer, Asker, Push, Request};
use teranga_sync::pack::{Entry, Pack, list};
use teranga_sync::session::{Plan, PushPlan, Session};
use teranga_sync::version;
use world::*;

#[test]
fn an_interview_travels_to_headquarters_and_its_ticks_come_back() {
    let mut world = world(1);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "satisfied")]);
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Here);
    sync(&mut world.awa, &mut world.region);
    assert_eq!(world.awa.tick(record).unwrap(), Tick::AtRegion);
    sync(&mut world.moussa, &mut world.region);
    sync(&mut world.region, &mut world.hq);
    // What others wrote is no safer on a colleague's device than on its author's.
    let colleague = world.moussa.tick(record);
    assert_eq!(colleague.unwrap(), Tick::AtRegion);
    sync(&mut world.awa, &mut world.region);
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
    sync(&mut world.moussa, &mut world.region);
    assert_eq!(world.moussa.tick(record).unwrap(), Tick::Safe);
    same_everywhere(&world, record);
    let author = world.hq.author(world.awa.actor()).unwrap().unwrap();
    assert_eq!(author.person, "awa");
}

#[test]
fn different_answers_merge_and_the_same_answer_keeps_both_until_it_is_settled() {
    let mut world = world(2);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "satisfied")]);
    sync_all(&mut world);
    edit(&mut world.awa, record, &[("E01", "dissatisfied"), ("E02", "often")]);
    edit(&mut world.moussa, record, &[("E01", "ok"), ("E03", "yes")]);
    sync_all(&mut world);
    same_everywhere(&world, record);
    let parts = world.hq.parts(record).unwrap();
    let survey = parts.iter().find(|part| part.class.as_str() == "survey").unwrap();
    assert_eq!(survey.values[&Key::question("E02")], Value::text("often"));
    assert_eq!(survey.values[&Key::question("E03")], Value::text("yes"));
    let candidates: Vec<&Value> =
        survey.conflicts[0].values.iter().map(|candidate| &candidate.value).collect();
    assert_eq!(candidates.len(), 2);
    assert!(candidates.contains(&&Value::text("ok")) && candidates.contains(&&Value::text("dissatisfied")));
    edit(&mut world.moussa, record, &[("E01", "ok")]);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(world.hq.records_in_conflict().unwrap().is_empty());
}

#[test]
fn a_save_made_twice_or_sent_twice_adds_nothing() {
    let mut world = world(3);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let known = world.region.child(world.awa.id()).unwrap().unwrap();
    for _ in 0..3 {
        world.region.ingest(&known, Line::FIRST, &request.pushes[0], NOW).unwrap();
        world.region.apply_logged().unwrap();
    }
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert_eq!(world.hq.log_counts().unwrap().applied, 2);
    assert_eq!(world.hq.log_counts().unwrap().quarantined, 0);
}

#[test]
fn a_region_never_sees_another_regions_records() {
    let mut world = world(4);
    let dir = tempfile::tempdir().unwrap();
    let other = profile(ReplicaKind::Hub, "tamba", Some("SN-TC"));
    let mut tamba = Replica::create(dir.path(), &other, &mut world.seed).unwrap();
    enrol(&mut world.hq, &mut tamba, "four");
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    sync(&mut tamba, &mut world.hq);
    assert!(tamba.record(record).unwrap().is_none());
    assert!(world.hq.record(record).unwrap().is_some());
}

#[test]
fn an_exchange_number_serves_once() {
    let mut world = world(5);
    let request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let later = Request { exchange: 5, ..request };
    assert!(world.region.begin_exchange(&later, NOW).unwrap().is_some());
    assert!(world.region.begin_exchange(&later, NOW).unwrap().is_none());
    // Somebody with this key has used the numbers that it would give next: it goes on in a line of its own.
    world.awa.begin_line().unwrap();
    let line = world.awa.line().unwrap();
    assert_ne!(line, Line::FIRST);
    sync(&mut world.awa, &mut world.region);
    assert_eq!(
        world
            .region
            .children()
            .unwrap()
            .iter()
            .find(|child| child.introduction.key == world.awa.public_key())
            .unwrap()
            .lines,
        2
    );
    world.awa.begin_line().unwrap();
    assert_ne!(world.awa.line().unwrap(), line);
}

#[test]
fn what_may_not_be_written_is_held_with_its_reason_and_its_author_is_told() {
    let mut world = world(6);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let dir = tempfile::tempdir().unwrap();
    let stranger = profile(ReplicaKind::Device, "stranger", Some("SN-KL"));
    let mut stranger = Replica::create(dir.path(), &stranger, &mut world.seed).unwrap();
    enrol(&mut world.region, &mut stranger, "five");
    let mine = open_record_in("SN-TC", &mut stranger, &mut world.seed, &[("E01", "ok")]);
    sync(&mut stranger, &mut world.region);
    match stranger.tick(mine).unwrap() {
        Tick::Held(verdicts) => assert!(verdicts.iter().all(|verdict| verdict.reason == "not-granted")),
        other => panic!("{other:?}"),
    }
    assert!(stranger.record(record).unwrap().is_some(), "its own region's record did not come down");
    sync(&mut world.region, &mut world.hq);
    sync(&mut world.awa, &mut world.region);
    assert!(world.awa.record(mine).unwrap().is_none() && world.hq.parts(mine).unwrap().is_empty());
    assert_eq!(world.region.log_counts().unwrap().quarantined, 2);
    assert_eq!(
        world.hq.log_counts().unwrap().quarantined,
        2,
        "headquarters sees what was held, and holds it too"
    );
}

#[test]
fn changes_that_came_before_what_they_build_on_wait_for_it() {
    let mut world = world(7);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.moussa, &mut world.region);
    // Moussa's edit reaches headquarters by another way than the change that it builds on.
    edit(&mut world.moussa, record, &[("E02", "often")]);
    let code = profile(ReplicaKind::Device, "moussa", Some("SN-KL"));
    world.hq.add_enrolment_code("six", &code, Millis(NOW.0 + 1)).unwrap();
    world.hq.enrol("six", &world.moussa.public_key(), NOW).unwrap().unwrap();
    let mut request = world.moussa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    request.hub = world.hq.id();
    let known = world.hq.child(world.moussa.id()).unwrap().unwrap();
    world.hq.ingest(&known, Line::FIRST, &request.pushes[0], NOW).unwrap();
    world.hq.apply_logged().unwrap();
    assert_eq!(world.hq.log_counts().unwrap().waiting, 1);
    sync(&mut world.region, &mut world.hq);
    assert_eq!(world.hq.log_counts().unwrap().waiting, 0);
    let parts = world.hq.parts(record).unwrap();
    let survey = parts.iter().find(|part| part.class.as_str() == "survey").unwrap();
    assert_eq!(survey.values[&Key::question("E02")], Value::text("often"));
}

/// The region as it stands, to be opened later; it goes on itself.
fn with_backup_of_region(mut world: World) -> (World, tempfile::TempDir) {
    let folder = world.region.folder().to_owned();
    drop(world.region);
    let backup = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), backup.path().join(file.file_name())).unwrap();
    }
    world.region = Replica::open(&folder, &mut world.seed).unwrap();
    (world, backup)
}

#[test]
fn what_a_restored_hub_took_in_an_earlier_line_is_given_again_too() {
    let mut world = world(12);
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    let (mut world, backup) = with_backup_of_region(world);
    let earlier = open_record(&mut world.awa, &mut world.seed, &[("E01", "satisfied")]);
    sync(&mut world.awa, &mut world.region);
    world.awa.begin_line().unwrap();
    let later = open_record(&mut world.awa, &mut world.seed, &[("E01", "bad")]);
    sync(&mut world.awa, &mut world.region);
    world.region = Replica::open(backup.path(), &mut world.seed).unwrap();
    sync(&mut world.awa, &mut world.region);
    sync_all(&mut world);
    same_everywhere(&world, earlier);
    same_everywhere(&world, later);
}

#[test]
fn a_hub_restored_from_an_older_state_is_given_again_what_it_lost() {
    let mut world = world(8);
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    let (mut world, backup) = with_backup_of_region(world);
    let late = open_record(&mut world.awa, &mut world.seed, &[("E01", "satisfied")]);
    sync(&mut world.awa, &mut world.region);
    world.region = Replica::open(backup.path(), &mut world.seed).unwrap();
    assert!(world.region.record(late).unwrap().is_none());
    // Its counter of exchanges is older too, so the device's next one is above it.
    sync(&mut world.awa, &mut world.region);
    sync_all(&mut world);
    same_everywhere(&world, late);
}

#[test]
fn a_day_of_three_hundred_openings_is_sent_in_packs_that_a_hub_takes() {
    let mut world = world(9);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let folder = world.awa.folder().to_owned();
    for number in 0..300 {
        drop(world.awa);
        world.awa = Replica::open(&folder, &mut world.seed).unwrap();
        edit(&mut world.awa, record, &[("E02", &number.to_string())]);
    }
    let session = Session::new();
    let plan = Plan { push: PushPlan::Pack { bytes_target: 1 << 20 }, ..session.plan() };
    let request = world.awa.next_request(&plan, NOW).unwrap().unwrap();
    let pack = request.pushes[0].pack().unwrap();
    assert!(pack.manifest.by.openings.len() > 150, "{}", pack.manifest.by.openings.len());
    sync_all(&mut world);
    same_everywhere(&world, record);
}

/// The first answer after a copy asked may be lost, or be a refusal, which names nobody.
#[test]
fn who_asked_before_is_named_for_as_long_as_one_opening_asks() {
    let mut world = world(12);
    let ask = Plan { push: PushPlan::Ask, pull_bytes_max: 1 << 20 };
    let mut request = world.awa.next_request(&ask, NOW).unwrap().unwrap();
    let (own, copy) = (request.opening, Asker([9; 8]));
    let mut before = |opening: Asker| {
        request = Request { opening, exchange: request.exchange + 1, ..request.clone() };
        world.region.begin_exchange(&request, NOW).unwrap().unwrap()
    };
    let named: Vec<Asker> = [own, own, copy, own, own].into_iter().map(&mut before).collect();
    assert_eq!(named, [Asker::default(), Asker::default(), own, copy, copy]);
}

#[test]
fn a_refused_pack_stops_neither_others_packs_nor_what_comes_down() {
    let mut world = world(10);
    let awas = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let moussas = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.moussa, &mut world.region);
    let plan = Session::new().plan();
    world.region.begin_session().unwrap();
    let request = world.region.next_request(&plan, NOW).unwrap().unwrap();
    assert_eq!(request.pushes[0].number, 1);
    world.region.pass_over(&request, Problem::Forbidden).unwrap();
    let refused = world.region.refused_packs().unwrap();
    assert_eq!((refused.len(), refused[0].origin), (1, world.awa.id()));
    sync(&mut world.region, &mut world.hq);
    assert!(world.hq.record(awas).unwrap().is_none() && world.hq.record(moussas).unwrap().is_some());
    // The next session tries again.
    world.region.begin_session().unwrap();
    sync_all(&mut world);
    assert!(world.region.refused_packs().unwrap().is_empty());
    same_everywhere(&world, awas);
    assert_eq!(world.awa.tick(awas).unwrap(), Tick::Safe);
}

#[test]
fn a_receipt_does_not_speak_for_other_packs_under_the_same_number() {
    let mut world = world(11);
    let folder = world.awa.folder().to_owned();
    drop(world.awa);
    let backup = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), backup.path().join(file.file_name())).unwrap();
    }
    world.awa = Replica::open(&folder, &mut world.seed).unwrap();
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    // Restored, it hears that the home holds its first pack, and then cuts another first pack.
    world.awa = Replica::open(backup.path(), &mut world.seed).unwrap();
    let ask = Plan { push: PushPlan::Ask, pull_bytes_max: 1 << 20 };
    for _ in 0..2 {
        let request = world.awa.next_request(&ask, NOW).unwrap().unwrap();
        let known = world.region.child(world.awa.id()).unwrap().unwrap();
        let answer = world.region.answer(&known, &request, Asker::default(), NOW).unwrap();
        let refused = world.awa.take_answer(&request, &answer, NOW);
        assert!(matches!(refused, Err(TakeError::SomebodyElse)), "it acknowledges what is not here");
        let answer = Answer { acknowledged: Acknowledged::default(), ..answer };
        world.awa.take_answer(&request, &answer, NOW).unwrap();
    }
    let other = open_record(&mut world.awa, &mut world.seed, &[("E01", "satisfied")]);
    world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    assert_eq!(world.awa.tick(other).unwrap(), Tick::Here);
}

#[test]
fn what_another_home_called_safe_is_not_safe_at_this_one() {
    let mut world = world(15);
    let dir = tempfile::tempdir().unwrap();
    let training = profile(ReplicaKind::Hub, "training", None);
    let mut training = Replica::create(dir.path(), &training, &mut world.seed).unwrap();
    enrol(&mut training, &mut world.awa, "six");
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    for _ in 0..2 {
        sync(&mut world.awa, &mut training);
    }
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
    enrol(&mut world.region, &mut world.awa, "seven");
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Here);
    sync(&mut world.awa, &mut world.region);
    assert_eq!(world.awa.tick(record).unwrap(), Tick::AtRegion);
    sync(&mut world.region, &mut world.hq);
    sync(&mut world.awa, &mut world.region);
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
}

#[test]
fn a_hub_introduces_nobody_beyond_its_own_region_and_never_itself() {
    let mut world = world(12);
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    let request = world.region.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let known = world.hq.child(world.region.id()).unwrap().unwrap();
    for audience in [Audience::of_region(None), Audience::of_region(Some("SN-TC"))] {
        let mut push = request.pushes[0].clone();
        push.introduction.as_mut().unwrap().audience = audience;
        let taken = world.hq.ingest(&known, Line::FIRST, &push, NOW).unwrap();
        assert_eq!(taken, Ingested::Refused(Problem::Forbidden));
    }
    assert_eq!(world.hq.ingest(&known, Line::FIRST, &request.pushes[0], NOW).unwrap(), Ingested::Logged);
}

/// The first pack of a device's own making, whatever it holds.
fn own_pack(child: &Replica, nonce: OpeningNonce, saves: Vec<Vec<Entry>>) -> Push {
    let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
    let listed = listed.iter().map(Vec::as_slice);
    let (first, zeros) = (Batch(1), ManifestHash([0; 32]));
    let by = Authorship::own(vec![nonce]);
    let manifest = Manifest::sign(child.identity(), first, zeros, by, listed);
    Push::of(1, None, &Pack { manifest, saves }, version::MAX)
}

fn push_saves(child: &mut Replica, hub: &mut Replica, nonce: OpeningNonce, saves: Vec<Vec<Entry>>) {
    let known = hub.child(child.id()).unwrap().unwrap();
    let taken = hub.ingest(&known, Line::FIRST, &own_pack(child, nonce, saves), NOW).unwrap();
    assert_eq!(taken, Ingested::Logged);
    while hub.apply_logged().unwrap().is_left() {}
}

#[test]
fn bodies_that_come_after_their_pack_are_read_as_if_they_had_come_with_it() {
    let mut world = world(16);
    let record = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let (row, class) = (world.moussa.record(record).unwrap().unwrap(), ClassId::new("survey"));
    let nonce = OpeningNonce([9; 16]);
    let (own, of_another) = (actor_of(&world.awa.public_key(), nonce), world.moussa.actor());
    for (actor, taken) in [(of_another, Ingested::Refused(Problem::Forbidden)), (own, Ingested::Known)] {
        let mut part = Part::open(record, &class, row.salt.0);
        let change = part.edit(actor, NOW, "rss@1", &texts(&[("E02", "often")])).unwrap().unwrap();
        let entry = |body| Entry { record, salt: row.salt, class: class.clone(), hash: change.hash, body };
        let known = world.region.child(world.awa.id()).unwrap().unwrap();
        let hub = &mut world.region;
        // Another pack of hers stands under this number already in the second round: a hub of its own for each.
        let folder = tempfile::tempdir().unwrap();
        let mut other = Replica::create(folder.path(), &hub.profile().clone(), &mut world.seed).unwrap();
        enrol(&mut other, &mut world.awa, "four");
        let withheld = own_pack(&world.awa, nonce, vec![vec![entry(None)]]);
        assert_eq!(other.ingest(&known, Line::FIRST, &withheld, NOW).unwrap(), Ingested::Logged);
        let whole = own_pack(&world.awa, nonce, vec![vec![entry(Some(change.bytes.clone()))]]);
        assert_eq!(other.ingest(&known, Line::FIRST, &whole, NOW).unwrap(), taken);
        let bodies = u64::from(taken == Ingested::Known);
        assert_eq!(other.bodies(record).unwrap(), bodies);
    }
}

#[test]
fn a_save_with_two_changes_of_one_part_is_held_whole_and_so_is_what_builds_on_it() {
    let mut world = world(14);
    let record = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let salt = world.moussa.record(record).unwrap().unwrap().salt;
    let (class, nonce) = (ClassId::new("survey"), OpeningNonce([9; 16]));
    let actor = actor_of(&world.awa.public_key(), nonce);
    let mut part = Part::open(record, &class, salt.0);
    let mut entry = |key: &str, value: &str| {
        let change = part.edit(actor, NOW, "rss@1", &texts(&[(key, value)])).unwrap().unwrap();
        Entry { record, salt, class: class.clone(), hash: change.hash, body: Some(change.bytes) }
    };
    let saves = vec![vec![entry("E02", "often"), entry("E03", "yes")], vec![entry("E04", "never")]];
    push_saves(&mut world.awa, &mut world.region, nonce, saves);
    let verdicts = world.region.verdicts(record).unwrap();
    let reasons: Vec<&str> = verdicts.iter().map(|verdict| verdict.reason.as_str()).collect();
    assert_eq!(reasons, ["save-repeats-part", "save-repeats-part", "builds-on-held"]);
    assert_eq!(world.region.unsound_parts().unwrap(), []);
}
