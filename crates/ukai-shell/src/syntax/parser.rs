//! The grammar: from tokens to a tree, one complete command at a time.

use super::SyntaxError;
use super::ast::{
    AndOr, Assignment, Case, Command, Compound, Connector, Item, List, Part, Pipeline, Redirect,
    RedirectKind, Simple, Target, Value, Word,
};
use super::lexer::{Pending, Token, is_name};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};

/// Words that are no commands where a command could begin.
const RESERVED: [&[u8]; 12] = [
    b"then", b"else", b"elif", b"fi", b"do", b"done", b"esac", b"}", b"in", b"case", b"for", b"if",
];

/// Reads a program from bytes.
pub(crate) struct Parser<'a> {
    pub(super) src: &'a [u8],
    pub(super) pos: usize,
    pub(super) line: u32,
    pub(super) depth: u32,
    pub(super) bash: bool,
    pub(super) peeked: Option<Token>,
    pub(super) token_start: usize,
    pub(super) documents: Vec<Pending>,
    /// A here-document's end was not seen.
    pub(super) open_document: bool,
    /// The text ends in a backslash-newline.
    pub(super) open_line: bool,
}

impl<'a> Parser<'a> {
    /// A parser for `src`; with `bash`, bash's additions are known.
    pub(crate) fn new(src: &'a [u8], bash: bool) -> Self {
        Self {
            src,
            pos: 0,
            line: 1,
            depth: 0,
            bash,
            peeked: None,
            token_start: 0,
            documents: Vec::new(),
            open_document: false,
            open_line: false,
        }
    }

    /// The next complete command; `None` at the end of the text.
    pub(crate) fn next_command(&mut self) -> Result<Option<List>, SyntaxError> {
        while matches!(self.peek()?, Token::Newline) {
            self.next()?;
        }
        if matches!(self.peek()?, Token::End) {
            return Ok(None);
        }
        let list = self.line_list()?;
        match self.next()? {
            Token::Newline | Token::End => Ok(Some(list)),
            token => Err(self.unexpected(&token, None)),
        }
    }

    /// Goes on at another place, after a mistake.
    pub(crate) fn restart_at(&mut self, position: usize) {
        self.pos = position;
        self.depth = 0;
        self.peeked = None;
        self.documents.clear();
    }

    /// How many bytes were consumed.
    pub(crate) const fn position(&self) -> usize {
        self.pos
    }

    /// Whether the end of the text left something open that is no mistake at the end
    /// of a script: a here-document or a continued line.
    pub(crate) const fn left_open(&self) -> bool {
        self.open_document || self.open_line
    }

    pub(super) fn unterminated(&self, message: &str, near: &str) -> SyntaxError {
        SyntaxError {
            message: message.to_owned(),
            near: near.to_owned(),
            line: self.line,
            incomplete: self.pos >= self.src.len(),
            too_deep: false,
        }
    }

    fn unexpected(&self, token: &Token, expecting: Option<&str>) -> SyntaxError {
        let (name, near) = match token {
            Token::End => ("end of file".to_owned(), "end of file".to_owned()),
            Token::Newline => ("newline".to_owned(), "newline".to_owned()),
            Token::Op(op) => (format!("\"{op}\""), (*op).to_owned()),
            Token::Redirect(_, op) => ("redirection".to_owned(), (*op).to_owned()),
            Token::Word(word) => match word.plain() {
                Some(text) if RESERVED.contains(&text) && expecting.is_none() => {
                    let text = String::from_utf8_lossy(text).into_owned();
                    (format!("\"{text}\""), text)
                }
                Some(text) => ("word".to_owned(), String::from_utf8_lossy(text).into_owned()),
                None => ("word".to_owned(), String::new()),
            },
        };
        let mut message = format!("unexpected {name}");
        if let Some(expecting) = expecting {
            message.push_str(&format!(" (expecting \"{expecting}\")"));
        }
        let newline = u32::from(matches!(token, Token::Newline));
        SyntaxError {
            message,
            near,
            line: self.line - newline.min(self.line - 1),
            incomplete: matches!(token, Token::End),
            too_deep: false,
        }
    }

    /// A list that ends with the line.
    fn line_list(&mut self) -> Result<List, SyntaxError> {
        let mut list = List::default();
        loop {
            self.item(&mut list)?;
            if matches!(self.peek()?, Token::Newline | Token::End) || !self.starts_command()? {
                return Ok(list);
            }
        }
    }

