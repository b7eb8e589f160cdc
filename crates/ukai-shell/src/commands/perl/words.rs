//! What begins with a word, a sigil or a bracket in Perl.

use super::ast::{Expr, Name};
use super::parse::{Parsed, Parser};
use super::quote::{matches, single};
use bytes::Bytes;
use std::sync::Arc;

/// Functions of one argument at most, which bind closer than commas.
pub(super) const UNARY: &[&str] = &[
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
pub(super) const NULLARY: &[&str] = &[
    "time",
    "fork",
    "wait",
    "getppid",
    "times",
    "wantarray",
    "__FILE__",
    "__LINE__",
    "__PACKAGE__",
];

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
            b'*' if self.ahead(1).is_ascii_alphabetic()
                || matches!(self.ahead(1), b'{' | b'_' | b'$' | b':') =>
            {
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
            .flat_map(|line| {
                line.get(margin.min(line.len().saturating_sub(1))..).unwrap_or_default()
            })
            .copied()
            .collect();
        match quote {
            b'\'' | b'\\' => Ok(Expr::Str(body.into())),
            b'`' => Ok(Expr::Run(Box::new(self.interpolated(&body, false)?))),
            _ => self.interpolated(&body, false),
        }
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
            && (!quote.is_ascii_alphanumeric()
                || after.first().is_some_and(u8::is_ascii_whitespace))
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
            "try" | "catch" | "finally" | "async"
                if self.rest().trim_ascii_start().starts_with(b"{") =>
            {
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
}

/// `104.105.106`: numbers of letters, with at least so many dots.
fn version(rest: &[u8], dots: usize) -> Option<(Vec<u8>, usize)> {
    let length = rest.iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_')).count();
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
