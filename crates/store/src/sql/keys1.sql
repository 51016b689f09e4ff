-- Version 1 of a hub's keys: beside its replica, never in it.

-- What they are: `check` opens with the wrapping key of the replica whose keys they are.
CREATE TABLE ring (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- A key for each record and each file, wrapped. A number is never used again.
CREATE TABLE key (
    key     INTEGER PRIMARY KEY AUTOINCREMENT,
    wrapped BLOB NOT NULL
) STRICT;

-- Keys that are gone, in the order in which they went, with the home's word where a record was erased.
CREATE TABLE destroyed (
    row       INTEGER PRIMARY KEY AUTOINCREMENT,
    key       INTEGER NOT NULL UNIQUE,
    record    BLOB,
    at_ms     INTEGER,
    home      BLOB,
    signature BLOB
) STRICT;

-- The wrapping key, for whoever has a printed share.
CREATE TABLE share (
    row     INTEGER PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT;

-- For each table a number that follows from all its rows: what `verify` adds up once more (`tally.rs`).
CREATE TABLE tally (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    sum    INTEGER NOT NULL
) STRICT;
