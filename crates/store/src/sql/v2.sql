-- Version 2: lines. A replica that was restored or copied numbers its packs and exchanges in a line of its own, and a hub
-- that was put back to a backup is met where it still knows its child.

ALTER TABLE pack ADD COLUMN via_line INTEGER;    -- the line in which the child brought it
UPDATE pack SET via_line = 0 WHERE via IS NOT NULL;

-- Changes that a later pack of the same origin names once more: a copy of a replica sent what the other had sent.
CREATE TABLE named_again (
    origin BLOB NOT NULL,
    batch  INTEGER NOT NULL,
    place  INTEGER NOT NULL,
    change INTEGER NOT NULL,         -- its seq
    PRIMARY KEY (origin, batch, place)
) STRICT, WITHOUT ROWID;

ALTER TABLE feed ADD COLUMN except_line INTEGER; -- the line of the child that brought it: its copies have not seen it
UPDATE feed SET except_line = 0 WHERE except_ IS NOT NULL;

-- A line was begun: nothing is sent until the feed has been read to its end.
ALTER TABLE uplink ADD COLUMN behind INTEGER NOT NULL DEFAULT 0;

-- Where this replica stood in its hub's feed before, fewer the older: from where to go on when the hub forgot the rest.
CREATE TABLE checkpoint (
    position INTEGER PRIMARY KEY,
    running  BLOB NOT NULL
) STRICT;

-- The openings of this replica that asked the hub for something: who else did has its key.
CREATE TABLE asked_by (
    row     INTEGER PRIMARY KEY,
    opening BLOB NOT NULL UNIQUE
) STRICT;

-- The replicas that sync here, each in the lines in which it came.
ALTER TABLE child RENAME TO child_1;
CREATE TABLE child (
    replica  BLOB NOT NULL,
    line     INTEGER NOT NULL DEFAULT 0,
    opening  BLOB,                         -- the one of its openings that asked last
    exchange INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0,   -- the outbox number up to which its packs are held
    received_hash BLOB,                    -- the manifest hash of the pack under that number
    last_ms  INTEGER,
    PRIMARY KEY (replica, line)
) STRICT, WITHOUT ROWID;
INSERT INTO child (replica, exchange, received, received_hash, last_ms)
    SELECT replica, exchange, received, received_hash, last_ms FROM child_1;
DROP TABLE child_1;

-- How far the home holds each origin's packs of one line.
ALTER TABLE receipt RENAME TO receipt_1;
CREATE TABLE receipt (
    row      INTEGER PRIMARY KEY,
    origin   BLOB NOT NULL,
    line     INTEGER NOT NULL,
    batch    INTEGER NOT NULL,
    mark     BLOB NOT NULL,          -- of that pack
    position INTEGER NOT NULL DEFAULT 0, -- its last place in the feed; earlier ones say less
    UNIQUE (origin, line)
) STRICT;
INSERT INTO receipt (row, origin, line, batch, mark, position)
    SELECT row, origin, 0, batch, mark, position FROM receipt_1;
DROP TABLE receipt_1;
