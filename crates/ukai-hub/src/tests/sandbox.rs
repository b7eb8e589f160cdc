//! Samples go from the queue into a sandbox, and what they did becomes indicators.

use super::rig::{Plan, Rig, analysis, captured, domain, session, until};
use crate::{
    Artifact, LeftFile, RunDone, RunOrder, RunWish, Running, Sandbox, SandboxChoices, SandboxSeat,
    clock,
};
use bytes::Bytes;
use hyper::{Method, StatusCode};
use parking_lot::Mutex;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use ukai_indicator::observables;
use ukai_model::{
    Analysis, Behaviour, Class, Contact, Dropped, Ended, EventKind, Run, Sha256, Transport,
};
use ukai_store::EventQuery;

const BOT: &[u8] = b"\x7fELF bot";
const STAGE: &[u8] = b"\x7fELF second stage";
const OURS: &[u8] = b"\x7fELF made by the virtual Internet";

/// A sandbox in which every sample commands from `ran.example` and leaves two files.
#[derive(Debug, Default)]
struct Fake {
    ran: Mutex<Vec<(Sha256, String)>>,
    /// How often it fails first.
    failures: Mutex<u32>,
    wishes: Mutex<Vec<RunWish>>,
}

impl Sandbox for Fake {
    fn takes(&self, analysis: &Analysis) -> Result<(), String> {
        let elf = analysis.file_type.as_ref().is_some_and(|kind| kind.name == "elf");
        elf.then_some(()).ok_or_else(|| "it is nothing that runs".to_owned())
    }

    fn takes_as(&self, analysis: &Analysis, wish: &RunWish) -> Result<(), String> {
        if wish.architecture.is_some() { Ok(()) } else { self.takes(analysis) }
    }

    fn choices(&self) -> SandboxChoices {
        SandboxChoices {
            architectures: vec!["arm".into(), "mips".into()],
            scenarios: vec!["open".into(), "offline".into()],
            time_s: 60,
        }
    }

    fn run<'a>(&'a self, order: RunOrder<'a>) -> Running<'a> {
        Box::pin(async move {
            let mut failures = self.failures.lock();
            if *failures > 0 {
                *failures -= 1;
                return Err("no machine".to_owned());
            }
            let sha256 = Sha256::of(order.bytes);
            self.ran.lock().push((sha256, String::from_utf8_lossy(order.name).into_owned()));
            self.wishes.lock().push(order.wish.clone());
            let mut done = done(sha256);
            if !order.wish.is_usual() {
                // Under other settings it turns to another server, and packets are kept.
                done.behaviour.runs[0].settings = order.wish.told();
                done.behaviour.contacts[0].name = "other.example".into();
                let other = observables::parse("other.example").expect("a name");
                done.behaviour.contacts[0].observables = vec![other];
                let path = std::env::temp_dir().join(format!("{sha256}.pcapng"));
                std::fs::write(&path, b"packets").expect("a file");
                done.artifacts.push(Artifact {
                    name: "packets-1.pcapng".into(),
                    path,
                    guard: Arc::new(()),
                });
            }
            Ok(done)
        })
    }
}

/// What the fake says of every sample.
pub(super) fn done(sha256: Sha256) -> RunDone {
    let started = clock::now();
    let left = |bytes: &[u8], served| Dropped {
        sha256: Sha256::of(bytes),
        size: bytes.len() as u64,
        came: bytes.len() as u64,
        path: "/tmp/.x".into(),
        reason: "dropped".into(),
        served,
        runs: vec![1],
    };
    let mut behaviour = Behaviour::new(sha256, started);
    behaviour.runs.push(Run {
        number: 1,
        started,
        duration_ms: 1_000,
        architecture: "mips".into(),
        command: "/tmp/x".into(),
        scenario: "open".into(),
        settings: Vec::new(),
        ended: Ended::Exited,
        reason: None,
        reached: true,
        traced: true,
        records: 5,
        lost: 0,
        events: 5,
        notes: Vec::new(),
    });
    behaviour.summary = "It waits for orders.".into();
    behaviour.score = 70;
    behaviour.contacts.push(Contact {
        name: "ran.example".into(),
        reasons: vec!["it reports there every minute".into()],
        observables: vec![observables::parse("ran.example").expect("a name")],
        ..Contact::new(Transport::Tcp, 6667, Class::C2, 90)
    });
    behaviour.drops = vec![left(STAGE, false), left(OURS, true)];
    behaviour.fingerprint.minhash = vec![7; 64];
    let file = |bytes: &'static [u8]| LeftFile {
        path: "/tmp/.x".into(),
        bytes: Bytes::from_static(bytes),
    };
    let files = vec![file(STAGE), file(OURS), file(BOT)];
    RunDone { behaviour, files, artifacts: Vec::new() }
}

