//! Bodies in chunks (RFC 9112, 7.1), taken apart as they come.

use crate::limits::{HTTP_CHUNK_LINE_BYTES, HTTP_TRAILER_BYTES};
use memchr::memchr;

/// Where in a body in chunks the stream is.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    place: Place,
    /// A line that has not ended.
    line: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    /// Behind the last chunk, with so many bytes of trailers.
    Trailer(usize),
}

/// What taking bytes led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// All were used, and more must come.
    More,
    /// The body is complete, and so many bytes were used.
    Done(usize),
    /// They are not chunks.
    Bad,
}

impl Chunks {
    /// Takes bytes, and hands on what the chunks carry.
    pub(super) fn take(&mut self, bytes: &[u8], mut data: impl FnMut(&[u8])) -> Taken {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            if let Place::Data(missing) = self.place {
                let count = usize::try_from(missing).unwrap_or(usize::MAX).min(rest.len());
                data(&rest[..count]);
                at += count;
                let missing = missing - count as u64;
                self.place = if missing == 0 { Place::DataEnd } else { Place::Data(missing) };
                continue;
            }
            let (piece, whole) = match memchr(b'\n', rest) {
                Some(feed) => (&rest[..feed], true),
                None => (rest, false),
            };
            if self.line.len() + piece.len() > HTTP_CHUNK_LINE_BYTES {
                return Taken::Bad;
            }
            self.line.extend_from_slice(piece);
            at += piece.len() + usize::from(whole);
            if !whole {
                break;
            }
            let line = std::mem::take(&mut self.line);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            self.place = match self.place {
                Place::Size => match size(line) {
                    None => return Taken::Bad,
                    Some(0) => Place::Trailer(0),
                    Some(size) => Place::Data(size),
                },
                Place::DataEnd if line.is_empty() => Place::Size,
                Place::Trailer(_) if line.is_empty() => return Taken::Done(at),
                Place::Trailer(seen) if seen + line.len() < HTTP_TRAILER_BYTES => {
                    Place::Trailer(seen + line.len() + 1)
                }
                _ => return Taken::Bad,
            };
        }
        Taken::More
    }
}

/// The size that begins a line, before its extensions.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bytes: &[u8], piece: usize) -> (Taken, String) {
        let (mut chunks, mut body) = (Chunks::default(), Vec::new());
        let mut last = Taken::More;
        let mut used = 0;
        for part in bytes.chunks(piece) {
            last = chunks.take(part, |data| body.extend_from_slice(data));
            if let Taken::Done(count) = last {
                last = Taken::Done(used + count);
            }
            if last != Taken::More {
                break;
            }
            used += part.len();
        }
        (last, String::from_utf8_lossy(&body).into_owned())
    }

    #[test]
    fn chunks_come_together_in_any_pieces() {
        let body =
            b"4\r\nWiki\r\n6;x=y\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX: y\r\n\r\nGET";
        for piece in 1..=body.len() {
            let whole = (Taken::Done(body.len() - 3), "Wikipedia in \r\n\r\nchunks.".to_owned());
            assert_eq!(taken(body, piece), whole, "in pieces of {piece}");
        }
        assert_eq!(taken(b"4\r\nWikiX\r\n", 99).0, Taken::Bad);
        assert_eq!(taken(b"-1\r\n", 99).0, Taken::Bad);
        assert_eq!(taken(b"ffffffffffffffffff\r\n", 99).0, Taken::Bad);
        assert_eq!(taken(b"\r\n", 99).0, Taken::Bad);
        assert_eq!(taken(b"ffffffffffffffff\r\nx", 99), (Taken::More, "x".to_owned()));
        assert_eq!(taken(&[b'1'; 400], 99).0, Taken::Bad);
        assert_eq!(
            taken(&[b"0\r\n".as_slice(), &b"a: b\r\n".repeat(9_999)].concat(), 9).0,
            Taken::Bad
        );
    }
}
