//! A session between two machines: the real conversation on one side, the real office on the other, and between them a
//! link that does with the bytes what it likes. Files follow, and what is carried for colleagues is handed over.

use teranga_core::problem::Explain as _;
use teranga_core::time::Millis;
use teranga_store::StoreError;
use teranga_store::conversation::{Conversation, Failure, Summary, Talk, Turn};
use teranga_store::lane::{Errand, Lane, LaneSummary};

use crate::courier;
use crate::doors::{Back, Door, Hub, carry};
use crate::file_oracles;
use crate::link::Link;
use crate::machine::{Machine, Running};
use crate::reached::Standing;
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
pub(crate) const FAILURES_MAX: u32 = 5;
/// No script writes as much as this many exchanges would carry.
pub(crate) const EXCHANGES_MAX: usize = 400;

/// Runs a session of a child with its hub.
pub(crate) fn session(world: &mut World, child: usize, link: &mut Link) -> Result<Talked, StoreError> {
    let (mut now, sabotage, number) = (world.now, world.sabotage, child);
    let mut none = world.no_link(child);
    let link = none.as_mut().unwrap_or(link);
    let Some((child, machine)) = world.pair(child) else { return Ok(Talked::Whole(Summary::default())) };
    let mut hub = Hub { machine, sabotage };
    let (mut carried, mut letters) = (LaneSummary::default(), 0);
    let mut talked = answers(child, &mut hub, link, &mut now)?;
    if let Talked::Whole(_) | Talked::Short(_) = talked {
        // What the shells do after a session: resources may have come.
        child.work(|running, _| match running {
            Running::Device(device) => device.reload_catalogue().is_ok(),
            Running::Office(office) => office.reload_catalogue().is_ok(),
        })?;
        (talked, carried) = files((child, &mut hub), link, &mut now, talked)?;
        letters = courier::hand_over(child, &mut hub, link, now)?;
    }
    world.now = now;
    let LaneSummary { files_up, files_down, covered, wanted, thumbnails_up, thumbnails_down, .. } = carried;
    world.carried += letters + files_up + files_down + covered + wanted + thumbnails_up + thumbnails_down;
    file_oracles::note(world, number)?;
    Ok(talked)
}

fn answers(
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
    Ok(match converse(&mut conversation, (child, hub), Door::Sync, link, now)? {
        Ended::Over(outcome) => ended(outcome, *conversation.summary()),
        Ended::Dark => Talked::Dark,
        Ended::Endless => Talked::Endless,
    })
}

/// A run of the lane of files. What stops it is told where the answers got through.
fn files(
    ends: (&mut Machine, &mut Hub<'_>),
    link: &mut Link,
    now: &mut Millis,
    answers: Talked,
) -> Result<(Talked, LaneSummary), StoreError> {
    let mut lane = Lane::begin(Errand::All, link.budget(), FAILURES_MAX);
    let over = converse(&mut lane, ends, Door::Files, link, now)?;
    let talked = match (answers, over) {
        (Talked::Whole(summary), Ended::Over(outcome)) => ended(outcome, summary),
        (Talked::Whole(_), Ended::Dark) => Talked::Dark,
        (Talked::Whole(_), Ended::Endless) => Talked::Endless,
        (answers, _) => answers,
    };
    Ok((talked, *lane.summary()))
}

/// How a talk through one door ended.
pub(crate) enum Ended {
    Over(Result<(), Failure>),
    Dark,
    Endless,
}

/// How far a talk through one door has come.
pub(crate) enum Came {
    Nowhere,
    To(Turn),
    End(Ended),
}

impl Came {
    fn of(turn: Option<Turn>) -> Self {
        turn.map_or(Self::End(Ended::Dark), Self::To)
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::End(_))
    }

    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::End(Ended::Over(Ok(()))))
    }
}

/// Whoever says what to send says it until there is nothing left to say.
fn converse(
    talk: &mut impl Talk,
    mut ends: (&mut Machine, &mut Hub<'_>),
    door: Door,
    link: &mut Link,
    now: &mut Millis,
) -> Result<Ended, StoreError> {
    let mut came = Came::Nowhere;
    for _ in 0..=EXCHANGES_MAX {
        came = match advance(talk, &mut ends, (door, link), now, came)? {
            Came::End(ended) => return Ok(ended),
            came => came,
        };
    }
    Ok(Ended::Endless)
}

/// One turn of a talk.
pub(crate) fn advance(
    talk: &mut impl Talk,
    (child, hub): &mut (&mut Machine, &mut Hub<'_>),
    (door, link): (Door, &mut Link),
    now: &mut Millis,
    came: Came,
) -> Result<Came, StoreError> {
    Ok(match came {
        Came::Nowhere => {
            Came::of(step(child, *now, |running, at, random| talk.next(running.replica_mut(), at, random))?)
        }
        Came::To(Turn::Send(body)) => {
            let body = hub.sabotage.muted(child, body);
            now.0 += link.time(body.len());
            let back = carry(hub, door, link, body, *now)?;
            Came::of(hear(talk, child, &back, *now)?)
        }
        Came::To(Turn::Pause(ms)) => {
            now.0 += i64::try_from(ms).unwrap_or(0);
            Came::of(step(child, *now, |running, at, random| talk.next(running.replica_mut(), at, random))?)
        }
        Came::To(Turn::Over(outcome)) => Came::End(Ended::Over(outcome)),
        Came::End(ended) => Came::End(ended),
    })
}

/// The child hears what came back; what it has less of then is noted.
fn hear(
    talk: &mut impl Talk,
    child: &mut Machine,
    back: &Back,
    now: Millis,
) -> Result<Option<Turn>, StoreError> {
    let standing =
        |child: &Machine| Ok::<_, StoreError>(child.replica().map(Standing::of).transpose()?.flatten());
    let before = standing(child)?;
    let turn =
        step(child, now, |running, at, random| talk.hear(running.replica_mut(), back.reply(), at, random))?;
    if let Some((before, after)) = before.zip(standing(child)?) {
        child.fell = child.fell.take().or_else(|| before.lost(&after));
    }
    Ok(turn)
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
