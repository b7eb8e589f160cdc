//! An observable with a role.

use crate::{EventId, Observable, SensorId, SessionId, Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The identity of an indicator: derived from observable and role, so that the same
/// thing keeps its identity over restarts and rebuilds (UUIDv5-like, by the scorer).
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid")]
pub struct IndicatorId(uuid::Uuid);

impl IndicatorId {
    /// The identity of `observable` in `role`.
    pub fn of(observable: &Observable, role: Role) -> Self {
        let name = format!("{}\n{}\n{}", role.as_str(), observable.kind, observable.value);
        let digest = Sha256::of(name.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_bytes()[..16]);
        // RFC 9562 section 5.8: version 8, made by a rule of our own.
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for IndicatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for IndicatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for IndicatorId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// An observable with a role, confidence, validity, sharing mark and evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Indicator {
    /// Identity.
    pub id: IndicatorId,
    /// The value.
    pub observable: Observable,
    /// What it does.
    pub role: Role,
    /// How sure, 0 to 100.
    pub confidence: Confidence,
    /// How far it may be shared.
    pub tlp: Tlp,
    /// First time it was seen.
    pub first_seen: Timestamp,
    /// Last time it was seen.
    pub last_seen: Timestamp,
    /// Not to be used after this.
    pub valid_until: Timestamp,
    /// What it rests on, newest last; at most 64, the count goes on.
    pub evidence: Vec<Evidence>,
    /// All evidence ever, also what is no longer listed.
    pub evidence_count: u64,
    /// Why it must not be published, if so: `own address`, `reserved range`, `allow-listed` ...
    pub withheld: Option<String>,
}

/// How sure: 0 to 100.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = u8)]
pub struct Confidence(u8);

impl Confidence {
    /// A confidence; values over 100 become 100.
    pub const fn new(value: u8) -> Self {
        Self(if value > 100 { 100 } else { value })
    }

    /// 0 to 100.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What an indicator does.
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
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Commands bots, or would be contacted by one.
    C2,
    /// Gives out malware.
    Distribution,
    /// Attacks or scans from there.
    Scanner,
    /// The malware itself.
    Malware,
}

impl Role {
    /// The name as serialised.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::C2 => "c2",
            Self::Distribution => "distribution",
            Self::Scanner => "scanner",
            Self::Malware => "malware",
        }
    }
}

/// Traffic Light Protocol 2.0 (FIRST).
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
pub enum Tlp {
    /// No limit.
    Clear,
    /// Within the community.
    Green,
    /// Within the organisation and its clients.
    Amber,
    /// Named recipients only.
    Red,
}

/// One thing that an indicator rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Evidence {
    /// What kind of observation.
    pub kind: EvidenceKind,
    /// When.
    pub time: Timestamp,
    /// The event behind it.
    pub event: Option<EventId>,
    /// The session behind it.
    pub session: Option<SessionId>,
    /// The sensor that saw it; never leaves the hub in a feed.
    pub sensor: Option<SensorId>,
    /// The sample behind it.
    pub sample: Option<Sha256>,
    /// One line for a reader: `XOR 0x22 at offset 4112`, `wget in a Telnet session`.
    pub detail: String,
}

/// What kind of observation a piece of evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// A completed connection to a sensor, from the address.
    Connection,
    /// A log-in tried from the address.
    Login,
    /// Commands given, or an attack recognised, from the address.
    Attack,
    /// An attacker told the honeypot to fetch from there.
    DownloadAsked,
    /// A file was fetched from there.
    DownloadServed,
    /// What was fetched from there is an executable or a script.
    MalwareServed,
    /// Found in a sample by static analysis, written as it is.
    StaticAnalysis,
    /// Found in a sample by static analysis, hidden there (XOR ...): nobody hides what is harmless.
    StaticHidden,
    /// A sample contacted it in the sandbox, in a way that tells what it is.
    Behaviour,
    /// A captured file itself.
    Capture,
    /// Anti-virus engines or services know the file as malware.
    Opinion,
}

#[cfg(test)]
mod tests {
    use super::{IndicatorId, Role};
    use crate::{Observable, ObservableKind};

    #[test]
    fn the_same_thing_keeps_its_identity() {
        let name = |value: &str| Observable { kind: ObservableKind::Domain, value: value.into() };
        let id = IndicatorId::of(&name("c2.example"), Role::C2);
        assert_eq!(id, IndicatorId::of(&name("c2.example"), Role::C2));
        assert_ne!(id, IndicatorId::of(&name("c2.example"), Role::Distribution));
        assert_ne!(id, IndicatorId::of(&name("c3.example"), Role::C2));
    }
}
