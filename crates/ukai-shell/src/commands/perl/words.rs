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
    "lstat",
    "fc",
    "lock",
    "alarm",
    "getc",
    "pos",
    "rewinddir",
    "readline",
    "chomp",
    "evalbytes",
    "eval",
    "do",
    "study",
    "gethostbyaddr",
];

/// Functions that need no arguments and take none.
const NULLARY: &[&str] =
    &["time", "fork", "wait", "getppid", "times", "wantarray", "__FILE__", "__LINE__", "__PACKAGE__"];

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
                if self.rest().trim_ascii_start().starts_with(b"[") {
                    self.blanks();
                    self.at += 1;
                    let places = self.items()?;
                    self.expect("]")?;
                    return Ok(Expr::Slice(Box::new(Expr::NewArray(items)), places, false));
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
            // `*STDOUT`, `*{"name"}`, `*name{CODE}`
            b'*' if self.ahead(1).is_ascii_alphabetic() || matches!(self.ahead(1), b'{' | b'_' | b'$' | b':') => {
                self.at += 1;
                let name = match self.peek() {
                    b'{' => {
                        self.at += 1;
                        let inner = self.expr()?;
                        self.expect("}")?;
                        inner
                    }
                    b'$' => self.variable()?,
                    _ => {
                        if self.peek() == b':' {
                            self.at += 2;
                        }
                        let name = self.word().unwrap_or("");
                        self.at += name.len();
                        Expr::Str(Bytes::copy_from_slice(name.as_bytes()))
                    }
                };
                if self.rest().starts_with(b"{") {
                    let kind = self.quoted(b'{')?;
                    return Ok(match kind.trim_ascii() {
                        b"CODE" => Expr::SubOf(Box::new(name)),
                        b"ARRAY" => Expr::Ref(Box::new(Expr::Deref('@', Box::new(name)))),
                        b"HASH" => Expr::Ref(Box::new(Expr::Deref('%', Box::new(name)))),
                        b"SCALAR" => Expr::Ref(Box::new(Expr::Deref('$', Box::new(name)))),
                        _ => name,
                    });
                }
                Ok(Expr::Glob(Box::new(name)))
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
        if let Some((text, length)) = version(rest, 2) {
            self.at += length;
            return Ok(Expr::Str(text.into()));
        }
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
                Err(_) => match u64::from_str_radix(&text, radix) {
                    // One beyond what is signed: its opposite, turned round.
                    Ok(number) => Expr::Complement(Box::new(Expr::Int(!number as i64))),
                    Err(_) => Expr::Num(text.parse().unwrap_or(0.0)),
                },
            }
        })
    }

    /// `<STDIN>`, `<$fh>`, `<>`, `<*.c>`
    fn angle(&mut self) -> Parsed<Expr> {
        let rest = self.rest();
        if rest.starts_with(b"<<>>") {
            self.at += 4;
            return Ok(Expr::Read("".into()));
        }
        if rest.starts_with(b"<<") {
            return self.here();
        }
        let Some(end) = rest.iter().position(|b| *b == b'>') else { return self.fail() };
        let name = String::from_utf8_lossy(&rest[1..end]).trim().to_owned();
        self.at += end + 1;
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b':')) {
            return Ok(Expr::Read(name.into()));
        }
        if name.contains('\n') {
            return self.fail();
        }
        let pattern = self.interpolated(name.as_bytes(), false)?;
        Ok(Expr::Call("glob".into(), vec![pattern]))
    }

    fn here(&mut self) -> Parsed<Expr> {
        self.at += 2;
        let indented = self.peek() == b'~';
        self.at += usize::from(indented);
        let quote = self.peek();
        let mark = if matches!(quote, b'"' | b'\'' | b'`') {
            self.quoted(quote)?
        } else if quote == b'\\' {
            self.at += 1;
            let Some(word) = self.word() else { return self.fail() };
            self.at += word.len();
            word.as_bytes().to_vec()
        } else {
            let tight = quote.is_ascii_alphabetic() || quote == b'_';
            let Some(word) = self.word().filter(|_| tight) else {
                // `<<;` ends at an empty line.
                return self.fail();
            };
            self.at += word.len();
            word.as_bytes().to_vec()
        };
        // The body follows the line (or the body of the one before); it is read at once.
        let line_end = self.rest().iter().position(|b| *b == b'\n');
        let Some(line_end) = line_end else { return self.fail() };
        let start = self.skipped.max(self.at + line_end + 1);
        let mut end = start;
        let mut lines: Vec<&[u8]> = Vec::new();
        while end < self.text.len() {
            let line = self.text[end..].split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
            end += line.len();
            let bare = line.strip_suffix(b"\n").unwrap_or(line);
            let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
            if bare == mark || indented && bare.trim_ascii_start() == mark {
                break;
            }
            lines.push(line);
        }
        self.skipped = end;
        let margin = if indented {
            let filled = lines.iter().filter(|line| !line.trim_ascii().is_empty());
            filled
                .map(|line| line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count())
                .min()
                .unwrap_or(0)
        } else {
            0
        };
        let body: Vec<u8> = lines
            .iter()
            .flat_map(|line| line.get(margin.min(line.len().saturating_sub(1))..).unwrap_or_default())
            .copied()
            .collect();
        match quote {
            b'\'' | b'\\' => Ok(Expr::Str(body.into())),
            b'`' => Ok(Expr::Run(Box::new(self.interpolated(&body, false)?))),
            _ => self.interpolated(&body, false),
        }
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
                    self.at += 1;
                    let name: Name = self.word().unwrap_or("_").into();
                    self.at += name.len();
                    Expr::Scalar(name)
                };
                return Ok(Expr::Deref('#', Box::new(inner)));
            }
            let name: Name = self.word().unwrap_or("_").into();
            self.at += if self.rest().starts_with(name.as_bytes()) { name.len() } else { 0 };
            return Ok(Expr::Deref('#', Box::new(Expr::Array(name))));
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
                    self.at += 1;
                    let word = self.word().unwrap_or("");
                    self.at += word.len();
                    self.expect("}")?;
                    Err(Name::from(format!("^{word}")))
                } else if let [mark, b'}', ..] = self.rest()
                    && (b"!@&/\\,;.?$0123456789".contains(mark))
                {
                    self.at += 2;
                    Err((*mark as char).to_string().into())
                } else {
                    // Statements may stand there, of which the last is meant.
                    let before = self.at;
                    match self.expr().and_then(|inner| {
                        self.take(";");
                        self.expect("}")?;
                        Ok(inner)
                    }) {
                        Ok(inner) => Ok(inner),
                        Err(_) => {
                            self.at = before;
                            self.deeper()?;
                            let block = self.statements(true)?;
                            self.depth -= 1;
                            Ok(Expr::Block("do".into(), Arc::new(block)))
                        }
                    }
                }
            }
            b'$' if sigil != b'$'
                || self.ahead(1).is_ascii_alphabetic()
                || matches!(self.ahead(1), b'_' | b'{' | b':')
                || self.ahead(1) == b'$'
                    && (self.ahead(2).is_ascii_alphabetic() || matches!(self.ahead(2), b'_' | b'$' | b'{')) =>
            {
                self.deeper()?;
                let mut depth = 0_usize;
                while self.peek() == b'$' {
                    self.at += 1;
                    depth += 1;
                }
                let mut inner = if self.peek() == b'{' {
                    self.at += 1;
                    let inner = self.expr()?;
                    self.expect("}")?;
                    Expr::Deref('$', Box::new(inner))
                } else {
                    if self.rest().starts_with(b"::") {
                        self.at += 2;
                    }
                    let tight = self.peek().is_ascii_alphabetic() || self.peek() == b'_';
                    let name: Name = if tight { self.word().unwrap_or("") } else { "" }.into();
                    if name.is_empty() {
                        return self.fail();
                    }
                    self.at += name.len();
                    Expr::Scalar(name)
                };
                for _ in 1..depth.min(8) {
                    inner = Expr::Deref('$', Box::new(inner));
                }
                self.depth -= 1;
                Ok(inner)
            }
            // `$::name`
            b':' if self.ahead(1) == b':' && (self.ahead(2).is_ascii_alphabetic() || self.ahead(2) == b'_') => {
                self.at += 2;
                let word = self.word().unwrap_or("");
                self.at += word.len();
                Err(Name::from(format!("main::{word}")))
            }
            b'^' if sigil == b'$' && self.ahead(1).is_ascii_uppercase() => {
                let name = format!("^{}", self.ahead(1) as char);
                self.at += 2;
                Err(name.into())
            }
            _ => {
                let rest = self.rest();
                let special = rest
                    .first()
                    .copied()
                    .filter(|b| b"_&!@/\\,;.?0123456789$<>()[]|\"^~`'+-".contains(b));
                // `word` passes over blanks, which may not stand here.
                let tight = rest.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
                match (tight.then(|| self.word()).flatten(), special) {
                    (Some(word), _) => {
                        self.at += word.len();
                        Err(word.into())
                    }
                    (None, Some(b))
                        if sigil == b'$'
                            || (sigil == b'@' && matches!(b, b'_' | b'-' | b'+'))
                            || (sigil == b'%' && matches!(b, b'+' | b'-' | b'!')
                                && !self.rest()[1..].starts_with(b" ")) =>
                    {
                        let start = self.at;
                        self.at += 1;
                        if b.is_ascii_digit() {
                            while self.peek().is_ascii_digit() {
                                self.at += 1;
                            }
                        }
                        Err(String::from_utf8_lossy(&self.text[start..self.at]).into())
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
            (b'$', Err(name)) if next == b'[' && &*name != "$" => self.item(Expr::Array(name))?,
            (b'$', Err(name)) if next == b'{' && &*name != "$" => self.member(Expr::Hash(name))?,
            (b'$', Err(name)) => Expr::Scalar(name),
            (b'$', Ok(inner)) if next == b'[' => self.item(inner)?,
            (b'$', Ok(inner)) if next == b'{' => self.member(inner)?,
            (b'$', Ok(inner)) => Expr::Deref('$', Box::new(inner)),
            (b'@' | b'%', base) if next == b'[' || next == b'{' && (sigil == b'@' || base.is_err()) => {
                let array = next == b'[';
                let of = match base {
                    Err(name) if array => Expr::Array(name),
                    Err(name) => Expr::Hash(name),
                    Ok(inner) => Expr::Deref(if array { '@' } else { '%' }, Box::new(inner)),
                };
                self.at += 1;
                self.blanks();
                let end = if array { "]" } else { "}" };
                let items =
                    if self.rest().starts_with(end.as_bytes()) { Vec::new() } else { self.items()? };
                self.expect(end)?;
                Expr::Slice(Box::new(of), items, sigil == b'%')
            }
            (b'@', Err(name)) => Expr::Array(name),
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
                let arguments = if self.peek() == b'(' {
                    self.brackets()?
                } else {
                    vec![Expr::Array("_".into())]
                };
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
            && !(quote == b'=' && !matches!(word, "s" | "q" | "qq" | "m" | "tr"))
            && !(quote == b'#' && after.first() != Some(&b'#'))
            && (!quote.is_ascii_alphanumeric() || after.first().is_some_and(u8::is_ascii_whitespace))
            && !(quote.is_ascii_alphanumeric() && word.len() < 2);
        // `v104.105`
        if let Some(digits) = word.strip_prefix('v')
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
            && let Some((text, length)) = version(&self.rest()[1..], 1)
        {
            self.at += length + 1;
            return Ok(Expr::Str(text.into()));
        }
        self.at += word.len();
        if quotes {
            self.blanks_for_quote();
            return self.quote_like(word, quote);
        }
        match word {
            "my" | "our" | "local" | "state" => self.declaration(word),
            "sub" => {
                let (_, mut body) = self.shape()?;
                body.extend(self.block()?);
                Ok(Expr::Sub(Arc::new(body)))
            }
            "do" | "eval" if self.rest().trim_ascii_start().starts_with(b"{") => {
                Ok(Expr::Block(word.into(), Arc::new(self.block()?)))
            }
            "print" | "printf" | "say" => self.print(word),
            "map" | "grep" | "sort" => self.each(word),
            "first" | "any" | "all" | "none" | "notall" | "reduce"
                if self.rest().trim_ascii_start().starts_with(b"{") =>
            {
                self.each(word)
            }
            "List::Util::first" | "List::Util::any" | "List::Util::all" | "List::Util::reduce" => {
                let short = word.rsplit("::").next().unwrap_or(word);
                self.each(short)
            }
            "try" | "catch" | "finally" | "async" if self.rest().trim_ascii_start().starts_with(b"{") => {
                self.with_block(word)
            }
            _ if self.rest().trim_ascii_start().starts_with(b"{")
                && self.block_subs.iter().any(|sub| sub == word) =>
            {
                self.with_block(word)
            }
            "qw" => self.fail(),
            "return" => {
                // Loose operators are not the value's.
                let items = if self.ends() { Vec::new() } else { self.call_items()? };
                Ok(Expr::Call("return".into(), items))
            }
            "next" | "last" | "redo" | "goto" if !self.ends() => {
                let label = self.word().filter(|label| !matches!(*label, "if" | "unless"));
                if let Some(label) = label {
                    self.at += label.len();
                    let label = Expr::Str(Bytes::copy_from_slice(label.as_bytes()));
                    if word == "goto" {
                        return Ok(Expr::Call("goto".into(), vec![Expr::SubOf(Box::new(label))]));
                    }
                    return Ok(Expr::Call(word.into(), vec![label]));
                }
                if word == "goto" && self.rest().starts_with(b"&") {
                    let target = self.sub_of()?;
                    return Ok(Expr::Call("goto".into(), vec![target]));
                }
                Ok(Expr::Call(word.into(), Vec::new()))
            }
            "defined" | "exists" if self.names_sub() => {
                let bracket = self.take("(");
                self.blanks();
                let of = self.sub_of()?;
                if bracket {
                    self.expect(")")?;
                }
                Ok(Expr::Call(word.into(), vec![of]))
            }
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
                let name = Expr::Str(Bytes::from_static(b"new"));
                Ok(Expr::Method(Box::new(class), Box::new(name), arguments))
            }
            _ => self.call(word),
        }
    }

    /// Whether `&name` follows, of which it is asked whether it is there.
    fn names_sub(&self) -> bool {
        let rest = self.rest().trim_ascii_start();
        let rest = rest.strip_prefix(b"(").map_or(rest, <[u8]>::trim_ascii_start);
        rest.first() == Some(&b'&') && rest.get(1) != Some(&b'&')
    }

    /// A call with a block, which it takes as a sub.
    fn with_block(&mut self, word: &str) -> Parsed<Expr> {
        let body = Expr::Sub(Arc::new(self.block()?));
        let mut items = vec![body];
        self.take(",");
        if !self.ends() {
            items.extend(self.call_items()?);
        }
        Ok(Expr::Call(word.into(), items))
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
            return Ok(Expr::Local(Box::new(target)));
        }
        let start = self.at;
        // `my Class $name`
        if self.word().is_some_and(|class| class.starts_with(|c: char| c.is_uppercase())) {
            let class = self.word().unwrap_or("");
            self.at += class.len();
            self.blanks();
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
            } else if self.take_word("undef") {
                // A variable that nobody can name.
                names.push(('$', "".into()));
            } else {
                break;
            }
            if !list || !self.take(",") {
                break;
            }
        }
        if list {
            self.expect(")")?;
        }
        if names.is_empty() && !list {
            return self.fail();
        }
        Ok(match (word, &names[..]) {
            ("our", _) => Expr::Our(names, list),
            ("state", [(sigil, name)]) => Expr::State(*sigil, Arc::clone(name), start),
            _ => Expr::My(names, list),
        })
    }

    fn print(&mut self, word: &str) -> Parsed<Expr> {
        self.blanks();
        let bracket = self.peek() == b'(';
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
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && (name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                || self.bare_handle(name))
            && !name.starts_with("__")
            && prints_to(&self.text[self.at + name.len()..])
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
                && (matches!(self.peek(), b'"' | b'\'' | b'$' | b'@' | b'`')
                    || self.rest().starts_with(b"<<") && self.ahead(2).is_ascii_alphabetic()
                    || self.rest().starts_with(b"<<\"")
                    || self.rest().starts_with(b"<<'")
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
                                | "le"
                                | "ge"
                                | "until"
                                | "xor"
                                | "isa"
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
        }
        Ok(Expr::Print(word.into(), handle, items))
    }

    /// Whether a word in small letters is a handle: a text follows at once.
    fn bare_handle(&self, name: &str) -> bool {
        let after = self.text.get(self.at + name.len()..).unwrap_or_default();
        after.first() == Some(&b' ')
            && matches!(after.trim_ascii_start().first(), Some(b'"' | b'\'' | b'$' | b'@'))
            && !is_known(name)
            && !UNARY.contains(&name)
            && !matches!(name, "q" | "qq" | "qw" | "x" | "map" | "grep" | "sort" | "eq" | "ne" | "uniq")
    }

    /// Arguments without brackets, up to a loose operator.
    pub(super) fn call_items(&mut self) -> Parsed<Vec<Expr>> {
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
        let before = self.at;
        if self.peek() == b'{' {
            // `map { a => 1 }, ...` has a hash, `map { ... } ...` a block.
            let inner = self.block();
            self.blanks();
            match inner {
                Ok(body) if self.peek() != b',' || word == "sort" => block = Some(Arc::new(body)),
                _ => self.at = before,
            }
        } else if word == "sort" && self.orders() {
            // `sort by_number @list`, `sort $by @list`
            let line = self.line();
            let code = if self.peek() == b'$' {
                self.at += 1;
                let name = self.word().unwrap_or("");
                self.at += name.len();
                Expr::Invoke(Box::new(Expr::Scalar(name.into())), Vec::new())
            } else {
                let name = self.word().unwrap_or("");
                self.at += name.len();
                Expr::Call(name.into(), Vec::new())
            };
            block = Some(Arc::new(vec![Stmt { kind: StmtKind::Expr(code), line }]));
        } else if self.rest().starts_with(b"sub") && self.rest()[3..].trim_ascii_start().starts_with(b"{") {
            self.at += 3;
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

    /// Whether the name of a sub stands before a list that it puts in order.
    fn orders(&self) -> bool {
        let rest = self.rest();
        let start = usize::from(rest.first() == Some(&b'$'));
        let tail = rest.get(start..).unwrap_or_default();
        let letters = tail.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let word = tail.get(..letters).unwrap_or_default();
        let after = tail.get(letters..).unwrap_or_default();
        letters > 0
            && !word[0].is_ascii_digit()
            && after.first() == Some(&b' ')
            && matches!(after.trim_ascii_start().first(), Some(b'@' | b'(' | b'k' | b'v' | b'0'..=b'9' | b'$' | b'"' | b'\'' | b'm' | b'g'))
            && !(after.trim_ascii_start().starts_with(b"(") && start == 1)
            && !matches!(word, b"keys" | b"values" | b"map" | b"grep" | b"reverse" | b"split" | b"uniq" | b"qw")
            || letters > 0 && start == 1 && after.trim_ascii_start().first() == Some(&b'@')
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
        let start = self.at;
        self.blanks();
        if self.peek() == b'(' {
            let before = self.at;
            if matches!(word, "system" | "exec") && self.program_block() {
                self.at += 1;
                let items = self.with_program()?;
                self.expect(")")?;
                return Ok(Expr::Call(name, items));
            }
            self.at = before;
            return Ok(Expr::Call(name, self.brackets()?));
        }
        self.at = start;
        self.blanks();
        if self.rest().starts_with(b"->") || self.rest().starts_with(b"::") {
            if self.rest().starts_with(b"::") {
                self.at += 2;
            } else if matches!(word, "shift" | "pop" | "__PACKAGE__" | "caller") {
                return Ok(Expr::Call(name, Vec::new()));
            } else if !word.contains("::") && word.starts_with(|c: char| c.is_lowercase()) {
                // A function's value, or a package.
                return Ok(Expr::Call(name, Vec::new()));
            }
            return Ok(Expr::Str(Bytes::copy_from_slice(word.as_bytes())));
        }
        if NULLARY.contains(&word) {
            return Ok(Expr::Call(name, Vec::new()));
        }
        if self.ends()
            || matches!(self.peek(), b',' | b'=' | b'?' | b'*' | b'|')
            || self.peek() == b'.' && !self.ahead(1).is_ascii_digit()
            || (self.peek() == b'<' && !self.reads())
        {
            return Ok(Expr::Call(name, Vec::new()));
        }
        if UNARY.contains(&word) {
            if matches!(self.peek(), b'>')
                || self.rest().starts_with(b"&&")
                || self.rest().starts_with(b"//")
                || matches!(word, "shift" | "pop") && matches!(self.peek(), b'+' | b'-' | b'/' | b'<' | b'&' | b'!' | b'~')
                || matches!(word, "shift" | "pop") && matches!(self.word(), Some("eq" | "ne" | "cmp" | "lt" | "gt" | "x"))
            {
                return Ok(Expr::Call(name, Vec::new()));
            }
            self.deeper()?;
            let argument = self.binary(8);
            self.depth -= 1;
            return Ok(Expr::Call(name, vec![argument?]));
        }
        // `system { $program } @words`
        if matches!(word, "system" | "exec") && self.peek() == b'{' {
            return Ok(Expr::Call(name, self.with_program()?));
        }
        // `open FH, ...`; and a word that only names a class: `LWP::UserAgent`.
        if word.contains("::") && matches!(self.peek(), b'-' | b'+' | b'/' | b'%' | b'<' | b'>') {
            return Ok(Expr::Call(name, Vec::new()));
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
        let spaced = self.ahead(1) == b' ';
        if matches!(self.peek(), b'+' | b'-' | b'/' | b'>' | b'&' | b'%')
            && !is_known(word)
            && (spaced || self.peek() == b'>')
        {
            return Ok(Expr::Call(name, Vec::new()));
        }
        if matches!(self.word(), Some("eq" | "ne" | "cmp" | "lt" | "gt" | "le" | "ge" | "x" | "isa")) {
            return Ok(Expr::Call(name, Vec::new()));
        }
        if self.peek() == b'{' && !is_known(word) {
            return Ok(Expr::Call(name, Vec::new()));
        }
        // `method Class(...)`: `new` has its own.
        if let Some(class) = self.word()
            && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            && !is_known(word)
            && class.contains("::")
            && class.starts_with(|c: char| c.is_uppercase())
            && !self.text[self.at + class.len()..].trim_ascii_start().starts_with(b"->")
            && !self.text[self.at + class.len()..].trim_ascii_start().starts_with(b"::")
        {
            self.at += class.len();
            let arguments =
                if self.rest().trim_ascii_start().starts_with(b"(") { self.brackets()? } else { Vec::new() };
            let class = Expr::Str(Bytes::copy_from_slice(class.as_bytes()));
            let name = Expr::Str(Bytes::copy_from_slice(word.as_bytes()));
            return Ok(Expr::Method(Box::new(class), Box::new(name), arguments));
        }
        Ok(Expr::Call(name, self.call_items()?))
    }
}

impl Parser<'_> {
    /// Whether a block with a program's name follows a bracket.
    fn program_block(&self) -> bool {
        self.rest().get(1..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
    }

    /// `{ $program } @words`
    fn with_program(&mut self) -> Parsed<Vec<Expr>> {
        let body = self.block()?;
        let mut items = vec![Expr::Block("program".into(), Arc::new(body))];
        items.extend(self.call_items()?);
        Ok(items)
    }
}

/// Whether a word before this is the handle that is printed to.
fn prints_to(after: &[u8]) -> bool {
    let rest = after.trim_ascii_start();
    match after.first() {
        None | Some(b';' | b'}' | b')') => true,
        Some(b) if b.is_ascii_whitespace() => {
            rest.starts_with(b"<<") && rest.get(2).is_some_and(|b| !b.is_ascii_whitespace())
                || !matches!(
                    rest.first(),
                    Some(b',' | b'.' | b'+' | b'*' | b'/' | b'=' | b'>' | b'?' | b':' | b'|' | b'&' | b'<')
                ) && !rest.starts_with(b"- ")
                    && !rest.starts_with(b"x ")
        }
        _ => false,
    }
}

/// `104.105.106`: numbers of letters, with at least so many dots.
fn version(rest: &[u8], dots: usize) -> Option<(Vec<u8>, usize)> {
    let length =
        rest.iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_')).count();
    let mut text = &rest[..length];
    while text.ends_with(b".") {
        text = &text[..text.len() - 1];
    }
    let parts: Vec<&[u8]> = text.split(|b| *b == b'.').collect();
    if parts.len() <= dots || parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    let mut out = Vec::new();
    for part in &parts {
        let number = std::str::from_utf8(part).ok()?.parse::<i64>().ok()?;
        out.extend(super::functions::letter(number));
    }
    Some((out, text.len()))
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
            | "printf"
            | "print"
            | "say"
            | "chown"
            | "rename"
            | "mkdir"
            | "opendir"
            | "index"
            | "rindex"
            | "substr"
            | "splice"
            | "bless"
            | "utime"
            | "atan2"
            | "crypt"
            | "vec"
            | "select"
            | "binmode"
            | "sysread"
            | "syswrite"
            | "read"
            | "socket"
            | "connect"
            | "bind"
            | "send"
            | "recv"
            | "waitpid"
            | "glob"
            | "tie"
            | "encode_base64"
            | "getstore"
            | "get"
            | "getprint"
            | "mirror"
            | "symlink"
            | "link"
            | "sum"
            | "max"
            | "min"
            | "shuffle"
            | "uniq"
            | "croak"
            | "confess"
            | "carp"
    )
}
