//! Perl's quotes: texts with variables, patterns, lists of words.

use super::ast::{Expr, Name, Pattern, Replacement};
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
        let mut all = Vec::new();
        let mut at = 0;
        self.deeper()?;
        self.parts(body, &mut at, pattern, false, &mut all)?;
        self.depth -= 1;
        Ok(match all.len() {
            0 => Expr::Str(Bytes::new()),
            1 if matches!(all[0], Expr::Str(_)) => all.remove(0),
            _ => Expr::Text(all),
        })
    }

    /// Parts of a text, up to its end or to `\E`.
    fn parts(
        &mut self,
        body: &[u8],
        at: &mut usize,
        pattern: bool,
        inside: bool,
        parts: &mut Vec<Expr>,
    ) -> Parsed<()> {
        let mut text = Vec::new();
        // `\u`: what follows has its first letter changed.
        let mut first: Option<&'static str> = None;
        while let Some(b) = body.get(*at).copied() {
            let next = body.get(*at + 1).copied().unwrap_or(0);
            let length = parts.len();
            if b == b'\\' && matches!(next, b'U' | b'L' | b'Q' | b'E' | b'F') {
                *at += 2;
                if next == b'E' {
                    if inside {
                        break;
                    }
                    continue;
                }
                flush(&mut text, parts);
                let mut inner = Vec::new();
                self.deeper()?;
                self.parts(body, at, pattern, true, &mut inner)?;
                self.depth -= 1;
                let function = match next {
                    b'U' => "uc",
                    b'Q' => "quotemeta",
                    _ => "lc",
                };
                parts.push(Expr::Call(function.into(), vec![Expr::Text(inner)]));
            } else if b == b'\\' && !pattern && matches!(next, b'u' | b'l') {
                *at += 2;
                flush(&mut text, parts);
                first = Some(if next == b'u' { "ucfirst" } else { "lcfirst" });
                continue;
            } else if b == b'\\' && !pattern {
                *at += 1 + escape(&body[*at + 1..], &mut text);
            } else if b == b'\\' {
                text.extend([b, next]);
                *at += 2;
            } else if Self::variable_at(body, *at, pattern)
                && let Ok((value, end)) = self.variable_in(body, *at, pattern)
            {
                flush(&mut text, parts);
                parts.push(value);
                *at = end;
            } else {
                text.push(b);
                *at += 1;
            }
            if let Some(function) = first {
                flush(&mut text, parts);
                if parts.len() > length
                    && let Some(last) = parts.pop()
                {
                    parts.push(Expr::Call(function.into(), vec![last]));
                    first = None;
                }
            }
        }
        flush(&mut text, parts);
        Ok(())
    }

    /// Whether a variable begins here.
    fn variable_at(body: &[u8], at: usize, pattern: bool) -> bool {
        let b = body.get(at).copied().unwrap_or(0);
        let next = body.get(at + 1).copied().unwrap_or(0);
        let after = body.get(at + 2).copied().unwrap_or(0);
        let begins = next.is_ascii_alphabetic()
            || matches!(next, b'_' | b'{')
            || next == b':'
                && after == b':'
                && body.get(at + 3).is_some_and(u8::is_ascii_alphabetic);
        match b {
            b'$' if pattern => {
                begins
                    || next.is_ascii_digit()
                    || next == b'&'
                    || next == b'$' && (after.is_ascii_alphabetic() || matches!(after, b'_' | b'{'))
            }
            b'$' => {
                begins
                    || matches!(
                        next,
                        b'$' | b'!'
                            | b'@'
                            | b'&'
                            | b'0'
                            | b','
                            | b';'
                            | b'/'
                            | b'.'
                            | b'\\'
                            | b'+'
                            | b'`'
                            | b'\''
                    )
                    || next.is_ascii_digit()
                    || next == b'^' && after.is_ascii_uppercase()
                    || next == b'#'
                        && (after.is_ascii_alphabetic() || matches!(after, b'{' | b'$' | b'_'))
            }
            b'@' => {
                next.is_ascii_alphabetic()
                    || matches!(next, b'_' | b'{')
                    || next == b'$' && (after.is_ascii_alphabetic() || matches!(after, b'_' | b'{'))
                    || next == b':' && after == b':'
            }
            _ => false,
        }
    }

    fn variable_in(&mut self, body: &[u8], at: usize, pattern: bool) -> Parsed<(Expr, usize)> {
        let mut inner = Parser::new(body, self.depth);
        inner.at = at;
        let mut value = inner.in_text(pattern)?;
        if body.get(at) == Some(&b'@') {
            let with = Expr::Scalar("\"".into());
            value = Expr::Call("join".into(), vec![with, value]);
        }
        Ok((value, inner.at))
    }

    /// A variable in a text, with the subscripts that belong to it.
    pub(super) fn in_text(&mut self, pattern: bool) -> Parsed<Expr> {
        // In a pattern `$x[` and `$x{` begin something else more often than not; in a text a
        // bracket is a subscript where what stands in it looks like one.
        if self.peek() == b'$' && (self.ahead(1).is_ascii_alphabetic() || self.ahead(1) == b'_') {
            let before = self.at;
            self.at += 1;
            let name: Name = self.word().unwrap_or("").into();
            self.at += name.len();
            // `$name::` before something that is no name.
            let subscript = self.subscript(pattern);
            let arrow = self.rest().starts_with(b"->[") || self.rest().starts_with(b"->{");
            if !subscript && (!arrow || pattern && self.rest().starts_with(b"->[^")) {
                return Ok(Expr::Scalar(name));
            }
            self.at = before;
        } else if pattern && self.peek() == b'$' && self.ahead(1) != b'{' && self.ahead(1) != b'$' {
            self.at += 2;
            return Ok(Expr::Scalar((self.text[self.at - 1] as char).to_string().into()));
        }
        let mut expr = self.variable()?;
        for _ in 0..CHAIN_MAX {
            let rest = self.rest();
            let arrow = rest.starts_with(b"->[") || rest.starts_with(b"->{");
            if rest.starts_with(b"->@*") {
                self.at += 4;
                let of = Expr::Deref('@', Box::new(expr));
                return Ok(Expr::Call("join".into(), vec![Expr::Scalar("\"".into()), of]));
            }
            let subscripted = matches!(expr, Expr::Item(..) | Expr::Member(..));
            if arrow {
                self.at += 2;
            } else if !(subscripted && self.subscript(pattern)) {
                break;
            }
            expr = if self.peek() == b'[' { self.item(expr)? } else { self.member(expr)? };
        }
        Ok(expr)
    }

    /// Whether a subscript follows in a text.
    fn subscript(&self, pattern: bool) -> bool {
        let rest = self.rest();
        let Some(open) = rest.first() else { return false };
        let close = if *open == b'[' { b']' } else { b'}' };
        let Some(end) = rest.iter().position(|b| *b == close) else { return false };
        let inner = rest[1..end.max(1)].trim_ascii();
        let number = inner.strip_prefix(b"-").unwrap_or(inner);
        let digits = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
        match open {
            b'{' => {
                !inner.is_empty()
                    && !(pattern && inner.iter().all(|b| b.is_ascii_digit() || *b == b','))
            }
            b'[' if pattern => {
                digits && number.len() < 3
                    || inner.first() == Some(&b'$')
                        && inner[1..].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
                        && inner.len() > 1
            }
            b'[' => {
                digits
                    || matches!(inner.first(), Some(b'$' | b'-'))
                    || inner.first().is_some_and(u8::is_ascii_lowercase) && inner.contains(&b'(')
            }
            _ => false,
        }
    }

    pub(super) fn quote_like(&mut self, word: &str, open: u8) -> Parsed<Expr> {
        let body = self.quoted(open)?;
        match word {
            "q" => Ok(Expr::Str(single(&body).into())),
            "qx" if open == b'\'' => Ok(Expr::Run(Box::new(Expr::Str(body.into())))),
            "qq" => self.interpolated(&body, false),
            "qx" => {
                let text = self.interpolated(&body, false)?;
                Ok(Expr::Run(Box::new(text)))
            }
            "qw" => {
                let words = body.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
                let words = words.map(|w| Expr::Str(single(w).into())).collect();
                if self.rest().starts_with(b"[") {
                    self.at += 1;
                    let places = self.items()?;
                    self.expect("]")?;
                    return Ok(Expr::Slice(Box::new(Expr::NewArray(words)), places, false));
                }
                Ok(Expr::List(words))
            }
            "m" | "qr" => {
                let flags = self.flags();
                let text = if open == b'\'' {
                    Expr::Str(Bytes::from(body))
                } else {
                    self.interpolated(&body, true)?
                };
                if word == "qr" {
                    let letters: String = flags.chars().filter(|c| "imsx".contains(*c)).collect();
                    let open = format!("(?^{letters}:");
                    let wrapped = vec![Expr::Str(open.into()), text, Expr::Str(")".into())];
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
                    Pattern { text: self.pattern_text(&body, open)?, flags: flags.clone() };
                let with = if flags.contains('e') {
                    let mut inner = Parser::new(&with, self.depth);
                    Replacement::Code(inner.statements(false)?)
                } else if second == b'\'' {
                    Replacement::Text(Expr::Str(with.into()))
                } else {
                    Replacement::Text(self.interpolated(&with, false)?)
                };
                Ok(Expr::Replace(this, Arc::new(pattern), Arc::new(with)))
            }
        }
    }
}

