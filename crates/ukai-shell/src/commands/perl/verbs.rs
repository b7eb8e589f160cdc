//! Perl's calls: of functions, of what prints, of what takes a block.

use super::ast::{Expr, Name, Stmt, StmtKind};
use super::parse::{Parsed, Parser};
use super::words::{NULLARY, UNARY};
use bytes::Bytes;
use std::sync::Arc;

impl Parser<'_> {
    pub(super) fn print(&mut self, word: &str) -> Parsed<Expr> {
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
    pub(super) fn bare_handle(&self, name: &str) -> bool {
        let after = self.text.get(self.at + name.len()..).unwrap_or_default();
        after.first() == Some(&b' ')
            && matches!(after.trim_ascii_start().first(), Some(b'"' | b'\'' | b'$' | b'@'))
            && !is_known(name)
            && !UNARY.contains(&name)
            && !matches!(
                name,
                "q" | "qq" | "qw" | "x" | "map" | "grep" | "sort" | "eq" | "ne" | "uniq"
            )
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

    pub(super) fn each(&mut self, word: &str) -> Parsed<Expr> {
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
        } else if self.rest().starts_with(b"sub")
            && self.rest()[3..].trim_ascii_start().starts_with(b"{")
        {
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
    pub(super) fn orders(&self) -> bool {
        let rest = self.rest();
        let start = usize::from(rest.first() == Some(&b'$'));
        let tail = rest.get(start..).unwrap_or_default();
        let letters = tail.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let word = tail.get(..letters).unwrap_or_default();
        let after = tail.get(letters..).unwrap_or_default();
        letters > 0
            && !word[0].is_ascii_digit()
            && after.first() == Some(&b' ')
            && matches!(
                after.trim_ascii_start().first(),
                Some(b'@' | b'(' | b'k' | b'v' | b'0'..=b'9' | b'$' | b'"' | b'\'' | b'm' | b'g')
            )
            && !(after.trim_ascii_start().starts_with(b"(") && start == 1)
            && !matches!(
                word,
                b"keys" | b"values" | b"map" | b"grep" | b"reverse" | b"split" | b"uniq" | b"qw"
            )
            || letters > 0 && start == 1 && after.trim_ascii_start().first() == Some(&b'@')
    }

    /// Whether `<HANDLE>` stands here.
    pub(super) fn reads(&self) -> bool {
        let inner = self.rest().get(1..).unwrap_or_default();
        let end =
            inner.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$')));
        end.is_some_and(|end| inner.get(end) == Some(&b'>'))
    }

    pub(super) fn call(&mut self, word: &str) -> Parsed<Expr> {
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
                || matches!(word, "shift" | "pop")
                    && matches!(self.peek(), b'+' | b'-' | b'/' | b'<' | b'&' | b'!' | b'~')
                || matches!(word, "shift" | "pop")
                    && matches!(self.word(), Some("eq" | "ne" | "cmp" | "lt" | "gt" | "x"))
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
        if matches!(
            self.word(),
            Some("eq" | "ne" | "cmp" | "lt" | "gt" | "le" | "ge" | "x" | "isa")
        ) {
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
            let arguments = if self.rest().trim_ascii_start().starts_with(b"(") {
                self.brackets()?
            } else {
                Vec::new()
            };
            let class = Expr::Str(Bytes::copy_from_slice(class.as_bytes()));
            let name = Expr::Str(Bytes::copy_from_slice(word.as_bytes()));
            return Ok(Expr::Method(Box::new(class), Box::new(name), arguments));
        }
        Ok(Expr::Call(name, self.call_items()?))
    }

    /// Whether a block with a program's name follows a bracket.
    pub(super) fn program_block(&self) -> bool {
        self.rest().get(1..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
    }

    /// `{ $program } @words`
    pub(super) fn with_program(&mut self) -> Parsed<Vec<Expr>> {
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
                    Some(
                        b',' | b'.'
                            | b'+'
                            | b'*'
                            | b'/'
                            | b'='
                            | b'>'
                            | b'?'
                            | b':'
                            | b'|'
                            | b'&'
                            | b'<'
                    )
                ) && !rest.starts_with(b"- ")
                    && !rest.starts_with(b"x ")
        }
        _ => false,
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
