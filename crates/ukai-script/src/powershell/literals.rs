//! Numbers, escapes and names, as they are written.

use super::ast::{Expr, Name};
use std::rc::Rc;

/// The character that a backtick makes of one.
pub(super) fn escape(c: char) -> char {
    match c {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        _ => c,
    }
}

/// A variable's name with its scope or drive.
pub(super) fn name(text: &str) -> Name {
    let lower = text.to_lowercase();
    match lower.split_once(':') {
        Some((scope, name)) if !scope.is_empty() && !name.is_empty() => {
            Name { scope: Some(scope.into()), name: name.into() }
        }
        _ => Name { scope: None, name: lower.into() },
    }
}

/// A type's name as it is compared: without blanks, in lower case, without `system.`.
pub(super) fn type_name(text: &str) -> Rc<str> {
    let bare: String =
        text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    // What follows is the assembly's name.
    let bare = bare.split(',').next().unwrap_or_default();
    let bare = bare.strip_prefix("system.").unwrap_or(bare);
    let bare = if bare.contains('`') { bare.replace('`', "") } else { bare.to_owned() };
    bare.into()
}

/// A number that is all of `text`.
pub(super) fn number(text: &str) -> Option<Expr> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (value, length) = leading_number(digits)?;
    (length == digits.len()).then_some(match value {
        Expr::Int(value) => Expr::Int(value.saturating_mul(sign)),
        Expr::Double(value) => Expr::Double(value * sign as f64),
        other => other,
    })
}

/// The number that `text` begins with, and its length.
pub(super) fn leading_number(text: &str) -> Option<(Expr, usize)> {
    let bytes = text.as_bytes();
    if bytes.len() > 2 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X') {
        let digits = bytes[2..].iter().take_while(|it| it.is_ascii_hexdigit()).count();
        let value = u64::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
        // Hexadecimal numbers of 32 bits are signed.
        let value = if digits <= 8 { i64::from(value as u32 as i32) } else { value as i64 };
        let (factor, suffix) = suffix(&bytes[2 + digits..]);
        return Some((Expr::Int(value.saturating_mul(factor)), 2 + digits + suffix));
    }
    let mut end = bytes.iter().take_while(|it| it.is_ascii_digit()).count();
    let mut is_double = false;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        is_double = true;
        end += 1;
        end += bytes[end..].iter().take_while(|it| it.is_ascii_digit()).count();
    } else if end == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let digits = bytes.iter().skip(end + 1 + sign).take_while(|it| it.is_ascii_digit()).count();
        if digits > 0 {
            is_double = true;
            end += 1 + sign + digits;
        }
    }
    let (factor, length) = suffix(&bytes[end..]);
    let next = bytes.get(end + length);
    // `7z` is a word.
    if next.is_some_and(|it| it.is_ascii_alphabetic() || *it == b'_') {
        return None;
    }
    let digits = &text[..end];
    let value = if is_double {
        Expr::Double(digits.parse::<f64>().ok()? * factor as f64)
    } else {
        match digits.parse::<i64>() {
            Ok(value) => Expr::Int(value.saturating_mul(factor)),
            Err(_) => Expr::Double(digits.parse().ok()?),
        }
    };
    Some((value, end + length))
}

/// `kb`, `l` and the like: what they multiply by, and their length.
fn suffix(bytes: &[u8]) -> (i64, usize) {
    let first = bytes.first().map_or(0, u8::to_ascii_lowercase);
    let second = bytes.get(1).map_or(0, u8::to_ascii_lowercase);
    match (first, second) {
        (b'k', b'b') => (1 << 10, 2),
        (b'm', b'b') => (1 << 20, 2),
        (b'g', b'b') => (1 << 30, 2),
        (b't', b'b') => (1 << 40, 2),
        (b'l' | b'd', next) if !next.is_ascii_alphanumeric() => (1, 1),
        _ => (1, 0),
    }
}
