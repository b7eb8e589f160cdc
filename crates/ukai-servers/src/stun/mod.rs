//! STUN and TURN (RFC 3489, 5389, 8489; 5766, 8656) on UDP and TCP: the client's address as
//! we see it, and relayed addresses for whoever asks, after the round of log-in that TURN's
//! clients expect. Nothing is relayed.
//!
//! A log-in of TURN proves a password without telling it. Answers must be signed with the
//! same password: it is looked for among a few that are in use ([`credentials`]); where it
//! is not found, answers go out unsigned, which lenient clients take.

mod attribute;
mod credentials;
mod message;
mod session;

use message::Message;
use ukai_emulators::{Emulator, Open, Session};

/// The server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stun;

impl Stun {
    /// Whether a client's first bytes are a request of STUN.
    pub fn looks_like(bytes: &[u8]) -> bool {
        Message::read(bytes).is_some_and(|message| {
            // Old requests have no cookie to be known by: only their simplest is recognised.
            message.cookie() || message.kind == message::BINDING && message.length == bytes.len()
        })
    }
}

impl Emulator for Stun {
    fn name(&self) -> &'static str {
        "stun"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(session::StunSession::new(&open))
    }
}
