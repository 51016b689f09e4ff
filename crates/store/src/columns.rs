//! Typed identities in and out of SQLite's columns. A column that holds what no version writes becomes an error with
//! its name, never a panic.

use rusqlite::Row;
use teranga_core::class::ClassId;
use teranga_core::id::{
    ActorId, Batch, ChangeHash, FileHash, ManifestHash, OpeningNonce, PublicKey, RecordId, ReplicaId, Salt,
};
use teranga_sync::manifest::Mark;

use crate::error::{Result, StoreError};

/// A type that stands in a blob column.
pub(crate) trait Blob: Sized {
    /// Reads the column's bytes.
    fn from_blob(bytes: &[u8]) -> Option<Self>;
}

macro_rules! blob {
    ($($name:ty),*) => {
        $(impl Blob for $name {
            fn from_blob(bytes: &[u8]) -> Option<Self> {
                Self::from_slice(bytes)
            }
        })*
    };
}

blob!(ActorId, ChangeHash, FileHash, ManifestHash, OpeningNonce, PublicKey, RecordId, ReplicaId, Salt);

impl<const N: usize> Blob for [u8; N] {
    fn from_blob(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok()
    }
}

impl Blob for Mark {
    fn from_blob(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes)
    }
}

/// Reads a blob column as its type.
pub(crate) fn blob<T: Blob>(
    row: &Row<'_>,
    index: usize,
    table: &'static str,
    column: &'static str,
) -> Result<T> {
    let bytes: Vec<u8> = row.get(index)?;
    T::from_blob(&bytes).ok_or(StoreError::Inconsistent { table, column })
}

/// Reads a blob column that may be null.
pub(crate) fn maybe_blob<T: Blob>(
    row: &Row<'_>,
    index: usize,
    table: &'static str,
    column: &'static str,
) -> Result<Option<T>> {
    let bytes: Option<Vec<u8>> = row.get(index)?;
    bytes.map(|bytes| T::from_blob(&bytes).ok_or(StoreError::Inconsistent { table, column })).transpose()
}

/// Reads a class column.
pub(crate) fn class(row: &Row<'_>, index: usize) -> Result<ClassId> {
    Ok(ClassId::new(row.get::<_, String>(index)?))
}

/// A count or position on its way into an integer column.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A count or position on its way out of an integer column.
pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// A batch on its way out of an integer column.
pub(crate) fn batch(value: i64) -> Batch {
    Batch(unsigned(value))
}
