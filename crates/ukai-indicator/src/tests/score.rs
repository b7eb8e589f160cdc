//! How sure we are, for how long.

use super::{DAY, NOW, analysis, claim, evidence, found, indicator, sighting};
use crate::limits::EVIDENCE_MAX;
use crate::{claim_of_opinion, claims_of_analysis, current_confidence, merge};
use proptest::prelude::*;
use ukai_model::{CaptureHow, EvidenceKind, Role, StringEncoding, Timestamp};

const KINDS: [EvidenceKind; 11] = [
    EvidenceKind::Connection,
    EvidenceKind::Login,
    EvidenceKind::Attack,
    EvidenceKind::DownloadAsked,
    EvidenceKind::DownloadServed,
    EvidenceKind::MalwareServed,
    EvidenceKind::StaticAnalysis,
    EvidenceKind::StaticHidden,
    EvidenceKind::Behaviour,
    EvidenceKind::Capture,
    EvidenceKind::Opinion,
];

/// The confidence after evidence of `kind` from each of the sensors.
fn confidence(role: Role, kind: EvidenceKind, sensors: &[&str]) -> u8 {
    let value = if role == Role::Malware { "ab".repeat(32) } else { "203.0.113.5".into() };
    let claims: Vec<_> = sensors
        .iter()
        .enumerate()
        .map(|(number, sensor)| claim(&value, role, evidence(kind, sensor, number as u128)))
        .collect();
    merge(None, &claims, NOW).confidence.get()
}

#[test]
fn independent_observations_add_up_and_repeated_ones_do_not() {
    let login = |sensors: &[&str]| confidence(Role::Scanner, EvidenceKind::Login, sensors);
    assert_eq!(login(&["s1"]), 65);
    assert_eq!(login(&["s1", "s1", "s1"]), 65);
    assert_eq!(login(&["s1", "s2"]), 75);
    assert_eq!(login(&["s1", "s2", "s3"]), 80);
    assert_eq!(login(&["s1", "s2", "s3", "s4", "s5", "s6", "s7"]), 85);
    let scan = |sensors: &[&str]| confidence(Role::Scanner, EvidenceKind::Connection, sensors);
    assert_eq!(scan(&["s1"]), 30);
    assert_eq!(scan(&["s1", "s2", "s3", "s4", "s5"]), 50);
    let asked =
        |sensors: &[&str]| confidence(Role::Distribution, EvidenceKind::DownloadAsked, sensors);
    assert_eq!(asked(&["s1"]), 45);
    assert_eq!(asked(&["s1", "s2"]), 55);
    assert_eq!(asked(&["s1", "s2", "s3", "s4", "s5"]), 58, "anybody can name anything");
}

#[test]
fn what_a_captured_program_hides_is_published_and_what_a_page_says_is_not() {
    let confidence_of = |encoding, how| {
        let elf = analysis("elf", vec![found("c2.example", 9000, encoding)]);
        let claims = claims_of_analysis(&elf, &[sighting(how, None)]);
        merge(None, &claims[1..], NOW).confidence.get()
    };
    let hidden = StringEncoding::Xor { key: 0x22 };
    assert_eq!(confidence_of(hidden.clone(), CaptureHow::Dropped), 80);
    assert_eq!(confidence_of(StringEncoding::Plain, CaptureHow::Dropped), 65);
    assert_eq!(confidence_of(hidden, CaptureHow::Submitted), 65);
    assert_eq!(confidence_of(StringEncoding::Plain, CaptureHow::Submitted), 50);
}

#[test]
fn what_engines_know_is_published_even_if_a_person_handed_it_in() {
    let sha256 = ukai_model::Sha256::of(b"x");
    let of = |how| {
        let sightings = [ukai_model::Sighting { sha256, ..sighting(how, None) }];
        let claim = claim_of_opinion(sha256, "mirai for 2 of 2 engines", NOW, &sightings);
        merge(None, &[claim], NOW)
    };
    let captured = of(CaptureHow::Dropped);
    assert_eq!((captured.role, captured.confidence.get()), (Role::Malware, 80));
    let detail = &captured.evidence[0].detail;
    assert!(detail.starts_with("mirai for 2 of 2 engines, written by"), "{detail}");
    assert_eq!(of(CaptureHow::Submitted).confidence.get(), 65);
}

