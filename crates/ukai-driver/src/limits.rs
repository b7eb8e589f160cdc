//! Limits that are not the operator's to set, with their units.

use std::time::Duration;

/// Bytes given to a session in one call, at most (the shape promises this).
pub(crate) const READ_BYTES_MAX: usize = 64 * 1024;

/// While more output than this waits for the peer, its session is not called and its
/// bytes are not read, in bytes.
pub(crate) const OUTPUT_PAUSE_BYTES: usize = 64 * 1024;

/// Timers that one session may have at a time.
pub(crate) const TIMERS_MAX: usize = 64;

/// Longest ClientHello that is put together, records' headers included, in bytes.
/// Hellos with post-quantum keys have about 2 kB.
pub(crate) const HELLO_BYTES_MAX: usize = 16 * 1024;

/// Names and protocols of a ClientHello are kept up to this length, in bytes.
pub(crate) const HELLO_TEXT_BYTES_MAX: usize = 255;

/// Protocols of a ClientHello's ALPN extension that are kept.
pub(crate) const HELLO_ALPN_MAX: usize = 16;

/// TLS configurations kept ready.
pub(crate) const TLS_CONFIGS_MAX: usize = 1_024;

/// Peers without a session whose use of budgets is remembered.
pub(crate) const IDLE_PEERS_MAX: usize = 65_536;

/// After this time a peer's captured volume is counted from zero again.
pub(crate) const VOLUME_WINDOW: Duration = Duration::from_hours(1);

/// A refused peer is reported at most once in this time; the report has the count.
pub(crate) const REFUSAL_REPORT_EVERY: Duration = Duration::from_mins(1);

/// Bytes thrown away after our FIN while waiting for the peer's.
pub(crate) const DRAIN_BYTES_MAX: usize = 256 * 1024;

/// Connections that may wait to be accepted, per listening socket.
pub(crate) const BACKLOG: i32 = 4_096;

/// First wait after an accept failed for want of resources.
pub(crate) const ACCEPT_BACKOFF_MIN: Duration = Duration::from_millis(10);

/// Longest wait after an accept failed for want of resources.
pub(crate) const ACCEPT_BACKOFF_MAX: Duration = Duration::from_secs(1);

/// Fetches that outlive their sessions, overall.
pub(crate) const ORPHANED_FETCHES_MAX: usize = 256;

/// Longest text of a panic that is reported, in bytes.
pub(crate) const FAULT_TEXT_BYTES_MAX: usize = 512;

/// How long sessions may take to end after a stop, before they are cut.
pub(crate) const STOP_WAIT: Duration = Duration::from_secs(10);

/// How long a side stream may take to open: as long as the peer may take to connect to
/// it, or to let us in.
pub(crate) const SIDE_WAIT: Duration = Duration::from_mins(1);

/// Connections that may wait at a side stream's port, of which one is taken.
pub(crate) const SIDE_BACKLOG: i32 = 8;

/// Ports of the configured range that are tried for one side stream.
pub(crate) const SIDE_PORT_TRIES: u64 = 256;

/// Ports to which no side stream is opened, whoever asks: what listens there is a service
/// of the machine's and no client.
pub(crate) const PRIVILEGED_PORTS: std::ops::Range<u16> = 0..1_024;

/// Datagrams sent to a peer that has not answered yet and may not be where it says, per flow.
/// A TFTP server's first block is one; nothing is sent again.
pub(crate) const UNPROVED_ANSWERS_MAX: usize = 2;

/// The same in bytes: a block of 512 bytes, the least that TFTP (RFC 1350) knows.
pub(crate) const UNPROVED_BYTES_MAX: usize = 600;

/// Flows at a time whose peers have not answered yet; the oldest makes room.
pub(crate) const UNPROVED_FLOWS_MAX: usize = 256;

/// Flows that datagrams open, per second, overall.
pub(crate) const DATAGRAM_FLOWS_PER_S: f64 = 100.0;

/// Flows that datagrams open at once, overall.
pub(crate) const DATAGRAM_FLOWS_BURST: f64 = 200.0;

/// Flows that datagrams from one IPv4 /24 or IPv6 /48 open, per minute. With the bytes of
/// a flow it bounds what the victim of a forged source gets: 300 bytes per second.
pub(crate) const DATAGRAM_PREFIX_PER_MINUTE: f64 = 30.0;

/// Flows that datagrams from one IPv4 /24 or IPv6 /48 open at once.
pub(crate) const DATAGRAM_PREFIX_BURST: f64 = 30.0;

/// Prefixes whose rate is remembered.
pub(crate) const DATAGRAM_PREFIXES_MAX: usize = 16_384;

/// Datagrams in memory that wait for their reader; more are lost.
pub(crate) const MEMORY_DATAGRAMS_MAX: usize = 64;
