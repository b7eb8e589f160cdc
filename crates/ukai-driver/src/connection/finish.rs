//! The end of a connection: what it still says, what is kept of it, and the FIN.

use super::{Connection, drop_session};
use crate::peers::Seat;
use crate::wire::Wire;
use std::future::poll_fn;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use ukai_model::{CloseReason, EventKind, Transport};

impl Connection {
    /// Lets the rest of the output leave, sends our FIN and records the end. What it
    /// returns is to be drained.
    pub(super) async fn finish(
        mut self: Box<Self>,
        reason: CloseReason,
        shutdown: &CancellationToken,
    ) -> Option<Rest> {
        // An emulator that closes because the peer has ended its side did not decide it.
        let reason = match reason {
            CloseReason::Emulator if self.eof => CloseReason::Peer,
            reason => reason,
        };
        // The times of the session do not count the wait for the peer.
        let duration_ms = self.shared.world.now().since(self.opened).as_millis() as u64;
        let polite = matches!(reason, CloseReason::Emulator | CloseReason::Peer);
        let linger = if polite { self.shared.budgets.linger() } else { Duration::ZERO };
        let limit = Instant::now() + linger;
        if let Some(sides) = &mut self.sides {
            if polite {
                sides.close_all();
            } else if sides.cut_all() {
                // What waits tells of a transfer that is not over.
                self.wire.discard();
            }
        }
        let sent = self.send_rest(limit).await;
        self.close_session(reason).await;
        self.orphan_fetches(shutdown);
        let recorded = self.keep_recording().await;
        self.journal.note(EventKind::SessionClose {
            protocol: self.protocol().to_owned(),
            reason,
            duration_ms,
            bytes_in: self.received,
            bytes_out: self.sent(),
            recorded,
        });
        self.journal.record().await;
        let datagrams = self.journal.flow().transport == Transport::Udp;
        let Self { wire, session, seat, eof, .. } = *self;
        if let Some(session) = session {
            drop_session(session);
        }
        (sent && !eof && !datagrams).then_some(Rest { wire, _seat: seat, limit })
    }

    /// Sends the rest and our FIN; false if the peer does not take it in time.
    async fn send_rest(&mut self, limit: Instant) -> bool {
        let sending = poll_fn(|cx| {
            std::task::ready!(self.poll_send(cx))?;
            self.wire.poll_shutdown(cx)
        });
        matches!(timeout_at(limit, sending).await, Ok(Ok(())))
    }

    /// The session's last words, of which none can be sent any more.
    async fn close_session(&mut self, reason: CloseReason) {
        if reason != CloseReason::Fault {
            let mut effects = self.hand_over_hello();
            effects.append(&mut self.call(|session, cx| session.on_close(cx)));
            self.carry_out_last(effects).await;
        }
        if let Some(panic) = self.fault.take() {
            self.note_fault(panic);
        }
    }

    async fn keep_recording(&mut self) -> bool {
        let now = self.shared.world.now();
        let Some(recording) = self.recorder.take().and_then(|recorder| recorder.finish(now)) else {
            return false;
        };
        self.shared.sink.recording(self.journal.session(), recording).await;
        true
    }
}

/// A stream that we ended and the peer has not, yet.
pub(super) struct Rest {
    wire: Wire,
    _seat: Seat,
    limit: Instant,
}

impl Rest {
    /// Reads and forgets until the peer ends its side, for a bounded time.
    pub(super) async fn drain(self) {
        self.wire.drain(self.limit).await;
    }
}
