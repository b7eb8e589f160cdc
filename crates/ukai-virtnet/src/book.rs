//! Where everything is written down: events as lines of JSON, uploads neutered, recordings.
//! A thread writes; what it is told when the disk cannot keep up is counted.

use crate::limits::EVENTS_WAITING_MAX;
use crate::scenario::LimitsSpec;
use crate::summary::Summary;
use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use serde_json::Map;
use std::collections::VecDeque;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use ukai_driver::World;
use ukai_emulators::Capture;
use ukai_model::{
    CaptureHow, Event, EventId, EventKind, Flow, PeerText, SCHEMA_VERSION, SensorId, SessionId,
    Sha256,
};
use ukai_store::cart;

/// Name of the file with events, one JSON object in a line.
pub const EVENTS_FILE: &str = "events.ndjson";

/// Folder of what was uploaded, in CaRT containers named by SHA-256.
pub const SAMPLES_FOLDER: &str = "samples";

/// Folder of terminal recordings (asciicast v2), named by session.
pub const TERMINALS_FOLDER: &str = "terminals";

/// Folder of packets.
pub const PACKETS_FOLDER: &str = "packets";

/// How often what was written reaches the disk's files, at the latest.
const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// How long the writer lets more come before it takes what waits: to be woken for each event
/// would cost more than the event.
const GATHER: Duration = Duration::from_millis(2);

/// How many events are taken without letting more come.
const GATHERED: usize = 256;

/// How long somebody waits who may wait, when too much waits to be written.
const WAIT: Duration = Duration::from_millis(1);

/// Is told every event.
pub type Listener = Box<dyn Fn(&Event) + Send>;

enum Entry {
    Event(Box<Event>),
    Sample(Sha256, Bytes),
    Terminal(SessionId, Vec<u8>),
}

/// The record of one run. Ends, all written, when it is dropped.
pub struct Book {
    pen: Pen,
    writer: Option<JoinHandle<io::Result<()>>>,
}

/// Writes into a book; clones write into the same one.
#[derive(Clone)]
pub struct Pen(Arc<Shared>);

/// What waits to be written.
struct Queue {
    entries: VecDeque<Entry>,
    /// The book has not been closed.
    open: bool,
    /// The writer sleeps until it is woken.
    asleep: bool,
}

/// Why nothing was put in a queue.
enum Refused {
    Full(Entry),
    Closed,
}

struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
    sensor: SensorId,
    world: Arc<dyn World>,
    summary: Mutex<Summary>,
    /// Events that were not written, since too many waited.
    missed: AtomicU64,
    kept_bytes: AtomicU64,
    kept_bytes_max: u64,
}

impl Book {
    /// Begins a record: in `folder`, which is made, or in memory only. `listener` is told
    /// every event, on the writing thread.
    pub fn open(
        folder: Option<&Path>,
        sensor: SensorId,
        limits: &LimitsSpec,
        world: Arc<dyn World>,
        listener: Option<Listener>,
    ) -> io::Result<Self> {
        let files = folder.map(Files::make).transpose()?;
        let queue = Queue { entries: VecDeque::new(), open: true, asleep: false };
        let pen = Pen(Arc::new(Shared {
            queue: Mutex::new(queue),
            filled: Condvar::new(),
            sensor,
            summary: Mutex::new(Summary::new(world.now())),
            world,
            missed: AtomicU64::new(0),
            kept_bytes: AtomicU64::new(0),
            kept_bytes_max: limits.captured_bytes_max,
        }));
        let (writing, event_bytes_max) = (pen.clone(), limits.event_bytes_max);
        let writer = std::thread::Builder::new()
            .name("record".to_owned())
            .spawn(move || write(&writing, files, event_bytes_max, listener.as_ref()))?;
        Ok(Self { pen, writer: Some(writer) })
    }

    /// What writes into it.
    pub fn pen(&self) -> Pen {
        self.pen.clone()
    }

    /// Ends the record: all that was told is written. The summary of it.
    pub fn close(mut self) -> io::Result<Summary> {
        self.end()?;
        Ok(self.pen.summary())
    }

    fn end(&mut self) -> io::Result<()> {
        self.pen.0.queue.lock().open = false;
        self.pen.0.filled.notify_one();
        match self.writer.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the thread that writes the record has failed")),
            None => Ok(()),
        }
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "the record is not whole");
        }
    }
}

impl Pen {
    /// Writes a fact down, if there is room; a fact of packets can come in any number.
    pub fn note(&self, kind: EventKind, flow: Option<Flow>, session: Option<SessionId>) {
        let time = self.0.world.now();
        let event = Event {
            v: SCHEMA_VERSION,
            id: EventId::new(time, self.0.world.random()),
            time,
            sensor: self.0.sensor.clone(),
            session,
            flow,
            kind,
        };
        self.try_put(Entry::Event(Box::new(event)));
    }

    /// Writes events down, waiting for room.
    pub async fn put(&self, events: Vec<Event>) {
        for event in events {
            self.wait(Entry::Event(Box::new(event))).await;
        }
    }

    /// Keeps what was uploaded, waiting for room; its name, or `None` where all room is
    /// used.
    pub async fn keep(&self, capture: &Capture) -> Option<Sha256> {
        let sha256 = Sha256::of(&capture.bytes);
        if self.has_room(capture) {
            self.wait(Entry::Sample(sha256, capture.bytes.clone())).await;
            return Some(sha256);
        }
        None
    }

