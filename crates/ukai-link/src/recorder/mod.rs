//! Writes what passes links into capture files, and never holds a link up.
//!
//! A [`Recorder`] has a thread that writes; each link that is [`Recorder::tap`]ped is an
//! interface in its files. What comes faster than the disk takes it is dropped from the
//! files, counted, and told in them; the link does not notice.
//!
//! Files are pcapng, readable by this user only, named `NAME-TIME-NUMBER.pcapng`. They are
//! begun anew by size and time, and the oldest are removed.
//!
//! What makes a file readable by itself is written into it, too, by way of a
//! [`RecorderHandle`]: the names of addresses, and the secrets of TLS.

mod files;
mod handle;
mod tap;

pub use handle::RecorderHandle;
pub use tap::Tapped;

use crate::capture::{Direction, Known, LinkType, frame_block_says, known_block};
use crate::limits::RECORDER_WAITING_BYTES;
use files::Files;
use handle::Named;
use parking_lot::{Condvar, Mutex};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use ukai_model::Timestamp;
use ukai_netstack::{Link, Medium};

/// Where and how much is recorded. The disk takes at most `file_bytes_max` times
/// `files_max`.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The folder; made, for this user only, if it is not there.
    pub folder: PathBuf,
    /// What the names of the files begin with.
    pub name: String,
    /// A file that reaches this is the last but one, in bytes.
    pub file_bytes_max: u64,
    /// A file that is this old takes no more frames, in seconds.
    pub file_seconds_max: u64,
    /// Files that are kept, those of earlier recordings of this name included.
    pub files_max: usize,
    /// Of each frame, at most so many bytes are written.
    pub snap_bytes: u32,
}

/// What a recorder has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Frames in files.
    pub frames: u64,
    /// Frames that were not written, since the disk was too slow, or did not take them.
    pub dropped: u64,
    /// Names that were given to addresses, each counted once.
    pub names: u64,
    /// Secrets of TLS in files.
    pub secrets: u64,
    /// Names and secrets that were not written: no such, or no room for them.
    pub untold: u64,
    /// Files that were begun.
    pub files: u64,
    /// Why the disk did not take the last that it did not take.
    pub last_error: Option<String>,
}

/// Says something of a frame, for the reader of a capture file, or nothing. Called for each:
/// must be quick.
pub type Comment = dyn FnMut(Direction, &[u8], &mut String) + Send;

