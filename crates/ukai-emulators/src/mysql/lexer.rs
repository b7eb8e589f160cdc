//! SQL cut into tokens, as MariaDB cuts it (sql/sql_lex.cc).

use super::packet::Fault;
use crate::limits::{MYSQL_STEPS, MYSQL_TOKENS};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word without quotes: a keyword, a name, a function.
    Word,
    /// A name in back-ticks.
    Name(Vec<u8>),
    Text(Vec<u8>),
    Number,
    /// `0x4142` and `x'4142'`, decoded.
    Bytes(Vec<u8>),
    /// `@@`
    System,
    /// `@name`
    Variable(Vec<u8>),
    /// One character that is none of these, or two: `<=`, `:=` ...
    Mark,
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A statement on its way through the parser.
#[derive(Clone, Debug)]
pub(super) struct Sql<'a> {
    pub(super) text: &'a [u8],
    tokens: Vec<Token>,
    pub(super) at: usize,
    steps: usize,
}

impl<'a> Sql<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, tokens: tokens(text), at: 0, steps: 0 }
    }

    pub(super) fn token(&self) -> &Token {
        // The last one is always an end.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(super) fn source(&self, token: &Token) -> &'a [u8] {
        self.text.get(token.from..token.to).unwrap_or_default()
    }

    /// The token before this one.
    pub(super) fn end_of_last(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.to)
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.token().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// Work is counted, and ends where nobody would wait any longer.
    pub(super) fn step(&mut self) -> Result<(), Fault> {
        self.steps += 1;
        if self.steps > MYSQL_STEPS {
            return Err(Fault::new(1317, "70100", "Query execution was interrupted"));
        }
        Ok(())
    }

    /// Whether the next words are these.
    pub(super) fn is(&self, words: &str) -> bool {
        words.split(' ').enumerate().all(|(n, word)| {
            self.tokens.get(self.at + n).is_some_and(|token| {
                matches!(token.kind, Kind::Word)
                    && self.source(token).eq_ignore_ascii_case(word.as_bytes())
            })
        })
    }

    /// Takes these words if they are next.
    pub(super) fn take(&mut self, words: &str) -> bool {
        let is = self.is(words);
        if is {
            self.at += words.split(' ').count();
        }
        is
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        let token = self.token();
        token.kind == Kind::Mark && self.source(token) == mark.as_bytes()
    }

    pub(super) fn take_mark(&mut self, mark: &str) -> bool {
        let is = self.is_mark(mark);
        if is {
            self.at += 1;
        }
        is
    }

    pub(super) fn need(&mut self, words: &str) -> Result<(), Fault> {
        if self.take(words) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(super) fn need_mark(&mut self, mark: &str) -> Result<(), Fault> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(super) fn is_over(&self) -> bool {
        self.token().kind == Kind::End || self.is_mark(";")
    }

    /// Nothing may follow.
    pub(super) fn need_end(&self) -> Result<(), Fault> {
        if self.is_over() { Ok(()) } else { Err(self.wrong()) }
    }

    /// A name: in back-ticks or bare.
    pub(super) fn name(&mut self) -> Result<Vec<u8>, Fault> {
        let token = self.token().clone();
        let name = match token.kind {
            Kind::Name(name) => name,
            Kind::Word => self.source(&token).to_vec(),
            _ => return Err(self.wrong()),
        };
        self.at += 1;
        Ok(name)
    }

    /// `name` or `schema.name`.
    pub(super) fn long_name(&mut self) -> Result<(Option<Vec<u8>>, Vec<u8>), Fault> {
        let first = self.name()?;
        if self.take_mark(".") { Ok((Some(first), self.name()?)) } else { Ok((None, first)) }
    }

    /// A text in quotes.
    pub(super) fn string(&mut self) -> Result<Vec<u8>, Fault> {
        match self.token().kind.clone() {
            Kind::Text(text) | Kind::Bytes(text) => {
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.wrong()),
        }
    }

    /// What is next does not belong here.
    pub(super) fn wrong(&self) -> Fault {
        /// What the message shows of the statement, in bytes.
        const SHOWN_BYTES: usize = 80;
        let from = self.token().from.min(self.text.len());
        let near = &self.text[from..];
        let near = &near[..near.len().min(SHOWN_BYTES)];
        let line = 1 + memchr::memchr_iter(b'\n', &self.text[..from]).count();
        let line = format!("' at line {line}");
        let text = [
            b"You have an error in your SQL syntax; check the manual that corresponds to your \
              MariaDB server version for the right syntax to use near '",
            near,
            line.as_bytes(),
        ];
        Fault::new(1064, "42000", text.concat())
    }

    /// Goes on behind the next semicolon outside of quotes, and says where that is.
    pub(super) fn skip_statement(&mut self) -> usize {
        while self.token().kind != Kind::End && !self.is_mark(";") {
            self.at += 1;
        }
        self.next().to
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

fn tokens(text: &[u8]) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    // Inside `/*!`, whose contents are run.
    let mut inside = false;
    while out.len() < MYSQL_TOKENS {
        let Some(&byte) = text.get(at) else { break };
        let rest = &text[at..];
        let from = at;
        let kind = match byte {
            b' ' | b'\t'..=b'\r' | 0 => {
                at += 1;
                continue;
            }
            b'#' => {
                at += line(rest);
                continue;
            }
            b'-' if rest.starts_with(b"--") && rest.get(2).is_none_or(|byte| *byte <= b' ') => {
                at += line(rest);
                continue;
            }
            b'/' if rest.starts_with(b"/*!") || rest.starts_with(b"/*M!") => {
                let head = if rest[2] == b'!' { 3 } else { 4 };
                let digits = rest[head..].iter().take(6).take_while(|b| b.is_ascii_digit()).count();
                let version = std::str::from_utf8(&rest[head..head + digits]).unwrap_or_default();
                let version: u32 = version.parse().unwrap_or(0);
                // Versions of MySQL 5.7 and 8 are not MariaDB's.
                if digits < 5 || version <= 50_700 || (100_000..=101_119).contains(&version) {
                    at += head + if digits < 5 { 0 } else { digits };
                    inside = true;
                } else {
                    at += comment(rest);
                }
                continue;
            }
            b'/' if rest.starts_with(b"/*") => {
                at += comment(rest);
                continue;
            }
            b'*' if inside && rest.starts_with(b"*/") => {
                at += 2;
                inside = false;
                continue;
            }
            b'\'' | b'"' => match quoted(rest, byte, true) {
                Some((value, length)) => {
                    at += length;
                    Kind::Text(value)
                }
                None => break,
            },
            b'`' => match quoted(rest, byte, false) {
                Some((value, length)) => {
                    at += length;
                    Kind::Name(value)
                }
                None => break,
            },
            b'@' if rest.starts_with(b"@@") => {
                at += 2;
                Kind::System
            }
            b'@' => {
                if let Some(quote @ (b'\'' | b'"' | b'`')) = rest.get(1) {
                    let Some((value, length)) = quoted(&rest[1..], *quote, true) else { break };
                    at += 1 + length;
                    Kind::Variable(value)
                } else {
                    let name = run(&rest[1..], |byte| is_word(byte) || byte == b'.');
                    at += 1 + name;
                    Kind::Variable(rest[1..=name].to_vec())
                }
            }
            b'0' if rest.len() > 2
                && rest[1] == b'x'
                && rest[2].is_ascii_hexdigit()
                && !rest
                    .get(2 + run(&rest[2..], |b| b.is_ascii_hexdigit()))
                    .is_some_and(|b| is_word(*b)) =>
            {
                let digits = run(&rest[2..], |byte| byte.is_ascii_hexdigit());
                at += 2 + digits;
                Kind::Bytes(unhex(&rest[2..2 + digits]))
            }
            b'x' | b'X' if rest.get(1) == Some(&b'\'') => {
                let digits = run(&rest[2..], |byte| byte.is_ascii_hexdigit());
                if rest.get(2 + digits) != Some(&b'\'') || digits % 2 == 1 {
                    break;
                }
                at += 3 + digits;
                Kind::Bytes(unhex(&rest[2..2 + digits]))
            }
            b'0'..=b'9' => {
                at += run(rest, |byte| byte.is_ascii_digit() || byte == b'.');
                if text.get(at).is_some_and(|byte| is_word(*byte))
                    && !rest[..at - from].contains(&b'.')
                {
                    // A name may begin with a digit.
                    at += run(&text[at..], is_word);
                    Kind::Word
                } else {
                    Kind::Number
                }
            }
            _ if is_word(byte) => {
                at += run(rest, is_word);
                Kind::Word
            }
            _ => {
                const LONG: [&[u8]; 10] =
                    [b"<=>", b"<=", b">=", b"<>", b"!=", b":=", b"||", b"&&", b"<<", b">>"];
                at += LONG.iter().find(|mark| rest.starts_with(mark)).map_or(1, |mark| mark.len());
                Kind::Mark
            }
        };
        out.push(Token { kind, from, to: at });
    }
    if at < text.len() {
        // Quotes that do not end, or far too much: no rule knows such a token.
        out.push(Token { kind: Kind::Mark, from: at, to: text.len() });
    }
    out.push(Token { kind: Kind::End, from: text.len(), to: text.len() });
    out
}

fn run(bytes: &[u8], fits: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !fits(*byte)).unwrap_or(bytes.len())
}

