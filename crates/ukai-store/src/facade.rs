//! [`Store`]: everything that callers do with the store.

use crate::cart::Digests;
use crate::catalogue::Catalogue;
use crate::config::StoreConfig;
use crate::keeper::{Disk, Engine, Keeper};
use crate::limits::{
    BATCH_BYTES_MAX, BATCH_EVENTS_MAX, LABEL_BYTES_MAX, LABELS_PER_REMARK_MAX, READERS_MAX,
    REMARK_BYTES_MAX, SUBSCRIBER_LAG_MAX,
};
use crate::log::SegmentLog;
use crate::memory;
use crate::query::{
    BehaviourQuery, BehaviourSummary, Bucket, DiskUsage, EventQuery, Health, IndicatorQuery, Known,
    Page, Remark, SampleQuery, SampleSummary, SessionQuery, SessionSummary, TopBy, TopEntry,
    Totals,
};
use crate::recent::Recent;
use crate::record::{decode_event, encode_event, pack_recording, unpack_recording};
use crate::samples::CartFolder;
use crate::seam::{Position, Span};
use crate::writer::{Message, ROOM_STEPS_MAX, Writer, catch_up};
use crate::{Queue, StoreError, cart, clock};
use bytes::Bytes;
use parking_lot::Mutex;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, broadcast, oneshot};
use ukai_model::{
    Analysis, Behaviour, Event, EventId, Indicator, IndicatorId, SessionId, Sha256, Sighting,
    Timestamp,
};

type Result<T> = std::result::Result<T, StoreError>;

/// Memory that an event holds beside its record while it waits, in bytes.
const EVENT_OVERHEAD_BYTES: usize = 512;

/// Samples put at the same time, at most.
const PUTS_AT_ONCE: usize = 16;

/// Indicators fetched in one go by [`Store::all_valid_indicators`].
const INDICATORS_PER_STEP: u32 = 1_000;

/// The store. Clones share one store; it is closed by [`Store::close`], or when the
/// last clone goes.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    config: Arc<StoreConfig>,
    keeper: Arc<Keeper>,
    queue: Queue,
    blocking: Blocking,
    live: broadcast::Sender<Arc<Event>>,
    indexed: Arc<AtomicU64>,
    /// Memory for what waits to be written, in bytes.
    room: Arc<Semaphore>,
    threads: Mutex<Option<Threads>>,
    /// One is held while a sample is put, by the first byte of its name, so that
    /// nobody is told that a sample is kept before it is durable.
    putting: Arc<[Mutex<()>; PUTS_AT_ONCE]>,
    /// Samples that were put last.
    recent: Arc<Mutex<Recent>>,
}

struct Threads {
    inbox: mpsc::Sender<Message>,
    writer: JoinHandle<()>,
    stop_keeper: mpsc::Sender<()>,
    keeper: JoinHandle<()>,
    /// Keeps other processes out of the folder.
    lock: Option<File>,
}

/// Runs blocking work where it may block, a bounded number at a time.
#[derive(Clone)]
pub(crate) struct Blocking {
    permits: Arc<Semaphore>,
}

impl Blocking {
    fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(READERS_MAX)) }
    }

    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let joined = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        match joined.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_cancelled) => Err(StoreError::Closed),
            },
        }
    }
}

impl Store {
    /// Opens the store in a folder, which is made if need be, and brings it in order
    /// after a crash. Blocks.
    pub fn open(dir: &Path, config: StoreConfig) -> Result<Self> {
        let lock = lock_folder(dir)?;
        let segment_bytes = segment_bytes(&config);
        let catalogue = Arc::new(Catalogue::open(&dir.join("catalogue.sqlite"))?);
        let orphans = catalogue.adopt_orphans(&config.engines, clock::now())?;
        if orphans > 0 {
            tracing::info!(orphans, "samples were queued whose events a crash had lost");
        }
        let engine = Engine {
            events: Arc::new(SegmentLog::open(&dir.join("events"), segment_bytes)?),
            recordings: Arc::new(SegmentLog::open(&dir.join("recordings"), segment_bytes)?),
            samples: Arc::new(CartFolder::open(&dir.join("samples"), config.sample_bytes_max)?),
            catalog: catalogue.clone(),
            queue: catalogue,
            disk: Disk::Folder(dir.to_owned()),
        };
        Self::start(engine, config, Some(lock))
    }

