//! The lane of files between replicas in one process: where it goes on after a cut, what a hub takes and gives, and what
//! is believed of one.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

mod network;
mod passing;
mod poison;
mod world;

use std::collections::BTreeMap;

use teranga_core::attachment::Address;
use teranga_core::audience::{Agent, Audience, Reach};
use teranga_core::class::ClassId;
use teranga_core::id::{RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::problem::Retry;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::attachments::Where;
use teranga_store::conversation::Failure;
use teranga_store::drafts::Draft;
use teranga_store::lane::{Errand, FileFailure, Lane};
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::{FILE, Replica};
use teranga_sync::attachment::{Held, LaneAnswer, LaneRequest};
use teranga_sync::holding::Proof;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits::CHUNK_BYTES;
use teranga_sync::runs::Runs;
use teranga_sync::version::Spoken;
use world::*;

#[test]
fn a_photograph_goes_up_and_colleagues_see_its_thumbnail_and_the_rest_when_they_ask() {
    let mut world = world(1);
    let (record, file, photo) = attached(&mut world, 5 * CHUNK_BYTES + 17);
    assert_eq!(lies(&world.awa, &file), Where::Here);
    assert_eq!(world.awa.files_waiting().unwrap().files, 1);
    let done = files(&mut world.awa, &mut world.region);
    assert_eq!((done.files_up, done.thumbnails_up, done.bytes_again), (1, 1, 0));
    assert_eq!(lies(&world.awa, &file), Where::AtRegion);
    assert_eq!(world.awa.files_waiting().unwrap().files, 0);
    assert_eq!(world.region.file(&file).unwrap().as_ref(), Some(&photo));
    assert_eq!(files(&mut world.awa, &mut world.region).round_trips, 0, "nothing is left to say");
    let link = world.awa.uplink().unwrap().unwrap();
    assert_eq!(link.exchange, link.heard, "the next session has nothing to ask first");

    answers(&mut world.moussa, &mut world.region);
    let done = files(&mut world.moussa, &mut world.region);
    assert_eq!((done.thumbnails_down, done.files_down), (1, 0));
    assert_eq!(world.moussa.thumbnail(&file).unwrap().unwrap().maker, world.awa.public_key());
    assert_eq!(world.moussa.file(&file).unwrap(), None);
    assert_eq!(world.moussa.want_files(record).unwrap(), 1);
    let done = files(&mut world.moussa, &mut world.region);
    assert_eq!((done.thumbnails_down, done.files_down), (0, 1));
    assert_eq!(world.moussa.file(&file).unwrap().as_ref(), Some(&photo));
    assert_eq!(lies(&world.moussa, &file), Where::AtRegion);

    answers(&mut world.region, &mut world.hq);
    files(&mut world.region, &mut world.hq);
    assert_eq!(world.hq.file(&file).unwrap(), Some(photo));
    assert!(world.hq.thumbnail(&file).unwrap().unwrap().verify());
}

/// What Awa may hold, if nothing was assigned to her.
fn a_caseload(world: &World) -> Audience {
    let profile = world.awa.profile();
    let agent = Agent { office: profile.office.clone(), person: profile.person.clone() };
    Audience { reach: Reach::Caseload(agent), ..profile.audience.clone() }
}

#[test]
fn a_case_does_not_leave_before_the_homes_backup_has_its_files() {
    let mut world = world(18);
    let (record, file, photo) = attached(&mut world, 3 * CHUNK_BYTES);
    answers(&mut world.region, &mut world.hq);
    world.hq.note_backup(NOW).unwrap();
    answers(&mut world.region, &mut world.hq);
    let less = a_caseload(&world);
    world.region.regrant(world.awa.id(), less).unwrap().unwrap();
    for _ in 0..2 {
        answers(&mut world.awa, &mut world.region);
    }
    assert!(world.awa.is_gone(record).unwrap());
    assert_eq!(lies(&world.awa, &file), Where::Here, "it is nowhere else");
    // The film still goes up though the case is in other hands by now.
    assert_eq!(files(&mut world.awa, &mut world.region).files_up, 1);
    assert_eq!(files(&mut world.region, &mut world.hq).files_up, 1);
    // A disk may fail in the region and at headquarters the same day.
    for _ in 0..2 {
        assert_eq!(files(&mut world.awa, &mut world.region).covered, 0);
        assert_eq!(files(&mut world.region, &mut world.hq).covered, 0);
        answers(&mut world.awa, &mut world.region);
    }
    assert!(world.awa.is_gone(record).unwrap() && world.awa.file(&file).unwrap().is_some());
    world.hq.note_backup(NOW).unwrap();
    let heard = files(&mut world.region, &mut world.hq);
    assert_eq!((heard.covered, heard.files_up), (1, 0), "the region asks for whoever asks it");
    assert_eq!(files(&mut world.awa, &mut world.region).covered, 1);
    answers(&mut world.awa, &mut world.region);
    assert!(world.awa.parts(record).unwrap().is_empty());
    assert_eq!((world.awa.file(&file).unwrap(), world.region.file(&file).unwrap()), (None, Some(photo)));
    assert_eq!(files(&mut world.region, &mut world.hq).round_trips, 0, "nothing is left to ask");
}

/// A photograph of two records: of one that was opened twice by mistake.
#[test]
fn a_file_of_an_erased_record_is_brought_again_for_another_that_mentions_it() {
    let mut world = world(61);
    let (wrong, file, photo) = attached(&mut world, 2 * CHUNK_BYTES);
    files(&mut world.awa, &mut world.region);
    answers(&mut world.region, &mut world.hq);
    files(&mut world.region, &mut world.hq);
    world.hq.note_backup(NOW).unwrap();
    files(&mut world.region, &mut world.hq);
    // The region has the other one, and headquarters has not, when it erases the first.
    let right = mention(&mut world.awa, &mut world.seed, file);
    answers(&mut world.awa, &mut world.region);
    world.hq.erase(wrong, NOW).unwrap();
    assert_eq!(world.hq.file(&file).unwrap(), None);
    for _ in 0..2 {
        answers(&mut world.region, &mut world.hq);
        files(&mut world.region, &mut world.hq);
        answers(&mut world.awa, &mut world.region);
    }
    assert_eq!(world.hq.file(&file).unwrap(), Some(photo));
    assert!(world.hq.thumbnail(&file).unwrap().is_some());
    assert_eq!(world.hq.parts(right).unwrap(), world.awa.parts(right).unwrap());
}

#[test]
fn a_file_of_an_erased_record_stays_for_an_interview_that_has_it_too() {
    let mut world = world(62);
    let (wrong, file, photo) = attached(&mut world, CHUNK_BYTES);
    answers(&mut world.region, &mut world.hq);
    let draft = Draft {
        record: RecordId::generate(NOW, &mut world.seed),
        salt: Salt([3; 16]),
        form: "plan@1".into(),
        case: None,
        wave: None,
        started: NOW,
        heads: BTreeMap::new(),
    };
    world.awa.begin_draft(&draft).unwrap();
    let address = Address { hash: file, extension: "jpg".into() };
    let value = Value::Text(address.to_string());
    world.awa.keep_answers(draft.record, &[(Key::question("photo"), value)]).unwrap();
    world.hq.erase(wrong, NOW).unwrap();
    answers(&mut world.region, &mut world.hq);
    answers(&mut world.awa, &mut world.region);
    assert!(world.awa.parts(wrong).unwrap().is_empty());
    assert_eq!(world.awa.file(&file).unwrap(), Some(photo));
    world.awa.drop_draft(draft.record).unwrap();
    world.awa.drop_loose_files().unwrap();
    assert_eq!(world.awa.file(&file).unwrap(), None);
}

#[test]
fn what_a_correction_took_the_place_of_is_erased_with_its_record() {
    let mut world = world(19);
    let (record, first, _) = attached(&mut world, CHUNK_BYTES);
    files(&mut world.awa, &mut world.region);
    let second = world.awa.attach(&[7; 100], None).unwrap();
    let address = Address { hash: second, extension: "jpg".into() };
    let edits = vec![(Key::question("photo"), Value::Text(address.to_string()))];
    let salt = world.awa.record(record).unwrap().unwrap().salt;
    let parts = vec![PartEdit { class: ClassId::new("survey"), edits }];
    world
        .awa
        .save(&Save { record, salt, form: "plan@1".into(), at: NOW, parts, draft: DraftFate::Keep })
        .unwrap();
    answers(&mut world.awa, &mut world.region);
    files(&mut world.awa, &mut world.region);
    answers(&mut world.region, &mut world.hq);
    for replica in [&world.awa, &world.region] {
        assert!(replica.file(&first).unwrap().is_some() && replica.file(&second).unwrap().is_some());
    }
    world.hq.erase(record, NOW).unwrap();
    answers(&mut world.region, &mut world.hq);
    answers(&mut world.awa, &mut world.region);
    for replica in [&world.awa, &world.region] {
        assert_eq!((replica.file(&first).unwrap(), replica.file(&second).unwrap()), (None, None));
        assert_eq!(replica.thumbnail(&first).unwrap(), None);
    }
}

#[test]
fn what_headquarters_attached_comes_to_a_region_that_asked_for_it() {
    let mut world = world(2);
    let mut visitor =
        make(world.folder.path(), "visitor", ReplicaKind::Device, Some("SN-KL"), &mut world.seed);
    enrol(&mut world.hq, &mut visitor, "four");
    let photo = photo(&mut world.seed, 3 * CHUNK_BYTES);
    let file = visitor.attach(&photo, None).unwrap();
    let record = mention(&mut visitor, &mut world.seed, file);
    answers(&mut visitor, &mut world.hq);
    files(&mut visitor, &mut world.hq);
    answers(&mut world.region, &mut world.hq);
    answers(&mut world.moussa, &mut world.region);
    world.moussa.want_files(record).unwrap();
    let done = files(&mut world.moussa, &mut world.region);
    assert_eq!((done.files_down, world.moussa.files_waiting().unwrap().wanted), (0, 1), "not yet");
    assert_eq!(files(&mut world.region, &mut world.hq).files_down, 1, "the hub passes the wish on");
    assert_eq!(files(&mut world.moussa, &mut world.region).files_down, 1);
    assert_eq!(world.moussa.file(&file).unwrap(), Some(photo));
}

/// Lets so many requests with chunks through, one chunk each, and then the power fails.
fn chunks_then_dark(chunks: usize) -> impl FnMut(&LaneRequest, usize) -> Fate {
    let (mut first, mut left) = (true, chunks);
    move |request, _| {
        // A failure makes the batches the smallest.
        if std::mem::take(&mut first) {
            return Fate::Lost;
        }
        if request.stretches.is_empty() {
            return Fate::Carried;
        }
        assert_eq!(request.file_bytes(), CHUNK_BYTES as u64);
        match left.checked_sub(1) {
            None => Fate::Dark,
            Some(less) => {
                left = less;
                // Every other answer does not come back any more.
                if less == 0 && chunks % 2 == 1 { Fate::AnswerLost } else { Fate::Carried }
            }
        }
    }
}

#[test]
fn after_a_cut_at_any_chunk_and_a_restart_of_both_ends_the_next_chunk_is_sent() {
    const CHUNKS: usize = 6;
    for arrived in 0..CHUNKS {
        let mut world = world(3);
        let (_, file, photo) = attached(&mut world, CHUNKS * CHUNK_BYTES);
        let mut lane = Lane::begin(Errand::All, None, 9);
        let fate = chunks_then_dark(arrived);
        assert!(run(&mut lane, &mut world.awa, &mut world.region, fate).is_none());
        reopen(&mut world.awa, &mut world.seed);
        reopen(&mut world.region, &mut world.seed);
        let done = files(&mut world.awa, &mut world.region);
        assert_eq!(done.file_bytes_up, ((CHUNKS - arrived) * CHUNK_BYTES) as u64, "{arrived} had arrived");
        assert_eq!(world.region.file(&file).unwrap(), Some(photo));
        assert_eq!(lies(&world.awa, &file), Where::AtRegion);
    }
}

#[test]
fn a_file_that_comes_down_is_gone_on_with_after_a_restart_too() {
    let mut world = world(4);
    let (record, file, photo) = attached(&mut world, 6 * CHUNK_BYTES);
    files(&mut world.awa, &mut world.region);
    answers(&mut world.moussa, &mut world.region);
    world.moussa.want_files(record).unwrap();
    let mut lane = Lane::begin(Errand::Fetch, None, 9);
    let mut asked = 0;
    let ended = run(&mut lane, &mut world.moussa, &mut world.region, |_, _| {
        asked += 1;
        if asked == 2 { Fate::Dark } else { Fate::Carried }
    });
    assert!(ended.is_none());
    reopen(&mut world.moussa, &mut world.seed);
    let Where::Elsewhere { arrived } = lies(&world.moussa, &file) else { panic!("it is not whole yet") };
    assert_eq!(arrived, 2 * CHUNK_BYTES as u64);
    let mut lane = Lane::begin(Errand::Fetch, None, 9);
    let mut wanted = Vec::new();
    let ended = run(&mut lane, &mut world.moussa, &mut world.region, |request, _| {
        wanted.push(request.wanted[0].held.count());
        Fate::Carried
    });
    ended.unwrap().unwrap();
    assert_eq!(wanted[0], 2, "what had arrived is not asked for again");
    assert_eq!(world.moussa.file(&file).unwrap(), Some(photo));
}

#[test]
fn between_two_hubs_each_is_sent_what_it_lacks() {
    let mut world = world(5);
    let mut other = make(world.folder.path(), "kaffrine", ReplicaKind::Hub, Some("SN-KL"), &mut world.seed);
    let (_, file, photo) = attached(&mut world, 6 * CHUNK_BYTES);
    let sent_to_dark = |child: &mut Replica, hub: &mut Replica, chunks: usize| {
        let mut lane = Lane::begin(Errand::All, None, 9);
        assert!(run(&mut lane, child, hub, chunks_then_dark(chunks)).is_none());
    };
    sent_to_dark(&mut world.awa, &mut world.region, 2);
    enrol(&mut other, &mut world.awa, "four");
    answers(&mut world.awa, &mut other);
    sent_to_dark(&mut world.awa, &mut other, 4);
    enrol(&mut world.region, &mut world.awa, "five");
    answers(&mut world.awa, &mut world.region);
    let done = files(&mut world.awa, &mut world.region);
    assert_eq!(done.file_bytes_up, 4 * CHUNK_BYTES as u64);
    assert_eq!(world.region.file(&file).unwrap().as_ref(), Some(&photo));
    enrol(&mut other, &mut world.awa, "six");
    assert_eq!(lies(&world.awa, &file), Where::Here, "of another hub nothing is known yet");
    answers(&mut world.awa, &mut other);
    assert_eq!(files(&mut world.awa, &mut other).file_bytes_up, 2 * CHUNK_BYTES as u64);
    assert_eq!(other.file(&file).unwrap(), Some(photo));
}

#[test]
fn a_hub_that_says_it_holds_what_it_does_not_is_not_believed() {
    let lies_told: [fn(&mut LaneAnswer); 3] = [
        |answer| answer.states.iter_mut().for_each(|state| state.held = Held::Whole(Proof([7; 8]))),
        |answer| answer.states.iter_mut().for_each(|state| state.held = Held::Some(Runs::of(0..4))),
        // It claims the first chunks, and so is never sent them.
        |answer| answer.states.iter_mut().for_each(|state| state.held = Held::Some(Runs::of(0..2))),
    ];
    for lie in lies_told {
        let mut world = world(6);
        let (_, file, photo) = attached(&mut world, 4 * CHUNK_BYTES);
        let mut lane = Lane::begin(Errand::All, None, 5);
        let ended = run(&mut lane, &mut world.awa, &mut world.region, |_, _| Fate::Spoilt(Box::new(lie)));
        let Some(Err(Failure::File(failure))) = ended else { panic!("{ended:?}") };
        assert_eq!((failure, failure.retry()), (FileFailure::Unproven, Retry::Later));
        assert_eq!(lies(&world.awa, &file), Where::Here);
        assert_eq!(files(&mut world.awa, &mut world.region).files_up, 1, "an honest answer mends it");
        assert_eq!(world.region.file(&file).unwrap(), Some(photo));
    }
}

/// Empties the chunk of this number, behind a replica's back.
#[expect(clippy::disallowed_methods, reason = "what a disk does to a file asks no store")]
fn spoil_chunk(replica: &mut Replica, seed: &mut Seeded, (table, number): (&str, u32)) {
    let path = replica.folder().join(FILE);
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
    let changed = connection
        .execute(&format!("UPDATE {table} SET bytes = zeroblob(length(bytes)) WHERE n = ?1"), [number])
        .unwrap();
    assert_eq!(changed, 1);
    drop(connection);
    reopen(replica, seed);
}

#[test]
fn a_chunk_that_went_bad_at_the_hub_is_found_and_the_file_sent_again() {
    let mut world = world(7);
    let (_, file, photo) = attached(&mut world, 4 * CHUNK_BYTES);
    let mut lane = Lane::begin(Errand::All, None, 9);
    assert!(run(&mut lane, &mut world.awa, &mut world.region, chunks_then_dark(2)).is_none());
    spoil_chunk(&mut world.region, &mut world.seed, ("arrived", 1));
    let done = files(&mut world.awa, &mut world.region);
    assert_eq!((done.files_up, done.file_bytes_up), (1, 6 * CHUNK_BYTES as u64));
    assert_eq!(world.region.file(&file).unwrap(), Some(photo));
}

#[test]
fn a_file_that_went_bad_here_is_not_sent_for_ever_and_the_others_go_on() {
    let mut world = world(8);
    attached(&mut world, 4 * CHUNK_BYTES);
    spoil_chunk(&mut world.awa, &mut world.seed, ("chunk", 2));
    let (_, second, photo) = attached(&mut world, CHUNK_BYTES);
    let mut lane = Lane::begin(Errand::All, None, 5);
    let ended = run(&mut lane, &mut world.awa, &mut world.region, |_, _| Fate::Carried);
    assert!(matches!(ended, Some(Err(Failure::File(FileFailure::Damaged)))), "{ended:?}");
    assert_eq!(world.region.file(&second).unwrap(), Some(photo));
    assert_eq!(world.awa.unsound_files().unwrap().len(), 1);
}

#[test]
fn a_hub_neither_takes_nor_gives_what_the_child_may_not_hold() {
    let mut world = world(9);
    let mut stranger =
        make(world.folder.path(), "stranger", ReplicaKind::Device, Some("SN-TC"), &mut world.seed);
    enrol(&mut world.hq, &mut stranger, "four");
    let (_, file, _) = attached(&mut world, 3 * CHUNK_BYTES);
    files(&mut world.awa, &mut world.region);
    answers(&mut world.region, &mut world.hq);
    files(&mut world.region, &mut world.hq);
    // The stranger has heard of the address, and claims it for a record that headquarters has not got.
    let claimed = mention(&mut stranger, &mut world.seed, file);
    stranger.want_files(claimed).unwrap();
    let done = files(&mut stranger, &mut world.hq);
    assert_eq!((done.thumbnails_down, done.files_down), (0, 0));
    assert_eq!(stranger.thumbnail(&file).unwrap(), None);
    // Nor is a file taken that no answer here mentions.
    let photo = photo(&mut world.seed, CHUNK_BYTES);
    let own = stranger.attach(&photo, None).unwrap();
    mention(&mut stranger, &mut world.seed, own);
    let done = files(&mut stranger, &mut world.hq);
    assert_eq!((done.files_up, done.file_bytes_up), (0, 0), "its answers have not arrived");
    assert_eq!(stranger.files_waiting().unwrap().files, 1);
    answers(&mut stranger, &mut world.hq);
    assert_eq!(files(&mut stranger, &mut world.hq).files_up, 1);
}

#[test]
fn chunks_that_are_not_of_their_file_are_refused_and_nothing_of_them_is_kept() {
    let mut world = world(10);
    let (_, file, _) = attached(&mut world, 3 * CHUNK_BYTES);
    let known = world.region.child(world.awa.id()).unwrap().unwrap();
    let mut lane = Lane::begin(Errand::All, None, 5);
    let mut brought = None;
    run(&mut lane, &mut world.awa, &mut world.region, |request, _| {
        if request.stretches.is_empty() {
            return Fate::Carried;
        }
        brought = Some(request.clone());
        Fate::Dark
    });
    let whole = brought.unwrap();
    for (first, bytes) in [(0, CHUNK_BYTES - 1), (2, CHUNK_BYTES + 1), (3, CHUNK_BYTES), (u32::MAX, 1)] {
        let mut request = whole.clone();
        request.stretches[0].first = first;
        request.stretches[0].bytes = vec![1; bytes];
        assert!(world.region.answer_lane(&known, &request).unwrap().is_none(), "{first} {bytes}");
        assert_eq!(lies(&world.region, &file), Where::Elsewhere { arrived: 0 });
    }
    let mut request = whole;
    request.offers[0].bytes = teranga_sync::limits::ATTACHMENT_BYTES_MAX + 1;
    let body = request.encode(world.awa.identity());
    assert!(
        LaneRequest::read(&body, &world.awa.public_key(), Spoken::BUILD).is_err(),
        "larger than any file"
    );
}

#[test]
fn over_a_link_that_cuts_hardly_a_byte_is_sent_twice() {
    let mut world = world(11);
    let (_, file, photo) = attached(&mut world, 6 * 1024 * 1024 + 5);
    let mut lane = Lane::begin(Errand::All, None, 50);
    let mut link = Seeded(12);
    let mut left = 300_000;
    let mut cuts = 0;
    let ended = run(&mut lane, &mut world.awa, &mut world.region, |_, bytes| {
        if let Some(less) = usize::checked_sub(left, bytes) {
            left = less;
            return Fate::Carried;
        }
        cuts += 1;
        left = 150_000 + usize::try_from(link.next() % 500_000).unwrap();
        if link.next().is_multiple_of(4) { Fate::AnswerLost } else { Fate::Lost }
    });
    ended.unwrap().unwrap();
    assert_eq!(world.region.file(&file).unwrap().map(|held| held.len()), Some(photo.len()));
    let done = lane.summary();
    assert!(cuts >= 8, "{cuts}");
    assert!(done.bytes_again * 100 <= 3 * photo.len() as u64, "{} of {}", done.bytes_again, photo.len());
    assert_eq!(done.file_bytes_up, photo.len() as u64 + done.bytes_again);
}

#[test]
fn a_budget_is_kept_and_the_thumbnails_and_the_newest_record_come_first() {
    let mut world = world(13);
    let mut older = Vec::new();
    for _ in 0..3 {
        older.push(attached(&mut world, 10 * CHUNK_BYTES).1);
    }
    let newest = world.awa.attach(&photo(&mut world.seed, 2 * CHUNK_BYTES), None).unwrap();
    let seed = &mut Seeded(99);
    let later = Millis(NOW.0 + 1_000);
    let record = RecordId::generate(later, seed);
    let address = Address { hash: newest, extension: "jpg".into() };
    let edits = vec![(Key::question("photo"), Value::Text(address.to_string()))];
    let region = vec![
        (Key::question("_region"), Value::text("SN-KL")),
        (Key::question("_form"), Value::text("plan@1")),
    ];
    let parts = vec![
        PartEdit { class: ClassId::new("open"), edits: region },
        PartEdit { class: ClassId::new("survey"), edits },
    ];
    let save =
        Save { record, salt: Salt([3; 16]), form: "plan@1".into(), at: later, parts, draft: DraftFate::Keep };
    world.awa.save(&save).unwrap();
    answers(&mut world.awa, &mut world.region);
    let budget = 40_000;
    let mut lane = Lane::begin(Errand::All, Some(budget), 5);
    run(&mut lane, &mut world.awa, &mut world.region, |_, _| Fate::Carried).unwrap().unwrap();
    let done = *lane.summary();
    assert!(done.used_up && done.bytes_up + done.bytes_down <= budget, "{done:?}");
    assert_eq!((done.thumbnails_up, done.files_up), (3, 1));
    assert_eq!(lies(&world.awa, &newest), Where::AtRegion);
    assert_eq!(world.awa.files_waiting().unwrap().files, 3);
    while world.awa.files_waiting().unwrap().files > 0 {
        let mut lane = Lane::begin(Errand::All, Some(budget), 5);
        run(&mut lane, &mut world.awa, &mut world.region, |_, _| Fate::Carried).unwrap().unwrap();
        assert_eq!(lane.summary().bytes_again, 0);
    }
    assert!(older.iter().all(|file| world.region.file(file).unwrap().is_some()));
}

#[test]
fn a_file_that_no_answer_took_does_not_stay() {
    let mut world = world(14);
    let kept = attached(&mut world, 100).1;
    let loose = world.awa.attach(b"not used after all", Some(b"small".to_vec())).unwrap();
    assert!(world.awa.file(&loose).unwrap().is_some());
    world.awa.drop_loose_files().unwrap();
    assert_eq!((world.awa.file(&loose).unwrap(), world.awa.thumbnail(&loose).unwrap()), (None, None));
    assert!(world.awa.file(&kept).unwrap().is_some() && world.awa.thumbnail(&kept).unwrap().is_some());
}
