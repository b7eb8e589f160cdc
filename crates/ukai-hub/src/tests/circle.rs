//! From events to feeds: scoring, publishing, withdrawal, restart.

use super::rig::{Plan, Rig, domain, event, session, until};
use crate::{Hub, clock};
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use hyper::{Method, StatusCode};
use serde_json::Value;
use std::time::{Duration, Instant};
use ukai_model::{EventKind, Indicator, IndicatorId, Observable, ObservableKind, Role, SessionId};
use ukai_store::EventQuery;

const BOT: &[u8] = b"\x7fELF bot";

async fn feed(rig: &Rig, file: &str) -> String {
    rig.get(&format!("/feeds/{file}")).await.text()
}

async fn published(rig: &Rig, file: &str, value: &str) {
    until(value, || async { feed(rig, file).await.contains(value) }).await;
}

async fn indicators(rig: &Rig) -> Vec<Indicator> {
    let mut all = rig.store.all_valid_indicators(clock::now()).await.expect("found");
    all.sort_by_key(|indicator| indicator.id);
    all
}

async fn announced(rig: &Rig) -> usize {
    let query = EventQuery { kind: Some("indicator.new".into()), ..EventQuery::default() };
    rig.store.events(query).await.expect("found").items.len()
}

fn serial(zone: &str) -> u32 {
    let soa = zone.lines().find(|line| line.contains(" SOA ")).expect("a SOA record");
    soa.split_whitespace().nth(5).expect("a serial").parse().expect("a number")
}

#[tokio::test]
async fn an_attack_reaches_the_feeds_with_its_evidence() {
    for on_disk in [false, true] {
        reaches_the_feeds(Rig::of(Plan { on_disk, ..Plan::default() }).await).await;
    }
}

async fn reaches_the_feeds(rig: Rig) {
    let begin = Instant::now();
    let session = rig.attacked(BOT).await;
    published(&rig, "rpz.zone", "c2.example").await;
    println!("from the download's end to the zone: {:?}", begin.elapsed());
    published(&rig, "domains.txt", "dl.example").await;
    published(&rig, "ips.txt", "198.51.100.7").await;
    published(&rig, "hashes.txt", &ukai_model::Sha256::of(BOT).to_string()).await;
    let on_disk = std::fs::read_to_string(rig.path("feeds/rpz.zone")).expect("written");
    assert_eq!(on_disk, feed(&rig, "rpz.zone").await);

    let id = IndicatorId::of(&domain("c2.example"), Role::C2);
    let page = rig.json(&format!("/api/indicators/{id}")).await;
    assert!(page["indicator"]["current_confidence"].as_u64().expect("a number") >= 60);
    let feeds: Vec<_> = page["published_in"].as_array().expect("a list").clone();
    assert!(feeds.contains(&Value::from("rpz")) && feeds.contains(&Value::from("domains")));
    let link = &page["chain"][0];
    assert_eq!(link["session"]["id"], session.to_string());
    assert_eq!(link["sample"]["sha256"], ukai_model::Sha256::of(BOT).to_string());
    assert_eq!(link["event"]["kind"], "sample.captured");
    let listed = rig.json("/api/indicators?kind=domain&role=c2&state=active&q=c2.ex").await;
    assert_eq!(listed["items"][0]["id"], id.to_string());
    let query = EventQuery { kind: Some("indicator.new".into()), ..EventQuery::default() };
    let news = rig.store.events(query).await.expect("found").items;
    let of_name = |e: &&ukai_model::Event| matches!(&e.kind, EventKind::IndicatorNew { value, .. } if value == "c2.example");
    assert_eq!(news.iter().filter(of_name).count(), 1);
}

