//! Stratum as a pool that takes every miner: log-ins are recorded with wallet and worker,
//! work is given that no share of it is worth anything for, and shares are accepted.
//!
//! Three dialects are spoken, by what the miner asks: Bitcoin's (`mining.subscribe`, as
//! cgminer and cpuminer have it, with BIP 310), Monero's (`login`, as XMRig has it), and
//! Ethereum's (`eth_submitLogin`, and NiceHash's EthereumStratum/1.0.0).

mod job;
mod session;

use memchr::memmem;
use ukai_emulators::{Emulator, Open, Session};

/// The pool.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stratum;

impl Stratum {
    /// Whether a client's first bytes are a miner's.
    pub fn looks_like(bytes: &[u8]) -> bool {
        let start = &bytes[..bytes.len().min(512)];
        bytes.first() == Some(&b'{')
            && [&b"\"mining."[..], b"\"login\"", b"\"eth_submitLogin\"", b"\"eth_login\""]
                .iter()
                .any(|word| memmem::find(start, word).is_some())
    }
}

impl Emulator for Stratum {
    fn name(&self) -> &'static str {
        "stratum"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(session::StratumSession::new(&open))
    }
}
