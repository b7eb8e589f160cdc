//! Backslash escapes, of `$'...'`, `echo -e`, `printf` and `tr`.

/// One escape sequence, without its backslash.
pub(crate) enum Escape {
    /// A byte, and how many bytes of text made it.
    Byte(u8, usize),
    /// `\c`: nothing more is printed.
    End,
    /// No escape: the backslash stands for itself.
    None,
}

/// Reads the escape after a backslash. Octal is `\0nnn` with `zero`, `\nnn` otherwise
/// (both if `zero` is `None`).
pub(crate) fn escape(text: &[u8], zero: Option<bool>) -> Escape {
    let Some(first) = text.first() else { return Escape::None };
    let byte = match first {
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' => 27,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'c' => return Escape::End,
        b'x' => {
            let digits = digits(&text[1..], 16, 2);
            if digits == 0 {
                return Escape::None;
            }
            return Escape::Byte(number(&text[1..=digits], 16), 1 + digits);
        }
        b'0' if zero != Some(false) => {
            let count = digits(&text[1..], 8, 3);
            return Escape::Byte(number(&text[1..=count], 8), 1 + count);
        }
        b'0'..=b'7' if zero != Some(true) => {
            let count = digits(text, 8, 3);
            return Escape::Byte(number(&text[..count], 8), count);
        }
        _ => return Escape::None,
    };
    Escape::Byte(byte, 1)
}

fn digits(text: &[u8], base: u32, max: usize) -> usize {
    text.iter().take(max).take_while(|b| (**b as char).is_digit(base)).count()
}

fn number(text: &[u8], base: u32) -> u8 {
    let digit = |b: &u8| (*b as char).to_digit(base).unwrap_or(0);
    text.iter().fold(0_u32, |n, b| n * base + digit(b)) as u8
}

/// Text with its escapes replaced; `true` if `\c` ended it.
pub(crate) fn unescape(text: &[u8], zero: Option<bool>) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' {
            out.push(text[at]);
            at += 1;
            continue;
        }
        at += 1;
        match escape(&text[at..], zero) {
            Escape::Byte(byte, length) => {
                out.push(byte);
                at += length;
            }
            Escape::End => return (out, true),
            Escape::None => out.push(b'\\'),
        }
    }
    (out, false)
}

/// The bytes of `$'...'`.
pub(crate) fn ansi_c(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' {
            out.push(text[at]);
            at += 1;
            continue;
        }
        at += 1;
        match text.get(at) {
            Some(b @ (b'\'' | b'"' | b'?')) => {
                out.push(*b);
                at += 1;
            }
            Some(b'0'..=b'7') => {
                let count = digits(&text[at..], 8, 3);
                out.push(number(&text[at..at + count], 8));
                at += count;
            }
            _ => match escape(&text[at..], None) {
                Escape::Byte(byte, length) => {
                    out.push(byte);
                    at += length;
                }
                Escape::End | Escape::None => out.push(b'\\'),
            },
        }
    }
    out
}
