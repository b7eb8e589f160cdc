//! Simple commands: assignments, words, redirections, here-documents announced.

use super::ast::{
    Assignment, Command, Element, Part, Redirect, RedirectKind, Simple, Target, Value, Word,
};
use super::lexer::{Pending, Token, is_name};
use super::{Parser, SyntaxError};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};

impl Parser<'_> {
    pub(super) fn simple(&mut self) -> Result<Command, SyntaxError> {
        self.peek()?;
        let start = self.token_start;
        let mut simple = Simple { line: self.line, ..Simple::default() };
        let mut double_bracket = false;
        loop {
            match self.peek()? {
                Token::Redirect(..) | Token::VariableRedirect(..) if !double_bracket => {
                    let redirect = self.redirect()?;
                    simple.redirects.push(redirect);
                }
                Token::Word(_) => {
                    let matches = double_bracket
                        && self.peeked_word().is_some_and(|w| w.plain() == Some(b"=~"));
                    if matches {
                        self.next()?;
                        simple.words.push(Word::literal("=~"));
                        self.skip_blanks();
                        let expression = self.read_expression()?;
                        simple.words.push(expression);
                        continue;
                    }
                    let Token::Word(word) = self.next()? else { break };
                    if simple.words.is_empty() {
                        match self.assignment(word)? {
                            Ok(assignment) => simple.assignments.push(assignment),
                            Err(word) => {
                                double_bracket = self.bash && word.plain() == Some(b"[[");
                                simple.words.push(word);
                            }
                        }
                    } else {
                        if double_bracket && word.plain() == Some(b"]]") {
                            double_bracket = false;
                        }
                        if declares(&simple) && self.array_follows(&word) {
                            let place = simple.words.len();
                            match self.assignment(word)? {
                                Ok(assignment) => {
                                    let name = assignment.name.to_vec();
                                    simple.words.push(Word { parts: vec![Part::Quoted(name)] });
                                    simple.arrays.push((place, assignment));
                                }
                                Err(word) => simple.words.push(word),
                            }
                        } else {
                            simple.words.push(word);
                        }
                    }
                }
                Token::Op("(")
                    if simple.words.len() == 1
                        && simple.assignments.is_empty()
                        && simple.redirects.is_empty()
                        && !double_bracket =>
                {
                    return self.function(&simple.words[0]);
                }
                Token::Op(_) | Token::Redirect(..) if double_bracket => {
                    if let Token::Op(op) | Token::Redirect(_, op) = self.next()? {
                        simple.words.push(Word::literal(op));
                    }
                }
                Token::Newline if double_bracket => {
                    self.next()?;
                }
                Token::End if double_bracket => {
                    let token = self.next()?;
                    return Err(self.unexpected(&token, Some("]]")));
                }
                _ => break,
            }
        }
        let end = if self.peeked.is_some() { self.token_start } else { self.pos };
        simple.text = self.item_text(start, end);
        Ok(Command::Simple(simple))
    }

    /// Whether the word just read is `name=` before a list in brackets.
    fn array_follows(&self, word: &Word) -> bool {
        self.bash
            && self.peeked.is_none()
            && self.byte() == Some(b'(')
            && matches!(word.parts.last(), Some(Part::Literal(text)) if text.ends_with(b"="))
    }

    fn peeked_word(&self) -> Option<&Word> {
        match &self.peeked {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// `name() body`: the name was read.
    fn function(&mut self, name: &Word) -> Result<Command, SyntaxError> {
        self.next()?;
        match self.next()? {
            Token::Op(")") => {}
            token => return Err(self.unexpected_here(&token, Some(")"))),
        }
        let allowed = |name: &[u8]| self.bash || is_name(name);
        let Some(name) = name.plain().filter(|n| allowed(n)).map(Bytes::copy_from_slice) else {
            let mut error = self.unterminated("bad function name", "");
            error.incomplete = false;
            return Err(error);
        };
        self.skip_newlines()?;
        let start = self.pos;
        let body = Arc::new(self.nested(Self::command)?);
        Ok(Command::Function { name, body, bytes: self.pos.saturating_sub(start) })
    }

    /// The word as an assignment, or back as it was.
    fn assignment(&mut self, mut word: Word) -> Result<Result<Assignment, Word>, SyntaxError> {
        if matches!(word.parts.first(), Some(Part::Element { .. })) {
            let Part::Element { name, subscript, append } = word.parts.remove(0) else {
                return Ok(Err(word));
            };
            let value = Value::Scalar(word);
            return Ok(Ok(Assignment { name, subscript: Some(subscript), append, value }));
        }
        let Some(Part::Literal(text)) = word.parts.first() else { return Ok(Err(word)) };
        let Some(equals) = text.iter().position(|b| *b == b'=') else { return Ok(Err(word)) };
        let (left, right) = (&text[..equals], &text[equals + 1..]);
        let (left, append) = match left.strip_suffix(b"+") {
            Some(left) if self.bash => (left, true),
            _ => (left, false),
        };
        if !is_name(left) {
            return Ok(Err(word));
        }
        let (name, subscript) = (Bytes::copy_from_slice(left), None);
        let rest = right.to_vec();
        if self.bash && rest.is_empty() && word.parts.len() == 1 && self.byte() == Some(b'(') {
            let elements = self.array()?;
            let value = Value::Array(elements);
            return Ok(Ok(Assignment { name, subscript, append, value }));
        }
        if rest.is_empty() {
            word.parts.remove(0);
        } else {
            word.parts[0] = Part::Literal(rest);
        }
        Ok(Ok(Assignment { name, subscript, append, value: Value::Scalar(word) }))
    }

    /// `(a b c)` after `name=`.
    fn array(&mut self) -> Result<Vec<Element>, SyntaxError> {
        self.pos += 1;
        let mut elements = Vec::new();
        loop {
            self.skip_blanks();
            if self.byte() == Some(b'[')
                && let Some(key) = self.subscript_before_equals(1)?
            {
                let value = self.read_word()?;
                elements.push(Element { key: Some(key), value });
                continue;
            }
            match self.next()? {
                Token::Word(value) => elements.push(Element { key: None, value }),
                Token::Newline => {}
                Token::Op(")") => return Ok(elements),
                token => {
                    let mut error = self.unexpected(&token, None);
                    error.in_array = true;
                    return Err(error);
                }
            }
        }
    }

    pub(super) fn redirect(&mut self) -> Result<Redirect, SyntaxError> {
        let (fd, variable, op) = match self.next()? {
            Token::Redirect(fd, op) => (fd, None, op),
            Token::VariableRedirect(name, op) => (None, Some(name), op),
            _ => return Err(self.unterminated("bad redirection", "")),
        };
        let word = match self.next()? {
            Token::Word(word) => word,
            token => return Err(self.unexpected_here(&token, None)),
        };
        let kind = match op {
            "<" => RedirectKind::Read,
            "<>" => RedirectKind::ReadWrite,
            ">" => RedirectKind::Write,
            ">|" => RedirectKind::Overwrite,
            ">>" => RedirectKind::Append,
            "&>" => RedirectKind::Both,
            "&>>" => RedirectKind::BothAppend,
            "<&" => RedirectKind::Duplicate,
            ">&" => {
                let dup =
                    word.plain().is_none_or(|t| t == b"-" || t.iter().all(u8::is_ascii_digit));
                let both = !dup && fd.is_none() && variable.is_none();
                if both { RedirectKind::Both } else { RedirectKind::Duplicate }
            }
            _ => RedirectKind::Here,
        };
        let fd = fd.or_else(|| matches!(op, "<&").then_some(0));
        let target = match op {
            "<<" | "<<-" => self.announce_document(&word, op == "<<-"),
            "<<<" => {
                let mut word = word;
                word.parts.push(Part::Quoted(b"\n".to_vec()));
                Target::Word(Word { parts: vec![Part::Double(word.parts)] })
            }
            _ => Target::Word(word),
        };
        Ok(Redirect { fd, variable, kind, target })
    }

    fn announce_document(&mut self, delimiter: &Word, strip_tabs: bool) -> Target {
        let mut text = Vec::new();
        let quoted = flatten(&delimiter.parts, &mut text);
        let body = Arc::new(OnceLock::new());
        let line = self.line;
        let body_of = Arc::clone(&body);
        let pending = Pending { delimiter: text, strip_tabs, quoted, body: body_of, line };
        self.documents.push(pending);
        Target::Document(body)
    }
}

/// Whether the command takes assignments as arguments.
fn declares(simple: &Simple) -> bool {
    matches!(
        simple.words.first().and_then(Word::plain),
        Some(b"declare" | b"typeset" | b"local" | b"export" | b"readonly")
    )
}

/// The text of a here-document's delimiter, and whether any of it is quoted.
fn flatten(parts: &[Part], out: &mut Vec<u8>) -> bool {
    let mut quoted = false;
    for part in parts {
        match part {
            Part::Literal(text) => out.extend_from_slice(text),
            Part::Quoted(text) => {
                quoted = true;
                out.extend_from_slice(text);
            }
            Part::Double(inner) => {
                quoted = true;
                flatten(inner, out);
            }
            Part::Param(param) => {
                out.push(b'$');
                out.extend_from_slice(&param.name);
            }
            Part::Command(_)
            | Part::Arithmetic(_)
            | Part::Printed(_)
            | Part::Read(_)
            | Part::Element { .. } => {}
        }
    }
    quoted
}
