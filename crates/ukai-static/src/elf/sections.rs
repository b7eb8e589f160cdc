//! Sections of an ELF file: names, entropy, tool chains, and the telfhash.
//!
//! The loader does not look at sections, so they may be absent or lies; what can be read is
//! reported.

use super::names;
use super::reader::{Header, Reader};
use crate::hashes;
use crate::limits::{
    ELF_NAME_BYTES_MAX, SECTIONS_MAX, SECTIONS_REPORTED_MAX, SYMBOLS_MAX, TOOL_CHAINS_MAX,
};
use ukai_model::{PeerText, Section};

const SHT_SYMTAB: u32 = 2;
const SHT_NOBITS: u32 = 8;
const SHT_DYNSYM: u32 = 11;

/// A section header.
#[derive(Clone, Copy, Debug)]
struct Entry {
    name: u32,
    kind: u32,
    flags: u64,
    address: u64,
    offset: u64,
    size: u64,
    link: u32,
    item_size: u64,
}

/// What the sections tell.
#[derive(Default)]
pub(super) struct Sections {
    pub(super) list: Vec<Section>,
    pub(super) telfhash: Option<String>,
    pub(super) tool_chains: Vec<PeerText>,
}

pub(super) fn read(reader: &Reader<'_>, header: &Header) -> Sections {
    if header.sections_at == 0 || header.sections == 0 {
        return Sections::default();
    }
    let count = usize::from(header.sections).min(SECTIONS_MAX) as u64;
    let step = u64::from(header.section_bytes);
    let entries: Vec<Entry> = (0..count)
        .map_while(|index| entry(reader, header.sections_at.checked_add(index * step)?))
        .collect();
    // Index 0 (SHN_UNDEF) means that there are no names.
    let names = Some(usize::from(header.section_names)).filter(|index| *index != 0);
    let names = names.and_then(|index| entries.get(index));
    let name = |entry: &Entry| {
        let at = names?.offset.checked_add(entry.name.into())?;
        reader.text(at, ELF_NAME_BYTES_MAX)
    };
    let list = entries.iter().skip(1).take(SECTIONS_REPORTED_MAX);
    Sections {
        list: list.map(|entry| describe(reader, entry, name(entry).unwrap_or_default())).collect(),
        telfhash: telfhash(reader, &entries),
        tool_chains: tool_chains(reader, &entries, &name),
    }
}

fn entry(reader: &Reader<'_>, at: u64) -> Option<Entry> {
    let wide = reader.wide;
    let width = if wide { 8 } else { 4 };
    let word = |index: u64| reader.word(at.checked_add(8 + index * width)?);
    let tail = at.checked_add(8 + 4 * width)?;
    Some(Entry {
        name: reader.u32(at)?,
        kind: reader.u32(at.checked_add(4)?)?,
        flags: word(0)?,
        address: word(1)?,
        offset: word(2)?,
        size: word(3)?,
        link: reader.u32(tail)?,
        item_size: reader.word(tail.checked_add(8 + width)?)?,
    })
}

fn content<'a>(reader: &Reader<'a>, entry: &Entry) -> &'a [u8] {
    if entry.kind == SHT_NOBITS {
        return &[];
    }
    reader.slice(entry.offset, entry.size).unwrap_or_default()
}

fn describe(reader: &Reader<'_>, entry: &Entry, name: &[u8]) -> Section {
    let content = content(reader, entry);
    // SHF_ALLOC means that it can be read, SHF_WRITE is 1, SHF_EXECINSTR is 4.
    let bit = |flag: u64, bit: u32| if entry.flags & flag == 0 { 0 } else { bit };
    let bits = bit(2, 4) | bit(1, 2) | bit(4, 1);
    Section {
        name: PeerText::from(name),
        flags: names::flags(bits),
        offset: entry.offset,
        address: entry.address,
        file_size: content.len() as u64,
        memory_size: entry.size,
        entropy: hashes::entropy(content),
    }
}

/// What compilers and linkers leave in `.comment`.
fn tool_chains<'a>(
    reader: &Reader<'a>,
    entries: &[Entry],
    name: &impl Fn(&Entry) -> Option<&'a [u8]>,
) -> Vec<PeerText> {
    let comment = entries.iter().find(|entry| name(entry) == Some(b".comment"));
    let Some(comment) = comment else { return Vec::new() };
    let mut list: Vec<PeerText> = Vec::new();
    for text in content(reader, comment).split(|byte| *byte == 0) {
        let text = PeerText::truncated(text, ELF_NAME_BYTES_MAX);
        if !text.as_bytes().is_empty() && !list.contains(&text) && list.len() < TOOL_CHAINS_MAX {
            list.push(text);
        }
    }
    list
}

/// Names that differ between compilers rather than programs (telfhash 0.9.8,
/// `EXCLUSIONS_STRINGS`).
const EXCLUDED: &[&[u8]] =
    &[b"main", b"abort", b"cachectl", b"cacheflush", b"puts", b"atol", b"malloc_trim"];

/// TLSH of the names of global functions in the first symbol table, as Trend Micro's
/// telfhash 0.9.8 has it. Its other way, from the calls in a stripped program, is not
/// taken.
fn telfhash(reader: &Reader<'_>, entries: &[Entry]) -> Option<String> {
    let mut tables = entries.iter().filter(|entry| entry.size > 0);
    let table = tables.find(|entry| matches!(entry.kind, SHT_DYNSYM | SHT_SYMTAB))?;
    let names = entries.get(table.link as usize)?;
    let step = if table.item_size == 0 { return None } else { table.item_size };
    let count = (table.size / step).min(SYMBOLS_MAX);
    let mut symbols: Vec<Vec<u8>> = (0..count)
        .map_while(|index| symbol(reader, table.offset.checked_add(index * step)?))
        .filter(|(_, info, other)| *info == 0x12 && other.trailing_zeros() >= 3)
        .filter_map(|(name, ..)| {
            reader.text(names.offset.checked_add(name.into())?, ELF_NAME_BYTES_MAX)
        })
        .filter(|name| !is_excluded(name))
        .map(<[u8]>::to_ascii_lowercase)
        .collect();
    symbols.sort_unstable();
    let joined = symbols.join(&b","[..]);
    hashes::tlsh(&joined).map(|digest| digest.to_ascii_lowercase())
}

fn is_excluded(name: &[u8]) -> bool {
    name.is_empty()
        || matches!(name[0], b'_' | b'.')
        || name.ends_with(b"64")
        || name.starts_with(b"str")
        || name.starts_with(b"mem")
        || EXCLUDED.contains(&name)
}

/// Place of the name, `st_info` and `st_other`.
fn symbol(reader: &Reader<'_>, at: u64) -> Option<(u32, u8, u8)> {
    let info = at.checked_add(if reader.wide { 4 } else { 12 })?;
    Some((reader.u32(at)?, reader.u8(info)?, reader.u8(info.checked_add(1)?)?))
}
