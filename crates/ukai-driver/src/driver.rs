//! The driver: takes flows, gives each a task, bounds them all.

use crate::acceptor::{Accepted, Acceptor};
use crate::connection::Connection;
use crate::gauge::Gauge;
use crate::limits::{
    ACCEPT_BACKOFF_MAX, ACCEPT_BACKOFF_MIN, ORPHANED_FETCHES_MAX, REFUSAL_REPORT_EVERY, STOP_WAIT,
};
use crate::peers::{Peers, Refusal};
use crate::tls::TlsConfigs;
use crate::{Budgets, Sink, World};
use rustix::io::Errno;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use ukai_emulators::Emulator;
use ukai_model::{Event, EventId, EventKind, Flow, SCHEMA_VERSION, SensorId};
use ukai_persona::Host;
use ukai_shell::Fs;

/// Runs sessions on streams. Clones share budgets and tables.
#[derive(Clone)]
pub struct Driver {
    shared: Arc<Shared>,
}

/// What all sessions of a driver share.
pub(crate) struct Shared {
    pub(crate) budgets: Budgets,
    pub(crate) sensor: SensorId,
    pub(crate) tls: TlsConfigs,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) world: Arc<dyn World>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) gauge: Arc<Gauge>,
    pub(crate) orphans: Arc<Semaphore>,
    pub(crate) sides: Arc<Semaphore>,
    pub(crate) tasks: TaskTracker,
}

/// Who answers a flow.
#[derive(Clone)]
pub struct Assignment {
    /// The protocol.
    pub emulator: Arc<dyn Emulator>,
    /// The host that the address pretends to be.
    pub host: Arc<Host>,
    /// The peer's file system on that host.
    pub fs: Fs,
    /// When TLS is expected.
    pub tls: TlsUse,
    /// Protocols that may be agreed on within TLS (ALPN), the best first. Where the peer
    /// offers none of them, none is agreed on, and the session goes on.
    pub alpn: &'static [&'static str],
}

/// When TLS is expected on a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsUse {
    /// It is unwrapped if a peer begins with a ClientHello before we said anything.
    Recognised,
    /// The service is one in TLS: nothing is said before the peer has spoken.
    Expected,
    /// The service's protocol has a way of its own to begin TLS, or none: a ClientHello is
    /// nothing but bytes to it.
    Unknown,
}

impl Driver {
    /// A driver for one sensor.
    pub fn new(
        budgets: Budgets,
        sensor: SensorId,
        tls: TlsConfigs,
        sink: Arc<dyn Sink>,
        world: Arc<dyn World>,
    ) -> Self {
        let shared = Shared {
            peers: Peers::new(&budgets),
            gauge: Gauge::new(budgets.buffered_bytes_max),
            orphans: Arc::new(Semaphore::new(ORPHANED_FETCHES_MAX)),
            sides: Arc::new(Semaphore::new(budgets.sides_max.min(Semaphore::MAX_PERMITS))),
            tasks: TaskTracker::new(),
            budgets,
            sensor,
            tls,
            sink,
            world,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sessions at this moment.
    pub fn sessions(&self) -> usize {
        self.shared.peers.sessions()
    }

    /// Output and recordings held in memory at this moment, in bytes.
    pub fn buffered(&self) -> usize {
        self.shared.gauge.held()
    }

    /// Side streams at this moment, those that wait for their peer included.
    pub fn sides(&self) -> usize {
        let free = self.shared.sides.available_permits();
        self.shared.budgets.sides_max.min(Semaphore::MAX_PERMITS).saturating_sub(free)
    }

    /// Takes flows until there are no more or `shutdown` is cancelled, then waits until
    /// the sessions are over; after a shutdown not longer than ten seconds. `choose`
    /// says who answers; a flow that nobody answers is closed without a trace.
    pub async fn serve<A, C>(&self, mut acceptor: A, choose: C, shutdown: CancellationToken)
    where
        A: Acceptor,
        C: Fn(&Flow) -> Option<Assignment> + Send,
    {
        let mut stopped = pin!(shutdown.cancelled());
        let mut shortage = Shortage::default();
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stopped => break,
                accepted = acceptor.accept() => accepted,
            };
            match accepted {
                None => break,
                Some(Ok(accepted)) => {
                    shortage.wait = ACCEPT_BACKOFF_MIN;
                    if let Some(assignment) = choose(&accepted.flow) {
                        self.start(accepted, assignment, &shutdown);
                    }
                }
                Some(Err(error)) if is_shortage(&error) => {
                    self.wait_for_resources(&error, &mut shortage).await;
                }
                // A connection that was gone before it was taken.
                Some(Err(_)) => {}
            }
        }
        drop(acceptor);
        self.wait_for_sessions(&shutdown).await;
    }

