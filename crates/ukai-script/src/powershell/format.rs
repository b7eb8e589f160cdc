//! `-f`: composite formatting of .NET.

use super::convert::failed;
use super::eval::{Eval, Interpreter};
use super::value::Value;

/// Width and precision that are taken.
const WIDTH_MAX: i64 = 10_000;

impl Interpreter<'_, '_> {
    pub(super) fn format(&mut self, pattern: Value, arguments: Value) -> Eval<Value> {
        if pattern.is_unknown() {
            return Ok(pattern);
        }
        let arguments = self.items_of(&arguments);
        let pattern = self.text_of(&pattern);
        self.format_text(&pattern, &arguments)
    }

    pub(super) fn format_text(&mut self, pattern: &str, arguments: &[Value]) -> Eval<Value> {
        let mut out = String::new();
        let mut rest = pattern;
        while let Some(at) = rest.find(['{', '}']) {
            self.push_text(&mut out, &rest[..at])?;
            let sign = rest.as_bytes()[at];
            rest = &rest[at + 1..];
            if rest.as_bytes().first() == Some(&sign) {
                out.push(char::from(sign));
                rest = &rest[1..];
                continue;
            }
            let Some((item, tail)) = rest.split_once('}').filter(|_| sign == b'{') else {
                return Err(failed("format"));
            };
            rest = tail;
            let (place, format) = item.split_once(':').unwrap_or((item, ""));
            let (index, width) = place.split_once(',').unwrap_or((place, "0"));
            let Ok(index) = index.trim().parse::<usize>() else {
                return Err(failed("format"));
            };
            let width = width.trim().parse::<i64>().unwrap_or(0).clamp(-WIDTH_MAX, WIDTH_MAX);
            let Some(value) = arguments.get(index) else { return Err(failed("format")) };
            let text = self.formatted(value, format);
            let missing = (width.unsigned_abs() as usize).saturating_sub(text.chars().count());
            let blanks = " ".repeat(missing);
            let (before, after) =
                if width > 0 { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
            self.push_text(&mut out, before)?;
            self.push_text(&mut out, &text)?;
            self.push_text(&mut out, after)?;
        }
        self.push_text(&mut out, rest)?;
        Ok(Value::text(out))
    }

    /// One value by a format: `X2`, `D3`, `N0`, `F2`, `00`, `P`.
    pub(super) fn formatted(&self, value: &Value, format: &str) -> String {
        let mut chars = format.chars();
        let (Some(letter), digits) = (chars.next(), chars.as_str()) else {
            return self.text_of(value);
        };
        let precision = digits.parse::<usize>().unwrap_or(0).min(WIDTH_MAX as usize);
        let number = match value {
            Value::Int(_) | Value::Byte(_) | Value::Double(_) => self.number_of(value),
            _ => return self.text_of(value),
        };
        match (letter, &number) {
            ('x', Value::Int(it)) => format!("{it:0precision$x}"),
            ('X', Value::Int(it)) => format!("{it:0precision$X}"),
            ('d' | 'D', Value::Int(it)) => {
                let digits = format!("{:0precision$}", it.unsigned_abs());
                if *it < 0 { format!("-{digits}") } else { digits }
            }
            ('b' | 'B', Value::Int(it)) => format!("{it:0precision$b}"),
            ('n' | 'N' | 'f' | 'F', _) => {
                let places = if digits.is_empty() { 2 } else { precision.min(50) };
                let it = super::operators::double_of(&number).unwrap_or(0.0);
                format!("{it:.places$}")
            }
            ('0' | '#', _) => {
                let zeros = format
                    .bytes()
                    .take_while(|it| matches!(it, b'0' | b'#'))
                    .filter(|it| *it == b'0')
                    .count();
                let it = super::operators::double_of(&number).unwrap_or(0.0);
                format!("{:0zeros$}", it.round() as i64)
            }
            _ => self.text_of(value),
        }
    }
}
