//! Values of a Perl program, and how they are read as texts and numbers.

use super::ast::Stmt;
use bytes::Bytes;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Undef,
    Int(i64),
    Num(f64),
    Str(Bytes),
    Array(usize),
    Hash(usize),
    Code(Arc<Vec<Stmt>>),
}

impl Value {
    pub(super) fn text(&self) -> Bytes {
        match self {
            Self::Undef => Bytes::new(),
            Self::Int(n) => n.to_string().into(),
            Self::Num(n) => number_text(*n).into(),
            Self::Str(bytes) => bytes.clone(),
            Self::Array(id) => format!("ARRAY(0x55d0c8{:06x})", id * 24).into(),
            Self::Hash(id) => format!("HASH(0x55d0c9{:06x})", id * 24).into(),
            Self::Code(_) => "CODE(0x55d0ca000018)".into(),
        }
    }

    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.text()).into_owned()
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Int(n) => *n as f64,
            Self::Num(n) => *n,
            Self::Str(bytes) => leading_number(bytes),
            Self::Undef => 0.0,
            _ => 94_000_000_000_000.0,
        }
    }

    pub(super) fn integer(&self) -> i64 {
        match self {
            Self::Int(n) => *n,
            other => other.number() as i64,
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Undef => false,
            Self::Int(n) => *n != 0,
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
    if !(-5..15).contains(&power) {
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
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start();
    let mut end = 0;
    let mut dot = false;
    for (at, c) in text.char_indices() {
        match c {
            '0'..='9' => {}
            '-' | '+' if at == 0 => {}
            '.' if !dot => dot = true,
            _ => break,
        }
        end = at + c.len_utf8();
    }
    text[..end].parse().unwrap_or(0.0)
}
