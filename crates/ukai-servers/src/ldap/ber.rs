//! As much of BER (X.690) as LDAP needs (RFC 4511, 5.1): tags of one byte, definite lengths.
//!
//! `lber`, on which the LDAP crates build, reads a whole tree by recursion as deep as a peer
//! likes; here each caller reads the elements that it wants, and no deeper.

use crate::limits::LDAP_MESSAGE_BYTES;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// An element of so many bytes, its header included.
    Whole(usize),
    /// One that is not whole yet.
    Partial,
    /// None, or one that is too long.
    Bad,
}

/// A tag and the length of the header and of what follows it; `None` if it is not whole or no
/// header of LDAP.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (tag, length) = (*bytes.first()?, *bytes.get(1)?);
    if length < 0x80 {
        return Some((tag, 2, usize::from(length)));
    }
    // Active Directory writes four bytes however short the length is.
    let digits = bytes.get(2..2 + usize::from(length & 0x7f))?;
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    let value = digits.iter().fold(0_u64, |value, digit| value << 8 | u64::from(*digit));
    Some((tag, 2 + digits.len(), usize::try_from(value).ok()?))
}

/// Whether a message begins there.
pub(super) fn frame(bytes: &[u8]) -> Frame {
    if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
        return Frame::Bad;
    }
    match (bytes.get(1), header(bytes)) {
        (Some(0x80 | 0x85..), _) => Frame::Bad,
        (_, None) => Frame::Partial,
        (_, Some((_, _, length))) if length > LDAP_MESSAGE_BYTES => Frame::Bad,
        (_, Some((_, start, length))) if start + length > bytes.len() => Frame::Partial,
        (_, Some((_, start, length))) => Frame::Whole(start + length),
    }
}

/// Elements one behind another. What cannot be read ends them.
#[derive(Clone, Debug, Default)]
pub(super) struct Elements<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (tag, start, length) = header(self.0)?;
        let content = self.0.get(start..start.checked_add(length)?)?;
        self.0 = self.0.get(start + length..).unwrap_or_default();
        Some((tag, content))
    }
}

impl<'a> Elements<'a> {
    /// The next one's content, if it has that tag.
    pub(super) fn tagged(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// The next one as a number that is not negative.
    pub(super) fn number(&mut self, tag: u8) -> Option<u32> {
        let content = self.tagged(tag)?;
        let fits = content.first().is_some_and(|first| *first < 0x80);
        let digits: &[u8] = content.strip_prefix(&[0]).unwrap_or(content);
        let fits = fits && digits.len() <= 4;
        fits.then(|| digits.iter().fold(0, |value, digit| value << 8 | u32::from(*digit)))
    }
}

/// An element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len();
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let digits = (length as u32).to_be_bytes();
        let zeroes = digits.iter().take_while(|digit| **digit == 0).count();
        bytes.push(0x80 | (digits.len() - zeroes) as u8);
        bytes.extend(digits.iter().skip(zeroes));
    }
    bytes.extend_from_slice(content);
    bytes
}

/// A number as an element.
pub(super) fn number(tag: u8, value: u32) -> Vec<u8> {
    let mut digits: Vec<u8> = value.to_be_bytes().into_iter().skip_while(|d| *d == 0).collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    element(tag, &digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_framed() {
        assert_eq!(frame(b""), Frame::Partial);
        assert_eq!(frame(&[0x30]), Frame::Partial);
        assert_eq!(frame(&[0x30, 1, 7, 9]), Frame::Whole(3));
        assert_eq!(frame(&[0x30, 0x84, 0, 0, 0, 1, 7]), Frame::Whole(7));
        assert_eq!(frame(&[0x30, 0x82, 1]), Frame::Partial);
        assert_eq!(frame(&[0x30, 0x84, 0x7f, 0, 0, 0]), Frame::Bad);
        assert_eq!(frame(&[0x30, 0x80]), Frame::Bad);
        assert_eq!(frame(b"GET / HTTP"), Frame::Bad);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tag: u8, content in prop::collection::vec(any::<u8>(), 0..300), value: u32) {
            let bytes = [element(tag, &content), number(INTEGER, value), vec![0x30, 0x85]].concat();
            let mut elements = Elements(&bytes);
            prop_assert_eq!(elements.tagged(tag), Some(content.as_slice()));
            prop_assert_eq!(elements.number(INTEGER), Some(value));
            prop_assert_eq!(elements.next(), None);
        }

        #[test]
        fn any_bytes_are_borne(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let read: usize = Elements(&bytes).map(|(_, content)| 2 + content.len()).sum();
            prop_assert!(read <= bytes.len());
            if let Frame::Whole(length) = frame(&bytes) {
                prop_assert!(length <= bytes.len());
            }
        }
    }
}
