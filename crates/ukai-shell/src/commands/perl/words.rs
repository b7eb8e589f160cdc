//! What begins with a word, a sigil or a bracket in Perl.

use super::ast::{Expr, Name, Stmt, StmtKind};
use super::parse::{Parsed, Parser};
use super::quote::{matches, single};
use bytes::Bytes;
use std::sync::Arc;

/// Functions of one argument at most, which bind closer than commas.
const UNARY: &[&str] = &[
    "defined",
    "ref",
    "scalar",
    "lc",
    "uc",
    "lcfirst",
    "ucfirst",
    "length",
    "chr",
    "ord",
    "int",
    "abs",
    "sqrt",
    "hex",
    "oct",
    "chomp",
    "chop",
    "shift",
    "pop",
    "keys",
    "values",
    "each",
    "delete",
    "exists",
    "exit",
    "sleep",
    "rmdir",
    "chdir",
    "close",
    "undef",
    "rand",
    "srand",
    "localtime",
    "gmtime",
    "require",
    "quotemeta",
    "umask",
    "readlink",
    "stat",
    "caller",
    "eof",
    "fileno",
    "chroot",
    "log",
    "exp",
    "sin",
    "cos",
    "getpwuid",
    "getpwnam",
    "getprotobyname",
    "gethostbyname",
    "inet_aton",
    "inet_ntoa",
    "decode_base64",
    "closedir",
    "readdir",
    "local",
];

/// Functions that need no arguments and take none.
const NULLARY: &[&str] =
    &["time", "fork", "wait", "getppid", "times", "wantarray", "__FILE__", "__LINE__"];