/// A hub with a sandbox of its own.
async fn rig(fake: &Arc<Fake>, runs_per_day: u64) -> Rig {
    let sandbox: Arc<dyn Sandbox> = fake.clone();
    let artifact_bytes_max = 1 << 20;
    let seat = SandboxSeat { sandbox, workers: 2, runs_per_day, artifact_bytes_max };
    Rig::of(Plan { sandbox: Some(seat), ..Plan::default() }).await
}

async fn capture(rig: &Rig, sample: &'static [u8]) {
    // The analysing program says this of whatever it is given; only the right line counts.
    let lines = [sample, STAGE].map(|bytes| {
        let mut line = serde_json::to_vec(&analysis(bytes, &[])).expect("serialises");
        line.push(b'\n');
        line
    });
    std::fs::write(rig.path("analysis"), lines.concat()).expect("writes");
    rig.store.put_sample(Bytes::from_static(sample)).await.expect("kept");
    let begin = clock::now() - Duration::from_secs(1);
    let peer = "198.51.100.7:4000";
    let (id, mut events) = session(begin, peer);
    events.extend(captured(begin + Duration::from_millis(10), id, peer, sample));
    rig.store.submit(events).await.expect("stored");
}

async fn ran(rig: &Rig, sample: &[u8]) -> Behaviour {
    let sha256 = Sha256::of(sample);
    until("the run", || async { rig.store.behaviour(&sha256).await.expect("asked").is_some() })
        .await;
    rig.store.behaviour(&sha256).await.expect("asked").expect("it is there")
}

#[tokio::test]
async fn a_captured_sample_is_run_and_its_server_reaches_the_feeds() {
    let fake = Arc::new(Fake::default());
    let rig = rig(&fake, 100).await;
    capture(&rig, BOT).await;
    ran(&rig, BOT).await;
    until("the feed", || async { rig.get("/feeds/rpz.zone").await.text().contains("ran.example") })
        .await;
    assert_eq!(fake.ran.lock()[0], (Sha256::of(BOT), "x".to_owned()), "under the name it had");

    // What it left is a sample and is run, too; what the virtual Internet gave it is not.
    let stage = ran(&rig, STAGE).await;
    assert_eq!(stage.alike[0].sha256, Sha256::of(BOT), "it talks like the one that left it");
    let left = rig.json(&format!("/api/samples/{}", Sha256::of(STAGE))).await;
    assert_eq!(left["sightings"][0]["how"], "sandbox");
    assert!(rig.store.sample_summary(&Sha256::of(OURS)).await.expect("asked").is_none());

    let page = rig.json(&format!("/api/samples/{}", Sha256::of(BOT))).await;
    assert_eq!((&page["ran"], &page["run_job"]), (&true.into(), &Value::Null));
    let told = rig.json(&format!("/api/samples/{}/behaviour", Sha256::of(BOT))).await;
    assert_eq!(told["contacts"][0]["name"], "ran.example");
    let listed = rig.json("/api/behaviours?min_score=50").await;
    assert_eq!(listed["items"].as_array().expect("a list").len(), 2);
    assert_eq!(listed["items"][0]["servers"][0]["host"], "ran.example:6667");
    let query = EventQuery { kind: Some("sandbox.done".into()), ..EventQuery::default() };
    let events = rig.store.events(query).await.expect("found").items;
    assert_eq!(events.len(), 2);
    let counted = |kind: &EventKind| {
        matches!(kind, EventKind::SandboxDone { runs: 1, score: 70, servers: 1, drops: 1, .. })
    };
    assert!(events.iter().all(|event| counted(&event.kind)), "{events:?}");
}

