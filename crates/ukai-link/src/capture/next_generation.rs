//! pcapng: blocks of sections, of which those with frames and interfaces are read.

use super::buffer::Buffer;
use super::classic::{half, word};
use super::link_type::LinkType;
use super::reader::{CaptureError, Captured, Direction, captured};
use crate::limits::{CAPTURED_BYTES_MAX, INTERFACES_MAX, OPTION_BYTES_MAX};
use std::io::Read;
use ukai_model::Timestamp;

/// Types of blocks. The section's is the same in both byte orders.
pub(super) const SECTION: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE: u32 = 1;
/// Obsolete, and still met.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
pub(super) const NAME_RESOLUTION: u32 = 4;
pub(super) const INTERFACE_STATISTICS: u32 = 5;
pub(super) const ENHANCED_PACKET: u32 = 6;
pub(super) const DECRYPTION_SECRETS: u32 = 10;

pub(super) const BYTE_ORDER: u32 = 0x1a2b_3c4d;

/// Bytes of a block beside its body: its type, and its length twice.
pub(super) const AROUND: usize = 12;

/// Options of interfaces and packets.
pub(super) mod option {
    pub(in super::super) const COMMENT: u16 = 1;
    pub(in super::super) const USER_APPLICATION: u16 = 4;
    pub(in super::super) const NAME: u16 = 2;
    pub(in super::super) const RESOLUTION: u16 = 9;
    pub(in super::super) const CHECK_BYTES: u16 = 13;
    pub(in super::super) const OFFSET: u16 = 14;
    pub(in super::super) const PACKET_FLAGS: u16 = 2;
    pub(in super::super) const PACKET_DROPS: u16 = 4;
    pub(in super::super) const RECEIVED: u16 = 4;
    pub(in super::super) const DROPPED: u16 = 5;
    pub(in super::super) const DROPPED_BY_SYSTEM: u16 = 7;
}

/// What was read of the section so far.
#[derive(Default)]
pub(super) struct Section {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// What is left of the last block, in bytes.
    left: u64,
    /// Frames that packets say were lost before them.
    dropped_between: u64,
    /// Frames that the interfaces of earlier sections lost.
    dropped_before: u64,
}

#[derive(Clone, Copy)]
struct Interface {
    link_type: LinkType,
    snap_bytes: u32,
    resolution: Resolution,
    offset_secs: i64,
    check_bytes: u8,
    /// Frames that it lost, by its last statistics.
    dropped: u64,
}

/// What a tick is.
#[derive(Clone, Copy)]
enum Resolution {
    /// So many nanoseconds.
    Nanos(u64),
    /// So many are a nanosecond.
    PerNano(u128),
    /// Two to the power of so many are a second.
    Binary(u8),
}

impl Resolution {
    fn new(value: u8) -> Self {
        let power = value & 0x7f;
        match (value & 0x80 != 0, power) {
            (true, _) => Self::Binary(power),
            (false, 0..=9) => Self::Nanos(10_u64.pow(9 - u32::from(power))),
            (false, _) => {
                Self::PerNano(10_u128.checked_pow(u32::from(power) - 9).unwrap_or(u128::MAX))
            }
        }
    }

    fn nanos(self, ticks: u64) -> u128 {
        match self {
            Self::Nanos(each) => u128::from(ticks) * u128::from(each),
            Self::PerNano(each) => u128::from(ticks) / each,
            Self::Binary(power) => (u128::from(ticks) * 1_000_000_000) >> power,
        }
    }
}

