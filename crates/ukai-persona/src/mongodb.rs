//! What a host's MongoDB is and holds.

use crate::Credential;
use serde::Deserialize;
use std::collections::BTreeMap;

/// MongoDB of a persona, which asks nobody for a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MongodbSpec {
    /// Version, as `buildInfo` tells it.
    pub version: String,
    /// The commit that it was built from, the same wherever that version runs.
    pub git_version: String,
    /// The OpenSSL that it runs with.
    pub openssl: String,
    /// Users with a password, who can log in although nobody must.
    #[serde(default)]
    pub accounts: Vec<Credential>,
    /// Database → collection → documents, without their `_id`; texts have placeholders.
    #[serde(default)]
    pub databases: BTreeMap<String, BTreeMap<String, Vec<BTreeMap<String, MongodbValue>>>>,
}

/// A value in a document.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum MongodbValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number, of 32 bits if it fits.
    Whole(i64),
    /// A number with a fraction.
    Fraction(f64),
    /// Text.
    Text(String),
    /// Values in an array.
    List(Vec<Self>),
    /// A document inside.
    Fields(BTreeMap<String, Self>),
}
