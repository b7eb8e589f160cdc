//! Lists, pages of one thing, wrong questions, live events.

use super::rig::{Plan, Rig, TOKEN, captured, event, request, session, until};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION};
use hyper::{Method, StatusCode};
use std::time::Duration;
use ukai_model::{EventKind, SessionId, Timestamp};

fn now() -> Timestamp {
    crate::clock::now()
}

#[tokio::test]
async fn sessions_are_listed_filtered_and_paged() {
    let rig = Rig::start().await;
    let begin = now() - Duration::from_mins(10);
    let mut ids = Vec::new();
    for n in 0..5 {
        let peer = format!("198.51.100.{n}:4000");
        let (id, events) = session(begin + Duration::from_secs(n), &peer);
        ids.push(id.to_string());
        rig.store.submit(events).await.expect("stored");
    }
    ids.reverse();
    let mut seen = Vec::new();
    let mut path = "/api/sessions?limit=2".to_owned();
    loop {
        let page = rig.json(&path).await;
        let items = page["items"].as_array().expect("a list");
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/sessions?limit=2&before={next}");
    }
    assert_eq!(seen, ids);
    let one = rig.json("/api/sessions?src_ip=198.51.100.3&has=login&protocol=telnet").await;
    assert_eq!(one["items"].as_array().expect("a list").len(), 1);
    assert_eq!(one["items"][0]["login_success"], true);
    let none = rig.json("/api/sessions?has=sample").await;
    assert_eq!(none["items"], serde_json::json!([]));
    assert_eq!(none["next"], serde_json::Value::Null);
    let events = rig.json("/api/events?kind=login.attempt&src_ip=198.51.100.3&session=").await;
    assert_eq!(events["items"].as_array().expect("a list").len(), 1);
    assert_eq!(events["items"][0]["password"], "xc3511");
}

#[tokio::test]
async fn wrong_questions_are_answered_with_a_remedy() {
    let rig = Rig::start().await;
    for path in [
        "/api/sessions?src_ip=nonsense",
        "/api/sessions?has=nothing",
        "/api/sessions?colour=red",
        "/api/sessions?limit=-1",
        "/api/sessions?before=zzz",
        "/api/sessions/nonsense",
        "/api/sessions/nonsense/recording",
        "/api/events?from=yesterday",
        "/api/events?sha256=12",
        "/api/overview?range=1y",
        "/api/samples/12",
        "/api/samples/12/cart",
        "/api/indicators/12",
        "/api/indicators?min_confidence=300",
        "/api/indicators?state=odd",
    ] {
        rig.get(path).await.is_error(StatusCode::BAD_REQUEST);
    }
    let uuid = "018bcfe5-687b-7fff-8fff-ffffffffffff";
    let sha256 = "0".repeat(64);
    for path in [
        format!("/api/sessions/{uuid}"),
        format!("/api/sessions/{uuid}/recording"),
        format!("/api/samples/{sha256}"),
        format!("/api/samples/{sha256}/cart"),
        format!("/api/indicators/{uuid}"),
        "/feeds/nothing.txt".to_owned(),
    ] {
        rig.get(&path).await.is_error(StatusCode::NOT_FOUND);
    }
    for path in [format!("/api/samples/{sha256}/reanalyze"), "/api/jobs/7/retry".to_owned()] {
        rig.ask(Method::POST, &path, "").await.is_error(StatusCode::NOT_FOUND);
    }
    let path = format!("/api/indicators/{uuid}/false-positive");
    rig.ask(Method::POST, &path, "{\"reason\":\"x\"}").await.is_error(StatusCode::NOT_FOUND);
    rig.ask(Method::POST, &path, "{\"reason\":\" \"}").await.is_error(StatusCode::BAD_REQUEST);
    rig.ask(Method::DELETE, &path, "").await.is_error(StatusCode::NOT_FOUND);
    let error = rig.get("/api/sessions?colour=red").await.json();
    assert!(error["remedy"].as_str().expect("text").contains("src_ip"), "{error}");
}

