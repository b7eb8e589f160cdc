//! The server's limits. All of them hold per connection.

/// Bytes that may wait to be sent on one channel beyond the client's window.
pub const CHANNEL_QUEUE_BYTES_MAX: usize = 256 * 1024;
