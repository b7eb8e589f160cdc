//! ext2, ext3 and ext4, by the `ext4-view` crate. Links are not followed.

use super::image::{Disk, Part};
use crate::unpack::{Unpacking, u32_le};
use ext4_view::{Ext4, Ext4Read};
use std::error::Error;

/// Directories, and entries of one of them, that are looked at.
const DIRECTORIES_MAX: usize = 5000;
const ENTRIES_MAX: usize = 20_000;
/// Folders in folders.
const DEPTH_MAX: usize = 64;
/// Groups of blocks: the crate asks for memory for all at once.
const GROUPS_MAX: u32 = 100_000;
/// Content is read in pieces of so many bytes.
const PIECE_BYTES: usize = 64 << 10;

pub(super) fn unpack(
    part: &Part<'_>,
    container: &'static str,
    prefix: &str,
    unpacking: &mut Unpacking<'_>,
) -> Option<()> {
    if !is_sane(part) {
        return None;
    }
    let source = Source { disk: part.disk().owned(), start: part.start(), length: part.length() };
    let system = Ext4::load(Box::new(source)).ok()?;
    let mut folders = vec![(b"/".to_vec(), 0)];
    let mut looked = 0;
    while let Some((folder, depth)) = folders.pop() {
        looked += 1;
        if looked > DIRECTORIES_MAX {
            unpacking.note(format!("{container}: not all directories were looked at"));
            break;
        }
        let Ok(inside) = system.read_dir(&folder[..]) else { continue };
        for found in inside.take(ENTRIES_MAX).flatten() {
            if matches!(found.file_name().as_ref(), b"." | b"..") {
                continue;
            }
            let path = found.path();
            let Ok(metadata) = system.symlink_metadata(&path) else { continue };
            let name = path.as_path().as_ref().to_vec();
            if metadata.file_type().is_dir() {
                if depth < DEPTH_MAX && folders.len() < DIRECTORIES_MAX {
                    folders.push((name, depth + 1));
                }
                continue;
            }
            if !metadata.file_type().is_regular_file() {
                continue;
            }
            if unpacking.is_full() {
                unpacking.note(format!("{container}: not all members were looked at"));
                return Some(());
            }
            let length = unpacking.room(container, metadata.len());
            let Some(content) = read(&system, &name, length) else {
                unpacking.note(format!("{container}: a file of ext is broken"));
                continue;
            };
            let bare = name.strip_prefix(b"/").unwrap_or(&name);
            let full = [prefix.as_bytes(), bare].concat();
            unpacking.add(container, Some(&full), content);
        }
    }
    Some(())
}

/// The first `length` bytes of a file, or as many as it has.
fn read(system: &Ext4, path: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut file = system.open(path).ok()?;
    let mut content = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    while content.len() < length {
        let wanted = PIECE_BYTES.min(length - content.len());
        match file.read_bytes(&mut piece[..wanted]).ok()? {
            0 => break,
            count => content.extend_from_slice(&piece[..count.min(wanted)]),
        }
    }
    Some(content)
}

/// Whether what the superblock says of the size fits the volume.
fn is_sane(part: &Part<'_>) -> bool {
    let Some(block) = part.take(1024, 1024) else { return false };
    let word = |at| u32_le(&block, at).unwrap_or(0);
    let (blocks, log, per_group) = (word(4), word(24), word(32));
    let bytes = |log: u32| u64::from(blocks) << (10 + log);
    log <= 6
        && per_group >= 8
        && blocks / per_group < GROUPS_MAX
        // The upper half of a number of blocks no sample needs.
        && word(0x150) == 0
        && bytes(log) <= part.length().saturating_add(part.length() / 2 + (1 << 20))
}

/// A volume with bytes of its own.
struct Source {
    disk: Disk<'static>,
    start: u64,
    length: u64,
}

impl Ext4Read for Source {
    fn read(
        &mut self,
        start_byte: u64,
        dst: &mut [u8],
    ) -> Result<(), Box<dyn Error + Send + Sync + 'static>> {
        let part = Part::new(&self.disk, self.start, self.length);
        part.read(start_byte, dst).ok_or_else(|| "outside of the volume".into())
    }
}
