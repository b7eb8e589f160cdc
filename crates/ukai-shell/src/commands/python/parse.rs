//! Python's grammar (the 3.11 reference), as far as programs of one line and droppers
//! use it; `match` is in `matching`. Nesting is bounded.

use super::ast::{
    Argument, Block, Expr, ExprKind, Function, Handler, Mistake, Parameter, Span, Stmt, StmtKind,
    Takes,
};
use super::lexer::{Token, Word, second_words, words};
use super::value::Value;
use std::sync::Arc;

/// Deepest nesting of brackets and blocks.
const DEPTH_MAX: u32 = 48;

/// Most levels of an expression's tree.
const HEIGHT_MAX: u16 = 400;

pub(super) const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

pub(super) type Parsed<T> = Result<T, Mistake>;

pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) depth: u32,
    /// Whether the function that is read yields.
    pub(super) yields: bool,
    /// Functions and loops around what is read.
    pub(super) functions: u32,
    pub(super) loops: u32,
    /// Whether it is Python 2.
    pub(super) second: bool,
}

/// Reads a program.
pub(super) fn program(text: &str) -> Parsed<Block> {
    read(Parser::new(words(text)?))
}

/// Reads a program of Python 2.
pub(super) fn second_program(text: &str) -> Parsed<Block> {
    read(Parser { second: true, ..Parser::new(second_words(text)?) })
}

fn read(mut parser: Parser) -> Parsed<Block> {
    let mut block = Vec::new();
    while parser.word() != &Word::End {
        if parser.word() == &Word::Newline {
            parser.at += 1;
            continue;
        }
        if parser.word() == &Word::Indent {
            return Err(parser.mistake_of("IndentationError", "unexpected indent", false));
        }
        parser.statement(&mut block)?;
    }
    Ok(block)
}

/// Reads one expression, as `eval` takes it.
pub(super) fn expression(text: &str) -> Parsed<Expr> {
    let text = text.trim_start_matches([' ', '\t']);
    let mut parser = Parser::new(words(text)?);
    let expr = parser.tests()?;
    while parser.word() == &Word::Newline {
        parser.at += 1;
    }
    if parser.word() == &Word::End { Ok(expr) } else { Err(parser.invalid()) }
}