    /// A list over any number of lines, up to a word or operator that starts no command.
    fn block(&mut self) -> Result<List, SyntaxError> {
        let mut list = List::default();
        loop {
            self.skip_newlines()?;
            if !self.starts_command()? {
                return Ok(list);
            }
            self.item(&mut list)?;
        }
    }

    /// A block that must hold at least one command.
    fn body(&mut self, expecting: &str) -> Result<List, SyntaxError> {
        let list = self.block()?;
        if list.items.is_empty() {
            let token = self.next()?;
            let expecting = matches!(token, Token::End).then_some(expecting);
            return Err(self.unexpected(&token, expecting));
        }
        Ok(list)
    }

    pub(super) fn list_until_close(&mut self) -> Result<List, SyntaxError> {
        let list = self.block()?;
        match self.next()? {
            Token::Op(")") => Ok(list),
            token => Err(self.unexpected(&token, Some(")"))),
        }
    }

    pub(super) fn list_until_end(&mut self) -> Result<List, SyntaxError> {
        let list = self.block()?;
        match self.next()? {
            Token::End => Ok(list),
            token => Err(self.unexpected(&token, None)),
        }
    }

    fn skip_newlines(&mut self) -> Result<(), SyntaxError> {
        while matches!(self.peek()?, Token::Newline) {
            self.next()?;
        }
        Ok(())
    }

    /// Whether the next token can begin a command.
    fn starts_command(&mut self) -> Result<bool, SyntaxError> {
        Ok(match self.peek()? {
            Token::End | Token::Newline => false,
            Token::Op(op) => *op == "(",
            Token::Redirect(..) => true,
            Token::Word(word) => !matches!(
                word.plain(),
                Some(b"then" | b"else" | b"elif" | b"fi" | b"do" | b"done" | b"esac" | b"}")
            ),
        })
    }

    fn item(&mut self, list: &mut List) -> Result<(), SyntaxError> {
        self.peek()?;
        let start = self.token_start;
        let and_or = Arc::new(self.and_or()?);
        let background = match self.peek()? {
            Token::Op("&") => true,
            Token::Op(";") => false,
            _ => {
                list.items.push(Item { and_or, background: false, text: Bytes::new() });
                return Ok(());
            }
        };
        let end = self.token_start;
        self.next()?;
        let text = if background {
            Bytes::copy_from_slice(self.src[start..end].trim_ascii())
        } else {
            Bytes::new()
        };
        list.items.push(Item { and_or, background, text });
        if let Token::Op(";" | "&" | "&&" | "||" | "|") = self.peek()? {
            let token = self.next()?;
            return Err(self.unexpected(&token, None));
        }
        Ok(())
    }

