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
        Self::compile(&translate(text, extended)?, ignore_case)
    }

    /// An expression that fits exactly this text, with `before` and `after` around it.
    pub(super) fn fixed(
        text: &[u8],
        ignore_case: bool,
        (before, after): (&str, &str),
    ) -> Result<Self, String> {
        let mut inner = String::new();
        for byte in text {
            push_literal(*byte, &mut inner);
        }
        Self::compile(&format!("{before}{inner}{after}"), ignore_case)
    }

    /// The expression with `before` and `after` around it, for whole words or lines.
    pub(super) fn surrounded(
        text: &[u8],
        extended: bool,
        ignore_case: bool,
        (before, after): (&str, &str),
    ) -> Result<Self, String> {
        let inner = translate(text, extended)?;
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

/// A POSIX expression in the syntax of the `regex` crate; or what the C library says of it.
fn translate(text: &[u8], extended: bool) -> Result<String, String> {
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    let mut open = 0_usize;
    // Whether an atom stands before: a star at the start stands for itself.
    let mut atom = false;
    while at < text.len() {
        let byte = text[at];
        at += 1;
        match byte {
            b'\\' => {
                let Some(next) = text.get(at).copied() else {
                    return Err("Trailing backslash".to_owned());
                };
                at += 1;
                match next {
                    b'(' | b')' | b'{' | b'}' | b'|' | b'+' | b'?' if !extended => {
                        out.push(next as char);
                        open = nest(open, next)?;
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
                        // A reference: not regular.
                        return Err("Invalid back reference".to_owned());
                    }
                    other => {
                        push_literal(other, &mut out);
                        atom = true;
                    }
                }
            }
            b'[' => {
                at = bracket(text, at, &mut out)?;
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
                open = nest(open, byte)?;
                atom = false;
            }
            b')' | b'+' | b'?' if extended => {
                out.push(byte as char);
                open = nest(open, byte)?;
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
    if open > 0 { Err("Unmatched ( or \\(".to_owned()) } else { Ok(out) }
}

/// How many groups are open behind a sign.
fn nest(open: usize, sign: u8) -> Result<usize, String> {
    match sign {
        b'(' => Ok(open + 1),
        b')' => open.checked_sub(1).ok_or_else(|| "Unmatched ) or \\)".to_owned()),
        _ => Ok(open),
    }
}

/// POSIX, 9.3.5.
const CLASSES: [&[u8]; 12] = [
    b"alnum", b"alpha", b"blank", b"cntrl", b"digit", b"graph", b"lower", b"print", b"punct",
    b"space", b"upper", b"xdigit",
];

/// `[...]`: gives the place after it.
fn bracket(text: &[u8], start: usize, out: &mut String) -> Result<usize, String> {
    const UNMATCHED: &str = "Unmatched [, [^, [:, [., or [=";
    let mut at = start;
    let mut inner = String::new();
    let negated = text.get(at) == Some(&b'^');
    if negated {
        at += 1;
    }
    let first = at;
    loop {
        let byte = *text.get(at).ok_or(UNMATCHED)?;
        if byte == b']' && at > first {
            at += 1;
            break;
        }
        if byte == b'[' && text.get(at + 1) == Some(&b':') {
            let named = text.get(at + 2..).unwrap_or_default();
            let end = named.windows(2).position(|two| two == b":]").ok_or(UNMATCHED)?;
            let name = CLASSES.iter().find(|name| **name == &named[..end]);
            let name = name.ok_or("Invalid character class name")?;
            let _ = write!(inner, "[:{}:]", String::from_utf8_lossy(name));
            at += 2 + end + 2;
            continue;
        }
        let _ = write!(inner, "\\x{byte:02x}");
        at += 1;
        if text.get(at) == Some(&b'-') && text.get(at + 1).is_some_and(|b| *b != b']') {
            let high = text[at + 1];
            if high < byte {
                return Err("Invalid range end".to_owned());
            }
            let _ = write!(inner, "-\\x{high:02x}");
            at += 2;
        }
    }
    out.push_str(if negated { "[^" } else { "[" });
    out.push_str(&inner);
    out.push(']');
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_an_expression_or_a_reason(
            text in "[\\[\\]:^$.*+?{}()|\\\\a-c0-2=\u{e9}-]{0,24}", extended: bool, ignore: bool,
        ) {
            if let Ok(pattern) = Pattern::new(text.as_bytes(), extended, ignore) {
                pattern.count(b"a[b:]c^0-1\xe9");
            }
        }
    }

    // The texts of the C library's regerror, by grep 3.8 of Debian 12.
    #[test]
    fn mistakes_have_the_c_librarys_words() {
        let said = |text: &str, extended| Pattern::new(text.as_bytes(), extended, false).err();
        for (text, words) in [
            ("[[:]", "Unmatched [, [^, [:, [., or [="),
            ("a[b", "Unmatched [, [^, [:, [., or [="),
            ("[[:foo:]]", "Invalid character class name"),
            ("[z-a]", "Invalid range end"),
            (r"\(a", r"Unmatched ( or \("),
            (r"a\)", r"Unmatched ) or \)"),
            (r"\1", "Invalid back reference"),
            (r"a\", "Trailing backslash"),
        ] {
            assert_eq!(said(text, false).as_deref(), Some(words), "{text}");
        }
        assert_eq!(said("(a", true).as_deref(), Some(r"Unmatched ( or \("));
        assert_eq!(said("[[:upper:]a-c]", false), None);
    }
}
