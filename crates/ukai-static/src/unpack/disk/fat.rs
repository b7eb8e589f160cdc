//! FAT12, FAT16 and FAT32 with long names (Microsoft's `fatgen103`).

use super::image::Part;
use crate::unpack::{Unpacking, u16_le, u32_le};
use std::collections::{HashSet, VecDeque};

/// Directories that are looked at.
const DIRECTORIES_MAX: usize = 2000;
/// Length of one directory that is looked at, in bytes.
const DIRECTORY_BYTES_MAX: usize = 2 << 20;
/// Length of a path, in bytes.
const PATH_BYTES_MAX: usize = 1024;

pub(super) fn unpack(
    part: &Part<'_>,
    container: &'static str,
    prefix: &str,
    unpacking: &mut Unpacking<'_>,
) -> Option<()> {
    let volume = Volume::open(part)?;
    let mut seen = HashSet::new();
    // The root has no cluster of its own in the narrower tables.
    let mut waiting = VecDeque::from([(None, prefix.to_owned())]);
    while let Some((cluster, path)) = waiting.pop_front() {
        let directory = match cluster {
            Some(cluster) => volume.chain(cluster, DIRECTORY_BYTES_MAX).0,
            None => volume.root()?,
        };
        if seen.len() > DIRECTORIES_MAX {
            unpacking.note(format!("{container}: not all directories were looked at"));
            break;
        }
        for entry in entries(&directory) {
            let full = format!("{path}{}", entry.name);
            if full.len() > PATH_BYTES_MAX {
                continue;
            }
            if entry.is_directory {
                if seen.insert(entry.cluster) && waiting.len() < DIRECTORIES_MAX {
                    waiting.push_back((Some(entry.cluster), full + "/"));
                }
                continue;
            }
            if unpacking.is_full() {
                unpacking.note(format!("{container}: not all members were looked at"));
                return Some(());
            }
            let length = unpacking.room(container, entry.length.into());
            let (content, whole) = volume.chain(entry.cluster, length);
            if !whole {
                unpacking.note(format!("{container}: a file is broken"));
            }
            unpacking.add(container, Some(full.as_bytes()), content);
        }
    }
    Some(())
}

/// How wide the entries of the table are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Twelve,
    Sixteen,
    ThirtyTwo,
}

struct Volume<'a> {
    part: &'a Part<'a>,
    width: Width,
    cluster_bytes: usize,
    clusters: u32,
    table: u64,
    /// Where the root lies if it has a place of its own, and its length.
    fixed_root: (u64, usize),
    root_cluster: u32,
    data: u64,
}

struct Entry {
    name: String,
    is_directory: bool,
    cluster: u32,
    length: u32,
}

impl<'a> Volume<'a> {
    fn open(part: &'a Part<'a>) -> Option<Self> {
        let boot = part.take(0, 512)?;
        let half = |at| u16_le(&boot, at).map(u64::from);
        let word = |at| u32_le(&boot, at).map(u64::from);
        let sector = half(11)?;
        let per_cluster = u64::from(boot[13]);
        if !matches!(sector, 512 | 1024 | 2048 | 4096) || !per_cluster.is_power_of_two() {
            return None;
        }
        let (reserved, tables) = (half(14)?, u64::from(boot[16]));
        let root_bytes = half(17)? * 32;
        let table_sectors = match half(22)? {
            0 => word(36)?,
            sectors => sectors,
        };
        let sectors = match half(19)? {
            0 => word(32)?,
            sectors => sectors,
        };
        let table = reserved * sector;
        let root = table + tables * table_sectors * sector;
        let data = root + root_bytes.next_multiple_of(sector);
        let clusters = (sectors * sector).checked_sub(data)? / (per_cluster * sector);
        let clusters = u32::try_from(clusters).ok()?;
        let width = match clusters {
            0..4085 => Width::Twelve,
            4085..65525 => Width::Sixteen,
            _ => Width::ThirtyTwo,
        };
        Some(Self {
            part,
            width,
            cluster_bytes: (per_cluster * sector) as usize,
            clusters,
            table,
            fixed_root: (root, root_bytes as usize),
            root_cluster: u32_le(&boot, 44)?,
            data,
        })
    }

