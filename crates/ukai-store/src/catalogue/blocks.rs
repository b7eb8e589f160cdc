//! The index of events in rows of many: what the writer adds to it, and look-ups.
//!
//! A look-up walks blocks from the newest on and looks into those that may hold what it
//! wants. The columns of a block answer every condition, so the log is read for what is
//! found only.

use super::Result;
use super::block::{Block, Facts};
use super::values::{Fixed, int};
use crate::limits::{BLOCK_EVENTS_MAX, LATE_EVENT_MS, RECENT_EVENTS_MAX, SORTED_BLOCKS_MAX};
use crate::query::EventQuery;
use crate::seam::{EventPlace, Position};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use ukai_model::{EventId, SessionId, Sha256};

/// Blocks whose identities are kept at hand while late events are looked up.
const CHECKED_BLOCKS_MAX: usize = 64;

/// What the writer remembers of the index between batches.
#[derive(Default)]
pub(super) struct Filling {
    /// The blocks that are filled: with events that come in time, and with late ones.
    open: [Option<Open>; 2],
    loaded: bool,
    /// Number of the next block.
    next: i64,
    /// Every identity above `floor` that is indexed.
    recent: BTreeSet<[u8; 16]>,
    /// `None` until the table was asked.
    floor: Option<[u8; 16]>,
    /// Newest identity, by which others count as late.
    newest: [u8; 16],
    /// Identities in full blocks that late events were looked up in.
    checked: HashMap<i64, HashSet<[u8; 16]>>,
}

struct Open {
    n: i64,
    block: Block,
    posted: HashSet<i32>,
    changed: bool,
}

impl Open {
    fn new(n: i64) -> Self {
        Self { n, block: Block::default(), posted: HashSet::new(), changed: false }
    }
}

impl Filling {
    fn load(&mut self, c: &Connection) -> Result<()> {
        if self.loaded {
            return Ok(());
        }
        self.open = [None, None];
        let mut statement =
            c.prepare_cached("SELECT n, filling, entries FROM block WHERE filling > 0")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (n, filling): (i64, usize) = (row.get(0)?, row.get(1)?);
            let block = Block::decode(&row.get::<_, Vec<u8>>(2)?)?;
            let posted = keys(&block).collect();
            if let Some(slot) = self.open.get_mut(filling - 1) {
                *slot = Some(Open { n, block, posted, changed: false });
            }
        }
        self.next = c.query_row("SELECT coalesce(max(n), 0) + 1 FROM block", [], |r| r.get(0))?;
        if self.floor.is_none() {
            let newest: Option<Fixed<16>> =
                c.query_row("SELECT max(last_id) FROM block", [], |row| row.get(0))?;
            let newest = newest.map_or([0; 16], |id| id.0);
            (self.floor, self.newest) = (Some(newest), newest);
        }
        self.loaded = true;
        Ok(())
    }

    /// Adds an event; the number of its block, or `None` if it is known already.
    /// `ownerless` if no session's row leads to it.
    pub(super) fn add(
        &mut self,
        c: &Connection,
        facts: &Facts<'_>,
        ownerless: bool,
    ) -> Result<Option<i64>> {
        self.load(c)?;
        let id = *facts.id.as_bytes();
        let floor = self.floor.unwrap_or_default();
        if id > floor {
            if !self.recent.insert(id) {
                return Ok(None);
            }
            if self.recent.len() > RECENT_EVENTS_MAX {
                self.floor = self.recent.pop_first();
            }
        } else if self.is_indexed(c, &id)? {
            return Ok(None);
        }
        self.newest = self.newest.max(id);
        let late = millis(&id).saturating_add(LATE_EVENT_MS) < millis(&self.newest);
        let slot = &mut self.open[usize::from(late)];
        let open = slot.get_or_insert_with(|| {
            self.next += 1;
            Open::new(self.next - 1)
        });
        let n = open.n;
        open.block.push(facts);
        open.changed = true;
        if let Some(session) = facts.session.filter(|_| ownerless) {
            post(c, &mut open.posted, session_key(session), n)?;
        }
        if open.block.entries.len() >= BLOCK_EVENTS_MAX {
            store(c, open, 0)?;
            *slot = None;
        }
        Ok(Some(n))
    }

    /// Whether a late event is there already.
    fn is_indexed(&mut self, c: &Connection, id: &[u8; 16]) -> Result<bool> {
        let in_open = |open: &Open| open.block.entries.iter().any(|entry| entry.id == *id);
        if self.recent.contains(id) || self.open.iter().flatten().any(in_open) {
            return Ok(true);
        }
        let mut statement =
            c.prepare_cached("SELECT n FROM block WHERE last_id >= ?1 AND first_id <= ?1")?;
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let n: i64 = row.get(0)?;
            if self.open.iter().flatten().any(|open| open.n == n) {
                continue;
            }
            if self.checked.len() >= CHECKED_BLOCKS_MAX {
                self.checked.clear();
            }
            let ids = match self.checked.entry(n) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(vacant) => {
                    let block = load(c, n)?.unwrap_or_default();
                    vacant.insert(block.entries.iter().map(|entry| entry.id).collect())
                }
            };
            if ids.contains(id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes the blocks that a batch left unfinished.
    pub(super) fn store(&mut self, c: &Connection) -> Result<()> {
        for (slot, filling) in self.open.iter_mut().zip(1..) {
            if let Some(open) = slot.as_mut().filter(|open| open.changed) {
                store(c, open, filling)?;
            }
        }
        Ok(())
    }
}

