//! The writer: one thread that makes events durable, then findable, then known.
//!
//! Order for every batch: recordings and events into their logs (one sync each), the
//! catalogue in one transaction, acknowledgements, subscribers. What cannot be written
//! is not acknowledged: callers that wait get an error, what was only queued is kept
//! and tried again until there is space.

use crate::StoreError;
use crate::config::StoreConfig;
use crate::keeper::{Engine, Keeper};
use crate::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, FLUSH_MS_MAX, GATHER_STEP};
use crate::record::decode_event;
use crate::seam::{Batch, Position};
use crate::{Queue, clock};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, broadcast, oneshot};
use ukai_model::{Event, SessionId};

/// How long to wait before writing is tried again, in milliseconds.
const RETRY_MS: u64 = 250;

/// Pieces of old bulk deleted for one batch before it counts as not writable for now.
pub(crate) const ROOM_STEPS_MAX: usize = 8;

/// What callers hand to the writer.
pub(crate) struct Message {
    pub(crate) events: Vec<Arc<Event>>,
    /// The events as the log keeps them, in the same order.
    pub(crate) records: Vec<Bytes>,
    pub(crate) recording: Option<(SessionId, Bytes)>,
    /// Somebody waits: do not dawdle.
    pub(crate) done: Option<oneshot::Sender<Result<(), StoreError>>>,
    /// The memory that the message holds; given back when it is done with.
    pub(crate) _permit: OwnedSemaphorePermit,
}

/// A batch on its way, with how far it came.
#[derive(Default)]
struct Work {
    messages: Vec<Message>,
    recordings_at: Option<Vec<Position>>,
    events_at: Option<Vec<Position>>,
}

impl Work {
    fn events(&self) -> usize {
        self.messages.iter().map(|m| m.events.len()).sum()
    }
}

pub(crate) struct Writer {
    pub(crate) engine: Engine,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) config: Arc<StoreConfig>,
    pub(crate) queue: Queue,
    pub(crate) live: broadcast::Sender<Arc<Event>>,
    /// Bytes after which a batch is closed: a batch lies in one segment.
    pub(crate) batch_bytes_max: usize,
    /// Everything in the event log before this is durable and indexed.
    pub(crate) indexed: Arc<AtomicU64>,
}

impl Writer {
    /// Runs until every sender is gone, then writes what is left and returns.
    pub(crate) fn run(self, inbox: &Receiver<Message>) {
        let mut stuck: Option<Work> = None;
        loop {
            let (work, open) = match stuck.take() {
                Some(mut work) => {
                    let open = Self::wait_stuck(inbox, &mut work);
                    (work, open)
                }
                None => self.gather(inbox),
            };
            stuck = self.carry_out(work);
            if !open {
                if stuck.is_some_and(|work| work.events() > 0) {
                    tracing::error!(
                        "events that were queued are lost: the disk stayed full until the end"
                    );
                }
                return;
            }
        }
    }

