//! Python's words: names, numbers, strings, operators, and indentation.

use super::ast::Mistake;
use bytes::Bytes;
use std::sync::Arc;

/// Most words of a program.
const WORDS_MAX: usize = 200_000;

/// Deepest indentation (CPython's MAXINDENT).
const INDENTS_MAX: usize = 60;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Name(Arc<str>),
    Int(i128),
    /// What no `Int` can hold.
    Large(Arc<num_bigint::BigInt>),
    Float(f64),
    Str(Arc<str>),
    Bytes(Bytes),
    /// The inside of an f-string, and whether it is raw.
    Format(Arc<str>, bool),
    Op(&'static str),
    Newline,
    Indent,
    Dedent,
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) line: u32,
    pub(super) start: u32,
    pub(super) end_line: u32,
    pub(super) end: u32,
}

/// Operators, the longest first.
const OPERATORS: &[&str] = &[
    "**=", "//=", ">>=", "<<=", "...", "!=", "==", "<=", ">=", "->", ":=", "+=", "-=", "*=", "/=",
    "%=", "&=", "|=", "^=", "@=", "**", "//", "<<", ">>", "+", "-", "*", "/", "%", "@", "&", "|",
    "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=",
];

struct Lexer<'a> {
    text: &'a [char],
    at: usize,
    line: u32,
    line_start: usize,
    words: Vec<Token>,
    indents: Vec<usize>,
    /// Open brackets and where they stand.
    open: Vec<(char, u32, u32)>,
    /// Whether it is Python 2.
    second: bool,
    /// Whether a back quote is open.
    is_quoted: bool,
}

/// Cuts a program into words.
pub(super) fn words(text: &str) -> Result<Vec<Token>, Mistake> {
    cut(text, false)
}

/// The same for Python 2; what has another name in Python 3 has it here.
pub(super) fn second_words(text: &str) -> Result<Vec<Token>, Mistake> {
    cut(text, true)
}

