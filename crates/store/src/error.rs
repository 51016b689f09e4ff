//! What can go wrong with a replica, as values that every caller must face. A write that failed has not happened.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use teranga_core::id::RecordId;
use teranga_core::problem::{Explain, Retry};

use crate::moving::Ties;

/// By what the database reports that something does not open.
pub(crate) const UNSEALABLE: &str = "teranga: unsealable";

/// Why an operation on a replica failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no replica in this folder.
    #[error("no replica in {}", .0.display())]
    Absent(PathBuf),
    /// There is one already.
    #[error("there is a replica in {} already", .0.display())]
    Exists(PathBuf),
    /// Another process has it open.
    #[error("another process has the replica in {} open", .0.display())]
    InUse(PathBuf),
    /// The file is not a replica of Teranga.
    #[error("{} is not a replica of Teranga", .0.display())]
    Foreign(PathBuf),
    /// The file is damaged.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    /// A newer Teranga wrote it.
    #[error("{} has schema {found}, and this version knows {known}", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema that the file has.
        found: u32,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// The disk is full. Nothing was written.
    #[error("the disk is full")]
    DiskFull,
    /// The file may only be read: it, its folder or its disk is write-protected.
    #[error("{} may only be read", .0.display())]
    ReadOnly(PathBuf),
    /// The system does not let this user have it.
    #[error("no permission to use {}", .0.display())]
    NoPermission(PathBuf),
    /// The database, or a file that must stand beside it, cannot be opened.
    #[error("{} cannot be opened", .0.display())]
    Unopenable(PathBuf),
    /// The disk fails at reading or writing. What was reported as saved is saved.
    #[error("the disk fails at {}", .0.display())]
    DiskFails(PathBuf),
    /// The folder cannot be written or read.
    #[error("cannot use {}: {kind}", .path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        kind: ErrorKind,
    },
    /// A row holds what no version writes.
    #[error("table {table}, column {column} holds what it cannot hold")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A change exceeds a limit of the protocol and could never be sent: it was not saved.
    #[error("a save of {bytes} bytes exceeds the limit of {limit} bytes for one part")]
    SaveTooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A part would hold more than any replica takes: more answers, bytes or saves. It was not saved.
    #[error("the part {class} of record {record} is full")]
    PartFull {
        /// The record.
        record: String,
        /// The class.
        class: String,
    },
    /// The record was erased: nothing is written of it any more.
    #[error("record {0} was erased")]
    Erased(RecordId),
    /// Something ties the replica to its place.
    #[error("the replica cannot leave {:?} yet", .0.own)]
    Tied(Box<Ties>),
    /// A document of this replica cannot be read.
    #[error("the part {class} of record {record} cannot be read")]
    Unreadable {
        /// The record.
        record: String,
        /// The class.
        class: String,
    },
    /// The keys of this hub are not where they must be.
    #[error("the keys of this hub are not in {}", .0.display())]
    KeysAbsent(PathBuf),
    /// The wrapping key, without which its keys open nothing, is not there.
    #[error("the wrapping key for {} is not there", .0.display())]
    WrappingKeyAbsent(PathBuf),
    /// The keys, or the wrapping key, are those of another hub.
    #[error("{} and its wrapping key are not those of this hub", .0.display())]
    KeysOfAnother(PathBuf),
    /// A backup of this moment is there already.
    #[error("{} is there already", .0.display())]
    BackupExists(PathBuf),
    /// What is sealed does not open: it was changed, or its key is gone.
    #[error("something that is sealed in the database does not open")]
    Unsealable,
    /// SQLite reports something else.
    #[error("the database reports: {0}")]
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
        };
        // SQLite does not say which file; whoever knows names it.
        let file = PathBuf::from(crate::open::FILE);
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => return Self::DiskFull,
            Some(ErrorCode::NotADatabase) => return Self::Foreign(file),
            Some(ErrorCode::DatabaseCorrupt) => return Self::Damaged(file),
            Some(ErrorCode::ReadOnly) => return Self::ReadOnly(file),
            Some(ErrorCode::PermissionDenied) => return Self::NoPermission(file),
            Some(ErrorCode::CannotOpen) => return Self::Unopenable(file),
            Some(ErrorCode::SystemIoFailure) => return Self::DiskFails(file),
            Some(ErrorCode::DatabaseBusy) => return Self::InUse(file),
            _ => {}
        }
        if let rusqlite::Error::SqliteFailure(_, Some(words)) = &error
            && words == UNSEALABLE
        {
            return Self::Unsealable;
        }
        // A value that is not of its column's type is no value that any version wrote.
        let is_no_value = matches!(
            error,
            FromSqlConversionFailure(..)
                | IntegralValueOutOfRange(..)
                | InvalidColumnType(..)
                | Utf8Error(..)
        );
        if is_no_value { Self::Damaged(file) } else { Self::Database(error) }
    }
}

