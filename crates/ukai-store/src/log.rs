//! A log in a folder of segment files.
//!
//! A file's name is the log position of its first byte, so a position leads to its
//! file without an index, and the folder can be read by anything that knows `segment`.
//! One thread appends, any number read. A segment that is full is sealed later
//! (`sealed`): its name then tells its length too, so that opening reads none of them.

use crate::StoreError;
use crate::limits::{
    OPEN_SEGMENTS_MAX, RECORD_BYTES_MAX, SEAL_AT_CLOSE_BYTES_MIN, SEALED_BLOCKS_CACHED,
};
use crate::sealed::{self, BLOCK_BYTES, Sealed};
use crate::seam::{EventLog, Position, Stretch};
use crate::segment::{self, FRAME_LEN, Frame, HEADER_LEN, Records};
use bytes::Bytes;
use lru::LruCache;
use parking_lot::{Mutex, RwLock};
use std::collections::{HashSet, VecDeque};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Result<T> = std::result::Result<T, StoreError>;

/// Least number of bytes read ahead.
const CHUNK_BYTES_MIN: usize = 64 << 10;

/// A log in a folder of segment files.
pub(crate) struct SegmentLog {
    dir: PathBuf,
    segment_bytes: u64,
    /// By base, oldest first; the last is the one that is written.
    segments: RwLock<VecDeque<Segment>>,
    writing: Mutex<Writing>,
    open_files: Mutex<VecDeque<(u64, Source)>>,
    /// Blocks of sealed segments that were read last, by segment and number.
    blocks: Mutex<LruCache<(u64, usize), Bytes>>,
    /// Held while a segment is sealed or deleted.
    reshaping: Mutex<()>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    base: u64,
    /// Durable bytes, header included, as positions count them.
    len: u64,
    /// Bytes of the file, if it is sealed.
    sealed: Option<u64>,
}

/// A segment's file, open for reading.
#[derive(Clone)]
enum Source {
    Raw(Arc<File>),
    Sealed(Arc<Sealed>),
}

impl Segment {
    fn end(self) -> u64 {
        self.base + self.len
    }
}

struct Writing {
    /// Absent until something is written, and after a failure.
    file: Option<File>,
    /// Durable end of the log.
    end: u64,
}

impl SegmentLog {
    /// Opens the log, makes its folder if need be, and cuts a torn tail off.
    pub(crate) fn open(dir: &Path, segment_bytes: u64) -> Result<Self> {
        make_folder(dir)?;
        let mut segments = list(dir)?;
        let mut file = None;
        if let Some(last) = segments.back_mut().filter(|last| last.sealed.is_none()) {
            file = mend_tail(&path_of(dir, last.base), last)?;
            if file.is_none() {
                segments.pop_back();
            }
        }
        for i in 1..segments.len() {
            // After a failed write a segment may be longer than what was acknowledged of it.
            let room = segments[i].base.saturating_sub(segments[i - 1].base);
            if segments[i - 1].sealed.is_none() {
                segments[i - 1].len = segments[i - 1].len.min(room);
            }
        }
        let end = segments.back().map_or(0, |last| last.end());
        Ok(Self {
            dir: dir.to_owned(),
            segment_bytes,
            segments: RwLock::new(segments),
            writing: Mutex::new(Writing { file, end }),
            open_files: Mutex::default(),
            blocks: Mutex::new(LruCache::new(SEALED_BLOCKS_CACHED)),
            reshaping: Mutex::default(),
        })
    }

    fn path_of(&self, base: u64) -> PathBuf {
        path_of(&self.dir, base)
    }

    fn file_of(&self, segment: Segment) -> PathBuf {
        match segment.sealed {
            Some(_) => sealed_path_of(&self.dir, segment.base, segment.len),
            None => self.path_of(segment.base),
        }
    }