#[tokio::test]
async fn a_feed_is_sent_again_only_when_it_changed() {
    let rig = Rig::start().await;
    rig.attacked(BOT).await;
    published(&rig, "domains.txt", "c2.example").await;
    let first = rig.get("/feeds/domains.txt").await;
    let etag = first.headers[ETAG].clone();
    assert!(first.headers[CONTENT_TYPE].to_str().expect("text").starts_with("text/plain"));
    let ask = |method: Method, tag: &str| {
        let request = super::rig::request(method, "/feeds/domains.txt")
            .header(AUTHORIZATION, format!("Bearer {}", super::rig::FEED_TOKEN))
            .header(IF_NONE_MATCH, tag)
            .body(Full::default())
            .expect("a request");
        rig.send(request)
    };
    let same = ask(Method::GET, etag.to_str().expect("text")).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(same.headers()[ETAG], etag);
    let head = ask(Method::HEAD, "\"other\"").await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["content-length"], first.body.len().to_string());
    let items = rig.json("/api/feeds").await;
    let items = items["items"].as_array().expect("a list");
    assert_eq!(items.len(), 8);
    let item = items.iter().find(|item| item["file"] == "domains.txt").expect("is listed");
    assert_eq!(item["etag"], etag.to_str().expect("text"));
    assert_eq!(item["size"], first.body.len());
    assert_eq!(item["url"], "/feeds/domains.txt");
}

#[tokio::test]
async fn a_false_positive_is_withdrawn_and_comes_back() {
    let rig = Rig::start().await;
    rig.attacked(BOT).await;
    published(&rig, "domains.txt", "c2.example").await;
    let id = IndicatorId::of(&domain("c2.example"), Role::C2);
    let path = format!("/api/indicators/{id}/false-positive");
    let report = rig.ask(Method::POST, &path, "{\"reason\":\"our own site\"}").await;
    assert_eq!(report.status, StatusCode::OK, "{}", report.text());
    until("withdrawn", || async { !feed(&rig, "domains.txt").await.contains("c2.example") }).await;
    until("the reason is kept", || async {
        let page = rig.json(&format!("/api/indicators/{id}")).await;
        page["indicator"]["withheld"].as_str().is_some_and(|text| text.contains("our own site"))
    })
    .await;
    let page = rig.json(&format!("/api/indicators/{id}")).await;
    assert_eq!(page["false_positive"]["reason"], "our own site");
    assert_eq!(page["published_in"], serde_json::json!([]));
    let back = rig.ask(Method::DELETE, &path, "").await;
    assert_eq!(back.status, StatusCode::NO_CONTENT);
    published(&rig, "domains.txt", "c2.example").await;
}

#[tokio::test]
async fn feeds_and_serials_survive_a_restart() {
    let plan = Plan { on_disk: true, ..Plan::default() };
    let mut rig = Rig::of(plan).await;
    rig.attacked(BOT).await;
    published(&rig, "rpz.zone", "c2.example").await;
    published(&rig, "rpz.zone", "dl.example").await;
    let before = rig.get("/feeds/rpz.zone").await;
    rig.stop().await;
    rig.resume().await;
    // At once, before any cycle could have run on new events.
    let after = rig.get("/feeds/rpz.zone").await;
    assert_eq!(before.body, after.body);
    assert_eq!(before.headers[ETAG], after.headers[ETAG]);
    let updated = |feeds: &Value| feeds["items"][0]["updated"].clone();
    assert!(updated(&rig.json("/api/feeds").await).is_string());

    let id = IndicatorId::of(&domain("c2.example"), Role::C2);
    let path = format!("/api/indicators/{id}/false-positive");
    rig.ask(Method::POST, &path, "{\"reason\":\"x\"}").await;
    until("withdrawn", || async { !feed(&rig, "rpz.zone").await.contains("c2.example") }).await;
    let zone = feed(&rig, "rpz.zone").await;
    assert_eq!(serial(&zone), serial(&before.text()) + 1);
    rig.stop().await;
}

#[tokio::test]
async fn a_crash_between_writing_and_saving_the_place_changes_nothing() {
    let mut rig = Rig::start().await;
    rig.attacked(BOT).await;
    published(&rig, "rpz.zone", "c2.example").await;
    published(&rig, "hashes.txt", "\n").await;
    rig.stop().await;
    let before = indicators(&rig).await;
    let news = announced(&rig).await;
    rig.store.put_meta("hub.scoring.position", "0").await.expect("kept");
    rig.resume().await;
    until("scored again", || async {
        let position = rig.store.get_meta("hub.scoring.position").await.expect("read");
        position.and_then(|p| p.parse().ok()) == Some(rig.store.log_position().0)
    })
    .await;
    assert_eq!(indicators(&rig).await, before);
    assert_eq!(announced(&rig).await, news);
    rig.stop().await;
}

