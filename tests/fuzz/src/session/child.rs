//! A child that is told junk by its hub: a device, and a hub below headquarters, each in sessions of answers and in runs of
//! the lane.

#![expect(clippy::unwrap_used, reason = "a child that cannot begin to ask must stop the run")]

use teranga_core::problem::{Problem, Retry};
use teranga_office::Office;
use teranga_store::Replica;
use teranga_store::conversation::{Conversation, Reply, Talk, Turn};
use teranga_store::lane::{Errand, Lane};
use teranga_sync::attachment::{LaneAnswer, LaneRequest};
use teranga_sync::erase::Erasure;
use teranga_sync::feed::{self, Row};
use teranga_sync::identity::Identity;
use teranga_sync::message::{Answer, Request};
use teranga_sync::version::{Spoken, Version};

use super::making::world;
use super::place::{Over, Place};
use super::twist::Twist;
use super::{NOW, ended};
use crate::tape::{Message, NUMBERED, SIGNED, SIGNED_INSIDE, Tape};
use crate::wire::signed;

/// An answer of an exchange.
pub(super) const ANSWER: u8 = 0;
/// An answer of the lane.
pub(super) const LANE: u8 = 1;
/// A refusal, by its place in the table.
const REFUSAL: u8 = 2;
/// Added to those for the regional hub.
pub(super) const REGION: u8 = 4;

/// Failures in a row after which a session gives up.
const FAILURES_MAX: u32 = 3;

/// Plays a tape to the children.
pub(crate) fn device(input: &[u8]) {
    let world = world();
    let (above, below): (Vec<Message>, Vec<Message>) =
        Tape::read(input).messages.into_iter().partition(|message| message.kind & REGION != 0);
    told::<Replica>(Place::open(&world.awa.image), &world.region.identity, &below);
    told::<Office>(Place::open(&world.region.image), &world.hq.identity, &above);
}

fn told<T: Over>(mut place: Place<T>, hub: &Identity, messages: &[Message]) {
    if messages.is_empty() {
        return;
    }
    let mut told = Told { hub, may_lose: false };
    let mut left = messages;
    while let Some(first) = left.first() {
        let of_lane = first.kind & LANE != 0;
        let many = left.iter().take_while(|message| (message.kind & LANE != 0) == of_lane).count();
        let (these, rest) = left.split_at(many);
        let child = place.running.replica_mut();
        if of_lane {
            told.play(&mut Lane::begin(Errand::All, None, FAILURES_MAX), child, these);
        } else {
            told.play(&mut Conversation::begin(child, FAILURES_MAX).unwrap(), child, these);
        }
        left = rest;
    }
    place.end_sound(told.may_lose);
}

/// What a child is told.
struct Told<'a> {
    hub: &'a Identity,
    /// Whether it was told that something is to go.
    may_lose: bool,
}

impl Told<'_> {
    /// Answers one request after the other, for as long as the child asks.
    fn play(&mut self, talk: &mut impl Talk, child: &mut Replica, messages: &[Message]) {
        let mut turn = talk.next(child, NOW, 0);
        for message in messages {
            if let Turn::Pause(_) = turn {
                turn = talk.next(child, NOW, 0);
            }
            turn = match turn {
                Turn::Over(outcome) => return ended(outcome),
                Turn::Pause(_) => return,
                Turn::Send(body) => match message.kind & !REGION {
                    REFUSAL => {
                        let at = usize::from(message.bytes.first().copied().unwrap_or_default());
                        let problem = Problem::ALL.into_iter().cycle().nth(at).unwrap_or(Problem::Busy);
                        talk.hear(child, Reply::Refused(problem), NOW, 0)
                    }
                    ANSWER | LANE => {
                        let answer = self.answer(message, &body, child);
                        talk.hear(child, Reply::Answer(&answer), NOW, 0)
                    }
                    _ => talk.hear(child, Reply::Nothing(Retry::Later), NOW, 0),
                },
            };
        }
        if let Turn::Over(outcome) = turn {
            ended(outcome);
        }
    }

    /// The answer to a request, as far right as it is asked for.
    fn answer(&mut self, message: &Message, request: &[u8], child: &Replica) -> Vec<u8> {
        if !message.takes(SIGNED) {
            return message.bytes.clone();
        }
        let bytes = signed(&message.bytes, self.hub);
        let (own, key) = (child.public_key(), self.hub.public_key());
        if let (Ok(mut answer), Ok(request)) =
            (Answer::read(&bytes, &key, Spoken::BUILD), Request::read(request, &own, Spoken::BUILD))
        {
            if message.takes(NUMBERED) {
                (answer.replica, answer.line) = (request.replica, request.line);
                (answer.before, answer.exchange) = (request.opening, request.exchange);
            }
            if let Some(mut twist) = Twist::of(message) {
                twist.answer(&mut answer);
            }
            answer.rows = self.rows(message, answer.rows, answer.version);
            return answer.encode(self.hub);
        }
        if let (Ok(mut answer), Ok(request)) =
            (LaneAnswer::read(&bytes, &key, Spoken::BUILD), LaneRequest::read(request, &own, Spoken::BUILD))
            && message.takes(NUMBERED)
        {
            (answer.replica, answer.line) = (request.replica, request.line);
            answer.exchange = request.exchange;
            answer.states.truncate(request.offers.len());
            answer.files.truncate(request.wanted.len());
            return answer.encode(self.hub);
        }
        bytes
    }

    /// Rows, with the word of an erasure signed by headquarters. Some say that something is to go.
    fn rows(&mut self, message: &Message, bytes: Vec<u8>, version: Version) -> Vec<u8> {
        let Ok(mut rows) = feed::decode(&bytes, version) else { return bytes };
        if let Some(mut twist) = Twist::of(message) {
            twist.rows(&mut rows);
        }
        for row in &mut rows {
            match row {
                Row::Erase(erasure) => {
                    self.may_lose = true;
                    if message.takes(SIGNED_INSIDE) && message.twist() == 0 {
                        *erasure = Erasure::sign(&world().hq.identity, erasure.record, erasure.at);
                    }
                }
                // Who may hold less lets go of it; so does whoever hears that a change was not taken.
                Row::Leave { .. } | Row::Verdict(_) | Row::Replica(_) => self.may_lose = true,
                Row::Save { .. }
                | Row::Opening { .. }
                | Row::Resource(_)
                | Row::Receipt(_)
                | Row::Fork { .. } => {}
            }
        }
        feed::encode(&rows, version)
    }
}
