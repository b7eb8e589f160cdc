//! Engines and services are asked about samples, and a person says what they think.

use super::rig::{Plan, Rig, code_like, until, with_digest};
use crate::opinions::{ANALYST, ANTIVIRUS, LOOKUPS};
use crate::{Services, clock};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use ukai_egress::{Egress, EgressConfig};
use ukai_engine::{EngineConfig, EngineKind, Engines};
use ukai_lookup::{Book, LookupConfig, Lookups, ServiceKind};
use ukai_model::Sha256;
use ukai_store::Remark;

const BOT: &[u8] = b"\x7fELF a bot that is known";

/// Remarks of all kinds, as the hub itself keeps them.
pub(super) async fn prepare(rig: &Rig, sample: &[u8]) {
    let sha256 = Sha256::of(sample);
    let time = clock::now();
    let verdict = |engine: &str, more: Value| {
        let mut whole =
            json!({ "sha256": sha256, "engine": engine, "time": time, "duration_ms": 3 });
        whole
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().expect("an object"));
        whole
    };
    let scanned = json!({
        "agreement": { "family": "mirai", "engines": 1, "of": 1 },
        "verdicts": [
            verdict("a", json!({ "judgement": "detected", "names": ["Linux.Mirai"], "product": "A 1" })),
            verdict("b", json!({ "judgement": "not_scanned", "reason": "hangs", "again": true })),
            verdict("c", json!({ "judgement": "clean" })),
        ],
    });
    let heard = json!({ "services": [
        { "service": "otx", "time": time, "answer": null, "open": "too often" },
        { "service": "misp", "time": time, "open": null,
          "answer": { "standing": "malicious", "names": ["Mirai"], "tags": ["elf"] } },
    ] });
    let judged = json!({ "verdict": "malicious", "tags": ["x"], "note": "n", "time": time });
    for (kind, body) in [(ANTIVIRUS, scanned), (LOOKUPS, heard), (ANALYST, judged)] {
        let labels = vec!["mirai".to_owned()];
        let remark = Remark { sha256, kind: kind.to_owned(), labels, body };
        rig.store.put_remark(remark).await.expect("kept");
    }
    let viewed = r#"{"size":4,"kind":"bytes","offset":0,"hex":"7f454c46"}"#;
    std::fs::write(rig.path("viewer.sh"), format!("echo '{viewed}'\n")).expect("writes");
}

/// A server on loopback that says what `answer` gives for the number of the connection and what
/// was asked until then; `None`: it waits for more, or for ever.
fn server(answer: impl Fn(usize, &[u8]) -> Option<Vec<u8>> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for (number, mut stream) in listener.incoming().flatten().enumerate() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let (mut read, mut piece) = (Vec::new(), [0; 4_096]);
                while let Ok(count @ 1..) = stream.read(&mut piece) {
                    read.extend_from_slice(&piece[..count]);
                    if let Some(said) = answer(number, &read) {
                        let _ = stream.write_all(&said);
                        return;
                    }
                }
            });
        }
    });
    port
}

/// An engine that speaks as clamd does.
fn clamd(name: &str, said: Option<&'static str>) -> EngineConfig {
    let port = server(move |_, read| {
        let said = said?;
        if read.starts_with(b"zVERSION\0") {
            return Some(b"Test 1.0/7/Fri Nov 27 2026\0".to_vec());
        }
        read.ends_with(&[0; 4]).then(|| said.as_bytes().to_vec())
    });
    EngineConfig {
        name: name.to_owned(),
        kind: EngineKind::Clamd { address: format!("127.0.0.1:{port}") },
        concurrent_max: 4,
        timeout_ms: 500,
        sample_bytes_max: 1 << 20,
    }
}

