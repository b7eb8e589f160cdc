//! The index of events, and what a batch changes everywhere else.

use super::values::{Fixed, Ip, int, time};
use super::{Memory, Result, meta, page, rollup, samples, sessions};
use crate::cursor::{self, page_size, uuid_floor};
use crate::limits::FORGET_ROWS_MAX;
use crate::query::{EventQuery, Page};
use crate::seam::{Batch, EventPlace, Indexed, Position};
use crate::summary;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Statement, params, params_from_iter};
use ukai_model::{Event, EventId, SessionId, Sha256, Timestamp};

/// Free pages from which on some are given back to the file system.
const FREE_PAGES_MAX: u64 = 4_096;
/// Pages given back at a time.
const VACUUM_PAGES: u64 = 1_024;

pub(super) fn index(c: &Connection, memory: &mut Memory, batch: &Batch) -> Result<Indexed> {
    let mut outcome = Indexed::default();
    let mut touched = sessions::Touched::default();
    let mut counts = rollup::Counts::default();
    let mut insert = c.prepare_cached(
        "INSERT OR IGNORE INTO event (id, position, kind, src, session, sample, protocol)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (position, event) in &batch.events {
        let session = touched.load(c, &memory.sessions, event)?;
        let of_session = session.as_deref().map(|session| session.summary.protocol.as_str());
        let protocol = summary::own_protocol(&event.kind).or(of_session);
        let fresh = insert_event(&mut insert, *position, event, protocol)?;
        outcome.fresh.push(fresh);
        if fresh {
            if let Some(session) = session {
                session.add(event);
            }
            counts.add(event);
            outcome.jobs += samples::add_sighting(c, event, batch)?;
        }
    }
    let fresh = outcome.fresh.iter().filter(|fresh| **fresh).count();
    meta::add_to_counter(c, "events", int(fresh as u64))?;
    touched.store(c, &mut memory.sessions)?;
    counts.store(c, &mut memory.rollup)?;
    sessions::add_recordings(c, &batch.recordings)?;
    meta::raise_counter(c, "indexed", batch.indexed.0)?;
    Ok(outcome)
}

fn insert_event(
    insert: &mut Statement<'_>,
    position: Position,
    event: &Event,
    protocol: Option<&str>,
) -> Result<bool> {
    let sample = event.kind.sample();
    let changed = insert.execute(params![
        event.id.as_bytes(),
        int(position.0),
        event.kind.name(),
        event.flow.map(|flow| Ip(flow.src_ip)),
        event.session.as_ref().map(SessionId::as_bytes),
        sample.as_ref().map(Sha256::as_bytes),
        protocol,
    ])?;
    Ok(changed == 1)
}

pub(super) fn find(c: &Connection, id: EventId) -> Result<Option<Position>> {
    let mut statement = c.prepare_cached("SELECT position FROM event WHERE id = ?")?;
    Ok(statement.query_row([id.as_bytes()], |row| row.get(0).map(Position)).optional()?)
}

pub(super) fn list(c: &Connection, query: &EventQuery) -> Result<Page<EventPlace>> {
    let size = page_size(query.limit);
    let mut conditions = vec!["id >= ?", "id < ?"];
    let from = query.from.map_or([0; 16], |from| uuid_floor(from.millis()));
    let to = query.to.map_or([0xff; 16], |to| uuid_floor(to.millis()));
    let before = cursor::decode::<16>(query.before.as_deref())?.unwrap_or([0xff; 16]);
    let mut values: Vec<Value> = vec![from.to_vec().into(), to.min(before).to_vec().into()];
    // The most selective index that the conditions allow; statistics cannot know better.
    let mut index = "";
    let mut add = |name, condition, value: Value| {
        conditions.push(condition);
        values.push(value);
        if index.is_empty() {
            index = name;
        }
    };
    if let Some(session) = &query.session {
        add("INDEXED BY event_by_session", "session = ?", session.as_bytes().to_vec().into());
    }
    if let Some(sha256) = &query.sha256 {
        add("INDEXED BY event_by_sample", "sample = ?", sha256.as_bytes().to_vec().into());
    }
    if let Some(ip) = query.src_ip {
        let octets = match ip {
            std::net::IpAddr::V4(ip) => ip.octets().to_vec(),
            std::net::IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        add("INDEXED BY event_by_src", "src = ?", octets.into());
    }
    if let Some(kind) = &query.kind {
        add("INDEXED BY event_by_kind", "kind = ?", kind.clone().into());
    }
    if let Some(protocol) = &query.protocol {
        add("INDEXED BY event_by_protocol", "protocol = ?", protocol.clone().into());
    }
    let sql = format!(
        "SELECT id, position FROM event {index} WHERE {} ORDER BY id DESC LIMIT {}",
        conditions.join(" AND "),
        size + 1,
    );
    let mut statement = c.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        Ok((row.get::<_, Fixed<16>>(0)?.into(), Position(row.get(1)?)))
    })?;
    let places = rows.collect::<rusqlite::Result<Vec<EventPlace>>>()?;
    Ok(page(places, size, |(id, _)| cursor::encode(id.as_bytes())))
}

pub(super) fn forget(c: &Connection, start: Position, oldest: Timestamp) -> Result<bool> {
    // Identities sort by time; those of the deleted events lie before this one, but for
    // clocks that were wrong: these rows go when their time has come.
    let bound = uuid_floor(oldest.millis() + 1);
    let events = c
        .prepare_cached(
            "DELETE FROM event WHERE id IN
             (SELECT id FROM event WHERE id < ?1 AND position < ?2 LIMIT ?3)",
        )?
        .execute(params![bound, int(start.0), FORGET_ROWS_MAX])?;
    meta::add_to_counter(c, "events", -int(events as u64))?;
    let sessions = c
        .prepare_cached(
            "DELETE FROM session WHERE id IN
             (SELECT id FROM session WHERE id < ?1 AND last_event < ?2 LIMIT ?3)",
        )?
        .execute(params![bound, time(oldest), FORGET_ROWS_MAX])?;
    meta::add_to_counter(c, "sessions", -int(sessions as u64))?;
    let more = events >= FORGET_ROWS_MAX || sessions >= FORGET_ROWS_MAX;
    let free: u64 = c.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    if !more && free > FREE_PAGES_MAX {
        let mut vacuum = c.prepare(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
        let mut rows = vacuum.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(more)
}
