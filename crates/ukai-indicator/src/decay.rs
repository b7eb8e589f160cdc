//! How long an indicator holds, and how its confidence wears off until then.
//!
//! The curve is MISP's polynomial one (S. Mokaddem, G. Wagener, A. Dulaunoy, A. Iklody,
//! "Taxonomy driven indicator scoring in MISP threat intelligence platforms", 2018,
//! arXiv:1902.03914, section 4):
//!
//! `score(t) = base · (1 − (t / τ)^(1/δ))`
//!
//! with `t` since the last sighting, lifetime `τ` by type, and decay speed `δ` =
//! [`DECAY_SPEED`]: nearly flat at first, steep at the end. A sighting restarts it.

use ukai_model::{Confidence, Duration, Indicator, ObservableKind, Role, Timestamp};

/// `δ` of the curve. Below 1 an indicator keeps most of its confidence for the first
/// half of its life: at `τ/2` it has 90% of it.
pub const DECAY_SPEED: f64 = 0.3;

const DAY: Duration = Duration::from_hours(24);

/// How long an indicator holds after its last sighting; `None`: for ever.
///
/// | value | as scanner | otherwise |
/// | --- | --- | --- |
/// | address, endpoint | 7 days: infected hosts change addresses | 14 days |
/// | URL | | 21 days |
/// | domain | | 42 days |
/// | SHA-256 | | for ever |
pub const fn lifetime(kind: ObservableKind, role: Role) -> Option<Duration> {
    let days = match (kind, role) {
        (ObservableKind::Ip | ObservableKind::Endpoint, Role::Scanner) => 7,
        (ObservableKind::Ip | ObservableKind::Endpoint, _) => 14,
        (ObservableKind::Url, _) => 21,
        (ObservableKind::Domain, _) => 42,
        (ObservableKind::Sha256, _) => return None,
    };
    Some(Duration::from_secs(DAY.as_secs() * days))
}

/// The end of an indicator last seen at `last_seen`. What holds for ever ends with the
/// last year that RFC 3339 text of every reader can hold within our 64-bit clock.
pub(crate) fn valid_until(kind: ObservableKind, role: Role, last_seen: Timestamp) -> Timestamp {
    /// 2500-01-01T00:00:00Z.
    const FOR_EVER: Timestamp = Timestamp::from_secs(16_725_225_600);
    lifetime(kind, role).map_or(FOR_EVER, |lifetime| last_seen + lifetime)
}

/// The confidence that is left at `now`. Times before the last sighting count as it.
pub fn current_confidence(indicator: &Indicator, now: Timestamp) -> Confidence {
    if now >= indicator.valid_until {
        return Confidence::new(0);
    }
    let Some(lifetime) = lifetime(indicator.observable.kind, indicator.role) else {
        return indicator.confidence;
    };
    let part = now.since(indicator.last_seen).as_secs_f64() / lifetime.as_secs_f64();
    let left = 1.0 - part.powf(1.0 / DECAY_SPEED);
    Confidence::new((f64::from(indicator.confidence.get()) * left.clamp(0.0, 1.0)).round() as u8)
}
