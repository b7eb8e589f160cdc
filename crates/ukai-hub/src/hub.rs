//! Starting the hub, and stopping it.

use crate::artifacts::Artifacts;
use crate::auth::Auth;
use crate::board::Board;
use crate::likeness::Likeness;
use crate::novelty::Novelty;
use crate::shared::{App, Cycle, Faults, Shared};
use crate::{
    HubConfig, HubContext, HubError, api, clock, likeness, limits, opinions, publish, sandbox,
    scoring, server, submission, worker,
};
use parking_lot::Mutex;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use ukai_model::EventKind;
use ukai_store::Store;

/// The hub. See [`Hub::start`].
#[derive(Debug)]
pub struct Hub;

/// A hub that runs. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct RunningHub {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Hub {
    /// Starts workers, scoring, publishing and the web server on `store`; returns when
    /// the address accepts connections and the feeds of the last run are served again.
    ///
    /// # Errors
    /// [`HubError`]; nothing runs then.
    pub async fn start(
        config: HubConfig,
        store: Store,
        context: HubContext,
    ) -> Result<RunningHub, HubError> {
        config.check()?;
        let listener = server::bind(config.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|source| HubError::Bind { address: config.listen, source })?;
        let app = app(config, store, context).await?;
        let (stop, metrics) = (app.stop.clone(), Arc::clone(&app.metrics));
        let publisher = publish::Publisher::open(app.clone()).await?;
        let mut tasks = Vec::new();
        let children = Arc::new(Semaphore::new(app.config.workers));
        for number in 1..=app.config.workers * limits::WORKERS_A_CHILD {
            let (shared, children) = (app.clone(), Arc::clone(&children));
            let name = format!("{}-{number}", std::process::id());
            let work = move || worker::run(shared.clone(), Arc::clone(&children), name.clone());
            tasks.push(supervised(&app, Cycle::Analysis, work));
        }
        if let Some(seat) = app.context.sandbox.clone() {
            for number in 1..=seat.workers {
                let (shared, seat) = (app.clone(), seat.clone());
                let name = format!("{}-sandbox-{number}", std::process::id());
                let work = move || sandbox::run(shared.clone(), seat.clone(), name.clone());
                tasks.push(supervised(&app, Cycle::Sandbox, work));
            }
        }
        tasks.extend(asking(&app));
        let shared = app.clone();
        tasks.push(supervised(&app, Cycle::Analysis, move || likeness::load(shared.clone())));
        if let Some(folder) = app.config.watch_folder.clone() {
            let shared = app.clone();
            let work = move || submission::watch(shared.clone(), folder.clone());
            tasks.push(supervised(&app, Cycle::Folder, work));
        }
        let scorer = app.clone();
        tasks.push(supervised(&app, Cycle::Scoring, move || scoring::run(scorer.clone())));
        let first = Arc::new(Mutex::new(Some(publisher)));
        let shared = app.clone();
        tasks.push(supervised(&app, Cycle::Publishing, move || {
            let first = first.lock().take();
            publish::run(first, shared.clone())
        }));
        let connections_max = app.config.http.connections_max;
        let router = api::router(&app);
        tasks.push(tokio::spawn(server::serve(
            listener,
            router,
            connections_max,
            metrics,
            stop.clone(),
        )));
        Ok(RunningHub { address, stop, tasks })
    }

    /// Brings indicators and the files of the feeds up to date, once, without listening
    /// and without analysing: for a program that exports feeds while no hub runs.
    ///
    /// # Errors
    /// [`HubError`], also when a feed's file could not be written.
    pub async fn publish_once(
        config: HubConfig,
        store: Store,
        context: HubContext,
    ) -> Result<(), HubError> {
        config.check()?;
        let app = app(config, store, context).await?;
        scoring::catch_up(&app).await?;
        publish::Publisher::open(app.clone()).await?;
        match app.faults.current().pop() {
            Some((_, reason)) => Err(HubError::Publishing { reason }),
            None => Ok(()),
        }
    }
}

