//! Functions of SQL: what clients ask for, what injections are made of, and those that
//! an attacker has brought.

use super::column::{
    ANY, BINARY, Column, DATE, DATETIME, DOUBLE, LONG_BLOB, LONGLONG, NOT_NULL, STRING, UNSIGNED,
    Value,
};
use super::expression::{Cell, Scope};
use super::lexer::unhex;
use super::packet::Fault;
use crate::limits::MYSQL_VALUE_BYTES;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::{Digest, Sha1};

impl Scope<'_, '_, '_> {
    pub(super) fn function(
        &mut self,
        schema: Option<&[u8]>,
        name: &[u8],
        arguments: &[Cell],
    ) -> Result<Cell, Fault> {
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        if schema.is_none() {
            if let Some(cell) = self.of_session(&lower, arguments) {
                return Ok(cell);
            }
            let bytes = self.talk.charset.bytes as usize;
            if let Some(cell) = of_values(&lower, arguments, bytes) {
                return cell.map_err(|_| {
                    let text =
                        [b"Incorrect parameter count in the call to native function '", name, b"'"];
                    Fault::new(1582, "42000", text.concat())
                });
            }
            if let Some(cell) = self.talk.brought(self.cx, &lower, arguments) {
                return Ok(cell);
            }
        }
        let schema = schema.map(<[u8]>::to_vec).or_else(|| self.talk.database.clone());
        let whole =
            schema.map_or_else(|| name.to_vec(), |schema| [&schema, &b"."[..], name].concat());
        Err(Fault::new(1305, "42000", [b"FUNCTION ", &whole[..], b" does not exist"].concat()))
    }

    /// Functions about the session and the time.
    fn of_session(&mut self, name: &str, arguments: &[Cell]) -> Option<Cell> {
        let first = arguments.first().map(|cell| &cell.value);
        let long = |number: i64, flags| Cell::new(Value::Int(number), Column::int(21, flags));
        let now = self.talk.clock(self.cx);
        Some(match name {
            "version" => {
                let version = self.talk.spec().version.clone();
                Cell::new(version.as_str().into(), Column::text(version.len(), NOT_NULL))
            }
            "user" | "session_user" | "system_user" => {
                Cell::new(Value::Text(self.talk.account()), Column::text(384, 0))
            }
            "current_user" => {
                let account = [&self.talk.user[..], b"@%"].concat();
                Cell::new(Value::Text(account), Column::text(384, 0))
            }
            "database" | "schema" => {
                let value = self.talk.database.clone().map_or(Value::Null, Value::Text);
                Cell::new(value, Column::text(64, 0))
            }
            "connection_id" => {
                let id = Value::Int(i64::from(self.talk.id));
                Cell::new(id, Column::int(10, NOT_NULL | UNSIGNED))
            }
            "count" => long(self.talk.counted?, NOT_NULL),
            "last_insert_id" => long(0, NOT_NULL | UNSIGNED),
            "row_count" => long(self.talk.last_affected, NOT_NULL),
            "found_rows" => long(self.talk.last_found, NOT_NULL),
            "now" | "current_timestamp" | "sysdate" | "localtime" => {
                Cell::new(now.as_str().into(), Column::of(DATETIME, 19, NOT_NULL | BINARY, 0))
            }
            "curdate" | "current_date" => {
                Cell::new(now[..10].into(), Column::of(DATE, 10, NOT_NULL | BINARY, 0))
            }
            "curtime" | "current_time" => {
                Cell::new(now[11..].into(), Column::of(11, 8, NOT_NULL | BINARY, 0))
            }
            "unix_timestamp" => {
                let secs = self.talk.open.host.clock(self.cx.now).secs();
                let column = Column::of(LONGLONG, 17, BINARY, 0);
                Cell::new(Value::Int(secs.try_into().unwrap_or(0)), column)
            }
            "uuid" => {
                let number = self.talk.random(self.cx);
                let mac =
                    String::from_utf8(lower_hex(&self.talk.open.host.mac)).unwrap_or_default();
                let text = format!(
                    "{:08x}-{:04x}-11f1-{:04x}-{mac}",
                    number >> 32,
                    number >> 16 & 0xffff,
                    number & 0x3fff | 0x8000
                );
                let mut column = Column::text(36, 0);
                column.kind = STRING;
                Cell::new(text.as_str().into(), column)
            }
            "rand" => {
                let part = (self.talk.random(self.cx) >> 11) as f64 / (1_u64 << 53) as f64;
                let column = Column::of(DOUBLE, 23, NOT_NULL | BINARY, 31);
                Cell::new(Value::Decimal(part.to_string()), column)
            }
            "sleep" => {
                let seconds = first.map_or(0.0, Value::number);
                self.talk.sleep(seconds);
                Cell::new(Value::Int(0), Column::int(1, NOT_NULL))
            }
            "benchmark" => Cell::new(Value::Int(0), Column::int(1, NOT_NULL)),
            "load_file" => {
                let path = first.map(Value::bytes).unwrap_or_default();
                let value = self.talk.load_file(self.cx, &path).map_or(Value::Null, Value::Text);
                Cell::new(value, Column::of(LONG_BLOB, 1 << 24, BINARY, ANY))
            }
            _ => return None,
        })
    }
}

