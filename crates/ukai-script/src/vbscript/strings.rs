//! Functions on texts.

use super::super::com::{Content, latin1, narrow};
use super::machine::{Machine, Stop};
use super::value::Value;

/// Pieces that `Split` makes.
const PIECES_MAX: usize = 1_000_000;

/// An argument, `Missing` if there is none.
pub(super) fn at(arguments: &[Value], index: usize) -> &Value {
    arguments.get(index).unwrap_or(&Value::Missing)
}

/// An argument as a whole number, `or` if it is left out or none.
pub(super) fn whole_at(arguments: &[Value], index: usize, or: i64) -> i64 {
    match at(arguments, index) {
        Value::Missing => or,
        value => value.whole().unwrap_or(or),
    }
}

fn size(number: i64) -> usize {
    usize::try_from(number.max(0)).unwrap_or(0)
}

impl Machine {
    /// A function on texts; none if it is not one.
    pub(super) fn text_function(
        &mut self,
        name: &str,
        arguments: &[Value],
    ) -> Result<Option<Value>, Stop> {
        let first = at(arguments, 0);
        Ok(Some(match name {
            "chr" | "chrw" => match first.whole() {
                Some(code) => self.units(vec![code as u16])?,
                None => Value::Unknown,
            },
            "chrb" => {
                let code = whole_at(arguments, 0, 0);
                Value::Bytes(Content::from(vec![code as u8]))
            }
            "asc" | "ascw" => match self.units_of(first)?.first() {
                Some(unit) => Value::Whole(i64::from(*unit)),
                None => return Err(Stop::Error("invalid procedure call")),
            },
            "ascb" => {
                let bytes = self.bytes_of(first)?;
                Value::Whole(bytes.first().copied().map_or(0, i64::from))
            }
            "len" => match first {
                Value::Text(text) => Value::Whole(text.units().len() as i64),
                Value::Bytes(content) => Value::Whole(content.bytes.len() as i64 / 2),
                other => Value::Whole(self.units_of(other)?.len() as i64),
            },
            "lenb" => Value::Whole(self.bytes_of(first)?.len() as i64),
            "mid" => {
                let start = size(whole_at(arguments, 1, 1).max(1) - 1);
                let length = size(whole_at(arguments, 2, i64::MAX));
                self.piece(first, start, length)?
            }
            "left" => self.piece(first, 0, size(whole_at(arguments, 1, 0)))?,
            "right" => {
                let length = size(whole_at(arguments, 1, 0));
                let whole = match first {
                    Value::Text(text) => text.units().len(),
                    other => self.units_of(other)?.len(),
                };
                self.piece(first, whole.saturating_sub(length), length)?
            }
            "midb" | "leftb" => {
                let bytes = self.bytes_of(first)?;
                let (start, length) = match name {
                    "midb" => (
                        size(whole_at(arguments, 1, 1).max(1) - 1),
                        whole_at(arguments, 2, i64::MAX),
                    ),
                    _ => (0, whole_at(arguments, 1, 0)),
                };
                let piece: Vec<u8> = bytes.into_iter().skip(start).take(size(length)).collect();
                Value::Bytes(piece.into())
            }
            "instr" | "instrb" => self.find(arguments)?,
            "instrrev" => self.find_last(arguments)?,
            "replace" => self.replace(arguments)?,
            "split" => self.split(arguments)?,
            "join" => self.join(arguments)?,
            "filter" => self.filter(arguments)?,
            "strreverse" => {
                let mut units = self.units_of(first)?;
                units.reverse();
                self.units(units)?
            }
            "ucase" | "lcase" => {
                let text = self.say(first)?;
                let text = if name == "ucase" { text.to_uppercase() } else { text.to_lowercase() };
                self.text(&text)?
            }
            "trim" | "ltrim" | "rtrim" => {
                let text = self.say(first)?;
                let text = match name {
                    "trim" => text.trim_matches(' '),
                    "ltrim" => text.trim_start_matches(' '),
                    _ => text.trim_end_matches(' '),
                };
                self.text(text)?
            }
            "space" => self.repeated_unit(whole_at(arguments, 0, 0), u16::from(b' '))?,
            "string" => {
                let unit = match at(arguments, 1) {
                    Value::Text(text) => text.units().first().copied().unwrap_or(0),
                    other => other.whole().unwrap_or(0) as u16,
                };
                self.repeated_unit(whole_at(arguments, 0, 0), unit)?
            }
            "hex" | "oct" => match first.whole() {
                Some(whole) => {
                    let bits = if whole < 0 { i64::from(whole as u32) } else { whole };
                    let text =
                        if name == "hex" { format!("{bits:X}") } else { format!("{bits:o}") };
                    self.text(&text)?
                }
                None => Value::Unknown,
            },
            "cstr" => {
                let text = self.say(first)?;
                self.text(&text)?
            }
            "strcomp" => {
                let (mut a, mut b) = (self.say(first)?, self.say(at(arguments, 1))?);
                if whole_at(arguments, 2, 0) == 1 {
                    a = a.to_lowercase();
                    b = b.to_lowercase();
                }
                Value::Whole(a.cmp(&b) as i64)
            }
            "strconv" => {
                let text = self.say(first)?;
                match whole_at(arguments, 1, 0) {
                    1 => self.text(&text.to_uppercase())?,
                    2 => self.text(&text.to_lowercase())?,
                    64 => match first {
                        // Bytes to text; text stays what it is, with a zero between.
                        Value::Bytes(content) => self.text(&latin1(&content.bytes))?,
                        Value::Array(_) => {
                            let bytes = self.bytes_of(first)?;
                            self.text(&latin1(&bytes))?
                        }
                        _ => self.text(&text)?,
                    },
                    128 => {
                        self.room(text.len())?;
                        Value::Bytes(narrow(&text).into())
                    }
                    _ => self.text(&text)?,
                }
            }
            "escape" => {
                let text = self.say(first)?;
                self.room(6 * text.len())?;
                let escaped: String = text.encode_utf16().map(escaped).collect();
                self.text(&escaped)?
            }
            "unescape" => {
                let units = self.units_of(first)?;
                self.units(unescaped(&units))?
            }
            _ => return Ok(None),
        }))
    }