impl Parser<'_> {
    /// `( ... )` as a list.
    pub(super) fn brackets(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("(")?;
        self.blanks();
        if self.take(")") {
            return Ok(Vec::new());
        }
        let inner = self.expr()?;
        self.expect(")")?;
        Ok(match inner {
            Expr::List(items) => items,
            one => vec![one],
        })
    }

    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        match self.peek() {
            b'$' | b'@' | b'%' | b'&' => self.variable(),
            b'(' => {
                let items = self.brackets()?;
                if self.rest().starts_with(b"[") {
                    self.at += 1;
                    let places = self.items()?;
                    self.expect("]")?;
                    return Ok(Expr::Slice(Box::new(Expr::NewArray(items)), places));
                }
                Ok(Expr::List(items))
            }
            b'[' => {
                self.at += 1;
                self.blanks();
                let items = if self.peek() == b']' { Vec::new() } else { self.items()? };
                self.expect("]")?;
                Ok(Expr::NewArray(items))
            }
            b'{' => {
                self.at += 1;
                self.blanks();
                let items = if self.peek() == b'}' { Vec::new() } else { self.items()? };
                self.expect("}")?;
                Ok(Expr::NewHash(items))
            }
            b'"' => {
                let body = self.quoted(b'"')?;
                self.interpolated(&body, false)
            }
            b'\'' => {
                let body = self.quoted(b'\'')?;
                Ok(Expr::Str(single(&body).into()))
            }
            b'`' => {
                let body = self.quoted(b'`')?;
                let text = self.interpolated(&body, false)?;
                Ok(Expr::Run(Box::new(text)))
            }
            b'/' => {
                let body = self.quoted(b'/')?;
                let flags = self.flags();
                let text = self.interpolated(&body, true)?;
                Ok(matches(text, flags))
            }
            // `*STDOUT`
            b'*' if self.ahead(1).is_ascii_alphabetic() => {
                self.at += 1;
                let name = self.word().unwrap_or("");
                self.at += name.len();
                Ok(Expr::Str(Bytes::copy_from_slice(name.as_bytes())))
            }
            b'<' => self.angle(),
            b'0'..=b'9' => self.number(),
            b'.' if self.ahead(1).is_ascii_digit() => self.number(),
            _ => self.named(),
        }
    }

    pub(super) fn items(&mut self) -> Parsed<Vec<Expr>> {
        Ok(match self.expr()? {
            Expr::List(items) => items,
            one => vec![one],
        })
    }

    fn number(&mut self) -> Parsed<Expr> {
        let rest = self.rest();
        let radix = match rest.get(1).map(u8::to_ascii_lowercase) {
            Some(b'x') if rest[0] == b'0' => 16,
            Some(b'b') if rest[0] == b'0' => 2,
            Some(b'0'..=b'7') if rest[0] == b'0' => 8,
            _ => 10,
        };
        let skip = match radix {
            16 | 2 => 2,
            _ => 0,
        };
        let mut end = skip;
        let mut dot = false;
        while let Some(b) = rest.get(end) {
            let digit = (*b as char).is_digit(radix) || *b == b'_';
            let point = radix == 10 && *b == b'.' && !dot && rest.get(end + 1) != Some(&b'.');
            let exponent = radix == 10
                && matches!(b, b'e' | b'E')
                && rest
                    .get(end + 1)
                    .is_some_and(|n| n.is_ascii_digit() || matches!(n, b'-' | b'+'));
            if exponent {
                dot = true;
                end += 1;
            }
            dot |= point;
            if !digit && !point && !exponent {
                break;
            }
            end += 1;
        }
        let text: String =
            rest[skip..end].iter().filter(|b| **b != b'_').map(|b| *b as char).collect();
        self.at += end;
        Ok(if dot {
            Expr::Num(text.parse().unwrap_or(0.0))
        } else {
            match i64::from_str_radix(&text, radix) {
                Ok(number) => Expr::Int(number),
                Err(_) => Expr::Num(text.parse().unwrap_or(0.0)),
            }
        })
    }

    /// `<STDIN>`, `<$fh>`, `<>`
    fn angle(&mut self) -> Parsed<Expr> {
        if self.rest().starts_with(b"<<") {
            return self.here();
        }
        let Some(end) = self.rest().iter().position(|b| *b == b'>') else { return self.fail() };
        let name = String::from_utf8_lossy(&self.rest()[1..end]).into_owned();
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b':')) {
            return self.fail();
        }
        self.at += end + 1;
        Ok(Expr::Read(name.into()))
    }

    fn here(&mut self) -> Parsed<Expr> {
        self.at += 2;
        let quote = self.peek();
        let mark = if matches!(quote, b'"' | b'\'') {
            self.quoted(quote)?
        } else {
            let Some(word) = self.word() else { return self.fail() };
            self.at += word.len();
            word.as_bytes().to_vec()
        };
        // The body follows the line; it is read at once.
        let line_end = self.rest().iter().position(|b| *b == b'\n');
        let Some(line_end) = line_end else { return self.fail() };
        let start = self.at + line_end + 1;
        let mut end = start;
        let mut body = Vec::new();
        while end < self.text.len() {
            let line = self.text[end..].split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
            end += line.len();
            if line.strip_suffix(b"\n").unwrap_or(line) == mark {
                break;
            }
            body.extend_from_slice(line);
        }
        self.heres.push(Bytes::new());
        self.waiting.push((mark, self.heres.len() - 1));
        if quote == b'\'' { Ok(Expr::Str(body.into())) } else { self.interpolated(&body, false) }
    }

    pub(super) fn variable(&mut self) -> Parsed<Expr> {
        let sigil = self.peek();
        self.at += 1;
        if sigil == b'$' && self.peek() == b'#' {
            self.at += 1;
            if self.peek() == b'{' || self.peek() == b'$' {
                let inner = if self.take("{") {
                    let inner = self.expr()?;
                    self.expect("}")?;
                    inner
                } else {
                    self.variable()?
                };
                let array = Expr::Deref('@', Box::new(inner));
                let count = Expr::Call("scalar".into(), vec![array]);
                return Ok(Expr::Binary("-", Box::new(count), Box::new(Expr::Int(1))));
            }
            let name: Name = self.word().unwrap_or("").into();
            self.at += name.len();
            return Ok(Expr::Last(name));
        }
        let base = match self.peek() {
            b'{' => {
                self.at += 1;
                self.blanks();
                let word = self.word();
                let plain = word.filter(|w| {
                    self.text[self.at + w.len()..].trim_ascii_start().starts_with(b"}")
                });
                if let Some(word) = plain {
                    self.at += word.len();
                    self.expect("}")?;
                    Err(Name::from(word))
                } else if self.peek() == b'^' {
                    return self.fail();
                } else {
                    let inner = self.expr()?;
                    self.expect("}")?;
                    Ok(inner)
                }
            }
            b'$' if sigil != b'$'
                || self.ahead(1).is_ascii_alphabetic()
                || self.ahead(1) == b'_'
                || self.ahead(1) == b'{' =>
            {
                self.deeper()?;
                self.at += 1;
                let name: Name = self.word().unwrap_or("").into();
                if name.is_empty() {
                    return self.fail();
                }
                self.at += name.len();
                self.depth -= 1;
                Ok(Expr::Scalar(name))
            }
            _ => {
                let rest = self.rest();
                let special = rest
                    .first()
                    .copied()
                    .filter(|b| b"_&!@/\\,;.?0123456789$<>()[]|\"^~".contains(b));
                // `word` passes over blanks, which may not stand here.
                let tight = rest.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
                match (tight.then(|| self.word()).flatten(), special) {
                    (Some(word), _) => {
                        self.at += word.len();
                        Err(word.into())
                    }
                    (None, Some(b)) if sigil == b'$' || (sigil == b'@' && b == b'_') => {
                        self.at += 1;
                        if b.is_ascii_digit() {
                            while self.peek().is_ascii_digit() {
                                self.at += 1;
                            }
                        }
                        Err((b as char).to_string().into())
                    }
                    _ => return self.fail(),
                }
            }
        };
        self.subscripts(sigil, base)
    }

    fn subscripts(&mut self, sigil: u8, base: Result<Expr, Name>) -> Parsed<Expr> {
        let next = self.peek();
        Ok(match (sigil, base) {
            (b'$', Err(name)) if next == b'[' => self.item(Expr::Array(name))?,
            (b'$', Err(name)) if next == b'{' => self.member(Expr::Hash(name))?,
            (b'$', Err(name)) => Expr::Scalar(name),
            (b'$', Ok(inner)) if next == b'[' => self.item(inner)?,
            (b'$', Ok(inner)) if next == b'{' => self.member(inner)?,
            (b'$', Ok(inner)) => Expr::Deref('$', Box::new(inner)),
            (b'@', Err(name)) if next == b'[' => {
                self.at += 1;
                let items = self.items()?;
                self.expect("]")?;
                Expr::Slice(Box::new(Expr::Array(name)), items)
            }
            (b'@', Err(name)) if next == b'{' => {
                self.at += 1;
                let items = self.items()?;
                self.expect("}")?;
                Expr::Slice(Box::new(Expr::Hash(name)), items)
            }
            (b'@', Ok(inner)) if next == b'{' => {
                self.at += 1;
                let items = self.items()?;
                self.expect("}")?;
                Expr::Slice(Box::new(Expr::Deref('%', Box::new(inner))), items)
            }
            (b'@', Err(name)) => Expr::Array(name),
            (b'@', Ok(inner)) if next == b'[' => self.item(inner)?,
            (b'@', Ok(inner)) => Expr::Deref('@', Box::new(inner)),
            (b'%', Err(name)) => Expr::Hash(name),
            (b'%', Ok(inner)) => Expr::Deref('%', Box::new(inner)),
            (_, Err(name)) => {
                let arguments = if self.peek() == b'(' {
                    self.brackets()?
                } else {
                    vec![Expr::Array("_".into())]
                };
                Expr::Call(name, arguments)
            }
            (_, Ok(inner)) => {
                let arguments = if self.peek() == b'(' { self.brackets()? } else { Vec::new() };
                Expr::Invoke(Box::new(inner), arguments)
            }
        })
    }

    /// What begins with a word.
    fn named(&mut self) -> Parsed<Expr> {
        let Some(word) = self.word() else { return self.fail() };
        let after = &self.text[self.at + word.len()..];
        if after.trim_ascii_start().starts_with(b"=>") {
            self.at += word.len();
            return Ok(Expr::Str(Bytes::copy_from_slice(word.as_bytes())));
        }
        let quote = after.trim_ascii_start().first().copied().unwrap_or(0);
        let quotes = matches!(word, "q" | "qq" | "qw" | "qx" | "m" | "s" | "tr" | "y" | "qr")
            && !matches!(quote, b',' | b';' | b')' | 0)
            && !(quote == b'=' && word != "s")
            && (!quote.is_ascii_alphanumeric());
        self.at += word.len();
        if quotes {
            self.blanks_for_quote();
            return self.quote_like(word, quote);
        }
        match word {
            "my" | "our" | "local" | "state" => self.declaration(word),
            "sub" => Ok(Expr::Sub(Arc::new(self.block()?))),
            "do" | "eval" if self.rest().trim_ascii_start().starts_with(b"{") => {
                Ok(Expr::Block(word.into(), Arc::new(self.block()?)))
            }
            "print" | "printf" | "say" => self.print(word),
            "map" | "grep" | "sort" => self.each(word),
            "new"
                if self.word().is_some_and(|w| {
                    w.contains("::") || w.starts_with(|c: char| c.is_uppercase())
                }) =>
            {
                let class = self.word().unwrap_or("");
                self.at += class.len();
                let arguments = if self.rest().trim_ascii_start().starts_with(b"(") {
                    self.brackets()?
                } else {
                    Vec::new()
                };
                let class = Expr::Str(Bytes::copy_from_slice(class.as_bytes()));
                Ok(Expr::Method(Box::new(class), "new".into(), arguments))
            }
            _ => self.call(word),
        }
    }

    fn blanks_for_quote(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    fn declaration(&mut self, word: &str) -> Parsed<Expr> {
        self.blanks();
        if word == "local" {
            let target = self.unary()?;
            return Ok(match target {
                Expr::Scalar(name) => Expr::My(vec![('$', name)], false),
                Expr::Array(name) => Expr::My(vec![('@', name)], false),
                other => other,
            });
        }
        let list = self.peek() == b'(';
        if list {
            self.at += 1;
        }
        let mut names = Vec::new();
        loop {
            self.blanks();
            let sigil = self.peek();
            if matches!(sigil, b'$' | b'@' | b'%') {
                self.at += 1;
                let name: Name = self.word().unwrap_or("_").into();
                self.at += name.len();
                names.push((sigil as char, name));
            } else if !self.take_word("undef") {
                break;
            }
            if !list || !self.take(",") {
                break;
            }
        }
        if list {
            self.expect(")")?;
        }
        if names.is_empty() && !list { self.fail() } else { Ok(Expr::My(names, list)) }
    }

    fn print(&mut self, word: &str) -> Parsed<Expr> {
        self.blanks();
        let bracket = self.peek() == b'(';
        let before = self.at;
        if bracket {
            self.at += 1;
            self.blanks();
        }
        let mut handle = None;
        if self.peek() == b'{' {
            self.at += 1;
            handle = Some(Box::new(self.expr()?));
            self.expect("}")?;
        } else if let Some(name) = self.word()
            && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            && !self.text[self.at + name.len()..].trim_ascii_start().starts_with(b",")
            && !self.text[self.at + name.len()..].starts_with(b"(")
            && !self.text[self.at + name.len()..].starts_with(b"->")
        {
            self.at += name.len();
            handle = Some(Box::new(Expr::Str(Bytes::copy_from_slice(name.as_bytes()))));
        } else if self.peek() == b'$' && self.ahead(1).is_ascii_alphabetic() {
            // `print $fh "text"`
            let start = self.at;
            self.at += 1;
            let name: Name = self.word().unwrap_or("").into();
            self.at += name.len();
            let spaced = self.peek() == b' ';
            self.blanks();
            if spaced
                && (matches!(self.peek(), b'"' | b'\'' | b'$' | b'@')
                    || self.word().is_some_and(|w| {
                        !matches!(
                            w,
                            "x" | "eq"
                                | "ne"
                                | "if"
                                | "unless"
                                | "for"
                                | "foreach"
                                | "while"
                                | "and"
                                | "or"
                                | "cmp"
                                | "lt"
                                | "gt"
                        )
                    }))
            {
                handle = Some(Box::new(Expr::Scalar(name)));
            } else {
                self.at = start;
            }
        }
        let items = if self.ends() { Vec::new() } else { self.call_items()? };
        if bracket {
            self.expect(")")?;
            // `print (...) . "x"`: the brackets are the arguments, as Perl has it.
            let _ = before;
        }
        Ok(Expr::Print(word.into(), handle, items))
    }

    /// Arguments without brackets, up to a loose operator.
    fn call_items(&mut self) -> Parsed<Vec<Expr>> {
        self.deeper()?;
        let inner = self.comma();
        self.depth -= 1;
        Ok(match inner? {
            Expr::List(items) => items,
            one => vec![one],
        })
    }

    fn each(&mut self, word: &str) -> Parsed<Expr> {
        let bracket = self.take("(");
        self.blanks();
        let mut block = None;
        if self.peek() == b'{' {
            block = Some(Arc::new(self.block()?));
            self.take(",");
        }
        let mut items = if self.ends() { Vec::new() } else { self.call_items()? };
        if bracket {
            self.expect(")")?;
        }
        if block.is_none() && word != "sort" && !items.is_empty() {
            let line = self.line();
            let first = items.remove(0);
            block = Some(Arc::new(vec![Stmt { kind: StmtKind::Expr(first), line }]));
        }
        Ok(Expr::Each(word.into(), block, items))
    }

    /// Whether `<HANDLE>` stands here.
    fn reads(&self) -> bool {
        let inner = self.rest().get(1..).unwrap_or_default();
        let end =
            inner.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$')));
        end.is_some_and(|end| inner.get(end) == Some(&b'>'))
    }

    fn call(&mut self, word: &str) -> Parsed<Expr> {
        let name: Name = word.into();
        if self.peek() == b'(' {
            return Ok(Expr::Call(name, self.brackets()?));
        }
        self.blanks();
        if self.peek() == b'(' {
            return Ok(Expr::Call(name, self.brackets()?));
        }
        if self.rest().starts_with(b"->") || self.rest().starts_with(b"::") {
            if self.rest().starts_with(b"::") {
                self.at += 2;
            }
            return Ok(Expr::Str(Bytes::copy_from_slice(word.as_bytes())));
        }
        if NULLARY.contains(&word) {
            return Ok(Expr::Call(name, Vec::new()));
        }
        if self.ends()
            || matches!(self.peek(), b',' | b'=' | b'?' | b'.' | b'*' | b'|')
            || (self.peek() == b'<' && !self.reads())
        {
            return Ok(Expr::Call(name, Vec::new()));
        }
        if UNARY.contains(&word) {
            if matches!(self.peek(), b'+' | b'>' | b'&') {
                return Ok(Expr::Call(name, Vec::new()));
            }
            self.deeper()?;
            let argument = self.binary(7);
            self.depth -= 1;
            return Ok(Expr::Call(name, vec![argument?]));
        }
        // `system { $program } @words`
        if matches!(word, "system" | "exec") && self.peek() == b'{' {
            self.block()?;
            return Ok(Expr::Call(name, self.call_items()?));
        }
        // `POST $url, [...]`
        let asks = matches!(word, "GET" | "POST" | "PUT" | "HEAD")
            && matches!(self.peek(), b'$' | b'"' | b'\'');
        if asks {
            return Ok(Expr::Call(name, self.call_items()?));
        }
        // A bare word before an operator is no call.
        if word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
            return Ok(Expr::Call(name, Vec::new()));
        }
        if matches!(self.peek(), b'+' | b'-' | b'/' | b'>' | b'&' | b'%') && !is_known(word) {
            return Ok(Expr::Call(name, Vec::new()));
        }
        Ok(Expr::Call(name, self.call_items()?))
    }
}

fn is_known(word: &str) -> bool {
    matches!(
        word,
        "return"
            | "die"
            | "warn"
            | "system"
            | "exec"
            | "push"
            | "unshift"
            | "join"
            | "split"
            | "open"
            | "unlink"
            | "chmod"
            | "kill"
            | "sprintf"
            | "pack"
            | "unpack"
            | "reverse"
    )
}
