//! Statements about settings, and `COPY`.

use super::lexer::Kind;
use super::parser::{Parser, Read, is_reserved};
use super::syntax::{CopyEnd, Statement};

impl Parser<'_> {
    pub(super) fn setting(&mut self) -> Read<Vec<u8>> {
        if self.take_word(b"all") {
            return Ok(b"all".to_vec());
        }
        let mut name = self.identifier()?;
        while self.take_mark(b".") {
            name.push(b'.');
            name.extend(self.identifier()?);
        }
        Ok(name)
    }

    pub(super) fn show(&mut self) -> Read<Statement> {
        if self.take_words(&[b"transaction", b"isolation", b"level"]) {
            return Ok(Statement::Show(Some(b"transaction_isolation".to_vec())));
        }
        if self.take_words(&[b"session", b"authorization"]) {
            return Ok(Statement::Show(Some(b"session_authorization".to_vec())));
        }
        if self.take_words(&[b"time", b"zone"]) {
            return Ok(Statement::Show(Some(b"TimeZone".to_vec())));
        }
        if self.take_word(b"all") {
            return Ok(Statement::Show(None));
        }
        Ok(Statement::Show(Some(self.setting()?)))
    }

    pub(super) fn set(&mut self) -> Read<Statement> {
        if self.is_word(b"transaction")
            || self.is_word(b"constraints")
            || self.take_words(&[b"session", b"characteristics"])
            || self.take_words(&[b"session", b"authorization"])
            || self.is_word(b"role")
        {
            self.skip_to_end();
            return Ok(Statement::Other("SET"));
        }
        let _ = self.take_word(b"session") || self.take_word(b"local");
        let name = if self.take_words(&[b"time", b"zone"]) {
            b"TimeZone".to_vec()
        } else if self.take_word(b"names") {
            b"client_encoding".to_vec()
        } else {
            let name = self.setting()?;
            if !self.take_word(b"to") {
                self.need_mark(b"=")?;
            }
            name
        };
        let mut values: Vec<Vec<u8>> = Vec::new();
        loop {
            let minus = self.take_mark(b"-");
            let value = match self.peek() {
                Some(Kind::Word(word)) if word == b"default" => Vec::new(),
                Some(Kind::Word(word))
                    if is_reserved(word)
                        && ![&b"true"[..], b"false", b"on"].contains(&word.as_slice()) =>
                {
                    return Err(self.wrong());
                }
                Some(Kind::Number(word)) if minus => [b"-", word.as_slice()].concat(),
                Some(
                    Kind::Word(word) | Kind::Quoted(word) | Kind::Text(word) | Kind::Number(word),
                ) => word.clone(),
                _ => return Err(self.wrong()),
            };
            let default = self.is_word(b"default");
            self.at += 1;
            if default {
                return Ok(Statement::Set(name, None));
            }
            values.push(value);
            if !self.take_mark(b",") {
                return Ok(Statement::Set(name, Some(values.join(&b", "[..]))));
            }
        }
    }

    pub(super) fn copy(&mut self) -> Read<Statement> {
        let table = if self.is_mark(b"(") {
            self.skip_parentheses()?;
            None
        } else {
            let table = self.name()?;
            if self.take_mark(b"(") {
                self.identifier()?;
                while self.take_mark(b",") {
                    self.identifier()?;
                }
                self.need_mark(b")")?;
            }
            Some(table)
        };
        let from = table.is_some() && self.take_word(b"from");
        if !from {
            self.need_word(b"to")?;
        }
        let with = if self.take_word(b"program") {
            CopyEnd::Program(self.text()?)
        } else if self.take_word(b"stdin") || self.take_word(b"stdout") {
            CopyEnd::Client
        } else {
            CopyEnd::File(self.text()?)
        };
        self.skip_to_end();
        Ok(Statement::Copy { table, from, with })
    }
}
