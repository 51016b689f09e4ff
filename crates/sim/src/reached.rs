//! What was reached is not taken back: what stands in a document goes on standing there, how far a child has read its hub's feed
//! and its hub holds its outbox only grows, and no tick of a record that nobody touched falls. Disks that are exchanged, and
//! keys that two machines have, take something back, and are excused for as much as they do.

use std::collections::BTreeMap;

use teranga_core::id::{ChangeHash, Line, PublicKey, RecordId};
use teranga_core::time::Millis;
use teranga_store::behind::Reading;
use teranga_store::ticks::Tick;
use teranga_store::{Replica, Status, StoreError};

use crate::erasure_oracles::is_known_erased;
use crate::fault::Fault;
use crate::glance::{Glance, Seen, Shown};
use crate::machine::Machine;
use crate::world::World;

/// How far a machine had come when somebody last looked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reached {
    /// What stood in its documents of what people were promised.
    stood: Vec<ChangeHash>,
    /// How it stood to its hub.
    link: Option<Standing>,
    /// What its ticks showed.
    ticks: BTreeMap<RecordId, Shown>,
    /// Whether somebody above has forgotten what was said.
    word: Word,
}

impl Reached {
    /// Of a copy of the machine: what is open for one of them is open for the other.
    pub(crate) fn of_a_copy(&self) -> Self {
        Self { word: self.word, ..Self::default() }
    }
}

/// Whether what a machine was told still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Word {
    /// It does.
    #[default]
    Stands,
    /// A disk was exchanged, here or above, and the hub itself has not heard everything anew.
    Forgotten,
    /// The hub has; this machine has once it takes another answer than the one of this time. A refusal says nothing of what
    /// the hub holds.
    HeardAt(Option<Millis>),
}

/// How a child stands to a hub in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    hub: PublicKey,
    line: Line,
    read: u64,
    acknowledged: u64,
    exchange: u64,
    /// When an answer was last taken.
    answered: Option<Millis>,
    /// Whether the feed was read to its end since whatever befell one of both.
    reading: Reading,
}

impl Standing {
    pub(crate) fn of(replica: &Replica) -> Result<Option<Self>, StoreError> {
        let line = replica.line()?;
        Ok(replica.uplink()?.map(|uplink| Self {
            hub: uplink.key,
            line,
            read: uplink.cursor.position.0,
            acknowledged: uplink.acknowledged,
            exchange: uplink.exchange,
            answered: uplink.last,
            reading: uplink.reading,
        }))
    }

    /// What is less than it was, in the same line at the same hub.
    pub(crate) fn lost(&self, now: &Self) -> Option<String> {
        if (self.hub, self.line) != (now.hub, now.line) {
            return None;
        }
        let pairs = [
            ("the cursor", self.read, now.read),
            ("what is acknowledged", self.acknowledged, now.acknowledged),
            ("the exchange", self.exchange, now.exchange),
        ];
        let less = pairs.into_iter().find(|(_, before, now)| now < before);
        less.map(|(what, before, now)| format!("{what} went from {before} to {now}"))
    }
}

impl World {
    /// The disk of a machine was exchanged or lost: it begins anew, and for everybody else it is open what still stands of what
    /// they were told, until their hub knows and they have heard from it.
    pub(crate) fn forget_reached(&mut self, number: usize) {
        for (machine, reached) in self.reached.iter_mut().enumerate() {
            reached.word = Word::Forgotten;
            if machine == number {
                reached.stood.clear();
            }
        }
    }

    /// A machine has joined a hub, which does not know what it had taken before, though it may be the same: who leaves for
    /// another region and comes back begins again, and with empty hands.
    pub(crate) fn joined_anew(&mut self, number: usize) {
        if let Some(reached) = self.reached.get_mut(number) {
            reached.word = Word::Forgotten;
            reached.stood.clear();
        }
    }

    /// A change that stood in a document of a machine when somebody last looked, and that is looked for there.
    pub(crate) fn stood_at(&self, number: usize) -> Option<ChangeHash> {
        let reached = self.reached.get(number).filter(|_| self.nothing_is_erased())?;
        reached.stood.last().copied()
    }

    /// Whether a machine called something safe when somebody last looked, and is held to that.
    pub(crate) fn is_known_safe(&self, number: usize) -> bool {
        let stands = self.reached.get(number).filter(|reached| reached.word == Word::Stands);
        stands.is_some_and(|reached| reached.ticks.values().any(|shown| shown.tick == Tick::Safe))
    }

    /// Whether a machine had given exchanges numbers when somebody last looked, and is held to that.
    pub(crate) fn had_counted(&self, number: usize) -> bool {
        let stands = self.reached.get(number).filter(|reached| reached.word == Word::Stands);
        stands.and_then(|reached| reached.link).is_some_and(|link| link.exchange > 0)
    }

