//! Any protocol that nobody speaks: the first payload is kept and recognised, nothing
//! is answered.

mod recognise;

pub use recognise::{Recognised, recognise};

use crate::limits::{PAYLOAD_BYTES, PAYLOAD_QUIET_MS, PAYLOAD_RECORDED_BYTES};
use crate::shape::Capture;
use crate::{Context, Effect, Emulator, FetchId, Fetched, Open, Session, TimerId};
use bytes::Bytes;
use ukai_model::{CaptureHow, Duration, EventKind, PeerText, Sha256};

const QUIET: TimerId = TimerId(1);

/// The emulator that only listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl Emulator for Raw {
    fn name(&self) -> &'static str {
        "raw"
    }

    fn open(&self, _open: Open) -> Box<dyn Session> {
        Box::new(RawSession::default())
    }
}

/// Collects until the peer falls silent, closes, or has sent [`PAYLOAD_BYTES`].
#[derive(Debug, Default)]
pub(crate) struct RawSession {
    payload: Vec<u8>,
    told: bool,
}

impl RawSession {
    fn tell(&mut self, cx: &mut Context<'_>) {
        if self.told || self.payload.is_empty() {
            return;
        }
        self.told = true;
        record_payload(cx, std::mem::take(&mut self.payload));
    }
}

/// Records the first payload of a flow that is not understood; keeps it as a sample if
/// it is long, or a program.
pub(crate) fn record_payload(cx: &mut Context<'_>, payload: Vec<u8>) {
    let protocol = recognise(&payload).map_or("unknown", |found| found.protocol);
    if protocol != "unknown" {
        cx.record(EventKind::ProtocolRecognised { protocol: protocol.to_owned() });
    }
    let keep = payload.len() > PAYLOAD_RECORDED_BYTES || crate::http::is_program(&payload);
    let size = payload.len() as u64;
    let recorded = PeerText::truncated(&payload, PAYLOAD_RECORDED_BYTES);
    let sha256 = keep.then(|| Sha256::of(&payload));
    if keep {
        cx.effects.push(Effect::Capture(Capture {
            bytes: Bytes::from(payload),
            how: CaptureHow::Payload,
            name: None,
            url: None,
        }));
    }
    cx.record(EventKind::PayloadFirst {
        protocol: protocol.to_owned(),
        payload: recorded,
        size,
        sha256,
    });
}

impl Session for RawSession {
    fn protocol(&self) -> &'static str {
        "raw"
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if self.told {
            return;
        }
        let room = PAYLOAD_BYTES - self.payload.len();
        self.payload.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if self.payload.len() == PAYLOAD_BYTES {
            cx.record(EventKind::LimitReached {
                limit: "payload-bytes".to_owned(),
                detail: "the rest of the payload is not kept".to_owned(),
            });
            self.tell(cx);
        } else {
            let at = cx.now + Duration::from_millis(PAYLOAD_QUIET_MS);
            cx.effects.push(Effect::Timer { id: QUIET, at });
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.tell(cx);
        cx.close();
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if timer == QUIET {
            self.tell(cx);
        }
    }

    fn on_fetched(&mut self, _cx: &mut Context<'_>, _fetch: FetchId, _fetched: Fetched) {}

    fn on_close(&mut self, cx: &mut Context<'_>) {
        self.tell(cx);
    }
}
