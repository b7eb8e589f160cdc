//! Files in texts: base64, hexadecimal digits, escapes, byte lists, uuencode.
//!
//! What decodes to readable text with addresses in it is found by the search for
//! observables; here whole files come out, so that they are looked at as such.

use super::Unpacking;
use crate::elf;
use crate::kind::{self, Language};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

/// Length of the shortest decoded file, in bytes.
pub(super) const FILE_BYTES_MIN: usize = 40;
/// Files taken out of one text.
const FILES_MAX: usize = 32;
/// Decoded beginning by which a file's type is judged, in bytes: images of discs tell at 32 KiB.
const HEAD_BYTES: usize = 36 << 10;

pub(super) fn unpack(bytes: &[u8], language: Language, unpacking: &mut Unpacking<'_>) {
    let before = unpacking.children.len();
    uuencoded(bytes, unpacking);
    let mut at = 0;
    while at < bytes.len() && unpacking.children.len() - before < FILES_MAX {
        let (decoded, end, container) = longest(bytes, at);
        let known = unpacking.has(&decoded);
        if decoded.len() >= FILE_BYTES_MIN && !known && is_worth_keeping(&decoded, language) {
            let decoded = unpacking.read(container, &mut &*decoded, end - at);
            unpacking.add(container, None, decoded);
        }
        at = end.max(at + 1);
    }
}

/// Whether decoded bytes are a file by content, or a program's text.
pub(super) fn is_worth_keeping(decoded: &[u8], around: Language) -> bool {
    let head = &decoded[..decoded.len().min(HEAD_BYTES)];
    let kind = kind::identify(head, elf::read(head).as_ref());
    match kind.language {
        // Wide text is what PowerShell's encoded commands are.
        Some(Language::Prose) => {
            around != Language::Prose && kind.file_type.description.starts_with("UTF-16")
                || head.iter().skip(1).step_by(2).filter(|byte| **byte == 0).count() * 3
                    > head.len()
        }
        Some(_) => true,
        None => !matches!(kind.file_type.name.as_str(), "unknown" | "empty" | "python-bytecode"),
    }
}

/// The encoded run that begins at `at`: what it decodes to, and where it ends. A byte that
/// begins none ends there.
fn longest(bytes: &[u8], at: usize) -> (Vec<u8>, usize, &'static str) {
    let rest = &bytes[at..];
    match rest[0] {
        b'\\' if rest.get(1) == Some(&b'x') => {
            let (decoded, length) = tokens(rest, b"\\x", &[]);
            (decoded, at + length, "escapes")
        }
        b'0' if matches!(rest.get(1), Some(b'x' | b'X')) => {
            let (decoded, length) = tokens(rest, &rest[..2], b", \t\r\n;");
            (decoded, at + length, "byte list")
        }
        byte if is_base64(byte) => base64_or_hex(bytes, at),
        _ => (Vec::new(), at + 1, ""),
    }
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Tokens of a mark and two hexadecimal digits, with separators between them.
fn tokens(bytes: &[u8], mark: &[u8], separators: &[u8]) -> (Vec<u8>, usize) {
    let mut decoded = Vec::new();
    let mut at = 0;
    loop {
        let digits = bytes[at..]
            .strip_prefix(mark)
            .map(|rest| rest.iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).count());
        let Some(count @ 1..=2) = digits else { break };
        let text = &bytes[at + mark.len()..at + mark.len() + count];
        let value = std::str::from_utf8(text).ok().and_then(|it| u8::from_str_radix(it, 16).ok());
        decoded.extend(value);
        at += mark.len() + count;
        at += bytes[at..].iter().take_while(|byte| separators.contains(byte)).count();
    }
    (decoded, at.max(1))
}

/// One alphabet holds the other: digits alone are hexadecimal. Lines that end inside a run
/// belong to it.
fn base64_or_hex(bytes: &[u8], at: usize) -> (Vec<u8>, usize, &'static str) {
    let mut run = Vec::new();
    let mut end = at;
    loop {
        let line = bytes[end..].iter().take_while(|byte| is_base64(**byte)).count();
        run.extend_from_slice(&bytes[end..end + line]);
        end += line;
        let gap = bytes[end..]
            .iter()
            .take(3)
            .take_while(|byte| matches!(byte, b'\r' | b'\n' | b' '))
            .count();
        let goes_on = bytes.get(end + gap).is_some_and(|byte| is_base64(*byte));
        if line < 32 || gap == 0 || !goes_on {
            break;
        }
        end += gap;
    }
    if run.len() < FILE_BYTES_MIN {
        return (Vec::new(), end, "");
    }
    if run.iter().all(u8::is_ascii_hexdigit) {
        let whole = run.len() & !1;
        return (hex::decode(&run[..whole]).unwrap_or_default(), end, "hex");
    }
    (base64(&run).unwrap_or_default(), end, "base64")
}

/// What base64 in one piece decodes to; the padding may be wrong.
pub(super) fn base64(run: &[u8]) -> Option<Vec<u8>> {
    let text = &run[..run.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1)];
    let whole = text.len() - usize::from(text.len() % 4 == 1);
    TOLERANT.decode(&text[..whole]).ok()
}

static TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// `begin 644 NAME`, lines with a length in front, `end` (POSIX, uuencode); with
/// `begin-base64` the lines are base64.
fn uuencoded(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    for at in memmem::find_iter(bytes, b"begin ").take(FILES_MAX) {
        if at > 0 && bytes[at - 1] != b'\n' {
            continue;
        }
        let mut lines = bytes[at..].split(|byte| *byte == b'\n');
        let Some(header) = lines.next() else { continue };
        let mut words = header.split(|byte| *byte == b' ').skip(1);
        let mode = words.next().unwrap_or_default();
        if !(3..=4).contains(&mode.len()) || !mode.iter().all(u8::is_ascii_digit) {
            continue;
        }
        let name = words.next().unwrap_or_default().trim_ascii();
        let mut decoded = Vec::new();
        for line in lines {
            // Shell archives put an X before each line.
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some((length, digits)) = line.split_first() else { break };
            if line == b"end" || !(b' '..=b'`').contains(length) {
                break;
            }
            let length = usize::from((length - b' ') & 63);
            let values: Vec<u8> = digits.iter().map(|byte| byte.wrapping_sub(b' ') & 63).collect();
            let mut three: Vec<u8> = values
                .chunks(4)
                .flat_map(|four| {
                    let value = |at: usize| four.get(at).copied().unwrap_or(0);
                    [
                        value(0) << 2 | value(1) >> 4,
                        value(1) << 4 | value(2) >> 2,
                        value(2) << 6 | value(3),
                    ]
                })
                .collect();
            three.truncate(length);
            decoded.append(&mut three);
        }
        unpacking.add("uuencode", Some(name), decoded);
    }
}
