//! cpio archives: SVR4 (`070701`, `070702`), POSIX odc (`070707`), old binary ones.

use super::{Unpacking, slice};

/// Length of a name, in bytes.
const NAME_BYTES_MAX: usize = 4096;

/// One header: where name and content stand.
struct Entry {
    mode: u32,
    name: (usize, usize),
    content: (usize, usize),
    next: usize,
}

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut at = 0;
    while let Some(entry) = header(bytes, at) {
        let name = slice(bytes, entry.name.0, entry.name.1).unwrap_or_default();
        let name = name.strip_suffix(b"\0").unwrap_or(name);
        if name == b"TRAILER!!!" {
            return;
        }
        let Some(content) = slice(bytes, entry.content.0, entry.content.1) else {
            return unpacking.note("cpio: cut off".to_owned());
        };
        if unpacking.is_full() {
            return unpacking.note("cpio: not all members were looked at".to_owned());
        }
        if entry.mode & 0o170_000 == 0o100_000 {
            let content = unpacking.read("cpio", &mut &*content, content.len());
            unpacking.add("cpio", Some(name), content);
        }
        at = entry.next;
    }
    unpacking.note(format!("cpio: no header at {at}"));
}

fn header(bytes: &[u8], at: usize) -> Option<Entry> {
    let magic = slice(bytes, at, 6)?;
    match magic {
        b"070701" | b"070702" => {
            let field = |index: usize| number(slice(bytes, at + 6 + 8 * index, 8)?, 16);
            let (mode, size, name) = (field(1)?, field(6)? as usize, field(11)? as usize);
            let content = (at + 110 + name.min(NAME_BYTES_MAX)).next_multiple_of(4);
            entry(mode, (at + 110, name), content, size, 4)
        }
        b"070707" => {
            let field = |from: usize, digits: usize| number(slice(bytes, at + from, digits)?, 8);
            let (mode, name, size) = (field(18, 6)?, field(59, 6)?, field(65, 11)?);
            entry(mode, (at + 76, name as usize), at + 76 + name as usize, size as usize, 1)
        }
        [0xc7, 0x71, ..] | [0x71, 0xc7, ..] => {
            let little = magic[0] == 0xc7;
            let half = |from: usize| {
                let two = slice(bytes, at + from, 2)?;
                let two = [two[0], two[1]];
                Some(if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
            };
            let (mode, name) = (u32::from(half(6)?), usize::from(half(20)?));
            // The more significant half stands first, whatever the order of bytes.
            let size = (usize::from(half(22)?) << 16) | usize::from(half(24)?);
            entry(mode, (at + 26, name), (at + 26 + name).next_multiple_of(2), size, 2)
        }
        _ => None,
    }
}

fn entry(
    mode: u32,
    name: (usize, usize),
    content: usize,
    size: usize,
    step: usize,
) -> Option<Entry> {
    let next = content.checked_add(size)?.checked_next_multiple_of(step)?;
    (1..=NAME_BYTES_MAX).contains(&name.1).then_some(Entry {
        mode,
        name,
        content: (content, size),
        next,
    })
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}
