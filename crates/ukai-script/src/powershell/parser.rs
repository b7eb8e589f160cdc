//! Statements, read from text: the grammar of Windows PowerShell's language specification,
//! chapter 8, as far as scripts use it. What is broken is skipped to the next line.

use super::ast::{
    Argument, Assign, Block, Body, Command, Element, Expr, Invoke, Match, NODE_BYTES, Operator,
    Statement,
};
use crate::held::Held;
use std::rc::Rc;

/// Nodes of one text that are read.
const NODES_MAX: usize = 200_000;
/// Broken statements of one text that are skipped.
const BROKEN_MAX: usize = 50;

/// A place that is not understood.
#[derive(Debug)]
pub(super) struct Broken(pub(super) &'static str);

pub(super) type Parse<T> = Result<T, Broken>;

/// A reader of one text.
#[derive(Debug)]
pub(super) struct Parser<'s> {
    pub(super) text: &'s str,
    pub(super) at: usize,
    pub(super) depth: usize,
    depth_max: usize,
    pub(super) nodes: usize,
    /// Whether it was cut for its size.
    is_over: bool,
}

/// A text as it was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) block: Block,
    pub(super) nodes: usize,
    pub(super) notes: Vec<String>,
}

/// Reads a script; `depth_max` is how far parts may stand within each other.
pub(super) fn parse(text: &str, depth_max: usize) -> Parsed {
    let plain = plain(text);
    let mut parser = Parser { text: &plain, at: 0, depth: 0, depth_max, nodes: 0, is_over: false };
    let mut notes = Vec::new();
    let block = parser.script(&mut notes);
    if parser.is_over {
        notes.push(format!("powershell: only the first {NODES_MAX} parts of a text are read"));
    }
    Parsed { block, nodes: parser.nodes, notes }
}

/// Typographic quotes and dashes are as good as plain ones.
fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    let to_plain = |c: char| match c {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => '"',
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => '\'',
        '\u{2013}' | '\u{2014}' | '\u{2015}' => '-',
        '\u{a0}' | '\u{85}' | '\u{feff}' => ' ',
        _ => c,
    };
    if text.chars().any(|c| to_plain(c) != c) {
        text.chars().map(to_plain).collect::<String>().into()
    } else {
        text.into()
    }
}

impl<'s> Parser<'s> {
    /// All of a text.
    fn script(&mut self, notes: &mut Vec<String>) -> Block {
        let mut block = Block { source: self.text.into(), ..Block::default() };
        let mut statements = Vec::new();
        let mut broken = 0;
        if let Ok(parameters) = self.parameters() {
            block.parameters = parameters.into();
        }
        loop {
            self.skip_separators();
            if self.at >= self.text.len() || self.is_over {
                break;
            }
            let start = self.at;
            self.depth = 0;
            match self.part(&mut block, &mut statements) {
                Ok(()) => {}
                Err(Broken(why)) => {
                    broken += 1;
                    if broken == 1 {
                        let line = 1 + self.text[..start].matches('\n').count();
                        notes.push(format!("powershell: line {line} is not understood: {why}"));
                    }
                    if broken >= BROKEN_MAX {
                        break;
                    }
                    self.resume(start);
                }
            }
            if self.at == start {
                // A closing brace too much.
                self.bump();
            }
        }
        block.body = statements.into();
        block.held = Some(Held::new(self.nodes * NODE_BYTES));
        block
    }

    /// Goes on behind the line, or the semicolon, where a statement is broken.
    fn resume(&mut self, start: usize) {
        let from = self.at.max(start + 1);
        let mut from = from.min(self.text.len());
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let rest = &self.text[from..];
        self.at = from + rest.find(['\n', ';']).map_or(rest.len(), |it| it + 1);
    }

