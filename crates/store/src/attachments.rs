//! Files of a replica as people meet them: attaching one, reading one, where each lies, and how many wait. Where a file
//! lies is told from what the hub has proved, never from what was sent.

use rusqlite::Connection;
use teranga_core::attachment::Address;
use teranga_core::class::ClassId;
use teranga_core::id::{FileHash, RecordId};
use teranga_sync::holding::hash_of;
use teranga_sync::thumbnail::Thumbnail;

use crate::arriving;
use crate::chunks;
use crate::columns::{self, blob, unsigned};
use crate::error::Result;
use crate::mentions;
use crate::replica::Replica;
use crate::thumbnails;

/// Where a file lies, as far as this replica knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Here, and nowhere else that is known.
    Here,
    /// Here, and the hub has proved that it holds it.
    AtRegion,
    /// Not here; this is how many of its bytes are, where it was asked for.
    Elsewhere {
        /// The bytes that have arrived.
        arrived: u64,
    },
}

/// A file that a record mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentioned {
    /// Its address.
    pub address: Address,
    /// The class of the part that mentions it.
    pub class: ClassId,
    /// Its length, where it is known here.
    pub bytes: Option<u64>,
    /// Where it lies.
    pub lies: Where,
    /// Whether its thumbnail is here.
    pub thumbnail: bool,
}

/// Files that wait, and how large they are together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many wait to be sent to the hub.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many were asked for and have not arrived.
    pub wanted: u64,
    /// How many are mentioned here and not held.
    pub elsewhere: u64,
}

impl Replica {
    /// Keeps a file, with its thumbnail where it has one. It is loose until a part that is saved mentions it.
    pub fn attach(&mut self, bytes: &[u8], thumbnail: Option<Vec<u8>>) -> Result<FileHash> {
        let hash = hash_of(bytes);
        let thumbnail = thumbnail.map(|jpeg| Thumbnail::sign(self.identity(), hash, jpeg));
        let transaction = self.database_mut().transaction()?;
        if !chunks::find(&transaction, &hash)?.is_some_and(|found| found.held) {
            chunks::forget(&transaction, &hash)?;
            let file = chunks::begin(&transaction, &hash, bytes.len())?;
            chunks::put(&transaction, &file, 0, bytes)?;
            transaction.execute(
                "UPDATE attachment SET held = 1, loose = NOT EXISTS (SELECT 1 FROM mention WHERE hash = ?1)
                 WHERE hash = ?1",
                [hash.as_bytes()],
            )?;
        }
        if let Some(thumbnail) = thumbnail {
            thumbnails::keep(&transaction, &thumbnail, false)?;
        }
        transaction.commit()?;
        Ok(hash)
    }

    /// Drops files that were attached and that neither a part nor a draft mentions: of an interview that was given up.
    pub fn drop_loose_files(&mut self) -> Result<()> {
        let transaction = self.database_mut().transaction()?;
        mentions::drop_loose(&transaction)?;
        Ok(transaction.commit()?)
    }

    /// The bytes of a file from one place on, at most so many; none where it is not here.
    pub fn file_from(&self, file: &FileHash, from: u32, chunks_max: u32) -> Result<Option<Vec<u8>>> {
        let Some(found) = chunks::find(self.connection(), file)?.filter(|found| found.held) else {
            return Ok(None);
        };
        chunks::read(self.connection(), &found, from, from.saturating_add(chunks_max)).map(Some)
    }

    /// A whole file; none where it is not here.
    pub fn file(&self, file: &FileHash) -> Result<Option<Vec<u8>>> {
        self.file_from(file, 0, u32::MAX)
    }

    /// Whether a token for these classes may read a file.
    pub fn may_read_file(&self, classes: &[String], file: &FileHash) -> Result<bool> {
        mentions::may_read_file(self.connection(), classes, file)
    }

    /// The length of a file, and where it lies.
    pub fn file_lies(&self, file: &FileHash) -> Result<(Option<u64>, Where)> {
        lies(self.connection(), file)
    }

