//! Limits of links, each with its unit.

/// The longest frame that a capture file may hold, in bytes: libpcap's
/// `MAXIMUM_SNAPLEN`, and Wireshark's `WTAP_MAX_PACKET_SIZE_STANDARD`.
pub const CAPTURED_BYTES_MAX: usize = 262_144;

/// Options of a block of pcapng that are looked at, in bytes. What is behind is skipped.
pub(crate) const OPTION_BYTES_MAX: usize = 64 * 1024;

/// Interfaces that one section of a pcapng file may describe.
pub(crate) const INTERFACES_MAX: usize = 65_536;

/// The largest window that a file compressed by zstd may ask for, as a power of two of
/// bytes: what `zstd` itself allows without `--long`.
pub(crate) const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Bytes of frames that may wait for a recorder's disk. More are dropped from the record.
pub const RECORDER_WAITING_BYTES: usize = 16 << 20;
