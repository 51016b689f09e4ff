//! Taking the rows that a hub signed, of an answer or of a return, and applying what they bring.

use std::collections::BTreeSet;

use rusqlite::Connection;
use teranga_core::id::{OpeningNonce, RecordId, ReplicaId};
use teranga_document::guard::Guard;
use teranga_sync::bytes::DecodeError;
use teranga_sync::feed::{Row, decode};
use teranga_sync::identity::Identity;
use teranga_sync::limits;
use teranga_sync::version::Version;

use crate::apply::{Applied, Applier, Round, Unapplied};
use crate::behind;
use crate::erase::{self, Destroyed};
use crate::error::{Result, StoreError};
use crate::gone;
use crate::home;
use crate::replica;
use crate::take;

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// It is not an answer to the request that was sent.
    #[error("the answer is not for this exchange")]
    NotForUs,
    /// Somebody else with this replica's key has asked in its line before: rows that they brought would be passed over.
    #[error("somebody else with this replica's key has asked before")]
    SomebodyElse,
    /// It orders to destroy what only the home can. That was passed over, everything else was taken.
    #[error("an erasure is not signed by the home")]
    NotTheHome,
    /// Its rows are not what the protocol says.
    #[error(transparent)]
    Rows(#[from] DecodeError),
    /// The replica failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for TakeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
/// What taking rows did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    /// What was applied.
    pub(crate) applied: Applied,
    /// Whether a record was erased: then what was deleted must leave the files too.
    pub(crate) erased: bool,
    /// What was lost by that.
    pub(crate) destroyed: Destroyed,
    /// Records that a word of somebody else than the home was to destroy, and that stand.
    pub(crate) foreign_words: usize,
}

/// Takes rows that a hub signed, and applies what they bring.
pub(crate) fn take_rows(connection: &Connection, own: &Identity, rows: Vec<Row>) -> Result<Took> {
    let (rows, foreign) = home::believed(connection, own, rows)?;
    let erased = rows.iter().any(|row| matches!(row, Row::Erase(_)));
    let destroyed = erase::will_destroy(connection, own.replica(), &rows)?;
    let of_verdicts: BTreeSet<RecordId> = rows.iter().filter_map(verdict_on).collect();
    let held_before = replica::read_profile(connection)?.audience;
    take::rows(connection, own, rows)?;
    let may_hold = replica::read_profile(connection)?.audience;
    let is_regranted = may_hold != held_before;
    let large_rounds = if is_regranted || !of_verdicts.is_empty() {
        limits::ROUNDS_PER_ANSWER
    } else {
        limits::LARGE_ROUNDS_PER_ANSWER
    };
    let applied = apply_all(connection, own.replica(), large_rounds)?;
    // Only now does every record that is here say whose it is.
    if is_regranted {
        gone::beyond(connection, &may_hold)?;
    }
    of_verdicts.into_iter().try_for_each(|record| gone::out_of_charge(connection, record))?;
    let foreign_words = home::stand(connection, &foreign)?;
    Ok(Took { applied, erased, destroyed, foreign_words })
}

fn verdict_on(row: &Row) -> Option<RecordId> {
    if let Row::Verdict(verdict) = row { Some(verdict.record) } else { None }
}

/// The feed was read to its end by who was behind.
pub(crate) fn catch_up(connection: &Connection, (own, nonce): (ReplicaId, OpeningNonce)) -> Result<Applied> {
    behind::caught_up(connection, (own, nonce))?;
    apply_all(connection, own, limits::LARGE_ROUNDS_PER_ANSWER)
}

/// The rows of an answer or of a return, which are none where there is nothing. The word of an erasure holds for whoever
/// signed it, or nothing of them is taken.
pub(crate) fn read_rows(rows: &[u8], version: Version) -> std::result::Result<Vec<Row>, TakeError> {
    let rows = if rows.is_empty() { Vec::new() } else { decode(rows, version)? };
    if rows.iter().any(|row| matches!(row, Row::Erase(erasure) if !erasure.verify())) {
        return Err(DecodeError::Invalid { field: "erasure" }.into());
    }
    Ok(rows)
}

/// As many rounds as an answer may take, of which few may be for what is written to large parts. What is left then is applied after it,
/// in transactions of its own: nobody waits for it, and who closes the program meanwhile loses none of the answer.
fn apply_all(connection: &Connection, own: ReplicaId, large_rounds: usize) -> Result<Applied> {
    let (guard, mut total, mut large) = (Guard::new(), Applied::default(), 0);
    for _ in 0..limits::ROUNDS_PER_ANSWER {
        let round = match total.left {
            Unapplied::ToLargeParts => {
                large += 1;
                Round::Whole
            }
            Unapplied::Nothing | Unapplied::Saves => Round::Usual,
        };
        if large > large_rounds {
            break;
        }
        total += Applier::new(connection, own, &guard).run(round)?;
        if !total.is_left() {
            break;
        }
    }
    Ok(total)
}
