//! What each service is asked, and what its answers mean. The answers have the fields of the
//! services' documents.

use crate::server::{Asked, Server, Told};
use crate::{KEY, config, learn, lookups, now};
use serde_json::json;
use ukai_lookup::{Answer, Book, Outcome, ServiceKind, Standing};
use ukai_model::{PeerText, Sha256};

fn known() -> Sha256 {
    Sha256::of(b"a sample that is known")
}

fn other() -> Sha256 {
    Sha256::of(b"a sample that nobody knows")
}

async fn answers(kind: ServiceKind, path: &str, server: &Server) -> [Answer; 2] {
    let lookups = lookups(&[config(kind, server, path)]);
    let mut book = Book::default();
    let mut answers = Vec::new();
    for sha256 in [known(), other()] {
        match learn(&mut book, &lookups, &sha256, now()).await {
            Outcome::Answered(answer) => answers.push(answer),
            Outcome::Open(reason) => panic!("{kind:?}: {reason}"),
        }
    }
    assert_eq!(answers[1], unknown(), "{kind:?}");
    answers.try_into().expect("two")
}

fn unknown() -> Answer {
    Answer {
        standing: Standing::Unknown,
        names: Vec::new(),
        tags: Vec::new(),
        places: Vec::new(),
        first_seen: None,
        detail: None,
    }
}

