//! ELF files packed by UPX, also with the marks changed by which `upx -d` knows its own.
//!
//! From the structures of UPX's `src/stub/src/include/linux.h` and what `p_lx_elf.cpp` does
//! with them: behind the program headers stand `l_info` (12 bytes), `p_info` (12 bytes) and
//! blocks, each with `b_info` {unpacked length, packed length, method, filter, ...} before
//! its content. The first block holds the original headers; blocks fill the loadable
//! segments one after the other. Filters, which make jumps pack better, are not undone:
//! they change no text and no address of one.

use super::nrv::{self, Method, Unit};
use super::{Unpacking, slice};
use flate2::read::DeflateDecoder;
use lzma_rust2::LzmaReader;
use std::io::Read;

/// Blocks of one file.
const BLOCKS_MAX: usize = 4096;
/// Loadable segments of the original.
const SEGMENTS_MAX: usize = 64;
const LOADER_BYTES: usize = 12;
const BLOCK_HEADER_BYTES: usize = 12;

/// Takes a packed program apart; does nothing with any other.
pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some(file) = Elf::open(bytes) else { return };
    let Some(start) = file.end_of_headers() else { return };
    let Some(first) = Block::read(&file, start + 2 * LOADER_BYTES) else { return };
    let max = unpacking.limits.member_bytes.min(unpacking.budget.bytes);
    let Some(head) = first.unpack(max).filter(|head| head.starts_with(b"\x7fELF")) else { return };
    let mut out = Output::new(&head);
    let mut at = start + 2 * LOADER_BYTES;
    let mut broken = false;
    for _ in 0..BLOCKS_MAX {
        let Some(block) = Block::read(&file, at) else { break };
        let left = max.saturating_sub(out.bytes.len());
        let Some(content) = block.unpack(left) else {
            broken = true;
            break;
        };
        at += BLOCK_HEADER_BYTES + block.packed.len();
        if !out.put(&content, max) {
            broken = true;
            break;
        }
    }
    if broken {
        unpacking.note(format!("upx: unpacked to {} bytes, then it was broken", out.bytes.len()));
    }
    unpacking.add("upx", None, out.bytes);
}

/// As much of the ELF header as is needed.
struct Elf<'a> {
    bytes: &'a [u8],
    wide: bool,
    little: bool,
}

impl<'a> Elf<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let wide = *bytes.get(4)? == 2;
        let little = *bytes.get(5)? != 2;
        bytes.starts_with(b"\x7fELF").then_some(Self { bytes, wide, little })
    }

    fn number(&self, at: usize, width: usize) -> Option<usize> {
        let bytes = slice(self.bytes, at, width)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        let value =
            if self.little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) };
        usize::try_from(value).ok()
    }

    /// Place, length and number of program headers.
    fn segments(&self) -> Option<(usize, usize, usize)> {
        let (at, rest) =
            if self.wide { (self.number(32, 8)?, 54) } else { (self.number(28, 4)?, 42) };
        Some((at, self.number(rest, 2)?, self.number(rest + 2, 2)?))
    }

    fn end_of_headers(&self) -> Option<usize> {
        let (at, length, count) = self.segments()?;
        at.checked_add(length.checked_mul(count)?).filter(|end| *end < self.bytes.len())
    }
}

/// One block.
struct Block<'a> {
    length: usize,
    packed: &'a [u8],
    method: u8,
}

impl<'a> Block<'a> {
    /// The block at `at`; `None` at the end, and where there is none.
    fn read(file: &Elf<'a>, at: usize) -> Option<Self> {
        let (length, packed) = (file.number(at, 4)?, file.number(at + 4, 4)?);
        let method = *file.bytes.get(at + 8)?;
        let packed_bytes = slice(file.bytes, at + BLOCK_HEADER_BYTES, packed)?;
        let known = matches!(method, 2..=10 | 14 | 15);
        (length > 0 && packed > 0 && packed <= length && known).then_some(Self {
            length,
            packed: packed_bytes,
            method,
        })
    }

    fn unpack(&self, max: usize) -> Option<Vec<u8>> {
        if self.length > max {
            return None;
        }
        if self.packed.len() == self.length {
            return Some(self.packed.to_vec());
        }
        let content = match self.method {
            14 => self.lzma()?,
            15 => read(&mut DeflateDecoder::new(self.packed), self.length),
            method => {
                let unit = [Unit::Word, Unit::Byte, Unit::Half][usize::from(method - 2) % 3];
                let kind = [Method::B, Method::D, Method::E][usize::from(method - 2) / 3];
                nrv::unpack(self.packed, kind, unit, self.length).0
            }
        };
        (content.len() == self.length).then_some(content)
    }

    /// Two bytes of properties in UPX's own form, then a raw stream.
    fn lzma(&self) -> Option<Vec<u8>> {
        let (properties, stream) = self.packed.split_first_chunk::<2>()?;
        let position = u32::from(properties[0] & 7);
        let (literal_position, literal) =
            (u32::from(properties[1] >> 4), u32::from(properties[1] & 15));
        let length = self.length as u64;
        let dictionary = u32::try_from(self.length).ok()?.max(4096);
        let reader =
            LzmaReader::new(stream, length, literal, literal_position, position, dictionary, None);
        Some(read(&mut reader.ok()?, self.length))
    }
}

fn read(reader: &mut dyn Read, length: usize) -> Vec<u8> {
    let mut content = Vec::new();
    // What is broken shows in the length.
    let _ = reader.take(length as u64).read_to_end(&mut content);
    content
}

/// The original, being filled segment by segment.
struct Output {
    bytes: Vec<u8>,
    /// Place and length in the file of the segments that are still to be filled.
    waiting: std::vec::IntoIter<(usize, usize)>,
    /// What is left of the current one.
    at: usize,
    left: usize,
}

impl Output {
    fn new(head: &[u8]) -> Self {
        let read = || {
            let file = Elf::open(head)?;
            let (table, step, count) = file.segments()?;
            let segment = |index: usize| {
                let at = table.checked_add(index.checked_mul(step)?)?;
                let (width, offset, length) = if file.wide { (8, 8, 32) } else { (4, 4, 16) };
                let loads = file.number(at, 4)? == 1;
                Some((loads, file.number(at + offset, width)?, file.number(at + length, width)?))
            };
            let list: Vec<_> = (0..count.min(SEGMENTS_MAX)).map_while(segment).collect();
            Some(list.into_iter().filter(|it| it.0 && it.2 > 0).map(|it| (it.1, it.2)).collect())
        };
        let list: Vec<(usize, usize)> = read().unwrap_or_default();
        Self { bytes: Vec::new(), waiting: list.into_iter(), at: 0, left: 0 }
    }

    /// Puts the content of a block where it belongs; false if that is out of all bounds.
    fn put(&mut self, content: &[u8], max: usize) -> bool {
        if self.left == 0 {
            // Behind the last segment stands what was behind it in the original.
            let end = (self.bytes.len(), usize::MAX);
            (self.at, self.left) = self.waiting.next().unwrap_or(end);
        }
        let Some(end) = self.at.checked_add(content.len()).filter(|end| *end <= max) else {
            return false;
        };
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[self.at..end].copy_from_slice(content);
        self.at = end;
        self.left = self.left.saturating_sub(content.len());
        true
    }
}
