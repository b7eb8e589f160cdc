//! Statements. A line that is not understood is passed over.

use super::ast::{
    Block, Bound, Class, Condition, Declare, Declared, Exit, Expression, Name, Operator, Parameter,
    Procedure, Program, Statement, Test,
};
use super::lexer::{Placed, Token};
use std::rc::Rc;

/// Lines that are told to be unknown.
const UNKNOWN_LINES_MAX: usize = 8;

/// Levels that a statement inside another counts.
const STATEMENT_LEVELS: usize = 3;

/// A statement is not understood; the rest of its line is passed over.
pub(super) struct Failed;

/// Reads tokens.
pub(super) struct Parser<'a> {
    tokens: &'a [Placed],
    at: usize,
    depth: usize,
    depth_max: usize,
    /// Where the bracket of the last call opened.
    bracket: usize,
    /// The default member of the class that is read.
    default: Option<Name>,
    program: Program,
}

/// Reads a whole text; statements and brackets go `depth_max` inside each other.
pub(super) fn parse(tokens: &[Placed], depth_max: usize) -> Program {
    let program = Program::default();
    let mut parser =
        Parser { tokens, at: 0, depth: 0, depth_max, bracket: 0, default: None, program };
    loop {
        let body = parser.block(&[]);
        parser.program.body.extend(body);
        if parser.token().is_none() {
            break;
        }
        // An end of something that did not begin.
        parser.skip_line();
    }
    parser.program
}

