//! Bencode (BEP 3), read within bounds, and written in order.

use std::collections::BTreeMap;

/// How deep lists and dictionaries may stand in each other.
const DEPTH: u32 = 12;

/// A value that refers to the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    List(Vec<Value<'a>>),
    Dictionary(Vec<(&'a [u8], Value<'a>)>),
}

impl<'a> Value<'a> {
    /// The value at the beginning of the bytes, and what stands behind it.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        read(bytes, DEPTH)
    }

    /// What a dictionary has under this key.
    pub(super) fn at(&self, key: &[u8]) -> Option<&Self> {
        match self {
            Self::Dictionary(entries) => {
                entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Bytes that a dictionary has under this key.
    pub(super) fn bytes_at(&self, key: &[u8]) -> Option<&'a [u8]> {
        match self.at(key)? {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A number that a dictionary has under this key.
    pub(super) fn number_at(&self, key: &[u8]) -> Option<i64> {
        match self.at(key)? {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

fn read(bytes: &[u8], depth: u32) -> Option<(Value<'_>, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    match first {
        b'0'..=b'9' => read_bytes(bytes).map(|(text, rest)| (Value::Bytes(text), rest)),
        b'i' => {
            let end = rest.iter().take(21).position(|byte| *byte == b'e')?;
            let number = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
            Some((Value::Number(number), &rest[end + 1..]))
        }
        b'l' => {
            let (mut items, mut rest) = (Vec::new(), rest);
            loop {
                if let Some(rest) = rest.strip_prefix(b"e") {
                    return Some((Value::List(items), rest));
                }
                let (item, after) = read(rest, depth.checked_sub(1)?)?;
                items.push(item);
                rest = after;
            }
        }
        b'd' => {
            let (mut entries, mut rest) = (Vec::new(), rest);
            loop {
                if let Some(rest) = rest.strip_prefix(b"e") {
                    return Some((Value::Dictionary(entries), rest));
                }
                let (key, after) = read_bytes(rest)?;
                let (value, after) = read(after, depth.checked_sub(1)?)?;
                entries.push((key, value));
                rest = after;
            }
        }
        _ => None,
    }
}

fn read_bytes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = bytes.iter().take(7).position(|byte| *byte == b':')?;
    let digits = &bytes[..colon];
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length = std::str::from_utf8(digits).ok()?.parse().ok()?;
    bytes[colon + 1..].split_at_checked(length)
}

/// A dictionary to be written; keys come out in order, as the format wants them.
#[derive(Debug, Default)]
pub(super) struct Out(BTreeMap<&'static str, Vec<u8>>);

impl Out {
    /// Sets bytes.
    pub(super) fn bytes(mut self, key: &'static str, bytes: &[u8]) -> Self {
        self.0.insert(key, string(bytes));
        self
    }

    /// Sets a number.
    pub(super) fn number(mut self, key: &'static str, number: u64) -> Self {
        self.0.insert(key, format!("i{number}e").into_bytes());
        self
    }

    /// Sets a dictionary.
    pub(super) fn inner(mut self, key: &'static str, inner: &Self) -> Self {
        self.0.insert(key, inner.finish());
        self
    }

    /// Sets a list of strings.
    pub(super) fn list(
        mut self,
        key: &'static str,
        items: impl IntoIterator<Item = Vec<u8>>,
    ) -> Self {
        let items: Vec<u8> = items.into_iter().flat_map(|item| string(&item)).collect();
        self.0.insert(key, [&b"l"[..], &items, b"e"].concat());
        self
    }

    /// Sets a value that is encoded already.
    pub(super) fn encoded(mut self, key: &'static str, value: Vec<u8>) -> Self {
        self.0.insert(key, value);
        self
    }

    /// The encoded dictionary.
    pub(super) fn finish(&self) -> Vec<u8> {
        let mut out = vec![b'd'];
        for (key, value) in &self.0 {
            out.extend_from_slice(&string(key.as_bytes()));
            out.extend_from_slice(value);
        }
        out.push(b'e');
        out
    }
}

/// Bytes behind their length.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    [format!("{}:", bytes.len()).as_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_read_and_written() {
        let bytes = b"d4:listl1:a2:bbe6:numberi-3e4:texti0eerest";
        let (value, rest) = Value::read(bytes).expect("a dictionary");
        assert_eq!((value.number_at(b"number"), rest), (Some(-3), &b"rest"[..]));
        assert_eq!(
            value.at(b"list"),
            Some(&Value::List(vec![Value::Bytes(b"a"), Value::Bytes(b"bb")]))
        );
        let out = Out::default().number("z", 1).bytes("a", b"x").list("l", [b"y".to_vec()]);
        assert_eq!(out.finish(), b"d1:a1:x1:ll1:ye1:zi1ee");
    }

    #[test]
    fn depth_and_lengths_are_bounded() {
        assert_eq!(Value::read(&vec![b'l'; 100_000]), None);
        assert_eq!(Value::read(b"99999:x"), None);
        assert_eq!(Value::read(b"99999999999999999999:x"), None);
        assert_eq!(Value::read(b"i99999999999999999999999e"), None);
        assert_eq!(Value::read(b"di1ei2ee"), None, "keys are strings");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::string::bytes_regex("[dlei0-9:a-]{0,60}").expect("a pattern")) {
            let _ = Value::read(&bytes);
        }
    }
}