fn store(c: &Connection, open: &mut Open, filling: i64) -> Result<()> {
    let block = &open.block;
    c.prepare_cached(
        "INSERT OR REPLACE INTO block (n, filling, first_id, last_id, first_position, entries)
         VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        open.n,
        filling,
        block.first_id(),
        block.last_id(),
        int(block.first_position()),
        block.encode()?,
    ])?;
    for key in keys(block) {
        post(c, &mut open.posted, key, open.n)?;
    }
    open.changed = false;
    Ok(())
}

fn post(c: &Connection, posted: &mut HashSet<i32>, key: i32, n: i64) -> Result<()> {
    if posted.insert(key) {
        c.prepare_cached("INSERT OR IGNORE INTO posting (key, block) VALUES (?, ?)")?
            .execute(params![key, n])?;
    }
    Ok(())
}

fn load(c: &Connection, n: i64) -> Result<Option<Block>> {
    let entries: Option<Vec<u8>> = c
        .prepare_cached("SELECT entries FROM block WHERE n = ?")?
        .query_row([n], |row| row.get(0))
        .optional()?;
    entries.map(|entries| Block::decode(&entries)).transpose()
}

/// What a block is found by, but for sessions that have a row.
fn keys(block: &Block) -> impl Iterator<Item = i32> + '_ {
    let names = block.entries.iter().flat_map(|entry| {
        let facts = block.facts(entry);
        [Some(kind_key(facts.kind)), facts.protocol.map(protocol_key)].into_iter().flatten()
    });
    let sources = block.sources.iter().map(|source| source_key(*source));
    let samples = block.samples.iter().map(sample_key);
    names.chain(sources).chain(samples)
}

fn key(what: u8, value: &[u8]) -> i32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[what]);
    crc.update(value);
    crc.finalize().cast_signed()
}

fn kind_key(kind: &str) -> i32 {
    key(1, kind.as_bytes())
}

fn protocol_key(protocol: &str) -> i32 {
    key(2, protocol.as_bytes())
}

fn source_key(source: IpAddr) -> i32 {
    match source {
        IpAddr::V4(ip) => key(3, &ip.octets()),
        IpAddr::V6(ip) => key(3, &ip.octets()),
    }
}

fn sample_key(sample: &Sha256) -> i32 {
    key(4, sample.as_bytes())
}

fn session_key(session: SessionId) -> i32 {
    key(5, session.as_bytes())
}

fn millis(id: &[u8; 16]) -> u64 {
    id[..6].iter().fold(0, |time, byte| time << 8 | u64::from(*byte))
}

pub(super) fn find(c: &Connection, id: EventId) -> Result<Option<Position>> {
    let id = id.as_bytes();
    let mut statement = c.prepare_cached(
        "SELECT n FROM block WHERE last_id >= ?1 AND first_id <= ?1 ORDER BY last_id",
    )?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        let Some(block) = load(c, row.get(0)?)? else { continue };
        if let Ok(at) = block.entries.binary_search_by_key(id, |entry| entry.id) {
            return Ok(Some(Position(block.entries[at].position)));
        }
    }
    Ok(None)
}