    /// Bytes of a value: of text, two for each unit.
    pub(super) fn bytes_of(&mut self, value: &Value) -> Result<Vec<u8>, Stop> {
        Ok(match value {
            Value::Bytes(content) => {
                self.charge(content.bytes.len() as u64 / 64)?;
                content.bytes.to_vec()
            }
            Value::Array(array) => {
                self.charge(array.items().len() as u64 / 8)?;
                array.items().iter().map(|it| it.whole().unwrap_or(0) as u8).collect()
            }
            other => self.units_of(other)?.into_iter().flat_map(u16::to_le_bytes).collect(),
        })
    }

    fn piece(&mut self, value: &Value, start: usize, length: usize) -> Result<Value, Stop> {
        if matches!(value, Value::Unknown) {
            return Ok(Value::Unknown);
        }
        if let Value::Text(text) = value {
            let rest = text.units().get(start..).unwrap_or_default();
            let piece = rest.get(..length.min(rest.len())).unwrap_or_default().to_vec();
            return self.units(piece);
        }
        let units = self.units_of(value)?;
        self.units(units.into_iter().skip(start).take(length).collect())
    }

    fn repeated_unit(&mut self, count: i64, unit: u16) -> Result<Value, Stop> {
        let count = size(count);
        self.room(count.saturating_mul(2))?;
        self.units(vec![unit; count])
    }

    /// Units to compare: in lower case if case does not matter.
    fn compared(&mut self, value: &Value, ignore_case: bool) -> Result<Vec<u16>, Stop> {
        let mut units = self.units_of(value)?;
        if ignore_case {
            lower(&mut units);
        }
        Ok(units)
    }

