//! How a text looks on a screen: control characters, widths, rows.

/// A text as it is shown: control characters as `^A`, bytes that are no character as
/// `\351`. A newline stays, and breaks the row.
pub(super) fn shown(text: &[u8], utf8: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&byte) = rest.first() {
        let length = character(rest, utf8);
        match byte {
            b'\n' => out.push(byte),
            0..0x20 => out.extend_from_slice(&[b'^', byte | 0x40]),
            0x7f => out.extend_from_slice(b"^?"),
            0x80.. if utf8 && length == 1 => {
                out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
            }
            _ => out.extend_from_slice(&rest[..length]),
        }
        rest = &rest[length..];
    }
    out
}

/// Bytes of the first character; 1 for what is none.
pub(super) fn character(text: &[u8], utf8: bool) -> usize {
    let Some(&first) = text.first() else { return 0 };
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return 1,
    };
    let whole = utf8 && text.get(..length).is_some_and(|c| std::str::from_utf8(c).is_ok());
    if whole { length } else { 1 }
}

/// Columns that shown text takes.
pub(super) fn width(text: &[u8], utf8: bool) -> usize {
    let mut columns = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let length = character(rest, utf8);
        columns += character_width(&rest[..length]);
        rest = &rest[length..];
    }
    columns
}

/// Columns of one character: wide ones of the East have two, combining ones none.
pub(super) fn character_width(character: &[u8]) -> usize {
    if character.len() < 2 {
        return 1;
    }
    let letter = std::str::from_utf8(character).ok().and_then(|text| text.chars().next());
    match letter.map_or(0, u32::from) {
        0x300..=0x36f | 0x200b..=0x200f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The rows of shown text on a screen so wide. A full last row has an empty one behind
/// it, where the cursor goes.
pub(super) fn rows(text: &[u8], columns: usize, utf8: bool) -> Vec<&[u8]> {
    let mut rows = Vec::new();
    let (mut start, mut at, mut column) = (0, 0, 0);
    while at < text.len() {
        if text[at] == b'\n' {
            rows.push(&text[start..at]);
            at += 1;
            (start, column) = (at, 0);
            continue;
        }
        let length = character(&text[at..], utf8);
        let wide = character_width(&text[at..at + length]);
        if column + wide > columns {
            rows.push(&text[start..at]);
            (start, column) = (at, 0);
        }
        column += wide;
        at += length;
        if column == columns && text.get(at) != Some(&b'\n') {
            rows.push(&text[start..at]);
            (start, column) = (at, 0);
        }
    }
    rows.push(&text[start..]);
    rows
}

/// The row and column of the cursor behind shown text.
pub(super) fn place(text: &[u8], columns: usize, utf8: bool) -> (usize, usize) {
    let rows = rows(text, columns, utf8);
    let last = rows.last().copied().unwrap_or_default();
    (rows.len().saturating_sub(1), width(last, utf8))
}
