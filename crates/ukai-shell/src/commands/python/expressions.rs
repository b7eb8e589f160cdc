//! Python's expressions: the second half of the parser.

use super::ast::{
    Argument, Clause, Comprehension, Expr, ExprKind, Function, Gathers, Mistake, Piece, Stmt,
    StmtKind,
};
use super::lexer::{Token, Word, words};
use super::parse::{Parsed, Parser};
use super::value::Value;
use bytes::Bytes;
use std::sync::Arc;

impl Parser {
    /// `a, b` makes a tuple.
    pub(super) fn tests(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let first = self.star_or_walrus()?;
        if !self.is_op(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take_op(",") {
            if self.ends()
                || matches!(self.word(), Word::Op(")" | "]" | "}" | "=" | ":"))
                || self.is_name("in")
            {
                break;
            }
            items.push(self.star_or_walrus()?);
        }
        let below = items.iter().map(|i| i.height).max().unwrap_or(0);
        self.make(ExprKind::Tuple(items), &start, below)
    }

    /// Targets of `for`: no comparison, or `in` would be taken.
    pub(super) fn targets(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let one = |parser: &mut Self| -> Parsed<Expr> {
            let start = parser.token().clone();
            if parser.take_op("*") {
                let inner = parser.postfix()?;
                let below = inner.height;
                return parser.make(ExprKind::Starred(Box::new(inner)), &start, below);
            }
            parser.postfix()
        };
        let first = one(self)?;
        if !self.is_op(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take_op(",") {
            if self.is_name("in") || self.ends() {
                break;
            }
            items.push(one(self)?);
        }
        let below = items.iter().map(|i| i.height).max().unwrap_or(0);
        self.make(ExprKind::Tuple(items), &start, below)
    }

    fn star_or_walrus(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        if self.take_op("*") {
            let inner = self.binary(3)?;
            let below = inner.height;
            return self.make(ExprKind::Starred(Box::new(inner)), &start, below);
        }
        self.walrus()
    }

    pub(super) fn walrus(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let first = self.test()?;
        if self.is_op(":=")
            && let ExprKind::Name(name) = &first.kind
        {
            let name = Arc::clone(name);
            self.at += 1;
            let value = self.test()?;
            let below = value.height;
            return self.make(ExprKind::Walrus(name, Box::new(value)), &start, below);
        }
        Ok(first)
    }

    pub(super) fn test(&mut self) -> Parsed<Expr> {
        self.deeper()?;
        let result = self.test_inside();
        self.depth -= 1;
        result
    }

    fn test_inside(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        if self.take_name("lambda") {
            let parameters = self.parameters(":")?;
            self.expect_op(":")?;
            let from = self.token().clone();
            let value = self.test()?;
            let span = self.span_from(&from);
            let body = vec![Stmt { kind: StmtKind::Return(Some(value)), span }];
            let name = Arc::from("<lambda>");
            let function = Function { name, parameters, body, generates: false };
            return self.make(ExprKind::Lambda(Arc::new(function)), &start, 0);
        }
        if self.take_name("yield") {
            self.yields = true;
            if self.take_name("from") {
                let value = self.test()?;
                let below = value.height;
                return self.make(ExprKind::YieldFrom(Box::new(value)), &start, below);
            }
            let value = if self.ends() || self.is_op(")") || self.is_op("]") {
                None
            } else {
                Some(Box::new(self.tests()?))
            };
            let below = value.as_ref().map_or(0, |v| v.height);
            return self.make(ExprKind::Yield(value), &start, below);
        }
        let then = self.logic_or()?;
        if !self.take_name("if") {
            return Ok(then);
        }
        let condition = self.logic_or()?;
        if !self.take_name("else") {
            return Err(self.mistake_of(
                "SyntaxError",
                "expected 'else' after 'if' expression",
                true,
            ));
        }
        let otherwise = self.test()?;
        let below = then.height.max(condition.height).max(otherwise.height);
        self.make(ExprKind::Choice(Box::new([condition, then, otherwise])), &start, below)
    }

    fn logic_or(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let mut left = self.logic_and()?;
        while self.take_name("or") {
            let right = self.logic_and()?;
            let below = left.height.max(right.height);
            let kind = ExprKind::Logic("or", Box::new(left), Box::new(right));
            left = self.make(kind, &start, below)?;
        }
        Ok(left)
    }

    fn logic_and(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let mut left = self.logic_not()?;
        while self.take_name("and") {
            let right = self.logic_not()?;
            let below = left.height.max(right.height);
            let kind = ExprKind::Logic("and", Box::new(left), Box::new(right));
            left = self.make(kind, &start, below)?;
        }
        Ok(left)
    }

    fn logic_not(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        if self.take_name("not") {
            self.deeper()?;
            let inner = self.logic_not();
            self.depth -= 1;
            let inner = inner?;
            let below = inner.height;
            return self.make(ExprKind::Unary("not", Box::new(inner)), &start, below);
        }
        self.comparison()
    }

    fn comparison_operator(&mut self) -> Option<&'static str> {
        let op = match self.word() {
            Word::Op(op @ ("<" | ">" | "==" | "!=" | "<=" | ">=")) => op,
            Word::Name(name) if &**name == "in" => "in",
            Word::Name(name) if &**name == "is" => {
                self.at += 1;
                return Some(if self.take_name("not") { "is not" } else { "is" });
            }
            Word::Name(name) if &**name == "not" => {
                let next = self.tokens.get(self.at + 1).map(|t| &t.word);
                if !matches!(next, Some(Word::Name(n)) if &**n == "in") {
                    return None;
                }
                self.at += 1;
                "not in"
            }
            _ => return None,
        };
        self.at += 1;
        Some(op)
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let first = self.binary(0)?;
        let mut rest = Vec::new();
        while let Some(op) = self.comparison_operator() {
            rest.push((op, self.binary(0)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let below = rest.iter().map(|(_, e)| e.height).max().unwrap_or(0).max(first.height);
        self.make(ExprKind::Compare(Box::new(first), rest), &start, below)
    }

    fn power_of(op: &str) -> Option<u8> {
        Some(match op {
            "|" => 0,
            "^" => 1,
            "&" => 2,
            "<<" | ">>" => 3,
            "+" | "-" => 4,
            "*" | "/" | "//" | "%" | "@" => 5,
            _ => return None,
        })
    }

    fn binary(&mut self, least: u8) -> Parsed<Expr> {
        let start = self.token().clone();
        let mut left = self.unary()?;
        while let Word::Op(op) = *self.word()
            && let Some(power) = Self::power_of(op)
            && power >= least
        {
            let at = self.token().clone();
            self.at += 1;
            let right = self.binary(power + 1)?;
            let below = left.height.max(right.height);
            left =
                self.make(ExprKind::Binary(op, Box::new(left), Box::new(right)), &start, below)?;
            left.span.mark = Some((at.start, at.end));
        }
        Ok(left)
    }

    pub(super) fn unary(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let op = match self.word() {
            Word::Op(op @ ("-" | "+" | "~")) => *op,
            Word::Name(name) if &**name == "await" => {
                self.at += 1;
                let inner = self.postfix()?;
                let below = inner.height;
                return self.make(ExprKind::Await(Box::new(inner)), &start, below);
            }
            _ => return self.power(),
        };
        self.at += 1;
        self.deeper()?;
        let inner = self.unary();
        self.depth -= 1;
        let inner = inner?;
        let below = inner.height;
        self.make(ExprKind::Unary(op, Box::new(inner)), &start, below)
    }

    fn power(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let base = self.postfix()?;
        if !self.is_op("**") {
            return Ok(base);
        }
        let at = self.token().clone();
        self.at += 1;
        self.deeper()?;
        let exponent = self.unary();
        self.depth -= 1;
        let exponent = exponent?;
        let below = base.height.max(exponent.height);
        let kind = ExprKind::Binary("**", Box::new(base), Box::new(exponent));
        let mut expr = self.make(kind, &start, below)?;
        expr.span.mark = Some((at.start, at.end));
        Ok(expr)
    }

    pub(super) fn postfix(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let mut expr = self.atom()?;
        loop {
            let below = expr.height;
            if self.take_op(".") {
                let name = match self.word() {
                    Word::Name(name) => Arc::clone(name),
                    _ => return Err(self.invalid()),
                };
                self.at += 1;
                expr = self.make(ExprKind::Attribute(Box::new(expr), name), &start, below)?;
            } else if self.is_op("(") {
                self.at += 1;
                let arguments = self.arguments()?;
                expr = self.make(ExprKind::Call(Box::new(expr), arguments), &start, below)?;
            } else if self.is_op("[") {
                let open = self.token().clone();
                self.at += 1;
                let index = self.subscript()?;
                self.expect_op("]")?;
                let below = below.max(index.height);
                let kind = ExprKind::Index(Box::new(expr), Box::new(index));
                expr = self.make(kind, &start, below)?;
                expr.span.mark = Some((open.start, expr.span.end));
            } else {
                return Ok(expr);
            }
        }
    }

    fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let mut all = Vec::new();
        while !self.take_op(")") {
            all.push(self.argument()?);
            if !self.take_op(",") {
                self.expect_op(")")?;
                break;
            }
        }
        Ok(all)
    }

    pub(super) fn argument(&mut self) -> Parsed<Argument> {
        if self.take_op("**") {
            return Ok(Argument::ManyNamed(self.test()?));
        }
        if self.take_op("*") {
            return Ok(Argument::Many(self.test()?));
        }
        if let Word::Name(name) = self.word()
            && matches!(self.tokens.get(self.at + 1).map(|t| &t.word), Some(Word::Op("=")))
        {
            let name = Arc::clone(name);
            self.at += 2;
            return Ok(Argument::Named(name, self.test()?));
        }
        let start = self.token().clone();
        let expr = self.walrus()?;
        if self.is_name("for") || self.is_name("async") {
            let expr = self.comprehension(Gathers::Generator, expr, None, &start)?;
            return Ok(Argument::Plain(expr));
        }
        Ok(Argument::Plain(expr))
    }

    fn subscript(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let first = self.slice()?;
        if !self.is_op(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take_op(",") {
            if self.is_op("]") {
                break;
            }
            items.push(self.slice()?);
        }
        let below = items.iter().map(|i| i.height).max().unwrap_or(0);
        self.make(ExprKind::Tuple(items), &start, below)
    }

    fn slice(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let mut parts = [None, None, None];
        if !self.is_op(":") {
            let first = self.walrus()?;
            if !self.is_op(":") {
                return Ok(first);
            }
            parts[0] = Some(Box::new(first));
        }
        for part in &mut parts[1..] {
            if !self.take_op(":") {
                break;
            }
            if !self.is_op(":") && !self.is_op("]") && !self.is_op(",") {
                *part = Some(Box::new(self.test()?));
            }
        }
        let below = parts.iter().flatten().map(|p| p.height).max().unwrap_or(0);
        self.make(ExprKind::Slice(parts), &start, below)
    }

    fn comprehension(
        &mut self,
        gathers: Gathers,
        element: Expr,
        value: Option<Expr>,
        start: &Token,
    ) -> Parsed<Expr> {
        let mut clauses = Vec::new();
        loop {
            self.take_name("async");
            if !self.take_name("for") {
                break;
            }
            let target = self.targets()?;
            if !self.take_name("in") {
                return Err(self.invalid());
            }
            let source = self.logic_or()?;
            let mut conditions = Vec::new();
            while self.take_name("if") {
                conditions.push(self.logic_or()?);
            }
            clauses.push(Clause { target, source, conditions });
        }
        let below = element.height;
        let inner = Comprehension { gathers, element, value, clauses };
        self.make(ExprKind::Comprehension(Box::new(inner)), start, below)
    }

    fn atom(&mut self) -> Parsed<Expr> {
        let start = self.token().clone();
        let kind = match &start.word {
            Word::Name(name) => {
                let constant = match &**name {
                    "None" => Some(Value::None),
                    "True" => Some(Value::Bool(true)),
                    "False" => Some(Value::Bool(false)),
                    _ => None,
                };
                if let Some(value) = constant {
                    self.at += 1;
                    ExprKind::Constant(value)
                } else {
                    ExprKind::Name(self.identifier()?)
                }
            }
            Word::Int(value) => {
                self.at += 1;
                ExprKind::Constant(Value::Int(*value))
            }
            Word::Large(value) => {
                self.at += 1;
                ExprKind::Constant(Value::Large(value.clone()))
            }
            Word::Float(value) => {
                self.at += 1;
                ExprKind::Constant(Value::Float(*value))
            }
            Word::Str(_) | Word::Format(..) => return self.strings(&start),
            Word::Bytes(_) => {
                let mut all = Vec::new();
                while let Word::Bytes(bytes) = self.word() {
                    all.extend_from_slice(bytes);
                    self.at += 1;
                }
                ExprKind::Constant(Value::Bytes(Bytes::from(all)))
            }
            Word::Op("...") => {
                self.at += 1;
                ExprKind::Constant(Value::Ellipsis)
            }
            Word::Op(open @ ("(" | "[" | "{")) => {
                self.at += 1;
                self.deeper()?;
                let result = self.display(open, &start);
                self.depth -= 1;
                return result;
            }
            _ => return Err(self.invalid()),
        };
        self.make(kind, &start, 0)
    }

    fn display(&mut self, open: &str, start: &Token) -> Parsed<Expr> {
        let (close, gathers) = match open {
            "(" => (")", Gathers::Generator),
            "[" => ("]", Gathers::List),
            _ => ("}", Gathers::Set),
        };
        if self.take_op(close) {
            let kind = match open {
                "(" => ExprKind::Tuple(Vec::new()),
                "[" => ExprKind::List(Vec::new()),
                _ => ExprKind::Dict(Vec::new()),
            };
            return self.make(kind, start, 0);
        }
        if open == "{" {
            return self.braces(start);
        }
        let first = self.star_or_walrus()?;
        if self.is_name("for") || self.is_name("async") {
            let expr = self.comprehension(gathers, first, None, start)?;
            self.expect_op(close)?;
            return Ok(expr);
        }
        if open == "(" && self.take_op(")") {
            // The brackets belong to what stands in them only for a tuple's marks.
            return Ok(first);
        }
        let items = self.items(first, close)?;
        let below = items.iter().map(|i| i.height).max().unwrap_or(0);
        let kind = if open == "(" { ExprKind::Tuple(items) } else { ExprKind::List(items) };
        self.make(kind, start, below)
    }

    fn items(&mut self, first: Expr, close: &str) -> Parsed<Vec<Expr>> {
        let mut items = vec![first];
        while self.take_op(",") {
            if self.is_op(close) {
                break;
            }
            items.push(self.star_or_walrus()?);
        }
        if !self.take_op(close) {
            let comma = matches!(
                self.word(),
                Word::Name(_) | Word::Str(_) | Word::Int(_) | Word::Float(_) | Word::Bytes(_)
            );
            let mut mistake = self.invalid();
            if comma && let Some(last) = items.last() {
                mistake.message = String::from("invalid syntax. Perhaps you forgot a comma?");
                let end = self.token().end;
                if last.span.line == mistake.line {
                    mistake.marks = Some((last.span.start, end));
                }
            }
            return Err(mistake);
        }
        Ok(items)
    }

    fn braces(&mut self, start: &Token) -> Parsed<Expr> {
        let mut pairs = Vec::new();
        if self.take_op("**") {
            pairs.push((None, self.binary(0)?));
        } else {
            let first = self.star_or_walrus()?;
            if !self.take_op(":") {
                if self.is_name("for") {
                    let expr = self.comprehension(Gathers::Set, first, None, start)?;
                    self.expect_op("}")?;
                    return Ok(expr);
                }
                let items = self.items(first, "}")?;
                let below = items.iter().map(|i| i.height).max().unwrap_or(0);
                return self.make(ExprKind::Set(items), start, below);
            }
            let value = self.test()?;
            if self.is_name("for") {
                let expr = self.comprehension(Gathers::Dict, first, Some(value), start)?;
                self.expect_op("}")?;
                return Ok(expr);
            }
            pairs.push((Some(first), value));
        }
        while self.take_op(",") {
            if self.is_op("}") {
                break;
            }
            if self.take_op("**") {
                pairs.push((None, self.binary(0)?));
            } else {
                let key = self.test()?;
                self.expect_op(":")?;
                pairs.push((Some(key), self.test()?));
            }
        }
        self.expect_op("}")?;
        let height = |(key, value): &(Option<Expr>, Expr)| {
            value.height.max(key.as_ref().map_or(0, |k| k.height))
        };
        let below = pairs.iter().map(height).max().unwrap_or(0);
        self.make(ExprKind::Dict(pairs), start, below)
    }

    /// Strings that stand side by side are one.
    fn strings(&mut self, start: &Token) -> Parsed<Expr> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        loop {
            match self.word().clone() {
                Word::Str(part) => text.push_str(&part),
                Word::Format(body, raw) => {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text).into()));
                    }
                    let chars: Vec<char> = body.chars().collect();
                    self.deeper()?;
                    let parts = self.format(&chars, raw, start);
                    self.depth -= 1;
                    pieces.extend(parts?);
                }
                _ => break,
            }
            self.at += 1;
        }
        if pieces.is_empty() {
            return self.make(ExprKind::Constant(Value::Str(text.into())), start, 0);
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text.into()));
        }
        self.make(ExprKind::Format(pieces), start, 1)
    }

    /// The pieces of an f-string.
    fn format(&mut self, body: &[char], raw: bool, start: &Token) -> Parsed<Vec<Piece>> {
        let wrong = |message: &str| Mistake {
            class: "SyntaxError",
            message: format!("f-string: {message}"),
            line: start.line,
            marks: Some((start.start, start.end)),
            unfinished: false,
            late: false,
        };
        let mut pieces = Vec::new();
        let mut text = Vec::new();
        let mut at = 0;
        while let Some(c) = body.get(at).copied() {
            if (c == '{' || c == '}') && body.get(at + 1) == Some(&c) {
                text.push(c);
                at += 2;
                continue;
            }
            if c == '}' {
                return Err(wrong("single '}' is not allowed"));
            }
            if c != '{' {
                text.push(c);
                at += 1;
                continue;
            }
            if !text.is_empty() {
                let part = std::mem::take(&mut text);
                let part = if raw { part } else { super::lexer::unescape(&part, false) };
                pieces.push(Piece::Text(part.iter().collect::<String>().into()));
            }
            let (end, mark) = braces_end(body, at + 1).ok_or_else(|| wrong("expecting '}'"))?;
            let (mut source_end, mut conversion) = (mark, None);
            if mark >= 2 && body.get(mark - 2) == Some(&'!') && mark - 2 > at {
                conversion = body.get(mark - 1).copied();
                source_end = mark - 2;
            }
            let source: String = body[at + 1..source_end].iter().collect();
            if source.trim().is_empty() {
                return Err(wrong("empty expression not allowed"));
            }
            let shows = source.trim_end().ends_with('=') && !source.trim_end().ends_with("==");
            let source = if shows {
                pieces.push(Piece::Text(source.clone().into()));
                conversion = conversion.or(Some('r'));
                source.trim_end().trim_end_matches('=').to_owned()
            } else {
                source
            };
            let tokens = words(&format!("({source})"))?;
            let mut inner = Self { depth: self.depth, ..Self::new(tokens) };
            let mut value = inner.tests()?;
            value.span = self.span_from(start);
            let form = if body.get(mark) == Some(&':') {
                self.deeper()?;
                let form = self.format(&body[mark + 1..end], raw, start);
                self.depth -= 1;
                form?
            } else {
                Vec::new()
            };
            pieces.push(Piece::Value { value, conversion, form });
            at = end + 1;
        }
        if !text.is_empty() {
            let part = if raw { text } else { super::lexer::unescape(&text, false) };
            pieces.push(Piece::Text(part.iter().collect::<String>().into()));
        }
        Ok(pieces)
    }
}

/// Where a replacement field ends, and where its format begins (or also ends).
fn braces_end(body: &[char], from: usize) -> Option<(usize, usize)> {
    let mut depth = 0_u32;
    let mut quote = None;
    let mut colon = None;
    let mut at = from;
    while let Some(c) = body.get(at).copied() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if colon.is_none() => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, '}') if depth == 0 => return Some((at, colon.unwrap_or(at))),
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ':') if depth == 0 && colon.is_none() => colon = Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}
