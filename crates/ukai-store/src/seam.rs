//! The seams: what an engine must do to stand behind [`Store`](crate::Store).
//!
//! Calls block; the facade makes them from threads where that is allowed. Every
//! engine passes the same suite (`tests/conformance`).

use crate::StoreError;
#[cfg(doc)]
use crate::limits::BUCKETS_MAX;
use crate::query::{
    BehaviourQuery, BehaviourSummary, Bucket, EventQuery, IndicatorQuery, Job, JobState, Page,
    QueueStats, Remark, SampleQuery, SampleSummary, SessionQuery, SessionSummary, TopBy, TopEntry,
    Totals,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ukai_model::{
    Analysis, Behaviour, Event, EventId, Indicator, IndicatorId, SessionId, Sha256, Sighting,
    Timestamp,
};

type Result<T> = std::result::Result<T, StoreError>;

/// A place in a log. Grows with every record, also over restarts and deletions, and
/// is never used twice for acknowledged records.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u64);

/// A stretch of a log.
#[derive(Clone, Debug, Default)]
pub struct Stretch {
    /// The records in order, each with its place.
    pub records: Vec<(Position, Bytes)>,
    /// Where to read on.
    pub next: Position,
    /// Damaged places that were skipped on the way.
    pub damaged: u64,
}

/// An append-only log of records. The store has two: events (one JSON object a
/// record) and recordings (zstd).
pub trait EventLog: Send + Sync {
    /// Appends records in order; on return they are durable. On an error none of them
    /// is: what was written of them is taken back.
    fn append(&self, records: &[Bytes]) -> Result<Vec<Position>>;

    /// The place after the last record.
    fn end(&self) -> Position;

    /// No record that is still kept lies before this.
    fn start(&self) -> Position;

    /// The record at a place that [`EventLog::append`] gave; `None` if it is no longer
    /// kept.
    fn read(&self, at: Position) -> Result<Option<Bytes>>;

    /// The records from a place on, at most `records_max` and about `bytes_max`.
    fn read_from(&self, from: Position, records_max: usize, bytes_max: usize) -> Result<Stretch>;

    /// Space in use, in bytes.
    fn used_bytes(&self) -> u64;

    /// Makes a part that is no longer written smaller, if the engine can; with `closing`
    /// the part that is written too, since nothing more will be for now. `false` when
    /// nothing is left to do.
    fn seal(&self, closing: bool) -> Result<bool>;

    /// Deletes the oldest part, as small as the engine can. `false` when nothing is
    /// left that may go.
    fn drop_oldest(&self) -> Result<bool>;

    /// Makes sure that the next record lies at `position` or after it.
    fn advance_to(&self, position: Position) -> Result<()>;
}

/// Samples by name, neutered at rest.
pub trait SampleStore: Send + Sync {
    /// Whether the sample's bytes are here.
    fn contains(&self, sha256: &Sha256) -> Result<bool>;

    /// Keeps a container made by [`crate::cart::pack`]; durable on return.
    fn put(&self, sha256: &Sha256, container: &[u8]) -> Result<()>;

    /// The container's bytes.
    fn container(&self, sha256: &Sha256) -> Result<Option<Bytes>>;

    /// Deletes the bytes; durable on return. Nothing happens if there are none.
    fn remove(&self, sha256: &Sha256) -> Result<()>;
}

/// What one batch of the writer adds to the catalogue, in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Events with their places in the log.
    pub events: Vec<(Position, Arc<Event>)>,
    /// Recordings with their places in theirs.
    pub recordings: Vec<(SessionId, Position)>,
    /// Everything in the event log before this place is indexed after the batch.
    pub indexed: Position,
    /// Engines for which a captured sample gets a job.
    pub engines: Vec<String>,
    /// The time of the batch.
    pub now: Timestamp,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexed {
    /// For each event of the batch, whether it was new; `false` for one already known.
    pub fresh: Vec<bool>,
    /// Jobs that were made.
    pub jobs: u64,
}

/// A span of time: from `from` to before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Span {
    /// The span in whole units of `unit_s` seconds, rounded outwards.
    pub fn in_units(self, unit_s: u64) -> std::ops::Range<u64> {
        let end = self.to.nanos().div_ceil(unit_s * 1_000_000_000);
        self.from.secs() / unit_s..end
    }
}

