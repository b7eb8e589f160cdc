//! The server's limits. All of them hold per connection.

/// Bytes that may wait to be sent on one channel beyond the client's window.
pub const CHANNEL_QUEUE_BYTES_MAX: usize = 256 * 1024;
/// Bytes of data below which a packet that the client's limits have cut is small: what is
/// around them is more.
pub const SMALL_PACKET_BYTES: usize = 64;
/// Small packets that are sent between two times that the client is heard.
pub const CUT_PACKETS_MAX: u32 = 16 * 1024;
/// Channels at once, of any kind.
pub const CHANNELS_MAX: usize = 64;
/// Answers that may be outstanding on one channel, or for global requests.
pub const REPLIES_OWED_MAX: usize = 256;
/// Bytes of one packet: OpenSSH's PACKET_MAX_SIZE.
pub const PACKET_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one payload after decompression.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;
/// Bytes by which Dropbear lets a packet grow by compression.
pub const COMPRESSED_PACKET_SLACK_BYTES: usize = 1024;
/// Bytes of the peer's that wait while an authentication is decided.
pub const INPUT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes that wait for the end of a key exchange.
pub const REKEY_QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a version line: OpenSSH's SSH_MAX_BANNER_LEN.
pub const VERSION_BYTES_MAX: usize = 8192;
/// Bytes of a version line that Dropbear reads.
pub const DROPBEAR_VERSION_BYTES_MAX: usize = 255;
/// Attempts of authentication of any kind: OpenSSH's auth2.c.
pub const AUTH_REQUESTS_MAX: u32 = 1024;
/// Prompts of which the answers are read.
pub const PROMPTS_MAX: u32 = 100;
/// Bytes after which keys of a cipher with blocks of 8 bytes are changed.
pub const REKEY_SMALL_BLOCK_BYTES: u64 = 1 << 30;
/// Bytes after which keys of a cipher with blocks of 16 bytes are changed.
pub const REKEY_LARGE_BLOCK_BYTES: u64 = 1 << 36;
