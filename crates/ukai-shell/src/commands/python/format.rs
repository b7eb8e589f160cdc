//! Python's formats: `format`, f-strings, `%`.

use super::run::{Done, Machine};
use super::value::{Value, float_text};
use crate::limits;

/// Longest text that a format makes, in bytes.
const TEXT_BYTES_MAX: usize = 4 << 20;

impl Machine<'_> {
    /// `format(value, form)`.
    pub(super) fn format_value(&mut self, value: &Value, form: &str) -> Done<String> {
        if form.is_empty() {
            return self.text(value);
        }
        let chars: Vec<char> = form.chars().collect();
        let (mut fill, mut align, mut at) = (' ', None, 0);
        if chars.len() > 1 && matches!(chars[1], '<' | '>' | '^' | '=') {
            (fill, align, at) = (chars[0], Some(chars[1]), 2);
        } else if matches!(chars[0], '<' | '>' | '^' | '=') {
            (align, at) = (Some(chars[0]), 1);
        }
        let next = |at: usize| chars.get(at).copied().unwrap_or('\0');
        let mut sign = '-';
        if matches!(next(at), '+' | '-' | ' ') {
            sign = next(at);
            at += 1;
        }
        let alternate = next(at) == '#';
        at += usize::from(alternate);
        if next(at) == '0' && align.is_none() {
            (fill, align) = ('0', Some('='));
            at += 1;
        }
        let digits = |at: &mut usize| -> Option<usize> {
            let from = *at;
            while next(*at).is_ascii_digit() {
                *at += 1;
            }
            chars[from..*at].iter().collect::<String>().parse().ok()
        };
        let width = digits(&mut at).unwrap_or(0).min(limits::WORD_BYTES);
        let group = matches!(next(at), ',' | '_').then(|| next(at));
        at += usize::from(group.is_some());
        let precision = if next(at) == '.' {
            at += 1;
            digits(&mut at)
        } else {
            None
        };
        let kind = next(at);
        let body = self.format_body(value, kind, precision, (sign, alternate, group))?;
        self.costs(0, width)?;
        let numeric = value.number().is_some();
        let align = align.unwrap_or(if numeric { '>' } else { '<' });
        Ok(padded(&body, width, fill, align))
    }

    fn format_body(
        &mut self,
        value: &Value,
        kind: char,
        precision: Option<usize>,
        (sign, alternate, group): (char, bool, Option<char>),
    ) -> Done<String> {
        let signed = |negative: bool, digits: String| match (negative, sign) {
            (true, _) => format!("-{digits}"),
            (false, '+') => format!("+{digits}"),
            (false, ' ') => format!(" {digits}"),
            _ => digits,
        };
        let places = precision.unwrap_or(6).min(100);
        match (value.integer(), kind) {
            (Some(n), 'd' | 'x' | 'X' | 'o' | 'b' | 'c' | 'n' | '\0')
                if kind != '\0' || !matches!(value, Value::Bool(_)) =>
            {
                let size = n.unsigned_abs();
                let digits = match kind {
                    'x' if alternate => format!("{size:#x}"),
                    'X' if alternate => format!("0X{size:X}"),
                    'o' if alternate => format!("{size:#o}"),
                    'b' if alternate => format!("{size:#b}"),
                    'x' => format!("{size:x}"),
                    'X' => format!("{size:X}"),
                    'o' => format!("{size:o}"),
                    'b' => format!("{size:b}"),
                    'c' => {
                        let c = u32::try_from(size).ok().and_then(char::from_u32);
                        return Ok(c.map(String::from).unwrap_or_default());
                    }
                    _ => match group {
                        Some(mark) => grouped(&size.to_string(), mark),
                        None => size.to_string(),
                    },
                };
                return Ok(signed(n < 0, digits));
            }
            _ => {}
        }
        if let Some(n) = value.number()
            && (matches!(kind, 'f' | 'F' | 'e' | 'E' | 'g' | 'G' | '%')
                || matches!(value, Value::Float(_)))
        {
            let size = n.abs();
            let digits = match kind {
                'f' | 'F' => format!("{size:.places$}"),
                '%' => format!("{:.places$}%", size * 100.0),
                'e' | 'E' => {
                    let text = format!("{size:.places$e}");
                    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                    let power: i32 = exponent.parse().unwrap_or(0);
                    let mark = if power < 0 { '-' } else { '+' };
                    format!("{digits}{kind}{mark}{:02}", power.abs())
                }
                _ => match precision {
                    Some(precision) if size != 0.0 => {
                        let magnitude = size.log10().floor() as i32;
                        let after = (precision.max(1) as i32 - 1 - magnitude).clamp(0, 100);
                        let text = format!("{size:.*}", after as usize);
                        if text.contains('.') {
                            text.trim_end_matches('0').trim_end_matches('.').to_owned()
                        } else {
                            text
                        }
                    }
                    _ if kind == 'g' => float_text(size).trim_end_matches(".0").to_owned(),
                    _ => float_text(size),
                },
            };
            let digits = match (group, digits.split_once('.')) {
                (Some(mark), Some((whole, part))) => format!("{}.{part}", grouped(whole, mark)),
                _ => digits,
            };
            return Ok(signed(n.is_sign_negative(), digits));
        }
        if !matches!(kind, 's' | '\0') {
            let name = self.type_name(value);
            let text = format!("Unknown format code '{kind}' for object of type '{name}'");
            return Err(self.raise("ValueError", text));
        }
        let text = self.text(value)?;
        Ok(match precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        })
    }

    /// `text % values`.
    pub(super) fn percent(&mut self, text: &str, values: &Value) -> Done<String> {
        let all: Vec<Value> = match values {
            Value::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        };
        let mut given = all.into_iter();
        let mut out = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            self.part()?;
            if out.len() > TEXT_BYTES_MAX {
                return Err(self.raise("MemoryError", ""));
            }
            if c != '%' {
                out.push(c);
                continue;
            }
            let mut by_name = None;
            if chars.peek() == Some(&'(') {
                chars.next();
                let name: String = chars.by_ref().take_while(|c| *c != ')').collect();
                if let Value::Dict(id) = values {
                    by_name = self.find(*id, &Value::str(name))?;
                }
            }
            let (mut form, mut left) = (String::new(), false);
            while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | ' ' | '0' | '#')) {
                match flag {
                    '-' => left = true,
                    other => form.push(other),
                }
            }
            let mut star = |machine: &mut Self, form: &mut String| -> Done<()> {
                if let Some(value) = given.next() {
                    form.push_str(&machine.text(&value)?);
                }
                Ok(())
            };
            while let Some(c) =
                chars.next_if(|c| c.is_ascii_digit() || matches!(c, '.' | '*' | 'l' | 'h'))
            {
                match c {
                    '*' => star(self, &mut form)?,
                    'l' | 'h' => {}
                    other => form.push(other),
                }
            }
            let Some(kind) = chars.next() else {
                return Err(self.raise("ValueError", "incomplete format"));
            };
            if kind == '%' {
                out.push('%');
                continue;
            }
            let value = match by_name {
                Some(value) => value,
                None => match given.next() {
                    Some(value) => value,
                    None => {
                        let text = "not enough arguments for format string";
                        return Err(self.raise("TypeError", text));
                    }
                },
            };
            if matches!(kind, 'd' | 'i' | 'u' | 'x' | 'X' | 'o') && value.number().is_none() {
                let name = self.type_name(&value);
                let wanted =
                    if matches!(kind, 'd' | 'i' | 'u') { "a real number" } else { "an integer" };
                let text = format!("%{kind} format: {wanted} is required, not {name}");
                return Err(self.raise("TypeError", text));
            }
            let (value, kind) = match kind {
                'r' => (Value::Str(self.repr(&value)?.into()), 's'),
                's' => (Value::Str(self.text(&value)?.into()), 's'),
                'd' | 'i' | 'u' => {
                    let whole = value.integer().or(value.number().map(|n| n as i128));
                    (Value::Int(whole.unwrap_or(0)), 'd')
                }
                other => (value, other),
            };
            let align = if left { "<" } else { ">" };
            let form = if left { form.trim_start_matches('0').to_owned() } else { form };
            let form = if form.starts_with('0') && !left {
                format!("{form}{kind}")
            } else {
                format!("{align}{form}{kind}")
            };
            out.push_str(&self.format_value(&value, &form)?);
        }
        if given.next().is_some() && !matches!(values, Value::Dict(_)) {
            let text = "not all arguments converted during string formatting";
            return Err(self.raise("TypeError", text));
        }
        self.costs(0, out.len())?;
        Ok(out)
    }
}

fn grouped(digits: &str, mark: char) -> String {
    let mut out = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(c);
    }
    out
}

pub(super) fn padded(body: &str, width: usize, fill: char, align: char) -> String {
    let length = body.chars().count();
    let missing = width.saturating_sub(length);
    let fill = |count: usize| String::from(fill).repeat(count);
    match align {
        '<' => format!("{body}{}", fill(missing)),
        '^' => format!("{}{body}{}", fill(missing / 2), fill(missing - missing / 2)),
        '=' if body.starts_with(['-', '+', ' ']) => {
            format!("{}{}{}", &body[..1], fill(missing), &body[1..])
        }
        _ => format!("{}{body}", fill(missing)),
    }
}
