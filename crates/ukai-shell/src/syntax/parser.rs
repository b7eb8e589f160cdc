//! The grammar: from tokens to a tree, one complete command at a time.

use super::ast::{
    AndOr, Case, Command, Compound, Connector, Item, List, Part, Pipeline, Redirect, RedirectKind,
    Simple, Target, TimeForm, Word,
};
use super::lexer::{Pending, Token, Unended, is_name};
use super::{ShellKind, SyntaxError};
use bytes::Bytes;
use std::fmt::Write as _;
use std::sync::Arc;

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
    pub(super) kind: ShellKind,
    pub(super) peeked: Option<Token>,
    pub(super) token_start: usize,
    pub(super) documents: Vec<Pending>,
    /// A here-document's end was not seen.
    pub(super) open_document: bool,
    /// The text ends in a backslash-newline.
    pub(super) open_line: bool,
    /// Here-documents that the end of the text ended, to be warned of.
    pub(super) unended: Vec<Unended>,
}

impl<'a> Parser<'a> {
    /// A parser for `src`, which knows what that kind of shell knows.
    pub(crate) fn new(src: &'a [u8], kind: ShellKind) -> Self {
        Self {
            src,
            pos: 0,
            line: 1,
            depth: 0,
            bash: kind == ShellKind::Bash,
            kind,
            peeked: None,
            token_start: 0,
            documents: Vec::new(),
            open_document: false,
            open_line: false,
            unended: Vec::new(),
        }
    }

    /// The here-documents of the last command that were not ended.
    pub(crate) fn take_unended(&mut self) -> Vec<Unended> {
        std::mem::take(&mut self.unended)
    }

