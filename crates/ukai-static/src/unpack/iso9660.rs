//! ISO 9660 images (ECMA-119), with Joliet's names where they are.

use super::{Unpacking, slice, u32_le};
use std::collections::{HashSet, VecDeque};

const SECTOR_BYTES: usize = 2048;
/// Volume descriptors that are looked at.
const DESCRIPTORS_MAX: usize = 32;
/// Directories that are looked at.
const DIRECTORIES_MAX: usize = 2000;
/// Length of one directory that is looked at, in bytes.
const DIRECTORY_BYTES_MAX: usize = 4 << 20;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some((root, joliet)) = root(bytes) else {
        return unpacking.note("iso9660: no volume descriptor".to_owned());
    };
    let mut seen = HashSet::new();
    let mut waiting = VecDeque::from([(root, Vec::new())]);
    while let Some(((at, length), path)) = waiting.pop_front() {
        if !seen.insert(at) || seen.len() > DIRECTORIES_MAX {
            continue;
        }
        let directory = bytes.get(at..).unwrap_or_default();
        let directory = &directory[..directory.len().min(length).min(DIRECTORY_BYTES_MAX)];
        for record in records(directory) {
            let Some(name) = name(record, joliet) else { continue };
            let mut full = path.clone();
            full.extend_from_slice(&name);
            let Some((at, length)) = extent(record) else { continue };
            if record[25] & 2 != 0 {
                full.push(b'/');
                waiting.push_back(((at, length), full));
                continue;
            }
            if unpacking.is_full() {
                return unpacking.note("iso9660: not all members were looked at".to_owned());
            }
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.len() < length {
                unpacking.note("iso9660: a file lies outside of the image".to_owned());
            }
            let content = &rest[..rest.len().min(length)];
            if unpacking.has(content) {
                continue;
            }
            let content = unpacking.read("iso9660", &mut &*content, content.len());
            unpacking.add("iso9660", Some(&full), content);
        }
    }
}

type Extent = (usize, usize);

/// The root directory: Joliet's if there is one, and whether it is.
fn root(bytes: &[u8]) -> Option<(Extent, bool)> {
    let mut primary = None;
    for index in 0..DESCRIPTORS_MAX {
        let Some(descriptor) = slice(bytes, (16 + index) * SECTOR_BYTES, SECTOR_BYTES) else {
            break;
        };
        if &descriptor[1..6] != b"CD001" || descriptor[0] == 255 {
            break;
        }
        let root = || extent(&descriptor[156..190]);
        // Escape sequences of UCS-2, levels 1 to 3.
        let joliet = matches!(&descriptor[88..91], b"%/@" | b"%/C" | b"%/E");
        match descriptor[0] {
            1 => primary = primary.or_else(root),
            2 if joliet => return root().map(|root| (root, true)),
            _ => {}
        }
    }
    primary.map(|root| (root, false))
}

fn extent(record: &[u8]) -> Option<Extent> {
    let sector = u32_le(record, 2)? as usize;
    Some((sector.checked_mul(SECTOR_BYTES)?, u32_le(record, 10)? as usize))
}

/// Records of a directory; none crosses a sector.
fn records(directory: &[u8]) -> impl Iterator<Item = &[u8]> {
    directory.chunks(SECTOR_BYTES).flat_map(|sector| {
        let mut at = 0;
        std::iter::from_fn(move || {
            let length = usize::from(*sector.get(at)?);
            let record = slice(sector, at, length).filter(|record| record.len() >= 34)?;
            at += length;
            Some(record)
        })
    })
}

fn name(record: &[u8], joliet: bool) -> Option<Vec<u8>> {
    let raw = slice(record, 33, usize::from(record[32]))?;
    // The directory itself and its parent.
    if matches!(raw, [0 | 1]) {
        return None;
    }
    let raw = if joliet {
        let units = raw.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
        char::decode_utf16(units).map(|c| c.unwrap_or('?')).collect::<String>().into_bytes()
    } else {
        raw.to_vec()
    };
    // `NAME.EXT;1`
    let end = memchr::memchr(b';', &raw).unwrap_or(raw.len());
    Some(raw[..end].to_vec())
}
