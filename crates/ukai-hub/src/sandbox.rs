//! Workers that have samples run in the sandbox, and keep what they did.
//!
//! A sample is queued when its static analysis has said that it is something that runs, by
//! how new it is; and when a person asks. What it leaves behind becomes samples.

use crate::artifacts::Artifact;
use crate::novelty::LEFT;
use crate::shared::{App, Cycle};
use crate::wishes::RunWish;
use crate::worker::{analyze, jail, keep_lease};
use crate::{clock, limits, wishes};
use bytes::Bytes;
use serde::Serialize;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use ukai_behaviour::alike;
use ukai_model::{
    Analysis, Behaviour, CaptureHow, Class, EventKind, Fingerprint, PeerText, Sha256, Sighting,
};
use ukai_store::{Job, JobState, StoreError};

/// Jobs that captured samples give.
pub(crate) const RUN: &str = "sandbox";
/// Jobs that a person asked for: they go first, and count for no day's runs.
pub(crate) const RUN_ASKED: &str = "sandbox.asked";

/// Day and number of its runs, as `20784 17`: days since 1970 by UTC.
const RUNS_OF_DAY: &str = "hub.sandbox.day";

/// Where samples really run. It holds them in: nothing of it reaches a network.
pub trait Sandbox: Debug + Send + Sync {
    /// Whether it can run such a file.
    ///
    /// # Errors
    /// Why not, for a reader.
    fn takes(&self, analysis: &Analysis) -> Result<(), String>;

    /// Whether it can run such a file as a person wants it.
    ///
    /// # Errors
    /// Why not, for a reader.
    fn takes_as(&self, analysis: &Analysis, wish: &RunWish) -> Result<(), String>;

    /// What can be chosen.
    fn choices(&self) -> SandboxChoices;

    /// Runs a sample, as often as it takes; that it does nothing is an answer, too.
    ///
    /// # Errors
    /// Why there was no run: something of ours failed, and another attempt may do.
    fn run<'a>(&'a self, order: RunOrder<'a>) -> Running<'a>;
}

/// What can be chosen for a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SandboxChoices {
    /// What a sample can be taken for.
    pub architectures: Vec<String>,
    /// Networks.
    pub scenarios: Vec<String>,
    /// How long a sample is watched by default, in seconds.
    pub time_s: u64,
}

/// A run under way.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<RunDone, String>> + Send + 'a>>;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct RunOrder<'a> {
    /// The sample.
    pub bytes: &'a [u8],
    /// A name that it had; empty for none. It is the attacker's word.
    pub name: &'a [u8],
    /// What its static analysis says.
    pub analysis: &'a Analysis,
    /// How a person wants it to be run; the usual way, if nobody said anything.
    pub wish: &'a RunWish,
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct RunDone {
    /// What the sample did.
    pub behaviour: Behaviour,
    /// The files that came back, whole or in part.
    pub files: Vec<LeftFile>,
    /// Packets and memory, to be kept for download.
    pub artifacts: Vec<Artifact>,
}

/// A file that came back.
#[derive(Clone, Debug)]
pub struct LeftFile {
    /// Where it lay in the guest.
    pub path: PeerText,
    /// Its content.
    pub bytes: Bytes,
}

/// A sandbox with what the hub needs to know to use it.
#[derive(Clone, Debug)]
pub struct SandboxSeat {
    /// The sandbox.
    pub sandbox: Arc<dyn Sandbox>,
    /// Runs at once.
    pub workers: usize,
    /// Runs of captured samples on one day by UTC; those that a person asks for are not
    /// counted.
    pub runs_per_day: u64,
    /// Bytes of packets and memory that are kept for download, altogether.
    pub artifact_bytes_max: u64,
}

