//! Messages of STUN (RFC 8489, 5 and 14): header, attributes, integrity, fingerprint.

use super::attribute::{FINGERPRINT, MESSAGE_INTEGRITY};
use crate::wire::Reader;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// Type of a Binding request.
pub(super) const BINDING: u16 = 0x0001;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER_BYTES: usize = 20;

/// A message as it stands in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    /// Cookie and transaction, sixteen bytes: in RFC 3489 all of them are the transaction.
    pub(super) transaction: [u8; 16],
    /// Header and attributes, as they came.
    pub(super) bytes: &'a [u8],
    /// Length of all of it.
    pub(super) length: usize,
}

impl<'a> Message<'a> {
    /// Reads the message at the beginning of the bytes.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let kind = reader.u16().filter(|kind| kind >> 14 == 0)?;
        let body = usize::from(reader.u16().filter(|length| length % 4 == 0)?);
        let transaction = *reader.take(16)?.first_chunk::<16>()?;
        let length = HEADER_BYTES + body;
        Some(Self { kind, transaction, bytes: bytes.get(..length)?, length })
    }

    /// How many bytes the message at the beginning has, once its header is there.
    pub(super) fn announced(bytes: &[u8]) -> Option<usize> {
        let mut reader = Reader(bytes);
        reader.u16()?;
        reader.u16().map(|length| HEADER_BYTES + usize::from(length))
    }

    /// Whether it has the cookie of RFC 5389.
    pub(super) fn cookie(&self) -> bool {
        self.transaction.starts_with(&COOKIE)
    }

    /// Types and values of its attributes, and where each begins; ends where they break.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (u16, &'a [u8], usize)> + use<'a> {
        let mut at = HEADER_BYTES;
        let bytes = self.bytes;
        std::iter::from_fn(move || {
            let start = at;
            let mut reader = Reader(bytes.get(at..)?);
            let kind = reader.u16()?;
            let value = reader.counted16()?;
            at += 4 + value.len().next_multiple_of(4);
            Some((kind, value, start))
        })
    }

    /// The value of the first attribute of this type.
    pub(super) fn attribute(&self, wanted: u16) -> Option<&'a [u8]> {
        self.attributes().find(|(kind, ..)| *kind == wanted).map(|(_, value, _)| value)
    }

    /// What MESSAGE-INTEGRITY signs (14.5), and the signature.
    pub(super) fn signed(&self) -> Option<(Vec<u8>, &'a [u8])> {
        let (_, value, at) = self.attributes().find(|(kind, ..)| *kind == MESSAGE_INTEGRITY)?;
        let mut text = self.bytes.get(..at)?.to_vec();
        set_length(&mut text, at - HEADER_BYTES + 24);
        (value.len() == 20).then_some((text, value))
    }
}

fn set_length(message: &mut [u8], length: usize) {
    if let Some(field) = message.get_mut(2..4) {
        field.copy_from_slice(&(length as u16).to_be_bytes());
    }
}

/// HMAC-SHA1, as MESSAGE-INTEGRITY has it.
pub(super) fn sign(key: &[u8], text: &[u8]) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// An answer in the making.
#[derive(Debug)]
pub(super) struct Answer(Vec<u8>);

impl Answer {
    /// The header; the length is written as attributes are added.
    pub(super) fn new(kind: u16, transaction: &[u8; 16]) -> Self {
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(transaction);
        Self(bytes)
    }

    /// Adds an attribute, padded to four bytes.
    pub(super) fn add(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(&kind.to_be_bytes());
        self.0.extend_from_slice(&(value.len() as u16).to_be_bytes());
        self.0.extend_from_slice(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        let length = self.0.len() - HEADER_BYTES;
        set_length(&mut self.0, length);
        self
    }

    /// Adds MESSAGE-INTEGRITY.
    pub(super) fn sign(&mut self, key: &[u8]) -> &mut Self {
        let length = self.0.len() - HEADER_BYTES + 24;
        set_length(&mut self.0, length);
        let signature = sign(key, &self.0);
        self.add(MESSAGE_INTEGRITY, &signature)
    }

    /// Adds FINGERPRINT (14.7).
    pub(super) fn fingerprint(&mut self) -> &mut Self {
        let length = self.0.len() - HEADER_BYTES + 8;
        set_length(&mut self.0, length);
        let sum = crc32fast::hash(&self.0) ^ 0x5354_554e;
        self.add(FINGERPRINT, &sum.to_be_bytes())
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::attribute::{USERNAME, XOR_PEER_ADDRESS};
    use proptest::prelude::*;

    #[test]
    fn the_request_of_rfc_5769_is_signed_with_its_password() {
        // RFC 5769, 2.1: short-term credential "VOkJxbRl1RmTxUk/WvJxBt".
        let bytes = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
            \x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\
            \x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09evtj:h6vY\x20\x20\x20\
            \x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\
            \x80\x28\x00\x04\xe5\x7a\x3b\xcf";
        let message = Message::read(bytes).expect("a message");
        assert!(message.cookie());
        assert_eq!(message.attribute(USERNAME), Some(&b"evtj:h6vY"[..]));
        let (text, signature) = message.signed().expect("integrity");
        assert_eq!(sign(b"VOkJxbRl1RmTxUk/WvJxBt", &text), signature);
        assert_eq!(message.attribute(XOR_PEER_ADDRESS), None);
        // The same, made by us: only the padding of the name differs, so sign and sum again.
        let mut answer = Answer::new(message.kind, &message.transaction);
        answer.add(USERNAME, b"evtj:h6vYabc").sign(b"key").fingerprint();
        let made = answer.bytes();
        let read = Message::read(&made).expect("a message");
        let (text, signature) = read.signed().expect("integrity");
        assert_eq!((sign(b"key", &text).as_slice(), read.length), (signature, made.len()));
        let sum = crc32fast::hash(&bytes[..bytes.len() - 8]) ^ 0x5354_554e;
        assert_eq!(message.attribute(FINGERPRINT), Some(&sum.to_be_bytes()[..]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..120), body in 0..25_u8) {
            let mut message = vec![0, 1, 0, body * 4];
            message.extend_from_slice(&bytes);
            if let Some(message) = Message::read(&message) {
                prop_assert!(message.attributes().count() <= 25);
                let _ = message.signed();
            }
            let _ = Message::read(&bytes);
        }
    }
}
