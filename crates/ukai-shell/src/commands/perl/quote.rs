//! Perl's quotes: texts with variables, patterns, lists of words.

use super::ast::{Expr, Name, Pattern};
use super::parse::{CHAIN_MAX, Parsed, Parser};
use bytes::Bytes;
use std::sync::Arc;

impl Parser<'_> {
    /// What stands between two marks; a backslash keeps the mark inside.
    pub(super) fn quoted(&mut self, open: u8) -> Parsed<Vec<u8>> {
        let close = match open {
            b'(' => b')',
            b'[' => b']',
            b'{' => b'}',
            b'<' => b'>',
            other => other,
        };
        let start = self.mistake();
        self.at += 1;
        let mut body = Vec::new();
        let mut depth = 0_u32;
        loop {
            if self.at >= self.text.len() {
                return Err(start);
            }
            let b = self.peek();
            self.at += 1;
            if b == b'\\' {
                let next = self.peek();
                self.at += 1;
                if next != close || matches!(close, b'"' | b'\'' | b'`') {
                    body.push(b'\\');
                }
                body.push(next);
                continue;
            }
            if b == close {
                if depth == 0 {
                    return Ok(body);
                }
                depth -= 1;
            } else if b == open && open != close {
                depth += 1;
            }
            body.push(b);
        }
    }

    pub(super) fn flags(&mut self) -> String {
        let mut flags = String::new();
        while self.peek().is_ascii_alphabetic() {
            flags.push(self.peek() as char);
            self.at += 1;
        }
        flags
    }

    /// A quoted text with its variables.
    pub(super) fn interpolated(&mut self, body: &[u8], pattern: bool) -> Parsed<Expr> {
        let mut parts = Vec::new();
        let mut text = Vec::new();
        let mut at = 0;
        self.deeper()?;
        while let Some(b) = body.get(at).copied() {
            let next = body.get(at + 1).copied().unwrap_or(0);
            if b == b'\\' && !pattern {
                at += 1 + escape(&body[at + 1..], &mut text);
                continue;
            }
            if b == b'\\' {
                text.extend([b, next]);
                at += 2;
                continue;
            }
            let begins = next.is_ascii_alphabetic() || matches!(next, b'_' | b'{');
            let special = !pattern
                && (matches!(next, b'$' | b'!' | b'@' | b'&' | b'0') || next.is_ascii_digit());
            let last = !pattern
                && next == b'#'
                && body.get(at + 2).is_some_and(|b| b.is_ascii_alphabetic() || b"{$".contains(b));
            let scalar = b == b'$' && last
                || b == b'$' && (begins || special || (pattern && next.is_ascii_digit()));
            let array =
                b == b'@' && (next.is_ascii_alphabetic() || matches!(next, b'_' | b'{' | b'$'));
            if !scalar && !array {
                text.push(b);
                at += 1;
                continue;
            }
            let mut inner = Parser {
                text: body,
                at,
                depth: self.depth,
                waiting: Vec::new(),
                heres: Vec::new(),
            };
            let Ok(mut value) = inner.in_text(pattern) else {
                text.push(b);
                at += 1;
                continue;
            };
            if array {
                let with = Expr::Str(Bytes::from_static(b" "));
                value = Expr::Call("join".into(), vec![with, value]);
            }
            if !text.is_empty() {
                parts.push(Expr::Str(std::mem::take(&mut text).into()));
            }
            parts.push(value);
            at = inner.at;
        }
        self.depth -= 1;
        if parts.is_empty() {
            return Ok(Expr::Str(text.into()));
        }
        if !text.is_empty() {
            parts.push(Expr::Str(text.into()));
        }
        Ok(Expr::Text(parts))
    }

    /// A variable in a text, with the subscripts that belong to it.
    pub(super) fn in_text(&mut self, pattern: bool) -> Parsed<Expr> {
        // In a pattern `$x[` and `$x{` begin something else more often than not.
        if pattern && self.peek() == b'$' && self.ahead(1) != b'{' {
            self.at += 1;
            let name: Name = match self.word() {
                Some(word) => word.into(),
                None => (self.peek() as char).to_string().into(),
            };
            self.at += name.len();
            return Ok(Expr::Scalar(name));
        }
        let mut expr = self.variable()?;
        for _ in 0..CHAIN_MAX {
            let rest = self.rest();
            let arrow = rest.starts_with(b"->[") || rest.starts_with(b"->{");
            let subscripted = matches!(expr, Expr::Item(..) | Expr::Member(..));
            if arrow {
                self.at += 2;
            } else if !(subscripted && (rest.starts_with(b"[") || rest.starts_with(b"{"))) {
                break;
            }
            expr = if self.peek() == b'[' { self.item(expr)? } else { self.member(expr)? };
        }
        Ok(expr)
    }

    pub(super) fn quote_like(&mut self, word: &str, open: u8) -> Parsed<Expr> {
        let body = self.quoted(open)?;
        match word {
            "q" => Ok(Expr::Str(single(&body).into())),
            "qq" => self.interpolated(&body, false),
            "qx" => {
                let text = self.interpolated(&body, false)?;
                Ok(Expr::Run(Box::new(text)))
            }
            "qw" => {
                let words = body.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
                Ok(Expr::List(words.map(|w| Expr::Str(Bytes::copy_from_slice(w))).collect()))
            }
            "m" | "qr" => {
                let flags = self.flags();
                let text = self.interpolated(&body, true)?;
                if word == "qr" {
                    let wrapped = vec![Expr::Str("(?:".into()), text, Expr::Str(")".into())];
                    return Ok(Expr::Text(wrapped));
                }
                Ok(matches(text, flags))
            }
            _ => {
                // A second part: after brackets it has brackets of its own.
                if matches!(open, b'(' | b'[' | b'{' | b'<') {
                    self.blanks();
                } else {
                    self.at -= 1;
                }
                let second = self.peek();
                let with = self.quoted(second)?;
                let flags = self.flags();
                let this = Box::new(Expr::Scalar("_".into()));
                if word != "s" {
                    return Ok(Expr::Translate(this, ranges(&body), ranges(&with), flags.into()));
                }
                let pattern =
                    Pattern { text: self.interpolated(&body, true)?, flags: flags.clone() };
                let with = if flags.contains('e') {
                    let mut inner = Parser {
                        text: &with,
                        at: 0,
                        depth: self.depth,
                        waiting: Vec::new(),
                        heres: Vec::new(),
                    };
                    inner.expr()?
                } else {
                    self.interpolated(&with, false)?
                };
                Ok(Expr::Replace(this, Arc::new(pattern), Box::new(with)))
            }
        }
    }
}

