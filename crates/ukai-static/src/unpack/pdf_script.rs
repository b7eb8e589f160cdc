//! The scripts of a PDF document: what stands behind `/JS` in its actions (ISO 32000-1, section
//! 12.6.4.16), as a string, a stream, or a reference to one of them.
//!
//! The scripts of one document know each other's functions, so they are put together. Objects are
//! found by their own marks, as streams are.

use super::Unpacking;
use super::pdf::{content, data, dictionary};
use super::pdf_text::{hexadecimal, literal, named, object, to_utf8, whole};
use memchr::memmem;
use std::collections::BTreeSet;

/// Scripts of one document.
const SCRIPTS_MAX: usize = 200;
/// Length of all scripts of one document, in bytes.
const SCRIPTS_BYTES_MAX: usize = 4 << 20;
/// Length of an object that is no stream, in bytes.
const OBJECT_BYTES_MAX: usize = 1 << 20;
/// References to a reference.
const REFERENCES_MAX: usize = 4;

/// The scripts of a document as one text, in UTF-8; `lists` are the lists of objects in it. Empty if
/// there is none.
pub(super) fn read(bytes: &[u8], lists: &[Vec<u8>], unpacking: &mut Unpacking<'_>) -> Vec<u8> {
    let mut all: Vec<u8> = Vec::new();
    let mut known = BTreeSet::new();
    for text in std::iter::once(bytes).chain(lists.iter().map(Vec::as_slice)) {
        for (_, value) in named(text, b"JS") {
            let Some(script) = resolve(value, bytes, lists, REFERENCES_MAX, unpacking) else {
                continue;
            };
            if known.len() >= SCRIPTS_MAX || all.len() + script.len() > SCRIPTS_BYTES_MAX {
                unpacking.note("pdf: not all scripts were read".to_owned());
                return all;
            }
            if !script.is_empty() && known.insert(script.clone()) {
                all.extend_from_slice(&script);
                all.extend_from_slice(b"\n;\n");
            }
        }
    }
    all
}

/// The text of a value.
fn resolve(
    value: &[u8],
    bytes: &[u8],
    lists: &[Vec<u8>],
    left: usize,
    unpacking: &mut Unpacking<'_>,
) -> Option<Vec<u8>> {
    let value = value.trim_ascii_start();
    match value {
        [b'(', rest @ ..] => return Some(to_utf8(&literal(rest, OBJECT_BYTES_MAX).0)),
        [b'<', b'<', ..] => {
            let head = &value[..value.len().min(OBJECT_BYTES_MAX)];
            let mark = memmem::find(head, b"stream")?;
            let data = data(value.get(mark + 6..)?)?;
            return Some(to_utf8(&content(&dictionary(value, mark), data, unpacking)?));
        }
        [b'<', rest @ ..] => {
            return Some(to_utf8(&hexadecimal(&rest[..rest.len().min(OBJECT_BYTES_MAX)])));
        }
        _ => {}
    }
    let left = left.checked_sub(1)?;
    let (number, rest) = whole(value)?;
    let (generation, rest) = whole(rest)?;
    rest.trim_ascii_start().strip_prefix(b"R")?;
    if let Some(value) = object(bytes, number, generation) {
        return resolve(value, bytes, lists, left, unpacking);
    }
    let value = lists.iter().rev().find_map(|list| listed(list, number))?;
    resolve(value, bytes, lists, left, unpacking)
}

/// The object of a number in a list of objects: pairs of a number and a place, and the objects.
fn listed(list: &[u8], number: u32) -> Option<&[u8]> {
    let mut rest = list;
    let mut place = None;
    while let Some((key, after)) = whole(rest) {
        let Some((offset, after)) = whole(after) else { break };
        if key == number {
            place = Some(offset);
        }
        rest = after;
    }
    rest.trim_ascii_start().get(place? as usize..)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::limits::Limits;
    use crate::unpack::{Budget, Unpacking};
    use proptest::prelude::*;

    fn script(bytes: &[u8], lists: &[&[u8]]) -> String {
        let limits = Limits::default();
        let mut budget = Budget { members: 100, bytes: 1 << 20 };
        let mut unpacking = Unpacking::new(&limits, &mut budget, &[]);
        let lists: Vec<Vec<u8>> = lists.iter().map(|it| it.to_vec()).collect();
        String::from_utf8(read(bytes, &lists, &mut unpacking)).expect("UTF-8")
    }

    #[test]
    fn strings_streams_and_references() {
        assert_eq!(
            script(
                br"<</S/JavaScript/JS(a\(\051;\
b(\(c\)))>>",
                &[]
            ),
            "a();b((c))\n;\n"
        );
        assert_eq!(script(b"/#4aS <FEFF0061 0062>", &[]), "ab\n;\n");
        assert_eq!(script(b"/J#53 12 0 R\n12 0 obj\n(x)\n112 0 obj (y)\n", &[]), "x\n;\n");
        let stream = b"/JS 3 0 R 3 0 obj <</Length 4/Filter/AHx>>stream\n6162>\nendstream";
        assert_eq!(script(stream, &[]), "ab\n;\n");
        let list = b"5 0 6 4 (a) <</OpenAction<</JS 5 0 R>>>>";
        assert_eq!(script(b"/JSON (x) /JS 9 0 R", &[list]), "a\n;\n");
        assert_eq!(script(b"/JS 1 0 R 1 0 obj 1 0 R", &[]), "");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(parts in prop::collection::vec(prop::sample::select(vec![
            "/JS", "/J#53", " 1 0 R", "1 0 obj", "(", ")", "\\", "\\777", "<", "<<", ">>", "stream\n",
            "endstream", "/Filter/Fl", "/Filter[/A85/LZW]", " ", "\r\n", "FEFF00", "9", "\u{e9}",
        ]), 0..40), noise in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = parts.concat().into_bytes();
            bytes.extend(noise);
            let _ = script(&bytes, &[&bytes]);
        }
    }
}
