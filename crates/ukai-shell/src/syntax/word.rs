//! Words: quoting, and the expansions within.

use super::ast::{CaseChange, Param, ParamOp, Part, Subscript, Word};
use super::lexer::{ends_word, is_name};
use super::{Parser, ShellKind, SyntaxError};
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
        let name = self.src[self.pos..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count();
        if self.bash
            && self.byte_at(name) == Some(b'[')
            && is_name(&self.src[self.pos..self.pos + name])
        {
            let text = Bytes::copy_from_slice(&self.src[self.pos..self.pos + name]);
            if let Some(subscript) = self.subscript_before_equals(name + 1)? {
                let append = self.src.get(self.pos - 2) == Some(&b'+');
                let mut word = self.read_word_until(ends_word, false)?;
                word.parts.insert(0, Part::Element { name: text, subscript, append });
                return Ok(word);
            }
        }
        self.read_word_until(ends_word, false)
    }

    /// If `[subscript]=` or `[subscript]+=` begins `ahead - 1` bytes on, the subscript,
    /// with all of it consumed. It is looked for on one line and not far away: what a
    /// word means is otherwise decided without looking ahead.
    pub(super) fn subscript_before_equals(
        &mut self,
        ahead: usize,
    ) -> Result<Option<Word>, SyntaxError> {
        const LONGEST: usize = 1_024;
        let start = self.pos + ahead;
        let rest = self.src.get(start..).unwrap_or_default();
        let rest = &rest[..rest.len().min(LONGEST)];
        let mut at = 0;
        let mut open = 0_u32;
        let mut quote = None;
        loop {
            let Some(byte) = rest.get(at) else { return Ok(None) };
            at += 1;
            match (quote, byte) {
                (_, b'\n') => return Ok(None),
                (Some(q), b) if *b == q => quote = None,
                (None | Some(b'"'), b'\\') => at += 1,
                (None, b'\'' | b'"') => quote = Some(*byte),
                (None, b'[') => open += 1,
                (None, b']') if open > 0 => open -= 1,
                (None, b']') => break,
                // Ordinary, or inside quotes.
                _ => {}
            }
        }
        let after = rest.get(at..).unwrap_or_default();
        let equals = if after.starts_with(b"=") {
            1
        } else if after.starts_with(b"+=") {
            2
        } else {
            return Ok(None);
        };
        let inner = &self.src[start..start + at - 1];
        let mut parser = Parser::new(inner, self.kind);
        parser.depth = self.depth;
        parser.line = self.line;
        let word = parser.nested(|p| p.read_word_until(|_| false, true))?;
        self.pos = start + at + equals;
        Ok(Some(word))
    }

    /// Reads the right side of `=~`, where operators are ordinary, and `=(` is no list.
    pub(super) fn read_expression(&mut self) -> Result<Word, SyntaxError> {
        self.read_word_until(|byte| matches!(byte, b' ' | b'\t' | b'\n'), true)
    }

    /// Reads a word up to a byte for which `ends` holds. Inside `${...}` blanks and
    /// operators are ordinary.
    fn read_word_until(
        &mut self,
        ends: fn(u8) -> bool,
        in_braces: bool,
    ) -> Result<Word, SyntaxError> {
        let mut out = Parts::default();
        if self.bash && !in_braces && (self.starts_with(b"<(") || self.starts_with(b">(")) {
            let printed = self.byte() == Some(b'<');
            self.pos += 2;
            let peeked = self.peeked.take();
            let list = self.nested(Parser::list_until_close)?.into();
            self.peeked = peeked;
            out.push(if printed { Part::Printed(list) } else { Part::Read(list) });
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
            return Err(self.unclosed("unterminated quoted string", "'", self.line));
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
        let start = self.line;
        loop {
            let Some(byte) = self.byte() else {
                match end {
                    None => break,
                    Some(b'}') => return Err(self.unclosed("missing '}'", "}", start)),
                    Some(_) => {
                        return Err(self.unclosed("unterminated quoted string", "\"", start));
                    }
                }
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
            Some(b'[') if self.bash => {
                self.pos += 1;
                self.nested(Self::read_old_arithmetic).map(|w| Some(Part::Arithmetic(Box::new(w))))
            }
            Some(b'{') => {
                self.pos += 1;
                self.nested(|p| p.read_braces(quoted)).map(Some)
            }
            Some(b'\'') if !quoted && self.kind != ShellKind::Dash => {
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
        let (start, line) = (self.pos, self.line);
        loop {
            match self.bump() {
                None => return Err(self.unclosed("unterminated quoted string", "'", line)),
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
        let start = self.line;
        loop {
            let Some(byte) = self.byte() else {
                return Err(self.unclosed("missing '))'", ")", start));
            };
            match byte {
                b')' if open == 0 => {
                    if self.byte_at(1) != Some(b')') {
                        if self.byte_at(1).is_none() {
                            self.pos = self.src.len();
                        }
                        return Err(self.unclosed("missing '))'", ")", start));
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

    /// The expression of `$[...]`, the old form of bash.
    fn read_old_arithmetic(&mut self) -> Result<Word, SyntaxError> {
        let start = self.line;
        let mut open = 0_u32;
        let mut end = self.pos;
        loop {
            match self.src.get(end) {
                None => {
                    self.pos = self.src.len();
                    return Err(self.unclosed("missing ']'", "]", start));
                }
                Some(b'[') => open += 1,
                Some(b']') if open == 0 => break,
                Some(b']') => open -= 1,
                Some(_) => {}
            }
            end += 1;
        }
        let mut inner = Parser::new(&self.src[self.pos..end], self.kind);
        (inner.depth, inner.line) = (self.depth, self.line);
        let parts = inner.read_double(None)?;
        self.line = inner.line;
        self.pos = end + 1;
        Ok(Word { parts: vec![Part::Double(parts)] })
    }

    fn read_backquote(&mut self, quoted: bool) -> Result<Part, SyntaxError> {
        self.pos += 1;
        let mut text = Vec::new();
        let start = self.line;
        loop {
            match self.bump() {
                None => return Err(self.unclosed("EOF in backquote substitution", "`", start)),
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
        let mut inner = Parser::new(&text, self.kind);
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
        let mut param = Param {
            name: Bytes::new(),
            subscript: None,
            indirect: false,
            bare: false,
            op: ParamOp::Plain,
        };
        let mut length = false;
        let start = self.line;
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
        if param.indirect
            && param.subscript.is_none()
            && matches!(self.byte(), Some(b'*' | b'@'))
            && self.byte_at(1) == Some(b'}')
        {
            self.pos += 2;
            param.op = ParamOp::Names;
            return Ok(Part::Param(Box::new(param)));
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
            _ => Err(self.unclosed("missing '}'", "}", start)),
        }
    }

    pub(super) fn read_subscript(&mut self) -> Result<Subscript, SyntaxError> {
        let word = self.nested(|p| p.read_word_until(|b| b == b']', true))?;
        if self.bump() != Some(b']') {
            return Err(self.unterminated("missing ']'", "]"));
        }
        Ok(match word.plain() {
            Some(all @ (b"@" | b"*")) => Subscript::All { joined: all == b"*" },
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
            return Err(self.unclosed("missing '}'", "}", self.line));
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
            b'/' if self.kind != ShellKind::Dash => {
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
            b':' if self.kind != ShellKind::Dash => {
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
            b'^' | b',' | b'~' if self.bash => {
                self.pos += 1;
                let all = self.byte() == Some(byte);
                if all {
                    self.pos += 1;
                }
                let change = match byte {
                    b'^' => CaseChange::Upper,
                    b',' => CaseChange::Lower,
                    _ => CaseChange::Toggle,
                };
                ParamOp::Case { change, all, pattern: self.pattern_in_braces(|b| b == b'}')? }
            }
            b'@' if self.bash && self.byte_at(2) == Some(b'}') => {
                let letter = self.byte_at(1).unwrap_or_default();
                self.pos += 2;
                ParamOp::Transform(letter)
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
                opened: None,
                in_array: false,
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
    let op = ParamOp::Plain;
    Part::Param(Box::new(Param { name, subscript: None, indirect: false, bare: true, op }))
}
