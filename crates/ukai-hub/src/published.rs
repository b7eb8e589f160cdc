//! A feed as it is served.

use bytes::Bytes;
use std::collections::HashSet;
use ukai_model::{IndicatorId, Timestamp};

/// A feed as it is served: all that a request needs, without a look at the disk.
#[derive(Clone, Debug)]
pub(crate) struct FeedFile {
    /// Name for a reader.
    pub(crate) name: String,
    /// File name: `domains.txt`.
    pub(crate) file: String,
    /// `text`, `csv`, `json`, `rpz`, `nftables`.
    pub(crate) format: String,
    /// One line for a reader.
    pub(crate) description: String,
    /// Media type.
    pub(crate) media_type: String,
    /// How a device or resolver loads it.
    pub(crate) how_to_load: String,
    /// The content.
    pub(crate) bytes: Bytes,
    /// Entity tag of the content, quoted (RFC 9110 section 8.8.3).
    pub(crate) etag: String,
    /// Entries in it.
    pub(crate) entries: u64,
    /// When the content last changed.
    pub(crate) updated: Timestamp,
    /// The indicators in it.
    pub(crate) carries: HashSet<IndicatorId>,
}
