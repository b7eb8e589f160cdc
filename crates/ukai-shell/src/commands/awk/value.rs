//! Values of `awk`: text that may look like a number.

use crate::commands::float::{self, prefix};

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(f64),
    Text(Vec<u8>),
    /// Text from the input: a number if it looks like one.
    Input(Vec<u8>),
    Unset,
}

impl Value {
    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) | Self::Input(text) => prefix(text).0,
            Self::Unset => 0.0,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Input(text) => {
                if looks_numeric(text) {
                    self.number() != 0.0
                } else {
                    !text.is_empty()
                }
            }
            Self::Unset => false,
        }
    }

    /// Whether it is compared as a number.
    pub(super) fn is_numeric(&self) -> bool {
        match self {
            Self::Number(_) | Self::Unset => true,
            Self::Input(text) => looks_numeric(text),
            Self::Text(_) => false,
        }
    }
}

pub(super) const fn truth(value: bool) -> Value {
    Value::Number(if value { 1.0 } else { 0.0 })
}

fn looks_numeric(text: &[u8]) -> bool {
    let trimmed = text.trim_ascii();
    !trimmed.is_empty() && prefix(trimmed).1 == trimmed.len()
}

/// A number as text: whole ones without point (mawk those of 32 bits, BusyBox those of
/// 64), others by `format`, which is `%.6g` unless the program sets it.
pub(super) fn show(number: f64, format: Option<&[u8]>, mawk: bool) -> Vec<u8> {
    let largest = if mawk { f64::from(i32::MAX) } else { i64::MAX as f64 };
    if number.abs() <= largest && number.fract().abs() < f64::MIN_POSITIVE {
        return (number as i64).to_string().into_bytes();
    }
    if number.is_nan() {
        return if number.is_sign_negative() { b"-nan".to_vec() } else { b"nan".to_vec() };
    }
    match format {
        None => float::show(b'g', number, None, false).into_bytes(),
        Some(format) => {
            crate::commands::printf::format_once(format, &[number.to_string().into_bytes()])
        }
    }
}
