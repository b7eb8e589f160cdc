//! VHD, after Microsoft's "Virtual Hard Disk Image Format Specification" 1.0.

use super::image::Disk;
use crate::unpack::{Unpacking, slice, u32_be};

const FOOTER_BYTES: usize = 512;
/// Entries of the block table: two terabytes in the smallest usual blocks.
const BLOCKS_MAX: u32 = 4 << 20;

pub(super) fn open<'a>(bytes: &'a [u8], unpacking: &mut Unpacking<'_>) -> Option<Disk<'a>> {
    // It stands at the end, and of a dynamic disk a copy at the beginning.
    let end = bytes.len().checked_sub(FOOTER_BYTES)?;
    let last = &bytes[end..];
    let footer = if last.starts_with(b"conectix") { last } else { slice(bytes, 0, FOOTER_BYTES)? };
    if !footer.starts_with(b"conectix") {
        return None;
    }
    let size = u64_be(footer, 48)?;
    let kind = u32_be(footer, 60)?;
    match kind {
        2 => return Some(Disk::plain(&bytes[..end], size)),
        3 => {}
        4 => {
            let header = usize::try_from(u64_be(footer, 16)?).ok()?;
            let name = slice(bytes, header.checked_add(64)?, 512).unwrap_or_default();
            let units = name.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
            let name: String = char::decode_utf16(units.take_while(|unit| *unit != 0))
                .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect();
            unpacking.note(format!("vhd: the rest of it is in another image, {name}"));
        }
        _ => return None,
    }
    let header = slice(bytes, usize::try_from(u64_be(footer, 16)?).ok()?, 1024)?;
    if !header.starts_with(b"cxsparse") {
        return None;
    }
    let table = usize::try_from(u64_be(header, 16)?).ok()?;
    let (count, length) = (u32_be(header, 28)?.min(BLOCKS_MAX), u32_be(header, 32)?);
    if length < 512 || !length.is_multiple_of(512) {
        return None;
    }
    // In front of each block stands which of its sectors are there.
    let bitmap = u64::from(length).div_ceil(512 * 8).next_multiple_of(512);
    let entries = bytes.get(table..).unwrap_or_default().chunks_exact(4).take(count as usize);
    let places = entries
        .map(|entry| u32_be(entry, 0).filter(|sector| *sector != u32::MAX))
        .map(|sector| sector.map(|sector| u64::from(sector) * 512 + bitmap));
    Some(Disk::blocks(bytes, size, length.into(), places.collect()))
}

fn u64_be(bytes: &[u8], at: usize) -> Option<u64> {
    slice(bytes, at, 8).and_then(|it| it.first_chunk()).map(|it| u64::from_be_bytes(*it))
}
