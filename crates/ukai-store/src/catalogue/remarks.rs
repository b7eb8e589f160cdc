//! What is said of samples besides their analyses.

use super::Result;
use crate::query::Remark;
use crate::record::{pack_json, unpack_json};
use rusqlite::{Connection, params};
use ukai_model::Sha256;

pub(super) fn put(c: &Connection, remark: &Remark) -> Result<()> {
    c.prepare_cached(
        "INSERT OR REPLACE INTO remark (sha256, kind, labels, body) VALUES (?, ?, ?, ?)",
    )?
    .execute(params![
        remark.sha256.as_bytes(),
        remark.kind,
        remark.labels.join("\n"),
        pack_json(&remark.body)?,
    ])?;
    Ok(())
}

pub(super) fn of(c: &Connection, sha256: &Sha256) -> Result<Vec<Remark>> {
    let mut statement =
        c.prepare_cached("SELECT kind, labels, body FROM remark WHERE sha256 = ? ORDER BY kind")?;
    let mut rows = statement.query([sha256.as_bytes()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let labels: String = row.get(1)?;
        found.push(Remark {
            sha256: *sha256,
            kind: row.get(0)?,
            labels: labels.lines().map(str::to_owned).collect(),
            body: unpack_json("a remark", &row.get::<_, Vec<u8>>(2)?)?,
        });
    }
    Ok(found)
}
