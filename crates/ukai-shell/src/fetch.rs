//! What the shell asks from elsewhere, and what comes back.

use bytes::Bytes;
use std::net::IpAddr;
use ukai_model::{FetchOutcome, Sha256};

/// A session's own number for a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FetchId(pub u32);

/// What came of a fetch.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// How it ended.
    pub outcome: FetchOutcome,
    /// What came; empty unless the outcome is complete or partial.
    pub bytes: Bytes,
    /// The sample under which it is kept.
    pub sha256: Option<Sha256>,
    /// The server's status, where its protocol has one (HTTP).
    pub status: Option<u16>,
    /// Address that served it.
    pub server_ip: Option<IpAddr>,
    /// Content type that the server gave, at most 256 bytes.
    pub content_type: Option<String>,
}
