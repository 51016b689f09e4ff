//! Handing over what a device carries for others, over the link of its own session. Each message is a letter of its own,
//! so that a link that breaks keeps what went through; what the hub gives back is kept for whoever sent it.

use teranga_core::id::ReplicaId;
use teranga_core::problem::Problem;
use teranga_store::courier::Carried;
use teranga_store::{Replica, StoreError};
use teranga_sync::identity::replica_id;
use teranga_sync::parcel::{Head, Parcel, ParcelKind};

use crate::link::{Link, LinkError};
use crate::synchronise::Holder;
use crate::world;

/// What became of what was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandedOver {
    /// Messages that the hub took.
    pub taken: u64,
    /// Messages that the hub does not want, now or ever; whoever made them still has what they hold.
    pub unwanted: u64,
    /// Messages that are still carried.
    pub left: u64,
}

/// Hands over every message that is carried, until the link fails. One that the hub cannot take now stands in nobody's
/// way.
pub async fn hand_over(holder: &impl Holder, link: &Link) -> Result<HandedOver, StoreError> {
    let mut done = HandedOver::default();
    let mut at = 0;
    while let Some((carried, letter)) = holder.with(|replica| next(replica, at))? {
        at = carried.row;
        match link.hand_over(letter).await {
            Ok(back) => {
                let back = is_for(&back, carried.from).then_some(back);
                holder.with(|replica| replica.handed_over(&carried, back.as_deref(), world::now()))?;
                done.taken += 1;
            }
            Err(LinkError::Refused { problem }) if is_for_good(problem) => {
                holder.with(|replica| replica.handed_over(&carried, None, world::now()))?;
                done.unwanted += 1;
            }
            Err(LinkError::Refused { .. } | LinkError::Succeeded { .. } | LinkError::Foreign { .. }) => {}
            Err(_) => break,
        }
    }
    done.left = holder.with(|replica| replica.carried_count())?;
    Ok(done)
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

/// Whether something that came back is a return for this device. More cannot be said of it here: it is sealed.
fn is_for(file: &[u8], child: ReplicaId) -> bool {
    Parcel::read(file)
        .is_ok_and(|parcel| parcel.head.kind == ParcelKind::Return && parcel.head.to == child && !parcel.cut)
}

/// Whether the hub will never take this message.
fn is_for_good(problem: Problem) -> bool {
    matches!(problem, Problem::Malformed | Problem::Unauthorised | Problem::Forbidden | Problem::TooLarge)
}
