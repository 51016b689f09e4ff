//! Slots: how many requests are under way at once, in all and from one address. Each holds a body in memory and stands
//! before the office's one lock, so beyond them the answer is `busy`, at once. One address has at most half of them: many
//! devices stand behind one, but whoever floods from it leaves the other half to everybody else.

use std::net::IpAddr;
use std::sync::Arc;

use teranga_core::id::ReplicaId;
use tokio::sync::OwnedSemaphorePermit;

use super::connections::{Working, network};
use super::tally::{Held, Tally};

/// How many slots there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotBounds {
    /// In all.
    pub all: usize,
    /// From one address.
    pub per_address: usize,
}

impl SlotBounds {
    /// Half of them for one address.
    pub const fn halved(all: usize) -> Self {
        Self { all, per_address: all.div_ceil(2) }
    }
}

/// The slots for one kind of request.
#[derive(Debug)]
pub(crate) struct Slots {
    tally: Arc<Tally<IpAddr>>,
}

impl Slots {
    pub(crate) fn new(bounds: SlotBounds) -> Self {
        Self { tally: Arc::new(Tally::new(bounds.all, bounds.per_address)) }
    }

    /// Takes a slot; `None` where there is none.
    pub(crate) fn enter(&self, from: IpAddr) -> Option<Slot> {
        let place = self.tally.enter(network(from))?;
        Some(Slot { _place: place, _working: None, _of_child: None, turn: None })
    }
}

/// What a request occupies, until its answer is written.
#[derive(Debug)]
pub(crate) struct Slot {
    _place: Held<IpAddr>,
    _working: Option<Working>,
    _of_child: Option<Held<ReplicaId>>,
    turn: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// On a connection, which is not given up for another meanwhile.
    pub(crate) fn on(self, working: Working) -> Self {
        Self { _working: Some(working), ..self }
    }

    /// In the name of a child.
    pub(crate) fn of_child(self, of_child: Held<ReplicaId>) -> Self {
        Self { _of_child: Some(of_child), ..self }
    }

    /// In its child's turn.
    pub(crate) fn in_turn(self, turn: OwnedSemaphorePermit) -> Self {
        Self { turn: Some(turn), ..self }
    }

    /// The office is done with it: the next of its child's has its turn while this one's answer travels.
    pub(crate) fn answered(mut self) -> Self {
        self.turn = None;
        self
    }
}
