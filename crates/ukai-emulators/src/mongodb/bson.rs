//! BSON (bsonspec.org, version 1.1): documents read within bounds, and written.
//!
//! The `bson` crate takes the clock and global randomness for the numbers that it makes, and
//! sets no bound to what it reads; sessions here have neither, and always one.

use crate::limits::{MONGODB_DEPTH, MONGODB_VALUES};
use std::cmp::Ordering;
use std::fmt::Write as _;

/// A value, as far as ours looks into it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Double(f64),
    Text(String),
    Document(Document),
    Array(Vec<Self>),
    Binary(u8, Vec<u8>),
    ObjectId([u8; 12]),
    Bool(bool),
    /// Milliseconds since 1970.
    Date(i64),
    Null,
    Regex(String, String),
    Int(i32),
    Long(i64),
    /// One of the others, with its type's number and its bytes.
    Other(u8, Vec<u8>),
}

/// Names and values, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Document(pub(super) Vec<(String, Value)>);

impl Document {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// With one field more.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.field(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn document(&self, name: &str) -> Option<&Self> {
        match self.field(name)? {
            Value::Document(document) => Some(document),
            _ => None,
        }
    }

    pub(super) fn array(&self, name: &str) -> &[Value] {
        match self.field(name) {
            Some(Value::Array(values)) => values,
            _ => &[],
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.field(name)?.whole()
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.field(name).is_some_and(Value::is_true)
    }

    /// Puts a value in the place of the one of that name, or behind the others.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Reads a document that takes all of `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader { bytes, depth: 0, values: 0 };
        let document = reader.document()?;
        reader.bytes.is_empty().then_some(document)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_document(&self.0, &mut bytes);
        bytes
    }

    /// As `mongosh` shows it, without blanks; for people who read events.
    pub(super) fn shown(&self, longest: usize) -> String {
        let mut text = String::new();
        show_document(self, &mut text, longest);
        text
    }
}

impl Value {
    /// A whole number; fractions are cut off.
    pub(super) fn whole(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(i64::from(*number)),
            Self::Long(number) => Some(*number),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it saturates, as the server's does"
            )]
            Self::Double(number) => Some(*number as i64),
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "as numbers are compared")]
    fn fraction(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(f64::from(*number)),
            Self::Long(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether it counts as true.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Bool(value) => *value,
            Self::Null => false,
            other => other.fraction().is_none_or(|number| number != 0.0),
        }
    }

    /// The type's name in messages.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Document(_) => "object",
            Self::Array(_) => "array",
            Self::Binary(..) => "binData",
            Self::ObjectId(_) => "objectId",
            Self::Bool(_) => "bool",
            Self::Date(_) => "date",
            Self::Null => "null",
            Self::Regex(..) => "regex",
            Self::Int(_) => "int",
            Self::Long(_) => "long",
            Self::Other(0x11, _) => "timestamp",
            Self::Other(0x13, _) => "decimal",
            Self::Other(..) => "undefined",
        }
    }

    /// The order of values of one kind; values of different kinds have none here.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::ObjectId(left), Self::ObjectId(right)) => Some(left.cmp(right)),
            (Self::Date(left), Self::Date(right)) => Some(left.cmp(right)),
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Int(_) | Self::Long(_), Self::Int(_) | Self::Long(_)) => {
                Some(self.whole()?.cmp(&other.whole()?))
            }
            (left, right) => match (left.fraction(), right.fraction()) {
                (Some(left), Some(right)) => left.partial_cmp(&right),
                _ => (left == right).then_some(Ordering::Equal),
            },
        }
    }

    const fn tag(&self) -> u8 {
        match self {
            Self::Double(_) => 0x01,
            Self::Text(_) => 0x02,
            Self::Document(_) => 0x03,
            Self::Array(_) => 0x04,
            Self::Binary(..) => 0x05,
            Self::ObjectId(_) => 0x07,
            Self::Bool(_) => 0x08,
            Self::Date(_) => 0x09,
            Self::Null => 0x0a,
            Self::Regex(..) => 0x0b,
            Self::Int(_) => 0x10,
            Self::Long(_) => 0x12,
            Self::Other(tag, _) => *tag,
        }
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Long(value)
    }
}

impl From<Document> for Value {
    fn from(value: Document) -> Self {
        Self::Document(value)
    }
}

