//! Indicators, and what they rest on.

use super::values::{id_bytes, int, time};
use super::{Result, meta, page};
use crate::cursor::{self, key_time, page_size, time_key};
use crate::query::{IndicatorQuery, IndicatorState, Page};
use crate::record::{pack_json, unpack_json};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Params, Statement, params, params_from_iter};
use std::collections::BTreeSet;
use ukai_model::{Indicator, IndicatorId, Timestamp};

pub(super) fn put(c: &Connection, indicators: &[Indicator]) -> Result<()> {
    let mut exists = c.prepare_cached("SELECT 1 FROM indicator WHERE id = ?")?;
    let mut write = c.prepare_cached(
        "INSERT INTO indicator
             (id, kind, value, role, confidence, last_seen, valid_until, withheld, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET confidence = excluded.confidence,
             last_seen = excluded.last_seen, valid_until = excluded.valid_until,
             withheld = excluded.withheld, body = excluded.body",
    )?;
    let mut new = 0;
    for indicator in indicators {
        new += i64::from(!exists.exists([id_bytes(&indicator.id)])?);
        write.execute(params![
            id_bytes(&indicator.id),
            indicator.observable.kind.as_str(),
            indicator.observable.value,
            indicator.role.as_str(),
            indicator.confidence.get(),
            time(indicator.last_seen),
            time(indicator.valid_until),
            indicator.withheld.is_some(),
            pack_json(indicator)?,
        ])?;
        put_links(c, indicator)?;
    }
    meta::add_to_counter(c, "indicators", new)
}

/// Writes only the difference: mostly one piece of evidence came and one went.
fn put_links(c: &Connection, indicator: &Indicator) -> Result<()> {
    let id = id_bytes(&indicator.id);
    let samples = indicator.evidence.iter().filter_map(|e| e.sample.map(|s| s.as_bytes().to_vec()));
    let sessions =
        indicator.evidence.iter().filter_map(|e| e.session.map(|s| s.as_bytes().to_vec()));
    let wanted: BTreeSet<Vec<u8>> = samples.chain(sessions).collect();
    let mut select = c.prepare_cached("SELECT key FROM indicator_link WHERE indicator = ?")?;
    let known = select.query_map([id], |row| row.get(0))?;
    let known = known.collect::<rusqlite::Result<BTreeSet<Vec<u8>>>>()?;
    let mut delete =
        c.prepare_cached("DELETE FROM indicator_link WHERE key = ? AND indicator = ?")?;
    for key in known.difference(&wanted) {
        delete.execute(params![key, id])?;
    }
    let mut insert =
        c.prepare_cached("INSERT INTO indicator_link (key, indicator) VALUES (?, ?)")?;
    for key in wanted.difference(&known) {
        insert.execute(params![key, id])?;
    }
    Ok(())
}

fn bodies(statement: &mut Statement<'_>, values: impl Params) -> Result<Vec<Indicator>> {
    let bodies = statement.query_map(values, |row| row.get::<_, Vec<u8>>(0))?;
    bodies.map(|body| unpack_json("an indicator", &body?)).collect()
}

pub(super) fn by_ids(c: &Connection, ids: &[IndicatorId]) -> Result<Vec<Indicator>> {
    let mut statement = c.prepare_cached("SELECT body FROM indicator WHERE id = ?")?;
    let mut found = Vec::new();
    for id in ids {
        let body: Option<Vec<u8>> =
            statement.query_row([id_bytes(id)], |row| row.get(0)).optional()?;
        if let Some(body) = body {
            found.push(unpack_json("an indicator", &body)?);
        }
    }
    Ok(found)
}

pub(super) fn list(
    c: &Connection,
    query: &IndicatorQuery,
    now: Timestamp,
) -> Result<Page<Indicator>> {
    let size = page_size(query.limit);
    let mut conditions = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    let mut add = |condition, value: Value| {
        conditions.push(condition);
        values.push(value);
    };
    if let Some(kind) = &query.kind {
        add("kind = ?", kind.clone().into());
    }
    if let Some(role) = &query.role {
        add("role = ?", role.clone().into());
    }
    if let Some(least) = query.min_confidence {
        add("confidence >= ?", i64::from(least).into());
    }
    if let Some(q) = &query.q {
        add("instr(lower(value), ?) > 0", q.to_ascii_lowercase().into());
    }
    match query.state {
        Some(IndicatorState::Active) => add("withheld = 0 AND valid_until > ?", time(now).into()),
        Some(IndicatorState::Expired) => add("withheld = 0 AND valid_until <= ?", time(now).into()),
        Some(IndicatorState::Withheld) => add("withheld = ?", 1.into()),
        None => {}
    }
    if let Some(before) = cursor::decode::<24>(query.before.as_deref())? {
        add("(last_seen, id) < (?, ?)", int(key_time(&before)).into());
        values.push(before[8..].to_vec().into());
    }
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    };
    let sql = format!(
        "SELECT body FROM indicator {filter} ORDER BY last_seen DESC, id DESC LIMIT {}",
        size + 1
    );
    let found = bodies(&mut *c.prepare_cached(&sql)?, params_from_iter(values))?;
    Ok(page(found, size, |i: &Indicator| {
        cursor::encode(&time_key::<24>(i.last_seen.nanos(), i.id.as_bytes()))
    }))
}

pub(super) fn valid(
    c: &Connection,
    now: Timestamp,
    after: Option<IndicatorId>,
    limit: u32,
) -> Result<Vec<Indicator>> {
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let mut statement = c.prepare_cached(
        "SELECT body FROM indicator WHERE id > ? AND valid_until > ? ORDER BY id LIMIT ?",
    )?;
    bodies(&mut statement, params![after, time(now), limit])
}

pub(super) fn linked(c: &Connection, key: &[u8], limit: u32) -> Result<Vec<Indicator>> {
    let mut statement = c.prepare_cached(
        "SELECT i.body FROM indicator_link l JOIN indicator i ON i.id = l.indicator
         WHERE l.key = ? ORDER BY i.last_seen DESC, i.id DESC LIMIT ?",
    )?;
    bodies(&mut statement, params![key, limit])
}
