//! Objects in RTF documents: `\objdata` and `\datastore` in hexadecimal digits (RTF 1.9.1).
//!
//! Readers skip white space, control words and nested groups between the digits, which is
//! what exploits hide behind.

use super::{Unpacking, office, ole};
use memchr::memmem;

/// Objects that are looked at in one document.
const OBJECTS_MAX: usize = 64;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    office::rtf(bytes, unpacking);
    let marks = [&b"\\objdata"[..], b"\\datastore"];
    let places =
        marks.iter().flat_map(|mark| memmem::find_iter(bytes, mark).map(|at| at + mark.len()));
    for at in places.take(OBJECTS_MAX) {
        if unpacking.is_full() {
            return;
        }
        let data = digits(&bytes[at..], unpacking.limits.member_bytes);
        match ole::embedded(&data) {
            Some((name, content)) => {
                unpacking.add("rtf object", name, content.to_vec());
            }
            None => {
                unpacking.add("rtf object", None, data);
            }
        }
    }
}

/// Bytes of a group of hexadecimal digits, up to the end of the group.
fn digits(bytes: &[u8], max: usize) -> Vec<u8> {
    let mut data = Vec::new();
    let (mut half, mut depth, mut at) = (None, 0usize, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => break,
            b'}' => depth -= 1,
            // A control word, its number and one space; `\binN` has raw bytes behind it.
            b'\\' => {
                let rest = &bytes[at..];
                let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                let number =
                    rest[word..].iter().take_while(|b| b.is_ascii_digit() || **b == b'-').count();
                at += word + number;
                // A control symbol is one character.
                at += usize::from(word == 0 || bytes.get(at) == Some(&b' '));
                if &rest[..word] == b"bin" {
                    let length = std::str::from_utf8(&rest[word..word + number]);
                    let length: usize = length.ok().and_then(|it| it.parse().ok()).unwrap_or(0);
                    let raw = &bytes[at.min(bytes.len())..];
                    let raw = &raw[..raw.len().min(length).min(max - data.len().min(max))];
                    data.extend_from_slice(raw);
                    at += raw.len();
                }
            }
            _ if depth == 0 => {
                let Some(digit) = char::from(*byte).to_digit(16) else { continue };
                match half.take() {
                    Some(high) => data.push((high << 4 | digit) as u8),
                    None => half = Some(digit),
                }
                if data.len() >= max {
                    break;
                }
            }
            _ => {}
        }
    }
    data
}
