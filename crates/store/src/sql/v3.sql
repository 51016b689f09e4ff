-- Version 3: grants that change, erasure, bundles. A replica holds a caseload, or some classes only; records enter and leave.

ALTER TABLE replica ADD COLUMN reach INTEGER NOT NULL DEFAULT 0;    -- 0 everything of its place, 1 its agent's caseload
ALTER TABLE replica ADD COLUMN classes TEXT NOT NULL DEFAULT '';    -- that it may hold, with spaces between; none: all
ALTER TABLE replica ADD COLUMN told INTEGER NOT NULL DEFAULT 0;     -- of a child, 1: the hub above knows who it is
ALTER TABLE enrolment_code ADD COLUMN reach INTEGER NOT NULL DEFAULT 0;
ALTER TABLE enrolment_code ADD COLUMN classes TEXT NOT NULL DEFAULT '';

ALTER TABLE record ADD COLUMN review TEXT NOT NULL DEFAULT 'unreviewed'; -- derived from its envelope and its parts
ALTER TABLE record ADD COLUMN custody TEXT;                         -- who is in charge by its own envelope, JSON; null: its region
ALTER TABLE record ADD COLUMN left_custody TEXT;                    -- who was when it was let go here, JSON
ALTER TABLE record ADD COLUMN proved INTEGER NOT NULL DEFAULT 0;    -- 1: some change is known to prove its salt

-- A hub's database is sealed: salts, bodies, snapshots, views and candidates with the record's key, files and thumbnails with their
-- own. Keys are in the keyring, which is another file; here are their numbers, null on a device and when the record was erased.
ALTER TABLE record ADD COLUMN key INTEGER;
CREATE TABLE sealed_part (
    record   BLOB NOT NULL,
    class    TEXT NOT NULL,
    heads    BLOB NOT NULL,
    snapshot BLOB NOT NULL,          -- sealed
    view     BLOB NOT NULL,          -- JSON, sealed
    UNIQUE (record, class)
) STRICT;
INSERT INTO sealed_part SELECT record, class, heads, snapshot, CAST(view AS BLOB) FROM part ORDER BY rowid;
DROP TABLE part;
ALTER TABLE sealed_part RENAME TO part;
-- What is logged of which record, in its order, without the changes themselves.
DROP INDEX change_logged;
CREATE INDEX change_logged ON change (save, record) WHERE status = 0;
-- What costs much to apply, for each save reads and writes its parts whole.
CREATE INDEX part_large ON part (record) WHERE length(snapshot) > 262144;
CREATE TABLE sealed_conflict (
    record     BLOB NOT NULL,
    class      TEXT NOT NULL,
    key        TEXT NOT NULL,
    candidates BLOB NOT NULL,        -- JSON, sealed
    PRIMARY KEY (record, class, key)
) STRICT, WITHOUT ROWID;
INSERT INTO sealed_conflict SELECT record, class, key, CAST(candidates AS BLOB) FROM conflict;
DROP TABLE conflict;
ALTER TABLE sealed_conflict RENAME TO conflict;

-- Keys of what was destroyed here, until the keyring has destroyed them too.
CREATE TABLE unused_key (
    key    INTEGER PRIMARY KEY,
    record BLOB                      -- null: of a file
) STRICT;

-- Kinds of the feed: 0 save, 1 replica, 2 opening, 3 resource, 4 receipt, 5 verdict, 6 leave, 7 enter, 8 erase, 9 fork, 10 told beside
-- the feed. An enter stands for
-- what went before it of one record, or, without a record, of all that the child in `only_` may hold.
-- The first bytes of the opening in which a row was written: with them the running hash is that of no copy of this database.
ALTER TABLE feed ADD COLUMN opening BLOB;
CREATE INDEX feed_enter ON feed (only_, record, position) WHERE kind = 7;
CREATE INDEX feed_said_again ON feed (only_) WHERE kind = 1 AND only_ IS NOT NULL;
CREATE INDEX feed_saves ON feed (record, position) WHERE kind = 0;

