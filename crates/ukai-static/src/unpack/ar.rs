//! ar archives, which Debian's packages are too.

use super::{Unpacking, slice};

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let container = if bytes.starts_with(b"!<arch>\ndebian") { "deb" } else { "ar" };
    let mut at = 8;
    // System V keeps long names in a member of their own.
    let mut long_names: &[u8] = &[];
    while let Some(header) = slice(bytes, at, 60) {
        if &header[58..] != b"`\n" {
            return unpacking.note(format!("{container}: no header at {at}"));
        }
        let Some(size) = decimal(&header[48..58]) else {
            return unpacking.note(format!("{container}: a length is no number"));
        };
        let Some(content) = slice(bytes, at + 60, size) else {
            return unpacking.note(format!("{container}: cut off"));
        };
        at = (at + 60 + size).next_multiple_of(2);
        let raw = header[..16].trim_ascii_end();
        let (name, content) = match raw {
            b"/" | b"/SYM64/" | b"__.SYMDEF" | b"__.SYMDEF SORTED" => continue,
            b"//" => {
                long_names = content;
                continue;
            }
            [b'/', digits @ ..] => {
                let rest = decimal(digits).and_then(|at| long_names.get(at..)).unwrap_or_default();
                let end = memchr::memchr2(b'/', b'\n', rest).unwrap_or(rest.len());
                (&rest[..end], content)
            }
            // BSD: the name stands before the content.
            [b'#', b'1', b'/', digits @ ..] => {
                let length = decimal(digits).unwrap_or(0).min(content.len());
                let (name, content) = content.split_at(length);
                (name.split(|byte| *byte == 0).next().unwrap_or_default(), content)
            }
            _ => (raw.strip_suffix(b"/").unwrap_or(raw), content),
        };
        if unpacking.is_full() {
            return unpacking.note(format!("{container}: not all members were looked at"));
        }
        let content = unpacking.read(container, &mut &*content, content.len());
        unpacking.add(container, Some(name), content);
    }
}

fn decimal(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits.trim_ascii()).ok()?.parse().ok()
}
