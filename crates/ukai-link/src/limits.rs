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

/// The longest comment of a frame in a capture file, in bytes.
pub const COMMENT_BYTES_MAX: usize = 4_096;

/// The longest name that a capture file gives to an address, in bytes: the longest of DNS,
/// as text.
pub const NAME_BYTES_MAX: usize = 253;

/// The longest line of a TLS key log, in bytes. The longest known has 23 + 64 + 128
/// characters, and two spaces.
pub const KEY_LOG_LINE_BYTES_MAX: usize = 512;

/// Names that a recorder repeats at the start of each file, in bytes of their records; the
/// oldest make room. About 25,000 names.
pub(crate) const RECORDER_NAMES_BYTES_MAX: usize = 1 << 20;

/// Names that a recorder knows to have written. When there are more, it forgets them, and
/// writes again what it is told again.
pub(crate) const RECORDER_NAMES_KNOWN_MAX: usize = 65_536;

/// The smallest and the largest ring of a packet socket, in bytes.
pub const PACKET_RING_BYTES_MIN: usize = 4 * PACKET_BLOCK_BYTES;
/// See [`PACKET_RING_BYTES_MIN`].
pub const PACKET_RING_BYTES_MAX: usize = 1 << 30;

/// A block of such a ring, in bytes: the longest segment that the kernel joins, 64 KiB, fits
/// several times.
pub(crate) const PACKET_BLOCK_BYTES: usize = 256 * 1024;

/// The longest frame of QEMU's sockets, in bytes: its `NET_BUFSIZE`.
pub const QEMU_FRAME_BYTES_MAX: usize = 4_096 + 65_536;

/// Bytes that wait for a machine to take them. More are lost.
pub const QEMU_WAITING_BYTES_MAX: usize = 1 << 20;
