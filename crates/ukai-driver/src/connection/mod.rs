//! One connection from its acceptance to its end: the loop that waits and calls.

mod effects;
mod fetches;
mod finish;
mod handshake;
mod journal;
mod sides;

use crate::acceptor::{Accepted, SideDoor};
use crate::asciicast::Recorder;
use crate::driver::{Assignment, Shared, TlsUse};
use crate::gauge::Share;
use crate::limits::{FAULT_TEXT_BYTES_MAX, OUTPUT_PAUSE_BYTES, READ_BYTES_MAX};
use crate::peers::Seat;
use crate::timers::Timers;
use crate::tls::{ClientHello, Sniff, sniff};
use crate::wire::{Wire, with_read_buffer};
use fetches::{Fetches, Finished};
use handshake::Unwrapped;
use journal::Journal;
use sides::{SideWake, Sides};
use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use ukai_emulators::{Context, Effect, Open, Session};
use ukai_model::{CloseReason, EventKind, Timestamp, Transport};

/// One connection and the session understood in it.
///
/// What it holds while idle is this, the stream, the session's own state, and nothing
/// else: buffers exist only while they have something in them.
pub(crate) struct Connection {
    shared: Arc<Shared>,
    assignment: Assignment,
    seat: Seat,
    wire: Wire,
    journal: Journal,
    /// `None` before the first bytes on a TLS service, and after a fault.
    session: Option<Box<dyn Session>>,
    timers: Timers,
    fetches: Fetches,
    side_door: Arc<dyn SideDoor>,
    sides: Option<Box<Sides>>,
    recorder: Option<Box<Recorder>>,
    /// First bytes that may become a ClientHello.
    hello: Vec<u8>,
    /// Whether the first bytes are still to be judged.
    sniffing: bool,
    /// What the stream was unwrapped from.
    tls: Option<Box<Unwrapped>>,
    eof: bool,
    received: u64,
    opened: Timestamp,
    opened_at: Instant,
    moved_at: Instant,
    /// The panic of the last call.
    fault: Option<String>,
}

/// What a wait ended with.
enum Wake {
    /// The session was called and asks for this.
    Effects(Vec<Effect>),
    /// A fetch is over.
    Fetched(Box<Finished>),
    /// The peer began with a ClientHello; the bytes so far are in `hello`.
    Tls(Box<ClientHello>),
    /// The connection is to end.
    End(CloseReason),
}

impl Connection {
    pub(crate) fn new(
        shared: Arc<Shared>,
        accepted: Accepted,
        assignment: Assignment,
        seat: Seat,
        now: Timestamp,
    ) -> Box<Self> {
        let opened_at = Instant::now();
        let share = Share::new(Arc::clone(&shared.gauge));
        let datagrams = accepted.flow.transport == Transport::Udp;
        let wire = if datagrams { Wire::of_datagrams } else { Wire::new };
        Box::new(Self {
            wire: wire(accepted.stream, share),
            journal: Journal::new(&shared, accepted.flow, now),
            shared,
            assignment,
            seat,
            session: None,
            timers: Timers::default(),
            fetches: Fetches::default(),
            side_door: accepted.side,
            sides: None,
            recorder: None,
            hello: Vec::new(),
            sniffing: !datagrams,
            tls: None,
            eof: false,
            received: 0,
            opened: now,
            opened_at,
            moved_at: opened_at,
            fault: None,
        })
    }

    /// Runs the session to its end. Boxed, since a future would hold the connection once
    /// for each move of it.
    pub(crate) async fn run(mut self: Box<Self>, shutdown: CancellationToken) {
        self.journal.note(EventKind::SessionOpen {
            protocol: self.assignment.emulator.name().to_owned(),
            persona: self.assignment.host.persona.name.clone(),
        });
        let reason = self.converse(&shutdown).await;
        // Kept out of the state of connections that go on.
        let rest = Box::pin(self.finish(reason, &shutdown)).await;
        drop(shutdown);
        if let Some(rest) = rest {
            rest.drain().await;
        }
    }

