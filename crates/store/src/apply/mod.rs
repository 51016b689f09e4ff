//! Apply: logged saves become part of their documents, behind `Guard`, a save whole or not at all. What fails is
//! quarantined with its reason and its author is told; what waits for changes that have not arrived is held aside
//! until they do.

mod ahead;
mod one_save;
mod processors;
mod round;
mod try_change;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::thread;

use one_save::Fate;
pub(crate) use round::Round;
use round::Saves;
use rusqlite::{Connection, params};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, Line, RecordId, ReplicaId};
use teranga_document::guard::Guard;
use teranga_document::part::Part;
use teranga_sync::limits;
use teranga_sync::pack::Pack;

use crate::erase;
use crate::error::Result;
use crate::log::{self, Status};
use crate::orphan;
use crate::part::OPEN;
use crate::receipts;
use crate::replica::Replica;

/// The mark of a change whose author was in charge of its record once, and no more when it was applied.
pub(crate) const AFTER_REASSIGNMENT: &str = "after-reassignment";

/// The reason of what falls with something else: a change that it builds on, or another of its save.
pub(crate) const BUILDS_ON_HELD: &str = "builds-on-held";

/// What a round of applying left for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Unapplied {
    /// Nothing.
    #[default]
    Nothing,
    /// Saves to large parts alone: they come last, and nobody should wait for them.
    ToLargeParts,
    /// Others too.
    Saves,
}

/// What one round of applying did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Changes that are in their documents now.
    pub changes: usize,
    /// Changes that were quarantined.
    pub quarantined: usize,
    /// What is still to apply.
    pub left: Unapplied,
}

impl Applied {
    /// Whether anything is still to apply.
    pub fn is_left(&self) -> bool {
        self.left != Unapplied::Nothing
    }
}

impl AddAssign for Applied {
    fn add_assign(&mut self, other: Self) {
        self.changes += other.changes;
        self.quarantined += other.quarantined;
        self.left = other.left;
    }
}

impl Replica {
    /// Applies logged saves, in the order in which they came, those to large parts last.
    pub fn apply_logged(&mut self) -> Result<Applied> {
        self.apply_round(Round::Whole)
    }

    /// The same but for saves to large parts, while somebody waits for an answer.
    pub fn apply_usual(&mut self) -> Result<Applied> {
        self.apply_round(Round::Usual)
    }

    /// Applies all that an answer or a file left logged, round by round.
    pub fn apply_the_rest(&mut self) -> Result<()> {
        while self.apply_logged()?.is_left() {}
        Ok(())
    }

    /// Applies what one pack brought, whatever else is logged: whoever brought it is told in this answer what became of it, or
    /// never.
    pub fn apply_brought(&mut self, pack: &Pack) -> Result<Applied> {
        let (origin, batch) = (pack.manifest.replica(), pack.manifest.batch);
        self.apply_with(|applier| {
            let mut rows = log::of_pack(applier.connection, origin, batch)?;
            rows.extend(log::of_testimony(applier.connection, origin, batch)?);
            let logged = rows.into_iter().filter(|row| row.status == Status::Logged);
            let saves: BTreeSet<i64> = logged.map(|row| row.save).collect();
            saves.into_iter().try_for_each(|save| applier.apply_save(save))?;
            applier.settle()
        })
    }

    fn apply_round(&mut self, round: Round) -> Result<Applied> {
        self.apply_with(|applier| applier.run(round))
    }

    fn apply_with(&mut self, work: impl FnOnce(&mut Applier<'_>) -> Result<Applied>) -> Result<Applied> {
        let (identity, guard) = (self.identity().clone(), Guard::new());
        let transaction = self.database_mut().transaction()?;
        let mut applier = Applier::new(&transaction, identity.replica(), &guard);
        let applied = work(&mut applier)?;
        let orphans = applier.orphans()?;
        erase::erase_orphans(&transaction, &identity, &orphans)?;
        transaction.commit()?;
        if !orphans.is_empty() {
            self.forget_destroyed()?;
        }
        Ok(applied)
    }
}

/// A part that is in memory.
struct Loaded {
    part: Part,
    /// Bytes of its snapshot.
    bytes: usize,
}

impl Loaded {
    /// What it costs to try a change on it, in bytes of parts.
    fn weight(&self) -> usize {
        self.bytes
            + self.part.change_count() * round::A_CHANGE
            + self.part.operation_count() * round::AN_OPERATION
    }
}

/// One round of applying, within one transaction.
pub(crate) struct Applier<'a> {
    connection: &'a Connection,
    own: ReplicaId,
    guard: &'a Guard,
    parts: BTreeMap<(RecordId, ClassId), Loaded>,
    /// What this round has gone through, in bytes of parts.
    spent: usize,
    /// What came of changes whose turn is near, by their rows in the log.
    ahead: BTreeMap<i64, ahead::Tried>,
    done: Applied,
    /// Parts of which something was settled in this round.
    settled: BTreeSet<(RecordId, ClassId)>,
    /// The last pack of each line of which something was looked at.
    received: BTreeMap<(ReplicaId, Line), Batch>,
    /// Assessments that came after their case was erased, with the case.
    of_erased_cases: Vec<(RecordId, RecordId)>,
    /// Records of which something waits, or was held aside, in this round.
    not_taken: BTreeSet<RecordId>,
}

