//! The gate of a hub: what is bounded before anybody is known. Whoever can reach the hub may open connections, say
//! nothing on them, or send two megabytes of junk a hundred times at once; each costs a bounded share of memory and
//! time, and those who are enrolled are served beside it.
//!
//! In the order in which a request meets them: connections in all and of one address (`connections`); a handshake and
//! headers in their time; a body that gets forward, of which only the first bytes are read until the child that it
//! names is known here (`arriving`, `callers`); a slot, without which the answer is `busy` (`slots`); the signature,
//! off the office's lock; the child's own turn, and the office's, before which it is read. The slot is kept until the
//! answer is written.

mod answer;
mod arriving;
mod callers;
mod connections;
mod slots;
mod steady;
mod tally;
mod told;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use teranga_core::id::PublicKey;
use teranga_core::problem::Problem;
use teranga_office::Rejected;
use teranga_sync::limits;
use teranga_sync::message::Ends;

pub(crate) use answer::answer;
use arriving::Arriving;
pub(crate) use callers::Callers;
pub(crate) use connections::{Connections, Gate};
pub(crate) use slots::Slot;
pub use slots::SlotBounds;
use slots::Slots;

pub(crate) use told::tell;

use crate::credit::Pace;
use crate::state::HubState;

/// How much of a body is read before it is known whether the child that it names is enrolled here: what names it, and as
/// much again as a signature, without which nothing is a request.
const HEAD_BYTES: usize = 38 + 64;

/// The numbers of a gate. A hub has those of the limits; a test makes do with fewer.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections open at once.
    pub connections: usize,
    /// Of those, of one address.
    pub connections_per_address: usize,
    /// Requests under way that name an enrolled child and will be held to its signature.
    pub requests: SlotBounds,
    /// Of those, of one child.
    pub requests_per_child: usize,
    /// Other requests under way: enrolments, bundles, pulls, and looking up a child that is not known yet.
    pub others: SlotBounds,
    /// Requests under way at the local door.
    pub local: SlotBounds,
    /// How a peer has to get forward, either way.
    pub pace: Pace,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long the headers of a request may take, and how long a connection may stay without one.
    pub headers: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS_MAX,
            connections_per_address: limits::CONNECTIONS_PER_ADDRESS_MAX,
            requests: SlotBounds::halved(limits::REQUESTS_MAX),
            requests_per_child: limits::REQUESTS_PER_CHILD_MAX,
            others: SlotBounds::halved(limits::OTHER_REQUESTS_MAX),
            local: SlotBounds { all: limits::LOCAL_REQUESTS_MAX, per_address: limits::LOCAL_REQUESTS_MAX },
            pace: Pace::default(),
            handshake: Duration::from_millis(limits::HANDSHAKE_MS_MAX),
            headers: Duration::from_millis(limits::HEADERS_MS_MAX),
        }
    }
}

/// What a running hub keeps of those who are at its gate.
#[derive(Debug)]
pub(crate) struct AtGate {
    pub(crate) connections: Arc<Connections>,
    pub(crate) callers: Callers,
    requests: Slots,
    per_child: Arc<tally::Tally<teranga_core::id::ReplicaId>>,
    others: Slots,
    local: Slots,
    pace: Pace,
}

/// A request that was let in: its body, and what it occupies.
#[derive(Debug)]
pub(crate) struct LetIn {
    pub(crate) body: Bytes,
    pub(crate) slot: Slot,
}

/// A request that was let in because the child with this key signed it.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) body: Bytes,
    pub(crate) key: PublicKey,
    pub(crate) slot: Slot,
}

impl AtGate {
    pub(crate) fn new(bounds: &Bounds, callers: Callers) -> Self {
        Self {
            connections: Arc::new(Connections::new(bounds.connections, bounds.connections_per_address)),
            callers,
            requests: Slots::new(bounds.requests),
            per_child: Arc::new(tally::Tally::new(bounds.requests.all, bounds.requests_per_child)),
            others: Slots::new(bounds.others),
            local: Slots::new(bounds.local),
            pace: bounds.pace,
        }
    }

    /// A slot for a request without a body, or whose caller will not be known by a signature.
    pub(crate) fn other(&self, from: SocketAddr) -> Result<Slot, Rejected> {
        self.slot(&self.others, from)
    }

    /// Lets in a small or sealed body whose sender only the office can know.
    pub(crate) async fn open(
        &self,
        from: SocketAddr,
        request: Request,
        max: usize,
    ) -> Result<LetIn, Rejected> {
        self.whole(&self.others, from, request, max).await
    }

