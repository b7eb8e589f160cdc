//! Workers with analysing programs that hang, crash and babble.

use super::rig::{Plan, Rig, domain, until};
use hyper::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;

const SAMPLE: &[u8] = b"sample";

async fn submit(rig: &Rig) -> String {
    rig.prepare_analysis(SAMPLE, &[domain("c2.example")]);
    let answer = rig.ask(Method::POST, "/api/samples?name=x", SAMPLE).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["sha256"].as_str().expect("a digest").to_owned()
}

/// The sample's page when `done` holds for it.
async fn page_when(rig: &Rig, sha256: &str, done: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/api/samples/{sha256}");
    until("the analysis", || async { done(&rig.json(&path).await) }).await;
    rig.json(&path).await
}

fn analysed(page: &Value) -> bool {
    page["analyses"].as_array().is_some_and(|list| !list.is_empty()) && page["job"].is_null()
}

#[tokio::test]
async fn a_sample_is_analysed_and_the_event_tells_it() {
    let rig = Rig::start().await;
    let sha256 = submit(&rig).await;
    let page = page_when(&rig, &sha256, analysed).await;
    assert_eq!(page["analyses"][0]["outcome"]["state"], "complete");
    assert_eq!(page["analyses"][0]["size"], SAMPLE.len());
    assert_eq!(page["sample"]["file_type"], "elf");
    let events = rig.json(&format!("/api/events?kind=analysis.done&sha256={sha256}")).await;
    assert_eq!(events["items"][0]["outcome"], "complete");
    assert_eq!(events["items"][0]["observables"], 1);
}

#[tokio::test]
async fn a_hang_is_cut_off_and_what_was_found_is_kept() {
    let mut plan =
        Plan { analyzer: "/bin/cat \"$1/analysis\"; exec /bin/sleep 60", ..Plan::default() };
    plan.config.analysis.wall_ms = 300;
    let rig = Rig::of(plan).await;
    let sha256 = submit(&rig).await;
    let page = page_when(&rig, &sha256, analysed).await;
    let analysis = &page["analyses"][0];
    assert_eq!(analysis["outcome"]["state"], "partial");
    assert!(analysis["outcome"]["reason"].as_str().expect("text").contains("time limit"));
    assert_eq!(analysis["observables"][0]["observable"]["value"], "c2.example");
    assert!(analysis["duration_ms"].as_u64().expect("a number") >= 300);
}

#[tokio::test]
async fn a_crash_keeps_what_was_found() {
    let plan = Plan { analyzer: "/bin/cat \"$1/analysis\"; kill -SEGV $$", ..Plan::default() };
    let rig = Rig::of(plan).await;
    let sha256 = submit(&rig).await;
    let page = page_when(&rig, &sha256, analysed).await;
    assert_eq!(page["analyses"][0]["outcome"]["state"], "partial");
    assert!(page["analyses"][0]["outcome"]["reason"].as_str().expect("text").contains("SIGSEGV"));
}

#[tokio::test]
async fn garbage_fails_is_tried_again_and_quarantined_and_a_person_may_retry() {
    let analyzer = "echo x >> \"$1/attempts\"; /bin/head -c 100000 /dev/urandom";
    let rig = Rig::of(Plan { analyzer, ..Plan::default() }).await;
    let sha256 = submit(&rig).await;
    let quarantined = |page: &Value| page["job"]["state"] == "quarantined";
    let page =
        page_when(&rig, &sha256, |page| quarantined(page) && !page["analyses"][0].is_null()).await;
    assert_eq!(page["analyses"][0]["outcome"]["state"], "failed");
    assert_eq!(page["job"]["attempts"], 2);
    assert!(!page["job"]["last_error"].as_str().expect("text").is_empty());
    let attempts = || std::fs::read_to_string(rig.path("attempts")).expect("is there").len() / 2;
    assert_eq!(attempts(), 2);
    let list = rig.json("/api/jobs/quarantined").await;
    assert_eq!(list["items"][0]["sha256"], sha256);

    std::fs::write(rig.path("analyzer.sh"), "exec /bin/cat \"$1/analysis\"").expect("writes");
    let path = format!("/api/jobs/{}/retry", list["items"][0]["id"]);
    assert_eq!(rig.ask(Method::POST, &path, "").await.status, StatusCode::ACCEPTED);
    let page = page_when(&rig, &sha256, analysed).await;
    assert_eq!(page["analyses"][0]["outcome"]["state"], "complete");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_a_failure_with_a_reason() {
    let rig = Rig::of(Plan { analyzer: "exec /nonexistent/program", ..Plan::default() }).await;
    let sha256 = submit(&rig).await;
    let page = page_when(&rig, &sha256, |page| page["job"]["state"] == "quarantined").await;
    assert!(page["job"]["last_error"].as_str().expect("text").contains("exit code 127"), "{page}");
}

#[tokio::test]
async fn a_flood_of_output_is_cut() {
    let mut plan =
        Plan { analyzer: "/bin/cat \"$1/analysis\"; exec /bin/cat /dev/zero", ..Plan::default() };
    plan.config.analysis.output_bytes = 1 << 20;
    let rig = Rig::of(plan).await;
    let sha256 = submit(&rig).await;
    let page = page_when(&rig, &sha256, analysed).await;
    assert!(
        page["analyses"][0]["outcome"]["reason"].as_str().expect("text").contains("output limit")
    );
}

#[tokio::test]
async fn stopping_does_not_wait_for_an_analysis() {
    let mut rig = Rig::of(Plan { analyzer: "exec /bin/sleep 30", ..Plan::default() }).await;
    let sha256 = submit(&rig).await;
    page_when(&rig, &sha256, |page| page["job"]["state"] == "leased").await;
    tokio::time::timeout(Duration::from_secs(3), rig.stop()).await.expect("stops in time");
}
