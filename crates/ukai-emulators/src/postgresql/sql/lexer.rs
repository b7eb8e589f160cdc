//! SQL's words, as `scan.l` of PostgreSQL 15 cuts them.

use crate::limits::POSTGRES_SQL_TOKENS;
use crate::postgresql::report::{Report, about, out_of_memory};

/// A word of SQL and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) struct Token {
    pub(in crate::postgresql) kind: Kind,
    /// Bytes of the query from here ...
    pub(in crate::postgresql) start: usize,
    /// ... to here.
    pub(in crate::postgresql) end: usize,
    /// Where it stands, in characters from 1.
    pub(in crate::postgresql) place: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgresql) enum Kind {
    /// An identifier or keyword, in lower case.
    Word(Vec<u8>),
    /// A quoted identifier.
    Quoted(Vec<u8>),
    Text(Vec<u8>),
    Number(Vec<u8>),
    /// `$1`.
    Parameter(u16),
    /// An operator or a punctuation mark.
    Mark(Vec<u8>),
}

/// Cuts `text` into tokens.
pub(in crate::postgresql) fn tokens(text: &[u8]) -> Result<Vec<Token>, Report> {
    let mut lexer = Lexer { text, at: 0 };
    let mut all: Vec<Token> = Vec::new();
    // Counted on from token to token: a query can be long.
    let (mut counted, mut place) = (0, 1);
    while let Some(mut token) = lexer.next()? {
        if all.len() >= POSTGRES_SQL_TOKENS {
            return Err(out_of_memory());
        }
        place += characters(text.get(counted..token.start).unwrap_or_default());
        counted = token.start;
        token.place = place;
        all.push(token);
    }
    Ok(all)
}

/// The report of a syntax error at the word `start..end`, or at the end of the query.
pub(in crate::postgresql) fn syntax_error(
    text: &[u8],
    what: &str,
    word: Option<(usize, usize)>,
) -> Report {
    let (message, line, start) = match word {
        None => (about(what, b"", " at end of input"), 1180, text.len()),
        Some((start, end)) => {
            let near = text.get(start..end).unwrap_or_default();
            (about(&format!("{what} at or near \""), near, "\""), 1188, start)
        }
    };
    Report::error("42601", message, ("scan.l", line, "scanner_yyerror")).at(position(text, start))
}

/// The place of a byte, in characters from 1.
pub(in crate::postgresql) fn position(text: &[u8], byte: usize) -> usize {
    characters(text.get(..byte).unwrap_or(text)) + 1
}

fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

const fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

