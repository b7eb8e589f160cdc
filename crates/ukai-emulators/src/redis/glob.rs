//! Patterns as `stringmatchlen` of Redis' util.c reads them: `*`, `?`, `[a-z]`, `[^a]`, `\x`.

use crate::limits::REDIS_PATTERN_BYTES;

/// Whether `text` is what `pattern` says. Time is at most the product of both lengths.
pub(super) fn fits(pattern: &[u8], text: &[u8], any_case: bool) -> bool {
    if pattern.len() > REDIS_PATTERN_BYTES {
        return pattern == text;
    }
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(at) {
        let rest = pattern.get(from..).unwrap_or_default();
        if rest.first() == Some(&b'*') {
            star = Some((from + 1, at));
            from += 1;
            continue;
        }
        let (hit, width) = element(rest, *byte, any_case);
        if hit {
            from += width;
            at += 1;
            continue;
        }
        // The last star takes one byte more.
        let Some((behind, taken)) = star else { return false };
        star = Some((behind, taken + 1));
        (at, from) = (taken + 1, behind);
    }
    pattern.get(from..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Whether the pattern's first element takes `byte`, and how long that element is.
fn element(pattern: &[u8], byte: u8, any_case: bool) -> (bool, usize) {
    let fold = |byte: u8| if any_case { byte.to_ascii_lowercase() } else { byte };
    match pattern {
        [] => (false, 0),
        [b'?', ..] => (true, 1),
        [b'[', rest @ ..] => {
            let (hit, width) = class(rest, byte, fold);
            (hit, width + 1)
        }
        [b'\\', escaped, ..] => (fold(*escaped) == fold(byte), 2),
        [plain, ..] => (fold(*plain) == fold(byte), 1),
    }
}

/// A class behind its bracket; one that is not closed ends with the pattern.
fn class(pattern: &[u8], byte: u8, fold: impl Fn(u8) -> u8) -> (bool, usize) {
    let denied = pattern.first() == Some(&b'^');
    let mut at = usize::from(denied);
    let mut hit = false;
    loop {
        match pattern.get(at..).unwrap_or_default() {
            [b'\\', escaped, ..] => {
                hit |= *escaped == byte;
                at += 2;
            }
            [b']', ..] => {
                at += 1;
                break;
            }
            [low, b'-', high, ..] => {
                let (low, high) = (fold(*low.min(high)), fold(*low.max(high)));
                hit |= (low..=high).contains(&fold(byte));
                at += 3;
            }
            [plain, ..] => {
                hit |= fold(*plain) == fold(byte);
                at += 1;
            }
            [] => break,
        }
    }
    (hit != denied, at)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_are_read_as_redis_does() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("h[^e]llo", "hello", false),
            ("h[^e]llo", "hallo", true),
            ("h[a-b]llo", "hbllo", true),
            ("h[a", "ha", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("?", "", false),
            ("**a**", "ba", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes(), false), wanted, "{pattern}");
        }
        assert!(fits(b"MAX*", b"maxmemory", true) && !fits(b"MAX*", b"maxmemory", false));
    }
}
