//! Sessions driven from end to end: fake emulators, streams in memory and real sockets,
//! a sink that remembers.

mod authority;
mod budgets;
mod endings;
mod fetching;
mod held;
mod load;
mod sides;
mod talking;
mod tls;

use crate::{
    Assignment, Budgets, CertificateNames, Driver, FetchReply, FetchRequest, MemoryAcceptor,
    MemoryDialer, SessionOrigin, Sink, SystemWorld, TlsConfigs, TlsUse, World,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use ukai_emulators::{
    Capture, Context, Emulator, FetchId, Fetched, Open, Session, SideEvent, SideId, TimerId,
};
use ukai_model::{CloseReason, Event, EventKind, SessionId, Sha256, Timestamp};
use ukai_persona::{Host, Persona};
use ukai_shell::Fs;

/// What happens to a fake session.
pub(crate) enum Input<'a> {
    Open,
    Bytes(&'a [u8]),
    Eof,
    Timer(TimerId),
    Fetched(FetchId, Fetched),
    Side(SideId, SideEvent<'a>),
    Close,
}

type Act = dyn Fn(&mut Context<'_>, Input<'_>) + Send + Sync;

/// An emulator whose sessions do what a function says.
pub(crate) struct Fake(Arc<Act>);

impl Fake {
    pub(crate) fn emulator(
        act: impl Fn(&mut Context<'_>, Input<'_>) + Send + Sync + 'static,
    ) -> Arc<dyn Emulator> {
        Arc::new(Self(Arc::new(act)))
    }
}

/// An emulator that sends back what it gets and closes at the end.
pub(crate) fn echo() -> Arc<dyn Emulator> {
    Fake::emulator(|cx, input| match input {
        Input::Bytes(bytes) => cx.send(bytes.to_vec()),
        Input::Eof => cx.close(),
        _ => {}
    })
}

impl Emulator for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn open(&self, _open: Open) -> Box<dyn Session> {
        Box::new(FakeSession(Arc::clone(&self.0)))
    }
}

struct FakeSession(Arc<Act>);

impl Session for FakeSession {
    fn protocol(&self) -> &'static str {
        "fake"
    }
    fn on_open(&mut self, cx: &mut Context<'_>) {
        (self.0)(cx, Input::Open);
    }
    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        (self.0)(cx, Input::Bytes(bytes));
    }
    fn on_eof(&mut self, cx: &mut Context<'_>) {
        (self.0)(cx, Input::Eof);
    }
    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        (self.0)(cx, Input::Timer(timer));
    }
    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        (self.0)(cx, Input::Fetched(fetch, fetched));
    }
    fn on_side(&mut self, cx: &mut Context<'_>, side: SideId, event: SideEvent<'_>) {
        (self.0)(cx, Input::Side(side, event));
    }
    fn on_close(&mut self, cx: &mut Context<'_>) {
        (self.0)(cx, Input::Close);
    }
}

/// Time as tokio's, so that tests can let hours pass at once; numbers that count.
pub(crate) struct TestWorld {
    start: Instant,
    next: Mutex<u128>,
}

impl TestWorld {
    fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), next: Mutex::new(0) })
    }
}

impl World for TestWorld {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_700_000_000) + self.start.elapsed()
    }

    fn random(&self) -> u128 {
        let mut next = self.next.lock();
        *next += 1 << 64;
        *next
    }
}

/// A sink that remembers. Fetches take a second and bring the URL itself.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) batches: Mutex<Vec<usize>>,
    pub(crate) captures: Mutex<Vec<Capture>>,
    pub(crate) recordings: Mutex<Vec<(SessionId, Vec<u8>)>>,
}

