//! PE headers, as far as they can be read (PE/COFF specification).
//!
//! Written here for the same reason as the ELF reader: each part stands for itself, so that
//! one broken table costs only what it holds. Tests compare with `pefile`.

mod dotnet;
mod imports;
mod resources;
mod rich;

use crate::hashes;
use crate::limits::{PE_SECTIONS_MAX, PE_TEXT_BYTES_MAX};
use memchr::memmem;
use ukai_model::{PeInfo, PeerText, Section};

/// Data directories, by their index.
const EXPORTS: usize = 0;
const IMPORTS: usize = 1;
const RESOURCES: usize = 2;
const SIGNATURE: usize = 4;
const DEBUG: usize = 6;
const DOTNET: usize = 14;

/// The file, with what is needed to find things in it.
struct Image<'a> {
    bytes: &'a [u8],
    /// Place of `PE\0\0`.
    header: usize,
    wide: bool,
    sections: Vec<Entry>,
}

/// A section header.
struct Entry {
    name: [u8; 8],
    memory_size: u32,
    address: u32,
    file_size: u32,
    offset: u32,
    flags: u32,
}

/// Reads the headers; `None` if there are none.
pub(crate) fn read(bytes: &[u8]) -> Option<PeInfo> {
    let image = Image::open(bytes)?;
    let at = image.header;
    let flags = image.u16(at + 22)?;
    let libraries = imports::read(&image);
    let overlay = image.overlay();
    let info = PeInfo {
        bits: if image.wide { 64 } else { 32 },
        machine: machine(image.u16(at + 4)?),
        subsystem: subsystem(image.u16(at + 24 + 68).unwrap_or(0)),
        dll: flags & 0x2000 != 0,
        dotnet: image.directory(DOTNET).is_some(),
        linked: image.u32(at + 8)?,
        entry: image.u32(at + 24 + 16)?.into(),
        sections: image.sections.iter().map(|entry| image.describe(entry)).collect(),
        imphash: libraries.hash,
        rich_hash: rich::hash(bytes, at),
        libraries: libraries.names,
        exports: imports::exports(&image),
        resources: Vec::new(),
        version: Vec::new(),
        pdb: pdb(&image),
        signed: image.directory(SIGNATURE).is_some_and(|(at, length)| {
            // The one directory whose place is one in the file.
            length > 8 && (at as usize) < bytes.len()
        }),
        overlay: overlay.map(|at| at as u64),
        packer: packer(&image).map(str::to_owned),
    };
    let (resources, version) = resources::read(&image);
    Some(PeInfo { resources, version, ..info })
}

/// The texts that a .NET program's code uses, one on each line; none for other programs.
pub(crate) fn user_strings(bytes: &[u8]) -> Option<Vec<u8>> {
    dotnet::user_strings(&Image::open(bytes)?)
}

impl<'a> Image<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let mut image = Self { bytes, header: 0, wide: false, sections: Vec::new() };
        image.header = image.u32(60)? as usize;
        if !bytes.starts_with(b"MZ") || image.slice(image.header, 4)? != b"PE\0\0" {
            return None;
        }
        let at = image.header;
        image.wide = image.u16(at.checked_add(24)?)? == 0x20b;
        let count = usize::from(image.u16(at + 6)?).min(PE_SECTIONS_MAX);
        let table = at + 24 + usize::from(image.u16(at + 20)?);
        image.sections = (0..count).map_while(|index| image.entry(table + 40 * index)).collect();
        Some(image)
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        Some(Entry {
            name: *self.slice(at, 8)?.first_chunk()?,
            memory_size: self.u32(at + 8)?,
            address: self.u32(at + 12)?,
            file_size: self.u32(at + 16)?,
            offset: self.u32(at + 20)?,
            flags: self.u32(at + 36)?,
        })
    }

    fn slice(&self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.slice(at, 2)?.first_chunk().map(|two| u16::from_le_bytes(*two))
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.slice(at, 4)?.first_chunk().map(|four| u32::from_le_bytes(*four))
    }

    fn u64(&self, at: usize) -> Option<u64> {
        self.slice(at, 8)?.first_chunk().map(|eight| u64::from_le_bytes(*eight))
    }

    /// Text from `at` to a NUL.
    fn text(&self, at: usize) -> Option<&'a [u8]> {
        let rest = self.bytes.get(at..)?;
        let rest = &rest[..rest.len().min(PE_TEXT_BYTES_MAX)];
        rest.get(..memchr::memchr(0, rest)?)
    }

    /// Address and length of a data directory that is there.
    fn directory(&self, index: usize) -> Option<(u32, u32)> {
        let base = self.header + 24 + if self.wide { 112 } else { 96 };
        if self.u32(base - 4)? as usize <= index {
            return None;
        }
        let (at, length) = (self.u32(base + 8 * index)?, self.u32(base + 8 * index + 4)?);
        (at != 0 && length != 0).then_some((at, length))
    }

    /// Place in the file of an address relative to the image.
    fn place(&self, address: u32) -> Option<usize> {
        let home = self.sections.iter().find(|entry| {
            let length = entry.memory_size.max(entry.file_size);
            address.checked_sub(entry.address).is_some_and(|into| into < length)
        });
        let at = match home {
            // The loader rounds places down to 512 bytes.
            Some(entry) => u64::from(entry.offset & !0x1ff) + u64::from(address - entry.address),
            None => u64::from(address),
        };
        usize::try_from(at).ok().filter(|at| *at < self.bytes.len())
    }

    fn describe(&self, entry: &Entry) -> Section {
        let rest = self.bytes.get(entry.offset as usize..).unwrap_or_default();
        let content = &rest[..rest.len().min(entry.file_size as usize)];
        let name = entry.name.split(|byte| *byte == 0).next().unwrap_or_default();
        let flag = |bit: u32, letter| if entry.flags & bit == 0 { '-' } else { letter };
        Section {
            name: PeerText::from(name),
            flags: [flag(1 << 30, 'r'), flag(1 << 31, 'w'), flag(1 << 29, 'x')].iter().collect(),
            offset: entry.offset.into(),
            address: entry.address.into(),
            file_size: entry.file_size.into(),
            memory_size: entry.memory_size.into(),
            entropy: hashes::entropy(content),
        }
    }

    /// Where the last section's content ends, if the file goes on and that is not all
    /// signature.
    fn overlay(&self) -> Option<usize> {
        let ends = self.sections.iter().filter(|entry| entry.file_size > 0);
        let end = ends.map(|entry| u64::from(entry.offset) + u64::from(entry.file_size)).max()?;
        let end = usize::try_from(end).ok().filter(|end| *end < self.bytes.len())?;
        Some(end)
    }
}

