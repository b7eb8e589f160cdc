//! The virtual Internet on a guest's link: started, running, ended.

use crate::book::{Book, Listener, PACKETS_FOLDER, Pen};
use crate::datagrams::{Datagrams, Shared};
use crate::gateway::{Gateway, STATION};
use crate::guests::Guests;
use crate::limits::DESTINATIONS_MAX;
use crate::names::{Names, key_of};
use crate::outgoing::Outgoing;
use crate::places::Places;
use crate::scenario::{Scenario, ScenarioError};
use crate::services::Services;
use crate::sink::VirtualSink;
use crate::summary::Summary;
use lru::LruCache;
use parking_lot::Mutex;
use std::io;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use ukai_driver::{
    Budgets, Ca, CertificateNames, Driver, NetstackAcceptor, SystemWorld, TlsConfigs, TlsError,
    World,
};
use ukai_link::{Recorder, RecorderHandle, Recording};
use ukai_model::{EventKind, Flow, PeerText, SensorId};
use ukai_netstack::{Config, Link};
use ukai_servers::replies::ReplySet;

/// Packets of one file, in bytes.
const PACKET_FILE_BYTES: u64 = 256 << 20;

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum InternetError {
    /// The scenario cannot work.
    #[error("{0}")]
    Scenario(#[from] ScenarioError),
    /// TLS cannot be spoken.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// The record cannot be written.
    #[error("record {}: {error}; choose another folder", folder.display())]
    Record {
        /// Its folder.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// How it is started.
pub struct Options {
    /// What it is like.
    pub scenario: Scenario,
    /// Folder of the files that the scenario names.
    pub files: PathBuf,
    /// Conversations of known families, on which they are kept talking.
    pub replies: Arc<ReplySet>,
    /// Who observes.
    pub sensor: SensorId,
    /// Folder of the record; `None`: only the summary is kept.
    pub folder: Option<PathBuf>,
    /// Whether packets are recorded, too.
    pub packets: bool,
    /// Who signs certificates; guests that trust it take any server for what it says.
    pub ca: Ca,
    /// Is told every event, on a thread of its own.
    pub listener: Option<Listener>,
}

/// A running virtual Internet.
pub struct Internet {
    book: Book,
    driver: Driver,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    recorder: Option<Recorder>,
    outgoing: Arc<Mutex<Outgoing>>,
    datagrams: Arc<Mutex<Datagrams>>,
    world: Arc<dyn World>,
}

impl Internet {
    /// Begins to be everywhere at the other end of `link`. Must be called within a runtime.
    pub fn start(link: impl Link + 'static, options: Options) -> Result<Self, InternetError> {
        let Options { scenario, files, replies, sensor, folder, packets, ca, listener } = options;
        scenario.check()?;
        let world: Arc<dyn World> = Arc::new(SystemWorld);
        let names = Arc::new(Names::new(&scenario)?);
        let guests = Arc::new(Guests::default());
        let places = Arc::new(Places::new(
            &scenario,
            Arc::clone(&names),
            Arc::clone(&guests),
            Arc::clone(&world),
        )?);
        let failed =
            |error| InternetError::Record { folder: folder.clone().unwrap_or_default(), error };
        let recorder = match &folder {
            Some(folder) if packets => {
                let recording = Recording {
                    folder: folder.join(PACKETS_FOLDER),
                    name: "internet".to_owned(),
                    file_bytes_max: PACKET_FILE_BYTES.min(scenario.limits.packet_bytes_max),
                    file_seconds_max: u64::MAX,
                    files_max: (scenario.limits.packet_bytes_max / PACKET_FILE_BYTES).max(1)
                        as usize,
                    snap_bytes: 65_535,
                };
                Some(Recorder::start(recording).map_err(failed)?)
            }
            _ => None,
        };
        let naming = recorder.as_ref().map(Recorder::handle);
        let listener: Listener = Box::new(move |event| {
            if let Some(handle) = &naming {
                name_packets(handle, &event.kind);
            }
            if let Some(listener) = &listener {
                listener(event);
            }
        });
        let book = Book::open(
            folder.as_deref(),
            sensor.clone(),
            &scenario.limits,
            Arc::clone(&world),
            Some(listener),
        )
        .map_err(failed)?;
        let pen = book.pen();
        let services = Services::new(
            &scenario,
            &files,
            replies,
            &names,
            Arc::clone(&places),
            Arc::clone(&world),
        )?;
        let mut tls =
            TlsConfigs::new(CertificateNames::Requested, Arc::clone(&world)).signed_by(ca)?;
        if let Some(handle) = recorder.as_ref().map(Recorder::handle) {
            tls = tls.with_key_log(Arc::new(move |line: &str| handle.tls_secret(line)));
        }
        let driver = Driver::new(
            budgets(&scenario),
            sensor,
            tls,
            Arc::new(VirtualSink { pen: pen.clone() }),
            Arc::clone(&world),
        );
        let link: Box<dyn Link> = match &recorder {
            Some(recorder) => Box::new(recorder.tap(link, "guest")),
            None => Box::new(link),
        };
        let outgoing = Arc::new(Mutex::new(Outgoing::default()));
        let telling = pen.clone();
        let gateway = Gateway::new(
            link,
            scenario.guest.clone(),
            guests,
            STATION,
            key_of(&scenario.seed),
            Arc::clone(&outgoing),
            Arc::clone(&world),
            move |kind| telling.note(kind, None, None),
        );
        let stack = Config {
            mac: STATION,
            flows_max: scenario.limits.connections_max,
            closed: true,
            ..Config::default()
        };
        let flows_max = scenario.limits.datagram_flows_max;
        let datagrams = Datagrams::new(
            flows_max,
            Arc::clone(&services),
            Arc::clone(&names),
            pen.clone(),
            world.random() as u64,
        );
        let datagrams = Arc::new(Mutex::new(datagrams));
        let acceptor = NetstackAcceptor::with_datagrams(
            gateway,
            ForStack(Arc::clone(&places)),
            stack,
            Arc::clone(&world),
            |_| {},
            ukai_driver::Datagrams::Open {
                flows_max,
                direct: Some(Box::new(Shared(Arc::clone(&datagrams)))),
            },
        );
        let destinations = Destinations::new(Arc::clone(&names), pen.clone(), Arc::clone(&world));
        let stop = CancellationToken::new();
        let serving = {
            let (driver, stop) = (driver.clone(), stop.clone());
            let choose = move |flow: &Flow| {
                destinations.met(flow);
                Some(services.choose(flow))
            };
            tokio::spawn(async move { driver.serve(acceptor, choose, stop).await })
        };
        Ok(Self { book, driver, stop, serving, recorder, outgoing, datagrams, world })
    }

    /// Writes into its record.
    pub fn pen(&self) -> Pen {
        self.book.pen()
    }

    /// What has happened so far.
    pub fn summary(&self) -> Summary {
        self.book.pen().summary()
    }

    /// Connections at this moment.
    pub fn connections(&self) -> usize {
        self.driver.sessions()
    }

    /// Waits until the link has ended.
    pub async fn ended(&mut self) {
        // That the task has failed is told by whoever ends it.
        let _ = (&mut self.serving).await;
    }

    /// Ends all connections and the record; what has happened.
    pub async fn shutdown(self) -> io::Result<Summary> {
        self.stop.cancel();
        if !self.serving.is_finished() && self.serving.await.is_err() {
            tracing::error!("the virtual Internet's acceptor had failed");
        }
        // Whatever still waits for more is told now.
        self.datagrams.lock().finish();
        let pen = self.book.pen();
        for kind in self.outgoing.lock().tell(self.world.now()) {
            pen.note(kind, None, None);
        }
        drop(self.recorder);
        self.book.close()
    }
}

/// Names of addresses, for readers of packets.
fn name_packets(handle: &RecorderHandle, kind: &EventKind) {
    if let EventKind::DnsQuery { name, record, answers, .. } = kind
        && matches!(record.as_str(), "A" | "AAAA" | "ANY")
        && let Ok(name) = std::str::from_utf8(name.as_bytes())
    {
        for address in answers.iter().filter_map(|answer| answer.parse::<IpAddr>().ok()) {
            handle.name(address, name);
        }
    }
}

/// One guest may use up everything: there is nobody else.
fn budgets(scenario: &Scenario) -> Budgets {
    let limits = &scenario.limits;
    Budgets {
        sessions_max: limits.connections_max,
        sessions_per_peer_max: limits.connections_max,
        idle_ms: limits.idle_s.saturating_mul(1_000),
        session_ms: 7 * 86_400_000,
        bytes_in_max: 1 << 30,
        bytes_out_max: 4 << 30,
        output_pending_bytes_max: 64 << 20,
        buffered_bytes_max: 256 << 20,
        captured_bytes_per_peer_max: limits.captured_bytes_max,
        sides_per_session_max: 16,
        sides_max: 4_096,
        ..Budgets::default()
    }
}

/// Destinations, told once each: by which name, or none.
struct Destinations {
    names: Arc<Names>,
    pen: Pen,
    world: Arc<dyn World>,
    /// Whether it had a name when it was told.
    met: Mutex<LruCache<(IpAddr, u16), bool>>,
}

impl Destinations {
    fn new(names: Arc<Names>, pen: Pen, world: Arc<dyn World>) -> Self {
        let max = NonZeroUsize::new(DESTINATIONS_MAX).expect("a constant");
        Self { names, pen, world, met: Mutex::new(LruCache::new(max)) }
    }

    fn met(&self, flow: &Flow) {
        let known = self.names.known(flow.dst_ip);
        let first = {
            let mut met = self.met.lock();
            let named = known.is_some();
            let first = met.get(&(flow.dst_ip, flow.dst_port)) != Some(&named);
            met.put((flow.dst_ip, flow.dst_port), named);
            first
        };
        if !first {
            return;
        }
        let now = self.world.now();
        let asked = known.as_ref().and_then(|known| known.asked);
        let kind = EventKind::Destination {
            name: known
                .map_or_else(PeerText::default, |known| PeerText::from(known.name.as_bytes())),
            asked_ms: asked.map(|asked| now.since(asked).as_millis() as u64),
        };
        self.pen.note(kind, Some(*flow), None);
    }
}

/// What the stack asks.
struct ForStack(Arc<Places>);

impl ukai_netstack::Neighbourhood for ForStack {
    fn host(&self, address: IpAddr) -> Option<ukai_netstack::Host<'_>> {
        self.0.host(address)
    }

    fn port(
        &self,
        address: IpAddr,
        transport: ukai_model::Transport,
        port: u16,
    ) -> ukai_netstack::Port {
        self.0.port(address, transport, port)
    }
}
