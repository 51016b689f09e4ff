//! Somebody enrolled who sends junk: it is signed, numbered and chained on to what was taken of it before, as far as its
//! tape asks for that, so that a hub looks at everything behind its door.

#![expect(clippy::unwrap_used, reason = "a world without honest requests must stop the run")]

use std::collections::BTreeMap;

use teranga_core::id::{Batch, Line, ManifestHash, PublicKey, ReplicaId};
use teranga_store::Replica;
use teranga_sync::attachment::LaneRequest;
use teranga_sync::bundle::Bundle;
use teranga_sync::erase::Confirmation;
use teranga_sync::identity::Identity;
use teranga_sync::manifest::{Listed, Manifest};
use teranga_sync::message::{Push, Request};
use teranga_sync::pack::{Pack, list};
use teranga_sync::thumbnail::Thumbnail;
use teranga_sync::version::Spoken;

use super::making::{Somebody, world};
use super::twist::Twist;
use crate::tape::{Message, NUMBERED, SIGNED, SIGNED_INSIDE};
use crate::wire::signed;

/// A pack that was sent: whose, and what its chain goes on from where it is taken.
type Sent = (u64, PublicKey, Batch, ManifestHash);

/// A child of a hub, or whoever has its key.
pub(crate) struct Hostile<'a> {
    identity: &'a Identity,
    hub: ReplicaId,
    line: Line,
    exchange: u64,
    number: u64,
    chains: BTreeMap<PublicKey, (Batch, ManifestHash)>,
    sent: Vec<Sent>,
    /// Whether it brought a word that something was erased, which one of the hubs had given.
    pub(crate) brought_an_erasure: bool,
}

impl<'a> Hostile<'a> {
    /// Whoever has the key of this child of this hub.
    pub(crate) fn new(child: &'a Somebody, hub: &Somebody) -> Self {
        Self {
            identity: &child.identity,
            hub: hub.identity.replica(),
            line: Line::FIRST,
            exchange: 1 << 20,
            number: 0,
            chains: BTreeMap::new(),
            sent: Vec::new(),
            brought_an_erasure: false,
        }
    }

    /// Looks how far the hub holds what was sent before.
    fn look(&mut self, hub: &Replica) {
        self.number = hub.received(self.identity.replica(), self.line).unwrap().number;
        for (number, origin, batch, hash) in std::mem::take(&mut self.sent) {
            if number <= self.number {
                self.chains.insert(origin, (batch, hash));
            }
        }
        self.exchange += 1;
    }

    /// The bytes of a request of an exchange.
    pub(crate) fn request(&mut self, message: &Message, hub: &Replica) -> Vec<u8> {
        self.look(hub);
        let Some(body) = self.body(message) else { return message.bytes.clone() };
        let Ok(mut request) = Request::read(&body, &self.identity.public_key(), Spoken::BUILD) else {
            return body;
        };
        if message.takes(NUMBERED) {
            (request.hub, request.replica) = (self.hub, self.identity.replica());
            (request.line, request.exchange) = (self.line, self.exchange);
        }
        if let Some(mut twist) = Twist::of(message) {
            twist.request(&mut request);
        }
        if message.takes(SIGNED_INSIDE) {
            for word in &mut request.confirmations {
                *word = Confirmation::sign(self.identity, word.erasure);
            }
        }
        self.brought_an_erasure |= request.confirmations.iter().any(|word| word.erasure.verify());
        self.put_right(&mut request.pushes, message);
        request.encode(self.identity)
    }

    /// The bytes of a request of the lane.
    pub(crate) fn lane_request(&mut self, message: &Message, hub: &Replica) -> Vec<u8> {
        self.look(hub);
        let Some(body) = self.body(message) else { return message.bytes.clone() };
        let Ok(mut request) = LaneRequest::read(&body, &self.identity.public_key(), Spoken::BUILD) else {
            return body;
        };
        if message.takes(NUMBERED) {
            (request.hub, request.replica) = (self.hub, self.identity.replica());
            (request.line, request.exchange) = (self.line, self.exchange);
        }
        if message.takes(SIGNED_INSIDE) {
            for thumbnail in &mut request.thumbnails {
                *thumbnail =
                    Thumbnail::sign(self.identity, thumbnail.image, std::mem::take(&mut thumbnail.jpeg));
            }
        }
        request.encode(self.identity)
    }

    /// The bytes of a message of a bundle, not sealed.
    pub(crate) fn bundle(&mut self, message: &Message, hub: &Replica) -> Vec<u8> {
        self.look(hub);
        let Some(body) = self.body(message) else { return message.bytes.clone() };
        let Ok(mut bundle) = Bundle::read(&body, &self.identity.public_key(), Spoken::BUILD) else {
            return body;
        };
        if message.takes(NUMBERED) {
            (bundle.hub, bundle.replica) = (self.hub, self.identity.replica());
            bundle.line = self.line;
        }
        if let Some(mut twist) = Twist::of(message) {
            twist.pushes(&mut bundle.pushes);
        }
        self.put_right(&mut bundle.pushes, message);
        bundle.encode(self.identity)
    }

    fn body(&self, message: &Message) -> Option<Vec<u8>> {
        message.takes(SIGNED).then(|| signed(&message.bytes, self.identity))
    }

    /// Numbers packs, chains them on, and has their origins sign them.
    fn put_right(&mut self, pushes: &mut [Push], message: &Message) {
        let mut chains = self.chains.clone();
        for (push, number) in pushes.iter_mut().zip(self.number + 1..) {
            if message.takes(NUMBERED) {
                push.number = number;
            }
            let Ok(mut pack) = push.pack() else { continue };
            let key = push.introduction.as_ref().map_or(self.identity.public_key(), |author| author.key);
            let Some(origin) = known(&key) else { continue };
            if let Some(mut twist) = Twist::of(message) {
                twist.pack(&mut pack);
            }
            if message.takes(SIGNED_INSIDE) {
                let chain = chains.get(&key).filter(|_| message.takes(NUMBERED));
                pack = sign(origin, pack, chain.copied());
                push.bytes = pack.encode(push.version);
            }
            let place = (pack.manifest.batch, pack.hash());
            chains.insert(key, place);
            self.sent.push((push.number, key, place.0, place.1));
        }
    }
}

/// Whoever of this world has this key.
fn known(key: &PublicKey) -> Option<&'static Identity> {
    let world = world();
    let everybody = [&world.awa, &world.moussa, &world.region, &world.hq];
    everybody.into_iter().map(|somebody| &somebody.identity).find(|identity| identity.public_key() == *key)
}

/// A pack as its origin signs it, after the one before where that is known.
fn sign(origin: &Identity, pack: Pack, chain: Option<(Batch, ManifestHash)>) -> Pack {
    let Pack { manifest, saves } = pack;
    let (batch, previous) =
        chain.map_or((manifest.batch, manifest.previous), |(batch, hash)| (batch.next(), hash));
    let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
    let listed = listed.iter().map(Vec::as_slice);
    Pack { manifest: Manifest::sign(origin, batch, previous, manifest.by, listed), saves }
}