    /// `InStr([start,] text, wanted[, compare])`
    fn find(&mut self, arguments: &[Value]) -> Result<Value, Stop> {
        if arguments.iter().any(|it| matches!(it, Value::Unknown)) {
            return Ok(Value::Unknown);
        }
        let numbered = arguments.len() >= 3 && !matches!(arguments.first(), Some(Value::Text(_)));
        let from = usize::from(numbered);
        let start = if numbered { size(whole_at(arguments, 0, 1).max(1) - 1) } else { 0 };
        let ignore_case = whole_at(arguments, from + 2, 0) == 1;
        if !ignore_case
            && let (Value::Text(text), Value::Text(wanted)) =
                (at(arguments, from), at(arguments, from + 1))
        {
            let found = find(text.units(), wanted.units(), start);
            self.charge_search(found, start, text.units().len(), wanted.units().len())?;
            return Ok(position(found));
        }
        let text = self.compared(at(arguments, from), ignore_case)?;
        let wanted = self.compared(at(arguments, from + 1), ignore_case)?;
        let found = find(&text, &wanted, start);
        self.charge_search(found, start, text.len(), wanted.len())?;
        Ok(position(found))
    }

    fn charge_search(
        &self,
        found: Option<usize>,
        start: usize,
        length: usize,
        wanted: usize,
    ) -> Result<(), Stop> {
        let end = found.unwrap_or(length);
        // A search may look at all of what is wanted at each place.
        let cost = end.saturating_sub(start).saturating_mul(1 + wanted / 64);
        self.charge(cost as u64 / 32)
    }

    fn find_last(&mut self, arguments: &[Value]) -> Result<Value, Stop> {
        if arguments.iter().any(|it| matches!(it, Value::Unknown)) {
            return Ok(Value::Unknown);
        }
        let ignore_case = whole_at(arguments, 3, 0) == 1;
        let text = self.compared(at(arguments, 0), ignore_case)?;
        let wanted = self.compared(at(arguments, 1), ignore_case)?;
        let end = match whole_at(arguments, 2, -1) {
            end if end < 0 => text.len(),
            end => size(end).min(text.len()),
        };
        self.charge_search(None, 0, text.len(), wanted.len())?;
        if wanted.is_empty() {
            return Ok(Value::Whole(end as i64));
        }
        let text = text.get(..end).unwrap_or_default();
        Ok(position(text.windows(wanted.len()).rposition(|it| it == wanted)))
    }

    /// `Replace(text, wanted, other[, start[, count[, compare]]])`
    fn replace(&mut self, arguments: &[Value]) -> Result<Value, Stop> {
        if arguments.len() < 3 {
            return Err(Stop::Error("wrong number of arguments"));
        }
        let start = size(whole_at(arguments, 3, 1).max(1) - 1);
        let most = whole_at(arguments, 4, -1);
        let ignore_case = whole_at(arguments, 5, 0) == 1;
        let text = self.units_of(at(arguments, 0))?;
        let other = self.units_of(at(arguments, 2))?;
        let wanted = self.compared(at(arguments, 1), ignore_case)?;
        let mut searched = text.clone();
        if ignore_case {
            lower(&mut searched);
        }
        let mut out = Vec::with_capacity(text.len());
        let mut from = start.min(text.len());
        let mut count = 0;
        self.charge_search(None, 0, text.len(), wanted.len())?;
        while !wanted.is_empty()
            && (most < 0 || count < most)
            && let Some(found) = find(&searched, &wanted, from)
        {
            out.extend_from_slice(text.get(from..found).unwrap_or_default());
            out.extend_from_slice(&other);
            from = found + wanted.len();
            count += 1;
            if count % 256 == 0 {
                self.room(2 * out.len() + 2 * 256 * other.len())?;
            }
        }
        out.extend_from_slice(text.get(from..).unwrap_or_default());
        self.units(out)
    }

