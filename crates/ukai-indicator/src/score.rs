//! Claims merged into indicators: confidence from the kind and the number of
//! independent observations.
//!
//! The strongest piece of evidence sets the base:
//!
//! | evidence | base | at most |
//! | --- | --- | --- |
//! | completed connection | 30 | 50: a scan alone is never published at the default threshold |
//! | log-in tried | 65 | 90 |
//! | attack or commands, from an address | 75 | 95 |
//! | fetch asked for by an attacker | 45 | 58: anybody can name anything, on every sensor |
//! | a file was served, its content unknown | 50 | 58 |
//! | an executable or script was served | 80 | 95 |
//! | found plain in an executable or script that a sensor captured | 65 | 90 |
//! | found plain in one that a person submitted | 50 | 80 |
//! | found hidden in one that a sensor captured | 80 | 95 |
//! | found hidden in one that a person submitted | 65 | 90 |
//! | a sensor's sample was served or commanded from there in the sandbox | 75 | 95 |
//! | a sample that a person submitted was, or one that another left | 60 | 85 |
//! | a captured file, its type unknown | 45 | 55 |
//! | a file that an attacker started, its type unknown | 55 | 58 |
//! | a captured file that is an executable or script | 75 | 95 |
//! | a submitted file that is an executable or script | 50 | 55: a person hands in anything |
//! | a captured file that engines or services know as malware | 80 | 95 |
//! | a submitted file that they know as malware | 65 | 90 |
//!
//! Each further independent observation adds 10, 5, 3 and 2, as far as the base's limit
//! allows. Observations are independent when they come from different sensors or
//! different samples: one attacker on one sensor counts once, however often. 100 is
//! reached by no machine.

use crate::claims::Claim;
use crate::decay::valid_until;
use crate::limits::EVIDENCE_MAX;
use std::collections::HashSet;
use ukai_model::{
    Confidence, Evidence, EvidenceKind, Indicator, IndicatorId, ObservableKind, Role, Timestamp,
    Tlp,
};

/// What each independent observation after the first adds.
const BONUS: [u8; 4] = [10, 5, 3, 2];

/// Adds `claims` to what is known.
///
/// Claims about another observable or role than the indicator's (the first claim's) are
/// passed over. Evidence that is listed already is not counted again, so that events
/// may be read twice. Times after `now` become `now`: a sensor's clock that runs ahead
/// must not prolong a life.
///
/// # Panics
/// When there is neither an indicator nor a claim.
pub fn merge(existing: Option<Indicator>, claims: &[Claim], now: Timestamp) -> Indicator {
    let mut indicator = existing.unwrap_or_else(|| {
        new_indicator(claims.first().expect("an indicator is made of at least one claim"), now)
    });
    for claim in claims {
        if claim.observable == indicator.observable && claim.role == indicator.role {
            add(&mut indicator, &claim.evidence, now);
        }
    }
    indicator.confidence = confidence(indicator.role, &indicator.evidence);
    indicator.valid_until =
        valid_until(indicator.observable.kind, indicator.role, indicator.last_seen);
    indicator
}

fn new_indicator(claim: &Claim, now: Timestamp) -> Indicator {
    let time = claim.evidence.time.min(now);
    Indicator {
        id: IndicatorId::of(&claim.observable, claim.role),
        observable: claim.observable.clone(),
        role: claim.role,
        confidence: Confidence::default(),
        tlp: default_tlp(claim.observable.kind),
        first_seen: time,
        last_seen: time,
        valid_until: time,
        evidence: Vec::new(),
        evidence_count: 0,
        withheld: None,
    }
}

/// Addresses may be those of somebody's infected device and stay within the community;
/// the rest harms nobody by being known.
const fn default_tlp(kind: ObservableKind) -> Tlp {
    match kind {
        ObservableKind::Ip | ObservableKind::Endpoint => Tlp::Green,
        ObservableKind::Domain | ObservableKind::Url | ObservableKind::Sha256 => Tlp::Clear,
    }
}

