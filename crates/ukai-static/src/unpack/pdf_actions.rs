//! What a PDF does by itself, or when it is clicked (ISO 32000-1, 12.6): programs that it starts,
//! forms that it sends, documents elsewhere that it opens.

use super::Unpacking;
use super::pdf_text::{hexadecimal, literal, named, to_utf8, without_escapes};
use memchr::memmem;
use ukai_model::ArtefactKind;

/// Beginning of a document or list of objects that is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 8 << 20;
/// How far behind an action's name its parameters stand, in bytes.
const ACTION_BYTES_MAX: usize = 2048;
/// Actions of one kind that are told.
const ACTIONS_MAX: usize = 50;
/// Links that are looked at.
const LINKS_MAX: usize = 2000;
/// Length of a text, in bytes.
const STRING_BYTES_MAX: usize = 4096;

/// Kinds of actions that open or send something elsewhere, with words for it.
const ELSEWHERE: &[(&[u8], &str)] = &[
    (b"/SubmitForm", "sends its form to"),
    (b"/ImportData", "loads a form from"),
    (b"/GoToR", "opens a document elsewhere:"),
    (b"/GoToE", "opens a document inside:"),
];

/// Tells of the actions in `bytes`: a document, or a list of objects.
pub(super) fn tell(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    links(bytes, unpacking);
    let plain = without_escapes(&bytes[..bytes.len().min(TEXT_BYTES_MAX)]);
    let technique = |words: &str, at: usize, confidence: u8, unpacking: &mut Unpacking<'_>| {
        unpacking.tell(ArtefactKind::Technique, words.as_bytes(), at, confidence);
    };
    if let Some(at) = name(&plain, b"/OpenAction").or_else(|| name(&plain, b"/AA")) {
        technique("PDF: acts when it is opened", at, 60, unpacking);
    }
    if let Some(at) = name(&plain, b"/JavaScript").or_else(|| name(&plain, b"/JS")) {
        technique("PDF: has scripts", at, 60, unpacking);
    }
    for at in memmem::find_iter(&plain, b"/Launch").take(ACTIONS_MAX) {
        let action = &plain[at..plain.len().min(at + ACTION_BYTES_MAX)];
        let action = &action[..memmem::find(action, b"endobj").unwrap_or(action.len())];
        let program = value(action, b"/F").unwrap_or_default();
        let line = match value(action, b"/P") {
            Some(with) if !program.is_empty() => [program.as_slice(), b" ", &with].concat(),
            _ => program,
        };
        if line.is_empty() {
            technique("PDF: starts a program", at, 70, unpacking);
            continue;
        }
        unpacking.tell(ArtefactKind::Command, &line, at, 90);
        let words = format!("PDF: starts {}", String::from_utf8_lossy(&line));
        technique(&words, at, 95, unpacking);
    }
    for (kind, words) in ELSEWHERE {
        for at in memmem::find_iter(&plain, kind).take(ACTIONS_MAX) {
            let action = &plain[at..plain.len().min(at + ACTION_BYTES_MAX)];
            let action = &action[..memmem::find(action, b"endobj").unwrap_or(action.len())];
            let Some(target) = value(action, b"/F") else { continue };
            let told = format!("PDF: {words} {}", String::from_utf8_lossy(&target));
            technique(&told, at, 75, unpacking);
        }
    }
}

/// Keeps the links that do not stand in the document as they are: with escapes, by their digits, or
/// in UTF-16.
fn links(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut hidden = Vec::new();
    for (_, value) in named(bytes, b"URI").take(LINKS_MAX) {
        let link = match value {
            [b'(', text @ ..] => {
                let (link, used) = literal(text, STRING_BYTES_MAX);
                Some(link).filter(|link| !text[..used].starts_with(link))
            }
            [b'<', b'<', ..] => None,
            [b'<', digits @ ..] => {
                Some(hexadecimal(&digits[..digits.len().min(2 * STRING_BYTES_MAX)]))
            }
            _ => None,
        };
        if let Some(link) = link {
            hidden.extend(to_utf8(&link));
            hidden.push(b'\n');
        }
    }
    unpacking.add("pdf links", None, hidden);
}

/// Where a name stands that does not go on.
fn name(bytes: &[u8], name: &[u8]) -> Option<usize> {
    let ends = |at: &usize| {
        let next = bytes.get(at + name.len());
        !next.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    memmem::find_iter(bytes, name).take(ACTIONS_MAX).find(ends)
}

/// The text behind a key: `/F (cmd.exe)`, also in the dictionary of a file (`/F << /F (x) >>`).
fn value(action: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    memmem::find_iter(action, key).take(ACTIONS_MAX).find_map(|at| {
        let rest = action[at + key.len()..].trim_ascii_start();
        match rest {
            [b'(', text @ ..] => Some(literal(text, STRING_BYTES_MAX).0),
            [b'<', b'<', ..] => None,
            [b'<', digits @ ..] => {
                let digits = &digits[..memchr::memchr(b'>', digits)?.min(STRING_BYTES_MAX)];
                let digits: Vec<u8> =
                    digits.iter().copied().filter(u8::is_ascii_hexdigit).collect();
                hex::decode(&digits[..digits.len() & !1]).ok()
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{name, value};

    #[test]
    fn names_and_texts_are_read_as_readers_do() {
        assert_eq!(value(b"/Launch /F (cmd.exe)", b"/F"), Some(b"cmd.exe".to_vec()));
        assert_eq!(value(b"/F << /Type /F /F <636d64> >>", b"/F"), Some(b"cmd".to_vec()));
        assert_eq!(value(b"/F 12 0 R", b"/F"), None);
        assert_eq!(name(b"/AAPL /AA 1", b"/AA"), Some(6));
    }
}
