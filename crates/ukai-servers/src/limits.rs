//! What one session may use up, with units, in one place. Budgets of connections, time and
//! bytes overall belong to whoever runs the sessions.

/// Detail of a `service.request` that is kept, in bytes.
pub const DETAIL_BYTES: usize = 1_024;

/// Longest DNS answer in a datagram, in bytes (DNS flag day 2020).
pub const DNS_UDP_BYTES: u16 = 1_232;

/// Records of a DNS answer that are told, at most.
pub const DNS_ANSWERS_TOLD: usize = 16;

/// A DNS message that is not yet whole on a stream, in bytes, its length included.
pub const DNS_WAITING_BYTES: usize = 2 + 65_535;
