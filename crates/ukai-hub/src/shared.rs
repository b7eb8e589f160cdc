//! What the parts of the hub share.

use crate::artifacts::Artifacts;
use crate::auth::Auth;
use crate::board::Board;
use crate::likeness::Likeness;
use crate::metrics::Metrics;
use crate::novelty::Novelty;
use crate::{HubConfig, HubContext, clock};
use parking_lot::Mutex;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use ukai_model::{Event, EventId, EventKind, SCHEMA_VERSION, Timestamp};
use ukai_store::Store;

/// What the parts of the hub share; clones are the same.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// See [`App`].
pub(crate) struct Shared {
    pub(crate) config: HubConfig,
    pub(crate) context: HubContext,
    pub(crate) store: Store,
    pub(crate) started: Timestamp,
    pub(crate) auth: Auth,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) board: Board,
    pub(crate) faults: Faults,
    pub(crate) novelty: Novelty,
    pub(crate) likeness: Likeness,
    /// Held while a run is counted.
    pub(crate) counting_runs: tokio::sync::Mutex<()>,
    /// Held while wishes for runs are changed.
    pub(crate) wishes: tokio::sync::Mutex<()>,
    /// What of runs can be downloaded.
    pub(crate) artifacts: Artifacts,
    /// One permit per look into a sample.
    pub(crate) views: Semaphore,
    /// One permit per live stream that may be open.
    pub(crate) live: Arc<Semaphore>,
    pub(crate) stop: CancellationToken,
}

impl App {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// An event of the hub's own, of now.
    pub(crate) fn event(&self, kind: EventKind) -> Event {
        let time = clock::now();
        Event {
            v: SCHEMA_VERSION,
            id: EventId::new(time, rand::random()),
            time,
            sensor: self.context.sensor.clone(),
            session: None,
            flow: None,
            kind,
        }
    }
}

impl Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The parts of the hub that run by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cycle {
    Scoring,
    Publishing,
    Analysis,
    Sandbox,
    Antivirus,
    Lookups,
    Folder,
}

impl Cycle {
    pub(crate) const ALL: [Self; 7] = [
        Self::Scoring,
        Self::Publishing,
        Self::Analysis,
        Self::Sandbox,
        Self::Antivirus,
        Self::Lookups,
        Self::Folder,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Scoring => "scoring",
            Self::Publishing => "publishing",
            Self::Analysis => "analysis",
            Self::Sandbox => "sandbox",
            Self::Antivirus => "antivirus",
            Self::Lookups => "lookups",
            Self::Folder => "folder",
        }
    }
}

/// What fails at the moment, so that the status tells it and not the log alone.
#[derive(Default)]
pub(crate) struct Faults(Mutex<[Option<String>; Cycle::ALL.len()]>);

impl Faults {
    /// Notes how a round of `cycle` went.
    pub(crate) fn note<E: std::fmt::Display>(
        &self,
        metrics: &Metrics,
        cycle: Cycle,
        result: &Result<(), E>,
    ) {
        let mut faults = self.0.lock();
        let place = &mut faults[cycle as usize];
        match result {
            Ok(()) => {
                if place.take().is_some() {
                    tracing::info!(component = cycle.name(), "works again");
                }
            }
            Err(error) => {
                metrics.faults.fetch_add(1, Relaxed);
                let error = error.to_string();
                if place.as_ref() != Some(&error) {
                    tracing::error!(component = cycle.name(), error, "fails; it is tried again");
                }
                *place = Some(error);
            }
        }
    }

    /// What fails now, with the reason.
    pub(crate) fn current(&self) -> Vec<(Cycle, String)> {
        let faults = self.0.lock();
        Cycle::ALL
            .into_iter()
            .filter_map(|cycle| faults[cycle as usize].clone().map(|reason| (cycle, reason)))
            .collect()
    }
}
