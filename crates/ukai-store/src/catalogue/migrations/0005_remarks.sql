-- What is said of samples besides their analyses, by kind. `labels`: words by which the sample
-- is found, one a line; `body`: JSON, zstd.
CREATE TABLE remark (
    sha256 BLOB NOT NULL,
    kind TEXT NOT NULL,
    labels TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (sha256, kind)
) STRICT, WITHOUT ROWID;
