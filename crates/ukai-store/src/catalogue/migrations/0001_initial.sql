-- Times are nanoseconds since 1970, UTC. Identities and digests are blobs.
-- Events are indexed only; they lie in the log at `position`.
CREATE TABLE event (
    id BLOB PRIMARY KEY,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    src BLOB,
    session BLOB,
    sample BLOB,
    protocol TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX event_by_src ON event (src) WHERE src IS NOT NULL;
CREATE INDEX event_by_session ON event (session) WHERE session IS NOT NULL;
CREATE INDEX event_by_sample ON event (sample) WHERE sample IS NOT NULL;
CREATE INDEX event_by_kind ON event (kind);
CREATE INDEX event_by_protocol ON event (protocol) WHERE protocol IS NOT NULL;

CREATE TABLE session (
    id BLOB PRIMARY KEY,
    sensor TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    last_event INTEGER NOT NULL,
    protocol TEXT NOT NULL,
    persona TEXT NOT NULL,
    transport TEXT NOT NULL,
    src BLOB NOT NULL,
    src_port INTEGER NOT NULL,
    dst BLOB NOT NULL,
    dst_port INTEGER NOT NULL,
    logins INTEGER NOT NULL,
    login_success INTEGER NOT NULL,
    commands INTEGER NOT NULL,
    downloads INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    reason TEXT,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_src ON session (src);
CREATE INDEX session_by_protocol ON session (protocol);
CREATE INDEX session_with_download ON session (id) WHERE downloads > 0;
CREATE INDEX session_with_sample ON session (id) WHERE samples > 0;

CREATE TABLE recording (
    session BLOB PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX recording_by_position ON recording (position);

-- `names` and `urls`: escaped, one a line.
CREATE TABLE sample (
    sha256 BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    sightings INTEGER NOT NULL DEFAULT 0,
    stored_bytes INTEGER NOT NULL DEFAULT 0,
    file_type TEXT,
    description TEXT,
    names TEXT NOT NULL DEFAULT '',
    urls TEXT NOT NULL DEFAULT '',
    analysed TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sample_by_first_seen ON sample (first_seen);

CREATE TABLE sighting (
    sha256 BLOB NOT NULL,
    event BLOB NOT NULL,
    time INTEGER NOT NULL,
    sensor TEXT NOT NULL,
    session BLOB,
    src BLOB,
    how TEXT NOT NULL,
    name TEXT,
    url TEXT,
    PRIMARY KEY (sha256, event)
) STRICT, WITHOUT ROWID;

-- `body`: the whole analysis as JSON, zstd.
CREATE TABLE analysis (
    sha256 BLOB NOT NULL,
    engine TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (sha256, engine)
) STRICT, WITHOUT ROWID;

-- `body`: the whole indicator as JSON, zstd.
CREATE TABLE indicator (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    role TEXT NOT NULL,
    confidence INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    withheld INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX indicator_by_last_seen ON indicator (last_seen);

-- Which samples (by digest) and sessions (by identity) are an indicator's evidence.
CREATE TABLE indicator_link (
    key BLOB NOT NULL,
    indicator BLOB NOT NULL,
    PRIMARY KEY (key, indicator)
) STRICT, WITHOUT ROWID;
CREATE INDEX indicator_link_by_indicator ON indicator_link (indicator);

-- What happened in each minute since 1970.
CREATE TABLE minute (
    minute INTEGER PRIMARY KEY,
    sessions INTEGER NOT NULL,
    logins INTEGER NOT NULL,
    commands INTEGER NOT NULL,
    downloads INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    attacks INTEGER NOT NULL
) STRICT;

-- How often values came; `unit` is 3600 or 86400 seconds, `bucket` counts units since 1970.
CREATE TABLE top (
    unit INTEGER NOT NULL,
    what INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    value TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (unit, what, bucket, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    lease_until INTEGER,
    worker TEXT,
    last_error TEXT,
    UNIQUE (kind, sha256)
) STRICT;
CREATE INDEX job_by_state ON job (kind, state, priority DESC, id);

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Totals kept with every change, and `indexed`: the log position up to which events
-- are indexed.
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES
    ('indexed', 0), ('events', 0), ('sessions', 0), ('samples', 0),
    ('samples_bytes', 0), ('indicators', 0);
