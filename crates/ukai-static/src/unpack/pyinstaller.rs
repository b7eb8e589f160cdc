//! Programs made by PyInstaller: its archive (`CArchive`) at the end of the program or in a
//! section of it, and the archive of modules in that one (`PYZ`).

use super::{Unpacking, slice, u32_be};
use flate2::{Decompress, FlushDecompress, Status, read::ZlibDecoder};
use memchr::memmem;

const COOKIE: &[u8] = b"MEI\x0c\x0b\x0a\x0b\x0e";
/// The cookie with the name of Python's library, as since version 2.1; and without.
const COOKIE_BYTES: [usize; 2] = [88, 24];
/// Length of an entry before its name, in bytes.
const ENTRY_BYTES: usize = 18;
/// Entries that are looked at.
const ENTRIES_MAX: usize = 5000;
/// Modules of a `PYZ` begin behind its head.
const PYZ_HEAD_BYTES: usize = 17;
/// Length of a text of a module that is of interest, in bytes.
const TEXT_BYTES_MIN: usize = 6;
const TEXT_BYTES_MAX: usize = 4096;
/// Length of all texts of all modules, in bytes.
const CONSTANTS_BYTES_MAX: usize = 4 << 20;

/// Takes such a program apart; does nothing with any other.
pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let Some((archive, table)) = open(bytes) else { return };
    let mut rest = table;
    for _ in 0..ENTRIES_MAX {
        let Some(entry) = Entry::read(rest) else { return };
        rest = &rest[entry.length..];
        // Symbolic links and options of the loader have no content.
        if matches!(entry.kind, b'n' | b'o') {
            continue;
        }
        if unpacking.is_full() {
            return unpacking.note("pyinstaller: not all members were looked at".to_owned());
        }
        let Some(packed) = slice(archive, entry.at, entry.packed) else {
            unpacking.note("pyinstaller: an entry lies outside of the archive".to_owned());
            continue;
        };
        let content = if entry.is_packed {
            unpacking.read("pyinstaller", &mut ZlibDecoder::new(packed), packed.len())
        } else {
            unpacking.read("pyinstaller", &mut &*packed, packed.len())
        };
        if content.starts_with(b"PYZ\0") {
            modules(&content, unpacking);
        } else {
            unpacking.add("pyinstaller", Some(entry.name), content);
        }
    }
}

/// The archive and its table of contents.
fn open(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let cookie = memmem::rfind(bytes, COOKIE)?;
    let number = |at: usize| u32_be(bytes, cookie + at).map(|it| it as usize);
    let (length, table, table_length) = (number(8)?, number(12)?, number(16)?);
    COOKIE_BYTES.iter().find_map(|cookie_bytes| {
        let start = (cookie + cookie_bytes).checked_sub(length)?;
        let archive = slice(bytes, start, length)?;
        let table = slice(archive, table, table_length)?;
        // The first entry fits only if the archive begins where it was looked for.
        Entry::read(table).filter(|entry| slice(archive, entry.at, entry.packed).is_some())?;
        Some((archive, table))
    })
}

struct Entry<'a> {
    length: usize,
    at: usize,
    packed: usize,
    is_packed: bool,
    kind: u8,
    name: &'a [u8],
}

impl<'a> Entry<'a> {
    fn read(table: &'a [u8]) -> Option<Self> {
        let number = |at| u32_be(table, at).map(|it| it as usize);
        let length = number(0).filter(|length| *length >= ENTRY_BYTES)?;
        let entry = slice(table, 0, length)?;
        let name = &entry[ENTRY_BYTES..];
        Some(Self {
            length,
            at: number(4)?,
            packed: number(8)?,
            is_packed: entry[16] != 0,
            kind: entry[17],
            name: &name[..memchr::memchr(0, name).unwrap_or(name.len())],
        })
    }
}

/// The modules of a `PYZ`: compressed one after the other up to the table, whose form is
/// Python's own (marshal) and is not needed.
fn modules(archive: &[u8], unpacking: &mut Unpacking<'_>) {
    let end = u32_be(archive, 8).map_or(archive.len(), |end| archive.len().min(end as usize));
    let mut at = PYZ_HEAD_BYTES;
    let mut number = 0;
    let mut constants = Vec::new();
    while at < end && !unpacking.is_full() {
        let packed = &archive[at..end];
        let Some(length) = zlib_length(packed, unpacking.limits.member_bytes) else {
            return unpacking.note(format!("pyinstaller: no module at {at}"));
        };
        let mut reader = ZlibDecoder::new(&packed[..length]);
        let content = unpacking.read("pyinstaller", &mut reader, length);
        if constants.len() < CONSTANTS_BYTES_MAX {
            texts(&content, &mut constants);
        }
        unpacking.add("pyinstaller", Some(format!("PYZ/{number}").as_bytes()), content);
        number += 1;
        at += length;
    }
    unpacking.add("pyinstaller", Some(b"PYZ/texts"), constants);
}

/// Texts of compiled code as marshal writes them: type, length, content. Without their lengths
/// they run into what stands before and behind them.
fn texts(code: &[u8], out: &mut Vec<u8>) {
    for at in 0..code.len() {
        // A flag says that the object may be referred to.
        let (length, from) = match code[at] & 0x7f {
            b'z' | b'Z' => match code.get(at + 1) {
                Some(length) => (usize::from(*length), at + 2),
                None => return,
            },
            b'a' | b'A' | b'u' | b's' | b't' => match super::u32_le(code, at + 1) {
                Some(length) => (length as usize, at + 5),
                None => continue,
            },
            _ => continue,
        };
        if !(TEXT_BYTES_MIN..=TEXT_BYTES_MAX).contains(&length) {
            continue;
        }
        let text = slice(code, from, length).unwrap_or_default();
        if !text.is_empty() && text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n')) {
            out.extend_from_slice(text);
            out.push(b'\n');
        }
    }
}

/// Length of the stream at the beginning of `packed`, if it unpacks to at most `max` bytes.
fn zlib_length(packed: &[u8], max: usize) -> Option<usize> {
    let mut stream = Decompress::new(true);
    let mut buffer = [0; 4096];
    loop {
        let (before, out) = (stream.total_in(), stream.total_out());
        let rest = packed.get(usize::try_from(before).ok()?..)?;
        let status = stream.decompress(rest, &mut buffer, FlushDecompress::None).ok()?;
        if status == Status::StreamEnd {
            return usize::try_from(stream.total_in()).ok();
        }
        let stuck = stream.total_in() == before && stream.total_out() == out;
        if stuck || stream.total_out() > max as u64 {
            return None;
        }
    }
}
