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
            Some(b @ (b'u' | b'U')) => {
                let most = if *b == b'u' { 4 } else { 8 };
                let count = digits(&text[at + 1..], 16, most);
                if count == 0 {
                    out.push(b'\\');
                    continue;
                }
                out.extend(character(&text[at + 1..=at + count]));
                at += 1 + count;
            }
            Some(b'c') if text.len() > at + 1 => {
                out.push(text[at + 1] & 0x1f);
                at += 2;
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

/// The bytes of a character by its number in hexadecimal, in UTF-8.
pub(crate) fn character(digits: &[u8]) -> Vec<u8> {
    let number = std::str::from_utf8(digits).ok().and_then(|d| u32::from_str_radix(d, 16).ok());
    let found = number.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    found.to_string().into_bytes()
}

/// Digits of `\x`, `\u` and the like: how many of `text` there are, up to `max`.
pub(crate) fn hex_digits(text: &[u8], max: usize) -> usize {
    digits(text, 16, max)
}

/// A text as bash writes it for itself to read: `'a b'`, or `$'a\nb'` where something in
/// it does not print.
pub(crate) fn single_quoted(text: &[u8]) -> Vec<u8> {
    if text.iter().any(u8::is_ascii_control) {
        return dollar_quoted(text);
    }
    let mut out = b"'".to_vec();
    for byte in text {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            byte => out.push(*byte),
        }
    }
    out.push(b'\'');
    out
}

/// `$'...'`
fn dollar_quoted(text: &[u8]) -> Vec<u8> {
    let mut out = b"$'".to_vec();
    for byte in text {
        let letter = match byte {
            7 => b'a',
            8 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            11 => b'v',
            12 => b'f',
            b'\r' => b'r',
            27 => b'E',
            b'\'' | b'\\' => *byte,
            b if b.is_ascii_control() => {
                out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
                continue;
            }
            _ => {
                out.push(*byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', letter]);
    }
    out.push(b'\'');
    out
}

/// A text as bash's `printf %q` quotes it: a backslash before each special character.
pub(crate) fn backslash_quoted(text: &[u8]) -> Vec<u8> {
    if text.is_empty() {
        return b"''".to_vec();
    }
    if text.iter().any(u8::is_ascii_control) {
        return dollar_quoted(text);
    }
    let mut out = Vec::with_capacity(text.len() * 2);
    for (index, byte) in text.iter().enumerate() {
        let special = match byte {
            b' ' | b'!' | b'"' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b',' | b';' | b'<'
            | b'>' | b'?' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => true,
            b'#' => index == 0,
            b'~' => index == 0 || matches!(text[index - 1], b':' | b'='),
            _ => false,
        };
        if special {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}

/// Whether a word must be quoted for a shell to read it as it is (`sh_contains_shell_metas`).
pub(crate) fn needs_quotes(text: &[u8]) -> bool {
    text.is_empty()
        || text.iter().enumerate().any(|(index, byte)| match byte {
            b' ' | b'\t' | b'\n' | b'\'' | b'"' | b'\\' | b'|' | b'&' | b';' | b'(' | b')'
            | b'<' | b'>' | b'!' | b'{' | b'}' | b'*' | b'[' | b'?' | b']' | b'^' | b'$' | b'`' => {
                true
            }
            b'~' => index == 0 || matches!(text[index - 1], b':' | b'='),
            b'#' => index == 0 || text[index - 1].is_ascii_whitespace(),
            byte => byte.is_ascii_control(),
        })
}
