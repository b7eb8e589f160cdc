//! Any port: the first bytes decide who answers. Where a server would speak first, it does
//! so after a short silence; where nobody knows, something is said that makes clients of
//! mail and files go on.

use crate::limits::FIRST_BYTES_MAX;
use std::sync::Arc;
use ukai_emulators::{
    Context, Effect, Emulator, FetchId, Fetched, Open, Raw, Session, SideEvent, SideId, TimerId,
};
use ukai_model::{Duration, EventKind};

/// Our own timers, out of the way of others'.
const SPEAK: TimerId = TimerId(u32::MAX);
const MORE: TimerId = TimerId(u32::MAX - 1);

/// How long a server waits that speaks first: longer than a client of another protocol
/// needs to begin.
const SERVER_WAITS: Duration = Duration::from_millis(60);

/// How long bytes are waited for that would decide.
const MORE_WAITS: Duration = Duration::from_millis(400);

/// Bytes that decide, at the latest.
const DECIDING_BYTES: usize = 16;

/// Who answers on a port.
#[derive(Clone)]
pub(crate) struct Speaker {
    /// The protocol.
    pub(crate) emulator: Arc<dyn Emulator>,
    /// Who begins.
    pub(crate) first: First,
}

/// Who begins a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// The server, whatever comes.
    Server,
    /// The client, and what it says must look like the protocol.
    Client,
    /// The client, with anything.
    Anything,
}

/// Whether a client's first bytes to a port are those of a protocol.
pub(crate) type Looks = Box<dyn Fn(u16, &[u8]) -> bool + Send + Sync>;

/// Knows a protocol by a client's first bytes.
pub(crate) struct Recogniser {
    pub(crate) looks_like: Looks,
    pub(crate) emulator: Arc<dyn Emulator>,
    /// Whether clients of this protocol wait for a greeting, which has then been said.
    pub(crate) greeted: bool,
}

/// What all ports share.
pub(crate) struct Knowledge {
    pub(crate) recognisers: Vec<Recogniser>,
    pub(crate) greeting: Vec<u8>,
    pub(crate) greeting_after: Duration,
}

/// The emulator that decides by port and first bytes.
#[derive(Clone)]
pub(crate) struct Any {
    pub(crate) knowledge: Arc<Knowledge>,
    /// Who is expected on this port.
    pub(crate) expected: Option<Speaker>,
}

impl Emulator for Any {
    fn name(&self) -> &'static str {
        self.expected.as_ref().map_or("any", |speaker| speaker.emulator.name())
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(AnySession {
            any: self.clone(),
            state: State::Waiting { open: Box::new(open), held: Vec::new(), greeted: false },
        })
    }
}

enum State {
    Waiting { open: Box<Open>, held: Vec<u8>, greeted: bool },
    Decided(Box<dyn Session>),
}

struct AnySession {
    any: Any,
    state: State,
}

impl AnySession {
    fn recognise(&self, port: u16, bytes: &[u8]) -> Option<&Recogniser> {
        let mut all = self.any.knowledge.recognisers.iter();
        all.find(|recogniser| (recogniser.looks_like)(port, bytes))
    }

    /// Who answers these bytes; `None`: more of them would help. `last`: there will be no
    /// more for now.
    fn judge(&self, port: u16, bytes: &[u8], last: bool) -> Option<(Arc<dyn Emulator>, bool)> {
        let expected = self.any.expected.as_ref();
        if expected.is_some_and(|speaker| speaker.first == First::Anything) {
            return expected.map(|speaker| (Arc::clone(&speaker.emulator), false));
        }
        if let Some(found) = self.recognise(port, bytes) {
            return Some((Arc::clone(&found.emulator), found.greeted));
        }
        if let Some(speaker) = expected
            && speaker.first == First::Server
            && !bytes.is_empty()
        {
            return Some((Arc::clone(&speaker.emulator), false));
        }
        (last || bytes.len() >= DECIDING_BYTES).then(|| (Arc::new(Raw) as Arc<dyn Emulator>, false))
    }

