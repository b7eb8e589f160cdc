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

/// Facts that one session tells before it only tells that there were more.
pub const FACTS: u32 = 10_000;

/// What a character generator sends on one connection, in bytes.
pub const CHARGEN_BYTES: usize = 1 << 20;

/// What it sends at once, in bytes.
pub const CHARGEN_BYTES_A_TICK: usize = 4 * 1_024;

/// Longest query of finger and of ident, in bytes; the rest is dropped.
pub const QUERY_BYTES: usize = 512;

/// Queries that are answered on one connection of ident.
pub const IDENT_QUERIES: u32 = 100;

/// Longest message of syslog on a stream, in bytes (RFC 5425 asks for 2,048 and suggests
/// 8,192).
pub const SYSLOG_BYTES: usize = 8 * 1_024;