ALTER TABLE child ADD COLUMN before BLOB;                           -- the opening that asked before the one that asks now began to

ALTER TABLE uplink ADD COLUMN within INTEGER NOT NULL DEFAULT 0;    -- how far the row at the cursor was read; 0: whole
ALTER TABLE uplink ADD COLUMN home BLOB;                            -- the home's key, as the hub told it; null: it did not

-- What the children in leave rows may hold no more.
CREATE TABLE leaving (
    row    INTEGER PRIMARY KEY,
    record BLOB NOT NULL,
    class  TEXT                      -- null: the whole record
) STRICT;

-- Authors of other places to whom a child was introduced, because it holds something that they wrote.
CREATE TABLE stranger (
    child  BLOB NOT NULL,
    origin BLOB NOT NULL,
    PRIMARY KEY (child, origin)
) STRICT, WITHOUT ROWID;

-- What the hub above says that this replica may hold no more; it goes as soon as the home's backup covers it. Its changes stay with
-- `change.status` 5, let go: only the hub brings their bodies back.
CREATE TABLE gone (
    record BLOB NOT NULL,
    class  TEXT NOT NULL,            -- empty: the whole record
    said   INTEGER NOT NULL DEFAULT 0, -- by whom: 0 its hub, 1 its hub, as what it may hold says too, 2 only the latter
    place  INTEGER NOT NULL DEFAULT 0, -- where this replica stood in the feed when it was said first
    PRIMARY KEY (record, class)
) STRICT, WITHOUT ROWID;

-- Saves that wait for the envelope of another record: that of their case.
CREATE TABLE awaits (
    record BLOB NOT NULL,
    save   INTEGER NOT NULL,
    PRIMARY KEY (record, save)
) STRICT, WITHOUT ROWID;

-- Answers of this replica that were taken out of a part because a hub did not take the change that gave them.
CREATE TABLE held_answer (
    record BLOB NOT NULL,
    class  TEXT NOT NULL,
    hash   BLOB NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,            -- JSON
    PRIMARY KEY (record, class, hash, key)
) STRICT, WITHOUT ROWID;

-- Verdicts are never deleted: rows of the feed speak of them. One whose change is tried again, or was taken after all, is
-- withdrawn; given anew it is another row.
CREATE TABLE given_verdict (
    row       INTEGER PRIMARY KEY,
    origin    BLOB NOT NULL,
    batch     INTEGER NOT NULL,
    record    BLOB NOT NULL,
    class     TEXT NOT NULL,
    hash      BLOB NOT NULL,
    reason    TEXT NOT NULL,
    above     INTEGER NOT NULL DEFAULT 0, -- 1: the hub above gave it
    settled   INTEGER NOT NULL DEFAULT 0, -- 1: its author has given the answers again, or let them go
    withdrawn INTEGER NOT NULL DEFAULT 0,
    told      INTEGER NOT NULL DEFAULT 0, -- what the hub above was told of it: 0 nothing, 1 not taken, 2 taken after all
    custody   TEXT                   -- who was in charge of the record, where it took the envelope out; JSON
) STRICT;
INSERT INTO given_verdict (row, origin, batch, record, class, hash, reason)
    SELECT row, origin, batch, record, class, hash, reason FROM verdict;
DROP TABLE verdict;
ALTER TABLE given_verdict RENAME TO verdict;
CREATE INDEX verdict_untold ON verdict (row) WHERE above = 0 AND told < 2;
CREATE UNIQUE INDEX verdict_standing ON verdict (record, class, hash) WHERE withdrawn = 0;

-- What hubs below did not take of those whom they enrolled, whether it is here yet or not.
CREATE TABLE judged_below (
    record BLOB NOT NULL,
    class  TEXT NOT NULL,
    hash   BLOB NOT NULL,
    hub    BLOB NOT NULL,
    PRIMARY KEY (record, class, hash)
) STRICT, WITHOUT ROWID;

