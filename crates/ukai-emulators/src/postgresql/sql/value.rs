//! Types of values. A value is kept in its text form, as it is sent.

/// A value; `None` is NULL.
pub(in crate::postgresql) type Datum = Option<Vec<u8>>;

/// A type, as far as ours knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Ty {
    Bool,
    Bytea,
    Name,
    Int8,
    Int4,
    Text,
    Oid,
    Inet,
    Timestamptz,
    Numeric,
    Void,
    /// One that ours has only in the system's relations, by its number.
    Other(u32),
    /// A literal without a type; sent as text.
    Unknown,
}

impl Ty {
    /// Its number in `pg_type`.
    pub(in crate::postgresql) const fn oid(self) -> u32 {
        match self {
            Self::Bool => 16,
            Self::Bytea => 17,
            Self::Name => 19,
            Self::Int8 => 20,
            Self::Int4 => 23,
            Self::Text | Self::Unknown => 25,
            Self::Oid => 26,
            Self::Inet => 869,
            Self::Timestamptz => 1184,
            Self::Numeric => 1700,
            Self::Void => 2278,
            Self::Other(oid) => oid,
        }
    }

    /// Its size in bytes, -1 if it varies.
    pub(in crate::postgresql) const fn size(self) -> i16 {
        match self {
            Self::Bool | Self::Other(18) => 1,
            Self::Name => 64,
            Self::Int8 | Self::Timestamptz | Self::Other(701 | 1114 | 3220) => 8,
            Self::Int4 | Self::Oid | Self::Void | Self::Other(28 | 29 | 700 | 1082) => 4,
            Self::Other(21) => 2,
            Self::Other(27) => 6,
            _ => -1,
        }
    }

    /// Its name in messages.
    pub(in crate::postgresql) const fn name(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Bytea => "bytea",
            Self::Name => "name",
            Self::Int8 => "bigint",
            Self::Int4 => "integer",
            Self::Text => "text",
            Self::Oid => "oid",
            Self::Inet => "inet",
            Self::Timestamptz => "timestamp with time zone",
            Self::Numeric => "numeric",
            Self::Void => "void",
            Self::Unknown => "unknown",
            Self::Other(18) => "\"char\"",
            Self::Other(28) => "xid",
            Self::Other(_) => "text[]",
        }
    }

    /// The type of that number.
    pub(in crate::postgresql) const fn of(oid: u32) -> Self {
        match oid {
            16 => Self::Bool,
            17 => Self::Bytea,
            19 => Self::Name,
            20 => Self::Int8,
            23 => Self::Int4,
            25 => Self::Text,
            26 => Self::Oid,
            869 => Self::Inet,
            1184 => Self::Timestamptz,
            1700 => Self::Numeric,
            other => Self::Other(other),
        }
    }

    /// The type of that name in SQL, and the name that a cast to it gives a column.
    pub(in crate::postgresql) fn named(name: &[u8]) -> Option<(Self, &'static str)> {
        Some(match name {
            b"bool" | b"boolean" => (Self::Bool, "bool"),
            b"bytea" => (Self::Bytea, "bytea"),
            b"name" => (Self::Name, "name"),
            b"int8" | b"bigint" | b"bigserial" => (Self::Int8, "int8"),
            b"int" | b"int4" | b"integer" | b"serial" => (Self::Int4, "int4"),
            b"text" => (Self::Text, "text"),
            b"varchar" | b"character" | b"char" => (Self::Text, "varchar"),
            b"oid" => (Self::Oid, "oid"),
            b"inet" => (Self::Inet, "inet"),
            b"timestamptz" => (Self::Timestamptz, "timestamptz"),
            b"numeric" | b"decimal" => (Self::Numeric, "numeric"),
            _ => return None,
        })
    }

    pub(in crate::postgresql) const fn is_number(self) -> bool {
        matches!(self, Self::Int4 | Self::Int8 | Self::Oid | Self::Numeric)
    }

    pub(in crate::postgresql) const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Name | Self::Unknown | Self::Other(_))
    }

    /// The binary form of `text`, where it differs from the text.
    pub(in crate::postgresql) fn binary(self, text: &[u8]) -> Option<Vec<u8>> {
        let number = || std::str::from_utf8(text).ok()?.parse::<i64>().ok();
        Some(match self {
            Self::Bool => vec![u8::from(text == b"t")],
            Self::Int4 => i32::try_from(number()?).ok()?.to_be_bytes().to_vec(),
            Self::Oid => u32::try_from(number()?).ok()?.to_be_bytes().to_vec(),
            Self::Int8 => number()?.to_be_bytes().to_vec(),
            Self::Bytea => bytea(text)?,
            _ => return None,
        })
    }
}

/// The bytes that a `bytea`'s text form stands for: `\x...`, or octal escapes.
pub(in crate::postgresql) fn bytea(text: &[u8]) -> Option<Vec<u8>> {
    if let Some(digits) = text.strip_prefix(b"\\x") {
        return hex(digits);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        match *rest {
            [b'\\', ..] => {
                bytes.push(b'\\');
                rest = &rest[1..];
            }
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = &rest[3..];
            }
            _ => return None,
        }
    }
    Some(bytes)
}

/// Hexadecimal digits, blanks between pairs allowed.
pub(in crate::postgresql) fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks_exact(2).map(pair).collect()
}

/// The text form of bytes.
pub(in crate::postgresql) fn from_bytes(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut text = b"\\x".to_vec();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
