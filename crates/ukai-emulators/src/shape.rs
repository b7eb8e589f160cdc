//! The shape all emulators share: bytes and ticks in, effects out.
//!
//! A session never touches a socket, a clock or a generator of its own; the driver
//! calls it and carries out what it asks for. No emulator knows whether its peer is
//! the Internet or a sandboxed sample, and none opens a connection: what a
//! [`Effect::Fetch`] means is the program's policy.

use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use ukai_model::{CaptureHow, CloseReason, Direction, EventKind, Flow, PeerText, Timestamp};
use ukai_persona::{Host, Persona};
use ukai_shell::{FetchId, Fetched, Fs};

/// A protocol that can be spoken on a connection.
pub trait Emulator: Send + Sync {
    /// The protocol's name as it stands in events: `telnet`, `http`, `raw`.
    fn name(&self) -> &'static str;

    /// Whether `persona` has what this protocol needs to know of it.
    fn speaks(&self, persona: &Persona) -> bool {
        let _ = persona;
        true
    }

    /// Makes what takes long to make for `host` (keys of a thousand bits), so that no
    /// connection waits for it. For a thread that may take its time; what is not ready
    /// when it is needed is made then.
    fn prepare(&self, host: &Host) {
        let _ = host;
    }

    /// A session for one new connection. Nothing is sent before [`Session::on_open`].
    fn open(&self, open: Open) -> Box<dyn Session>;
}

/// What a session is given when its connection opens.
#[derive(Clone)]
pub struct Open {
    /// The conversation, as the peer saw it.
    pub flow: Flow,
    /// The host that the address pretends to be.
    pub host: Arc<Host>,
    /// This peer's file system on that host.
    pub fs: Fs,
    /// Seed for whatever must differ between sessions.
    pub seed: u64,
    /// When the connection was accepted.
    pub now: Timestamp,
    /// Whether the stream was unwrapped from TLS before the session began.
    pub tls: bool,
    /// The protocol that was agreed on within TLS (ALPN), if one was.
    pub alpn: Option<&'static str>,
}

/// One connection's protocol state. Calls come one at a time and in order.
///
/// A session is data-driven: it must treat every input as hostile, keep its memory
/// bounded by its own limits, and never fail because of what a peer sent.
pub trait Session: Send {
    /// The protocol understood so far; may change when it is recognised late.
    fn protocol(&self) -> &'static str;

    /// The connection is open: the moment for a banner.
    fn on_open(&mut self, cx: &mut Context<'_>);

    /// Bytes came. At most 64 KiB a call. On a flow of datagrams, one call is one
    /// datagram, and each [`Effect::Send`] is sent as one.
    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]);

    /// The peer will send no more; it may still read.
    fn on_eof(&mut self, cx: &mut Context<'_>);

    /// A timer asked for by [`Effect::Timer`] is due.
    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId);

    /// A fetch asked for by [`Effect::Fetch`] is over.
    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched);

    /// Something happened on a side stream asked for by [`Effect::OpenSide`].
    fn on_side(&mut self, cx: &mut Context<'_>, side: SideId, event: SideEvent<'_>) {
        let _ = (cx, side, event);
    }

    /// The connection is gone, whoever ended it: the last chance to record and
    /// capture. `Send` has no effect any more.
    fn on_close(&mut self, cx: &mut Context<'_>);
}

/// What a session sees of the world during a call, and where its effects go.
pub struct Context<'a> {
    /// The time of the call.
    pub now: Timestamp,
    /// Effects, carried out by the driver in order after the call.
    pub effects: &'a mut Vec<Effect>,
}

impl Context<'_> {
    /// Asks for bytes to be sent.
    pub fn send(&mut self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        if !bytes.is_empty() {
            self.effects.push(Effect::Send(bytes));
        }
    }

    /// Asks for a fact to be recorded.
    pub fn record(&mut self, kind: EventKind) {
        self.effects.push(Effect::Record(kind));
    }

    /// Ends the connection after all that was sent before has left.
    pub fn close(&mut self) {
        self.effects.push(Effect::Close(CloseReason::Emulator));
    }
}

/// What a session asks the driver for.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send bytes to the peer.
    Send(Bytes),
    /// Record a fact; the driver adds identity, time, session and flow.
    Record(EventKind),
    /// Keep bytes as a sample; the driver stores them and records `sample.captured`.
    Capture(Capture),
    /// Fetch a file for the peer; answered by [`Session::on_fetched`] under the same
    /// id. The driver records `download.request`, and keeps what comes as a sample.
    Fetch {
        /// The session's own number for it.
        id: FetchId,
        /// Where from, as the attacker wrote it.
        url: PeerText,
        /// The command or mechanism that asked: `wget`, `curl`, `http-injection` ...
        tool: &'static str,
    },
    /// Go on in TLS as the server (STARTTLS and the like), after what was sent before.
    /// What came in the clear behind the command is the session's to forget: it must not
    /// become a command inside TLS (CVE-2011-0411).
    StartTls,
    /// The same where the session has read the beginning of the handshake already, as
    /// behind a proxy, whose client may or may not begin one: the handshake begins with
    /// these bytes.
    ResumeTls(Bytes),
    /// Open a second connection with the same peer, as FTP does for data. What comes of
    /// it is told by [`Session::on_side`] under the same id.
    OpenSide {
        /// The session's own number for it; unused before.
        id: SideId,
        /// Which end opens it.
        how: SideStream,
    },
    /// Send bytes on an open side stream.
    SideSend(SideId, Bytes),
    /// End a side stream after all that was sent on it before has left, or give up
    /// waiting for it. Nothing more is told of it. What is sent on the main connection
    /// afterwards waits until then, as `226` does behind a file.
    CloseSide(SideId),
    /// Go on in TLS, as the server, on a side stream that is open and has carried
    /// nothing yet (`PROT P`).
    SideTls(SideId),
    /// Call [`Session::on_timer`] at `at` or soon after. A timer with the same id
    /// that has not fired is replaced.
    Timer {
        /// The session's own number for it.
        id: TimerId,
        /// When.
        at: Timestamp,
    },
    /// Terminal traffic, decoded from the protocol, for the recording (asciicast v2).
    Terminal(Direction, Bytes),
    /// The peer's terminal has this size, in characters.
    TerminalSize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// End the connection after all that was sent before has left.
    Close(CloseReason),
}

/// Bytes to be kept as a sample.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The bytes, whole.
    pub bytes: Bytes,
    /// How they came.
    pub how: CaptureHow,
    /// The name that the attacker gave them.
    pub name: Option<PeerText>,
    /// Where they came from, if from elsewhere.
    pub url: Option<PeerText>,
}

/// A session's own number for a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(pub u32);

/// A session's own number for a side stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SideId(pub u32);

/// Which end opens a side stream. Only the session's own peer is ever at the other end:
/// whatever it asks for, we connect to nobody else, and let nobody else in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideStream {
    /// The peer connects to a free port of the address that it reached (`PASV`).
    Listen,
    /// We connect to this port of the peer's own address (`PORT`); ports below 1024 are
    /// not tried.
    Connect(u16),
}

/// What happened on a side stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideEvent<'a> {
    /// A port waits for the peer.
    Listening(SocketAddr),
    /// It is connected.
    Open,
    /// Bytes came. At most 64 KiB a call.
    Bytes(&'a [u8]),
    /// The peer will send no more.
    Eof,
    /// It could not be opened, or broke off. It is gone; nothing more is told of it.
    Failed,
}
