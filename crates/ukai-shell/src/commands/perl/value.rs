//! Values of a Perl program, and how they are read as texts and numbers.

use bytes::Bytes;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Undef,
    Int(i64),
    /// Beyond what `Int` holds.
    Large(u64),
    Num(f64),
    Str(Bytes),
    Array(usize),
    Hash(usize),
    /// A sub.
    Code(usize),
    /// A reference to a scalar.
    Scalar(usize),
}

impl Value {
    pub(super) fn text(&self) -> Bytes {
        match self {
            Self::Undef => Bytes::new(),
            Self::Int(n) => n.to_string().into(),
            Self::Large(n) => n.to_string().into(),
            Self::Num(n) => number_text(*n).into(),
            Self::Str(bytes) => bytes.clone(),
            Self::Array(id) => format!("ARRAY(0x55d0c8{:06x})", id * 24).into(),
            Self::Hash(id) => format!("HASH(0x55d0c9{:06x})", id * 24).into(),
            Self::Code(id) => format!("CODE(0x55d0ca{:06x})", id * 24).into(),
            Self::Scalar(id) => format!("SCALAR(0x55d0cb{:06x})", id * 24).into(),
        }
    }

    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.text()).into_owned()
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Int(n) => *n as f64,
            Self::Large(n) => *n as f64,
            Self::Num(n) => *n,
            Self::Str(bytes) => leading_number(bytes),
            Self::Undef => 0.0,
            Self::Array(id) | Self::Hash(id) | Self::Code(id) | Self::Scalar(id) => {
                94_000_000_000_000.0 + (*id as f64) * 24.0
            }
        }
    }

    pub(super) fn integer(&self) -> i64 {
        match self {
            Self::Int(n) => *n,
            Self::Large(n) => *n as i64,
            Self::Str(bytes) if bytes.len() > 15 => match std::str::from_utf8(bytes) {
                Ok(text) => text.trim().parse().unwrap_or_else(|_| leading_number(bytes) as i64),
                Err(_) => leading_number(bytes) as i64,
            },
            other => other.number() as i64,
        }
    }

    /// The value as operators on bits take it.
    pub(super) fn bits(&self) -> u64 {
        match self {
            Self::Large(n) => *n,
            Self::Int(n) => *n as u64,
            other => {
                let number = other.number();
                if number < 0.0 { number as i64 as u64 } else { number as u64 }
            }
        }
    }

    pub(super) fn of_bits(bits: u64) -> Self {
        i64::try_from(bits).map_or(Self::Large(bits), Self::Int)
    }

    /// Whether it is a reference.
    pub(super) const fn is_reference(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Hash(_) | Self::Code(_) | Self::Scalar(_))
    }

    /// Whether both are the same, as far as one can tell without looking at all of long texts.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undef, Self::Undef) => true,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Str(a), Self::Str(b)) => {
                a.len() == b.len() && (a.as_ptr() == b.as_ptr() || a == b)
            }
            (Self::Array(a), Self::Array(b))
            | (Self::Hash(a), Self::Hash(b))
            | (Self::Code(a), Self::Code(b))
            | (Self::Scalar(a), Self::Scalar(b)) => a == b,
            _ => false,
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Undef => false,
            Self::Int(n) => *n != 0,
            Self::Large(_) => true,
            Self::Num(n) => *n != 0.0,
            Self::Str(bytes) => !bytes.is_empty() && &bytes[..] != b"0",
            _ => true,
        }
    }

    pub(super) fn of_number(n: f64) -> Self {
        const EXACT: f64 = 9e15;
        if n.fract() == 0.0 && n.abs() < EXACT { Self::Int(n as i64) } else { Self::Num(n) }
    }

    pub(super) fn str(text: impl Into<Bytes>) -> Self {
        Self::Str(text.into())
    }
}

/// A number as `%.15g` writes it.
fn number_text(n: f64) -> String {
    if n.is_infinite() {
        return if n > 0.0 { "Inf" } else { "-Inf" }.to_owned();
    }
    if n.is_nan() {
        return "NaN".to_owned();
    }
    if n == 0.0 {
        return "0".to_owned();
    }
    let power = n.abs().log10().floor() as i32;
    if !(-4..15).contains(&power) {
        let text = format!("{n:.14e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let text = format!("{n:.*}", (14 - power).max(0) as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn leading_number(bytes: &[u8]) -> f64 {
    let bytes = bytes.trim_ascii_start();
    let mut end = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let word = bytes.get(end..end + 3).unwrap_or_default().to_ascii_lowercase();
    if word == b"inf" || word == b"nan" {
        let value = if word == b"inf" { f64::INFINITY } else { f64::NAN };
        return if bytes.starts_with(b"-") { -value } else { value };
    }
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    end += digits(end);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let length = digits((end + 1 + sign).min(bytes.len()));
        if length > 0 {
            end += 1 + sign + length;
        }
    }
    std::str::from_utf8(&bytes[..end]).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0)
}