    /// Begins a segment at the end of the log.
    fn begin_segment(&self, writing: &mut Writing) -> Result<()> {
        let base = writing.end;
        let path = self.path_of(base);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        let begin = || {
            let file = options.open(&path)?;
            file.write_all_at(&segment::header(base), 0)?;
            file.sync_all()?;
            sync_folder(&self.dir)?;
            Ok(file)
        };
        match begin() {
            Ok(file) => writing.file = Some(file),
            Err(error) => {
                let _absent_or_empty = fs::remove_file(&path);
                return Err(StoreError::io(&path)(error));
            }
        }
        writing.end = base + HEADER_LEN as u64;
        self.segments.write().push_back(Segment { base, len: HEADER_LEN as u64, sealed: None });
        Ok(())
    }

    /// Writes at the end of the current segment; takes everything back on an error.
    fn write(&self, writing: &mut Writing, base: u64, buffer: &[u8]) -> Result<()> {
        let Some(file) = &writing.file else { return Err(StoreError::Closed) };
        let offset = writing.end - base;
        let written = file.write_all_at(buffer, offset);
        let sync_failed = written.is_ok();
        let Err(error) = written.and_then(|()| file.sync_data()) else { return Ok(()) };
        let cut = file.set_len(offset);
        if sync_failed || cut.is_err() {
            // What the file holds is no longer certain: go on in another one.
            writing.file = None;
        }
        Err(StoreError::io(&self.path_of(base))(error))
    }

    /// A segment's open file; `None` if the segment is gone.
    fn source(&self, mut segment: Segment) -> Result<Option<Source>> {
        let mut open = self.open_files.lock();
        if let Some(at) = open.iter().position(|(known, _)| *known == segment.base) {
            let entry = open.remove(at).expect("the position was just found");
            let source = entry.1.clone();
            open.push_front(entry);
            return Ok(Some(source));
        }
        let source = loop {
            let path = self.file_of(segment);
            let opened = match segment.sealed {
                Some(_) => Sealed::open(&path, segment.base, segment.len)
                    .map(|sealed| Source::Sealed(Arc::new(sealed))),
                None => File::open(&path)
                    .map(|file| Source::Raw(Arc::new(file)))
                    .map_err(StoreError::io(&path)),
            };
            match opened {
                Ok(source) => break source,
                Err(error) if error.is_not_found() => {
                    // Sealed meanwhile, or deleted.
                    match self.segment_at(segment.base).filter(|now| now.base == segment.base) {
                        Some(now) if now.sealed.is_some() && segment.sealed.is_none() => {
                            segment = now;
                        }
                        _ => return Ok(None),
                    }
                }
                Err(error) => return Err(error),
            }
        };
        open.push_front((segment.base, source.clone()));
        open.truncate(OPEN_SEGMENTS_MAX);
        Ok(Some(source))
    }

    /// The segment that holds `at`, or the first after it.
    fn segment_at(&self, at: u64) -> Option<Segment> {
        let segments = self.segments.read();
        let i = segments.partition_point(|segment| segment.end() <= at);
        segments.get(i).copied()
    }

    /// Bytes of a segment from `offset` on, at most `len`. `None` if the segment is gone.
    fn bytes_of(&self, segment: Segment, offset: usize, len: usize) -> Result<Option<Vec<u8>>> {
        let Some(source) = self.source(segment)? else { return Ok(None) };
        let room = usize::try_from(segment.len).unwrap_or(usize::MAX).saturating_sub(offset);
        let len = len.min(room);
        let failed = StoreError::io(&self.path_of(segment.base));
        match source {
            Source::Raw(file) => {
                let mut buffer = vec![0; len];
                file.read_exact_at(&mut buffer, offset as u64).map_err(failed)?;
                Ok(Some(buffer))
            }
            Source::Sealed(sealed) => {
                let mut buffer = Vec::with_capacity(len);
                while buffer.len() < len {
                    let at = offset + buffer.len();
                    let block =
                        self.block(segment.base, &sealed, at / BLOCK_BYTES).map_err(&failed)?;
                    let rest = block.get(at % BLOCK_BYTES..).unwrap_or_default();
                    let rest = &rest[..rest.len().min(len - buffer.len())];
                    if rest.is_empty() {
                        break;
                    }
                    buffer.extend_from_slice(rest);
                }
                Ok(Some(buffer))
            }
        }
    }

