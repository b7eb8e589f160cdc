//! The catalogue in SQLite: one connection that writes, several that read (WAL).
//!
//! The index of events is derived: it may lag behind the log after a crash and is
//! caught up from it (`indexed` is stored in the transaction that indexes). What is
//! not derived (analyses, indicators, jobs, samples' places, meta) is durable when its
//! call returns.

mod behaviours;
mod block;
mod blocks;
mod events;
mod indicators;
mod meta;
mod migrations;
mod queue;
mod remarks;
mod rollup;
mod samples;
mod sessions;
mod values;

use crate::StoreError;
use crate::limits::READERS_MAX;
use crate::query::{
    BehaviourQuery, BehaviourSummary, Bucket, EventQuery, IndicatorQuery, Page, Remark,
    SampleQuery, SampleSummary, SessionQuery, SessionSummary, TopBy, TopEntry, Totals,
};
use crate::seam::{Batch, Catalog, EventPlace, Indexed, Position, Span};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ukai_model::{
    Analysis, Behaviour, EventId, Indicator, IndicatorId, SessionId, Sha256, Sighting, Timestamp,
};

type Result<T> = std::result::Result<T, StoreError>;

/// How long a connection waits for another process (a backup, an operator's shell).
const BUSY_MS: u64 = 5_000;
/// Page cache of the writing connection, in KiB.
const WRITER_CACHE_KIB: i64 = 8_192;
/// Page cache of each reading connection, in KiB.
const READER_CACHE_KIB: i64 = 1_024;
/// Size to which the write-ahead log is cut after a checkpoint, in bytes.
const WAL_BYTES_MAX: i64 = 4 << 20;
/// Pages after which the write-ahead log is moved into the database.
const CHECKPOINT_PAGES: i64 = 1_000;
/// Prepared statements kept per connection.
const STATEMENTS_MAX: usize = 128;

/// The catalogue, and the work queue, in SQLite.
pub(crate) struct Catalogue {
    path: PathBuf,
    writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
}

struct Writer {
    connection: Connection,
    /// Whether commits are synced now.
    synced: bool,
    memory: Memory,
}

/// What the writer remembers between batches, so as not to read it back.
#[derive(Default)]
struct Memory {
    blocks: blocks::Filling,
    sessions: sessions::OpenSessions,
    rollup: rollup::Touched,
}

/// Whether a transaction is on the disk when its commit returns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commit {
    /// It is.
    Durable,
    /// It survives a crash of the process, perhaps not one of the machine; what it
    /// holds can be derived again.
    Derived,
}

impl Catalogue {
    /// Opens the catalogue, makes it if need be, and brings its schema up to date.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        create_private(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_millis(BUSY_MS))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        connection.pragma_update(None, "auto_vacuum", "incremental")?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        migrations::migrate(&mut connection)?;
        // The folder is locked for this process: whoever held a lease is dead, and his work
        // need not wait for the lease's end.
        connection.execute("UPDATE job SET lease_until = 0 WHERE state = 'leased'", [])?;
        let writer = Writer { connection, synced: true, memory: Memory::default() };
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::default() })
    }

    /// Queues samples that were stored when the process died before their events were:
    /// how they came is lost, what they are is not. Gives how many.
    pub(crate) fn adopt_orphans(&self, engines: &[String], now: Timestamp) -> Result<usize> {
        self.write(Commit::Durable, |tx, _| {
            let mut adopted = 0;
            for engine in engines {
                adopted += tx.execute(
                    "INSERT OR IGNORE INTO job (kind, sha256, priority, created, not_before)
                     SELECT ?1, sha256, ?2, ?3, ?3 FROM sample
                     WHERE sightings = 0 AND stored_bytes > 0 AND NOT EXISTS
                         (SELECT 1 FROM analysis
                          WHERE analysis.sha256 = sample.sha256 AND engine = ?1)",
                    rusqlite::params![engine, crate::Queue::CAPTURED, values::time(now)],
                )?;
            }
            Ok(adopted)
        })
    }

    /// Changes something, whole or not at all.
    fn write<T>(
        &self,
        commit: Commit,
        work: impl FnOnce(&Transaction<'_>, &mut Memory) -> Result<T>,
    ) -> Result<T> {
        let mut writer = self.writer.lock();
        let synced = commit == Commit::Durable;
        if writer.synced != synced {
            let mode = if synced { "full" } else { "normal" };
            writer.connection.pragma_update(None, "synchronous", mode)?;
            writer.synced = synced;
        }
        let Writer { connection, memory, .. } = &mut *writer;
        let result = (|| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction, memory)?;
            transaction.commit()?;
            Ok(done)
        })();
        if result.is_err() {
            // It may hold what was rolled back.
            *memory = Memory::default();
        }
        result
    }

    /// Reads a consistent state.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let pooled = self.readers.lock().pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => self.open_reader()?,
        };
        let result = work(&connection);
        let mut readers = self.readers.lock();
        if readers.len() < READERS_MAX {
            readers.push(connection);
        }
        result
    }

    fn open_reader(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_millis(BUSY_MS))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        Ok(connection)
    }
}

