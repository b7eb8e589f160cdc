//! The Remote Desktop Protocol's beginning ([MS-RDPBCGR] 1.3.1.1, [MS-CSSP]): the request to
//! connect is answered, the stream goes on in TLS where the client can, and it is let in as
//! far as it tells its settings, name and password. Whoever only logs in beforehand
//! (CredSSP) is given a challenge and shows its proof. No desktop comes.

mod mcs;
mod session;

use ukai_emulators::{Emulator, Open, Session};

/// The server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rdp;

impl Rdp {
    /// Whether a client's first bytes are a request to connect: TPKT (RFC 1006) with a
    /// Connection Request of X.224 that fills it.
    pub fn looks_like(bytes: &[u8]) -> bool {
        matches!(bytes, [3, 0, high, low, length, 0xe0, 0, 0, ..]
            if usize::from(u16::from_be_bytes([*high, *low])) == usize::from(*length) + 5)
    }
}

impl Emulator for Rdp {
    fn name(&self) -> &'static str {
        "rdp"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(crate::simple::Plain(session::RdpSession::new(&open)))
    }
}
