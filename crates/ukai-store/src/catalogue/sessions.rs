//! Summaries of sessions, kept up to date from their events; places of recordings.

use super::values::{Fixed, Ip, Named, Time, int, name_of, time};
use super::{Result, meta, page};
use crate::cursor::{self, page_size};
use crate::limits::{FORGET_ROWS_MAX, OPEN_SESSIONS_CACHED};
use crate::query::{Has, Page, SessionQuery, SessionSummary};
use crate::seam::Position;
use crate::summary;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use ukai_model::{Event, SessionId, Timestamp};

const COLUMNS: &str = "id, started, ended, last_event, (SELECT text FROM word WHERE n = sensor),
    (SELECT text FROM word WHERE n = protocol), (SELECT text FROM word WHERE n = persona),
    (SELECT text FROM word WHERE n = transport), src, src_port, dst, dst_port, logins,
    login_success, commands, downloads, samples, recorded,
    (SELECT text FROM word WHERE n = reason), bytes_in, bytes_out";

/// Summaries of sessions in progress, so that a batch need not read them back.
pub(super) type OpenSessions = HashMap<SessionId, Known>;

/// A session's summary, and the blocks that hold its events.
#[derive(Clone)]
pub(super) struct Known {
    summary: SessionSummary,
    blocks: (i64, i64),
}

/// The sessions that a batch touches.
#[derive(Default)]
pub(super) struct Touched {
    sessions: HashMap<SessionId, Session>,
}

/// A session during a batch.
pub(super) struct Session {
    pub(super) summary: SessionSummary,
    blocks: (i64, i64),
    known: bool,
    changed: bool,
}

impl Session {
    pub(super) fn add(&mut self, event: &Event, block: i64) {
        summary::add_to_session(&mut self.summary, event);
        self.blocks = (self.blocks.0.min(block), self.blocks.1.max(block));
        self.changed = true;
    }
}

impl Touched {
    /// The session of an event: from this batch, from memory, from the table, or new.
    pub(super) fn load(
        &mut self,
        c: &Connection,
        open: &OpenSessions,
        event: &Event,
    ) -> Result<Option<&mut Session>> {
        let Some(id) = event.session else { return Ok(None) };
        let vacant = match self.sessions.entry(id) {
            Entry::Occupied(entry) => return Ok(Some(entry.into_mut())),
            Entry::Vacant(vacant) => vacant,
        };
        let known = match open.get(&id) {
            Some(known) => Some(known.clone()),
            None => find_known(c, id)?,
        };
        let session = match known {
            Some(Known { summary, blocks }) => {
                Session { summary, blocks, known: true, changed: false }
            }
            None => match summary::begin_session(event) {
                Some(summary) => {
                    Session { summary, blocks: NO_BLOCKS, known: false, changed: false }
                }
                None => return Ok(None),
            },
        };
        Ok(Some(vacant.insert(session)))
    }

    /// Writes the summaries that changed.
    pub(super) fn store(self, c: &Connection, open: &mut OpenSessions) -> Result<()> {
        let mut new = 0;
        for (id, session) in self.sessions {
            if !session.changed {
                continue;
            }
            write(c, &session.summary, session.blocks)?;
            new += i64::from(!session.known);
            if session.summary.ended.is_some() {
                open.remove(&id);
                continue;
            }
            if open.len() >= OPEN_SESSIONS_CACHED {
                open.clear();
            }
            open.insert(id, Known { summary: session.summary, blocks: session.blocks });
        }
        meta::add_to_counter(c, "sessions", new)
    }
}

/// Before the first.
const NO_BLOCKS: (i64, i64) = (i64::MAX, 0);

fn write(c: &Connection, s: &SessionSummary, blocks: (i64, i64)) -> Result<()> {
    let mut statement = c.prepare_cached(
        "INSERT OR REPLACE INTO session (id, started, ended, last_event, sensor, protocol,
             persona, transport, src, src_port, dst, dst_port, logins, login_success, commands,
             downloads, samples, recorded, reason, bytes_in, bytes_out, first_block, last_block)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let after = |time: Timestamp| time.nanos().wrapping_sub(s.started.nanos()).cast_signed();
    statement.execute(params![
        s.id.as_bytes(),
        time(s.started),
        s.ended.map(after),
        (s.ended != Some(s.last_event)).then(|| after(s.last_event)),
        word(c, s.sensor.as_str())?,
        word(c, &s.protocol)?,
        word(c, &s.persona)?,
        word(c, &name_of(&s.transport))?,
        Ip(s.src_ip),
        s.src_port,
        Ip(s.dst_ip),
        s.dst_port,
        int(s.logins),
        s.login_success,
        int(s.commands),
        int(s.downloads),
        int(s.samples),
        s.recorded,
        s.reason.as_ref().map(|reason| word(c, &name_of(reason))).transpose()?,
        int(s.bytes_in),
        int(s.bytes_out),
        blocks.0,
        blocks.1,
    ])?;
    Ok(())
}

