//! What is in a PE file: its resources that may be files, and the program that UPX packed.

use super::nrv::{self, Method, Unit};
use super::{Unpacking, slice, u16_le, u32_le};
use crate::pe;
use lzma_rust2::LzmaReader;
use memchr::memmem;
use std::io::Read;
use ukai_model::PeInfo;

/// Resources that are what they are called: nothing is hidden in them.
const PLAIN: [&str; 12] = [
    "cursor",
    "bitmap",
    "icon",
    "menu",
    "dialog",
    "string",
    "accelerator",
    "message table",
    "group cursor",
    "group icon",
    "version",
    "manifest",
];
/// Length of a resource that is looked at, in bytes.
const RESOURCE_BYTES_MIN: usize = 16;
/// Length of what UPX says of a packed program, in bytes.
const PACK_HEADER_BYTES: usize = 32;
/// How far before the packed section it may stand, in bytes.
const BEFORE_BYTES: usize = 1024;
/// Sections of the original.
const SECTIONS_MAX: usize = 96;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some(info) = pe::read(bytes) else { return };
    resources(bytes, &info, unpacking);
    if info.dotnet
        && let Some(texts) = pe::user_strings(bytes)
    {
        unpacking.add(".net", Some(b"#US"), texts);
    }
    upx(bytes, &info, unpacking);
}

fn resources(bytes: &[u8], info: &PeInfo, unpacking: &mut Unpacking<'_>) {
    for resource in &info.resources {
        let kind = resource.kind.to_string();
        if PLAIN.contains(&kind.as_str()) || (resource.size as usize) < RESOURCE_BYTES_MIN {
            continue;
        }
        if unpacking.is_full() {
            return unpacking.note("pe: not all resources were looked at".to_owned());
        }
        let Some(content) = slice(bytes, resource.offset as usize, resource.size as usize) else {
            unpacking.note("pe: a resource lies outside of the file".to_owned());
            continue;
        };
        let name = format!("{kind}/{}", resource.name);
        let content = unpacking.read("pe resource", &mut &*content, content.len());
        unpacking.add("pe resource", Some(name.as_bytes()), content);
    }
}

/// UPX's packed programs have an empty section, which the program unpacks into, and one with
/// the packed content, the loader and what tells how to unpack (`p_w32pe.cpp`, `packhead.cpp`).
/// That is often wiped; then the methods are tried.
fn upx(bytes: &[u8], info: &PeInfo, unpacking: &mut Unpacking<'_>) {
    let [empty, packed, ..] = &info.sections[..] else { return };
    let into = (packed.address..packed.address + packed.memory_size.max(packed.file_size))
        .contains(&info.entry);
    if empty.file_size != 0 || empty.memory_size == 0 || packed.file_size == 0 || !into {
        return;
    }
    let at = packed.offset as usize;
    let Some(section) = slice(bytes, at, packed.file_size as usize) else { return };
    let max = unpacking.limits.member_bytes.min(unpacking.budget.bytes);
    // Sections lie one behind the other in memory.
    let room = (packed.address + packed.memory_size).saturating_sub(empty.address) as usize;
    let header = Header::find(bytes, at);
    let content = match &header {
        Some(header) if header.length <= max => header.unpack(),
        Some(_) => {
            return unpacking.note(format!("upx: longer than the limit of {max} bytes"));
        }
        None => guess(section, room.min(max)),
    };
    let Some(content) = content else {
        if header.is_some() {
            unpacking.note("upx: the packed content is broken".to_owned());
        }
        return;
    };
    let whole = rebuilt(bytes, &content, empty.address as usize, max);
    unpacking.add("upx", None, whole.unwrap_or(content));
}

struct Header<'a> {
    method: u8,
    length: usize,
    packed: &'a [u8],
}

impl<'a> Header<'a> {
    /// The last one that stands before or at the beginning of the packed section.
    fn find(bytes: &'a [u8], section: usize) -> Option<Self> {
        let from = section.saturating_sub(BEFORE_BYTES);
        let end = bytes.len().min(section + BEFORE_BYTES);
        let place = from + memmem::rfind(bytes.get(from..end)?, b"UPX!")?;
        let packed = u32_le(bytes, place + 20)? as usize;
        Some(Self {
            method: *bytes.get(place + 6)?,
            length: u32_le(bytes, place + 16)? as usize,
            packed: slice(bytes, place + PACK_HEADER_BYTES, packed)?,
        })
    }

    fn unpack(&self) -> Option<Vec<u8>> {
        let content = match self.method {
            method @ 2..=10 => {
                let unit = [Unit::Word, Unit::Byte, Unit::Half][usize::from(method - 2) % 3];
                let kind = [Method::B, Method::D, Method::E][usize::from(method - 2) / 3];
                nrv::unpack(self.packed, kind, unit, self.length).0
            }
            14 => self.lzma()?,
            _ => return None,
        };
        (content.len() == self.length).then_some(content)
    }

    /// Two bytes of properties in UPX's own form, then a raw stream.
    fn lzma(&self) -> Option<Vec<u8>> {
        let (properties, stream) = self.packed.split_first_chunk::<2>()?;
        let position = u32::from(properties[0] & 7);
        let (literal_position, literal) =
            (u32::from(properties[1] >> 4), u32::from(properties[1] & 15));
        let length = self.length as u64;
        let dictionary = u32::try_from(self.length).ok()?.max(4096);
        let reader =
            LzmaReader::new(stream, length, literal, literal_position, position, dictionary, None);
        let mut content = Vec::new();
        // What is broken shows in the length.
        let _ = reader.ok()?.take(length).read_to_end(&mut content);
        Some(content)
    }
}

/// Without the header: the method under which the packed content comes to its end.
fn guess(section: &[u8], max: usize) -> Option<Vec<u8>> {
    let methods = [Method::E, Method::B, Method::D];
    let units = [Unit::Word, Unit::Byte];
    methods
        .iter()
        .flat_map(|method| units.map(|unit| (*method, unit)))
        .map(|(method, unit)| nrv::unpack(section, method, unit, max))
        .filter(|(content, ended)| *ended && content.len() > section.len() / 2)
        .map(|(content, _)| content)
        .max_by_key(Vec::len)
}

/// The original file: its headers stand at the end of what was unpacked, their place in the
/// last four bytes. Imports stay as UPX keeps them; `None` if there are no such headers.
fn rebuilt(bytes: &[u8], content: &[u8], base: usize, max: usize) -> Option<Vec<u8>> {
    let at = u32_le(content, content.len().checked_sub(4)?)? as usize;
    if slice(content, at, 4)? != b"PE\0\0" {
        return None;
    }
    let optional = usize::from(u16_le(content, at + 20)?);
    let count = usize::from(u16_le(content, at + 6)?).min(SECTIONS_MAX);
    let headers = slice(content, at, 24 + optional + 40 * count)?;
    let stub = slice(bytes, 0, u32_le(bytes, 60)? as usize)?;
    let mut file = [stub, headers].concat();
    for index in 0..count {
        let entry = 24 + optional + 40 * index;
        let number = |offset| u32_le(headers, entry + offset).map(|it| it as usize);
        let (address, length, place) = (number(12)?, number(16)?, number(20)?);
        let (Some(from), Some(end)) = (address.checked_sub(base), place.checked_add(length)) else {
            continue;
        };
        let Some(section) = content.get(from..) else { continue };
        let section = &section[..section.len().min(length)];
        if end > max || place < headers.len() {
            continue;
        }
        if file.len() < end {
            file.resize(end, 0);
        }
        file[place..place + section.len()].copy_from_slice(section);
    }
    (file.len() <= max).then_some(file)
}
