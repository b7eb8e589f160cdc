//! What all feeds have in common, and each format's own form.

use crate::{FeedState, Rendered, feed, feeds, render};
use proptest::prelude::*;
use ukai_model::{
    Confidence, Evidence, EvidenceKind, Indicator, IndicatorId, Observable, ObservableKind, Role,
    Timestamp, Tlp,
};

fn indicator(kind: ObservableKind, value: &str, role: Role) -> Indicator {
    let observable = Observable { kind, value: value.into() };
    Indicator {
        id: IndicatorId::of(&observable, role),
        observable,
        role,
        confidence: Confidence::new(80),
        tlp: Tlp::Green,
        first_seen: Timestamp::from_secs(1_700_000_000),
        last_seen: Timestamp::from_secs(1_700_050_000),
        valid_until: Timestamp::from_secs(1_701_000_000),
        evidence: vec![Evidence {
            kind: EvidenceKind::Login,
            time: Timestamp::from_secs(1_700_050_000),
            event: None,
            session: None,
            sensor: Some("secret-sensor".parse().expect("a sensor name")),
            sample: None,
            detail: "log-in on 198.51.100.77".into(),
        }],
        evidence_count: 1,
        withheld: None,
    }
}

fn all_kinds() -> Vec<Indicator> {
    vec![
        indicator(ObservableKind::Domain, "c2.example", Role::C2),
        indicator(ObservableKind::Domain, "c2.example", Role::Distribution),
        indicator(ObservableKind::Ip, "203.0.113.10", Role::C2),
        indicator(ObservableKind::Ip, "203.0.113.9", Role::Scanner),
        indicator(ObservableKind::Ip, "2001:db8::1", Role::Distribution),
        indicator(ObservableKind::Url, "http://203.0.113.10/a,b\"c", Role::Distribution),
        indicator(ObservableKind::Endpoint, "c2.example:23", Role::C2),
        indicator(ObservableKind::Sha256, &"ab".repeat(32), Role::Malware),
    ]
}

fn rendered(file: &str, entries: &[Indicator]) -> Rendered {
    render(feed(file).expect("a feed"), entries, None)
}

fn text_of(file: &str, entries: &[Indicator]) -> String {
    String::from_utf8(rendered(file, entries).bytes).expect("text")
}

#[test]
fn lists_hold_each_value_once_in_order() {
    let entries = all_kinds();
    let values = |file| -> Vec<String> {
        let text = text_of(file, &entries);
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    assert_eq!(values("domains.txt"), ["c2.example"]);
    assert_eq!(values("ips.txt"), ["203.0.113.9", "203.0.113.10", "2001:db8::1"]);
    assert_eq!(values("urls.txt"), ["http://203.0.113.10/a,b\"c"]);
    assert_eq!(values("hashes.txt"), ["ab".repeat(32)]);
}

#[test]
fn csv_has_a_header_and_a_line_for_each() {
    let text = text_of("indicators.csv", &all_kinds()[5..6]);
    let id = all_kinds()[5].id;
    assert_eq!(
        text,
        format!(
            "type,value,role,confidence,tlp,first_seen,last_seen,valid_until,evidence,id\n\
             url,\"http://203.0.113.10/a,b\"\"c\",distribution,80,green,2023-11-14,2023-11-15,\
             2023-11-26,1,{id}\n"
        )
    );
}

#[test]
fn json_reads_back() {
    let text = text_of("indicators.json", &all_kinds());
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["indicators"].as_array().map(Vec::len), Some(all_kinds().len()));
    assert_eq!(document["indicators"][0]["type"], "ip");
    let empty: serde_json::Value =
        serde_json::from_str(&text_of("indicators.json", &[])).expect("JSON");
    assert_eq!(empty["indicators"].as_array().map(Vec::len), Some(0));
}

#[test]
fn zone_names_are_relative_and_wildcards_go_with_them() {
    assert_eq!(
        text_of("rpz.zone", &all_kinds()),
        "; ukai: DNS response policy zone: listed domains and all below them do not exist\n\
         $TTL 300\n\
         @ IN SOA localhost. hostmaster.localhost. 1 3600 600 604800 300\n\
         @ IN NS localhost.\n\
         c2.example IN CNAME .\n\
         *.c2.example IN CNAME .\n"
    );
}

#[test]
fn names_that_no_zone_can_hold_are_left_out_with_a_note() {
    let label = "a".repeat(60);
    let entries = [
        indicator(ObservableKind::Domain, &format!("{label}.{label}.{label}.{label}"), Role::C2),
        indicator(ObservableKind::Domain, "32.1.2.0.192.rpz-ip", Role::C2),
        indicator(ObservableKind::Domain, "kept.example", Role::C2),
    ];
    let zone = rendered("rpz.zone", &entries);
    assert_eq!((zone.entries, zone.notes.len()), (1, 2));
}

#[test]
fn the_serial_goes_on_only_when_the_content_changes() {
    let zone = feed("rpz.zone").expect("a feed");
    let first = render(zone, &all_kinds(), None);
    let mut reordered = all_kinds();
    reordered.reverse();
    let second = render(zone, &reordered, Some(&first.state));
    assert_eq!(first, second);
    let third = render(zone, &[], Some(&second.state));
    assert_eq!((second.state.serial, third.state.serial), (1, 2));
    assert_ne!(second.etag, third.etag);
    let last = FeedState { serial: u32::MAX, content: String::new() };
    assert_eq!(render(zone, &[], Some(&last)).state.serial, 1);
}

#[test]
fn strict_marks_and_withheld_entries_stay_out() {
    let mut amber = indicator(ObservableKind::Domain, "amber.example", Role::C2);
    amber.tlp = Tlp::Amber;
    let mut withheld = indicator(ObservableKind::Domain, "own.example", Role::C2);
    withheld.withheld = Some("own address".into());
    for feed in feeds() {
        let rendered = render(feed, &[amber.clone(), withheld.clone()], None);
        assert_eq!(rendered.entries, 0, "{}", feed.file);
    }
}

#[test]
fn no_feed_tells_of_a_sensor() {
    for feed in feeds() {
        let text = text_of(feed.file, &all_kinds());
        assert!(!text.contains("secret-sensor"), "{}", feed.file);
        assert!(!text.contains("198.51.100.77"), "{}", feed.file);
        assert!(!text.contains("22:"), "a time of day in {}", feed.file);
    }
}

#[test]
fn scanners_do_not_reach_the_resolver() {
    let scanner = indicator(ObservableKind::Domain, "scan.example", Role::Scanner);
    assert_eq!(rendered("rpz.zone", std::slice::from_ref(&scanner)).entries, 0);
    assert_eq!(rendered("domains.txt", &[scanner]).entries, 0);
}

fn any_kind() -> impl Strategy<Value = ObservableKind> {
    prop::sample::select(vec![
        ObservableKind::Ip,
        ObservableKind::Domain,
        ObservableKind::Url,
        ObservableKind::Endpoint,
        ObservableKind::Sha256,
    ])
}

proptest! {
    /// Even if something else than a value came this far, it could not add a line.
    #[test]
    fn no_value_escapes_its_line(kind in any_kind(), value in "(\\PC|[\\n\\r;,\"=#.$@*]){0,40}") {
        let entries = [indicator(kind, &value, Role::C2)];
        for feed in feeds() {
            let with = render(feed, &entries, None);
            let without = render(feed, &[], None);
            let lines = |r: &Rendered| r.bytes.split(|b| *b == b'\n').count();
            prop_assert!(lines(&with) <= lines(&without) + 3, "{}", feed.file);
        }
    }
}