-- Records that were erased: the home's signed word. Late copies are refused by it.
CREATE TABLE erased (
    row       INTEGER PRIMARY KEY,
    record    BLOB NOT NULL UNIQUE,
    at_ms     INTEGER NOT NULL,
    home      BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;

-- Who may have held an erased record, with the signature of whoever has confirmed that it is destroyed there.
CREATE TABLE erasure (
    record    BLOB NOT NULL,
    replica   BLOB NOT NULL,
    signature BLOB,
    told      INTEGER NOT NULL DEFAULT 0, -- 1: the hub above has it
    in_file   INTEGER,                    -- the number of the file in which it went last
    PRIMARY KEY (record, replica)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_untold ON erasure (told) WHERE told = 0;

-- Lines of which the hub above holds another chain, from a batch on: two copies of a device wrote under the same numbers. The
-- packs that came here are gone, and what they brought waits for its author to send it in others.
CREATE TABLE fork (
    row    INTEGER PRIMARY KEY,
    origin BLOB NOT NULL,
    line   INTEGER NOT NULL,
    batch  INTEGER NOT NULL,
    UNIQUE (origin, line)
) STRICT;
CREATE TABLE unbrought (
    change INTEGER PRIMARY KEY,     -- its seq
    batch  INTEGER NOT NULL         -- of the pack that is gone
) STRICT;

-- How far the home has each origin's packs of one line: holds them, and apart from that, how far its last verified backup
-- covers them.
ALTER TABLE receipt RENAME TO receipt_2;
CREATE TABLE receipt (
    row      INTEGER PRIMARY KEY,
    origin   BLOB NOT NULL,
    line     INTEGER NOT NULL,
    what     INTEGER NOT NULL,       -- 0 held, 1 backed up
    batch    INTEGER NOT NULL,
    mark     BLOB NOT NULL,          -- of that pack
    position INTEGER NOT NULL DEFAULT 0, -- its last place in the feed; earlier ones say less
    UNIQUE (origin, line, what)
) STRICT;
INSERT INTO receipt (row, origin, line, what, batch, mark, position)
    SELECT row, origin, line, 0, batch, mark, position FROM receipt_2;
DROP TABLE receipt_2;

-- What the home was said to have while packs of that line that are here were not acknowledged above: whether the home's are
-- the same is not known yet.
CREATE TABLE receipt_ahead (
    origin BLOB NOT NULL,
    line   INTEGER NOT NULL,
    what   INTEGER NOT NULL,
    batch  INTEGER NOT NULL,
    mark   BLOB NOT NULL,
    PRIMARY KEY (origin, line, what)
) STRICT, WITHOUT ROWID;

-- The last exchange number that had been given when the hub was last heard: of a return to an earlier number it is not
-- known whether it was made before or after.
ALTER TABLE uplink ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;
-- Where this replica stood in the feed when it last let something go; and whether the hub has forgotten that place, so that
-- everything is to be asked for once more.
ALTER TABLE uplink ADD COLUMN let_go INTEGER;
ALTER TABLE uplink ADD COLUMN asks_anew INTEGER NOT NULL DEFAULT 0;
-- The newest version of the protocol that the hub speaks, as far as it said.
ALTER TABLE uplink ADD COLUMN newest INTEGER;

-- Sealed messages of others for the hub: carried until the next session hands them over.
CREATE TABLE carried (
    row    INTEGER PRIMARY KEY,
    origin BLOB NOT NULL,            -- from whom, as the file says
    hash   BLOB NOT NULL UNIQUE,     -- of the message
    sealed BLOB NOT NULL
) STRICT;

-- What the hub gave back for them, the last for each device.
CREATE TABLE carried_back (
    row    INTEGER PRIMARY KEY,
    child  BLOB NOT NULL UNIQUE,
    at_ms  INTEGER NOT NULL,
    file   BLOB NOT NULL
) STRICT;

-- Files, whole or on their way.
CREATE TABLE attachment (
    row    INTEGER PRIMARY KEY,
    hash   BLOB NOT NULL UNIQUE,
    bytes  INTEGER NOT NULL,           -- its length
    held   INTEGER NOT NULL DEFAULT 0, -- 1: all of it is here, and it is what its hash says
    loose  INTEGER NOT NULL DEFAULT 0, -- 1: attached here, and no part has mentioned it yet
    at_hub INTEGER NOT NULL DEFAULT 0, -- 1: the hub has proved that it holds it
    covered INTEGER NOT NULL DEFAULT 0, -- 1: the home's last verified backup has it
    asked  INTEGER NOT NULL DEFAULT 0, -- 1: somebody has to know whether it is covered
    via    BLOB,                       -- the child that brought it
    key    INTEGER
) STRICT;
CREATE INDEX attachment_waiting ON attachment (hash) WHERE held = 1 AND at_hub = 0;
CREATE INDEX attachment_uncovered ON attachment (hash) WHERE held = 1 AND covered = 0;
-- Files that went from here because the home's backup has them; who still holds one asks.
CREATE TABLE covered_file (
    hash   BLOB NOT NULL,
    record BLOB NOT NULL,              -- that mentioned it, and went
    PRIMARY KEY (hash, record)
) STRICT, WITHOUT ROWID;
-- Files that nothing here mentions and that somebody below has: asked of the hub above, and what it said. What it wants is taken
-- for it, and goes once the home's backup has it.
CREATE TABLE passing (
    hash    BLOB NOT NULL,
    replica BLOB NOT NULL,             -- that has it
    child   BLOB NOT NULL,             -- that asked: the same, or a hub above it
    said    INTEGER NOT NULL DEFAULT 0, -- by the hub above: 0 nothing, 1 it wants it, 2 the home's backup has it
    due     INTEGER NOT NULL DEFAULT 1, -- 1: the child has asked since the hub above was asked
    age     INTEGER NOT NULL DEFAULT 0, -- runs of the lane since the child asked
    PRIMARY KEY (hash, replica)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_via ON attachment (via) WHERE via IS NOT NULL;
CREATE TABLE chunk (
    attachment INTEGER NOT NULL REFERENCES attachment (row) ON DELETE CASCADE,
    n          INTEGER NOT NULL,
    bytes      BLOB NOT NULL,
    UNIQUE (attachment, n)
) STRICT;
-- What children bring of files, of each child apart until one of them has brought all of it.
CREATE TABLE arriving (
    row    INTEGER PRIMARY KEY,
    hash   BLOB NOT NULL,
    child  BLOB NOT NULL,
    bytes  INTEGER NOT NULL,           -- the file's length, as the child says
    key    INTEGER,
    UNIQUE (hash, child)
) STRICT;
CREATE INDEX arriving_of_child ON arriving (child);
CREATE TABLE arrived (
    arriving INTEGER NOT NULL REFERENCES arriving (row) ON DELETE CASCADE,
    n        INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    UNIQUE (arriving, n)
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

-- Files that parts mentioned once: a correction took another one. They go when the record does.
CREATE TABLE mentioned_before (
    record BLOB NOT NULL,
    class  TEXT NOT NULL,
    hash   BLOB NOT NULL,
    PRIMARY KEY (record, class, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentioned_before_of_file ON mentioned_before (hash);

-- Thumbnails of images, each signed for its image by whoever made it.
CREATE TABLE thumbnail (
    row       INTEGER PRIMARY KEY,
    image     BLOB NOT NULL UNIQUE,
    maker     BLOB NOT NULL,
    jpeg      BLOB NOT NULL,
    signature BLOB NOT NULL,
    at_hub    INTEGER NOT NULL DEFAULT 0,
    key       INTEGER
) STRICT;
CREATE INDEX thumbnail_waiting ON thumbnail (image) WHERE at_hub = 0;

-- Files that somebody asked for and that are not here.
CREATE TABLE wanted (
    hash BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Hubs whose place others took: the home's signed words. The home has all of them, a hub those that name it.
CREATE TABLE succession (
    old       BLOB NOT NULL,
    key       BLOB NOT NULL,           -- of the hub that has the place now
    signature BLOB NOT NULL,
    PRIMARY KEY (old, key)
) STRICT, WITHOUT ROWID;
ALTER TABLE enrolment_code ADD COLUMN replaces BLOB;                -- the hub whose place it gives
-- Children that came with the place, and not with a code.
CREATE TABLE taken_over (
    replica BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The place whose hub a pack was cut for; none where that is the place of today.
ALTER TABLE outbox ADD COLUMN place TEXT;

-- In which lines packs came, of which a hub remembers the last few only.
CREATE INDEX pack_via ON pack (via, via_line) WHERE via IS NOT NULL;

-- Testimonies: packs in which a replica brings what another wrote, whose disk is gone and the hub's that had it.
ALTER TABLE pack ADD COLUMN author BLOB;          -- whom its origin speaks for: an introduction; null where for itself
CREATE INDEX pack_of_own_testimony ON pack (batch) WHERE author IS NOT NULL AND via IS NULL;
ALTER TABLE change ADD COLUMN witness BLOB;       -- whose testimony `fed` is a pack of; null where its author's
ALTER TABLE named_again ADD COLUMN save INTEGER;  -- of a testimony: the place of its save in the pack; of a save of which
                                                -- another pack brought a part: the first change of the rest
CREATE INDEX named_again_of_change ON named_again (change);
-- Packs that brought a record under another salt than it has here: what they signed.
CREATE TABLE other_salt (
    origin BLOB NOT NULL,
    batch  INTEGER NOT NULL,
    record BLOB NOT NULL,
    salt   BLOB NOT NULL,
    PRIMARY KEY (origin, batch, record)
) STRICT, WITHOUT ROWID;

-- Changes of others that the hub has not brought once more since it forgot, or since there is another hub.
CREATE TABLE missed (
    change  INTEGER PRIMARY KEY,       -- its seq
    refused INTEGER NOT NULL DEFAULT 0 -- 1: the hub did not take it in this session
) STRICT;
-- The last change in the log when this place was remembered.
ALTER TABLE checkpoint ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;

-- From which seeds the openings of a device drew identities and salts, and how many times.
CREATE TABLE drawn (
    opening BLOB NOT NULL,             -- its nonce
    seed    BLOB NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (opening, seed)
) STRICT, WITHOUT ROWID;

-- Whether a replica was known in another place before.
ALTER TABLE replica ADD COLUMN wandered INTEGER NOT NULL DEFAULT 0;

-- What replicas were granted before: they may still hold some of it.
CREATE TABLE granted_before (
    replica BLOB NOT NULL,
    region  TEXT NOT NULL,             -- empty: headquarters
    reach   INTEGER NOT NULL,          -- as in replica
    office  TEXT NOT NULL,
    person  TEXT NOT NULL,
    told    INTEGER NOT NULL DEFAULT 0, -- of a child, 1: the hub above knows it
    PRIMARY KEY (replica, region, reach, office, person)
) STRICT, WITHOUT ROWID;

-- What the networks that files go over cost, and what they have cost on the day when something was counted last.
CREATE TABLE network (
    name        TEXT PRIMARY KEY,      -- empty: the usual one
    bytes_a_day INTEGER,               -- null: bytes cost nothing
    day         INTEGER NOT NULL DEFAULT 0, -- since 1970, on the clock of Dakar
    spent       INTEGER NOT NULL DEFAULT 0  -- bytes
) STRICT, WITHOUT ROWID;

-- For each table a number that follows from all its rows: what `verify` adds up once more (`tally.rs`).
CREATE TABLE tally (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    sum    INTEGER NOT NULL
) STRICT;
