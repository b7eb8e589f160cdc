//! What must not be published, and the reason that a reader gets.

use super::{DAY, NOW, indicator};
use crate::{Guard, Policy, PolicyError, WarningList, observables};
use std::collections::BTreeMap;
use ukai_model::{Confidence, Indicator, Role};

fn policy() -> Policy {
    Policy {
        own: vec!["203.0.113.128/25".parse().expect("a prefix")],
        allow: vec![
            "www.partner.test".into(),
            "198.51.100.0/28".into(),
            "http://files.test/good".into(),
            "cd".repeat(32),
        ],
        publish_documentation_ranges: true,
        ..Policy::default()
    }
}

fn reason_for(guard: &Guard, indicator: &Indicator) -> String {
    guard.check(indicator, NOW).err().map(|reason| reason.to_string()).unwrap_or_default()
}

/// Why `value` is withheld, with a confidence of 80; empty if it is published.
fn reason(value: &str) -> String {
    let guard = Guard::new(&policy()).expect("a policy");
    let role = if value.len() == 64 { Role::Malware } else { Role::C2 };
    reason_for(&guard, &indicator(value, role))
}

#[test]
fn what_is_published() {
    for value in [
        "203.0.113.5",
        "2001:db8::5",
        "c2.test",
        "a.c2.example",
        "evil.duckdns.org",
        "evil.co.uk",
        "http://203.0.113.5/x",
        "http://raw.githubusercontent.com/evil/x",
        "https://drive.google.com/uc?id=1",
        "45.95.168.1:23",
        "2a0f:1::1",
        "tftp://203.0.113.5/x",
        &"ab".repeat(32),
    ] {
        assert_eq!(reason(value), "", "{value}");
    }
}

#[test]
fn what_is_withheld_and_why() {
    for (value, expected) in [
        ("203.0.113.200", "own address, in 203.0.113.128/25"),
        ("203.0.113.200:23", "own address, in 203.0.113.128/25"),
        ("http://203.0.113.200/x", "own address, in 203.0.113.128/25"),
        ("64:ff9b::cb00:71c8", "own address, in 203.0.113.128/25"),
        ("10.1.2.3", "reserved: private use (RFC 1918)"),
        ("169.254.169.254", "reserved: link-local (RFC 3927)"),
        ("http://127.0.0.1/x", "reserved: loopback (RFC 1122)"),
        ("fe80::1", "reserved: link-local (RFC 4291)"),
        ("4000::1", "reserved: not assigned as global unicast (IANA IPv6 address space registry)"),
        ("printer.local", "reserved: special-use name .local"),
        ("abcdef.onion", "reserved: special-use name .onion"),
        ("1.2.0.192.in-addr.arpa", "reserved: special-use name .arpa"),
        ("evil.nosuchtld", "reserved: no such top-level domain .nosuchtld"),
        ("http://localhost/x", "reserved: special-use name .localhost"),
        ("co.uk", "reserved: public suffix: belongs to many"),
        ("duckdns.org", "reserved: public suffix: belongs to many"),
        ("www.example.com", "reserved: documentation (RFC 2606)"),
        ("8.8.8.8", "public resolver: 8.8.8.8/32"),
        ("8.8.8.8:53", "public resolver: 8.8.8.8/32"),
        ("0.pool.ntp.org", "public time server: ntp.org"),
        ("schemas.xmlsoap.org", "well-known name: xmlsoap.org"),
        ("www.google.com", "well-known name: google.com"),
        ("google.com", "well-known name: google.com"),
        ("partner.test", "allow-listed: www.partner.test"),
        ("x.www.partner.test", "allow-listed: www.partner.test"),
        ("198.51.100.3", "allow-listed: 198.51.100.0/28"),
        ("http://files.test/good", "allow-listed: http://files.test/good"),
        (&"cd".repeat(32), &format!("allow-listed: {}", "cd".repeat(32))),
        ("104.16.1.1", "shared by many (104.16.0.0/13): needs a confidence of 90, has 80"),
        ("drive.google.com", "shared by many (drive.google.com): needs a confidence of 90, has 80"),
        (
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "harmless file: empty",
        ),
    ] {
        assert_eq!(reason(value), expected, "{value}");
    }
}

#[test]
fn documentation_ranges_are_for_tests_only() {
    let guard = Guard::new(&Policy::default()).expect("a policy");
    for value in ["203.0.113.5", "2001:db8::5", "198.18.0.1", "c2.test", "c2.example"] {
        let why = reason_for(&guard, &indicator(value, Role::C2));
        assert!(why.starts_with("reserved: "), "{value}: {why}");
    }
}

#[test]
fn a_warning_list_withholds_by_its_name() {
    let mut guard = Guard::new(&policy()).expect("a policy");
    let json = br#"{"name":"Top sites","type":"hostname","list":["big.test"]}"#;
    guard.add_warning_list(WarningList::parse(json).expect("a list"));
    let why = reason_for(&guard, &indicator("www.big.test", Role::C2));
    assert_eq!(why, "in warning list \"Top sites\"");
}

#[test]
fn doubt_age_and_complaints_withhold() {
    let mut guard = Guard::new(&policy()).expect("a policy");
    let mut weak = indicator("c2.test", Role::C2);
    weak.confidence = Confidence::new(59);
    assert_eq!(reason_for(&guard, &weak), "needs a confidence of 60, has 59");
    let old = indicator("c2.test", Role::C2);
    let why = guard.check(&old, NOW + DAY * 42).expect_err("is withheld");
    assert_eq!(why.to_string(), "expired on 2026-03-14T00:00:00.000000000Z");
    guard.set_false_positives(BTreeMap::from([(old.id, "our customer".into())]));
    assert_eq!(reason_for(&guard, &old), "reported as a false positive: our customer");
    guard.set_false_positives(BTreeMap::new());
    assert_eq!(reason_for(&guard, &old), "");
}

#[test]
fn a_policy_that_says_nonsense_is_refused() {
    let policy = Policy { allow: vec!["evil[.]test".into()], ..Policy::default() };
    let error = Guard::new(&policy).expect_err("is refused");
    assert_eq!(error, PolicyError::Allow("evil[.]test".into()));
}

#[test]
fn a_policy_is_read_strictly() {
    let read = |json| serde_json::from_str::<Policy>(json);
    assert_eq!(read("{}").expect("the default"), Policy::default());
    assert!(read(r#"{"owm": []}"#).is_err());
}

proptest::proptest! {
    #[test]
    fn any_value_has_an_answer(text in "[a-z0-9.:/\\[\\]-]{1,40}") {
        if let Ok(value) = observables::parse(&text) {
            let guard = Guard::new(&policy()).expect("a policy");
            let _ = guard.check_value(&value);
        }
    }
}