impl From<Vec<Self>> for Value {
    fn from(value: Vec<Self>) -> Self {
        Self::Array(value)
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    depth: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*taken)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(i32::from_le_bytes(self.array()?)).ok()
    }

    /// Text up to its NUL.
    fn name(&mut self) -> Option<String> {
        let end = memchr::memchr(0, self.bytes)?;
        let name = self.take(end)?;
        self.take(1)?;
        Some(String::from_utf8_lossy(name).into_owned())
    }

    fn text(&mut self) -> Option<String> {
        let length = self.length()?;
        let (end, text) = self.take(length)?.split_last()?;
        (*end == 0).then(|| String::from_utf8_lossy(text).into_owned())
    }

    fn document(&mut self) -> Option<Document> {
        self.elements().map(Document)
    }

    fn elements(&mut self) -> Option<Vec<(String, Value)>> {
        let rest = self.bytes;
        let length = self.length()?;
        let inner = rest.get(4..length)?;
        let after = rest.get(length..)?;
        self.depth += 1;
        if self.depth > MONGODB_DEPTH {
            return None;
        }
        self.bytes = inner;
        let mut all = Vec::new();
        loop {
            let [tag] = self.array()?;
            if tag == 0 {
                break;
            }
            self.values += 1;
            if self.values > MONGODB_VALUES {
                return None;
            }
            let name = self.name()?;
            all.push((name, self.value(tag)?));
        }
        if !self.bytes.is_empty() {
            return None;
        }
        self.depth -= 1;
        self.bytes = after;
        Some(all)
    }

    fn value(&mut self, tag: u8) -> Option<Value> {
        Some(match tag {
            0x01 => Value::Double(f64::from_le_bytes(self.array()?)),
            0x02 => Value::Text(self.text()?),
            0x03 => Value::Document(self.document()?),
            0x04 => Value::Array(self.elements()?.into_iter().map(|(_, value)| value).collect()),
            0x05 => {
                let length = self.length()?;
                let [kind] = self.array()?;
                Value::Binary(kind, self.take(length)?.to_vec())
            }
            0x07 => Value::ObjectId(self.array()?),
            0x08 => match self.array()? {
                [0] => Value::Bool(false),
                [1] => Value::Bool(true),
                _ => return None,
            },
            0x09 => Value::Date(i64::from_le_bytes(self.array()?)),
            0x0a => Value::Null,
            0x0b => Value::Regex(self.name()?, self.name()?),
            0x10 => Value::Int(i32::from_le_bytes(self.array()?)),
            0x12 => Value::Long(i64::from_le_bytes(self.array()?)),
            other => {
                let rest = self.bytes;
                match other {
                    0x06 | 0x7f | 0xff => {}
                    0x0c => {
                        self.text()?;
                        self.take(12)?;
                    }
                    0x0d | 0x0e => drop(self.text()?),
                    0x0f => {
                        let length = self.bytes.first_chunk().map(|l| i32::from_le_bytes(*l))?;
                        self.take(usize::try_from(length).ok().filter(|length| *length >= 14)?)?;
                    }
                    0x11 => drop(self.take(8)?),
                    0x13 => drop(self.take(16)?),
                    _ => return None,
                }
                let taken = rest.get(..rest.len().checked_sub(self.bytes.len())?)?;
                Value::Other(other, taken.to_vec())
            }
        })
    }
}

fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or(i32::MAX).to_le_bytes()
}

fn write_document(elements: &[(String, Value)], out: &mut Vec<u8>) {
    write_elements(elements.iter().map(|(name, value)| (name.as_str(), value)), out);
}

fn write_elements<'a>(elements: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    for (name, value) in elements {
        out.push(value.tag());
        out.extend(name.bytes().filter(|byte| *byte != 0));
        out.push(0);
        write_value(value, out);
    }
    out.push(0);
    let size = length(out.len() - start);
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&size);
    }
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Double(number) => out.extend_from_slice(&number.to_le_bytes()),
        Value::Text(text) => {
            out.extend_from_slice(&length(text.len() + 1));
            out.extend_from_slice(text.as_bytes());
            out.push(0);
        }
        Value::Document(document) => write_document(&document.0, out),
        Value::Array(values) => {
            let names: Vec<String> = (0..values.len()).map(|number| number.to_string()).collect();
            write_elements(names.iter().map(String::as_str).zip(values), out);
        }
        Value::Binary(kind, bytes) => {
            out.extend_from_slice(&length(bytes.len()));
            out.push(*kind);
            out.extend_from_slice(bytes);
        }
        Value::ObjectId(bytes) => out.extend_from_slice(bytes),
        Value::Bool(value) => out.push(u8::from(*value)),
        Value::Date(number) | Value::Long(number) => out.extend_from_slice(&number.to_le_bytes()),
        Value::Null => {}
        Value::Regex(pattern, options) => {
            for text in [pattern, options] {
                out.extend(text.bytes().filter(|byte| *byte != 0));
                out.push(0);
            }
        }
        Value::Int(number) => out.extend_from_slice(&number.to_le_bytes()),
        Value::Other(_, bytes) => out.extend_from_slice(bytes),
    }
}