    fn decide(&mut self, cx: &mut Context<'_>, last: bool) {
        let State::Waiting { open, held, greeted } = &self.state else { return };
        let port = open.flow.dst_port;
        let Some((emulator, waits)) = self.judge(port, held, last) else { return };
        let said = *greeted && waits;
        let State::Waiting { open, held, .. } = &mut self.state else { return };
        if emulator.name() != "raw" {
            cx.record(EventKind::ProtocolRecognised { protocol: emulator.name().to_owned() });
        }
        let mut session = emulator.open(Open { now: cx.now, ..(**open).clone() });
        let before = cx.effects.len();
        session.on_open(cx);
        if said {
            // It was greeted before it was known.
            let mut at = before;
            while at < cx.effects.len() {
                if matches!(cx.effects[at], Effect::Send(_)) {
                    cx.effects.remove(at);
                } else {
                    at += 1;
                }
            }
        }
        let held = std::mem::take(held);
        if !held.is_empty() {
            session.on_bytes(cx, &held);
        }
        self.state = State::Decided(session);
    }

    fn wait(cx: &mut Context<'_>, id: TimerId, time: Duration) {
        let at = cx.now + time;
        cx.effects.push(Effect::Timer { id, at });
    }
}

impl Session for AnySession {
    fn protocol(&self) -> &'static str {
        match &self.state {
            State::Waiting { .. } => "any",
            State::Decided(session) => session.protocol(),
        }
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        match self.any.expected.as_ref().map(|speaker| speaker.first) {
            Some(First::Server) => Self::wait(cx, SPEAK, SERVER_WAITS),
            Some(First::Anything) => self.decide(cx, true),
            None if !self.any.knowledge.greeting.is_empty() => {
                Self::wait(cx, SPEAK, self.any.knowledge.greeting_after);
            }
            Some(First::Client) | None => {}
        }
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        match &mut self.state {
            State::Decided(session) => session.on_bytes(cx, bytes),
            State::Waiting { held, .. } => {
                held.extend_from_slice(bytes);
                let full = held.len() >= FIRST_BYTES_MAX;
                self.decide(cx, full);
                if matches!(self.state, State::Waiting { .. }) {
                    Self::wait(cx, MORE, MORE_WAITS);
                }
            }
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.decide(cx, true);
        if let State::Decided(session) = &mut self.state {
            session.on_eof(cx);
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match &mut self.state {
            State::Decided(session) if timer != SPEAK && timer != MORE => {
                session.on_timer(cx, timer);
            }
            State::Waiting { held, .. } if timer == MORE => {
                if !held.is_empty() {
                    self.decide(cx, true);
                }
            }
            State::Waiting { held, greeted, .. } if held.is_empty() => {
                if let Some(speaker) = &self.any.expected {
                    let emulator = Arc::clone(&speaker.emulator);
                    self.speak(cx, &*emulator);
                } else {
                    *greeted = true;
                    cx.send(self.any.knowledge.greeting.clone());
                }
            }
            State::Decided(_) | State::Waiting { .. } => {}
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        if let State::Decided(session) = &mut self.state {
            session.on_fetched(cx, fetch, fetched);
        }
    }

    fn on_side(&mut self, cx: &mut Context<'_>, side: SideId, event: SideEvent<'_>) {
        if let State::Decided(session) = &mut self.state {
            session.on_side(cx, side, event);
        }
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        if let State::Waiting { held, .. } = &self.state
            && !held.is_empty()
        {
            self.decide(cx, true);
        }
        if let State::Decided(session) = &mut self.state {
            session.on_close(cx);
        }
    }
}

impl AnySession {
    fn speak(&mut self, cx: &mut Context<'_>, emulator: &dyn Emulator) {
        let State::Waiting { open, .. } = &self.state else { return };
        let mut session = emulator.open(Open { now: cx.now, ..(**open).clone() });
        session.on_open(cx);
        self.state = State::Decided(session);
    }
}