#[tokio::test]
async fn a_session_is_shown_with_all_that_belongs_to_it() {
    let rig = Rig::start().await;
    let begin = now() - Duration::from_mins(1);
    let peer = "198.51.100.7:4000";
    let (id, mut events) = session(begin, peer);
    let (sha256, _) = rig.store.put_sample(Bytes::from_static(b"\x7fELF bot")).await.expect("kept");
    let close = events.pop().expect("the end");
    events.extend(captured(begin + Duration::from_millis(500), id, peer, b"\x7fELF bot"));
    events.push(event(begin + Duration::from_millis(900), id, peer, close.kind));
    rig.store.submit(events).await.expect("stored");
    rig.store.put_recording(id, b"{\"version\":2}\n".to_vec()).await.expect("kept");

    let path = format!("/api/sessions/{id}");
    until("indicators of the session", || async {
        !rig.json(&path).await["indicators"].as_array().expect("a list").is_empty()
    })
    .await;
    let page = rig.json(&path).await;
    assert_eq!(page["session"]["samples"], 1);
    assert_eq!(page["samples"][0]["sha256"], sha256.to_string());
    let kinds: Vec<_> =
        page["events"].as_array().expect("a list").iter().map(|e| e["kind"].clone()).collect();
    assert_eq!(kinds.first().expect("events"), "session.open");
    assert_eq!(kinds.last().expect("events"), "session.close");
    until("the recording", || async {
        rig.get(&format!("{path}/recording")).await.status == StatusCode::OK
    })
    .await;
    assert_eq!(rig.get(&format!("{path}/recording")).await.text(), "{\"version\":2}\n");
}

#[tokio::test]
async fn a_long_session_shows_its_first_events() {
    let rig = Rig::start().await;
    let begin = now() - Duration::from_mins(10);
    let id = SessionId::new(begin, 1);
    let line = |n: u64| EventKind::CommandInput {
        line: format!("echo {n}").as_str().into(),
        unknown: Vec::new(),
    };
    let peer = "198.51.100.7:4000";
    let time = |n| begin + Duration::from_millis(n);
    let open = EventKind::SessionOpen { protocol: "telnet".into(), persona: "p".into() };
    let mut events = vec![event(begin, id, peer, open)];
    events.extend((1..2_500).map(|n| event(time(n), id, peer, line(n))));
    rig.store.submit(events).await.expect("stored");
    let page = rig.json(&format!("/api/sessions/{id}")).await;
    let events = page["events"].as_array().expect("a list");
    assert_eq!(events.len(), 1_000);
    assert_eq!(events[0]["kind"], "session.open");
    assert_eq!(events[999]["line"], "echo 999");
}

#[tokio::test]
async fn the_overview_counts_what_happened() {
    let rig = Rig::start().await;
    let (_, events) = session(now(), "198.51.100.7:4000");
    rig.store.submit(events).await.expect("stored");
    for (range, buckets) in [("1h", 60), ("24h", 96), ("7d", 84)] {
        let overview = rig.json(&format!("/api/overview?range={range}")).await;
        assert_eq!(overview["range"], range);
        assert_eq!(overview["buckets"].as_array().expect("a list").len(), buckets);
        assert_eq!(overview["totals"]["sessions"], 1, "{range}");
        assert_eq!(overview["totals"]["logins"], 1, "{range}");
        assert_eq!(overview["previous"]["sessions"], 0);
        assert_eq!(overview["top_credentials"][0]["value"], "root:xc3511");
        assert_eq!(overview["top_ports"][0]["value"], "23");
        assert_eq!(overview["recent_sessions"].as_array().expect("a list").len(), 1);
    }
}

