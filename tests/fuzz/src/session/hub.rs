//! A hub that is told junk: exchanges and files of its children, a child that is a hub, somebody to be enrolled.

#![expect(clippy::unwrap_used, reason = "what a hub says that cannot be read is what is looked for")]

use teranga_core::problem::Problem;
use teranga_office::{Office, Rejected};
use teranga_store::Replica;
use teranga_store::conversation::Conversation;
use teranga_sync::attachment::LaneAnswer;
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::identity::Identity;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits;
use teranga_sync::message::Answer;
use teranga_sync::version::Spoken;

use super::hostile::Hostile;
use super::making::{Somebody, world};
use super::place::Place;
use super::{NOW, converse};
use crate::tape::{Message, SIGNED, Tape};
use crate::wire::{explained, rows};

/// Awa asks the regional hub.
pub(super) const AWA: u8 = 0;
/// Moussa does.
pub(super) const MOUSSA: u8 = 1;
/// The regional hub asks headquarters.
pub(super) const REGION: u8 = 2;
/// Awa offers files.
pub(super) const AWA_LANE: u8 = 3;
/// Moussa does.
pub(super) const MOUSSA_LANE: u8 = 4;
/// The regional hub does.
pub(super) const REGION_LANE: u8 = 5;
/// Somebody shows a code.
pub(super) const ENROL: u8 = 6;

/// A hub, and its children's keys in hostile hands.
struct Asked<'a> {
    somebody: &'a Somebody,
    hub: Option<Place<Office>>,
}

/// Plays a tape to the hubs.
pub(crate) fn hub(input: &[u8]) {
    let world = world();
    let mut region = Asked { somebody: &world.region, hub: None };
    let mut hq = Asked { somebody: &world.hq, hub: None };
    let mut awa = Hostile::new(&world.awa, &world.region);
    let mut moussa = Hostile::new(&world.moussa, &world.region);
    let mut below = Hostile::new(&world.region, &world.hq);
    let mut moussa_is_honest = true;
    for message in &Tape::read(input).messages {
        moussa_is_honest &= !matches!(message.kind, MOUSSA | MOUSSA_LANE);
        match message.kind {
            AWA => region.exchange(&mut awa, message),
            MOUSSA => region.exchange(&mut moussa, message),
            REGION => hq.exchange(&mut below, message),
            AWA_LANE => region.files(&mut awa, message),
            MOUSSA_LANE => region.files(&mut moussa, message),
            REGION_LANE => hq.files(&mut below, message),
            _ => enrol(region.office(), message),
        }
    }
    let may_lose = [&awa, &moussa, &below].iter().any(|child| child.brought_an_erasure);
    if let Some(mut hub) = region.hub {
        // Every fourth time: to open another replica and to verify it costs as much as everything else.
        if moussa_is_honest && input.len().is_multiple_of(4) {
            goes_on(&mut hub.running);
        }
        hub.end_sound(may_lose);
    }
    if let Some(hub) = hq.hub {
        hub.end_sound(may_lose);
    }
}

impl Asked<'_> {
    fn office(&mut self) -> &mut Office {
        &mut self.hub.get_or_insert_with(|| Place::open(&self.somebody.image)).running
    }

    fn exchange(&mut self, child: &mut Hostile<'_>, message: &Message) {
        let key = self.somebody.identity.public_key();
        let office = self.office();
        let body = child.request(message, office.replica());
        match office.exchange(&body, NOW) {
            Ok(exchanged) => {
                assert!(exchanged.answer.len() <= limits::ANSWER_BYTES_MAX);
                let answer = Answer::read(&exchanged.answer, &key, Spoken::BUILD).unwrap();
                if !answer.rows.is_empty() {
                    rows(&answer.rows, answer.version);
                }
            }
            Err(rejected) => refused(&rejected),
        }
        while office.apply_some(1).unwrap().is_left() {}
    }

    fn files(&mut self, child: &mut Hostile<'_>, message: &Message) {
        let key = self.somebody.identity.public_key();
        let office = self.office();
        let body = child.lane_request(message, office.replica());
        match office.files(&body, NOW) {
            Ok(answer) => {
                assert!(answer.len() <= limits::LANE_BYTES_MAX);
                LaneAnswer::read(&answer, &key, Spoken::BUILD).unwrap();
            }
            Err(rejected) => refused(&rejected),
        }
    }
}

/// A refusal has a code, and is not that the hub failed.
pub(super) fn refused(rejected: &Rejected) {
    explained(&rejected.problem);
    assert!(!matches!(rejected.problem, Problem::Internal | Problem::DiskFull), "the hub failed: {rejected}");
}

fn enrol(office: &mut Office, message: &Message) {
    let Ok(mut request) = serde_json::from_slice::<EnrolRequest>(&message.bytes) else { return };
    if message.takes(SIGNED) {
        let protocol = request.protocol;
        request = EnrolRequest::sign(&Identity::from_secret([5; 32]), &request.code, Spoken::BUILD);
        request.protocol = protocol;
    }
    match office.enrol(&request, NOW) {
        Ok(answer) => {
            answer.check(&request.code, &request.key, ReplicaKind::Device).unwrap();
        }
        Err(rejected) => refused(&rejected),
    }
}

/// Whoever is honest goes on, and holds what the hub holds.
fn goes_on(hub: &mut Office) {
    let mut honest: Place<Replica> = Place::open(&world().moussa.image);
    let child = &mut honest.running;
    let mut talk = Conversation::begin(child, 3).unwrap();
    let outcome = converse(&mut talk, child, |body| match hub.exchange(body, NOW) {
        Ok(exchanged) => Ok(exchanged.answer),
        Err(rejected) => {
            refused(&rejected);
            Err(rejected.problem)
        }
    });
    outcome.unwrap();
    assert_eq!(
        child.log_counts().unwrap().quarantined,
        0,
        "nothing that the hub passed on fails on a device"
    );
    assert_eq!(child.log_counts().unwrap().unsent, 0, "what an honest device brought is held");
    honest.end_sound(true);
}
