//! A relay of Tor's beginning (tor-spec, 4 "Negotiating and initializing connections"),
//! inside the TLS that the driver has unwrapped: versions are agreed on and the relay says
//! who it is. Its certificates prove nothing, so that circuits are not built.

mod cell;
mod session;

use ukai_emulators::{Emulator, Open, Session};

/// The relay.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tor;

impl Tor {
    /// Whether a client's first bytes are a VERSIONS cell.
    pub fn looks_like(bytes: &[u8]) -> bool {
        cell::versions(bytes).is_some()
    }
}

impl Emulator for Tor {
    fn name(&self) -> &'static str {
        "tor"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(crate::simple::Plain(session::TorSession::new(&open)))
    }
}
