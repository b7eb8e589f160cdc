//! VHDX (MS-VHDX 8.0). The log, in which a writer that was interrupted leaves what it had
//! begun, is not replayed.

use super::image::Disk;
use crate::unpack::{Unpacking, slice, u16_le, u32_le};

const MEGABYTE: u64 = 1 << 20;
/// Entries of the block table.
const BLOCKS_MAX: u64 = 4 << 20;

/// {2DC27766-F623-4200-9D64-115E9BFD4A08}: the block table.
const BLOCK_TABLE: &[u8] = b"\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08";
/// {8B7CA206-4790-4B9A-B8FE-575F050F886E}: what is said of the disk.
const METADATA: &[u8] = b"\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e";
/// {CAA16737-FA36-4D43-B3B6-33F0AA44E76B}: length of a block, and whether there is a parent.
const PARAMETERS: &[u8] = b"\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b";
/// {2FA54224-CD1B-4876-B211-5DBED83BF4B8}: size of the disk.
const SIZE: &[u8] = b"\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8";
/// {8141BF1D-A96F-4709-BA47-F233A8FAAB5F}: length of a sector.
const SECTOR: &[u8] = b"\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f";

pub(super) fn open<'a>(bytes: &'a [u8], unpacking: &mut Unpacking<'_>) -> Option<Disk<'a>> {
    let headers = [64 << 10, 128 << 10].into_iter().filter_map(|at| slice(bytes, at, 4096));
    let headers = headers.filter(|header| header.starts_with(b"head"));
    let current = headers.max_by_key(|header| u64_le(header, 8))?;
    if slice(current, 48, 16).is_some_and(|log| log.iter().any(|byte| *byte != 0)) {
        unpacking.note("vhdx: changes in its log are not looked at".to_owned());
    }
    let table = [192 << 10, 256 << 10].into_iter().filter_map(|at| slice(bytes, at, 64 << 10));
    let table = table.into_iter().find(|table| table.starts_with(b"regi"))?;
    let region = |id: &[u8]| {
        let count = u32_le(table, 8)?.min(2047) as usize;
        let mut entries = table.get(16..)?.chunks_exact(32).take(count);
        let entry = entries.find(|entry| entry.starts_with(id))?;
        let at = usize::try_from(u64_le(entry, 16)?).ok()?;
        let rest = bytes.get(at..)?;
        Some(&rest[..rest.len().min(u32_le(entry, 24)? as usize)])
    };
    let metadata = region(METADATA)?;
    let item = |id: &[u8]| {
        let count = u16_le(metadata, 10)?.min(2047).into();
        let mut entries = metadata.get(32..)?.chunks_exact(32).take(count);
        let entry = entries.find(|entry| entry.starts_with(id))?;
        metadata.get(u32_le(entry, 16)? as usize..)
    };
    let parameters = item(PARAMETERS)?;
    let length = u64::from(u32_le(parameters, 0)?);
    let size = u64_le(item(SIZE)?, 0)?;
    let sector = item(SECTOR).and_then(|it| u32_le(it, 0)).unwrap_or(512);
    if !(MEGABYTE..=256 * MEGABYTE).contains(&length) || !matches!(sector, 512 | 4096) {
        return None;
    }
    if u32_le(parameters, 4)? & 2 != 0 {
        unpacking.note("vhdx: the rest of it is in another image".to_owned());
    }
    let entries = region(BLOCK_TABLE)?;
    // After so many blocks stands an entry that is none.
    let chunk = ((u64::from(sector) << 23) / length).max(1);
    let count = size.div_ceil(length).min(BLOCKS_MAX).min(entries.len() as u64 / 8);
    let places = (0..count).map(|index| {
        let entry = usize::try_from(index + index / chunk).ok()?;
        let entry = u64_le(entries, entry.checked_mul(8)?)?;
        // Fully or partly there.
        matches!(entry & 7, 6 | 7).then_some((entry >> 20).saturating_mul(MEGABYTE))
    });
    Some(Disk::blocks(bytes, size, length, places.collect()))
}

fn u64_le(bytes: &[u8], at: usize) -> Option<u64> {
    slice(bytes, at, 8).and_then(|it| it.first_chunk()).map(|it| u64::from_le_bytes(*it))
}
