//! Wine's registry as its server writes it down (`WINE REGISTRY Version 2`), and what differs
//! between two of them. The file comes from the guest: any bytes are read, within limits.

use crate::limits::{REGISTRY_CHANGES_MAX, REGISTRY_KEYS_MAX, REGISTRY_VALUES_MAX};
use std::collections::BTreeMap;

/// The longest name or value that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 4_096;

/// A registry: values by key, and by name within it. The name of a key's own value is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    keys: BTreeMap<Vec<u8>, BTreeMap<Vec<u8>, Vec<u8>>>,
}

/// A value that is another one than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key's path.
    pub key: Vec<u8>,
    /// The value's name.
    pub name: Vec<u8>,
    /// What it is now; none: it is gone.
    pub data: Option<Vec<u8>>,
}

impl Registry {
    /// Reads one. What is no line of a registry is passed over; what is too much is left out.
    pub fn parse(text: &[u8]) -> Self {
        let mut registry = Self::default();
        let mut key: Option<Vec<u8>> = None;
        let mut values = 0;
        let mut lines = text.split(|byte| *byte == b'\n');
        while let Some(line) = lines.next() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match line.first() {
                Some(b'[') => {
                    key = (registry.keys.len() < REGISTRY_KEYS_MAX)
                        .then(|| quoted(&line[1..], b']').map(|(name, _)| name))
                        .flatten();
                    if let Some(key) = &key {
                        registry.keys.entry(key.clone()).or_default();
                    }
                }
                Some(b'"' | b'@') if values < REGISTRY_VALUES_MAX => {
                    let named = match line.strip_prefix(b"@=") {
                        Some(data) => Some((Vec::new(), data)),
                        None => quoted(line.get(1..).unwrap_or_default(), b'"')
                            .and_then(|(name, rest)| Some((name, rest.strip_prefix(b"=")?))),
                    };
                    let Some((name, data)) = named else { continue };
                    let data = value(data, &mut lines);
                    if let Some(known) = key.as_ref().and_then(|key| registry.keys.get_mut(key)) {
                        values += 1;
                        known.insert(name, data);
                    }
                }
                _ => {}
            }
        }
        registry
    }

    /// The value of a name of a key.
    pub fn value(&self, key: &[u8], name: &[u8]) -> Option<&[u8]> {
        self.keys.get(key)?.get(name).map(Vec::as_slice)
    }
}

/// What is another one in `after` than in `before`, by key; the first.
pub fn differences(before: &Registry, after: &Registry) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, values) in &after.keys {
        let old = before.keys.get(key);
        for (name, data) in values {
            if old.and_then(|old| old.get(name)) != Some(data) {
                let (key, name, data) = (key.clone(), name.clone(), Some(data.clone()));
                changes.push(Change { key, name, data });
            }
        }
        // A key that is new and empty is one, too.
        if old.is_none() && values.is_empty() {
            changes.push(Change { key: key.clone(), name: Vec::new(), data: Some(Vec::new()) });
        }
        if changes.len() >= REGISTRY_CHANGES_MAX {
            break;
        }
    }
    for (key, values) in &before.keys {
        let new = after.keys.get(key);
        for name in values.keys() {
            if changes.len() < REGISTRY_CHANGES_MAX && new.is_none_or(|new| !new.contains_key(name))
            {
                changes.push(Change { key: key.clone(), name: name.clone(), data: None });
            }
        }
    }
    changes.truncate(REGISTRY_CHANGES_MAX);
    changes
}

/// A text up to `end`, with its escapes undone, and what follows.
fn quoted(text: &[u8], end: u8) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        let byte = *text.get(at)?;
        at += 1;
        if byte == end {
            out.truncate(TEXT_BYTES_MAX);
            return Some((out, &text[at..]));
        }
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let escaped = *text.get(at)?;
        at += 1;
        match escaped {
            b'x' => {
                let digits = text[at..].iter().take(4).take_while(|d| d.is_ascii_hexdigit());
                let count = digits.count();
                let number = std::str::from_utf8(&text[at..at + count]).ok();
                let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let letter = number.and_then(char::from_u32).unwrap_or('\u{fffd}');
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                at += count;
            }
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'0' => out.push(0),
            other => out.push(other),
        }
    }
}