    /// A statement, or a named block.
    fn part(&mut self, block: &mut Block, statements: &mut Vec<Statement>) -> Parse<()> {
        let word = self.peek_word().to_ascii_lowercase();
        if matches!(word.as_str(), "begin" | "process" | "end" | "dynamicparam") {
            let after = self.text[self.at + word.len()..].trim_start();
            if after.starts_with('{') {
                self.at += word.len();
                let body = self.body()?;
                match word.as_str() {
                    "begin" => block.begin = Some(body),
                    "process" => block.process = Some(body),
                    _ => statements.push(Statement::Group(body)),
                }
                return Ok(());
            }
        }
        let statement = self.statement()?;
        statements.push(statement);
        Ok(())
    }

    /// One deeper; each `deeper` that is `Ok` is followed by a `self.depth -= 1`.
    pub(super) fn deeper(&mut self) -> Parse<()> {
        if self.depth >= self.depth_max {
            return Err(Broken("too deep"));
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn node(&mut self) -> Parse<()> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            self.is_over = true;
            return Err(Broken("too long"));
        }
        Ok(())
    }

    pub(super) fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> u8 {
        self.byte(0)
    }

    /// The byte so far ahead; 0 behind the end.
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The next character is taken.
    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn expect(&mut self, text: &str, what: &'static str) -> Parse<()> {
        if self.eat(text) { Ok(()) } else { Err(Broken(what)) }
    }