/// Makes the file before SQLite does, so that only we can read it.
fn create_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    options.create(true).truncate(false).write(true).mode(0o600);
    options.open(path).map(drop).map_err(StoreError::io(path))
}

/// The page that begins with `items`, of which one more than the page holds was read.
fn page<T>(mut items: Vec<T>, size: u32, key: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > size as usize;
    items.truncate(size as usize);
    let next = items.last().filter(|_| more).map(key);
    Page { items, next }
}

impl Catalog for Catalogue {
    fn indexed(&self) -> Result<Position> {
        self.read(|c| meta::counter(c, "indexed").map(Position))
    }

    fn index(&self, batch: &Batch) -> Result<Indexed> {
        self.write(Commit::Derived, |tx, memory| events::index(tx, memory, batch))
    }

    fn forget_events(&self, start: Position, oldest: Timestamp) -> Result<bool> {
        self.write(Commit::Derived, |tx, memory| events::forget(tx, memory, start, oldest))
    }

    fn forget_recordings(&self, start: Position) -> Result<bool> {
        self.write(Commit::Derived, |tx, _| sessions::forget_recordings(tx, start))?;
        Ok(false)
    }

    fn forget_counts(&self, now: Timestamp) -> Result<()> {
        self.write(Commit::Derived, |tx, memory| rollup::forget(tx, &mut memory.rollup, now))
    }

    fn event(&self, id: EventId) -> Result<Option<Position>> {
        self.read(|c| blocks::find(c, id))
    }

    fn events(&self, query: &EventQuery) -> Result<Page<EventPlace>> {
        self.read(|c| events::list(c, query))
    }

    fn session(&self, id: SessionId) -> Result<Option<SessionSummary>> {
        self.read(|c| sessions::find(c, id))
    }

    fn sessions(&self, query: &SessionQuery) -> Result<Page<SessionSummary>> {
        self.read(|c| sessions::list(c, query))
    }

    fn recording(&self, id: SessionId) -> Result<Option<Position>> {
        self.read(|c| sessions::recording(c, id))
    }

    fn sample_stored(
        &self,
        sha256: &Sha256,
        size: u64,
        stored_bytes: u64,
        now: Timestamp,
    ) -> Result<()> {
        self.write(Commit::Durable, |tx, _| samples::stored(tx, sha256, size, stored_bytes, now))
    }

    fn sample_gone(&self, sha256: &Sha256) -> Result<()> {
        self.write(Commit::Durable, |tx, _| samples::gone(tx, sha256))
    }

    fn samples_bytes(&self) -> Result<u64> {
        self.read(|c| meta::counter(c, "samples_bytes"))
    }

    fn oldest_samples(&self, limit: u32) -> Result<Vec<(Sha256, u64)>> {
        self.read(|c| samples::oldest(c, limit))
    }

    fn sample(&self, sha256: &Sha256) -> Result<Option<SampleSummary>> {
        self.read(|c| samples::find(c, sha256))
    }

    fn samples(&self, query: &SampleQuery) -> Result<Page<SampleSummary>> {
        self.read(|c| samples::list(c, query))
    }

    fn sightings(&self, sha256: &Sha256, limit: u32) -> Result<Vec<Sighting>> {
        self.read(|c| samples::sightings(c, sha256, limit))
    }

