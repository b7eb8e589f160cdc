//! A value seen.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of an observable.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ObservableKind {
    /// An IPv4 or IPv6 address, in canonical text.
    Ip,
    /// A domain name: lower case, without the final dot, A-labels (RFC 5890).
    Domain,
    /// An absolute URL, normalised (WHATWG).
    Url,
    /// An address or domain with a port: `192.0.2.1:23`, `[2001:db8::1]:23`, `c2.example:443`.
    Endpoint,
    /// A SHA-256 of a file, in lower-case hexadecimal.
    Sha256,
}

impl ObservableKind {
    /// The name as serialised.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Domain => "domain",
            Self::Url => "url",
            Self::Endpoint => "endpoint",
            Self::Sha256 => "sha256",
        }
    }
}

impl fmt::Display for ObservableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A value seen, in its canonical form. Whoever makes one has validated it: an
/// [`ObservableKind::Ip`] parses as an address, a domain has only letters, digits,
/// hyphens, underscores and dots, a URL parses.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
pub struct Observable {
    /// Type.
    pub kind: ObservableKind,
    /// Canonical text; printable ASCII only.
    pub value: String,
}
