//! A session between two machines: the real conversation on one side, the real office on the other, and between them a
//! link that does with the bytes what it likes.

use teranga_core::problem::{Explain as _, Problem, Retry};
use teranga_core::time::Millis;
use teranga_office::Office;
use teranga_office::exchange::Rejected;
use teranga_store::StoreError;
use teranga_store::conversation::{Conversation, Failure, Reply, Summary, Turn};

use crate::link::{Arrival, Link};
use crate::machine::{Machine, Running};
use crate::sabotage::Sabotage;
use crate::world::World;

/// How a session ended.
#[derive(Debug)]
pub enum Talked {
    /// Nothing is left.
    Whole(Summary),
    /// Early, or with something refused.
    Short(&'static str),
    /// The child's power failed.
    Dark,
    /// It did not end within any sensible number of exchanges.
    Endless,
}

/// Failures in a row after which a session gives up.
const FAILURES_MAX: u32 = 5;
/// No script writes as much as this many exchanges would carry.
const EXCHANGES_MAX: usize = 400;

/// What came back to the child.
enum Back {
    Bytes(Vec<u8>),
    Refused(Rejected),
    Nothing,
}

/// Runs a session of a child with its hub.
pub(crate) fn session(world: &mut World, child: usize, link: &mut Link) -> Result<Talked, StoreError> {
    let (mut now, sabotage) = (world.now, world.sabotage);
    let Some((child, hub)) = world.pair(child) else { return Ok(Talked::Whole(Summary::default())) };
    let talked = talk(child, &mut Hub { machine: hub, sabotage }, link, &mut now)?;
    if let Talked::Whole(_) | Talked::Short(_) = talked {
        // What the shells do after a session: resources may have come.
        child.work(|running, _| match running {
            Running::Device(device) => device.reload_catalogue().is_ok(),
            Running::Office(office) => office.reload_catalogue().is_ok(),
        })?;
    }
    world.now = now;
    Ok(talked)
}

/// The other end, with what is broken on purpose in the world.
struct Hub<'a> {
    machine: &'a mut Machine,
    sabotage: Sabotage,
}

fn talk(
    child: &mut Machine,
    hub: &mut Hub<'_>,
    link: &mut Link,
    now: &mut Millis,
) -> Result<Talked, StoreError> {
    let begun = child.work(|running, _| Conversation::begin(running.replica_mut(), FAILURES_MAX))?;
    let mut conversation = match begun {
        Some(Ok(conversation)) => conversation,
        Some(Err(error)) => return Ok(Talked::Short(error.code())),
        None => return Ok(Talked::Dark),
    };
    let mut turn =
        step(child, *now, |running, at, random| conversation.next(running.replica_mut(), at, random))?;
    for _ in 0..EXCHANGES_MAX {
        turn = match turn {
            None => return Ok(Talked::Dark),
            Some(Turn::Send(body)) => {
                now.0 += link.time(body.len());
                let back = carry(hub, link, body, *now)?;
                step(child, *now, |running, at, random| {
                    conversation.hear(running.replica_mut(), back.reply(), at, random)
                })?
            }
            Some(Turn::Pause(ms)) => {
                now.0 += i64::try_from(ms).unwrap_or(0);
                step(child, *now, |running, at, random| conversation.next(running.replica_mut(), at, random))?
            }
            Some(Turn::Over(outcome)) => return Ok(ended(outcome, *conversation.summary())),
        };
    }
    Ok(Talked::Endless)
}

fn ended(outcome: Result<(), Failure>, summary: Summary) -> Talked {
    match outcome {
        Ok(()) => Talked::Whole(summary),
        Err(Failure::Refused { problem }) => Talked::Short(problem.code()),
        Err(Failure::NotEnrolled) => Talked::Short("not-enrolled"),
        Err(Failure::Standstill) => Talked::Short("standstill"),
        Err(Failure::Nothing(_)) => Talked::Short("nothing"),
        Err(Failure::Message(_)) => Talked::Short("message"),
        Err(Failure::Take(_)) => Talked::Short("take"),
        Err(Failure::File(_)) => Talked::Short("file"),
        Err(Failure::Store(_)) => Talked::Short("store"),
    }
}

/// The child's next turn; nothing where its power failed.
fn step(
    child: &mut Machine,
    now: Millis,
    turn: impl FnOnce(&mut Running, Millis, u64) -> Turn,
) -> Result<Option<Turn>, StoreError> {
    let at = child.now(now);
    child.work(|running, seed| turn(running, at, seed.next_number()))
}

impl Back {
    fn reply(&self) -> Reply<'_> {
        match self {
            Self::Bytes(bytes) => Reply::Answer(bytes),
            Self::Refused(rejected) => rejected.reply(),
            Self::Nothing => Reply::Nothing(Retry::Later),
        }
    }
}

/// Carries a request to the hub and its answer back.
fn carry(hub: &mut Hub<'_>, link: &mut Link, body: Vec<u8>, now: Millis) -> Result<Back, StoreError> {
    let answered = match link.up(body) {
        Arrival::Whole(bytes) | Arrival::Damaged(bytes) => ask(hub, &bytes, now)?,
        Arrival::Twice(bytes) => {
            let first = ask(hub, &bytes, now)?;
            ask(hub, &bytes, now)?;
            first
        }
        Arrival::Nothing => return Ok(Back::Nothing),
    };
    let bytes = match answered {
        Some(Ok(bytes)) => bytes,
        Some(Err(rejected)) => return Ok(Back::Refused(rejected)),
        None => return Ok(Back::Nothing),
    };
    Ok(match link.down(bytes) {
        Arrival::Whole(bytes) | Arrival::Twice(bytes) | Arrival::Damaged(bytes) => Back::Bytes(bytes),
        Arrival::Nothing => Back::Nothing,
    })
}

/// What a hub answers; nothing where its power fails.
fn ask(hub: &mut Hub<'_>, body: &[u8], now: Millis) -> Result<Option<Result<Vec<u8>, Rejected>>, StoreError> {
    let (at, sabotage) = (hub.machine.now(now), hub.sabotage);
    hub.machine.work(|running, _| match running {
        Running::Office(office) => {
            exchange(office, body, at).map(|answer| sabotage.spoil(answer, office.replica()))
        }
        Running::Device(_) => Err(Rejected::new(Problem::Unauthorised, "a device is no hub")),
    })
}

fn exchange(office: &mut Office, body: &[u8], now: Millis) -> Result<Vec<u8>, Rejected> {
    let exchanged = office.exchange(body, now)?;
    // A shell applies the rest right after it has answered.
    while office.apply_some(1)?.left {}
    Ok(exchanged.answer)
}
