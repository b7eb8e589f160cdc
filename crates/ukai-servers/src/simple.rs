//! A session of those servers that fetch nothing and open no second connection: what a
//! protocol does not need has its plain answer here.

use ukai_emulators::{Context, FetchId, Fetched, Session, TimerId};
use ukai_model::Transport;

/// What such a server does.
pub(crate) trait Simple: Send {
    /// The protocol's name in events.
    const NAME: &'static str;

    /// The moment for a banner.
    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    /// Bytes or a datagram came.
    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]);

    /// The peer sends no more. Most servers then end the connection too.
    fn on_eof(&mut self, cx: &mut Context<'_>) {
        cx.close();
    }

    /// A timer is due.
    fn on_timer(&mut self, _cx: &mut Context<'_>, _timer: TimerId) {}
}

/// A server that has one thing to say: at once on a stream, which then ends, and to each
/// datagram (RFC 865, 867, 868).
pub(crate) trait Telling: Send {
    /// The protocol's name in events.
    const NAME: &'static str;

    /// Says it to who `asked`.
    fn tell(&mut self, cx: &mut Context<'_>, asked: &[u8]);
}

/// It, on a stream or with datagrams.
pub(crate) struct AtOnce<T> {
    telling: T,
    stream: bool,
}

impl<T> AtOnce<T> {
    pub(crate) fn new(telling: T, transport: Transport) -> Self {
        Self { telling, stream: transport == Transport::Tcp }
    }
}

impl<T: Telling> Simple for AtOnce<T> {
    const NAME: &'static str = T::NAME;

    fn on_open(&mut self, cx: &mut Context<'_>) {
        if self.stream {
            self.telling.tell(cx, b"");
            cx.close();
        }
    }

    /// A datagram, empty as a rule.
    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if !self.stream {
            self.telling.tell(cx, bytes);
        }
    }
}

/// It as a session.
pub(crate) struct Plain<T>(pub(crate) T);

impl<T: Simple> Session for Plain<T> {
    fn protocol(&self) -> &'static str {
        T::NAME
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        self.0.on_open(cx);
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        self.0.on_bytes(cx, bytes);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.0.on_eof(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        self.0.on_timer(cx, timer);
    }

    fn on_fetched(&mut self, _cx: &mut Context<'_>, _fetch: FetchId, _fetched: Fetched) {}

    fn on_close(&mut self, _cx: &mut Context<'_>) {}
}
