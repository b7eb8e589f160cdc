//! Samples, how they came, and their analyses.

use super::values::{Escaped, Fixed, Ip, Lines, Named, Time, int, lines_of, name_of, time};
use super::{Result, meta, page};
use crate::Queue;
use crate::cursor::{self, key_time, page_size, time_key};
use crate::limits::SIGHTINGS_PER_SAMPLE_MAX;
use crate::query::{Page, SampleQuery, SampleSummary};
use crate::record::{pack_json, unpack_json};
use crate::seam::Batch;
use crate::summary;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use ukai_model::{Analysis, Event, PeerText, SessionId, Sha256, Sighting, Timestamp};

const COLUMNS: &str = "sha256, size, first_seen, last_seen, sightings, file_type, description,
    names, urls, analysed, stored_bytes,
    (SELECT group_concat(labels, char(10)) FROM
        (SELECT labels FROM remark WHERE remark.sha256 = sample.sha256 ORDER BY kind)) AS labels";

/// Makes the sample's row if there is none.
fn ensure(c: &Connection, sha256: &Sha256, size: u64, now: Timestamp) -> Result<()> {
    let made = c
        .prepare_cached(
            "INSERT OR IGNORE INTO sample (sha256, size, first_seen, last_seen)
             VALUES (?1, ?2, ?3, ?3)",
        )?
        .execute(params![sha256.as_bytes(), int(size), time(now)])?;
    meta::add_to_counter(c, "samples", int(made as u64))
}

/// Adds the sighting that the event is, if it is one, and asks for analyses. Returns
/// the number of jobs made.
pub(super) fn add_sighting(c: &Connection, event: &Event, batch: &Batch) -> Result<u64> {
    let Some((sighting, size)) = summary::sighting(event) else { return Ok(0) };
    ensure(c, &sighting.sha256, size, sighting.time)?;
    let Some(mut row) = find(c, &sighting.sha256)? else { return Ok(0) };
    summary::add_label(&mut row.names, sighting.name.as_ref());
    summary::add_label(&mut row.urls, sighting.url.as_ref());
    let at = sighting.time;
    let first = if row.sightings == 0 { at } else { row.first_seen.min(at) };
    let last = if row.sightings == 0 { at } else { row.last_seen.max(at) };
    c.prepare_cached(
        "UPDATE sample SET sightings = sightings + 1, first_seen = ?, last_seen = ?,
             names = ?, urls = ? WHERE sha256 = ?",
    )?
    .execute(params![
        time(first),
        time(last),
        lines_of(&row.names),
        lines_of(&row.urls),
        sighting.sha256.as_bytes(),
    ])?;
    insert_sighting(c, &sighting)?;
    if row.sightings + 1 > SIGHTINGS_PER_SAMPLE_MAX {
        c.prepare_cached(
            "DELETE FROM sighting WHERE sha256 = ?1 AND event =
             (SELECT event FROM sighting WHERE sha256 = ?1 ORDER BY event LIMIT 1)",
        )?
        .execute([sighting.sha256.as_bytes()])?;
    }
    let mut jobs = 0;
    let mut push = c.prepare_cached(
        "INSERT OR IGNORE INTO job (kind, sha256, priority, created, not_before)
         SELECT ?1, ?2, ?3, ?4, ?4
         WHERE NOT EXISTS (SELECT 1 FROM analysis WHERE sha256 = ?2 AND engine = ?1)",
    )?;
    for engine in &batch.engines {
        let sha256 = sighting.sha256.as_bytes();
        jobs += push.execute(params![engine, sha256, Queue::CAPTURED, time(batch.now)])? as u64;
    }
    Ok(jobs)
}

fn insert_sighting(c: &Connection, sighting: &Sighting) -> Result<()> {
    c.prepare_cached(
        "INSERT OR IGNORE INTO sighting
             (sha256, event, time, sensor, session, src, how, name, url)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        sighting.sha256.as_bytes(),
        sighting.event.as_bytes(),
        time(sighting.time),
        sighting.sensor.as_str(),
        sighting.session.as_ref().map(SessionId::as_bytes),
        sighting.src_ip.map(Ip),
        name_of(&sighting.how),
        sighting.name.as_ref().map(PeerText::escaped),
        sighting.url.as_ref().map(PeerText::escaped),
    ])?;
    Ok(())
}

pub(super) fn stored(
    c: &Connection,
    sha256: &Sha256,
    size: u64,
    stored_bytes: u64,
    now: Timestamp,
) -> Result<()> {
    gone(c, sha256)?;
    ensure(c, sha256, size, now)?;
    c.prepare_cached(
        "UPDATE sample SET stored_bytes = ?, last_seen = max(last_seen, ?) WHERE sha256 = ?",
    )?
    .execute(params![int(stored_bytes), time(now), sha256.as_bytes()])?;
    meta::add_to_counter(c, "samples_bytes", int(stored_bytes))
}

pub(super) fn gone(c: &Connection, sha256: &Sha256) -> Result<()> {
    let bytes: Option<i64> = c
        .prepare_cached("SELECT stored_bytes FROM sample WHERE sha256 = ?")?
        .query_row([sha256.as_bytes()], |row| row.get(0))
        .optional()?;
    c.prepare_cached("UPDATE sample SET stored_bytes = 0 WHERE sha256 = ?")?
        .execute([sha256.as_bytes()])?;
    meta::add_to_counter(c, "samples_bytes", -bytes.unwrap_or(0))
}

