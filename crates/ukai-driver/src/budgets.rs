//! What peers may use up, per session, per peer and overall.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What peers may use up. The driver enforces all of it, once, for every protocol.
///
/// A *peer* is an IPv4 address or an IPv6 /64, because whoever has one address of a
/// /64 has all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// Sessions at a time, overall; further connections are closed at once.
    pub sessions_max: usize,
    /// Sessions at a time, per peer; further connections are closed at once.
    pub sessions_per_peer_max: usize,
    /// A session ends when nothing moved either way for this long, in milliseconds.
    pub idle_ms: u64,
    /// The same for a session of datagrams (TFTP), in milliseconds.
    pub datagram_idle_ms: u64,
    /// A session ends after this long, whatever happens in it, in milliseconds.
    pub session_ms: u64,
    /// A TLS handshake must be over after this long, in milliseconds.
    pub handshake_ms: u64,
    /// After the end of a session: how long the peer may take to read the rest of the
    /// output and to close its side, in milliseconds.
    pub linger_ms: u64,
    /// Bytes that a session may receive.
    pub bytes_in_max: u64,
    /// Bytes that a session may send.
    pub bytes_out_max: u64,
    /// Output that may wait for a peer that does not read, in bytes.
    pub output_pending_bytes_max: usize,
    /// Output and recordings held in memory, of all sessions together, in bytes.
    pub buffered_bytes_max: usize,
    /// A session's terminal recording is cut off after this many bytes.
    pub recording_bytes_max: usize,
    /// Captured bytes per peer and hour; further captures are dropped and reported.
    pub captured_bytes_per_peer_max: u64,
    /// Fetches that a session may ask for.
    pub fetches_per_session_max: u32,
    /// Side streams (FTP's data connections) at a time, per session, those waiting for
    /// the peer included.
    pub sides_per_session_max: usize,
    /// Side streams at a time, overall.
    pub sides_max: usize,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            sessions_max: 16_384,
            sessions_per_peer_max: 1_024,
            idle_ms: 180_000,
            datagram_idle_ms: 30_000,
            session_ms: 1_800_000,
            handshake_ms: 10_000,
            linger_ms: 3_000,
            bytes_in_max: 64 << 20,
            bytes_out_max: 64 << 20,
            output_pending_bytes_max: 8 << 20,
            buffered_bytes_max: 64 << 20,
            recording_bytes_max: 1 << 20,
            captured_bytes_per_peer_max: 256 << 20,
            fetches_per_session_max: 64,
            sides_per_session_max: 4,
            sides_max: 1_024,
        }
    }
}

impl Budgets {
    pub(crate) const fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms)
    }

    pub(crate) const fn datagram_idle(&self) -> Duration {
        Duration::from_millis(self.datagram_idle_ms)
    }

    pub(crate) const fn session(&self) -> Duration {
        Duration::from_millis(self.session_ms)
    }

    pub(crate) const fn handshake(&self) -> Duration {
        Duration::from_millis(self.handshake_ms)
    }

    pub(crate) const fn linger(&self) -> Duration {
        Duration::from_millis(self.linger_ms)
    }
}
