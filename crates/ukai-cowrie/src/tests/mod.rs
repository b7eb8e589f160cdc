//! Against what Cowrie itself wrote.

use crate::{KEXINIT_METHOD, Translator};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use ukai_model::{
    CaptureHow, CloseReason, Event, EventId, EventKind, FetchOutcome, Flow, PeerText,
    SCHEMA_VERSION, SessionId, Sha256, Timestamp, Transport,
};

/// `cowrie.client.kex` of OpenSSH 9.2p1 as Cowrie understood it: the lists, and the HASSH.
const OPENSSH: &str = include_str!("openssh.kexinit");
const KEYS: &str = include_str!("cowrie-3.1.4.keys");

const NOW: Timestamp = Timestamp::from_nanos(1_700_000_000_123_456_789);

fn event(session: u128, kind: EventKind) -> Event {
    let peer = "203.0.113.5:40000".parse().expect("an address");
    let local = "192.0.2.1:22".parse().expect("an address");
    Event {
        v: SCHEMA_VERSION,
        id: EventId::new(NOW, 1),
        time: NOW,
        sensor: "local".parse().expect("a name"),
        session: Some(SessionId::new(NOW, session)),
        flow: Some(Flow::new(Transport::Tcp, peer, local)),
        kind,
    }
}

fn translate(kinds: impl IntoIterator<Item = EventKind>) -> Vec<Value> {
    let architectures = HashMap::from([("server".to_owned(), "linux-x64-lsb".to_owned())]);
    let mut translator = Translator::new("uuid", architectures);
    let mut out = Vec::new();
    for kind in kinds {
        translator.translate(&event(0xabcd_ef01_2345, kind), &mut out);
    }
    out.iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn open(protocol: &str) -> EventKind {
    EventKind::SessionOpen { protocol: protocol.into(), persona: "server".into() }
}

fn close() -> EventKind {
    EventKind::SessionClose {
        protocol: "ssh".into(),
        reason: CloseReason::Peer,
        duration_ms: 12_345,
        bytes_in: 100,
        bytes_out: 1_000,
        recorded: true,
    }
}

fn login(method: Option<&str>, proof: Option<&str>, success: bool) -> EventKind {
    EventKind::LoginAttempt {
        protocol: "ssh".into(),
        user: "root".into(),
        password: "pass\\word\n".into(),
        method: method.map(str::to_owned),
        proof: proof.map(PeerText::from),
        success,
    }
}

fn fetched(outcome: FetchOutcome, sha256: Option<Sha256>) -> EventKind {
    EventKind::DownloadResult {
        url: "http://203.0.113.9/x".into(),
        outcome,
        sha256,
        size: 9,
        server_ip: None,
        final_url: None,
        error: None,
        duration_ms: 4,
    }
}

fn captured(how: CaptureHow) -> EventKind {
    EventKind::SampleCaptured {
        sha256: Sha256::of(b"y"),
        size: 1,
        how,
        name: Some("/tmp/up.sh".into()),
        url: None,
    }
}

fn request(request: &str, detail: &str) -> EventKind {
    EventKind::ServiceRequest {
        protocol: "ssh".into(),
        request: request.into(),
        detail: detail.into(),
    }
}

/// Everything that has a counterpart.
fn everything() -> Vec<EventKind> {
    let kexinit = OPENSSH.lines().next().expect("the lists");
    let fingerprint =
        |method: &str, value: &str, software: Option<&str>| EventKind::ClientFingerprint {
            method: method.into(),
            value: value.into(),
            software: software.map(PeerText::from),
        };
    vec![
        open("ssh"),
        fingerprint(KEXINIT_METHOD, kexinit, Some("SSH-2.0-OpenSSH_9.2p1")),
        fingerprint("hassh", "of the same", Some("SSH-2.0-OpenSSH_9.2p1")),
        login(Some("publickey"), Some("ssh-ed25519 SHA256:abc"), false),
        login(Some("password"), None, false),
        login(None, None, true),
        request("pty-req", "xterm 100x40"),
        request("env", "LANG=C"),
        EventKind::CommandInput {
            line: r#"echo -e "\x41" | nosuch"#.into(),
            unknown: vec!["nosuch".into()],
        },
        fetched(FetchOutcome::Complete, Some(Sha256::of(b"x"))),
        fetched(FetchOutcome::Unreachable, None),
        captured(CaptureHow::Dropped),
        captured(CaptureHow::Uploaded),
        EventKind::TunnelRequest {
            how: "direct-tcpip".into(),
            host: "example.com".into(),
            port: 80,
            origin: "127.0.0.1:58820".into(),
            granted: true,
        },
        EventKind::PayloadFirst {
            protocol: "http".into(),
            payload: "GET / HTTP/1.0\r\n\r\n".into(),
            size: 18,
            sha256: None,
        },
        EventKind::AttackRecognised {
            attack: "telnet-login-option".into(),
            detail: "-f root".into(),
        },
        close(),
    ]
}

fn field<'a>(lines: &'a [Value], id: &str, name: &str) -> &'a Value {
    let line = lines.iter().find(|line| line["eventid"] == id);
    &line.unwrap_or_else(|| panic!("no {id}"))[name]
}

