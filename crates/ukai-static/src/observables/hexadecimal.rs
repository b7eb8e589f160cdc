//! Observables in texts that were written as hexadecimal digits, bare or as escapes.

use super::runs::{is_printable, runs};
use super::{Finds, Source, scan};
use crate::kind::Language;
use ukai_model::StringEncoding;

/// Digits of the shortest text: `http://a.bc/` takes 24.
const DIGITS_MIN: usize = 20;

/// Searches `bytes` for runs of digits, or of `\x` and two digits, that are texts.
pub(crate) fn search(bytes: &[u8], language: Option<Language>, finds: &mut Finds) {
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes[at..].starts_with(b"\\x");
        let start = at;
        let mut digits: Vec<u8> = Vec::new();
        if escaped {
            while let [b'\\', b'x', high, low, ..] = bytes[at..]
                && high.is_ascii_hexdigit()
                && low.is_ascii_hexdigit()
            {
                digits.extend([high, low]);
                at += 4;
            }
        } else {
            let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            digits.extend_from_slice(&bytes[at..at + length]);
            at += length;
        }
        if at == start {
            at += 1;
        }
        if digits.len() < DIGITS_MIN || !digits.len().is_multiple_of(2) {
            continue;
        }
        let Ok(text) = hex::decode(&digits) else { continue };
        let readable = text.iter().filter(|byte| is_printable(**byte) || **byte == b'\n').count();
        if readable * 10 < text.len() * 9 {
            continue;
        }
        let source = Source {
            offset: start as u64,
            stride: 0,
            encoding: StringEncoding::Hex,
            method: "hex",
            language,
        };
        for run in runs(&text) {
            scan::text(&run.text(&text), &source, finds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Finds, search};

    #[test]
    fn digits_and_escapes() {
        let url = "http://in-digits.example/x";
        let bare = format!("x = '{}';", hex::encode(url));
        let escapes: Vec<String> = url.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
        let escapes = format!("echo -ne '{}'", escapes.concat());
        for text in [bare, escapes] {
            let mut finds = Finds::new(9);
            search(text.as_bytes(), None, &mut finds);
            assert_eq!(finds.list[0].observable.value, url, "{text}");
        }
    }

    #[test]
    fn digests_are_no_texts() {
        let mut finds = Finds::new(9);
        let digests = b"d41d8cd98f00b204e9800998ecf8427e 3132333435363738393031323334353637";
        search(digests, None, &mut finds);
        search(b"\\x", None, &mut finds);
        search(b"abc\\x4", None, &mut finds);
        assert!(finds.list.is_empty(), "{:?}", finds.list);
    }
}
