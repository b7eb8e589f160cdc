//! What anti-virus engines say of a sample.

use crate::{PeerText, Sha256, Timestamp};
use serde::{Deserialize, Serialize};

/// What one engine says of one sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Verdict {
    /// The sample.
    pub sha256: Sha256,
    /// The engine's name in the configuration.
    pub engine: String,
    /// Product and version, as the engine calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<PeerText>,
    /// Version or date of its signatures, as the engine says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<PeerText>,
    /// When it was asked.
    pub time: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What it says.
    #[serde(flatten)]
    pub judgement: Judgement,
}

/// What an engine says. That it said nothing is never "clean".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "judgement", rename_all = "snake_case")]
pub enum Judgement {
    /// It knows nothing of it.
    Clean,
    /// It knows it.
    Detected {
        /// By these names; at most 16.
        names: Vec<PeerText>,
    },
    /// It did not look, or did not say.
    NotScanned {
        /// Why.
        reason: String,
        /// Whether it makes sense to ask again later: an outage, not a refusal.
        again: bool,
    },
}
