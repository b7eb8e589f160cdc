//! pcap, as libpcap has written it since 1998.

use super::buffer::Buffer;
use super::link_type::LinkType;
use super::reader::{CaptureError, Captured, Direction, captured};
use crate::limits::CAPTURED_BYTES_MAX;
use std::io::Read;
use ukai_model::Timestamp;

pub(super) const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
pub(super) const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;

pub(super) const HEADER_BYTES: usize = 24;
pub(super) const RECORD_BYTES: usize = 16;

/// What a file's header says.
pub(super) struct Classic {
    big_endian: bool,
    nanos_per_tick: u64,
    link_type: LinkType,
    check_bytes: u8,
}

impl Classic {
    pub(super) fn begin<R: Read>(buffer: &mut Buffer<R>) -> Result<Self, CaptureError> {
        if !buffer.fill(HEADER_BYTES)? {
            return Err(CaptureError::NotACapture);
        }
        let header = buffer.take(HEADER_BYTES);
        let (big_endian, nanos_per_tick) = match word(header, 0, false) {
            MAGIC_MICROSECONDS => (false, 1_000),
            MAGIC_NANOSECONDS => (false, 1),
            swapped => match swapped.swap_bytes() {
                MAGIC_MICROSECONDS => (true, 1_000),
                MAGIC_NANOSECONDS => (true, 1),
                _ => return Err(CaptureError::NotACapture),
            },
        };
        let network = word(header, 20, big_endian);
        let has_check = network & 0x0400_0000 != 0;
        Ok(Self {
            big_endian,
            nanos_per_tick,
            link_type: LinkType(network as u16),
            check_bytes: if has_check { (network >> 28) as u8 * 2 } else { 0 },
        })
    }

    pub(super) fn next<'a, R: Read>(
        &self,
        buffer: &'a mut Buffer<R>,
    ) -> Result<Option<Captured<'a>>, CaptureError> {
        if !buffer.fill(RECORD_BYTES)? {
            let nothing = buffer.available().is_empty();
            return if nothing { Ok(None) } else { Err(CaptureError::Truncated) };
        }
        let record = buffer.available();
        let field = |at| word(record, at, self.big_endian);
        let (secs, ticks, length, original_bytes) = (field(0), field(4), field(8), field(12));
        if length as usize > CAPTURED_BYTES_MAX {
            return Err(CaptureError::FrameTooLong(length));
        }
        let whole = RECORD_BYTES + length as usize;
        if !buffer.fill(whole)? {
            return Err(CaptureError::Truncated);
        }
        // Neither can overflow: 2^32 seconds are 136 years.
        let nanos = u64::from(secs) * 1_000_000_000 + u64::from(ticks) * self.nanos_per_tick;
        let frame = Captured {
            time: Timestamp::from_nanos(nanos),
            link_type: self.link_type,
            interface: 0,
            direction: Direction::Unknown,
            dropped: 0,
            original_bytes,
            bytes: &buffer.take(whole)[RECORD_BYTES..],
        };
        Ok(Some(captured(frame, self.check_bytes)))
    }
}

/// Four bytes at `at`; the caller has checked the length.
pub(super) fn word(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let bytes = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

/// Two bytes at `at`; the caller has checked the length.
pub(super) fn half(bytes: &[u8], at: usize, big_endian: bool) -> u16 {
    let bytes = [bytes[at], bytes[at + 1]];
    if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
}