    fn and_or(&mut self) -> Result<AndOr, SyntaxError> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let connector = match self.peek()? {
                Token::Op("&&") => Connector::And,
                Token::Op("||") => Connector::Or,
                _ => return Ok(AndOr { first, rest }),
            };
            self.next()?;
            self.skip_newlines()?;
            rest.push((connector, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, SyntaxError> {
        let mut negated = false;
        while self.take_keyword(b"!")? {
            negated = !negated;
        }
        let mut commands = vec![self.command()?];
        while matches!(self.peek()?, Token::Op("|")) {
            self.next()?;
            // `|&` of bash: both outputs into the pipe.
            if self.bash && matches!(self.peek()?, Token::Op("&")) {
                self.next()?;
                add_error_to_pipe(commands.last_mut());
            }
            self.skip_newlines()?;
            commands.push(self.command()?);
        }
        Ok(Pipeline { negated, commands })
    }

    fn at_keyword(&mut self, keyword: &[u8]) -> Result<bool, SyntaxError> {
        Ok(matches!(self.peek()?, Token::Word(word) if word.plain() == Some(keyword)))
    }

    fn take_keyword(&mut self, keyword: &[u8]) -> Result<bool, SyntaxError> {
        let found = self.at_keyword(keyword)?;
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn expect_keyword(&mut self, keyword: &'static str) -> Result<(), SyntaxError> {
        if self.take_keyword(keyword.as_bytes())? {
            return Ok(());
        }
        let token = self.next()?;
        Err(self.unexpected(&token, Some(keyword)))
    }

    fn command(&mut self) -> Result<Command, SyntaxError> {
        let keyword = match self.peek()? {
            Token::Op("(") => {
                self.next()?;
                if self.bash && self.byte() == Some(b'(') {
                    self.pos += 1;
                    let body = self.nested(|p| p.read_arithmetic())?;
                    return self.with_redirects(Compound::Arithmetic(body));
                }
                let body = self.nested(|p| {
                    let body = p.body(")")?;
                    match p.next()? {
                        Token::Op(")") => Ok(body),
                        token => Err(p.unexpected(&token, Some(")"))),
                    }
                })?;
                return self.with_redirects(Compound::Subshell(body.into()));
            }
            Token::Word(word) => match word.plain() {
                Some(text) if text.len() <= 8 => text.to_vec(),
                _ => Vec::new(),
            },
            Token::Redirect(..) => Vec::new(),
            _ => {
                let token = self.next()?;
                return Err(self.unexpected(&token, None));
            }
        };
        let compound: fn(&mut Self) -> Result<Compound, SyntaxError> = match &keyword[..] {
            b"if" => Self::if_command,
            b"while" | b"until" => Self::loop_command,
            b"for" => Self::for_command,
            b"case" => Self::case_command,
            b"{" => Self::group,
            b"function" => return self.nested(Self::function_keyword),
            b"then" | b"else" | b"elif" | b"fi" | b"do" | b"done" | b"esac" | b"}" => {
                let token = self.next()?;
                return Err(self.unexpected(&token, None));
            }
            _ => return self.simple(),
        };
        let body = self.nested(compound)?;
        self.with_redirects(body)
    }

    fn with_redirects(&mut self, body: Compound) -> Result<Command, SyntaxError> {
        let mut redirects = Vec::new();
        while matches!(self.peek()?, Token::Redirect(..)) {
            redirects.push(self.redirect()?);
        }
        Ok(Command::Compound { body, redirects })
    }

    fn group(&mut self) -> Result<Compound, SyntaxError> {
        self.next()?;
        let body = self.body("}")?;
        self.expect_keyword("}")?;
        Ok(Compound::Group(body))
    }

    fn if_command(&mut self) -> Result<Compound, SyntaxError> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        self.next()?;
        loop {
            let condition = self.body("then")?;
            self.expect_keyword("then")?;
            let body = self.body("fi")?;
            arms.push((condition, body));
            if self.take_keyword(b"elif")? {
                continue;
            }
            if self.take_keyword(b"else")? {
                otherwise = Some(self.body("fi")?);
            }
            self.expect_keyword("fi")?;
            return Ok(Compound::If { arms, otherwise });
        }
    }

    fn loop_command(&mut self) -> Result<Compound, SyntaxError> {
        let until = self.at_keyword(b"until")?;
        self.next()?;
        let condition = self.body("do")?;
        self.expect_keyword("do")?;
        let body = self.body("done")?;
        self.expect_keyword("done")?;
        Ok(Compound::Loop { until, condition, body })
    }

    fn for_command(&mut self) -> Result<Compound, SyntaxError> {
        self.next()?;
        if self.bash && self.peeked.is_none() {
            while matches!(self.byte(), Some(b' ' | b'\t')) {
                self.pos += 1;
            }
            if self.starts_with(b"((") {
                self.pos += 2;
                return self.for_arithmetic();
            }
        }
        let name = match self.next()? {
            Token::Word(word) if word.plain().is_some_and(is_name) => {
                Bytes::copy_from_slice(word.plain().unwrap_or_default())
            }
            Token::End => return Err(self.unterminated("bad for loop variable", "")),
            _ => {
                let mut error = self.unterminated("bad for loop variable", "");
                error.incomplete = false;
                return Err(error);
            }
        };
        self.skip_newlines()?;
        let mut words = None;
        if self.take_keyword(b"in")? {
            let mut list = Vec::new();
            while let Token::Word(_) = self.peek()? {
                let Token::Word(word) = self.next()? else { break };
                list.push(word);
            }
            words = Some(list);
            match self.peek()? {
                Token::Newline | Token::Op(";") => {
                    self.next()?;
                }
                _ => {
                    let token = self.next()?;
                    return Err(self.unexpected(&token, None));
                }
            }
        } else if matches!(self.peek()?, Token::Op(";")) {
            self.next()?;
        }
        let body = self.do_group()?;
        Ok(Compound::For { name, words, body })
    }

    fn do_group(&mut self) -> Result<List, SyntaxError> {
        self.skip_newlines()?;
        self.expect_keyword("do")?;
        let body = self.body("done")?;
        self.expect_keyword("done")?;
        Ok(body)
    }

    /// `for ((a; b; c))` of bash.
    fn for_arithmetic(&mut self) -> Result<Compound, SyntaxError> {
        let start = self.pos;
        self.nested(|p| p.read_arithmetic())?;
        let text = &self.src[start..self.pos - 2];
        let mut parts = [None, None, None];
        for (slot, part) in parts.iter_mut().zip(text.splitn(3, |b| *b == b';')) {
            if !part.trim_ascii().is_empty() {
                let mut inner = Parser::new(part, self.bash);
                inner.depth = self.depth;
                *slot = Some(Word { parts: vec![Part::Double(inner.read_double(None)?)] });
            }
        }
        if matches!(self.peek()?, Token::Op(";")) {
            self.next()?;
        }
        let body = self.do_group()?;
        Ok(Compound::ForArithmetic { parts, body })
    }

    fn case_command(&mut self) -> Result<Compound, SyntaxError> {
        self.next()?;
        let subject = match self.next()? {
            Token::Word(word) => word,
            token => return Err(self.unexpected(&token, None)),
        };
        self.skip_newlines()?;
        self.expect_keyword("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.take_keyword(b"esac")? {
                return Ok(Compound::Case { subject, arms });
            }
            if matches!(self.peek()?, Token::Op("(")) {
                self.next()?;
            }
            let mut patterns = Vec::new();
            loop {
                match self.next()? {
                    Token::Word(word) => patterns.push(word),
                    token => return Err(self.unexpected(&token, None)),
                }
                match self.next()? {
                    Token::Op("|") => {}
                    Token::Op(")") => break,
                    token => return Err(self.unexpected(&token, Some(")"))),
                }
            }
            let body = self.block()?;
            let falls_through = matches!(self.peek()?, Token::Op(";&"));
            let last = !matches!(self.peek()?, Token::Op(";;" | ";&"));
            arms.push(Case { patterns, body, falls_through });
            if last {
                self.expect_keyword("esac")?;
                return Ok(Compound::Case { subject, arms });
            }
            self.next()?;
        }
    }

    /// `function name [()] { ...; }`
    fn function_keyword(&mut self) -> Result<Command, SyntaxError> {
        self.next()?;
        let name = match self.next()? {
            Token::Word(word) if word.plain().is_some() => {
                Bytes::copy_from_slice(word.plain().unwrap_or_default())
            }
            token => return Err(self.unexpected(&token, None)),
        };
        if matches!(self.peek()?, Token::Op("(")) {
            self.next()?;
            match self.next()? {
                Token::Op(")") => {}
                token => return Err(self.unexpected(&token, Some(")"))),
            }
        }
        self.skip_newlines()?;
        let body = Arc::new(self.command()?);
        Ok(Command::Function { name, body })
    }

    fn simple(&mut self) -> Result<Command, SyntaxError> {
        let mut simple = Simple { line: self.line, ..Simple::default() };
        let mut double_bracket = false;
        loop {
            match self.peek()? {
                Token::Redirect(..) if !double_bracket => {
                    let redirect = self.redirect()?;
                    simple.redirects.push(redirect);
                }
                Token::Word(_) => {
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
                        let word = self.array_argument(word)?;
                        simple.words.push(word);
                    }
                }
                Token::Op("(")
                    if simple.words.len() == 1
                        && simple.assignments.is_empty()
                        && simple.redirects.is_empty()
                        && !double_bracket =>
                {
                    return self.function(simple.words.remove(0));
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
        Ok(Command::Simple(simple))
    }

    /// `name() body`: the name was read.
    fn function(&mut self, name: Word) -> Result<Command, SyntaxError> {
        self.next()?;
        match self.next()? {
            Token::Op(")") => {}
            token => return Err(self.unexpected(&token, Some(")"))),
        }
        let Some(name) = name.plain().map(Bytes::copy_from_slice) else {
            let mut error = self.unterminated("bad function name", "");
            error.incomplete = false;
            return Err(error);
        };
        self.skip_newlines()?;
        let body = Arc::new(self.nested(Self::command)?);
        Ok(Command::Function { name, body })
    }

    /// The word as an assignment, or back as it was.
    fn assignment(&mut self, mut word: Word) -> Result<Result<Assignment, Word>, SyntaxError> {
        let Some(Part::Literal(text)) = word.parts.first() else { return Ok(Err(word)) };
        let Some(equals) = text.iter().position(|b| *b == b'=') else { return Ok(Err(word)) };
        let (left, right) = (&text[..equals], &text[equals + 1..]);
        let (left, append) = match left.strip_suffix(b"+") {
            Some(left) if self.bash => (left, true),
            _ => (left, false),
        };
        let (name, subscript) = match left.iter().position(|b| *b == b'[') {
            Some(open) if self.bash && left.ends_with(b"]") => {
                let inner = left[open + 1..left.len() - 1].to_vec();
                let mut parser = Parser::new(&inner, true);
                parser.depth = self.depth;
                let parts = parser.read_double(None)?;
                (&left[..open], Some(Word { parts: vec![Part::Double(parts)] }))
            }
            _ => (left, None),
        };
        if !is_name(name) {
            return Ok(Err(word));
        }
        let name = Bytes::copy_from_slice(name);
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
    fn array(&mut self) -> Result<Vec<Word>, SyntaxError> {
        self.pos += 1;
        let mut elements = Vec::new();
        loop {
            match self.next()? {
                Token::Word(word) => elements.push(word),
                Token::Newline => {}
                Token::Op(")") => return Ok(elements),
                token => return Err(self.unexpected(&token, None)),
            }
        }
    }

    /// `local a=(x)` and the like: the list becomes one word's text.
    fn array_argument(&mut self, mut word: Word) -> Result<Word, SyntaxError> {
        if self.bash
            && self.peeked.is_none()
            && self.byte() == Some(b'(')
            && matches!(word.parts.last(), Some(Part::Literal(text)) if text.ends_with(b"="))
        {
            for (index, element) in self.array()?.into_iter().enumerate() {
                if index > 0 {
                    word.parts.push(Part::Quoted(b" ".to_vec()));
                }
                word.parts.extend(element.parts);
            }
        }
        Ok(word)
    }

    fn redirect(&mut self) -> Result<Redirect, SyntaxError> {
        let Token::Redirect(fd, op) = self.next()? else {
            return Err(self.unterminated("bad redirection", ""));
        };
        let word = match self.next()? {
            Token::Word(word) => word,
            token => return Err(self.unexpected(&token, None)),
        };
        let kind = match op {
            "<" => RedirectKind::Read,
            "<>" => RedirectKind::ReadWrite,
            ">" | ">|" => RedirectKind::Write,
            ">>" => RedirectKind::Append,
            "&>" => RedirectKind::Both,
            "&>>" => RedirectKind::BothAppend,
            "<&" => RedirectKind::Duplicate,
            ">&" => {
                let dup =
                    word.plain().is_none_or(|t| t == b"-" || t.iter().all(u8::is_ascii_digit));
                if dup || fd.is_some() { RedirectKind::Duplicate } else { RedirectKind::Both }
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
        Ok(Redirect { fd, kind, target })
    }

    fn announce_document(&mut self, delimiter: &Word, strip_tabs: bool) -> Target {
        let mut text = Vec::new();
        let quoted = flatten(&delimiter.parts, &mut text);
        let body = Arc::new(OnceLock::new());
        let pending = Pending { delimiter: text, strip_tabs, quoted, body: Arc::clone(&body) };
        self.documents.push(pending);
        Target::Document(body)
    }
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
            Part::Command(_) | Part::Arithmetic(_) => {}
        }
    }
    quoted
}

fn add_error_to_pipe(command: Option<&mut Command>) {
    let redirect = Redirect {
        fd: Some(2),
        kind: RedirectKind::Duplicate,
        target: Target::Word(Word::literal("1")),
    };
    match command {
        Some(Command::Simple(simple)) => simple.redirects.push(redirect),
        Some(Command::Compound { redirects, .. }) => redirects.push(redirect),
        _ => {}
    }
}
