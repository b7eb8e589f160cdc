//! From a text to an `awk` program.

use super::lexer::{Token, is_keyword, shown, tokens};
use super::{Expression, Function, LineFrom, PrintTo, Program, Statement, When, functions};

/// Deepest nesting of a program.
const DEPTH: u32 = 48;

/// Why a text is no program, in mawk's words and in BusyBox's.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) line: u32,
    pub(super) mawk: String,
    pub(super) busybox: &'static str,
}

impl Mistake {
    pub(super) fn near(line: u32, word: &str) -> Self {
        let mawk = format!("syntax error at or near {word}");
        Self { line, mawk, busybox: "Unexpected token" }
    }
}

pub(super) type Parsed<T> = Result<T, Mistake>;

/// Reads a program as mawk or as BusyBox does.
pub(super) fn program(text: &[u8], mawk: bool) -> Parsed<Program> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
        braces: 0,
        brackets: 0,
        no_greater: false,
        mawk,
        in_function: false,
        called: Vec::new(),
    };
    let program = parser.program()?;
    if mawk
        && let Some(name) = parser
            .called
            .iter()
            .find(|name| !functions::is_known(name, true) && !program.functions.contains_key(*name))
    {
        let line = parser.tokens.last().map_or(1, |t| t.1) + 1;
        let mawk = format!("function {name} never defined");
        return Err(Mistake { line, mawk, busybox: "Call to undefined function" });
    }
    Ok(program)
}

