//! Tried ahead: what the guard says of a change follows from the part as it stands and from the change alone, and to find it
//! out is half of all that applying costs. So of the next saves it is found out before their turns, on all processors;
//! what is written, and in which order, does not depend on it. What was tried on a part that has changed meanwhile is
//! thrown away.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use teranga_core::class::ClassId;
use teranga_core::id::RecordId;
use teranga_document::guard::{Guard, Guarded, Reason};
use teranga_document::part::Part;
use teranga_document::room::Room;
use teranga_sync::scan::{ChangeLimits, scan};

use super::Loaded;
use super::try_change::room_for;
use crate::error::Result;
use crate::log::{self, LogRow, Status};
use crate::part::{self, Stored};

/// Saves that are tried before the first of them has its turn: their documents are all in memory.
pub(super) const SAVES_AT_ONCE: usize = 64;
/// Bytes of parts that are in memory for that, at most by one part more.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;
/// So few changes are tried sooner than a thread starts.
const CHANGES_PER_THREAD_MIN: usize = 8;

/// What came of a change, and on which part.
pub(super) struct Tried {
    pub(super) stored: Stored,
    pub(super) base: Part,
    pub(super) outcome: std::result::Result<Guarded, Reason>,
}

/// Tries the first change of each part that some saves bring and that is not in `loaded`, by its row in the log. One that
/// cannot be read, or that builds on what is not there, is not tried.
pub(super) fn try_ahead(
    connection: &Connection,
    guard: &Guard,
    loaded: &BTreeMap<(RecordId, ClassId), Loaded>,
    saves: &[i64],
) -> Result<BTreeMap<i64, Tried>> {
    let (mut asked, mut seen, mut bytes) = (Vec::new(), BTreeSet::new(), 0);
    for save in saves {
        for row in log::of_save(connection, *save)? {
            let key = (row.record, row.class.clone());
            if bytes < BYTES_AT_ONCE
                && row.status == Status::Logged
                && !loaded.contains_key(&key)
                && seen.insert(key)
            {
                let one = ask(connection, row)?;
                bytes += one.as_ref().map_or(0, |one| one.stored.size());
                asked.extend(one);
            }
        }
    }
    Ok(on_all_processors(asked, |asked| Some((asked.row.seq, tried(guard, asked)?))))
}

/// What is needed to try a change.
struct Asked {
    row: LogRow,
    stored: Stored,
    room: Room,
}

fn ask(connection: &Connection, row: LogRow) -> Result<Option<Asked>> {
    let Some(salt) = part::salt_of(connection, row.record)? else { return Ok(None) };
    let stored = part::stored(connection, row.record, &row.class, salt)?;
    let room = room_for(connection, &row)?;
    Ok(Some(Asked { row, stored, room }))
}

fn tried(guard: &Guard, Asked { row, stored, room }: Asked) -> Option<Tried> {
    let body = row.body.as_deref()?;
    let scanned = scan(body, &ChangeLimits::PROTOCOL).ok()?;
    let base = stored.part().ok()?;
    if !scanned.deps.iter().all(|dep| base.contains(dep)) {
        return None;
    }
    let outcome = guard.within(room).apply(&base, body);
    Some(Tried { stored, base, outcome })
}

/// Does the same with each of these, on this thread and on as many others as it is worth.
fn on_all_processors<T: Send, K: Ord + Send, V: Send>(
    these: Vec<T>,
    work: impl Fn(T) -> Option<(K, V)> + Sync,
) -> BTreeMap<K, V> {
    let worth = these.len() / CHANGES_PER_THREAD_MIN;
    // Asking how many processors there are reads files: it is not done for a change or two.
    let processors = || thread::available_parallelism().map_or(1, NonZero::get);
    let threads = if worth > 1 { processors().min(worth) } else { 1 };
    let these = Mutex::new(these.into_iter());
    let next = || these.lock().unwrap_or_else(PoisonError::into_inner).next();
    let some = || std::iter::from_fn(&next).filter_map(&work).collect::<Vec<_>>();
    thread::scope(|scope| {
        let others: Vec<_> =
            (1..threads).filter_map(|_| thread::Builder::new().spawn_scoped(scope, some).ok()).collect();
        let mut all: BTreeMap<K, V> = some().into_iter().collect();
        // Who panicked has told nothing: what it took is tried in its turn.
        all.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_worked_on_here_and_many_by_others_too_and_none_is_lost() {
        let here = thread::current().id();
        let of = |count: usize| {
            on_all_processors((0..count).collect(), |number| {
                (number % 10 != 3).then(|| (number, thread::current().id()))
            })
        };
        let few = of(CHANGES_PER_THREAD_MIN);
        assert!(few.values().all(|thread| *thread == here));
        assert_eq!(few.len(), CHANGES_PER_THREAD_MIN - 1);
        let numbers: Vec<usize> = of(10_000).into_keys().collect();
        assert_eq!(numbers, (0..10_000).filter(|number| number % 10 != 3).collect::<Vec<_>>());
    }
}
