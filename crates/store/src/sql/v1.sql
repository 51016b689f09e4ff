-- Version 1 of a replica. One file, one writer. Times are milliseconds by the clock of whoever wrote the row.

-- What this replica is: kind, key, person, office, region. One row a name.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Every replica that this one has heard of: who stands behind a change.
CREATE TABLE replica (
    row      INTEGER PRIMARY KEY,
    id       BLOB NOT NULL UNIQUE,
    key      BLOB NOT NULL,
    kind     INTEGER NOT NULL,
    person   TEXT NOT NULL,
    office   TEXT NOT NULL,
    region   TEXT,
    revoked  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Every opening that wrote something: from an actor to its replica.
CREATE TABLE opening (
    row     INTEGER PRIMARY KEY,
    actor   BLOB NOT NULL UNIQUE,
    replica BLOB NOT NULL,
    nonce   BLOB NOT NULL
) STRICT;

-- The manifests of packs, own and others'; their lists of changes stand in `change`.
CREATE TABLE pack (
    origin      BLOB NOT NULL,
    batch       INTEGER NOT NULL,
    previous    BLOB NOT NULL,
    hash        BLOB NOT NULL,
    openings    BLOB NOT NULL,
    signature   BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    via         BLOB,                -- the child that brought it; null for one's own
    PRIMARY KEY (origin, batch)
) STRICT, WITHOUT ROWID;

-- The log. Rows are added and their status moves on; nothing is ever deleted by the product's own hand.
CREATE TABLE change (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    record BLOB NOT NULL,
    class  TEXT NOT NULL,
    hash   BLOB NOT NULL,
    origin BLOB NOT NULL,
    batch  INTEGER,                  -- null: not yet in a pack; 0: came down the feed, its pack is not held here
    fed    INTEGER,                  -- of a change that came down the feed: the pack in which it left its origin
    place  INTEGER NOT NULL DEFAULT 0, -- its place in that pack
    save   INTEGER NOT NULL,         -- seq of the first change of its save
    status INTEGER NOT NULL,         -- 0 logged, 1 applied, 2 waiting, 3 quarantined, 4 withheld by a relay
    reason TEXT,                     -- why it is quarantined
    body   BLOB,                     -- null only when withheld
    UNIQUE (record, class, hash)
) STRICT;
CREATE INDEX change_of_pack ON change (origin, batch, place);
CREATE INDEX change_of_save ON change (save);
CREATE INDEX change_unpacked ON change (seq) WHERE batch IS NULL;
CREATE INDEX change_logged ON change (save) WHERE status = 0;
CREATE INDEX change_waiting_for ON change (record, class) WHERE status = 2;

-- Each record's salt and what its envelope says; rebuilt from the parts.
CREATE TABLE record (
    record  BLOB PRIMARY KEY,
    salt    BLOB NOT NULL,
    form    TEXT,                    -- form@version; null while the envelope has not arrived
    kase    BLOB,
    wave    TEXT,
    region  TEXT,
    state   TEXT NOT NULL DEFAULT 'open',
    touched INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX record_touched ON record (touched);
CREATE INDEX record_of_case ON record (kase) WHERE kase IS NOT NULL;

-- Each part as a document: a cache of the log, with the view that screens and exports read.
CREATE TABLE part (
    record   BLOB NOT NULL,
    class    TEXT NOT NULL,
    heads    BLOB NOT NULL,
    snapshot BLOB NOT NULL,
    view     TEXT NOT NULL,
    UNIQUE (record, class)
) STRICT;                            -- with row numbers: its rows are too large for the inside of a tree

-- Answers that hold two values, with who wrote each.
CREATE TABLE conflict (
    record     BLOB NOT NULL,
    class      TEXT NOT NULL,
    key        TEXT NOT NULL,
    candidates TEXT NOT NULL,
    PRIMARY KEY (record, class, key)
) STRICT, WITHOUT ROWID;

-- A hub's feed, in the order in which children receive it.
CREATE TABLE feed (
    position INTEGER PRIMARY KEY,
    kind     INTEGER NOT NULL,       -- 0 save, 1 replica, 2 opening, 3 resource, 4 receipt, 5 verdict
    ref      INTEGER NOT NULL,       -- the row it speaks of
    record   BLOB,                   -- of a save, for its region and its classes
    except_  BLOB,                   -- the child that brought it
    only_    BLOB,                   -- the one child that it is for
    running  BLOB NOT NULL
) STRICT;

-- What goes to the parent, in order. A pack gets its number when it is first sent; one that the parent refuses gives
-- its number back and is passed over, with all of its origin, until the next session.
CREATE TABLE outbox (
    row     INTEGER PRIMARY KEY,
    number  INTEGER UNIQUE,
    origin  BLOB NOT NULL,
    batch   INTEGER NOT NULL,
    refused TEXT,                    -- why the parent last refused it
    passed  INTEGER NOT NULL DEFAULT 0, -- 1: not again in this session
    fixed   INTEGER NOT NULL DEFAULT 0, -- 1: some hub may hold it, so it is never cut anew
    UNIQUE (origin, batch)
) STRICT;
CREATE INDEX outbox_unsent ON outbox (row) WHERE number IS NULL;
CREATE INDEX outbox_passed ON outbox (origin) WHERE passed = 1;

-- The parent, if there is one.
CREATE TABLE uplink (
    only_one     INTEGER PRIMARY KEY CHECK (only_one = 1),
    hub          BLOB NOT NULL,
    key          BLOB NOT NULL,
    url          TEXT NOT NULL,
    name         TEXT NOT NULL,
    position     INTEGER NOT NULL DEFAULT 0,
    running      BLOB NOT NULL,
    exchange     INTEGER NOT NULL DEFAULT 0,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    last_ms      INTEGER,            -- the last exchange
    done_ms      INTEGER             -- the last session that left nothing to do
) STRICT;

-- The replicas that sync here.
CREATE TABLE child (
    replica  BLOB PRIMARY KEY,
    exchange INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0,   -- the outbox number up to which its packs are held
    received_hash BLOB,                    -- the manifest hash of the pack under that number
    last_ms  INTEGER
) STRICT, WITHOUT ROWID;

-- How far the home holds each origin's packs.
CREATE TABLE receipt (
    row      INTEGER PRIMARY KEY,
    origin   BLOB NOT NULL UNIQUE,
    batch    INTEGER NOT NULL,
    mark     BLOB NOT NULL,          -- of that pack
    position INTEGER NOT NULL DEFAULT 0 -- its last place in the feed; earlier ones say less
) STRICT;

-- Changes that were not taken, here or further up.
CREATE TABLE verdict (
    row    INTEGER PRIMARY KEY,
    origin BLOB NOT NULL,
    batch  INTEGER NOT NULL,
    record BLOB NOT NULL,
    class  TEXT NOT NULL,
    hash   BLOB NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (record, class, hash)
) STRICT;

-- Published resources: forms, code lists, schemes, releases, classes.
CREATE TABLE resource (
    row     INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    version TEXT NOT NULL,
    json    TEXT NOT NULL,
    UNIQUE (kind, id, version)
) STRICT;

-- Interviews under way: written after every answer, gone with the save.
CREATE TABLE draft (
    record     BLOB PRIMARY KEY,
    salt       BLOB NOT NULL,
    form       TEXT NOT NULL,
    kase       BLOB,
    wave       TEXT,
    started_ms INTEGER NOT NULL,
    heads      TEXT NOT NULL         -- of every part when it was begun: what it builds on
) STRICT, WITHOUT ROWID;
CREATE TABLE draft_answer (
    record BLOB NOT NULL REFERENCES draft (record) ON DELETE CASCADE,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (record, key)
) STRICT, WITHOUT ROWID;

-- One-use enrolment codes and pull tokens; only their hashes are kept.
CREATE TABLE enrolment_code (
    hash       BLOB PRIMARY KEY,
    kind       INTEGER NOT NULL,
    person     TEXT NOT NULL,
    office     TEXT NOT NULL,
    region     TEXT,
    expires_ms INTEGER NOT NULL,
    used_by    BLOB                  -- the key that it enrolled; the same key may ask again when an answer was lost
) STRICT, WITHOUT ROWID;
CREATE TABLE pull_token (
    hash    BLOB PRIMARY KEY,
    name    TEXT NOT NULL,
    classes TEXT NOT NULL
) STRICT, WITHOUT ROWID;
