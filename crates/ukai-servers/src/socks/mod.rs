//! SOCKS 4, 4a and 5 (Lee's and Koblas' memos; RFC 1928, RFC 1929) as a proxy that takes
//! everybody anywhere: each CONNECT is granted, and what comes behind it goes on in a
//! session of the server that a chooser names for the destination. Nothing is connected.

mod datagram;
mod read;
mod session;

use std::fmt;
use std::sync::Arc;
use ukai_emulators::{Detect, Emulator, Open, Session};
use ukai_model::Transport;

/// Names the server that is at a host (as the client wrote it) and port.
pub type Behind = Arc<dyn Fn(&[u8], u16) -> Arc<dyn Emulator> + Send + Sync>;

/// The proxy, for connections and for the datagrams of UDP ASSOCIATE.
#[derive(Clone)]
pub struct Socks {
    behind: Behind,
}

impl Socks {
    /// A proxy to the servers that `behind` names.
    pub fn new(behind: Behind) -> Self {
        Self { behind }
    }

    /// Whether a client's first bytes are a greeting of SOCKS 5 or a request of SOCKS 4.
    pub fn looks_like(bytes: &[u8]) -> bool {
        match bytes {
            [5, methods @ 1..=16, rest @ ..] => {
                let listed = &rest[..rest.len().min(usize::from(*methods))];
                rest.len() >= usize::from(*methods)
                    && listed.iter().all(|method| matches!(method, 0..=9 | 0x80..=0xfe))
            }
            [4, 1 | 2, rest @ ..] => rest.len() >= 7 && rest[6..].contains(&0),
            _ => false,
        }
    }
}

impl Default for Socks {
    /// Behind it, protocols are recognised by their first bytes.
    fn default() -> Self {
        Self::new(Arc::new(|_, _| Arc::new(Detect)))
    }
}

impl fmt::Debug for Socks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socks").finish_non_exhaustive()
    }
}

impl Emulator for Socks {
    fn name(&self) -> &'static str {
        "socks"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        let behind = Arc::clone(&self.behind);
        match open.flow.transport {
            Transport::Tcp => Box::new(session::SocksSession::new(open, behind)),
            Transport::Udp => Box::new(datagram::SocksDatagrams::new(open, behind)),
        }
    }
}
