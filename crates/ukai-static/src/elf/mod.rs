//! ELF headers, as far as they can be read.
//!
//! System V ABI, chapters 4 and 5. Section headers of samples are often cut off or
//! garbage, which the kernel does not mind; nothing here depends on them but whether the
//! file is stripped.

mod names;
mod packer;
mod reader;
mod sections;

use crate::limits::{
    DYNAMIC_ENTRIES_MAX, ELF_NAME_BYTES_MAX, LIBRARIES_MAX, SECTIONS_MAX, SEGMENTS_MAX,
};
use reader::{Header, Reader, Segment};
use ukai_model::{ElfInfo, ElfSegment, PeerText};

const MAGIC: &[u8] = b"\x7fELF";
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const SHT_SYMTAB: u32 = 2;
const EM_ARM: u16 = 40;

/// What an ELF file's headers say.
pub(crate) struct Elf {
    /// For the analysis.
    pub(crate) info: ElfInfo,
    /// The line that file(1) would print.
    pub(crate) description: String,
    /// Oddities.
    pub(crate) notes: Vec<String>,
}

/// Whether the bytes begin like an ELF file.
pub(crate) fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Reads the headers of an ELF file; `None` if even the first header is not there.
pub(crate) fn read(bytes: &[u8]) -> Option<Elf> {
    let mut notes = Vec::new();
    let reader = orient(bytes, &mut notes)?;
    let header = reader.header()?;
    let segments = segments(&reader, &header, &mut notes);
    let interpreter = interpreter(&reader, &segments);
    let dynamic = segments.iter().find(|segment| segment.kind == PT_DYNAMIC);
    let stripped = !has_symbols(&reader, &header, &mut notes);
    let packer = packer::recognise(&reader, &header).map(str::to_owned);
    let sections = sections::read(&reader, &header);
    let info = ElfInfo {
        bits: if reader.wide { 64 } else { 32 },
        little_endian: reader.little_endian,
        machine: names::machine(header.machine),
        kind: names::kind(header.kind),
        entry: header.entry,
        interpreter: interpreter.map(PeerText::from),
        libraries: dynamic.map(|it| libraries(&reader, it, &segments)).unwrap_or_default(),
        static_linked: dynamic.is_none(),
        stripped,
        packer,
        segments: segments.iter().map(describe_segment).collect(),
        sections: sections.list,
        telfhash: sections.telfhash,
        tool_chains: sections.tool_chains,
    };
    let description = describe(&info, &header);
    Some(Elf { info, description, notes })
}

/// Class and byte order, from the identification or, where that was garbled, from which
/// reading makes sense: the kernel looks at the machine, not at all of `e_ident`.
fn orient<'a>(bytes: &'a [u8], notes: &mut Vec<String>) -> Option<Reader<'a>> {
    if !is_elf(bytes) {
        return None;
    }
    let (class, order) = (*bytes.get(4)?, *bytes.get(5)?);
    let stated = Reader { bytes, wide: class == 2, little_endian: order == 1 };
    if (class == 1 || class == 2) && (order == 1 || order == 2) {
        return Some(stated);
    }
    notes.push(format!("ELF identification is garbled (class {class}, byte order {order})"));
    let readings = [(false, true), (false, false), (true, true), (true, false)];
    let sensible = readings.iter().find_map(|(wide, little_endian)| {
        let reader = Reader { bytes, wide: *wide, little_endian: *little_endian };
        let header = reader.header()?;
        let fits = names::is_known_machine(header.machine)
            && u64::from(header.segment_bytes) == reader.segment_bytes();
        fits.then_some(reader)
    });
    Some(sensible.unwrap_or(stated))
}

fn segments(reader: &Reader<'_>, header: &Header, notes: &mut Vec<String>) -> Vec<Segment> {
    let count = usize::from(header.segments);
    if count > SEGMENTS_MAX {
        notes.push(format!("{count} program headers, of which {SEGMENTS_MAX} were read"));
    }
    // A size other than the class's own would be refused by the kernel.
    let step = reader.segment_bytes();
    let read: Vec<Segment> = (0..count.min(SEGMENTS_MAX) as u64)
        .map_while(|index| reader.segment(header.segments_at.checked_add(index * step)?))
        .collect();
    if read.len() < count.min(SEGMENTS_MAX) {
        notes.push(format!("program headers are cut off: {} of {count} are there", read.len()));
    }
    read
}

