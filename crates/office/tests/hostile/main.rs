//! A hostile device, enrolled and signing as it should, sends 20,000 random mutations of valid changes to a hub. No
//! panic leaves the guard, every part loads afterwards, and an honest device's changes keep flowing.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on must stop the test"
)]

mod device;
mod revoked;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use teranga_client::invent::Seeded;
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::record::Envelope;
use teranga_core::value::Value;
use teranga_document::part::Part;
use teranga_office::Office;
use teranga_store::Replica;
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::uplink::Joined;
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::message::Answer;
use teranga_sync::scan::{ChangeLimits, scan};
use teranga_sync::session::{Left, Session};
use teranga_sync::version::Spoken;

use crate::device::{Hostile, NOW, Shot, Target, enrol, profile};

const MUTATIONS: usize = 20_000;
/// Mutations that a scanner takes, sent together.
const SHOTS_PER_PACK: usize = 50;
const OWN_TARGETS: usize = 200;
const HONEST_TARGETS: usize = 40;

/// Records of the hostile device's own, whose envelopes it sends as it should.
fn own_targets(hub: &mut Office, hostile: &mut Hostile, seed: &mut Seeded) -> Vec<Target> {
    let targets: Vec<Target> = (0..OWN_TARGETS)
        .map(|_| {
            let (record, salt) = (RecordId::generate(NOW, seed), Salt([7; 16]));
            Target { record, salt, survey: Part::open(record, &ClassId::new("survey"), salt.0) }
        })
        .collect();
    let shots = targets.iter().map(|target| {
        let open = Part::open(target.record, &ClassId::new("open"), target.salt.0);
        hostile.change(&open, target, "open", &envelope().write())
    });
    let shots = shots.collect();
    assert_eq!(hostile.send(hub, shots), Ok(0));
    targets
}

/// One to three bytes of a change's body changed, and the checksum made to fit.
fn mutate(change: &[u8], seed: &mut Seeded) -> Vec<u8> {
    let mut wrong = change.to_vec();
    for _ in 0..=seed.below(3) {
        let at = 9 + seed.below(wrong.len() - 9);
        wrong[at] = seed.next_number().to_le_bytes()[0];
    }
    let hash = Sha256::digest(&wrong[8..]);
    wrong[4..8].copy_from_slice(&hash[..4]);
    wrong
}

fn envelope() -> Envelope {
    Envelope { form: "rss@1".into(), case: None, wave: None, region: "SN-KL".into(), events: BTreeMap::new() }
}

fn answers(seed: &mut Seeded) -> Vec<(Key, Value)> {
    let mut edits: Vec<(Key, Value)> = (0..6)
        .map(|at| (Key::question(&format!("Q{at}")), Value::text(format!("answer {}", seed.below(100)))))
        .collect();
    edits.push((Key::question("men"), Value::Int(3)));
    edits
}

#[test]
fn twenty_thousand_mutations_harm_nobody_but_their_sender() {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = Seeded(20);
    let replica =
        Replica::create(&folder.path().join("hub"), &profile(ReplicaKind::Hub, "hub"), &mut seed).unwrap();
    let mut hub = Office::open(replica).unwrap();
    let mut honest = honest_device(&mut hub, folder.path(), &mut seed);
    let mut targets = honest_targets(&mut honest, &mut hub, &mut seed);
    let identity = Identity::from_secret([66; 32]);
    enrol(&mut hub, &identity, &mut seed);
    let mut hostile = Hostile::new(identity);
    targets.extend(own_targets(&mut hub, &mut hostile, &mut seed));
    let (mut refused, mut quarantined, mut sent) = (0, 0, 0);
    let mut waiting: Vec<Shot> = Vec::new();
    for _ in 0..MUTATIONS {
        let target = &targets[seed.below(targets.len())];
        let mut shot = hostile.change(&target.survey, target, "survey", &answers(&mut seed));
        let body = mutate(shot.entry.body.as_ref().unwrap(), &mut seed);
        let scanned = scan(&body, &ChangeLimits::PROTOCOL);
        let actor = actor_of(&hostile.identity.public_key(), shot.nonce);
        let taken = scanned.as_ref().is_ok_and(|scanned| scanned.actor == actor);
        shot.entry.hash = scanned.map_or(ChangeHash([0; 32]), |scanned| scanned.hash);
        shot.entry.body = Some(body);
        if taken {
            waiting.push(shot);
        } else {
            assert!(hostile.send(&mut hub, vec![shot]).is_err());
            refused += 1;
        }
        if waiting.len() == SHOTS_PER_PACK {
            sent += waiting.len();
            quarantined += hostile.send(&mut hub, std::mem::take(&mut waiting)).unwrap();
            honest_work_goes_on(&mut honest, &mut hub, &mut seed, sent);
        }
    }
    sent += waiting.len();
    quarantined += hostile.send(&mut hub, waiting).unwrap();
    println!("{MUTATIONS} mutations: {refused} refused, {quarantined} of {sent} logged were quarantined");
    assert!(refused > 5_000 && quarantined > 2_000);
    drop(hub);
    let replica = Replica::open(&folder.path().join("hub"), &mut seed).unwrap();
    let mut hub = Office::open(replica).unwrap();
    honest_work_goes_on(&mut honest, &mut hub, &mut seed, sent);
    for replica in [hub.replica(), honest.replica()] {
        assert_eq!(replica.unsound_parts().unwrap(), [], "every part loads as what it shows");
    }
    let counts = honest.replica().log_counts().unwrap();
    assert_eq!(counts.quarantined, 0, "nothing that the hub passed on fails on a device");
}