    fn root(&self) -> Option<Vec<u8>> {
        if self.width == Width::ThirtyTwo {
            return Some(self.chain(self.root_cluster, DIRECTORY_BYTES_MAX).0);
        }
        self.part.take(self.fixed_root.0, self.fixed_root.1)
    }

    /// The cluster after `cluster`; `None` at a chain's end.
    fn next(&self, cluster: u32) -> Option<u32> {
        let cluster_at = u64::from(cluster);
        let (at, length) = match self.width {
            Width::Twelve => (cluster_at + cluster_at / 2, 2),
            Width::Sixteen => (cluster_at * 2, 2),
            Width::ThirtyTwo => (cluster_at * 4, 4),
        };
        let entry = self.part.take(self.table + at, length)?;
        let next = match self.width {
            Width::Twelve if cluster & 1 == 1 => u32::from(u16_le(&entry, 0)? >> 4),
            Width::Twelve => u32::from(u16_le(&entry, 0)? & 0xfff),
            Width::Sixteen => u32::from(u16_le(&entry, 0)?),
            Width::ThirtyTwo => u32_le(&entry, 0)? & 0x0fff_ffff,
        };
        self.holds(next).then_some(next)
    }

    const fn holds(&self, cluster: u32) -> bool {
        cluster >= 2 && cluster - 2 < self.clusters
    }

    /// The first `max` bytes of a chain, or as many as there are, and whether that is all of
    /// `max`.
    fn chain(&self, first: u32, max: usize) -> (Vec<u8>, bool) {
        let mut content = Vec::new();
        let mut at = Some(first).filter(|first| self.holds(*first));
        while let Some(cluster) = at
            && content.len() < max
        {
            let place = self.data + u64::from(cluster - 2) * self.cluster_bytes as u64;
            let length = self.cluster_bytes.min(max - content.len());
            let Some(piece) = self.part.take(place, length) else { break };
            content.extend_from_slice(&piece);
            at = self.next(cluster);
        }
        let whole = content.len() == max;
        (content, whole)
    }
}

/// Files and directories in a directory, long names put together.
fn entries(directory: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    // Pieces of a long name come last first.
    let mut long: Vec<u16> = Vec::new();
    for entry in directory.chunks_exact(32) {
        let attributes = entry[11];
        match entry[0] {
            0 => break,
            0xe5 => {
                long.clear();
                continue;
            }
            _ => {}
        }
        if attributes & 0x3f == 0x0f {
            let part = |from: usize, to: usize| {
                entry[from..to].chunks_exact(2).map(|it| u16::from_le_bytes([it[0], it[1]]))
            };
            let letters = part(1, 11).chain(part(14, 26)).chain(part(28, 32));
            let mut letters: Vec<u16> =
                letters.take_while(|unit| !matches!(unit, 0 | 0xffff)).collect();
            letters.append(&mut long);
            long = letters;
            long.truncate(260);
            continue;
        }
        let units = std::mem::take(&mut long);
        // The volume's own name.
        if attributes & 8 != 0 || entry[0] == b'.' {
            continue;
        }
        let name =
            if units.is_empty() { short_name(entry) } else { String::from_utf16_lossy(&units) };
        let word = |at| u16_le(entry, at).map_or(0, u32::from);
        entries.push(Entry {
            name: name.replace('/', "_"),
            is_directory: attributes & 0x10 != 0,
            cluster: word(20) << 16 | word(26),
            length: u32_le(entry, 28).unwrap_or(0),
        });
    }
    entries
}

/// `NAME    EXT`.
fn short_name(entry: &[u8]) -> String {
    let text = |bytes: &[u8]| -> String {
        bytes.trim_ascii_end().iter().map(|byte| char::from(*byte)).collect()
    };
    let (name, ending) = (text(&entry[..8]), text(&entry[8..11]));
    // Windows writes lower case in two bits.
    let name = if entry[12] & 8 == 0 { name } else { name.to_lowercase() };
    let ending = if entry[12] & 16 == 0 { ending } else { ending.to_lowercase() };
    if ending.is_empty() { name } else { format!("{name}.{ending}") }
}
