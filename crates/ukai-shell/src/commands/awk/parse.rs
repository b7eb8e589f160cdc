//! From a text to an `awk` program.

use super::{Expression, Program, Statement, When};
use crate::commands::float;

/// Deepest nesting of a program.
const DEPTH: u32 = 48;

type Parsed<T> = Result<T, ()>;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(Vec<u8>),
    Regex(Vec<u8>),
    Name(String),
    /// A name directly before a bracket: a function.
    Function(String),
    Op(&'static str),
    Newline,
    End,
}

const OPERATORS: [&str; 42] = [
    "&&", "||", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "!~",
    ">>", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "|",
    "?", ":", "~", "$", "=", "&", "#",
];

/// Reads a program.
pub(super) fn program(text: &[u8]) -> Parsed<Program> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0, no_in: false, no_greater: false };
    parser.program()
}

fn tokens(text: &[u8]) -> Parsed<Vec<Token>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        match byte {
            b' ' | b'\t' | b'\r' => at += 1,
            b'\\' if text.get(at + 1) == Some(&b'\n') => at += 2,
            b'\n' => {
                tokens.push(Token::Newline);
                at += 1;
            }
            b'#' => {
                while text.get(at).is_some_and(|b| *b != b'\n') {
                    at += 1;
                }
            }
            b'"' => {
                let (string, end) = quoted(text, at + 1, b'"')?;
                tokens.push(Token::Text(crate::escape::unescape(&string, None).0));
                at = end;
            }
            b'/' if regex_allowed(tokens.last()) => {
                let (string, end) = quoted(text, at + 1, b'/')?;
                tokens.push(Token::Regex(string));
                at = end;
            }
            b'0'..=b'9' | b'.'
                if byte != b'.' || text.get(at + 1).is_some_and(u8::is_ascii_digit) =>
            {
                let (number, length) = float::prefix(&text[at..]);
                if text.get(at + length) == Some(&b'.') {
                    return Err(());
                }
                tokens.push(Token::Number(number));
                at += length;
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                let length = text[at..]
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                    .count();
                let name = String::from_utf8_lossy(&text[at..at + length]).into_owned();
                at += length;
                let calls = text.get(at) == Some(&b'(') && !is_keyword(&name);
                tokens.push(if calls { Token::Function(name) } else { Token::Name(name) });
            }
            _ => {
                let op =
                    OPERATORS.iter().find(|op| text[at..].starts_with(op.as_bytes())).ok_or(())?;
                tokens.push(Token::Op(if *op == "**" { "^" } else { op }));
                at += op.len();
            }
        }
    }
    tokens.push(Token::End);
    Ok(tokens)
}

fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "if" | "else"
            | "while"
            | "for"
            | "do"
            | "print"
            | "printf"
            | "in"
            | "next"
            | "exit"
            | "break"
            | "continue"
            | "delete"
            | "BEGIN"
            | "END"
            | "getline"
            | "return"
    )
}

fn regex_allowed(last: Option<&Token>) -> bool {
    match last {
        Some(Token::Number(_) | Token::Text(_) | Token::Regex(_)) => false,
        Some(Token::Name(name)) => is_keyword(name),
        Some(Token::Op(op)) => !matches!(*op, ")" | "]" | "$" | "++" | "--"),
        _ => true,
    }
}

