//! What stands in a script only as a piece of something that the script puts together.

use memchr::memmem;

/// Places of a value that are looked at.
const PLACES_MAX: usize = 64;

/// Whether a name or address is what is left of `whole` without a part of its first label or
/// number: nobody names hosts so.
pub(super) fn is_cut(whole: &str, value: &str) -> bool {
    let inside = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| whole.as_bytes().get(at));
        before.is_some_and(|byte| is_word(*byte) || *byte == b'-')
    };
    whole.find(value).is_some_and(inside)
}

/// Whether `value` stands in `text` only as the end or the beginning of quoted texts or of
/// values of variables.
pub(super) fn is_piece(text: &[u8], value: &str) -> bool {
    let mut places = 0;
    for at in memmem::find_iter(text, value.as_bytes()).take(PLACES_MAX) {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let after = text.get(at + value.len());
        // Part of a longer word, of which nothing is known here.
        if before.is_some_and(|it| is_word(*it)) || after.is_some_and(|it| is_word(*it)) {
            continue;
        }
        places += 1;
        let begins = before.is_none_or(|it| is_border(*it) || *it == b'=');
        let after = match after {
            Some(b'/') => text.get(at + value.len() + 1),
            other => other,
        };
        let ends = after.is_none_or(|it| is_border(*it));
        if !begins && !ends {
            return false;
        }
    }
    places > 0
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// What quoted texts begin and end with, variables in batch, and lines.
const fn is_border(byte: u8) -> bool {
    matches!(
        byte,
        b'"' | b'\'' | b'`' | b'%' | b'^' | b'!' | b'\r' | b'\n' | b'$' | b'{' | b'}' | b'|'
    )
}

#[cfg(test)]
mod tests {
    use super::is_piece;

    #[test]
    fn pieces_end_where_quotes_do() {
        assert!(is_piece(b"u = 'http://192.0.2.1' + '0/a'", "192.0.2.1"));
        assert!(is_piece(b"set a=192.0.2.1\r\nset b=0/a\r\n", "192.0.2.1"));
        assert!(is_piece(b"'http://a.b' + 'c.example/x'", "c.example"));
        assert!(!is_piece(b"get http://192.0.2.1 now", "192.0.2.1"));
        assert!(!is_piece(b"nothing", "192.0.2.1"));
    }
}