    /// The files that a record mentions.
    pub fn files_of(&self, record: RecordId) -> Result<Vec<Mentioned>> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT class, hash, extension FROM mention WHERE record = ?1 ORDER BY class, hash",
        )?;
        let mut rows = statement.query([record.as_bytes()])?;
        let mut files = Vec::new();
        while let Some(row) = rows.next()? {
            let hash: FileHash = blob(row, 1, "mention", "hash")?;
            let (bytes, lies) = lies(connection, &hash)?;
            files.push(Mentioned {
                address: Address { hash, extension: row.get(2)? },
                class: columns::class(row, 0)?,
                bytes,
                lies,
                thumbnail: thumbnails::is_held(connection, &hash)?,
            });
        }
        Ok(files)
    }

    /// Asks for the files of a record that are not here, at the next opportunity. Returns how many.
    pub fn want_files(&mut self, record: RecordId) -> Result<u64> {
        let wanted = self.database_mut().execute(
            "INSERT INTO wanted (hash) SELECT DISTINCT m.hash FROM mention m
             LEFT JOIN attachment a ON a.hash = m.hash AND a.held = 1
             WHERE m.record = ?1 AND a.row IS NULL ON CONFLICT DO NOTHING",
            [record.as_bytes()],
        )?;
        Ok(wanted as u64)
    }

    /// What waits.
    pub fn files_waiting(&self) -> Result<Waiting> {
        Ok(self.connection().query_row(
            "SELECT count(*), coalesce(sum(bytes), 0), (SELECT count(*) FROM wanted),
                 (SELECT count(DISTINCT hash) FROM mention WHERE hash NOT IN
                     (SELECT hash FROM attachment WHERE held = 1))
             FROM attachment WHERE held = 1 AND at_hub = 0
                 AND (hash IN (SELECT hash FROM mention) OR hash IN (SELECT hash FROM passing))",
            [],
            |row| {
                Ok(Waiting {
                    files: unsigned(row.get(0)?),
                    bytes: unsigned(row.get(1)?),
                    wanted: unsigned(row.get(2)?),
                    elsewhere: unsigned(row.get(3)?),
                })
            },
        )?)
    }

    /// Files that are here whole, and their bytes.
    pub fn files_held(&self) -> Result<(u64, u64)> {
        Ok(self.connection().query_row(
            "SELECT count(*), coalesce(sum(bytes), 0) FROM attachment WHERE held = 1 AND loose = 0",
            [],
            |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))),
        )?)
    }

    /// Files that are here whole and are not what their addresses say.
    pub fn unsound_files(&self) -> Result<Vec<FileHash>> {
        let mut statement = self.connection().prepare("SELECT hash FROM attachment WHERE held = 1")?;
        let mut rows = statement.query([])?;
        let mut unsound = Vec::new();
        while let Some(row) = rows.next()? {
            let hash: FileHash = blob(row, 0, "attachment", "hash")?;
            let sound = chunks::find(self.connection(), &hash)?
                .map(|found| chunks::is_sound(self.connection(), &hash, &found))
                .transpose()?;
            if sound == Some(false) {
                unsound.push(hash);
            }
        }
        Ok(unsound)
    }
}

fn lies(connection: &Connection, file: &FileHash) -> Result<(Option<u64>, Where)> {
    let mut statement = connection.prepare_cached(
        "SELECT bytes, held, at_hub, (SELECT coalesce(sum(length(bytes)), 0) FROM chunk WHERE attachment = row)
         FROM attachment WHERE hash = ?1",
    )?;
    let mut rows = statement.query([file.as_bytes()])?;
    let brought = arriving::most(connection, file)?;
    let Some(row) = rows.next()? else { return Ok((None, Where::Elsewhere { arrived: brought })) };
    let lies = match (row.get(1)?, row.get(2)?) {
        (true, true) => Where::AtRegion,
        (true, false) => Where::Here,
        (false, _) => Where::Elsewhere { arrived: unsigned(row.get(3)?).max(brought) },
    };
    Ok((Some(unsigned(row.get(0)?)), lies))
}

/// Forgets what the hub was known to hold: at another hub, and where the hub has forgotten too.
pub(crate) fn offer_again(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE attachment SET at_hub = 0 WHERE at_hub = 1", [])?;
    connection.execute("UPDATE thumbnail SET at_hub = 0 WHERE at_hub = 1", [])?;
    Ok(())
}

/// Notes that the hub has proved that it holds a file; whether that is news.
pub(crate) fn at_hub(connection: &Connection, file: &FileHash) -> Result<bool> {
    let noted = connection
        .prepare_cached("UPDATE attachment SET at_hub = 1 WHERE hash = ?1 AND at_hub = 0")?
        .execute([file.as_bytes()])?;
    Ok(noted == 1)
}

/// Notes that the hub has a thumbnail.
pub(crate) fn thumbnail_at_hub(connection: &Connection, image: &FileHash) -> Result<()> {
    connection
        .prepare_cached("UPDATE thumbnail SET at_hub = 1 WHERE image = ?1")?
        .execute([image.as_bytes()])?;
    Ok(())
}
