//! Partition tables: GPT (UEFI 2.10, 5.3) and MBR with logical partitions.

use super::VOLUMES_MAX;
use super::image::{Disk, Part};
use crate::unpack::{slice, u32_le};

const SECTOR: u64 = 512;
/// Entries of a GPT that are looked at: there are 128 as a rule.
const ENTRIES_MAX: u32 = 256;

/// The partitions of a disk, or the whole disk if it has no table.
pub(super) fn find<'a>(disk: &'a Disk<'a>) -> Vec<Part<'a>> {
    let mut parts: Vec<(u64, u64)> = [SECTOR, 4096]
        .into_iter()
        .find_map(|sector| gpt(disk, sector))
        .or_else(|| mbr(disk))
        .unwrap_or_default();
    parts.retain(|(start, length)| *length > 0 && *start > 0 && *start < disk.size());
    parts.sort_unstable();
    parts.dedup();
    if parts.is_empty() {
        parts.push((0, disk.size()));
    }
    parts.into_iter().map(|(start, length)| Part::new(disk, start, length)).collect()
}

fn u64_le(bytes: &[u8], at: usize) -> Option<u64> {
    slice(bytes, at, 8).and_then(|it| it.first_chunk()).map(|it| u64::from_le_bytes(*it))
}

fn gpt(disk: &Disk<'_>, sector: u64) -> Option<Vec<(u64, u64)>> {
    let mut header = [0; 92];
    disk.read(sector, &mut header)?;
    if !header.starts_with(b"EFI PART") {
        return None;
    }
    let table = u64_le(&header, 72)?.checked_mul(sector)?;
    let (count, length) = (u32_le(&header, 80)?, u32_le(&header, 84)?);
    if !(128..=4096).contains(&length) {
        return None;
    }
    let mut parts = Vec::new();
    for index in 0..count.min(ENTRIES_MAX) {
        let mut entry = [0; 48];
        let at = table.checked_add(u64::from(index) * u64::from(length))?;
        if disk.read(at, &mut entry).is_none() || parts.len() >= VOLUMES_MAX {
            break;
        }
        let (first, last) = (u64_le(&entry, 32)?, u64_le(&entry, 40)?);
        if entry[..16].iter().any(|byte| *byte != 0) && last >= first {
            let sectors = (last - first).saturating_add(1);
            parts.push((first.saturating_mul(sector), sectors.saturating_mul(sector)));
        }
    }
    Some(parts)
}

fn mbr(disk: &Disk<'_>) -> Option<Vec<(u64, u64)>> {
    let mut parts = Vec::new();
    let mut chain = None;
    for (kind, start, sectors) in entries(disk, 0)? {
        match kind {
            0 => {}
            0x05 | 0x0f | 0x85 => chain = Some(start),
            _ => parts.push((start * SECTOR, sectors * SECTOR)),
        }
    }
    // Logical partitions: each has a table with itself and the next one.
    let base = chain.unwrap_or(0);
    let mut next = chain;
    for _ in 0..VOLUMES_MAX {
        let Some(sector) = next.take() else { break };
        for (kind, start, sectors) in entries(disk, sector * SECTOR).unwrap_or_default() {
            match kind {
                0 => {}
                0x05 | 0x0f | 0x85 => next = Some(base + start),
                _ => parts.push(((sector + start) * SECTOR, sectors * SECTOR)),
            }
        }
    }
    Some(parts)
}

/// The entries of a table: type, first sector, sectors. A file system's boot sector, which
/// ends like a table, has none that make sense.
fn entries(disk: &Disk<'_>, at: u64) -> Option<Vec<(u8, u64, u64)>> {
    let mut sector = [0; 512];
    disk.read(at, &mut sector)?;
    if sector[510..] != [0x55, 0xaa] || sector[3..11] == *b"NTFS    " {
        return None;
    }
    let mut entries = Vec::new();
    for entry in sector[446..510].chunks_exact(16) {
        if !matches!(entry[0], 0 | 0x80) {
            return None;
        }
        let start = u32_le(entry, 8)?;
        entries.push((entry[4], u64::from(start), u64::from(u32_le(entry, 12)?)));
    }
    Some(entries)
}
