//! The telescope in numbers, from events.

use super::rig::{Rig, event};
use hyper::StatusCode;
use std::time::Duration;
use ukai_model::{Event, EventId, EventKind, SCHEMA_VERSION, SessionId, Timestamp};

fn observed(time: Timestamp, number: u128, kind: EventKind) -> Event {
    let sensor = "dark".parse().expect("a name");
    let id = EventId::new(time, number);
    Event { v: SCHEMA_VERSION, id, time, sensor, session: None, flow: None, kind }
}

fn attack(state: &str, victim: &str, country: &str, first: Timestamp, packets: u64) -> EventKind {
    EventKind::TelescopeAttack {
        state: state.into(),
        victim: victim.into(),
        country: Some(country.into()),
        asn: Some(64_500),
        as_name: None,
        own: false,
        first,
        last: first,
        vectors: vec!["tcp".into()],
        ports: vec!["80/tcp".into()],
        packets,
        minute_peak: packets,
        addresses: 9,
        victims: None,
        waves: None,
        rate_estimated: None,
    }
}

fn scanner(source: &str, own: bool, first: Timestamp, packets: u64) -> EventKind {
    EventKind::TelescopeScanner {
        state: "ended".into(),
        source: source.parse().expect("an address"),
        known: None,
        country: None,
        asn: None,
        as_name: None,
        own,
        first,
        last: first,
        packets,
        tool: Some("zmap".into()),
        ports: vec!["23/tcp".into()],
        distinct_ports: 1,
        addresses: packets,
        order: "each-once".into(),
        internet_rate: None,
        generator: None,
        done_permille: None,
    }
}

fn port(port: &str, begins: Timestamp, sources: u64) -> EventKind {
    let (port, packets) = (port.to_owned(), 2 * sources);
    EventKind::TelescopePort { port, begins, length_s: 3_600, rank: 1, sources, packets }
}

fn blocks(begins: Timestamp, counts: &[(&str, u64)]) -> EventKind {
    EventKind::TelescopeBlocks {
        begins,
        length_s: 3_600,
        blocks: counts.iter().map(|(block, _)| (*block).to_owned()).collect(),
        packets: counts.iter().map(|(_, packets)| *packets).collect(),
    }
}

fn country(country: Option<&str>, begins: Timestamp, sources: u64) -> EventKind {
    let (country, packets) = (country.map(str::to_owned), 3 * sources);
    EventKind::TelescopeCountry { country, begins, length_s: 3_600, rank: 1, sources, packets }
}

fn system(asn: u32, begins: Timestamp, sources: u64) -> EventKind {
    EventKind::TelescopeSystem {
        asn: Some(asn),
        as_name: Some("Example".into()),
        begins,
        length_s: 3_600,
        rank: 1,
        sources,
        packets: 3 * sources,
    }
}

