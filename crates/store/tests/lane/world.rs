//! Two devices, a region and headquarters as replicas in one process, and the links between them.

use std::collections::BTreeMap;
use std::path::Path;

use teranga_core::attachment::Address;
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::{Entropy, EventId, FileHash, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::problem::Retry;
use teranga_core::record::{Envelope, Event, EventKind};
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::attachments::Where;
use teranga_store::conversation::{Conversation, Failure, Reply, Talk, Turn};
use teranga_store::lane::{Errand, Lane, LaneSummary};
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica};
use teranga_sync::attachment::{LaneAnswer, LaneRequest};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::message::Request;
use teranga_sync::version::Spoken;

pub(crate) const NOW: Millis = Millis(1_700_000_000_000);

/// SplitMix64: a small seeded source, so that a failing run can be run again.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.next().to_le_bytes()[0];
        }
    }
}

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) seed: Seeded,
    pub(crate) hq: Replica,
    pub(crate) region: Replica,
    pub(crate) awa: Replica,
    pub(crate) moussa: Replica,
}

pub(crate) fn make(
    folder: &Path,
    name: &str,
    kind: ReplicaKind,
    region: Option<&str>,
    seed: &mut Seeded,
) -> Replica {
    let audience = Audience::of_region(region);
    let profile = Profile { kind, person: name.into(), office: format!("Bureau {name}"), audience };
    Replica::create(&folder.join(name), &profile, seed).unwrap()
}

pub(crate) fn enrol(hub: &mut Replica, child: &mut Replica, code: &str) {
    let profile = child.profile().clone();
    hub.add_enrolment_code(code, &profile, Millis(NOW.0 + 1)).unwrap();
    assert!(hub.enrol(code, &child.public_key(), NOW).unwrap().is_some());
    let (key, home) = (hub.public_key(), hub.home().unwrap());
    let joined = Joined { key: &key, url: "http://127.0.0.1:1", name: "hub", home: home.as_ref() };
    child.join(&joined, profile).unwrap();
}

pub(crate) fn world(seed: u64) -> World {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = Seeded(seed);
    let mut make = |name: &str, kind, region| make(folder.path(), name, kind, region, &mut seed);
    let mut hq = make("hq", ReplicaKind::Hub, None);
    let mut region = make("kaolack", ReplicaKind::Hub, Some("SN-KL"));
    let mut awa = make("awa", ReplicaKind::Device, Some("SN-KL"));
    let mut moussa = make("moussa", ReplicaKind::Device, Some("SN-KL"));
    enrol(&mut hq, &mut region, "one");
    enrol(&mut region, &mut awa, "two");
    enrol(&mut region, &mut moussa, "three");
    World { folder, seed, hq, region, awa, moussa }
}

/// A session of answers, to its end.
pub(crate) fn answers(child: &mut Replica, hub: &mut Replica) {
    let mut talk = Conversation::begin(child, 3).unwrap();
    let mut turn = talk.next(child, NOW, 0);
    loop {
        turn = match turn {
            Turn::Send(body) => {
                let known = hub.child(Request::ends(&body).unwrap().child).unwrap().unwrap();
                let request = Request::read(&body, &known.key, Spoken::BUILD).unwrap();
                let before = hub.begin_exchange(&request, NOW).unwrap().unwrap();
                for push in &request.pushes {
                    hub.ingest(&known, request.line, push, NOW).unwrap();
                }
                while hub.apply_logged().unwrap().is_left() {}
                let answer = hub.answer(&known, &request, before, NOW).unwrap().encode(hub.identity());
                talk.hear(child, Reply::Answer(&answer), NOW, 0)
            }
            Turn::Pause(_) => talk.next(child, NOW, 0),
            Turn::Over(outcome) => return outcome.unwrap(),
        };
    }
}

/// What a hub answers to the bytes of a request.
pub(crate) fn hub_answers(hub: &mut Replica, body: &[u8]) -> LaneAnswer {
    let known = hub.child(LaneRequest::ends(body).unwrap().child).unwrap().unwrap();
    let request = LaneRequest::read(body, &known.key, Spoken::BUILD).unwrap();
    assert!(hub.begin_lane(&request, NOW).unwrap());
    assert!(!hub.begin_lane(&request, NOW).unwrap(), "a number serves once");
    hub.answer_lane(&known, &request).unwrap().unwrap()
}

/// What happens to one request.
pub(crate) enum Fate {
    Carried,
    Lost,
    AnswerLost,
    /// The child's power fails before it hears.
    Dark,
    /// The hub says something else.
    Spoilt(Box<dyn Fn(&mut LaneAnswer)>),
}

