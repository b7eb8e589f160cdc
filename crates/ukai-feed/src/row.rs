//! What a reader of a feed learns of an indicator: nothing that leads to a sensor.
//!
//! Times are days. Who sends probes and watches the feed for them could find the sensors
//! by exact times (J. Bethencourt, J. Franklin, M. Vernon, "Mapping Internet Sensors with
//! Probe Response Attacks", USENIX Security 2005). Evidence is told by its count.

use serde::Serialize;
use ukai_model::{Indicator, Timestamp};

/// An indicator for a reader outside.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a str,
    role: &'static str,
    confidence: u8,
    tlp: &'static str,
    first_seen: String,
    last_seen: String,
    valid_until: String,
    evidence: u64,
}

impl<'a> Row<'a> {
    /// The names of the fields, in the order of [`Self::fields`].
    pub(crate) const FIELDS: [&'static str; 10] = [
        "type",
        "value",
        "role",
        "confidence",
        "tlp",
        "first_seen",
        "last_seen",
        "valid_until",
        "evidence",
        "id",
    ];

    pub(crate) fn new(indicator: &'a Indicator) -> Self {
        Self {
            id: indicator.id.to_string(),
            kind: indicator.observable.kind.as_str(),
            value: &indicator.observable.value,
            role: indicator.role.as_str(),
            confidence: indicator.confidence.get(),
            tlp: tlp_name(indicator.tlp),
            first_seen: day(indicator.first_seen),
            last_seen: day(indicator.last_seen),
            valid_until: day(indicator.valid_until),
            evidence: indicator.evidence_count,
        }
    }

    pub(crate) fn fields(&self) -> [String; 10] {
        [
            self.kind.to_owned(),
            self.value.to_owned(),
            self.role.to_owned(),
            self.confidence.to_string(),
            self.tlp.to_owned(),
            self.first_seen.clone(),
            self.last_seen.clone(),
            self.valid_until.clone(),
            self.evidence.to_string(),
            self.id.clone(),
        ]
    }
}

const fn tlp_name(tlp: ukai_model::Tlp) -> &'static str {
    match tlp {
        ukai_model::Tlp::Clear => "clear",
        ukai_model::Tlp::Green => "green",
        ukai_model::Tlp::Amber => "amber",
        ukai_model::Tlp::Red => "red",
    }
}

/// The day in UTC, `2026-01-31`.
fn day(time: Timestamp) -> String {
    time.to_string().split('T').next().unwrap_or_default().to_owned()
}
