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
use ukai_model::{Event, SessionId};

const COLUMNS: &str = "id, sensor, started, ended, last_event, protocol, persona, transport, src,
    src_port, dst, dst_port, logins, login_success, commands, downloads, samples, recorded,
    reason, bytes_in, bytes_out";

/// Summaries of sessions in progress, so that a batch need not read them back.
pub(super) type OpenSessions = HashMap<SessionId, SessionSummary>;

/// The sessions that a batch touches.
#[derive(Default)]
pub(super) struct Touched {
    sessions: HashMap<SessionId, Session>,
}

/// A session during a batch.
pub(super) struct Session {
    pub(super) summary: SessionSummary,
    known: bool,
    changed: bool,
}

impl Session {
    pub(super) fn add(&mut self, event: &Event) {
        summary::add_to_session(&mut self.summary, event);
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
            Some(summary) => Some(summary.clone()),
            None => find(c, id)?,
        };
        let session = match known {
            Some(summary) => Session { summary, known: true, changed: false },
            None => match summary::begin_session(event) {
                Some(summary) => Session { summary, known: false, changed: false },
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
            write(c, &session.summary)?;
            new += i64::from(!session.known);
            if session.summary.ended.is_some() {
                open.remove(&id);
                continue;
            }
            if open.len() >= OPEN_SESSIONS_CACHED {
                open.clear();
            }
            open.insert(id, session.summary);
        }
        meta::add_to_counter(c, "sessions", new)
    }
}

fn write(c: &Connection, s: &SessionSummary) -> Result<()> {
    let mut statement = c.prepare_cached(
        "INSERT INTO session (id, sensor, started, ended, last_event, protocol, persona,
             transport, src, src_port, dst, dst_port, logins, login_success, commands,
             downloads, samples, recorded, reason, bytes_in, bytes_out)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET
             started = excluded.started, ended = excluded.ended,
             last_event = excluded.last_event, protocol = excluded.protocol,
             persona = excluded.persona, logins = excluded.logins,
             login_success = excluded.login_success, commands = excluded.commands,
             downloads = excluded.downloads, samples = excluded.samples,
             recorded = excluded.recorded, reason = excluded.reason,
             bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out",
    )?;
    statement.execute(params![
        s.id.as_bytes(),
        s.sensor.as_str(),
        time(s.started),
        s.ended.map(time),
        time(s.last_event),
        s.protocol,
        s.persona,
        name_of(&s.transport),
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
        s.reason.as_ref().map(name_of),
        int(s.bytes_in),
        int(s.bytes_out),
    ])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SessionSummary> {
    Ok(SessionSummary {
        id: row.get::<_, Fixed<16>>(0)?.into(),
        sensor: row.get::<_, Named<_>>(1)?.0,
        started: row.get::<_, Time>(2)?.0,
        ended: row.get::<_, Option<Time>>(3)?.map(|time| time.0),
        last_event: row.get::<_, Time>(4)?.0,
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
        conditions.push("protocol = ?");
        values.push(protocol.clone().into());
        index = "INDEXED BY session_by_protocol";
    }
    match query.has {
        Some(Has::Login) => conditions.push("logins > 0"),
        Some(Has::Command) => conditions.push("commands > 0"),
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
    let mut statement = c.prepare_cached("SELECT position FROM recording WHERE session = ?")?;
    Ok(statement.query_row([id.as_bytes()], |row| row.get(0).map(Position)).optional()?)
}

pub(super) fn forget_recordings(c: &Connection, start: Position) -> Result<bool> {
    let forgotten = c
        .prepare_cached(
            "DELETE FROM recording WHERE session IN
             (SELECT session FROM recording WHERE position < ? LIMIT ?)",
        )?
        .execute(params![int(start.0), FORGET_ROWS_MAX])?;
    Ok(forgotten >= FORGET_ROWS_MAX)
}