/// Walks all samples: called only when space is short.
pub(super) fn oldest(c: &Connection, limit: u32) -> Result<Vec<(Sha256, u64)>> {
    let mut statement = c.prepare_cached(
        "SELECT sha256, stored_bytes FROM sample WHERE stored_bytes > 0
         ORDER BY last_seen, sha256 LIMIT ?",
    )?;
    let rows = statement
        .query_map([limit], |row| Ok((row.get::<_, Fixed<32>>(0)?.into(), row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SampleSummary> {
    Ok(SampleSummary {
        sha256: row.get::<_, Fixed<32>>(0)?.into(),
        size: row.get(1)?,
        first_seen: row.get::<_, Time>(2)?.0,
        last_seen: row.get::<_, Time>(3)?.0,
        sightings: row.get(4)?,
        file_type: row.get(5)?,
        description: row.get(6)?,
        names: row.get::<_, Lines>(7)?.0,
        urls: row.get::<_, Lines>(8)?.0,
        analysed: row.get(9)?,
        stored: row.get::<_, i64>(10)? > 0,
        labels: summary::labels(row.get::<_, Option<String>>(11)?.unwrap_or_default().lines()),
    })
}

pub(super) fn find(c: &Connection, sha256: &Sha256) -> Result<Option<SampleSummary>> {
    let sql = format!("SELECT {COLUMNS} FROM sample WHERE sha256 = ?");
    let mut statement = c.prepare_cached(&sql)?;
    Ok(statement.query_row([sha256.as_bytes()], from_row).optional()?)
}

pub(super) fn list(c: &Connection, query: &SampleQuery) -> Result<Page<SampleSummary>> {
    let size = page_size(query.limit);
    let mut conditions = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    if let Some(before) = cursor::decode::<40>(query.before.as_deref())? {
        conditions.push("(first_seen, sha256) < (?, ?)");
        values.push(int(key_time(&before)).into());
        values.push(before[8..].to_vec().into());
    }
    if let Some(file_type) = &query.file_type {
        conditions.push("file_type = ?");
        values.push(file_type.clone().into());
    }
    if let Some(q) = query.q.as_deref().filter(|q| !q.is_empty()) {
        conditions.push(
            "(instr(lower(hex(sha256)), ?) = 1 OR instr(lower(description), ?) > 0
              OR instr(lower(names), ?) > 0 OR instr(lower(urls), ?) > 0
              OR EXISTS (SELECT 1 FROM remark WHERE remark.sha256 = sample.sha256
                         AND instr(lower(remark.labels), ?) > 0))",
        );
        values.extend(std::iter::repeat_n(Value::from(q.to_ascii_lowercase()), 5));
    }
    if let Some(label) = &query.label {
        conditions.push(
            "EXISTS (SELECT 1 FROM remark WHERE remark.sha256 = sample.sha256
             AND instr(char(10) || lower(remark.labels) || char(10), char(10) || ? || char(10)) > 0)",
        );
        values.push(label.to_ascii_lowercase().into());
    }
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM sample {filter}
         ORDER BY first_seen DESC, sha256 DESC LIMIT {}",
        size + 1,
    );
    let mut statement = c.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), from_row)?;
    let samples = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(page(samples, size, |s: &SampleSummary| {
        cursor::encode(&time_key::<40>(s.first_seen.nanos(), s.sha256.as_bytes()))
    }))
}

pub(super) fn sightings(c: &Connection, sha256: &Sha256, limit: u32) -> Result<Vec<Sighting>> {
    let mut statement = c.prepare_cached(
        "SELECT event, time, sensor, session, src, how, name, url FROM sighting
         WHERE sha256 = ? ORDER BY event DESC LIMIT ?",
    )?;
    let rows = statement.query_map(params![sha256.as_bytes(), limit], |row| {
        Ok(Sighting {
            sha256: *sha256,
            event: row.get::<_, Fixed<16>>(0)?.into(),
            time: row.get::<_, Time>(1)?.0,
            sensor: row.get::<_, Named<_>>(2)?.0,
            session: row.get::<_, Option<Fixed<16>>>(3)?.map(Into::into),
            src_ip: row.get::<_, Option<Ip>>(4)?.map(|ip| ip.0),
            how: row.get::<_, Named<_>>(5)?.0,
            name: row.get::<_, Option<Escaped>>(6)?.map(|text| text.0),
            url: row.get::<_, Option<Escaped>>(7)?.map(|text| text.0),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn put_analysis(c: &Connection, analysis: &Analysis) -> Result<()> {
    ensure(c, &analysis.sha256, analysis.size, analysis.started)?;
    c.prepare_cached("INSERT OR REPLACE INTO analysis (sha256, engine, body) VALUES (?, ?, ?)")?
        .execute(params![analysis.sha256.as_bytes(), analysis.engine, pack_json(analysis)?])?;
    let file_type = analysis.file_type.as_ref();
    c.prepare_cached(
        "UPDATE sample SET analysed = ?, file_type = coalesce(?, file_type),
             description = coalesce(?, description) WHERE sha256 = ?",
    )?
    .execute(params![
        analysis.outcome.name(),
        file_type.map(|t| &t.name),
        file_type.map(|t| &t.description),
        analysis.sha256.as_bytes(),
    ])?;
    Ok(())
}

pub(super) fn analyses(c: &Connection, sha256: &Sha256) -> Result<Vec<Analysis>> {
    let mut statement =
        c.prepare_cached("SELECT body FROM analysis WHERE sha256 = ? ORDER BY engine")?;
    let bodies = statement.query_map([sha256.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?;
    bodies.map(|body| unpack_json("an analysis", &body?)).collect()
}
