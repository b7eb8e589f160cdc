//! How sessions end: silence, time, faults, stops, and the last words.

use super::{Bench, Fake, Input, Memory, SystemWorld, assignment, driver, echo, read_all};
use crate::{Accepted, Acceptor, Budgets, KernelAcceptor, TlsUse};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use ukai_model::{CloseReason, Duration, EventKind, PeerText};

#[tokio::test(start_paused = true)]
async fn a_half_open_peer_is_given_up() {
    let bench = Bench::new(Budgets { idle_ms: 60_000, ..Budgets::default() }, echo());
    let start = Instant::now();
    let mut peer = bench.connect().await;
    read_all(&mut peer).await;
    assert_eq!(start.elapsed().as_secs(), 60);
    assert_eq!(bench.finish().await.reasons(), [CloseReason::IdleTimeout]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_peer_lives_until_the_sessions_time_is_up() {
    let budgets = Budgets { idle_ms: 60_000, session_ms: 600_000, ..Budgets::default() };
    let bench = Bench::new(budgets, echo());
    let start = Instant::now();
    let mut peer = bench.connect().await;
    let mut answered = 0;
    // One byte every 59 seconds.
    while peer.write_all(b"x").await.is_ok() {
        let mut answer = [0; 1];
        if peer.read_exact(&mut answer).await.is_err() {
            break;
        }
        answered += 1;
        tokio::time::sleep(Duration::from_secs(59)).await;
    }
    assert_eq!(answered, 11);
    assert!(start.elapsed().as_secs() <= 660);
    drop(peer);
    let sink = bench.finish().await;
    assert_eq!(sink.reasons(), [CloseReason::TimeLimit]);
    let Some(EventKind::SessionClose { duration_ms, .. }) = sink.kinds().pop() else { panic!() };
    assert_eq!(duration_ms / 1_000, 600);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_reads_is_given_up() {
    let bench = Bench::new(
        Budgets { idle_ms: 60_000, ..Budgets::default() },
        Fake::emulator(|cx, input| {
            if matches!(input, Input::Open) {
                cx.send(vec![b'x'; 200_000]);
            }
        }),
    );
    let peer = bench.connect().await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(bench.driver.buffered(), 0);
    drop(peer);
    let sink = bench.finish().await;
    assert_eq!(sink.reasons(), [CloseReason::IdleTimeout]);
    // What fits between us has left.
    let Some(EventKind::SessionClose { bytes_out, .. }) = sink.kinds().pop() else { panic!() };
    assert_eq!(bytes_out, 4_096);
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_its_own_session_only() {
    let bench = Bench::new(
        Budgets::default(),
        Fake::emulator(|cx, input| match input {
            Input::Bytes(b"boom") => {
                cx.record(EventKind::ProtocolRecognised { protocol: "before".into() });
                panic!("the {}th", 7)
            }
            Input::Bytes(bytes) => cx.send(bytes.to_vec()),
            _ => {}
        }),
    );
    let mut good = bench.connect().await;
    let mut bad = bench.connect().await;
    bad.write_all(b"boom").await.expect("written");
    read_all(&mut bad).await;
    good.write_all(b"x").await.expect("written");
    let mut answer = [0; 1];
    good.read_exact(&mut answer).await.expect("the other session lives");
    drop((good, bad));
    let sink = bench.finish().await;
    assert_eq!(sink.reasons(), [CloseReason::Fault, CloseReason::Peer]);
    let kinds = sink.kinds();
    let fault = EventKind::Fault { component: "fake".into(), detail: "the 7th".into() };
    let at = kinds.iter().position(|kind| *kind == fault).expect("it is reported");
    assert_eq!(kinds[at - 1].name(), "protocol.recognised", "what came before it is kept");
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_last_call_is_reported_too() {
    let bench = Bench::new(
        Budgets::default(),
        Fake::emulator(|_, input| assert!(!matches!(input, Input::Close), "at the close")),
    );
    drop(bench.connect().await);
    let sink = bench.finish().await;
    assert_eq!(sink.names(), ["session.open", "fault", "session.close"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_call_can_still_record() {
    let bench = Bench::new(
        Budgets::default(),
        Fake::emulator(|cx, input| {
            if matches!(input, Input::Close) {
                cx.send("lost");
                cx.record(EventKind::AttackRecognised {
                    attack: "late".into(),
                    detail: PeerText::default(),
                });
            }
        }),
    );
    drop(bench.connect().await);
    let sink = bench.finish().await;
    assert_eq!(sink.names(), ["session.open", "attack.recognised", "session.close"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_all_sessions_and_records_them() {
    let bench = Bench::new(Budgets::default(), echo());
    let mut peers = Vec::new();
    for _ in 0..10 {
        let mut peer = bench.connect().await;
        peer.write_all(b"x").await.expect("written");
        peer.read_exact(&mut [0]).await.expect("an answer");
        peers.push(peer);
    }
    assert_eq!(bench.driver.sessions(), 10);
    bench.shutdown.cancel();
    let driver = bench.driver.clone();
    let sink = bench.finish().await;
    assert_eq!(sink.reasons(), [CloseReason::Shutdown; 10]);
    assert_eq!(driver.sessions(), 0);
}

/// A peer that talks on must still read our last words: with its bytes unread, the
/// kernel would answer our close with a reset.
#[tokio::test]
async fn the_last_words_reach_a_peer_that_talks_on() {
    let emulator = Fake::emulator(|cx, input| {
        if matches!(input, Input::Bytes(_)) {
            cx.send("last words");
            cx.close();
        }
    });
    let sink = Arc::new(Memory::default());
    let driver = driver(Budgets::default(), &sink, Arc::new(SystemWorld));
    let acceptor =
        KernelAcceptor::bind(&["127.0.0.1:0".parse().expect("an address")]).expect("a free port");
    let target = acceptor.addresses()[0];
    let shutdown = CancellationToken::new();
    let serving = {
        let shutdown = shutdown.clone();
        let assignment = assignment(emulator, TlsUse::Recognised);
        tokio::spawn(async move {
            driver.serve(acceptor, move |_| Some(assignment.clone()), shutdown).await;
        })
    };
    let mut peer = TcpStream::connect(target).await.expect("a connection");
    for _ in 0..50 {
        peer.write_all(&[b'x'; 1_000]).await.expect("written");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).await.expect("no reset");
    assert_eq!(heard, b"last words");
    drop(peer);
    shutdown.cancel();
    serving.await.expect("the driver does not panic");
    assert_eq!(sink.reasons(), [CloseReason::Emulator]);
}

/// An acceptor without file descriptors.
struct Exhausted(Arc<AtomicUsize>);

impl Acceptor for Exhausted {
    async fn accept(&mut self) -> Option<io::Result<Accepted>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Some(Err(io::Error::from_raw_os_error(24)))
    }
}

#[tokio::test(start_paused = true)]
async fn without_file_descriptors_the_acceptor_waits_and_says_so() {
    let sink = Arc::new(Memory::default());
    let driver = driver(Budgets::default(), &sink, super::TestWorld::new());
    let (tries, shutdown) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
    let serving = driver.serve(Exhausted(Arc::clone(&tries)), |_| None, shutdown.clone());
    let _ = tokio::time::timeout(Duration::from_secs(90), serving).await;
    let tries = tries.load(Ordering::Relaxed);
    assert!((80..110).contains(&tries), "{tries} tries in 90 s");
    assert_eq!(sink.limits(), ["nofile", "nofile"]);
}