/// A wrong number of arguments.
struct Wrong;

/// Functions that know nothing but their arguments; nothing for an unknown one, and an
/// error for a wrong number of arguments.
fn of_values(name: &str, arguments: &[Cell], each: usize) -> Option<Result<Cell, Wrong>> {
    const COUNTS: [(&str, usize, usize); 38] = [
        ("hex", 1, 1),
        ("unhex", 1, 1),
        ("char", 1, 99),
        ("chr", 1, 1),
        ("concat", 1, 999),
        ("concat_ws", 2, 999),
        ("group_concat", 1, 999),
        ("length", 1, 1),
        ("octet_length", 1, 1),
        ("char_length", 1, 1),
        ("character_length", 1, 1),
        ("md5", 1, 1),
        ("sha1", 1, 1),
        ("sha", 1, 1),
        ("password", 1, 1),
        ("crc32", 1, 1),
        ("to_base64", 1, 1),
        ("from_base64", 1, 1),
        ("upper", 1, 1),
        ("ucase", 1, 1),
        ("lower", 1, 1),
        ("lcase", 1, 1),
        ("trim", 1, 1),
        ("substring", 2, 3),
        ("substr", 2, 3),
        ("mid", 3, 3),
        ("left", 2, 2),
        ("right", 2, 2),
        ("reverse", 1, 1),
        ("replace", 3, 3),
        ("repeat", 2, 2),
        ("space", 1, 1),
        ("ascii", 1, 1),
        ("ord", 1, 1),
        ("if", 3, 3),
        ("ifnull", 2, 2),
        ("coalesce", 1, 999),
        ("pi", 0, 0),
    ];
    let (_, least, most) = COUNTS.iter().find(|(known, ..)| *known == name)?;
    if !(*least..=*most).contains(&arguments.len()) {
        return Some(Err(Wrong));
    }
    Some(Ok(known(name, arguments, each)))
}

