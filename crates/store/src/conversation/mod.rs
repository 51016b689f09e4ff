//! A replica's session with its hub, without the transport: which bytes to send next, what to make of what came back,
//! how long to wait, and when it is over. The same for a device and for the relay of a regional hub, on a real link and
//! in the simulation: whoever carries the bytes decides nothing.

mod turn;

use teranga_core::problem::{Explain as _, Problem, Retry};
use teranga_core::time::Millis;
use teranga_sync::limits;
use teranga_sync::message::{Answer, Request};
use teranga_sync::session::{Left, Measured, Next, Session};
use teranga_sync::succession::Succession;

use crate::error::StoreError;
use crate::replica::Replica;
use crate::uplink::{TakeError, Taken};
pub use turn::{Failure, Reply, Summary, Talk, Turn};

impl Talk for Conversation {
    fn next(&mut self, replica: &mut Replica, now: Millis, random: u64) -> Turn {
        self.next(replica, now, random)
    }

    fn hear(&mut self, replica: &mut Replica, reply: Reply<'_>, now: Millis, random: u64) -> Turn {
        self.hear(replica, reply, now, random)
    }
}

/// A session under way.
#[derive(Debug)]
pub struct Conversation {
    session: Session,
    summary: Summary,
    /// Failures in a row after which it gives up.
    failures_max: u32,
    asked: Option<Asked>,
    /// The first refusal of packs: the others went on.
    refused: Option<Problem>,
    /// Whether the hub refused a version, and was asked again in another.
    spoke_another: bool,
    /// Whether the hub passed on an erasure that is not the home's: everything else went on.
    foreign_words: bool,
}

/// The request that is on its way.
#[derive(Debug)]
struct Asked {
    request: Request,
    /// Of its body.
    bytes: usize,
    at: Millis,
    /// Whether it is the first in a line of its own.
    began_a_line: bool,
}

impl Conversation {
    /// Begins a session, which gives up after so many failures in a row. Where the one before ended without an answer to its last
    /// request, killed or cut off, this one asks first what arrived.
    pub fn begin(replica: &mut Replica, failures_max: u32) -> Result<Self, StoreError> {
        replica.begin_session()?;
        let is_unsure = replica.uplink()?.is_some_and(|uplink| uplink.exchange > uplink.heard);
        let session = if is_unsure { Session::unsure() } else { Session::new() };
        let summary = Summary::default();
        Ok(Self {
            session,
            summary,
            failures_max,
            asked: None,
            refused: None,
            spoke_another: false,
            foreign_words: false,
        })
    }

    /// What it did so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// What to send first, or after a pause.
    pub fn next(&mut self, replica: &mut Replica, now: Millis, random: u64) -> Turn {
        match self.ask(replica, now, false) {
            Ok(body) => Turn::Send(body),
            Err(failure) => self.failed(failure, random),
        }
    }

    /// Takes what came back, and says what to do next. Packs that the hub refuses do not stop the others, nor what
    /// comes down; the first refusal is the session's outcome at its end.
    pub fn hear(&mut self, replica: &mut Replica, reply: Reply<'_>, now: Millis, random: u64) -> Turn {
        let Some(asked) = self.asked.take() else { return self.next(replica, now, random) };
        let heard = match reply {
            Reply::Answer(bytes) => self.take(replica, &asked, bytes, now),
            Reply::Refused(problem) => self.refused(replica, &asked, problem),
            Reply::Speaks(versions) => self.speak(replica, &asked, versions),
            Reply::Succeeded(word) => self.follow(replica, &asked, word),
            Reply::Nothing(retry) => Err(Failure::Nothing(retry)),
        };
        match heard {
            Ok(Heard::GoOn) => self.next(replica, now, random),
            Ok(Heard::Again(body)) => Turn::Send(body),
            Ok(Heard::Done) => Turn::Over(self.outcome()),
            Err(failure) => self.failed(failure, random),
        }
    }

    /// How it ends where nothing stopped it.
    fn outcome(&self) -> Result<(), Failure> {
        if self.foreign_words {
            return Err(TakeError::NotTheHome.into());
        }
        self.refused.map_or(Ok(()), |problem| Err(Failure::Refused { problem }))
    }

    fn ask(&mut self, replica: &mut Replica, at: Millis, began_a_line: bool) -> Result<Vec<u8>, Failure> {
        let request = replica.next_request(&self.session.plan(), at)?.ok_or(Failure::NotEnrolled)?;
        let body = request.encode(replica.identity());
        self.summary.round_trips += 1;
        self.summary.bytes_up += body.len() as u64;
        for push in &request.pushes {
            self.summary.packs_again += u64::from(push.number <= self.summary.last_pack);
            self.summary.last_pack = self.summary.last_pack.max(push.number);
        }
        self.asked = Some(Asked { request, bytes: body.len(), at, began_a_line });
        Ok(body)
    }

    fn refused(&mut self, replica: &mut Replica, asked: &Asked, problem: Problem) -> Result<Heard, Failure> {
        if problem.retry() == Retry::Never {
            replica.note_refusal()?;
        }
        if !asked.began_a_line && is_about_us(problem, &asked.request) {
            return self.begin_line(replica, asked);
        }
        if problem == Problem::Revoked {
            return self.bring_the_rest(replica, asked);
        }
        if !is_about_packs(problem, &asked.request) {
            return Err(Failure::Refused { problem });
        }
        // What was erased goes through without it, once the row that says so has come down; what stands in another chain is
        // cut anew.
        if !matches!(problem, Problem::Erased | Problem::BrokenChain) {
            self.refused.get_or_insert(problem);
        }
        replica.pass_over(&asked.request, problem)?;
        Ok(Heard::GoOn)
    }

