//! Words: quoting, and the expansions within.

use super::ast::{Param, ParamOp, Part, Subscript, Word};
use super::lexer::ends_word;
use super::{Parser, SyntaxError};
use crate::limits;
use bytes::Bytes;

/// Text that is being collected between expansions.
#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    literal: Vec<u8>,
}

impl Parts {
    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.parts.push(Part::Literal(std::mem::take(&mut self.literal)));
        }
    }

    fn push(&mut self, part: Part) {
        self.flush();
        self.parts.push(part);
    }

    fn quoted(&mut self, text: &[u8]) {
        self.flush();
        if let Some(Part::Quoted(last)) = self.parts.last_mut() {
            last.extend_from_slice(text);
        } else {
            self.parts.push(Part::Quoted(text.to_vec()));
        }
    }

    fn done(mut self) -> Vec<Part> {
        self.flush();
        self.parts
    }
}

impl Parser<'_> {
    /// Reads an unquoted word up to a blank or an operator.
    pub(super) fn read_word(&mut self) -> Result<Word, SyntaxError> {
        self.read_word_until(ends_word, false)
    }

    /// Reads the right side of `=~`, where operators are ordinary.
    pub(super) fn read_expression(&mut self) -> Result<Word, SyntaxError> {
        self.read_word_until(|byte| matches!(byte, b' ' | b'\t' | b'\n'), false)
    }

    /// Reads a word up to a byte for which `ends` holds. Inside `${...}` blanks and
    /// operators are ordinary.
    fn read_word_until(
        &mut self,
        ends: fn(u8) -> bool,
        in_braces: bool,
    ) -> Result<Word, SyntaxError> {
        let mut out = Parts::default();
        if self.bash && !in_braces && self.starts_with(b"<(") {
            self.pos += 2;
            let peeked = self.peeked.take();
            let list = self.nested(Parser::list_until_close)?;
            self.peeked = peeked;
            out.push(Part::Printed(list.into()));
        }
        while let Some(byte) = self.byte() {
            if ends(byte) || (byte == b'\r' && self.byte_at(1) == Some(b'\n')) {
                break;
            }
            match byte {
                b'\\' => {
                    if self.continuation() {
                        continue;
                    }
                    self.pos += 1;
                    match self.bump() {
                        Some(escaped) => out.quoted(&[escaped]),
                        None => out.literal.push(b'\\'),
                    }
                }
                b'\'' => {
                    let text = self.single_quoted()?;
                    out.quoted(&text);
                }
                b'"' => {
                    self.pos += 1;
                    let parts = self.nested(|p| p.read_double(Some(b'"')))?;
                    out.push(Part::Double(parts));
                }
                b'$' => match self.read_dollar(false)? {
                    Some(part) => out.push(part),
                    None => out.literal.push(b'$'),
                },
                b'`' => {
                    let part = self.read_backquote(false)?;
                    out.push(part);
                }
                _ => {
                    self.bump();
                    out.literal.push(byte);
                    if self.bash && !in_braces && byte == b'=' && self.byte() == Some(b'(') {
                        break;
                    }
                }
            }
        }
        Ok(Word { parts: out.done() })
    }

    fn single_quoted(&mut self) -> Result<Vec<u8>, SyntaxError> {
        self.pos += 1;
        let rest = &self.src[self.pos..];
        let Some(end) = rest.iter().position(|b| *b == b'\'') else {
            self.pos = self.src.len();
            return Err(self.unterminated("unterminated quoted string", "'"));
        };
        let text = rest[..end].to_vec();
        self.line += text.split(|b| *b == b'\n').count() as u32 - 1;
        self.pos += end + 1;
        Ok(text)
    }

    /// Reads what stands between double quotes (up to `end`), or a whole
    /// here-document (`None`).
    pub(super) fn read_double(&mut self, end: Option<u8>) -> Result<Vec<Part>, SyntaxError> {
        let mut out = Parts::default();
        let mut text = Vec::new();
        loop {
            let Some(byte) = self.byte() else {
                if end.is_some() {
                    return Err(self.unterminated("unterminated quoted string", "\""));
                }
                break;
            };
            if Some(byte) == end {
                self.pos += 1;
                break;
            }
            match byte {
                b'\\' => {
                    if self.continuation() {
                        continue;
                    }
                    self.pos += 1;
                    match self.byte() {
                        Some(b @ (b'$' | b'`' | b'\\')) => {
                            text.push(b);
                            self.pos += 1;
                        }
                        Some(b'"') if end.is_some() => {
                            text.push(b'"');
                            self.pos += 1;
                        }
                        Some(b'}') if end == Some(b'}') => {
                            text.push(b'}');
                            self.pos += 1;
                        }
                        _ => text.push(b'\\'),
                    }
                }
                b'$' => match self.read_dollar(true)? {
                    Some(part) => {
                        flush_quoted(&mut out, &mut text);
                        out.push(part);
                    }
                    None => text.push(b'$'),
                },
                b'`' => {
                    let part = self.read_backquote(true)?;
                    flush_quoted(&mut out, &mut text);
                    out.push(part);
                }
                b'"' if end == Some(b'}') => {
                    self.pos += 1;
                    let parts = self.nested(|p| p.read_double(Some(b'"')))?;
                    flush_quoted(&mut out, &mut text);
                    out.push(Part::Double(parts));
                }
                _ => {
                    self.bump();
                    text.push(byte);
                }
            }
        }
        flush_quoted(&mut out, &mut text);
        Ok(out.done())
    }

    /// Reads an expansion that begins with `$`; `None` if the dollar stands alone (it
    /// is then consumed).
    fn read_dollar(&mut self, quoted: bool) -> Result<Option<Part>, SyntaxError> {
        self.pos += 1;
        match self.byte() {
            Some(b'(') if self.byte_at(1) == Some(b'(') => {
                self.pos += 2;
                self.nested(Self::read_arithmetic).map(|w| Some(Part::Arithmetic(Box::new(w))))
            }
            Some(b'(') => {
                self.pos += 1;
                let peeked = self.peeked.take();
                let list = self.nested(Parser::list_until_close)?;
                self.peeked = peeked;
                Ok(Some(Part::Command(list.into())))
            }
            Some(b'{') => {
                self.pos += 1;
                self.nested(|p| p.read_braces(quoted)).map(Some)
            }
            Some(b'\'') if !quoted => {
                self.pos += 1;
                self.ansi_quoted().map(Some)
            }
            Some(b'"') if !quoted && self.bash => {
                self.pos += 1;
                self.nested(|p| p.read_double(Some(b'"'))).map(|parts| Some(Part::Double(parts)))
            }
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => {
                let name = self.take_while(|b| b.is_ascii_alphanumeric() || b == b'_');
                Ok(Some(plain(name)))
            }
            Some(b) if b.is_ascii_digit() || b"@*#?-$!".contains(&b) => {
                self.pos += 1;
                Ok(Some(plain(Bytes::copy_from_slice(&[b]))))
            }
            _ => Ok(None),
        }
    }

    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> Bytes {
        let length = self.src[self.pos..].iter().take_while(|b| keep(**b)).count();
        let text = Bytes::copy_from_slice(&self.src[self.pos..self.pos + length]);
        self.pos += length;
        text
    }

    /// `$'...'`: ANSI-C quoting.
    fn ansi_quoted(&mut self) -> Result<Part, SyntaxError> {
        let start = self.pos;
        loop {
            match self.bump() {
                None => return Err(self.unterminated("unterminated quoted string", "'")),
                Some(b'\\') => {
                    self.bump();
                }
                Some(b'\'') => break,
                Some(_) => {}
            }
        }
        let raw = &self.src[start..self.pos - 1];
        Ok(Part::Quoted(crate::escape::ansi_c(raw)))
    }

    /// The expression of `$((...))`, with its expansions.
    pub(super) fn read_arithmetic(&mut self) -> Result<Word, SyntaxError> {
        let mut out = Parts::default();
        let mut text = Vec::new();
        let mut open = 0_u32;
        loop {
            let Some(byte) = self.byte() else {
                return Err(self.unterminated("missing '))'", ")"));
            };
            match byte {
                b')' if open == 0 => {
                    if self.byte_at(1) != Some(b')') {
                        if self.byte_at(1).is_none() {
                            self.pos = self.src.len();
                        }
                        return Err(self.unterminated("missing '))'", ")"));
                    }
                    self.pos += 2;
                    break;
                }
                b'(' | b')' => {
                    open = if byte == b'(' { open + 1 } else { open - 1 };
                    text.push(byte);
                    self.pos += 1;
                }
                b'$' => match self.read_dollar(true)? {
                    Some(part) => {
                        flush_quoted(&mut out, &mut text);
                        out.push(part);
                    }
                    None => text.push(b'$'),
                },
                b'`' => {
                    let part = self.read_backquote(true)?;
                    flush_quoted(&mut out, &mut text);
                    out.push(part);
                }
                b'"' => self.pos += 1,
                _ => {
                    self.bump();
                    text.push(byte);
                }
            }
        }
        flush_quoted(&mut out, &mut text);
        Ok(Word { parts: vec![Part::Double(out.done())] })
    }

    fn read_backquote(&mut self, quoted: bool) -> Result<Part, SyntaxError> {
        self.pos += 1;
        let mut text = Vec::new();
        loop {
            match self.bump() {
                None => return Err(self.unterminated("EOF in backquote substitution", "`")),
                Some(b'`') => break,
                Some(b'\\') => match self.bump() {
                    Some(b @ (b'$' | b'`' | b'\\')) => text.push(b),
                    Some(b'"') if quoted => text.push(b'"'),
                    Some(b) => text.extend_from_slice(&[b'\\', b]),
                    None => text.push(b'\\'),
                },
                Some(b) => text.push(b),
            }
        }
        let mut inner = Parser::new(&text, self.bash);
        inner.line = self.line;
        inner.depth = self.depth;
        let list = inner.nested(Parser::list_until_end).map_err(|mut error| {
            error.incomplete = false;
            error
        })?;
        Ok(Part::Command(list.into()))
    }

    /// What stands after `${`.
    fn read_braces(&mut self, quoted: bool) -> Result<Part, SyntaxError> {
        let mut param =
            Param { name: Bytes::new(), subscript: None, indirect: false, op: ParamOp::Plain };
        let mut length = false;
        if self.byte() == Some(b'#')
            && !matches!(self.byte_at(1), Some(b'}' | b':' | b'-' | b'?' | b'+' | b'=' | b'%'))
            && self.byte_at(1).is_some()
        {
            length = true;
            self.pos += 1;
        } else if self.byte() == Some(b'!')
            && matches!(self.byte_at(1), Some(b) if b.is_ascii_alphanumeric() || b == b'_')
        {
            param.indirect = true;
            self.pos += 1;
        }
        param.name = match self.byte() {
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => {
                self.take_while(|b| b.is_ascii_alphanumeric() || b == b'_')
            }
            Some(b) if b.is_ascii_digit() => self.take_while(|b| b.is_ascii_digit()),
            Some(b) if b"@*#?-$!".contains(&b) => {
                self.pos += 1;
                Bytes::copy_from_slice(&[b])
            }
            _ => Bytes::new(),
        };
        if self.bash && self.byte() == Some(b'[') {
            self.pos += 1;
            param.subscript = Some(self.read_subscript()?);
        }
        param.op = if length { ParamOp::Length } else { self.read_param_op(quoted)? };
        if param.name.is_empty() || (length && self.byte() != Some(b'}')) {
            param.op = ParamOp::Bad;
        }
        if matches!(param.op, ParamOp::Bad) {
            self.brace_word(quoted)?;
        }
        match self.bump() {
            Some(b'}') => Ok(Part::Param(Box::new(param))),
            _ => Err(self.unterminated("missing '}'", "}")),
        }
    }

    pub(super) fn read_subscript(&mut self) -> Result<Subscript, SyntaxError> {
        let word = self.nested(|p| p.read_word_until(|b| b == b']', true))?;
        if self.bump() != Some(b']') {
            return Err(self.unterminated("missing ']'", "]"));
        }
        Ok(match word.plain() {
            Some(b"@" | b"*") => Subscript::All,
            _ => Subscript::Index(word),
        })
    }

    /// The word after an operator of `${...}`, up to the closing brace.
    fn brace_word(&mut self, quoted: bool) -> Result<Word, SyntaxError> {
        self.word_in_braces(quoted, |b| b == b'}')
    }

    fn word_in_braces(&mut self, quoted: bool, ends: fn(u8) -> bool) -> Result<Word, SyntaxError> {
        if !quoted {
            return self.nested(|p| p.read_word_until(ends, true));
        }
        self.nested(|p| {
            let parts = p.read_double(Some(b'}'))?;
            p.pos -= 1;
            Ok(Word { parts: vec![Part::Double(parts)] })
        })
    }

    /// A pattern is a pattern also between double quotes.
    fn pattern_in_braces(&mut self, ends: fn(u8) -> bool) -> Result<Word, SyntaxError> {
        self.nested(|p| p.read_word_until(ends, true))
    }

    fn read_param_op(&mut self, quoted: bool) -> Result<ParamOp, SyntaxError> {
        let colon =
            self.byte() == Some(b':') && matches!(self.byte_at(1), Some(b'-' | b'=' | b'?' | b'+'));
        if colon {
            self.pos += 1;
        }
        let Some(byte) = self.byte() else {
            return Err(self.unterminated("missing '}'", "}"));
        };
        let op = match byte {
            b'}' => return Ok(ParamOp::Plain),
            b'-' | b'=' | b'?' | b'+' => {
                self.pos += 1;
                let word = self.brace_word(quoted)?;
                match byte {
                    b'-' => ParamOp::Default { colon, word },
                    b'=' => ParamOp::Assign { colon, word },
                    b'?' => ParamOp::Require { colon, word },
                    _ => ParamOp::Alternative { colon, word },
                }
            }
            b'#' | b'%' => {
                self.pos += 1;
                let longest = self.byte() == Some(byte);
                if longest {
                    self.pos += 1;
                }
                let pattern = self.pattern_in_braces(|b| b == b'}')?;
                ParamOp::Trim { suffix: byte == b'%', longest, pattern }
            }
            b'/' => {
                self.pos += 1;
                let all = self.byte() == Some(b'/');
                // Only bash has anchors; to ash they are part of the pattern.
                let anchor = self.byte().filter(|b| self.bash && matches!(b, b'#' | b'%'));
                if all || anchor.is_some() {
                    self.pos += 1;
                }
                let pattern = self.pattern_in_braces(|b| matches!(b, b'}' | b'/'))?;
                let with = if self.byte() == Some(b'/') {
                    self.pos += 1;
                    self.brace_word(quoted)?
                } else {
                    Word::default()
                };
                ParamOp::Replace { all, anchor, pattern, with }
            }
            b':' => {
                self.pos += 1;
                let offset = self.word_until_colon()?;
                let length = if self.byte() == Some(b':') {
                    self.pos += 1;
                    Some(self.brace_word(true)?)
                } else {
                    None
                };
                ParamOp::Substring { offset, length }
            }
            b'^' | b',' if self.bash => {
                self.pos += 1;
                let all = self.byte() == Some(byte);
                if all {
                    self.pos += 1;
                }
                ParamOp::Case { upper: byte == b'^', all }
            }
            _ => ParamOp::Bad,
        };
        Ok(op)
    }

    fn word_until_colon(&mut self) -> Result<Word, SyntaxError> {
        self.nested(|p| p.read_word_until(|b| matches!(b, b'}' | b':'), true))
    }

    /// Runs `read` one level deeper, if there is a level left.
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth >= limits::SYNTAX_DEPTH {
            return Err(SyntaxError {
                message: "nesting too deep".to_owned(),
                near: String::new(),
                line: self.line,
                incomplete: false,
                too_deep: true,
            });
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }
}

fn flush_quoted(out: &mut Parts, text: &mut Vec<u8>) {
    if !text.is_empty() {
        out.quoted(text);
        text.clear();
    }
}

fn plain(name: Bytes) -> Part {
    Part::Param(Box::new(Param { name, subscript: None, indirect: false, op: ParamOp::Plain }))
}