/// Where a found event lies.
pub type EventPlace = (EventId, Position);

/// The catalogue: look-ups over the log, and what was concluded from it.
pub trait Catalog: Send + Sync {
    /// Everything in the event log before this place is indexed.
    fn indexed(&self) -> Result<Position>;
    /// Adds a batch. Events already known change nothing.
    fn index(&self, batch: &Batch) -> Result<Indexed>;
    /// Forgets events that lie before `start`, and sessions whose last event is older
    /// than `oldest`. Does a bounded piece of work; `true` when there is more to do.
    fn forget_events(&self, start: Position, oldest: Timestamp) -> Result<bool>;
    /// Forgets recordings that lie before `start`; bounded like
    /// [`Catalog::forget_events`].
    fn forget_recordings(&self, start: Position) -> Result<bool>;
    /// Forgets counts that are older than the limits say, by `now`.
    fn forget_counts(&self, now: Timestamp) -> Result<()>;

    /// Where an event lies.
    fn event(&self, id: EventId) -> Result<Option<Position>>;
    /// Where events lie, newest first.
    fn events(&self, query: &EventQuery) -> Result<Page<EventPlace>>;
    /// One session.
    fn session(&self, id: SessionId) -> Result<Option<SessionSummary>>;
    /// Sessions, newest first.
    fn sessions(&self, query: &SessionQuery) -> Result<Page<SessionSummary>>;
    /// Where a session's recording lies.
    fn recording(&self, id: SessionId) -> Result<Option<Position>>;

    /// Notes that a sample's container of `stored_bytes` is kept from now on.
    fn sample_stored(
        &self,
        sha256: &Sha256,
        size: u64,
        stored_bytes: u64,
        now: Timestamp,
    ) -> Result<()>;
    /// Notes that the sample's bytes are gone.
    fn sample_gone(&self, sha256: &Sha256) -> Result<()>;
    /// Bytes of all containers kept.
    fn samples_bytes(&self) -> Result<u64>;
    /// The samples whose bytes are kept and that came least recently, with container sizes.
    fn oldest_samples(&self, limit: u32) -> Result<Vec<(Sha256, u64)>>;
    /// One sample.
    fn sample(&self, sha256: &Sha256) -> Result<Option<SampleSummary>>;
    /// Samples, by the time they first came, newest first.
    fn samples(&self, query: &SampleQuery) -> Result<Page<SampleSummary>>;
    /// How a sample came, newest first.
    fn sightings(&self, sha256: &Sha256, limit: u32) -> Result<Vec<Sighting>>;

    /// Keeps an analysis in place of an earlier one of the same engine. It may be lost when the
    /// machine fails, but not without the end of the job that it came from.
    fn put_analysis(&self, analysis: &Analysis) -> Result<()>;
    /// The analyses of a sample, by engine.
    fn analyses_of(&self, sha256: &Sha256) -> Result<Vec<Analysis>>;

    /// Keeps what a sample did in the sandbox, in place of what was known of it, and as a report
    /// beside earlier ones.
    fn put_behaviour(&self, behaviour: &Behaviour) -> Result<()>;
    /// Keeps a report beside others of the same sample; the last ten stay.
    fn put_behaviour_report(&self, behaviour: &Behaviour) -> Result<()>;
    /// The reports of a sample, the last first.
    fn behaviour_reports(&self, sha256: &Sha256) -> Result<Vec<BehaviourSummary>>;
    /// The report whose first run began then.
    fn behaviour_report(&self, sha256: &Sha256, started: Timestamp) -> Result<Option<Behaviour>>;
    /// What a sample did in the sandbox.
    fn behaviour(&self, sha256: &Sha256) -> Result<Option<Behaviour>>;
    /// Samples that were run in the sandbox, the last first.
    fn behaviours(&self, query: &BehaviourQuery) -> Result<Page<BehaviourSummary>>;
    /// How samples talk (MinHash), of those that were run last.
    fn minhashes(&self, limit: u32) -> Result<Vec<(Sha256, Vec<u32>)>>;

    /// Keeps a remark in place of the sample's earlier one of the same kind.
    fn put_remark(&self, remark: &Remark) -> Result<()>;
    /// What is said of a sample, by kind.
    fn remarks(&self, sha256: &Sha256) -> Result<Vec<Remark>>;