/// The newest `max` events with identities from `from` to before `to` that fit the query.
pub(super) fn newest(
    c: &Connection,
    query: &EventQuery,
    from: [u8; 16],
    to: [u8; 16],
    max: usize,
) -> Result<Vec<EventPlace>> {
    let mut values: Vec<Value> = vec![from.to_vec().into(), to.to_vec().into()];
    let condition = candidates(c, query, &mut values)?;
    let sql = format!(
        "SELECT n, last_id FROM block {condition} AND last_id >= ?1 AND first_id < ?2
         ORDER BY last_id DESC"
    );
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found: Vec<([u8; 16], u64)> = Vec::new();
    while let Some(row) = rows.next()? {
        let last: Fixed<16> = row.get(1)?;
        if found.len() >= max && found.last().is_some_and(|(id, _)| *id >= last.0) {
            break;
        }
        let Some(block) = load(c, row.get(0)?)? else { continue };
        let fits = Fits::new(query, &block);
        let Some(fits) = fits else { continue };
        let within = block.entries.iter().filter(|e| e.id >= from && e.id < to);
        let before = found.len();
        found.extend(within.filter(|e| fits.entry(e)).map(|e| (e.id, e.position)));
        if found.len() > before {
            found.sort_unstable_by(|a, b| b.cmp(a));
            found.truncate(max);
        }
    }
    let place = |(id, position)| (EventId::from_bytes(id), Position(position));
    Ok(found.into_iter().map(place).collect())
}

