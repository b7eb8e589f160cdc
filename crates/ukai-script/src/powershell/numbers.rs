//! `[Math]` and `[BitConverter]`.

use super::eval::Interpreter;
use super::operators::double_of;
use super::value::Value;

impl Interpreter<'_, '_> {
    pub(super) fn math(&self, name: &str, values: &[Value]) -> Value {
        let number = |at: usize| values.get(at).map_or(Value::Null, |it| self.number_of(it));
        let (Some(a), b) = (double_of(&number(0)), double_of(&number(1))) else {
            return Value::Unknown(None);
        };
        let whole = |value: f64| {
            if value.fract() == 0.0 && value.abs() < 9e15 {
                Value::Int(value as i64)
            } else {
                Value::Double(value)
            }
        };
        match (name, b) {
            ("min", Some(b)) => whole(a.min(b)),
            ("max", Some(b)) => whole(a.max(b)),
            ("pow", Some(b)) => whole(a.powf(b)),
            ("abs", _) => whole(a.abs()),
            ("floor", _) => whole(a.floor()),
            ("ceiling", _) => whole(a.ceil()),
            ("truncate", _) => whole(a.trunc()),
            ("round", Some(places)) => {
                let factor = 10f64.powi(places.clamp(0.0, 15.0) as i32);
                whole((a * factor).round_ties_even() / factor)
            }
            ("round", None) => whole(a.round_ties_even()),
            ("sqrt", _) => whole(a.sqrt()),
            ("log", _) => Value::Double(a.ln()),
            _ => Value::Unknown(None),
        }
    }

    pub(super) fn bit_converter(&mut self, name: &str, values: &[Value]) -> Value {
        let first = values.first().cloned().unwrap_or(Value::Null);
        let bytes = self.bytes_of(&first);
        let at = values
            .get(1)
            .and_then(|it| self.int_of(it))
            .and_then(|it| usize::try_from(it).ok())
            .unwrap_or(0);
        match name {
            "tostring" => {
                let mut out = String::new();
                for (at, byte) in bytes.iter().enumerate() {
                    if at > 0 {
                        out.push('-');
                    }
                    out.extend(
                        [byte >> 4, byte & 15]
                            .map(|it| char::from(b"0123456789ABCDEF"[usize::from(it)])),
                    );
                }
                Value::text(out)
            }
            "toint32" | "touint32" => match bytes.get(at..at.saturating_add(4)) {
                Some(&[a, b, c, d]) => Value::Int(i64::from(i32::from_le_bytes([a, b, c, d]))),
                _ => Value::Null,
            },
            "toint16" | "touint16" => match bytes.get(at..at.saturating_add(2)) {
                Some(&[a, b]) => Value::Int(i64::from(u16::from_le_bytes([a, b]))),
                _ => Value::Null,
            },
            "toint64" | "touint64" => match bytes.get(at..at.saturating_add(8)) {
                Some(part) => {
                    let mut whole = [0; 8];
                    whole.copy_from_slice(part);
                    Value::Int(i64::from_le_bytes(whole))
                }
                None => Value::Null,
            },
            "tochar" => match bytes.get(at..at.saturating_add(2)) {
                Some(&[a, b]) => super::convert::char_of(i64::from(u16::from_le_bytes([a, b])))
                    .map_or(Value::Null, Value::Char),
                _ => Value::Null,
            },
            "getbytes" => match (&first, self.int_of(&first)) {
                (Value::Char(c), _) => {
                    let mut units = [0; 2];
                    let units = c.encode_utf16(&mut units);
                    Value::bytes(units.iter().flat_map(|it| it.to_le_bytes()).collect())
                }
                (_, Some(value)) => match i32::try_from(value) {
                    Ok(value) => Value::bytes(value.to_le_bytes().to_vec()),
                    Err(_) => Value::bytes(value.to_le_bytes().to_vec()),
                },
                (_, None) => Value::Null,
            },
            _ => Value::Unknown(None),
        }
    }
}