fn add(indicator: &mut Indicator, evidence: &Evidence, now: Timestamp) {
    let time = evidence.time.min(now);
    indicator.first_seen = indicator.first_seen.min(time);
    indicator.last_seen = indicator.last_seen.max(time);
    if indicator.evidence.iter().any(|known| same_observation(known, evidence)) {
        return;
    }
    indicator.evidence_count += 1;
    let place = indicator.evidence.partition_point(|known| known.time <= time);
    indicator.evidence.insert(place, Evidence { time, ..evidence.clone() });
    if indicator.evidence.len() > EVIDENCE_MAX {
        let least = least_telling(&indicator.evidence);
        indicator.evidence.remove(least);
    }
}

/// Whether two pieces tell the same: in one session the same thing is said once, however
/// many commands and log-ins it has.
fn same_observation(a: &Evidence, b: &Evidence) -> bool {
    let together = if a.session.is_some() { a.session == b.session } else { a.event == b.event };
    a.kind == b.kind && a.sample == b.sample && together
}

/// The oldest piece that a newer one of the same kind and origin replaces; the oldest of
/// all if each is unlike the others.
fn least_telling(evidence: &[Evidence]) -> usize {
    let mut newer = HashSet::new();
    let mut least = 0;
    for (at, piece) in evidence.iter().enumerate().rev() {
        if !newer.insert((piece.kind, origin(piece))) {
            least = at;
        }
    }
    least
}

/// Where a piece of evidence comes from; equal origins are not independent.
#[derive(PartialEq, Eq, Hash)]
enum Origin<'a> {
    Sensor(&'a str),
    Sample(ukai_model::Sha256),
    Unknown,
}

fn origin(evidence: &Evidence) -> Origin<'_> {
    let from_sample = matches!(
        evidence.kind,
        EvidenceKind::StaticAnalysis
            | EvidenceKind::StaticHidden
            | EvidenceKind::MalwareServed
            | EvidenceKind::Behaviour
            | EvidenceKind::Opinion
    );
    match (evidence.sample, &evidence.sensor) {
        (Some(sample), _) if from_sample => Origin::Sample(sample),
        (_, Some(sensor)) => Origin::Sensor(sensor.as_str()),
        (Some(sample), None) => Origin::Sample(sample),
        (None, None) => Origin::Unknown,
    }
}

fn confidence(role: Role, evidence: &[Evidence]) -> Confidence {
    let Some((base, ceiling)) = evidence.iter().map(|piece| weight(role, piece)).max() else {
        return Confidence::default();
    };
    let independent = evidence.iter().map(origin).collect::<HashSet<_>>().len();
    let bonus: u8 = BONUS.iter().take(independent.saturating_sub(1)).sum();
    Confidence::new((base + bonus).min(ceiling))
}

/// Base and ceiling of one piece of evidence: the table above.
fn weight(role: Role, evidence: &Evidence) -> (u8, u8) {
    let by_attacker = evidence.sensor.is_some() && evidence.event.is_some();
    match (evidence.kind, role) {
        (EvidenceKind::Connection, _) => (30, 50),
        (EvidenceKind::Attack, Role::Malware) => (55, 58),
        (EvidenceKind::Attack, _) => (75, 95),
        (EvidenceKind::DownloadAsked, _) => (45, 58),
        (EvidenceKind::DownloadServed, _) => (50, 58),
        (EvidenceKind::MalwareServed, _) => (80, 95),
        (EvidenceKind::StaticAnalysis, Role::Malware) | (EvidenceKind::Behaviour, _)
            if by_attacker =>
        {
            (75, 95)
        }
        (EvidenceKind::StaticAnalysis, Role::Malware) => (50, 55),
        (EvidenceKind::StaticAnalysis, _) if by_attacker => (65, 90),
        (EvidenceKind::StaticAnalysis, _) => (50, 80),
        (EvidenceKind::StaticHidden | EvidenceKind::Opinion, _) if by_attacker => (80, 95),
        (EvidenceKind::Behaviour, _) => (60, 85),
        (EvidenceKind::Login | EvidenceKind::StaticHidden | EvidenceKind::Opinion, _) => (65, 90),
        (EvidenceKind::Capture, _) => (45, 55),
    }
}
