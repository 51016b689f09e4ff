//! A hostile device, enrolled and signing as it should, sends 20,000 random mutations of valid changes to a hub. No
//! panic leaves the guard, every part loads afterwards, and an honest device's changes keep flowing.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on must stop the test"
)]

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::grant::Audience;
use teranga_core::id::{Batch, ChangeHash, Entropy, ManifestHash, OpeningNonce, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::problem::Problem;
use teranga_core::record::Envelope;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::part::Part;
use teranga_office::Office;
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::{Profile, Replica};
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::feed::{Cursor, ReplicaKind};
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::manifest::{Listed, Manifest};
use teranga_sync::message::{Answer, Push, Request};
use teranga_sync::pack::{Entry, Pack, list};
use teranga_sync::scan::{ChangeLimits, scan};
use teranga_sync::session::{Left, Session};

const NOW: Millis = Millis(1_772_442_000_000);
const NONCE: OpeningNonce = OpeningNonce([5; 16]);
const MUTATIONS: usize = 20_000;
/// Mutations that a scanner takes, sent together.
const SAVES_PER_PACK: usize = 50;

/// SplitMix64.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.next().to_le_bytes()[0]);
    }
}

fn profile(kind: ReplicaKind, person: &str) -> Profile {
    let audience = Audience::of_region(Some("SN-KL"));
    Profile { kind, person: person.into(), office: "BAOS Kaolack".into(), audience }
}

fn enrol(hub: &mut Office, identity: &Identity, seed: &mut Seeded) {
    let code = hub.new_code(&profile(ReplicaKind::Device, "Un Essai"), seed, NOW).unwrap();
    let code = teranga_sync::code::normalise(&code).unwrap();
    hub.enrol(&EnrolRequest::sign(identity, &code), NOW).unwrap();
}

/// A device that signs whatever it likes.
struct Hostile {
    identity: Identity,
    exchange: u64,
    outbox: u64,
    batch: u64,
    previous: ManifestHash,
}

impl Hostile {
    /// Sends saves of one change each; on success the chain goes on.
    fn send(&mut self, hub: &mut Office, entries: Vec<Entry>) -> Result<usize, Problem> {
        let saves: Vec<Vec<Entry>> = entries.into_iter().map(|entry| vec![entry]).collect();
        let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
        let batch = Batch(self.batch + 1);
        let listed = listed.iter().map(Vec::as_slice);
        let manifest = Manifest::sign(&self.identity, batch, self.previous, vec![NONCE], listed);
        let pack = Pack { manifest, saves };
        self.exchange += 1;
        let request = Request {
            hub: hub.replica().id(),
            replica: self.identity.replica(),
            exchange: self.exchange,
            cursor: Cursor::default(),
            pull_bytes_max: 0,
            pushes: vec![Push { number: self.outbox + 1, introduction: None, pack: pack.encode(&first) }],
        };
        let exchanged =
            hub.exchange(&request.encode(&self.identity), NOW).map_err(|rejected| rejected.problem)?;
        self.outbox += 1;
        self.batch += 1;
        self.previous = pack.hash();
        Ok(exchanged.quarantined)
    }
}

fn first(record: RecordId, class: &ClassId, salt: Salt) -> ChangeHash {
    Part::first_change(record, class, salt.0).hash
}

/// One to three bytes of a change's body changed, and the checksum made to fit.
fn mutate(change: &[u8], seed: &mut Seeded) -> Vec<u8> {
    let mut wrong = change.to_vec();
    for _ in 0..=seed.below(3) {
        let at = 9 + seed.below(wrong.len() - 9);
        wrong[at] = seed.next().to_le_bytes()[0];
    }
    let hash = Sha256::digest(&wrong[8..]);
    wrong[4..8].copy_from_slice(&hash[..4]);
    wrong
}

