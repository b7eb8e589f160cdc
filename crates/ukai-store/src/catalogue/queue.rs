//! The work queue: a table with leases.

use super::values::{Fixed, Named, Time, int, time};
use super::{Catalogue, Commit, Result};
use crate::query::{Job, JobState, QueueStats};
use crate::seam::{Retry, WorkQueue};
use rusqlite::{Connection, OptionalExtension, Row, params};
use ukai_model::{Sha256, Timestamp};

const COLUMNS: &str = "id, kind, sha256, priority, state, attempts, created, not_before,
    lease_until, worker, last_error";

/// A lease holds as long as nobody else has begun an attempt.
const HELD: &str = "id = ?1 AND state = 'leased' AND attempts = ?2";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        kind: row.get(1)?,
        sha256: row.get::<_, Fixed<32>>(2)?.into(),
        priority: row.get(3)?,
        state: row.get::<_, Named<_>>(4)?.0,
        attempts: row.get(5)?,
        created: row.get::<_, Time>(6)?.0,
        not_before: row.get::<_, Time>(7)?.0,
        lease_until: row.get::<_, Option<Time>>(8)?.map(|time| time.0),
        worker: row.get(9)?,
        last_error: row.get(10)?,
    })
}

/// Jobs whose worker has not been heard of in time wait again, or are put aside.
fn end_leases(c: &Connection, kind: &str, attempts_max: u32, now: Timestamp) -> Result<()> {
    c.prepare_cached(
        "UPDATE job SET lease_until = NULL,
             state = iif(attempts >= ?3, 'quarantined', 'waiting'),
             last_error = 'the lease ran out: the worker died or was too slow'
         WHERE kind = ?1 AND state = 'leased' AND coalesce(lease_until, 0) <= ?2",
    )?
    .execute(params![kind, time(now), attempts_max])?;
    Ok(())
}

fn lease(
    c: &Connection,
    kind: &str,
    worker: &str,
    until: Timestamp,
    max: u32,
    now: Timestamp,
) -> Result<Vec<Job>> {
    let mut due = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM job WHERE kind = ? AND state = 'waiting' AND not_before <= ?
         ORDER BY priority DESC, id LIMIT ?"
    ))?;
    let jobs = due.query_map(params![kind, time(now), max], from_row)?;
    let mut jobs = jobs.collect::<rusqlite::Result<Vec<Job>>>()?;
    let mut take = c.prepare_cached(
        "UPDATE job SET state = 'leased', attempts = attempts + 1, lease_until = ?, worker = ?
         WHERE id = ?",
    )?;
    for job in &mut jobs {
        take.execute(params![time(until), worker, int(job.id)])?;
        job.state = JobState::Leased;
        job.attempts += 1;
        job.lease_until = Some(until);
        job.worker = Some(worker.to_owned());
    }
    Ok(jobs)
}

fn complete(c: &Connection, job: &Job) -> Result<bool> {
    let sql = format!("DELETE FROM job WHERE {HELD}");
    Ok(c.prepare_cached(&sql)?.execute(params![int(job.id), job.attempts])? > 0)
}

impl WorkQueue for Catalogue {
    fn push(&self, kind: &str, sha256: &Sha256, priority: i32, now: Timestamp) -> Result<bool> {
        self.write(Commit::Durable, |tx, _| {
            let changed = tx
                .prepare_cached(
                    "INSERT INTO job (kind, sha256, priority, created, not_before)
                     VALUES (?1, ?2, ?3, ?4, ?4)
                     ON CONFLICT (kind, sha256) DO UPDATE SET
                         priority = max(priority, excluded.priority),
                         attempts = iif(state = 'quarantined', 0, attempts),
                         not_before = iif(state = 'quarantined', excluded.not_before,
                             min(not_before, excluded.not_before)),
                         state = 'waiting'
                     WHERE state <> 'leased'",
                )?
                .execute(params![kind, sha256.as_bytes(), priority, time(now)])?;
            Ok(changed > 0)
        })
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
        // No lease outlives the process.
        self.write(Commit::Derived, |tx, _| {
            end_leases(tx, kind, attempts_max, now)?;
            lease(tx, kind, worker, until, max, now)
        })
    }