fn show_document(document: &Document, text: &mut String, longest: usize) {
    text.push('{');
    for (number, (name, value)) in document.0.iter().enumerate() {
        if text.len() > longest {
            break;
        }
        let _ = write!(text, "{}{name}: ", if number > 0 { ", " } else { "" });
        show_value(value, text, longest);
    }
    text.push('}');
}

fn show_value(value: &Value, text: &mut String, longest: usize) {
    let _ = match value {
        Value::Double(number) => write!(text, "{number}"),
        Value::Text(inner) => {
            let room = longest.saturating_sub(text.len());
            let shown: String = inner.chars().take(room).collect();
            write!(text, "{shown:?}")
        }
        Value::Document(document) => {
            show_document(document, text, longest);
            Ok(())
        }
        Value::Array(values) => {
            text.push('[');
            for (number, value) in values.iter().enumerate() {
                if text.len() > longest {
                    break;
                }
                text.push_str(if number > 0 { ", " } else { "" });
                show_value(value, text, longest);
            }
            text.push(']');
            Ok(())
        }
        Value::ObjectId(bytes) => {
            text.push_str("ObjectId(\"");
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
            text.write_str("\")")
        }
        Value::Bool(value) => write!(text, "{value}"),
        Value::Date(number) => write!(text, "Date({number})"),
        Value::Null => text.write_str("null"),
        Value::Regex(pattern, options) => write!(text, "/{pattern}/{options}"),
        Value::Int(number) => write!(text, "{number}"),
        Value::Long(number) => write!(text, "{number}"),
        Value::Binary(_, bytes) => write!(text, "BinData({} bytes)", bytes.len()),
        Value::Other(tag, _) => write!(text, "Other({tag})"),
    };
}

#[cfg(test)]
mod tests {
    use super::{Document, Value};
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Value::Int),
            any::<i64>().prop_map(Value::Long),
            (-1e300..1e300).prop_map(Value::Double),
            any::<bool>().prop_map(Value::Bool),
            "[a-zé]{0,9}".prop_map(Value::Text),
            any::<[u8; 12]>().prop_map(Value::ObjectId),
            prop::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| Value::Binary(0, bytes)),
            Just(Value::Null),
            Just(Value::Other(0x11, vec![7; 8])),
            Just(Value::Other(0x0d, b"\x02\0\0\0x\0".to_vec())),
            ("[a-z]{0,4}", "[ims]{0,2}").prop_map(|(p, o)| Value::Regex(p, o)),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::vec(("[a-z$.]{0,4}", inner), 0..5)
                    .prop_map(|fields| Value::Document(Document(fields))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(fields in prop::collection::vec(("[a-z]{0,5}", value()), 0..6)) {
            let document = Document(fields);
            let bytes = document.bytes();
            prop_assert_eq!(Document::read(&bytes), Some(document));
            for end in 0..bytes.len() {
                prop_assert_eq!(Document::read(&bytes[..end]), None);
            }
        }

        #[test]
        fn any_bytes_are_refused_or_come_back(
            fields in prop::collection::vec(("[a-z]{0,5}", value()), 0..6),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut bytes = Document(fields).bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Some(document) = Document::read(&bytes) {
                prop_assert!(document.bytes().len() <= 3 * bytes.len() + 64);
                prop_assert!(document.shown(100).len() < 2_000 + 4 * bytes.len());
            }
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let mut document = Document::new();
        for _ in 0..crate::limits::MONGODB_DEPTH - 1 {
            document = Document::new().with("a", document);
        }
        assert!(Document::read(&document.bytes()).is_some());
        assert_eq!(Document::read(&Document::new().with("a", document).bytes()), None);
        let many = vec![Value::Null; crate::limits::MONGODB_VALUES];
        assert_eq!(Document::read(&Document::new().with("a", many).bytes()), None);
    }
}
