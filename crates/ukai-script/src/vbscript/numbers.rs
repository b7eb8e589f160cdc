//! Functions on numbers, dates, arrays and types.

use super::dates;
use super::machine::{Machine, Stop};
use super::strings::{at, whole_at};
use super::value::{Value, parse_number};

impl Machine {
    /// Such a function; none if it is not one.
    pub(super) fn number_function(
        &mut self,
        name: &str,
        arguments: &[Value],
    ) -> Result<Option<Value>, Stop> {
        let first = at(arguments, 0);
        if let Some(value) = self.date_function(name, arguments)? {
            return Ok(Some(value));
        }
        Ok(Some(match name {
            "cint" | "clng" | "clnglng" | "clngptr" => {
                self.converted(first, |it| Value::Whole(it.round_ties_even() as i64))?
            }
            "cbyte" => {
                self.converted(first, |it| Value::Whole(it.round_ties_even() as i64 & 0xff))?
            }
            "cdbl" | "csng" | "ccur" | "cdec" => self.converted(first, Value::Real)?,
            "cbool" => match first.truth() {
                Some(truth) => Value::Bool(truth),
                None => Value::Unknown,
            },
            "cvar" | "cobj" => first.clone(),
            "cvdate" | "cdate" | "datevalue" | "timevalue" => match first {
                Value::Text(text) => {
                    let text = text.to_text();
                    dates::parse(&text).map_or(Value::Empty, Value::Date)
                }
                other => other.number().map_or(Value::Unknown, Value::Date),
            },
            "val" => {
                let text = self.say(first)?;
                Value::from_number(leading_number(&text), true)
            }
            "int" | "fix" => match first.number() {
                Some(number) if name == "int" => Value::from_number(number.floor(), true),
                Some(number) => Value::from_number(number.trunc(), true),
                None => Value::Unknown,
            },
            "abs" => match first {
                Value::Whole(whole) => Value::Whole(whole.saturating_abs()),
                other => other.number().map_or(Value::Unknown, |it| Value::Real(it.abs())),
            },
            "sgn" => match first.number() {
                Some(number) if number > 0.0 => Value::Whole(1),
                Some(number) if number < 0.0 => Value::Whole(-1),
                Some(_) => Value::Whole(0),
                None => Value::Unknown,
            },
            "sqr" => self.converted(first, |it| Value::Real(it.abs().sqrt()))?,
            "exp" => self.converted(first, |it| Value::Real(it.exp()))?,
            "log" => self.converted(first, |it| Value::Real(it.abs().ln()))?,
            "sin" => self.converted(first, |it| Value::Real(it.sin()))?,
            "cos" => self.converted(first, |it| Value::Real(it.cos()))?,
            "tan" => self.converted(first, |it| Value::Real(it.tan()))?,
            "atn" => self.converted(first, |it| Value::Real(it.atan()))?,
            "round" => match first.number() {
                Some(number) => {
                    let scale = 10_f64.powi(whole_at(arguments, 1, 0).clamp(0, 15) as i32);
                    Value::from_number((number * scale).round_ties_even() / scale, true)
                }
                None => Value::Unknown,
            },
            "rnd" => {
                // The generator that Visual Basic has, from its usual start.
                self.random = (self.random * 1_140_671_485 + 12_820_163) & 0xff_ffff;
                Value::Real(self.random as f64 / 16_777_216.0)
            }
            "array" => self.list(arguments.to_vec())?,
            "ubound" | "lbound" => bound(name, first, whole_at(arguments, 1, 1)),
            "isarray" => Value::Bool(matches!(first, Value::Array(_) | Value::Bytes(_))),
            "isempty" | "ismissing" => Value::Bool(matches!(first, Value::Empty | Value::Missing)),
            "isnull" => Value::Bool(matches!(first, Value::Null)),
            "isobject" => match first {
                Value::Unknown => Value::Unknown,
                other => Value::Bool(matches!(
                    other,
                    Value::Object(_) | Value::Instance(_) | Value::Nothing | Value::Pattern(_)
                )),
            },
            "isdate" => match first {
                Value::Date(_) => Value::Bool(true),
                Value::Text(text) => Value::Bool(dates::parse(&text.to_text()).is_some()),
                _ => Value::Bool(false),
            },
            "isnumeric" => match first {
                Value::Unknown => Value::Unknown,
                other => Value::Bool(other.number().is_some()),
            },
            "iserror" => Value::Bool(false),
            "typename" => self.text(type_of(first).0)?,
            "vartype" => Value::Whole(type_of(first).1),
            "rgb" => {
                let part = |index| whole_at(arguments, index, 0) & 0xff;
                Value::Whole(part(0) | part(1) << 8 | part(2) << 16)
            }
            _ => return Ok(None),
        }))
    }

    fn converted(&mut self, value: &Value, make: impl Fn(f64) -> Value) -> Result<Value, Stop> {
        match value {
            Value::Unknown => return Ok(Value::Unknown),
            Value::Object(_) | Value::Pattern(_) => {
                let text = self.say(value)?;
                return parse_number(&text).map(make).ok_or(Stop::Error("type mismatch"));
            }
            _ => {}
        }
        value.number().map(make).ok_or(Stop::Error("type mismatch"))
    }