impl StoreError {
    /// What the system says of a file or folder.
    pub(crate) fn of_io(path: &Path, error: &std::io::Error) -> Self {
        let (path, kind) = (path.to_owned(), error.kind());
        if kind == ErrorKind::StorageFull {
            Self::DiskFull
        } else if kind == ErrorKind::PermissionDenied {
            Self::NoPermission(path)
        } else if kind == ErrorKind::ReadOnlyFilesystem {
            Self::ReadOnly(path)
        } else {
            Self::Folder { path, kind }
        }
    }

    /// The error with the path of the file, where it is about the database and does not know where that lies.
    #[must_use]
    pub fn named(mut self, path: &Path) -> Self {
        if let Self::Foreign(at)
        | Self::Damaged(at)
        | Self::ReadOnly(at)
        | Self::NoPermission(at)
        | Self::Unopenable(at)
        | Self::DiskFails(at)
        | Self::InUse(at) = &mut self
            && at.as_path() == Path::new(crate::open::FILE)
        {
            path.clone_into(at);
        }
        self
    }
}

impl Explain for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Absent(_) => "replica-absent",
            Self::Exists(_) => "replica-exists",
            Self::InUse(_) => "replica-in-use",
            Self::Foreign(_) => "replica-foreign",
            Self::Damaged(_) => "replica-damaged",
            Self::Newer { .. } => "replica-newer",
            Self::DiskFull => "disk-full",
            Self::ReadOnly(_) => "replica-read-only",
            Self::NoPermission(_) => "no-permission",
            Self::Unopenable(_) => "replica-unopenable",
            Self::DiskFails(_) => "disk-fails",
            Self::Folder { .. } => "folder-unusable",
            Self::Inconsistent { .. } => "replica-inconsistent",
            Self::SaveTooLarge { .. } => "save-too-large",
            Self::PartFull { .. } => "part-full",
            Self::Erased(_) => "record-erased",
            Self::Tied(_) => "enrolment-region",
            Self::Unreadable { .. } => "part-unreadable",
            Self::KeysAbsent(_) => "keys-absent",
            Self::WrappingKeyAbsent(_) => "wrapping-key-absent",
            Self::KeysOfAnother(_) => "keys-of-another",
            Self::BackupExists(_) => "backup-exists",
            Self::Unsealable => "sealed-unreadable",
            Self::Database(_) => "database",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let path = |path: &PathBuf| vec![("path", path.display().to_string())];
        match self {
            Self::Absent(at)
            | Self::Exists(at)
            | Self::InUse(at)
            | Self::Foreign(at)
            | Self::Damaged(at)
            | Self::ReadOnly(at)
            | Self::NoPermission(at)
            | Self::Unopenable(at)
            | Self::DiskFails(at)
            | Self::KeysAbsent(at)
            | Self::WrappingKeyAbsent(at)
            | Self::KeysOfAnother(at)
            | Self::BackupExists(at) => path(at),
            Self::Newer { path, found, known } => vec![
                ("path", path.display().to_string()),
                ("found", found.to_string()),
                ("known", known.to_string()),
            ],
            Self::DiskFull | Self::Unsealable => Vec::new(),
            Self::Folder { path, kind } => {
                vec![("path", path.display().to_string()), ("detail", kind.to_string())]
            }
            Self::Inconsistent { table, column } => {
                vec![("table", (*table).to_owned()), ("column", (*column).to_owned())]
            }
            Self::SaveTooLarge { bytes, limit } => {
                vec![("bytes", bytes.to_string()), ("limit", limit.to_string())]
            }
            Self::Erased(record) => vec![("record", record.to_string())],
            Self::Tied(ties) => vec![
                ("own", ties.own.code().to_owned()),
                ("code", ties.to.code().to_owned()),
                ("drafts", ties.drafts.to_string()),
                ("records", ties.records.to_string()),
            ],
            Self::Unreadable { record, class } | Self::PartFull { record, class } => {
                vec![("record", record.clone()), ("class", class.clone())]
            }
            Self::Database(error) => vec![("detail", error.to_string())],
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::InUse(_) | Self::DiskFull | Self::Tied(_) => Retry::Later,
            Self::Absent(_)
            | Self::Exists(_)
            | Self::Foreign(_)
            | Self::Damaged(_)
            | Self::Newer { .. }
            | Self::ReadOnly(_)
            | Self::NoPermission(_)
            | Self::Unopenable(_)
            | Self::DiskFails(_)
            | Self::Folder { .. }
            | Self::Inconsistent { .. }
            | Self::SaveTooLarge { .. }
            | Self::PartFull { .. }
            | Self::Erased(_)
            | Self::Unreadable { .. }
            | Self::KeysAbsent(_)
            | Self::WrappingKeyAbsent(_)
            | Self::KeysOfAnother(_)
            | Self::BackupExists(_)
            | Self::Unsealable
            | Self::Database(_) => Retry::Never,
        }
    }
}

/// The result of an operation on a replica.
pub type Result<T> = std::result::Result<T, StoreError>;
