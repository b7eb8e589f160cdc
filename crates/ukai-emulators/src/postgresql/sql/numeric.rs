//! Numbers with a fraction, as `numeric.c` of PostgreSQL 15 works with them, up to 30 digits.

use std::cmp::Ordering;

const DIGITS: usize = 30;

/// A number: `value` divided by ten to the power of `scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::postgresql) struct Decimal {
    value: i128,
    scale: u32,
}

impl Decimal {
    pub(in crate::postgresql) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.trim();
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{part}");
        if digits.len() > DIGITS || !digits.ends_with(|last: char| last.is_ascii_digit()) {
            return None;
        }
        Some(Self { value: digits.parse().ok()?, scale: u32::try_from(part.len()).ok()? })
    }

    fn scaled(self, scale: u32) -> Option<i128> {
        self.value.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }

    /// Both as whole numbers of one scale.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        Some((self.scaled(scale)?, other.scaled(scale)?, scale))
    }

    pub(in crate::postgresql) fn compare(self, other: Self) -> Option<Ordering> {
        self.aligned(other).map(|(left, right, _)| left.cmp(&right))
    }

    /// The nearest whole number, halves away from zero.
    pub(in crate::postgresql) fn rounded(self) -> Option<i64> {
        let one = 10_i128.checked_pow(self.scale)?;
        let half = if self.value < 0 { -one / 2 } else { one / 2 };
        i64::try_from(self.value.checked_add(half)? / one).ok()
    }

    pub(in crate::postgresql) fn is_zero(self) -> bool {
        self.value == 0
    }

    /// Works out `self operator other`; `other` is not zero where it divides.
    pub(in crate::postgresql) fn work(self, operator: &[u8], other: Self) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        Some(match operator {
            b"+" => Self { value: left.checked_add(right)?, scale },
            b"-" => Self { value: left.checked_sub(right)?, scale },
            b"*" => Self {
                value: self.value.checked_mul(other.value)?,
                scale: self.scale + other.scale,
            },
            b"%" => Self { value: left.checked_rem(right)?, scale },
            _ => return self.divided(other),
        })
    }

    fn divided(self, other: Self) -> Option<Self> {
        let ((weight, first), (other_weight, other_first)) = (self.leading(), other.leading());
        let weight = weight - other_weight - i32::from(first <= other_first);
        // At least 16 digits that matter (`select_div_scale`).
        let scale = u32::try_from(16 - 4 * weight).unwrap_or_default();
        let scale = scale.max(self.scale).max(other.scale);
        let shift = (scale + other.scale).checked_sub(self.scale)?;
        let over = self.value.checked_mul(10_i128.checked_pow(shift)?)?;
        let (quotient, rest) = (over.checked_div(other.value)?, over.checked_rem(other.value)?);
        let up = rest.unsigned_abs().checked_mul(2)? >= other.value.unsigned_abs();
        let away = if (over < 0) == (other.value < 0) { 1 } else { -1 };
        Some(Self { value: quotient.checked_add(if up { away } else { 0 })?, scale })
    }

    /// The place of the first digit to the base of ten thousand, and that digit.
    fn leading(self) -> (i32, i32) {
        let text = Self { value: self.value.abs(), ..self }.to_string();
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let whole = whole.trim_start_matches('0');
        let digit = |digits: &str| digits.parse().unwrap_or_default();
        if !whole.is_empty() {
            let first = (whole.len() - 1) % 4 + 1;
            let weight = i32::try_from((whole.len() - 1) / 4).unwrap_or_default();
            return (weight, digit(whole.get(..first).unwrap_or_default()));
        }
        let padded = format!("{part}0000");
        let found = padded.as_bytes().chunks_exact(4).position(|group| group != b"0000");
        let group = found.and_then(|at| padded.get(4 * at..4 * at + 4));
        let weight = found.map_or(0, |at| -1 - i32::try_from(at).unwrap_or_default());
        (weight, group.map_or(0, digit))
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.value.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        let sign = if self.value < 0 { "-" } else { "" };
        if part.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{part}") }
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    /// What PostgreSQL 15 answers.
    #[test]
    fn numbers_have_the_digits_of_postgresql() {
        for (left, operator, right, worth) in [
            ("1.5", "+", "2", "3.5"),
            ("1.5", "*", "1.25", "1.875"),
            ("7.0", "/", "2", "3.5000000000000000"),
            ("1", "/", "3.0", "0.33333333333333333333"),
            ("10.0", "%", "3", "1.0"),
            ("-7.5", "-", "0.25", "-7.75"),
            ("-1", "/", "8.0", "-0.12500000000000000000"),
        ] {
            let read = |text: &str| Decimal::parse(text.as_bytes()).expect("a number");
            let found = read(left).work(operator.as_bytes(), read(right)).expect("it fits");
            assert_eq!(found.to_string(), worth, "{left} {operator} {right}");
        }
    }
}
