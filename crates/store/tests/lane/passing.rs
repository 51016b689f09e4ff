//! Files of a case that left its region before they were brought, and files of which a hub knows nothing because it is new:
//! they go up where the hub above wants them, from whoever was in charge or wrote, and are kept nowhere on the way.

use teranga_core::attachment::Address;
use teranga_core::audience::{Agent, Audience, Clearance, Reach};
use teranga_core::class::ClassId;
use teranga_core::id::{EventId, FileHash, Line, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::record::{Assignee, Envelope, Event, EventKind};
use teranga_core::value::Value;
use teranga_store::Replica;
use teranga_store::attachments::Where;
use teranga_store::lane::{Errand, Lane};
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_sync::attachment::{LaneRequest, Offer};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits::CHUNK_BYTES;
use teranga_sync::version::{Spoken, Version};

use crate::world::*;

/// A case of Kaolack's that was lent to Tambacounda, where Ndeye attached a photograph.
struct Lent {
    world: World,
    tamba: Replica,
    ndeye: Replica,
    case: RecordId,
    file: FileHash,
    photo: Vec<u8>,
}

/// Whether what Ndeye wrote goes up before the case leaves, or after.
#[derive(Clone, Copy, PartialEq)]
enum Saved {
    InTime,
    Late,
}

fn edit(on: &mut Replica, record: RecordId, class: &str, edits: Vec<(Key, Value)>) {
    let salt = on.record(record).unwrap().map_or(Salt([5; 16]), |row| row.salt);
    let parts = vec![PartEdit { class: ClassId::new(class), edits }];
    on.save(&Save { record, salt, form: "plan@1".into(), at: NOW, parts, draft: DraftFate::Keep }).unwrap();
}

fn event(on: &mut Replica, seed: &mut Seeded, record: RecordId, kind: EventKind) -> EventId {
    let id = EventId::generate(NOW, seed);
    let event = Event { at: NOW, kind };
    edit(on, record, "open", Envelope::write_event(id, &event).into_iter().collect());
    id
}

fn attach(lent: &mut Lent) {
    lent.file = lent.ndeye.attach(&lent.photo, Some(b"\xff\xd8\xff small".to_vec())).unwrap();
    let address = Address { hash: lent.file, extension: "jpg".into() };
    edit(
        &mut lent.ndeye,
        lent.case,
        "survey",
        vec![(Key::question("photo"), Value::Text(address.to_string()))],
    );
}

impl Lent {
    /// Answers go everywhere, and no files.
    fn answers(&mut self) {
        for _ in 0..2 {
            answers(&mut self.world.awa, &mut self.world.region);
            answers(&mut self.ndeye, &mut self.tamba);
            answers(&mut self.world.region, &mut self.world.hq);
            answers(&mut self.tamba, &mut self.world.hq);
        }
    }

    /// One run of the lane of Ndeye and one of her hub: how many files went up of each, and how many went because they may.
    fn files(&mut self) -> [(u64, u64); 2] {
        let ndeye = files(&mut self.ndeye, &mut self.tamba);
        let tamba = files(&mut self.tamba, &mut self.world.hq);
        [(ndeye.files_up, ndeye.covered), (tamba.files_up, tamba.covered)]
    }
}

/// The case is lent, by this event, and everybody has it.
fn lends(seed: u64, chunks: usize) -> (Lent, EventId) {
    let mut world = world(seed);
    let there = Some("SN-TC");
    let mut tamba = make(world.folder.path(), "tamba", ReplicaKind::Hub, there, &mut world.seed);
    let mut ndeye = make(world.folder.path(), "ndeye", ReplicaKind::Device, there, &mut world.seed);
    enrol(&mut world.hq, &mut tamba, "six");
    enrol(&mut tamba, &mut ndeye, "seven");
    let case = RecordId::generate(NOW, &mut world.seed);
    let region = vec![
        (Key::question("_region"), Value::text("SN-KL")),
        (Key::question("_form"), Value::text("plan@1")),
    ];
    edit(&mut world.awa, case, "open", region);
    let to = Assignee { region: "SN-TC".into(), office: None, person: None };
    let assigned = event(&mut world.awa, &mut world.seed, case, EventKind::Assigned { to });
    let photo = photo(&mut world.seed, chunks * CHUNK_BYTES);
    let mut lent = Lent { world, tamba, ndeye, case, file: FileHash([0; 32]), photo };
    lent.answers();
    lent.answers();
    (lent, assigned)
}

/// The case was given back, and is not at Tambacounda any more; the photograph is with Ndeye alone.
fn lent(seed: u64, saved: Saved, chunks: usize) -> Lent {
    let (mut lent, assigned) = lends(seed, chunks);
    let case = lent.case;
    attach(&mut lent);
    if saved == Saved::InTime {
        lent.answers();
    }
    let World { awa, region, hq, seed, .. } = &mut lent.world;
    event(awa, seed, case, EventKind::Relieved { assigned });
    for _ in 0..2 {
        answers(awa, region);
        answers(region, hq);
        answers(&mut lent.tamba, hq);
        hq.note_backup(NOW).unwrap();
    }
    assert!(lent.tamba.parts(case).unwrap().is_empty(), "it has left the region");
    lent.answers();
    assert!(lent.ndeye.is_gone(case).unwrap() && lies(&lent.ndeye, &lent.file) == Where::Here);
    lent
}

/// The rest of its way, once the hub above has said that it wants the file.
fn goes_up_and_is_let_go(lent: &mut Lent) {
    assert_eq!(lent.files(), [(1, 0), (1, 0)], "it is brought, and passed on at once");
    assert_eq!(lies(&lent.ndeye, &lent.file), Where::AtRegion);
    assert_eq!(lent.world.hq.file(&lent.file).unwrap().as_ref(), Some(&lent.photo));
    assert!(lent.world.hq.thumbnail(&lent.file).unwrap().unwrap().verify());
    lent.answers();
    assert_eq!(lent.files(), [(0, 0), (0, 0)], "headquarters' backup has not got it");
    assert!(lent.ndeye.file(&lent.file).unwrap().is_some());
    lent.world.hq.note_backup(NOW).unwrap();
    lent.answers();
    assert_eq!(lent.files(), [(0, 0), (0, 1)]);
    assert_eq!(lies(&lent.tamba, &lent.file), Where::Elsewhere { arrived: 0 });
    assert_eq!(lent.tamba.thumbnail(&lent.file).unwrap(), None);
    assert_eq!(lent.files(), [(0, 1), (0, 0)]);
    lent.answers();
    assert!(lent.ndeye.parts(lent.case).unwrap().is_empty(), "the case could go");
    assert_eq!(lent.ndeye.file(&lent.file).unwrap(), None);
    assert_eq!(files(&mut lent.ndeye, &mut lent.tamba).round_trips, 0, "nothing is left to say");
    assert_eq!(files(&mut lent.tamba, &mut lent.world.hq).round_trips, 0);
}

#[test]
fn who_may_hold_a_case_no_more_is_given_no_file_of_it_while_it_waits_for_the_backup() {
    let (mut lent, assigned) = lends(39, 3);
    attach(&mut lent);
    lent.answers();
    lent.files();
    assert!(lent.tamba.file(&lent.file).unwrap().is_some());
    let World { awa, region, hq, seed, folder, .. } = &mut lent.world;
    let mut oumou = make(folder.path(), "oumou", ReplicaKind::Device, Some("SN-TC"), seed);
    enrol(&mut lent.tamba, &mut oumou, "eight");
    answers(&mut oumou, &mut lent.tamba);
    assert_eq!(oumou.want_files(lent.case).unwrap(), 1);
    event(awa, seed, lent.case, EventKind::Relieved { assigned });
    answers(awa, region);
    answers(region, hq);
    answers(&mut lent.tamba, hq);
    assert!(lent.tamba.is_gone(lent.case).unwrap() && lent.tamba.file(&lent.file).unwrap().is_some());
    // She has not heard of it, and asks.
    let done = files(&mut oumou, &mut lent.tamba);
    assert_eq!((done.files_down, oumou.file(&lent.file).unwrap()), (0, None));
}

#[test]
fn a_file_whose_case_has_left_its_region_still_goes_up_and_is_kept_nowhere_on_the_way() {
    for saved in [Saved::InTime, Saved::Late] {
        let mut lent = lent(30, saved, 3);
        assert_eq!(lent.files(), [(0, 0), (0, 0)], "the hub asks the one above");
        goes_up_and_is_let_go(&mut lent);
    }
}

#[test]
fn a_hub_that_never_held_the_case_takes_its_file_for_headquarters_too() {
    let mut lent = lent(31, Saved::InTime, 3);
    let there = Some("SN-TC");
    let mut other = make(lent.world.folder.path(), "bakel", ReplicaKind::Hub, there, &mut lent.world.seed);
    enrol(&mut lent.world.hq, &mut other, "eight");
    enrol(&mut other, &mut lent.ndeye, "nine");
    std::mem::swap(&mut lent.tamba, &mut other);
    lent.answers();
    assert_eq!(lent.files(), [(0, 0), (0, 0)]);
    goes_up_and_is_let_go(&mut lent);
    assert_eq!(lies(&other, &lent.file), Where::Elsewhere { arrived: 0 });
}

#[test]
fn a_file_passes_through_more_hubs_than_one() {
    let mut lent = lent(32, Saved::InTime, 3);
    let there = Some("SN-TC");
    let mut office = make(lent.world.folder.path(), "bakel", ReplicaKind::Hub, there, &mut lent.world.seed);
    enrol(&mut lent.tamba, &mut office, "eight");
    enrol(&mut office, &mut lent.ndeye, "nine");
    let around = |lent: &mut Lent, office: &mut Replica| {
        answers(&mut lent.ndeye, office);
        answers(office, &mut lent.tamba);
        answers(&mut lent.tamba, &mut lent.world.hq);
        files(&mut lent.ndeye, office);
        files(office, &mut lent.tamba);
        files(&mut lent.tamba, &mut lent.world.hq);
    };
    for _ in 0..4 {
        around(&mut lent, &mut office);
    }
    assert_eq!(lent.world.hq.file(&lent.file).unwrap().as_ref(), Some(&lent.photo));
    lent.world.hq.note_backup(NOW).unwrap();
    for _ in 0..4 {
        around(&mut lent, &mut office);
    }
    for hub in [&office, &lent.tamba, &lent.ndeye] {
        assert_eq!(lies(hub, &lent.file), Where::Elsewhere { arrived: 0 });
    }
    assert!(lent.ndeye.parts(lent.case).unwrap().is_empty());
}

#[test]
fn it_goes_on_at_the_next_chunk_and_what_nobody_comes_back_with_is_forgotten() {
    let mut lent = lent(33, Saved::InTime, 4);
    lent.files();
    let mut lane = Lane::begin(Errand::All, None, 9);
    let mut asked = 0;
    let cut = run(&mut lane, &mut lent.ndeye, &mut lent.tamba, |request, _| {
        asked += 1;
        // A failure makes the batches the smallest.
        match asked {
            1 => Fate::Lost,
            _ if request.stretches.is_empty() || asked < 6 => Fate::Carried,
            _ => Fate::Dark,
        }
    });
    assert!(cut.is_none());
    let Where::Elsewhere { arrived } = lies(&lent.tamba, &lent.file) else { panic!("it is not whole yet") };
    assert!(arrived > 0);
    files(&mut lent.tamba, &mut lent.world.hq);
    assert_eq!(lies(&lent.tamba, &lent.file), Where::Elsewhere { arrived }, "it is wanted still");
    let mut without = lent.ndeye.file(&lent.file).unwrap().unwrap().len() as u64 - arrived;
    for _ in 0..310 {
        files(&mut lent.tamba, &mut lent.world.hq);
    }
    assert_eq!(lies(&lent.tamba, &lent.file), Where::Elsewhere { arrived: 0 });
    without += arrived;
    files(&mut lent.ndeye, &mut lent.tamba);
    files(&mut lent.tamba, &mut lent.world.hq);
    assert_eq!(files(&mut lent.ndeye, &mut lent.tamba).file_bytes_up, without, "she still has all of it");
}

#[test]
fn who_never_wrote_there_nor_was_in_charge_brings_nothing_for_it() {
    let mut lent = lent(34, Saved::InTime, 2);
    let mut fatou =
        make(lent.world.folder.path(), "fatou", ReplicaKind::Device, Some("SN-TC"), &mut lent.world.seed);
    enrol(&mut lent.tamba, &mut fatou, "eight");
    let agent = Agent { office: "Bureau fatou".into(), person: "fatou".into() };
    let own = Audience { reach: Reach::Caseload(agent), ..fatou.profile().audience.clone() };
    lent.tamba.regrant(fatou.id(), own).unwrap().unwrap();
    lent.answers();
    // She has heard of the address, and claims it for a record that nobody has.
    fatou.attach(&lent.photo, None).unwrap();
    mention(&mut fatou, &mut lent.world.seed, lent.file);
    for _ in 0..3 {
        assert_eq!(files(&mut fatou, &mut lent.tamba).files_up, 0);
        assert_eq!(files(&mut lent.tamba, &mut lent.world.hq).wanted, 0);
    }
    // Not even once it is wanted from somebody else.
    assert_eq!(lent.files(), [(0, 0), (0, 0)]);
    let done = files(&mut fatou, &mut lent.tamba);
    assert_eq!((done.files_up, done.file_bytes_up), (0, 0));
    assert_eq!(files(&mut lent.ndeye, &mut lent.tamba).files_up, 1);
}

#[test]
fn whoever_asks_of_thousands_of_files_leaves_room_for_the_others() {
    let mut lent = lent(40, Saved::InTime, 2);
    let mut fatou =
        make(lent.world.folder.path(), "fatou", ReplicaKind::Device, Some("SN-TC"), &mut lent.world.seed);
    enrol(&mut lent.tamba, &mut fatou, "eight");
    for exchange in 1..=17 {
        let offer = |number: u8| {
            let mut file = [number; 32];
            file[0] = exchange;
            Offer { file: FileHash(file), bytes: 10, thumbnail: false, on_behalf_of: None }
        };
        let request = LaneRequest {
            version: Version::NamedOnce,
            hub: lent.tamba.id(),
            replica: fatou.id(),
            line: Line::FIRST,
            exchange: u64::from(exchange),
            pull_bytes_max: 0,
            offers: (0..=255).map(offer).collect(),
            thumbnails: Vec::new(),
            stretches: Vec::new(),
            thumbnails_wanted: Vec::new(),
            wanted: Vec::new(),
        };
        hub_answers(&mut lent.tamba, &request.encode(fatou.identity()));
    }
    lent.files();
    goes_up_and_is_let_go(&mut lent);
}

#[test]
fn who_asks_for_another_brings_nothing_with_it() {
    let lent = lent(37, Saved::InTime, 2);
    let mut request = LaneRequest {
        version: Version::NamedOnce,
        hub: lent.world.hq.id(),
        replica: lent.tamba.id(),
        line: Line::FIRST,
        exchange: 1_000,
        pull_bytes_max: 0,
        offers: vec![Offer::question(lent.file, lent.ndeye.id())],
        thumbnails: Vec::new(),
        stretches: Vec::new(),
        thumbnails_wanted: Vec::new(),
        wanted: Vec::new(),
    };
    let read = |request: &LaneRequest| {
        let body = request.encode(lent.tamba.identity());
        LaneRequest::read(&body, &lent.tamba.public_key(), Spoken::BUILD)
    };
    assert_eq!(read(&request).unwrap(), request);
    request.offers[0].bytes = CHUNK_BYTES;
    assert!(read(&request).is_err());
}

#[test]
fn nothing_passes_through_a_hub_that_may_not_hold_its_class() {
    let mut lent = lent(35, Saved::InTime, 2);
    let less = Audience { clearance: Clearance::of_names(["open"]), ..lent.tamba.profile().audience.clone() };
    lent.world.hq.regrant(lent.tamba.id(), less).unwrap().unwrap();
    for _ in 0..3 {
        lent.answers();
        assert_eq!(lent.files(), [(0, 0), (0, 0)]);
    }
    assert_eq!(lies(&lent.tamba, &lent.file), Where::Elsewhere { arrived: 0 });
}

#[test]
fn what_passes_through_goes_when_a_record_is_erased_that_may_be_its_own() {
    let mut lent = lent(36, Saved::InTime, 2);
    lent.files();
    assert_eq!(files(&mut lent.ndeye, &mut lent.tamba).files_up, 1);
    assert_eq!(lent.tamba.file(&lent.file).unwrap().as_ref(), Some(&lent.photo));
    lent.world.hq.erase(lent.case, NOW).unwrap();
    answers(&mut lent.tamba, &mut lent.world.hq);
    assert_eq!(lies(&lent.tamba, &lent.file), Where::Elsewhere { arrived: 0 }, "before it confirms");
    assert_eq!(lent.tamba.thumbnail(&lent.file).unwrap(), None);
    // Ndeye has not heard of it yet.
    assert_eq!(lent.files(), [(0, 0), (0, 0)]);
    assert_eq!(lent.files(), [(0, 0), (0, 0)]);
    lent.answers();
    assert_eq!(lent.ndeye.file(&lent.file).unwrap(), None);
    let erased = lent.world.hq.erasures().unwrap();
    assert!([&lent.ndeye, &lent.tamba].iter().all(|holder| erased[0].confirmed.contains(&holder.id())));
}
