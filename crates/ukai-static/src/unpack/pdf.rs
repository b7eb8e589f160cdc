//! Streams of PDF documents (ISO 32000-1, section 7.4) and the files attached to them.
//!
//! Objects are found by their own marks, not through the table of references: that of a
//! sample may be missing or lie, and readers repair it as well. Pages' texts and images are
//! left out; what programs, forms, lists of objects and attachments hold is kept.

use super::pdf_text::{hexadecimal, without_escapes};
use super::{Unpacking, closed, pdf_actions, pdf_script};
use flate2::read::{DeflateDecoder, ZlibDecoder};
use memchr::memmem;
use std::io::Read;

/// Streams that are looked at in one document.
const STREAMS_MAX: usize = 4000;
/// Length of a stream's dictionary, in bytes.
const DICTIONARY_BYTES_MAX: usize = 4096;
/// What streams are named as members.
const STREAM: &str = "pdf stream";
/// What the script of a document is named as a member.
pub(crate) const PDF_SCRIPT: &str = "pdf script";
/// Filters of one stream.
const FILTERS_MAX: usize = 8;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let passwords = unpacking.passwords;
    match closed::pdf::open(bytes, passwords) {
        // The same document once more, in clear: it is looked at as what this one has in it.
        closed::Found::Opened { clear, password } => {
            unpacking.add_opened("pdf", None, clear, password);
            return;
        }
        closed::Found::Shut => closed::note("pdf", unpacking),
        closed::Found::Plain => {}
    }
    let before = unpacking.children.len();
    streams(bytes, unpacking);
    let lists: Vec<Vec<u8>> = unpacking
        .children
        .iter()
        .skip(before)
        .filter(|child| {
            child.container == STREAM && child.bytes.first().is_some_and(u8::is_ascii_digit)
        })
        .map(|child| child.bytes.clone())
        .collect();
    let script = pdf_script::read(bytes, &lists, unpacking);
    unpacking.add(PDF_SCRIPT, Some(b"JavaScript"), script);
}

fn streams(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    pdf_actions::tell(bytes, unpacking);
    for (index, mark) in memmem::find_iter(bytes, b"stream").enumerate() {
        if index > 2 * STREAMS_MAX || unpacking.is_full() {
            return unpacking.note("pdf: not all streams were looked at".to_owned());
        }
        if bytes[..mark].ends_with(b"end") {
            continue;
        }
        let Some(data) = data(&bytes[mark + 6..]) else { continue };
        let dictionary = dictionary(bytes, mark);
        stream(&dictionary, data, unpacking);
    }
}

/// What a stream has in it, as it stands behind its word.
pub(super) fn data(after: &[u8]) -> Option<&[u8]> {
    let start = match after {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        _ => return None,
    };
    let data = &after[start..];
    let length = memmem::find(data, b"endstream").unwrap_or(data.len());
    Some(&data[..length])
}

/// The dictionary before a stream, with the escapes in its names undone.
pub(super) fn dictionary(bytes: &[u8], end: usize) -> Vec<u8> {
    let from = end.saturating_sub(DICTIONARY_BYTES_MAX);
    let head = &bytes[from..end];
    let begin = memmem::rfind(head, b" obj").or_else(|| memmem::rfind(head, b"<<")).unwrap_or(0);
    without_escapes(&head[begin..])
}

fn has(dictionary: &[u8], name: &[u8]) -> bool {
    memmem::find(dictionary, name).is_some()
}

fn stream(dictionary: &[u8], data: &[u8], unpacking: &mut Unpacking<'_>) {
    let image = has(dictionary, b"/Image") || has(dictionary, b"/DCTDecode");
    if image || has(dictionary, b"/FontFile") || has(dictionary, b"/Length1") {
        return;
    }
    let Some(content) = content(dictionary, data, unpacking) else { return };
    if has(dictionary, b"/ObjStm") {
        pdf_actions::tell(&content, unpacking);
    }
    let attached = has(dictionary, b"/EmbeddedFile");
    let container = if attached { "pdf attachment" } else { STREAM };
    if attached || is_worth_keeping(dictionary, &content) {
        unpacking.add(container, None, content);
    }
}

/// The content of a stream, its filters undone; none if one is not known.
pub(super) fn content(
    dictionary: &[u8],
    data: &[u8],
    unpacking: &mut Unpacking<'_>,
) -> Option<Vec<u8>> {
    let mut content = data.to_vec();
    for filter in filters(dictionary) {
        content = match filter {
            b"FlateDecode" | b"Fl" => inflate(&content, unpacking),
            b"ASCIIHexDecode" | b"AHx" => hexadecimal(&content),
            b"ASCII85Decode" | b"A85" => base85(&content),
            b"RunLengthDecode" | b"RL" => run_lengths(&content, unpacking.limits.member_bytes),
            b"LZWDecode" | b"LZW" => lzw(&content, unpacking.limits.member_bytes),
            _ => return None,
        };
    }
    Some(content)
}

/// Lists of objects and anything that is not the drawing of a page.
fn is_worth_keeping(dictionary: &[u8], content: &[u8]) -> bool {
    let drawing = has(content, b" Tf") || has(content, b" re\n") || has(content, b" cm\n");
    let plain = has(dictionary, b"/ObjStm");
    let link = has(content, b"://") || has(content, b"eval(");
    !has(dictionary, b"/XRef") && (plain || link || (!drawing && !has(dictionary, b"/Metadata")))
}

