//! Printable runs in bytes: ASCII and UTF-16, little-endian.

/// Characters of the shortest run.
const RUN_CHARACTERS_MIN: usize = 4;

/// A printable run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Place of its first byte.
    pub(crate) at: usize,
    /// Place after its last byte.
    pub(crate) end: usize,
    /// Whether each character has a zero byte after it.
    pub(crate) wide: bool,
}

impl Run {
    /// The characters.
    pub(crate) fn text<'a>(&self, bytes: &'a [u8]) -> std::borrow::Cow<'a, [u8]> {
        let run = &bytes[self.at..self.end];
        if self.wide { run.iter().step_by(2).copied().collect() } else { run.into() }
    }

    /// Whether it is the only value of a .NET attribute, as a file's version is: two bytes begin it,
    /// then comes its length (ECMA-335, II.23.3), which is a tab where it is 9.
    pub(crate) fn is_attribute(&self, bytes: &[u8]) -> bool {
        let at = self.at + usize::from(bytes[self.at] == b'\t');
        let length = self.end - at;
        at >= 3 && !self.wide && bytes[at - 3..at] == [1, 0, length.min(255) as u8]
    }
}

/// Whether a byte may stand in a readable text.
pub(crate) const fn is_printable(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e)
}

/// Where the next run of at least `least` bytes that `belongs` takes begins, from `at` on. `at`
/// is the beginning, or stands right after a byte that does not belong.
///
/// A byte that does not belong rules out all beginnings up to it, so that most bytes are not
/// looked at.
pub(super) fn long_run(
    bytes: &[u8],
    mut at: usize,
    least: usize,
    belongs: impl Fn(u8) -> bool,
) -> Option<usize> {
    loop {
        let window = bytes.get(at..)?.get(..least)?;
        match window.iter().rposition(|byte| !belongs(*byte)) {
            Some(foreign) => at += foreign + 1,
            None => return Some(at),
        }
    }
}

/// All printable runs, in order. Time is linear: no byte is looked at more than twice.
pub(crate) fn runs(bytes: &[u8]) -> impl Iterator<Item = Run> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            if !is_printable(bytes[at]) {
                at += 1;
                continue;
            }
            let run = run_at(bytes, at);
            at = run.end;
            let characters = (run.end - run.at) / if run.wide { 2 } else { 1 };
            if characters >= RUN_CHARACTERS_MIN {
                return Some(run);
            }
        }
        None
    })
}

fn run_at(bytes: &[u8], at: usize) -> Run {
    if bytes.get(at + 1) == Some(&0) {
        let pairs = bytes[at..].as_chunks::<2>().0;
        let count = pairs.iter().take_while(|[low, high]| *high == 0 && is_printable(*low)).count();
        return Run { at, end: at + 2 * count, wide: true };
    }
    let length = bytes[at..].iter().take_while(|byte| is_printable(**byte)).count();
    if length > 2 && is_header_of_zip(&bytes[at + length - 2..]) {
        return Run { at, end: at + length - 2, wide: false };
    }
    // The last character may be the first of a wide run.
    let next_is_wide = bytes.get(at + length) == Some(&0)
        && bytes.get(at + length + 1).is_some_and(|byte| is_printable(*byte))
        && bytes.get(at + length + 2) == Some(&0);
    let end = at + length - usize::from(next_is_wide && length < RUN_CHARACTERS_MIN && length > 1);
    Run { at, end, wide: false }
}

/// A header of a zip archive begins with two letters, and follows a stored text directly (APPNOTE
/// 4.3): they belong to no text.
fn is_header_of_zip(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [b'P', b'K', 1, 2, ..]
            | [b'P', b'K', 3, 4, ..]
            | [b'P', b'K', 5, 6, ..]
            | [b'P', b'K', 7, 8, ..]
    )
}

#[cfg(test)]
mod tests {
    use super::runs;

    fn texts(bytes: &[u8]) -> Vec<(usize, bool, String)> {
        runs(bytes)
            .map(|run| (run.at, run.wide, String::from_utf8_lossy(&run.text(bytes)).into_owned()))
            .collect()
    }

    #[test]
    fn narrow_and_wide_runs_are_found() {
        let found = texts(b"\x01abcd\0ab\x01w\0i\0d\0e\0\0\0tail");
        let expected = [(1, false, "abcd"), (9, true, "wide"), (19, false, "tail")];
        let expected: Vec<_> =
            expected.iter().map(|(at, wide, text)| (*at, *wide, (*text).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn texts_end_where_headers_of_zip_begin() {
        assert_eq!(texts(b"http://a/bPK\x01\x02x"), [(0, false, "http://a/b".to_owned())]);
        assert_eq!(texts(b"http://a/bPK\x02\x02x"), [(0, false, "http://a/bPK".to_owned())]);
    }

    #[test]
    fn values_of_attributes_have_their_length_before_them() {
        for (bytes, expected) in [
            (&b"\x01\0\x071.2.3.4\0\0"[..], true),
            (b"\x01\0\t1.2.3.456\0\0", true),
            (b"\x01\0\x081.2.3.4\0\0", false),
            (b"1.2.3.4", false),
        ] {
            let run = runs(bytes).next().expect("a run");
            assert_eq!(run.is_attribute(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn short_runs_are_noise() {
        assert!(texts(b"abc\x01d\0e\0f\0\0\0").is_empty());
    }
}
