//! What stands in a script only as a piece of something that the script puts together.

use memchr::memmem;

/// Places of a value that are looked at.
const PLACES_MAX: usize = 64;

/// Whether a name or address is what is left of `whole` without a part of its first or last
/// label or number: nobody names hosts so.
pub(super) fn is_cut(whole: &str, value: &str) -> bool {
    let bytes = whole.as_bytes();
    let goes_on = |byte: Option<&u8>| byte.is_some_and(|it| is_word(*it) || *it == b'-');
    whole.find(value).is_some_and(|at| {
        goes_on(at.checked_sub(1).and_then(|at| bytes.get(at)))
            || goes_on(bytes.get(at + value.len()))
    })
}

/// Whether a letter stands right before the URL at `at`: somebody takes it out from between others.
pub(super) fn is_glued(text: &[u8], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| text.get(before)).copied().is_some_and(is_word)
}

/// Whether `value` is something reached with more letters behind it.
pub(super) fn has_tail(reached: &[String], value: &str) -> bool {
    let tails = reached.iter().filter_map(|whole| value.strip_prefix(whole.as_str()));
    tails.into_iter().any(|tail| !tail.is_empty() && tail.bytes().all(is_word))
}

/// Whether a URL is something reached with one sign strewn into it, which the script takes out.
pub(super) fn is_littered(reached: &[String], value: &str) -> bool {
    if !value.contains("://") || value.len() > COMPARED_MAX {
        return false;
    }
    reached.iter().filter(|it| it.len() < value.len() && it.contains("://")).any(|whole| {
        let differs = whole.bytes().zip(value.bytes()).position(|(a, b)| a != b);
        let sign = value.as_bytes().get(differs.unwrap_or(whole.len())).copied();
        // Signs that parts of URLs are joined by stand there for themselves.
        sign.is_some_and(|it| it.is_ascii_punctuation() && !b"/?&=.:#-_".contains(&it))
            && value.bytes().filter(|it| Some(*it) != sign).eq(whole.bytes())
    })
}

/// Letters of a name or URL that are no chance where they stand in another.
const SHARED_MIN: usize = 8;
/// Letters of the longest that is compared, and values that it is compared with.
const COMPARED_MAX: usize = 1024;

/// Letters that the ends of two hosts share by chance: `.ru`.
const CHANCE_MAX: usize = 2;

/// Whether the host `value` touches a piece of something reached that it is not part of: pieces
/// stand in a script in another order, and the end of one is at the beginning of the next. The
/// greater part of it is the beginning or the end of something reached, cut within a label or
/// number, and the rest is not; or something in the midst is missing. A host beside another,
/// `dl1.example` beside `dl2.example`, is none of these.
pub(super) fn is_shuffled(reached: &[String], value: &str) -> bool {
    let value = value.split_once("://").map_or(value, |it| it.1).as_bytes();
    if value.len() < SHARED_MIN || value.len() > COMPARED_MAX || value.contains(&b'/') {
        return false;
    }
    let least = SHARED_MIN.max(value.len() / 2);
    reached.iter().take(COMPARED_MAX).map(String::as_bytes).any(|whole| {
        let head = shared(whole, value);
        let tail = shared_end(whole, value);
        (head.is_within && head.length >= least && tail.length <= CHANCE_MAX)
            || (tail.is_within && tail.length >= least && head.length <= CHANCE_MAX)
            || (whole.len() > value.len() && head.length + tail.length >= value.len())
    })
}

/// How much of a value is shared, and whether words are cut where that ends.
#[derive(Clone, Copy, Default)]
struct Shared {
    length: usize,
    is_within: bool,
}

/// The longest beginning of `value` that stands in `whole`, up to the whole of it but one.
fn shared(whole: &[u8], value: &[u8]) -> Shared {
    let mut best = Shared::default();
    let start = &value[..value.len().min(CHANCE_MAX + 1)];
    for at in memmem::find_iter(whole, start).take(PLACES_MAX) {
        let length = whole[at..].iter().zip(value).take_while(|(a, b)| a == b).count();
        if length > best.length && length < value.len() {
            let goes_on = whole.get(at + length).copied().is_some_and(is_word);
            let is_within = goes_on && is_word(value[length]) && is_word(value[length - 1]);
            best = Shared { length, is_within };
        }
    }
    best
}

/// The same for its end.
fn shared_end(whole: &[u8], value: &[u8]) -> Shared {
    let reverse = |it: &[u8]| it.iter().rev().copied().collect::<Vec<u8>>();
    shared(&reverse(whole), &reverse(value))
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
    use super::{is_cut, is_piece, is_shuffled};

    #[test]
    fn pieces_end_where_quotes_do() {
        assert!(is_piece(b"u = 'http://192.0.2.1' + '0/a'", "192.0.2.1"));
        assert!(is_piece(b"set a=192.0.2.1\r\nset b=0/a\r\n", "192.0.2.1"));
        assert!(is_piece(b"'http://a.b' + 'c.example/x'", "c.example"));
        assert!(!is_piece(b"get http://192.0.2.1 now", "192.0.2.1"));
        assert!(!is_piece(b"nothing", "192.0.2.1"));
    }

    #[test]
    fn cut_names_and_shuffled_ones_are_pieces() {
        let reached = ["http://files.a.example/x".to_owned(), "http://dl.cloud3.example/y".into()];
        assert!(is_cut("http://203.0.113.109/", "203.0.113.10"));
        assert!(is_cut(&reached[0], "iles.a.example"));
        assert!(!is_cut("http://203.0.113.10/", "203.0.113.10"));
        assert!(is_shuffled(&reached, "exeoud3.example"));
        assert!(!is_shuffled(&reached, "www.cloud3.example"));
        assert!(!is_shuffled(&reached, "files.b.example"));
        assert!(!is_shuffled(&[], ""));
    }
}