struct Parser {
    tokens: Vec<(Token, u32)>,
    at: usize,
    depth: u32,
    /// Open braces and brackets, for mawk's messages.
    braces: u32,
    brackets: u32,
    /// `>` is no operator here (`print a > b`).
    no_greater: bool,
    /// In mawk `|` before `getline` takes only the last of texts that stand side by side.
    mawk: bool,
    in_function: bool,
    /// Functions that are called.
    called: Vec<String>,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |t| &t.0)
    }

    fn line(&self) -> u32 {
        self.tokens.get(self.at).or_else(|| self.tokens.last()).map_or(1, |t| t.1)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    /// What is wrong with the present word.
    fn mistake(&self) -> Mistake {
        let word = self.peek();
        // mawk ends the text with a newline of its own.
        let line = self.line() + u32::from(self.mawk && *word == Token::End);
        let mawk = match word {
            Token::End if self.braces > 0 => "missing } near end of file".to_owned(),
            Token::Op(op @ ("}" | ";")) if self.brackets > 0 => format!("missing ) near {op}"),
            Token::Newline if self.brackets > 0 => "missing ) near end of line".to_owned(),
            Token::Op(")") if self.brackets == 0 => "extra ')'".to_owned(),
            Token::Op("}") if self.braces == 0 => "extra '}'".to_owned(),
            word => return Mistake::near(line, &shown(word)),
        };
        Mistake { line, mawk, busybox: "Unexpected token" }
    }

    fn wrong<T>(&self) -> Parsed<T> {
        Err(self.mistake())
    }

    fn op(&mut self, op: &str) -> bool {
        let found = matches!(self.peek(), Token::Op(o) if *o == op);
        if found {
            self.at += 1;
            match op {
                "(" => self.brackets += 1,
                ")" => self.brackets = self.brackets.saturating_sub(1),
                "{" => self.braces += 1,
                "}" => self.braces = self.braces.saturating_sub(1),
                _ => {}
            }
        }
        found
    }

    fn expect(&mut self, op: &str) -> Parsed<()> {
        if self.op(op) { Ok(()) } else { self.wrong() }
    }

    fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            Token::Name(name) if !is_keyword(name) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => self.wrong(),
        }
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
            return self.wrong();
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn program(&mut self) -> Parsed<Program> {
        let mut program = Program::default();
        loop {
            self.ends();
            if *self.peek() == Token::End {
                return Ok(program);
            }
            if self.keyword("function") || !self.mawk && self.keyword("func") {
                let (name, function) = self.function()?;
                program.functions.insert(name, function);
                continue;
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
                return self.wrong();
            }
            program.rules.push((when, action));
        }
    }

    fn function(&mut self) -> Parsed<(String, Function)> {
        let name = match self.peek() {
            Token::Function(name) => {
                let name = name.clone();
                self.at += 1;
                name
            }
            _ => self.name()?,
        };
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.op(")") {
            if !parameters.is_empty() {
                self.expect(",")?;
                self.newlines();
            }
            parameters.push(self.name()?);
        }
        self.newlines();
        self.in_function = true;
        let body = self.block();
        self.in_function = false;
        Ok((name, Function { parameters, body: body? }))
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
                return self.wrong();
            }
        }
    }

    /// Whether what was just read ended with a block, after which nothing need stand.
    fn after_block(&self) -> bool {
        matches!(
            self.at.checked_sub(1).and_then(|at| self.tokens.get(at)),
            Some((Token::Op("}" | ";") | Token::Newline, _))
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
                return self.wrong();
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
        if let [(Token::Name(name), _), (Token::Name(word), _), (Token::Name(array), _)] =
            self.tokens.get(self.at..self.at + 3).unwrap_or_default()
            && word == "in"
            && matches!(self.tokens.get(self.at + 3), Some((Token::Op(")"), _)))
        {
            let (name, array) = (name.clone(), array.clone());
            self.at += 3;
            self.expect(")")?;
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
                let to = self.print_to();
                self.no_greater = before;
                return Ok(Statement::Print(list?, formatted, to?));
            }
        }
        if self.keyword("return") {
            if !self.in_function {
                let mawk = "return outside function body".to_owned();
                let busybox = "Unexpected token";
                return Err(Mistake { line: self.line(), mawk, busybox });
            }
            return Ok(Statement::Return(self.optional()?));
        }
        if self.keyword("nextfile") {
            return Ok(Statement::NextFile);
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
            return Ok(Statement::Exit(self.optional()?));
        }
        if self.keyword("delete") {
            let name = self.name()?;
            let index = if self.op("[") { self.subscripts()? } else { Vec::new() };
            return Ok(Statement::Delete(name, index));
        }
        self.expression().map(Statement::Expression)
    }

    /// The value of `exit` or `return`, if there is one.
    fn optional(&mut self) -> Parsed<Option<Expression>> {
        if matches!(self.peek(), Token::Newline | Token::Op(";" | "}") | Token::End) {
            return Ok(None);
        }
        self.expression().map(Some)
    }

    /// Whether what `print` prints ends here.
    fn ends_print(&self) -> bool {
        matches!(self.peek(), Token::Newline | Token::Op(";" | "}" | ">" | ">>" | "|") | Token::End)
    }

    fn print_list(&mut self) -> Parsed<Vec<Expression>> {
        if self.ends_print() {
            return Ok(Vec::new());
        }
        // `print (a, b)`: the brackets may hold the whole list.
        let (before, brackets, called) = (self.at, self.brackets, self.called.len());
        if self.op("(") {
            let greater = std::mem::replace(&mut self.no_greater, false);
            let list = self.list(")");
            self.no_greater = greater;
            if let Ok(list) = list
                && self.op(")")
                && self.ends_print()
            {
                return Ok(list);
            }
            self.called.truncate(called);
            (self.at, self.brackets) = (before, brackets);
        }
        self.list("")
    }

    /// `> "file"` and `| "command"`.
    fn print_to(&mut self) -> Parsed<Option<(PrintTo, Expression)>> {
        for (op, to) in [(">", PrintTo::File), (">>", PrintTo::Append), ("|", PrintTo::Command)] {
            if self.op(op) {
                return Ok(Some((to, self.nested(Self::concatenation)?)));
            }
        }
        Ok(None)
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
                if !self.keyword("in") {
                    return Ok(left);
                }
                nested += 1;
                if nested > NESTED {
                    return self.wrong();
                }
                let array = self.name()?;
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
        let mut parts = vec![first];
        while self.starts_value() {
            parts.push(self.binary(SUMS)?);
        }
        let whole = match parts.len() {
            1 => parts.pop().ok_or_else(|| self.mistake())?,
            _ => Expression::Concat(parts),
        };
        self.piped_lines(whole)
    }

    /// `"command" | getline`, perhaps again.
    fn piped_lines(&mut self, first: Expression) -> Parsed<Expression> {
        /// Commands that read their names from others.
        const NESTED: usize = 4;
        let mut whole = first;
        let mut nested = 0;
        while matches!(self.peek(), Token::Op("|"))
            && matches!(self.tokens.get(self.at + 1), Some((Token::Name(n), _)) if n == "getline")
        {
            nested += 1;
            if nested > NESTED {
                return self.wrong();
            }
            self.at += 2;
            let target = self.line_target()?;
            whole = Expression::Getline(LineFrom::Command(Box::new(whole)), target);
        }
        Ok(whole)
    }

    /// What `getline` is to assign to.
    fn line_target(&mut self) -> Parsed<Option<Box<Expression>>> {
        let there = match self.peek() {
            Token::Op("$") => true,
            Token::Name(name) => !is_keyword(name),
            _ => false,
        };
        Ok(if there { Some(Box::new(self.nested(Self::primary)?)) } else { None })
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
        let inner = if self.mawk { self.piped_lines(inner)? } else { inner };
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
        if self.op("(") {
            return self.bracketed();
        }
        let line = self.line();
        let at = self.at;
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
            Token::Function(name) => self.call(name, line)?,
            Token::Name(name) if name == "getline" => {
                let target = self.line_target()?;
                let from = if self.op("<") {
                    LineFrom::File(Box::new(self.nested(Self::primary)?))
                } else {
                    LineFrom::Main
                };
                Expression::Getline(from, target)
            }
            Token::Name(name)
                if matches!(self.peek(), Token::Op("("))
                    && functions::is_known(&name, self.mawk) =>
            {
                self.call(name, line)?
            }
            Token::Name(name) if name == "length" => Expression::Call(name, Vec::new(), line),
            Token::Name(name) if !is_keyword(&name) => {
                if self.op("[") {
                    let index = self.subscripts()?;
                    Expression::Element(name, index)
                } else {
                    Expression::Variable(name)
                }
            }
            _ => {
                self.at = at;
                return self.wrong();
            }
        })
    }

    /// After `[`: what stands up to `]`.
    fn subscripts(&mut self) -> Parsed<Vec<Expression>> {
        let greater = std::mem::replace(&mut self.no_greater, false);
        let index = self.list("]");
        self.no_greater = greater;
        let index = index?;
        self.expect("]")?;
        Ok(index)
    }

    fn call(&mut self, name: String, line: u32) -> Parsed<Expression> {
        self.expect("(")?;
        self.newlines();
        let greater = std::mem::replace(&mut self.no_greater, false);
        let arguments = self.list(")");
        self.no_greater = greater;
        let arguments = arguments?;
        self.newlines();
        self.expect(")")?;
        self.called.push(name.clone());
        Ok(Expression::Call(name, arguments, line))
    }

    /// After `(`: an expression, or the subscripts of `(i, j) in array`.
    fn bracketed(&mut self) -> Parsed<Expression> {
        let greater = std::mem::replace(&mut self.no_greater, false);
        let list = self.list(")");
        self.no_greater = greater;
        let mut list = list?;
        self.expect(")")?;
        if list.len() > 1 {
            if !self.keyword("in") {
                return self.wrong();
            }
            let array = self.name()?;
            return Ok(Expression::In(list, array));
        }
        // In brackets it is no target of an assignment any more, nor need be.
        list.pop().ok_or_else(|| self.mistake())
    }
}
