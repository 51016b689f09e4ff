-- Version 3: bundles. What a replica sends and hears in files, and what it carries for others.

-- The last exchange number that had been given when the hub was last heard: of a return to an earlier number it is not
-- known whether it was made before or after.
ALTER TABLE uplink ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;

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