/// The tasks that ask others about samples.
fn asking(app: &App) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    if let Some(engines) = app.context.engines.clone() {
        for number in 1..=limits::ENGINE_WORKERS {
            let (shared, engines) = (app.clone(), Arc::clone(&engines));
            let name = format!("{}-antivirus-{number}", std::process::id());
            let work = move || opinions::run_engines(shared.clone(), engines.clone(), name.clone());
            tasks.push(supervised(app, Cycle::Antivirus, work));
        }
        let shared = app.clone();
        let watch = move || opinions::watch_health(shared.clone(), engines.clone());
        tasks.push(supervised(app, Cycle::Antivirus, watch));
    }
    if let Some(services) = app.context.lookups.clone() {
        let shared = app.clone();
        let name = format!("{}-lookups", std::process::id());
        let work = move || opinions::run_services(shared.clone(), services.clone(), name.clone());
        tasks.push(supervised(app, Cycle::Lookups, work));
    }
    tasks
}

async fn app(config: HubConfig, store: Store, context: HubContext) -> Result<App, HubError> {
    let auth = Auth::new(
        context.ui_token.clone(),
        context.feed_token.clone(),
        Duration::from_secs(config.http.session_hours * 3_600),
    );
    Ok(App::new(Shared {
        started: clock::now(),
        auth,
        metrics: Arc::default(),
        board: Board::load(&store).await?,
        faults: Faults::default(),
        novelty: Novelty::load(&store).await?,
        likeness: Likeness::default(),
        counting_runs: tokio::sync::Mutex::default(),
        wishes: tokio::sync::Mutex::default(),
        artifacts: Artifacts::new(
            &context.data_dir,
            context.sandbox.as_ref().map_or(0, |seat| seat.artifact_bytes_max),
        ),
        views: Semaphore::new(limits::VIEWS_AT_ONCE),
        live: Arc::new(Semaphore::new(config.http.live_streams_max)),
        stop: CancellationToken::new(),
        config,
        context,
        store,
    }))
}

impl RunningHub {
    /// Where the UI, the API and the feeds are.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: requests under way may finish for some seconds, analyses under way are
    /// left to their lease. The store stays open.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        for task in std::mem::take(&mut self.tasks) {
            // A task ends by itself; how it ended was told when it happened.
            let _ = task.await;
        }
    }
}

impl Drop for RunningHub {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Runs a part of the hub, and starts it again should our own code panic: one fault must
/// not end the analysis of everything after it.
fn supervised<F: Future<Output = ()> + Send + 'static>(
    app: &App,
    cycle: Cycle,
    run: impl Fn() -> F + Send + 'static,
) -> JoinHandle<()> {
    let app = app.clone();
    tokio::spawn(async move {
        while !app.stop.is_cancelled() {
            let Err(error) = tokio::spawn(run()).await else { continue };
            let (component, detail) = (cycle.name().to_owned(), error.to_string());
            tracing::error!(component, detail, "ended by a fault; it starts again");
            app.metrics.faults.fetch_add(1, Relaxed);
            let fault = app.event(EventKind::Fault { component, detail });
            if let Err(error) = app.store.enqueue(vec![fault]).await {
                tracing::error!(%error, "the fault could not be recorded");
            }
            tokio::time::sleep(limits::CYCLE_RETRY).await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::rig::{Rig, until};
    use std::sync::atomic::AtomicU64;
    use ukai_store::EventQuery;

    #[tokio::test]
    async fn a_part_that_panics_starts_again_and_the_fault_is_recorded() {
        let rig = Rig::start().await;
        let context = rig.context();
        let app = app(HubConfig::default(), rig.store.clone(), context).await.expect("starts");
        let runs = Arc::new(AtomicU64::new(0));
        let (counted, stop) = (Arc::clone(&runs), app.stop.clone());
        let task = supervised(&app, Cycle::Analysis, move || {
            let (counted, stop) = (Arc::clone(&counted), stop.clone());
            async move {
                assert!(counted.fetch_add(1, Relaxed) > 0, "the first run fails");
                stop.cancelled().await;
            }
        });
        until("the second run", || async { runs.load(Relaxed) == 2 }).await;
        until("the fault", || async {
            let query = EventQuery { kind: Some("fault".into()), ..EventQuery::default() };
            !rig.store.events(query).await.expect("found").items.is_empty()
        })
        .await;
        app.stop.cancel();
        task.await.expect("ends");
    }
}
