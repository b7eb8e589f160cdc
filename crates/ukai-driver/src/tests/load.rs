//! Ten thousand connections at a time on loopback, and what an idle one costs.

use super::{SystemWorld, assignment, driver, echo};
use crate::{Budgets, FetchReply, FetchRequest, KernelAcceptor, SessionOrigin, Sink, TlsUse};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use ukai_emulators::Capture;
use ukai_model::{Event, EventKind, SessionId, Sha256};

/// Memory that an idle connection may cost us (the kernel's part not counted), in
/// bytes. The peer's end in the same process costs a part of what is measured.
const IDLE_BYTES_MAX: usize = 4_096;

/// Counts closed sessions and keeps nothing, so that only the driver is measured.
#[derive(Default)]
pub(super) struct Counter(AtomicUsize);

impl Sink for Counter {
    fn record(&self, events: Vec<Event>) -> BoxFuture<'_, ()> {
        let closed = |event: &&Event| matches!(event.kind, EventKind::SessionClose { .. });
        self.0.fetch_add(events.iter().filter(closed).count(), Ordering::Relaxed);
        std::future::ready(()).boxed()
    }
    fn capture<'a>(
        &'a self,
        _: &'a Capture,
        _: &'a SessionOrigin,
    ) -> BoxFuture<'a, Option<Sha256>> {
        std::future::ready(None).boxed()
    }
    fn fetch(&self, _: FetchRequest) -> BoxFuture<'static, FetchReply> {
        std::future::pending().boxed()
    }
    fn recording(&self, _: SessionId, _: Vec<u8>) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}

/// As many connections as file descriptors allow, at most ten thousand: both ends are
/// in this process.
fn connections() -> usize {
    let wanted = Rlimit { current: Some(20_300), maximum: Some(20_300) };
    let _ = setrlimit(Resource::Nofile, wanted);
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, ..limits };
    let _ = setrlimit(Resource::Nofile, raised);
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(20_300) as usize;
    (limit.saturating_sub(300) / 2).min(10_000)
}

pub(super) fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").expect("proc is mounted");
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).expect("a line of memory");
    let kib: usize =
        line.split_whitespace().nth(1).and_then(|field| field.parse().ok()).expect("a number");
    kib * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_are_served_and_cost_little() {
    let count = connections();
    let sink = Arc::new(Counter::default());
    let budgets = Budgets { sessions_per_peer_max: 20_000, ..Budgets::default() };
    let driver = driver(budgets, &sink, Arc::new(SystemWorld));
    // Four addresses: one alone would run out of ports sooner.
    let addresses = [1, 2, 3, 4].map(|n| format!("127.0.0.{n}:0").parse().expect("an address"));
    let acceptor = KernelAcceptor::bind(&addresses).expect("free ports");
    let targets = acceptor.addresses().to_vec();
    let shutdown = CancellationToken::new();
    let serving = {
        let (driver, shutdown) = (driver.clone(), shutdown.clone());
        let assignment = assignment(echo(), TlsUse::Recognised);
        tokio::spawn(async move {
            driver.serve(acceptor, move |_| Some(assignment.clone()), shutdown).await;
        })
    };
    let before = resident_bytes();
    let start = Instant::now();
    let mut peers = Vec::with_capacity(count);
    for n in 0..count {
        peers.push(TcpStream::connect(targets[n % 4]).await.expect("a connection"));
    }
    while driver.sessions() < count {
        assert!(start.elapsed() < Duration::from_mins(1), "{} of {count}", driver.sessions());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let accepted = start.elapsed();
    let bytes_each = resident_bytes().saturating_sub(before) / count;
    println!("{count} connections in {accepted:?}, {bytes_each} bytes each");
    assert!(bytes_each < IDLE_BYTES_MAX, "{bytes_each} bytes per idle connection");
    for peer in peers.iter_mut().step_by(97) {
        peer.write_all(b"alive?").await.expect("written");
        peer.read_exact(&mut [0; 6]).await.expect("an answer");
    }
    drop(peers);
    let start = Instant::now();
    while driver.sessions() > 0 {
        assert!(start.elapsed() < Duration::from_mins(1), "{} left", driver.sessions());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    shutdown.cancel();
    serving.await.expect("the driver does not panic");
    assert_eq!(sink.0.load(Ordering::Relaxed), count);
}