pub(super) fn matches(text: Expr, flags: String) -> Expr {
    let this = Box::new(Expr::Scalar("_".into()));
    Expr::Match(this, Arc::new(Pattern { text, flags }), false)
}

/// `'...'`: only the mark and the backslash are escaped.
pub(super) fn single(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut bytes = body.iter().copied().peekable();
    while let Some(b) = bytes.next() {
        if b == b'\\'
            && let Some(next) = bytes.next_if(|n| matches!(n, b'\\' | b'\''))
        {
            out.push(next);
        } else {
            out.push(b);
        }
    }
    out
}

/// What a backslash begins; gives how many bytes after it belong to it.
fn escape(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let digits = |from: usize, most: usize, radix: u32| -> (u32, usize) {
        let mut value = 0_u32;
        let mut count = 0;
        while count < most
            && let Some(digit) = rest.get(from + count).and_then(|b| (*b as char).to_digit(radix))
        {
            value = value.wrapping_mul(radix).wrapping_add(digit);
            count += 1;
        }
        (value, count)
    };
    let push = |value: u32, out: &mut Vec<u8>| match u8::try_from(value) {
        Ok(byte) => out.push(byte),
        Err(_) => {
            let mut buffer = [0; 4];
            let c = char::from_u32(value).unwrap_or('\u{fffd}');
            out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
    };
    match rest.first().copied() {
        None => out.push(b'\\'),
        Some(b'n') => out.push(b'\n'),
        Some(b't') => out.push(b'\t'),
        Some(b'r') => out.push(b'\r'),
        Some(b'a') => out.push(7),
        Some(b'e') => out.push(27),
        Some(b'f') => out.push(12),
        Some(b'x') if rest.get(1) == Some(&b'{') => {
            let (value, count) = digits(2, 8, 16);
            push(value, out);
            return count + 3;
        }
        Some(b'x') => {
            let (value, count) = digits(1, 2, 16);
            push(value, out);
            return count + 1;
        }
        Some(b'0'..=b'7') => {
            let (value, count) = digits(0, 3, 8);
            push(value & 0xff, out);
            return count;
        }
        Some(other) => out.push(other),
    }
    1
}

/// `a-z` in `tr`.
fn ranges(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut at = 0;
    while at < body.len() {
        if body[at] == b'\\' {
            at += 1 + escape(&body[at + 1..], &mut plain);
        } else {
            plain.push(body[at]);
            at += 1;
        }
    }
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(b) = plain.get(at).copied() {
        match (plain.get(at + 1), plain.get(at + 2)) {
            (Some(b'-'), Some(to)) if b <= *to => {
                out.extend(b..=*to);
                at += 3;
            }
            _ => {
                out.push(b);
                at += 1;
            }
        }
    }
    out
}
