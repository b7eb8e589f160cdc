//! Values that pass between a script and objects of COM, whatever the script's language.

use bytes::Bytes;

/// An object of the made-up machine, by its number in its [`super::Host`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjectId(pub(crate) usize);

/// Bytes, and which request they answer, if they are made up.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    /// The bytes.
    pub(crate) bytes: Bytes,
    /// Number of the URL that they came from.
    pub(crate) from: Option<usize>,
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), from: None }
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Nothing was given: `Empty`, `undefined`.
    Empty,
    /// `Null`, `Nothing`.
    Null,
    /// A truth.
    Bool(bool),
    /// Any number.
    Number(f64),
    /// Text.
    Text(String),
    /// An array of bytes.
    Bytes(Content),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(ObjectId),
    /// Something that the machine does not know: it takes every call and goes on.
    Unknown,
}

impl Value {
    /// As text; what has none is empty. Objects are asked by [`super::Host::text`].
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number_text(*number),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Bytes(content) => latin1(&content.bytes),
            Self::Empty | Self::Null | Self::Array(_) | Self::Object(_) | Self::Unknown => {
                String::new()
            }
        }
    }

    /// As a number; what is none is 0.
    pub(crate) fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Bool(true) => -1.0,
            Self::Text(text) => text.trim().parse().unwrap_or(0.0),
            _ => 0.0,
        }
    }

    /// Whether it is nothing, or nothing known.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Self::Empty | Self::Null | Self::Unknown)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A number as scripts write it: whole ones without a point.
pub(crate) fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{}", number as i64)
    } else {
        format!("{number}")
    }
}

/// Each byte as the character of its number.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Each character as the byte of its number, those above 255 as UTF-8.
pub(crate) fn narrow(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for character in text.chars() {
        if let Ok(byte) = u8::try_from(u32::from(character)) {
            out.push(byte);
        } else {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    out
}