    fn block(&self, base: u64, sealed: &Sealed, number: usize) -> io::Result<Bytes> {
        if let Some(block) = self.blocks.lock().get(&(base, number)) {
            return Ok(block.clone());
        }
        let block = sealed.block(number)?;
        self.blocks.lock().put((base, number), block.clone());
        Ok(block)
    }

    /// Puts a sealed segment in place of a raw one. A crash leaves one of the two whole.
    fn seal_segment(&self, segment: Segment) -> Result<()> {
        let path = self.path_of(segment.base);
        let unfinished = path.with_extension("unfinished");
        let sealed_path = sealed_path_of(&self.dir, segment.base, segment.len);
        let seal = || {
            let raw = File::open(&path)?;
            let stored = sealed::write(&raw, segment.base, segment.len, &unfinished)?;
            fs::rename(&unfinished, &sealed_path)?;
            sync_folder(&self.dir)?;
            Ok(stored)
        };
        let stored = seal().map_err(|error| {
            let _absent_if_moved = fs::remove_file(&unfinished);
            StoreError::io(&path)(error)
        })?;
        if let Some(known) =
            self.segments.write().iter_mut().find(|known| known.base == segment.base)
        {
            known.sealed = Some(stored);
        }
        self.open_files.lock().retain(|(base, _)| *base != segment.base);
        fs::remove_file(&path).map_err(StoreError::io(&path))
    }

    /// Reads on over a damaged place at `offset`: where the next valid record begins,
    /// or the end of the segment.
    fn skip_damage(&self, segment: Segment, offset: usize) -> Result<u64> {
        let rest = self.bytes_of(segment, offset, usize::MAX)?.unwrap_or_default();
        let skipped = segment::resync(&rest, 0).unwrap_or(rest.len());
        tracing::error!(
            file = %self.path_of(segment.base).display(),
            offset,
            bytes = skipped,
            "a damaged place in the log was skipped"
        );
        Ok(segment.base + (offset + skipped) as u64)
    }
}

