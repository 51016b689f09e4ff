//! Thumbnails in the database. The first that arrives for an image stays: there is nothing to choose between two that
//! people of one office made of one image.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::FileHash;
use teranga_sync::thumbnail::Thumbnail;

use crate::columns::blob;
use crate::error::Result;
use crate::replica::Replica;

impl Replica {
    /// The thumbnail of an image, where it is here.
    pub fn thumbnail(&self, image: &FileHash) -> Result<Option<Thumbnail>> {
        find(self.connection(), image)
    }
}

/// The thumbnail of an image.
pub(crate) fn find(connection: &Connection, image: &FileHash) -> Result<Option<Thumbnail>> {
    let mut statement =
        connection.prepare_cached("SELECT maker, unseal(jpeg), signature FROM thumbnail WHERE image = ?1")?;
    let mut rows = statement.query([image.as_bytes()])?;
    rows.next()?
        .map(|row| {
            Ok(Thumbnail {
                image: *image,
                maker: blob(row, 0, "thumbnail", "maker")?,
                jpeg: row.get(1)?,
                signature: blob(row, 2, "thumbnail", "signature")?,
            })
        })
        .transpose()
}

/// Whether the thumbnail of an image is here.
pub(crate) fn is_held(connection: &Connection, image: &FileHash) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM thumbnail WHERE image = ?1")?
        .query_row([image.as_bytes()], |_| Ok(()))
        .optional()?
        .is_some())
}

/// Keeps a thumbnail that was verified, and whether the hub has it.
pub(crate) fn keep(connection: &Connection, thumbnail: &Thumbnail, at_hub: bool) -> Result<()> {
    let key: Option<i64> =
        connection.prepare_cached("SELECT fresh_key()")?.query_row([], |row| row.get(0))?;
    connection
        .prepare_cached(
            "INSERT INTO thumbnail (image, maker, jpeg, signature, at_hub, key)
             SELECT ?1, ?2, seal(key, ?3), ?4, ?5, key FROM (SELECT ?6 AS key) WHERE true
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            thumbnail.image.as_bytes(),
            thumbnail.maker.as_bytes(),
            thumbnail.jpeg,
            thumbnail.signature,
            at_hub,
            key
        ])?;
    Ok(())
}
