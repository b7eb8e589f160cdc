//! Perl's grammar, as far as programs of one line and droppers use it. Perl cannot be
//! cut into words before it is read, so this reads characters.

use super::ast::{Expr, Mistake, Name, Pattern, Stmt, StmtKind};
use std::cell::Cell;
use bytes::Bytes;
use std::sync::Arc;

/// Deepest nesting.
const DEPTH_MAX: u32 = 240;

/// Stack that parsing may use, in bytes: the deepest nesting takes less.
const STACK_BYTES: usize = 16 << 20;

/// Most texts that are joined by dots.
const JOINED_MAX: usize = 50_000;

/// Most operators in a chain, whose tree leans to one side.
pub(super) const CHAIN_MAX: u32 = 300;

pub(super) type Parsed<T> = Result<T, Mistake>;

pub(super) struct Parser<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    pub(super) depth: u32,
    /// Here-documents whose bodies begin after this line.
    pub(super) skipped: usize,
    /// Subs that take a block first.
    pub(super) block_subs: Vec<String>,
    /// How far lines were counted, and how many there were.
    counted: Cell<(usize, u32)>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a [u8], depth: u32) -> Self {
        Self { text, at: 0, depth, skipped: 0, block_subs: Vec::new(), counted: Cell::new((0, 1)) }
    }
}

pub(super) fn program(text: &[u8]) -> Parsed<Vec<Stmt>> {
    stacker::grow(STACK_BYTES, || Parser::new(text, 0).statements(false))
}