impl EventLog for SegmentLog {
    fn append(&self, records: &[Bytes]) -> Result<Vec<Position>> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let bytes: usize = records.iter().map(|record| record.len() + FRAME_LEN).sum();
        let mut buffer = Vec::with_capacity(bytes);
        let mut offsets = Vec::with_capacity(records.len());
        for record in records {
            offsets.push(buffer.len() as u64);
            segment::push_record(&mut buffer, record);
        }
        let mut writing = self.writing.lock();
        let last = self.segments.read().back().copied();
        let full = last.is_none_or(|last| {
            last.len > HEADER_LEN as u64 && last.len + bytes as u64 > self.segment_bytes
        });
        if full || writing.file.is_none() {
            self.begin_segment(&mut writing)?;
        }
        let base = self.segments.read().back().expect("a segment was begun").base;
        self.write(&mut writing, base, &buffer)?;
        let start = writing.end;
        writing.end += bytes as u64;
        self.segments.write().back_mut().expect("a segment was begun").len = writing.end - base;
        Ok(offsets.into_iter().map(|offset| Position(start + offset)).collect())
    }

    fn end(&self) -> Position {
        Position(self.writing.lock().end)
    }

    fn start(&self) -> Position {
        // The end comes first: should the first segment be begun in between, nothing in it
        // may be taken for dropped. And not in one expression: whoever appends takes the two
        // locks in the other order.
        let end = self.end();
        let first = self.segments.read().front().copied();
        first.map_or(end, |first| Position(first.base))
    }

    fn read(&self, at: Position) -> Result<Option<Bytes>> {
        let Some(segment) = self.segment_at(at.0).filter(|segment| segment.base <= at.0) else {
            return Ok(None);
        };
        let offset = usize::try_from(at.0 - segment.base).unwrap_or(usize::MAX);
        let Some(frame) = self.bytes_of(segment, offset, FRAME_LEN)? else { return Ok(None) };
        let damaged = || StoreError::damaged(format!("the record at {}", at.0), "wrong checksum");
        let len = segment::claimed_len(&frame).ok_or_else(damaged)?;
        let Some(bytes) = self.bytes_of(segment, offset, FRAME_LEN + len)? else {
            return Ok(None);
        };
        match segment::record_at(&bytes, 0) {
            Frame::Record { .. } => Ok(Some(Bytes::from(bytes).slice(FRAME_LEN..))),
            Frame::End | Frame::Damaged => Err(damaged()),
        }
    }

    fn read_from(&self, from: Position, records_max: usize, bytes_max: usize) -> Result<Stretch> {
        let mut stretch = Stretch { next: from, ..Stretch::default() };
        let mut room = bytes_max;
        while stretch.records.len() < records_max && (room > 0 || stretch.records.is_empty()) {
            let Some(segment) = self.segment_at(stretch.next.0) else { break };
            let offset = stretch.next.0.saturating_sub(segment.base).max(HEADER_LEN as u64);
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            stretch.next = Position(segment.base + offset as u64);
            let len = if stretch.records.is_empty() { FRAME_LEN + RECORD_BYTES_MAX } else { room };
            let len = len.min(room.max(CHUNK_BYTES_MIN));
            let Some(mut chunk) = self.bytes_of(segment, offset, len)? else {
                // Deleted meanwhile: what is left begins later.
                stretch.next = stretch.next.max(self.start());
                continue;
            };
            let whole = (offset + chunk.len()) as u64 == segment.len;
            let claimed = segment::claimed_len(&chunk).map_or(0, |len| FRAME_LEN + len);
            if !whole && claimed > chunk.len() {
                chunk = self.bytes_of(segment, offset, claimed)?.unwrap_or_default();
            }
            let used = take_records(&mut stretch, &chunk.into(), records_max);
            room = room.saturating_sub(used);
            if used == 0 && stretch.next.0 < segment.end() {
                stretch.next = Position(self.skip_damage(segment, offset)?);
                stretch.damaged += 1;
            }
        }
        Ok(stretch)
    }

    fn used_bytes(&self) -> u64 {
        self.segments.read().iter().map(|segment| segment.sealed.unwrap_or(segment.len)).sum()
    }

    fn seal(&self, closing: bool) -> Result<bool> {
        let _reshaping = self.reshaping.lock();
        let next = {
            let mut writing = self.writing.lock();
            let segments = self.segments.read();
            if closing && segments.back().is_some_and(|last| last.len >= SEAL_AT_CLOSE_BYTES_MIN) {
                writing.file = None;
            }
            let written = writing.file.is_some();
            let closed = segments.len() - usize::from(written && !segments.is_empty());
            segments.iter().take(closed).find(|segment| segment.sealed.is_none()).copied()
        };
        let Some(next) = next else { return Ok(false) };
        self.seal_segment(next)?;
        Ok(true)
    }

    fn drop_oldest(&self) -> Result<bool> {
        let _reshaping = self.reshaping.lock();
        let oldest = {
            let mut segments = self.segments.write();
            if segments.len() < 2 {
                return Ok(false);
            }
            segments.pop_front().expect("there are two")
        };
        self.open_files.lock().retain(|(base, _)| *base != oldest.base);
        let path = self.file_of(oldest);
        fs::remove_file(&path)
            .and_then(|()| sync_folder(&self.dir))
            .map_err(StoreError::io(&path))?;
        Ok(true)
    }

    fn advance_to(&self, position: Position) -> Result<()> {
        let mut writing = self.writing.lock();
        if writing.end < position.0 {
            tracing::warn!(
                end = writing.end,
                indexed = position.0,
                "the log ends before what is indexed: segments were removed or lost"
            );
            *writing = Writing { file: None, end: position.0 };
        }
        Ok(())
    }
}

