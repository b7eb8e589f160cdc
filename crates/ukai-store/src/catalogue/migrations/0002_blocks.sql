-- An index of blocks of events in place of one of events (`block.rs` tells what a block
-- holds), and sessions in fewer bytes.

-- Names that come again and again.
CREATE TABLE word (
    n INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- Blocks are filled in the order in which events come. `filling`: 0 if it is full, 1 if it
-- takes events that come in time, 2 if it takes late ones.
CREATE TABLE block (
    n INTEGER PRIMARY KEY,
    filling INTEGER NOT NULL,
    first_id BLOB NOT NULL,
    last_id BLOB NOT NULL,
    first_position INTEGER NOT NULL,
    entries BLOB NOT NULL
) STRICT;
CREATE INDEX block_by_id ON block (last_id, first_id);
CREATE INDEX block_by_position ON block (first_position);
CREATE INDEX block_filling ON block (filling) WHERE filling > 0;

-- In which blocks a value is to be looked for. `key` is a checksum of the value, so a
-- block may not have it after all.
CREATE TABLE posting (
    key INTEGER NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (key, block)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO word (text)
    SELECT sensor FROM session UNION SELECT protocol FROM session
    UNION SELECT persona FROM session UNION SELECT transport FROM session
    UNION SELECT reason FROM session WHERE reason IS NOT NULL;

ALTER TABLE session RENAME TO session_1;

-- `ended` and `last_event` are nanoseconds after `started`; `last_event` is NULL where it is
-- the end. Names are numbers of words. Its events lie in the blocks from `first_block` to
-- `last_block`.
CREATE TABLE session (
    id BLOB PRIMARY KEY,
    started INTEGER NOT NULL,
    ended INTEGER,
    last_event INTEGER,
    sensor INTEGER NOT NULL,
    protocol INTEGER NOT NULL,
    persona INTEGER NOT NULL,
    transport INTEGER NOT NULL,
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
    reason INTEGER,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    first_block INTEGER NOT NULL,
    last_block INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO session
    SELECT id, started, ended - started,
        CASE WHEN last_event IS ended THEN NULL ELSE last_event - started END,
        (SELECT n FROM word WHERE text = sensor), (SELECT n FROM word WHERE text = protocol),
        (SELECT n FROM word WHERE text = persona), (SELECT n FROM word WHERE text = transport),
        src, src_port, dst, dst_port, logins, login_success, commands, downloads, samples,
        recorded, (SELECT n FROM word WHERE text = reason), bytes_in, bytes_out,
        9223372036854775807, 0
    FROM session_1;
DROP TABLE session_1;

CREATE INDEX session_by_src ON session (src);
CREATE INDEX session_by_protocol ON session (protocol);
CREATE INDEX session_with_download ON session (id) WHERE downloads > 0;
CREATE INDEX session_with_sample ON session (id) WHERE samples > 0;

-- Places of recordings before `recordings_start` are void.
DROP INDEX recording_by_position;
INSERT INTO counter (name, value) VALUES ('recordings_start', 0);

ALTER TABLE event RENAME TO event_1;
