//! The doors of a hub, and what a link makes of the bytes on their way there and back: requests, what the lane of files
//! asks, and letters that somebody hands over for somebody else.

use teranga_client::invent::Seeded;
use teranga_core::id::ReplicaId;
use teranga_core::problem::{Problem, Retry};
use teranga_core::time::Millis;
use teranga_office::exchange::Rejected;
use teranga_office::{Office, ReturnRows};
use teranga_store::StoreError;
use teranga_store::conversation::Reply;
use teranga_sync::attachment::LaneRequest;
use teranga_sync::message::Request;
use teranga_sync::parcel::Parcel;

use crate::link::{Arrival, Link};
use crate::machine::{Heard, Machine, Running};
use crate::sabotage::Sabotage;
use crate::seen;

/// A door of a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// `POST /v1/sync`.
    Sync,
    /// `POST /v1/attachments`.
    Files,
    /// `POST /v1/bundle`.
    Bundle,
}

impl Door {
    /// Who asks, as the bytes say.
    pub(crate) fn sender(self, body: &[u8]) -> Option<ReplicaId> {
        match self {
            Self::Sync => Request::ends(body).ok().map(|ends| ends.child),
            Self::Files => LaneRequest::ends(body).ok().map(|ends| ends.child),
            Self::Bundle => Parcel::read(body).ok().map(|parcel| parcel.head.from),
        }
    }
}

/// The other end, with what is broken on purpose in the world.
pub(crate) struct Hub<'a> {
    pub(crate) machine: &'a mut Machine,
    pub(crate) sabotage: Sabotage,
}

/// What came back to the child.
pub(crate) enum Back {
    Bytes(Vec<u8>),
    Refused(Rejected),
    Nothing,
}

impl Back {
    pub(crate) fn reply(&self) -> Reply<'_> {
        match self {
            Self::Bytes(bytes) => Reply::Answer(bytes),
            Self::Refused(rejected) => rejected.reply(),
            Self::Nothing => Reply::Nothing(Retry::Later),
        }
    }
}

/// Carries a request to the hub and its answer back.
pub(crate) fn carry(
    hub: &mut Hub<'_>,
    door: Door,
    link: &mut Link,
    body: Vec<u8>,
    now: Millis,
) -> Result<Back, StoreError> {
    let sender = door.sender(&body);
    let request = match link.up(body) {
        Arrival::Whole(bytes) | Arrival::Damaged(bytes) => bytes,
        Arrival::Twice(bytes) => {
            ask(hub, door, &bytes, now)?;
            bytes
        }
        Arrival::Earlier(bytes, which) => {
            earlier(hub, door, sender, which).map_or(bytes, |heard| heard.request.clone())
        }
        Arrival::Nothing => return Ok(Back::Nothing),
    };
    let answer = match ask(hub, door, &request, now)? {
        Some(Ok(bytes)) => bytes,
        Some(Err(rejected)) => return Ok(Back::Refused(rejected)),
        None => return Ok(Back::Nothing),
    };
    hub.machine.hear(Heard { door, request, answer: answer.clone() });
    Ok(match link.down(answer) {
        Arrival::Whole(bytes) | Arrival::Twice(bytes) | Arrival::Damaged(bytes) => Back::Bytes(bytes),
        Arrival::Earlier(bytes, which) => {
            Back::Bytes(earlier(hub, door, sender, which).map_or(bytes, |heard| heard.answer.clone()))
        }
        Arrival::Nothing => Back::Nothing,
    })
}

/// What the same machine asked before at this door.
fn earlier<'a>(hub: &'a Hub<'_>, door: Door, sender: Option<ReplicaId>, which: usize) -> Option<&'a Heard> {
    let same = |heard: &&Heard| heard.door == door && door.sender(&heard.request) == sender;
    let heard: Vec<&Heard> = hub.machine.overheard.iter().filter(same).collect();
    heard.get(which % heard.len().max(1)).copied()
}

/// What a hub answers; nothing where its power fails.
pub(crate) fn ask(
    hub: &mut Hub<'_>,
    door: Door,
    body: &[u8],
    now: Millis,
) -> Result<Option<Result<Vec<u8>, Rejected>>, StoreError> {
    let (at, sabotage) = (hub.machine.now(now), hub.sabotage);
    let sender = door.sender(body);
    let others = match (sabotage, hub.machine.replica(), sender) {
        (Sabotage::LeakyHub, Some(replica), Some(sender)) => {
            seen::told_to_others(replica, sender, &hub.machine.overheard)
        }
        _ => Vec::new(),
    };
    let mut showed = None;
    let answered = hub.machine.work(|running, seed| match (running, door) {
        (Running::Office(office), Door::Sync) => {
            if sabotage.turns_away(office, body)? {
                return Err(Rejected::new(Problem::Forbidden, "hearsay"));
            }
            let answer = office.exchange(body, at)?.answer;
            let answer = sabotage.spoil(answer, others, office.replica());
            if let Some(sender) = sender {
                showed = seen::too_much(office, sender, &answer)?.map(|what| (sender, what));
            }
            apply_the_rest(office)?;
            Ok(answer)
        }
        (Running::Office(office), Door::Files) => {
            let answer = sabotage.files(office, body, at)?;
            if let Some(sender) = sender {
                let what = seen::too_much_of_files(office, sender, (body, &answer))?;
                showed = what.map(|what| (sender, what));
            }
            Ok(answer)
        }
        (Running::Office(office), Door::Bundle) => letter(office, body, seed, at),
        (Running::Device(_), _) => Err(Rejected::new(Problem::Unauthorised, "a device is no hub")),
    });
    hub.machine.showed = hub.machine.showed.take().or(showed);
    answered
}

fn letter(office: &mut Office, body: &[u8], seed: &mut Seeded, now: Millis) -> Result<Vec<u8>, Rejected> {
    let taken = office.take_bundle(body, ReturnRows::Letter, seed, now)?;
    apply_the_rest(office)?;
    Ok(taken.back)
}

/// A shell applies the rest right after it has answered.
pub(crate) fn apply_the_rest(office: &mut Office) -> Result<(), StoreError> {
    while office.apply_some(1)?.is_left() {}
    Ok(())
}
