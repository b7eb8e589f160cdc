-- Every report of a sample that is kept, by when its first run began: those of other settings, and
-- earlier ones. The columns are those of `behaviour`.
CREATE TABLE behaviour_report (
    sha256 BLOB NOT NULL,
    started INTEGER NOT NULL,
    summary BLOB NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (sha256, started)
) STRICT, WITHOUT ROWID;
INSERT INTO behaviour_report SELECT sha256, started, summary, body FROM behaviour;
