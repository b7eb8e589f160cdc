//! What a sample's behaviour claims.

use super::{NOW, sample, sighting};
use crate::{Claim, claims_of_behaviour, merge, observables};
use ukai_model::{Behaviour, CaptureHow, Class, Contact, EvidenceKind, Role, Transport};

/// A destination at one of `values`, as sure as `confidence`.
fn contact(class: Class, confidence: u8, values: &[&str]) -> Contact {
    Contact {
        reasons: vec!["it waits there for orders".into()],
        observables: values
            .iter()
            .map(|value| observables::parse(value).expect("a value"))
            .collect(),
        ..Contact::new(Transport::Tcp, 443, class, confidence)
    }
}

fn claims(contacts: Vec<Contact>, how: CaptureHow) -> Vec<Claim> {
    let behaviour = Behaviour { contacts, ..Behaviour::new(sample(), NOW) };
    claims_of_behaviour(&behaviour, &[sighting(how, None)])
}

fn told(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(|c| format!("{} {}", c.role.as_str(), c.observable.value)).collect()
}

#[test]
fn servers_are_claimed_and_victims_are_not() {
    let found = claims(
        vec![
            contact(Class::C2, 90, &["c2.example", "c2.example"]),
            contact(Class::Distribution, 70, &["http://dl.example/x"]),
            contact(Class::Update, 60, &["198.51.100.9:8080"]),
            contact(Class::ScanTarget, 99, &["203.0.113.1"]),
            contact(Class::AttackTarget, 99, &["203.0.113.2"]),
            contact(Class::ConnectivityCheck, 99, &["check.example"]),
            contact(Class::MiningPool, 99, &["pool.example"]),
            contact(Class::Unknown, 99, &["203.0.113.4"]),
            contact(Class::C2, 59, &["perhaps.example"]),
        ],
        CaptureHow::Fetched,
    );
    assert_eq!(
        told(&found),
        ["c2 c2.example", "distribution http://dl.example/x", "distribution 198.51.100.9:8080"]
    );
    assert!(found.iter().all(|claim| claim.evidence.kind == EvidenceKind::Behaviour));
    let detail = &found[0].evidence.detail;
    assert!(detail.starts_with("C&C in the sandbox: it waits there"), "{detail}");
    assert_eq!(found[0].evidence.sample, Some(sample()));
}

#[test]
fn who_handed_the_sample_in_decides_how_much_it_counts() {
    let confidence = |how| {
        let found = claims(vec![contact(Class::C2, 90, &["c2.example"])], how);
        merge(None, &found, NOW).confidence.get()
    };
    assert_eq!(confidence(CaptureHow::Fetched), 75);
    assert_eq!(confidence(CaptureHow::Submitted), 60);
    assert_eq!(confidence(CaptureHow::Sandbox), 60, "the sandbox is no attacker");
}

#[test]
fn values_that_are_not_canonical_are_passed_over() {
    let mut odd = contact(Class::C2, 90, &["c2.example"]);
    odd.observables[0].value = "C2.example\n* CNAME .".into();
    assert_eq!(told(&claims(vec![odd], CaptureHow::Fetched)), [""; 0]);
}

#[test]
fn evidence_of_a_role_of_malware_is_none() {
    let found = claims(vec![contact(Class::C2, 90, &["c2.example"])], CaptureHow::Fetched);
    assert!(found.iter().all(|claim| claim.role != Role::Malware), "it ran; that is no proof");
}
