//! What `lzop` writes: blocks of LZO1X behind a header with the file's name (lzop 1.04,
//! `doc/lzop.man` and `src/lzop.c`).

use super::{Unpacking, lzo, slice, streams, u32_be};

const MAGIC_BYTES: usize = 9;
/// Length of a block, in bytes.
const BLOCK_BYTES_MAX: usize = 64 << 20;
/// Flags: check sums of what is unpacked and packed, more in the header.
const ADLER_UNPACKED: u32 = 1;
const ADLER_PACKED: u32 = 2;
const CRC_UNPACKED: u32 = 0x100;
const CRC_PACKED: u32 = 0x200;
const FILTERED: u32 = 0x800;
const EXTRA: u32 = 0x40;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some((name, flags, mut at)) = header(bytes) else {
        return unpacking.note("lzop: broken header".to_owned());
    };
    let sums = |first: u32, second: u32| {
        4 * (usize::from(flags & first != 0) + usize::from(flags & second != 0))
    };
    let max = unpacking.limits.member_bytes;
    let mut content = Vec::new();
    loop {
        let Some(length) = u32_be(bytes, at).map(|it| it as usize) else {
            unpacking.note(format!("lzop: broken after {} bytes", content.len()));
            break;
        };
        if length == 0 || content.len() > max {
            break;
        }
        let packed = u32_be(bytes, at + 4).map_or(0, |it| it as usize);
        let sums = sums(ADLER_UNPACKED, CRC_UNPACKED)
            + if packed < length { sums(ADLER_PACKED, CRC_PACKED) } else { 0 };
        let block = slice(bytes, at + 8 + sums, packed);
        let Some(block) = block.filter(|_| length <= BLOCK_BYTES_MAX) else {
            unpacking.note(format!("lzop: broken after {} bytes", content.len()));
            break;
        };
        if packed < length {
            content.extend(lzo::decompress(block, length.min(max + 1)));
        } else {
            content.extend_from_slice(block);
        }
        at += 8 + sums + packed;
    }
    streams::layer("lzop", name, &mut &content[..], bytes.len(), unpacking);
}

/// The file's name, the flags, and where the first block begins.
fn header(bytes: &[u8]) -> Option<(Option<&[u8]>, u32, usize)> {
    let version = u16::from_be_bytes(*bytes.get(MAGIC_BYTES..)?.first_chunk()?);
    // Version, that of the library, and since 0.94 the one that is needed; method, level.
    let is_new = version >= 0x0940;
    let mut at = MAGIC_BYTES + if is_new { 8 } else { 5 };
    let flags = u32_be(bytes, at)?;
    at += 4;
    if flags & FILTERED != 0 {
        at += 4;
    }
    // Mode and time.
    at += if is_new { 12 } else { 8 };
    let length = usize::from(*bytes.get(at)?);
    let name = slice(bytes, at + 1, length)?;
    at += 1 + length + 4;
    if flags & EXTRA != 0 {
        at = at.checked_add(u32_be(bytes, at)? as usize)?.checked_add(8)?;
    }
    Some((Some(name), flags, at))
}