    fn renew(&self, job: &Job, until: Timestamp, now: Timestamp) -> Result<bool> {
        self.write(Commit::Derived, |tx, _| {
            let sql = format!("UPDATE job SET lease_until = ?3 WHERE {HELD} AND lease_until > ?4");
            let key = params![int(job.id), job.attempts, time(until), time(now)];
            Ok(tx.prepare_cached(&sql)?.execute(key)? > 0)
        })
    }

    fn complete(&self, job: &Job) -> Result<bool> {
        // If the machine fails before it is on the disk, the work is done once more.
        self.write(Commit::Derived, |tx, _| complete(tx, job))
    }

    fn exchange(
        &self,
        done: &Job,
        worker: &str,
        until: Timestamp,
        attempts_max: u32,
        now: Timestamp,
    ) -> Result<Option<Job>> {
        self.write(Commit::Derived, |tx, _| {
            complete(tx, done)?;
            end_leases(tx, &done.kind, attempts_max, now)?;
            Ok(lease(tx, &done.kind, worker, until, 1, now)?.pop())
        })
    }

    fn fail(&self, job: &Job, reason: &str, retry: Retry) -> Result<Option<JobState>> {
        let used_up = job.attempts >= retry.attempts_max;
        let (state, name) = if used_up {
            (JobState::Quarantined, "quarantined")
        } else {
            (JobState::Waiting, "waiting")
        };
        self.write(Commit::Durable, |tx, _| {
            let sql = format!(
                "UPDATE job SET state = ?3, not_before = ?4, lease_until = NULL, last_error = ?5
                 WHERE {HELD}"
            );
            let key = params![int(job.id), job.attempts, name, time(retry.not_before), reason];
            Ok((tx.prepare_cached(&sql)?.execute(key)? > 0).then_some(state))
        })
    }

    fn retry(&self, id: u64, now: Timestamp) -> Result<bool> {
        self.write(Commit::Durable, |tx, _| {
            let changed = tx
                .prepare_cached(
                    "UPDATE job SET state = 'waiting', attempts = 0, not_before = ?
                     WHERE id = ? AND state = 'quarantined'",
                )?
                .execute(params![time(now), int(id)])?;
            Ok(changed > 0)
        })
    }

    fn quarantined(&self, limit: u32) -> Result<Vec<Job>> {
        self.read(|c| {
            let mut statement = c.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM job WHERE state = 'quarantined' ORDER BY id DESC LIMIT ?"
            ))?;
            let jobs = statement.query_map([limit], from_row)?;
            Ok(jobs.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn job_of(&self, kind: &str, sha256: &Sha256) -> Result<Option<Job>> {
        self.read(|c| {
            let sql = format!("SELECT {COLUMNS} FROM job WHERE kind = ? AND sha256 = ?");
            let mut statement = c.prepare_cached(&sql)?;
            Ok(statement.query_row(params![kind, sha256.as_bytes()], from_row).optional()?)
        })
    }

    fn stats(&self) -> Result<QueueStats> {
        self.read(|c| {
            let mut statement =
                c.prepare_cached("SELECT state, count(*) FROM job GROUP BY state")?;
            let mut rows = statement.query([])?;
            let mut stats = QueueStats::default();
            while let Some(row) = rows.next()? {
                let count = row.get(1)?;
                match row.get::<_, Named<JobState>>(0)?.0 {
                    JobState::Waiting => stats.waiting = count,
                    JobState::Leased => stats.leased = count,
                    JobState::Quarantined => stats.quarantined = count,
                }
            }
            Ok(stats)
        })
    }
}
