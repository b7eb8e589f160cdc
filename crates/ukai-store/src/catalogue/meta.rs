//! Keys and values, totals, and the size of it all.

use super::Result;
use super::values::int;
use crate::StoreError;
use crate::limits::META_KEY_BYTES_MAX;
use crate::query::Totals;
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn find(c: &Connection, key: &str) -> Result<Option<String>> {
    let mut statement = c.prepare_cached("SELECT value FROM meta WHERE key = ?")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

pub(super) fn put(c: &Connection, key: &str, value: &str) -> Result<()> {
    if key.len() > META_KEY_BYTES_MAX {
        return Err(StoreError::TooLarge {
            what: "a meta key",
            size: key.len() as u64,
            limit: META_KEY_BYTES_MAX as u64,
        });
    }
    c.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)")?
        .execute([key, value])?;
    Ok(())
}

pub(super) fn counter(c: &Connection, name: &str) -> Result<u64> {
    let mut statement = c.prepare_cached("SELECT max(value, 0) FROM counter WHERE name = ?")?;
    Ok(statement.query_row([name], |row| row.get(0))?)
}

pub(super) fn add_to_counter(c: &Connection, name: &str, change: i64) -> Result<()> {
    if change != 0 {
        c.prepare_cached("UPDATE counter SET value = value + ? WHERE name = ?")?
            .execute(params![change, name])?;
    }
    Ok(())
}

pub(super) fn raise_counter(c: &Connection, name: &str, value: u64) -> Result<()> {
    c.prepare_cached("UPDATE counter SET value = ?1 WHERE name = ?2 AND value < ?1")?
        .execute(params![int(value), name])?;
    Ok(())
}

pub(super) fn totals(c: &Connection) -> Result<Totals> {
    Ok(Totals {
        events: counter(c, "events")?,
        sessions: counter(c, "sessions")?,
        samples: counter(c, "samples")?,
        indicators: counter(c, "indicators")?,
    })
}

/// Pages in use, in bytes.
pub(super) fn used_bytes(c: &Connection) -> Result<u64> {
    let pragma = |name: &str| c.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(pages * pragma("page_size")?)
}