#[tokio::test]
async fn a_flood_from_one_attacker_is_few_writes() {
    let rig = Rig::start().await;
    let id = SessionId::new(clock::now(), 1);
    let peer = "198.51.100.9:4000";
    let begin = Instant::now();
    for _ in 0..10 {
        let lines = (0..2_000).map(|n| {
            let line = format!("echo {n}").as_str().into();
            event(clock::now(), id, peer, EventKind::CommandInput { line, unknown: Vec::new() })
        });
        rig.store.submit(lines.collect()).await.expect("stored");
    }
    let observable = Observable { kind: ObservableKind::Ip, value: "198.51.100.9".into() };
    let id = IndicatorId::of(&observable, Role::Scanner);
    let count = async |name: &str| {
        let metrics = rig.get("/metrics").await.text();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.expect("is told").parse::<u64>().expect("a number")
    };
    until("all is scored", || async { count("ukai_scored_events_total").await >= 20_000 }).await;
    println!("20,000 events stored and scored in {:?}", begin.elapsed());
    let writes = count("ukai_indicator_writes_total").await;
    assert!(writes <= 100, "{writes}");
    let indicator = rig.store.indicator(id).await.expect("read").expect("is there");
    assert!(indicator.evidence.len() <= 64);
}

#[tokio::test]
async fn feeds_are_published_once_without_a_hub() {
    let plan = Plan { on_disk: true, ..Plan::default() };
    let mut rig = Rig::of(plan).await;
    rig.stop().await;
    let (_, events) = session(clock::now(), "198.51.100.7:4000");
    rig.store.submit(events).await.expect("stored");
    let config = Plan::default().config;
    Hub::publish_once(config, rig.store.clone(), rig.context()).await.expect("publishes");
    let ips = std::fs::read_to_string(rig.path("feeds/ips.txt")).expect("written");
    assert!(ips.contains("198.51.100.7"), "{ips}");
}

#[tokio::test]
async fn a_value_that_comes_onto_a_warning_list_is_withdrawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.json");
    let list = |values: &str| {
        let json = format!(
            "{{\"name\":\"ours\",\"type\":\"hostname\",\"list\":[{values}],\
              \"matching_attributes\":[\"domain\"],\"description\":\"\",\"version\":1}}"
        );
        std::fs::write(&path, json).expect("writes");
    };
    list("");
    let mut plan = Plan::default();
    plan.policy.warning_lists.push(path.clone());
    let rig = Rig::of(plan).await;
    rig.attacked(BOT).await;
    published(&rig, "domains.txt", "c2.example").await;
    list("\"c2.example\"");
    // The next cycle looks at the files again; any new indicator begins one.
    let (_, events) = session(clock::now() - Duration::from_secs(1), "198.51.100.8:4000");
    rig.store.submit(events).await.expect("stored");
    until("withdrawn", || async { !feed(&rig, "domains.txt").await.contains("c2.example") }).await;
    let id = IndicatorId::of(&domain("c2.example"), Role::C2);
    until("the reason is kept", || async {
        let page = rig.json(&format!("/api/indicators/{id}")).await;
        page["indicator"]["withheld"].as_str().is_some_and(|text| text.contains("ours"))
    })
    .await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_and_recovers() {
    let rig = Rig::start().await;
    std::fs::remove_dir_all(rig.path("feeds")).expect("removes");
    std::fs::write(rig.path("feeds"), "in the way").expect("writes");
    rig.attacked(BOT).await;
    until("degraded", || async {
        rig.get("/healthz").await.status == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    let status = rig.json("/api/status").await;
    assert_eq!(status["faults"][0]["component"], "publishing");
    // Who asks the hub gets the new feeds all the same.
    published(&rig, "domains.txt", "c2.example").await;
    std::fs::remove_file(rig.path("feeds")).expect("removes");
    std::fs::create_dir(rig.path("feeds")).expect("makes");
    until("recovered", || async { rig.get("/healthz").await.status == StatusCode::OK }).await;
    let on_disk = std::fs::read_to_string(rig.path("feeds/domains.txt")).expect("written");
    assert!(on_disk.contains("c2.example"));
}