fn services(folder: &std::path::Path, port: u16) -> Arc<Services> {
    let of = |service, url: Option<String>| LookupConfig {
        service,
        url,
        key_file: None,
        per_minute: None,
        per_day: None,
        upload: false,
    };
    let list = [
        of(ServiceKind::Hashlookup, Some(format!("http://127.0.0.1:{port}"))),
        // Without a key it is off.
        of(ServiceKind::VirusTotal, None),
    ];
    let lookups = Lookups::new(&list, &|_| unreachable!("no key is named")).expect("services");
    let allow = vec!["127.0.0.0/8".parse().expect("a prefix")];
    let egress = Egress::new(EgressConfig { allow, ..EgressConfig::default() }, Vec::new());
    let book = folder.join("lookups.json");
    Arc::new(Services::new(lookups, egress.expect("a policy"), Book::default(), book))
}

async fn capture(rig: &Rig) -> String {
    rig.attacked(BOT).await;
    format!("/api/samples/{}", Sha256::of(BOT))
}

async fn asks(rig: &Rig, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    until("what others say", || async {
        let answer = rig.get(path).await;
        answer.status == StatusCode::OK && holds(&answer.json())
    })
    .await;
    rig.json(path).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn engines_are_asked_at_once_and_the_silent_one_again() {
    let engines = [
        clamd("first", Some("stream: Unix.Trojan.Mirai-7 FOUND\0")),
        clamd("second", Some("stream: ELF.Mirai.B FOUND\0")),
        clamd("third", Some("stream: OK\0")),
        clamd("silent", None),
    ];
    let engines = Arc::new(Engines::new(&engines).expect("engines"));
    let rig = Rig::of(Plan { engines: Some(engines), ..Plan::default() }).await;
    let path = capture(&rig).await;
    let page = asks(&rig, &path, |page| {
        page["opinions"]["antivirus_job"]["attempts"].as_u64().is_some_and(|n| n >= 2)
    })
    .await;
    let scanned = &page["opinions"]["antivirus"];
    assert_eq!(scanned["agreement"], json!({ "family": "mirai", "engines": 2, "of": 2 }));
    let said = scanned["verdicts"].as_array().expect("a list").iter();
    let said: Vec<_> =
        said.map(|one| (one["engine"].as_str(), one["judgement"].as_str())).collect();
    let is = |engine, judgement| (Some(engine), Some(judgement));
    assert_eq!(
        said,
        [
            is("first", "detected"),
            is("second", "detected"),
            is("silent", "not_scanned"),
            is("third", "clean")
        ]
    );
    let status = rig.json("/api/status").await;
    assert_eq!(status["engines"][0]["detected"], 1, "asked once: {status}");
    assert!(status["engines"][3]["down"].is_string(), "{status}");
    until("the claim", || async {
        let found = rig.json(&format!("/api/indicators?q={}", Sha256::of(BOT))).await;
        found["items"][0]["evidence"].to_string().contains("mirai for 2 of 3 engines")
    })
    .await;
    let listed = rig.json("/api/samples?label=mirai").await;
    assert_eq!(listed["items"].as_array().expect("a list").len(), 1);

    // A person wants to know anew: those that answered are asked again, too.
    let asked = rig.ask(Method::POST, &format!("{path}/ask"), "").await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_are_asked_by_hash_alone_and_their_pace_is_kept() {
    let questions = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&questions);
    let folder = tempfile::tempdir().expect("a folder");
    let port = server(move |number, read| {
        let head = read.windows(4).any(|four| four == b"\r\n\r\n");
        let text = String::from_utf8_lossy(read).to_ascii_lowercase();
        assert!(!head || text.contains(&Sha256::of(BOT).to_string()), "{text}");
        if !head {
            return None;
        }
        counted.fetch_add(1, SeqCst);
        if number == 0 {
            return Some(
                b"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n".to_vec(),
            );
        }
        let body = r#"{"SHA-256":"x","FileName":"busybox","KnownMalicious":"a list"}"#;
        Some(
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes(),
        )
    });
    let lookups = services(folder.path(), port);
    let mut rig = Rig::of(Plan { lookups: Some(lookups), ..Plan::default() }).await;
    let path = capture(&rig).await;
    let page = asks(&rig, &path, |page| {
        page["opinions"]["lookups_job"].is_null()
            && page["opinions"]["lookups"]["services"][0]["answer"].is_object()
    })
    .await;
    let services = &page["opinions"]["lookups"]["services"];
    assert_eq!(services.as_array().expect("a list").len(), 1, "the other is off: {services}");
    assert_eq!(services[0]["answer"]["standing"], "malicious");
    assert_eq!(questions.load(SeqCst), 2, "the pause was kept");
    let health = rig.json("/api/status").await["lookups"].clone();
    assert_eq!((&health[0]["asked_today"], &health[0]["waits"]), (&2.into(), &Value::Null));
    assert!(health[1]["waits"].as_str().expect("off").contains("no key"), "{health}");
    let events = rig.json("/api/events?kind=lookup.done").await;
    assert_eq!(events["items"][0]["malicious"], 1);
    rig.stop().await;
    let kept = std::fs::read_to_string(folder.path().join("lookups.json")).expect("is kept");
    assert!(kept.contains(&Sha256::of(BOT).to_string()), "{kept}");
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_is_configured() {
    let rig = Rig::start().await;
    let path = capture(&rig).await;
    let page = asks(&rig, &path, |page| page["analyses"][0].is_object()).await;
    assert_eq!(page["opinions"]["antivirus"], Value::Null);
    rig.ask(Method::POST, &format!("{path}/ask"), "").await.is_error(StatusCode::CONFLICT);
    assert_eq!(rig.store.queue().stats().await.expect("asked").waiting, 0);
}

#[tokio::test]
async fn a_persons_word_finds_the_sample_and_keeps_it_out_of_feeds() {
    let rig = Rig::start().await;
    let path = capture(&rig).await;
    let hash = Sha256::of(BOT).to_string();
    let hashes = || async { rig.get("/feeds/hashes.txt").await.text() };
    until("the feed", || async { hashes().await.contains(&hash) }).await;
    let analyst = format!("{path}/analyst");
    let judge = |body: Value| rig.ask(Method::PUT, &analyst, body.to_string());
    let words =
        json!({ "verdict": "harmless", "tags": ["test run", "", "a", "a"], "note": "ours" });
    let judged = judge(words).await;
    assert_eq!(judged.json()["tags"], json!(["a", "test run"]));
    until("it is out", || async { !hashes().await.contains(&hash) }).await;
    let page = rig.json(&path).await;
    assert_eq!(page["opinions"]["analyst"]["note"], "ours");
    assert_eq!(page["sample"]["labels"], json!(["a", "test run", "harmless"]));
    assert_eq!(rig.json("/api/samples?label=Test%20Run").await["items"][0]["sha256"], *hash);

    let answer = judge(json!({ "verdict": "malicious" })).await;
    assert_eq!(answer.status, StatusCode::OK);
    until("it is in again", || async { hashes().await.contains(&hash) }).await;
    until("the claim", || async {
        let found = rig.json(&format!("/api/indicators?q={hash}")).await;
        found["items"][0]["evidence"].to_string().contains("malicious for an analyst")
    })
    .await;
    for wrong in [
        json!({ "verdict": "nice" }),
        json!({ "tags": vec!["t"; 33] }),
        json!({ "tags": ["t".repeat(65)] }),
        json!({ "note": "n".repeat(16_385) }),
        json!({ "notes": "misspelt" }),
    ] {
        let status = judge(wrong.clone()).await.status;
        assert!(status.is_client_error(), "{wrong}: {status}");
    }
}

#[tokio::test]
async fn a_products_file_stays_out_of_feeds_unless_a_person_says_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = server(|_, read| {
        let body = r#"{"SHA-256":"x","FileName":"busybox"}"#;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        read.ends_with(b"\r\n\r\n").then(|| format!("{head}{body}").into_bytes())
    });
    let lookups = services(folder.path(), port);
    let rig = Rig::of(Plan { lookups: Some(lookups), ..Plan::default() }).await;
    let path = capture(&rig).await;
    let hash = Sha256::of(BOT).to_string();
    let indicator = || async { rig.json(&format!("/api/indicators?q={hash}")).await };
    let hashes = || async { rig.get("/feeds/hashes.txt").await.text() };
    let out = || async {
        let found = indicator().await["items"][0].to_string();
        found.contains("a file of a known product for hashlookup")
            && !hashes().await.contains(&hash)
    };
    until("it is out", out).await;
    let analyst = format!("{path}/analyst");
    let judge = |body: Value| rig.ask(Method::PUT, &analyst, body.to_string());
    assert_eq!(judge(json!({ "verdict": "malicious" })).await.status, StatusCode::OK);
    until("it is in", || async { hashes().await.contains(&hash) }).await;
    assert_eq!(judge(json!({ "note": "not decided" })).await.status, StatusCode::OK);
    until("it is out again", out).await;
}

#[tokio::test]
async fn samples_that_are_alike_are_told() {
    let mut rig = Rig::start().await;
    // The third is like the first only by its functions, of which it has three of four.
    let functions = |own: u16| {
        let values = (0..64_u16).map(|at| if at < 48 { at } else { at + own });
        hex::encode(values.flat_map(u16::to_be_bytes).collect::<Vec<u8>>())
    };
    let unlike: Vec<u8> = code_like(2, 0).iter().map(|byte| byte.wrapping_mul(5) | 0x80).collect();
    let made_of = [Some(functions(0)), None, Some(functions(500))];
    for (bytes, functions) in [&code_like(1, 0), &code_like(1, 3), &unlike].iter().zip(made_of) {
        let mut analysis = with_digest(bytes);
        analysis.hashes.as_mut().expect("hashes").functions = functions;
        rig.store.put_analysis(Arc::new(analysis)).await.expect("kept");
    }
    // Those of an earlier run are read at the start.
    rig.stop().await;
    rig.resume().await;
    let (one, other) = (Sha256::of(&code_like(1, 0)), Sha256::of(&code_like(1, 3)));
    let path = format!("/api/samples/{one}/similar");
    let found = asks(&rig, &path, |found| found["compared"] == 3).await;
    let items = found["items"].as_array().expect("a list");
    assert_eq!((items.len(), &items[0]["code"]), (2, &Value::Null), "{found}");
    assert_eq!(items[1]["sample"]["sha256"], Sha256::of(&unlike).to_string());
    let share = items[1]["code"].as_u64().expect("a share");
    assert_eq!((share, &items[1]["distance"]), (75, &Value::Null), "{found}");
    assert_eq!(found["items"][0]["sample"]["sha256"], other.to_string());
    assert!(found["items"][0]["distance"].as_u64().expect("a number") < 30, "{found}");
}

#[tokio::test]
async fn files_of_the_watched_folder_become_samples() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = Plan::default();
    plan.config.watch_folder = Some(folder.path().to_owned());
    let rig = Rig::of(plan).await;
    rig.prepare_analysis(BOT, &[]);
    std::fs::write(folder.path().join("seen.bin"), BOT).expect("writes");
    std::fs::write(folder.path().join("empty"), b"").expect("writes");
    std::fs::write(folder.path().join(".part"), b"not yet").expect("writes");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).expect("a link");
    let path = format!("/api/samples/{}", Sha256::of(BOT));
    let page = asks(&rig, &path, |page| page["sightings"][0]["name"] == "seen.bin").await;
    assert_eq!(page["sightings"][0]["how"], "submitted");
    until("they are put away", || async { folder.path().join("refused/empty").exists() }).await;
    assert!(folder.path().join("taken/seen.bin").exists());
    assert!(folder.path().join(".part").exists() && folder.path().join("link").is_symlink());
    let samples = rig.json("/api/samples").await;
    assert_eq!(samples["items"].as_array().expect("a list").len(), 1, "{samples}");
}
