//! What the operator decides about publishing.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the operator decides about publishing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The operator's own prefixes: never published. Sensors' addresses are added by the
    /// program.
    #[schema(value_type = Vec<String>)]
    pub own: Vec<IpNet>,
    /// Values never to publish: addresses, prefixes, domains (with all below them), URLs,
    /// SHA-256.
    pub allow: Vec<String>,
    /// Files in the format of MISP's warning lists; what they list is never published.
    #[schema(value_type = Vec<String>)]
    pub warning_lists: Vec<PathBuf>,
    /// Whether addresses for documentation and benchmarks and the names `.example` and
    /// `.test` may be published. For tests: nobody else has them.
    pub publish_documentation_ranges: bool,
    /// Least confidence, 0 to 100, that is published.
    pub min_confidence: u8,
    /// Least confidence, 0 to 100, with which a host that many share is published.
    pub min_confidence_shared: u8,
    /// What stops a feed from running away.
    pub brakes: Brakes,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            own: Vec::new(),
            allow: Vec::new(),
            warning_lists: Vec::new(),
            publish_documentation_ranges: false,
            min_confidence: 60,
            min_confidence_shared: 90,
            brakes: Brakes::default(),
        }
    }
}

/// What stops a feed from running away, for each kind of observable on its own.
///
/// There is no limit on the length of prefixes, because none are published: every entry
/// is a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Brakes {
    /// Entries of one kind.
    pub entries_max: usize,
    /// New entries in one cycle, in percent of those before.
    pub growth_percent_max: u32,
    /// New entries in one cycle that are always let in.
    pub growth_always: usize,
    /// Entries that may fade in one cycle, in percent of those before. What is withdrawn
    /// for a reason (expired, own, allow-listed, false positive) always goes.
    pub shrink_percent_max: u32,
    /// Entries that may always fade in one cycle.
    pub shrink_always: usize,
}

impl Default for Brakes {
    fn default() -> Self {
        Self {
            entries_max: 100_000,
            growth_percent_max: 50,
            growth_always: 1_000,
            shrink_percent_max: 50,
            shrink_always: 100,
        }
    }
}

/// What is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A value in `allow` is none.
    #[error("allow: \"{0}\" is not an address, prefix, domain, URL or SHA-256")]
    Allow(String),
}
