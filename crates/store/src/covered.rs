//! Files that the home's last verified backup has. Only then does one go from where it may be held no more: a hub that holds it
//! may lose its disk. The home says so of each that it is asked for, and a hub in between asks for whoever asks it.

use rusqlite::Connection;
use teranga_core::id::{FileHash, RecordId};

use crate::error::Result;
use crate::passing;

/// A backup of the home was made, and read through: it has every file that is here.
pub(crate) fn cover_all(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE attachment SET covered = 1, asked = 0 WHERE held = 1 AND covered = 0", [])?;
    Ok(())
}

/// Notes that the hub says that the home's backup has a file; whether that is news.
pub(crate) fn note(connection: &Connection, file: &FileHash) -> Result<bool> {
    let noted = connection
        .prepare_cached("UPDATE attachment SET covered = 1, asked = 0 WHERE hash = ?1 AND covered = 0")?
        .execute([file.as_bytes()])?;
    Ok(noted == 1)
}

/// Whether the home's backup is known to have a file, be it here or gone from here because of that; or the file is here, and
/// another took its place in every answer, so that it goes no further up.
pub(crate) fn is_covered(connection: &Connection, file: &FileHash) -> Result<bool> {
    let here = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM attachment WHERE hash = ?1 AND covered = 1)
                 OR EXISTS (SELECT 1 FROM covered_file WHERE hash = ?1)
                 OR EXISTS (SELECT 1 FROM attachment JOIN mentioned_before USING (hash) WHERE hash = ?1 AND held = 1
                            AND hash NOT IN (SELECT hash FROM mention))",
        )?
        .query_row([file.as_bytes()], |row| row.get(0))?;
    Ok(here || passing::is_covered(connection, file)?)
}

/// Remembers the files of a record that goes: somebody below may still have to be told that they may go too.
pub(crate) fn remember(connection: &Connection, record: RecordId) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO covered_file (hash, record) SELECT hash, record FROM mention JOIN attachment USING (hash)
             WHERE record = ?1 AND covered = 1 ON CONFLICT DO NOTHING",
        )?
        .execute([record.as_bytes()])?;
    Ok(())
}

/// Forgets the files that an erased record had.
pub(crate) fn forget_record(connection: &Connection, record: RecordId) -> Result<()> {
    connection.prepare_cached("DELETE FROM covered_file WHERE record = ?1")?.execute([record.as_bytes()])?;
    Ok(())
}

/// Forgets what is covered: there is another home, of whose backups nothing is known.
pub(crate) fn forget(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE attachment SET covered = 0 WHERE covered = 1", [])?;
    connection.execute("DELETE FROM covered_file", [])?;
    passing::forget_all(connection)
}

/// Somebody has to know of a file, before it may go there.
pub(crate) fn ask(connection: &Connection, file: &FileHash) -> Result<()> {
    connection
        .prepare_cached("UPDATE attachment SET asked = 1 WHERE hash = ?1 AND held = 1 AND covered = 0")?
        .execute([file.as_bytes()])?;
    Ok(())
}

/// All files that are here are to go.
pub(crate) fn ask_for_all(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE attachment SET asked = 1 WHERE held = 1 AND covered = 0", [])?;
    Ok(())
}