    /// Compares with what was reached before, and notes what is reached now.
    pub(crate) fn keeps_what_was_reached(&mut self, glance: &Glance) -> Result<Option<Fault>, StoreError> {
        let mut found = None;
        for number in 0..self.machines.len() {
            let (Some(machine), Some(seen)) = (self.machines.get(number), glance.at(number)) else {
                continue;
            };
            let Some(replica) = machine.replica() else { continue };
            let before = self.reached.get(number).cloned().unwrap_or_default();
            let link = Standing::of(replica)?;
            let word = self.word(number, before.word, link);
            if found.is_none()
                && let Some(what) = self.fell(number, &before, seen, link)?
            {
                found = Some(Fault::Retreat(machine.name.clone(), what));
            }
            let stands = |hash: &ChangeHash| seen.census.get(hash) == Some(&Status::Applied);
            let promised = self.ledger.promises.iter().map(|promise| promise.hash);
            let stood = promised.filter(stands).collect();
            if let Some(machine) = self.machines.get_mut(number) {
                machine.fell = None;
            }
            if let Some(reached) = self.reached.get_mut(number) {
                *reached = Reached { stood, link, ticks: seen.ticks.clone(), word };
            }
        }
        Ok(found)
    }

    /// Whether what a machine was told stands now.
    fn word(&self, number: usize, before: Word, link: Option<Standing>) -> Word {
        let Some((hub, link)) = self.hub_of(number).zip(link) else { return Word::Stands };
        let hub_knows = self.reached.get(hub).is_none_or(|hub| hub.word == Word::Stands);
        match before {
            Word::Stands => Word::Stands,
            Word::Forgotten if hub_knows => Word::HeardAt(link.answered),
            Word::HeardAt(before) if link.reading == Reading::CaughtUp && link.answered != before => {
                Word::Stands
            }
            Word::Forgotten | Word::HeardAt(_) => before,
        }
    }

    /// What a machine has less of than before.
    fn fell(
        &self,
        number: usize,
        before: &Reached,
        seen: &Seen,
        link: Option<Standing>,
    ) -> Result<Option<String>, StoreError> {
        let Some(machine) = self.machines.get(number) else { return Ok(None) };
        let fallen = before.stood.iter().find_map(|hash| Some((hash, self.taken_out(seen, hash)?)));
        if let Some((hash, how)) = fallen {
            return Ok(Some(format!("{hash} stood in its document, and {how}")));
        }
        if before.word != Word::Stands {
            return Ok(None);
        }
        if self.hub_of(number).is_some_and(|hub| self.shares_its_key(hub)) {
            return Ok(None);
        }
        let since = || before.link.zip(link).and_then(|(before, now)| before.lost(&now));
        let lost = machine.fell.clone().or_else(since);
        if lost.is_some() {
            // Whoever shares a key says what another said, and is told less for it, and so are its ticks until it has said it.
            return Ok(lost.filter(|_| !self.shares_its_key(number)));
        }
        for (record, before) in &before.ticks {
            let Some(shown) = seen.ticks.get(record) else { continue };
            let (was, is) = (&before.tick, &shown.tick);
            let falls = rank(is).zip(rank(was)).is_some_and(|(is, was)| is < was);
            if falls && shown.has_nothing_more_than(before) && !is_known_erased(self, *record)? {
                return Ok(Some(format!("the tick of {record} went from {was:?} to {is:?}")));
            }
        }
        Ok(None)
    }

    /// How a change that stood in its document stands there no more, though it should.
    fn taken_out(&self, seen: &Seen, hash: &ChangeHash) -> Option<&'static str> {
        match seen.census.get(hash) {
            // What was erased before it was ever sent leaves no name behind.
            None if self.nothing_is_erased() => Some("nobody knows of it any more"),
            Some(Status::Logged) => Some("waits to be applied"),
            // Somebody's own work waits where what it builds on is not taken after all.
            Some(Status::Waiting) if !self.regranted && !self.revoked && self.thieves.is_empty() => {
                Some("waits for another")
            }
            Some(Status::Withheld) if self.nothing_is_erased() => Some("only its name is there"),
            None
            | Some(
                Status::Applied | Status::LetGo | Status::Quarantined | Status::Waiting | Status::Withheld,
            ) => None,
        }
    }

    fn nothing_is_erased(&self) -> bool {
        let replicas = self.machines.iter().filter_map(Machine::replica);
        replicas.map(Replica::erasures).all(|erased| erased.is_ok_and(|erased| erased.is_empty()))
    }

    /// Whether another machine has this one's key: what one of them says, the hub takes for the other's word until it knows.
    pub(crate) fn shares_its_key(&self, number: usize) -> bool {
        let key = self.machines.get(number).and_then(Machine::replica).map(Replica::id);
        self.with_the_key_of(number).len() > 1 || self.thieves.iter().any(|thief| Some(thief.key) == key)
    }
}

/// How far a tick says that a record has come; nothing where something of it was not taken.
fn rank(tick: &Tick) -> Option<u8> {
    match tick {
        Tick::Here => Some(0),
        Tick::AtRegion => Some(1),
        Tick::Safe => Some(2),
        Tick::Held(_) => None,
    }
}