/// Which blocks to look into, as a condition with further values from `?3` on.
fn candidates(c: &Connection, query: &EventQuery, values: &mut Vec<Value>) -> Result<&'static str> {
    if let Some(session) = query.session {
        let range: Option<(i64, i64)> = c
            .prepare_cached("SELECT first_block, last_block FROM session WHERE id = ?")?
            .query_row([session.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (first, last) = range.unwrap_or((1, 0));
        values.extend([first.into(), last.into(), i64::from(session_key(session)).into()]);
        return Ok("WHERE n IN (SELECT n FROM block WHERE n BETWEEN ?3 AND ?4
            UNION SELECT block FROM posting WHERE key = ?5)");
    }
    let keys = [
        query.sha256.as_ref().map(sample_key),
        query.src_ip.map(source_key),
        query.kind.as_deref().map(kind_key),
        query.protocol.as_deref().map(protocol_key),
    ];
    let mut rarest: Option<(u32, i32)> = None;
    let mut count =
        c.prepare_cached("SELECT count(*) FROM (SELECT 1 FROM posting WHERE key = ? LIMIT ?)")?;
    for key in keys.into_iter().flatten() {
        let blocks: u32 = count.query_row(params![key, SORTED_BLOCKS_MAX], |row| row.get(0))?;
        if rarest.is_none_or(|(fewest, _)| blocks < fewest) {
            rarest = Some((blocks, key));
        }
    }
    Ok(match rarest {
        Some((blocks, key)) if blocks < SORTED_BLOCKS_MAX => {
            values.push(i64::from(key).into());
            "WHERE n IN (SELECT block FROM posting WHERE key = ?3)"
        }
        Some((_, key)) => {
            values.push(i64::from(key).into());
            "INDEXED BY block_by_id
             WHERE EXISTS (SELECT 1 FROM posting WHERE key = ?3 AND block = block.n)"
        }
        None => "INDEXED BY block_by_id WHERE true",
    })
}

/// A query's conditions, as numbers of one block.
struct Fits {
    kind: Option<u16>,
    protocol: Option<u16>,
    src: Option<u16>,
    session: Option<u16>,
    sample: Option<u16>,
}

impl Fits {
    /// `None` if nothing in the block can fit.
    fn new(query: &EventQuery, block: &Block) -> Option<Self> {
        /// `Err` if the wanted value is not in the block.
        fn number<T: PartialEq>(
            values: &[T],
            wanted: Option<&T>,
        ) -> std::result::Result<Option<u16>, ()> {
            let Some(wanted) = wanted else { return Ok(None) };
            let at = values.iter().position(|value| value == wanted).ok_or(())?;
            Ok(Some(at as u16))
        }
        let fits = || {
            Ok::<_, ()>(Self {
                kind: number(&block.names, query.kind.as_ref())?,
                protocol: number(&block.names, query.protocol.as_ref())?,
                src: number(&block.sources, query.src_ip.as_ref())?,
                session: number(&block.sessions, query.session.as_ref())?,
                sample: number(&block.samples, query.sha256.as_ref())?,
            })
        };
        fits().ok()
    }

    fn entry(&self, entry: &super::block::Entry) -> bool {
        self.kind.is_none_or(|kind| entry.kind == kind)
            && (self.protocol.is_none() || entry.protocol == self.protocol)
            && (self.src.is_none() || entry.src == self.src)
            && (self.session.is_none() || entry.session == self.session)
            && (self.sample.is_none() || entry.sample == self.sample)
    }
}

/// Takes the events before `start` out of at most `max` blocks. How many events went, and
/// whether more blocks may have such.
pub(super) fn forget(
    c: &Connection,
    filling: &mut Filling,
    start: Position,
    max: usize,
) -> Result<(u64, bool)> {
    let mut statement = c.prepare_cached(
        "SELECT n, filling FROM block WHERE first_position < ? ORDER BY first_position LIMIT ?",
    )?;
    let rows =
        statement.query_map(params![int(start.0), max], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let blocks: Vec<(i64, i64)> = rows.collect::<rusqlite::Result<_>>()?;
    let mut gone = 0;
    for (n, state) in &blocks {
        let Some(block) = load(c, *n)? else { continue };
        let left = block.filtered(|entry| entry.position >= start.0);
        gone += (block.entries.len() - left.entries.len()) as u64;
        let kept: HashSet<i32> = keys(&left).collect();
        let mut unpost = c.prepare_cached("DELETE FROM posting WHERE key = ? AND block = ?")?;
        let sessions = block.sessions.iter().filter(|s| !left.sessions.contains(s));
        let sessions = sessions.map(|session| session_key(*session));
        for key in keys(&block).filter(|key| !kept.contains(key)).chain(sessions) {
            unpost.execute(params![key, n])?;
        }
        if left.entries.is_empty() {
            c.prepare_cached("DELETE FROM block WHERE n = ?")?.execute([n])?;
        } else {
            let mut open = Open { n: *n, block: left, posted: kept, changed: true };
            store(c, &mut open, *state)?;
        }
        filling.checked.remove(n);
        if *state > 0 {
            filling.loaded = false;
        }
    }
    Ok((gone, blocks.len() >= max))
}

/// Moves the index of the first schema (a row an event) into blocks.
pub(super) fn convert(c: &Connection) -> Result<()> {
    let mut filling = Filling { floor: Some([0; 16]), ..Filling::default() };
    // They come in the order of their identities, each once.
    let mut statement = c.prepare(
        "SELECT id, position, kind, src, session, sample, protocol FROM event_1 ORDER BY id",
    )?;
    let mut widen = c.prepare(
        "UPDATE session SET first_block = min(first_block, ?2), last_block = max(last_block, ?2)
         WHERE id = ?1",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let kind: String = row.get(2)?;
        let protocol: Option<String> = row.get(6)?;
        let session: Option<SessionId> = row.get::<_, Option<Fixed<16>>>(4)?.map(Into::into);
        let facts = Facts {
            id: row.get::<_, Fixed<16>>(0)?.into(),
            position: row.get(1)?,
            kind: &kind,
            protocol: protocol.as_deref(),
            src: row.get::<_, Option<super::values::Ip>>(3)?.map(|ip| ip.0),
            session,
            sample: row.get::<_, Option<Fixed<32>>>(5)?.map(Into::into),
        };
        let known: bool = match &session {
            Some(session) => c
                .prepare_cached("SELECT 1 FROM session WHERE id = ?")?
                .exists([session.as_bytes()])?,
            None => true,
        };
        if let (Some(n), Some(session)) = (filling.add(c, &facts, !known)?, &session) {
            widen.execute(params![session.as_bytes(), n])?;
        }
    }
    filling.store(c)?;
    drop(rows);
    drop(statement);
    c.execute("DROP TABLE event_1", [])?;
    Ok(())
}
