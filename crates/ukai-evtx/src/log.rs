//! A log's file: its header, its chunks, and where their records are.

use crate::binxml::{Damaged, Element, Parser};
use crate::bytes::{place_at, slice, u16_at, u32_at, u64_at};
use crate::limits::{LOG_STEPS_MAX, RECORD_STEPS_MAX, RECORDS_MAX};
use crate::record::Record;

const FILE_SIGNATURE: &[u8] = b"ElfFile\0";
const CHUNK_SIGNATURE: &[u8] = b"ElfChnk\0";
const RECORD_SIGNATURE: u32 = 0x2a2a;
const HEADER_BYTES: usize = 4_096;
const CHUNK_BYTES: usize = 65_536;
const CHUNK_HEADER_BYTES: usize = 512;
/// Before a record's XML: signature, length, number, time.
const RECORD_HEADER_BYTES: usize = 24;
/// The length once more, behind it.
const RECORD_END_BYTES: usize = 4;
/// Records begin at multiples of this.
const ALIGNMENT: usize = 8;

/// These bytes are no event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoLog;

/// A log, of which the records' places are known and their contents are not read yet.
#[derive(Debug)]
pub struct Log<'a> {
    bytes: &'a [u8],
    heads: Vec<Head>,
    state: State,
    steps_left: u64,
}

/// What is known of a record without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number within the log; they rise, also when a log is emptied.
    pub id: u64,
    /// When it was written, in 100 ns since 1601 (FILETIME, UTC; [`crate::unix_ns`]).
    pub written: u64,
    /// Where its chunk begins in the file, where it begins within that, and its length.
    chunk: usize,
    at: usize,
    length: usize,
}

/// In what state a log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// It was not closed: usual where a machine was switched off.
    pub dirty: bool,
    /// Chunks that are there.
    pub chunks: u32,
    /// Of those, chunks with a wrong checksum. What can be read of them is read.
    pub broken: u32,
    /// It has more records than [`RECORDS_MAX`](crate::limits::RECORDS_MAX): the last were not
    /// looked at.
    pub cut: bool,
}

impl<'a> Log<'a> {
    /// Finds a log's records. The end may be missing.
    ///
    /// # Errors
    /// The bytes do not begin as a log does.
    pub fn open(bytes: &'a [u8]) -> Result<Self, NoLog> {
        if !bytes.starts_with(FILE_SIGNATURE) {
            return Err(NoLog);
        }
        const DIRTY: u32 = 1;
        let dirty = u32_at(bytes, 120).is_some_and(|flags| flags & DIRTY != 0);
        let state = State { dirty, ..State::default() };
        let first = u16_at(bytes, 40).map_or(HEADER_BYTES, usize::from);
        let first = if first < 128 { HEADER_BYTES } else { first };
        let mut log = Self { bytes, heads: Vec::new(), state, steps_left: LOG_STEPS_MAX };
        // How many chunks there are is wrong in the header of a log that was not closed.
        for chunk in (first..bytes.len()).step_by(CHUNK_BYTES) {
            log.find(chunk);
        }
        Ok(log)
    }

    /// The records that were found, in their order in the file.
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// In what state it is.
    pub const fn state(&self) -> State {
        self.state
    }

    /// What a record says.
    ///
    /// # Errors
    /// It is not as the format wants it, or there is no such record, or reading this log has
    /// taken [`LOG_STEPS_MAX`].
    pub fn record(&mut self, head: &Head) -> Result<Record, Damaged> {
        let (event, cut) = self.parse(head)?;
        Ok(Record::new(head, &event, cut))
    }

    /// A record's XML, whole.
    ///
    /// # Errors
    /// As for [`Self::record`].
    pub fn event(&mut self, head: &Head) -> Result<Element, Damaged> {
        self.parse(head).map(|(event, _)| event)
    }

    fn parse(&mut self, head: &Head) -> Result<(Element, bool), Damaged> {
        let rest = self.bytes.get(head.chunk..).ok_or(Damaged)?;
        let chunk = &rest[..rest.len().min(CHUNK_BYTES)];
        let start = head.at + RECORD_HEADER_BYTES;
        let end = head.at + head.length - RECORD_END_BYTES;
        let steps = self.steps_left.min(RECORD_STEPS_MAX);
        let mut parser = Parser::new(chunk, steps);
        let event = parser.document(start, end);
        self.steps_left -= steps - parser.steps_left();
        Ok((event?, parser.was_cut()))
    }

    fn find(&mut self, start: usize) {
        let rest = &self.bytes[start..];
        let chunk = &rest[..rest.len().min(CHUNK_BYTES)];
        if !chunk.starts_with(CHUNK_SIGNATURE) {
            return;
        }
        self.state.chunks = self.state.chunks.saturating_add(1);
        if !is_whole(chunk).unwrap_or_default() {
            self.state.broken = self.state.broken.saturating_add(1);
        }
        // Behind the last record there may be older ones, which the chunk had before.
        let (mut at, mut last) = (CHUNK_HEADER_BYTES, None);
        while at < chunk.len() {
            let head = head(chunk, start, at).filter(|head| last < Some(head.id));
            let Some(head) = head else {
                at += ALIGNMENT;
                continue;
            };
            if self.heads.len() >= RECORDS_MAX {
                self.state.cut = true;
                return;
            }
            (at, last) = (at + head.length, Some(head.id));
            self.heads.push(head);
        }
    }
}

/// A record's place, if one begins there.
fn head(chunk: &[u8], start: usize, at: usize) -> Option<Head> {
    if u32_at(chunk, at)? != RECORD_SIGNATURE {
        return None;
    }
    let length = place_at(chunk, at + 4)?;
    slice(chunk, at, length)?;
    let end = length.checked_sub(RECORD_END_BYTES).filter(|end| *end >= RECORD_HEADER_BYTES)?;
    if place_at(chunk, at + end)? != length {
        return None;
    }
    let (id, written) = (u64_at(chunk, at + 8)?, u64_at(chunk, at + 16)?);
    Some(Head { id, written, chunk: start, at, length })
}

/// Whether both checksums of a chunk (CRC-32, RFC 1952) are right.
fn is_whole(chunk: &[u8]) -> Option<bool> {
    let mut header = crc32fast::Hasher::new();
    header.update(slice(chunk, 0, 120)?);
    header.update(slice(chunk, 128, CHUNK_HEADER_BYTES - 128)?);
    let records = chunk.get(CHUNK_HEADER_BYTES..place_at(chunk, 48)?)?;
    let records = crc32fast::hash(records);
    Some(header.finalize() == u32_at(chunk, 124)? && records == u32_at(chunk, 52)?)
}
