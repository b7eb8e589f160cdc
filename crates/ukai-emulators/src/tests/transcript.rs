//! Golden transcripts: `tests/transcripts/<emulator>/*.txt`, collected by themselves,
//! rewritten by `UPDATE_EXPECT=1`.
//!
//! ```text
//! # Options come first: persona, peer, port, tls.
//! persona router-mips
//! > GET / HTTP/1.0\r\n\r\n         bytes from the peer
//! ! timer 1                        the timer that was asked for fires
//! ! fetch complete text:#!/bin/sh  the oldest open fetch is answered
//! ! side 1 listening 4000          something happens on a side stream: listening, open,
//!                                  bytes, eof, failed
//! ! eof | close | wait 500         the stream ends, is gone, time passes (ms)
//! < HTTP/1.0 200 OK\r\n            what was sent (made by the run)
//! = login.attempt {...}            other effects (made by the run)
//! ```
//!
//! In `>` and `<` lines, bytes are escaped as in events (`\xNN`, `\\`), and `\r`, `\n`
//! stand for themselves.

use crate::{
    Context, Effect, Emulator, FetchId, Fetched, Open, Session, SideEvent, SideId, TimerId,
    emulator,
};
use bytes::Bytes;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use ukai_model::{
    Duration, EventId, EventKind, FetchOutcome, Flow, PeerText, Sha256, Timestamp, Transport,
};
use ukai_persona::Persona;
use ukai_shell::Fs;

/// Time at which transcripts begin: 2026-01-02T03:04:05Z.
pub(super) const START: Timestamp = Timestamp::from_secs(1_767_323_045);

/// A session under test, with what a driver would remember.
pub(super) struct Stage {
    session: Box<dyn Session>,
    now: Timestamp,
    timers: Vec<(TimerId, Timestamp)>,
    fetches: Vec<FetchId>,
    closed: bool,
    /// What was sent and not yet looked at.
    pub(super) sent: Vec<u8>,
    /// All other effects, in order.
    pub(super) noted: Vec<String>,
    /// Number of effects, of all kinds.
    pub(super) count: usize,
}

/// An opening as a driver would make it.
pub(super) fn opening(persona: &str, peer: &str, port: u16) -> Open {
    let persona = Persona::named(persona).expect("a built-in persona");
    let local: SocketAddr = format!("192.0.2.10:{port}").parse().expect("an address");
    let host = Arc::new(persona.host(local.ip(), [7; 32]));
    Open {
        flow: Flow::new(Transport::Tcp, peer.parse().expect("an address"), local),
        fs: Fs::new(&host),
        host,
        seed: 7,
        now: START,
        tls: false,
        alpn: None,
    }
}

impl Stage {
    pub(super) fn open(emulator: &dyn Emulator, open: Open) -> Self {
        let mut stage = Self {
            session: emulator.open(open),
            now: START,
            timers: Vec::new(),
            fetches: Vec::new(),
            closed: false,
            sent: Vec::new(),
            noted: Vec::new(),
            count: 0,
        };
        stage.act(|session, cx| session.on_open(cx));
        stage
    }

