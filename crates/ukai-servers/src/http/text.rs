//! Small things about text: percent-encoding, globs, escaping, a number from a name.

use std::borrow::Cow;

/// Whether `value` holds `word`, in any case. `word` is in lower case.
pub(super) fn holds(value: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    value.len() >= word.len()
        && value.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

/// Undoes percent-encoding; with `plus`, a `+` is a space, as in forms.
pub(super) fn percent_decoded(text: &[u8], plus: bool) -> Cow<'_, str> {
    if memchr::memchr2(b'%', if plus { b'+' } else { b'%' }, text).is_none() {
        return String::from_utf8_lossy(text);
    }
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
    String::from_utf8_lossy(&out).into_owned().into()
}

/// The first value of a parameter in a query or a form.
pub(super) fn parameter<'a>(query: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    query.split(|byte| *byte == b'&').find_map(|pair| {
        let (key, value) = match memchr::memchr(b'=', pair) {
            Some(equals) => (&pair[..equals], &pair[equals + 1..]),
            None => (pair, &pair[pair.len()..]),
        };
        (key == name.as_bytes()).then(|| percent_decoded(value, true))
    })
}

/// Whether text fits a pattern in which `*` stands for any bytes and `?` for one.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Behind the last star, and the place in the text up to which it reaches.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(&byte) if byte == b'?' || byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((behind, reach)) = star else { return false };
                star = Some((behind, reach + 1));
                p = behind;
                t = reach + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Text as it may stand in HTML and XML.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| matches!(b, b'&' | b'<' | b'>' | b'"' | b'\'') || b < 0x20) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c < ' ' => out.push(' '),
            c => out.push(c),
        }
    }
    out.into()
}

/// Text as a string of JSON, quotes included.
pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A number made from a name (FNV-1a): what differs from site to site goes by it.
pub(super) fn number(name: &[u8]) -> u64 {
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_fit_as_in_a_shell() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("*", "", true),
            ("*", "anything", true),
            ("*.example.org", "www.example.org", true),
            ("*.example.org", "example.org", false),
            ("/gate.php*", "/gate.php?id=1", true),
            ("/?.exe", "/a.exe", true),
            ("/?.exe", "/ab.exe", false),
            ("a*b*c", "axxbxxbc", true),
            ("a*b*c", "axxbxxb", false),
            ("a", "ab", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
        // Linear in both, times each other at worst: no pattern hangs.
        assert!(!glob(&b"*a".repeat(64), &[b'a'; 63]));
    }

    #[test]
    fn encodings_are_undone() {
        assert_eq!(percent_decoded(b"/a%20b%2", false), "/a b%2");
        assert_eq!(percent_decoded(b"a+b", true), "a b");
        assert_eq!(percent_decoded(b"a+b%ff", false), "a+b\u{fffd}");
        assert_eq!(parameter(b"a=1&name=x%26y&b", "name").as_deref(), Some("x&y"));
        assert_eq!(parameter(b"a=1&b", "b").as_deref(), Some(""));
        assert_eq!(parameter(b"aa=1", "a"), None);
        assert_eq!(escaped("<a href='\"&\n"), "&lt;a href=&#39;&quot;&amp; ");
        assert!(holds(b"Keep-Alive, Upgrade", "upgrade") && !holds(b"up", "upgrade"));
    }
}