impl Parser<'_> {
    /// A pattern; between single quotes nothing stands for a variable.
    fn pattern_text(&mut self, body: &[u8], open: u8) -> Parsed<Expr> {
        if open == b'\'' {
            return Ok(Expr::Str(Bytes::copy_from_slice(body)));
        }
        self.interpolated(body, true)
    }
}

/// Puts what is plain so far among the parts.
fn flush(text: &mut Vec<u8>, parts: &mut Vec<Expr>) {
    if !text.is_empty() {
        parts.push(Expr::Str(std::mem::take(text).into()));
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
        Some(b'b') => out.push(8),
        Some(b'0') if rest.len() == 1 => out.push(0),
        Some(b'c') => {
            let letter = rest.get(1).copied().unwrap_or(b'@').to_ascii_uppercase();
            out.push(letter ^ 64);
            return 2;
        }
        Some(mark @ (b'x' | b'o')) if rest.get(1) == Some(&b'{') => {
            let (value, count) = digits(2, 16, if mark == b'x' { 16 } else { 8 });
            push(value, out);
            // Blanks and the like up to the brace.
            let end = rest.iter().position(|b| *b == b'}').unwrap_or(count + 2);
            return end.max(count + 2) + 1;
        }
        Some(b'N') if rest.starts_with(b"N{U+") => {
            let (value, count) = digits(4, 8, 16);
            push(value, out);
            return count + 5;
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
    // Letters, and whether each stands for itself.
    let mut plain: Vec<(u8, bool)> = Vec::new();
    let mut at = 0;
    while at < body.len() {
        if body[at] == b'\\' {
            let mut letter = Vec::new();
            at += 1 + escape(&body[at + 1..], &mut letter);
            plain.extend(letter.into_iter().map(|b| (b, true)));
        } else {
            plain.push((body[at], false));
            at += 1;
        }
    }
    let mut out = Vec::new();
    let mut at = 0;
    while let Some((b, _)) = plain.get(at).copied() {
        match (plain.get(at + 1), plain.get(at + 2)) {
            (Some((b'-', false)), Some((to, _))) if b <= *to => {
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