fn machine(number: u16) -> String {
    let name = match number {
        0x14c => "x86",
        0x8664 => "x86-64",
        0x1c0 | 0x1c2 | 0x1c4 => "arm",
        0xaa64 => "aarch64",
        0x200 => "ia64",
        0x166 | 0x169 | 0x266 | 0x366 => "mips",
        0x1f0 | 0x1f1 => "powerpc",
        0x1a2..=0x1a8 => "sh",
        0xebc => "efi bytecode",
        0x5032 | 0x5064 => "riscv",
        0x6232 | 0x6264 => "loongarch",
        other => return format!("unknown ({other})"),
    };
    name.to_owned()
}

fn subsystem(number: u16) -> String {
    let name = match number {
        1 => "native",
        2 => "gui",
        3 => "console",
        7 => "posix",
        9 => "windows ce",
        10..=13 => "efi",
        14 => "xbox",
        16 => "boot application",
        other => return format!("unknown ({other})"),
    };
    name.to_owned()
}

/// The path in a CodeView record (`RSDS`, `NB10`).
fn pdb(image: &Image<'_>) -> Option<PeerText> {
    let (at, length) = image.directory(DEBUG)?;
    let at = image.place(at)?;
    (0..(length as usize / 28).min(16)).find_map(|index| {
        let entry = at + 28 * index;
        if image.u32(entry + 12)? != 2 {
            return None;
        }
        let record = image.u32(entry + 24)? as usize;
        let path = match image.slice(record, 4)? {
            b"RSDS" => record + 24,
            b"NB10" => record + 16,
            _ => return None,
        };
        Some(PeerText::from(image.text(path)?))
    })
}

/// Packers by the names that they give to sections, and by what they write into the file.
fn packer(image: &Image<'_>) -> Option<&'static str> {
    const SECTIONS: &[(&[u8], &str)] = &[
        (b"UPX0", "upx"),
        (b"UPX1", "upx"),
        (b".aspack", "aspack"),
        (b".adata", "aspack"),
        (b"ASPack", "aspack"),
        (b".MPRESS", "mpress"),
        (b".petite", "petite"),
        (b"petite", "petite"),
        (b".vmp", "vmprotect"),
        (b".themida", "themida"),
        (b".winlice", "themida"),
        (b".enigma", "enigma"),
        (b"PEC2", "pecompact"),
        (b"pec1", "pecompact"),
        (b".nsp", "nspack"),
        (b"nsp0", "nspack"),
        (b"FSG!", "fsg"),
        (b"MEW", "mew"),
        (b".yP", "y0da"),
        (b"kkrunchy", "kkrunchy"),
        (b".ndata", "nsis"),
        (b"pebundle", "pebundle"),
        (b".wixburn", "wix burn"),
    ];
    let by_section = SECTIONS
        .iter()
        .find(|(mark, _)| image.sections.iter().any(|entry| entry.name.starts_with(mark)));
    if let Some((_, name)) = by_section {
        return Some(name);
    }
    let head = &image.bytes[..image.bytes.len().min(4096)];
    let overlay = image.overlay().map(|at| &image.bytes[at..]);
    let overlay = overlay.map(|rest| &rest[..rest.len().min(4096)]).unwrap_or_default();
    let tail = &image.bytes[image.bytes.len().saturating_sub(4096)..];
    let marks: [(&[u8], &[u8], &'static str); 5] = [
        (head, b"UPX!", "upx"),
        (overlay, b"NullsoftInst", "nsis"),
        (overlay, b"zlb\x1a", "inno setup"),
        (overlay, b"\xa3HK\xbe\x98lJ\xa9", "autoit"),
        (tail, b"MEI\x0c\x0b\x0a\x0b\x0e", "pyinstaller"),
    ];
    marks.iter().find(|(place, mark, _)| memmem::find(place, mark).is_some()).map(|it| it.2)
}

#[cfg(test)]
mod tests;
