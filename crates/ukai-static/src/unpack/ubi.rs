//! UBI (the kernel's `drivers/mtd/ubi/ubi-media.h`): logical blocks of volumes, scattered over
//! the blocks of a flash chip. Each volume comes out as one member.

use super::{Unpacking, slice, u16_le, u32_be};
use std::collections::BTreeMap;

/// Blocks of the chip that are looked at.
const BLOCKS_MAX: usize = 200_000;
/// The volume with the table of volumes, and the length of an entry, in bytes.
const TABLE: u32 = 0x7fff_efff;
const ENTRY_BYTES: usize = 172;
/// Volumes of one image.
const VOLUMES_MAX: u32 = 128;

/// Where a logical block stands: its sequence number, which the newer has the higher, its
/// place, and how much of it is used.
#[derive(Clone, Copy)]
struct Block {
    number: u64,
    at: usize,
    used: usize,
}

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some(length) = block_length(bytes) else {
        return unpacking.note("ubi: broken".to_owned());
    };
    let mut volumes: BTreeMap<u32, BTreeMap<u32, Block>> = BTreeMap::new();
    let mut room = 0;
    for at in (0..bytes.len()).step_by(length).take(BLOCKS_MAX) {
        let Some((volume, index, block, data)) = block(bytes, at, length) else { continue };
        room = data;
        let known = volumes.entry(volume).or_default();
        if known.get(&index).is_none_or(|known| known.number <= block.number) {
            known.insert(index, block);
        }
    }
    let table = volumes.get(&TABLE).and_then(|blocks| blocks.values().next());
    let table = table.and_then(|block| bytes.get(block.at..)).unwrap_or_default();
    for (volume, blocks) in volumes.iter().filter(|(volume, _)| **volume < VOLUMES_MAX) {
        if unpacking.is_full() {
            return unpacking.note("ubi: not all members were looked at".to_owned());
        }
        let name = slice(table, *volume as usize * ENTRY_BYTES, ENTRY_BYTES).and_then(|entry| {
            // Both numbers are big-endian.
            let letters = u16_le(entry, 14)?.swap_bytes();
            slice(entry, 16, letters.into())
        });
        let last = blocks.keys().next_back().map_or(0, |index| u64::from(*index) + 1);
        let max = unpacking.room("ubi", last.saturating_mul(room as u64));
        let mut content = Vec::new();
        for (index, block) in blocks {
            let start = (*index as usize).saturating_mul(room);
            if start >= max {
                break;
            }
            // Blocks that are nowhere are erased ones.
            content.resize(start.max(content.len()), 0xff);
            let used = slice(bytes, block.at, block.used.min(max - start)).unwrap_or_default();
            content.extend_from_slice(used);
        }
        content.truncate(max);
        unpacking.add("ubi", name, content);
    }
}

/// How far the chip's blocks are from each other: a power of two.
fn block_length(bytes: &[u8]) -> Option<usize> {
    let is_block = |at: usize| slice(bytes, at, 4) == Some(b"UBI#");
    (9..=24).map(|power| 1usize << power).find(|length| is_block(*length)).or(Some(bytes.len()))
}

/// Volume and index of the block at `at`, the block, and how much a block of this chip holds.
fn block(bytes: &[u8], at: usize, length: usize) -> Option<(u32, u32, Block, usize)> {
    let block = bytes.get(at..bytes.len().min(at + length))?;
    if !block.starts_with(b"UBI#") {
        return None;
    }
    let (header, data) = (u32_be(block, 16)? as usize, u32_be(block, 20)? as usize);
    let header = slice(block, header, 64).filter(|header| header.starts_with(b"UBI!"))?;
    let there = block.get(data..)?.len();
    // Static volumes say how much is used; of dynamic ones all is.
    let is_static = header[5] == 2;
    let used = if is_static { (u32_be(header, 20)? as usize).min(there) } else { there };
    let high = u64::from(u32_be(header, 40)?);
    let number = high << 32 | u64::from(u32_be(header, 44)?);
    let room = length.checked_sub(data).filter(|room| *room > 0)?;
    Some((u32_be(header, 8)?, u32_be(header, 12)?, Block { number, at: at + data, used }, room))
}