impl Parser {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0, depth: 0, yields: false, functions: 0, loops: 0, second: false }
    }

    pub(super) fn token(&self) -> &Token {
        // There is always the end.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(super) fn word(&self) -> &Word {
        &self.token().word
    }

    pub(super) fn mistake_of(&self, class: &'static str, message: &str, marks: bool) -> Mistake {
        let token = self.token();
        let end = if token.end_line == token.line { token.end } else { token.start + 1 };
        let marks = marks.then_some((token.start, end.max(token.start + 1)));
        let unfinished = matches!(token.word, Word::End);
        let message = message.to_owned();
        Mistake { class, message, line: token.line, marks, unfinished, late: false }
    }

    pub(super) fn invalid(&self) -> Mistake {
        let marks = !matches!(self.word(), Word::Newline | Word::End | Word::Dedent);
        if self.word() == &Word::Indent {
            return self.mistake_of("IndentationError", "unexpected indent", false);
        }
        let mut mistake = self.mistake_of("SyntaxError", "invalid syntax", marks);
        if self.word() == &Word::Newline {
            mistake.marks = Some((self.token().start, self.token().start + 1));
        }
        mistake
    }

    pub(super) fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.mistake_of("SyntaxError", "too many nested parentheses", true));
        }
        Ok(())
    }

    pub(super) fn is_op(&self, op: &str) -> bool {
        matches!(self.word(), Word::Op(found) if *found == op)
    }

    pub(super) fn take_op(&mut self, op: &str) -> bool {
        let found = self.is_op(op);
        self.at += usize::from(found);
        found
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.word(), Word::Name(found) if &**found == name)
    }

    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_op(&mut self, op: &str) -> Parsed<()> {
        if self.take_op(op) {
            return Ok(());
        }
        if op == ":" {
            let mut mistake = self.mistake_of("SyntaxError", "expected ':'", true);
            if self.word() == &Word::Newline {
                mistake.marks = Some((self.token().start, self.token().start + 1));
            }
            return Err(mistake);
        }
        Err(self.invalid())
    }

    /// A name that is no keyword.
    pub(super) fn identifier(&mut self) -> Parsed<Arc<str>> {
        match self.word() {
            Word::Name(name) if !KEYWORDS.contains(&&**name) => {
                let name = Arc::clone(name);
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.invalid()),
        }
    }

    pub(super) fn span_from(&self, start: &Token) -> Span {
        let last = &self.tokens[self.at.saturating_sub(1).min(self.tokens.len() - 1)];
        Span {
            line: start.line,
            start: start.start,
            end_line: last.end_line,
            end: last.end,
            mark: None,
        }
    }

    pub(super) fn make(&self, kind: ExprKind, start: &Token, below: u16) -> Parsed<Expr> {
        if below >= HEIGHT_MAX {
            return Err(Mistake {
                class: "RecursionError",
                message: "maximum recursion depth exceeded during compilation".to_owned(),
                line: start.line,
                marks: None,
                unfinished: false,
                late: false,
            });
        }
        Ok(Expr { kind, span: self.span_from(start), height: below + 1 })
    }

    // Statements.

    fn statement(&mut self, block: &mut Block) -> Parsed<()> {
        self.deeper()?;
        let result = self.statement_inside(block);
        self.depth -= 1;
        result
    }

    fn statement_inside(&mut self, block: &mut Block) -> Parsed<()> {
        let start = self.token().clone();
        if let Word::Name(name) = &start.word {
            let name = Arc::clone(name);
            let kind = match &*name {
                "if" => Some(self.if_statement()?),
                "while" => Some(self.while_statement()?),
                "for" => Some(self.for_statement()?),
                "try" => Some(self.try_statement()?),
                "with" => Some(self.with_statement()?),
                "match" => self.match_statement()?,
                "def" | "class" => Some(self.definition(Vec::new())?),
                "async" => {
                    self.at += 1;
                    return self.statement_inside(block);
                }
                _ => None,
            };
            if let Some(kind) = kind {
                block.push(Stmt { kind, span: self.span_from(&start) });
                return Ok(());
            }
        }
        if self.is_op("@") {
            let mut decorators = Vec::new();
            while self.take_op("@") {
                decorators.push(self.test()?);
                if self.word() != &Word::Newline {
                    return Err(self.invalid());
                }
                self.at += 1;
            }
            self.take_name("async");
            let kind = self.definition(decorators)?;
            block.push(Stmt { kind, span: self.span_from(&start) });
            return Ok(());
        }
        self.simple_line(block)
    }

    /// `a; b`: a line of simple statements, with its end.
    fn simple_line(&mut self, block: &mut Block) -> Parsed<()> {
        loop {
            block.push(self.simple()?);
            if !self.take_op(";") || matches!(self.word(), Word::Newline | Word::End) {
                break;
            }
        }
        match self.word() {
            Word::Newline => self.at += 1,
            Word::End => {}
            _ => return Err(self.invalid()),
        }
        Ok(())
    }

    pub(super) fn block(&mut self, after: &str, line: u32) -> Parsed<Block> {
        self.expect_op(":")?;
        let mut block = Vec::new();
        if self.word() != &Word::Newline {
            // `if x: a; b` on a line: no compound statements.
            self.simple_line(&mut block)?;
            return Ok(block);
        }
        self.at += 1;
        if self.word() != &Word::Indent {
            let text = format!("expected an indented block after {after} on line {line}");
            let mut mistake = self.mistake_of("IndentationError", &text, true);
            mistake.marks = Some((self.token().start, self.token().start + 1));
            return Err(mistake);
        }
        self.at += 1;
        while self.word() != &Word::Dedent && self.word() != &Word::End {
            if self.word() == &Word::Indent {
                return Err(self.mistake_of("IndentationError", "unexpected indent", false));
            }
            self.statement(&mut block)?;
        }
        if self.word() == &Word::Dedent {
            self.at += 1;
        }
        Ok(block)
    }

    fn if_statement(&mut self) -> Parsed<StmtKind> {
        let mut branches = Vec::new();
        let mut word = "'if' statement";
        loop {
            let line = self.token().line;
            self.at += 1;
            let condition = self.walrus()?;
            branches.push((condition, self.block(word, line)?));
            if !self.is_name("elif") {
                break;
            }
            word = "'elif' statement";
        }
        let otherwise = self.otherwise()?;
        Ok(StmtKind::If(branches, otherwise))
    }

    fn otherwise(&mut self) -> Parsed<Block> {
        let line = self.token().line;
        if self.take_name("else") { self.block("'else' statement", line) } else { Ok(Vec::new()) }
    }

    fn while_statement(&mut self) -> Parsed<StmtKind> {
        let line = self.token().line;
        self.at += 1;
        let condition = self.walrus()?;
        self.loops += 1;
        let body = self.block("'while' statement", line);
        self.loops -= 1;
        let body = body?;
        Ok(StmtKind::While(condition, body, self.otherwise()?))
    }

    fn for_statement(&mut self) -> Parsed<StmtKind> {
        let line = self.token().line;
        self.at += 1;
        let target = self.targets()?;
        if !self.take_name("in") {
            return Err(self.invalid());
        }
        let source = self.tests()?;
        self.loops += 1;
        let body = self.block("'for' statement", line);
        self.loops -= 1;
        let body = body?;
        Ok(StmtKind::For { target, source, body, otherwise: self.otherwise()? })
    }

    fn try_statement(&mut self) -> Parsed<StmtKind> {
        let line = self.token().line;
        self.at += 1;
        let body = self.block("'try' statement", line)?;
        let mut handlers = Vec::new();
        loop {
            let line = self.token().line;
            if !self.take_name("except") {
                break;
            }
            self.take_op("*");
            let mut handler = Handler { class: None, name: None, body: Vec::new() };
            if !self.is_op(":") {
                handler.class = Some(self.test()?);
                if self.second && self.take_op(",") {
                    handler.name = Some(self.identifier()?);
                }
                if self.is_op(",") {
                    return Err(self.mistake_of(
                        "SyntaxError",
                        "multiple exception types must be parenthesized",
                        true,
                    ));
                }
                if self.take_name("as") {
                    handler.name = Some(self.identifier()?);
                }
            }
            handler.body = self.block("'except' statement", line)?;
            handlers.push(handler);
        }
        let otherwise = self.otherwise()?;
        let line = self.token().line;
        let finally = if self.take_name("finally") {
            self.block("'finally' statement", line)?
        } else {
            Vec::new()
        };
        if handlers.is_empty() && finally.is_empty() {
            return Err(self.mistake_of(
                "SyntaxError",
                "expected 'except' or 'finally' block",
                true,
            ));
        }
        Ok(StmtKind::Try { body, handlers, otherwise, finally })
    }

    fn with_statement(&mut self) -> Parsed<StmtKind> {
        let line = self.token().line;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            let value = self.test()?;
            let target = if self.take_name("as") { Some(self.postfix()?) } else { None };
            items.push((value, target));
            if !self.take_op(",") {
                break;
            }
        }
        let body = self.block("'with' statement", line)?;
        Ok(StmtKind::With(items, body))
    }

    fn definition(&mut self, decorators: Vec<Expr>) -> Parsed<StmtKind> {
        let line = self.token().line;
        if self.take_name("class") {
            let name = self.identifier()?;
            let (mut bases, mut keywords) = (Vec::new(), Vec::new());
            if self.take_op("(") {
                while !self.take_op(")") {
                    match self.argument()? {
                        Argument::Plain(expr) => bases.push(expr),
                        Argument::Named(name, expr) => keywords.push((name, expr)),
                        _ => {}
                    }
                    if !self.take_op(",") {
                        self.expect_op(")")?;
                        break;
                    }
                }
            }
            let body = self.block("class definition", line)?;
            return Ok(StmtKind::Class { name, bases, keywords, decorators, body });
        }
        if !self.take_name("def") {
            return Err(self.invalid());
        }
        let name = self.identifier()?;
        self.expect_op("(")?;
        let parameters = self.parameters(")")?;
        self.expect_op(")")?;
        if self.take_op("->") {
            self.test()?;
        }
        let outside = std::mem::replace(&mut self.yields, false);
        let loops = std::mem::take(&mut self.loops);
        self.functions += 1;
        let body = self.block("function definition", line);
        self.functions -= 1;
        self.loops = loops;
        let body = body?;
        let generates = std::mem::replace(&mut self.yields, outside);
        let function = Function { name, parameters, body, generates };
        Ok(StmtKind::Function(Arc::new(function), decorators))
    }

    pub(super) fn parameters(&mut self, end: &str) -> Parsed<Vec<Parameter>> {
        let mut all = Vec::new();
        while !self.is_op(end) {
            if self.take_op("/") {
                if !self.take_op(",") {
                    break;
                }
                continue;
            }
            let takes = if self.take_op("**") {
                Takes::RestNamed
            } else if self.take_op("*") {
                if self.take_op(",") {
                    continue;
                }
                Takes::Rest
            } else {
                Takes::One
            };
            let name = self.identifier()?;
            if end == ")" && self.take_op(":") {
                self.test()?;
            }
            let default = if self.take_op("=") { Some(self.test()?) } else { None };
            all.push(Parameter { name, default, takes });
            if !self.take_op(",") {
                break;
            }
        }
        Ok(all)
    }

    fn simple(&mut self) -> Parsed<Stmt> {
        let start = self.token().clone();
        let kind = self.simple_kind(&start)?;
        Ok(Stmt { kind, span: self.span_from(&start) })
    }

    pub(super) fn ends(&self) -> bool {
        matches!(self.word(), Word::Newline | Word::End) || self.is_op(";")
    }

    fn simple_kind(&mut self, start: &Token) -> Parsed<StmtKind> {
        let Word::Name(name) = &start.word else { return self.expression_statement(start) };
        let name = Arc::clone(name);
        let next = self.tokens.get(self.at + 1).map(|t| t.word.clone());
        match &*name {
            "pass" => self.at += 1,
            "break" => {
                self.at += 1;
                self.late(self.loops > 0, "'break' outside loop", start)?;
                return Ok(StmtKind::Break);
            }
            "continue" => {
                self.at += 1;
                self.late(self.loops > 0, "'continue' not properly in loop", start)?;
                return Ok(StmtKind::Continue);
            }
            "return" => {
                self.at += 1;
                let value = if self.ends() { None } else { Some(self.tests()?) };
                self.late(self.functions > 0, "'return' outside function", start)?;
                return Ok(StmtKind::Return(value));
            }
            "raise" => {
                self.at += 1;
                let mut value = if self.ends() { None } else { Some(self.test()?) };
                if self.second && self.take_op(",") {
                    let what = self.test()?;
                    if self.take_op(",") {
                        self.test()?;
                    }
                    let class = value.take();
                    value = match class {
                        Some(class) => {
                            Some(self.call(class, vec![Argument::Plain(what)], start)?)
                        }
                        None => None,
                    };
                }
                let cause = if self.take_name("from") { Some(self.test()?) } else { None };
                return Ok(StmtKind::Raise(value, cause));
            }
            "import" => return self.import(),
            "from" => return self.import_names(),
            "global" | "nonlocal" => {
                self.at += 1;
                let mut names = vec![self.identifier()?];
                while self.take_op(",") {
                    names.push(self.identifier()?);
                }
                return Ok(if &*name == "global" {
                    StmtKind::Global(names)
                } else {
                    StmtKind::Nonlocal(names)
                });
            }
            "del" => {
                self.at += 1;
                let all = self.targets()?;
                return Ok(StmtKind::Delete(match all.kind {
                    ExprKind::Tuple(items) => items,
                    _ => vec![all],
                }));
            }
            "assert" => {
                self.at += 1;
                let condition = self.test()?;
                let message = if self.take_op(",") { Some(self.test()?) } else { None };
                return Ok(StmtKind::Assert(condition, message));
            }
            "print" | "exec" if self.second && !matches!(next, Some(Word::Op("(" | "="))) => {
                return self.second_statement(&name, start);
            }
            "print" if self.second => {
                // `print (a), b` and `print (a) % b` are statements, too; `print(a, file=b)` is not.
                let at = self.at;
                if let Ok(kind) = self.second_statement(&name, start)
                    && self.ends()
                {
                    return Ok(kind);
                }
                self.at = at;
                return self.expression_statement(start);
            }
            "print" | "exec"
                if matches!(
                    next,
                    Some(Word::Name(_) | Word::Str(_) | Word::Int(_) | Word::Format(..))
                ) && !matches!(&next, Some(Word::Name(n))
                    if KEYWORDS.contains(&&**n) && !matches!(&**n, "not" | "None" | "True" | "False" | "lambda")) =>
            {
                return Err(self.old_statement(&name, start));
            }
            _ => return self.expression_statement(start),
        }
        Ok(StmtKind::Pass)
    }

    /// A mistake of the compiler's, unless all is right.
    fn late(&self, right: bool, message: &str, start: &Token) -> Parsed<()> {
        if right {
            return Ok(());
        }
        let span = self.span_from(start);
        Err(Mistake {
            class: "SyntaxError",
            message: message.to_owned(),
            line: span.line,
            marks: Some((span.start, span.end)),
            unfinished: false,
            late: true,
        })
    }

    /// What Python 3 says to `print "x"`: the marks cover the statement.
    fn old_statement(&mut self, name: &str, start: &Token) -> Mistake {
        while !self.ends() {
            self.at += 1;
        }
        let end = self.tokens[self.at - 1].end;
        Mistake {
            class: "SyntaxError",
            message: format!("Missing parentheses in call to '{name}'. Did you mean {name}(...)?"),
            line: start.line,
            marks: Some((start.start, end)),
            unfinished: false,
            late: false,
        }
    }

    fn dotted(&mut self) -> Parsed<Arc<str>> {
        let mut name = self.identifier()?.to_string();
        while self.take_op(".") {
            name.push('.');
            name.push_str(&self.identifier()?);
        }
        Ok(name.into())
    }

    fn import(&mut self) -> Parsed<StmtKind> {
        self.at += 1;
        let mut all = Vec::new();
        loop {
            let name = self.dotted()?;
            let alias = if self.take_name("as") { Some(self.identifier()?) } else { None };
            all.push((name, alias));
            if !self.take_op(",") {
                break;
            }
        }
        Ok(StmtKind::Import(all))
    }

    fn import_names(&mut self) -> Parsed<StmtKind> {
        self.at += 1;
        let module = self.dotted()?;
        if !self.take_name("import") {
            return Err(self.invalid());
        }
        if self.take_op("*") {
            return Ok(StmtKind::From(module, Vec::new()));
        }
        let bracket = self.take_op("(");
        let mut names = Vec::new();
        loop {
            let name = self.identifier()?;
            let alias = if self.take_name("as") { Some(self.identifier()?) } else { None };
            names.push((name, alias));
            if !self.take_op(",") || (bracket && self.is_op(")")) {
                break;
            }
        }
        if bracket {
            self.expect_op(")")?;
        }
        Ok(StmtKind::From(module, names))
    }

    fn expression_statement(&mut self, _: &Token) -> Parsed<StmtKind> {
        let first = self.tests()?;
        if self.is_op("=") {
            let mut targets = vec![first];
            let mut value = None;
            while self.take_op("=") {
                if let Some(target) = value.take() {
                    targets.push(target);
                }
                value = Some(self.tests()?);
            }
            for target in &targets {
                assignable(target)?;
            }
            let Some(value) = value else { return Err(self.invalid()) };
            return Ok(StmtKind::Assign(targets, value));
        }
        if self.take_op(":") {
            self.test()?;
            let value = if self.take_op("=") { Some(self.tests()?) } else { None };
            return Ok(StmtKind::Annotate(first, value));
        }
        if let Word::Op(op) = *self.word()
            && let Some(operator) = op.strip_suffix('=')
            && !operator.is_empty()
            && !matches!(op, "==" | "!=" | "<=" | ">=" | ":=")
        {
            self.at += 1;
            let value = self.tests()?;
            assignable(&first)?;
            return Ok(StmtKind::Augment(first, operator, value));
        }
        Ok(StmtKind::Expr(first))
    }
}

/// Whether something can stand left of `=`.
fn assignable(target: &Expr) -> Parsed<()> {
    let text = match &target.kind {
        ExprKind::Name(_) | ExprKind::Attribute(..) | ExprKind::Index(..) => return Ok(()),
        ExprKind::Starred(inner) => return assignable(inner),
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            return items.iter().try_for_each(assignable);
        }
        ExprKind::Call(..) => "function call",
        ExprKind::Constant(Value::Bool(true)) => "True",
        ExprKind::Constant(Value::Bool(false)) => "False",
        ExprKind::Constant(Value::None) => "None",
        ExprKind::Constant(_) => "literal",
        _ => "expression",
    };
    let span = target.span;
    let hint = if matches!(text, "True" | "False" | "None") {
        ""
    } else {
        " here. Maybe you meant '==' instead of '='?"
    };
    Err(Mistake {
        class: "SyntaxError",
        message: format!("cannot assign to {text}{hint}"),
        line: span.line,
        marks: Some((span.start, span.end)),
        unfinished: false,
        late: false,
    })
}
