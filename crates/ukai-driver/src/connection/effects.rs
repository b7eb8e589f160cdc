//! What a session asks for, carried out in order.

use super::Connection;
use crate::asciicast::Recorder;
use crate::gauge::Share;
use bytes::Bytes;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use tokio::time::Instant;
use ukai_emulators::{Capture, Effect, SideId};
use ukai_model::{CloseReason, Direction, EventKind};

/// What of an effect takes time.
enum Later {
    /// With what the session had read of the handshake.
    Tls(Bytes),
    CloseSide(SideId),
    Capture(Box<Capture>),
}

impl Connection {
    /// Carries out the effects of one call, then records its events in one batch. What
    /// is sent in one call leaves in one write. Returns why the connection is to end,
    /// if it is.
    pub(super) async fn carry_out(&mut self, effects: Vec<Effect>) -> Option<CloseReason> {
        let mut ended = None;
        for effect in effects {
            match self.carry_out_now(effect, &mut ended) {
                None => {}
                // Rare: kept out of the state that every connection has.
                Some(Later::Tls(begun)) => ended = Box::pin(self.start_tls(begun.to_vec())).await,
                Some(Later::CloseSide(id)) => Box::pin(self.close_side(id)).await,
                Some(Later::Capture(capture)) => Box::pin(self.capture(&capture)).await,
            }
        }
        if let Some(panic) = self.fault.take() {
            self.note_fault(panic);
            ended = Some(CloseReason::Fault);
        }
        // What fits leaves before anybody waits for the store.
        let _ = poll_fn(|cx| Poll::Ready(self.poll_send(cx))).await;
        let booked = self.sides.as_mut().is_none_or(|sides| sides.book());
        if !(self.wire.book() && booked) {
            self.journal.limit("buffered_bytes_max", "output was thrown away");
            self.wire.discard();
            if let Some(sides) = &mut self.sides {
                sides.cut_all();
            }
            ended = Some(CloseReason::Budget);
        }
        self.journal.record().await;
        ended
    }

    /// Carries out what takes no time; gives what does.
    fn carry_out_now(&mut self, effect: Effect, ended: &mut Option<CloseReason>) -> Option<Later> {
        match effect {
            Effect::Send(bytes) if ended.is_none() => *ended = self.send(&bytes),
            Effect::Close(reason) => *ended = ended.or(Some(reason)),
            Effect::StartTls if ended.is_none() => return Some(Later::Tls(Bytes::new())),
            Effect::ResumeTls(begun) if ended.is_none() => return Some(Later::Tls(begun)),
            Effect::OpenSide { id, how } if ended.is_none() => self.open_side(id, how),
            Effect::SideSend(id, bytes) if ended.is_none() => *ended = self.send_side(id, &bytes),
            Effect::SideTls(id) => self.begin_side_tls(id),
            Effect::CloseSide(id) => return Some(Later::CloseSide(id)),
            Effect::Send(_)
            | Effect::StartTls
            | Effect::ResumeTls(_)
            | Effect::OpenSide { .. }
            | Effect::SideSend(..) => {}
            Effect::Fetch { id, url, tool } => self.start_fetch(id, url, tool),
            Effect::Timer { id, at } => {
                let wait = at.since(self.shared.world.now());
                if !self.timers.set(id, Instant::now() + wait) {
                    self.journal.limit("timers", "a session may have 64 at a time");
                }
            }
            lasting => return self.carry_out_lasting(lasting),
        }
        None
    }

    /// The same for an effect that has a meaning also after the connection's end.
    fn carry_out_lasting(&mut self, effect: Effect) -> Option<Later> {
        match effect {
            Effect::Record(kind) => self.journal.note(kind),
            Effect::Capture(capture) => return Some(Later::Capture(Box::new(capture))),
            Effect::Terminal(direction, bytes) => self.show(direction, &bytes),
            Effect::TerminalSize { columns, rows } => {
                let now = self.shared.world.now();
                self.recorder().resize(columns, rows, now);
            }
            _ => {}
        }
        None
    }

    /// Carries out what a session asks for when its connection is gone.
    pub(super) async fn carry_out_last(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Some(Later::Capture(capture)) = self.carry_out_lasting(effect) {
                self.capture(&capture).await;
            }
        }
    }

    pub(super) fn note_fault(&mut self, panic: String) {
        let component = self.assignment.emulator.name().to_owned();
        self.journal.note(EventKind::Fault { component, detail: panic });
    }

    fn send(&mut self, bytes: &Bytes) -> Option<CloseReason> {
        let budgets = &self.shared.budgets;
        let pending = self.wire.pending() + bytes.len();
        if pending > budgets.output_pending_bytes_max {
            self.journal.limit("output_pending_bytes_max", "the peer does not read");
            return Some(CloseReason::Budget);
        }
        if self.sent() + pending as u64 > budgets.bytes_out_max {
            self.journal.limit("bytes_out_max", "the session was ended");
            return Some(CloseReason::Budget);
        }
        self.wire.push(bytes);
        None
    }

    async fn capture(&mut self, capture: &Capture) {
        if capture.bytes.is_empty() {
            return;
        }
        let size = capture.bytes.len() as u64;
        if !self.seat.book_capture(size, self.shared.world.now()) {
            self.journal.limit("captured_bytes_per_peer_max", "a capture was not kept");
            return;
        }
        let origin = self.journal.origin(&self.assignment.host.persona.name);
        if let Some(sha256) = self.shared.sink.capture(capture, &origin).await {
            self.journal.note(EventKind::SampleCaptured {
                sha256,
                size,
                how: capture.how,
                name: capture.name.clone(),
                url: capture.url.clone(),
            });
        }
    }

    fn show(&mut self, direction: Direction, bytes: &[u8]) {
        let now = self.shared.world.now();
        if !self.recorder().traffic(direction, bytes, now) {
            self.journal.limit("recording_bytes_max", "the recording ends here");
        }
    }

    fn recorder(&mut self) -> &mut Recorder {
        let Self { recorder, shared, opened, assignment, .. } = self;
        recorder.get_or_insert_with(|| {
            let share = Share::new(Arc::clone(&shared.gauge));
            let title = format!("{} on {}", assignment.emulator.name(), assignment.host.hostname);
            Box::new(Recorder::new(*opened, title, shared.budgets.recording_bytes_max, share))
        })
    }
}