/// Names of the filters, in the order in which they are undone.
fn filters(dictionary: &[u8]) -> Vec<&[u8]> {
    let place = memmem::find(dictionary, b"/Filter")
        .map(|at| at + 7)
        .or_else(|| memmem::find(dictionary, b"/F ").map(|at| at + 2));
    let Some(at) = place else { return Vec::new() };
    let rest = dictionary[at..].trim_ascii_start();
    let (rest, end) = if let Some(list) = rest.strip_prefix(b"[") {
        (list, memchr::memchr(b']', list).unwrap_or(list.len()))
    } else {
        let name = rest.iter().skip(1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        (rest, (name + 1).min(rest.len()))
    };
    rest[..end]
        .split(|byte| *byte == b'/' || byte.is_ascii_whitespace())
        .filter(|name| !name.is_empty())
        .take(FILTERS_MAX)
        .collect()
}

fn inflate(bytes: &[u8], unpacking: &mut Unpacking<'_>) -> Vec<u8> {
    let notes = unpacking.notes.len();
    let content = unpacking.read("pdf", &mut ZlibDecoder::new(bytes), bytes.len());
    if !content.is_empty() {
        return content;
    }
    // A broken header is skipped by readers.
    unpacking.notes.truncate(notes);
    let raw = bytes.get(2..).unwrap_or_default();
    unpacking.read("pdf", &mut DeflateDecoder::new(raw) as &mut dyn Read, bytes.len())
}

fn base85(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut group: Vec<u32> = Vec::with_capacity(5);
    let mut emit = |group: &[u32]| {
        let padded = (0..5).map(|at| group.get(at).copied().unwrap_or(84));
        let value = padded.fold(0u32, |sum, digit| sum.wrapping_mul(85).wrapping_add(digit));
        out.extend_from_slice(&value.to_be_bytes()[..group.len().saturating_sub(1)]);
    };
    for byte in bytes.strip_prefix(b"<~").unwrap_or(bytes) {
        match byte {
            b'~' => break,
            b'z' if group.is_empty() => emit(&[0; 5]),
            b'!'..=b'u' => {
                group.push(u32::from(byte - b'!'));
                if group.len() == 5 {
                    emit(&group);
                    group.clear();
                }
            }
            _ => {}
        }
    }
    if group.len() > 1 {
        emit(&group);
    }
    out
}

fn run_lengths(bytes: &[u8], max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(length) = bytes.get(at)
        && out.len() < max
    {
        match length {
            0..=127 => {
                let count = usize::from(*length) + 1;
                let rest = bytes.get(at + 1..).unwrap_or_default();
                out.extend_from_slice(&rest[..rest.len().min(count)]);
                at += 1 + count;
            }
            128 => break,
            129.. => {
                let Some(byte) = bytes.get(at + 1) else { break };
                out.extend(std::iter::repeat_n(*byte, 257 - usize::from(*length)));
                at += 2;
            }
        }
    }
    out
}

/// LZW with codes of 9 to 12 bits that grow one code early, as PDF and TIFF have it.
fn lzw(bytes: &[u8], max: usize) -> Vec<u8> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    let mut out: Vec<u8> = Vec::new();
    // Place and length of each entry's text in `out`.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let (mut bits, mut held, mut width) = (0u32, 0u32, 9u32);
    let mut previous: Option<(usize, usize)> = None;
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        if held < width {
            continue;
        }
        held -= width;
        let code = (bits >> held) as usize & ((1 << width) - 1);
        bits &= (1 << held) - 1;
        match code {
            END => break,
            CLEAR => {
                table.clear();
                previous = None;
                width = 9;
                continue;
            }
            _ => {}
        }
        let start = out.len();
        if code < CLEAR {
            out.push(code as u8);
        } else if let Some((at, length)) = table.get(code - 258).copied() {
            out.extend_from_within(at..at + length);
        } else if let Some((at, length)) = previous {
            out.extend_from_within(at..at + length);
            out.push(out[at]);
        } else {
            break;
        }
        if let Some((at, length)) = previous
            && table.len() < 4096 - 258
        {
            // The entry is the previous text and the first byte of this one, which follows
            // it directly.
            table.push((at, length + 1));
        }
        previous = Some((start, out.len() - start));
        width = match table.len() + 258 + 1 {
            0..=511 => 9,
            512..=1023 => 10,
            1024..=2047 => 11,
            _ => 12,
        };
        if out.len() >= max {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{base85, filters, lzw, run_lengths};

    #[test]
    fn filters_undo_what_the_standard_shows() {
        // ISO 32000-1, section 7.4.4.2, example 1.
        let packed = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        assert_eq!(lzw(&packed, 100), [45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
        assert_eq!(base85(b"87cURD_*#4DfTZ)~>"), b"Hello, World");
        assert_eq!(run_lengths(&[2, 1, 2, 3, 254, 9, 128, 7], 100), [1, 2, 3, 9, 9, 9]);
    }

    #[test]
    fn names_of_filters() {
        assert_eq!(filters(b"<< /Filter /FlateDecode /Length 3 >>"), [b"FlateDecode"]);
        let two = filters(b"<</Filter[/AHx /Fl]/Length 3>>");
        assert_eq!(two, [&b"AHx"[..], b"Fl"]);
        assert!(filters(b"<</Length 3>>").is_empty());
    }
}