    /// A hub tells nothing to whoever is revoked, and holds aside what they bring: whoever only asked, because it is not known how
    /// they stand to it, brings that first. Then it is over.
    fn bring_the_rest(&mut self, replica: &Replica, asked: &Asked) -> Result<Heard, Failure> {
        let asked_only = asked.request.pushes.is_empty() && self.refused.is_none();
        if asked_only && replica.has_something_to_bring()? && self.session.only_brings() {
            return Ok(Heard::GoOn);
        }
        Err(Failure::Refused { problem: Problem::Revoked })
    }

    /// The hub speaks other versions: asks again in the newest that both speak. Once in a session: a hub that refuses that one
    /// too says something else each time.
    fn speak(&mut self, replica: &mut Replica, asked: &Asked, versions: [u8; 2]) -> Result<Heard, Failure> {
        let common = replica.spoken().common(versions).filter(|_| !self.spoke_another);
        if common.is_none_or(|version| version == asked.request.version) {
            return Err(Failure::Refused { problem: Problem::UpgradeNeeded });
        }
        let [_, newest] = versions;
        replica.note_newest(newest)?;
        self.spoke_another = true;
        Ok(Heard::Again(self.ask(replica, asked.at, asked.began_a_line)?))
    }

    /// The hub has met somebody else with this replica's key: asks at once in a line of its own.
    fn begin_line(&mut self, replica: &mut Replica, asked: &Asked) -> Result<Heard, Failure> {
        if self.summary.lines >= limits::LINES_BEGUN_MAX {
            return Err(Failure::Refused { problem: Problem::Replayed });
        }
        replica.begin_line()?;
        self.summary.lines += 1;
        self.summary.last_pack = 0;
        Ok(Heard::Again(self.ask(replica, asked.at, true)?))
    }

    /// Another hub has the place of the one that was asked for: goes on with it, in a line of its own like at any other hub.
    fn follow(&mut self, replica: &mut Replica, asked: &Asked, word: &Succession) -> Result<Heard, Failure> {
        if !replica.follow(word)? {
            return Err(Failure::Refused { problem: Problem::Succeeded });
        }
        self.session = Session::new();
        self.summary.heirs += 1;
        self.summary.last_pack = 0;
        Ok(Heard::Again(self.ask(replica, asked.at, true)?))
    }

    fn take(
        &mut self,
        replica: &mut Replica,
        asked: &Asked,
        bytes: &[u8],
        now: Millis,
    ) -> Result<Heard, Failure> {
        self.summary.bytes_down += bytes.len() as u64;
        let hub = replica.uplink()?.ok_or(Failure::NotEnrolled)?;
        let answer = Answer::read(bytes, &hub.key, replica.spoken())?;
        let taken: Taken = match replica.take_answer(&asked.request, &answer, now) {
            Err(TakeError::SomebodyElse) if !asked.began_a_line => return self.begin_line(replica, asked),
            taken => taken?,
        };
        self.summary.applied += taken.applied.changes as u64;
        self.summary.destroyed += taken.destroyed;
        self.foreign_words |= taken.foreign_words > 0;
        if !taken.moved && taken.left == Left::Something {
            // A hub that answers and takes nothing is asked again later, not in a loop.
            return Err(Failure::Standstill);
        }
        let elapsed_ms = u64::try_from(now.0 - asked.at.0).unwrap_or_default();
        let measured = Measured { bytes: (asked.bytes + bytes.len()) as u64, elapsed_ms };
        let next = self.session.succeeded(measured, taken.left);
        if taken.set_back {
            self.session.set_back();
        }
        Ok(match next {
            Next::Exchange => Heard::GoOn,
            Next::Done => Heard::Done,
        })
    }

    /// Waits before the next exchange, or gives up.
    fn failed(&mut self, failure: Failure, random: u64) -> Turn {
        self.summary.failures += 1;
        if failure.retry() == Retry::Never || self.session.failures() + 1 >= self.failures_max {
            return Turn::Over(Err(failure));
        }
        Turn::Pause(self.session.failed(random))
    }
}

/// What a reply led to.
enum Heard {
    GoOn,
    Again(Vec<u8>),
    Done,
}

/// Whether a refusal says that somebody else with this replica's key was there: each number is given once, and each place
/// in a line taken once.
fn is_about_us(problem: Problem, request: &Request) -> bool {
    let brings_own = request.pushes.iter().any(|push| push.introduction.is_none());
    problem == Problem::Replayed || (problem == Problem::BrokenChain && brings_own)
}

/// Whether a refusal may be of the packs that a request carries, and not of whoever sent it: then a request without
/// them is still answered.
fn is_about_packs(problem: Problem, request: &Request) -> bool {
    let packs = matches!(
        problem,
        Problem::Malformed
            | Problem::Unauthorised
            | Problem::Forbidden
            | Problem::BrokenChain
            | Problem::Erased
            | Problem::TooLarge
            | Problem::TooManyWaiting
    );
    packs && !request.pushes.is_empty()
}
