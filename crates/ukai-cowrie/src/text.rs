//! A peer's bytes in the two forms in which Cowrie shows them.

use ukai_model::PeerText;

/// As `cowrie.core.utils.escape_nonprintable` shows user names, passwords and versions:
/// printable ASCII stays, a backslash is doubled, every other byte becomes `\xNN`.
pub(crate) fn ascii(text: &PeerText) -> String {
    let mut out = String::with_capacity(text.as_bytes().len());
    for byte in text.as_bytes() {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(char::from(*byte)),
            other => {
                out.push_str("\\x");
                out.push_str(&hex::encode([*other]));
            }
        }
    }
    out
}

/// As Cowrie shows lines, paths and URLs: as they are. What could harm a terminal that
/// prints the JSON is shown as `\xNN` all the same.
pub(crate) fn plain(text: &PeerText) -> String {
    let parts = text.as_bytes().split(|byte| *byte == b'\\');
    let parts: Vec<String> =
        parts.map(|part| PeerText::from(part).escaped().into_owned()).collect();
    parts.join("\\")
}

/// The last part of a path.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').find(|name| !name.is_empty()).unwrap_or(path)
}