impl<'a> Applier<'a> {
    pub(crate) fn new(connection: &'a Connection, own: ReplicaId, guard: &'a Guard) -> Self {
        Self {
            connection,
            own,
            guard,
            parts: BTreeMap::new(),
            spent: 0,
            ahead: BTreeMap::new(),
            done: Applied::default(),
            settled: BTreeSet::new(),
            received: BTreeMap::new(),
            of_erased_cases: Vec::new(),
            not_taken: BTreeSet::new(),
        }
    }

    pub(crate) fn run(&mut self, round: Round) -> Result<Applied> {
        let Saves { usual, large, more } = Saves::next(self.connection, round)?;
        self.done.left = more;
        self.apply_usual(&usual)?;
        for (number, save) in large.into_iter().enumerate() {
            if number == 0 {
                self.apply_save(save)?;
            } else {
                self.apply_in_turn(save, Unapplied::ToLargeParts)?;
            }
        }
        self.settle()
    }

    /// Applies saves to parts of the usual size; while some are written the next are tried.
    fn apply_usual(&mut self, saves: &[i64]) -> Result<()> {
        let mut chunks = saves.chunks(ahead::SAVES_AT_ONCE).peekable();
        thread::scope(|scope| {
            let first = chunks.peek().copied().unwrap_or_default();
            let mut next = self.try_ahead(scope, first, &BTreeSet::new())?;
            while let Some(some) = chunks.next() {
                if self.is_spent() {
                    self.leaves(Unapplied::Saves);
                    break;
                }
                let (parts, tried) = next.finish();
                self.ahead = tried;
                next = self.try_ahead(scope, chunks.peek().copied().unwrap_or_default(), &parts)?;
                some.iter().try_for_each(|save| self.apply_in_turn(*save, Unapplied::Saves))?;
            }
            self.ahead.clear();
            Ok(())
        })
    }

    /// What follows from what was applied in this round, or held aside.
    fn settle(&mut self) -> Result<Applied> {
        // Only now: who may write an assessment stands in its case, of which more than one save may have come.
        while let Some(part) = self.settled.pop_first() {
            for save in self.waiting_for(&part)? {
                if self.is_spent() {
                    log::try_later(self.connection, save)?;
                    self.leaves(Unapplied::Saves);
                } else {
                    self.apply_save(save)?;
                }
            }
        }
        for ((origin, _), batch) in std::mem::take(&mut self.received) {
            receipts::note_at_home(self.connection, origin, batch)?;
        }
        Ok(self.done)
    }

    /// The assessments of this round that go with their erased case: those that were taken, and those of which something was not.
    fn orphans(mut self) -> Result<Vec<(RecordId, RecordId)>> {
        if !erase::is_anything_erased(self.connection)? {
            return Ok(self.of_erased_cases);
        }
        for record in self.not_taken {
            let case = orphan::erased_case(self.connection, self.guard, record)?;
            self.of_erased_cases.extend(case.map(|case| (record, case)));
        }
        Ok(self.of_erased_cases)
    }

    fn is_spent(&self) -> bool {
        self.spent >= limits::ROUND_BYTES_MAX
    }

    fn leaves(&mut self, left: Unapplied) {
        self.done.left = self.done.left.max(left);
    }

    /// Applies a save, if this round still has room for it; what is left has its turn in the next.
    fn apply_in_turn(&mut self, save: i64, or_leaves: Unapplied) -> Result<()> {
        if self.is_spent() {
            self.leaves(or_leaves);
            return Ok(());
        }
        self.apply_save(save)
    }

    /// Applies a save; what waited for it goes on after this round, or is held aside.
    fn apply_save(&mut self, save: i64) -> Result<()> {
        let rows = log::of_save(self.connection, save)?;
        for row in &rows {
            let Some((origin, batch)) = log::brought_in(self.connection, row)? else { continue };
            let last = self.received.entry((origin, batch.line())).or_default();
            *last = batch.max(*last);
        }
        if self.apply_rows(save, &rows)? == Fate::Settled {
            self.settled.extend(rows.into_iter().map(|row| (row.record, row.class)));
        }
        Ok(())
    }

    /// Saves that wait for something of a part: for changes of it, or, where it is the open one, for the record's envelope.
    fn waiting_for(&self, (record, class): &(RecordId, ClassId)) -> Result<Vec<i64>> {
        if class.as_str() != OPEN {
            let mut statement = self.connection.prepare_cached(
                "SELECT DISTINCT save FROM change WHERE record = ?1 AND class = ?2 AND status = 2 ORDER BY save",
            )?;
            let saves = statement.query_map(params![record.as_bytes(), class.as_str()], |row| row.get(0))?;
            return Ok(saves.collect::<std::result::Result<_, _>>()?);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT save FROM change WHERE record = ?1 AND status = 2
             UNION SELECT save FROM awaits WHERE record = ?1 ORDER BY save",
        )?;
        let saves = statement.query_map([record.as_bytes()], |row| row.get(0))?;
        let saves = saves.collect::<std::result::Result<_, _>>()?;
        // Those that must wait on are noted again.
        self.connection
            .prepare_cached("DELETE FROM awaits WHERE record = ?1")?
            .execute([record.as_bytes()])?;
        Ok(saves)
    }
}
