//! Perl's operators.

use super::machine::{Done, Machine, Value, boolean};

impl Machine<'_> {
    pub(super) fn operate(&mut self, op: &str, a: &Value, b: &Value) -> Done<Value> {
        use std::cmp::Ordering;
        let order = |o: Option<Ordering>| o.map_or(Value::Undef, |o| Value::Int(o as i64));
        if let (Value::Int(x), Value::Int(y)) = (a, b)
            && let Some(order) = compared(op, x.cmp(y))
        {
            return Ok(order);
        }
        let (x, y) = (a.number(), b.number());
        Ok(match op {
            "." => {
                let (a, b) = (a.text(), b.text());
                self.passes_by(0, a.len() + b.len())?;
                Value::str([&a[..], &b[..]].concat())
            }
            "x" => {
                let text = a.text();
                let count = usize::try_from(b.integer()).unwrap_or(0);
                self.passes_by(0, text.len().saturating_mul(count))?;
                Value::str(text.repeat(count))
            }
            "+" | "-" | "*" => {
                if let (Some(a), Some(b)) = (whole(a), whole(b)) {
                    let exact = match op {
                        "+" => a.checked_add(b),
                        "-" => a.checked_sub(b),
                        _ => a.checked_mul(b),
                    };
                    if let Some(exact) = exact {
                        return Ok(Value::Int(exact));
                    }
                    if op == "+" && a > 0 && b > 0 {
                        return Ok(Value::of_bits(a as u64 + b as u64));
                    }
                }
                Value::of_number(match op {
                    "+" => x + y,
                    "-" => x - y,
                    _ => x * y,
                })
            }
            "/" if y == 0.0 => return self.die("Illegal division by zero"),
            "/" => Value::of_number(x / y),
            "%" => {
                if let Value::Large(a) = a
                    && b.integer() > 0
                {
                    return Ok(Value::of_bits(a % b.bits()));
                }
                let (a, b) = (a.integer(), b.integer());
                if b == 0 {
                    return self.die("Illegal modulus zero");
                }
                let rest = a.wrapping_rem(b);
                Value::Int(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
            }
            "**" => {
                let power = x.powf(y);
                match (whole(a), u32::try_from(b.integer())) {
                    (Some(base), Ok(exponent)) if y.fract() == 0.0 => {
                        base.checked_pow(exponent).map_or(Value::of_number(power), Value::Int)
                    }
                    _ => Value::of_number(power),
                }
            }
            "<<" | ">>" => {
                let (bits, by) = (a.bits(), b.integer());
                let left = (op == "<<") == (by >= 0);
                let by = u32::try_from(by.unsigned_abs()).unwrap_or(64);
                let moved = if left { bits.checked_shl(by) } else { bits.checked_shr(by) };
                Value::of_bits(moved.unwrap_or(0))
            }
            "&" | "|" | "^" => match (a, b) {
                (Value::Str(a), Value::Str(b)) => {
                    self.passes_by(0, a.len() + b.len())?;
                    Value::str(joined(op, a, b))
                }
                _ => {
                    let (a, b) = (a.bits(), b.bits());
                    Value::of_bits(match op {
                        "&" => a & b,
                        "|" => a | b,
                        _ => a ^ b,
                    })
                }
            },
            "==" => boolean(x == y),
            "!=" => boolean(x != y),
            "<" => boolean(x < y),
            ">" => boolean(x > y),
            "<=" => boolean(x <= y),
            ">=" => boolean(x >= y),
            "<=>" => order(x.partial_cmp(&y)),
            "eq" => boolean(a.text() == b.text()),
            "ne" => boolean(a.text() != b.text()),
            "lt" => boolean(a.text() < b.text()),
            "gt" => boolean(a.text() > b.text()),
            "le" => boolean(a.text() <= b.text()),
            "ge" => boolean(a.text() >= b.text()),
            "cmp" => order(Some(a.text().cmp(&b.text()))),
            "isa" => boolean(self.is_a(a, &b.shown())),
            "~~" => match b {
                Value::Array(id) => {
                    let wanted = a.text();
                    self.passes_by(self.arrays[*id].len(), 0)?;
                    boolean(self.arrays[*id].iter().any(|it| it.text() == wanted))
                }
                Value::Hash(id) => boolean(self.hashes[*id].contains_key(&a.text())),
                _ => boolean(a.text() == b.text()),
            },
            _ => Value::Undef,
        })
    }
}

/// What a comparison of two whole numbers gives.
fn compared(op: &str, order: std::cmp::Ordering) -> Option<Value> {
    Some(match op {
        "==" => boolean(order.is_eq()),
        "!=" => boolean(order.is_ne()),
        "<" => boolean(order.is_lt()),
        ">" => boolean(order.is_gt()),
        "<=" => boolean(order.is_le()),
        ">=" => boolean(order.is_ge()),
        "<=>" => Value::Int(order as i64),
        _ => return None,
    })
}

/// A whole number, or a text that is one.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(n) => Some(*n),
        Value::Undef => Some(0),
        Value::Str(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

/// Operators on bits of two texts: `&` is as long as the shorter one.
fn joined(op: &str, a: &[u8], b: &[u8]) -> Vec<u8> {
    let length = if op == "&" { a.len().min(b.len()) } else { a.len().max(b.len()) };
    (0..length)
        .map(|at| {
            let (a, b) = (a.get(at).copied().unwrap_or(0), b.get(at).copied().unwrap_or(0));
            match op {
                "&" => a & b,
                "|" => a | b,
                _ => a ^ b,
            }
        })
        .collect()
}

/// One more, or one less; letters are counted on, too: `az` is followed by `ba`.
pub(super) fn stepped(old: &Value, by: i64) -> Value {
    match old {
        Value::Int(n) => n.checked_add(by).map_or(Value::Num(*n as f64 + by as f64), Value::Int),
        Value::Str(text) if by > 0 && counts_letters(text) => next(text),
        other => match whole(other) {
            Some(n) => Value::Int(n.saturating_add(by)),
            None => Value::of_number(other.number() + by as f64),
        },
    }
}

fn counts_letters(text: &[u8]) -> bool {
    let letters = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    letters > 0 && text[letters..].iter().all(u8::is_ascii_digit)
}

fn next(text: &[u8]) -> Value {
    let mut out = text.to_vec();
    for at in (0..out.len()).rev() {
        let (new, carries) = match out[at] {
            b'z' => (b'a', true),
            b'Z' => (b'A', true),
            b'9' => (b'0', true),
            other => (other + 1, false),
        };
        out[at] = new;
        if !carries {
            return Value::str(out);
        }
    }
    let first = match text.first() {
        Some(b'a'..=b'z') => b'a',
        Some(b'A'..=b'Z') => b'A',
        _ => b'1',
    };
    out.insert(0, first);
    Value::str(out)
}