    fn date_function(&mut self, name: &str, arguments: &[Value]) -> Result<Option<Value>, Stop> {
        let first = at(arguments, 0);
        let days = |value: &Value| match value {
            Value::Text(text) => dates::parse(&text.to_text()),
            other => other.number(),
        };
        let parts = dates::parts(days(first).unwrap_or(0.0));
        Ok(Some(match name {
            "now" | "date" | "time" => {
                let now = dates::from_unix_ms(self.host().now_ms());
                Value::Date(match name {
                    "now" => now,
                    "date" => now.floor(),
                    _ => now.fract(),
                })
            }
            "timer" => {
                let now = self.host().now_ms();
                Value::Real((now % 86_400_000.0) / 1000.0)
            }
            "year" => Value::Whole(parts.year),
            "month" => Value::Whole(parts.month),
            "day" => Value::Whole(parts.day),
            "hour" => Value::Whole(parts.hour),
            "minute" => Value::Whole(parts.minute),
            "second" => Value::Whole(parts.second),
            "weekday" => {
                let day = days(first).unwrap_or(0.0).floor() as i64;
                Value::Whole(day.saturating_sub(1).rem_euclid(7) + 1)
            }
            "dateserial" => Value::Date(dates::serial(
                whole_at(arguments, 0, 1900),
                whole_at(arguments, 1, 1),
                whole_at(arguments, 2, 1),
            )),
            "timeserial" => {
                let seconds = whole_at(arguments, 0, 0) as f64 * 3600.0
                    + whole_at(arguments, 1, 0) as f64 * 60.0
                    + whole_at(arguments, 2, 0) as f64;
                Value::Date(seconds / 86_400.0)
            }
            "dateadd" | "datediff" => {
                let unit = self.say(first)?.to_ascii_lowercase();
                let length = match unit.as_str() {
                    "s" => 1.0 / 86_400.0,
                    "n" => 1.0 / 1440.0,
                    "h" => 1.0 / 24.0,
                    "ww" => 7.0,
                    "m" => 30.436_875,
                    "q" => 91.310_625,
                    "yyyy" => 365.2425,
                    _ => 1.0,
                };
                if name == "dateadd" {
                    let count = at(arguments, 1).number().unwrap_or(0.0);
                    Value::Date(days(at(arguments, 2)).unwrap_or(0.0) + count * length)
                } else {
                    let from = days(at(arguments, 1)).unwrap_or(0.0);
                    let to = days(at(arguments, 2)).unwrap_or(0.0);
                    Value::Whole(((to - from) / length).round() as i64)
                }
            }
            "datepart" => {
                let unit = self.say(first)?.to_ascii_lowercase();
                let parts = dates::parts(days(at(arguments, 1)).unwrap_or(0.0));
                Value::Whole(match unit.as_str() {
                    "m" => parts.month,
                    "d" => parts.day,
                    "h" => parts.hour,
                    "n" => parts.minute,
                    "s" => parts.second,
                    _ => parts.year,
                })
            }
            "formatdatetime" | "monthname" | "weekdayname" => {
                let text = self.say(first)?;
                self.text(&text)?
            }
            _ => return Ok(None),
        }))
    }
}

fn bound(name: &str, value: &Value, dimension: i64) -> Value {
    let dimension = usize::try_from(dimension.max(1) - 1).unwrap_or(0);
    let (low, length) = match value {
        Value::Array(array) => match array.bounds().get(dimension) {
            Some(bounds) => *bounds,
            None => (0, 0),
        },
        Value::Bytes(content) => (0, content.bytes.len()),
        Value::Unknown => return Value::Unknown,
        _ => (0, 0),
    };
    Value::Whole(if name == "lbound" { low } else { low.saturating_add(length as i64 - 1) })
}

/// The number that a text begins with, as `Val` reads it.
fn leading_number(text: &str) -> f64 {
    let text: String = text.chars().filter(|it| !it.is_whitespace()).take(64).collect();
    if text.len() > 2 && text.is_char_boundary(2) {
        let (start, rest) = text.split_at(2);
        let base = match start {
            "&H" | "&h" => Some(16),
            "&O" | "&o" => Some(8),
            _ => None,
        };
        if let Some(base) = base {
            let digits: String = rest.chars().take_while(|it| it.is_digit(base)).collect();
            return i64::from_str_radix(&digits, base).map_or(0.0, |it| it as f64);
        }
    }
    let mut end = 0;
    for (index, character) in text.char_indices() {
        let sign = matches!(character, '-' | '+') && index == 0;
        if !(character.is_ascii_digit() || character == '.' || sign) {
            break;
        }
        end = index + 1;
    }
    text.get(..end).and_then(|it| it.parse().ok()).unwrap_or(0.0)
}

/// The name of a value's type, and its number.
fn type_of(value: &Value) -> (&'static str, i64) {
    match value {
        Value::Empty | Value::Missing => ("Empty", 0),
        Value::Null => ("Null", 1),
        Value::Whole(whole) if i16::try_from(*whole).is_ok() => ("Integer", 2),
        Value::Whole(_) => ("Long", 3),
        Value::Real(_) => ("Double", 5),
        Value::Date(_) => ("Date", 7),
        Value::Text(_) => ("String", 8),
        Value::Bool(_) => ("Boolean", 11),
        Value::Bytes(_) => ("Byte()", 8209),
        Value::Array(_) => ("Variant()", 8204),
        Value::Nothing => ("Nothing", 9),
        Value::Object(_)
        | Value::Instance(_)
        | Value::Pattern(_)
        | Value::Err
        | Value::Procedure(_)
        | Value::Unknown => ("Object", 9),
    }
}