    /// Runs one session to its end, if its peer may have one.
    pub async fn drive(
        &self,
        accepted: Accepted,
        assignment: Assignment,
        shutdown: CancellationToken,
    ) {
        if let Some(connection) = self.admit(accepted, assignment) {
            connection.run(shutdown).await;
        }
    }

    fn start(&self, accepted: Accepted, assignment: Assignment, shutdown: &CancellationToken) {
        if let Some(connection) = self.admit(accepted, assignment) {
            self.shared.tasks.spawn(connection.run(shutdown.clone()));
        }
    }

    fn admit(&self, accepted: Accepted, assignment: Assignment) -> Option<Box<Connection>> {
        let now = self.shared.world.now();
        match self.shared.peers.admit(accepted.flow.src_ip, now) {
            Ok(seat) => {
                Some(Connection::new(Arc::clone(&self.shared), accepted, assignment, seat, now))
            }
            Err(Refusal { limit, report }) => {
                if let Some(count) = report {
                    let detail = format!("{count} connections refused");
                    self.report_limit(limit, detail, Some(accepted.flow));
                }
                None
            }
        }
    }

    /// Records a limit that concerns no session. Nobody waits for the record: it is
    /// rare, and the acceptor must go on.
    fn report_limit(&self, limit: &str, detail: String, flow: Option<Flow>) {
        self.report(EventKind::LimitReached { limit: limit.to_owned(), detail }, flow);
    }

    /// Records a fact that concerns no session. Nobody waits for the record.
    pub fn report(&self, kind: EventKind, flow: Option<Flow>) {
        let shared = Arc::clone(&self.shared);
        let time = shared.world.now();
        let event = Event {
            v: SCHEMA_VERSION,
            id: EventId::new(time, shared.world.random()),
            time,
            sensor: shared.sensor.clone(),
            session: None,
            flow,
            kind,
        };
        self.shared.tasks.spawn(async move { shared.sink.record(vec![event]).await });
    }

    async fn wait_for_resources(&self, error: &io::Error, shortage: &mut Shortage) {
        if shortage.reported.is_none_or(|last| last.elapsed() >= REFUSAL_REPORT_EVERY) {
            shortage.reported = Some(Instant::now());
            tracing::warn!(%error, sessions = self.sessions(), "cannot accept connections");
            self.report_limit("nofile", format!("cannot accept connections: {error}"), None);
        }
        tokio::time::sleep(shortage.wait).await;
        shortage.wait = (shortage.wait * 2).min(ACCEPT_BACKOFF_MAX);
    }

    async fn wait_for_sessions(&self, shutdown: &CancellationToken) {
        let tasks = &self.shared.tasks;
        tasks.close();
        let too_long = async {
            shutdown.cancelled().await;
            tokio::time::sleep(STOP_WAIT).await;
        };
        tokio::select! {
            () = tasks.wait() => {}
            () = too_long => {
                tracing::warn!(sessions = tasks.len(), "sessions cut at the stop");
            }
        }
    }
}

/// How an acceptor waits for resources.
struct Shortage {
    wait: Duration,
    reported: Option<Instant>,
}

impl Default for Shortage {
    fn default() -> Self {
        Self { wait: ACCEPT_BACKOFF_MIN, reported: None }
    }
}

/// Whether an accept failed because something of ours is used up, so that the next one
/// would fail too.
fn is_shortage(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)
    )
}
