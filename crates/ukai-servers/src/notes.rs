//! Facts of one session, counted: a peer that repeats itself makes no endless record.

use crate::limits::{DETAIL_BYTES, PAYLOAD_BYTES, RECORDS};
use ukai_emulators::Context;
use ukai_model::{EventKind, PeerText};

/// Writes down what a peer asks for, at most [`RECORDS`] facts.
#[derive(Debug)]
pub(crate) struct Notes {
    protocol: &'static str,
    left: u32,
}

impl Notes {
    pub(crate) const fn new(protocol: &'static str) -> Self {
        Self { protocol, left: RECORDS }
    }

    /// A fact of any kind.
    pub(crate) fn fact(&mut self, cx: &mut Context<'_>, kind: EventKind) {
        match self.left {
            0 => return,
            1 => cx.record(EventKind::LimitReached {
                limit: "records of a session".to_owned(),
                detail: format!("{}: more than {RECORDS} facts", self.protocol),
            }),
            _ => cx.record(kind),
        }
        self.left -= 1;
    }

    /// `service.request`.
    pub(crate) fn request(&mut self, cx: &mut Context<'_>, request: &str, detail: &[u8]) {
        self.fact(
            cx,
            EventKind::ServiceRequest {
                protocol: self.protocol.to_owned(),
                request: request.to_owned(),
                detail: PeerText::truncated(detail, DETAIL_BYTES),
            },
        );
    }

    /// `login.attempt`, let in.
    pub(crate) fn login(
        &mut self,
        cx: &mut Context<'_>,
        user: &[u8],
        password: &[u8],
        method: Option<&str>,
        proof: Option<&[u8]>,
    ) {
        self.fact(
            cx,
            EventKind::LoginAttempt {
                protocol: self.protocol.to_owned(),
                user: PeerText::truncated(user, DETAIL_BYTES),
                password: PeerText::truncated(password, DETAIL_BYTES),
                method: method.map(str::to_owned),
                proof: proof.map(|proof| PeerText::truncated(proof, DETAIL_BYTES)),
                success: true,
            },
        );
    }

    /// `payload.first`: bytes that are not the protocol's.
    pub(crate) fn payload(&mut self, cx: &mut Context<'_>, protocol: &str, bytes: &[u8]) {
        self.fact(
            cx,
            EventKind::PayloadFirst {
                protocol: protocol.to_owned(),
                payload: PeerText::truncated(bytes, PAYLOAD_BYTES),
                size: bytes.len() as u64,
                sha256: None,
            },
        );
    }
}
