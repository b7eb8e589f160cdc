//! Datagrams: each flow has a session, and answers go out before the next datagram is
//! looked at. No task, no socket, no gate: whoever sends is the guest.

use crate::book::Pen;
use crate::limits::PAYLOAD_TOLD_BYTES;
use crate::names::Names;
use crate::services::Services;
use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use ukai_driver::Datagram;
use ukai_emulators::{Context, Effect, Emulator, Open, Session};
use ukai_model::{
    CloseReason, Duration, EventKind, Flow, PeerText, SessionId, Timestamp, Transport,
};
use ukai_netstack::Tuple;

/// How long a flow is remembered in which nothing moves.
const IDLE: Duration = Duration::from_mins(1);

/// All flows of datagrams.
pub(crate) struct Datagrams {
    flows: LruCache<(SocketAddr, SocketAddr), Talk>,
    services: Arc<Services>,
    names: Arc<Names>,
    pen: Pen,
    effects: Vec<Effect>,
    random: u64,
}

struct Talk {
    session: Option<Box<dyn Session>>,
    id: SessionId,
    quiet: bool,
    began: Timestamp,
    last: Timestamp,
    bytes_in: u64,
    bytes_out: u64,
}

impl Datagrams {
    pub(crate) fn new(
        flows_max: usize,
        services: Arc<Services>,
        names: Arc<Names>,
        pen: Pen,
        seed: u64,
    ) -> Self {
        let max = NonZeroUsize::new(flows_max.max(1)).expect("above zero");
        Self { flows: LruCache::new(max), services, names, pen, effects: Vec::new(), random: seed }
    }

    /// Takes a datagram; `reply` sends one back.
    fn take(
        &mut self,
        now: Timestamp,
        peer: SocketAddr,
        local: SocketAddr,
        bytes: &Bytes,
        reply: &mut dyn FnMut(&[u8]),
    ) {
        let flow = Flow::new(Transport::Udp, peer, local);
        let key = (peer, local);
        match self.flows.peek(&key).map(|talk| now.since(talk.last) > IDLE) {
            Some(false) => {}
            None => self.begin(now, &flow, key, bytes),
            Some(true) => {
                if let Some(talk) = self.flows.pop(&key) {
                    self.end(talk, key, CloseReason::IdleTimeout);
                }
                self.begin(now, &flow, key, bytes);
            }
        }
        let Some(talk) = self.flows.get_mut(&key) else { return };
        talk.last = now;
        talk.bytes_in += bytes.len() as u64;
        if let Some(session) = &mut talk.session {
            session.on_bytes(&mut Context { now, effects: &mut self.effects }, bytes);
        }
        let (id, quiet) = (talk.id, talk.quiet);
        let mut sent = 0;
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Send(bytes) => {
                    sent += bytes.len() as u64;
                    reply(&bytes);
                }
                Effect::Record(kind) => self.pen.note(kind, Some(flow), (!quiet).then_some(id)),
                Effect::Capture(capture) => self.pen.keep_now(capture, flow, Some(id)),
                _ => {}
            }
        }
        talk.bytes_out += sent;
        for fact in self.names.facts() {
            self.pen.note(fact, Some(flow), None);
        }
    }

    fn begin(&mut self, now: Timestamp, flow: &Flow, key: (SocketAddr, SocketAddr), first: &[u8]) {
        self.random = self.random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let emulator = self.services.choose_datagrams(flow, first);
        // Who looks a name up opens no conversation worth a line.
        let quiet = Services::is_dns(flow);
        let id = SessionId::new(now, u128::from(self.random) << 64 | u128::from(now.nanos()));
        let protocol = emulator.as_ref().map_or("raw", |emulator| emulator.name());
        if !quiet {
            let opened =
                EventKind::SessionOpen { protocol: protocol.to_owned(), persona: String::new() };
            self.pen.note(opened, Some(*flow), Some(id));
        }
        let session = emulator.map(|emulator| self.open(&*emulator, now, flow));
        if session.is_none() {
            let recognised = ukai_emulators::recognise(first);
            let kind = EventKind::PayloadFirst {
                protocol: recognised.map_or("unknown", |found| found.protocol).to_owned(),
                payload: PeerText::truncated(first, PAYLOAD_TOLD_BYTES * 16),
                size: first.len() as u64,
                sha256: None,
            };
            self.pen.note(kind, Some(*flow), Some(id));
        }
        let talk = Talk { session, id, quiet, began: now, last: now, bytes_in: 0, bytes_out: 0 };
        if let Some((old, talk)) = self.flows.push(key, talk) {
            self.end(talk, old, CloseReason::IdleTimeout);
        }
    }

    fn open(&mut self, emulator: &dyn Emulator, now: Timestamp, flow: &Flow) -> Box<dyn Session> {
        let host = self.services.host(flow.dst_ip, false);
        let fs = self.services.disk(&host, flow, false);
        let open = Open { flow: *flow, host, fs, seed: self.random, now, tls: false, alpn: None };
        let mut session = emulator.open(open);
        session.on_open(&mut Context { now, effects: &mut self.effects });
        session
    }

    /// Ends all flows.
    pub(crate) fn finish(&mut self) {
        while let Some((key, talk)) = self.flows.pop_lru() {
            self.end(talk, key, CloseReason::Shutdown);
        }
    }

    fn end(&mut self, mut talk: Talk, key: (SocketAddr, SocketAddr), reason: CloseReason) {
        let flow = Flow::new(Transport::Udp, key.0, key.1);
        let mut effects = Vec::new();
        if let Some(session) = &mut talk.session {
            session.on_close(&mut Context { now: talk.last, effects: &mut effects });
        }
        for effect in effects {
            match effect {
                Effect::Record(kind) => self.pen.note(kind, Some(flow), Some(talk.id)),
                Effect::Capture(capture) => self.pen.keep_now(capture, flow, Some(talk.id)),
                _ => {}
            }
        }
        if !talk.quiet {
            let protocol = talk.session.as_ref().map_or("raw", |session| session.protocol());
            let closed = EventKind::SessionClose {
                protocol: protocol.to_owned(),
                reason,
                duration_ms: talk.last.since(talk.began).as_millis() as u64,
                bytes_in: talk.bytes_in,
                bytes_out: talk.bytes_out,
                recorded: false,
            };
            self.pen.note(closed, Some(flow), Some(talk.id));
        }
    }
}

/// All flows, as the stack has them.
pub(crate) struct Shared(pub(crate) Arc<Mutex<Datagrams>>);

impl Datagram for Shared {
    fn datagram(
        &mut self,
        now: Timestamp,
        tuple: Tuple,
        bytes: Bytes,
        reply: &mut dyn FnMut(&[u8]),
    ) -> bool {
        self.0.lock().take(now, tuple.peer_socket(), tuple.local_socket(), &bytes, reply);
        true
    }
}
