//! What a device carries for its colleagues, handed over by the link of its own session: each message a letter of its
//! own, as the shell hands it over, over a link that may lose or damage it.

use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_store::courier::Carried;
use teranga_store::{Replica, StoreError};
use teranga_sync::identity::replica_id;
use teranga_sync::parcel::{Head, Parcel, ParcelKind};

use crate::doors::{Back, Door, Hub, carry};
use crate::link::Link;
use crate::machine::Machine;

/// Hands over every message that is carried, until the link fails.
pub(crate) fn hand_over(
    child: &mut Machine,
    hub: &mut Hub<'_>,
    link: &mut Link,
    now: Millis,
) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let next = child.work(|running, _| next(running.replica_mut(), after).ok().flatten())?;
        let Some((carried, letter)) = next.flatten() else { return Ok(()) };
        after = carried.row;
        let at = child.now(now);
        let back = match carry(hub, Door::Bundle, link, letter, now)? {
            Back::Bytes(back) => is_for(&back, &carried).then_some(back),
            Back::Refused(rejected) if is_for_good(rejected.problem) => None,
            Back::Refused(_) => continue,
            Back::Nothing => return Ok(()),
        };
        child.work(|running, _| running.replica_mut().handed_over(&carried, back.as_deref(), at).is_ok())?;
    }
}

/// The next message that is carried, as a letter.
fn next(replica: &mut Replica, after: i64) -> Result<Option<(Carried, Vec<u8>)>, StoreError> {
    let (Some(uplink), Some(carried)) = (replica.uplink()?, replica.carried_after(after)?) else {
        return Ok(None);
    };
    let head = Head { kind: ParcelKind::Bundle, to: replica_id(&uplink.key), from: carried.from };
    let letter = head.letter(&carried.sealed);
    Ok(Some((carried, letter)))
}

/// Whether something that came back is a return for whoever made the message. More cannot be said of it here.
fn is_for(file: &[u8], carried: &Carried) -> bool {
    Parcel::read(file).is_ok_and(|parcel| {
        parcel.head.kind == ParcelKind::Return && parcel.head.to == carried.from && !parcel.cut
    })
}

/// Whether the hub will never take this message.
fn is_for_good(problem: Problem) -> bool {
    match problem {
        Problem::Malformed | Problem::Unauthorised | Problem::Forbidden | Problem::TooLarge => true,
        Problem::BrokenChain
        | Problem::Succeeded
        | Problem::Replayed
        | Problem::Erased
        | Problem::UpgradeNeeded
        | Problem::Busy
        | Problem::DiskFull
        | Problem::Internal => false,
    }
}