    /// Keeps indicators in place of earlier ones of the same identity, all or none.
    fn put_indicators(&self, indicators: &[Indicator]) -> Result<()>;
    /// Those of `ids` that there are.
    fn indicators_by_ids(&self, ids: &[IndicatorId]) -> Result<Vec<Indicator>>;
    /// Indicators, last seen first.
    fn indicators(&self, query: &IndicatorQuery, now: Timestamp) -> Result<Page<Indicator>>;
    /// Indicators valid at `now`, withheld ones too, by identity from after `after` on.
    fn valid_indicators(
        &self,
        now: Timestamp,
        after: Option<IndicatorId>,
        limit: u32,
    ) -> Result<Vec<Indicator>>;
    /// Indicators with the sample among their evidence.
    fn indicators_of_sample(&self, sha256: &Sha256, limit: u32) -> Result<Vec<Indicator>>;
    /// Indicators with the session among their evidence.
    fn indicators_of_session(&self, id: SessionId, limit: u32) -> Result<Vec<Indicator>>;

    /// What happened in the minutes that begin in the span, in steps of `step_s` seconds
    /// (a multiple of 60), oldest first;
    /// empty steps are left out, and only the last [`BUCKETS_MAX`] are given.
    fn rollup(&self, span: Span, step_s: u64) -> Result<Vec<Bucket>>;
    /// The most frequent values, to the hour; to the day if `from` is further back than
    /// hours are kept at `now`.
    fn top(&self, by: TopBy, span: Span, limit: u32, now: Timestamp) -> Result<Vec<TopEntry>>;
    /// How much there is.
    fn totals(&self) -> Result<Totals>;

    /// A value kept under a key.
    fn meta(&self, key: &str) -> Result<Option<String>>;
    /// Keeps a value under a key; durable on return.
    fn put_meta(&self, key: &str, value: &str) -> Result<()>;

    /// Space in use, in bytes.
    fn used_bytes(&self) -> Result<u64>;
    /// Gives back what costs nothing to give back.
    fn compact(&self) -> Result<()>;
    /// Leaves nothing that the next start would have to recover.
    fn close(&self) -> Result<()>;
}

/// How a failed attempt is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Not before this.
    pub not_before: Timestamp,
    /// Attempts after which the job is put aside.
    pub attempts_max: u32,
}

/// Work with leases. Durable on return of every call that changes something.
pub trait WorkQueue: Send + Sync {
    /// Asks for work; of one kind a sample has one job at most. A waiting job takes
    /// the higher priority, a quarantined one starts anew, a leased one stays. Whether
    /// there is work to wake up for.
    fn push(&self, kind: &str, sha256: &Sha256, priority: i32, now: Timestamp) -> Result<bool>;
    /// Takes jobs, highest priority first, then oldest. Jobs whose lease has run out
    /// are taken again, or put aside after `attempts_max` attempts.
    fn lease(
        &self,
        kind: &str,
        worker: &str,
        until: Timestamp,
        max: u32,
        attempts_max: u32,
        now: Timestamp,
    ) -> Result<Vec<Job>>;
    /// Extends a lease; `false` if it was lost.
    fn renew(&self, job: &Job, until: Timestamp, now: Timestamp) -> Result<bool>;
    /// The work is done; `false` if the lease was lost.
    fn complete(&self, job: &Job) -> Result<bool>;
    /// [`WorkQueue::complete`], and takes the next job of the same kind, as
    /// [`WorkQueue::lease`] would.
    fn exchange(
        &self,
        done: &Job,
        worker: &str,
        until: Timestamp,
        attempts_max: u32,
        now: Timestamp,
    ) -> Result<Option<Job>>;
    /// The attempt failed; `None` if the lease was lost.
    fn fail(&self, job: &Job, reason: &str, retry: Retry) -> Result<Option<JobState>>;
    /// Starts a quarantined job anew; `false` if there is none of this identity.
    fn retry(&self, id: u64, now: Timestamp) -> Result<bool>;
    /// Jobs put aside, newest first.
    fn quarantined(&self, limit: u32) -> Result<Vec<Job>>;
    /// The job of a sample, if one is open.
    fn job_of(&self, kind: &str, sha256: &Sha256) -> Result<Option<Job>>;
    /// How much work there is.
    fn stats(&self) -> Result<QueueStats>;
}
