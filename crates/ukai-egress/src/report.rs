//! What came of a fetch.

use bytes::Bytes;
use std::net::IpAddr;
use ukai_model::{Duration, FetchOutcome, Sha256};

/// What came of a fetch; there is one for every fetch, however it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchReport {
    /// How it ended.
    pub outcome: FetchOutcome,
    /// What came: the file when complete, its beginning when partial, the error page
    /// (HTTP) when refused.
    pub bytes: Bytes,
    /// Digest of `bytes`; `None` when nothing came.
    pub sha256: Option<Sha256>,
    /// The server's last status: HTTP's, or FTP's reply code.
    pub status: Option<u16>,
    /// Address that was contacted last.
    pub server_ip: Option<IpAddr>,
    /// The last URL, when it is not the one asked for.
    pub final_url: Option<String>,
    /// What went wrong, for a reader. `None` only when the outcome is complete.
    pub error: Option<String>,
    /// How long it took.
    pub duration: Duration,
    /// Content type that the server gave, printable ASCII, at most 256 bytes.
    pub content_type: Option<String>,
    /// What else a reader may want to know: certificate errors, redirections, oddities.
    pub notes: Vec<String>,
}
