//! Squashfs 4, the file system of most routers' firmware, after the kernel's
//! `fs/squashfs/squashfs_fs.h`. Older versions and vendors' variants are only recognised.
//!
//! Tables are read where a file needs them, in blocks of 8 KiB, so that an image with absurd
//! numbers costs nothing.

use super::{Unpacking, lzo, slice, u16_le, u32_le};
use crate::limits::DICTIONARY_KIB_MAX;
use flate2::read::ZlibDecoder;
use lzma_rust2::{LzmaReader, XzReader};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::Read;

/// Unpacked length of a block of a table, in bytes.
const TABLE_BLOCK_BYTES: usize = 8192;
/// Blocks of tables that are unpacked.
const TABLE_BLOCKS_MAX: usize = 4096;
/// Largest block of a file, in bytes (the kernel's limit).
const BLOCK_BYTES_MAX: usize = 1 << 20;
/// Directories that are looked at.
const DIRECTORIES_MAX: usize = 2000;
/// Length of one directory that is looked at, in bytes.
const DIRECTORY_BYTES_MAX: usize = 1 << 20;
/// Length of a path, in bytes.
const PATH_BYTES_MAX: usize = 1024;
/// Fragments that stay unpacked: neighbours lie in the same one.
const FRAGMENTS_KEPT: usize = 4;
const NO_FRAGMENT: u32 = u32::MAX;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some(mut image) = Image::open(bytes) else {
        return unpacking.note("squashfs: not version 4, or cut off: not unpacked".to_owned());
    };
    if !matches!(image.method, 1..=6) {
        return unpacking.note("squashfs: compressed by an unknown method".to_owned());
    }
    if image.walk(unpacking).is_none() {
        unpacking.note("squashfs: broken".to_owned());
    }
}

struct Image<'a> {
    bytes: &'a [u8],
    method: u16,
    block_bytes: usize,
    inodes: usize,
    directories: usize,
    fragments: usize,
    root: u64,
    /// Unpacked blocks of tables by their place, with the place of the next one.
    tables: HashMap<usize, (Vec<u8>, usize)>,
    /// Unpacked fragments by their place.
    kept: VecDeque<(usize, Vec<u8>)>,
}

/// A place within a table.
#[derive(Clone, Copy)]
struct Cursor {
    block: usize,
    offset: usize,
}

/// What an inode says that is of use here.
enum Inode {
    Directory { at: Cursor, length: usize },
    File(File),
    Other,
}

struct File {
    start: usize,
    length: usize,
    fragment: u32,
    fragment_offset: usize,
    /// Where the lengths of its blocks stand.
    blocks: Cursor,
}

