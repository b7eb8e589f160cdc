//! Text of VBScript and VBA to tokens.

use std::rc::Rc;

/// Tokens of one text.
const TOKENS_MAX: usize = 500_000;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or keyword, in lower case.
    Name(Rc<str>),
    /// A whole number.
    Whole(i64),
    /// A number with a point or exponent.
    Real(f64),
    /// Text between quotes.
    Text(Rc<str>),
    /// What stands between `#`.
    Date(Rc<str>),
    /// An operator or bracket.
    Symbol(&'static str),
    /// End of a line, or a colon.
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// The token.
    pub(super) token: Token,
    /// Whether white space stands before it.
    pub(super) spaced: bool,
    /// Whether it is the first of a line, or comes after a colon.
    pub(super) line: u32,
}

/// Operators and brackets, longer ones first.
const SYMBOLS: &[&str] = &[
    ":=", "<=", ">=", "<>", "=<", "=>", "><", "=", "<", ">", "&", "+", "-", "*", "/", "\\", "^",
    "(", ")", ",", ".", ";", "#", "!", "?", "{", "}", "@", "$", "%",
];

/// Splits text; false if only its beginning was read.
pub(super) fn tokens(source: &str) -> (Vec<Placed>, bool) {
    let mut lexer =
        Lexer { text: source.chars().collect(), at: 0, line: 1, spaced: false, out: Vec::new() };
    let whole = lexer.run();
    (lexer.out, whole)
}

struct Lexer {
    text: Vec<char>,
    at: usize,
    line: u32,
    spaced: bool,
    out: Vec<Placed>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn push(&mut self, token: Token) {
        self.out.push(Placed { token, spaced: self.spaced, line: self.line });
        self.spaced = false;
    }

    fn run(&mut self) -> bool {
        while let Some(character) = self.peek(0) {
            if self.out.len() >= TOKENS_MAX {
                return false;
            }
            match character {
                '\r' | '\n' => self.end_of_line(),
                ':' if self.peek(1) != Some('=') => {
                    self.at += 1;
                    self.push(Token::End);
                }
                '\'' => self.skip_line(),
                '"' | '\u{201c}' | '\u{201d}' => self.text(),
                '_' if self.continues() => {}
                '[' => self.bracketed(),
                '#' => self.hash(),
                '&' if self.radix().is_some() => {
                    if let Some((value, length)) = self.radix() {
                        self.at += length;
                        self.push(Token::Whole(value));
                    }
                }
                _ if character.is_whitespace() || character == '\u{feff}' || character == '\0' => {
                    self.at += 1;
                    self.spaced = true;
                }
                _ if character.is_ascii_digit() => self.number(),
                '.' if self.peek(1).is_some_and(|it| it.is_ascii_digit())
                    && !self.follows_operand() =>
                {
                    self.number();
                }
                _ if is_name(character) => self.name(),
                _ => self.symbol(),
            }
        }
        self.push(Token::End);
        true
    }