#[tokio::test]
async fn ports_attacks_and_sources_are_put_together() {
    let rig = Rig::start().await;
    let now = crate::clock::now();
    let hour = |ago: u64| now - Duration::from_hours(ago);
    let interval = EventKind::TelescopeInterval {
        begins: hour(2),
        length_s: 3_600,
        packets: 100,
        bytes: 4_000,
        sources: 7,
        addresses: 90,
        scan: 60,
        backscatter: 30,
        other: 10,
        dropped: 1,
    };
    let kinds = vec![
        (hour(19), port("23/tcp", hour(20), 50)),
        (hour(19), port("22/tcp", hour(20), 20)),
        (hour(1), port("23/tcp", hour(2), 40)),
        (hour(1), port("8291/tcp", hour(2), 90)),
        (hour(2), country(Some("JP"), hour(3), 20)),
        (hour(2), country(None, hour(3), 4)),
        (hour(1), country(Some("JP"), hour(2), 10)),
        (hour(1), country(Some("US"), hour(2), 25)),
        (hour(2), system(64_500, hour(3), 20)),
        (hour(1), system(64_501, hour(2), 30)),
        (hour(2), blocks(hour(3), &[("198.18.9.0/24", 5), ("198.18.10.0/24", 70)])),
        (hour(1), blocks(hour(2), &[("198.18.10.0/24", 30), ("2001:db8:d::/48", 2)])),
        (hour(1), interval.clone()),
        (hour(1), interval),
        (hour(3), attack("began", "192.0.2.80", "US", hour(4), 30)),
        (hour(2), attack("ended", "192.0.2.80", "US", hour(4), 70)),
        (hour(2), attack("ended", "192.0.2.81", "JP", hour(3), 40)),
        (hour(2), attack("ended", "192.0.2.82", "US", hour(3), 40)),
        (hour(2), scanner("198.51.100.7", true, hour(4), 30)),
        (hour(1), scanner("198.51.100.8", false, hour(4), 900)),
        // Long ago.
        (hour(30), attack("ended", "192.0.2.99", "DE", hour(31), 40)),
    ];
    let events = kinds.into_iter().zip(1..).map(|((time, kind), n)| observed(time, n, kind));
    rig.store.submit(events.collect()).await.expect("stored");

    let view = rig.json("/api/telescope").await;
    assert_eq!(view["complete"], true);
    // Of two sensors, or of one that was told twice: sums.
    assert_eq!(view["intervals"].as_array().map(Vec::len), Some(1), "{view}");
    assert_eq!(
        (&view["intervals"][0]["packets"], &view["intervals"][0]["dropped"]),
        (&200.into(), &2.into())
    );
    let ports: Vec<_> = view["ports"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| format!("{} {} {}", line["port"], line["rank"], line["rank_before"]))
        .collect();
    assert_eq!(ports, ["\"8291/tcp\" 1 null", "\"23/tcp\" 2 1", "\"22/tcp\" 3 2"]);
    assert_eq!(view["ports"][1]["cells"].as_array().map(Vec::len), Some(2));
    let origins = |name: &str| {
        let lines = view[name].as_array().expect("a list").iter();
        let shown = |one: &serde_json::Value| {
            format!("{} {} {}", one["value"], one["sources"], one["packets"])
        };
        lines.map(shown).collect::<Vec<_>>()
    };
    assert_eq!(origins("source_countries"), ["\"US\" 25 75", "\"JP\" 20 90", "\"?\" 4 12"]);
    let expected = ["\"AS64501 Example\" 30 90", "\"AS64500 Example\" 20 60"];
    assert_eq!(origins("source_systems"), expected);
    let blocks = view["blocks"].as_array().expect("a list").iter();
    let blocks: Vec<_> = blocks.map(|one| format!("{} {}", one["block"], one["packets"])).collect();
    let expected = ["\"198.18.9.0/24\" 5", "\"198.18.10.0/24\" 100", "\"2001:db8:d::/48\" 2"];
    assert_eq!(blocks, expected);
    let attacks = view["attacks"].as_array().expect("a list");
    assert_eq!(attacks.len(), 3, "{view}");
    assert!(attacks.iter().all(|attack| attack["state"] == "ended"), "the newest of each");
    assert_eq!(
        (&view["countries"][0]["value"], &view["countries"][0]["count"]),
        (&"US".into(), &2.into())
    );
    assert_eq!(view["systems"][0]["value"], "AS64500");
    assert_eq!(view["scanners"][0]["source"], "198.51.100.8");
    assert_eq!(view["suspects"].as_array().map(Vec::len), Some(1));
    assert_eq!(view["suspects"][0]["source"], "198.51.100.7");
    let month = rig.json("/api/telescope?range=30d").await;
    assert_eq!(month["attacks"].as_array().map(Vec::len), Some(4));
    rig.get("/api/telescope?range=1y").await.is_error(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_source_has_its_scans_and_whether_it_came_back_to_speak() {
    let rig = Rig::start().await;
    let now = crate::clock::now();
    rig.store
        .submit(vec![
            observed(now, 1, scanner("198.51.100.7", false, now, 30)),
            observed(now, 2, scanner("198.51.100.8", false, now, 30)),
        ])
        .await
        .expect("stored");
    let open = EventKind::SessionOpen { protocol: "telnet".into(), persona: "p".into() };
    let session = SessionId::new(now, 5);
    rig.store.submit(vec![event(now, session, "198.51.100.7:4000", open)]).await.expect("stored");
    let view = rig.json("/api/telescope/sources/198.51.100.7").await;
    assert_eq!(view["scans"].as_array().map(Vec::len), Some(1));
    assert_eq!(view["scans"][0]["tool"], "zmap");
    assert_eq!(view["sessions"][0]["id"], session.to_string());
    assert_eq!(view["handshake"], true);
    let view = rig.json("/api/telescope/sources/198.51.100.8").await;
    assert_eq!(
        (&view["handshake"], view["sessions"].as_array().map(Vec::len)),
        (&false.into(), Some(0))
    );
    rig.get("/api/telescope/sources/nobody").await.is_error(StatusCode::BAD_REQUEST);
}
