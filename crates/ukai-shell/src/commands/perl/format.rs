//! `sprintf`.

use super::machine::{Done, Machine, Value};

/// Widest field, in bytes.
const WIDTH_MAX: usize = 65_536;

/// A conversion: `%-08.3f`.
#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    /// `%vd`
    vector: bool,
    width: usize,
    precision: Option<usize>,
}

impl Machine<'_> {
    pub(super) fn format(&mut self, form: &[u8], values: &[Value]) -> Done<Vec<u8>> {
        let mut out = Vec::new();
        let mut used = 0;
        let mut at = 0;
        while let Some(b) = form.get(at).copied() {
            at += 1;
            if b != b'%' {
                out.push(b);
                continue;
            }
            let start = at;
            let mut spec = Spec::default();
            let number = |at: &mut usize| {
                let digits =
                    form[(*at).min(form.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
                let text = std::str::from_utf8(&form[*at..*at + digits]).unwrap_or("");
                *at += digits;
                text.parse::<usize>().ok().map(|n| n.min(WIDTH_MAX))
            };
            // `%2$s`
            let mut chosen = None;
            let mut ahead = at;
            if let Some(place) = number(&mut ahead)
                && form.get(ahead) == Some(&b'$')
            {
                chosen = place.checked_sub(1);
                at = ahead + 1;
            }
            while let Some(flag) = form.get(at) {
                match flag {
                    b'-' => spec.left = true,
                    b'+' => spec.plus = true,
                    b' ' => spec.space = true,
                    b'#' => spec.alternate = true,
                    b'0' => spec.zero = true,
                    _ => break,
                }
                at += 1;
            }
            let mut star = |at: &mut usize| {
                (form.get(*at) == Some(&b'*')).then(|| {
                    *at += 1;
                    used += 1;
                    values.get(used - 1).map_or(0, Value::integer)
                })
            };
            if form.get(at) == Some(&b'v') {
                spec.vector = true;
                at += 1;
            }
            if let Some(width) = star(&mut at) {
                spec.left |= width < 0;
                spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(0).min(WIDTH_MAX);
            } else {
                spec.width = number(&mut at).unwrap_or(0);
            }
            if form.get(at) == Some(&b'.') {
                at += 1;
                spec.precision = match star(&mut at) {
                    Some(precision) => usize::try_from(precision).ok().map(|n| n.min(WIDTH_MAX)),
                    None => Some(number(&mut at).unwrap_or(0)),
                };
            }
            if form.get(at) == Some(&b'v') {
                spec.vector = true;
                at += 1;
            }
            while matches!(form.get(at), Some(b'l' | b'h' | b'q' | b'L' | b'V' | b'z' | b't')) {
                at += 1;
            }
            let Some(kind) = form.get(at).copied() else {
                out.extend_from_slice(&form[start - 1..]);
                break;
            };
            at += 1;
            if kind == b'%' {
                out.push(b'%');
                continue;
            }
            if !b"csdiuoxXbBeEfFgGaAD".contains(&kind) {
                out.extend_from_slice(&form[start - 1..at]);
                continue;
            }
            let value = match chosen {
                Some(place) => values.get(place).cloned(),
                None => {
                    used += 1;
                    values.get(used - 1).cloned()
                }
            };
            let value = value.unwrap_or(Value::Undef);
            let body = if spec.vector {
                let parts = value.text();
                self.passes_by(0, parts.len() * 8)?;
                let parts = parts.iter().map(|b| shown(kind, &spec, &Value::Int((*b).into())));
                parts.collect::<Vec<_>>().join(&b'.')
            } else {
                shown(kind, &spec, &value)
            };
            let missing = spec.width.saturating_sub(body.len());
            self.passes_by(0, missing + body.len())?;
            let zeros = spec.zero
                && !spec.left
                && !(spec.precision.is_some() && b"diuoxXbB".contains(&kind));
            if spec.left {
                out.extend_from_slice(&body);
                out.extend(std::iter::repeat_n(b' ', missing));
            } else if zeros {
                let sign = usize::from(matches!(body.first(), Some(b'-' | b'+' | b' ')));
                let sign = if matches!(kind, b's' | b'c') { 0 } else { sign };
                out.extend_from_slice(&body[..sign]);
                out.extend(std::iter::repeat_n(b'0', missing));
                out.extend_from_slice(&body[sign..]);
            } else {
                out.extend(std::iter::repeat_n(b' ', missing));
                out.extend_from_slice(&body);
            }
            if out.len() > crate::limits::FILE_BYTES {
                return self.die("Out of memory!");
            }
        }
        Ok(out)
    }
}

/// A value by its letter, without what fills the field.
fn shown(kind: u8, spec: &Spec, value: &Value) -> Vec<u8> {
    match kind {
        b's' => {
            let text = value.text();
            text[..text.len().min(spec.precision.unwrap_or(usize::MAX))].to_vec()
        }
        b'c' => super::functions::letter(value.integer()),
        b'd' | b'i' | b'D' => {
            let (negative, digits) = match value {
                Value::Large(n) => (false, n.to_string()),
                other => {
                    let n = other.integer();
                    (n < 0, n.unsigned_abs().to_string())
                }
            };
            let digits = format!("{digits:0>0$}", spec.precision.unwrap_or(0).min(500));
            signed(negative, spec, &digits)
        }
        b'u' | b'o' | b'x' | b'X' | b'b' | b'B' => {
            let bits = value.bits();
            let (digits, mark) = match kind {
                b'u' => (bits.to_string(), ""),
                b'o' => (format!("{bits:o}"), "0"),
                b'x' => (format!("{bits:x}"), "0x"),
                b'X' => (format!("{bits:X}"), "0X"),
                b'b' => (format!("{bits:b}"), "0b"),
                _ => (format!("{bits:b}"), "0B"),
            };
            let digits = format!("{digits:0>0$}", spec.precision.unwrap_or(0).min(500));
            let mark = if spec.alternate && bits != 0 { mark } else { "" };
            format!("{mark}{digits}").into_bytes()
        }
        _ => {
            let number = value.number();
            let precision = spec.precision.unwrap_or(6).min(100);
            let size = number.abs();
            if !number.is_finite() {
                return value_text(number).into_bytes();
            }
            let digits = match kind {
                b'e' | b'E' => exponential(size, precision),
                b'g' | b'G' => general(size, precision, spec.alternate),
                _ => format!("{size:.precision$}"),
            };
            let digits = if matches!(kind, b'E' | b'G') { digits.to_uppercase() } else { digits };
            signed(number.is_sign_negative() && number != 0.0, spec, &digits)
        }
    }
}

fn value_text(number: f64) -> String {
    Value::Num(number).shown()
}

fn signed(negative: bool, spec: &Spec, digits: &str) -> Vec<u8> {
    let sign = match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    format!("{sign}{digits}").into_bytes()
}

fn exponential(size: f64, precision: usize) -> String {
    let text = format!("{size:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn general(size: f64, precision: usize, alternate: bool) -> String {
    let precision = precision.max(1);
    if size == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{size:.*e}", precision - 1);
    let exponent: i32 = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let cut = |text: &str| -> String {
        if text.contains('.') && !alternate {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if exponent < -4 || exponent >= precision as i32 {
        let text = exponential(size, precision - 1);
        let (digits, power) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{power}", cut(digits));
    }
    let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
    cut(&format!("{size:.decimals$}"))
}
