//! Perl's variables, with the subscripts that belong to them.

use super::ast::{Expr, Name};
use super::parse::{Parsed, Parser};
use std::sync::Arc;

impl Parser<'_> {
    pub(super) fn variable(&mut self) -> Parsed<Expr> {
        let sigil = self.peek();
        self.at += 1;
        if sigil == b'$' && self.peek() == b'#' {
            self.at += 1;
            if self.peek() == b'{' || self.peek() == b'$' {
                let inner = if self.take("{") {
                    let inner = self.expr()?;
                    self.expect("}")?;
                    inner
                } else {
                    self.at += 1;
                    let name: Name = self.word().unwrap_or("_").into();
                    self.at += name.len();
                    Expr::Scalar(name)
                };
                return Ok(Expr::Deref('#', Box::new(inner)));
            }
            let name: Name = self.word().unwrap_or("_").into();
            self.at += if self.rest().starts_with(name.as_bytes()) { name.len() } else { 0 };
            return Ok(Expr::Deref('#', Box::new(Expr::Array(name))));
        }
        let base = match self.peek() {
            b'{' => {
                self.at += 1;
                self.blanks();
                let word = self.word();
                let plain = word.filter(|w| {
                    self.text[self.at + w.len()..].trim_ascii_start().starts_with(b"}")
                });
                if let Some(word) = plain {
                    self.at += word.len();
                    self.expect("}")?;
                    Err(Name::from(word))
                } else if self.peek() == b'^' {
                    self.at += 1;
                    let word = self.word().unwrap_or("");
                    self.at += word.len();
                    self.expect("}")?;
                    Err(Name::from(format!("^{word}")))
                } else if let [mark, b'}', ..] = self.rest()
                    && (b"!@&/\\,;.?$0123456789".contains(mark))
                {
                    self.at += 2;
                    Err((*mark as char).to_string().into())
                } else {
                    // Statements may stand there, of which the last is meant.
                    let before = self.at;
                    match self.expr().and_then(|inner| {
                        self.take(";");
                        self.expect("}")?;
                        Ok(inner)
                    }) {
                        Ok(inner) => Ok(inner),
                        Err(_) => {
                            self.at = before;
                            self.deeper()?;
                            let block = self.statements(true)?;
                            self.depth -= 1;
                            Ok(Expr::Block("do".into(), Arc::new(block)))
                        }
                    }
                }
            }
            b'$' if sigil != b'$'
                || self.ahead(1).is_ascii_alphabetic()
                || matches!(self.ahead(1), b'_' | b'{' | b':')
                || self.ahead(1) == b'$'
                    && (self.ahead(2).is_ascii_alphabetic()
                        || matches!(self.ahead(2), b'_' | b'$' | b'{')) =>
            {
                self.deeper()?;
                let mut depth = 0_usize;
                while self.peek() == b'$' {
                    self.at += 1;
                    depth += 1;
                }
                let mut inner = if self.peek() == b'{' {
                    self.at += 1;
                    let inner = self.expr()?;
                    self.expect("}")?;
                    Expr::Deref('$', Box::new(inner))
                } else {
                    if self.rest().starts_with(b"::") {
                        self.at += 2;
                    }
                    let tight = self.peek().is_ascii_alphabetic() || self.peek() == b'_';
                    let name: Name = if tight { self.word().unwrap_or("") } else { "" }.into();
                    if name.is_empty() {
                        return self.fail();
                    }
                    self.at += name.len();
                    Expr::Scalar(name)
                };
                for _ in 1..depth.min(8) {
                    inner = Expr::Deref('$', Box::new(inner));
                }
                self.depth -= 1;
                Ok(inner)
            }
            // `$::name`
            b':' if self.ahead(1) == b':'
                && (self.ahead(2).is_ascii_alphabetic() || self.ahead(2) == b'_') =>
            {
                self.at += 2;
                let word = self.word().unwrap_or("");
                self.at += word.len();
                Err(Name::from(format!("main::{word}")))
            }
            b'^' if sigil == b'$' && self.ahead(1).is_ascii_uppercase() => {
                let name = format!("^{}", self.ahead(1) as char);
                self.at += 2;
                Err(name.into())
            }
            _ => {
                let rest = self.rest();
                let special = rest
                    .first()
                    .copied()
                    .filter(|b| b"_&!@/\\,;.?0123456789$<>()[]|\"^~`'+-".contains(b));
                // `word` passes over blanks, which may not stand here.
                let tight = rest.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
                match (tight.then(|| self.word()).flatten(), special) {
                    (Some(word), _) => {
                        self.at += word.len();
                        Err(word.into())
                    }
                    (None, Some(b))
                        if sigil == b'$'
                            || (sigil == b'@' && matches!(b, b'_' | b'-' | b'+'))
                            || (sigil == b'%'
                                && matches!(b, b'+' | b'-' | b'!')
                                && !self.rest()[1..].starts_with(b" ")) =>
                    {
                        let start = self.at;
                        self.at += 1;
                        if b.is_ascii_digit() {
                            while self.peek().is_ascii_digit() {
                                self.at += 1;
                            }
                        }
                        Err(String::from_utf8_lossy(&self.text[start..self.at]).into())
                    }
                    _ => return self.fail(),
                }
            }
        };
        self.subscripts(sigil, base)
    }

    fn subscripts(&mut self, sigil: u8, base: Result<Expr, Name>) -> Parsed<Expr> {
        let next = self.peek();
        Ok(match (sigil, base) {
            (b'$', Err(name)) if next == b'[' && &*name != "$" => self.item(Expr::Array(name))?,
            (b'$', Err(name)) if next == b'{' && &*name != "$" => self.member(Expr::Hash(name))?,
            (b'$', Err(name)) => Expr::Scalar(name),
            (b'$', Ok(inner)) if next == b'[' => self.item(inner)?,
            (b'$', Ok(inner)) if next == b'{' => self.member(inner)?,
            (b'$', Ok(inner)) => Expr::Deref('$', Box::new(inner)),
            (b'@' | b'%', base)
                if next == b'[' || next == b'{' && (sigil == b'@' || base.is_err()) =>
            {
                let array = next == b'[';
                let of = match base {
                    Err(name) if array => Expr::Array(name),
                    Err(name) => Expr::Hash(name),
                    Ok(inner) => Expr::Deref(if array { '@' } else { '%' }, Box::new(inner)),
                };
                self.at += 1;
                self.blanks();
                let end = if array { "]" } else { "}" };
                let items = if self.rest().starts_with(end.as_bytes()) {
                    Vec::new()
                } else {
                    self.items()?
                };
                self.expect(end)?;
                Expr::Slice(Box::new(of), items, sigil == b'%')
            }
            (b'@', Err(name)) => Expr::Array(name),
            (b'@', Ok(inner)) => Expr::Deref('@', Box::new(inner)),
            (b'%', Err(name)) => Expr::Hash(name),
            (b'%', Ok(inner)) => Expr::Deref('%', Box::new(inner)),
            (_, Err(name)) => {
                let arguments = if self.peek() == b'(' {
                    self.brackets()?
                } else {
                    vec![Expr::Array("_".into())]
                };
                Expr::Call(name, arguments)
            }
            (_, Ok(inner)) => {
                let arguments = if self.peek() == b'(' {
                    self.brackets()?
                } else {
                    vec![Expr::Array("_".into())]
                };
                Expr::Invoke(Box::new(inner), arguments)
            }
        })
    }
}
