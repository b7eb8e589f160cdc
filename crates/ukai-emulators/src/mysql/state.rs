//! A session behind its log-in: who talks, to which database, and what was changed.

use super::column::{Charset, Reply, Value};
use super::counter;
use super::packet::Fault;
use super::table::Stored;
use crate::injected::Injected;
use crate::limits::{MYSQL_SLEEP_MS, MYSQL_STORED_BYTES, MYSQL_VARIABLES};
use crate::mail::Requests;
use crate::{Context, Open, TimerId};
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use ukai_model::{EventKind, PeerText};
use ukai_persona::MysqlSpec;

/// A function that was made from a shared object.
#[derive(Clone, Debug)]
pub(super) struct Brought {
    pub(super) name: String,
    pub(super) object: Vec<u8>,
    pub(super) returns: u8,
    pub(super) aggregate: bool,
}

/// What a session knows once its user is in.
pub(super) struct Talk {
    pub(super) open: Box<Open>,
    pub(super) id: u32,
    pub(super) user: Vec<u8>,
    pub(super) database: Option<Vec<u8>>,
    pub(super) charset: Charset,
    /// Values that the session has set, of its own variables and of the server's.
    pub(super) set: BTreeMap<String, String>,
    pub(super) set_globally: BTreeMap<String, String>,
    variables: BTreeMap<Vec<u8>, Value>,
    pub(super) stored: Stored,
    pub(super) functions: Vec<Brought>,
    pub(super) warnings: Vec<(&'static str, u16, Vec<u8>)>,
    pub(super) last_affected: i64,
    pub(super) last_found: i64,
    /// Rows that `COUNT` counts.
    pub(super) counted: Option<i64>,
    pub(super) in_transaction: bool,
    pub(super) asleep_ms: u64,
    pub(super) questions: u64,
    pub(super) uploads: u32,
    pub(super) requests: Requests,
    drawn: u32,
    pub(super) lines: Vec<Injected>,
    pub(super) lines_run: u32,
    pub(super) next_fetch: u32,
}

/// The first timer that belongs to a line in the shell.
pub(super) const LINE_TIMER: u32 = 16;

impl Talk {
    pub(super) fn new(open: Box<Open>, id: u32) -> Self {
        Self {
            open,
            id,
            user: Vec::new(),
            database: None,
            charset: Charset::of_collation(45),
            set: BTreeMap::new(),
            set_globally: BTreeMap::new(),
            variables: BTreeMap::new(),
            stored: Stored::default(),
            functions: Vec::new(),
            warnings: Vec::new(),
            last_affected: 0,
            last_found: 0,
            counted: None,
            in_transaction: false,
            asleep_ms: 0,
            questions: 0,
            uploads: 0,
            requests: Requests::default(),
            drawn: 0,
            lines: Vec::new(),
            lines_run: 0,
            next_fetch: 0,
        }
    }

    /// What the persona says; the session exists only where it does.
    pub(super) fn spec(&self) -> &MysqlSpec {
        self.open.host.persona.mysql.as_ref().expect("a persona with MySQL")
    }

    /// The peer as the server names it: loopback has a name, others have none in DNS.
    pub(super) fn peer(&self) -> String {
        let peer = self.open.flow.src_ip.to_canonical();
        if peer.is_loopback() { "localhost".to_owned() } else { peer.to_string() }
    }

    /// `user@host`
    pub(super) fn account(&self) -> Vec<u8> {
        [&self.user[..], b"@", self.peer().as_bytes()].concat()
    }

    /// The time by the host's clock, as SQL writes it.
    pub(super) fn clock(&self, cx: &Context<'_>) -> String {
        crate::date::sql_time(self.open.host.clock(cx.now))
    }

    pub(super) fn uptime(&self, cx: &Context<'_>) -> u64 {
        counter::uptime(&self.open.host, cx.now)
    }

    /// Another number that nobody can foresee.
    pub(super) fn random(&mut self, cx: &Context<'_>) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        let digest = Sha1::new()
            .chain_update(self.open.seed.to_be_bytes())
            .chain_update(cx.now.nanos().to_be_bytes())
            .chain_update(self.drawn.to_be_bytes())
            .finalize();
        digest[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The answer waits so long.
    pub(super) fn sleep(&mut self, seconds: f64) {
        // Casts of floats stop at the type's ends.
        let wanted = (seconds.max(0.0) * 1_000.0) as u64;
        self.asleep_ms = self.asleep_ms.saturating_add(wanted).min(MYSQL_SLEEP_MS);
    }

    pub(super) fn variable(&self, name: &[u8]) -> Option<Value> {
        self.variables.get(&name.to_ascii_lowercase()).cloned()
    }

    pub(super) fn set_variable(&mut self, name: &[u8], value: Value) {
        let name = name[..name.len().min(64)].to_ascii_lowercase();
        let used: usize = self.variables.values().map(Value::len).sum();
        let known = self.variables.contains_key(&name);
        if (known || self.variables.len() < MYSQL_VARIABLES)
            && used.saturating_add(value.len()) <= MYSQL_STORED_BYTES
        {
            self.variables.insert(name, value);
        }
    }

    pub(super) fn autocommit(&self) -> bool {
        self.set.get("autocommit").is_none_or(|value| value == "ON")
    }

    /// Status bits of every answer.
    pub(super) fn status(&self) -> u16 {
        u16::from(self.in_transaction) | if self.autocommit() { 2 } else { 0 }
    }

    pub(super) fn attack(cx: &mut Context<'_>, attack: &str, detail: &[u8]) {
        cx.record(EventKind::AttackRecognised {
            attack: attack.to_owned(),
            detail: PeerText::truncated(detail, crate::limits::REQUEST_DETAIL_BYTES),
        });
    }

    /// Whether there is such a database.
    pub(super) fn has_database(&self, name: &[u8]) -> bool {
        self.stored.has(name)
            || !self.stored.dropped.contains(name)
                && self.spec().databases.keys().any(|known| known.as_bytes() == name)
    }

    pub(super) fn use_database(&mut self, name: &[u8]) -> Result<Reply, Fault> {
        let lower = name.to_ascii_lowercase();
        let name = if lower == b"information_schema" { &lower } else { name };
        if !self.has_database(name) {
            return Err(unknown_database(name));
        }
        self.database = Some(name.to_vec());
        Ok(Reply::Done(super::column::Done {
            tracked: vec![schema_change(name)],
            ..super::column::Done::default()
        }))
    }

    /// A line's timer, by its place.
    pub(super) fn line_timer(&self) -> TimerId {
        TimerId(LINE_TIMER + self.lines.len() as u32)
    }
}

/// Tells those who track it that the database is another one.
pub(super) fn schema_change(name: &[u8]) -> (u8, Vec<u8>) {
    let mut data = Vec::new();
    super::packet::put_bytes(&mut data, name);
    (1, data)
}

pub(super) fn unknown_database(name: &[u8]) -> Fault {
    Fault::new(1049, "42000", [b"Unknown database '", name, b"'"].concat())
}

pub(super) fn no_database() -> Fault {
    Fault::new(1046, "3D000", "No database selected")
}
