//! Observables in texts that were written as hexadecimal digits, bare or as escapes.

use super::runs::{is_printable, long_run, runs};
use super::{Finds, Source, scan};
use crate::kind::Language;
use memchr::memmem;
use ukai_model::StringEncoding;

/// Digits of the shortest text: `http://a.bc/` takes 24.
const DIGITS_MIN: usize = 20;

/// Searches `bytes` for runs of digits, or of `\x` and two digits, that are texts.
pub(crate) fn search(bytes: &[u8], language: Option<Language>, finds: &mut Finds) {
    let mut at = 0;
    while let Some(start) = long_run(bytes, at, DIGITS_MIN, |byte| byte.is_ascii_hexdigit()) {
        let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        text(&bytes[start..start + length], start, language, finds);
        at = start + length + 1;
    }
    let mut at = 0;
    while let Some(next) = memmem::find(&bytes[at..], b"\\x") {
        let start = at + next;
        at = start;
        let mut digits: Vec<u8> = Vec::new();
        while let [b'\\', b'x', high, low, ..] = bytes[at..]
            && high.is_ascii_hexdigit()
            && low.is_ascii_hexdigit()
        {
            digits.extend([high, low]);
            at += 4;
        }
        if digits.len() >= DIGITS_MIN {
            text(&digits, start, language, finds);
        }
        at = at.max(start + 2);
    }
}

/// Looks at what `digits` stand for, if it is a text.
fn text(digits: &[u8], start: usize, language: Option<Language>, finds: &mut Finds) {
    let Ok(text) = hex::decode(digits) else { return };
    let readable = text.iter().filter(|byte| is_printable(**byte) || **byte == b'\n').count();
    if readable * 10 < text.len() * 9 {
        return;
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