impl Interface {
    fn time(&self, high: u32, low: u32) -> Timestamp {
        let ticks = u64::from(high) << 32 | u64::from(low);
        if let (Resolution::Nanos(each), 0) = (self.resolution, self.offset_secs) {
            return Timestamp::from_nanos(ticks.saturating_mul(each));
        }
        // 2^64 ticks are at most 2^94 nanoseconds.
        let nanos = self.resolution.nanos(ticks) as i128;
        let nanos = nanos + i128::from(self.offset_secs) * 1_000_000_000;
        Timestamp::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}

/// Where in a block a frame is, and what is said of it.
struct Found {
    interface: u32,
    time: Option<(u32, u32)>,
    start: usize,
    length: u32,
    original_bytes: u32,
    dropped: u64,
    /// Where its options begin, if it has any.
    options: Option<usize>,
}

impl Section {
    pub(super) fn next<'a, R: Read>(
        &mut self,
        buffer: &'a mut Buffer<R>,
    ) -> Result<Option<Captured<'a>>, CaptureError> {
        loop {
            if !buffer.skip(std::mem::take(&mut self.left))? {
                return Err(CaptureError::Truncated);
            }
            if !buffer.fill(AROUND)? {
                let nothing = buffer.available().is_empty();
                return if nothing { Ok(None) } else { Err(CaptureError::Truncated) };
            }
            let head = buffer.available();
            if word(head, 0, false) == SECTION {
                self.begin(word(head, 8, false))?;
            }
            let head = buffer.available();
            let (kind, total) = (word(head, 0, self.big_endian), word(head, 4, self.big_endian));
            let total = total as usize;
            if total < AROUND || !total.is_multiple_of(4) {
                return Err(CaptureError::Damaged("a block's length"));
            }
            // What is looked at: not all of the options of a block, if they are many.
            let seen = total.min(buffer.capacity());
            let is_read = matches!(
                kind,
                INTERFACE | PACKET | SIMPLE_PACKET | ENHANCED_PACKET | INTERFACE_STATISTICS
            );
            if is_read {
                if !buffer.fill(seen)? {
                    return Err(CaptureError::Truncated);
                }
                let block = &buffer.available()[..seen];
                if seen == total && word(block, total - 4, self.big_endian) as usize != total {
                    return Err(CaptureError::Damaged("a block's second length"));
                }
                // Not the second length.
                let block = &block[..seen.min(total - 4)];
                match kind {
                    INTERFACE => self.interface(block)?,
                    INTERFACE_STATISTICS => self.statistics(block),
                    _ => {
                        let found = self.find(kind, block)?;
                        self.left = (total - seen) as u64;
                        let frame = self.give(&found, buffer.take(seen))?;
                        self.dropped_between = self.dropped_between.saturating_add(frame.dropped);
                        return Ok(Some(frame));
                    }
                }
            }
            self.left = total as u64;
        }
    }

    /// A section begins: in which byte order, and with no interfaces.
    fn begin(&mut self, order: u32) -> Result<(), CaptureError> {
        self.big_endian = match order {
            BYTE_ORDER => false,
            swapped if swapped.swap_bytes() == BYTE_ORDER => true,
            _ => return Err(CaptureError::Damaged("a section's byte order")),
        };
        self.dropped_before = self.dropped_by_interfaces();
        self.interfaces.clear();
        Ok(())
    }

    /// Frames that the file says were lost: by its interfaces' statistics or by what packets
    /// say of those before them, whatever is more.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped_by_interfaces().max(self.dropped_between)
    }

    fn dropped_by_interfaces(&self) -> u64 {
        let all = self.interfaces.iter().map(|interface| interface.dropped);
        all.fold(self.dropped_before, u64::saturating_add)
    }

    /// What an interface says of itself; of one that is not described, nothing.
    fn statistics(&mut self, block: &[u8]) {
        let Some(options) = block.get(20..) else { return };
        let lost = self.options(options).filter_map(|(code, value)| match (code, value) {
            (option::DROPPED | option::DROPPED_BY_SYSTEM, [_, _, _, _, _, _, _, _]) => {
                Some(self.long(value))
            }
            _ => None,
        });
        let dropped = lost.fold(0, u64::saturating_add);
        let number = word(block, 8, self.big_endian) as usize;
        if let Some(interface) = self.interfaces.get_mut(number) {
            interface.dropped = dropped;
        }
    }

    fn interface(&mut self, block: &[u8]) -> Result<(), CaptureError> {
        if self.interfaces.len() == INTERFACES_MAX {
            return Err(CaptureError::TooManyInterfaces);
        }
        if block.len() < 16 {
            return Err(CaptureError::Damaged("an interface's length"));
        }
        let mut interface = Interface {
            link_type: LinkType(half(block, 8, self.big_endian)),
            snap_bytes: word(block, 12, self.big_endian),
            resolution: Resolution::new(6),
            offset_secs: 0,
            check_bytes: 0,
            dropped: 0,
        };
        for (code, value) in self.options(&block[16..]) {
            match (code, value) {
                (option::RESOLUTION, [value]) => interface.resolution = Resolution::new(*value),
                (option::CHECK_BYTES, [value]) => interface.check_bytes = *value,
                (option::OFFSET, [_, _, _, _, _, _, _, _]) => {
                    interface.offset_secs = self.long(value) as i64;
                }
                _ => {}
            }
        }
        self.interfaces.push(interface);
        Ok(())
    }

    /// Eight bytes.
    fn long(&self, bytes: &[u8]) -> u64 {
        let (first, second) = (word(bytes, 0, self.big_endian), word(bytes, 4, self.big_endian));
        let (high, low) = if self.big_endian { (first, second) } else { (second, first) };
        u64::from(high) << 32 | u64::from(low)
    }

    /// Options, up to the first that is damaged.
    fn options<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut bytes = &bytes[..bytes.len().min(OPTION_BYTES_MAX)];
        let big_endian = self.big_endian;
        std::iter::from_fn(move || {
            let (head, rest) = bytes.split_first_chunk::<4>()?;
            let (code, length) =
                (half(head, 0, big_endian), usize::from(half(head, 2, big_endian)));
            let value = rest.get(..length)?;
            bytes = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            (code != 0).then_some((code, value))
        })
    }

    fn find(&self, kind: u32, block: &[u8]) -> Result<Found, CaptureError> {
        let start = if kind == SIMPLE_PACKET { 12 } else { 28 };
        if block.len() < start {
            return Err(CaptureError::Damaged("a packet's length"));
        }
        let field = |at| word(block, at, self.big_endian);
        let mut dropped = 0;
        let (interface, time, length, original_bytes) = match kind {
            ENHANCED_PACKET => (field(8), Some((field(12), field(16))), field(20), field(24)),
            PACKET => {
                let interface = u32::from(half(block, 8, self.big_endian));
                // All ones: nobody knows.
                let drops = half(block, 10, self.big_endian);
                dropped = if drops == u16::MAX { 0 } else { u64::from(drops) };
                (interface, Some((field(12), field(16))), field(20), field(24))
            }
            _ => {
                let snap = self.interfaces.first().map_or(0, |interface| interface.snap_bytes);
                let snap = if snap == 0 { u32::MAX } else { snap };
                (0, None, field(8).min(snap), field(8))
            }
        };
        if length as usize > CAPTURED_BYTES_MAX {
            return Err(CaptureError::FrameTooLong(length));
        }
        let end = start + length as usize;
        if end > block.len() {
            return Err(CaptureError::Damaged("a packet's length"));
        }
        let options = (kind == ENHANCED_PACKET).then_some(end.next_multiple_of(4));
        Ok(Found { interface, time, start, length, original_bytes, dropped, options })
    }

    fn give<'a>(&self, found: &Found, block: &'a [u8]) -> Result<Captured<'a>, CaptureError> {
        let interface = self
            .interfaces
            .get(found.interface as usize)
            .ok_or(CaptureError::Damaged("a packet of an interface that is not described"))?;
        let options = found.options.and_then(|at| block.get(at..)).unwrap_or_default();
        let mut check_bytes = interface.check_bytes;
        let (mut direction, mut dropped) = (Direction::Unknown, found.dropped);
        for (code, value) in self.options(options) {
            match (code, value) {
                (option::PACKET_FLAGS, [_, _, _, _]) => {
                    let flags = word(value, 0, self.big_endian);
                    direction = match flags & 3 {
                        1 => Direction::In,
                        2 => Direction::Out,
                        _ => Direction::Unknown,
                    };
                    let own = (flags >> 5 & 0xf) as u8;
                    check_bytes = if own == 0 { check_bytes } else { own };
                }
                (option::PACKET_DROPS, [_, _, _, _, _, _, _, _]) => {
                    dropped = self.long(value);
                }
                _ => {}
            }
        }
        let frame = Captured {
            time: found.time.map_or(Timestamp::default(), |(high, low)| interface.time(high, low)),
            link_type: interface.link_type,
            interface: found.interface,
            direction,
            dropped,
            original_bytes: found.original_bytes,
            bytes: &block[found.start..found.start + found.length as usize],
        };
        Ok(captured(frame, check_bytes))
    }
}
