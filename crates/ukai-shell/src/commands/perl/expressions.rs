//! Perl's expressions, from the loosest operators to what stands behind a value.

use super::ast::{Expr, Pattern};
use super::parse::{CHAIN_MAX, Parsed, Parser};
use bytes::Bytes;
use std::sync::Arc;

/// Most texts that are joined by dots.
const JOINED_MAX: usize = 50_000;

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.deeper()?;
        let result = self.low_or();
        self.depth -= 1;
        result
    }

    pub(super) fn low_or(&mut self) -> Parsed<Expr> {
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

    pub(super) fn low_and(&mut self) -> Parsed<Expr> {
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

    pub(super) fn low_not(&mut self) -> Parsed<Expr> {
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
    pub(super) fn ends_list(&mut self) -> bool {
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

    pub(super) fn choice(&mut self) -> Parsed<Expr> {
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
    pub(super) fn operator(&mut self) -> Option<(&'static str, u8)> {
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
            if word == "x"
                && self.rest().starts_with(b"x=")
                && !self.rest().starts_with(b"x==")
                && !self.rest().starts_with(b"x=~")
            {
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

    pub(super) fn bind(&mut self, left: Expr, negated: bool) -> Parsed<Expr> {
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

    pub(super) fn unary_inside(&mut self) -> Parsed<Expr> {
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
                    Expr::Call(name, arguments)
                        if arguments.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase()) =>
                    {
                        Expr::Str(name.to_string().into())
                    }
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

    pub(super) fn postfix(&mut self) -> Parsed<Expr> {
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
                    let spaced =
                        self.rest().trim_ascii_start().starts_with(b"(") && self.peek() == b' ';
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
    pub(super) fn variable_without(&mut self) -> Parsed<Expr> {
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
    matches!(
        word,
        "time"
            | "rand"
            | "shift"
            | "pop"
            | "wait"
            | "fork"
            | "length"
            | "ord"
            | "int"
            | "abs"
            | "hex"
            | "oct"
    ) || word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}