/// The number of a name.
fn word(c: &Connection, text: &str) -> Result<i64> {
    let known = c
        .prepare_cached("SELECT n FROM word WHERE text = ?")?
        .query_row([text], |row| row.get(0))
        .optional()?;
    match known {
        Some(n) => Ok(n),
        None => Ok(c.prepare_cached("INSERT INTO word (text) VALUES (?)")?.insert([text])?),
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SessionSummary> {
    let started = row.get::<_, Time>(1)?.0;
    let after = |nanos: i64| Timestamp::from_nanos(started.nanos().wrapping_add_signed(nanos));
    let ended = row.get::<_, Option<i64>>(2)?.map(after);
    Ok(SessionSummary {
        id: row.get::<_, Fixed<16>>(0)?.into(),
        started,
        ended,
        last_event: row.get::<_, Option<i64>>(3)?.map(after).or(ended).unwrap_or(started),
        sensor: row.get::<_, Named<_>>(4)?.0,
        protocol: row.get(5)?,
        persona: row.get(6)?,
        transport: row.get::<_, Named<_>>(7)?.0,
        src_ip: row.get::<_, Ip>(8)?.0,
        src_port: row.get(9)?,
        dst_ip: row.get::<_, Ip>(10)?.0,
        dst_port: row.get(11)?,
        logins: row.get(12)?,
        login_success: row.get(13)?,
        commands: row.get(14)?,
        downloads: row.get(15)?,
        samples: row.get(16)?,
        recorded: row.get(17)?,
        reason: row.get::<_, Option<Named<_>>>(18)?.map(|named| named.0),
        bytes_in: row.get(19)?,
        bytes_out: row.get(20)?,
    })
}

fn find_known(c: &Connection, id: SessionId) -> Result<Option<Known>> {
    let sql = format!("SELECT {COLUMNS}, first_block, last_block FROM session WHERE id = ?");
    let mut statement = c.prepare_cached(&sql)?;
    let known =
        |row: &Row<'_>| Ok(Known { summary: from_row(row)?, blocks: (row.get(21)?, row.get(22)?) });
    Ok(statement.query_row([id.as_bytes()], known).optional()?)
}

pub(super) fn find(c: &Connection, id: SessionId) -> Result<Option<SessionSummary>> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} FROM session WHERE id = ?"))?;
    Ok(statement.query_row([id.as_bytes()], from_row).optional()?)
}

pub(super) fn list(c: &Connection, query: &SessionQuery) -> Result<Page<SessionSummary>> {
    let size = page_size(query.limit);
    let before = cursor::decode::<16>(query.before.as_deref())?.unwrap_or([0xff; 16]);
    let mut conditions = vec!["id < ?"];
    let mut values: Vec<Value> = vec![before.to_vec().into()];
    let mut index = "";
    if let Some(protocol) = &query.protocol {
        conditions.push("protocol = (SELECT n FROM word WHERE text = ?)");
        values.push(protocol.clone().into());
        index = "INDEXED BY session_by_protocol";
    }
    match query.has {
        Some(Has::Login) => conditions.push("logins > 0"),
        Some(Has::Command) => conditions.push("commands > 0"),
        Some(Has::Recording) => conditions.push("recorded = 1"),
        Some(Has::Download) => {
            conditions.push("downloads > 0");
            index = "INDEXED BY session_with_download";
        }
        Some(Has::Sample) => {
            conditions.push("samples > 0");
            index = "INDEXED BY session_with_sample";
        }
        None => {}
    }
    if let Some(ip) = query.src_ip {
        conditions.push("src = ?");
        values.push(match ip {
            std::net::IpAddr::V4(ip) => ip.octets().to_vec().into(),
            std::net::IpAddr::V6(ip) => ip.octets().to_vec().into(),
        });
        index = "INDEXED BY session_by_src";
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM session {index} WHERE {} ORDER BY id DESC LIMIT {}",
        conditions.join(" AND "),
        size + 1,
    );
    let mut statement = c.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), from_row)?;
    let sessions = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(page(sessions, size, |s: &SessionSummary| cursor::encode(s.id.as_bytes())))
}

pub(super) fn add_recordings(c: &Connection, recordings: &[(SessionId, Position)]) -> Result<()> {
    let mut statement =
        c.prepare_cached("INSERT OR REPLACE INTO recording (session, position) VALUES (?, ?)")?;
    for (session, position) in recordings {
        statement.execute(params![session.as_bytes(), int(position.0)])?;
    }
    Ok(())
}

pub(super) fn recording(c: &Connection, id: SessionId) -> Result<Option<Position>> {
    let mut statement = c.prepare_cached(
        "SELECT position FROM recording WHERE session = ? AND position >=
             (SELECT value FROM counter WHERE name = 'recordings_start')",
    )?;
    Ok(statement.query_row([id.as_bytes()], |row| row.get(0).map(Position)).optional()?)
}

/// Voids the places before `start`. Their rows go with their sessions' rows.
pub(super) fn forget_recordings(c: &Connection, start: Position) -> Result<()> {
    meta::raise_counter(c, "recordings_start", start.0)
}

/// Deletes void rows of sessions with identities before `bound`; how many.
pub(super) fn forget_rows(c: &Connection, bound: &[u8; 16]) -> Result<usize> {
    let forgotten = c
        .prepare_cached(
            "DELETE FROM recording WHERE session IN
             (SELECT session FROM recording WHERE session < ? AND position <
                  (SELECT value FROM counter WHERE name = 'recordings_start') LIMIT ?)",
        )?
        .execute(params![bound, FORGET_ROWS_MAX])?;
    Ok(forgotten)
}