    /// The next batch: at once if somebody waits, otherwise when it is old or large
    /// enough. `false` when no more will come.
    fn gather(&self, inbox: &Receiver<Message>) -> (Work, bool) {
        let mut work = Work::default();
        let Ok(first) = inbox.recv() else { return (work, false) };
        let flush = Duration::from_millis(self.config.flush_ms.min(FLUSH_MS_MAX));
        let deadline = Instant::now() + flush;
        let mut urgent = first.done.is_some();
        let (mut events, mut bytes) = size(&first);
        work.messages.push(first);
        while events < BATCH_EVENTS_MAX && bytes < self.batch_bytes_max {
            match inbox.try_recv() {
                Ok(message) => {
                    urgent |= message.done.is_some();
                    let (more_events, more_bytes) = size(&message);
                    events += more_events;
                    bytes += more_bytes;
                    work.messages.push(message);
                }
                Err(TryRecvError::Empty) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if urgent || left.is_zero() {
                        break;
                    }
                    // Asleep, not waiting at the channel: there each message would wake
                    // this thread, two system calls and two switches a time.
                    std::thread::sleep(left.min(GATHER_STEP));
                }
                Err(TryRecvError::Disconnected) => return (work, false),
            }
        }
        (work, true)
    }

    /// Waits until writing is worth another try. Meanwhile those that wait are told,
    /// and what was queued joins the batch (bounded by the permits it holds).
    fn wait_stuck(inbox: &Receiver<Message>, work: &mut Work) -> bool {
        let deadline = Instant::now() + Duration::from_millis(RETRY_MS);
        loop {
            match inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => match message.done {
                    Some(done) => drop(done.send(Err(disk_full()))),
                    None if work.events_at.is_none() && work.recordings_at.is_none() => {
                        work.messages.push(message);
                    }
                    // The batch is half written; what comes now is refused like at the door.
                    None => tracing::warn!(
                        events = message.events.len(),
                        "events were dropped: the disk is full"
                    ),
                },
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Writes a batch. Returns it if it could not be written.
    fn carry_out(&self, mut work: Work) -> Option<Work> {
        let mut result = self.attempt(&mut work);
        for _ in 0..ROOM_STEPS_MAX {
            match &result {
                Err(error) if error.is_full() && self.keeper.make_room().unwrap_or(false) => {
                    result = self.attempt(&mut work);
                }
                _ => break,
            }
        }
        match result {
            Ok(()) => {
                self.keeper.set_ok();
                None
            }
            Err(error) => {
                self.keeper.set_degraded(&error);
                refuse(&mut work, &error);
                Some(work)
            }
        }
    }

    fn attempt(&self, work: &mut Work) -> Result<(), StoreError> {
        if work.messages.is_empty() {
            return self.keeper.probe();
        }
        if work.recordings_at.is_none() {
            let records: Vec<Bytes> = recordings(work).map(|(_, record)| record.clone()).collect();
            work.recordings_at = Some(self.engine.recordings.append(&records)?);
        }
        if work.events_at.is_none() {
            let records: Vec<Bytes> =
                work.messages.iter().flat_map(|m| m.records.iter().cloned()).collect();
            work.events_at = Some(self.engine.events.append(&records)?);
        }
        let batch = self.batch(work);
        let outcome = self.engine.catalog.index(&batch)?;
        self.indexed.store(batch.indexed.0, Ordering::Release);
        for message in &mut work.messages {
            if let Some(done) = message.done.take() {
                // Whoever waited may have gone; the events are kept all the same.
                let _gone = done.send(Ok(()));
            }
        }
        for ((_, event), fresh) in batch.events.into_iter().zip(outcome.fresh) {
            if fresh {
                let _nobody_listens = self.live.send(event);
            }
        }
        if outcome.jobs > 0 {
            self.queue.wake();
        }
        Ok(())
    }

    fn batch(&self, work: &Work) -> Batch {
        let events = work.messages.iter().flat_map(|m| m.events.iter().cloned());
        let sessions = recordings(work).map(|(session, _)| *session);
        Batch {
            events: work.events_at.iter().flatten().copied().zip(events).collect(),
            recordings: sessions.zip(work.recordings_at.iter().flatten().copied()).collect(),
            indexed: self.engine.events.end(),
            engines: self.config.engines.clone(),
            now: clock::now(),
        }
    }
}

/// Indexes what the log has and the catalogue has not: after a crash, or for a
/// catalogue that is made anew. Returns the number of events.
pub(crate) fn catch_up(engine: &Engine, config: &StoreConfig) -> Result<u64, StoreError> {
    let mut at = engine.catalog.indexed()?;
    engine.events.advance_to(at)?;
    let mut count = 0;
    while at < engine.events.end() {
        let stretch = engine.events.read_from(at, BATCH_EVENTS_MAX, BATCH_BYTES_MAX)?;
        let events: Vec<_> = stretch
            .records
            .iter()
            .filter_map(|(position, record)| match decode_event(record) {
                Ok(event) => Some((*position, Arc::new(event))),
                Err(error) => {
                    tracing::error!(position = position.0, %error, "a record is not an event; it is left out");
                    None
                }
            })
            .collect();
        count += events.len() as u64;
        at = stretch.next;
        engine.catalog.index(&Batch {
            events,
            recordings: Vec::new(),
            indexed: at,
            engines: config.engines.clone(),
            now: clock::now(),
        })?;
    }
    Ok(count)
}

fn size(message: &Message) -> (usize, usize) {
    let recording = message.recording.as_ref().map_or(0, |(_, record)| record.len());
    (message.events.len(), recording + message.records.iter().map(Bytes::len).sum::<usize>())
}

fn recordings(work: &Work) -> impl Iterator<Item = &(SessionId, Bytes)> {
    work.messages.iter().filter_map(|m| m.recording.as_ref())
}

fn disk_full() -> StoreError {
    StoreError::Degraded { reason: "writing failed and is tried again".into() }
}

/// Tells those that wait. Their events leave the batch if they are not in the log yet.
fn refuse(work: &mut Work, error: &StoreError) {
    for message in &mut work.messages {
        if let Some(done) = message.done.take() {
            let _gone = done.send(Err(StoreError::Degraded { reason: error.to_string() }));
            if work.events_at.is_none() {
                message.events.clear();
                message.records.clear();
            }
        }
    }
    if work.events_at.is_none() && work.recordings_at.is_none() {
        work.messages.retain(|m| !m.events.is_empty() || m.recording.is_some());
    }
}