fn line(rest: &[u8]) -> usize {
    memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1)
}

fn comment(rest: &[u8]) -> usize {
    memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4)
}

/// What stands in quotes, and how long it is with them.
fn quoted(rest: &[u8], quote: u8, escapes: bool) -> Option<(Vec<u8>, usize)> {
    let mut value = Vec::new();
    let mut at = 1;
    loop {
        let byte = *rest.get(at)?;
        at += 1;
        if byte == quote {
            if rest.get(at) != Some(&quote) {
                return Some((value, at));
            }
            at += 1;
            value.push(quote);
        } else if byte == b'\\' && escapes {
            let escaped = *rest.get(at)?;
            at += 1;
            match escaped {
                b'0' => value.push(0),
                b'b' => value.push(8),
                b'n' => value.push(b'\n'),
                b'r' => value.push(b'\r'),
                b't' => value.push(b'\t'),
                b'Z' => value.push(26),
                b'%' | b'_' => value.extend_from_slice(&[b'\\', escaped]),
                other => value.push(other),
            }
        } else {
            value.push(byte);
        }
    }
}

/// Hexadecimal digits as bytes; an odd one stands for itself in front.
pub(super) fn unhex(digits: &[u8]) -> Vec<u8> {
    let value = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
    let (head, pairs) = digits.split_at(digits.len() % 2);
    head.iter()
        .map(|digit| value(*digit))
        .chain(pairs.chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_mariadbs() {
        let sql = Sql::new(b"/*!40101 SET*/ @a:='it''s\\n' -- no\n x'4142',0x414 `b``c`");
        let kinds: Vec<Kind> = sql.tokens.iter().map(|token| token.kind.clone()).collect();
        let expected = [
            Kind::Word,
            Kind::Variable(b"a".to_vec()),
            Kind::Mark,
            Kind::Text(b"it's\n".to_vec()),
            Kind::Bytes(b"AB".to_vec()),
            Kind::Mark,
            Kind::Bytes(b"\x04\x14".to_vec()),
            Kind::Name(b"b`c".to_vec()),
            Kind::End,
        ];
        assert_eq!(kinds, expected);
    }
}