/// What stands behind the end of a program, which it reads as `<DATA>`.
pub(super) fn data(text: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    for line in text.split_inclusive(|b| *b == b'\n') {
        at += line.len();
        if matches!(line.trim_ascii_end(), b"__END__" | b"__DATA__") {
            return text.get(at..);
        }
    }
    None
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn ahead(&self, count: usize) -> u8 {
        self.text.get(self.at + count).copied().unwrap_or(0)
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    pub(super) fn line(&self) -> u32 {
        let end = self.at.min(self.text.trim_ascii_end().len());
        let (from, lines) = self.counted.get();
        let (from, lines) = if from > end { (0, 1) } else { (from, lines) };
        let more = self.text[from..end].iter().filter(|b| **b == b'\n').count();
        let lines = lines + more as u32;
        self.counted.set((end, lines));
        lines
    }

    pub(super) fn mistake(&self) -> Mistake {
        const NEAR_BYTES: usize = 40;
        let rest = self.rest();
        let near = &rest[..rest.len().min(NEAR_BYTES)];
        let near = near.split(|b| *b == b'\n').next().unwrap_or_default();
        let near = String::from_utf8_lossy(near).trim_end().to_owned();
        Mistake { line: self.line(), near: (!near.is_empty()).then_some(near) }
    }

    pub(super) fn fail<T>(&self) -> Parsed<T> {
        Err(self.mistake())
    }

    pub(super) fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { self.fail() } else { Ok(()) }
    }

    /// Passes over blanks, comments and documentation.
    pub(super) fn blanks(&mut self) {
        if self.at == 0 && self.peek() == b'=' && self.ahead(1).is_ascii_alphabetic() {
            let end = self.text.windows(5).position(|w| w == b"\n=cut");
            self.at = end.map_or(self.text.len(), |end| end + 5);
            while self.at < self.text.len() && self.peek() != b'\n' {
                self.at += 1;
            }
        }
        loop {
            match self.peek() {
                b'\n' => {
                    self.at += 1;
                    self.pass_heres();
                    while self.peek() == b'=' && self.ahead(1).is_ascii_alphabetic() {
                        let end = self.rest().windows(5).position(|w| w == b"\n=cut");
                        self.at = end.map_or(self.text.len(), |e| self.at + e + 5);
                        while self.at < self.text.len() && self.peek() != b'\n' {
                            self.at += 1;
                        }
                    }
                }
                b' ' | b'\t' | b'\r' | 12 => self.at += 1,
                b'#' => {
                    while self.at < self.text.len() && self.peek() != b'\n' {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// Passes over the bodies of here-documents whose line has ended.
    fn pass_heres(&mut self) {
        self.at = self.at.max(std::mem::take(&mut self.skipped)).min(self.text.len());
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(text.as_bytes());
        self.at += if found { text.len() } else { 0 };
        found
    }

    pub(super) fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.take(text) { Ok(()) } else { self.fail() }
    }

    /// A word that stands by itself.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        self.blanks();
        let rest = self.rest();
        if !rest.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') {
            return None;
        }
        let mut end = 0;
        while let Some(b) = rest.get(end) {
            if b.is_ascii_alphanumeric() || *b == b'_' {
                end += 1;
            } else if *b == b':'
                && rest.get(end + 1) == Some(&b':')
                && rest.get(end + 2).is_some_and(u8::is_ascii_alphanumeric)
            {
                end += 2;
            } else {
                break;
            }
        }
        std::str::from_utf8(&rest[..end]).ok()
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.word() == Some(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    // Statements.

    pub(super) fn statements(&mut self, inside: bool) -> Parsed<Vec<Stmt>> {
        let mut all = Vec::new();
        loop {
            self.blanks();
            if inside && self.peek() == b'}' {
                self.at += 1;
                return Ok(all);
            }
            if self.at >= self.text.len() {
                return if inside { self.fail() } else { Ok(all) };
            }
            if matches!(self.word(), Some("__END__" | "__DATA__")) && !inside
                || matches!(self.peek(), 4 | 26)
            {
                return Ok(all);
            }
            if self.take(";") {
                continue;
            }
            self.deeper()?;
            let line = self.line();
            let kind = self.statement()?;
            self.depth -= 1;
            all.push(Stmt { kind, line });
        }
    }

    pub(super) fn block(&mut self) -> Parsed<Vec<Stmt>> {
        self.expect("{")?;
        self.deeper()?;
        let block = self.statements(true);
        self.depth -= 1;
        block
    }

    /// Whether a brace begins a hash rather than a block.
    fn is_hash(&self) -> bool {
        let rest = self.rest().get(1..).unwrap_or_default().trim_ascii_start();
        let quoted = |quote: u8| {
            let end = rest.get(1..).and_then(|it| it.iter().position(|b| *b == quote));
            end.map(|end| end + 2)
        };
        let word = |from: usize| {
            let tail = rest.get(from..).unwrap_or_default();
            let letters = tail.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
            from + letters.count()
        };
        let end = match rest.first() {
            Some(b'}') => return true,
            Some(b'%') => return matches!(rest.get(1), Some(b'$' | b'{')) || rest.get(1).is_some_and(u8::is_ascii_alphabetic),
            Some(quote @ (b'"' | b'\'')) => quoted(*quote),
            Some(b'$') => Some(word(1)),
            Some(b) if b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-' => Some(word(1)),
            _ => None,
        };
        let after = end.and_then(|end| rest.get(end..)).unwrap_or_default().trim_ascii_start();
        after.starts_with(b"=>")
            || after.starts_with(b",") && rest.first().is_some_and(|b| b"\"'$".contains(b))
    }

    pub(super) fn statement(&mut self) -> Parsed<StmtKind> {
        if self.peek() == b'{' {
            if self.is_hash() && self.rest().get(1..).is_some_and(|r| !r.trim_ascii_start().starts_with(b"}")) {
                let before = self.at;
                if let Ok(expr) = self.expr() {
                    self.blanks();
                    if self.take(";") || self.peek() == b'}' || self.at >= self.text.len() {
                        return Ok(StmtKind::Expr(expr));
                    }
                }
                self.at = before;
            }
            let body = self.block()?;
            if self.take_word("continue") {
                self.block()?;
            }
            return Ok(StmtKind::Block(body));
        }
        if let Some(word) = self.word() {
            let before = self.at;
            // A label.
            let after = self.text[self.at + word.len()..].trim_ascii_start();
            if !word.contains(':')
                && word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
                && after.starts_with(b":")
                && !after.starts_with(b"::")
                && !matches!(word, "default" | "q" | "qq" | "qw" | "s" | "m" | "y" | "tr")
            {
                self.at += word.len();
                self.expect(":")?;
                self.blanks();
                if self.peek() == b'}' || self.at >= self.text.len() {
                    return Ok(StmtKind::Block(Vec::new()));
                }
                let inner = self.statement()?;
                return Ok(StmtKind::Labelled(word.into(), Box::new(inner)));
            }
            self.at += word.len();
            match word {
                "if" | "unless" => return self.if_statement(word == "unless"),
                "while" | "until" => {
                    self.expect("(")?;
                    self.blanks();
                    let condition = if self.peek() == b')' { Expr::Int(1) } else { self.expr()? };
                    self.expect(")")?;
                    let condition =
                        if word == "until" { Expr::Not(Box::new(condition)) } else { condition };
                    let body = self.block()?;
                    let after = if self.take_word("continue") { self.block()? } else { Vec::new() };
                    return Ok(StmtKind::While(condition, body, after));
                }
                "for" | "foreach" => return self.for_statement(),
                "sub" => {
                    if let Some(name) = self.word() {
                        self.at += name.len();
                        let (shape, mut signature) = self.shape()?;
                        if shape.starts_with(b"&") {
                            self.block_subs.push(name.to_owned());
                        }
                        if self.take(";") {
                            return Ok(StmtKind::Block(Vec::new()));
                        }
                        signature.extend(self.block()?);
                        return Ok(StmtKind::Sub(name.into(), Arc::new(signature)));
                    }
                }
                "BEGIN" | "INIT" | "CHECK" | "UNITCHECK"
                    if self.rest().trim_ascii_start().starts_with(b"{") =>
                {
                    return Ok(StmtKind::Block(self.block()?));
                }
                "END" if self.rest().trim_ascii_start().starts_with(b"{") => {
                    return Ok(StmtKind::End(Arc::new(self.block()?)));
                }
                "format" => {
                    // `format STDOUT =` up to a line with a dot.
                    if let Some(end) = self.rest().windows(3).position(|w| w == b"\n.\n")
                        && self.rest().split(|b| *b == b'\n').next().is_some_and(|l| l.trim_ascii_end().ends_with(b"="))
                    {
                        self.at += end + 3;
                        return Ok(StmtKind::Block(Vec::new()));
                    }
                }
                "package" => {
                    let name: Name = self.word().unwrap_or("main").into();
                    while self.at < self.text.len() && !matches!(self.peek(), b';' | b'{') {
                        self.at += 1;
                    }
                    if self.peek() == b'{' {
                        let line = self.line();
                        let mut body = vec![Stmt { kind: StmtKind::Package(name), line }];
                        body.extend(self.block()?);
                        return Ok(StmtKind::Block(body));
                    }
                    return Ok(StmtKind::Package(name));
                }
                "use" | "no" => return self.use_statement(word),
                _ => {}
            }
            self.at = before;
        }
        let expr = self.expr()?;
        let kind = self.modified(expr)?;
        self.blanks();
        if !self.take(";") && self.peek() != b'}' && self.at < self.text.len() {
            return self.fail();
        }
        Ok(kind)
    }

    fn use_statement(&mut self, word: &str) -> Parsed<StmtKind> {
        let name: Name = self.word().unwrap_or("").into();
        self.at += name.len();
        let before = self.at;
        let version = name.is_empty()
            || name.starts_with('v') && name[1..].starts_with(|c: char| c.is_ascii_digit());
        if word == "use" && !version {
            // A version may stand in front of what is asked for.
            self.blanks();
            if self.peek().is_ascii_digit() {
                while self.peek().is_ascii_digit() || matches!(self.peek(), b'.' | b'_') {
                    self.at += 1;
                }
            }
            if self.ends() {
                self.take(";");
                return Ok(StmtKind::Use(name, Vec::new()));
            }
            if let Ok(items) = self.items()
                && (self.take(";") || self.ends())
            {
                return Ok(StmtKind::Use(name, items));
            }
            self.at = before;
        }
        while self.at < self.text.len() && !matches!(self.peek(), b';' | b'}') {
            self.at += 1;
        }
        let name = if word == "no" { "".into() } else { name };
        Ok(StmtKind::Use(name, Vec::new()))
    }

    /// What stands in brackets behind the name of a sub: kinds of arguments, or their names,
    /// of which statements are made.
    pub(super) fn shape(&mut self) -> Parsed<(Vec<u8>, Vec<Stmt>)> {
        self.blanks();
        // `: lvalue`
        while self.peek() == b':' {
            self.at += 1;
            if let Some(word) = self.word() {
                self.at += word.len();
            }
            self.blanks();
        }
        if self.peek() != b'(' {
            return Ok((Vec::new(), Vec::new()));
        }
        let line = self.line();
        let body = self.quoted(b'(')?;
        let names = body.iter().any(u8::is_ascii_alphabetic);
        let mut made = Vec::new();
        if names {
            let mut inner = Parser::new(&body, self.depth);
            let mut variables = Vec::new();
            loop {
                inner.blanks();
                let sigil = inner.peek();
                if !matches!(sigil, b'$' | b'@' | b'%') {
                    break;
                }
                inner.at += 1;
                let tight = inner.peek().is_ascii_alphabetic() || inner.peek() == b'_';
                let name: Name = if tight { inner.word().unwrap_or("") } else { "" }.into();
                inner.at += name.len();
                let otherwise = if inner.take("//=") || inner.take("||=") || inner.take("=") {
                    Some(inner.assign()?)
                } else {
                    None
                };
                variables.push((sigil as char, name, otherwise));
                if !inner.take(",") {
                    break;
                }
            }
            let targets = variables.iter().map(|(sigil, name, _)| (*sigil, Arc::clone(name)));
            let targets = Expr::My(targets.collect(), true);
            let given = Expr::Array("_".into());
            let all = Expr::Assign("", Box::new(targets), Box::new(given));
            made.push(Stmt { kind: StmtKind::Expr(all), line });
            for (_, name, otherwise) in variables {
                if let Some(otherwise) = otherwise {
                    let target = Box::new(Expr::Scalar(name));
                    let set = Expr::Assign("//", target, Box::new(otherwise));
                    made.push(Stmt { kind: StmtKind::Expr(set), line });
                }
            }
        }
        self.blanks();
        while self.peek() == b':' {
            self.at += 1;
            if let Some(word) = self.word() {
                self.at += word.len();
            }
            self.blanks();
        }
        Ok((body, made))
    }

    fn modified(&mut self, expr: Expr) -> Parsed<StmtKind> {
        let line = self.line();
        let Some(word) = self.word() else { return Ok(StmtKind::Expr(expr)) };
        if !matches!(word, "if" | "unless" | "while" | "until" | "for" | "foreach") {
            return Ok(StmtKind::Expr(expr));
        }
        self.at += word.len();
        let condition = self.expr()?;
        // What is declared there is there afterwards, too.
        if matches!(word, "if" | "unless") {
            let op = if word == "if" { "&&" } else { "||" };
            return Ok(StmtKind::Expr(Expr::Logic(op, Box::new(condition), Box::new(expr))));
        }
        let condition = if word == "until" { Expr::Not(Box::new(condition)) } else { condition };
        if matches!(word, "while" | "until")
            && matches!(&expr, Expr::Block(name, _) if &**name == "do")
        {
            return Ok(StmtKind::DoWhile(expr, condition));
        }
        let body = vec![Stmt { kind: StmtKind::Expr(expr), line }];
        Ok(match word {
            "while" | "until" => StmtKind::While(condition, body, Vec::new()),
            _ => StmtKind::Foreach(None, condition, body),
        })
    }

    fn if_statement(&mut self, negated: bool) -> Parsed<StmtKind> {
        let mut branches = Vec::new();
        let mut negated = negated;
        loop {
            self.expect("(")?;
            let condition = self.expr()?;
            self.expect(")")?;
            let condition = if negated { Expr::Not(Box::new(condition)) } else { condition };
            negated = false;
            branches.push((condition, self.block()?));
            if !self.take_word("elsif") {
                break;
            }
        }
        let otherwise = if self.take_word("else") { self.block()? } else { Vec::new() };
        Ok(StmtKind::If(branches, otherwise))
    }

    fn loop_body(&mut self) -> Parsed<Vec<Stmt>> {
        let body = self.block()?;
        if self.take_word("continue") {
            self.block()?;
        }
        Ok(body)
    }

    fn for_statement(&mut self) -> Parsed<StmtKind> {
        let declared = self.take_word("my") || self.take_word("our") || self.take_word("state");
        self.blanks();
        if self.peek() == b'$' {
            self.at += 1;
            let name: Name = self.word().unwrap_or("_").into();
            self.at += name.len();
            self.expect("(")?;
            self.blanks();
            let list = if self.peek() == b')' { Expr::List(Vec::new()) } else { self.expr()? };
            self.expect(")")?;
            return Ok(StmtKind::Foreach(Some((name, declared)), list, self.loop_body()?));
        }
        self.expect("(")?;
        let part = |parser: &mut Self| -> Parsed<Option<Expr>> {
            parser.blanks();
            if matches!(parser.peek(), b';' | b')') { Ok(None) } else { parser.expr().map(Some) }
        };
        let first = part(self)?;
        if !self.take(";") {
            self.expect(")")?;
            let list = first.unwrap_or(Expr::List(Vec::new()));
            return Ok(StmtKind::Foreach(None, list, self.loop_body()?));
        }
        let condition = part(self)?;
        self.expect(";")?;
        let after = part(self)?;
        self.expect(")")?;
        Ok(StmtKind::For(first, condition, after, self.block()?))
    }

    // Expressions, from the loosest operators.

    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.deeper()?;
        let result = self.low_or();
        self.depth -= 1;
        result
    }

    fn low_or(&mut self) -> Parsed<Expr> {
        let mut left = self.low_and()?;
        for _ in 0..CHAIN_MAX {
            let op = match self.word() {
                Some("or") => "||",
                Some("xor") => "xor",
                _ => return Ok(left),
            };
            self.at += if op == "||" { 2 } else { 3 };
            let right = self.low_and()?;
            left = Expr::Logic(op, Box::new(left), Box::new(right));
        }
        self.fail()
    }

    fn low_and(&mut self) -> Parsed<Expr> {
        let mut left = self.low_not()?;
        for _ in 0..CHAIN_MAX {
            if !self.take_word("and") {
                return Ok(left);
            }
            let right = self.low_not()?;
            left = Expr::Logic("&&", Box::new(left), Box::new(right));
        }
        self.fail()
    }

    fn low_not(&mut self) -> Parsed<Expr> {
        if self.take_word("not") {
            self.deeper()?;
            let inner = self.low_not();
            self.depth -= 1;
            return Ok(Expr::Not(Box::new(inner?)));
        }
        self.comma()
    }

    pub(super) fn ends(&mut self) -> bool {
        self.blanks();
        self.at >= self.text.len()
            || matches!(self.peek(), b')' | b']' | b'}' | b';')
            || self.peek() == b':' && self.ahead(1) != b':'
            || matches!(
                self.word(),
                Some(
                    "or" | "and"
                        | "if"
                        | "unless"
                        | "while"
                        | "until"
                        | "for"
                        | "foreach"
                        | "xor"
                        | "x"
                )
            )
    }

    /// Whether a list ends here. A word before `=>` is an item, whatever it means elsewhere.
    fn ends_list(&mut self) -> bool {
        if let Some(word) = self.word()
            && self.text[self.at + word.len()..].trim_ascii_start().starts_with(b"=>")
        {
            return false;
        }
        self.ends()
    }

    pub(super) fn comma(&mut self) -> Parsed<Expr> {
        let first = self.assign()?;
        self.blanks();
        if self.peek() != b',' && !self.rest().starts_with(b"=>") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take(",") || self.take("=>") {
            while self.take(",") || self.take("=>") {}
            if self.ends_list() {
                break;
            }
            items.push(self.assign()?);
        }
        Ok(Expr::List(items))
    }

    pub(super) fn assign(&mut self) -> Parsed<Expr> {
        const OPERATORS: &[(&str, &str)] = &[
            ("**=", "**"),
            ("||=", "||"),
            ("&&=", "&&"),
            ("//=", "//"),
            ("<<=", "<<"),
            (">>=", ">>"),
            ("+=", "+"),
            ("-=", "-"),
            ("*=", "*"),
            ("/=", "/"),
            (".=", "."),
            ("%=", "%"),
            ("x=", "x"),
            ("|=", "|"),
            ("&=", "&"),
            ("^=", "^"),
        ];
        self.deeper()?;
        let left = self.choice()?;
        self.blanks();
        let rest = self.rest();
        let plain = rest.starts_with(b"=")
            && !rest.starts_with(b"==")
            && !rest.starts_with(b"=~")
            && !rest.starts_with(b"=>");
        let op = if plain {
            self.at += 1;
            Some("")
        } else if let Some((text, op)) = OPERATORS.iter().find(|(text, _)| {
            rest.starts_with(text.as_bytes()) && !(text == &"x=" && rest.starts_with(b"x=="))
        }) {
            self.at += text.len();
            Some(*op)
        } else {
            None
        };
        let result = match op {
            Some(op) => {
                let right = self.assign()?;
                Ok(Expr::Assign(op, Box::new(left), Box::new(right)))
            }
            None => Ok(left),
        };
        self.depth -= 1;
        result
    }

    fn choice(&mut self) -> Parsed<Expr> {
        let condition = self.binary(0)?;
        self.blanks();
        if self.peek() != b'?' {
            return Ok(condition);
        }
        self.at += 1;
        let then = self.assign()?;
        self.expect(":")?;
        let otherwise = self.assign()?;
        Ok(Expr::Choice(Box::new([condition, then, otherwise])))
    }

    /// The operator that stands here, and how strongly it binds.
    fn operator(&mut self) -> Option<(&'static str, u8)> {
        const OPERATORS: &[(&str, u8)] = &[
            ("...", 0),
            ("..", 0),
            ("||", 1),
            ("//", 1),
            ("&&", 2),
            ("|", 3),
            ("^", 3),
            ("&", 4),
            ("<=>", 5),
            ("==", 5),
            ("!=", 5),
            ("~~", 5),
            ("<<", 8),
            (">>", 8),
            ("<=", 6),
            (">=", 6),
            ("<", 6),
            (">", 6),
            ("+", 9),
            ("-", 9),
            (".", 9),
            ("**", 12),
            ("*", 10),
            ("/", 10),
            ("%", 10),
            ("=~", 11),
            ("!~", 11),
        ];
        const WORDS: &[(&str, u8)] = &[
            ("eq", 5),
            ("ne", 5),
            ("cmp", 5),
            ("lt", 6),
            ("gt", 6),
            ("le", 6),
            ("ge", 6),
            ("x", 10),
            ("isa", 7),
        ];
        self.blanks();
        if let Some(word) = self.word() {
            // `x=` assigns.
            if word == "x" && self.rest().starts_with(b"x=") && !self.rest().starts_with(b"x==") && !self.rest().starts_with(b"x=~") {
                return None;
            }
            if let Some((op, power)) = WORDS.iter().find(|(op, _)| *op == word) {
                return Some((op, *power));
            }
            // `"a"x3`
            let digits = word
                .strip_prefix('x')
                .is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
            return digits.then_some(("x", 10));
        }
        let rest = self.rest();
        let (op, power) = OPERATORS.iter().find(|(op, _)| rest.starts_with(op.as_bytes()))?;
        // What assigns is not ours.
        let after = rest.get(op.len()).copied().unwrap_or(0);
        let assigns = after == b'='
            && !matches!(*op, "==" | "!=" | "<=" | ">=" | "=~" | "<" | ">" | "!~" | "<=>");
        if assigns && !(rest.get(op.len() + 1) == Some(&b'=') && matches!(*op, "-" | "+")) {
            return None;
        }
        Some((op, *power))
    }

    pub(super) fn binary(&mut self, least: u8) -> Parsed<Expr> {
        let mut left = self.unary()?;
        let mut joined = false;
        let mut links = 0;
        while links < CHAIN_MAX {
            let Some((op, power)) = self.operator().filter(|(_, power)| *power >= least) else {
                return Ok(left);
            };
            self.at += op.len();
            links += u32::from(op != ".");
            if op == "=~" || op == "!~" {
                left = self.bind(left, op == "!~")?;
                joined = false;
                continue;
            }
            self.deeper()?;
            // `**` binds to the right.
            let right = self.binary(if op == "**" { power } else { power + 1 });
            self.depth -= 1;
            if op == "." {
                let right = right?;
                left = match left {
                    Expr::Text(mut parts) if joined => {
                        if parts.len() >= JOINED_MAX {
                            return self.fail();
                        }
                        parts.push(right);
                        Expr::Text(parts)
                    }
                    other => Expr::Text(vec![other, right]),
                };
                joined = true;
                continue;
            }
            joined = false;
            let (a, b) = (Box::new(left), Box::new(right?));
            left = match op {
                "||" | "&&" | "//" => Expr::Logic(op, a, b),
                "..." => Expr::Binary("..", a, b),
                _ => Expr::Binary(op, a, b),
            };
        }
        self.fail()
    }

    fn bind(&mut self, left: Expr, negated: bool) -> Parsed<Expr> {
        let right = self.unary()?;
        let left = Box::new(left);
        Ok(match right {
            Expr::Match(_, pattern, _) => Expr::Match(left, pattern, negated),
            Expr::Replace(_, pattern, with) => Expr::Replace(left, pattern, with),
            Expr::Translate(_, from, to, flags) => Expr::Translate(left, from, to, flags),
            other => {
                let pattern = Pattern { text: other, flags: String::new() };
                Expr::Match(left, Arc::new(pattern), negated)
            }
        })
    }

    pub(super) fn unary(&mut self) -> Parsed<Expr> {
        self.blanks();
        self.deeper()?;
        let result = self.unary_inside();
        self.depth -= 1;
        result
    }

    fn unary_inside(&mut self) -> Parsed<Expr> {
        let rest = self.rest();
        if rest.starts_with(b"++") || rest.starts_with(b"--") {
            let by = if rest[0] == b'+' { 1 } else { -1 };
            self.at += 2;
            let inner = self.unary()?;
            return Ok(Expr::Step(Box::new(inner), by, true));
        }
        match self.peek() {
            b'!' => {
                self.at += 1;
                Ok(Expr::Not(Box::new(self.unary()?)))
            }
            b'\\' => {
                self.at += 1;
                self.blanks();
                if self.peek() == b'&' && self.ahead(1) != b'&' {
                    return self.sub_of();
                }
                Ok(Expr::Ref(Box::new(self.unary()?)))
            }
            b'~' => {
                self.at += 1;
                let inner = self.unary()?;
                Ok(Expr::Complement(Box::new(inner)))
            }
            b'+' => {
                self.at += 1;
                self.unary()
            }
            b'-' if self.ahead(1).is_ascii_alphabetic()
                && !(self.ahead(2).is_ascii_alphanumeric() || self.ahead(2) == b'_')
                && b"edfrwxszlpSbctugkToRWXOBMAC".contains(&self.ahead(1))
                && !self.rest()[2..].trim_ascii_start().starts_with(b"=>") =>
            {
                let test = self.ahead(1) as char;
                self.at += 2;
                self.blanks();
                let bare = self.peek();
                if matches!(bare, b'=' | b'?' | b',' | b'|') || self.rest().starts_with(b"&&") {
                    return Ok(Expr::Test(test, Box::new(Expr::Scalar("_".into()))));
                }
                let of = if self.ends() { Expr::Scalar("_".into()) } else { self.unary()? };
                let of = match of {
                    Expr::Call(name, arguments) if arguments.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase()) => Expr::Str(name.to_string().into()),
                    other => other,
                };
                Ok(Expr::Test(test, Box::new(of)))
            }
            b'-' => {
                self.at += 1;
                let inner = self.binary(12)?;
                Ok(match inner {
                    // `-bareword`
                    Expr::Call(name, arguments) if arguments.is_empty() && !is_function(&name) => {
                        Expr::Str(format!("-{name}").into())
                    }
                    other => Expr::Minus(Box::new(other)),
                })
            }
            _ => self.postfix(),
        }
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let mut expr = self.primary()?;
        for _ in 0..CHAIN_MAX {
            let tight = self.rest();
            if tight.starts_with(b"++") || tight.starts_with(b"--") {
                let by = if tight[0] == b'+' { 1 } else { -1 };
                self.at += 2;
                return Ok(Expr::Step(Box::new(expr), by, false));
            }
            let subscripted = matches!(expr, Expr::Item(..) | Expr::Member(..) | Expr::Invoke(..));
            if matches!(expr, Expr::Item(..) | Expr::Member(..)) && tight.starts_with(b"(") {
                let arguments = self.brackets()?;
                expr = Expr::Invoke(Box::new(expr), arguments);
                continue;
            }
            if subscripted && tight.starts_with(b"[") {
                expr = self.item(expr)?;
                continue;
            }
            if subscripted && tight.starts_with(b"{") {
                expr = self.member(expr)?;
                continue;
            }
            let before = self.at;
            self.blanks();
            if !self.rest().starts_with(b"->") {
                self.at = before;
                return Ok(expr);
            }
            self.at += 2;
            self.blanks();
            expr = match self.peek() {
                b'[' => self.item(expr)?,
                b'{' => self.member(expr)?,
                b'(' => {
                    let arguments = self.brackets()?;
                    Expr::Invoke(Box::new(expr), arguments)
                }
                // `->@*`, `->%*`, `->$#*`, `->@[...]`
                sigil @ (b'@' | b'%') => {
                    self.at += 1;
                    match self.peek() {
                        b'[' | b'{' => {
                            let open = self.peek();
                            self.at += 1;
                            let keys = self.items()?;
                            self.expect(if open == b'[' { "]" } else { "}" })?;
                            let kind = if open == b'[' { '@' } else { '%' };
                            let of = Expr::Deref(kind, Box::new(expr));
                            Expr::Slice(Box::new(of), keys, sigil == b'%')
                        }
                        _ => {
                            self.expect("*")?;
                            Expr::Deref(sigil as char, Box::new(expr))
                        }
                    }
                }
                b'$' if self.rest().starts_with(b"$*") => {
                    self.at += 2;
                    Expr::Deref('$', Box::new(expr))
                }
                b'$' if self.rest().starts_with(b"$#*") => {
                    self.at += 3;
                    Expr::Deref('#', Box::new(expr))
                }
                b'&' if self.rest().starts_with(b"&*") => {
                    self.at += 2;
                    Expr::Invoke(Box::new(expr), vec![Expr::Array("_".into())])
                }
                b'$' => {
                    // `->$method(...)`
                    self.at += 1;
                    let Some(name) = self.word() else { return self.fail() };
                    self.at += name.len();
                    let arguments = if self.peek() == b'(' { self.brackets()? } else { Vec::new() };
                    let name = Expr::Scalar(name.into());
                    Expr::Method(Box::new(expr), Box::new(name), arguments)
                }
                _ => {
                    let Some(name) = self.word() else { return self.fail() };
                    self.at += name.len();
                    let tight = self.peek() == b'(';
                    let spaced = self.rest().trim_ascii_start().starts_with(b"(") && self.peek() == b' ';
                    let arguments = if tight || spaced { self.brackets()? } else { Vec::new() };
                    let name = Expr::Str(Bytes::copy_from_slice(name.as_bytes()));
                    Expr::Method(Box::new(expr), Box::new(name), arguments)
                }
            };
        }
        self.fail()
    }

    /// `\&name`, `\&$name`, `\&{...}`
    pub(super) fn sub_of(&mut self) -> Parsed<Expr> {
        self.expect("&")?;
        let inner = match self.peek() {
            b'$' => self.variable_without()?,
            b'{' => {
                self.at += 1;
                let inner = self.expr()?;
                self.expect("}")?;
                inner
            }
            _ => {
                let Some(name) = self.word() else { return self.fail() };
                self.at += name.len();
                Expr::Str(Bytes::copy_from_slice(name.as_bytes()))
            }
        };
        Ok(Expr::SubOf(Box::new(inner)))
    }

    /// A scalar by name, without what may follow.
    fn variable_without(&mut self) -> Parsed<Expr> {
        self.at += 1;
        let Some(name) = self.word() else { return self.fail() };
        self.at += name.len();
        Ok(Expr::Scalar(name.into()))
    }

    pub(super) fn item(&mut self, of: Expr) -> Parsed<Expr> {
        self.expect("[")?;
        let index = self.expr()?;
        self.expect("]")?;
        Ok(Expr::Item(Box::new(of), Box::new(index)))
    }

    pub(super) fn member(&mut self, of: Expr) -> Parsed<Expr> {
        self.expect("{")?;
        self.blanks();
        let minus = self.peek() == b'-';
        let before = self.at;
        self.at += usize::from(minus);
        if let Some(word) = self.word() {
            let after = &self.text[self.at + word.len()..];
            if after.trim_ascii_start().starts_with(b"}") {
                self.at += word.len();
                self.expect("}")?;
                let name = if minus { format!("-{word}") } else { word.to_owned() };
                return Ok(Expr::Member(Box::new(of), Box::new(Expr::Str(name.into()))));
            }
        }
        self.at = before;
        let key = self.expr()?;
        self.expect("}")?;
        Ok(Expr::Member(Box::new(of), Box::new(key)))
    }
}

/// Whether a word is a function that needs no arguments.
fn is_function(word: &str) -> bool {
    matches!(word, "time" | "rand" | "shift" | "pop" | "wait" | "fork" | "length" | "ord" | "int" | "abs" | "hex" | "oct")
        || word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}
