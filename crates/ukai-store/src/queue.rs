//! The work queue as callers see it.

use crate::config::StoreConfig;
use crate::facade::Blocking;
use crate::limits::JOB_ERROR_BYTES_MAX;
use crate::query::{Job, JobState, QueueStats};
use crate::seam::{Retry, WorkQueue};
use crate::{StoreError, clock};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use ukai_model::Sha256;

/// Work with leases: a worker takes jobs, renews while it works, and completes or
/// fails them. A worker that dies loses its lease, and the job goes to another until
/// its attempts are used up; then it is put aside for a person.
#[derive(Clone)]
pub struct Queue {
    engine: Arc<dyn WorkQueue>,
    blocking: Blocking,
    wake: Arc<Notify>,
    config: Arc<StoreConfig>,
}

impl Queue {
    /// Priority of jobs for samples that sensors captured.
    pub const CAPTURED: i32 = 0;
    /// Priority of jobs that a person waits for.
    pub const ASKED: i32 = 100;

    pub(crate) fn new(
        engine: Arc<dyn WorkQueue>,
        blocking: Blocking,
        config: Arc<StoreConfig>,
    ) -> Self {
        Self { engine, blocking, wake: Arc::default(), config }
    }

    /// Wakes those that wait for work.
    pub(crate) fn wake(&self) {
        self.wake.notify_waiters();
        self.wake.notify_one();
    }

    /// Returns when work may have arrived since the last call. Retries come due and
    /// leases run out silently: wait with a time-out of some seconds too.
    pub async fn notified(&self) {
        self.wake.notified().await;
    }

    /// Asks for work; of one kind a sample has one job at most. A waiting job takes
    /// the higher priority, a quarantined one starts anew, a leased one stays. Whether
    /// something changed.
    pub async fn push(
        &self,
        kind: &str,
        sha256: Sha256,
        priority: i32,
    ) -> Result<bool, StoreError> {
        let (engine, kind) = (self.engine.clone(), kind.to_owned());
        let new =
            self.blocking.run(move || engine.push(&kind, &sha256, priority, clock::now())).await?;
        if new {
            self.wake();
        }
        Ok(new)
    }

    /// Takes at most `max` jobs for `lease`, highest priority first, then oldest.
    pub async fn lease(
        &self,
        kind: &str,
        worker: &str,
        lease: Duration,
        max: u32,
    ) -> Result<Vec<Job>, StoreError> {
        let (engine, kind, worker) = (self.engine.clone(), kind.to_owned(), worker.to_owned());
        let attempts_max = self.config.job_attempts_max.max(1);
        self.blocking
            .run(move || {
                let now = clock::now();
                engine.lease(&kind, &worker, now + lease, max, attempts_max, now)
            })
            .await
    }

    /// As [`Queue::lease`] for jobs that are never put aside, however many attempts they took:
    /// those that wait for somebody else ([`Queue::postpone`]).
    pub async fn lease_patiently(
        &self,
        kind: &str,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Job>, StoreError> {
        let (engine, kind, worker) = (self.engine.clone(), kind.to_owned(), worker.to_owned());
        self.blocking
            .run(move || {
                let now = clock::now();
                Ok(engine.lease(&kind, &worker, now + lease, 1, u32::MAX, now)?.pop())
            })
            .await
    }

    /// The work waits for somebody else: it is tried again after `wait`, or by default after
    /// one that doubles with each attempt, and never put aside. `false` if the lease was lost.
    pub async fn postpone(
        &self,
        job: &Job,
        reason: &str,
        wait: Option<Duration>,
    ) -> Result<bool, StoreError> {
        let (engine, job) = (self.engine.clone(), job.clone());
        let reason = reason[..reason.floor_char_boundary(JOB_ERROR_BYTES_MAX)].to_owned();
        let wait =
            wait.unwrap_or_else(|| Duration::from_millis(self.config.retry_delay_ms(job.attempts)));
        self.blocking
            .run(move || {
                let retry = Retry { not_before: clock::now() + wait, attempts_max: u32::MAX };
                Ok(engine.fail(&job, &reason, retry)?.is_some())
            })
            .await
    }

    /// Extends a lease to `lease` from now; `false` if it was lost.
    pub async fn renew(&self, job: &Job, lease: Duration) -> Result<bool, StoreError> {
        let (engine, job) = (self.engine.clone(), job.clone());
        self.blocking
            .run(move || {
                let now = clock::now();
                engine.renew(&job, now + lease, now)
            })
            .await
    }

    /// The work is done; `false` if the lease was lost, and another has it.
    pub async fn complete(&self, job: &Job) -> Result<bool, StoreError> {
        let (engine, job) = (self.engine.clone(), job.clone());
        self.blocking.run(move || engine.complete(&job)).await
    }

    /// [`Queue::complete`], and takes the next job of the same kind for `lease`, in one step.
    pub async fn exchange(
        &self,
        done: &Job,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Job>, StoreError> {
        let (engine, done, worker) = (self.engine.clone(), done.clone(), worker.to_owned());
        let attempts_max = self.config.job_attempts_max.max(1);
        self.blocking
            .run(move || {
                let now = clock::now();
                engine.exchange(&done, &worker, now + lease, attempts_max, now)
            })
            .await
    }

    /// The attempt failed: tried again after `retry_after` (by default a wait that
    /// doubles with each attempt), or put aside when the attempts are used up. `None`
    /// if the lease was lost.
    pub async fn fail(
        &self,
        job: &Job,
        reason: &str,
        retry_after: Option<Duration>,
    ) -> Result<Option<JobState>, StoreError> {
        let (engine, job) = (self.engine.clone(), job.clone());
        let reason = reason[..reason.floor_char_boundary(JOB_ERROR_BYTES_MAX)].to_owned();
        let delay = retry_after
            .unwrap_or_else(|| Duration::from_millis(self.config.retry_delay_ms(job.attempts)));
        let attempts_max = self.config.job_attempts_max.max(1);
        self.blocking
            .run(move || {
                let retry = Retry { not_before: clock::now() + delay, attempts_max };
                engine.fail(&job, &reason, retry)
            })
            .await
    }

    /// Starts a quarantined job anew; `false` if there is none of this identity.
    pub async fn retry(&self, id: u64) -> Result<bool, StoreError> {
        let engine = self.engine.clone();
        let found = self.blocking.run(move || engine.retry(id, clock::now())).await?;
        if found {
            self.wake();
        }
        Ok(found)
    }

    /// Jobs put aside, newest first.
    pub async fn quarantined(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let engine = self.engine.clone();
        self.blocking.run(move || engine.quarantined(limit)).await
    }

    /// The job of a sample, if one is open.
    pub async fn job_of(&self, kind: &str, sha256: Sha256) -> Result<Option<Job>, StoreError> {
        let (engine, kind) = (self.engine.clone(), kind.to_owned());
        self.blocking.run(move || engine.job_of(&kind, &sha256)).await
    }

    /// How much work there is.
    pub async fn stats(&self) -> Result<QueueStats, StoreError> {
        let engine = self.engine.clone();
        self.blocking.run(move || engine.stats()).await
    }
}
