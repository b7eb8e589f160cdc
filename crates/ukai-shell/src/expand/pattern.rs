//! Patterns as in `case`: `*`, `?`, `[...]`, and a backslash that quotes.

/// Whether `text` as a whole fits `pattern`. Time is at most proportional to the
/// product of the lengths.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last `*`, if what follows it does not fit.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == b'*' {
            p += 1;
            retry = Some((p, t));
            continue;
        }
        if t == text.len() && p == pattern.len() {
            return true;
        }
        if t < text.len()
            && let Some(next) = one(pattern, p, text[t])
        {
            p = next;
            t += 1;
            continue;
        }
        let Some((after_star, from)) = retry else { return false };
        if from >= text.len() {
            return false;
        }
        p = after_star;
        t = from + 1;
        retry = Some((p, t));
    }
}

/// If the element of `pattern` at `p` takes `byte`, where the next element is.
fn one(pattern: &[u8], p: usize, byte: u8) -> Option<usize> {
    match *pattern.get(p)? {
        b'?' => Some(p + 1),
        b'\\' if p + 1 < pattern.len() => (pattern[p + 1] == byte).then_some(p + 2),
        b'[' => match set(pattern, p, byte) {
            Some((fits, next)) => fits.then_some(next),
            None => (byte == b'[').then_some(p + 1),
        },
        literal => (literal == byte).then_some(p + 1),
    }
}

/// The set that begins at `p`: whether it holds `byte`, and where it ends.
fn set(pattern: &[u8], p: usize, byte: u8) -> Option<(bool, usize)> {
    let mut at = p + 1;
    let negated = matches!(pattern.get(at), Some(b'!' | b'^'));
    if negated {
        at += 1;
    }
    let mut found = false;
    let mut first = true;
    loop {
        let mut low = *pattern.get(at)?;
        if low == b']' && !first {
            return Some((found != negated, at + 1));
        }
        first = false;
        if low == b'['
            && pattern.get(at + 1) == Some(&b':')
            && let Some(end) = pattern[at..].windows(2).position(|w| w == b":]")
        {
            found |= in_class(&pattern[at + 2..at + end], byte);
            at += end + 2;
            continue;
        }
        if low == b'\\' {
            at += 1;
            low = *pattern.get(at)?;
        }
        at += 1;
        let mut high = low;
        if pattern.get(at) == Some(&b'-') && !matches!(pattern.get(at + 1), None | Some(b']')) {
            at += 1;
            if pattern.get(at) == Some(&b'\\') {
                at += 1;
            }
            high = *pattern.get(at)?;
            at += 1;
        }
        found |= (low..=high).contains(&byte);
    }
}

fn in_class(name: &[u8], byte: u8) -> bool {
    match name {
        b"alpha" => byte.is_ascii_alphabetic(),
        b"digit" => byte.is_ascii_digit(),
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"upper" => byte.is_ascii_uppercase(),
        b"lower" => byte.is_ascii_lowercase(),
        b"space" => byte.is_ascii_whitespace(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"punct" => byte.is_ascii_punctuation(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        b"cntrl" => byte.is_ascii_control(),
        b"print" => matches!(byte, 0x20..=0x7e),
        b"graph" => byte.is_ascii_graphic(),
        _ => false,
    }
}

/// Whether a pattern has no active character.
pub(crate) fn is_literal(pattern: &[u8]) -> bool {
    let mut at = 0;
    while let Some(byte) = pattern.get(at) {
        match byte {
            b'*' | b'?' | b'[' => return false,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    true
}

/// The text that a literal pattern stands for.
pub(crate) fn unescape(pattern: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(pattern.len());
    let mut bytes = pattern.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => text.extend(bytes.next()),
            other => text.push(*other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn sets_stars_and_escapes() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("[a-c]?", "bz", true),
            ("[!a-c]", "b", false),
            ("[[:digit:]]*", "7x", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[", "[", true),
            ("[]]", "]", true),
            ("*a*b*c*", "xxaxxbxxcxx", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }
}