/// Moves whole records from a chunk to the stretch; the bytes used.
fn take_records(stretch: &mut Stretch, chunk: &Bytes, records_max: usize) -> usize {
    let (start, mut offset) = (stretch.next.0, 0);
    while stretch.records.len() < records_max {
        let Frame::Record { payload, next } = segment::record_at(chunk, offset) else { break };
        let payload = chunk.slice_ref(payload);
        stretch.records.push((Position(start + offset as u64), payload));
        offset = next;
    }
    stretch.next = Position(start + offset as u64);
    offset
}

fn path_of(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:016x}.seg"))
}

fn sealed_path_of(dir: &Path, base: u64, len: u64) -> PathBuf {
    dir.join(format!("{base:016x}-{len:08x}.zseg"))
}

/// What a file in the log's folder is, by its name.
enum Named {
    Raw(u64),
    Sealed(u64, u64),
    Unfinished,
    Foreign,
}

fn named(name: &str) -> Named {
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let known = match name.rsplit_once('.') {
        Some((base, "seg")) => hex(base).map(Named::Raw),
        Some((name, "zseg")) => {
            name.split_once('-').and_then(|(base, len)| Some(Named::Sealed(hex(base)?, hex(len)?)))
        }
        Some((base, "unfinished")) => hex(base).map(|_| Named::Unfinished),
        _ => None,
    };
    known.unwrap_or(Named::Foreign)
}

fn list(dir: &Path) -> Result<VecDeque<Segment>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(dir).map_err(StoreError::io(dir))? {
        let entry = entry.map_err(StoreError::io(dir))?;
        let name = entry.file_name();
        let len = entry.metadata().map_err(StoreError::io(&entry.path()))?.len();
        match name.to_str().map_or(Named::Foreign, named) {
            Named::Raw(base) => segments.push(Segment { base, len, sealed: None }),
            Named::Sealed(base, whole) => {
                segments.push(Segment { base, len: whole, sealed: Some(len) });
            }
            Named::Unfinished => fs::remove_file(entry.path()).map_err(StoreError::io(dir))?,
            Named::Foreign => {
                tracing::warn!(name = %name.display(), "a file in the log's folder is none of ours");
            }
        }
    }
    // A crash may have left the raw form beside the sealed one, which is complete.
    let sealed: HashSet<u64> =
        segments.iter().filter(|s| s.sealed.is_some()).map(|s| s.base).collect();
    for left in segments.extract_if(.., |s| s.sealed.is_none() && sealed.contains(&s.base)) {
        let path = path_of(dir, left.base);
        fs::remove_file(&path).map_err(StoreError::io(&path))?;
    }
    segments.sort_by_key(|segment| segment.base);
    Ok(segments.into())
}

/// Cuts what a crash left half-written off the newest segment. `None` if nothing of it
/// is left and it was removed.
fn mend_tail(path: &Path, segment: &mut Segment) -> Result<Option<File>> {
    let bytes = fs::read(path).map_err(StoreError::io(path))?;
    if bytes.len() < HEADER_LEN {
        fs::remove_file(path).map_err(StoreError::io(path))?;
        return Ok(None);
    }
    if segment::read_header(&bytes) != Some(segment.base) {
        tracing::error!(file = %path.display(), "the segment's header is damaged; its name counts");
    }
    let mut records = Records::new(&bytes, HEADER_LEN);
    while records.next().is_some() {}
    if records.damaged() > 0 {
        tracing::error!(file = %path.display(), places = records.damaged(), "the segment is damaged; the rest of it is used");
    }
    segment.len = records.valid_end() as u64;
    let file = File::options().read(true).write(true).open(path).map_err(StoreError::io(path))?;
    if records.valid_end() < bytes.len() {
        tracing::warn!(
            file = %path.display(),
            bytes = bytes.len() - records.valid_end(),
            "a torn tail was cut off: it was never acknowledged"
        );
        file.set_len(segment.len).and_then(|()| file.sync_all()).map_err(StoreError::io(path))?;
    }
    Ok(Some(file))
}

/// Makes a folder that only we can read.
pub(crate) fn make_folder(dir: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(StoreError::io(dir))
}

/// Makes names in a folder durable.
pub(crate) fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
