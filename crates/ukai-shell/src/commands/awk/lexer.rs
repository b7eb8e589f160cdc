//! Words of an `awk` program.

use super::parse::{Mistake, Parsed};
use crate::commands::float;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(Vec<u8>),
    Regex(Vec<u8>),
    Name(String),
    /// A name directly before a bracket: a function.
    Function(String),
    Op(&'static str),
    Newline,
    End,
}

const OPERATORS: [&str; 42] = [
    "&&", "||", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "!~",
    ">>", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "|",
    "?", ":", "~", "$", "=", "&", "#",
];

/// The words, each with its line.
pub(super) fn tokens(text: &[u8]) -> Parsed<Vec<(Token, u32)>> {
    let mut tokens: Vec<(Token, u32)> = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        let token = match byte {
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'\\' if text[at + 1..].starts_with(b"\n") => {
                at += 2;
                line += 1;
                continue;
            }
            b'\\' if text[at + 1..].starts_with(b"\r\n") => {
                at += 3;
                line += 1;
                continue;
            }
            b'#' => {
                while text.get(at).is_some_and(|b| *b != b'\n') {
                    at += 1;
                }
                continue;
            }
            b'\n' => {
                at += 1;
                tokens.push((Token::Newline, line));
                line += 1;
                continue;
            }
            b'"' => {
                let (string, end) = quoted(text, at + 1, b'"')
                    .ok_or_else(|| runaway(line, "string constant", &text[at..]))?;
                at = end;
                Token::Text(crate::escape::unescape(&string, None).0)
            }
            b'/' if regex_allowed(tokens.last().map(|t| &t.0)) => {
                let (string, end) = quoted(text, at + 1, b'/')
                    .ok_or_else(|| runaway(line, "regular expression", &text[at..]))?;
                at = end;
                Token::Regex(string)
            }
            b'0'..=b'9' | b'.'
                if byte != b'.' || text.get(at + 1).is_some_and(u8::is_ascii_digit) =>
            {
                let (number, length) = float::prefix(&text[at..]);
                if text.get(at + length) == Some(&b'.') {
                    return Err(Mistake::near(line, "."));
                }
                at += length.max(1);
                Token::Number(number)
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                let length = text[at..]
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                    .count();
                let name = String::from_utf8_lossy(&text[at..at + length]).into_owned();
                at += length;
                let calls = text.get(at) == Some(&b'(') && !is_keyword(&name);
                if calls { Token::Function(name) } else { Token::Name(name) }
            }
            _ => {
                let op = OPERATORS.iter().find(|op| text[at..].starts_with(op.as_bytes()));
                let op = op.ok_or_else(|| Mistake {
                    line,
                    mawk: format!("unexpected character '{}'", char::from(byte)),
                    busybox: "Unexpected token",
                })?;
                at += op.len();
                Token::Op(if *op == "**" { "^" } else { op })
            }
        };
        tokens.push((token, line));
    }
    tokens.push((Token::End, line));
    Ok(tokens)
}

fn runaway(line: u32, what: &str, rest: &[u8]) -> Mistake {
    const SHOWN: usize = 10;
    let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()).min(SHOWN);
    let shown = String::from_utf8_lossy(&rest[..end]);
    Mistake {
        line,
        mawk: format!("runaway {what} {shown} ..."),
        busybox: "Unexpected end of string",
    }
}

pub(super) fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "if" | "else"
            | "while"
            | "for"
            | "do"
            | "print"
            | "printf"
            | "in"
            | "next"
            | "nextfile"
            | "exit"
            | "break"
            | "continue"
            | "delete"
            | "BEGIN"
            | "END"
            | "getline"
            | "function"
            | "func"
            | "return"
    )
}

fn regex_allowed(last: Option<&Token>) -> bool {
    match last {
        Some(Token::Number(_) | Token::Text(_) | Token::Regex(_)) => false,
        Some(Token::Name(name)) => is_keyword(name),
        Some(Token::Op(op)) => !matches!(*op, ")" | "]" | "$" | "++" | "--"),
        _ => true,
    }
}

/// What stands up to `end`, and where that was; nothing if the line ends first.
fn quoted(text: &[u8], start: usize, end: u8) -> Option<(Vec<u8>, usize)> {
    let mut out = Vec::new();
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if end == b'/' && text.get(at + 1) == Some(&b'/') => {
                out.push(b'/');
                at += 2;
            }
            b'\\' if text.get(at + 1) == Some(&b'"') => {
                out.push(b'"');
                at += 2;
            }
            b'\\' if end == b'"' && text.get(at + 1) == Some(&b'\n') => at += 2,
            b'\\' => {
                out.push(b'\\');
                out.extend(text.get(at + 1));
                at += 2;
            }
            b'\n' => return None,
            b if *b == end => return Some((out, at + 1)),
            other => {
                out.push(*other);
                at += 1;
            }
        }
    }
    None
}

/// A word as mawk shows it in a message.
pub(super) fn shown(token: &Token) -> String {
    match token {
        Token::Number(number) => float::show(b'g', *number, None, false),
        Token::Text(text) | Token::Regex(text) => String::from_utf8_lossy(text).into_owned(),
        Token::Name(name) | Token::Function(name) => name.clone(),
        Token::Op(op) => (*op).to_owned(),
        Token::Newline => "end of line".to_owned(),
        Token::End => "end of file".to_owned(),
    }
}
