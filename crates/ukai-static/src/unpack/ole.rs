//! OLE containers (MS-CFB), the objects embedded in them (MS-OLEDS), OneNote's files.

use super::closed::{self, Found};
use super::{Unpacking, office, slice, u32_le, vba, xlm};
use memchr::{memchr, memmem};
use std::io::{Cursor, Read};
use ukai_model::ArtefactKind;

/// Streams of a container that are looked at.
const STREAMS_MAX: usize = 2000;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut file = match cfb::CompoundFile::open(Cursor::new(bytes)) {
        Ok(file) => file,
        Err(error) => {
            unpacking.note(format!("ole: {error}"));
            return super::carve::carve(bytes, 512, unpacking);
        }
    };
    let streams: Vec<_> = file
        .walk()
        .filter(cfb::Entry::is_stream)
        .map(|entry| entry.path().to_path_buf())
        .take(STREAMS_MAX)
        .collect();
    if opened(&mut file, bytes.len(), unpacking) {
        return;
    }
    let passwords = unpacking.passwords;
    for path in streams {
        if unpacking.is_full() {
            return unpacking.note("ole: not all members were looked at".to_owned());
        }
        let Ok(mut stream) = file.open_stream(&path) else { continue };
        let content = unpacking.read("ole", &mut stream as &mut dyn Read, bytes.len());
        let name = stored_name(&path.to_string_lossy());
        let name = name.as_bytes();
        if let Some(source) = vba::source(&content, unpacking.limits.member_bytes) {
            if let Some(told) = vba::suspicious(&source) {
                unpacking.tell(ArtefactKind::Technique, told.as_bytes(), 0, 75);
            }
            unpacking.add("vba", Some(name), source);
            continue;
        }
        if matches!(name, b"/Workbook" | b"/Book") {
            match closed::xls::open(&content, passwords) {
                Found::Opened { clear, password } => {
                    closed::tell(password, unpacking);
                    xlm::unpack(&clear, unpacking);
                    unpacking.add_opened("ole", name.strip_prefix(b"/"), clear, password);
                    continue;
                }
                Found::Shut => closed::note("xls", unpacking),
                Found::Plain => xlm::unpack(&content, unpacking),
            }
        }
        if name == b"/WordDocument" {
            office::word_fields(&content, unpacking);
        }
        if name.ends_with(b"Ole10Native")
            && let Some((label, inner)) = package(content.get(4..).unwrap_or_default())
        {
            unpacking.add("ole package", label, inner.to_vec());
            continue;
        }
        unpacking.add("ole", Some(name.strip_prefix(b"/").unwrap_or(name)), content);
    }
}

/// Takes the document out of a container that closes it; false if this is none.
fn opened(
    file: &mut cfb::CompoundFile<Cursor<&[u8]>>,
    length: usize,
    unpacking: &mut Unpacking<'_>,
) -> bool {
    let mut read = |path: &str, unpacking: &mut Unpacking<'_>| {
        let mut stream = file.open_stream(path).ok()?;
        Some(unpacking.read("ole", &mut stream as &mut dyn Read, length))
    };
    let Some(info) = read("/EncryptionInfo", unpacking) else { return false };
    let Some(package) = read("/EncryptedPackage", unpacking) else { return false };
    let passwords = unpacking.passwords;
    let Found::Opened { clear, password } = closed::ooxml::open(&info, &package, passwords) else {
        closed::note("ooxml", unpacking);
        return false;
    };
    closed::tell(password, unpacking);
    unpacking.add_opened("ole", Some(b"EncryptedPackage"), clear, password);
    true
}

/// Installer databases keep two characters of a name in one of 0x3800 to 0x4840.
fn stored_name(path: &str) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
    let digit = |value: u32| char::from(DIGITS[value as usize & 63]);
    let mut name = String::with_capacity(path.len());
    for letter in path.chars() {
        match u32::from(letter) {
            code @ 0x3800..0x4800 => {
                name.push(digit(code - 0x3800));
                name.push(digit((code - 0x3800) >> 6));
            }
            code @ 0x4800..0x4840 => name.push(digit(code - 0x4800)),
            0x4840 => name.push('!'),
            _ => name.push(letter),
        }
    }
    name
}

/// An OLE 1 object (MS-OLEDS 2.2.5): class, topic, item, native data. Returns what is in
/// it: the file of a package, or the data.
pub(super) fn embedded(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    if u32_le(bytes, 4)? != 2 {
        return None;
    }
    let (class, at) = text(bytes, 8)?;
    let (_, at) = text(bytes, at)?;
    let (_, at) = text(bytes, at)?;
    let length = u32_le(bytes, at)? as usize;
    let rest = bytes.get(at + 4..)?;
    let data = &rest[..rest.len().min(length)];
    if class.eq_ignore_ascii_case(b"package")
        && let Some(package) = package(data)
    {
        return Some(package);
    }
    Some((Some(class), data))
}

/// A text with its length in front, and where it ends.
fn text(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let length = u32_le(bytes, at)? as usize;
    let text = slice(bytes, at + 4, length)?;
    Some((text.strip_suffix(b"\0").unwrap_or(text), at + 4 + length))
}

/// What the Object Packager makes: label, two paths, the file.
fn package(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let rest = bytes.get(2..)?;
    let (label, rest) = until_nul(rest)?;
    let (_, rest) = until_nul(rest)?;
    let rest = rest.get(4..)?;
    let path = u32_le(rest, 0)? as usize;
    let rest = rest.get(4 + path..)?;
    let length = u32_le(rest, 0)? as usize;
    let data = rest.get(4..)?;
    Some((Some(label), &data[..data.len().min(length)]))
}

fn until_nul(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(0, bytes)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// Files embedded in OneNote's sections (MS-ONESTORE 2.6.13, FileDataStoreObject).
pub(super) fn onenote(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    // {BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC}
    const OBJECT: &[u8] = b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac";
    for at in memmem::find_iter(bytes, OBJECT) {
        let Some(length) = u32_le(bytes, at + 16) else { return };
        let rest = bytes.get(at + 36..).unwrap_or_default();
        let data = &rest[..rest.len().min(length as usize)];
        let data = unpacking.read("onenote", &mut &*data, data.len());
        if !unpacking.add("onenote", None, data) {
            return;
        }
    }
}