/// What a value is: a text as it is, anything else as it is written, with the lines on which
/// it goes on.
fn value<'a>(data: &'a [u8], lines: &mut impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    // `"text"`, `str(2):"text"`, `str(7):"text"`
    let text = match data.iter().position(|byte| *byte == b':') {
        Some(colon) if data.starts_with(b"str(") => &data[colon + 1..],
        _ => data,
    };
    if let Some(text) = text.strip_prefix(b"\"")
        && let Some((text, _)) = quoted(text, b'"')
    {
        return text;
    }
    let mut out = data.to_vec();
    while out.ends_with(b"\\") {
        out.pop();
        let Some(more) = lines.next() else { break };
        let more = more.strip_suffix(b"\r").unwrap_or(more);
        out.extend_from_slice(more.trim_ascii_start());
        if out.len() > TEXT_BYTES_MAX {
            // The rest of it is read and forgotten.
            if out.ends_with(b"\\") {
                let _ = lines.find(|line| !line.trim_ascii_end().ends_with(b"\\"));
            }
            break;
        }
    }
    out.truncate(TEXT_BYTES_MAX);
    out
}

#[cfg(test)]
mod tests {
    use super::{Change, Registry, TEXT_BYTES_MAX, differences};
    use proptest::prelude::*;

    const BEFORE: &[u8] = b"WINE REGISTRY Version 2\n;; All keys relative to REGISTRY\\\\User\n\n\
        [Software\\\\Run [x\\]] 1672531200\n#time=1d91d73fdc30000\n@=\"own\"\n\
        \"a\\\"b\"=dword:00000001\n\"long\"=hex:01,02,\\\n  03,04\n\"path\"=str(2):\"%TEMP%\\\\x\"\n\n\
        [Gone] 1\n\"x\"=\"y\"\n";

    #[test]
    fn a_registry_is_read_as_wine_writes_it() {
        let registry = Registry::parse(BEFORE);
        let key = b"Software\\Run [x]";
        assert_eq!(registry.value(key, b""), Some(&b"own"[..]));
        assert_eq!(registry.value(key, b"a\"b"), Some(&b"dword:00000001"[..]));
        assert_eq!(registry.value(key, b"long"), Some(&b"hex:01,02,03,04"[..]));
        assert_eq!(registry.value(key, b"path"), Some(&b"%TEMP%\\x"[..]));
        assert_eq!(Registry::parse(b"\"\\x20ac\"=\"1\"").keys.len(), 0, "a value without a key");
        let euro = Registry::parse(b"[k] 1\n\"\\x20ac5\"=\"1\"\n");
        assert_eq!(euro.value(b"k", "\u{20ac5}".as_bytes()), None);
        assert_eq!(euro.value(b"k", "\u{20ac}5".as_bytes()), Some(&b"1"[..]));
    }

    #[test]
    fn what_is_new_another_or_gone_is_told() {
        let after = String::from_utf8_lossy(BEFORE)
            .replace("\"own\"", "\"other\"")
            .replace("[Gone]", "[New]");
        let (before, after) = (Registry::parse(BEFORE), Registry::parse(after.as_bytes()));
        let change = |key: &[u8], name: &[u8], data: Option<&[u8]>| Change {
            key: key.to_vec(),
            name: name.to_vec(),
            data: data.map(<[u8]>::to_vec),
        };
        assert_eq!(
            differences(&before, &after),
            [
                change(b"New", b"x", Some(b"y")),
                change(b"Software\\Run [x]", b"", Some(b"other")),
                change(b"Gone", b"x", None),
            ]
        );
        assert!(differences(&before, &before).is_empty());
    }

    fn lines() -> impl Strategy<Value = Vec<u8>> {
        let word = prop::sample::select(vec![
            &b"["[..],
            b"]",
            b"\"",
            b"=",
            b"@=",
            b"\\",
            b"\n",
            b"str(2):",
            b"hex:",
            b"\\x20",
            b"a",
            b"\r",
            b"\xff",
        ]);
        prop::collection::vec(word, 0..200).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_bounded_registry(bytes in prop_oneof![any::<Vec<u8>>(), lines()]) {
            let registry = Registry::parse(&bytes);
            for (key, values) in &registry.keys {
                prop_assert!(key.len() <= TEXT_BYTES_MAX);
                for (name, data) in values {
                    prop_assert!(name.len() <= TEXT_BYTES_MAX && data.len() <= TEXT_BYTES_MAX);
                }
            }
            prop_assert!(differences(&registry, &registry).is_empty());
            let changes = differences(&Registry::default(), &registry);
            for change in changes {
                if let Some(value) = registry.value(&change.key, &change.name) {
                    prop_assert_eq!(Some(value), change.data.as_deref());
                }
            }
        }
    }
}
