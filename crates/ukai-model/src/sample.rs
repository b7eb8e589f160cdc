//! One way in which a sample came.

use crate::{CaptureHow, EventId, PeerText, SensorId, SessionId, Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One way in which a sample came. The sample itself is stored once; each arrival is
/// a sighting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Sighting {
    /// The sample.
    pub sha256: Sha256,
    /// When.
    pub time: Timestamp,
    /// The event that reported it.
    pub event: EventId,
    /// Who observed it.
    pub sensor: SensorId,
    /// In which session.
    pub session: Option<SessionId>,
    /// Address of the attacker.
    #[schema(value_type = Option<String>)]
    pub src_ip: Option<IpAddr>,
    /// How it came.
    pub how: CaptureHow,
    /// Name that the attacker gave it.
    pub name: Option<PeerText>,
    /// Where it was fetched from.
    pub url: Option<PeerText>,
}
