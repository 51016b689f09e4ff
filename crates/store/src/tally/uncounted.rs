//! What a transaction brought into tables and took out of them, and the tally has not been told of yet: each row is counted
//! in memory, and each table's number is written once, at the end (`database`). A statement that fails ends its transaction,
//! or what it had counted so far would be told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use super::fingerprint::Fingerprint;
use crate::error::Result;

/// What came less what went, by the table's number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uncounted(Arc<Mutex<BTreeMap<i64, i64>>>);

impl Uncounted {
    /// Teaches a connection what the triggers call, `came(table, ...)` and `went(table, ...)` with a row's columns, and what
    /// tells the tally of it.
    pub(crate) fn attach(&self, connection: &Connection) -> Result<()> {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        for (name, count) in [("came", i64::wrapping_add as fn(i64, i64) -> i64), ("went", i64::wrapping_sub)]
        {
            let uncounted = self.clone();
            connection.create_scalar_function(name, -1, flags, move |context| {
                let (table, row) = read(context)?;
                let mut sums = uncounted.sums();
                let sum = sums.entry(table).or_default();
                *sum = count(*sum, row);
                Ok(None::<i64>)
            })?;
        }
        connection.create_scalar_function("summed", 2, flags, |context| {
            // A sum that is a number no more keeps nobody from writing: whoever verifies finds it.
            let (sum, more): (i64, i64) = (context.get(0).unwrap_or_default(), context.get(1)?);
            Ok(sum.wrapping_add(more))
        })?;
        Ok(())
    }

    /// Whether the tally knows of everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.sums().is_empty()
    }

    /// Forgets what was rolled back.
    pub(crate) fn forget(&self) {
        self.sums().clear();
    }

    /// Tells the tally, at the end of a transaction.
    pub(crate) fn tell(&self, transaction: &Connection) -> rusqlite::Result<()> {
        let sums = std::mem::take(&mut *self.sums());
        if sums.is_empty() {
            // On the way up the ladder there is no tally yet.
            return Ok(());
        }
        let mut tell =
            transaction.prepare_cached("UPDATE tally SET sum = summed(sum, ?2) WHERE number = ?1")?;
        sums.into_iter().try_for_each(|sum| tell.execute(sum).map(|_| ()))
    }

    fn sums(&self) -> MutexGuard<'_, BTreeMap<i64, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The table's number, and the fingerprint of the row that the other arguments are.
fn read(context: &Context<'_>) -> rusqlite::Result<(i64, i64)> {
    let mut row = Fingerprint::begin();
    (1..context.len()).for_each(|column| row.take(context.get_raw(column)));
    Ok((context.get(0)?, row.number()))
}
