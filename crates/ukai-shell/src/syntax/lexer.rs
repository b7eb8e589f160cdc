//! Tokens: operators, words, newlines, here-documents.

use super::ast::{Part, Word};
use super::{Parser, ShellKind, SyntaxError};
use std::sync::{Arc, OnceLock};

/// A token.
#[derive(Clone, Debug)]
pub(super) enum Token {
    End,
    Newline,
    /// One of the control operators.
    Op(&'static str),
    /// A redirection operator, with the descriptor in front of it.
    Redirect(Option<u8>, &'static str),
    /// The same with `{name}` in front of it (bash).
    VariableRedirect(bytes::Bytes, &'static str),
    Word(Word),
}

/// A here-document whose body is still to come.
pub(super) struct Pending {
    pub(super) delimiter: Vec<u8>,
    pub(super) strip_tabs: bool,
    pub(super) quoted: bool,
    pub(super) body: Arc<OnceLock<Word>>,
    /// Line of the announcement.
    pub(super) line: u32,
}

/// A here-document that the end of the text ended, for a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unended {
    /// Line at which the text ended.
    pub(crate) at_line: u32,
    /// Line of the announcement.
    pub(crate) line: u32,
    pub(crate) wanted: Vec<u8>,
}

/// Whether `text` is a variable's name.
pub(crate) fn is_name(text: &[u8]) -> bool {
    matches!(text.first(), Some(b) if b.is_ascii_alphabetic() || *b == b'_')
        && text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// Whether a byte ends an unquoted word.
pub(super) const fn ends_word(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'|' | b'&' | b';' | b'(' | b')' | b'<' | b'>')
}

impl Parser<'_> {
    pub(super) fn byte(&self) -> Option<u8> {
        self.src.get(self.pos).copied()
    }

    pub(super) fn byte_at(&self, ahead: usize) -> Option<u8> {
        self.src.get(self.pos + ahead).copied()
    }

    /// Takes one byte and keeps count of lines.
    pub(super) fn bump(&mut self) -> Option<u8> {
        let byte = self.byte()?;
        self.pos += 1;
        if byte == b'\n' {
            self.line += 1;
        }
        Some(byte)
    }

    pub(super) fn starts_with(&self, text: &[u8]) -> bool {
        self.src[self.pos..].starts_with(text)
    }

    /// Whether a backslash-newline is here; it is skipped.
    pub(super) fn continuation(&mut self) -> bool {
        if self.byte() == Some(b'\\') && self.byte_at(1) == Some(b'\n') {
            self.pos += 2;
            self.line += 1;
            if self.pos >= self.src.len() {
                self.open_line = true;
            }
            return true;
        }
        false
    }

    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.byte() {
                Some(b' ' | b'\t') => self.pos += 1,
                Some(b'\r') if self.byte_at(1) == Some(b'\n') => self.pos += 1,
                Some(b'\\') => {
                    if !self.continuation() {
                        return;
                    }
                }
                Some(b'#') => {
                    while self.byte().is_some_and(|b| b != b'\n') {
                        self.pos += 1;
                    }
                }
                _ => return,
            }
        }
    }

    pub(super) fn peek(&mut self) -> Result<&Token, SyntaxError> {
        if self.peeked.is_none() {
            self.skip_blanks();
            let start = self.pos;
            self.peeked = Some(self.read_token()?);
            self.token_start = start;
        }
        Ok(self.peeked.as_ref().expect("a token was just read"))
    }

    pub(super) fn next(&mut self) -> Result<Token, SyntaxError> {
        self.peek()?;
        Ok(self.peeked.take().expect("a token was just read"))
    }

    fn read_token(&mut self) -> Result<Token, SyntaxError> {
        let Some(byte) = self.byte() else {
            self.read_documents();
            return Ok(Token::End);
        };
        if byte == b'\n' {
            self.bump();
            self.read_documents();
            return Ok(Token::Newline);
        }
        if byte.is_ascii_digit() {
            let digits = self.src[self.pos..].iter().take_while(|b| b.is_ascii_digit()).count();
            if digits <= 2
                && matches!(self.byte_at(digits), Some(b'<' | b'>'))
                && let Some(fd) = std::str::from_utf8(&self.src[self.pos..self.pos + digits])
                    .ok()
                    .and_then(|text| text.parse().ok())
            {
                self.pos += digits;
                return Ok(self.redirect_operator(Some(fd)).unwrap_or(Token::End));
            }
        }
        if self.bash && (self.starts_with(b"<(") || self.starts_with(b">(")) {
            return Ok(Token::Word(self.read_word()?));
        }
        if self.bash
            && byte == b'{'
            && let Some(token) = self.variable_redirect()
        {
            return Ok(token);
        }
        if let Some(token) = self.redirect_operator(None) {
            return Ok(token);
        }
        for op in ["&&", "||", ";;&", ";;", ";&", "&", "|", ";", "(", ")"] {
            let known = self.bash || !matches!(op, ";&" | ";;&");
            if known && self.starts_with(op.as_bytes()) {
                self.pos += op.len();
                return Ok(Token::Op(op));
            }
        }
        Ok(Token::Word(self.read_word()?))
    }

    /// `{name}>` and the like; nothing is consumed otherwise.
    fn variable_redirect(&mut self) -> Option<Token> {
        let rest = &self.src[self.pos + 1..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        if !is_name(&rest[..length]) || rest.get(length) != Some(&b'}') {
            return None;
        }
        if !matches!(rest.get(length + 1), Some(b'<' | b'>')) {
            return None;
        }
        let name = bytes::Bytes::copy_from_slice(&rest[..length]);
        self.pos += length + 2;
        match self.redirect_operator(None) {
            Some(Token::Redirect(_, op)) => Some(Token::VariableRedirect(name, op)),
            _ => None,
        }
    }

    fn redirect_operator(&mut self, fd: Option<u8>) -> Option<Token> {
        let operators: &[&str] = if self.bash {
            &["<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">", "&>>", "&>"]
        } else if self.kind == ShellKind::Dash {
            &["<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"]
        } else {
            &["<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">", "&>"]
        };
        if !matches!(self.byte(), Some(b'<' | b'>' | b'&')) {
            return None;
        }
        let found = operators.iter().find(|op| self.starts_with(op.as_bytes()))?;
        self.pos += found.len();
        Some(Token::Redirect(fd, found))
    }

    /// Reads the bodies of the here-documents announced on the line just ended.
    fn read_documents(&mut self) {
        for pending in std::mem::take(&mut self.documents) {
            let mut body = Vec::new();
            let mut closed = false;
            while self.pos < self.src.len() {
                let rest = &self.src[self.pos..];
                let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                let mut line = &rest[..end];
                if pending.strip_tabs {
                    let tabs = line.iter().take_while(|b| **b == b'\t').count();
                    line = &line[tabs..];
                }
                self.pos += (end + 1).min(rest.len());
                self.line += 1;
                if line.strip_suffix(b"\r").unwrap_or(line) == pending.delimiter {
                    closed = true;
                    break;
                }
                body.extend_from_slice(line);
                if end < rest.len() {
                    body.push(b'\n');
                }
            }
            if !closed {
                self.open_document = true;
                self.unended.push(Unended {
                    at_line: self.line,
                    line: pending.line,
                    wanted: pending.delimiter.clone(),
                });
                if self.bash && !body.is_empty() && !body.ends_with(b"\n") {
                    body.push(b'\n');
                }
            }
            let word = if pending.quoted {
                Word { parts: vec![Part::Quoted(body)] }
            } else {
                self.document_word(&body)
            };
            let _ = pending.body.set(word);
        }
    }

    /// The body of an unquoted here-document: expansions are active, quotes are not.
    fn document_word(&self, body: &[u8]) -> Word {
        let mut inner = Parser::new(body, self.kind);
        inner.depth = self.depth + 1;
        match inner.read_double(None) {
            Ok(parts) => Word { parts: vec![Part::Double(parts)] },
            Err(_) => Word { parts: vec![Part::Quoted(body.to_vec())] },
        }
    }
}
