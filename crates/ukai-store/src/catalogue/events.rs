//! What a batch changes everywhere, what retention takes away, and pages of events.

use super::block::Facts;
use super::values::{int, time};
use super::{Memory, Result, blocks, meta, page, rollup, samples, sessions};
use crate::cursor::{self, page_size, uuid_floor};
use crate::limits::{BLOCK_EVENTS_MAX, FORGET_ROWS_MAX};
use crate::query::{EventQuery, Page};
use crate::seam::{Batch, EventPlace, Indexed, Position};
use crate::summary;
use rusqlite::{Connection, params};
use ukai_model::Timestamp;

/// Free pages from which on some are given back to the file system.
const FREE_PAGES_MAX: u64 = 4_096;
/// Pages given back at a time.
const VACUUM_PAGES: u64 = 1_024;

pub(super) fn index(c: &Connection, memory: &mut Memory, batch: &Batch) -> Result<Indexed> {
    let mut outcome = Indexed::default();
    let mut touched = sessions::Touched::default();
    let mut counts = rollup::Counts::default();
    for (position, event) in &batch.events {
        let session = touched.load(c, &memory.sessions, event)?;
        let of_session = session.as_deref().map(|session| session.summary.protocol.as_str());
        let facts = Facts {
            id: event.id,
            position: position.0,
            kind: event.kind.name(),
            protocol: summary::own_protocol(&event.kind).or(of_session),
            src: event.source(),
            session: event.session,
            sample: event.kind.sample(),
        };
        let block = memory.blocks.add(c, &facts, session.is_none())?;
        outcome.fresh.push(block.is_some());
        if let Some(block) = block {
            if let Some(session) = session {
                session.add(event, block);
            }
            counts.add(event);
            outcome.jobs += samples::add_sighting(c, event, batch)?;
        }
    }
    let fresh = outcome.fresh.iter().filter(|fresh| **fresh).count();
    meta::add_to_counter(c, "events", int(fresh as u64))?;
    memory.blocks.store(c)?;
    touched.store(c, &mut memory.sessions)?;
    counts.store(c, &mut memory.rollup)?;
    sessions::add_recordings(c, &batch.recordings)?;
    meta::raise_counter(c, "indexed", batch.indexed.0)?;
    Ok(outcome)
}

pub(super) fn list(c: &Connection, query: &EventQuery) -> Result<Page<EventPlace>> {
    let size = page_size(query.limit);
    let from = query.from.map_or([0; 16], |from| uuid_floor(from.millis()));
    let to = query.to.map_or([0xff; 16], |to| uuid_floor(to.millis()));
    let before = cursor::decode::<16>(query.before.as_deref())?.unwrap_or([0xff; 16]);
    let places = blocks::newest(c, query, from, to.min(before), size as usize + 1)?;
    Ok(page(places, size, |(id, _)| cursor::encode(id.as_bytes())))
}

pub(super) fn forget(
    c: &Connection,
    memory: &mut Memory,
    start: Position,
    oldest: Timestamp,
) -> Result<bool> {
    let blocks_max = FORGET_ROWS_MAX / BLOCK_EVENTS_MAX;
    let (events, more_blocks) = blocks::forget(c, &mut memory.blocks, start, blocks_max)?;
    meta::add_to_counter(c, "events", -int(events))?;
    // Identities sort by time; those of the deleted sessions lie before this one, but for
    // clocks that were wrong: these rows go when their time has come.
    let bound = uuid_floor(oldest.millis() + 1);
    let sessions = c
        .prepare_cached(
            "DELETE FROM session WHERE id IN
             (SELECT id FROM session
              WHERE id < ?1 AND started + coalesce(last_event, ended) < ?2 LIMIT ?3)",
        )?
        .execute(params![bound, time(oldest), FORGET_ROWS_MAX])?;
    meta::add_to_counter(c, "sessions", -int(sessions as u64))?;
    let recordings = sessions::forget_rows(c, &bound)?;
    let more = more_blocks || sessions.max(recordings) >= FORGET_ROWS_MAX;
    let free: u64 = c.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    if !more && free > FREE_PAGES_MAX {
        let mut vacuum = c.prepare(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
        let mut rows = vacuum.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(more)
}
