//! Perl's grammar, as far as programs of one line and droppers use it. Perl cannot be
//! cut into words before it is read, so this reads characters.

use super::ast::{Expr, Mistake, Name, Stmt, StmtKind};
use std::cell::Cell;
use std::sync::Arc;

/// Deepest nesting.
const DEPTH_MAX: u32 = 240;

/// Stack that parsing may use, in bytes: the deepest nesting takes less.
const STACK_BYTES: usize = 16 << 20;

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
        let more: usize = self.text[from..end].iter().map(|b| usize::from(*b == b'\n')).sum();
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
            Some(b'%') => {
                return matches!(rest.get(1), Some(b'$' | b'{'))
                    || rest.get(1).is_some_and(u8::is_ascii_alphabetic);
            }
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
            if self.is_hash()
                && self.rest().get(1..).is_some_and(|r| !r.trim_ascii_start().starts_with(b"}"))
            {
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
                        && self
                            .rest()
                            .split(|b| *b == b'\n')
                            .next()
                            .is_some_and(|l| l.trim_ascii_end().ends_with(b"="))
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
}
