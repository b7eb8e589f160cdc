//! What samples did in the sandbox.

use super::values::{Fixed, int, time};
use super::{Result, page};
use crate::cursor::{self, key_time, page_size, time_key};
use crate::limits::BEHAVIOUR_REPORTS_MAX;
use crate::query::{BehaviourQuery, BehaviourSummary, Page};
use crate::record::{pack_json, unpack_json};
use crate::summary;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use ukai_model::{Behaviour, Sha256, Timestamp};

pub(super) fn put(c: &Connection, behaviour: &Behaviour) -> Result<()> {
    let minhash: Vec<u8> =
        behaviour.fingerprint.minhash.iter().flat_map(|number| number.to_le_bytes()).collect();
    c.prepare_cached(
        "INSERT OR REPLACE INTO behaviour (sha256, started, score, summary, minhash, body)
         VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        behaviour.sha256.as_bytes(),
        time(behaviour.started),
        behaviour.score,
        pack_json(&summary::behaviour(behaviour))?,
        minhash,
        pack_json(behaviour)?,
    ])?;
    put_report(c, behaviour)
}

pub(super) fn put_report(c: &Connection, behaviour: &Behaviour) -> Result<()> {
    c.prepare_cached(
        "INSERT OR REPLACE INTO behaviour_report (sha256, started, summary, body)
         VALUES (?, ?, ?, ?)",
    )?
    .execute(params![
        behaviour.sha256.as_bytes(),
        time(behaviour.started),
        pack_json(&summary::behaviour(behaviour))?,
        pack_json(behaviour)?,
    ])?;
    c.prepare_cached(
        "DELETE FROM behaviour_report WHERE sha256 = ?1 AND started NOT IN (
             SELECT started FROM behaviour_report WHERE sha256 = ?1
             ORDER BY started DESC LIMIT ?2)",
    )?
    .execute(params![behaviour.sha256.as_bytes(), BEHAVIOUR_REPORTS_MAX])?;
    Ok(())
}

pub(super) fn reports(c: &Connection, sha256: &Sha256) -> Result<Vec<BehaviourSummary>> {
    let mut statement = c.prepare_cached(
        "SELECT summary FROM behaviour_report WHERE sha256 = ? ORDER BY started DESC",
    )?;
    let rows = statement.query_map([sha256.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|summary| unpack_json("a report's summary", &summary?)).collect()
}

pub(super) fn report(
    c: &Connection,
    sha256: &Sha256,
    started: Timestamp,
) -> Result<Option<Behaviour>> {
    let body: Option<Vec<u8>> = c
        .prepare_cached("SELECT body FROM behaviour_report WHERE sha256 = ? AND started = ?")?
        .query_row(params![sha256.as_bytes(), time(started)], |row| row.get(0))
        .optional()?;
    body.map(|body| unpack_json("a report", &body)).transpose()
}

pub(super) fn find(c: &Connection, sha256: &Sha256) -> Result<Option<Behaviour>> {
    let body: Option<Vec<u8>> = c
        .prepare_cached("SELECT body FROM behaviour WHERE sha256 = ?")?
        .query_row([sha256.as_bytes()], |row| row.get(0))
        .optional()?;
    body.map(|body| unpack_json("a behaviour", &body)).transpose()
}

pub(super) fn list(c: &Connection, query: &BehaviourQuery) -> Result<Page<BehaviourSummary>> {
    let size = page_size(query.limit);
    let mut conditions = vec!["score >= ?"];
    let mut values: Vec<Value> = vec![i64::from(query.min_score.unwrap_or(0)).into()];
    if let Some(before) = cursor::decode::<40>(query.before.as_deref())? {
        conditions.push("(started, sha256) < (?, ?)");
        values.push(int(key_time(&before)).into());
        values.push(before[8..].to_vec().into());
    }
    let sql = format!(
        "SELECT summary FROM behaviour WHERE {}
         ORDER BY started DESC, sha256 DESC LIMIT {}",
        conditions.join(" AND "),
        size + 1,
    );
    let mut statement = c.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, Vec<u8>>(0))?;
    let found = rows
        .map(|summary| unpack_json("a behaviour's summary", &summary?))
        .collect::<Result<Vec<BehaviourSummary>>>()?;
    Ok(page(found, size, |s| {
        cursor::encode(&time_key::<40>(s.started.nanos(), s.sha256.as_bytes()))
    }))
}

pub(super) fn minhashes(c: &Connection, limit: u32) -> Result<Vec<(Sha256, Vec<u32>)>> {
    let mut statement = c.prepare_cached(
        "SELECT sha256, minhash FROM behaviour WHERE length(minhash) > 0
         ORDER BY started DESC, sha256 DESC LIMIT ?",
    )?;
    let rows = statement.query_map([limit], |row| {
        let bytes: Vec<u8> = row.get(1)?;
        let numbers = bytes.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number));
        Ok((row.get::<_, Fixed<32>>(0)?.into(), numbers.collect()))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