/// A record of its own for each valid change, and that change.
fn valid(identity: &Identity, seed: &mut Seeded, number: usize) -> (RecordId, Salt, ClassId, Vec<u8>) {
    let (record, salt) = (RecordId::generate(NOW, seed), Salt([7; 16]));
    let class = ClassId::new(if number.is_multiple_of(2) { "survey" } else { "open" });
    let mut part = Part::open(record, &class, salt.0);
    let mut edits: Vec<(Key, Value)> = (0..6)
        .map(|at| (Key::question(&format!("Q{at}")), Value::text(format!("answer {}", seed.below(100)))))
        .collect();
    edits.push((Key::question("men"), Value::Int(3)));
    if class.as_str() == "open" {
        let envelope = Envelope {
            form: "rss@1".into(),
            case: None,
            wave: None,
            region: "SN-KL".into(),
            events: BTreeMap::new(),
        };
        edits.extend(envelope.write());
    }
    let actor = actor_of(&identity.public_key(), NONCE);
    let change = part.edit(actor, NOW, "rss@1", &edits).unwrap().unwrap();
    (record, salt, class, change.bytes)
}

#[test]
fn twenty_thousand_mutations_harm_nobody_but_their_sender() {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = Seeded(20);
    let replica =
        Replica::create(&folder.path().join("hub"), &profile(ReplicaKind::Hub, "hub"), &mut seed).unwrap();
    let mut hub = Office::open(replica).unwrap();
    let identity = Identity::from_secret([66; 32]);
    enrol(&mut hub, &identity, &mut seed);
    let mut hostile = Hostile { identity, exchange: 0, outbox: 0, batch: 0, previous: ManifestHash([0; 32]) };
    let (mut refused, mut quarantined, mut sent) = (0, 0, 0);
    let mut waiting: Vec<Entry> = Vec::new();
    for number in 0..MUTATIONS {
        let (record, salt, class, change) = valid(&hostile.identity, &mut seed, number);
        let body = mutate(&change, &mut seed);
        let scanned = scan(&body, &ChangeLimits::PROTOCOL);
        let actor = actor_of(&hostile.identity.public_key(), NONCE);
        let taken = scanned.as_ref().is_ok_and(|scanned| scanned.actor == actor);
        let hash = scanned.map_or(ChangeHash([0; 32]), |scanned| scanned.hash);
        let entry = Entry { record, salt, class, hash, body: Some(body) };
        if taken {
            waiting.push(entry);
        } else {
            assert!(hostile.send(&mut hub, vec![entry]).is_err());
            refused += 1;
        }
        if waiting.len() == SAVES_PER_PACK {
            sent += waiting.len();
            quarantined += hostile.send(&mut hub, std::mem::take(&mut waiting)).unwrap();
        }
    }
    println!("{MUTATIONS} mutations: {refused} refused, {quarantined} of {sent} logged were quarantined");
    assert!(refused > 5_000 && quarantined > 2_000);
    drop(hub);
    let replica = Replica::open(&folder.path().join("hub"), &mut seed).unwrap();
    let mut hub = Office::open(replica).unwrap();
    assert!(hub.replica().digests().unwrap().len() > 100);
    honest_changes_flow(&mut hub, folder.path(), &mut seed);
}

fn honest_changes_flow(hub: &mut Office, folder: &std::path::Path, seed: &mut Seeded) {
    let mut device =
        Replica::create(&folder.join("awa"), &profile(ReplicaKind::Device, "Awa Exemple"), seed).unwrap();
    enrol(hub, device.identity(), seed);
    device.set_uplink(&hub.replica().public_key(), "in this process", "hub").unwrap();
    let (record, salt) = (RecordId::generate(NOW, seed), Salt([8; 16]));
    let edits = vec![(Key::question("E01"), Value::text("ok"))];
    let parts = vec![PartEdit { class: ClassId::new("survey"), edits }];
    let save = Save { record, salt, form: "rss@1".into(), at: NOW, parts, draft: DraftFate::Keep };
    assert_eq!(device.save(&save).unwrap().len(), 1);
    let session = Session::new();
    loop {
        let request = device.next_request(&session.plan(), NOW).unwrap().unwrap();
        let answer = hub.exchange(&request.encode(device.identity()), NOW).unwrap().answer;
        let answer = Answer::decode(&answer).unwrap().verify(&hub.replica().public_key()).unwrap();
        if device.take_answer(&request, &answer, NOW).unwrap().left == Left::Nothing {
            break;
        }
    }
    assert_eq!(hub.replica().parts(record).unwrap(), device.parts(record).unwrap());
    assert!(
        device.digests().unwrap().len() > 50,
        "what the hub took of the hostile device loads on the honest one"
    );
    assert_eq!(
        device.log_counts().unwrap().quarantined,
        0,
        "nothing that the hub passed on fails on a device"
    );
}
