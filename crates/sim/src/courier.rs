//! What a device carries for its colleagues, handed over by the link of its own session: each message a letter of its
//! own, as the shell hands it over, over a link that may lose or damage it.

use teranga_core::time::Millis;
use teranga_store::{StoreError, courier};

use crate::doors::{Back, Door, Hub, carry};
use crate::link::Link;
use crate::machine::Machine;

/// Hands over every message that is carried, until the link fails. Returns how many were answered.
pub(crate) fn hand_over(
    child: &mut Machine,
    hub: &mut Hub<'_>,
    link: &mut Link,
    now: Millis,
) -> Result<u64, StoreError> {
    let (mut after, mut answered) = (0, 0);
    loop {
        let next = child.work(|running, _| running.replica().next_letter(after).ok().flatten())?;
        let Some((carried, letter)) = next.flatten() else { return Ok(answered) };
        after = carried.row;
        let at = child.now(now);
        let back = match carry(hub, Door::Bundle, link, letter, now)? {
            Back::Bytes(back) => carried.is_answered_by(&back).then_some(back),
            Back::Refused(rejected) if courier::is_unwanted(rejected.problem) => None,
            Back::Refused(_) => continue,
            Back::Nothing => return Ok(answered),
        };
        answered += 1;
        child.work(|running, _| running.replica_mut().handed_over(&carried, back.as_deref(), at).is_ok())?;
    }
}