    /// Blanks, comments and continued lines.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                b' ' | b'\t' | 0x0c | 0x0b => self.at += 1,
                b'`' if matches!(self.byte(1), b'\n' | b'\r') => {
                    self.at += if self.rest().starts_with("`\r\n") { 3 } else { 2 };
                }
                b'#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                b'<' if self.byte(1) == b'#' => {
                    self.at += self.rest().find("#>").map_or(self.rest().len(), |it| it + 2);
                }
                _ => break,
            }
        }
    }

    pub(super) fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            match self.peek() {
                b'\r' | b'\n' => self.at += 1,
                _ => break,
            }
        }
    }

    pub(super) fn skip_separators(&mut self) {
        loop {
            self.skip_blanks();
            match self.peek() {
                b'\r' | b'\n' | b';' => self.at += 1,
                0 if self.at < self.text.len() => self.at += 1,
                _ => break,
            }
        }
    }

    /// Letters, digits and dashes ahead.
    pub(super) fn peek_word(&self) -> &'s str {
        let rest = self.rest();
        let end =
            rest.bytes().position(|it| !(it.is_ascii_alphanumeric() || it == b'_' || it == b'-'));
        &rest[..end.unwrap_or(rest.len())]
    }

    /// `{ ... }`
    pub(super) fn body(&mut self) -> Parse<Body> {
        self.skip_lines();
        self.expect("{", "a block was expected")?;
        self.deeper()?;
        let statements = self.statements(b'}')?;
        self.depth -= 1;
        Ok(statements)
    }

    /// Statements up to a closing character, which is taken. The end of the text closes too.
    pub(super) fn statements(&mut self, close: u8) -> Parse<Body> {
        let mut statements = Vec::new();
        loop {
            self.skip_separators();
            if self.at >= self.text.len() {
                break;
            }
            if self.peek() == close {
                self.at += 1;
                break;
            }
            let before = self.at;
            statements.push(self.statement()?);
            if self.at == before {
                return Err(Broken("a statement was expected"));
            }
        }
        Ok(statements.into())
    }

    /// What stands between the braces of a script block, the opening one being taken.
    pub(super) fn block(&mut self) -> Parse<Block> {
        self.deeper()?;
        let (start, nodes) = (self.at, self.nodes);
        let mut block = Block { parameters: self.parameters()?.into(), ..Block::default() };
        let mut statements = Vec::new();
        loop {
            self.skip_separators();
            if self.at >= self.text.len() || self.peek() == b'}' {
                break;
            }
            let before = self.at;
            self.part(&mut block, &mut statements)?;
            if self.at == before {
                return Err(Broken("a statement was expected"));
            }
        }
        block.source = self.text[start..self.at].into();
        block.body = statements.into();
        block.held = Some(Held::new((self.nodes - nodes) * NODE_BYTES));
        self.eat("}");
        self.depth -= 1;
        Ok(block)
    }

    pub(super) fn statement(&mut self) -> Parse<Statement> {
        self.node()?;
        self.deeper()?;
        let statement = self.statement_within();
        self.depth -= 1;
        statement
    }

    fn statement_within(&mut self) -> Parse<Statement> {
        if self.peek() == b':' && self.byte(1) != b':' {
            self.at += 1;
            let label = self.peek_word();
            self.at += label.len();
            self.skip_lines();
            let labelled = Box::new(self.statement()?);
            return Ok(Statement::Labelled(label.to_ascii_lowercase().into(), labelled));
        }
        let word = self.peek_word();
        let keyword = word.to_ascii_lowercase();
        let start = self.at;
        self.at += word.len();
        let is_bare = !matches!(self.peek(), b'.' | b'\\' | b'/' | b':' | b'=' | b'`');
        match keyword.as_str() {
            "if" if is_bare => self.if_statement(),
            "while" if is_bare => {
                let condition = Some(Box::new(self.condition()?));
                Ok(Statement::While { condition, body: self.body()?, step: None })
            }
            "for" if is_bare => self.for_statement(),
            "foreach" if is_bare && self.rest().trim_start().starts_with(['(', '-']) => {
                self.foreach()
            }
            "do" if is_bare => {
                let body = self.body()?;
                self.skip_lines();
                let word = self.peek_word();
                self.at += word.len();
                let is_until = word.eq_ignore_ascii_case("until");
                let condition = Box::new(self.condition()?);
                Ok(Statement::Do { body, condition, is_until })
            }
            "switch" if is_bare => self.switch(),
            "function" | "filter" | "workflow" if is_bare && self.peek().is_ascii_whitespace() => {
                self.function(keyword == "filter")
            }
            "try" if is_bare => self.try_statement(),
            "trap" if is_bare => {
                self.skip_blanks();
                if self.peek() == b'[' {
                    self.skip_brackets();
                }
                Ok(Statement::Trap(self.body()?))
            }
            "return" if is_bare => Ok(Statement::Return(self.operand_statement()?)),
            "throw" if is_bare => Ok(Statement::Throw(self.operand_statement()?)),
            "break" | "continue" if is_bare => {
                self.skip_blanks();
                let label = self.peek_word();
                self.at += label.len();
                let label = (!label.is_empty()).then(|| label.to_ascii_lowercase().into());
                Ok(if keyword == "break" {
                    Statement::Break(label)
                } else {
                    Statement::Continue(label)
                })
            }
            "exit" if is_bare => {
                self.operand_statement()?;
                Ok(Statement::Exit)
            }
            "class" | "enum" if is_bare && self.peek() == b' ' => {
                if keyword == "class" {
                    self.class()
                } else {
                    self.enumeration()
                }
            }
            "using" if is_bare && self.peek() == b' ' => {
                let rest = self.rest();
                let line = &rest[..rest.find(['\n', ';']).unwrap_or(rest.len())];
                self.at += line.len();
                let mut words = line.split_ascii_whitespace();
                if let (Some(what), Some(space)) = (words.next(), words.next())
                    && what.eq_ignore_ascii_case("namespace")
                {
                    return Ok(Statement::Using(super::literals::type_name(space)));
                }
                Ok(Statement::Group(Rc::from([])))
            }
            _ => {
                self.at = start;
                self.pipeline()
            }
        }
    }

    /// The text from a place up to here.
    pub(super) fn text_from(&self, start: usize) -> Option<&'s str> {
        self.text.get(start..self.at)
    }

    fn at_end_of_statement(&self) -> bool {
        matches!(self.peek(), 0 | b';' | b'\n' | b'\r' | b'}' | b')')
    }

    /// What follows `return` and `throw`, if something does.
    fn operand_statement(&mut self) -> Parse<Option<Box<Statement>>> {
        self.skip_blanks();
        if self.at_end_of_statement() {
            return Ok(None);
        }
        Ok(Some(Box::new(self.statement()?)))
    }

    /// `( ... )` of a loop or an `if`.
    fn condition(&mut self) -> Parse<Statement> {
        self.skip_lines();
        self.expect("(", "a condition was expected")?;
        self.skip_lines();
        let statement = self.statement()?;
        self.skip_lines();
        self.expect(")", "a condition does not end")?;
        Ok(statement)
    }

    fn if_statement(&mut self) -> Parse<Statement> {
        let mut arms = vec![(self.condition()?, self.body()?)];
        let mut otherwise = None;
        loop {
            let before = self.at;
            self.skip_lines();
            let word = self.peek_word();
            self.at += word.len();
            if word.eq_ignore_ascii_case("elseif") {
                arms.push((self.condition()?, self.body()?));
            } else if word.eq_ignore_ascii_case("else") {
                otherwise = Some(self.body()?);
                break;
            } else {
                self.at = before;
                break;
            }
        }
        Ok(Statement::If { arms, otherwise })
    }

    fn for_statement(&mut self) -> Parse<Statement> {
        self.skip_lines();
        self.expect("(", "a condition was expected")?;
        let mut parts = Vec::new();
        for close in [b';', b';', b')'] {
            self.skip_lines();
            if self.peek() == close || self.peek() == b')' {
                parts.push(None);
            } else {
                let first = self.statement()?;
                let mut all = vec![first];
                self.skip_lines();
                while self.eat(",") {
                    self.skip_lines();
                    all.push(self.statement()?);
                    self.skip_lines();
                }
                parts.push(Some(Box::new(match all.len() {
                    1 => all.swap_remove(0),
                    _ => Statement::Group(all.into()),
                })));
            }
            self.skip_lines();
            if close == b';' {
                self.eat(";");
            }
        }
        self.expect(")", "a loop's head does not end")?;
        let body = self.body()?;
        let mut parts = parts.into_iter();
        let (first, condition, step) =
            (parts.next().flatten(), parts.next().flatten(), parts.next().flatten());
        let turns = Statement::While { condition, body, step };
        Ok(match first {
            // What the loop begins with has no output.
            Some(first) => Statement::Group([*first, turns].into()),
            None => turns,
        })
    }

    fn foreach(&mut self) -> Parse<Statement> {
        self.skip_blanks();
        while self.peek() == b'-' {
            self.at += self.peek_word().len();
            self.skip_blanks();
        }
        self.expect("(", "a loop's head was expected")?;
        self.skip_lines();
        self.expect("$", "a variable was expected")?;
        let variable = self.name().ok_or(Broken("a variable was expected"))?;
        self.skip_lines();
        let word = self.peek_word();
        if !word.eq_ignore_ascii_case("in") {
            return Err(Broken("`in` was expected"));
        }
        self.at += word.len();
        self.skip_lines();
        let over = Box::new(self.statement()?);
        self.skip_lines();
        self.expect(")", "a loop's head does not end")?;
        Ok(Statement::Foreach { variable, over, body: self.body()? })
    }

    fn switch(&mut self) -> Parse<Statement> {
        let mut kind = Match::Exact;
        self.skip_blanks();
        while self.peek() == b'-' {
            let word = self.peek_word();
            self.at += word.len();
            match word.to_ascii_lowercase().as_str() {
                "-wildcard" => kind = Match::Wildcard,
                "-regex" => kind = Match::Regex,
                _ => {}
            }
            self.skip_blanks();
        }
        let over = Box::new(self.condition()?);
        self.skip_lines();
        self.expect("{", "a block was expected")?;
        let (mut arms, mut otherwise) = (Vec::new(), None);
        loop {
            self.skip_separators();
            if self.at >= self.text.len() || self.eat("}") {
                break;
            }
            self.node()?;
            let word = self.peek_word();
            if word.eq_ignore_ascii_case("default") {
                self.at += word.len();
                otherwise = Some(self.body()?);
            } else {
                let test = self.argument()?;
                arms.push((test, self.body()?));
            }
        }
        Ok(Statement::Switch { kind, over, arms, otherwise })
    }

    fn function(&mut self, is_filter: bool) -> Parse<Statement> {
        self.skip_blanks();
        let rest = self.rest();
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | '{')).unwrap_or(rest.len());
        let name = rest[..end].replace('`', "").to_ascii_lowercase();
        let name = name.rsplit(':').next().unwrap_or_default();
        self.at += end;
        self.skip_lines();
        let parameters = if self.eat("(") { self.parameter_list()? } else { Vec::new() };
        self.skip_lines();
        self.expect("{", "a block was expected")?;
        let mut block = self.block()?;
        if block.parameters.is_empty() {
            block.parameters = parameters.into();
        }
        block.is_filter = is_filter;
        Ok(Statement::Function { name: name.into(), block: Rc::new(block) })
    }

    fn try_statement(&mut self) -> Parse<Statement> {
        let body = self.body()?;
        let (mut catches, mut last) = (Vec::new(), None);
        loop {
            let before = self.at;
            self.skip_lines();
            let word = self.peek_word();
            self.at += word.len();
            if word.eq_ignore_ascii_case("catch") {
                self.skip_lines();
                while self.peek() == b'[' {
                    self.skip_brackets();
                    self.skip_lines();
                    self.eat(",");
                    self.skip_lines();
                }
                catches.push(self.body()?);
            } else if word.eq_ignore_ascii_case("finally") {
                last = Some(self.body()?);
            } else {
                self.at = before;
                break;
            }
        }
        Ok(Statement::Try { body, catches, last })
    }

    /// Commands and expressions with `|` between them, or an assignment.
    fn pipeline(&mut self) -> Parse<Statement> {
        let mut elements = Vec::new();
        loop {
            self.skip_blanks();
            self.node()?;
            if self.begins_expression() {
                let expr = self.expression()?;
                self.skip_blanks();
                if elements.is_empty()
                    && let Some(operator) = self.assignment()
                {
                    self.skip_lines();
                    let value = Box::new(self.statement()?);
                    return Ok(Statement::Assign { target: expr, operator, value });
                }
                let mut to = None;
                while self.redirections(&mut to)? {
                    self.skip_blanks();
                }
                elements.push(Element::Expr(expr, to));
            } else {
                elements.push(Element::Command(self.command()?));
            }
            self.skip_blanks();
            match (self.peek(), self.byte(1)) {
                (b'|', b'|') | (b'&', b'&') => {
                    // Both sides are of interest.
                    self.at += 2;
                    self.skip_lines();
                    break;
                }
                (b'|', _) => {
                    self.at += 1;
                    self.skip_lines();
                }
                (b'&', _) => {
                    self.at += 1;
                    break;
                }
                (b'\r' | b'\n', _) if self.pipe_follows() => {
                    self.skip_lines();
                    self.at += 1;
                    self.skip_lines();
                }
                _ => break,
            }
        }
        Ok(Statement::Pipeline(elements))
    }

    /// Whether the next line begins with `|`, as of PowerShell 7.
    fn pipe_follows(&self) -> bool {
        let rest = self.rest().trim_start();
        rest.starts_with('|') && !rest.starts_with("||")
    }

    fn assignment(&mut self) -> Option<Assign> {
        let (operator, length) = match (self.peek(), self.byte(1)) {
            (b'=', _) => (Assign::Set, 1),
            (b'+', b'=') => (Assign::With(Operator::Add), 2),
            (b'-', b'=') => (Assign::With(Operator::Subtract), 2),
            (b'*', b'=') => (Assign::With(Operator::Multiply), 2),
            (b'/', b'=') => (Assign::With(Operator::Divide), 2),
            (b'%', b'=') => (Assign::With(Operator::Modulo), 2),
            (b'?', b'?') if self.byte(2) == b'=' => (Assign::IfNull, 3),
            _ => return None,
        };
        self.at += length;
        Some(operator)
    }

    fn begins_expression(&self) -> bool {
        match self.peek() {
            b'$' | b'(' | b'\'' | b'"' | b'[' | b'@' | b'{' | b'!' | b'+' | b',' => true,
            b'-' => self.byte(1) != b'\\',
            b'.' => self.byte(1).is_ascii_digit(),
            b'0'..=b'9' => {
                let word = self.peek_word();
                let digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
                digits.is_empty()
                    || digits.starts_with('-')
                    || super::literals::number(word).is_some()
            }
            _ => false,
        }
    }

    fn command(&mut self) -> Parse<Command> {
        let how = match self.peek() {
            b'&' => Invoke::Call,
            b'.' if matches!(
                self.byte(1),
                b' ' | b'\t' | b'(' | b'$' | b'{' | b'\'' | b'"' | b'`'
            ) =>
            {
                Invoke::Dot
            }
            _ => Invoke::Plain,
        };
        if how != Invoke::Plain {
            self.at += 1;
            self.skip_blanks();
        }
        let start = self.at;
        let name = self.argument()?;
        if self.at == start {
            return Err(Broken("a command was expected"));
        }
        let (mut arguments, mut to) = (Vec::new(), None);
        loop {
            self.skip_blanks();
            if self.redirections(&mut to)? {
                continue;
            }
            if self.ends_arguments() {
                break;
            }
            self.node()?;
            let before = self.at;
            if self.rest().starts_with("--%") {
                let rest = self.rest();
                let end = rest.find(['\r', '\n', '|']).unwrap_or(rest.len());
                arguments.push(Argument::Value(Expr::Text(rest[3..end.max(3)].trim().into())));
                self.at += end;
                break;
            }
            arguments.push(self.command_argument()?);
            if self.at == before {
                return Err(Broken("an argument was expected"));
            }
        }
        Ok(Command { how, name, arguments, to })
    }

    fn ends_arguments(&self) -> bool {
        matches!(self.peek(), b'|' | b'&' | b']') || self.at_end_of_statement()
    }

    fn command_argument(&mut self) -> Parse<Argument> {
        if self.peek() == b'-' && (self.byte(1).is_ascii_alphabetic() || self.byte(1) == b'`') {
            self.at += 1;
            let mut name = String::new();
            while let c @ (b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'`') =
                self.peek()
            {
                if c != b'`' {
                    name.push(char::from(c));
                }
                self.at += 1;
            }
            let value = if self.peek() == b':' && name.len() > 1 {
                self.at += 1;
                self.skip_blanks();
                Some(self.with_commas(Self::argument)?)
            } else {
                None
            };
            return Ok(Argument::Parameter(name.into(), value));
        }
        if self.peek() == b'@' && (self.byte(1).is_ascii_alphabetic() || self.byte(1) == b'_') {
            self.at += 1;
            return Ok(Argument::Splat(self.name().ok_or(Broken("a variable was expected"))?));
        }
        Ok(Argument::Value(self.with_commas(Self::argument)?))
    }

    /// `> path`, `2>&1`: whether there was one.
    fn redirections(&mut self, to: &mut Option<(Expr, bool)>) -> Parse<bool> {
        let stream = self.peek();
        let ahead = usize::from(matches!(stream, b'0'..=b'9' | b'*') && self.byte(1) == b'>');
        if self.byte(ahead) != b'>' {
            return Ok(false);
        }
        self.at += ahead + 1;
        let append = self.eat(">");
        if self.eat("&") {
            self.at += usize::from(self.peek().is_ascii_digit());
            return Ok(true);
        }
        self.skip_blanks();
        let path = self.argument()?;
        if ahead == 0 || matches!(stream, b'1' | b'*') {
            *to = Some((path, append));
        }
        Ok(true)
    }
}
