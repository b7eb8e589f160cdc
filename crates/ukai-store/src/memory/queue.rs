//! The work queue in memory.

use super::catalog::{MemoryCatalog, State};
use crate::StoreError;
use crate::query::{Job, JobState, QueueStats};
use crate::seam::{Retry, WorkQueue};
use std::cmp::Reverse;
use ukai_model::{Sha256, Timestamp};

type Result<T> = std::result::Result<T, StoreError>;

impl State {
    pub(super) fn new_job(&mut self, kind: &str, sha256: &Sha256, priority: i32, now: Timestamp) {
        self.last_job += 1;
        let job = Job {
            id: self.last_job,
            kind: kind.to_owned(),
            sha256: *sha256,
            priority,
            state: JobState::Waiting,
            attempts: 0,
            created: now,
            not_before: now,
            lease_until: None,
            worker: None,
            last_error: None,
        };
        self.jobs.insert(job.id, job);
    }

    pub(super) fn find_job(&mut self, kind: &str, sha256: &Sha256) -> Option<&mut Job> {
        self.jobs.values_mut().find(|job| job.kind == kind && job.sha256 == *sha256)
    }

    /// The job, if this lease of it still holds.
    fn held(&mut self, job: &Job) -> Option<&mut Job> {
        let known = self.jobs.get_mut(&job.id)?;
        (known.state == JobState::Leased && known.attempts == job.attempts).then_some(known)
    }
}

fn start_anew(job: &mut Job, now: Timestamp) {
    job.state = JobState::Waiting;
    job.attempts = 0;
    job.not_before = now;
}

impl WorkQueue for MemoryCatalog {
    fn push(&self, kind: &str, sha256: &Sha256, priority: i32, now: Timestamp) -> Result<bool> {
        let mut state = self.state.lock();
        let Some(job) = state.find_job(kind, sha256) else {
            state.new_job(kind, sha256, priority, now);
            return Ok(true);
        };
        match job.state {
            JobState::Leased => return Ok(false),
            JobState::Quarantined => start_anew(job, now),
            JobState::Waiting => {}
        }
        job.priority = job.priority.max(priority);
        job.not_before = job.not_before.min(now);
        Ok(true)
    }

    fn lease(
        &self,
        kind: &str,
        worker: &str,
        until: Timestamp,
        max: u32,
        attempts_max: u32,
        now: Timestamp,
    ) -> Result<Vec<Job>> {
        let mut state = self.state.lock();
        for job in state.jobs.values_mut().filter(|job| job.kind == kind) {
            if job.state == JobState::Leased && job.lease_until.is_none_or(|until| until <= now) {
                let used_up = job.attempts >= attempts_max;
                job.state = if used_up { JobState::Quarantined } else { JobState::Waiting };
                job.lease_until = None;
                job.last_error = Some("the lease ran out: the worker died or was too slow".into());
            }
        }
        let due = |job: &&mut Job| {
            job.kind == kind && job.state == JobState::Waiting && job.not_before <= now
        };
        let mut jobs: Vec<&mut Job> = state.jobs.values_mut().filter(due).collect();
        jobs.sort_by_key(|job| (Reverse(job.priority), job.id));
        let taken = jobs.into_iter().take(max as usize).map(|job| {
            job.state = JobState::Leased;
            job.attempts += 1;
            job.lease_until = Some(until);
            job.worker = Some(worker.to_owned());
            job.clone()
        });
        Ok(taken.collect())
    }

    fn renew(&self, job: &Job, until: Timestamp, now: Timestamp) -> Result<bool> {
        let mut state = self.state.lock();
        let held = state.held(job).filter(|job| job.lease_until.is_some_and(|until| until > now));
        Ok(held.map(|job| job.lease_until = Some(until)).is_some())
    }

    fn complete(&self, job: &Job) -> Result<bool> {
        let mut state = self.state.lock();
        let held = state.held(job).is_some();
        if held {
            state.jobs.remove(&job.id);
        }
        Ok(held)
    }

    fn exchange(
        &self,
        done: &Job,
        worker: &str,
        until: Timestamp,
        attempts_max: u32,
        now: Timestamp,
    ) -> Result<Option<Job>> {
        self.complete(done)?;
        Ok(self.lease(&done.kind, worker, until, 1, attempts_max, now)?.pop())
    }

    fn fail(&self, job: &Job, reason: &str, retry: Retry) -> Result<Option<JobState>> {
        let mut state = self.state.lock();
        Ok(state.held(job).map(|job| {
            let used_up = job.attempts >= retry.attempts_max;
            job.state = if used_up { JobState::Quarantined } else { JobState::Waiting };
            job.not_before = retry.not_before;
            job.lease_until = None;
            job.last_error = Some(reason.to_owned());
            job.state
        }))
    }

    fn retry(&self, id: u64, now: Timestamp) -> Result<bool> {
        let mut state = self.state.lock();
        let job = state.jobs.get_mut(&id).filter(|job| job.state == JobState::Quarantined);
        Ok(job.map(|job| start_anew(job, now)).is_some())
    }

    fn quarantined(&self, limit: u32) -> Result<Vec<Job>> {
        let state = self.state.lock();
        let jobs = state.jobs.values().rev().filter(|job| job.state == JobState::Quarantined);
        Ok(jobs.take(limit as usize).cloned().collect())
    }

    fn job_of(&self, kind: &str, sha256: &Sha256) -> Result<Option<Job>> {
        Ok(self.state.lock().find_job(kind, sha256).cloned())
    }

    fn stats(&self) -> Result<QueueStats> {
        let mut stats = QueueStats::default();
        for job in self.state.lock().jobs.values() {
            match job.state {
                JobState::Waiting => stats.waiting += 1,
                JobState::Leased => stats.leased += 1,
                JobState::Quarantined => stats.quarantined += 1,
            }
        }
        Ok(stats)
    }
}
