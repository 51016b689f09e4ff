//! A device that signs whatever it likes, and what it shoots at.

use std::collections::BTreeSet;

use teranga_client::invent::Seeded;
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, Line, ManifestHash, OpeningNonce, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::part::Part;
use teranga_office::Office;
use teranga_office::exchange::Exchanged;
use teranga_store::Profile;
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::feed::Cursor;
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::manifest::{Authorship, Listed, Manifest};
use teranga_sync::message::{Asker, Push, Request};
use teranga_sync::pack::{Entry, Pack, list};
use teranga_sync::version::{self, Spoken};

pub(crate) const NOW: Millis = Millis(1_772_442_000_000);

pub(crate) fn profile(kind: ReplicaKind, person: &str) -> Profile {
    let audience = Audience::of_region(Some("SN-KL"));
    Profile { kind, person: person.into(), office: "BAOS Kaolack".into(), audience }
}

pub(crate) fn enrol(hub: &mut Office, identity: &Identity, seed: &mut Seeded) {
    let code = hub.new_code(&profile(ReplicaKind::Device, "Un Essai"), seed, NOW).unwrap();
    let code = teranga_sync::code::normalise(&code).unwrap();
    hub.enrol(&EnrolRequest::sign(identity, &code, Spoken::BUILD), NOW).unwrap();
}

/// A device that signs whatever it likes, each change under an opening of its own.
pub(crate) struct Hostile {
    pub(crate) identity: Identity,
    openings: u64,
    exchange: u64,
    outbox: u64,
    batch: u64,
    previous: ManifestHash,
}

/// A change as it is about to be sent, with its opening.
pub(crate) struct Shot {
    pub(crate) nonce: OpeningNonce,
    pub(crate) entry: Entry,
}

impl Hostile {
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity, openings: 0, exchange: 0, outbox: 0, batch: 0, previous: ManifestHash([0; 32]) }
    }

    pub(crate) fn opening(&mut self) -> OpeningNonce {
        self.openings += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.openings.to_be_bytes());
        OpeningNonce(nonce)
    }

    /// A change of a part by a fresh opening.
    pub(crate) fn change(
        &mut self,
        part: &Part,
        target: &Target,
        class: &str,
        edits: &[(Key, Value)],
    ) -> Shot {
        let nonce = self.opening();
        let actor = actor_of(&self.identity.public_key(), nonce);
        let change = part.clone().edit(actor, NOW, "rss@1", edits).unwrap().unwrap();
        let class = ClassId::new(class);
        let (record, salt) = (target.record, target.salt);
        Shot { nonce, entry: Entry { record, salt, class, hash: change.hash, body: Some(change.bytes) } }
    }

    /// Sends saves of one change each; on success the chain goes on. Returns how many were quarantined.
    pub(crate) fn send(&mut self, hub: &mut Office, shots: Vec<Shot>) -> Result<usize, Problem> {
        let (pack, batch) = (self.pack(&shots), self.batch + 1);
        let exchanged = self.exchange(hub, std::slice::from_ref(&pack))?;
        (self.outbox, self.batch, self.previous) = (self.outbox + 1, batch, pack.hash());
        Ok(exchanged.applied.quarantined)
    }

    /// The pack that would follow the last that was taken, of saves of one change each.
    pub(crate) fn pack(&self, shots: &[Shot]) -> Pack {
        self.pack_after((self.batch, self.previous), shots)
    }

    /// A pack that follows this one.
    pub(crate) fn pack_after(&self, (batch, previous): (u64, ManifestHash), shots: &[Shot]) -> Pack {
        let openings: BTreeSet<OpeningNonce> = shots.iter().map(|shot| shot.nonce).collect();
        let saves: Vec<Vec<Entry>> = shots.iter().map(|shot| vec![shot.entry.clone()]).collect();
        let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
        let by = Authorship::own(openings.into_iter().collect());
        let listed = listed.iter().map(Vec::as_slice);
        let manifest = Manifest::sign(&self.identity, Batch(batch + 1), previous, by, listed);
        Pack { manifest, saves }
    }

    /// Sends packs together, the first after the last that was taken.
    pub(crate) fn exchange(&mut self, hub: &mut Office, packs: &[Pack]) -> Result<Exchanged, Problem> {
        self.exchange += 1;
        let pushes = (self.outbox + 1..).zip(packs);
        let request = Request {
            version: version::MAX,
            hub: hub.replica().id(),
            replica: self.identity.replica(),
            line: Line::FIRST,
            opening: Asker::default(),
            exchange: self.exchange,
            cursor: Cursor::default(),
            pull_bytes_max: 0,
            introductions: Vec::new(),
            confirmations: Vec::new(),
            judgements: Vec::new(),
            pushes: pushes.map(|(number, pack)| Push::of(number, None, pack, version::MAX)).collect(),
        };
        hub.exchange(&request.encode(&self.identity), NOW).map_err(|rejected| rejected.problem)
    }
}

/// A record whose survey is shot at.
pub(crate) struct Target {
    pub(crate) record: RecordId,
    pub(crate) salt: Salt,
    pub(crate) survey: Part,
}
