//! Regular expressions as `grep`, `sed` and `awk` read them, on a linear-time engine.

use crate::limits;
use regex::bytes::{Captures, Regex, RegexBuilder};
use std::fmt::Write as _;

/// A compiled expression.
pub(super) struct Pattern {
    regex: Regex,
}

impl Pattern {
    /// Compiles a POSIX expression, basic or `extended`. References to groups inside an
    /// expression are not regular and fail.
    pub(super) fn new(text: &[u8], extended: bool, ignore_case: bool) -> Result<Self, String> {
        Self::compile(&translate(text, extended), ignore_case)
    }

    /// An expression that fits exactly this text.
    pub(super) fn fixed(text: &[u8], ignore_case: bool) -> Result<Self, String> {
        let mut out = String::new();
        for byte in text {
            push_literal(*byte, &mut out);
        }
        Self::compile(&out, ignore_case)
    }

    /// The expression for whole words or lines.
    pub(super) fn surrounded(
        text: &[u8],
        extended: bool,
        ignore_case: bool,
        before: &str,
        after: &str,
    ) -> Result<Self, String> {
        let inner = translate(text, extended);
        Self::compile(&format!("{before}(?:{inner}){after}"), ignore_case)
    }

    fn compile(text: &str, ignore_case: bool) -> Result<Self, String> {
        const NESTING: u32 = 64;
        if text.len() > limits::REGEX_BYTES / 16 {
            return Err("Regular expression too big".to_owned());
        }
        RegexBuilder::new(text)
            .unicode(false)
            .case_insensitive(ignore_case)
            .size_limit(limits::REGEX_BYTES)
            .dfa_size_limit(limits::REGEX_BYTES)
            .nest_limit(NESTING)
            .build()
            .map(|regex| Self { regex })
            .map_err(|_| "Invalid regular expression".to_owned())
    }

    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }

    /// Where it first fits at or after `start`.
    pub(super) fn find_at(&self, text: &[u8], start: usize) -> Option<(usize, usize)> {
        self.regex.find_at(text, start).map(|m| (m.start(), m.end()))
    }

    /// How often it fits, one place after the other.
    pub(super) fn count(&self, text: &[u8]) -> usize {
        self.regex.find_iter(text).count()
    }

    /// The groups of the first fit at or after `start`.
    pub(super) fn captures_at<'t>(&self, text: &'t [u8], start: usize) -> Option<Captures<'t>> {
        self.regex.captures_at(text, start)
    }
}

fn push_literal(byte: u8, out: &mut String) {
    if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b' ' {
        out.push(byte as char);
    } else {
        let _ = write!(out, "\\x{byte:02x}");
    }
}

/// A POSIX expression in the syntax of the `regex` crate.
fn translate(text: &[u8], extended: bool) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    // Whether an atom stands before: a star at the start stands for itself.
    let mut atom = false;
    while at < text.len() {
        let byte = text[at];
        at += 1;
        match byte {
            b'\\' => {
                let Some(next) = text.get(at).copied() else {
                    out.push_str("\\x5c");
                    continue;
                };
                at += 1;
                match next {
                    b'(' | b')' | b'{' | b'}' | b'|' | b'+' | b'?' if !extended => {
                        out.push(next as char);
                        atom = !matches!(next, b'(' | b'|');
                    }
                    b'w' | b'W' | b's' | b'S' | b'b' | b'B' => {
                        out.push('\\');
                        out.push(next as char);
                        atom = true;
                    }
                    b'<' | b'>' => out.push_str("\\b"),
                    b'n' => out.push_str("\\n"),
                    b't' => out.push_str("\\t"),
                    b'1'..=b'9' => {
                        // A reference: not regular. The engine refuses it.
                        out.push('\\');
                        out.push(next as char);
                    }
                    other => {
                        push_literal(other, &mut out);
                        atom = true;
                    }
                }
            }
            b'[' => {
                at = bracket(text, at, &mut out);
                atom = true;
            }
            b'*' if !atom => {
                out.push_str("\\x2a");
                atom = true;
            }
            b'+' | b'?' | b'{' if extended && !atom => {
                push_literal(byte, &mut out);
                atom = true;
            }
            b'*' => out.push('*'),
            b'.' => {
                out.push_str("[^\\n]");
                atom = true;
            }
            b'^' if extended || out.is_empty() || out.ends_with('(') || out.ends_with('|') => {
                out.push('^');
            }
            b'$' if extended
                || at == text.len()
                || text[at..].starts_with(b"\\)")
                || text[at..].starts_with(b"\\|") =>
            {
                out.push('$');
            }
            b'(' | b'|' if extended => {
                out.push(byte as char);
                atom = false;
            }
            b')' | b'+' | b'?' if extended => {
                out.push(byte as char);
                atom = true;
            }
            b'{' if extended && text.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b',') => {
                out.push('{');
            }
            b'}' if extended
                && out.rfind('{').is_some_and(|open| {
                    out[open..].bytes().skip(1).all(|b| b.is_ascii_digit() || b == b',')
                }) =>
            {
                out.push('}');
            }
            other => {
                push_literal(other, &mut out);
                atom = true;
            }
        }
    }
    out
}

/// `[...]`: gives the place after it.
fn bracket(text: &[u8], start: usize, out: &mut String) -> usize {
    let mut at = start;
    let mut inner = String::new();
    let negated = text.get(at) == Some(&b'^');
    if negated {
        at += 1;
    }
    let first = at;
    loop {
        let Some(byte) = text.get(at).copied() else {
            // Not closed: the bracket stands for itself.
            out.push_str("\\x5b");
            return start;
        };
        if byte == b']' && at > first {
            at += 1;
            break;
        }
        if byte == b'['
            && text.get(at + 1) == Some(&b':')
            && let Some(end) = text[at..].windows(2).position(|w| w == b":]")
        {
            let name = String::from_utf8_lossy(&text[at + 2..at + end]);
            let _ = write!(inner, "[:{name}:]");
            at += end + 2;
            continue;
        }
        let _ = write!(inner, "\\x{byte:02x}");
        at += 1;
        if text.get(at) == Some(&b'-') && text.get(at + 1).is_some_and(|b| *b != b']') {
            let high = text[at + 1];
            if high >= byte {
                let _ = write!(inner, "-\\x{high:02x}");
            }
            at += 2;
        }
    }
    out.push_str(if negated { "[^" } else { "[" });
    out.push_str(&inner);
    out.push(']');
    at
}
