//! Two children of one hub that talk with it at once, each exchange of the one between two of the other; and somebody who goes
//! on working while their device syncs.

use teranga_client::invent::Seeded;
use teranga_store::StoreError;
use teranga_store::conversation::Conversation;

use crate::doors::{Door, Hub};
use crate::link::Link;
use crate::machine::Machine;
use crate::play::{Done, someone_acts};
use crate::script::Step;
use crate::session::{Came, EXCHANGES_MAX, FAILURES_MAX, advance};
use crate::what::{Act, Weather, What};
use crate::world::World;

/// What somebody does meanwhile.
const ACTS: [Act; 4] = [Act::Correct, Act::Interview, Act::Settle, Act::Void];

/// One of two sessions.
struct Session {
    child: usize,
    conversation: Conversation,
    came: Came,
}

/// A child and another one of its hub's talk with it at once.
pub(crate) fn meet(
    world: &mut World,
    child: usize,
    seed: &mut Seeded,
    done: &mut Done,
) -> Result<(), StoreError> {
    let hub = world.hub_of(child);
    let others: Vec<usize> =
        (1..world.machines.len()).filter(|other| *other != child && world.hub_of(*other) == hub).collect();
    let other = others.get(seed.below(others.len())).copied();
    let mut sessions = Vec::new();
    for child in [Some(child), other].into_iter().flatten() {
        sessions.extend(begin(world, child)?);
    }
    let mut link =
        Link::new(if seed.below(2) == 0 { Weather::Fair } else { Weather::Torn }, seed.next_number());
    for _ in 0..2 * EXCHANGES_MAX {
        let under_way: Vec<&mut Session> = sessions.iter_mut().filter(|one| !one.came.is_over()).collect();
        let which = seed.below(under_way.len());
        let Some(session) = under_way.into_iter().nth(which) else { break };
        go_on(world, session, &mut link)?;
        if seed.below(4) == 0 {
            act(world, session.child, seed, done)?;
        }
    }
    done.sessions += sessions.iter().filter(|session| session.came.is_whole()).count();
    Ok(())
}

fn begin(world: &mut World, child: usize) -> Result<Option<Session>, StoreError> {
    if !world.reaches_its_hub(child) {
        return Ok(None);
    }
    let Some(machine) = world.machines.get_mut(child) else { return Ok(None) };
    let begun = machine.work(|running, _| Conversation::begin(running.replica_mut(), FAILURES_MAX))?;
    let Some(Ok(conversation)) = begun else { return Ok(None) };
    Ok(Some(Session { child, conversation, came: Came::Nowhere }))
}

/// One exchange of a session.
fn go_on(world: &mut World, session: &mut Session, link: &mut Link) -> Result<(), StoreError> {
    let (mut now, sabotage) = (world.now, world.sabotage);
    let Some((child, machine)) = world.pair(session.child) else { return Ok(()) };
    let mut ends: (&mut Machine, &mut Hub<'_>) = (child, &mut Hub { machine, sabotage });
    let came = std::mem::replace(&mut session.came, Came::Nowhere);
    session.came = advance(&mut session.conversation, &mut ends, (Door::Sync, link), &mut now, came)?;
    world.now = now;
    Ok(())
}

/// Whoever has the device does something.
fn act(world: &mut World, device: usize, seed: &mut Seeded, done: &mut Done) -> Result<(), StoreError> {
    let Some(which) = world.devices().position(|number| number == device) else { return Ok(()) };
    let act = ACTS.get(seed.below(ACTS.len())).copied().unwrap_or(Act::Correct);
    let step = Step { what: What::Act(act), which, seed: seed.next_number() };
    someone_acts(world, &step, act, done)
}
