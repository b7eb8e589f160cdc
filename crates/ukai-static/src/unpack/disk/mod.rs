//! Disks and their file systems: raw images, VHD and VHDX, with partitions or without.
//!
//! A disk is never put together as a whole: `image` says where each of its bytes stands in the
//! file, and the readers of file systems ask for what a file needs. What they read is counted,
//! so that no chain and no table goes on for ever.

mod ext;
mod fat;
mod image;
mod ntfs;
mod partitions;
mod vhd;
mod vhdx;

use super::{Unpacking, carve};
use crate::kind;
use image::{Disk, Part};

/// Volumes of one disk that are looked at.
const VOLUMES_MAX: usize = 32;
/// Beginning of a volume by which its type is told, in bytes: ISO 9660 tells at 32 KiB.
const HEAD_BYTES: usize = 36 << 10;

/// A disk byte for byte.
pub(super) fn raw(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    open(&Disk::plain(bytes, bytes.len() as u64), "disk", unpacking);
}

/// Microsoft's Virtual Hard Disk.
pub(super) fn vhd(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    match vhd::open(bytes, unpacking) {
        Some(disk) => open(&disk, "vhd", unpacking),
        None => unpacking.note("vhd: broken".to_owned()),
    }
}

/// Microsoft's VHDX.
pub(super) fn vhdx(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    match vhdx::open(bytes, unpacking) {
        Some(disk) => open(&disk, "vhdx", unpacking),
        None => unpacking.note("vhdx: broken".to_owned()),
    }
}

/// Takes the files out of all volumes; if there is none, what stands in the bytes.
fn open(disk: &Disk<'_>, container: &'static str, unpacking: &mut Unpacking<'_>) {
    let mut known = false;
    let volumes = partitions::find(disk);
    for (number, part) in volumes.iter().take(VOLUMES_MAX).enumerate() {
        // A disk without a table is one volume, whose files need no prefix.
        let prefix = if volumes.len() == 1 { String::new() } else { format!("{number}/") };
        known |= volume(part, container, &prefix, unpacking);
    }
    if disk.is_exhausted() {
        unpacking.note(format!("{container}: not all of it was read"));
    }
    if !known {
        let room = unpacking.room(container, disk.stored());
        carve::carve(&disk.written(room), 1, unpacking);
    }
}

/// Takes the files out of one volume; false if it is none that is known.
fn volume(
    part: &Part<'_>,
    container: &'static str,
    prefix: &str,
    unpacking: &mut Unpacking<'_>,
) -> bool {
    let head = part.head(HEAD_BYTES);
    let found = kind::identify(&head, None);
    let read = match found.file_type.name.as_str() {
        "fat" => fat::unpack(part, container, prefix, unpacking),
        "ntfs" => ntfs::unpack(part, container, prefix, unpacking),
        "ext" => ext::unpack(part, container, prefix, unpacking),
        "unknown" | "empty" | "boot-sector" | "gpt" | "text" | "swap" => return false,
        // Something else that is known goes on as a layer of its own: not the whole again.
        _ if part.start() > 0 => {
            let length = unpacking.room(container, part.length());
            let content = part.take(0, length).unwrap_or_default();
            let name = format!("{prefix}{}", found.file_type.name);
            return unpacking.add(container, Some(name.as_bytes()), content);
        }
        _ => return false,
    };
    if read.is_none() {
        unpacking.note(format!("{container}: {} is broken", found.file_type.name));
    }
    true
}