impl Parser<'_> {
    pub(super) fn token(&self) -> Option<&Token> {
        self.token_at(0)
    }

    pub(super) fn token_at(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|it| &it.token)
    }

    pub(super) fn is_spaced(&self) -> bool {
        self.tokens.get(self.at).is_some_and(|it| it.spaced)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The bracket of the call that was read last stands there.
    pub(super) fn open_bracket(&mut self, at: usize) {
        self.bracket = at;
    }

    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        self.deeper_by(1, read)
    }

    /// Reads something that stands so many levels inside what is around.
    pub(super) fn deeper_by<T>(
        &mut self,
        levels: usize,
        read: impl FnOnce(&mut Self) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let around = self.depth;
        if around + levels > self.depth_max {
            return Err(Failed);
        }
        self.depth += levels;
        let result = read(self);
        self.depth = around;
        result
    }

    pub(super) fn token_is(&self, name: &str) -> bool {
        self.word_at(0) == Some(name)
    }

    fn word_at(&self, ahead: usize) -> Option<&str> {
        match self.token_at(ahead) {
            Some(Token::Name(name)) => Some(name),
            _ => None,
        }
    }

    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let found = self.token_is(name);
        self.at += usize::from(found);
        found
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.token(), Some(Token::Symbol(it)) if *it == symbol);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str) -> Result<(), Failed> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(Failed) }
    }

    fn expect_name(&mut self, name: &str) -> Result<(), Failed> {
        if self.take_name(name) { Ok(()) } else { Err(Failed) }
    }

    pub(super) fn name(&mut self) -> Result<Name, Failed> {
        match self.token() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.advance();
                Ok(name)
            }
            _ => Err(Failed),
        }
    }

    fn at_end(&self) -> bool {
        matches!(self.token(), None | Some(Token::End))
    }

    fn skip_line(&mut self) {
        while !self.at_end() {
            self.advance();
        }
        self.advance();
    }

    fn unknown_line(&mut self) {
        let line = self.tokens.get(self.at.min(self.tokens.len().saturating_sub(1)));
        if let Some(placed) = line
            && self.program.unknown_lines.len() < UNKNOWN_LINES_MAX
        {
            self.program.unknown_lines.push(placed.line);
        }
        self.skip_line();
    }

    /// Statements up to one of the words, or to the end of what is around.
    fn block(&mut self, ends: &[&str]) -> Block {
        if self.depth + STATEMENT_LEVELS > self.depth_max {
            self.unknown_line();
            return Block::new();
        }
        self.depth += STATEMENT_LEVELS;
        let mut block = Block::new();
        while let Some(token) = self.token() {
            if *token == Token::End {
                self.advance();
                continue;
            }
            if let Token::Name(word) = token
                && (ends.contains(&&**word) || closes(word, self.word_at(1)))
            {
                break;
            }
            let before = self.at;
            match self.statement() {
                Ok(statement) => block.extend(statement),
                Err(Failed) => self.unknown_line(),
            }
            // A statement that took nothing would be met for ever.
            if self.at == before {
                self.advance();
            }
        }
        self.depth -= STATEMENT_LEVELS;
        block
    }

    /// The line that ends a block: `End If`, `Next i`.
    fn close(&mut self, words: &[&str]) {
        for word in words {
            if !self.take_name(word) {
                return;
            }
        }
        while !self.at_end() {
            self.advance();
        }
    }

    fn statement(&mut self) -> Result<Option<Statement>, Failed> {
        let Some(Token::Name(word)) = self.token() else {
            return self.simple().map(Some);
        };
        let word = word.clone();
        // `name = ...` and `name.member` are never keywords.
        let follows = self.token_at(1);
        let close = self.tokens.get(self.at + 1).is_some_and(|it| !it.spaced);
        let member = follows == Some(&Token::Symbol(".")) && close;
        if member || follows == Some(&Token::Symbol("=")) {
            return self.simple().map(Some);
        }
        let start = self.at;
        self.advance();
        Ok(Some(match &*word {
            "dim" | "static" | "redim" | "const" | "private" | "public" | "global" | "friend"
            | "default" => return self.declaration(&word),
            "set" | "let" => {
                let target = self.postfix()?;
                self.expect_symbol("=")?;
                Statement::Assign { target, value: self.expression()? }
            }
            "call" => match self.postfix()? {
                Expression::Call(callee, arguments) => {
                    Statement::Call { callee: *callee, arguments }
                }
                callee => Statement::Call { callee, arguments: Vec::new() },
            },
            "if" => self.conditional()?,
            "select" => self.selection()?,
            "for" => self.counted()?,
            "while" => {
                let test = self.expression()?;
                let body = self.block(&["wend"]);
                self.close(&["wend"]);
                let before = Some(Condition { until: false, test });
                Statement::Loop { before, after: None, body }
            }
            "do" => {
                let before = self.condition()?;
                let body = self.block(&["loop"]);
                self.take_name("loop");
                let after = self.condition()?;
                Statement::Loop { before, after, body }
            }
            "exit" => Statement::Exit(match &*self.name()? {
                "do" => Exit::Do,
                "for" => Exit::For,
                _ => Exit::Procedure,
            }),
            "sub" | "function" | "property" => {
                self.procedure(&word)?;
                return Ok(None);
            }
            "class" => {
                self.class()?;
                return Ok(None);
            }
            "declare" => {
                self.declare()?;
                return Ok(None);
            }
            "type" | "enum" => {
                self.skip_to_end_of(&word);
                return Ok(None);
            }
            "with" => {
                let object = self.expression()?;
                let body = self.block(&[]);
                self.close(&["end", "with"]);
                Statement::With(object, body)
            }
            "on" if self.token_is("error") => {
                self.skip_rest();
                Statement::OnError
            }
            "option" | "attribute" | "randomize" | "goto" | "gosub" | "resume" | "implements"
            | "event" | "stop" | "version" => {
                self.skip_rest();
                return Ok(None);
            }
            // What a class of VBA begins with where it was exported.
            "begin" if self.at_end() => {
                while self.token().is_some() && !self.token_is("end") {
                    self.advance();
                }
                self.skip_rest();
                return Ok(None);
            }
            "erase" => Statement::Erase(self.arguments()?),
            "end" => {
                let callee = Expression::Name("end".into());
                Statement::Call { callee, arguments: Vec::new() }
            }
            "open" if !matches!(self.token(), Some(Token::Symbol("(" | "="))) => self.open()?,
            "print" | "write" | "put" if self.token() == Some(&Token::Symbol("#")) => {
                self.print(&word)?
            }
            "close" => Statement::Close(if self.at_end() { Vec::new() } else { self.arguments()? }),
            _ => {
                self.at = start;
                self.simple()?
            }
        }))
    }

    fn skip_rest(&mut self) {
        while !self.at_end() {
            self.advance();
        }
    }

    fn skip_to_end_of(&mut self, word: &str) {
        while self.token().is_some() {
            if self.token_is("end") && self.word_at(1) == Some(word) {
                self.close(&["end", word]);
                return;
            }
            self.advance();
        }
    }

    /// An assignment or a call.
    fn simple(&mut self) -> Result<Statement, Failed> {
        let start = self.at;
        self.bracket = start;
        let target = self.postfix()?;
        if self.take_symbol("=") {
            return Ok(Statement::Assign { target, value: self.expression()? });
        }
        if self.at_end() || self.token_is("else") || self.token_is("end") {
            return Ok(match target {
                Expression::Call(callee, arguments) => {
                    Statement::Call { callee: *callee, arguments }
                }
                callee => Statement::Call { callee, arguments: Vec::new() },
            });
        }
        // `f (a) & b, c`: the brackets are not those of the call.
        let callee = match target {
            Expression::Call(callee, _) if self.bracket > start => {
                self.at = self.bracket;
                *callee
            }
            other => other,
        };
        let arguments = self.arguments()?;
        if self.at_end() || self.token_is("else") {
            Ok(Statement::Call { callee, arguments })
        } else {
            Err(Failed)
        }
    }

    fn declaration(&mut self, word: &str) -> Result<Option<Statement>, Failed> {
        match self.word_at(0) {
            Some(next @ ("sub" | "function" | "property")) if word != "dim" => {
                let next = next.to_owned();
                self.advance();
                self.procedure(&next)?;
                return Ok(None);
            }
            Some("declare") if word != "dim" => {
                self.advance();
                self.declare()?;
                return Ok(None);
            }
            Some(next @ ("type" | "enum")) if word != "dim" => {
                let next = next.to_owned();
                self.skip_to_end_of(&next);
                return Ok(None);
            }
            Some(next @ ("default" | "static" | "withevents")) if self.word_at(1).is_some() => {
                let is_default = next == "default";
                self.advance();
                let done = self.declaration_of(word);
                if is_default {
                    self.default = self.program.procedures.last().map(|it| it.name.clone());
                }
                return done;
            }
            _ => {}
        }
        self.declaration_of(word)
    }

    fn declaration_of(&mut self, word: &str) -> Result<Option<Statement>, Failed> {
        match self.word_at(0) {
            Some("const") if word != "dim" => {
                self.advance();
                return self.constants().map(Some);
            }
            Some(next @ ("sub" | "function" | "property")) => {
                let next = next.to_owned();
                self.advance();
                self.procedure(&next)?;
                return Ok(None);
            }
            _ => {}
        }
        if word == "const" {
            return self.constants().map(Some);
        }
        if word == "redim" {
            let preserve = self.take_name("preserve");
            let mut arrays = Vec::new();
            loop {
                let mut target = Expression::Name(self.name()?);
                while self.take_symbol(".") {
                    target = Expression::Member(Box::new(target), self.name()?);
                }
                self.expect_symbol("(")?;
                let bounds = self.bounds()?;
                self.type_of()?;
                arrays.push((target, bounds));
                if !self.take_symbol(",") {
                    return Ok(Some(Statement::ReDim { preserve, arrays }));
                }
            }
        }
        Ok(Some(Statement::Dim(self.declared()?)))
    }

    fn declared(&mut self) -> Result<Vec<Declared>, Failed> {
        let mut all = Vec::new();
        loop {
            let name = self.name()?;
            let bounds = if self.take_symbol("(") { Some(self.bounds()?) } else { None };
            let kind = self.type_of()?;
            all.push(Declared { name, bounds, kind });
            if !self.take_symbol(",") {
                return Ok(all);
            }
        }
    }

    /// `As [New] Type`, `* length`.
    fn type_of(&mut self) -> Result<Option<Name>, Failed> {
        // A suffix that a name did not take.
        self.take_symbol("&");
        if !self.take_name("as") {
            return Ok(None);
        }
        let new = self.take_name("new");
        let mut kind = self.name()?;
        while self.take_symbol(".") {
            kind = format!("{kind}.{}", self.name()?).into();
        }
        if self.take_symbol("*") {
            self.postfix()?;
        }
        if self.take_symbol("(") {
            self.expect_symbol(")")?;
        }
        Ok(Some(if new { format!("new {kind}").into() } else { kind }))
    }

    fn bounds(&mut self) -> Result<Vec<Bound>, Failed> {
        let mut bounds = Vec::new();
        if self.take_symbol(")") {
            return Ok(bounds);
        }
        loop {
            let first = self.expression()?;
            bounds.push(if self.take_name("to") {
                (Some(first), self.expression()?)
            } else {
                (None, first)
            });
            if !self.take_symbol(",") {
                self.expect_symbol(")")?;
                return Ok(bounds);
            }
        }
    }

    fn constants(&mut self) -> Result<Statement, Failed> {
        let mut all = Vec::new();
        loop {
            let name = self.name()?;
            self.type_of()?;
            self.expect_symbol("=")?;
            all.push((name, self.expression()?));
            if !self.take_symbol(",") {
                return Ok(Statement::Const(all));
            }
        }
    }

    fn conditional(&mut self) -> Result<Statement, Failed> {
        let test = self.expression()?;
        if !self.take_name("then") && !self.at_end() {
            return Err(Failed);
        }
        if !self.at_end() {
            return self.on_one_line(test);
        }
        let mut branches = vec![(test, self.block(&["elseif", "else"]))];
        let mut otherwise = Block::new();
        loop {
            if self.take_name("elseif") {
                let test = self.expression()?;
                self.take_name("then");
                branches.push((test, self.block(&["elseif", "else"])));
            } else if self.token_is("else") && self.word_at(1) == Some("if") {
                // `Else If` on one line opens another; it is closed by its own end.
                self.advance();
                otherwise = self.block(&[]);
                break;
            } else if self.take_name("else") {
                otherwise = self.block(&[]);
                break;
            } else {
                break;
            }
        }
        self.close(&["end", "if"]);
        Ok(Statement::If { branches, otherwise })
    }

    fn on_one_line(&mut self, test: Expression) -> Result<Statement, Failed> {
        let line = self.tokens.get(self.at).map_or(0, |it| it.line);
        let mut then = Block::new();
        let mut otherwise = Block::new();
        let mut in_else = false;
        loop {
            while self.token() == Some(&Token::End)
                && self.tokens.get(self.at + 1).is_some_and(|it| it.line == line)
            {
                self.advance();
            }
            let same_line = self.tokens.get(self.at).is_some_and(|it| it.line == line);
            if !same_line || self.at_end() {
                break;
            }
            if self.take_name("else") {
                in_else = true;
                continue;
            }
            if self.token_is("end") && self.word_at(1) == Some("if") {
                self.close(&["end", "if"]);
                break;
            }
            let statement = self.deeper_by(STATEMENT_LEVELS, Self::statement)?;
            if in_else { otherwise.extend(statement) } else { then.extend(statement) }
        }
        Ok(Statement::If { branches: vec![(test, then)], otherwise })
    }

    fn selection(&mut self) -> Result<Statement, Failed> {
        self.expect_name("case")?;
        let subject = self.expression()?;
        let mut cases = Vec::new();
        let mut otherwise = Block::new();
        while self.token() == Some(&Token::End) {
            self.advance();
        }
        while self.take_name("case") {
            if self.take_name("else") {
                otherwise = self.block(&["case"]);
                continue;
            }
            let mut tests = Vec::new();
            loop {
                tests.push(self.test()?);
                if !self.take_symbol(",") {
                    break;
                }
            }
            cases.push((tests, self.block(&["case"])));
        }
        self.close(&["end", "select"]);
        Ok(Statement::Select { subject, cases, otherwise })
    }

    fn test(&mut self) -> Result<Test, Failed> {
        self.take_name("is");
        let operator = match self.token() {
            Some(Token::Symbol("=")) => Some(Operator::Equal),
            Some(Token::Symbol("<>")) => Some(Operator::Unequal),
            Some(Token::Symbol("<")) => Some(Operator::Less),
            Some(Token::Symbol(">")) => Some(Operator::Greater),
            Some(Token::Symbol("<=")) => Some(Operator::AtMost),
            Some(Token::Symbol(">=")) => Some(Operator::AtLeast),
            _ => None,
        };
        if let Some(operator) = operator {
            self.advance();
            return Ok(Test::Compare(operator, self.expression()?));
        }
        let first = self.expression()?;
        if self.take_name("to") {
            return Ok(Test::Between(first, self.expression()?));
        }
        Ok(Test::Equal(first))
    }

    fn counted(&mut self) -> Result<Statement, Failed> {
        if self.take_name("each") {
            let variable = self.postfix()?;
            self.expect_name("in")?;
            let list = self.expression()?;
            let body = self.block(&["next"]);
            self.close(&["next"]);
            return Ok(Statement::ForEach { variable, list, body });
        }
        let variable = self.postfix()?;
        self.type_of()?;
        self.expect_symbol("=")?;
        let from = self.expression()?;
        self.expect_name("to")?;
        let to = self.expression()?;
        let step = if self.take_name("step") { Some(self.expression()?) } else { None };
        let body = self.block(&["next"]);
        self.close(&["next"]);
        Ok(Statement::For { variable, from, to, step, body })
    }

    fn condition(&mut self) -> Result<Option<Condition>, Failed> {
        let until = self.token_is("until");
        if !until && !self.token_is("while") {
            return Ok(None);
        }
        self.advance();
        Ok(Some(Condition { until, test: self.expression()? }))
    }

    /// After `Sub`, `Function`, `Property`.
    fn procedure(&mut self, word: &str) -> Result<(), Failed> {
        let mut setter = false;
        if word == "property" {
            setter = matches!(&*self.name()?, "let" | "set");
        }
        let procedure = self.procedure_named(word, setter)?;
        self.program.procedures.push(Rc::new(procedure));
        Ok(())
    }

    fn procedure_named(&mut self, word: &str, setter: bool) -> Result<Procedure, Failed> {
        let name = self.name()?;
        let parameters = if self.take_symbol("(") { self.parameters()? } else { Vec::new() };
        self.type_of()?;
        let body = self.block(&[]);
        self.close(&["end", word]);
        Ok(Procedure { name, parameters, body, setter })
    }

    fn parameters(&mut self) -> Result<Vec<Parameter>, Failed> {
        let mut all = Vec::new();
        if self.take_symbol(")") {
            return Ok(all);
        }
        loop {
            self.take_name("optional");
            let by_value = self.take_name("byval");
            self.take_name("byref");
            let rest = self.take_name("paramarray");
            let name = self.name()?;
            if self.take_symbol("(") {
                self.expect_symbol(")")?;
            }
            self.type_of()?;
            let default = if self.take_symbol("=") { Some(self.expression()?) } else { None };
            all.push(Parameter { name, by_value, rest, default });
            if !self.take_symbol(",") {
                self.expect_symbol(")")?;
                return Ok(all);
            }
        }
    }

    fn class(&mut self) -> Result<(), Failed> {
        let name = self.name()?;
        // Procedures of the class are gathered apart from those around it.
        let around = std::mem::take(&mut self.program.procedures);
        let body = self.block(&[]);
        self.close(&["end", "class"]);
        let procedures = std::mem::replace(&mut self.program.procedures, around);
        let mut class = Class { fields: Vec::new(), procedures, default: self.default.take() };
        for statement in body {
            if let Statement::Dim(fields) = statement {
                class.fields.extend(fields);
            }
        }
        self.program.classes.push((name, Rc::new(class)));
        Ok(())
    }

    /// `Declare [PtrSafe] Function Name Lib "x" Alias "y" (...)`.
    fn declare(&mut self) -> Result<(), Failed> {
        self.take_name("ptrsafe");
        if !self.take_name("function") {
            self.expect_name("sub")?;
        }
        let name = self.name()?;
        let mut library: Name = "".into();
        let mut function = name.clone();
        for (word, place) in [("lib", &mut library), ("alias", &mut function)] {
            if self.take_name(word)
                && let Some(Token::Text(text)) = self.token()
            {
                *place = text.to_lowercase().into();
                self.at += 1;
            }
        }
        self.skip_rest();
        self.program.declares.push(Declare { name, library, function });
        Ok(())
    }

    /// VBA's `Open path For mode As #number`.
    fn open(&mut self) -> Result<Statement, Failed> {
        let path = self.expression()?;
        self.expect_name("for")?;
        let mode = self.name()?;
        while !self.token_is("as") {
            self.name()?;
        }
        self.advance();
        let number = self.expression()?;
        self.skip_rest();
        Ok(Statement::Open { path, append: &*mode == "append", number })
    }

    /// VBA's `Print #number, items`, `Write`, `Put #number, position, item`.
    fn print(&mut self, word: &str) -> Result<Statement, Failed> {
        let number = self.expression()?;
        let mut items = Vec::new();
        let mut line = word != "put";
        if word == "put" {
            self.expect_symbol(",")?;
            if !self.take_symbol(",") {
                self.expression()?;
                self.expect_symbol(",")?;
            }
            items.push(self.expression()?);
        } else {
            while self.take_symbol(",") || self.take_symbol(";") {
                if self.at_end() {
                    line = false;
                    break;
                }
                items.push(self.expression()?);
            }
        }
        Ok(Statement::Print { number, items, line })
    }
}

/// Whether a word ends a block, whichever: an end that is missing must not swallow the rest.
fn closes(word: &str, next: Option<&str>) -> bool {
    match word {
        "end" => matches!(
            next,
            Some("if" | "sub" | "function" | "property" | "select" | "with" | "class")
        ),
        "wend" | "loop" => next.is_none_or(|it| matches!(it, "while" | "until")),
        "next" | "case" => true,
        _ => false,
    }
}