#[tokio::test]
async fn a_run_with_other_settings_is_kept_beside_the_usual_one() {
    let fake = Arc::new(Fake::default());
    let rig = rig(&fake, 100).await;
    assert_eq!(rig.json("/api/sandbox").await["scenarios"][1], "offline");
    capture(&rig, BOT).await;
    let usual = ran(&rig, BOT).await;
    let path = format!("/api/samples/{}", Sha256::of(BOT));

    let run = format!("{path}/run");
    let ask = |body: &'static str| rig.ask(Method::POST, &run, body);
    for (wrong, told) in [
        (r#"{"scenario": "none"}"#, "scenario"),
        (r#"{"architecture": "vax"}"#, "architecture"),
        (r#"{"time_s": 0}"#, "time_s"),
        (r#"{"environment": ["=x"]}"#, "environment"),
        (r#"{"arguments": ["a\u0000b"]}"#, "arguments"),
        (r#"{"clock_s": 999999999999}"#, "clock_s"),
        (r#"{"tiem_s": 5}"#, "tiem_s"),
    ] {
        let answer = ask(wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.text().contains(told), "{wrong}: {}", answer.text());
    }
    let wish = r#"{"scenario": "offline", "arguments": ["-x"], "time_s": 30, "memory": true}"#;
    assert_eq!(ask(wish).await.status, StatusCode::ACCEPTED);
    let reports = format!("{path}/behaviour/reports");
    until("the second report", || async {
        rig.json(&reports).await["items"].as_array().is_some_and(|list| list.len() == 2)
    })
    .await;
    until("its job's end", || async { rig.json(&path).await["run_wish"] == serde_json::json!({}) })
        .await;
    let told = serde_json::from_str::<RunWish>(wish).expect("a wish");
    assert_eq!(fake.wishes.lock().last(), Some(&told));

    // What is known of the sample stays what it was, and the other server is told as well.
    let listed = rig.json(&reports).await;
    let (other, first) = (&listed["items"][0], &listed["items"][1]);
    assert_eq!(first["started"], usual.started.to_string());
    assert!(other["settings"].as_array().expect("a list").contains(&"arg = -x".into()), "{other}");
    assert_eq!(rig.store.behaviour(&Sha256::of(BOT)).await.expect("asked"), Some(usual));
    let started = other["started"].as_str().expect("a time");
    let whole = rig.json(&format!("{path}/behaviour?report={started}")).await;
    assert_eq!(whole["contacts"][0]["name"], "other.example");
    let first = first["started"].as_str().expect("a time");
    let differs =
        rig.json(&format!("{path}/behaviour/differences?first={first}&second={started}")).await;
    let line = |n: usize| {
        (differs["items"][n]["what"].clone(), differs["items"][n]["only_in_first"].clone())
    };
    assert_eq!(line(0), ("c2 other.example port 6667".into(), false.into()));
    assert_eq!(line(1), ("c2 ran.example port 6667".into(), true.into()));
    until("the feed", || async {
        rig.get("/feeds/rpz.zone").await.text().contains("other.example")
    })
    .await;

    assert_eq!(other["artifacts"][0]["name"], "packets-1.pcapng");
    let kept = rig.get(&format!("{path}/artifacts/{started}/packets-1.pcapng")).await;
    assert_eq!((kept.status, kept.text().as_str()), (StatusCode::OK, "packets"));
    let gone = rig.get(&format!("{path}/artifacts/{first}/packets-1.pcapng")).await;
    gone.is_error(StatusCode::NOT_FOUND);
    rig.get(&format!("{path}/behaviour?report=2020-01-01T00:00:00Z"))
        .await
        .is_error(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_fails_is_tried_again() {
    let fake = Arc::new(Fake::default());
    *fake.failures.lock() = 1;
    let rig = rig(&fake, 100).await;
    capture(&rig, BOT).await;
    ran(&rig, BOT).await;
}

#[tokio::test]
async fn a_days_runs_are_used_up_and_a_person_is_served_all_the_same() {
    let fake = Arc::new(Fake::default());
    let mut rig = rig(&fake, 1).await;
    capture(&rig, BOT).await;
    ran(&rig, BOT).await;
    // The second stage waits for another day, also after a restart.
    let stage = Sha256::of(STAGE);
    until("its job", || async {
        rig.store.queue().job_of("sandbox", stage).await.expect("asked").is_some()
    })
    .await;
    rig.stop().await;
    rig.resume().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(fake.ran.lock().len(), 1);
    let answer = rig.ask(Method::POST, &format!("/api/samples/{stage}/run"), "").await;
    assert_eq!((answer.status, &answer.json()["queued"]), (StatusCode::ACCEPTED, &true.into()));
    ran(&rig, STAGE).await;
}

#[tokio::test]
async fn what_does_not_run_is_not_queued_and_told() {
    let fake = Arc::new(Fake::default());
    let rig = rig(&fake, 100).await;
    let text = b"only text";
    let mut told = analysis(text, &[domain("c2.example")]);
    told.file_type.as_mut().expect("a type").name = "text".into();
    let mut line = serde_json::to_vec(&told).expect("serialises");
    line.push(b'\n');
    std::fs::write(rig.path("analysis"), line).expect("writes");
    let answer = rig.ask(Method::POST, "/api/samples", &text[..]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let path = format!("/api/samples/{}", Sha256::of(text));
    until("the analysis", || async {
        rig.json(&path).await["analyses"].as_array().is_some_and(|list| !list.is_empty())
    })
    .await;
    assert_eq!(rig.json(&path).await["run_job"], Value::Null);
    rig.ask(Method::POST, &format!("{path}/run"), "").await.is_error(StatusCode::CONFLICT);
    rig.get(&format!("{path}/behaviour")).await.is_error(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_sandbox_nothing_is_queued_and_a_wish_is_refused() {
    let rig = Rig::start().await;
    capture(&rig, BOT).await;
    let path = format!("/api/samples/{}", Sha256::of(BOT));
    until("the analysis", || async {
        rig.get(&path).await.text().contains("\"engine\":\"static\"")
    })
    .await;
    assert_eq!(rig.json(&path).await["run_job"], Value::Null);
    rig.ask(Method::POST, &format!("{path}/run"), "").await.is_error(StatusCode::CONFLICT);
    let stats = rig.store.queue().stats().await.expect("asked");
    assert_eq!(stats.waiting, 0);
}