const fn goes_on(byte: u8) -> bool {
    begins_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or_default()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn unterminated(&self, what: &str, start: usize) -> Report {
        syntax_error(self.text, &format!("unterminated {what}"), Some((start, self.text.len())))
    }

    fn take_while(&mut self, holds: impl Fn(u8) -> bool) {
        let length = self.rest().iter().take_while(|byte| holds(**byte)).count();
        self.at += length;
    }

    fn skip_blanks(&mut self) -> Result<(), Report> {
        loop {
            match self.rest() {
                [byte, ..] if byte.is_ascii_whitespace() || *byte == 0x0b => self.at += 1,
                [b'-', b'-', ..] => self.take_while(|byte| byte != b'\n' && byte != b'\r'),
                [b'/', b'*', ..] => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), Report> {
        let (start, mut depth) = (self.at, 0_usize);
        loop {
            match self.rest() {
                [b'/', b'*', ..] => (depth, self.at) = (depth + 1, self.at + 2),
                [b'*', b'/', ..] => {
                    (depth, self.at) = (depth - 1, self.at + 2);
                    if depth == 0 {
                        return Ok(());
                    }
                }
                [_, ..] => self.at += 1,
                [] => return Err(self.unterminated("/* comment", start)),
            }
        }
    }

    fn next(&mut self) -> Result<Option<Token>, Report> {
        self.skip_blanks()?;
        let start = self.at;
        if self.rest().is_empty() {
            return Ok(None);
        }
        let kind = match (self.peek(0), self.peek(1), self.peek(2)) {
            (b'e' | b'E', b'\'', _) => {
                self.at += 1;
                Kind::Text(self.quoted(start, b'\'', true, "quoted string")?)
            }
            (b'u' | b'U', b'&', b'\'') => {
                self.at += 2;
                Kind::Text(self.quoted(start, b'\'', false, "quoted string")?)
            }
            (b'\'', ..) => Kind::Text(self.quoted(start, b'\'', false, "quoted string")?),
            (b'"', ..) => Kind::Quoted(self.quoted(start, b'"', false, "quoted identifier")?),
            (b'$', b'0'..=b'9', _) => {
                self.at += 1;
                self.take_while(|byte| byte.is_ascii_digit());
                let digits = self.text.get(start + 1..self.at).unwrap_or_default();
                Kind::Parameter(number(digits).unwrap_or(u16::MAX))
            }
            (b'$', ..) => self.dollar(start)?,
            (byte, ..) if begins_word(byte) => {
                self.take_while(goes_on);
                let word = self.text.get(start..self.at).unwrap_or_default();
                Kind::Word(word.to_ascii_lowercase())
            }
            (b'0'..=b'9', ..) | (b'.', b'0'..=b'9', _) => self.number(start),
            (b':', b':' | b'=', _) => {
                self.at += 2;
                Kind::Mark(self.text.get(start..self.at).unwrap_or_default().to_vec())
            }
            (byte, ..) if OPERATORS.contains(&byte) => self.operator(start),
            _ => {
                self.at += 1;
                Kind::Mark(self.text.get(start..self.at).unwrap_or_default().to_vec())
            }
        };
        Ok(Some(Token { kind, start, end: self.at, place: 0 }))
    }

    fn quoted(
        &mut self,
        start: usize,
        quote: u8,
        escapes: bool,
        what: &str,
    ) -> Result<Vec<u8>, Report> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            match *self.rest() {
                [] => return Err(self.unterminated(what, start)),
                [first, second, ..] if first == quote && second == quote => {
                    text.push(quote);
                    self.at += 2;
                }
                [first, ..] if first == quote => {
                    self.at += 1;
                    return Ok(text);
                }
                [b'\\', second, ..] if escapes => {
                    self.at += 2;
                    self.escape(second, &mut text);
                }
                [first, ..] => {
                    text.push(first);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, byte: u8, text: &mut Vec<u8>) {
        let (digits, radix, first) = match byte {
            b'x' => (2, 16, 0),
            b'0'..=b'7' => (2, 8, u32::from(byte - b'0')),
            _ => {
                text.push(match byte {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'b' => 8,
                    b'f' => 12,
                    other => other,
                });
                return;
            }
        };
        let mut value = first;
        for _ in 0..digits {
            let Some(digit) = char::from(self.peek(0)).to_digit(radix) else { break };
            value = value * radix + digit;
            self.at += 1;
        }
        text.push((value & 0xff) as u8);
    }

    /// `$tag$ ... $tag$`; a dollar that begins none is a mark.
    fn dollar(&mut self, start: usize) -> Result<Kind, Report> {
        let rest = self.rest();
        let tag = rest.iter().skip(1).take_while(|b| goes_on(**b) && **b != b'$').count() + 2;
        let Some(mark) = rest.get(..tag).filter(|mark| mark.ends_with(b"$")) else {
            self.at += 1;
            return Ok(Kind::Mark(b"$".to_vec()));
        };
        let inner = rest.get(tag..).unwrap_or_default();
        let Some(length) = memchr::memmem::find(inner, mark) else {
            return Err(self.unterminated("dollar-quoted string", start));
        };
        let text = inner.get(..length).unwrap_or_default().to_vec();
        self.at += 2 * tag + length;
        Ok(Kind::Text(text))
    }

    fn number(&mut self, start: usize) -> Kind {
        self.take_while(|byte| byte.is_ascii_digit());
        if self.peek(0) == b'.' && self.peek(1) != b'.' {
            self.at += 1;
            self.take_while(|byte| byte.is_ascii_digit());
        }
        let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if matches!(self.peek(0), b'e' | b'E') && self.peek(1 + sign).is_ascii_digit() {
            self.at += 1 + sign;
            self.take_while(|byte| byte.is_ascii_digit());
        }
        Kind::Number(self.text.get(start..self.at).unwrap_or_default().to_vec())
    }

    /// As many operator characters as there are; no comment begins within, and one that ends
    /// in a sign has a character that arithmetic does not know.
    fn operator(&mut self, start: usize) -> Kind {
        self.take_while(|byte| OPERATORS.contains(&byte));
        let all = self.text.get(start..self.at).unwrap_or_default();
        let comment = [&b"--"[..], b"/*"].iter().filter_map(|m| memchr::memmem::find(all, m)).min();
        let mut length = comment.filter(|at| *at > 0).unwrap_or(all.len());
        let special = |word: &[u8]| word.iter().any(|byte| b"~!@#%^&|`?".contains(byte));
        while length > 1
            && matches!(all.get(length - 1), Some(b'+' | b'-'))
            && !special(all.get(..length - 1).unwrap_or_default())
        {
            length -= 1;
        }
        self.at = start + length;
        Kind::Mark(self.text.get(start..self.at).unwrap_or_default().to_vec())
    }
}

const OPERATORS: &[u8] = b"+-*/<>=~!@#%^&|`?";

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