/// Writes what passes the links that it taps. When it is dropped, what waits is written.
pub struct Recorder {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

/// How long frames wait, where somebody tells secrets. That of TLS 1.2 is known when the
/// frames with the client's half of it have passed, and Wireshark wants it before them.
const HOLD: Duration = Duration::from_millis(100);

/// When so much waits, it is written at once, in bytes.
const PRESSURE_BYTES: usize = RECORDER_WAITING_BYTES / 4;

/// How often the writer looks at its file's age.
const TICK: Duration = Duration::from_secs(1);

struct Shared {
    queue: Mutex<Queue>,
    /// Wakes the writer.
    wake: Condvar,
    snap_bytes: u32,
}

/// What waits to be written.
#[derive(Default)]
struct Queue {
    /// Blocks with names and secrets: written before the frames that wait with them.
    known: Vec<u8>,
    /// Blocks with frames that have waited for [`HOLD`].
    older: Vec<u8>,
    /// Blocks with frames.
    blocks: Vec<u8>,
    /// Whether frames wait for what may be told of them.
    holds: bool,
    /// Names that were told.
    named: Named,
    interfaces: Vec<Interface>,
    closing: bool,
    recorded: Recorded,
}

#[derive(Clone)]
struct Interface {
    name: Arc<str>,
    kind: LinkType,
    snap_bytes: u32,
    received: u64,
    dropped: u64,
    /// Dropped since the last frame that was taken.
    gap: u64,
}

impl Recorder {
    /// Begins to record. That the folder can be written to is tried at once.
    pub fn start(recording: Recording) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            snap_bytes: recording.snap_bytes,
        });
        let files = Files::new(recording)?;
        let writing = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || writing.write(files))?;
        Ok(Self { shared, writer: Some(writer) })
    }

    /// The link, with all that passes it recorded as an interface of this name.
    pub fn tap<L: Link>(&self, link: L, name: &str) -> Tapped<L> {
        self.tap_as(link, name, None)
    }

    /// The same, with comments on its frames.
    pub fn tap_with_comments<L: Link>(
        &self,
        link: L,
        name: &str,
        comment: Box<Comment>,
    ) -> Tapped<L> {
        self.tap_as(link, name, Some(comment))
    }

    /// Tells the files what is known of their frames. May be cloned, and may outlive the
    /// recorder.
    pub fn handle(&self) -> RecorderHandle {
        self.shared.queue.lock().holds = true;
        RecorderHandle::new(&self.shared)
    }

    fn tap_as<L: Link>(&self, link: L, name: &str, comment: Option<Box<Comment>>) -> Tapped<L> {
        let kind = match link.medium() {
            Medium::Ethernet => LinkType::ETHERNET,
            Medium::Ip => LinkType::RAW,
        };
        let mut queue = self.shared.queue.lock();
        let number = queue.interfaces.len() as u32;
        let (name, snap_bytes) = (Arc::from(name), self.shared.snap_bytes);
        queue.interfaces.push(Interface {
            name,
            kind,
            snap_bytes,
            received: 0,
            dropped: 0,
            gap: 0,
        });
        drop(queue);
        Tapped::new(link, Arc::clone(&self.shared), number, comment)
    }

    /// What it has done so far.
    pub fn recorded(&self) -> Recorded {
        self.shared.queue.lock().recorded.clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.queue.lock().closing = true;
        self.shared.wake.notify_one();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Shared {
    /// Writes what comes, until the end.
    fn write(&self, mut files: Files) {
        let mut blocks = Vec::new();
        loop {
            let mut queue = self.queue.lock();
            while queue.waiting() == 0 && !queue.closing {
                if self.wake.wait_for(&mut queue, TICK).timed_out() {
                    break;
                }
            }
            if queue.holds {
                let calm = |queue: &mut Queue| !queue.closing && queue.waiting() < PRESSURE_BYTES;
                let _ = self.wake.wait_while_for(&mut queue, calm, HOLD);
            }
            queue.take(&mut blocks);
            let interfaces = queue.interfaces.clone();
            let closing = queue.closing && queue.waiting() == 0;
            drop(queue);
            let written = files.write(&blocks, &interfaces, Instant::now(), now());
            if closing {
                files.close(&interfaces, now());
            }
            let mut queue = self.queue.lock();
            queue.lost(&blocks[written.bytes..]);
            queue.recorded.frames += written.frames;
            queue.recorded.secrets += written.secrets;
            queue.recorded.files = files.begun();
            if let Some(error) = written.error {
                let said = error.to_string();
                if queue.recorded.last_error.as_ref() != Some(&said) {
                    tracing::warn!(error = %said, "frames cannot be recorded");
                }
                queue.recorded.last_error = Some(said);
            }
            if closing {
                return;
            }
            drop(queue);
            blocks.clear();
            if blocks.capacity() > PRESSURE_BYTES {
                blocks = Vec::new();
            }
        }
    }

    /// Tells the writer of what has come, where it does not know yet.
    fn wake(&self, before: usize, after: usize) {
        if before == 0 || before < PRESSURE_BYTES && after >= PRESSURE_BYTES {
            self.wake.notify_one();
        }
    }
}

impl Queue {
    /// Bytes that wait.
    const fn waiting(&self) -> usize {
        self.known.len() + self.older.len() + self.blocks.len()
    }

    /// Takes what is to be written, into `blocks`, which is empty.
    fn take(&mut self, blocks: &mut Vec<u8>) {
        if self.holds {
            std::mem::swap(&mut self.older, &mut self.blocks);
        }
        std::mem::swap(&mut self.known, blocks);
        if blocks.is_empty() {
            std::mem::swap(&mut self.blocks, blocks);
        } else {
            blocks.append(&mut self.blocks);
        }
    }

    /// Counts what was not written. Names are not lost: another file begins with them.
    fn lost(&mut self, mut blocks: &[u8]) {
        while let Some(length) = files::length(blocks) {
            let (block, rest) = blocks.split_at(length);
            blocks = rest;
            if let Some(Known::Secret) = known_block(block) {
                self.recorded.untold += 1;
            }
            let Some((number, told)) = frame_block_says(block) else { continue };
            self.recorded.dropped += 1;
            if let Some(interface) = self.interfaces.get_mut(number as usize) {
                interface.dropped += 1;
                // What it would have told is to be told by another.
                interface.gap += 1 + told;
            }
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
