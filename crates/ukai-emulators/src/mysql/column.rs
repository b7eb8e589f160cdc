//! Values, and the columns that they stand in.

use super::packet::{put_bytes, put_number};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Int(i64),
    /// A number with a point, as it is printed.
    Decimal(String),
    Text(Vec<u8>),
}

impl Value {
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Null => Vec::new(),
            Self::Int(number) => number.to_string().into_bytes(),
            Self::Decimal(text) => text.clone().into_bytes(),
            Self::Text(bytes) => bytes.clone(),
        }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(bytes) => bytes.len(),
            _ => 8,
        }
    }

    /// As a number, the way MySQL reads texts: as far as there is one.
    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Int(number) => *number as f64,
            Self::Decimal(text) => text.parse().unwrap_or(0.0),
            Self::Text(bytes) => {
                let end = bytes
                    .iter()
                    .take(32)
                    .position(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'-'))
                    .unwrap_or(bytes.len().min(32));
                std::str::from_utf8(&bytes[..end]).ok().and_then(|t| t.parse().ok()).unwrap_or(0.0)
            }
        }
    }

    /// As a whole number.
    pub(super) fn int(&self) -> i64 {
        if let Self::Int(number) = self { *number } else { self.number() as i64 }
    }

    pub(super) fn is_true(&self) -> bool {
        self.number() != 0.0
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }
}

pub(super) const LONG: u8 = 3;
pub(super) const DOUBLE: u8 = 5;
pub(super) const NULL: u8 = 6;
pub(super) const LONGLONG: u8 = 8;
pub(super) const DATE: u8 = 10;
pub(super) const DATETIME: u8 = 12;
pub(super) const DECIMAL: u8 = 0xf6;
pub(super) const LONG_BLOB: u8 = 0xfb;
pub(super) const BLOB: u8 = 0xfc;
pub(super) const VAR_STRING: u8 = 0xfd;
pub(super) const STRING: u8 = 0xfe;

pub(super) const NOT_NULL: u16 = 1;
pub(super) const BINARY: u16 = 0x80;
pub(super) const UNSIGNED: u16 = 0x20;
/// Columns of the information schema have it.
const NO_DEFAULT: u16 = 0x1000;

/// `decimals` of a text.
pub(super) const ANY: u8 = 39;

/// The character set of bytes.
pub(super) const BYTES: u16 = 63;

/// What a column says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) schema: Vec<u8>,
    pub(super) table: Vec<u8>,
    pub(super) name: Vec<u8>,
    pub(super) own_name: Vec<u8>,
    pub(super) kind: u8,
    /// Characters of a text, bytes of everything else.
    pub(super) length: u32,
    pub(super) text: bool,
    pub(super) flags: u16,
    pub(super) decimals: u8,
}

impl Column {
    fn new(kind: u8, length: usize, text: bool, flags: u16, decimals: u8) -> Self {
        Self {
            schema: Vec::new(),
            table: Vec::new(),
            name: Vec::new(),
            own_name: Vec::new(),
            kind,
            length: u32::try_from(length).unwrap_or(u32::MAX),
            text,
            flags,
            decimals,
        }
    }

    /// A text of so many characters.
    pub(super) fn text(characters: usize, flags: u16) -> Self {
        Self::new(VAR_STRING, characters, true, flags, ANY)
    }

    /// Bytes.
    pub(super) fn binary(length: usize, flags: u16) -> Self {
        Self::new(VAR_STRING, length, false, BINARY | flags, 0)
    }

    /// A whole number of so many digits.
    pub(super) fn int(digits: usize, flags: u16) -> Self {
        let kind = if digits > 11 { LONGLONG } else { LONG };
        Self::new(kind, digits, false, BINARY | flags, 0)
    }

    pub(super) fn of(kind: u8, length: usize, flags: u16, decimals: u8) -> Self {
        let text = flags & BINARY == 0 && matches!(kind, BLOB | LONG_BLOB | VAR_STRING | STRING);
        Self::new(kind, length, text, flags, decimals)
    }