fn cut(text: &str, second: bool) -> Result<Vec<Token>, Mistake> {
    let chars: Vec<char> = text.chars().filter(|c| *c != '\r').collect();
    let mut lexer = Lexer {
        text: &chars,
        at: 0,
        line: 1,
        line_start: 0,
        words: Vec::new(),
        indents: vec![0],
        open: Vec::new(),
        second,
        is_quoted: false,
    };
    lexer.all()?;
    Ok(lexer.words)
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> char {
        self.text.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn column(&self) -> u32 {
        (self.at - self.line_start) as u32
    }

    fn mistake<T>(&self, message: &str, marks: Option<(u32, u32)>) -> Result<T, Mistake> {
        Err(Mistake {
            class: "SyntaxError",
            message: message.to_owned(),
            line: self.line,
            marks,
            unfinished: false,
            late: false,
        })
    }

    fn push(&mut self, word: Word, (line, start): (u32, u32)) {
        let (end_line, end) = (self.line, self.column());
        self.words.push(Token { word, line, start, end_line, end });
    }

    fn here(&self) -> (u32, u32) {
        (self.line, self.column())
    }

    fn all(&mut self) -> Result<(), Mistake> {
        let mut fresh = true;
        while self.at < self.text.len() {
            if self.words.len() > WORDS_MAX {
                return self.mistake("too many statically nested blocks", None);
            }
            if fresh && self.open.is_empty() {
                fresh = false;
                if !self.indentation()? {
                    fresh = true;
                    continue;
                }
            }
            let c = self.peek(0);
            match c {
                ' ' | '\t' | '\x0c' | '\u{feff}' => self.at += 1,
                '#' => {
                    while self.at < self.text.len() && self.peek(0) != '\n' {
                        self.at += 1;
                    }
                }
                '\n' => {
                    if self.open.is_empty() {
                        let here = self.here();
                        self.push(Word::Newline, here);
                        fresh = true;
                    }
                    self.newline();
                }
                '\\' if self.peek(1) == '\n' => {
                    self.at += 1;
                    self.newline();
                }
                '\\' => {
                    let at = self.column() + 1;
                    return self.mistake(
                        "unexpected character after line continuation character",
                        Some((at - 1, at)),
                    );
                }
                _ if c.is_ascii_digit() || (c == '.' && self.peek(1).is_ascii_digit()) => {
                    self.number()?;
                }
                _ if c.is_alphabetic() || c == '_' => self.name()?,
                '"' | '\'' => self.string("")?,
                _ => self.operator(c)?,
            }
        }
        self.finish()
    }

    fn newline(&mut self) {
        self.at += 1;
        self.line += 1;
        self.line_start = self.at;
    }

    fn finish(&mut self) -> Result<(), Mistake> {
        if let Some((bracket, line, column)) = self.open.last().copied() {
            return Err(Mistake {
                class: "SyntaxError",
                message: format!("'{bracket}' was never closed"),
                line,
                marks: Some((column, column + 1)),
                unfinished: true,
                late: false,
            });
        }
        let here = self.here();
        if self.words.last().is_some_and(|t| t.word != Word::Newline) {
            self.push(Word::Newline, here);
        }
        for _ in 1..self.indents.len() {
            self.push(Word::Dedent, here);
        }
        self.push(Word::End, here);
        Ok(())
    }

    /// Reads a line's indentation; false if the line is empty.
    fn indentation(&mut self) -> Result<bool, Mistake> {
        let mut width = 0;
        loop {
            match self.peek(0) {
                ' ' => width += 1,
                '\t' => width = (width / 8 + 1) * 8,
                '\x0c' | '\u{feff}' => width = 0,
                _ => break,
            }
            self.at += 1;
        }
        match self.peek(0) {
            '#' => {
                while self.at < self.text.len() && self.peek(0) != '\n' {
                    self.at += 1;
                }
                if self.at < self.text.len() {
                    self.newline();
                }
                return Ok(false);
            }
            '\n' => {
                self.newline();
                return Ok(false);
            }
            _ if self.at >= self.text.len() => return Ok(false),
            _ => {}
        }
        let here = self.here();
        let last = self.indents.last().copied().unwrap_or(0);
        if width > last {
            if self.indents.len() > INDENTS_MAX {
                return Err(self.indentation_mistake("too many levels of indentation"));
            }
            self.indents.push(width);
            self.push(Word::Indent, here);
        }
        while width < self.indents.last().copied().unwrap_or(0) {
            self.indents.pop();
            self.push(Word::Dedent, here);
        }
        if width != self.indents.last().copied().unwrap_or(0) {
            return Err(
                self.indentation_mistake("unindent does not match any outer indentation level")
            );
        }
        Ok(true)
    }

    fn indentation_mistake(&self, message: &str) -> Mistake {
        Mistake {
            class: "IndentationError",
            message: message.to_owned(),
            line: self.line,
            marks: None,
            unfinished: false,
            late: false,
        }
    }

    fn number(&mut self) -> Result<(), Mistake> {
        let here = self.here();
        let from = self.at;
        let radix = match (self.peek(0), self.peek(1).to_ascii_lowercase()) {
            ('0', 'x') => 16,
            ('0', 'o') => 8,
            ('0', 'b') => 2,
            _ => 10,
        };
        if radix != 10 {
            self.at += 2;
            while self.peek(0).is_ascii_alphanumeric() || self.peek(0) == '_' {
                self.at += 1;
            }
            let digits: String =
                self.text[from + 2..self.at].iter().filter(|c| **c != '_').collect();
            let word = match super::value::Value::parsed(&digits, radix) {
                Some(super::value::Value::Int(value)) => Word::Int(value),
                Some(super::value::Value::Large(value)) => Word::Large(value),
                _ => return self.mistake("invalid syntax", Some((here.1, here.1 + 1))),
            };
            self.push(word, here);
            return Ok(());
        }
        let mut float = false;
        loop {
            match self.peek(0) {
                '0'..='9' | '_' => {}
                '.' if !float => float = true,
                'e' | 'E'
                    if self.peek(1).is_ascii_digit()
                        || (matches!(self.peek(1), '+' | '-') && self.peek(2).is_ascii_digit()) =>
                {
                    float = true;
                    self.at += 1;
                }
                _ => break,
            }
            self.at += 1;
        }
        let digits: String = self.text[from..self.at].iter().filter(|c| **c != '_').collect();
        let octal = digits.strip_prefix('0').filter(|_| self.second && !float);
        if let Some(value) = octal.and_then(|it| i128::from_str_radix(it, 8).ok()) {
            self.at += usize::from(matches!(self.peek(0), 'l' | 'L'));
            self.push(Word::Int(value), here);
            return Ok(());
        }
        if self.second && matches!(self.peek(0), 'l' | 'L') {
            self.at += 1;
        }
        if self.peek(0).is_alphabetic() && !matches!(self.peek(0), 'i' | 'o' | 'a' | 'e' | 'n') {
            // `1L`, `1j`: the first is Python 2's.
            return self.mistake("invalid decimal literal", Some((here.1, here.1 + 1)));
        }
        let long_octal = !float && digits.len() > 1 && digits.starts_with('0');
        if long_octal && digits.bytes().any(|b| b != b'0') {
            return self.mistake(
                "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
                Some((here.1, here.1 + 1)),
            );
        }
        let word = match digits.parse::<i128>() {
            Ok(value) if !float => Word::Int(value),
            Err(_)
                if !float
                    && let Some(super::value::Value::Large(value)) =
                        super::value::Value::parsed(&digits, 10) =>
            {
                Word::Large(value)
            }
            _ => Word::Float(digits.parse().unwrap_or(f64::INFINITY)),
        };
        self.push(word, here);
        Ok(())
    }

    fn name(&mut self) -> Result<(), Mistake> {
        let here = self.here();
        let from = self.at;
        while self.peek(0).is_alphanumeric() || self.peek(0) == '_' {
            self.at += 1;
        }
        let mut name: String = self.text[from..self.at].iter().collect();
        // Names are the same in all forms of their letters (PEP 3131).
        if !name.is_ascii() {
            name = unicode_normalization::UnicodeNormalization::nfkc(name.chars()).collect();
        }
        let prefix = name.to_ascii_lowercase();
        if matches!(self.peek(0), '"' | '\'')
            && matches!(prefix.as_str(), "b" | "r" | "u" | "f" | "br" | "rb" | "fr" | "rf" | "ur")
            && (self.second || prefix != "ur")
        {
            self.at = from;
            return self.string(&prefix);
        }
        let name = if self.second { super::second::renamed(&name) } else { &name };
        self.push(Word::Name(name.into()), here);
        Ok(())
    }

    fn string(&mut self, prefix: &str) -> Result<(), Mistake> {
        let here = self.here();
        self.at += prefix.len();
        let quote = self.peek(0);
        let long = self.peek(1) == quote && self.peek(2) == quote;
        self.at += if long { 3 } else { 1 };
        let raw = prefix.contains('r');
        let from = self.at;
        loop {
            if self.at >= self.text.len() || (!long && self.peek(0) == '\n') {
                let kind = if long { "triple-quoted string" } else { "string" };
                return Err(Mistake {
                    class: "SyntaxError",
                    message: format!(
                        "unterminated {kind} literal (detected at line {})",
                        self.line
                    ),
                    line: here.0,
                    marks: Some((here.1, here.1 + 1)),
                    unfinished: long,
                    late: false,
                });
            }
            let c = self.peek(0);
            if c == quote && (!long || (self.peek(1) == quote && self.peek(2) == quote)) {
                break;
            }
            if c == '\\' && self.at + 1 < self.text.len() {
                self.at += 1;
            }
            if self.peek(0) == '\n' {
                self.newline();
            } else {
                self.at += 1;
            }
        }
        let body = &self.text[from..self.at];
        self.at += if long { 3 } else { 1 };
        let word = if prefix.contains('f') {
            Word::Format(body.iter().collect::<String>().into(), raw)
        } else if prefix.contains('b') {
            let text = if raw { body.to_vec() } else { unescape(body, true) };
            if text.iter().any(|c| *c as u32 > 255) {
                return self.mistake(
                    "bytes can only contain ASCII literal characters",
                    Some((here.1, here.1 + 1)),
                );
            }
            Word::Bytes(text.iter().map(|c| *c as u8).collect::<Vec<_>>().into())
        } else {
            let text = if raw { body.to_vec() } else { unescape(body, false) };
            Word::Str(text.iter().collect::<String>().into())
        };
        self.push(word, here);
        Ok(())
    }

    fn operator(&mut self, c: char) -> Result<(), Mistake> {
        let here = self.here();
        let rest = &self.text[self.at..(self.at + 3).min(self.text.len())];
        if self.second && c == '`' {
            // `value` is `repr(value)`.
            self.at += 1;
            self.is_quoted = !self.is_quoted;
            if self.is_quoted {
                self.push(Word::Name("repr".into()), here);
            }
            self.push(Word::Op(if self.is_quoted { "(" } else { ")" }), here);
            return Ok(());
        }
        if self.second && rest.starts_with(&['<', '>']) {
            self.at += 2;
            self.push(Word::Op("!="), here);
            return Ok(());
        }
        let found = OPERATORS.iter().find(|op| {
            op.chars().count() <= rest.len() && op.chars().zip(rest).all(|(a, b)| a == *b)
        });
        let Some(op) = found else {
            let text = if c == '!' || c == '$' || c == '?' || c == '`' {
                "invalid syntax".to_owned()
            } else if c.is_ascii() {
                format!("invalid non-printable character U+{:04X}", c as u32)
            } else {
                format!("invalid character '{c}' (U+{:04X})", c as u32)
            };
            return self.mistake(&text, Some((here.1, here.1 + 1)));
        };
        match *op {
            "(" | "[" | "{" => self.open.push((c, here.0, here.1)),
            ")" | "]" | "}" => {
                let Some((open, line, _)) = self.open.pop() else {
                    return self.mistake(&format!("unmatched '{c}'"), Some((here.1, here.1 + 1)));
                };
                if !matches!((open, c), ('(', ')') | ('[', ']') | ('{', '}')) {
                    let on =
                        if line == here.0 { String::new() } else { format!(" on line {line}") };
                    return self.mistake(
                        &format!("closing parenthesis '{c}' does not match opening parenthesis '{open}'{on}"),
                        Some((here.1, here.1 + 1)),
                    );
                }
            }
            _ => {}
        }
        self.at += op.len();
        self.push(Word::Op(op), here);
        Ok(())
    }
}

/// Replaces what a backslash begins; characters of bytes stand for themselves.
pub(super) fn unescape(body: &[char], bytes: bool) -> Vec<char> {
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(c) = body.get(at).copied() {
        at += 1;
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(next) = body.get(at).copied() else {
            out.push('\\');
            break;
        };
        at += 1;
        let digits = |from: usize, count: usize, radix: u32| -> Option<(char, usize)> {
            let text: String = body.get(from..(from + count).min(body.len()))?.iter().collect();
            let length = text.chars().take_while(|c| c.is_digit(radix)).count();
            let value = u32::from_str_radix(text.get(..length)?, radix).ok()?;
            Some((char::from_u32(value).unwrap_or('\u{fffd}'), length))
        };
        match next {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(next),
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'v' => out.push('\x0b'),
            '0'..='7' => {
                if let Some((c, length)) = digits(at - 1, 3, 8) {
                    out.push(c);
                    at += length.saturating_sub(1);
                }
            }
            'x' => match digits(at, 2, 16) {
                Some((c, 2)) => {
                    out.push(c);
                    at += 2;
                }
                _ => out.extend(['\\', 'x']),
            },
            'u' | 'U' if !bytes => {
                let count = if next == 'u' { 4 } else { 8 };
                match digits(at, count, 16) {
                    Some((c, length)) if length == count => {
                        out.push(c);
                        at += count;
                    }
                    _ => out.extend(['\\', next]),
                }
            }
            other => out.extend(['\\', other]),
        }
    }
    out
}
