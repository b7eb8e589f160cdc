//! Lines out of a stream that comes in any pieces.

/// Collects a line; longer ones are cut at `line_bytes`, and their rest is dropped.
pub(crate) struct Lines {
    line: Vec<u8>,
    line_bytes: usize,
    ends: &'static [u8],
}

impl Lines {
    /// Lines that end with any of `ends`; a carriage return before the end is dropped.
    pub(crate) fn new(line_bytes: usize, ends: &'static [u8]) -> Self {
        Self { line: Vec::new(), line_bytes, ends }
    }

    /// The first line that is whole now, and what stands behind it.
    pub(crate) fn next<'a>(&mut self, bytes: &'a [u8]) -> Option<(Vec<u8>, &'a [u8])> {
        let Some(end) = bytes.iter().position(|byte| self.ends.contains(byte)) else {
            self.take(bytes);
            return None;
        };
        let (piece, rest) = bytes.split_at(end);
        self.take(piece);
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some((line, rest.get(1..).unwrap_or_default()))
    }

    /// What stands behind the last end, when nothing more comes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.line)
    }

    fn take(&mut self, piece: &[u8]) {
        let free = self.line_bytes.saturating_sub(self.line.len());
        self.line.extend_from_slice(piece.get(..free).unwrap_or(piece));
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use proptest::prelude::*;

    fn all(lines: &mut Lines, mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while let Some((line, rest)) = lines.next(bytes) {
            found.push(line);
            bytes = rest;
        }
        found
    }

    #[test]
    fn lines_end_as_told_and_are_cut() {
        let mut lines = Lines::new(4, b"\n");
        assert_eq!(all(&mut lines, b"ab\r\n\nabcdefg\nx"), [&b"ab"[..], b"", b"abcd"]);
        assert_eq!(lines.rest(), b"x");
        assert_eq!(all(&mut Lines::new(4, b"\r\n"), b"a\rb\r\n"), [&b"a"[..], b"b", b""]);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(bytes: Vec<u8>, at in 0_usize..64) {
            let (mut once, mut twice) = (Lines::new(8, b"\n\0"), Lines::new(8, b"\n\0"));
            let (first, second) = bytes.split_at(at.min(bytes.len()));
            let mut lines = all(&mut twice, first);
            lines.extend(all(&mut twice, second));
            prop_assert_eq!(all(&mut once, &bytes), lines);
            prop_assert_eq!(once.rest(), twice.rest());
        }
    }
}
