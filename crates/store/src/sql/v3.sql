-- Version 3: files. An answer holds the address of a file; the file itself travels after the answers, a chunk at a time.

-- Files, whole or on their way.
CREATE TABLE attachment (
    row    INTEGER PRIMARY KEY,
    hash   BLOB NOT NULL UNIQUE,
    bytes  INTEGER NOT NULL,           -- its length
    held   INTEGER NOT NULL DEFAULT 0, -- 1: all of it is here, and it is what its hash says
    loose  INTEGER NOT NULL DEFAULT 0, -- 1: attached here, and no part has mentioned it yet
    at_hub INTEGER NOT NULL DEFAULT 0, -- 1: the hub has proved that it holds it
    via    BLOB                        -- the child that brought it
) STRICT;
CREATE INDEX attachment_waiting ON attachment (hash) WHERE held = 1 AND at_hub = 0;
CREATE INDEX attachment_via ON attachment (via) WHERE via IS NOT NULL;
CREATE TABLE chunk (
    attachment INTEGER NOT NULL REFERENCES attachment (row) ON DELETE CASCADE,
    n          INTEGER NOT NULL,
    bytes      BLOB NOT NULL,
    UNIQUE (attachment, n)
) STRICT;

-- Which parts mention which files; rebuilt from the parts.
CREATE TABLE mention (
    record    BLOB NOT NULL,
    class     TEXT NOT NULL,
    hash      BLOB NOT NULL,
    extension TEXT NOT NULL,
    PRIMARY KEY (record, class, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX mention_of_file ON mention (hash);

-- Thumbnails of images, each signed for its image by whoever made it.
CREATE TABLE thumbnail (
    row       INTEGER PRIMARY KEY,
    image     BLOB NOT NULL UNIQUE,
    maker     BLOB NOT NULL,
    jpeg      BLOB NOT NULL,
    signature BLOB NOT NULL,
    at_hub    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX thumbnail_waiting ON thumbnail (image) WHERE at_hub = 0;

-- Files that somebody asked for and that are not here.
CREATE TABLE wanted (
    hash BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