pub(crate) type Outcome = Result<(), Failure>;

/// A run of the lane over a link with a mind of its own.
pub(crate) fn run(
    lane: &mut Lane,
    child: &mut Replica,
    hub: &mut Replica,
    fate: impl FnMut(&LaneRequest, usize) -> Fate,
) -> Option<Outcome> {
    run_at(NOW, lane, (child, hub), fate)
}

/// The same at some time.
pub(crate) fn run_at(
    now: Millis,
    lane: &mut Lane,
    (child, hub): (&mut Replica, &mut Replica),
    mut fate: impl FnMut(&LaneRequest, usize) -> Fate,
) -> Option<Outcome> {
    let mut turn = lane.next(child, now, 0);
    for _ in 0..10_000 {
        turn = match turn {
            Turn::Send(body) => {
                let request = LaneRequest::read(&body, &child.public_key(), Spoken::BUILD).unwrap();
                match fate(&request, body.len()) {
                    Fate::Lost => lane.hear(child, Reply::Nothing(Retry::Later), now, 0),
                    Fate::Dark => return None,
                    Fate::AnswerLost => {
                        hub_answers(hub, &body);
                        lane.hear(child, Reply::Nothing(Retry::Later), now, 0)
                    }
                    Fate::Carried => {
                        let answer = hub_answers(hub, &body).encode(hub.identity());
                        lane.hear(child, Reply::Answer(&answer), now, 0)
                    }
                    Fate::Spoilt(spoil) => {
                        let mut answer = hub_answers(hub, &body);
                        spoil(&mut answer);
                        let answer = answer.encode(hub.identity());
                        lane.hear(child, Reply::Answer(&answer), now, 0)
                    }
                }
            }
            Turn::Pause(_) => lane.next(child, now, 0),
            Turn::Over(outcome) => return Some(outcome),
        };
    }
    panic!("the run never ends");
}

/// A whole run over a good link.
pub(crate) fn files(child: &mut Replica, hub: &mut Replica) -> LaneSummary {
    let mut lane = Lane::begin(Errand::All, None, 5);
    run(&mut lane, child, hub, |_, _| Fate::Carried).unwrap().unwrap();
    *lane.summary()
}

pub(crate) fn photo(seed: &mut Seeded, bytes: usize) -> Vec<u8> {
    let mut photo = vec![0; bytes];
    seed.fill(&mut photo);
    photo
}

/// A record whose survey part mentions a file.
pub(crate) fn mention(device: &mut Replica, seed: &mut Seeded, file: FileHash) -> RecordId {
    let record = RecordId::generate(NOW, seed);
    let mut salt = [0; 16];
    seed.fill(&mut salt);
    let event = EventId::generate(NOW, seed);
    let envelope = Envelope {
        form: "plan@1".into(),
        case: None,
        wave: None,
        region: device.profile().audience.region().unwrap().into(),
        events: BTreeMap::from([(event, Event { at: NOW, kind: EventKind::Submitted })]),
    };
    let address = Address { hash: file, extension: "jpg".into() };
    let edits = vec![(Key::question("photo"), Value::Text(address.to_string()))];
    let parts = vec![
        PartEdit { class: ClassId::new("open"), edits: envelope.write() },
        PartEdit { class: ClassId::new("survey"), edits },
    ];
    let (form, salt) = ("plan@1".into(), Salt(salt));
    device.save(&Save { record, salt, form, at: NOW, parts, draft: DraftFate::Keep }).unwrap();
    record
}

/// A photograph that awa attached, and whose answer her hub has.
pub(crate) fn attached(world: &mut World, bytes: usize) -> (RecordId, FileHash, Vec<u8>) {
    let photo = photo(&mut world.seed, bytes);
    let file = world.awa.attach(&photo, Some(b"\xff\xd8\xff small".to_vec())).unwrap();
    let record = mention(&mut world.awa, &mut world.seed, file);
    answers(&mut world.awa, &mut world.region);
    (record, file, photo)
}

pub(crate) fn lies(replica: &Replica, file: &FileHash) -> Where {
    replica.file_lies(file).unwrap().1
}

pub(crate) fn reopen(replica: &mut Replica, seed: &mut Seeded) {
    let folder = replica.folder().to_owned();
    let other = tempfile::tempdir().unwrap();
    let placeholder = make(other.path(), "none", ReplicaKind::Device, Some("SN-KL"), seed);
    drop(std::mem::replace(replica, placeholder));
    *replica = Replica::open(&folder, seed).unwrap();
}
