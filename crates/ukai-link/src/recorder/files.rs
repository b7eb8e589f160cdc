//! The files of a recorder: begun anew by size and age, the oldest removed.

use super::{Interface, Recording};
use crate::capture::{
    Known, NameRecord, interface_block, known_block, names_block, section_block, statistics_block,
};
use crate::limits::RECORDER_NAMES_BYTES_MAX;
use std::collections::VecDeque;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use ukai_model::Timestamp;

const SUFFIX: &str = ".pcapng";

/// How long a disk that took nothing is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// Which part of a file may be names that were told before it was begun: a quarter.
const NAMES_SHARE: u64 = 4;

pub(super) struct Files {
    recording: Recording,
    open: Option<Open>,
    begun: u64,
    /// The number of the next file.
    number: u64,
    /// Until when no file is begun.
    pause_until: Option<Instant>,
    names: Names,
}

/// Names that each file begins with, oldest first.
#[derive(Default)]
struct Names {
    records: VecDeque<NameRecord>,
    bytes: usize,
}

struct Open {
    file: File,
    bytes: u64,
    since: Instant,
    /// How many interfaces are described in it.
    interfaces: usize,
    /// Whether there is anything in it but what each file begins with.
    is_used: bool,
}

/// What has come of blocks.
#[derive(Default)]
pub(super) struct Written {
    pub(super) frames: u64,
    pub(super) secrets: u64,
    pub(super) bytes: usize,
    pub(super) error: Option<io::Error>,
}

impl Files {
    pub(super) fn new(recording: Recording) -> io::Result<Self> {
        if recording.name.is_empty() || recording.name.contains(['/', '\0']) {
            let what = "the name of a recording is part of a file's name";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        if !recording.folder.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(&recording.folder)?;
        }
        let files = Self {
            recording,
            open: None,
            begun: 0,
            number: 0,
            pause_until: None,
            names: Names::default(),
        };
        let trial = files.recording.folder.join(format!(".{}.trial", files.recording.name));
        let _ = std::fs::remove_file(&trial);
        create(&trial)?;
        std::fs::remove_file(&trial)?;
        Ok(files)
    }

    pub(super) const fn begun(&self) -> u64 {
        self.begun
    }

    /// Writes blocks. On an error, the rest is not written; but a name is not lost.
    pub(super) fn write(
        &mut self,
        blocks: &[u8],
        interfaces: &[Interface],
        at: Instant,
        now: Timestamp,
    ) -> Written {
        let age = Duration::from_secs(self.recording.file_seconds_max);
        if self.open.as_ref().is_some_and(|open| at.duration_since(open.since) >= age) {
            self.close(interfaces, now);
        }
        let mut written = Written::default();
        let mut rest = blocks;
        while let Some(length) = length(rest) {
            if let Some(Known::Name(record)) = known_block(&rest[..length]) {
                self.names.add(record);
            }
            rest = &rest[length..];
        }
        if blocks.is_empty() || self.pause_until.is_some_and(|until| at < until) {
            return written;
        }
        self.pause_until = None;
        let mut rest = blocks;
        while !rest.is_empty() {
            match self.write_some(rest, interfaces, at, now) {
                Ok(some) => {
                    rest = &rest[some.bytes..];
                    written.frames += some.frames;
                    written.secrets += some.secrets;
                    written.bytes += some.bytes;
                }
                Err(error) => {
                    self.open = None;
                    self.pause_until = Some(at + RETRY);
                    written.error = Some(error);
                    break;
                }
            }
        }
        written
    }

    /// Writes as many blocks as the file takes.
    fn write_some(
        &mut self,
        blocks: &[u8],
        interfaces: &[Interface],
        at: Instant,
        now: Timestamp,
    ) -> io::Result<Written> {
        if self.open.is_none() {
            self.open = Some(self.begin(at, now)?);
        }
        let Some(open) = &mut self.open else { return Ok(Written::default()) };
        open.describe(interfaces)?;
        let room = self.recording.file_bytes_max.saturating_sub(open.bytes);
        let mut some = Written::default();
        while let Some(length) = length(&blocks[some.bytes..]) {
            // One at least: a file may not stay empty.
            let first = some.bytes == 0 && !open.is_used;
            if !first && (some.bytes + length) as u64 > room {
                break;
            }
            match known_block(&blocks[some.bytes..some.bytes + length]) {
                None => some.frames += 1,
                Some(Known::Secret) => some.secrets += 1,
                Some(Known::Name(_)) => {}
            }
            some.bytes += length;
        }
        if some.bytes == 0 {
            self.close(interfaces, now);
            return Ok(some);
        }
        open.write(&blocks[..some.bytes])?;
        open.is_used = true;
        Ok(some)
    }

