//! Values of `awk`: text that may look like a number.

use crate::commands::float::prefix;

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

    pub(super) fn text(&self) -> Vec<u8> {
        match self {
            Self::Number(number) => show(*number).into_bytes(),
            Self::Text(text) | Self::Input(text) => text.clone(),
            Self::Unset => Vec::new(),
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

fn looks_numeric(text: &[u8]) -> bool {
    let trimmed = text.trim_ascii();
    !trimmed.is_empty() && prefix(trimmed).1 == trimmed.len()
}

/// A number as `print` shows it: whole ones without point, others as `%.6g`.
pub(super) fn show(number: f64) -> String {
    const EXACT: f64 = 1e16;
    if number.fract().abs() < f64::MIN_POSITIVE && number.abs() < EXACT {
        return format!("{}", number as i64);
    }
    if !number.is_finite() {
        return if number.is_nan() {
            "nan"
        } else if number > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .to_owned();
    }
    let magnitude = number.abs().log10().floor() as i32;
    if !(-5..6).contains(&magnitude) {
        let text = format!("{number:.5e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let decimals = (5 - magnitude).max(0) as usize;
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