fn quoted(text: &[u8], start: usize, end: u8) -> Parsed<(Vec<u8>, usize)> {
    let mut out = Vec::new();
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if end == b'/' && text.get(at + 1) == Some(&b'/') => {
                out.push(b'/');
                at += 2;
            }
            b'\\' if text.get(at + 1) == Some(&b'"') => {
                out.push(b'"');
                at += 2;
            }
            b'\\' => {
                out.push(b'\\');
                out.extend(text.get(at + 1));
                at += 2;
            }
            b'\n' => return Err(()),
            b if *b == end => return Ok((out, at + 1)),
            other => {
                out.push(*other);
                at += 1;
            }
        }
    }
    Err(())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    /// `in` is no operator here (`for (a in b)`).
    no_in: bool,
    /// `>` is no operator here (`print a > b`).
    no_greater: bool,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn op(&mut self, op: &str) -> bool {
        let found = matches!(self.peek(), Token::Op(o) if *o == op);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, op: &str) -> Parsed<()> {
        if self.op(op) { Ok(()) } else { Err(()) }
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Name(n) if n == word);
        self.at += usize::from(found);
        found
    }

    fn ends(&mut self) {
        while matches!(self.peek(), Token::Newline | Token::Op(";")) {
            self.at += 1;
        }
    }

    fn newlines(&mut self) {
        while matches!(self.peek(), Token::Newline) {
            self.at += 1;
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(());
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn program(&mut self) -> Parsed<Program> {
        let mut program = Vec::new();
        loop {
            self.ends();
            if *self.peek() == Token::End {
                return Ok(program);
            }
            let when = if self.keyword("BEGIN") {
                When::Begin
            } else if self.keyword("END") {
                When::End
            } else if matches!(self.peek(), Token::Op("{")) {
                When::Always
            } else {
                let first = self.expression()?;
                if self.op(",") {
                    self.newlines();
                    When::Range(first, self.expression()?)
                } else {
                    When::Fits(first)
                }
            };
            let action =
                if matches!(self.peek(), Token::Op("{")) { Some(self.block()?) } else { None };
            if action.is_none() && matches!(when, When::Begin | When::End) {
                return Err(());
            }
            program.push((when, action));
        }
    }

    fn block(&mut self) -> Parsed<Statement> {
        self.expect("{")?;
        let mut statements = Vec::new();
        loop {
            self.ends();
            if self.op("}") {
                return Ok(Statement::Block(statements));
            }
            statements.push(self.nested(Self::statement)?);
            if !matches!(self.peek(), Token::Newline | Token::Op(";" | "}")) && !self.after_block()
            {
                return Err(());
            }
        }
    }

    /// Whether what was just read ended with a block, after which nothing need stand.
    fn after_block(&self) -> bool {
        matches!(
            self.at.checked_sub(1).and_then(|at| self.tokens.get(at)),
            Some(Token::Op("}" | ";") | Token::Newline)
        )
    }

    fn body(&mut self) -> Parsed<Box<Statement>> {
        self.newlines();
        if self.op(";") {
            return Ok(Box::new(Statement::Block(Vec::new())));
        }
        self.nested(Self::statement).map(Box::new)
    }

    fn statement(&mut self) -> Parsed<Statement> {
        if matches!(self.peek(), Token::Op("{")) {
            return self.block();
        }
        if self.keyword("if") {
            self.expect("(")?;
            let condition = self.expression()?;
            self.expect(")")?;
            let then = self.body()?;
            let before = self.at;
            self.ends();
            if self.keyword("else") {
                return Ok(Statement::If(condition, then, Some(self.body()?)));
            }
            self.at = before;
            return Ok(Statement::If(condition, then, None));
        }
        if self.keyword("while") {
            self.expect("(")?;
            let condition = self.expression()?;
            self.expect(")")?;
            return Ok(Statement::While(condition, self.body()?, false));
        }
        if self.keyword("do") {
            let body = self.body()?;
            self.ends();
            if !self.keyword("while") {
                return Err(());
            }
            self.expect("(")?;
            let condition = self.expression()?;
            self.expect(")")?;
            return Ok(Statement::While(condition, body, true));
        }
        if self.keyword("for") {
            return self.for_statement();
        }
        self.simple()
    }

    fn for_statement(&mut self) -> Parsed<Statement> {
        self.expect("(")?;
        if let [Token::Name(name), Token::Name(word), Token::Name(array), Token::Op(")")] =
            self.tokens.get(self.at..self.at + 4).unwrap_or_default()
            && word == "in"
        {
            let (name, array) = (name.clone(), array.clone());
            self.at += 4;
            return Ok(Statement::ForIn(name, array, self.body()?));
        }
        let start = if matches!(self.peek(), Token::Op(";")) {
            None
        } else {
            Some(Box::new(self.simple()?))
        };
        self.expect(";")?;
        let condition =
            if matches!(self.peek(), Token::Op(";")) { None } else { Some(self.expression()?) };
        self.expect(";")?;
        let step = if matches!(self.peek(), Token::Op(")")) {
            None
        } else {
            Some(Box::new(self.simple()?))
        };
        self.expect(")")?;
        Ok(Statement::For(start, condition, step, self.body()?))
    }

    fn simple(&mut self) -> Parsed<Statement> {
        for formatted in [false, true] {
            if self.keyword(if formatted { "printf" } else { "print" }) {
                let before = std::mem::replace(&mut self.no_greater, true);
                let list = self.print_list();
                self.no_greater = before;
                let list = list?;
                return Ok(if formatted {
                    Statement::Printf(list)
                } else {
                    Statement::Print(list)
                });
            }
        }
        if self.keyword("next") {
            return Ok(Statement::Next);
        }
        if self.keyword("break") {
            return Ok(Statement::Break);
        }
        if self.keyword("continue") {
            return Ok(Statement::Continue);
        }
        if self.keyword("exit") {
            let bare = matches!(self.peek(), Token::Newline | Token::Op(";" | "}") | Token::End);
            return Ok(Statement::Exit(if bare { None } else { Some(self.expression()?) }));
        }
        if self.keyword("delete") {
            let Token::Name(name) = self.next() else { return Err(()) };
            let index = if self.op("[") {
                let index = self.list("]")?;
                self.expect("]")?;
                index
            } else {
                Vec::new()
            };
            return Ok(Statement::Delete(name, index));
        }
        self.expression().map(Statement::Expression)
    }

    fn print_list(&mut self) -> Parsed<Vec<Expression>> {
        if matches!(
            self.peek(),
            Token::Newline | Token::Op(";" | "}" | ">" | ">>" | "|") | Token::End
        ) {
            self.skip_redirection()?;
            return Ok(Vec::new());
        }
        // `print (a, b)`: the brackets may hold the whole list.
        let before = self.at;
        if self.op("(") {
            let greater = std::mem::replace(&mut self.no_greater, false);
            let list = self.list(")");
            self.no_greater = greater;
            if let Ok(list) = list
                && self.op(")")
                && matches!(
                    self.peek(),
                    Token::Newline | Token::Op(";" | "}" | ">" | ">>" | "|") | Token::End
                )
            {
                self.skip_redirection()?;
                return Ok(list);
            }
            self.at = before;
        }
        let list = self.list("")?;
        self.skip_redirection()?;
        Ok(list)
    }

    /// `> "file"` and `| "command"` are read and dropped.
    fn skip_redirection(&mut self) -> Parsed<()> {
        if self.op(">") || self.op(">>") || self.op("|") {
            self.primary()?;
        }
        Ok(())
    }

    fn list(&mut self, end: &str) -> Parsed<Vec<Expression>> {
        let mut list = Vec::new();
        if matches!(self.peek(), Token::Op(o) if *o == end) {
            return Ok(list);
        }
        loop {
            list.push(self.expression()?);
            if !self.op(",") {
                return Ok(list);
            }
            self.newlines();
        }
    }

    fn expression(&mut self) -> Parsed<Expression> {
        self.nested(Self::assignment)
    }

    fn assignment(&mut self) -> Parsed<Expression> {
        let left = self.conditional()?;
        for op in ["=", "+=", "-=", "*=", "/=", "%=", "^="] {
            if matches!(
                left,
                Expression::Variable(_) | Expression::Element(..) | Expression::Field(_)
            ) && self.op(op)
            {
                self.newlines();
                let right = self.expression()?;
                let op = ["=", "+", "-", "*", "/", "%", "^"]
                    .into_iter()
                    .find(|o| op == *o || op.strip_suffix('=') == Some(*o))
                    .unwrap_or("=");
                return Ok(Expression::Assign(Box::new(left), op, Box::new(right)));
            }
        }
        Ok(left)
    }

    fn conditional(&mut self) -> Parsed<Expression> {
        let condition = self.binary(0)?;
        if !self.op("?") {
            return Ok(condition);
        }
        self.newlines();
        let yes = self.expression()?;
        self.newlines();
        self.expect(":")?;
        self.newlines();
        let no = self.expression()?;
        Ok(Expression::Conditional(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    /// `||`, `&&`, `in`, `~`, comparisons, concatenation, sums, products by rising level.
    fn binary(&mut self, level: usize) -> Parsed<Expression> {
        const LEVELS: [&[&str]; 7] = [
            &["||"],
            &["&&"],
            &["in"],
            &["~", "!~"],
            &["<", "<=", "==", "!=", ">", ">="],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        /// Concatenation stands between comparisons and sums.
        const SUMS: usize = 5;
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        /// `a in b in c` nests.
        const NESTED: usize = 4;
        let mut left =
            if level + 1 == SUMS { self.concatenation()? } else { self.binary(level + 1)? };
        let mut nested = 0;
        let mut rest = Vec::new();
        loop {
            if operators == &["in"] {
                if self.no_in || !self.keyword("in") {
                    return Ok(left);
                }
                nested += 1;
                if nested > NESTED {
                    return Err(());
                }
                let Token::Name(array) = self.next() else { return Err(()) };
                left = Expression::In(vec![left], array);
                continue;
            }
            let no_greater = self.no_greater;
            let found = operators.iter().find(|op| {
                !(no_greater && **op == ">") && matches!(self.peek(), Token::Op(o) if o == *op)
            });
            let Some(op) = found else {
                return Ok(if rest.is_empty() {
                    left
                } else {
                    Expression::Chain(Box::new(left), rest)
                });
            };
            self.at += 1;
            self.newlines();
            let right =
                if level + 1 == SUMS { self.concatenation()? } else { self.binary(level + 1)? };
            rest.push((*op, right));
        }
    }

    fn concatenation(&mut self) -> Parsed<Expression> {
        const SUMS: usize = 5;
        let first = self.binary(SUMS)?;
        if !self.starts_value() {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.starts_value() {
            parts.push(self.binary(SUMS)?);
        }
        Ok(Expression::Concat(parts))
    }

    fn starts_value(&self) -> bool {
        match self.peek() {
            Token::Number(_) | Token::Text(_) | Token::Function(_) => true,
            Token::Name(name) => !is_keyword(name),
            Token::Op(op) => matches!(*op, "$" | "(" | "!" | "-" | "++" | "--"),
            _ => false,
        }
    }

    fn unary(&mut self) -> Parsed<Expression> {
        for (op, letter) in [("!", b'!'), ("-", b'-'), ("+", b'+')] {
            if self.op(op) {
                let inner = self.nested(Self::unary)?;
                return Ok(Expression::Unary(letter, Box::new(inner)));
            }
        }
        let base = self.postfix()?;
        if self.op("^") {
            let exponent = self.nested(Self::unary)?;
            return Ok(Expression::Binary("^", Box::new(base), Box::new(exponent)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed<Expression> {
        for (op, change) in [("++", 1.0), ("--", -1.0)] {
            if self.op(op) {
                let inner = self.nested(Self::primary)?;
                return Ok(Expression::Step(Box::new(inner), change, false));
            }
        }
        let inner = self.nested(Self::primary)?;
        let target = matches!(
            inner,
            Expression::Variable(_) | Expression::Element(..) | Expression::Field(_)
        );
        for (op, change) in [("++", 1.0), ("--", -1.0)] {
            if target && self.op(op) {
                return Ok(Expression::Step(Box::new(inner), change, true));
            }
        }
        Ok(inner)
    }

    fn primary(&mut self) -> Parsed<Expression> {
        Ok(match self.next() {
            Token::Number(number) => Expression::Number(number),
            Token::Text(text) => Expression::Text(text),
            Token::Regex(text) => Expression::Regex(text),
            Token::Op("$") => {
                let inner = if matches!(self.peek(), Token::Op("++" | "--")) {
                    self.postfix()?
                } else {
                    self.nested(Self::primary)?
                };
                Expression::Field(Box::new(inner))
            }
            Token::Op("-") => Expression::Unary(b'-', Box::new(self.nested(Self::primary)?)),
            Token::Op("(") => {
                let greater = std::mem::replace(&mut self.no_greater, false);
                let list = self.list(")");
                self.no_greater = greater;
                let mut list = list?;
                self.expect(")")?;
                if list.len() > 1 {
                    if !self.keyword("in") {
                        return Err(());
                    }
                    let Token::Name(array) = self.next() else { return Err(()) };
                    return Ok(Expression::In(list, array));
                }
                // In brackets it is no target of an assignment any more, nor need be.
                list.pop().ok_or(())?
            }
            Token::Function(name) => {
                self.expect("(")?;
                let arguments = self.list(")")?;
                self.expect(")")?;
                Expression::Call(name, arguments)
            }
            Token::Name(name) if name == "getline" => Expression::Getline,
            Token::Name(name) if name == "length" => Expression::Call(name, Vec::new()),
            Token::Name(name) if !is_keyword(&name) => {
                if self.op("[") {
                    let index = self.list("]")?;
                    self.expect("]")?;
                    Expression::Element(name, index)
                } else {
                    Expression::Variable(name)
                }
            }
            _ => return Err(()),
        })
    }
}
