//! The limits of fetching that no operator needs to change, in one place.

use std::time::Duration;

/// Head of an HTTP answer, in bytes.
pub const HTTP_HEAD_BYTES_MAX: usize = 64 << 10;
/// Header fields of an HTTP answer.
pub const HTTP_HEADERS_MAX: usize = 200;
/// Body of an HTTP error answer that is kept, in bytes.
pub const ERROR_PAGE_BYTES_MAX: u64 = 64 << 10;
/// Content type that is reported, in bytes.
pub const CONTENT_TYPE_BYTES_MAX: usize = 256;
/// Error texts of a server that are reported, in bytes.
pub const SERVER_TEXT_BYTES_MAX: usize = 200;
/// Addresses of one name that are tried.
pub const ADDRESSES_MAX: usize = 4;
/// Hosts whose rate is remembered.
pub const HOSTS_REMEMBERED: usize = 4_096;
/// How long a fetch waits for its turn when too many run.
pub const TURN_WAIT_MAX: Duration = Duration::from_secs(10);
/// One line of an FTP reply, in bytes.
pub const FTP_LINE_BYTES_MAX: usize = 1_024;
/// Lines of one FTP reply.
pub const FTP_REPLY_LINES_MAX: usize = 200;
/// Answer of a proxy to CONNECT, in bytes.
pub const PROXY_HEAD_BYTES_MAX: usize = 8 << 10;
/// Block size that is asked of TFTP servers, in bytes: fits Ethernet (RFC 2348).
pub const TFTP_BLOCK_BYTES: usize = 1_428;
/// Largest TFTP datagram that is read, in bytes.
pub const TFTP_DATAGRAM_BYTES_MAX: usize = 4 + TFTP_BLOCK_BYTES + 1;
/// How long a TFTP server may be silent before it is asked again.
pub const TFTP_RETRY_AFTER: Duration = Duration::from_secs(2);
/// Longest file name that is asked for by FTP or TFTP, in bytes.
pub const FILE_NAME_BYTES_MAX: usize = 512;
/// Results that are kept to be given again.
pub const RECENT_MAX: usize = 64;
/// All results that are kept to be given again, in bytes.
pub const RECENT_BYTES_MAX: usize = 64 << 20;