fn honest_device(hub: &mut Office, folder: &std::path::Path, seed: &mut Seeded) -> Honest {
    let profile = profile(ReplicaKind::Device, "Awa Exemple");
    let mut replica = Replica::create(&folder.join("awa"), &profile, seed).unwrap();
    enrol(hub, replica.identity(), seed);
    let (key, home) = (hub.replica().public_key(), hub.replica().home().unwrap());
    let joined = Joined { key: &key, url: "in this process", name: "hub", home: home.as_ref() };
    replica.join(&joined, profile).unwrap();
    Honest { replica, records: Vec::new() }
}

/// A device that does its work.
struct Honest {
    replica: Replica,
    records: Vec<(RecordId, Salt)>,
}

impl Honest {
    fn replica(&self) -> &Replica {
        &self.replica
    }

    fn sync(&mut self, hub: &mut Office) {
        let session = Session::new();
        loop {
            let request = self.replica.next_request(&session.plan(), NOW).unwrap().unwrap();
            let answer = hub.exchange(&request.encode(self.replica.identity()), NOW).unwrap().answer;
            let answer = Answer::read(&answer, &hub.replica().public_key(), Spoken::BUILD).unwrap();
            if self.replica.take_answer(&request, &answer, NOW).unwrap().left == Left::Nothing {
                return;
            }
        }
    }

    fn save(&mut self, record: RecordId, salt: Salt, parts: Vec<PartEdit>) {
        let save = Save { record, salt, form: "rss@1".into(), at: NOW, parts, draft: DraftFate::Keep };
        assert!(!self.replica.save(&save).unwrap().is_empty());
    }
}

/// Records that an honest device brought, which the hostile one shoots at too.
fn honest_targets(honest: &mut Honest, hub: &mut Office, seed: &mut Seeded) -> Vec<Target> {
    for _ in 0..HONEST_TARGETS {
        let (record, salt) = (RecordId::generate(NOW, seed), Salt([8; 16]));
        let open = PartEdit { class: ClassId::new("open"), edits: envelope().write() };
        let survey = PartEdit { class: ClassId::new("survey"), edits: answers(seed) };
        honest.save(record, salt, vec![open, survey]);
        honest.records.push((record, salt));
    }
    honest.sync(hub);
    let survey = |record| Part::open(record, &ClassId::new("survey"), [8; 16]);
    honest
        .records
        .iter()
        .map(|(record, salt)| Target { record: *record, salt: *salt, survey: survey(*record) })
        .collect()
}

/// The honest device edits a record that is shot at, and both ends agree about all it holds.
fn honest_work_goes_on(honest: &mut Honest, hub: &mut Office, seed: &mut Seeded, sent: usize) {
    let (record, salt) = honest.records[seed.below(honest.records.len())];
    let edits =
        vec![(Key::question("E01"), Value::text(format!("after {sent} of {}", seed.below(1_000_000))))];
    honest.save(record, salt, vec![PartEdit { class: ClassId::new("survey"), edits }]);
    honest.sync(hub);
    assert_eq!(hub.replica().parts(record).unwrap(), honest.replica.parts(record).unwrap());
}