#[test]
fn fields_are_those_that_cowrie_writes() {
    let lines = translate(everything());
    let known: Vec<(&str, BTreeSet<&str>)> = KEYS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(id, names)| (id, names.split(' ').collect()))
        .collect();
    let mut told = BTreeSet::new();
    for line in &lines {
        let id = line["eventid"].as_str().expect("an id");
        let mut names: BTreeSet<&str> =
            line.as_object().expect("an object").keys().map(String::as_str).collect();
        // Earlier versions had it.
        names.remove("duration");
        assert!(known.iter().any(|(of, set)| *of == id && *set == names), "{id}: {names:?}");
        told.insert(id);
    }
    let missing: Vec<&str> =
        known.iter().map(|(id, _)| *id).filter(|id| !told.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?} were not told");
}

#[test]
fn values_are_shown_as_cowrie_shows_them() {
    let lines = translate(everything());
    let hassh = OPENSSH.lines().nth(1).expect("the HASSH");
    assert_eq!(field(&lines, "cowrie.client.kex", "hassh"), hassh);
    assert_eq!(field(&lines, "cowrie.client.kex", "langCS"), &serde_json::json!([""]));
    let kexes = lines.iter().filter(|line| line["eventid"] == "cowrie.client.kex");
    assert_eq!(kexes.count(), 1, "the same is not told twice");
    for (id, name, value) in [
        ("cowrie.session.connect", "session", "abcdef012345"),
        ("cowrie.session.connect", "timestamp", "2023-11-14T22:13:20.123456Z"),
        (
            "cowrie.session.connect",
            "message",
            "New connection: 203.0.113.5:40000 (192.0.2.1:22) [session: abcdef012345]",
        ),
        ("cowrie.client.version", "version", "SSH-2.0-OpenSSH_9.2p1"),
        ("cowrie.login.success", "password", r"pass\\word\x0a"),
        ("cowrie.login.success", "message", r"login attempt [root/pass\\word\x0a] succeeded"),
        ("cowrie.client.fingerprint", "fingerprint", "SHA256:abc"),
        ("cowrie.session.params", "arch", "linux-x64-lsb"),
        ("cowrie.command.input", "input", r#"echo -e "\x41" | nosuch"#),
        ("cowrie.command.failed", "input", "nosuch"),
        ("cowrie.client.var", "value", "C"),
        ("cowrie.direct-tcpip.request", "dst_ip", "example.com"),
        ("cowrie.direct-tcpip.data", "data", r"b'GET / HTTP/1.0\r\n\r\n'"),
        ("cowrie.session.closed", "duration", "12.3"),
    ] {
        assert_eq!(field(&lines, id, name), value, "{id} {name}");
    }
    assert_eq!(field(&lines, "cowrie.client.size", "width"), 100);
    assert_eq!(field(&lines, "cowrie.session.closed", "duration_ms"), 12_345);
    assert_eq!(field(&lines, "cowrie.direct-tcpip.request", "src_ip"), "203.0.113.5");
    assert_eq!(field(&lines, "cowrie.session.file_upload", "duplicate"), true, "dropped before");
}

#[test]
fn what_has_no_counterpart_is_left_out() {
    assert!(translate([open("http"), login(None, None, true)].into_iter().take(1)).is_empty());
    assert!(
        translate([open("raw"), close()]).iter().all(|l| l["eventid"] != "cowrie.session.connect")
    );
    let late = EventKind::ProtocolRecognised { protocol: "telnet".into() };
    let lines = translate([open("detect"), late]);
    assert_eq!(field(&lines, "cowrie.session.connect", "protocol"), "telnet");
    // A listing that begins in the middle of a session.
    let lines = translate([login(None, None, true)]);
    assert_eq!(field(&lines, "cowrie.login.success", "protocol"), "ssh");
    assert_eq!(lines.len(), 1);
}

proptest! {
    #[test]
    fn any_bytes_give_lines_of_plain_json(bytes: Vec<u8>, text: String) {
        let peer = PeerText::new(bytes);
        let mut translator = Translator::new("uuid", HashMap::new());
        let mut out = Vec::new();
        for kind in [
            open("ssh"),
            EventKind::ClientFingerprint {
                method: KEXINIT_METHOD.into(), value: text, software: Some(peer.clone()),
            },
            EventKind::LoginAttempt {
                protocol: "ssh".into(), user: peer.clone(), password: peer.clone(),
                method: Some("publickey".into()), proof: Some(peer.clone()), success: true,
            },
            EventKind::CommandInput { line: peer.clone(), unknown: vec![peer.clone()] },
            EventKind::TunnelRequest {
                how: "direct-tcpip".into(), host: peer.clone(), port: 1, origin: peer.clone(),
                granted: false,
            },
            EventKind::PayloadFirst {
                protocol: "unknown".into(), payload: peer.clone(), size: 1, sha256: None,
            },
            request("env", &peer.escaped()),
        ] {
            translator.translate(&event(7, kind), &mut out);
        }
        for line in out {
            prop_assert!(serde_json::from_str::<Value>(&line).is_ok());
            let harmful = |c: char| c.is_control() || c == '\u{202e}';
            prop_assert!(!line.contains(harmful));
        }
    }
}