fn texts(list: &[PeerText]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// 401, unless the key is there.
fn with_key(asked: &Asked, header: &str, answer: impl Fn() -> Told) -> Told {
    if asked.header(header) == Some(KEY) { answer() } else { (401, "", "{}".to_owned()) }
}

#[tokio::test]
async fn virustotal() {
    let server = Server::start(|asked| {
        with_key(asked, "x-apikey", || {
            if asked.line.starts_with(&format!("GET /api/v3/files/{} ", known())) {
                let told = json!({ "data": { "id": known().to_string(), "type": "file",
                    "attributes": {
                        "type_description": "ELF", "first_submission_date": 1_700_000_000,
                        "tags": ["elf", "upx"],
                        "popular_threat_classification":
                            { "suggested_threat_label": "trojan.mirai/gafgyt" },
                        "last_analysis_stats": { "malicious": 41, "suspicious": 1,
                            "undetected": 20, "harmless": 0, "timeout": 2, "failure": 0,
                            "type-unsupported": 11, "confirmed-timeout": 0 },
                        "last_analysis_results": {
                            "ClamAV": { "category": "malicious",
                                "result": "Unix.Trojan.Mirai-7669677-0", "engine_name": "ClamAV" },
                            "Other": { "category": "undetected", "result": null } } } } });
                (200, "", told.to_string())
            } else {
                let told = json!({ "error": { "code": "NotFoundError",
                    "message": "File not found" } });
                (404, "", told.to_string())
            }
        })
    });
    let [answer, _] = answers(ServiceKind::VirusTotal, "/api/v3", &server).await;
    assert_eq!(answer.standing, Standing::Malicious);
    assert_eq!(texts(&answer.names), ["trojan.mirai/gafgyt", "Unix.Trojan.Mirai-7669677-0"]);
    assert_eq!(texts(&answer.tags), ["elf", "upx", "ELF"]);
    assert_eq!(answer.detail.expect("figures").to_string(), "42 of 62 engines");
}

#[tokio::test]
async fn malwarebazaar() {
    let server = Server::start(|asked| {
        with_key(asked, "auth-key", || {
            let body = String::from_utf8_lossy(&asked.body).into_owned();
            assert!(body.starts_with("query=get_info&hash="), "{body}");
            if body.ends_with(&known().to_string()) {
                let told = json!({ "query_status": "ok", "data": [{
                    "sha256_hash": known().to_string(), "file_type": "elf", "signature": "Mirai",
                    "first_seen": "2026-01-02 03:04:05", "tags": ["elf", "mirai", "arm"] }] });
                (200, "", told.to_string())
            } else {
                (200, "", json!({ "query_status": "hash_not_found" }).to_string())
            }
        })
    });
    let [answer, _] = answers(ServiceKind::MalwareBazaar, "/api/v1/", &server).await;
    assert_eq!(
        (answer.standing, texts(&answer.names)),
        (Standing::Malicious, vec!["Mirai".into()])
    );
    assert_eq!(texts(&answer.tags), ["elf", "mirai", "arm"]);
    assert_eq!(answer.first_seen.expect("a time").to_string(), "2026-01-02 03:04:05");
    assert!(server.last().line.starts_with("POST /api/v1/ "), "{:?}", server.last().line);
}

#[tokio::test]
async fn urlhaus() {
    let server = Server::start(|asked| {
        with_key(asked, "auth-key", || {
            if asked.body == format!("sha256_hash={}", known()).as_bytes() {
                let told = json!({ "query_status": "ok", "file_type": "elf", "signature": null,
                    "firstseen": "2026-01-02 03:04:05", "url_count": "2", "urls": [
                        { "url": "http://192.0.2.7/bins/arm", "url_status": "online" },
                        { "url": "http://192.0.2.7/bins/mips", "url_status": "offline" }] });
                (200, "", told.to_string())
            } else {
                (200, "", json!({ "query_status": "no_results" }).to_string())
            }
        })
    });
    let [answer, _] = answers(ServiceKind::UrlHaus, "/v1", &server).await;
    assert_eq!(answer.standing, Standing::Malicious);
    let places = ["http://192.0.2.7/bins/arm", "http://192.0.2.7/bins/mips"];
    assert_eq!(texts(&answer.places), places);
    assert!(server.last().line.starts_with("POST /v1/payload/ "), "{:?}", server.last().line);
}

#[tokio::test]
async fn threatfox() {
    let server = Server::start(|asked| {
        with_key(asked, "auth-key", || {
            let body: serde_json::Value = serde_json::from_slice(&asked.body).expect("JSON");
            assert_eq!(body["query"], "search_hash");
            if body["hash"] == known().to_string() {
                let told = json!({ "query_status": "ok", "data": [{ "ioc": "192.0.2.9:48101",
                    "ioc_type": "ip:port", "malware": "elf.mirai", "malware_printable": "Mirai",
                    "confidence_level": 75, "first_seen": "2026-01-02 03:04:05 UTC",
                    "tags": ["botnet"] }] });
                (200, "", told.to_string())
            } else {
                let told = json!({ "query_status": "no_result", "data": "Your search did not yield any results" });
                (200, "", told.to_string())
            }
        })
    });
    let [answer, _] = answers(ServiceKind::ThreatFox, "/api/v1/", &server).await;
    assert_eq!(
        (texts(&answer.names), texts(&answer.places)),
        (vec!["Mirai".to_owned()], vec!["192.0.2.9:48101".to_owned()])
    );
}

#[tokio::test]
async fn hashlookup() {
    let server = Server::start(|asked| {
        if asked.line.starts_with(&format!("GET /lookup/sha256/{} ", known())) {
            let told = json!({ "FileName": "./bin/busybox", "FileSize": "1000",
                "SHA-256": known().to_string().to_uppercase(), "source": "snap:hash",
                "db": "nsrl_modern_rds", "hashlookup:trust": 60,
                "ProductCode": { "ProductName": "BusyBox" } });
            (200, "", told.to_string())
        } else {
            let told = json!({ "message": "Non existing SHA-256", "query": "x" });
            (404, "", told.to_string())
        }
    });
    let [answer, _] = answers(ServiceKind::Hashlookup, "", &server).await;
    assert_eq!(answer.standing, Standing::Harmless);
    assert_eq!(texts(&answer.names), ["BusyBox", "./bin/busybox"]);
    assert_eq!(answer.detail.expect("trust").to_string(), "trust 60 of 100");
}

#[tokio::test]
async fn misp() {
    let server = Server::start(|asked| {
        with_key(asked, "authorization", || {
            let body: serde_json::Value = serde_json::from_slice(&asked.body).expect("JSON");
            let found = if body["value"] == known().to_string() {
                json!([{ "id": "7", "event_id": "3", "category": "Payload delivery",
                    "type": "sha256", "to_ids": true, "value": known().to_string(),
                    "Event": { "id": "3", "info": "Bots of week 7" },
                    "Tag": [{ "name": "tlp:green" }] }])
            } else {
                json!([])
            };
            (200, "", json!({ "response": { "Attribute": found } }).to_string())
        })
    });
    let [answer, _] = answers(ServiceKind::Misp, "/misp/", &server).await;
    assert_eq!(answer.standing, Standing::Malicious);
    assert_eq!(texts(&answer.names), ["Bots of week 7"]);
    assert_eq!(texts(&answer.tags), ["tlp:green"]);
    let line = server.last().line;
    assert!(line.starts_with("POST /misp/attributes/restSearch "), "{line:?}");
}

#[tokio::test]
async fn otx() {
    let server = Server::start(|asked| {
        with_key(asked, "x-otx-api-key", || {
            if asked.line.contains(&known().to_string()) {
                let told = json!({ "indicator": known().to_string(), "type": "sha256",
                    "pulse_info": { "count": 1, "pulses": [{ "name": "IoT bots",
                        "tags": ["iot"],
                        "malware_families": [{ "id": "Mirai", "display_name": "Mirai" }] }] } });
                (200, "", told.to_string())
            } else {
                (200, "", json!({ "pulse_info": { "count": 0, "pulses": [] } }).to_string())
            }
        })
    });
    let [answer, _] = answers(ServiceKind::Otx, "/api/v1", &server).await;
    assert_eq!(answer.standing, Standing::Suspicious);
    assert_eq!(texts(&answer.names), ["Mirai", "IoT bots"]);
}