#[tokio::test]
async fn a_sample_is_submitted_shown_and_given_back_neutered() {
    let mut plan = Plan::default();
    plan.config.http.upload_bytes_max = 1_000;
    plan.config.workers = 0;
    let rig = Rig::of(plan).await;
    let answer = rig.ask(Method::POST, "/api/samples?name=b%1b%C3%A9.bin", "MZ sample").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let sha256 = answer.json()["sha256"].as_str().expect("a digest").to_owned();
    let page = rig.json(&format!("/api/samples/{sha256}")).await;
    assert_eq!(page["sample"]["size"], 9);
    assert_eq!(page["sightings"][0]["how"], "submitted");
    assert_eq!(page["sightings"][0]["name"], "b\\x1bé.bin");
    assert_eq!(page["job"]["state"], "waiting");
    assert_eq!(rig.json("/api/samples?q=.bin").await["items"][0]["sha256"], sha256);

    let cart = rig.get(&format!("/api/samples/{sha256}/cart")).await;
    assert_eq!(
        cart.headers["content-disposition"],
        format!("attachment; filename=\"{sha256}.cart\"")
    );
    assert!(cart.body.starts_with(b"CART"));
    let text: &[u8] = b"MZ sample";
    assert!(!cart.body.windows(text.len()).any(|window| window == text));

    rig.ask(Method::POST, "/api/samples", "").await.is_error(StatusCode::BAD_REQUEST);
    let large = vec![0; 1_001];
    rig.ask(Method::POST, "/api/samples", large).await.is_error(StatusCode::PAYLOAD_TOO_LARGE);
    let again = rig.ask(Method::POST, &format!("/api/samples/{sha256}/reanalyze"), "").await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text());
}

async fn open_stream(rig: &Rig) -> hyper::Response<hyper::body::Incoming> {
    let request = request(Method::GET, "/api/events/stream")
        .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(ACCEPT, "text/event-stream")
        .header(ACCEPT_ENCODING, "gzip")
        .body(Full::default())
        .expect("a request");
    rig.send(request).await
}

/// Reads a stream until `end` holds for all that came.
async fn read(body: &mut hyper::body::Incoming, end: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    let reading = async {
        while !end(&text) {
            let frame = body.frame().await.expect("goes on").expect("is whole");
            text.push_str(&String::from_utf8_lossy(frame.data_ref().expect("data")));
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("in time");
    text
}

#[tokio::test]
async fn live_events_arrive() {
    let mut rig = Rig::start().await;
    let mut stream = open_stream(&rig).await;
    assert_eq!(stream.status(), StatusCode::OK);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert!(!stream.headers().contains_key("content-encoding"));
    let (id, events) = session(now(), "198.51.100.7:4000");
    rig.store.submit(events).await.expect("stored");
    let text = read(stream.body_mut(), |text| text.contains("session.close")).await;
    assert!(text.starts_with("event: event\ndata: {"), "{text}");
    assert!(text.contains(&id.to_string()));
    // A stop ends the stream instead of waiting for it.
    let stopped = tokio::time::timeout(Duration::from_secs(3), rig.stop());
    stopped.await.expect("stops in time");
}

#[tokio::test]
async fn a_flood_of_live_events_is_cut_and_told() {
    let rig = Rig::start().await;
    let mut stream = open_stream(&rig).await;
    let id = SessionId::new(now(), 1);
    let flood = (0..3_000).map(|n| {
        let line = format!("echo {n}").as_str().into();
        event(now(), id, "198.51.100.7:4000", EventKind::CommandInput { line, unknown: Vec::new() })
    });
    rig.store.submit(flood.collect()).await.expect("stored");
    let text = read(stream.body_mut(), |text| text.contains("event: lagged")).await;
    let events = text.matches("event: event\n").count();
    assert!(events <= 1_100, "{events}");
    let missed = text.split("{\"missed\":").nth(1).expect("a count");
    let missed: u64 = missed.split('}').next().expect("a count").parse().expect("a number");
    assert!(missed >= 1_000, "{missed}");
}

#[tokio::test]
async fn live_streams_are_capped() {
    let mut plan = Plan::default();
    plan.config.http.live_streams_max = 2;
    let rig = Rig::of(plan).await;
    let first = open_stream(&rig).await;
    let _second = open_stream(&rig).await;
    assert_eq!(open_stream(&rig).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(first);
    until("a place is free", || async { open_stream(&rig).await.status() == StatusCode::OK }).await;
}
