//! What a session tells of its peer's requests, until it has told enough.

use crate::limits::{DETAIL_BYTES, FACTS, PAYLOAD_BYTES};
use ukai_emulators::Context;
use ukai_model::{EventKind, PeerText};

/// Counts the facts of one session.
pub(crate) struct Told {
    protocol: &'static str,
    facts: u32,
}

impl Told {
    pub(crate) fn new(protocol: &'static str) -> Self {
        Self { protocol, facts: 0 }
    }

    /// The peer asked for something.
    pub(crate) fn request(&mut self, cx: &mut Context<'_>, request: &str, detail: &[u8]) {
        self.record(
            cx,
            EventKind::ServiceRequest {
                protocol: self.protocol.to_owned(),
                request: request.to_owned(),
                detail: PeerText::truncated(detail, DETAIL_BYTES),
            },
        );
    }

    /// The peer logged in, and was let in.
    pub(crate) fn login(
        &mut self,
        cx: &mut Context<'_>,
        user: &[u8],
        password: &[u8],
        method: Option<&str>,
        proof: Option<&[u8]>,
    ) {
        self.record(
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

    /// Bytes came that do not belong to the protocol.
    pub(crate) fn payload(&mut self, cx: &mut Context<'_>, protocol: &str, bytes: &[u8]) {
        self.record(
            cx,
            EventKind::PayloadFirst {
                protocol: protocol.to_owned(),
                payload: PeerText::truncated(bytes, PAYLOAD_BYTES),
                size: bytes.len() as u64,
                sha256: None,
            },
        );
    }

    /// Any fact of this session. Behind the last one that is told, it is told once that
    /// there were more.
    pub(crate) fn record(&mut self, cx: &mut Context<'_>, kind: EventKind) {
        self.facts = self.facts.saturating_add(1);
        if self.facts <= FACTS {
            cx.record(kind);
        } else if self.facts == FACTS + 1 {
            cx.record(EventKind::LimitReached {
                limit: "session_facts".to_owned(),
                detail: format!("{}: what followed in this session is not told", self.protocol),
            });
        }
    }
}
