//! The bytes of a segment: a header, then framed records.
//!
//! ```text
//! header: "UKAISEG1" base:u64                        (little-endian)
//! record: ff 00 fe 01  length:u32  crc32:u32  payload
//! ```
//!
//! The CRC-32 covers length and payload. The mark is no valid UTF-8, so it cannot come
//! from within an event's JSON: after a damaged place the reader goes on at the next
//! mark whose frame holds. `base` is the log position of the segment's first byte.
//!
//! No files here; see `log`.

use crate::limits::RECORD_BYTES_MAX;

/// Length of a segment's header, in bytes.
pub const HEADER_LEN: usize = 16;

/// What a record's frame adds to its payload, in bytes.
pub const FRAME_LEN: usize = 12;

const MAGIC: &[u8; 8] = b"UKAISEG1";
const MARK: [u8; 4] = [0xff, 0x00, 0xfe, 0x01];

/// The header of a segment that begins at `base`.
pub fn header(base: u64) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..8].copy_from_slice(MAGIC);
    header[8..].copy_from_slice(&base.to_le_bytes());
    header
}

/// The base in a segment's header; `None` if it is none.
pub fn read_header(bytes: &[u8]) -> Option<u64> {
    let bytes = bytes.get(..HEADER_LEN)?;
    let base = bytes.strip_prefix(MAGIC)?;
    Some(u64::from_le_bytes(base.try_into().ok()?))
}

/// Appends a framed record.
pub fn push_record(out: &mut Vec<u8>, payload: &[u8]) {
    let len = u32::try_from(payload.len()).expect("records are limited to megabytes").to_le_bytes();
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&len);
    out.extend_from_slice(&checksum(len, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

/// What lies at a place in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A record, and the offset of what follows it.
    Record {
        /// The payload.
        payload: &'a [u8],
        /// Where to read on.
        next: usize,
    },
    /// The segment ends here.
    End,
    /// No valid record begins here.
    Damaged,
}

/// Reads the record at `offset`.
pub fn record_at(bytes: &[u8], offset: usize) -> Frame<'_> {
    let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) else {
        return Frame::End;
    };
    let Some((frame, rest)) = rest.split_at_checked(FRAME_LEN) else { return Frame::Damaged };
    let word = |at: usize| [frame[at], frame[at + 1], frame[at + 2], frame[at + 3]];
    let len = u32::from_le_bytes(word(4)) as usize;
    if frame[..4] != MARK || len > RECORD_BYTES_MAX {
        return Frame::Damaged;
    }
    match rest.get(..len) {
        Some(payload) if checksum(word(4), payload) == u32::from_le_bytes(word(8)) => {
            Frame::Record { payload, next: offset + FRAME_LEN + len }
        }
        _ => Frame::Damaged,
    }
}

/// The length that the frame at the start of `frame` claims; `None` if it is no frame.
pub fn claimed_len(frame: &[u8]) -> Option<usize> {
    let rest = frame.strip_prefix(&MARK)?;
    let len = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
    (len <= RECORD_BYTES_MAX).then_some(len)
}

/// The offset of the first valid record after a damaged place at `offset`.
///
/// The work is bounded by twice the length of `bytes`: when that much was checksummed
/// in vain the rest is given up.
pub fn resync(bytes: &[u8], offset: usize) -> Option<usize> {
    let mut effort = bytes.len().saturating_mul(2).max(RECORD_BYTES_MAX);
    let mut at = offset + 1;
    loop {
        at += find_mark(bytes.get(at..)?)?;
        if let Frame::Record { .. } = record_at(bytes, at) {
            return Some(at);
        }
        effort = effort.checked_sub(claimed_len(&bytes[at..]).unwrap_or(0))?;
        at += 1;
    }
}

/// A walk over the records of a segment that steps over damaged places.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    bytes: &'a [u8],
    offset: usize,
    /// Offset after the last valid record.
    valid_end: usize,
    damaged: u64,
}

impl<'a> Records<'a> {
    /// From `offset` on, where a record should begin.
    pub fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset, valid_end: offset.min(bytes.len()), damaged: 0 }
    }

    /// Offset after the last valid record so far: at the end of the walk, what lies
    /// after it is a torn tail.
    pub fn valid_end(&self) -> usize {
        self.valid_end
    }

    /// Damaged places passed, each with valid records after it.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }
}

impl<'a> Iterator for Records<'a> {
    /// Offset and payload.
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if record_at(self.bytes, self.offset) == Frame::Damaged {
            self.offset = resync(self.bytes, self.offset).unwrap_or(self.bytes.len());
            self.damaged += u64::from(self.offset < self.bytes.len());
        }
        let Frame::Record { payload, next } = record_at(self.bytes, self.offset) else {
            return None;
        };
        let at = std::mem::replace(&mut self.offset, next);
        self.valid_end = next;
        Some((at, payload))
    }
}

fn checksum(len: [u8; 4], payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&len);
    crc.update(payload);
    crc.finalize()
}

fn find_mark(bytes: &[u8]) -> Option<usize> {
    bytes.windows(MARK.len()).position(|window| window == MARK)
}