impl<'a> Image<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let place = |at| usize::try_from(u64_le(bytes, at)?).ok();
        let block_bytes = u32_le(bytes, 12)? as usize;
        let good = bytes.starts_with(b"hsqs")
            && u16_le(bytes, 28)? == 4
            && (4096..=BLOCK_BYTES_MAX).contains(&block_bytes);
        good.then_some(Self {
            bytes,
            method: u16_le(bytes, 20)?,
            block_bytes,
            inodes: place(64)?,
            directories: place(72)?,
            fragments: place(80)?,
            root: u64_le(bytes, 32)?,
            tables: HashMap::new(),
            kept: VecDeque::new(),
        })
    }

    /// Goes through all directories; `None` if even the root is broken.
    fn walk(&mut self, unpacking: &mut Unpacking<'_>) -> Option<()> {
        let Inode::Directory { at, length } = self.inode(self.root)? else { return None };
        let mut seen = HashSet::new();
        let mut waiting = VecDeque::from([(at, length, Vec::new())]);
        while let Some((at, length, path)) = waiting.pop_front() {
            if !seen.insert((at.block, at.offset)) || seen.len() > DIRECTORIES_MAX {
                continue;
            }
            for (name, place) in self.entries(at, length) {
                let mut full: Vec<u8> = path.clone();
                full.extend_from_slice(&name);
                if full.len() > PATH_BYTES_MAX {
                    continue;
                }
                match self.inode(place) {
                    Some(Inode::Directory { at, length }) => {
                        full.push(b'/');
                        waiting.push_back((at, length, full));
                    }
                    Some(Inode::File(file)) => {
                        if unpacking.is_full() {
                            unpacking.note("squashfs: not all members were looked at".to_owned());
                            return Some(());
                        }
                        self.take_out(&file, &full, unpacking);
                    }
                    Some(Inode::Other) => {}
                    None => unpacking.note("squashfs: an inode is broken".to_owned()),
                }
            }
        }
        Some(())
    }

    fn take_out(&mut self, file: &File, name: &[u8], unpacking: &mut Unpacking<'_>) {
        let max = unpacking.limits.member_bytes.min(unpacking.budget.bytes);
        let length = file.length.min(max);
        if length < file.length {
            unpacking.note(format!("squashfs: unpacked up to the limit of {max} bytes"));
        }
        let (content, whole) = self.content(file, length);
        if !whole {
            unpacking.note(format!("squashfs: a file is broken after {} bytes", content.len()));
        }
        unpacking.add("squashfs", Some(name), content);
    }

    /// The first `length` bytes of a file, as far as they are there, and whether they are.
    fn content(&mut self, file: &File, length: usize) -> (Vec<u8>, bool) {
        let mut content = Vec::new();
        let has_fragment = file.fragment != NO_FRAGMENT;
        let blocks = if has_fragment {
            file.length / self.block_bytes
        } else {
            file.length.div_ceil(self.block_bytes)
        };
        let mut sizes = file.blocks;
        let mut at = file.start;
        for _ in 0..blocks {
            if content.len() >= length {
                break;
            }
            let Some(size) = self.take(&mut sizes, 4).and_then(|it| u32_le(&it, 0)) else {
                return (content, false);
            };
            let packed = (size & 0xff_ffff) as usize;
            let wanted = (file.length - content.len()).min(self.block_bytes);
            if packed == 0 {
                // A hole.
                content.resize(content.len() + wanted, 0);
                continue;
            }
            let Some(block) = slice(self.bytes, at, packed)
                .and_then(|block| self.block(block, size >> 24 & 1 == 0))
            else {
                return (content, false);
            };
            content.extend_from_slice(&block[..block.len().min(wanted)]);
            at += packed;
        }
        if has_fragment && content.len() < length {
            let rest = file.length - content.len();
            let end = self.fragment(file.fragment).and_then(|fragment| {
                slice(fragment, file.fragment_offset, rest).map(<[u8]>::to_vec)
            });
            content.extend(end.unwrap_or_default());
        }
        content.truncate(length);
        let whole = content.len() == length;
        (content, whole)
    }

    /// The content of a block of a file.
    fn block(&self, block: &[u8], packed: bool) -> Option<Vec<u8>> {
        if packed {
            decompress(self.method, block, self.block_bytes)
        } else {
            (block.len() <= self.block_bytes).then(|| block.to_vec())
        }
    }

    /// A fragment: a block in which ends of several files lie.
    fn fragment(&mut self, index: u32) -> Option<&[u8]> {
        let (table, entry) = (index as usize / 512, index as usize % 512);
        let pointer = usize::try_from(u64_le(self.bytes, self.fragments + 8 * table)?).ok()?;
        let mut at = Cursor { block: pointer, offset: 16 * entry };
        let entry = self.take(&mut at, 16)?;
        let (start, size) = (usize::try_from(u64_le(&entry, 0)?).ok()?, u32_le(&entry, 8)?);
        if !self.kept.iter().any(|(place, _)| *place == start) {
            let block = slice(self.bytes, start, (size & 0xff_ffff) as usize)?;
            let content = self.block(block, size >> 24 & 1 == 0)?;
            self.kept.push_back((start, content));
            if self.kept.len() > FRAGMENTS_KEPT {
                self.kept.pop_front();
            }
        }
        self.kept.iter().find(|(place, _)| *place == start).map(|(_, content)| &content[..])
    }

    /// Names of a directory and the places of their inodes.
    fn entries(&mut self, at: Cursor, length: usize) -> Vec<(Vec<u8>, u64)> {
        let mut found = Vec::new();
        let mut at = at;
        // The length counts "." and "..", which are not there.
        let mut left = length.saturating_sub(3).min(DIRECTORY_BYTES_MAX);
        while left >= 12 {
            let Some(head) = self.take(&mut at, 12) else { break };
            left -= 12;
            let (Some(count), Some(block)) = (u32_le(&head, 0), u32_le(&head, 4)) else { break };
            for _ in 0..=count.min(255) {
                let Some(entry) = self.take(&mut at, 8) else { return found };
                let size = usize::from(u16_le(&entry, 6).unwrap_or(0)) + 1;
                if left < 8 + size || size > 256 {
                    return found;
                }
                left -= 8 + size;
                let Some(name) = self.take(&mut at, size) else { return found };
                let offset = u64::from(u16_le(&entry, 0).unwrap_or(0));
                found.push((name, u64::from(block) << 16 | offset));
            }
        }
        found
    }

    fn inode(&mut self, place: u64) -> Option<Inode> {
        let block = self.inodes.checked_add(usize::try_from(place >> 16).ok()?)?;
        let mut at = Cursor { block, offset: (place & 0xffff) as usize };
        let head = self.take(&mut at, 16)?;
        let directory = |block: u32, offset: u16, length: usize, base: usize| {
            let at = Cursor { block: base.checked_add(block as usize)?, offset: offset.into() };
            Some(Inode::Directory { at, length })
        };
        match u16_le(&head, 0)? {
            1 => {
                let rest = self.take(&mut at, 16)?;
                let length = usize::from(u16_le(&rest, 8)?);
                directory(u32_le(&rest, 0)?, u16_le(&rest, 10)?, length, self.directories)
            }
            8 => {
                let rest = self.take(&mut at, 24)?;
                let length = u32_le(&rest, 4)? as usize;
                directory(u32_le(&rest, 8)?, u16_le(&rest, 18)?, length, self.directories)
            }
            2 => {
                let rest = self.take(&mut at, 16)?;
                Some(Inode::File(File {
                    start: u32_le(&rest, 0)? as usize,
                    fragment: u32_le(&rest, 4)?,
                    fragment_offset: u32_le(&rest, 8)? as usize,
                    length: u32_le(&rest, 12)? as usize,
                    blocks: at,
                }))
            }
            9 => {
                let rest = self.take(&mut at, 40)?;
                Some(Inode::File(File {
                    start: usize::try_from(u64_le(&rest, 0)?).ok()?,
                    length: usize::try_from(u64_le(&rest, 8)?).ok()?,
                    fragment: u32_le(&rest, 28)?,
                    fragment_offset: u32_le(&rest, 32)? as usize,
                    blocks: at,
                }))
            }
            _ => Some(Inode::Other),
        }
    }

    /// The next `length` bytes of a table.
    fn take(&mut self, at: &mut Cursor, length: usize) -> Option<Vec<u8>> {
        let mut taken = Vec::with_capacity(length.min(TABLE_BLOCK_BYTES));
        while taken.len() < length {
            let (content, next) = self.table(at.block)?;
            if at.offset >= content.len() {
                // An empty block would go on for ever.
                if content.is_empty() {
                    return None;
                }
                *at = Cursor { block: *next, offset: at.offset - content.len() };
                continue;
            }
            let rest = &content[at.offset..];
            let part = &rest[..rest.len().min(length - taken.len())];
            taken.extend_from_slice(part);
            at.offset += part.len();
        }
        Some(taken)
    }

    /// The block of a table at a place, and the place of the next one.
    fn table(&mut self, at: usize) -> Option<&(Vec<u8>, usize)> {
        if !self.tables.contains_key(&at) {
            if self.tables.len() >= TABLE_BLOCKS_MAX {
                return None;
            }
            let head = u16_le(self.bytes, at)?;
            let length = usize::from(head & 0x7fff);
            let block = slice(self.bytes, at + 2, length)?;
            let content = if head & 0x8000 == 0 {
                decompress(self.method, block, TABLE_BLOCK_BYTES)?
            } else {
                block.to_vec()
            };
            self.tables.insert(at, (content, at + 2 + length));
        }
        self.tables.get(&at)
    }
}

/// Unpacks a block; `None` if it is broken or longer than it may be.
fn decompress(method: u16, block: &[u8], max: usize) -> Option<Vec<u8>> {
    let all = |reader: &mut dyn Read| {
        let mut content = Vec::new();
        reader.take(max as u64 + 1).read_to_end(&mut content).ok()?;
        (content.len() <= max).then_some(content)
    };
    match method {
        1 => all(&mut ZlibDecoder::new(block)),
        2 => all(&mut LzmaReader::new_mem_limit(block, DICTIONARY_KIB_MAX, None).ok()?),
        3 => all(&mut &lzo::decompress(block, max + 1)[..]),
        4 => all(&mut XzReader::new_mem_limit(block, false, DICTIONARY_KIB_MAX)),
        5 => lz4_flex::block::decompress(block, max).ok(),
        6 => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(block).ok()?;
            decoder.window_log_max(25).ok()?;
            all(&mut decoder)
        }
        _ => None,
    }
}

fn u64_le(bytes: &[u8], at: usize) -> Option<u64> {
    let low = u64::from(u32_le(bytes, at)?);
    Some(low | u64::from(u32_le(bytes, at.checked_add(4)?)?) << 32)
}