    fn act(&mut self, act: impl FnOnce(&mut dyn Session, &mut Context<'_>)) {
        let mut effects = Vec::new();
        act(&mut *self.session, &mut Context { now: self.now, effects: &mut effects });
        for effect in effects {
            self.count += 1;
            self.take(effect);
        }
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Send(bytes) if !self.closed => self.sent.extend_from_slice(&bytes),
            Effect::Send(_) | Effect::Terminal(..) => {}
            Effect::Record(kind) => self.noted.push(event_line(kind)),
            Effect::Capture(capture) => {
                let name = capture.name.map_or(String::new(), |name| format!(" {name}"));
                self.noted.push(format!(
                    "capture {:?}{name} {} {}",
                    capture.how,
                    capture.bytes.len(),
                    &Sha256::of(&capture.bytes).to_string()[..16]
                ));
            }
            Effect::Fetch { id, url, tool } => {
                self.fetches.push(id);
                self.noted.push(format!("fetch {tool} {url}"));
            }
            Effect::StartTls | Effect::ResumeTls(_) => self.noted.push("start-tls".to_owned()),
            Effect::OpenSide { id, how } => self.noted.push(format!("side {} {how:?}", id.0)),
            Effect::SideSend(id, bytes) => {
                self.noted.push(format!("side {} < {}", id.0, escape(&bytes)));
            }
            Effect::CloseSide(id) => self.noted.push(format!("side {} close", id.0)),
            Effect::SideTls(id) => self.noted.push(format!("side {} start-tls", id.0)),
            Effect::Timer { id, at } => {
                self.timers.retain(|(other, _)| *other != id);
                self.timers.push((id, at));
            }
            Effect::TerminalSize { columns, rows } => {
                self.noted.push(format!("terminal {columns}x{rows}"));
            }
            Effect::Close(reason) => {
                if !self.closed {
                    self.noted.push(format!("close {reason:?}"));
                }
                self.closed = true;
            }
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if !self.closed {
            self.act(|session, cx| session.on_bytes(cx, bytes));
        }
    }

    pub(super) fn eof(&mut self) {
        self.act(|session, cx| session.on_eof(cx));
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
        self.act(|session, cx| session.on_close(cx));
    }

    /// Lets time pass, and the timers that are due by then fire in order.
    pub(super) fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..10_000 {
            let due = self.timers.iter().filter(|(_, at)| *at <= end).min_by_key(|(_, at)| *at);
            let Some((id, at)) = due.copied() else { break };
            self.timers.retain(|(other, _)| *other != id);
            self.now = self.now.max(at);
            if !self.closed {
                self.act(|session, cx| session.on_timer(cx, id));
            }
        }
        self.now = end;
    }

    /// Answers the oldest open fetch.
    pub(super) fn fetched(&mut self, outcome: FetchOutcome, bytes: &[u8]) {
        if self.fetches.is_empty() {
            self.noted.push("(no fetch is open)".to_owned());
            return;
        }
        let id = self.fetches.remove(0);
        let fetched = Fetched {
            outcome,
            sha256: (!bytes.is_empty()).then(|| Sha256::of(bytes)),
            bytes: Bytes::copy_from_slice(bytes),
            status: (outcome == FetchOutcome::Complete).then_some(200),
            server_ip: None,
            content_type: None,
        };
        self.act(|session, cx| session.on_fetched(cx, id, fetched));
    }
}

fn event_line(kind: EventKind) -> String {
    let event = ukai_model::Event {
        v: 1,
        id: EventId::new(START, 0),
        time: START,
        sensor: "s".parse().expect("a name"),
        session: None,
        flow: None,
        kind,
    };
    let mut fields = serde_json::to_value(&event).expect("serialises");
    let map = fields.as_object_mut().expect("an object");
    for common in ["v", "id", "time", "sensor"] {
        map.remove(common);
    }
    let name = map.remove("kind").expect("a kind");
    format!("{} {fields}", name.as_str().unwrap_or_default())
}

fn escape(bytes: &[u8]) -> String {
    let text = PeerText::from(bytes).escaped().into_owned();
    text.replace("\\x0d", "\\r").replace("\\x0a", "\\n")
}

fn unescape(text: &str) -> Vec<u8> {
    let text = text.replace("\\r", "\\x0d").replace("\\n", "\\x0a");
    PeerText::parse(&text).as_bytes().to_vec()
}

/// What is sent, in `<` lines: one per line feed, and one for the rest.
fn show_sent(out: &mut String, sent: &[u8]) {
    for line in sent.split_inclusive(|byte| *byte == b'\n') {
        let _ = writeln!(out, "< {}", escape(line));
    }
}