    /// A store that forgets everything when it goes: for tests and one-off analyses.
    pub fn in_memory(config: StoreConfig) -> Self {
        let segment_bytes = segment_bytes(&config);
        let catalogue = Arc::new(memory::MemoryCatalog::default());
        let engine = Engine {
            events: Arc::new(memory::MemoryLog::new(segment_bytes)),
            recordings: Arc::new(memory::MemoryLog::new(segment_bytes)),
            samples: Arc::new(memory::MemorySamples::default()),
            catalog: catalogue.clone(),
            queue: catalogue,
            disk: Disk::Memory,
        };
        Self::start(engine, config, None)
            .expect("threads can be started, and nothing else can fail")
    }

    fn start(engine: Engine, config: StoreConfig, lock: Option<File>) -> Result<Self> {
        let replayed = catch_up(&engine, &config)?;
        if replayed > 0 {
            tracing::info!(events = replayed, "events were indexed that a crash had left");
        }
        let config = Arc::new(config);
        let blocking = Blocking::new();
        let queue = Queue::new(engine.queue.clone(), blocking.clone(), config.clone());
        let keeper = Arc::new(Keeper::new(engine.clone(), config.clone()));
        let live = broadcast::Sender::new(SUBSCRIBER_LAG_MAX);
        let indexed = Arc::new(AtomicU64::new(engine.events.end().0));
        let room_bytes = usize::try_from(config.queue_bytes_max).unwrap_or(usize::MAX);
        let room = room_bytes.clamp(BATCH_BYTES_MAX, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        let writer = Writer {
            engine: engine.clone(),
            keeper: keeper.clone(),
            config: config.clone(),
            queue: queue.clone(),
            live: live.clone(),
            batch_bytes_max: usize::try_from(segment_bytes(&config))
                .map_or(BATCH_BYTES_MAX, |bytes| bytes.min(BATCH_BYTES_MAX)),
            indexed: indexed.clone(),
        };
        let threads = Threads::start(writer, keeper.clone(), config.quota_check_ms, lock)?;
        let inner = Inner {
            engine,
            config,
            keeper,
            queue,
            blocking,
            live,
            indexed,
            room: Arc::new(Semaphore::new(room)),
            threads: Mutex::new(Some(threads)),
            putting: Arc::default(),
            recent: Arc::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Writes what is queued and closes the store; later calls fail with
    /// [`StoreError::Closed`] or find nothing new.
    pub async fn close(&self) -> Result<()> {
        let inner = self.inner.clone();
        self.inner.blocking.run(move || inner.shut_down()).await
    }

    // --- Events ---

    /// Queues events: they are durable and found at most 200 ms later. Waits while
    /// too many are queued; fails at once while the disk is full.
    pub async fn enqueue(&self, events: Vec<Event>) -> Result<()> {
        self.inner.keeper.check_writable()?;
        self.send(events, None, None).await
    }

    /// Writes events; on return they are durable and found by every look-up. An event
    /// that is already known (by identity) is not doubled.
    pub async fn submit(&self, events: Vec<Event>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let (done, waits) = oneshot::channel();
        self.send(events, None, Some(done)).await?;
        waits.await.unwrap_or(Err(StoreError::Closed))
    }

    async fn send(
        &self,
        events: Vec<Event>,
        recording: Option<(SessionId, Bytes)>,
        done: Option<oneshot::Sender<Result<()>>>,
    ) -> Result<()> {
        let records = events.iter().map(encode_event).collect::<Result<Vec<_>>>()?;
        let bytes = records.iter().map(|r| r.len() + EVENT_OVERHEAD_BYTES).sum::<usize>()
            + recording.as_ref().map_or(0, |(_, record)| record.len());
        // A message larger than all the room takes all the room.
        let permits = u32::try_from(bytes.min(BATCH_BYTES_MAX)).unwrap_or(u32::MAX);
        let room = self.inner.room.clone();
        let permit = room.acquire_many_owned(permits).await.map_err(|_| StoreError::Closed)?;
        let events = events.into_iter().map(Arc::new).collect();
        let message = Message { events, records, recording, done, _permit: permit };
        match &*self.inner.threads.lock() {
            Some(threads) => threads.inbox.send(message).map_err(|_| StoreError::Closed),
            None => Err(StoreError::Closed),
        }
    }

    /// Events from now on, as they become durable and found. A receiver that is slow
    /// is told how many it missed.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.inner.live.subscribe()
    }

    /// One event.
    pub async fn event(&self, id: EventId) -> Result<Option<Event>> {
        self.ask(move |engine| match engine.catalog.event(id)? {
            Some(position) => read_event(engine, position),
            None => Ok(None),
        })
        .await
    }

    /// Events, newest first.
    pub async fn events(&self, query: EventQuery) -> Result<Page<Event>> {
        self.ask(move |engine| {
            let places = engine.catalog.events(&query)?;
            let mut items = Vec::with_capacity(places.items.len());
            for (id, position) in places.items {
                match read_event(engine, position) {
                    Ok(event) => items.extend(event),
                    Err(error) => tracing::error!(%id, %error, "an event cannot be read"),
                }
            }
            Ok(Page { items, next: places.next })
        })
        .await
    }

    /// The place after the last event that is durable and found: where a reader that
    /// wants only new events begins.
    pub fn log_position(&self) -> Position {
        Position(self.inner.indexed.load(Ordering::Acquire))
    }

    /// Events from a place in the log on, oldest first, at most `max`, and where to
    /// read on. [`Position::default`] is the beginning. A place that retention has
    /// deleted means the oldest that is left. An event that a sender repeated after an
    /// error may come twice.
    pub async fn events_after(
        &self,
        position: Position,
        max: usize,
    ) -> Result<(Vec<Event>, Position)> {
        let indexed = self.log_position();
        self.ask(move |engine| {
            if position >= indexed {
                return Ok((Vec::new(), position));
            }
            let records_max = max.clamp(1, BATCH_EVENTS_MAX);
            let stretch = engine.events.read_from(position, records_max, BATCH_BYTES_MAX)?;
            let known = stretch.records.iter().filter(|(at, _)| *at < indexed);
            let events = known.filter_map(|(_, record)| decode_event(record).ok()).collect();
            Ok((events, stretch.next.min(indexed)))
        })
        .await
    }

    // --- Sessions ---

    /// One session.
    pub async fn session(&self, id: SessionId) -> Result<Option<SessionSummary>> {
        self.ask(move |engine| engine.catalog.session(id)).await
    }

    /// Sessions, newest first.
    pub async fn sessions(&self, query: SessionQuery) -> Result<Page<SessionSummary>> {
        self.ask(move |engine| engine.catalog.sessions(&query)).await
    }

    /// Queues a session's terminal recording (asciicast v2); durable at most 200 ms
    /// later. A later one of the same session replaces it.
    pub async fn put_recording(&self, session: SessionId, asciicast: Vec<u8>) -> Result<()> {
        self.inner.keeper.check_bulk()?;
        let record = pack_recording(session, &asciicast)?;
        self.send(Vec::new(), Some((session, record)), None).await
    }

    /// A session's terminal recording, if it is (still) kept.
    pub async fn recording(&self, session: SessionId) -> Result<Option<Vec<u8>>> {
        self.ask(move |engine| {
            let Some(position) = engine.catalog.recording(session)? else { return Ok(None) };
            let Some(record) = engine.recordings.read(position)? else { return Ok(None) };
            unpack_recording(session, &record).map(Some)
        })
        .await
    }

    // --- Samples ---

    /// Keeps a sample, neutered; durable on return. `true` if it was not kept yet.
    /// It is analysed when its `sample.captured` event is written.
    pub async fn put_sample(&self, bytes: Bytes) -> Result<(Sha256, bool)> {
        let limit = self.inner.config.sample_bytes_max;
        if bytes.len() as u64 > limit {
            return Err(StoreError::TooLarge { what: "a sample", size: bytes.len() as u64, limit });
        }
        self.inner.keeper.check_bulk()?;
        let keeper = self.inner.keeper.clone();
        let putting = self.inner.putting.clone();
        let recent = self.inner.recent.clone();
        self.ask(move |engine| {
            let sha256 = Sha256::of(&bytes);
            let _mine = putting[usize::from(sha256.as_bytes()[0]) % PUTS_AT_ONCE].lock();
            if engine.samples.contains(&sha256)? {
                return Ok((sha256, false));
            }
            let digests = Digests::with(&bytes, *sha256.as_bytes());
            let container = cart::pack_known(&bytes, &digests, &cart::Metadata::new());
            let mut steps = ROOM_STEPS_MAX;
            loop {
                match put_container(engine, &sha256, bytes.len() as u64, &container) {
                    Ok(()) => {
                        recent.lock().add(digests, &bytes);
                        return Ok((sha256, true));
                    }
                    Err(error) if error.is_full() => {
                        if steps == 0 || !keeper.make_room()? {
                            return Err(StoreError::Degraded { reason: error.to_string() });
                        }
                        steps -= 1;
                    }
                    Err(error) => return Err(error),
                }
            }
        })
        .await
    }

    /// A sample's bytes, checked against its name; `None` if they are not (or no
    /// longer) kept.
    pub async fn sample(&self, sha256: &Sha256) -> Result<Option<Bytes>> {
        let (sha256, limit) = (*sha256, self.inner.config.sample_bytes_max);
        self.ask(move |engine| Ok(unpacked_sample(engine, &sha256, limit)?.map(|(bytes, _)| bytes)))
            .await
    }

    /// As [`Store::sample`], with its digests, for who looks at it first: what came lately is at
    /// hand once.
    pub async fn new_sample(&self, sha256: &Sha256) -> Result<Option<(Bytes, Digests)>> {
        let (sha256, limit) = (*sha256, self.inner.config.sample_bytes_max);
        let recent = self.inner.recent.lock().take(&sha256);
        self.ask(move |engine| match recent {
            Some(known) if engine.samples.contains(&sha256)? => Ok(Some(known)),
            _ => unpacked_sample(engine, &sha256, limit),
        })
        .await
    }

    /// As [`Store::sample`], and blocks: for threads where that is allowed.
    pub fn sample_blocking(&self, sha256: &Sha256) -> Result<Option<Bytes>> {
        let limit = self.inner.config.sample_bytes_max;
        Ok(unpacked_sample(&self.inner.engine, sha256, limit)?.map(|(bytes, _)| bytes))
    }

    /// Whether a sample's bytes are kept. Blocks like [`Store::sample_blocking`].
    pub fn has_sample_blocking(&self, sha256: &Sha256) -> bool {
        self.inner.engine.samples.contains(sha256).unwrap_or(false)
    }

    /// The folder of the store, if it has one: what belongs to the same installation
    /// may be kept beside it.
    pub fn folder(&self) -> Option<&Path> {
        match &self.inner.engine.disk {
            Disk::Folder(folder) => Some(folder),
            Disk::Memory => None,
        }
    }

    /// A sample in its CaRT container, for handing out; `None` as in [`Store::sample`].
    pub async fn sample_cart(&self, sha256: &Sha256) -> Result<Option<Bytes>> {
        let sha256 = *sha256;
        self.ask(move |engine| engine.samples.container(&sha256)).await
    }

    /// One sample in one line.
    pub async fn sample_summary(&self, sha256: &Sha256) -> Result<Option<SampleSummary>> {
        let sha256 = *sha256;
        self.ask(move |engine| engine.catalog.sample(&sha256)).await
    }

    /// Samples, by the time they first came, newest first.
    pub async fn samples(&self, query: SampleQuery) -> Result<Page<SampleSummary>> {
        self.ask(move |engine| engine.catalog.samples(&query)).await
    }

    /// How a sample came, newest first; at most the latest 1,000 are kept.
    pub async fn sightings(&self, sha256: &Sha256, limit: u32) -> Result<Vec<Sighting>> {
        let sha256 = *sha256;
        self.ask(move |engine| engine.catalog.sightings(&sha256, limit)).await
    }

    /// Keeps an analysis in place of an earlier one of the same engine. If the machine fails
    /// right after, it may be lost: then so is the completion of its job, and it is made again.
    pub async fn put_analysis(&self, analysis: Arc<Analysis>) -> Result<()> {
        self.ask(move |engine| engine.catalog.put_analysis(&analysis)).await
    }

    /// The analyses of a sample, by engine.
    pub async fn analyses_of(&self, sha256: &Sha256) -> Result<Vec<Analysis>> {
        let sha256 = *sha256;
        self.ask(move |engine| engine.catalog.analyses_of(&sha256)).await
    }

    /// All that analyses, runs and others say of a sample, and, if they say anything, how it came:
    /// at most `sightings` of these.
    pub async fn known_of(&self, sha256: &Sha256, sightings: u32) -> Result<Known> {
        let sha256 = *sha256;
        self.ask(move |engine| {
            let catalog = &engine.catalog;
            let behaviour = catalog.behaviour(&sha256)?;
            let mut behaviours = Vec::new();
            for summary in catalog.behaviour_reports(&sha256)? {
                let usual = behaviour.as_ref().is_some_and(|it| it.started == summary.started);
                if !usual {
                    behaviours.extend(catalog.behaviour_report(&sha256, summary.started)?);
                }
            }
            behaviours.extend(behaviour);
            let mut known = Known {
                analyses: catalog.analyses_of(&sha256)?,
                behaviours,
                remarks: catalog.remarks(&sha256)?,
                sightings: Vec::new(),
            };
            if !known.is_nothing() {
                known.sightings = catalog.sightings(&sha256, sightings)?;
            }
            Ok(known)
        })
        .await
    }

    // --- Behaviour ---

    /// Keeps what a sample did in the sandbox, in place of what was known of it; durable
    /// on return.
    pub async fn put_behaviour(&self, behaviour: &Behaviour) -> Result<()> {
        let behaviour = behaviour.clone();
        self.ask(move |engine| engine.catalog.put_behaviour(&behaviour)).await
    }

    /// Keeps a report beside others of the same sample, of which the last ten stay; durable on
    /// return.
    pub async fn put_behaviour_report(&self, behaviour: &Behaviour) -> Result<()> {
        let behaviour = behaviour.clone();
        self.ask(move |engine| engine.catalog.put_behaviour_report(&behaviour)).await
    }

    /// The reports of a sample, the last first.
    pub async fn behaviour_reports(&self, sha256: &Sha256) -> Result<Vec<BehaviourSummary>> {
        let sha256 = *sha256;
        self.ask(move |engine| engine.catalog.behaviour_reports(&sha256)).await
    }

    /// The report of a sample whose first run began then.
    pub async fn behaviour_report(
        &self,
        sha256: &Sha256,
        started: Timestamp,
    ) -> Result<Option<Behaviour>> {
        let sha256 = *sha256;
        self.ask(move |engine| engine.catalog.behaviour_report(&sha256, started)).await
    }

    /// What a sample did in the sandbox.
    pub async fn behaviour(&self, sha256: &Sha256) -> Result<Option<Behaviour>> {
        let sha256 = *sha256;
        self.ask(move |engine| engine.catalog.behaviour(&sha256)).await
    }

    /// Samples that were run in the sandbox, the last first.
    pub async fn behaviours(&self, query: BehaviourQuery) -> Result<Page<BehaviourSummary>> {
        self.ask(move |engine| engine.catalog.behaviours(&query)).await
    }

    /// How samples talk (MinHash), of the `limit` that were run last.
    pub async fn minhashes(&self, limit: u32) -> Result<Vec<(Sha256, Vec<u32>)>> {
        self.ask(move |engine| engine.catalog.minhashes(limit)).await
    }

    // --- Remarks ---

    /// Keeps a remark in place of the sample's earlier one of the same kind; durable on
    /// return.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] beyond [`REMARK_BYTES_MAX`]. What there is too much of labels
    /// is left out.
    pub async fn put_remark(&self, mut remark: Remark) -> Result<()> {
        let size = serde_json::to_vec(&remark.body).map_or(0, |json| json.len());
        if size > REMARK_BYTES_MAX {
            let (size, limit) = (size as u64, REMARK_BYTES_MAX as u64);
            return Err(StoreError::TooLarge { what: "a remark", size, limit });
        }
        remark.labels.truncate(LABELS_PER_REMARK_MAX);
        for label in &mut remark.labels {
            label.retain(|c| !c.is_control());
            label.truncate(label.floor_char_boundary(LABEL_BYTES_MAX));
        }
        remark.labels.retain(|label| !label.is_empty());
        self.ask(move |engine| engine.catalog.put_remark(&remark)).await
    }

    /// What is said of a sample besides its analyses, by kind.
    pub async fn remarks(&self, sha256: &Sha256) -> Result<Vec<Remark>> {
        let sha256 = *sha256;
        self.ask(move |engine| engine.catalog.remarks(&sha256)).await
    }

    // --- Indicators ---

    /// Keeps indicators in place of earlier ones of the same identity, all or none;
    /// durable on return.
    pub async fn put_indicators(&self, indicators: &[Indicator]) -> Result<()> {
        let indicators = indicators.to_vec();
        self.ask(move |engine| engine.catalog.put_indicators(&indicators)).await
    }

    /// One indicator.
    pub async fn indicator(&self, id: IndicatorId) -> Result<Option<Indicator>> {
        self.ask(move |engine| Ok(engine.catalog.indicators_by_ids(&[id])?.pop())).await
    }

    /// Those of `ids` that there are, in no particular order.
    pub async fn indicators_by_ids(&self, ids: &[IndicatorId]) -> Result<Vec<Indicator>> {
        let ids = ids.to_vec();
        self.ask(move |engine| engine.catalog.indicators_by_ids(&ids)).await
    }

    /// Indicators, last seen first.
    pub async fn indicators(&self, query: IndicatorQuery) -> Result<Page<Indicator>> {
        self.ask(move |engine| engine.catalog.indicators(&query, clock::now())).await
    }

    /// All indicators valid at `now`, withheld ones too, by identity.
    pub async fn all_valid_indicators(&self, now: Timestamp) -> Result<Vec<Indicator>> {
        self.ask(move |engine| {
            let mut all: Vec<Indicator> = Vec::new();
            loop {
                let after = all.last().map(|indicator| indicator.id);
                let more = engine.catalog.valid_indicators(now, after, INDICATORS_PER_STEP)?;
                let last = more.len() < INDICATORS_PER_STEP as usize;
                all.extend(more);
                if last {
                    return Ok(all);
                }
            }
        })
        .await
    }

    /// Indicators with the sample among their evidence, at most 1,000.
    pub async fn indicators_of_sample(&self, sha256: &Sha256) -> Result<Vec<Indicator>> {
        let sha256 = *sha256;
        self.ask(move |engine| engine.catalog.indicators_of_sample(&sha256, INDICATORS_PER_STEP))
            .await
    }

    /// Indicators with the session among their evidence, at most 1,000.
    pub async fn indicators_of_session(&self, id: SessionId) -> Result<Vec<Indicator>> {
        self.ask(move |engine| engine.catalog.indicators_of_session(id, INDICATORS_PER_STEP)).await
    }

    // --- Numbers ---

    /// What happened in the minutes that begin from `from` to before `to`, in spans of
    /// `step` that are aligned to multiples of it since 1970 (rounded up to
    /// whole minutes; at most 2,000 spans, the last ones); empty spans are left out.
    pub async fn rollup(
        &self,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Bucket>> {
        let step_s = step.as_secs().div_ceil(60).max(1) * 60;
        self.ask(move |engine| engine.catalog.rollup(Span { from, to }, step_s)).await
    }

    /// The most frequent values from `from` to `to`, each rounded outwards to the hour
    /// (to the day for what is long ago). Rare values may be missing in busy times.
    pub async fn top(
        &self,
        by: TopBy,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<TopEntry>> {
        self.ask(move |engine| engine.catalog.top(by, Span { from, to }, limit, clock::now())).await
    }

    /// How much there is.
    pub async fn totals(&self) -> Result<Totals> {
        self.ask(|engine| engine.catalog.totals()).await
    }

    /// Where the space went.
    pub async fn disk_usage(&self) -> Result<DiskUsage> {
        let keeper = self.inner.keeper.clone();
        self.inner.blocking.run(move || keeper.usage()).await
    }

    /// Whether the store can write.
    pub fn health(&self) -> Health {
        self.inner.keeper.health()
    }

    /// Deletes the oldest bulk until the store is within its quota. Happens by itself
    /// every `quota_check_ms`.
    pub async fn enforce_quota(&self) -> Result<()> {
        let keeper = self.inner.keeper.clone();
        self.inner.blocking.run(move || keeper.enforce()).await
    }

    // --- The rest ---

    /// A value kept under a key.
    pub async fn get_meta(&self, key: &str) -> Result<Option<String>> {
        let key = key.to_owned();
        self.ask(move |engine| engine.catalog.meta(&key)).await
    }

    /// Keeps a value under a key; durable on return.
    pub async fn put_meta(&self, key: &str, value: &str) -> Result<()> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.ask(move |engine| engine.catalog.put_meta(&key, &value)).await
    }

    /// The work queue.
    pub fn queue(&self) -> &Queue {
        &self.inner.queue
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let engine = self.inner.engine.clone();
        self.inner.blocking.run(move || work(&engine)).await
    }
}

impl Inner {
    fn shut_down(&self) -> Result<()> {
        let Some(threads) = self.threads.lock().take() else { return Ok(()) };
        let _lock = threads.stop();
        self.keeper.seal_at_close();
        self.engine.catalog.close()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(%error, "the store was not closed cleanly");
        }
    }
}

impl Threads {
    fn start(
        writer: Writer,
        keeper: Arc<Keeper>,
        check_ms: u64,
        lock: Option<File>,
    ) -> Result<Self> {
        let spawn = |name: &str| std::thread::Builder::new().name(name.into());
        let failed = StoreError::io(Path::new("a thread of the store"));
        let (inbox, messages) = mpsc::channel();
        let (stop_keeper, stopped) = mpsc::channel::<()>();
        let writer = spawn("store-writer").spawn(move || writer.run(&messages));
        let keeper = spawn("store-keeper").spawn(move || {
            let pause = Duration::from_millis(check_ms.max(10));
            loop {
                if let Err(error) = keeper.enforce() {
                    tracing::error!(%error, "the quota could not be checked");
                }
                if stopped.recv_timeout(pause) != Err(mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        match (writer, keeper) {
            (Ok(writer), Ok(keeper)) => Ok(Self { inbox, writer, stop_keeper, keeper, lock }),
            (Err(error), _) | (_, Err(error)) => Err(failed(error)),
        }
    }

    fn stop(self) -> Option<File> {
        drop((self.inbox, self.stop_keeper));
        for (name, thread) in [("writer", self.writer), ("keeper", self.keeper)] {
            if thread.join().is_err() {
                tracing::error!("the store's {name} panicked");
            }
        }
        self.lock
    }
}

/// The segment size in force: a fraction of the quota at most, so that retention can
/// work in small steps.
fn segment_bytes(config: &StoreConfig) -> u64 {
    use crate::limits::{SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN};
    let share = if config.quota_bytes == 0 { u64::MAX } else { config.quota_bytes / 16 };
    config.segment_bytes.min(share).clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX)
}

fn lock_folder(dir: &Path) -> Result<File> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(StoreError::io(dir))?;
    let path = dir.join("lock");
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.open(&path).map_err(StoreError::io(&path))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::InUse { path }),
        Err(error) => Err(StoreError::io(&path)(error.into())),
    }
}

fn read_event(engine: &Engine, position: Position) -> Result<Option<Event>> {
    engine.events.read(position)?.map(|record| decode_event(&record)).transpose()
}

fn unpacked_sample(
    engine: &Engine,
    sha256: &Sha256,
    limit: u64,
) -> Result<Option<(Bytes, Digests)>> {
    let Some(container) = engine.samples.container(sha256)? else { return Ok(None) };
    let damaged = |detail: String| StoreError::damaged(format!("sample {sha256}"), detail);
    let unpacked = cart::unpack(&container, limit).map_err(|error| damaged(error.to_string()))?;
    // What the footer says of the bytes was checked.
    let digests = unpacked.digests();
    if digests.sha256 != *sha256.as_bytes() {
        return Err(damaged("its bytes have another digest".into()));
    }
    Ok(Some((unpacked.bytes.into(), digests)))
}

/// The row goes first, so that a crash never leaves bytes that nobody knows of.
fn put_container(engine: &Engine, sha256: &Sha256, size: u64, container: &[u8]) -> Result<()> {
    engine.catalog.sample_stored(sha256, size, container.len() as u64, clock::now())?;
    engine.samples.put(sha256, container).inspect_err(|_| {
        if let Err(error) = engine.catalog.sample_gone(sha256) {
            tracing::warn!(%sha256, %error, "a sample that could not be kept stays listed");
        }
    })
}
