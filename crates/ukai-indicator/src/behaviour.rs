//! From what a sample did in the sandbox to claims.
//!
//! Only servers that serve the sample are claimed: those that command it, and those that
//! give out programs or newer versions of it. What it scans and attacks are victims, and
//! what it merely asks for its own address is innocent.

use crate::Claim;
use crate::claims::{evidence_of_sample, shortened, without_repetition};
use crate::limits::CLAIMS_PER_ANALYSIS_MAX;
use crate::observables;
use ukai_model::{Behaviour, Class, Contact, EvidenceKind, Role, Sighting};

/// How sure the report must be of what a destination is, 0 to 100.
const CONTACT_CONFIDENCE_MIN: u8 = 60;

/// What a sample's behaviour claims, with the ways in which the sample came.
///
/// To be asked again when the sample is seen again, as for an analysis.
pub fn claims_of_behaviour(behaviour: &Behaviour, sightings: &[Sighting]) -> Vec<Claim> {
    let of_sample =
        evidence_of_sample(EvidenceKind::Behaviour, behaviour.sha256, behaviour.started, sightings);
    let mut claims = Vec::new();
    let sure = |contact: &&Contact| contact.confidence >= CONTACT_CONFIDENCE_MIN;
    for contact in behaviour.contacts.iter().filter(sure) {
        let Some((role, what)) = role(contact.class) else { continue };
        let mut evidence = of_sample.clone();
        let reason = contact.reasons.first().map_or("", String::as_str);
        evidence.detail = shortened(format!("{what}: {reason}; {}", of_sample.detail));
        let canonical = contact.observables.iter().filter(|observable| {
            observables::parse(&observable.value).is_ok_and(|parsed| parsed == **observable)
        });
        claims.extend(canonical.map(|observable| Claim {
            observable: observable.clone(),
            role,
            evidence: evidence.clone(),
        }));
    }
    claims.truncate(CLAIMS_PER_ANALYSIS_MAX);
    without_repetition(claims)
}

/// The role of a destination's class, and what to call it.
const fn role(class: Class) -> Option<(Role, &'static str)> {
    match class {
        Class::C2 => Some((Role::C2, "C&C in the sandbox")),
        Class::Distribution => Some((Role::Distribution, "distribution server in the sandbox")),
        Class::Update => Some((Role::Distribution, "update server in the sandbox")),
        // A pool serves whoever mines; the others are victims, or innocent.
        Class::MiningPool
        | Class::ScanTarget
        | Class::AttackTarget
        | Class::ConnectivityCheck
        | Class::Resolver
        | Class::TimeServer
        | Class::Local
        | Class::Unknown => None,
    }
}