    async fn converse(&mut self, shutdown: &CancellationToken) -> CloseReason {
        let mut opening = Vec::new();
        if self.assignment.tls != TlsUse::Expected {
            opening = self.open_session();
        }
        let mut ended = self.carry_out(opening).await;
        let mut sleep = pin!(tokio::time::sleep_until(self.next_deadline()));
        let mut stopped = pin!(shutdown.cancelled());
        loop {
            if let Some(reason) = ended {
                return reason;
            }
            let wake = poll_fn(|cx| {
                if stopped.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Wake::End(CloseReason::Shutdown));
                }
                self.poll_wake(cx, sleep.as_mut())
            })
            .await;
            ended = match wake {
                Wake::Effects(effects) => self.carry_out(effects).await,
                Wake::Fetched(finished) => {
                    let effects = self.deliver(*finished);
                    self.carry_out(effects).await
                }
                // Rare and large: kept out of the state that every connection has.
                Wake::Tls(hello) => Box::pin(self.unwrap_tls(*hello)).await,
                Wake::End(reason) => Some(reason),
            };
        }
    }

    /// Moves output, then waits for whatever comes first: the end of a time, a fetch,
    /// or bytes. The session is called here, on the thread's read buffer.
    fn poll_wake(&mut self, cx: &mut TaskContext<'_>, sleep: Pin<&mut Sleep>) -> Poll<Wake> {
        let sent = self.sent();
        let sending = self.poll_send(cx);
        if self.sent() != sent {
            self.moved_at = Instant::now();
        }
        match sending {
            Poll::Ready(Err(_)) => return Poll::Ready(Wake::End(CloseReason::Peer)),
            Poll::Pending if self.wire.pending() > OUTPUT_PAUSE_BYTES => {
                // Until the peer reads, nothing may make more output for it.
                return self.poll_time(cx, sleep, false);
            }
            _ => {}
        }
        if let Poll::Ready(wake) = self.poll_time(cx, sleep, true) {
            return Poll::Ready(wake);
        }
        if let Poll::Ready(finished) = self.fetches.poll_finished(cx) {
            return Poll::Ready(Wake::Fetched(finished));
        }
        // Before the main stream, as a server reads that transfers first and then goes on.
        match self.poll_sides(cx) {
            Poll::Ready(SideWake::Effects(effects)) => return Poll::Ready(Wake::Effects(effects)),
            Poll::Ready(SideWake::End(reason)) => return Poll::Ready(Wake::End(reason)),
            Poll::Pending => {}
        }
        while !self.eof {
            match self.poll_bytes(cx) {
                Poll::Ready(Some(wake)) => return Poll::Ready(wake),
                Poll::Ready(None) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
        // The peer will send no more; what is under way still gets its time.
        let waits = !self.fetches.is_empty()
            || !self.timers.is_empty()
            || self.sides.as_ref().is_some_and(|sides| !sides.is_empty());
        if self.wire.pending() == 0 && !waits {
            return Poll::Ready(Wake::End(CloseReason::Peer));
        }
        Poll::Pending
    }

    /// Receives once. `None`: the bytes are kept until there are more.
    fn poll_bytes(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Wake>> {
        with_read_buffer(|buffer| match self.wire.poll_receive(cx, buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(count)) => Poll::Ready(self.take_bytes(&buffer[..count])),
            Poll::Ready(Err(error)) => {
                self.note_tls_failure(&error);
                Poll::Ready(Some(Wake::End(CloseReason::Peer)))
            }
        })
    }

    fn take_bytes(&mut self, bytes: &[u8]) -> Option<Wake> {
        self.moved_at = Instant::now();
        if bytes.is_empty() {
            return Some(self.take_eof());
        }
        self.received += bytes.len() as u64;
        if self.received > self.shared.budgets.bytes_in_max {
            self.journal.limit("bytes_in_max", "the session was ended");
            return Some(Wake::End(CloseReason::Budget));
        }
        if !self.sniffing {
            return Some(Wake::Effects(self.hand_over(bytes)));
        }
        if self.hello.is_empty() && bytes[0] != TLS_HANDSHAKE {
            self.sniffing = false;
            return Some(Wake::Effects(self.hand_over(bytes)));
        }
        if self.assignment.tls == TlsUse::Unknown {
            // The session does not wait for the rest of it. The fact is kept.
            if let Sniff::Hello(hello) = sniff(bytes) {
                self.journal.note(handshake::tls_hello(&hello));
            }
            self.sniffing = false;
            return Some(Wake::Effects(self.hand_over(bytes)));
        }
        self.hello.extend_from_slice(bytes);
        match sniff(&self.hello) {
            Sniff::More => return None,
            Sniff::Hello(hello) if self.is_untouched() => {
                self.sniffing = false;
                return Some(Wake::Tls(hello));
            }
            // We spoke first: the service is not one in TLS. The fact is kept.
            Sniff::Hello(hello) => self.journal.note(handshake::tls_hello(&hello)),
            Sniff::No => {}
        }
        Some(Wake::Effects(self.hand_over_hello()))
    }

    fn take_eof(&mut self) -> Wake {
        self.eof = true;
        let mut effects = self.hand_over_hello();
        if self.session.is_none() && self.fault.is_none() {
            return Wake::End(CloseReason::Peer);
        }
        effects.append(&mut self.call(|session, cx| session.on_eof(cx)));
        Wake::Effects(effects)
    }

    /// Whether nothing was said to the peer.
    fn is_untouched(&self) -> bool {
        self.wire.sent == 0 && self.wire.pending() == 0
    }

    /// Gives the session what was held back as a possible ClientHello.
    fn hand_over_hello(&mut self) -> Vec<Effect> {
        self.sniffing = false;
        let held = std::mem::take(&mut self.hello);
        let mut effects = Vec::new();
        for part in held.chunks(READ_BYTES_MAX) {
            effects.append(&mut self.hand_over(part));
        }
        effects
    }

    fn hand_over(&mut self, bytes: &[u8]) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.session.is_none() && self.fault.is_none() {
            effects = self.open_session();
        }
        effects.append(&mut self.call(|session, cx| session.on_bytes(cx, bytes)));
        effects
    }

    /// Opens the emulator's session and lets it speak first.
    fn open_session(&mut self) -> Vec<Effect> {
        let open = Open {
            flow: self.journal.flow(),
            host: Arc::clone(&self.assignment.host),
            fs: self.assignment.fs.clone(),
            seed: self.shared.world.random() as u64,
            now: self.shared.world.now(),
            tls: self.tls.is_some(),
            alpn: self.tls.as_ref().and_then(|tls| tls.alpn),
        };
        let emulator = &self.assignment.emulator;
        match catch_unwind(AssertUnwindSafe(|| emulator.open(open))) {
            Ok(session) => self.session = Some(session),
            Err(panic) => self.fault = Some(panic_text(&*panic)),
        }
        self.call(|session, cx| session.on_open(cx))
    }

    /// Calls the session. A panic in it costs the session, and nothing else.
    fn call(&mut self, f: impl FnOnce(&mut dyn Session, &mut Context<'_>)) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some(mut session) = self.session.take() else { return effects };
        let now = self.shared.world.now();
        let called = catch_unwind(AssertUnwindSafe(|| {
            f(&mut *session, &mut Context { now, effects: &mut effects });
        }));
        match called {
            Ok(()) => self.session = Some(session),
            Err(panic) => {
                self.fault = Some(panic_text(&*panic));
                drop_session(session);
            }
        }
        effects
    }

    /// The protocol understood so far.
    fn protocol(&self) -> &'static str {
        self.session.as_ref().map_or(self.assignment.emulator.name(), |session| session.protocol())
    }

    fn next_deadline(&self) -> Instant {
        let budgets = &self.shared.budgets;
        (self.opened_at + budgets.session()).min(self.moved_at + self.idle())
    }

    fn idle(&self) -> Duration {
        match self.journal.flow().transport {
            Transport::Tcp => self.shared.budgets.idle(),
            Transport::Udp => self.shared.budgets.datagram_idle(),
        }
    }

    /// Ends what took too long and, if the session `may_be_called`, fires what is due.
    fn poll_time(
        &mut self,
        cx: &mut TaskContext<'_>,
        mut sleep: Pin<&mut Sleep>,
        may_be_called: bool,
    ) -> Poll<Wake> {
        loop {
            let now = Instant::now();
            if now >= self.opened_at + self.shared.budgets.session() {
                return Poll::Ready(Wake::End(CloseReason::TimeLimit));
            }
            if now >= self.moved_at + self.idle() {
                return Poll::Ready(Wake::End(CloseReason::IdleTimeout));
            }
            let mut next = self.next_deadline();
            if may_be_called {
                if let Some(timer) = self.timers.take_due(now) {
                    let effects = self.call(|session, cx| session.on_timer(cx, timer));
                    return Poll::Ready(Wake::Effects(effects));
                }
                next = self.timers.earliest().map_or(next, |timer| timer.min(next));
            }
            // Too early a wake-up costs one look; moving the timer back with each
            // packet would cost more.
            if sleep.deadline() > next || sleep.is_elapsed() {
                sleep.as_mut().reset(next);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

/// First byte of a TLS record that carries a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// What a panic says, for a reader.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let mut text = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned());
    let mut end = text.len().min(FAULT_TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// Drops a session whose state may be broken: its destructor may panic, too.
fn drop_session(session: Box<dyn Session>) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(session)));
}