    pub(super) fn named(mut self, name: &[u8]) -> Self {
        self.name = name.to_vec();
        self
    }

    /// A text column of the information schema.
    pub(super) fn schema(table: &str, name: &str, own_name: &str, characters: usize) -> Self {
        Self {
            schema: b"information_schema".to_vec(),
            table: table.as_bytes().to_vec(),
            own_name: own_name.as_bytes().to_vec(),
            decimals: 0,
            ..Self::text(characters, NOT_NULL | NO_DEFAULT).named(name.as_bytes())
        }
    }

    /// Its definition for a client with this character set.
    pub(super) fn payload(&self, charset: Charset, extended: bool) -> Vec<u8> {
        let mut out = Vec::new();
        put_bytes(&mut out, b"def");
        for part in [&self.schema, &self.table, &self.table, &self.name, &self.own_name] {
            put_bytes(&mut out, part);
        }
        if extended {
            out.push(0);
        }
        let length =
            if self.text { self.length.saturating_mul(charset.bytes) } else { self.length };
        put_number(&mut out, 12);
        let number = if self.text { charset.number } else { BYTES };
        out.extend_from_slice(&number.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.push(self.kind);
        out.extend_from_slice(&self.flags.to_le_bytes());
        out.extend_from_slice(&[self.decimals, 0, 0]);
        out
    }
}

/// A character set of results: the number of its collation, and bytes of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charset {
    pub(super) name: &'static str,
    pub(super) number: u16,
    pub(super) bytes: u32,
}

const CHARSETS: [Charset; 12] = [
    Charset { name: "utf8mb4", number: 45, bytes: 4 },
    Charset { name: "utf8mb3", number: 33, bytes: 3 },
    Charset { name: "latin1", number: 8, bytes: 1 },
    Charset { name: "ascii", number: 11, bytes: 1 },
    Charset { name: "binary", number: 63, bytes: 1 },
    Charset { name: "gbk", number: 28, bytes: 2 },
    Charset { name: "gb2312", number: 24, bytes: 2 },
    Charset { name: "big5", number: 1, bytes: 2 },
    Charset { name: "sjis", number: 13, bytes: 2 },
    Charset { name: "cp1251", number: 51, bytes: 1 },
    Charset { name: "latin2", number: 9, bytes: 1 },
    Charset { name: "ujis", number: 12, bytes: 3 },
];

impl Charset {
    /// The one that a client names by a collation's number; the server's own if it is unknown.
    pub(super) fn of_collation(number: u8) -> Self {
        let number = match number {
            33 | 83 | 192..=223 => 33,
            5 | 8 | 15 | 31 | 47..=49 | 94 => 8,
            11 | 65 => 11,
            1 | 9 | 12 | 13 | 24 | 28 | 51 | 63 => u16::from(number),
            _ => 45,
        };
        CHARSETS.into_iter().find(|set| set.number == number).unwrap_or(CHARSETS[0])
    }

    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = if name == b"utf8" { &b"utf8mb3"[..] } else { &name };
        CHARSETS.into_iter().find(|set| set.name.as_bytes() == name)
    }
}

/// A table of results.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) columns: Vec<Column>,
    #[expect(clippy::struct_field_names, reason = "rows are what it has")]
    pub(super) rows: Vec<Vec<Value>>,
    /// A table was read from its start to its end.
    pub(super) scanned: bool,
}

/// What a statement came to.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Rows(Rows),
    Done(Done),
}

/// A statement without a result.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    pub(super) affected: u64,
    pub(super) warnings: u16,
    /// Status bits beside the session's own.
    pub(super) status: u16,
    pub(super) info: String,
    /// What clients are told that track the session's state: a kind, and its data.
    pub(super) tracked: Vec<(u8, Vec<u8>)>,
}
