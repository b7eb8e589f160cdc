//! UDF (ECMA-167, OSTA UDF 1.02 to 2.01) with one plain partition, as images of discs have it.
//! Windows prefers it to the ISO 9660 beside it. Virtual, sparable and metadata partitions,
//! which writable discs and Blu-ray have, are only named.

use super::{Unpacking, slice, u16_le, u32_le};
use std::collections::{HashSet, VecDeque};

/// Directories that are looked at.
const DIRECTORIES_MAX: usize = 2000;
/// Length of one directory that is looked at, in bytes.
const DIRECTORY_BYTES_MAX: usize = 1 << 20;
/// Extents of one file, and descriptors of the volume.
const EXTENTS_MAX: usize = 100_000;
const DESCRIPTORS_MAX: usize = 64;
/// Where the volume's beginning is told, in blocks.
const ANCHOR: usize = 256;
/// Length of a path, in bytes.
const PATH_BYTES_MAX: usize = 1024;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some(volume) = [2048, 512, 4096].into_iter().find_map(|block| Volume::open(bytes, block))
    else {
        // Most images of discs have none.
        return;
    };
    if volume.is_special {
        return unpacking.note("udf: a kind of partition that is not unpacked".to_owned());
    }
    if volume.walk(unpacking).is_none() {
        unpacking.note("udf: broken".to_owned());
    }
}

struct Volume<'a> {
    bytes: &'a [u8],
    block: usize,
    /// Where the partition begins, in bytes.
    partition: usize,
    /// Where the set of files is described, in blocks of the partition.
    files: usize,
    is_special: bool,
}

impl<'a> Volume<'a> {
    fn open(bytes: &'a [u8], block: usize) -> Option<Self> {
        let anchor = descriptor(bytes, ANCHOR.checked_mul(block)?, 2)?;
        let count = (u32_le(anchor, 16)? as usize / block).min(DESCRIPTORS_MAX);
        let first = u32_le(anchor, 20)? as usize;
        let (mut partition, mut logical) = (None, None);
        for index in 0..count {
            let at = first.checked_add(index)?.checked_mul(block)?;
            match slice(bytes, at, 2).and_then(|tag| u16_le(tag, 0)) {
                Some(5) => partition = descriptor(bytes, at, 5),
                Some(6) => logical = descriptor(bytes, at, 6),
                Some(8) | None => break,
                _ => {}
            }
        }
        let (partition, logical) = (partition?, logical?);
        let maps = logical.get(440..)?;
        Some(Self {
            bytes,
            block: u32_le(logical, 212).map(|it| it as usize).filter(|it| *it == block)?,
            partition: (u32_le(partition, 188)? as usize).checked_mul(block)?,
            files: u32_le(logical, 252)? as usize,
            is_special: u32_le(logical, 268)? != 1 || maps.first() != Some(&1),
        })
    }

    /// Place of a block of the partition.
    fn place(&self, block: usize) -> Option<usize> {
        self.partition.checked_add(block.checked_mul(self.block)?)
    }

    fn walk(&self, unpacking: &mut Unpacking<'_>) -> Option<()> {
        let set = descriptor(self.bytes, self.place(self.files)?, 256)?;
        let root = u32_le(set, 404)? as usize;
        let mut seen = HashSet::new();
        let mut waiting = VecDeque::from([(root, Vec::new())]);
        while let Some((at, path)) = waiting.pop_front() {
            if !seen.insert(at) || seen.len() > DIRECTORIES_MAX {
                continue;
            }
            let Some(directory) = self.entry(at) else {
                unpacking.note("udf: a directory is broken".to_owned());
                continue;
            };
            let length = usize::try_from(directory.length).unwrap_or(usize::MAX);
            let (content, _) = self.content(&directory, length.min(DIRECTORY_BYTES_MAX));
            for (name, place, is_directory) in identifiers(&content) {
                let mut full = path.clone();
                full.extend_from_slice(name.as_bytes());
                if full.len() > PATH_BYTES_MAX {
                    continue;
                }
                if is_directory {
                    full.push(b'/');
                    if waiting.len() < DIRECTORIES_MAX {
                        waiting.push_back((place, full));
                    }
                    continue;
                }
                if unpacking.is_full() {
                    unpacking.note("udf: not all members were looked at".to_owned());
                    return Some(());
                }
                let Some(file) = self.entry(place) else {
                    unpacking.note("udf: a file is broken".to_owned());
                    continue;
                };
                let length = unpacking.room("udf", file.length);
                let (content, whole) = self.content(&file, length);
                if !whole {
                    unpacking.note("udf: a file lies outside of the image".to_owned());
                }
                unpacking.add("udf", Some(&full), content);
            }
        }
        Some(())
    }

