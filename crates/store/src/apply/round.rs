//! How much one round of applying does. Each save reads and writes its parts whole: a thousand to small parts are little, and a
//! thousand to one of some megabytes keep everybody else from being served. So a round is measured by the bytes of the parts that it
//! goes through, and by what is in them, and whoever writes to large parts waits until the others had their turn.

use rusqlite::Connection;
use teranga_sync::limits;

use super::Unapplied;
use crate::error::Result;
use crate::part::row_number;

/// What trying a change costs beside its part, in such bytes.
pub(super) const A_TRY: usize = 1024;
/// What a change that is in the part already costs beside its bytes, however few they are: it is loaded again.
pub(super) const A_CHANGE: usize = 48;
/// The same of an operation in it, which is loaded, and read for the view.
pub(super) const AN_OPERATION: usize = 32;
/// The same of telling one child of one assessment that its case is in other hands.
pub(super) const A_PLACE: usize = 64;
/// Saves to large parts that a round looks up; how many it applies its bytes say.
const LARGE_MAX: usize = 16;

/// What a round goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// Whatever is logged.
    Whole,
    /// Not what is logged of large parts.
    Usual,
}

/// Logged saves, in the order in which they came.
pub(super) struct Saves {
    /// To parts of the usual size.
    pub(super) usual: Vec<i64>,
    /// To records with a large part: they come last, and one of them at least has its turn.
    pub(super) large: Vec<i64>,
    /// What there is more.
    pub(super) more: Unapplied,
}

impl Saves {
    /// The next ones.
    pub(super) fn next(connection: &Connection, round: Round) -> Result<Self> {
        let usual = find(connection, USUAL, limits::ROUND_SAVES_MAX)?;
        let most = match round {
            Round::Whole => LARGE_MAX,
            Round::Usual => 1,
        };
        let found = if is_any_large(connection)? { find(connection, LARGE, most)? } else { Vec::new() };
        let (large, are_left) = match round {
            Round::Whole => {
                let are_left = found.len() == most;
                (found, are_left)
            }
            Round::Usual => (Vec::new(), !found.is_empty()),
        };
        let more = if usual.len() == limits::ROUND_SAVES_MAX {
            Unapplied::Saves
        } else if are_left {
            Unapplied::ToLargeParts
        } else {
            Unapplied::Nothing
        };
        Ok(Self { usual, large, more })
    }
}

// How large a large part is stands in the index `part_large` too, which all use: its text must be the same.
const USUAL: &str = "SELECT DISTINCT save FROM change INDEXED BY change_logged WHERE status = 0
     AND record NOT IN (SELECT record FROM part WHERE length(snapshot) > 262144) ORDER BY save LIMIT ?1";
const LARGE: &str = "SELECT DISTINCT save FROM change INDEXED BY change_logged WHERE status = 0
     AND record IN (SELECT record FROM part WHERE length(snapshot) > 262144) ORDER BY save LIMIT ?1";
/// Mostly there are none, and what is logged need not be looked through for them.
const ANY_LARGE: &str = "SELECT EXISTS (SELECT 1 FROM part WHERE length(snapshot) > 262144)";

fn is_any_large(connection: &Connection) -> Result<bool> {
    Ok(connection.prepare_cached(ANY_LARGE)?.query_row([], |row| row.get(0))?)
}

fn find(connection: &Connection, sql: &str, max: usize) -> Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(sql)?;
    let saves = statement.query_map([row_number(max)], |row| row.get(0))?;
    Ok(saves.collect::<std::result::Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_and_the_questions_mean_the_same_by_large() {
        let bound = format!("snapshot) > {}", limits::PART_LARGE_BYTES);
        let index = include_str!("../sql/v3.sql").lines().find(|line| line.contains("INDEX part_large"));
        for text in [index.unwrap(), USUAL, LARGE, ANY_LARGE] {
            assert!(text.contains(&bound), "{text}");
        }
    }
}
