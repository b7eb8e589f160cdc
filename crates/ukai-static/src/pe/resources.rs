//! Resources of a PE file: three levels of directories (type, name, language), and the
//! strings of the version (`VS_VERSIONINFO`).

use super::{Image, RESOURCES};
use crate::limits::{PE_RESOURCE_ENTRIES_MAX, PE_RESOURCES_MAX, PE_VERSION_STRINGS_MAX};
use memchr::memmem;
use ukai_model::{PeResource, PeVersion, PeerText};

const VERSION: u32 = 16;

pub(super) fn read(image: &Image<'_>) -> (Vec<PeResource>, Vec<PeVersion>) {
    let base = image.directory(RESOURCES).and_then(|(at, _)| image.place(at));
    let Some(base) = base else { return (Vec::new(), Vec::new()) };
    let tree = Tree { image, base };
    let mut resources = Vec::new();
    let mut version = Vec::new();
    for (kind, kinds) in tree.directory(0) {
        for (name, names) in tree.children(kinds) {
            for (_, leaf) in tree.children(names) {
                if resources.len() >= PE_RESOURCES_MAX {
                    return (resources, version);
                }
                let Some((offset, size)) = tree.leaf(leaf) else { continue };
                if kind == VERSION && version.is_empty() {
                    version = strings(image.slice(offset, size).unwrap_or_default());
                }
                resources.push(PeResource {
                    kind: tree.name(kind, true),
                    name: tree.name(name, false),
                    offset: offset as u64,
                    size: size as u64,
                });
            }
        }
    }
    (resources, version)
}

struct Tree<'a> {
    image: &'a Image<'a>,
    base: usize,
}

impl Tree<'_> {
    /// Names and places of a directory's entries.
    fn directory(&self, at: usize) -> Vec<(u32, u32)> {
        let at = self.base.saturating_add(at);
        let half = |offset| self.image.u16(at + offset).map_or(0, usize::from);
        let count = (half(12) + half(14)).min(PE_RESOURCE_ENTRIES_MAX);
        (0..count)
            .map_while(|index| {
                let entry = at + 16 + 8 * index;
                Some((self.image.u32(entry)?, self.image.u32(entry + 4)?))
            })
            .collect()
    }

    /// Entries below an entry, if it is a directory.
    fn children(&self, entry: u32) -> Vec<(u32, u32)> {
        if entry >> 31 == 0 { Vec::new() } else { self.directory((entry & 0x7fff_ffff) as usize) }
    }

    /// Place and length of a leaf's content.
    fn leaf(&self, entry: u32) -> Option<(usize, usize)> {
        if entry >> 31 != 0 {
            return None;
        }
        let at = self.base.checked_add(entry as usize)?;
        Some((self.image.place(self.image.u32(at)?)?, self.image.u32(at + 4)? as usize))
    }

    fn name(&self, name: u32, is_kind: bool) -> PeerText {
        if name >> 31 != 0 {
            let at = self.base.saturating_add((name & 0x7fff_ffff) as usize);
            let length = self.image.u16(at).map_or(0, usize::from).min(256);
            let text = self.image.slice(at + 2, 2 * length).unwrap_or_default();
            return PeerText::from(wide(text).as_bytes());
        }
        let known = match name {
            1 => "cursor",
            2 => "bitmap",
            3 => "icon",
            4 => "menu",
            5 => "dialog",
            6 => "string",
            9 => "accelerator",
            10 => "rcdata",
            11 => "message table",
            12 => "group cursor",
            14 => "group icon",
            16 => "version",
            23 => "html",
            24 => "manifest",
            _ => "",
        };
        if is_kind && !known.is_empty() {
            PeerText::from(known.as_bytes())
        } else {
            PeerText::from(name.to_string().as_bytes())
        }
    }
}

fn wide(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The strings of all `StringTable`s: length, length of the value, type, name, padding,
/// value.
fn strings(block: &[u8]) -> Vec<PeVersion> {
    let mark: Vec<u8> = "StringFileInfo\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let Some(start) = memmem::find(block, &mark) else { return Vec::new() };
    let half = |at: usize| {
        block
            .get(at..)
            .and_then(|rest| rest.first_chunk())
            .map(|two| usize::from(u16::from_le_bytes(*two)))
    };
    let mut found = Vec::new();
    // The first table: its own header has a name of eight digits.
    let table = (start + mark.len()).next_multiple_of(4);
    let Some(length) = half(table) else { return found };
    let end = (table + length).min(block.len());
    let mut at = (table + 6 + 18).next_multiple_of(4);
    while at + 6 < end && found.len() < PE_VERSION_STRINGS_MAX {
        let (Some(length), Some(value_length)) = (half(at), half(at + 2)) else { break };
        if length < 6 {
            break;
        }
        let entry = &block[at..(at + length).min(end)];
        let name_bytes = entry[6..].as_chunks::<2>().0;
        let name_length = name_bytes.iter().position(|unit| *unit == [0, 0]).unwrap_or(0);
        let value_at = (6 + 2 * name_length + 2).next_multiple_of(4);
        let value = entry.get(value_at..).unwrap_or_default();
        let value = &value[..value.len().min(2 * value_length)];
        let name = wide(&entry[6..6 + 2 * name_length]);
        let value = wide(value);
        if !name.is_empty() {
            found.push(PeVersion {
                name: PeerText::truncated(name.as_bytes(), 256),
                value: PeerText::truncated(value.trim_end_matches('\0').as_bytes(), 256),
            });
        }
        at = (at + length).next_multiple_of(4);
    }
    found
}