    /// The same without waiting, with the fact.
    pub fn keep_now(&self, capture: Capture, flow: Flow, session: Option<SessionId>) {
        let sha256 = Sha256::of(&capture.bytes);
        if !self.has_room(&capture) {
            return;
        }
        let size = capture.bytes.len() as u64;
        self.try_put(Entry::Sample(sha256, capture.bytes));
        let (how, name, url): (CaptureHow, Option<PeerText>, Option<PeerText>) =
            (capture.how, capture.name, capture.url);
        self.note(EventKind::SampleCaptured { sha256, size, how, name, url }, Some(flow), session);
    }

    /// Keeps a terminal recording.
    pub async fn terminal(&self, session: SessionId, asciicast: Vec<u8>) {
        self.wait(Entry::Terminal(session, asciicast)).await;
    }

    /// What has happened so far.
    pub fn summary(&self) -> Summary {
        let mut summary = self.0.summary.lock().clone();
        summary.missed = self.0.missed.load(Ordering::Relaxed);
        summary
    }

    fn has_room(&self, capture: &Capture) -> bool {
        let size = capture.bytes.len() as u64;
        let kept = self.0.kept_bytes.fetch_add(size, Ordering::Relaxed);
        let has = kept.saturating_add(size) <= self.0.kept_bytes_max;
        if !has {
            self.0.kept_bytes.fetch_sub(size, Ordering::Relaxed);
            let limit = "captured_bytes_max".to_owned();
            let detail = format!("an upload of {size} bytes is not kept");
            self.note(EventKind::LimitReached { limit, detail }, None, None);
        }
        has
    }

    fn try_put(&self, entry: Entry) {
        if self.0.put(entry).is_err() {
            self.0.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn wait(&self, mut entry: Entry) {
        while let Err(Refused::Full(back)) = self.0.put(entry) {
            entry = back;
            tokio::time::sleep(WAIT).await;
        }
    }
}

impl Shared {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        let mut queue = self.queue.lock();
        if !queue.open {
            return Err(Refused::Closed);
        }
        if queue.entries.len() >= EVENTS_WAITING_MAX {
            return Err(Refused::Full(entry));
        }
        queue.entries.push_back(entry);
        if std::mem::take(&mut queue.asleep) {
            drop(queue);
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Takes all that waits into `taken`, which is empty, and waits for it for a while; false
    /// at the end.
    fn take(&self, taken: &mut VecDeque<Entry>) -> bool {
        let mut queue = self.queue.lock();
        if queue.entries.is_empty() && queue.open {
            queue.asleep = true;
            self.filled.wait_for(&mut queue, FLUSH_EVERY);
            queue.asleep = false;
        }
        if (1..GATHERED).contains(&queue.entries.len()) && queue.open {
            drop(queue);
            std::thread::sleep(GATHER);
            queue = self.queue.lock();
        }
        std::mem::swap(&mut queue.entries, taken);
        queue.open || !taken.is_empty()
    }
}

/// The files of a record.
struct Files {
    folder: PathBuf,
    events: BufWriter<File>,
    written: u64,
}

impl Files {
    fn make(folder: &Path) -> io::Result<Self> {
        for folder in [folder, &folder.join(SAMPLES_FOLDER), &folder.join(TERMINALS_FOLDER)] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let events = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(folder.join(EVENTS_FILE))?;
        let written = events.metadata()?.len();
        Ok(Self { folder: folder.to_owned(), events: BufWriter::new(events), written })
    }

    fn event(&mut self, event: &Event, line: &mut Vec<u8>) -> io::Result<()> {
        line.clear();
        serde_json::to_writer(&mut *line, event)?;
        line.push(b'\n');
        self.written += line.len() as u64;
        self.events.write_all(line)
    }

    fn new_file(&self, folder: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.folder.join(folder).join(name);
        match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
            Ok(mut file) => file.write_all(bytes),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn write(
    pen: &Pen,
    mut files: Option<Files>,
    event_bytes_max: u64,
    listener: Option<&Listener>,
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut outcome = Ok(());
    let mut taken = VecDeque::new();
    while pen.0.take(&mut taken) {
        if taken.is_empty() {
            let flushed = files.as_mut().map_or(Ok(()), |files| files.events.flush());
            outcome = outcome.and(flushed);
        }
        for entry in taken.drain(..) {
            let written =
                write_one(pen, entry, files.as_mut(), event_bytes_max, listener, &mut line);
            if let Err(error) = written {
                if outcome.is_ok() {
                    tracing::error!(%error, "the record cannot be written");
                }
                pen.0.missed.fetch_add(1, Ordering::Relaxed);
                outcome = outcome.and(Err(error));
            }
        }
    }
    let flushed = files.as_mut().map_or(Ok(()), |files| files.events.flush());
    outcome.and(flushed)
}

fn write_one(
    pen: &Pen,
    entry: Entry,
    files: Option<&mut Files>,
    event_bytes_max: u64,
    listener: Option<&Listener>,
    line: &mut Vec<u8>,
) -> io::Result<()> {
    match entry {
        Entry::Event(event) => {
            pen.0.summary.lock().add(&event);
            if let Some(listener) = listener {
                listener(&event);
            }
            match files {
                Some(files) if files.written < event_bytes_max => files.event(&event, line),
                Some(_) => {
                    pen.0.missed.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                }
                None => Ok(()),
            }
        }
        Entry::Sample(sha256, bytes) => files.map_or(Ok(()), |files| {
            let container = cart::pack(&bytes, &Map::new());
            files.new_file(SAMPLES_FOLDER, &format!("{sha256}.cart"), &container)
        }),
        Entry::Terminal(session, asciicast) => files.map_or(Ok(()), |files| {
            files.new_file(TERMINALS_FOLDER, &format!("{session}.cast"), &asciicast)
        }),
    }
}
