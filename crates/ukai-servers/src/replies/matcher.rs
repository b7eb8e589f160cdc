//! Whether a message is one that a rule is for.

use super::error::Problem;
use crate::limits::{REPLY_BUFFER_BYTES, REPLY_REGEX_BYTES};
use regex::bytes::{Regex, RegexBuilder};

/// What a rule looks for.
#[derive(Debug)]
pub(super) enum Matcher {
    /// These bytes and no others; in a stream, others may follow as the next message.
    Exact(Vec<u8>),
    /// These bytes, and whatever came with them.
    Prefix(Vec<u8>),
    /// A pattern from the beginning on.
    Regex(Regex),
    /// A length in one, two or four bytes of network order, and so many bytes.
    Counted(usize),
}

/// How a message fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It does, with this length; the match and its groups.
    Hit(usize, Vec<Vec<u8>>),
    /// It may, when more comes.
    Maybe,
    Miss,
}

impl Matcher {
    /// A pattern; case and bytes above 0x7f count as they are.
    pub(super) fn regex(pattern: &str) -> Result<Self, Problem> {
        let regex = RegexBuilder::new(&format!(r"\A(?:{pattern})"))
            .unicode(false)
            .size_limit(REPLY_REGEX_BYTES)
            .dfa_size_limit(REPLY_REGEX_BYTES)
            .build()
            .map_err(|error| {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default().to_owned();
                Problem(last, "see the syntax of the crate `regex`; bytes are written as \\xNN")
            })?;
        if regex.is_match(b"") {
            return Err(Problem(
                "the pattern matches nothing at all".to_owned(),
                "let it ask for at least one byte",
            ));
        }
        Ok(Self::Regex(regex))
    }

    /// How many groups a match has.
    pub(super) fn groups(&self) -> usize {
        match self {
            Self::Exact(_) | Self::Prefix(_) => 0,
            Self::Regex(regex) => regex.captures_len() - 1,
            Self::Counted(_) => 1,
        }
    }

    /// Tries it on bytes that are a `whole` message, or the beginning of a stream.
    pub(super) fn fit(&self, bytes: &[u8], whole: bool) -> Fit {
        let hit = |length: usize| Fit::Hit(length, vec![bytes[..length].to_vec()]);
        match self {
            Self::Exact(wanted) if whole && bytes.len() > wanted.len() => Fit::Miss,
            Self::Exact(wanted) if bytes.starts_with(wanted) => hit(wanted.len()),
            Self::Prefix(wanted) if bytes.starts_with(wanted) => hit(bytes.len()),
            Self::Exact(wanted) | Self::Prefix(wanted) => {
                if !whole && wanted.starts_with(bytes) {
                    Fit::Maybe
                } else {
                    Fit::Miss
                }
            }
            Self::Regex(regex) => match regex.captures(bytes) {
                Some(captures) if captures.get(0).is_some_and(|all| !all.is_empty()) => {
                    let groups: Vec<Vec<u8>> = captures
                        .iter()
                        .map(|group| group.map_or_else(Vec::new, |group| group.as_bytes().to_vec()))
                        .collect();
                    let length = if whole { bytes.len() } else { groups[0].len() };
                    Fit::Hit(length, groups)
                }
                _ => Fit::Miss,
            },
            Self::Counted(size) => {
                let short = if whole { Fit::Miss } else { Fit::Maybe };
                let Some((length, rest)) = bytes.split_at_checked(*size) else { return short };
                let length = length.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
                if length > REPLY_BUFFER_BYTES - size {
                    return Fit::Miss;
                }
                match rest.get(..length) {
                    Some(_) if whole && rest.len() > length => Fit::Miss,
                    Some(content) => Fit::Hit(
                        size + length,
                        vec![bytes[..size + length].to_vec(), content.to_vec()],
                    ),
                    None => short,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn length(matcher: &Matcher, bytes: &[u8], whole: bool) -> Option<usize> {
        match matcher.fit(bytes, whole) {
            Fit::Hit(length, _) => Some(length),
            Fit::Maybe => Some(usize::MAX),
            Fit::Miss => None,
        }
    }

    #[test]
    fn in_a_stream_more_may_come() {
        let exact = Matcher::Exact(b"abc".to_vec());
        assert_eq!(length(&exact, b"ab", false), Some(usize::MAX));
        assert_eq!(length(&exact, b"abcd", false), Some(3));
        assert_eq!((length(&exact, b"ab", true), length(&exact, b"abcd", true)), (None, None));
        let prefix = Matcher::Prefix(b"ab".to_vec());
        assert_eq!((length(&prefix, b"abcd", true), length(&prefix, b"b", false)), (Some(4), None));
        let counted = Matcher::Counted(2);
        assert_eq!(
            counted.fit(b"\0\x02hi!", false),
            Fit::Hit(4, vec![b"\0\x02hi".to_vec(), b"hi".to_vec()])
        );
        assert_eq!(
            (length(&counted, b"\0\x02h", false), length(&counted, b"\0\x02hi!", true)),
            (Some(usize::MAX), None)
        );
        assert_eq!(length(&Matcher::Counted(4), b"\xff\xff\xff\xff", false), None);
    }

    #[test]
    fn patterns_are_of_bytes_and_begin_at_the_beginning() {
        let regex = Matcher::regex(r"\xff(.)|x").expect("a pattern");
        assert_eq!(
            regex.fit(b"\xff\xfez", false),
            Fit::Hit(2, vec![b"\xff\xfe".to_vec(), b"\xfe".to_vec()])
        );
        assert_eq!((regex.groups(), length(&regex, b"ax", false)), (1, None));
        assert!(Matcher::regex("(").is_err() && Matcher::regex("a*").is_err());
        assert!(Matcher::regex("((a{1000}){1000}){1000}").is_err(), "too large");
    }

    proptest! {
        #[test]
        fn any_bytes_fit_or_not(bytes in prop::collection::vec(any::<u8>(), 0..40), whole: bool) {
            for matcher in [
                Matcher::Exact(b"\0\0".to_vec()),
                Matcher::Prefix(b"\x01".to_vec()),
                Matcher::regex("[\\x00-\\x40]+([a-z]*)").expect("a pattern"),
                Matcher::Counted(1),
                Matcher::Counted(4),
            ] {
                if let Fit::Hit(length, groups) = matcher.fit(&bytes, whole) {
                    prop_assert!((1..=bytes.len()).contains(&length));
                    prop_assert!(!whole || length == bytes.len());
                    prop_assert_eq!(groups.len(), matcher.groups() + 1);
                }
            }
        }
    }
}
