//! A session under test, without I/O: what a driver would do with its effects.

use std::net::SocketAddr;
use std::sync::Arc;
use ukai_emulators::{Capture, Context, Effect, Emulator, Open, Session, TimerId};
use ukai_model::{Duration, EventKind, Flow, Timestamp, Transport};
use ukai_persona::Persona;
use ukai_shell::Fs;

/// Time at which sessions begin: 2026-01-02T03:04:05Z.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_767_323_045);

/// A session, and what it has asked for.
pub(crate) struct Stage {
    session: Box<dyn Session>,
    now: Timestamp,
    timers: Vec<(TimerId, Timestamp)>,
    /// What was sent, one entry for each effect.
    pub(crate) sent: Vec<Vec<u8>>,
    /// Facts, in order.
    pub(crate) facts: Vec<EventKind>,
    /// Captures, in order.
    pub(crate) captures: Vec<Capture>,
    /// Whether it went on in TLS.
    pub(crate) tls: bool,
    /// Whether it has ended the connection.
    pub(crate) closed: bool,
}

/// An opening as a driver would make it, to `port` of 192.0.2.10.
pub(crate) fn opening(transport: Transport, port: u16) -> Open {
    let persona = Persona::named("server-debian").expect("a built-in persona");
    let local: SocketAddr = ([192, 0, 2, 10], port).into();
    let host = Arc::new(persona.host(local.ip(), [7; 32]));
    Open {
        flow: Flow::new(transport, ([198, 51, 100, 7], 4000).into(), local),
        fs: Fs::new(&host),
        host,
        seed: 7,
        now: START,
        tls: false,
        alpn: None,
    }
}

impl Stage {
    /// Opens a session of TCP on a port.
    pub(crate) fn open(server: &dyn Emulator, port: u16) -> Self {
        Self::of(server, opening(Transport::Tcp, port))
    }

    /// Opens a session of datagrams on a port.
    pub(crate) fn datagrams(server: &dyn Emulator, port: u16) -> Self {
        Self::of(server, opening(Transport::Udp, port))
    }

    /// Opens a session as told.
    pub(crate) fn of(server: &dyn Emulator, open: Open) -> Self {
        let mut stage = Self {
            now: open.now,
            session: server.open(open),
            timers: Vec::new(),
            sent: Vec::new(),
            facts: Vec::new(),
            captures: Vec::new(),
            tls: false,
            closed: false,
        };
        stage.act(|session, cx| session.on_open(cx));
        stage
    }

    /// Gives bytes to it; what it sends from then on, joined.
    pub(crate) fn say(&mut self, bytes: &[u8]) -> Vec<u8> {
        let before = self.sent.len();
        self.act(|session, cx| session.on_bytes(cx, bytes));
        self.sent[before..].concat()
    }

    /// The same for text.
    pub(crate) fn talk(&mut self, text: &str) -> String {
        String::from_utf8_lossy(&self.say(text.as_bytes())).into_owned()
    }

    /// The peer sends no more.
    pub(crate) fn eof(&mut self) {
        self.act(|session, cx| session.on_eof(cx));
    }

    /// Time passes, and what is due happens; what is sent meanwhile, joined.
    pub(crate) fn wait(&mut self, time: Duration) -> Vec<u8> {
        let before = self.sent.len();
        let until = self.now + time;
        while let Some(at) = (0..self.timers.len()).min_by_key(|at| self.timers[*at].1)
            && self.timers[at].1 <= until
        {
            let (id, due) = self.timers.swap_remove(at);
            self.now = self.now.max(due);
            self.act(|session, cx| session.on_timer(cx, id));
        }
        self.now = until;
        self.sent[before..].concat()
    }

    /// Names of the facts so far.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.facts.iter().map(EventKind::name).collect()
    }

    fn act(&mut self, act: impl FnOnce(&mut dyn Session, &mut Context<'_>)) {
        let mut effects = Vec::new();
        act(&mut *self.session, &mut Context { now: self.now, effects: &mut effects });
        for effect in effects {
            match effect {
                Effect::Send(bytes) if !self.closed => self.sent.push(bytes.to_vec()),
                Effect::Record(kind) => self.facts.push(kind),
                Effect::Capture(capture) => self.captures.push(capture),
                Effect::StartTls | Effect::ResumeTls(_) => self.tls = true,
                Effect::Timer { id, at } => {
                    self.timers.retain(|(other, _)| *other != id);
                    self.timers.push((id, at));
                }
                Effect::Close(_) => self.closed = true,
                _ => {}
            }
        }
    }
}
