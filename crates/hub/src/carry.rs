//! Handing over what a device carries for others, over the link of its own session. Each message is a letter of its own,
//! so that a link that breaks keeps what went through; what the hub gives back is kept for whoever sent it.

use teranga_store::{StoreError, courier};

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
    while let Some((carried, letter)) = holder.with(|replica| replica.next_letter(at))? {
        at = carried.row;
        match link.hand_over(letter).await {
            Ok(back) => {
                let back = carried.is_answered_by(&back).then_some(back);
                holder.with(|replica| replica.handed_over(&carried, back.as_deref(), world::now()))?;
                done.taken += 1;
            }
            Err(LinkError::Refused { problem }) if courier::is_unwanted(problem) => {
                holder.with(|replica| replica.handed_over(&carried, None, world::now()))?;
                done.unwanted += 1;
            }
            Err(
                LinkError::Refused { .. }
                | LinkError::Speaks { .. }
                | LinkError::Succeeded { .. }
                | LinkError::Foreign { .. },
            ) => {}
            // One that is busy, too: it asks for fewer requests, and not for the next.
            Err(_) => break,
        }
    }
    done.left = holder.with(|replica| replica.carried_count())?;
    Ok(done)
}