fn known(name: &str, arguments: &[Cell], each: usize) -> Cell {
    let bytes = |n: usize| arguments.get(n).map(|cell| cell.value.bytes()).unwrap_or_default();
    let length = |n: usize| arguments.get(n).map_or(0, |cell| cell.column.length as usize);
    let int = |n: usize| arguments.get(n).map_or(0, |cell| cell.value.int());
    let characters = |n: usize| match arguments.get(n) {
        Some(cell) if cell.column.text => length(n).saturating_mul(each),
        _ => length(n),
    };
    let null = arguments.iter().any(|cell| cell.value.is_null());
    let not_null = if arguments.iter().any(Cell::may_be_null) { 0 } else { NOT_NULL };
    let text = |value: Vec<u8>, characters: usize| {
        Cell::new(Value::Text(value), wide(Column::text(characters, 0)))
    };
    let whole = |value: i64, digits: usize, flags: u16| {
        Cell::new(Value::Int(value), Column::int(digits, flags | not_null))
    };
    let all_text =
        arguments.iter().all(|cell| cell.column.text || matches!(cell.value, Value::Int(_)));
    let sum: usize = (0..arguments.len()).map(length).fold(0, usize::saturating_add);
    // Where one argument is of bytes, so is the result.
    let same = |value: Vec<u8>, length: usize| {
        let column = if all_text {
            Column::text(length, 0)
        } else {
            Column { decimals: ANY, ..Column::binary(length, 0) }
        };
        Cell::new(Value::Text(value), wide(column))
    };
    let mut cell = match name {
        "hex" => {
            let digits = match arguments[0].value {
                Value::Int(number) => format!("{number:X}").into_bytes(),
                _ => upper_hex(&bytes(0)),
            };
            let mut cell = text(digits, characters(0).saturating_mul(2));
            cell.column.decimals = 0;
            cell
        }
        "unhex" => {
            let digits = bytes(0);
            if digits.iter().all(u8::is_ascii_hexdigit) {
                Cell::new(
                    Value::Text(unhex(&digits)),
                    wide(Column::binary(characters(0).div_ceil(2), 0)),
                )
            } else {
                Cell::new(Value::Null, wide(Column::binary(characters(0).div_ceil(2), 0)))
            }
        }
        "char" | "chr" => {
            let value = (0..arguments.len()).map(|n| int(n) as u8).collect();
            let column = Column { decimals: ANY, ..Column::binary(arguments.len() * 4, 0) };
            Cell::new(Value::Text(value), column)
        }
        "concat" | "group_concat" => same((0..arguments.len()).flat_map(bytes).collect(), sum),
        "concat_ws" => {
            let parts: Vec<Vec<u8>> = (1..arguments.len())
                .filter(|n| !arguments[*n].value.is_null())
                .map(bytes)
                .collect();
            let between = length(0).saturating_mul(arguments.len().saturating_sub(2));
            let joined = same(parts.join(&bytes(0)[..]), sum - length(0) + between);
            return joined;
        }
        "length" | "octet_length" => whole(bytes(0).len() as i64, 10, 0),
        "char_length" | "character_length" => {
            whole(String::from_utf8_lossy(&bytes(0)).chars().count() as i64, 10, 0)
        }
        "md5" => text(lower_hex(&Md5::digest(bytes(0))), 32),
        "sha1" | "sha" => text(lower_hex(&Sha1::digest(bytes(0))), 40),
        "password" => {
            let twice = Sha1::digest(Sha1::digest(bytes(0)));
            text([b"*", &upper_hex(&twice)[..]].concat(), 41)
        }
        "crc32" => {
            let mut sum = flate2::Crc::new();
            sum.update(&bytes(0));
            whole(i64::from(sum.sum()), 10, UNSIGNED)
        }
        "to_base64" => {
            let size = characters(0).div_ceil(3) * 4;
            text(STANDARD.encode(bytes(0)).into_bytes(), size)
        }
        "from_base64" => {
            let size = characters(0) / 4 * 3;
            let column = Column { decimals: ANY, ..Column::binary(size, 0) };
            Cell::new(STANDARD.decode(bytes(0)).map_or(Value::Null, Value::Text), wide(column))
        }
        "upper" | "ucase" => same(bytes(0).to_ascii_uppercase(), length(0)),
        "lower" | "lcase" => same(bytes(0).to_ascii_lowercase(), length(0)),
        "trim" => {
            let value = bytes(0);
            let start = value.iter().position(|byte| *byte != b' ').unwrap_or(value.len());
            let end = value.iter().rposition(|byte| *byte != b' ').map_or(start, |at| at + 1);
            same(value[start..end].to_vec(), length(0))
        }
        "substring" | "substr" | "mid" => {
            let value = bytes(0);
            let from = match int(1) {
                0 => value.len(),
                from if from > 0 => usize::try_from(from - 1).unwrap_or(usize::MAX),
                from => value.len().saturating_sub(from.unsigned_abs() as usize),
            };
            let count = match arguments.len() {
                2 => usize::MAX,
                _ => usize::try_from(int(2)).unwrap_or(0),
            };
            same(value.into_iter().skip(from).take(count).collect(), length(0))
        }
        "left" => {
            let count = usize::try_from(int(1)).unwrap_or(0);
            same(bytes(0).into_iter().take(count).collect(), length(0).min(count))
        }
        "right" => {
            let count = usize::try_from(int(1)).unwrap_or(0);
            let value = bytes(0);
            same(value[value.len().saturating_sub(count)..].to_vec(), length(0).min(count))
        }
        "reverse" => same(bytes(0).into_iter().rev().collect(), length(0)),
        "replace" => {
            let (value, from, to) = (bytes(0), bytes(1), bytes(2));
            same(replaced(&value, &from, &to), length(0))
        }
        "repeat" | "space" => {
            let (part, count) = match name {
                "repeat" => (bytes(0), int(1)),
                _ => (b" ".to_vec(), int(0)),
            };
            let count = usize::try_from(count).unwrap_or(0);
            let size = part.len().saturating_mul(count);
            if size > MYSQL_VALUE_BYTES {
                return Cell::new(Value::Null, Column::of(LONG_BLOB, 1 << 24, 0, ANY));
            }
            let part_length = if name == "repeat" { length(0) } else { 1 };
            same(part.repeat(count), part_length.saturating_mul(count))
        }
        "ascii" => whole(bytes(0).first().map_or(0, |byte| i64::from(*byte)), 3, 0),
        "ord" => whole(bytes(0).first().map_or(0, |byte| i64::from(*byte)), 7, 0),
        "if" => return chosen(arguments[if arguments[0].value.is_true() { 1 } else { 2 }].clone()),
        "ifnull" | "coalesce" => {
            let found = arguments.iter().find(|cell| !cell.value.is_null());
            return chosen(found.or(arguments.last()).cloned().unwrap_or_else(Cell::null));
        }
        _ => {
            let column = Column::of(DOUBLE, 8, NOT_NULL | BINARY, 6);
            Cell::new(Value::Decimal("3.141593".to_owned()), column)
        }
    };
    if null || cell.value.len() > MYSQL_VALUE_BYTES {
        cell.value = Value::Null;
        cell.column.flags &= !NOT_NULL;
    }
    cell
}

/// What one of several stands for: a number may have a sign.
fn chosen(mut cell: Cell) -> Cell {
    if matches!(cell.value, Value::Int(_)) {
        cell.column.length = cell.column.length.saturating_add(1);
    }
    cell
}

/// What is longer than a VARCHAR may be is a BLOB.
fn wide(mut column: Column) -> Column {
    if column.length > 65_535 {
        column.kind = LONG_BLOB;
    }
    column
}

fn replaced(value: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    if from.is_empty() {
        return value.to_vec();
    }
    let mut out = Vec::new();
    let mut at = 0;
    for found in memchr::memmem::find_iter(value, from) {
        out.extend_from_slice(&value[at..found]);
        out.extend_from_slice(to);
        at = found + from.len();
        if out.len() > MYSQL_VALUE_BYTES {
            break;
        }
    }
    out.extend_from_slice(&value[at..]);
    out
}

pub(super) fn lower_hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS[usize::from(value & 15)];
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

fn upper_hex(bytes: &[u8]) -> Vec<u8> {
    lower_hex(bytes).to_ascii_uppercase()
}
