//! cramfs, the file system of older routers and cameras, in either byte order (the kernel's
//! `include/uapi/linux/cramfs_fs.h`).

use super::{Unpacking, slice, u32_be, u32_le};
use flate2::read::ZlibDecoder;
use std::collections::{HashSet, VecDeque};
use std::io::Read;

/// Unpacked length of a block, in bytes.
const BLOCK_BYTES: usize = 4096;
/// Directories that are looked at, and the length of one, in bytes.
const DIRECTORIES_MAX: usize = 2000;
const DIRECTORY_BYTES_MAX: usize = 1 << 20;
/// Length of a path, in bytes.
const PATH_BYTES_MAX: usize = 1024;
/// Place of the root's inode.
const ROOT: usize = 64;
const INODE_BYTES: usize = 12;
/// Whether pointers to blocks have flags.
const EXTENDED_POINTERS: u32 = 0x800;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let image = Image { bytes, is_big: bytes.starts_with(b"\x28\xcd\x3d\x45") };
    if image.walk(unpacking).is_none() {
        unpacking.note("cramfs: broken".to_owned());
    }
}

struct Image<'a> {
    bytes: &'a [u8],
    is_big: bool,
}

struct Inode {
    mode: u32,
    size: usize,
    name: usize,
    at: usize,
}

impl Image<'_> {
    fn word(&self, at: usize) -> Option<u32> {
        if self.is_big { u32_be(self.bytes, at) } else { u32_le(self.bytes, at) }
    }

    /// An inode; its fields lie in words from their first bit on, whichever end that is.
    fn inode(&self, at: usize) -> Option<Inode> {
        let (first, second, third) = (self.word(at)?, self.word(at + 4)?, self.word(at + 8)?);
        let inode = if self.is_big {
            (first >> 16, second >> 8, third >> 26, third & 0x03ff_ffff)
        } else {
            (first & 0xffff, second & 0x00ff_ffff, third & 0x3f, third >> 6)
        };
        let (mode, size, name, at) = inode;
        Some(Inode { mode, size: size as usize, name: name as usize * 4, at: at as usize * 4 })
    }

    fn walk(&self, unpacking: &mut Unpacking<'_>) -> Option<()> {
        let has_flags = self.word(8)? & EXTENDED_POINTERS != 0;
        let root = self.inode(ROOT)?;
        let mut seen = HashSet::new();
        let mut waiting = VecDeque::from([(root, Vec::new())]);
        while let Some((directory, path)) = waiting.pop_front() {
            if directory.size == 0 || !seen.insert(directory.at) || seen.len() > DIRECTORIES_MAX {
                continue;
            }
            let mut at = directory.at;
            let end = at + directory.size.min(DIRECTORY_BYTES_MAX);
            while at < end {
                let Some(inode) = self.inode(at) else { break };
                let Some(name) = slice(self.bytes, at + INODE_BYTES, inode.name) else { break };
                at += INODE_BYTES + inode.name;
                let name = &name[..memchr::memchr(0, name).unwrap_or(name.len())];
                let full = [&path, name].concat();
                if name.is_empty() || full.len() > PATH_BYTES_MAX {
                    continue;
                }
                match inode.mode >> 12 {
                    4 if waiting.len() < DIRECTORIES_MAX => {
                        waiting.push_back((inode, [&full[..], b"/"].concat()));
                    }
                    8 => {
                        if unpacking.is_full() {
                            unpacking.note("cramfs: not all members were looked at".to_owned());
                            return Some(());
                        }
                        let length = unpacking.room("cramfs", inode.size as u64);
                        let (content, whole) = self.content(&inode, length, has_flags);
                        if !whole {
                            let done = content.len();
                            unpacking.note(format!("cramfs: a file is broken after {done} bytes"));
                        }
                        unpacking.add("cramfs", Some(&full), content);
                    }
                    _ => {}
                }
            }
        }
        Some(())
    }

    /// The first `length` bytes of a file, and whether they are good.
    fn content(&self, inode: &Inode, length: usize, has_flags: bool) -> (Vec<u8>, bool) {
        let blocks = inode.size.div_ceil(BLOCK_BYTES);
        let mut content = Vec::new();
        // In front of the blocks stands where each ends.
        let mut start = inode.at + 4 * blocks;
        for index in 0..blocks {
            if content.len() >= length {
                break;
            }
            let wanted = BLOCK_BYTES.min(inode.size - index * BLOCK_BYTES);
            let Some(pointer) = self.word(inode.at + 4 * index) else { return (content, false) };
            let (is_plain, is_direct) = if has_flags {
                (pointer >> 31 == 1, pointer >> 30 & 1 == 1)
            } else {
                (false, false)
            };
            let end = if has_flags { pointer & 0x3fff_ffff } else { pointer } as usize;
            // Direct pointers say where blocks begin; only images that run in place have them.
            let Some(packed) = end.checked_sub(start).and_then(|it| slice(self.bytes, start, it))
            else {
                return (content, false);
            };
            if is_direct {
                return (content, false);
            }
            start = end;
            if packed.is_empty() {
                content.resize(content.len() + wanted, 0);
            } else if is_plain {
                content.extend_from_slice(&packed[..packed.len().min(wanted)]);
            } else {
                let mut reader = ZlibDecoder::new(packed).take(wanted as u64);
                let before = content.len();
                if reader.read_to_end(&mut content).is_err() || content.len() - before < wanted {
                    return (content, false);
                }
            }
        }
        content.truncate(length);
        let whole = content.len() == length;
        (content, whole)
    }
}
