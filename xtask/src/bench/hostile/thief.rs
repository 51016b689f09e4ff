//! Whoever is enrolled and signs as they should, whatever it is that they sign.

use anyhow::{Context, Result};
use teranga_client::invent::Seeded;
use teranga_core::audience::Audience;
use teranga_core::id::{ActorId, Batch, Line, ManifestHash, OpeningNonce, ReplicaId};
use teranga_examples::NOW;
use teranga_office::Office;
use teranga_store::Profile;
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::feed::Cursor;
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::manifest::{Authorship, Listed, Manifest};
use teranga_sync::message::{Asker, Push, Request};
use teranga_sync::pack::{Entry, Pack, list};
use teranga_sync::version::{self, Spoken};

/// A device of which nothing is left but its key.
pub(super) struct Thief {
    identity: Identity,
    hub: ReplicaId,
    nonce: OpeningNonce,
    exchange: u64,
    outbox: u64,
    batch: u64,
    previous: ManifestHash,
}

impl Thief {
    /// Enrols with a code, as anybody does.
    pub(super) fn enrolled(office: &mut Office, seed: &mut Seeded) -> Result<Self> {
        let identity = Identity::from_secret([66; 32]);
        let (person, office_name) = ("Un Essai".to_owned(), "BAOS Kaolack".to_owned());
        let audience = Audience::of_region(Some("SN-KL"));
        let profile = Profile { kind: ReplicaKind::Device, person, office: office_name, audience };
        let code = office.new_code(&profile, seed, NOW).ok().context("a code")?;
        let code = teranga_sync::code::normalise(&code).context("the code")?;
        office.enrol(&EnrolRequest::sign(&identity, &code, Spoken::BUILD), NOW).ok().context("enrolled")?;
        let hub = office.replica().id();
        let (nonce, previous) = (OpeningNonce([7; 16]), ManifestHash([0; 32]));
        Ok(Self { identity, hub, nonce, exchange: 0, outbox: 0, batch: 0, previous })
    }

    /// Who writes the changes.
    pub(super) fn actor(&self) -> ActorId {
        actor_of(&self.identity.public_key(), self.nonce)
    }

    /// A request with one pack, of these saves.
    pub(super) fn bring(&mut self, saves: Vec<Vec<Entry>>) -> Vec<u8> {
        let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
        let by = Authorship::own(vec![self.nonce]);
        let batch = Batch(self.batch + 1);
        let manifest =
            Manifest::sign(&self.identity, batch, self.previous, by, listed.iter().map(Vec::as_slice));
        let pack = Pack { manifest, saves };
        self.outbox += 1;
        self.batch += 1;
        self.previous = pack.hash();
        let push = Push::of(self.outbox, None, &pack, version::MAX);
        self.ask(vec![push])
    }

    /// A request with something in the place of packs.
    pub(super) fn bring_instead(&mut self, each: Vec<Vec<u8>>) -> Vec<u8> {
        let push = |(number, bytes)| Push { number, introduction: None, version: version::MAX, bytes };
        self.ask((self.outbox + 1..).zip(each).map(push).collect())
    }

    fn ask(&mut self, pushes: Vec<Push>) -> Vec<u8> {
        self.exchange += 1;
        let request = Request {
            version: version::MAX,
            hub: self.hub,
            replica: self.identity.replica(),
            line: Line::FIRST,
            opening: Asker::default(),
            exchange: self.exchange,
            cursor: Cursor::default(),
            pull_bytes_max: teranga_sync::limits::ROWS_CUT_BYTES_MAX,
            introductions: Vec::new(),
            confirmations: Vec::new(),
            judgements: Vec::new(),
            pushes,
        };
        request.encode(&self.identity)
    }
}
