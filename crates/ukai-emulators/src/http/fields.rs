//! Names and values in queries, forms, XML and JSON: read leniently, never nested.

use crate::limits::HTTP_FIELDS;

/// A field's name in lower case, and its value.
pub(super) type Field = (String, Vec<u8>);

/// Undoes percent-encoding; with `plus`, a `+` is a space (as in forms).
pub(super) fn percent_decode(text: &[u8], plus: bool) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|b| (*b as char).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match (byte, digit(text.get(at)), digit(text.get(at + 1))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', ..) if plus => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out
}

fn name(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim().to_lowercase()
}

/// Fields of a query or of an `application/x-www-form-urlencoded` body.
pub(super) fn form(text: &[u8]) -> Vec<Field> {
    text.split(|byte| *byte == b'&')
        .take(HTTP_FIELDS)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let equals = memchr::memchr(b'=', pair).unwrap_or(pair.len());
            let value = pair.get(equals + 1..).unwrap_or_default();
            (name(&percent_decode(&pair[..equals], true)), percent_decode(value, true))
        })
        .collect()
}

/// Leaf elements of an XML text, by their local name; entities of XML undone.
pub(super) fn elements(text: &[u8]) -> Vec<Field> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(open) = memchr::memchr(b'<', rest) {
        rest = &rest[open + 1..];
        let Some(close) = memchr::memchr(b'>', rest) else { break };
        let tag = &rest[..close];
        rest = &rest[close + 1..];
        let leaf = !tag.starts_with(b"/") && !tag.starts_with(b"?") && !tag.starts_with(b"!");
        let end = memchr::memchr(b'<', rest).unwrap_or(rest.len());
        let value = &rest[..end];
        if leaf && !value.trim_ascii().is_empty() {
            let word = tag.split(|b| b.is_ascii_whitespace() || *b == b'/').next();
            let local = word.and_then(|w| w.rsplit(|b| *b == b':').next()).unwrap_or_default();
            all.push((name(local), xml_entities(value)));
            if all.len() == HTTP_FIELDS {
                break;
            }
        }
    }
    all
}

fn xml_entities(value: &[u8]) -> Vec<u8> {
    const ENTITIES: [(&[u8], u8); 5] =
        [(b"&amp;", b'&'), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&quot;", b'"'), (b"&apos;", b'\'')];
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(&byte) = rest.first() {
        let entity = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
        let (plain, used) = entity.map_or((byte, 1), |(entity, plain)| (*plain, entity.len()));
        out.push(plain);
        rest = &rest[used..];
    }
    out
}

/// String members of a JSON text, at whatever depth, by key. Not a validator: keys and
/// strings are read in order, whatever stands around them.
pub(super) fn json(text: &[u8]) -> Vec<Field> {
    let mut all: Vec<Field> = Vec::new();
    let mut key: Option<String> = None;
    let mut at = 0;
    while let Some(quote) = memchr::memchr(b'"', &text[at..]) {
        at += quote + 1;
        let (value, used) = json_string(&text[at..]);
        at += used;
        let after = text[at..].iter().find(|b| !b.is_ascii_whitespace());
        if after == Some(&b':') {
            key = Some(name(&value));
        } else {
            all.push((key.clone().unwrap_or_default(), value));
            if all.len() == HTTP_FIELDS {
                break;
            }
        }
    }
    all
}

/// A string up to its closing quote, escapes undone; and how many bytes it took.
fn json_string(text: &[u8]) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' => break,
            b'\\' => {
                let escape = text.get(at).copied().unwrap_or(b'\\');
                at += 1;
                match escape {
                    b'n' => out.push(b'\n'),
                    b'r' => out.push(b'\r'),
                    b't' => out.push(b'\t'),
                    b'u' => {
                        let digits = text.get(at..at + 4).and_then(|d| std::str::from_utf8(d).ok());
                        let code = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
                        if let Some(c) = code.and_then(char::from_u32) {
                            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                            at += 4;
                        }
                    }
                    other => out.push(other),
                }
            }
            other => out.push(other),
        }
    }
    (out, at.min(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fields: &[Field]) -> Vec<String> {
        fields.iter().map(|(n, v)| format!("{n}={}", String::from_utf8_lossy(v))).collect()
    }

    #[test]
    fn fields_are_read_as_lenient_servers_read_them() {
        assert_eq!(
            shown(&form(b"a=1&Host=%60id%60;x+y&flag&=")),
            ["a=1", "host=`id`;x y", "flag=", "="]
        );
        assert_eq!(
            shown(&elements(b"<?xml?><s:Body><u:Set xmlns='x'><NewNTPServer1>`a &amp; b`</NewNTPServer1></u:Set>")),
            ["newntpserver1=`a & b`"]
        );
        assert_eq!(
            shown(&json(br#"{"Cmd": "a;\"b\u0041\n", "list": ["x", {"k":"v"}]}"#)),
            ["cmd=a;\"bA\n", "list=x", "k=v"]
        );
        assert_eq!(percent_decode(b"%4%41%zz%", false), b"%4A%zz%");
    }
}