    fn put_analysis(&self, analysis: &Analysis) -> Result<()> {
        // The end of its job is written after it, and is on the disk no sooner.
        self.write(Commit::Derived, |tx, _| samples::put_analysis(tx, analysis))
    }

    fn analyses_of(&self, sha256: &Sha256) -> Result<Vec<Analysis>> {
        self.read(|c| samples::analyses(c, sha256))
    }

    fn put_behaviour(&self, behaviour: &Behaviour) -> Result<()> {
        self.write(Commit::Durable, |tx, _| behaviours::put(tx, behaviour))
    }

    fn put_behaviour_report(&self, behaviour: &Behaviour) -> Result<()> {
        self.write(Commit::Durable, |tx, _| behaviours::put_report(tx, behaviour))
    }

    fn behaviour_reports(&self, sha256: &Sha256) -> Result<Vec<BehaviourSummary>> {
        self.read(|c| behaviours::reports(c, sha256))
    }

    fn behaviour_report(&self, sha256: &Sha256, started: Timestamp) -> Result<Option<Behaviour>> {
        self.read(|c| behaviours::report(c, sha256, started))
    }

    fn behaviour(&self, sha256: &Sha256) -> Result<Option<Behaviour>> {
        self.read(|c| behaviours::find(c, sha256))
    }

    fn behaviours(&self, query: &BehaviourQuery) -> Result<Page<BehaviourSummary>> {
        self.read(|c| behaviours::list(c, query))
    }

    fn minhashes(&self, limit: u32) -> Result<Vec<(Sha256, Vec<u32>)>> {
        self.read(|c| behaviours::minhashes(c, limit))
    }

    fn put_remark(&self, remark: &Remark) -> Result<()> {
        self.write(Commit::Durable, |tx, _| remarks::put(tx, remark))
    }

    fn remarks(&self, sha256: &Sha256) -> Result<Vec<Remark>> {
        self.read(|c| remarks::of(c, sha256))
    }

    fn put_indicators(&self, indicators: &[Indicator]) -> Result<()> {
        self.write(Commit::Durable, |tx, _| indicators::put(tx, indicators))
    }

    fn indicators_by_ids(&self, ids: &[IndicatorId]) -> Result<Vec<Indicator>> {
        self.read(|c| indicators::by_ids(c, ids))
    }

    fn indicators(&self, query: &IndicatorQuery, now: Timestamp) -> Result<Page<Indicator>> {
        self.read(|c| indicators::list(c, query, now))
    }

    fn valid_indicators(
        &self,
        now: Timestamp,
        after: Option<IndicatorId>,
        limit: u32,
    ) -> Result<Vec<Indicator>> {
        self.read(|c| indicators::valid(c, now, after, limit))
    }

    fn indicators_of_sample(&self, sha256: &Sha256, limit: u32) -> Result<Vec<Indicator>> {
        self.read(|c| indicators::linked(c, sha256.as_bytes(), limit))
    }

    fn indicators_of_session(&self, id: SessionId, limit: u32) -> Result<Vec<Indicator>> {
        self.read(|c| indicators::linked(c, id.as_bytes(), limit))
    }

    fn rollup(&self, span: Span, step_s: u64) -> Result<Vec<Bucket>> {
        self.read(|c| rollup::buckets(c, span, step_s))
    }

    fn top(&self, by: TopBy, span: Span, limit: u32, now: Timestamp) -> Result<Vec<TopEntry>> {
        self.read(|c| rollup::top(c, by, span, limit, now))
    }

    fn totals(&self) -> Result<Totals> {
        self.read(meta::totals)
    }

    fn meta(&self, key: &str) -> Result<Option<String>> {
        self.read(|c| meta::find(c, key))
    }

    fn put_meta(&self, key: &str, value: &str) -> Result<()> {
        self.write(Commit::Durable, |tx, _| meta::put(tx, key, value))
    }

    fn used_bytes(&self) -> Result<u64> {
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        let wal_bytes = std::fs::metadata(wal).map_or(0, |data| data.len());
        self.read(|c| meta::used_bytes(c).map(|bytes| bytes + wal_bytes))
    }

    fn compact(&self) -> Result<()> {
        // A reader may keep it from being cut; then it is cut another time.
        let writer = self.writer.lock();
        writer.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn close(&self) -> Result<()> {
        self.readers.lock().clear();
        self.compact()
    }
}
