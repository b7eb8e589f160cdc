//! Where a disk's file systems are: GPT, MBR with logical partitions, or one over the whole.

use crate::limits::VOLUMES_MAX;
use crate::window::Window;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A file system that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Windows'.
    Ntfs,
    /// ext2, ext3, ext4.
    Ext,
}

/// A part of a disk with a file system.
#[derive(Clone)]
pub struct Volume {
    /// Its first byte on the disk.
    pub start: u64,
    /// What it is.
    pub system: System,
    /// Its bytes.
    pub window: Window,
}

/// All volumes that can be read, in their order on the disk.
pub fn volumes(disk: &Window) -> Vec<Volume> {
    let mut parts = gpt(disk).or_else(|| mbr(disk)).unwrap_or_default();
    // A disk without a table.
    parts.push((0, disk.length()));
    parts.sort_unstable();
    parts.dedup();
    let volume = |(start, length)| Volume::at(disk, start, length);
    parts.into_iter().filter_map(volume).take(VOLUMES_MAX).collect()
}

impl Volume {
    /// The file system that begins there, if one does.
    pub(crate) fn at(disk: &Window, start: u64, length: u64) -> Option<Self> {
        let window = disk.part(start, length);
        let system = system(&window)?;
        Some(Self { start, system, window })
    }
}

fn gpt(disk: &Window) -> Option<Vec<(u64, u64)>> {
    let table = gptman::GPT::find_from(&mut disk.clone()).ok()?;
    let size = table.sector_size;
    let used = table.iter().filter(|(_, partition)| partition.is_used());
    let place = |(_, partition): (u32, &gptman::GPTPartitionEntry)| {
        let sectors = partition.size().ok()?;
        Some((partition.starting_lba.checked_mul(size)?, sectors.checked_mul(size)?))
    };
    Some(used.filter_map(place).take(VOLUMES_MAX).collect())
}

fn mbr(disk: &Window) -> Option<Vec<(u64, u64)>> {
    const SECTOR: u32 = 512;
    // The crate panics at partitions that begin where the disk does, and at others that a sample may
    // write so that its disk is not read.
    let read = || mbrman::MBR::read_from(&mut disk.clone(), SECTOR);
    let table = catch_unwind(AssertUnwindSafe(read)).ok()?.ok()?;
    let used = table.iter().filter(|(_, partition)| partition.is_used());
    let bytes = |sectors: u32| u64::from(sectors) * u64::from(SECTOR);
    let place = |(_, partition): (usize, &mbrman::MBRPartitionEntry)| {
        (bytes(partition.starting_lba), bytes(partition.sectors))
    };
    Some(used.map(place).take(VOLUMES_MAX).collect())
}

fn system(window: &Window) -> Option<System> {
    let mut name = [0; 8];
    if window.read_exact_at(3, &mut name).is_ok() && &name == b"NTFS    " {
        return Some(System::Ntfs);
    }
    let mut magic = [0; 2];
    (window.read_exact_at(1_024 + 56, &mut magic).is_ok() && magic == [0x53, 0xef])
        .then_some(System::Ext)
}