fn run(emulator: &dyn Emulator, script: &str) -> String {
    let option = |name: &str, default: &str| {
        let prefix = format!("{name} ");
        let found = script.lines().find_map(|line| line.strip_prefix(&prefix));
        found.unwrap_or(default).to_owned()
    };
    let port = option("port", "23").parse().expect("a port");
    let open =
        opening(&option("persona", "router-mips"), &option("peer", "198.51.100.7:4000"), port);
    let mut stage = Stage::open(emulator, open);
    let mut out = String::new();
    let mut begun = false;
    for line in script.lines() {
        if line.starts_with(['<', '=']) {
            continue;
        }
        let step = line.starts_with(['>', '!']);
        if step && !begun {
            begun = true;
            show(&mut out, &mut stage);
        }
        let _ = writeln!(out, "{line}");
        if let Some(bytes) = line.strip_prefix("> ") {
            stage.bytes(&unescape(bytes));
        } else if let Some(step) = line.strip_prefix("! ") {
            take_step(&mut stage, step);
        }
        if step {
            show(&mut out, &mut stage);
        }
    }
    out
}

fn take_step(stage: &mut Stage, step: &str) {
    let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
    match word {
        "eof" => stage.eof(),
        "close" => stage.close(),
        "wait" => stage.wait(Duration::from_millis(rest.parse().expect("milliseconds"))),
        "side" => {
            let mut words = rest.splitn(3, ' ');
            let id = SideId(words.next().and_then(|w| w.parse().ok()).expect("a number"));
            let what = words.next().unwrap_or_default();
            let bytes = unescape(words.next().unwrap_or_default());
            let port = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
            let event = match what {
                "listening" => {
                    SideEvent::Listening(SocketAddr::from(([192, 0, 2, 10], port.expect("a port"))))
                }
                "open" => SideEvent::Open,
                "bytes" => SideEvent::Bytes(&bytes),
                "eof" => SideEvent::Eof,
                "failed" => SideEvent::Failed,
                other => panic!("unknown side event {other}"),
            };
            stage.act(|session, cx| session.on_side(cx, id, event));
        }
        "fetch" => match rest.split_once(" text:") {
            Some(("complete", text)) => stage.fetched(FetchOutcome::Complete, &unescape(text)),
            _ => stage.fetched(FetchOutcome::Unreachable, b""),
        },
        other => panic!("unknown step {other}"),
    }
}

fn show(out: &mut String, stage: &mut Stage) {
    show_sent(out, &std::mem::take(&mut stage.sent));
    for line in std::mem::take(&mut stage.noted) {
        let _ = writeln!(out, "= {line}");
    }
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of transcripts")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    all.sort();
    all
}

fn check(protocol: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(protocol);
    let emulator = emulator(protocol).expect("an emulator");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = String::new();
    for path in scripts(&folder) {
        let expected = std::fs::read_to_string(&path).expect("a transcript");
        let actual = run(&*emulator, &expected);
        if update {
            std::fs::write(&path, &actual).expect("a writable transcript");
        } else if actual != expected {
            let _ = writeln!(wrong, "--- {}\n{}", path.display(), difference(&expected, &actual));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_EXPECT=1 rewrites them:\n{wrong}");
}

fn difference(expected: &str, actual: &str) -> String {
    let (mut left, mut right) = (expected.lines(), actual.lines());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return "(only line ends differ)".to_owned(),
            (a, b) if a == b => {}
            (a, b) => {
                return format!(
                    "expected: {}\nbut was:  {}",
                    a.unwrap_or("(end)"),
                    b.unwrap_or("(end)")
                );
            }
        }
    }
}

#[test]
fn telnet_transcripts() {
    check("telnet");
}

#[test]
fn http_transcripts() {
    check("http");
}

#[test]
fn raw_transcripts() {
    check("raw");
}

#[test]
fn detect_transcripts() {
    check("detect");
}

#[test]
fn ftp_transcripts() {
    check("ftp");
}

#[test]
fn tftp_transcripts() {
    check("tftp");
}

#[test]
fn smtp_transcripts() {
    check("smtp");
}

#[test]
fn pop3_transcripts() {
    check("pop3");
}

#[test]
fn imap_transcripts() {
    check("imap");
}

#[test]
fn mongodb_transcripts() {
    check("mongodb");
}

#[test]
fn mysql_transcripts() {
    check("mysql");
}

#[test]
fn redis_transcripts() {
    check("redis");
}

#[test]
fn postgresql_transcripts() {
    check("postgresql");
}

#[test]
fn shell_transcripts() {
    check("shell");
}
