-- One order of all things: proofs, photos, manifests and notes take their sequence from here.
-- Clocks are for people, this is for the program.
CREATE TABLE spool (
    only_row        INTEGER PRIMARY KEY CHECK (only_row = 1),
    device_id       TEXT NOT NULL,
    last_sequence   INTEGER NOT NULL,
    -- the cloud's last restoration from a backup that was heard of
    restoration     TEXT NOT NULL DEFAULT '',
    -- the last synchronised moment that retention saw
    mark_at         TEXT,
    mark_ns         INTEGER,
    mark_boot_id    TEXT,
    mark_jumped     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE proof (
    sequence        INTEGER PRIMARY KEY,
    proof_id        TEXT NOT NULL UNIQUE,
    code            TEXT NOT NULL,
    mode            TEXT NOT NULL,
    packer          TEXT,
    is_open         INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    -- made by a start from photo files that had no row
    was_found       INTEGER NOT NULL DEFAULT 0 CHECK (was_found IN (0, 1)),
    progress        TEXT,
    progress_reason TEXT NOT NULL DEFAULT '',
    -- opened
    at              TEXT NOT NULL,
    monotonic_ns    INTEGER NOT NULL,
    boot_id         TEXT NOT NULL,
    clock_synced    INTEGER NOT NULL
) STRICT;
CREATE INDEX proof_by_code ON proof (code);
CREATE INDEX proof_open ON proof (is_open) WHERE is_open = 1;

CREATE TABLE photo (
    sequence        INTEGER PRIMARY KEY,
    proof_id        TEXT NOT NULL REFERENCES proof (proof_id) ON DELETE CASCADE,
    sha256          TEXT NOT NULL,
    size_bytes      INTEGER NOT NULL CHECK (size_bytes > 0),
    -- relative to the spool
    path            TEXT NOT NULL UNIQUE,
    source          TEXT NOT NULL,
    -- JSON list of words
    warnings        TEXT NOT NULL,
    undone          INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1)),
    receipted       INTEGER NOT NULL DEFAULT 0 CHECK (receipted IN (0, 1)),
    -- kept: on the disk; freed: by retention; lost: gone or damaged without our doing
    fate            TEXT NOT NULL DEFAULT 'kept' CHECK (fate IN ('kept', 'freed', 'lost')),
    -- taken
    at              TEXT NOT NULL,
    monotonic_ns    INTEGER NOT NULL,
    boot_id         TEXT NOT NULL,
    clock_synced    INTEGER NOT NULL
) STRICT;
CREATE INDEX photo_by_proof ON photo (proof_id);
CREATE INDEX photo_by_sha256 ON photo (sha256);
CREATE INDEX photo_lost ON photo (sequence) WHERE fate = 'lost';
CREATE INDEX photo_to_send ON photo (sequence) WHERE receipted = 0 AND undone = 0 AND fate = 'kept';

CREATE TABLE manifest (
    sequence        INTEGER PRIMARY KEY,
    proof_id        TEXT NOT NULL REFERENCES proof (proof_id) ON DELETE CASCADE,
    revision        INTEGER NOT NULL CHECK (revision >= 1),
    closing         TEXT NOT NULL,
    raw             BLOB NOT NULL,
    digest          TEXT NOT NULL,
    receipted       INTEGER NOT NULL DEFAULT 0 CHECK (receipted IN (0, 1)),
    -- why it is not sent any more without a receipt; empty while it is
    refused         TEXT NOT NULL DEFAULT '',
    -- closed
    at              TEXT NOT NULL,
    monotonic_ns    INTEGER NOT NULL,
    boot_id         TEXT NOT NULL,
    clock_synced    INTEGER NOT NULL,
    UNIQUE (proof_id, revision)
) STRICT;
CREATE INDEX manifest_waiting ON manifest (sequence) WHERE receipted = 0 AND refused = '';
CREATE INDEX manifest_refused ON manifest (sequence) WHERE receipted = 0 AND refused != '';

CREATE TABLE manifest_photo (
    manifest        INTEGER NOT NULL REFERENCES manifest (sequence) ON DELETE CASCADE,
    photo           INTEGER NOT NULL REFERENCES photo (sequence) ON DELETE CASCADE,
    PRIMARY KEY (manifest, photo)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_photo_by_photo ON manifest_photo (photo);

-- What happened at the table without becoming a proof.
CREATE TABLE note (
    sequence        INTEGER PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('packed-without-photo', 'reopened')),
    code            TEXT NOT NULL,
    at              TEXT NOT NULL,
    monotonic_ns    INTEGER NOT NULL,
    boot_id         TEXT NOT NULL,
    clock_synced    INTEGER NOT NULL
) STRICT;
