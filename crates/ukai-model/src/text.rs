//! Bytes that a peer sent, kept whole and shown harmlessly.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Bytes chosen by a peer: a user name, a shell line, a header.
///
/// The bytes are kept exactly. Wherever they are shown or serialised they are
/// escaped: printable Unicode stays, a backslash becomes `\\`, everything else
/// (control characters, terminal escapes, bidirectional overrides, bytes that are
/// not UTF-8) becomes `\xNN` per byte. The form is reversible by [`PeerText::parse`].
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = String)]
pub struct PeerText(Vec<u8>);

impl PeerText {
    /// Wraps bytes as they came.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The first `max` bytes of `bytes`: for fields whose length a peer chooses.
    pub fn truncated(bytes: &[u8], max: usize) -> Self {
        Self(bytes[..bytes.len().min(max)].to_vec())
    }

    /// The bytes as they came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the escaped form back. A stray backslash stands for itself, so that
    /// text typed by a person is accepted too.
    pub fn parse(escaped: &str) -> Self {
        let source = escaped.as_bytes();
        let mut bytes = Vec::with_capacity(source.len());
        let mut at = 0;
        while at < source.len() {
            if source[at] == b'\\' {
                match &source[at + 1..] {
                    [b'\\', ..] => {
                        bytes.push(b'\\');
                        at += 2;
                        continue;
                    }
                    [b'x', high, low, ..] => {
                        let digit = |d: u8| (d as char).to_digit(16);
                        if let (Some(high), Some(low)) = (digit(*high), digit(*low)) {
                            bytes.push((high * 16 + low) as u8);
                            at += 4;
                            continue;
                        }
                    }
                    _ => {}
                }
            }
            bytes.push(source[at]);
            at += 1;
        }
        Self(bytes)
    }

    /// The escaped form. Borrows when nothing needs escaping.
    pub fn escaped(&self) -> Cow<'_, str> {
        // Nearly all is ASCII, which needs no look at characters.
        let ascii = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\\';
        if let Ok(text) = std::str::from_utf8(&self.0)
            && (self.0.iter().all(ascii) || text.chars().all(|c| c != '\\' && is_plain(c)))
        {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(self.0.len() + 16);
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c == '\\' {
                    out.push_str("\\\\");
                } else if is_plain(c) {
                    out.push(c);
                } else {
                    let mut buffer = [0; 4];
                    for byte in c.encode_utf8(&mut buffer).bytes() {
                        push_hex(&mut out, byte);
                    }
                }
            }
            for byte in chunk.invalid() {
                push_hex(&mut out, *byte);
            }
        }
        Cow::Owned(out)
    }
}

fn push_hex(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push_str("\\x");
    out.push(DIGITS[usize::from(byte >> 4)] as char);
    out.push(DIGITS[usize::from(byte & 15)] as char);
}

/// Whether a character may stand in logs and terminals as it is: no controls, no
/// line or paragraph separators, no invisible or direction-changing marks.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{00ad}')
}

impl fmt::Display for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.escaped())
    }
}

impl fmt::Debug for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escaped())
    }
}

impl From<&[u8]> for PeerText {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<&str> for PeerText {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl Serialize for PeerText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.escaped())
    }
}

impl<'de> Deserialize<'de> for PeerText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&Cow::<'de, str>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::PeerText;
    use proptest::prelude::*;

    #[test]
    fn terminal_escapes_are_shown_harmlessly() {
        let text = PeerText::from(&b"a\x1b[2Jb\\\xff\r\n\xe2\x80\xae"[..]);
        assert_eq!(text.to_string(), r"a\x1b[2Jb\\\xff\x0d\x0a\xe2\x80\xae");
    }

    #[test]
    fn printable_text_stays_readable() {
        assert_eq!(PeerText::from("鵜飼 root").to_string(), "鵜飼 root");
    }

    proptest! {
        #[test]
        fn the_escaped_form_is_reversible(bytes: Vec<u8>) {
            let text = PeerText::new(bytes.clone());
            let escaped = text.escaped().into_owned();
            prop_assert!(escaped.chars().all(|c| !c.is_control()));
            let parsed = PeerText::parse(&escaped);
            prop_assert_eq!(parsed.as_bytes(), &bytes[..]);
        }
    }
}