fn interpreter<'a>(reader: &Reader<'a>, segments: &[Segment]) -> Option<&'a [u8]> {
    let segment = segments.iter().find(|segment| segment.kind == PT_INTERP)?;
    reader.text(segment.offset, ELF_NAME_BYTES_MAX)
}

/// `DT_NEEDED` names, through the loadable segments rather than the sections.
fn libraries(reader: &Reader<'_>, dynamic: &Segment, segments: &[Segment]) -> Vec<PeerText> {
    let step = reader.dynamic_bytes();
    let count = (dynamic.file_bytes / step).min(DYNAMIC_ENTRIES_MAX as u64);
    let entries: Vec<(u64, u64)> = (0..count)
        .map_while(|index| reader.dynamic(dynamic.offset.checked_add(index * step)?))
        .take_while(|(tag, _)| *tag != DT_NULL)
        .collect();
    let strings = entries
        .iter()
        .find(|(tag, _)| *tag == DT_STRTAB)
        .and_then(|(_, address)| place_in_file(*address, segments));
    let Some(strings) = strings else { return Vec::new() };
    entries
        .iter()
        .filter(|(tag, _)| *tag == DT_NEEDED)
        .filter_map(|(_, name)| reader.text(strings.checked_add(*name)?, ELF_NAME_BYTES_MAX))
        .map(PeerText::from)
        .take(LIBRARIES_MAX)
        .collect()
}

fn place_in_file(address: u64, segments: &[Segment]) -> Option<u64> {
    let home = segments.iter().find(|segment| {
        segment.kind == PT_LOAD
            && address.checked_sub(segment.address).is_some_and(|into| into < segment.file_bytes)
    })?;
    home.offset.checked_add(address - home.address)
}

fn has_symbols(reader: &Reader<'_>, header: &Header, notes: &mut Vec<String>) -> bool {
    if header.sections_at == 0 || header.sections == 0 {
        return false;
    }
    let count = usize::from(header.sections).min(SECTIONS_MAX);
    let step = u64::from(header.section_bytes);
    let kinds: Vec<u32> = (0..count as u64)
        .map_while(|index| reader.section_kind(header.sections_at.checked_add(index * step)?))
        .collect();
    if kinds.len() < count {
        notes.push(format!("section headers are cut off: {} of {count} are there", kinds.len()));
    }
    kinds.contains(&SHT_SYMTAB)
}

fn describe_segment(segment: &Segment) -> ElfSegment {
    ElfSegment {
        kind: names::segment(segment.kind),
        flags: names::flags(segment.flags),
        offset: segment.offset,
        address: segment.address,
        file_size: segment.file_bytes,
        memory_size: segment.memory_bytes,
    }
}

/// One line in the manner of file(1).
fn describe(info: &ElfInfo, header: &Header) -> String {
    let order = if info.little_endian { "LSB" } else { "MSB" };
    let kind = match (header.kind, &info.interpreter) {
        (3, Some(_)) => "pie executable",
        (4, _) => "core file",
        _ => info.kind.as_str(),
    };
    let mut parts = vec![
        format!("ELF {}-bit {order} {kind}", info.bits),
        names::machine_in_words(header.machine),
    ];
    if header.machine == EM_ARM && header.flags >> 24 != 0 {
        parts.push(format!("EABI{}", header.flags >> 24));
    }
    if header.kind == 2 || header.kind == 3 {
        let how = if info.static_linked { "statically linked" } else { "dynamically linked" };
        parts.push(how.to_owned());
    }
    parts.extend(info.interpreter.as_ref().map(|name| format!("interpreter {name}")));
    parts.push(if info.stripped { "stripped" } else { "not stripped" }.to_owned());
    parts.extend(info.packer.as_ref().map(|name| format!("packed: {name}")));
    parts.join(", ")
}

#[cfg(test)]
mod tests;