impl Memory {
    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.events.lock().iter().map(|event| event.kind.clone()).collect()
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.events.lock().iter().map(|event| event.kind.name()).collect()
    }

    pub(crate) fn limits(&self) -> Vec<String> {
        let kinds = self.kinds().into_iter();
        kinds
            .filter_map(|kind| match kind {
                EventKind::LimitReached { limit, .. } => Some(limit),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn reasons(&self) -> Vec<CloseReason> {
        let kinds = self.kinds().into_iter();
        kinds
            .filter_map(|kind| match kind {
                EventKind::SessionClose { reason, .. } => Some(reason),
                _ => None,
            })
            .collect()
    }
}

impl Sink for Memory {
    fn record(&self, events: Vec<Event>) -> BoxFuture<'_, ()> {
        self.batches.lock().push(events.len());
        self.events.lock().extend(events);
        std::future::ready(()).boxed()
    }

    fn capture<'a>(
        &'a self,
        capture: &'a Capture,
        _origin: &'a SessionOrigin,
    ) -> BoxFuture<'a, Option<Sha256>> {
        self.captures.lock().push(capture.clone());
        std::future::ready(Some(Sha256::of(&capture.bytes))).boxed()
    }

    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, FetchReply> {
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let bytes = request.url.as_bytes().to_vec();
            FetchReply {
                fetched: Fetched {
                    outcome: ukai_model::FetchOutcome::Complete,
                    sha256: Some(Sha256::of(&bytes)),
                    bytes: bytes.into(),
                    status: Some(200),
                    server_ip: None,
                    content_type: None,
                },
                final_url: None,
                error: None,
                duration_ms: 1_000,
            }
        }
        .boxed()
    }

    fn recording(&self, session: SessionId, asciicast: Vec<u8>) -> BoxFuture<'_, ()> {
        self.recordings.lock().push((session, asciicast));
        std::future::ready(()).boxed()
    }
}

/// A driver at work on streams in memory.
pub(crate) struct Bench {
    pub(crate) driver: Driver,
    pub(crate) sink: Arc<Memory>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) dialer: MemoryDialer,
    serving: JoinHandle<()>,
}

pub(crate) fn host() -> Arc<Host> {
    let address = "198.51.100.1".parse().expect("an address");
    Arc::new(Persona::built_in()[0].host(address, [7; 32]))
}

pub(crate) fn driver<S: Sink>(budgets: Budgets, sink: &Arc<S>, world: Arc<dyn World>) -> Driver {
    let tls = TlsConfigs::new(CertificateNames::Host, Arc::clone(&world));
    let sensor = "test".parse().expect("a name");
    Driver::new(budgets, sensor, tls, Arc::clone(sink) as Arc<dyn Sink>, world)
}

pub(crate) fn assignment(emulator: Arc<dyn Emulator>, tls: TlsUse) -> Assignment {
    let host = host();
    Assignment { emulator, fs: Fs::new(&host), host, tls, alpn: &[] }
}

impl Bench {
    pub(crate) fn new(budgets: Budgets, emulator: Arc<dyn Emulator>) -> Self {
        Self::with(budgets, assignment(emulator, TlsUse::Recognised), 4_096)
    }

    /// A bench whose streams hold `buffer` bytes each way.
    pub(crate) fn with(budgets: Budgets, assignment: Assignment, buffer: usize) -> Self {
        let world = TestWorld::new();
        let tls = TlsConfigs::new(CertificateNames::Host, Arc::clone(&world) as Arc<dyn World>);
        Self::with_tls(budgets, assignment, buffer, tls, world)
    }

    pub(crate) fn with_tls(
        budgets: Budgets,
        assignment: Assignment,
        buffer: usize,
        tls: TlsConfigs,
        world: Arc<dyn World>,
    ) -> Self {
        let sink = Arc::new(Memory::default());
        let sensor = "test".parse().expect("a name");
        let driver = Driver::new(budgets, sensor, tls, Arc::clone(&sink) as Arc<dyn Sink>, world);
        let (acceptor, dialer) = MemoryAcceptor::new(buffer);
        let shutdown = CancellationToken::new();
        let serving = {
            let (driver, shutdown) = (driver.clone(), shutdown.clone());
            tokio::spawn(async move {
                driver.serve(acceptor, move |_| Some(assignment.clone()), shutdown).await;
            })
        };
        Self { driver, sink, shutdown, dialer, serving }
    }

    pub(crate) async fn connect(&self) -> DuplexStream {
        self.connect_from("192.0.2.1:4000").await
    }

    pub(crate) async fn connect_from(&self, peer: &str) -> DuplexStream {
        let peer: SocketAddr = peer.parse().expect("an address");
        let local = "198.51.100.1:23".parse().expect("an address");
        self.dialer.connect(peer, local).await.expect("the acceptor is there")
    }

    /// Waits until every session is over.
    pub(crate) async fn finish(self) -> Arc<Memory> {
        drop(self.dialer);
        self.serving.await.expect("the driver does not panic");
        self.sink
    }
}

/// Reads until the driver ends its side.
pub(crate) async fn read_all(stream: &mut DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}
