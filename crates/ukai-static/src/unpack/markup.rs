//! Tags and texts of XML, one after the other, as far as documents' parts need it: nothing is
//! built up, entities of one's own are not known, and what is not well-formed is passed over.

use memchr::{memchr, memmem};

/// One tag with the text that follows it.
pub(super) struct Tag<'a> {
    /// Its name without the name space.
    pub(super) name: &'a [u8],
    attributes: &'a [u8],
    pub(super) closes: bool,
    text: &'a [u8],
}

/// All tags of a document, comments and declarations left out.
pub(super) fn tags(xml: &[u8]) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = xml;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[memchr(b'<', rest)? + 1..];
            if let Some(comment) = rest.strip_prefix(b"!--") {
                rest = &comment[memmem::find(comment, b"-->")?..];
                continue;
            }
            let end = memchr(b'>', rest)?;
            let (tag, behind) = (&rest[..end], &rest[end + 1..]);
            rest = behind;
            if matches!(tag.first(), Some(b'?' | b'!') | None) {
                continue;
            }
            let closes = tag[0] == b'/';
            let tag = tag.strip_prefix(b"/").unwrap_or(tag);
            let tag = tag.strip_suffix(b"/").unwrap_or(tag);
            let end = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
            let (name, attributes) = tag.split_at(end);
            let text = &behind[..memchr(b'<', behind).unwrap_or(behind.len())];
            return Some(Tag { name: local(name), attributes, closes, text });
        }
    })
}

/// A name without its name space.
fn local(name: &[u8]) -> &[u8] {
    memchr::memrchr(b':', name).map_or(name, |at| &name[at + 1..])
}

impl Tag<'_> {
    /// The value of an attribute, whatever its name space.
    pub(super) fn attribute(&self, wanted: &str) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_ascii_start();
            let sign = memchr(b'=', rest)?;
            let name = local(rest[..sign].trim_ascii());
            let value = rest[sign + 1..].trim_ascii_start();
            let quote = *value.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
            let end = memchr(quote, &value[1..])? + 1;
            if name == wanted.as_bytes() {
                return Some(unescape(&value[1..end]));
            }
            rest = &value[end + 1..];
        }
    }

    /// The text up to the next tag.
    pub(super) fn text(&self) -> String {
        unescape(self.text)
    }
}

/// Text without entities.
fn unescape(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.char_indices().take(12).find(|(_, letter)| *letter == ';');
        let Some((end, _)) = end else {
            plain.push('&');
            rest = &rest[1..];
            continue;
        };
        let entity = &rest[1..end];
        let code = match entity.strip_prefix('#') {
            Some(digits) => match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok(),
                None => digits.parse().ok(),
            },
            None => match entity {
                "lt" => Some('<'.into()),
                "gt" => Some('>'.into()),
                "amp" => Some('&'.into()),
                "quot" => Some('"'.into()),
                "apos" => Some('\''.into()),
                _ => None,
            },
        };
        match code.and_then(char::from_u32) {
            Some(letter) => plain.push(letter),
            None => plain.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::tags;

    #[test]
    fn tags_attributes_and_texts() {
        let xml = b"<?xml version='1.0'?><!-- <no/> --><w:a r:id = \"x&amp;y\" b='2'/><c>1 &lt; &#x41;&bad; &</c>";
        let all: Vec<_> = tags(xml).collect();
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].name, b"a");
        assert_eq!(all[0].attribute("id").as_deref(), Some("x&y"));
        assert_eq!(all[0].attribute("b").as_deref(), Some("2"));
        assert_eq!(all[0].attribute("c"), None);
        assert_eq!(all[1].text(), "1 < A&bad; &");
        assert!(all[2].closes);
    }
}