    /// Lets in a request at the local door, whose secret was checked.
    pub(crate) async fn local(
        &self,
        from: SocketAddr,
        request: Request,
        max: usize,
    ) -> Result<LetIn, Rejected> {
        self.whole(&self.local, from, request, max).await
    }

    async fn whole(
        &self,
        slots: &Slots,
        from: SocketAddr,
        request: Request,
        max: usize,
    ) -> Result<LetIn, Rejected> {
        let mut arriving = Arriving::new(request, max, self.pace);
        let let_in = async {
            arriving.check_length()?;
            let slot = self.slot(slots, from)?;
            arriving.until_its_end().await?;
            Ok(slot)
        };
        match let_in.await {
            Ok(slot) => Ok(LetIn { body: arriving.into_body(), slot }),
            Err(rejected) => Err(arriving.refuse(rejected)),
        }
    }

    fn slot(&self, slots: &Slots, from: SocketAddr) -> Result<Slot, Rejected> {
        let slot = slots
            .enter(from.ip())
            .ok_or_else(|| Rejected::new(Problem::Busy, "as many as may are under way"))?;
        Ok(slot.on(self.connections.working(from)))
    }
}

/// Lets in a sealed message, once the child that its head names is known to be enrolled here.
pub(crate) async fn sealed(
    state: &Arc<HubState>,
    from: SocketAddr,
    request: Request,
    ends: fn(&[u8]) -> Result<Ends, Rejected>,
) -> Result<LetIn, Rejected> {
    let gate = &state.gate;
    let mut arriving = Arriving::new(request, limits::LETTER_BYTES_MAX, gate.pace);
    let let_in = async {
        arriving.check_length()?;
        arriving.until(HEAD_BYTES).await?;
        callers::find(state, from, ends(arriving.so_far())?).await?;
        let slot = gate.other(from)?;
        arriving.until_its_end().await?;
        Ok(slot)
    };
    match let_in.await {
        Ok(slot) => Ok(LetIn { body: arriving.into_body(), slot }),
        Err(rejected) => Err(arriving.refuse(rejected)),
    }
}

/// Lets in a signed request, once its child is known and its signature holds, and in that child's turn: whoever sends
/// several at once waits for itself and not others for it.
pub(crate) async fn signed(
    state: &Arc<HubState>,
    from: SocketAddr,
    request: Request,
    max: usize,
    ends: fn(&[u8]) -> Result<Ends, Rejected>,
) -> Result<Signed, Rejected> {
    let gate = &state.gate;
    let mut arriving = Arriving::new(request, max, gate.pace);
    let let_in = async {
        arriving.check_length()?;
        arriving.until(HEAD_BYTES).await?;
        let ends = ends(arriving.so_far())?;
        let caller = callers::find(state, from, ends).await?;
        // Anybody may name a child: its share is small enough that nobody else is kept out in its name.
        let many = || Rejected::new(Problem::Busy, "as many as may name this child");
        let of_child = gate.per_child.enter(ends.child).ok_or_else(many)?;
        let slot = gate.slot(&gate.requests, from)?.of_child(of_child);
        arriving.until_its_end().await?;
        Ok((slot, caller))
    };
    let (slot, caller) = match let_in.await {
        Ok(let_in) => let_in,
        Err(rejected) => return Err(arriving.refuse(rejected)),
    };
    let body = arriving.into_body();
    caller.check(body.clone()).await?;
    let slot = slot.in_turn(caller.turn().await?);
    Ok(Signed { body, key: caller.key(), slot })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at_work::NEAR;

    #[test]
    fn what_a_flood_can_make_a_hub_hold_is_known_beforehand() {
        let bounds = Bounds::default();
        let bodies = bounds.requests.all * limits::REQUEST_BYTES_MAX
            + bounds.others.all * limits::LETTER_BYTES_MAX
            + bounds.local.all * limits::LOCAL_BYTES_MAX;
        let buffers = bounds.connections * (limits::HEADERS_BYTES_MAX + limits::SEND_BUFFER_BYTES as usize);
        // What a pack unpacks to, and about as much again for what it is taken apart into.
        let read = NEAR * (limits::REQUEST_RAW_BYTES_MAX + 2 * limits::PACK_RAW_BYTES_MAX);
        assert!(bodies + buffers + read <= 336 * 1024 * 1024, "{bodies} {buffers} {read}");
        assert!(bounds.requests.per_address < bounds.requests.all, "no address has all of it");
        assert!(bounds.others.per_address < bounds.others.all);
        assert!(bounds.connections_per_address < bounds.connections);
        assert!(bounds.requests_per_child < bounds.requests.per_address, "nor a child");
        assert!(bounds.requests.all < bounds.connections, "there is a connection to say busy on");
    }
}
