//! Where this replica stood in its hub's feed at the end of earlier sessions. A hub that was put back to a backup does not
//! know the last of these; from the last one that it does know the feed goes on, and nothing before it comes again.

use rusqlite::{Connection, params};
use teranga_core::id::FeedPosition;
use teranga_sync::feed::Cursor;

use crate::columns::{blob, integer, unsigned};
use crate::error::Result;

/// A place in the feed, and the last change that was in the log there: whatever came down later stands after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Checkpoint {
    pub(crate) cursor: Cursor,
    pub(crate) seq: i64,
}

/// Where to ask from next when the hub does not know the place that was asked from: the last checkpoint before it, or
/// the beginning.
pub(crate) fn before(connection: &Connection, asked: Cursor) -> Result<Checkpoint> {
    connection.execute("DELETE FROM checkpoint WHERE position >= ?1", [integer(asked.position.0)])?;
    let mut statement =
        connection.prepare("SELECT position, running, seq FROM checkpoint ORDER BY position DESC LIMIT 1")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(Checkpoint::default()) };
    let position = FeedPosition(unsigned(row.get(0)?));
    let cursor = Cursor { position, running: blob(row, 1, "checkpoint", "running")?, within: 0 };
    Ok(Checkpoint { cursor, seq: row.get(2)? })
}

/// Remembers where a session ended, and forgets some of the earlier ones: of those that lie between 64 and 128 rows back,
/// say, the oldest stays, so that their number grows with the logarithm of the feed's length.
pub(crate) fn remember(connection: &Connection, cursor: Cursor) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO checkpoint (position, running, seq)
             VALUES (?1, ?2, (SELECT coalesce(max(seq), 0) FROM change)) ON CONFLICT DO NOTHING",
        )?
        .execute(params![integer(cursor.position.0), cursor.running])?;
    let mut statement = connection.prepare_cached("SELECT position FROM checkpoint ORDER BY position")?;
    let positions: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut kept = None;
    for position in positions {
        let age = unsigned(position).abs_diff(cursor.position.0);
        let bracket = age.checked_ilog2();
        if bracket.is_some() && kept == Some(bracket) {
            connection.prepare_cached("DELETE FROM checkpoint WHERE position = ?1")?.execute([position])?;
        }
        kept = Some(bracket);
    }
    Ok(())
}

/// How many places are remembered.
#[cfg(test)]
fn count(connection: &Connection) -> Result<usize> {
    let count: i64 = connection.query_row("SELECT count(*) FROM checkpoint", [], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(position: u64) -> Cursor {
        Cursor {
            position: FeedPosition(position),
            running: [u8::try_from(position % 251).unwrap(); 32],
            within: 0,
        }
    }

    #[test]
    fn a_hub_that_forgot_is_met_at_the_last_place_that_it_knows() {
        let mut database = crate::migrate::example().unwrap();
        let connection = database.transaction().unwrap();
        for position in 1..=1_000 {
            remember(&connection, cursor(position)).unwrap();
        }
        assert!(count(&connection).unwrap() <= 20, "{}", count(&connection).unwrap());
        // The hub is back at 700: it says so by answering from the start, until it is asked from where it was.
        let mut at = cursor(1_000);
        let mut asked = 0;
        while at.position.0 > 700 {
            at = before(&connection, at).unwrap().cursor;
            asked += 1;
        }
        assert!(at.position.0 > 250 && asked < 12, "{at:?} after {asked}");
        assert_eq!(at, cursor(at.position.0));
    }
}