    /// The entry of a file or directory (ECMA-167, 4/14.9 and 4/14.17).
    fn entry(&self, block: usize) -> Option<Entry<'a>> {
        let at = self.place(block)?;
        let (entry, lengths) = match descriptor(self.bytes, at, 261) {
            Some(entry) => (entry, 168),
            None => (descriptor(self.bytes, at, 266)?, 208),
        };
        let attributes = u32_le(entry, lengths)? as usize;
        let length = u32_le(entry, lengths + 4)? as usize;
        let low = u32_le(entry, 56)?;
        Some(Entry {
            length: u64::from(u32_le(entry, 60)?) << 32 | u64::from(low),
            kind: u16_le(entry, 34)? & 7,
            places: slice(entry, (lengths + 8).checked_add(attributes)?, length)?,
        })
    }

    /// The first `length` bytes of a file, and whether they are all there.
    fn content(&self, entry: &Entry<'a>, length: usize) -> (Vec<u8>, bool) {
        let mut content = Vec::new();
        if entry.kind == 3 {
            let there = &entry.places[..entry.places.len().min(length)];
            return (there.to_vec(), there.len() == length);
        }
        let step = match entry.kind {
            0 => 8,
            1 => 16,
            _ => return (content, length == 0),
        };
        let mut places = entry.places;
        let mut at = 0;
        for _ in 0..EXTENTS_MAX {
            let (Some(head), Some(block)) = (u32_le(places, at), u32_le(places, at + 4)) else {
                break;
            };
            at += step;
            let count = (head & 0x3fff_ffff) as usize;
            if count == 0 || content.len() >= length {
                break;
            }
            // Recorded, only reserved, not even that, or where the list goes on.
            let wanted = count.min(length - content.len());
            match head >> 30 {
                0 => {
                    let place = self.place(block as usize);
                    let rest = place.and_then(|at| self.bytes.get(at..)).unwrap_or_default();
                    content.extend_from_slice(&rest[..rest.len().min(wanted)]);
                    if rest.len() < wanted {
                        break;
                    }
                }
                3 => {
                    let next = self.place(block as usize);
                    let next = next.and_then(|at| descriptor(self.bytes, at, 258));
                    let Some(next) = next else { break };
                    let length = u32_le(next, 20).map_or(0, |it| it as usize);
                    places = slice(next, 24, length).unwrap_or_default();
                    at = 0;
                }
                _ => content.resize(content.len() + wanted, 0),
            }
        }
        let whole = content.len() == length;
        (content, whole)
    }
}

struct Entry<'a> {
    length: u64,
    /// How its places are told: briefly, at length, or not at all, as it stands here itself.
    kind: u16,
    places: &'a [u8],
}

/// What begins at `at`, if it is a descriptor of the wanted kind whose tag is right.
fn descriptor(bytes: &[u8], at: usize, wanted: u16) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let tag = slice(rest, 0, 16)?;
    // A sum of the tag's own bytes but the fifth.
    let sum = tag.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_sub(tag[4]);
    (u16_le(tag, 0) == Some(wanted) && sum == tag[4]).then_some(rest)
}

/// Names in a directory with the block of what they name, and whether that is a directory.
fn identifiers(directory: &[u8]) -> Vec<(String, usize, bool)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(entry) = descriptor(directory, at, 257) {
        let (Some(flags), Some(letters)) = (entry.get(18), entry.get(19)) else { break };
        let (Some(place), Some(extra)) = (u32_le(entry, 24), u16_le(entry, 36)) else { break };
        let (letters, extra) = (usize::from(*letters), usize::from(extra));
        let Some(name) = slice(entry, 38 + extra, letters) else { break };
        at += (38 + extra + letters).next_multiple_of(4);
        // Deleted, or the parent.
        if flags & 0x0c == 0 && !name.is_empty() {
            found.push((text(name), place as usize, flags & 2 != 0));
        }
    }
    found
}

/// Letters of one byte or two, as the first byte says (OSTA UDF 2.1.1).
fn text(name: &[u8]) -> String {
    let (kind, letters) = (name[0], &name[1..]);
    let name: String = if kind == 16 {
        let units = letters.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
        char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        letters.iter().map(|byte| char::from(*byte)).collect()
    };
    name.replace('/', "_")
}