    /// The same parser, for a text that begins at this line of a longer one.
    pub(crate) fn at_line(mut self, line: u32) -> Self {
        self.line = line;
        self
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
            opened: None,
            in_array: false,
            too_deep: false,
        }
    }

    /// The same for a quote or bracket that was opened at `line` and not closed.
    pub(super) fn unclosed(&self, message: &str, near: &str, line: u32) -> SyntaxError {
        SyntaxError { opened: Some(line), ..self.unterminated(message, near) }
    }

    /// A token at a place where no newline may stand: bash takes the end of a text for
    /// a newline there.
    pub(super) fn unexpected_here(&self, token: &Token, expecting: Option<&str>) -> SyntaxError {
        if self.bash && matches!(token, Token::End) {
            let mut error = self.unexpected(&Token::Newline, None);
            error.line = self.line;
            return error;
        }
        self.unexpected(token, expecting)
    }

    pub(super) fn unexpected(&self, token: &Token, expecting: Option<&str>) -> SyntaxError {
        let (name, near) = match token {
            Token::End => ("end of file".to_owned(), "end of file".to_owned()),
            Token::Newline => ("newline".to_owned(), "newline".to_owned()),
            Token::Op(op) => (format!("\"{op}\""), (*op).to_owned()),
            Token::Redirect(_, op) | Token::VariableRedirect(_, op) => {
                ("redirection".to_owned(), (*op).to_owned())
            }
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
            let _ = write!(message, " (expecting \"{expecting}\")");
        }
        let newline = u32::from(matches!(token, Token::Newline));
        SyntaxError {
            message,
            near,
            line: self.line - newline.min(self.line - 1),
            incomplete: matches!(token, Token::End),
            opened: None,
            in_array: false,
            too_deep: false,
        }
    }

    /// A list that ends with the line.
    fn line_list(&mut self) -> Result<List, SyntaxError> {
        let mut list = List::default();
        loop {
            let separated = self.item(&mut list)?;
            let ended = matches!(self.peek()?, Token::Newline | Token::End);
            if ended || !separated || !self.starts_command()? {
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
            if !self.item(&mut list)? && !matches!(self.peek()?, Token::Newline) {
                return Ok(list);
            }
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
            token => {
                let mut error = self.unexpected(&token, Some(")"));
                if error.incomplete {
                    let open_line = u32::from(!self.src.ends_with(b"\n"));
                    ")".clone_into(&mut error.near);
                    error.opened = Some(self.line + open_line);
                }
                Err(error)
            }
        }
    }

    pub(super) fn list_until_end(&mut self) -> Result<List, SyntaxError> {
        let list = self.block()?;
        match self.next()? {
            Token::End => Ok(list),
            token => Err(self.unexpected(&token, None)),
        }
    }

    pub(super) fn skip_newlines(&mut self) -> Result<(), SyntaxError> {
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
            Token::Redirect(..) | Token::VariableRedirect(..) => true,
            Token::Word(word) => !matches!(
                word.plain(),
                Some(b"then" | b"else" | b"elif" | b"fi" | b"do" | b"done" | b"esac" | b"}")
            ),
        })
    }

    /// What `jobs` shows of a command.
    pub(super) fn item_text(&self, start: usize, end: usize) -> Bytes {
        const SHOWN_BYTES: usize = 256;
        let text = self.src.get(start..end).unwrap_or_default().trim_ascii();
        Bytes::copy_from_slice(&text[..text.len().min(SHOWN_BYTES)])
    }

    /// One item of a list; whether `;` or `&` ended it.
    fn item(&mut self, list: &mut List) -> Result<bool, SyntaxError> {
        self.peek()?;
        let start = self.token_start;
        let and_or = Arc::new(self.and_or()?);
        let background = match self.peek()? {
            Token::Op("&") => true,
            Token::Op(";") => false,
            _ => {
                let end = self.token_start;
                let text = self.item_text(start, end);
                list.items.push(Item { and_or, background: false, text });
                return Ok(false);
            }
        };
        let end = self.token_start;
        self.next()?;
        let text = self.item_text(start, end);
        list.items.push(Item { and_or, background, text });
        if let Token::Op(";" | "&" | "&&" | "||" | "|") = self.peek()? {
            let token = self.next()?;
            return Err(self.unexpected(&token, None));
        }
        Ok(true)
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
        let mut timed = None;
        loop {
            if self.take_keyword(b"!")? {
                negated = !negated;
            } else if self.bash && self.take_keyword(b"time")? {
                let posix = self.take_keyword(b"-p")?;
                timed = Some(if posix { TimeForm::Posix } else { TimeForm::Bash });
            } else {
                break;
            }
        }
        if (timed.is_some() || (self.bash && negated))
            && matches!(self.peek()?, Token::Newline | Token::End | Token::Op(";"))
        {
            let nothing = Command::Simple(Simple::default());
            return Ok(Pipeline { negated, timed, commands: vec![nothing] });
        }
        let mut commands = vec![self.command()?];
        while matches!(self.peek()?, Token::Op("|")) {
            self.next()?;
            // `|&` of bash: both outputs into the pipe.
            if self.bash && matches!(self.peek()?, Token::Op("&")) {
                self.next()?;
                if let Some(last) = commands.last_mut() {
                    add_error_to_pipe(last);
                }
            }
            self.skip_newlines()?;
            commands.push(self.command()?);
        }
        Ok(Pipeline { negated, timed, commands })
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

    pub(super) fn command(&mut self) -> Result<Command, SyntaxError> {
        let keyword = match self.peek()? {
            Token::Op("(") => {
                self.next()?;
                if self.bash && self.byte() == Some(b'(') {
                    self.pos += 1;
                    let body = self.nested(Parser::read_arithmetic)?;
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
            Token::Redirect(..) | Token::VariableRedirect(..) => Vec::new(),
            _ => {
                let token = self.next()?;
                return Err(self.unexpected(&token, None));
            }
        };
        let compound: fn(&mut Self) -> Result<Compound, SyntaxError> = match &keyword[..] {
            b"if" => Self::if_command,
            b"while" | b"until" => Self::loop_command,
            b"for" => Self::for_command,
            b"select" if self.bash => Self::select_command,
            b"coproc" if self.bash => Self::coprocess,
            b"case" => Self::case_command,
            b"{" => Self::group,
            b"function" if self.kind != ShellKind::Dash => {
                return self.nested(Self::function_keyword);
            }
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
        while matches!(self.peek()?, Token::Redirect(..) | Token::VariableRedirect(..)) {
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
            token @ (Token::End | Token::Newline) if self.bash => {
                return Err(self.unexpected_here(&token, None));
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

    fn select_command(&mut self) -> Result<Compound, SyntaxError> {
        // `select ((` is no arithmetic: the keyword is peeked at, so this is the loop
        // over words.
        Ok(match self.for_command()? {
            Compound::For { name, words, body } => Compound::Select { name, words, body },
            other => other,
        })
    }

    /// `coproc [NAME] command`: a name stands only before a compound command.
    fn coprocess(&mut self) -> Result<Compound, SyntaxError> {
        self.next()?;
        self.peek()?;
        let start = self.token_start;
        let mut name = Bytes::from_static(b"COPROC");
        if let Token::Word(word) = self.peek()?
            && let Some(text) = word.plain().filter(|t| is_name(t))
        {
            let text = Bytes::copy_from_slice(text);
            let rest = self.src[self.pos..].trim_ascii_start();
            if rest.starts_with(b"{") || rest.starts_with(b"(") {
                self.next()?;
                name = text;
            }
        }
        let command = Arc::new(self.command()?);
        let end = if self.peeked.is_some() { self.token_start } else { self.pos };
        let text = self.item_text(start, end);
        Ok(Compound::Coprocess { name, command, text })
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
        self.nested(Parser::read_arithmetic)?;
        let text = &self.src[start..self.pos - 2];
        let mut parts = [None, None, None];
        for (slot, part) in parts.iter_mut().zip(text.splitn(3, |b| *b == b';')) {
            if !part.trim_ascii().is_empty() {
                let mut inner = Parser::new(part, self.kind);
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
            token => return Err(self.unexpected_here(&token, None)),
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
                    token => {
                        let expecting = matches!(token, Token::End).then_some(")");
                        return Err(self.unexpected(&token, expecting));
                    }
                }
                match self.next()? {
                    Token::Op("|") => {}
                    Token::Op(")") => break,
                    token => return Err(self.unexpected_here(&token, Some(")"))),
                }
            }
            let body = self.block()?;
            let falls_through = matches!(self.peek()?, Token::Op(";&"));
            let goes_on = matches!(self.peek()?, Token::Op(";;&"));
            let last = !matches!(self.peek()?, Token::Op(";;" | ";&" | ";;&"));
            arms.push(Case { patterns, body, falls_through, goes_on });
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
            token => return Err(self.unexpected_here(&token, None)),
        };
        if matches!(self.peek()?, Token::Op("(")) {
            self.next()?;
            match self.next()? {
                Token::Op(")") => {}
                token => return Err(self.unexpected(&token, Some(")"))),
            }
        }
        self.skip_newlines()?;
        let start = self.pos;
        let body = Arc::new(self.nested(Self::command)?);
        Ok(Command::Function { name, body, bytes: self.pos.saturating_sub(start) })
    }
}

fn add_error_to_pipe(command: &mut Command) {
    let redirect = Redirect {
        fd: Some(2),
        variable: None,
        kind: RedirectKind::Duplicate,
        target: Target::Word(Word::literal("1")),
    };
    match command {
        Command::Simple(simple) => simple.redirects.push(redirect),
        Command::Compound { redirects, .. } => redirects.push(redirect),
        Command::Function { .. } => {}
    }
}