    fn end_of_line(&mut self) {
        if self.peek(0) == Some('\r') && self.peek(1) == Some('\n') {
            self.at += 1;
        }
        self.at += 1;
        self.push(Token::End);
        self.line += 1;
        // Directives of VBA: what they choose between is the same for us.
        let mut ahead = 0;
        while matches!(self.peek(ahead), Some(' ' | '\t')) {
            ahead += 1;
        }
        let word: String = (1..5).filter_map(|it| self.peek(ahead + it)).collect();
        let word = word.to_ascii_lowercase();
        if self.peek(ahead) == Some('#')
            && ["if ", "else", "end ", "cons"].iter().any(|it| word.starts_with(it))
        {
            self.skip_line();
        }
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|it| it != '\r' && it != '\n') {
            self.at += 1;
        }
    }

    /// A line that goes on in the next: what follows is as if it stood close.
    fn continues(&mut self) -> bool {
        let mut ahead = 1;
        while matches!(self.peek(ahead), Some(' ' | '\t')) {
            ahead += 1;
        }
        match self.peek(ahead) {
            Some('\r' | '\n') => {}
            _ => return false,
        }
        if self.peek(ahead) == Some('\r') && self.peek(ahead + 1) == Some('\n') {
            ahead += 1;
        }
        self.at += ahead + 1;
        self.line += 1;
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
        // A dot that follows belongs to what stood before.
        self.spaced = self.peek(0) != Some('.');
        true
    }

    fn text(&mut self) {
        let quote = |it: char| matches!(it, '"' | '\u{201c}' | '\u{201d}');
        self.at += 1;
        let mut text = String::new();
        while let Some(character) = self.peek(0) {
            if quote(character) {
                if self.peek(1).is_some_and(quote) {
                    text.push('"');
                    self.at += 2;
                    continue;
                }
                self.at += 1;
                break;
            }
            if character == '\r' || character == '\n' {
                break;
            }
            text.push(character);
            self.at += 1;
        }
        self.push(Token::Text(text.into()));
    }

    fn bracketed(&mut self) {
        let start = self.at + 1;
        let end = (start..self.text.len().min(start + 256)).find(|it| self.text[*it] == ']');
        let Some(end) = end else {
            self.at += 1;
            return;
        };
        let name: String = self.text[start..end].iter().collect();
        self.at = end + 1;
        self.push(Token::Name(name.to_lowercase().into()));
    }

    /// A date between two `#`, or the sign before the number of a file.
    fn hash(&mut self) {
        let allowed = |it: &char| {
            it.is_ascii_digit() || matches!(it, '/' | '-' | ':' | ' ') || "AaPpMm".contains(*it)
        };
        let inner: String =
            self.text[self.at + 1..].iter().take(30).take_while(|it| allowed(it)).collect();
        if inner.len() >= 3 && self.peek(1 + inner.len()) == Some('#') {
            self.at += inner.len() + 2;
            self.push(Token::Date(inner.into()));
        } else {
            self.at += 1;
            self.push(Token::Symbol("#"));
        }
    }

    /// `&HFF`, `&O17`, and how long that is.
    fn radix(&self) -> Option<(i64, usize)> {
        let base = match self.peek(1)? {
            'h' | 'H' => 16,
            'o' | 'O' => 8,
            _ => return None,
        };
        let digits: String =
            self.text[self.at + 2..].iter().take(17).take_while(|it| it.is_digit(base)).collect();
        if digits.is_empty() {
            return None;
        }
        let value = i64::from_str_radix(&digits, base).ok()?;
        let mut length = 2 + digits.len();
        let long = self.peek(length) == Some('&');
        length += usize::from(long);
        // Up to four digits make an Integer, which is negative from &H8000 on.
        let value = match value {
            0x8000..=0xffff if !long && base == 16 && digits.len() <= 4 => value - 0x1_0000,
            0x8000_0000..=0xffff_ffff => value - 0x1_0000_0000,
            _ => value,
        };
        Some((value, length))
    }

    fn follows_operand(&self) -> bool {
        !self.spaced
            && matches!(
                self.out.last().map(|it| &it.token),
                Some(Token::Name(_) | Token::Symbol(")") | Token::Text(_))
            )
    }

    fn number(&mut self) {
        let start = self.at;
        let mut real = false;
        while let Some(character) = self.peek(0) {
            match character {
                _ if character.is_ascii_digit() => {}
                '.' if !real && self.peek(1).is_none_or(|it| !it.is_alphabetic()) => real = true,
                'e' | 'E'
                    if self.peek(1).is_some_and(|it| it.is_ascii_digit())
                        || matches!(self.peek(1), Some('+' | '-'))
                            && self.peek(2).is_some_and(|it| it.is_ascii_digit()) =>
                {
                    real = true;
                    self.at += 1;
                }
                _ => break,
            }
            self.at += 1;
        }
        let digits: String = self.text[start..self.at].iter().collect();
        // Suffixes of types in VBA: `1&`, `2#`, `3!`, `4%`.
        if matches!(self.peek(0), Some('%' | '!' | '@' | '#'))
            || self.peek(0) == Some('&')
                && self.peek(1).is_none_or(|it| !it.is_alphanumeric() && it != ' ' && it != '"')
        {
            self.at += 1;
        }
        match (real, digits.parse::<i64>()) {
            (false, Ok(whole)) => self.push(Token::Whole(whole)),
            _ => self.push(Token::Real(digits.parse().unwrap_or(0.0))),
        }
    }

    fn name(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(|it| is_name(it) || it.is_ascii_digit()) {
            self.at += 1;
        }
        let name: String = self.text[start..self.at].iter().collect();
        let name = name.to_lowercase();
        if name == "rem" && !matches!(self.out.last().map(|it| &it.token), Some(Token::Symbol(".")))
        {
            self.skip_line();
            return;
        }
        // Suffixes of types: `Chr$`, `i%`.
        if self.peek(0) == Some('$')
            || matches!(self.peek(0), Some('%' | '!' | '#' | '@'))
                && self.peek(1).is_none_or(|it| !is_name(it) && !it.is_ascii_digit())
        {
            self.at += 1;
        }
        self.push(Token::Name(name.into()));
    }

    fn symbol(&mut self) {
        let found = SYMBOLS.iter().find(|symbol| {
            symbol.chars().enumerate().all(|(ahead, it)| self.peek(ahead) == Some(it))
        });
        match found {
            Some(symbol) => {
                self.at += symbol.len();
                self.push(Token::Symbol(match *symbol {
                    "=<" => "<=",
                    "=>" => ">=",
                    "><" => "<>",
                    other => other,
                }));
            }
            None => self.at += 1,
        }
    }
}

fn is_name(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}
