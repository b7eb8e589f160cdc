-- What samples did in the sandbox. `body`: the whole report as JSON, zstd; `summary`: the line
-- of a list, the same way; `minhash`: how it talks, 4 bytes a number, little-endian.
CREATE TABLE behaviour (
    sha256 BLOB PRIMARY KEY,
    started INTEGER NOT NULL,
    score INTEGER NOT NULL,
    summary BLOB NOT NULL,
    minhash BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX behaviour_by_started ON behaviour (started, sha256);