    fn split(&mut self, arguments: &[Value]) -> Result<Value, Stop> {
        if matches!(at(arguments, 0), Value::Unknown) {
            return Ok(Value::Unknown);
        }
        let text = self.units_of(at(arguments, 0))?;
        let by = match at(arguments, 1) {
            Value::Missing => vec![u16::from(b' ')],
            value => self.units_of(value)?,
        };
        let most = match whole_at(arguments, 2, -1) {
            most if most < 0 => PIECES_MAX,
            most => size(most).min(PIECES_MAX),
        };
        if text.is_empty() {
            return self.list(Vec::new());
        }
        self.charge_search(None, 0, text.len(), by.len())?;
        let mut pieces = Vec::new();
        let mut from = 0;
        while !by.is_empty()
            && pieces.len() + 1 < most
            && let Some(found) = find(&text, &by, from)
        {
            pieces.push(self.units(text.get(from..found).unwrap_or_default().to_vec())?);
            from = found + by.len();
        }
        pieces.push(self.units(text.get(from..).unwrap_or_default().to_vec())?);
        self.list(pieces)
    }

    fn join(&mut self, arguments: &[Value]) -> Result<Value, Stop> {
        let Value::Array(array) = at(arguments, 0) else { return Ok(Value::Unknown) };
        let by = match at(arguments, 1) {
            Value::Missing => vec![u16::from(b' ')],
            value => self.units_of(value)?,
        };
        let mut out: Vec<u16> = Vec::new();
        for (index, item) in array.items().iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(&by);
            }
            let units = self.units_of(item)?;
            out.extend(units);
            if index % 64 == 0 {
                self.room(2 * out.len())?;
            } else {
                self.charge(1)?;
            }
        }
        self.units(out)
    }

    fn filter(&mut self, arguments: &[Value]) -> Result<Value, Stop> {
        let Value::Array(array) = at(arguments, 0) else { return Ok(Value::Unknown) };
        let wanted = self.units_of(at(arguments, 1))?;
        let keep = !matches!(at(arguments, 2).truth(), Some(false))
            || matches!(at(arguments, 2), Value::Missing);
        let mut kept = Vec::new();
        for item in array.items() {
            let units = self.units_of(item)?;
            self.charge_search(None, 0, units.len(), wanted.len())?;
            if find(&units, &wanted, 0).is_some() == keep {
                kept.push(item.clone());
            }
        }
        self.list(kept)
    }
}

fn find(text: &[u16], wanted: &[u16], start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    if wanted.is_empty() {
        return Some(start);
    }
    rest.windows(wanted.len()).position(|it| it == wanted).map(|it| it + start)
}

/// A place as VBScript counts it, 0 for none.
fn position(found: Option<usize>) -> Value {
    Value::Whole(found.map_or(0, |it| it as i64 + 1))
}

fn lower(units: &mut [u16]) {
    for unit in units {
        if let Ok(byte) = u8::try_from(*unit) {
            *unit = u16::from(byte.to_ascii_lowercase());
        }
    }
}

fn escaped(unit: u16) -> String {
    match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii_alphanumeric() || b"@*_+-./".contains(&byte) => {
            char::from(byte).to_string()
        }
        Ok(byte) => format!("%{byte:02X}"),
        Err(_) => format!("%u{unit:04X}"),
    }
}

fn unescaped(units: &[u16]) -> Vec<u16> {
    let hex = |digits: Option<&[u16]>| {
        let text = String::from_utf16(digits?).ok()?;
        u16::from_str_radix(&text, 16).ok()
    };
    let mut out = Vec::with_capacity(units.len());
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        if *unit == u16::from(b'%') {
            if units.get(at + 1) == Some(&u16::from(b'u'))
                && let Some(code) = hex(units.get(at + 2..at + 6))
            {
                out.push(code);
                at += 6;
                continue;
            }
            if let Some(code) = hex(units.get(at + 1..at + 3)) {
                out.push(code);
                at += 3;
                continue;
            }
        }
        out.push(*unit);
        at += 1;
    }
    out
}