#[test]
fn a_captured_file_is_malware_once_it_is_known_to_be_a_program() {
    assert_eq!(confidence(Role::Malware, EvidenceKind::Capture, &["s1"]), 45);
    assert_eq!(confidence(Role::Malware, EvidenceKind::Attack, &["s1"]), 55);
    let elf = analysis("elf", Vec::new());
    let of = |how| merge(None, &claims_of_analysis(&elf, &[sighting(how, None)]), NOW);
    assert_eq!(of(CaptureHow::Uploaded).confidence.get(), 75);
    assert_eq!(of(CaptureHow::Submitted).confidence.get(), 50);
}

#[test]
fn the_same_evidence_read_twice_changes_nothing() {
    let claims = [claim("203.0.113.5", Role::Scanner, evidence(EvidenceKind::Login, "s1", 1))];
    let once = merge(None, &claims, NOW);
    assert_eq!(merge(Some(once.clone()), &claims, NOW + DAY), once);
    assert_eq!(once.evidence_count, 1);
}

#[test]
fn a_busy_sensor_does_not_push_out_the_others() {
    let mut claims =
        vec![claim("203.0.113.5", Role::Scanner, evidence(EvidenceKind::Login, "rare", 0))];
    for number in 1..500 {
        let mut busy = evidence(EvidenceKind::Login, "busy", number);
        busy.time = NOW + std::time::Duration::from_secs(number as u64);
        claims.push(claim("203.0.113.5", Role::Scanner, busy));
    }
    let indicator = merge(None, &claims, NOW + DAY);
    assert_eq!(indicator.evidence.len(), EVIDENCE_MAX);
    assert_eq!(indicator.evidence_count, 500);
    assert_eq!(indicator.confidence.get(), 75);
}

#[test]
fn confidence_wears_off_slowly_then_fast_and_a_sighting_restarts_it() {
    let first = indicator("c2.example", Role::C2);
    let after = |days: u32| current_confidence(&first, NOW + DAY * days).get();
    assert_eq!(after(0), 80);
    assert_eq!(after(21), 72, "half of a domain's life");
    assert_eq!(after(41), 6);
    assert_eq!(after(42), 0);
    let mut again = evidence(EvidenceKind::MalwareServed, "s1", 2);
    again.time = NOW + DAY * 21;
    let seen = merge(Some(first), &[claim("c2.example", Role::C2, again)], NOW + DAY * 21);
    assert_eq!(current_confidence(&seen, NOW + DAY * 42).get(), 72);
    assert_eq!(seen.valid_until, NOW + DAY * 63);
}

#[test]
fn a_hash_holds_for_ever() {
    let hash = indicator(&"ab".repeat(32), Role::Malware);
    assert_eq!(current_confidence(&hash, NOW + DAY * 36_500).get(), 80);
}

#[test]
fn a_clock_that_runs_ahead_prolongs_nothing() {
    let mut ahead = evidence(EvidenceKind::Login, "s1", 1);
    ahead.time = NOW + DAY * 1000;
    let indicator = merge(None, &[claim("203.0.113.5", Role::Scanner, ahead)], NOW);
    assert_eq!(indicator.last_seen, NOW);
    assert_eq!(indicator.first_seen, NOW);
}

proptest! {
    #[test]
    fn more_evidence_never_lowers_confidence(
        pieces in prop::collection::vec((0..9_usize, 0..6_u8, 0..20_u64), 1..80),
    ) {
        let mut known = None;
        let mut before = 0;
        for (number, (kind, sensor, seconds)) in pieces.into_iter().enumerate() {
            let mut piece = evidence(KINDS[kind], &format!("s{sensor}"), number as u128);
            piece.time = Timestamp::from_secs(seconds);
            let indicator = merge(known, &[claim("203.0.113.5", Role::C2, piece)], NOW);
            prop_assert!(indicator.confidence.get() >= before && indicator.confidence.get() < 100);
            prop_assert!(indicator.evidence.is_sorted_by_key(|e| e.time));
            prop_assert!(indicator.evidence.len() <= EVIDENCE_MAX);
            before = indicator.confidence.get();
            known = Some(indicator);
        }
    }
}