    fn begin(&mut self, at: Instant, now: Timestamp) -> io::Result<Open> {
        let time = now.to_string();
        // 2026-11-27T07:12:30.123456789Z -> 20261127T071230Z
        let time: String = time.chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
        let file = loop {
            let name = format!("{}-{time}Z-{:06}{SUFFIX}", self.recording.name, self.number);
            self.number += 1;
            match create(&self.recording.folder.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => break created?,
            }
        };
        self.begun += 1;
        self.remove_old()?;
        let mut open = Open { file, bytes: 0, since: at, interfaces: 0, is_used: false };
        let mut head = Vec::new();
        section_block(&mut head);
        let share = self.recording.file_bytes_max / NAMES_SHARE;
        self.names.write(&mut head, usize::try_from(share).unwrap_or(usize::MAX));
        open.write(&head)?;
        Ok(open)
    }

    fn remove_old(&self) -> io::Result<()> {
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(&self.recording.folder)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(|name| self.is_ours(name)) {
                files.push(entry.path());
            }
        }
        files.sort();
        let excess = files.len().saturating_sub(self.recording.files_max.max(1));
        for file in &files[..excess] {
            std::fs::remove_file(file)?;
        }
        Ok(())
    }

    /// Whether a name is `NAME-20261127T071230Z-000001.pcapng`: nothing else is removed.
    fn is_ours(&self, name: &str) -> bool {
        let rest = name.strip_prefix(&self.recording.name).and_then(|r| r.strip_prefix('-'));
        let Some(rest) = rest.and_then(|rest| rest.strip_suffix(SUFFIX)) else { return false };
        let Some((time, number)) = rest.split_once('-') else { return false };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let time_is = time.len() == 16
            && time.is_ascii()
            && digits(&time[..8])
            && &time[8..9] == "T"
            && digits(&time[9..15])
            && &time[15..] == "Z";
        time_is && number.len() >= 6 && digits(number)
    }

    /// Ends the file, with the figures of its interfaces.
    pub(super) fn close(&mut self, interfaces: &[Interface], now: Timestamp) {
        let Some(mut open) = self.open.take() else { return };
        let mut figures = Vec::new();
        for (number, interface) in interfaces.iter().enumerate().take(open.interfaces) {
            let (received, dropped) = (interface.received, interface.dropped);
            statistics_block(&mut figures, number as u32, now, received, dropped);
        }
        if let Err(error) = open.write(&figures) {
            tracing::warn!(%error, "a recording ends without its figures");
        }
    }
}

impl Names {
    fn add(&mut self, record: NameRecord) {
        self.bytes += record.len();
        self.records.push_back(record);
        while self.bytes > RECORDER_NAMES_BYTES_MAX
            && let Some(oldest) = self.records.pop_front()
        {
            self.bytes -= oldest.len();
        }
    }

    /// Writes the newest that fit.
    fn write(&self, out: &mut Vec<u8>, bytes_max: usize) {
        let (mut left, mut first) = (bytes_max, self.records.len());
        for record in self.records.iter().rev() {
            let Some(less) = left.checked_sub(record.len()) else { break };
            left = less;
            first -= 1;
        }
        if first < self.records.len() {
            names_block(out, self.records.range(first..));
        }
    }
}

impl Open {
    /// Describes the interfaces that the file does not know.
    fn describe(&mut self, interfaces: &[Interface]) -> io::Result<()> {
        let mut heads = Vec::new();
        for interface in interfaces.iter().skip(self.interfaces) {
            interface_block(&mut heads, &interface.name, interface.kind, interface.snap_bytes);
        }
        self.write(&heads)?;
        self.interfaces = interfaces.len();
        Ok(())
    }

    /// Writes all, or nothing: a block that is cut off would end the file for its readers.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// A new file, readable by this user only; never through a link that somebody has laid.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// How long the first of some blocks is.
pub(super) fn length(blocks: &[u8]) -> Option<usize> {
    let length = u32::from_ne_bytes(*blocks.get(4..)?.first_chunk()?) as usize;
    (length > 0 && length <= blocks.len()).then_some(length)
}
