//! Replicas that are told junk: a hub by its children, a device and a hub by the hub above, either by files. Each input
//! plays to replicas as they stood before an honest session, in memory. Whatever they are told, they verify afterwards,
//! hold what they held, refuse with a code and not by failing, and go on with whoever is honest.

mod child;
mod files;
mod hostile;
mod hub;
mod making;
mod place;
mod recording;
mod twist;

pub(crate) use child::device;
pub(crate) use files::parcel;
pub(crate) use hub::hub;
pub(crate) use recording::{Heard, tapes};

use teranga_core::time::Millis;
use teranga_store::Replica;
use teranga_store::conversation::{Failure, Reply, Talk, Turn};
use teranga_store::uplink::TakeError;

/// When everything happens.
pub(crate) const NOW: Millis = Millis(1_772_442_000_000);
/// No honest session here takes more turns.
const TURNS_MAX: usize = 60;

/// A session to its end over a link that loses nothing; `ask` carries a request and brings what comes back.
pub(crate) fn converse(
    talk: &mut impl Talk,
    child: &mut Replica,
    mut ask: impl FnMut(&[u8]) -> Result<Vec<u8>, teranga_core::problem::Problem>,
) -> Result<(), Failure> {
    let mut turn = talk.next(child, NOW, 0);
    for _ in 0..TURNS_MAX {
        turn = match turn {
            Turn::Send(body) => match ask(&body) {
                Ok(answer) => talk.hear(child, Reply::Answer(&answer), NOW, 0),
                Err(problem) => talk.hear(child, Reply::Refused(problem), NOW, 0),
            },
            Turn::Pause(_) => talk.next(child, NOW, 0),
            Turn::Over(outcome) => return outcome,
        };
    }
    panic!("a session has no end");
}

/// A replica may be told anything; it does not fail over it.
pub(crate) fn ended(outcome: Result<(), Failure>) {
    match outcome {
        Err(Failure::Store(error) | Failure::Take(TakeError::Store(error))) => {
            panic!("the replica failed: {error:?}")
        }
        Err(
            Failure::NotEnrolled
            | Failure::Standstill
            | Failure::Refused { .. }
            | Failure::Nothing(_)
            | Failure::Message(_)
            | Failure::Take(_)
            | Failure::File(_),
        )
        | Ok(()) => {}
    }
}
