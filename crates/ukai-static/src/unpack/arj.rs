//! ARJ archives, after `UNARJ`'s description (`technote.txt`). Methods 1 to 3 are LHa's with
//! a larger window; method 4 is its own.

use super::{Unpacking, slice, u16_le, u32_le};
use delharc::decode::{Decoder, Lh7Decoder};
use std::io::{self, Read};

/// Headers that are looked at.
const HEADERS_MAX: usize = 5000;
/// Length of a header without what extends it, in bytes.
const HEADER_BYTES_MAX: usize = 2600;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut at = 0;
    for index in 0..HEADERS_MAX {
        let header = match Header::read(bytes, at) {
            Ok(Some(header)) => header,
            Ok(None) => return,
            Err(()) => return unpacking.note(format!("arj: no header at {at}")),
        };
        // The archive's own header has no data.
        if index == 0 {
            at = header.data;
            continue;
        }
        if unpacking.is_full() {
            return unpacking.note("arj: not all members were looked at".to_owned());
        }
        let rest = bytes.get(header.data..).unwrap_or_default();
        let packed = &rest[..rest.len().min(header.packed)];
        if packed.len() < header.packed {
            unpacking.note("arj: cut off".to_owned());
        }
        if header.is_file() {
            header.take_out(packed, unpacking);
        }
        let Some(next) = header.data.checked_add(header.packed) else { return };
        at = next;
    }
    unpacking.note(format!("arj: only the first {HEADERS_MAX} headers were looked at"));
}

struct Header<'a> {
    flags: u8,
    method: u8,
    kind: u8,
    packed: usize,
    length: usize,
    name: &'a [u8],
    /// Where the data begins.
    data: usize,
}

impl<'a> Header<'a> {
    /// The header at `at`; `None` at the archive's end.
    fn read(bytes: &'a [u8], at: usize) -> Result<Option<Self>, ()> {
        if slice(bytes, at, 2) != Some(b"\x60\xea") {
            return Err(());
        }
        let length = usize::from(u16_le(bytes, at + 2).ok_or(())?);
        if length == 0 {
            return Ok(None);
        }
        let basic =
            slice(bytes, at + 4, length).filter(|it| (30..=HEADER_BYTES_MAX).contains(&it.len()));
        let basic = basic.ok_or(())?;
        let name = basic.get(usize::from(basic[0])..).ok_or(())?;
        let name = &name[..memchr::memchr(0, name).unwrap_or(name.len())];
        // Behind the header and its checksum: extensions, each with one, up to a length of 0.
        let mut data = at + 4 + length + 4;
        loop {
            let extension = usize::from(u16_le(bytes, data).ok_or(())?);
            data += 2;
            if extension == 0 {
                break;
            }
            data += extension + 4;
        }
        let number = |at| u32_le(basic, at).map(|it| it as usize).ok_or(());
        Ok(Some(Self {
            flags: basic[4],
            method: basic[5],
            kind: basic[6],
            packed: number(12)?,
            length: number(16)?,
            name,
            data,
        }))
    }

    /// Whether it is a file, binary or text.
    fn is_file(&self) -> bool {
        matches!(self.kind, 0 | 1)
    }

    fn take_out(&self, packed: &[u8], unpacking: &mut Unpacking<'_>) {
        if self.flags & 1 != 0 {
            return unpacking.note("arj: a member is encrypted".to_owned());
        }
        let content = match self.method {
            0 => unpacking.read("arj", &mut &*packed, packed.len()),
            1..=3 => {
                let decoder = Lh7Decoder::new(packed);
                let mut reader = Bounded { decoder, left: self.length };
                unpacking.read("arj", &mut reader, packed.len())
            }
            4 => {
                let max = self.length.min(unpacking.limits.member_bytes);
                let content = fastest(packed, max);
                unpacking.read("arj", &mut &*content, packed.len())
            }
            method => return unpacking.note(format!("arj: a member is packed by method {method}")),
        };
        unpacking.add("arj", Some(self.name), content);
    }
}

/// A decoder that must not be asked for more than there is.
struct Bounded<'a> {
    decoder: Lh7Decoder<&'a [u8]>,
    left: usize,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.left);
        let filled = self.decoder.fill_buffer(&mut buffer[..length]);
        filled.map_err(|error| io::Error::other(error.to_string()))?;
        self.left -= length;
        Ok(length)
    }
}

/// Method 4: lengths and distances in prefixes of ones. What is broken is kept until there.
fn fastest(packed: &[u8], max: usize) -> Vec<u8> {
    let mut bits = Bits { packed, at: 0 };
    let mut out = Vec::new();
    while out.len() < max {
        let Some(length) = bits.number(0, 7) else { break };
        if length == 0 {
            let Some(byte) = bits.take(8) else { break };
            out.push(byte as u8);
            continue;
        }
        let Some(distance) = bits.number(9, 13) else { break };
        let Some(from) = out.len().checked_sub(distance as usize + 1) else { break };
        for offset in 0..(length as usize + 2).min(max - out.len()) {
            out.push(out[from + offset]);
        }
    }
    out
}

/// Bits, the most significant first.
struct Bits<'a> {
    packed: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = *self.packed.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// A number of `least` to `most` bits, whose number stands before it as ones.
    fn number(&mut self, least: u32, most: u32) -> Option<u32> {
        let (mut width, mut base) = (least, 0);
        while width < most && self.take(1)? == 1 {
            base += 1 << width;
            width += 1;
        }
        Some(base + self.take(width)?)
    }
}
