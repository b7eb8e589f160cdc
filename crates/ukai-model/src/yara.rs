//! YARA rules that matched.

use crate::PeerText;
use serde::{Deserialize, Serialize};

/// A YARA rule that matched a sample or a file inside of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct YaraMatch {
    /// The rule.
    pub rule: String,
    /// The set that it is of.
    pub set: String,
    /// The set's version.
    pub version: String,
    /// Whether it matches too often to say much, as its set or the operator says.
    #[serde(default)]
    pub noisy: bool,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its author's remarks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meta: Vec<YaraMeta>,
    /// Where its strings are: the first places of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<YaraPlace>,
    /// Which of the analysis' members it matched; `None`: the sample itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
}

/// A remark of a rule's author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct YaraMeta {
    /// Name.
    pub name: String,
    /// Value.
    pub value: PeerText,
}

/// A place where a string of a rule is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct YaraPlace {
    /// The string: `$a`.
    pub string: String,
    /// Where it starts, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
    /// Its bytes, at most 64.
    pub bytes: PeerText,
}
