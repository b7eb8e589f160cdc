//! Whole numbers that are larger than a machine's: texts that are hidden as one number are.

use super::run::{Done, Machine};
use super::value::Value;
use num_bigint::{BigInt, Sign};
use std::sync::Arc;

/// Longest number, in bits.
const BITS_MAX: u64 = 1 << 18;

impl Value {
    /// As a whole number of any size, where it is one.
    pub(super) fn large(&self) -> Option<BigInt> {
        match self {
            Self::Large(number) => Some((**number).clone()),
            other => other.integer().map(BigInt::from),
        }
    }

    /// The value that a number is.
    pub(super) fn of_large(number: BigInt) -> Self {
        match i128::try_from(&number) {
            Ok(small) => Self::Int(small),
            Err(_) => Self::Large(Arc::new(number)),
        }
    }

    /// A number that is written down.
    pub(super) fn parsed(digits: &str, radix: u32) -> Option<Self> {
        if let Ok(small) = i128::from_str_radix(digits, radix) {
            return Some(Self::Int(small));
        }
        const DIGITS_MAX: usize = 80_000;
        if digits.len() > DIGITS_MAX || digits.starts_with(['+', '-']) {
            return None;
        }
        BigInt::parse_bytes(digits.as_bytes(), radix).map(Self::of_large)
    }

    /// The number that bytes are.
    pub(super) fn from_number_bytes(bytes: &[u8], little: bool) -> Self {
        Self::of_large(if little {
            BigInt::from_bytes_le(Sign::Plus, bytes)
        } else {
            BigInt::from_bytes_be(Sign::Plus, bytes)
        })
    }
}

/// The bytes of a number, so many of them; none if it does not fit.
pub(super) fn number_bytes(number: &BigInt, length: usize, little: bool) -> Option<Vec<u8>> {
    let (sign, mut bytes) = number.to_bytes_le();
    if sign == Sign::Minus || bytes.len() > length && bytes.iter().skip(length).any(|b| *b != 0) {
        return None;
    }
    bytes.resize(length, 0);
    if !little {
        bytes.reverse();
    }
    Some(bytes)
}

impl Machine<'_> {
    /// An operator on whole numbers of which one is, or the result may be, larger than a machine's.
    pub(super) fn large_binary(&mut self, op: &str, a: &BigInt, b: &BigInt) -> Done<Option<Value>> {
        let bits = a.bits().max(b.bits());
        self.process.session.step(bits / 4_096)?;
        let zero = b.sign() == Sign::NoSign;
        let count = || u64::try_from(b).ok();
        let small = |bits: u64| bits <= BITS_MAX;
        let result = match op {
            "+" if small(bits) => a + b,
            "-" if small(bits) => a - b,
            "*" if small(a.bits() + b.bits()) => a * b,
            "&" => a & b,
            "|" => a | b,
            "^" => a ^ b,
            "//" | "%" if zero => {
                return Err(self.raise("ZeroDivisionError", "integer division or modulo by zero"));
            }
            "//" | "%" => {
                let (mut quotient, mut rest) = (a / b, a % b);
                // Rounds down, where numbers round to zero.
                if rest.sign() != Sign::NoSign
                    && (rest.sign() == Sign::Minus) != (b.sign() == Sign::Minus)
                {
                    quotient -= 1;
                    rest += b;
                }
                if op == "//" { quotient } else { rest }
            }
            "<<" => match count() {
                Some(count) if small(a.bits().saturating_add(count)) => a << count,
                _ => return Ok(None),
            },
            ">>" => match count() {
                Some(count) => a >> count,
                None => return Ok(None),
            },
            "**" => match (u32::try_from(b), count()) {
                (Ok(power), Some(count)) if small(a.bits().saturating_mul(count)) => {
                    self.process.session.step(count.saturating_mul(a.bits()) / 512)?;
                    a.pow(power)
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.costs(1, usize::try_from(result.bits() / 8).unwrap_or(0))?;
        Ok(Some(Value::of_large(result)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, number_bytes};

    #[test]
    fn texts_are_numbers_and_back() {
        let text = b"http://192.0.2.1/a-longer-name.sh";
        for little in [true, false] {
            let number = Value::from_number_bytes(text, little).large().expect("a number");
            assert_eq!(number_bytes(&number, text.len(), little).as_deref(), Some(&text[..]));
            assert_eq!(number_bytes(&number, 3, little), None);
        }
        assert!(matches!(Value::parsed("ff", 16), Some(Value::Int(255))));
        assert!(matches!(Value::parsed(&"9".repeat(60), 10), Some(Value::Large(_))));
        assert!(Value::parsed("12x", 10).is_none());
    }
}