/// Works until the hub stops.
pub(crate) async fn run(app: App, seat: SandboxSeat, name: String) {
    let worker = Worker { app: app.clone(), seat, name };
    loop {
        let round = async {
            let result = worker.round().await;
            let idle = matches!(result, Ok(false));
            let result = result.map(drop);
            app.faults.note(&app.metrics, Cycle::Sandbox, &result);
            if result.is_err() {
                tokio::time::sleep(limits::CYCLE_RETRY).await;
            } else if idle {
                // Other workers are woken by the same word, so it is not waited for alone.
                tokio::time::sleep(limits::SANDBOX_IDLE).await;
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = round => {}
        }
    }
}

/// Asks for a run of a sample whose static analysis is there, if it runs at all.
pub(crate) async fn queue(app: &App, analysis: &Analysis) -> Result<(), StoreError> {
    let Some(seat) = &app.context.sandbox else { return Ok(()) };
    if seat.sandbox.takes(analysis).is_err() {
        return Ok(());
    }
    let sha256 = analysis.sha256;
    let sightings = app.store.sightings(&sha256, limits::SIGHTINGS_MAX).await?;
    // What samples left behind is queued by whoever ran them.
    let only_left = !sightings.is_empty() && sightings.iter().all(is_left);
    if only_left || app.store.behaviour(&sha256).await?.is_some() {
        return Ok(());
    }
    app.store.queue().push(RUN, sha256, app.novelty.priority(analysis)).await?;
    Ok(())
}

fn is_left(sighting: &Sighting) -> bool {
    sighting.how == CaptureHow::Sandbox
}

struct Worker {
    app: App,
    seat: SandboxSeat,
    name: String,
}

impl Worker {
    /// Does one job; false if there is none, or no more for this day.
    async fn round(&self) -> Result<bool, StoreError> {
        let queue = self.app.store.queue();
        let lease = |kind| queue.lease(kind, &self.name, limits::LEASE, 1);
        let mut job = lease(RUN_ASKED).await?.pop();
        if job.is_none() && self.runs_today().await? < self.seat.runs_per_day {
            job = lease(RUN).await?.pop();
        }
        let Some(job) = job else { return Ok(false) };
        tokio::select! {
            done = self.work(&job) => done?,
            lost = keep_lease(&self.app, &job) => {
                lost?;
                tracing::warn!(sample = %job.sha256, "the lease of a run was lost");
            }
        }
        Ok(true)
    }

    async fn runs_today(&self) -> Result<u64, StoreError> {
        let kept = self.app.store.get_meta(RUNS_OF_DAY).await?.unwrap_or_default();
        let (day, runs) = kept.split_once(' ').unwrap_or_default();
        let same = day.parse() == Ok(today());
        Ok(if same { runs.parse().unwrap_or_default() } else { 0 })
    }

    async fn count_run(&self) -> Result<(), StoreError> {
        // One at a time: two workers must not count as one.
        let _counting = self.app.counting_runs.lock().await;
        let runs = self.runs_today().await? + 1;
        self.app.store.put_meta(RUNS_OF_DAY, &format!("{} {runs}", today())).await
    }

    async fn work(&self, job: &Job) -> Result<(), StoreError> {
        let store = &self.app.store;
        let bytes = match store.sample(&job.sha256).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return self.give_back(job, "the sample's bytes are no longer kept").await,
            Err(error @ StoreError::Damaged { .. }) => {
                return self.give_back(job, &error.to_string()).await;
            }
            Err(error) => return Err(error),
        };
        let known = store.analyses_of(&job.sha256).await?;
        let analysis = match known.into_iter().find(|a| a.engine == ukai_static::ENGINE) {
            Some(analysis) => analysis,
            // Its own job has not come up yet.
            None => analyze(&jail(&self.app), &bytes, clock::now()).await,
        };
        // Wishes are a person's; what is queued by itself is run as usual.
        let wish = if job.kind == RUN_ASKED {
            wishes::wish(&self.app, &job.sha256).await?
        } else {
            RunWish::default()
        };
        if let Err(reason) = self.seat.sandbox.takes_as(&analysis, &wish) {
            tracing::info!(sample = %job.sha256, reason, "is not run");
            return self.complete(job).await;
        }
        if job.kind == RUN {
            self.count_run().await?;
        }
        let sightings = store.sightings(&job.sha256, limits::SIGHTINGS_MAX).await?;
        let name = sightings.iter().find_map(|sighting| sighting.name.as_ref());
        let name = name.map_or(&b""[..], PeerText::as_bytes);
        let begin = clock::now();
        let order = RunOrder { bytes: &bytes, name, analysis: &analysis, wish: &wish };
        match self.seat.sandbox.run(order).await {
            Err(reason) => self.give_back(job, &reason).await,
            Ok(done) => {
                let duration_ms = clock::now().since(begin).as_millis() as u64;
                let first = sightings.is_empty() || !sightings.iter().all(is_left);
                self.keep(done, &wish, first, duration_ms).await?;
                self.complete(job).await
            }
        }
    }

    /// The job is done, and the wish with it.
    async fn complete(&self, job: &Job) -> Result<(), StoreError> {
        if job.kind == RUN_ASKED {
            wishes::put(&self.app, &job.sha256, &RunWish::default()).await?;
        }
        self.app.store.queue().complete(job).await?;
        Ok(())
    }

    async fn give_back(&self, job: &Job, reason: &str) -> Result<(), StoreError> {
        self.app.metrics.job_failures.fetch_add(1, Relaxed);
        tracing::warn!(sample = %job.sha256, attempt = job.attempts, reason, "a run failed");
        let state = self.app.store.queue().fail(job, reason, None).await?;
        if state == Some(JobState::Quarantined) {
            tracing::warn!(sample = %job.sha256, "is not run again by itself");
        }
        Ok(())
    }

    /// Keeps what a sample did and left. `first`: it came from outside, so what it left is
    /// run, too; what that leaves in turn is not.
    async fn keep(
        &self,
        done: RunDone,
        wish: &RunWish,
        first: bool,
        duration_ms: u64,
    ) -> Result<(), StoreError> {
        let store = &self.app.store;
        let RunDone { mut behaviour, files, artifacts } = done;
        let others = store.minhashes(limits::BEHAVIOURS_COMPARED_MAX).await?;
        let others: Vec<(Sha256, Fingerprint)> = others
            .into_iter()
            .filter(|(sha256, _)| *sha256 != behaviour.sha256)
            .map(|(sha256, minhash)| (sha256, Fingerprint { features: Vec::new(), minhash }))
            .collect();
        let others = others.iter().map(|(sha256, fingerprint)| (*sha256, fingerprint));
        behaviour.alike = alike(&behaviour.fingerprint, others);
        // What somebody tried out does not take the place of what is known.
        if wish.is_usual() || store.behaviour(&behaviour.sha256).await?.is_none() {
            store.put_behaviour(&behaviour).await?;
        } else {
            store.put_behaviour_report(&behaviour).await?;
        }
        self.keep_artifacts(&behaviour, artifacts).await;
        self.keep_files(&behaviour, files, first).await?;
        self.app.metrics.runs.fetch_add(behaviour.runs.len() as u64, Relaxed);
        let serves = |class| matches!(class, Class::C2 | Class::Distribution | Class::Update);
        let servers = behaviour.contacts.iter().filter(|contact| serves(contact.class)).count();
        let done = EventKind::SandboxDone {
            sha256: behaviour.sha256,
            runs: u32::try_from(behaviour.runs.len()).unwrap_or(u32::MAX),
            score: behaviour.score,
            servers: servers as u64,
            drops: behaviour.drops.iter().filter(|drop| !drop.served).count() as u64,
            duration_ms,
        };
        store.submit(vec![self.app.event(done)]).await
    }

    async fn keep_artifacts(&self, behaviour: &Behaviour, made: Vec<Artifact>) {
        if made.is_empty() {
            return;
        }
        let kept = self.app.artifacts.clone();
        let (sha256, started) = (behaviour.sha256, behaviour.started);
        let moved = tokio::task::spawn_blocking(move || kept.keep(&sha256, started, &made)).await;
        // The report is worth more than they.
        if let Ok(Err(error)) = moved {
            tracing::warn!(sample = %sha256, %error, "packets and memory are not kept");
        }
    }

    /// Files that came back whole and are not of our making become samples.
    async fn keep_files(
        &self,
        behaviour: &Behaviour,
        files: Vec<LeftFile>,
        first: bool,
    ) -> Result<(), StoreError> {
        let store = &self.app.store;
        let mut kept = 0;
        for file in files {
            let sha256 = Sha256::of(&file.bytes);
            let own = |drop: &ukai_model::Dropped| {
                drop.sha256 == sha256 && !drop.served && drop.came >= drop.size
            };
            let wanted = sha256 != behaviour.sha256 && behaviour.drops.iter().any(own);
            if !wanted || kept >= limits::SANDBOX_FILES_MAX {
                continue;
            }
            kept += 1;
            let known = store.sample_summary(&sha256).await?.is_some();
            let size = file.bytes.len() as u64;
            store.put_sample(file.bytes).await?;
            let (how, name) = (CaptureHow::Sandbox, Some(file.path));
            let captured = EventKind::SampleCaptured { sha256, size, how, name, url: None };
            store.submit(vec![self.app.event(captured)]).await?;
            if first && !known {
                store.queue().push(RUN, sha256, LEFT).await?;
            }
        }
        Ok(())
    }
}

/// The day by UTC, in days since 1970.
fn today() -> u64 {
    clock::now().secs() / 86_400
}
