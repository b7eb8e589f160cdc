//! What is known of the frames of a pcapng file beside them: names of addresses, and secrets
//! by which they are decrypted.
//!
//! Wireshark uses both from their place in the file on: they stand before the frames that
//! they are about.

use super::next_generation::{DECRYPTION_SECRETS, NAME_RESOLUTION};
use super::writer::{block, pad};
use crate::limits::{KEY_LOG_LINE_BYTES_MAX, NAME_BYTES_MAX};
use std::net::IpAddr;

/// Types of records of names (draft-ietf-opsawg-pcapng, 4.5).
const RECORD_IPV4: u16 = 1;
const RECORD_IPV6: u16 = 2;

/// The type of secrets: "TLSK", a TLS key log (draft-ietf-opsawg-pcapng, 4.7).
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Bytes before the body of a block, and behind.
const BEFORE: usize = 8;
const BEHIND: usize = 4;

/// The record with which a list of records ends.
const END: [u8; 4] = [0; 4];

/// An address and its name, as they stand in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameRecord(Box<[u8]>);

impl NameRecord {
    /// `None`: this is no name, or too long for one.
    pub(crate) fn new(address: IpAddr, name: &str) -> Option<Self> {
        let is_name = (1..=NAME_BYTES_MAX).contains(&name.len())
            && !name.chars().any(|c| c.is_control() || c.is_whitespace());
        if !is_name {
            return None;
        }
        let mut record = Vec::with_capacity(4 + 16 + name.len() + 4);
        let (kind, octets) = match address {
            IpAddr::V4(v4) => (RECORD_IPV4, &v4.octets()[..]),
            IpAddr::V6(v6) => (RECORD_IPV6, &v6.octets()[..]),
        };
        let length = octets.len() + name.len() + 1;
        record.extend_from_slice(&kind.to_ne_bytes());
        record.extend_from_slice(&(length as u16).to_ne_bytes());
        record.extend_from_slice(octets);
        record.extend_from_slice(name.as_bytes());
        record.push(0);
        pad(&mut record, length);
        Some(Self(record.into()))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Appends names of addresses.
pub(crate) fn names<'a>(out: &mut Vec<u8>, records: impl IntoIterator<Item = &'a NameRecord>) {
    block(out, NAME_RESOLUTION, |out| {
        for NameRecord(record) in records {
            out.extend_from_slice(record);
        }
        out.extend_from_slice(&END);
    });
}

/// Appends a line of a key log; nothing, and false, if it is none.
pub(crate) fn secrets(out: &mut Vec<u8>, line: &str) -> bool {
    if !is_key_log_line(line) {
        return false;
    }
    block(out, DECRYPTION_SECRETS, |out| {
        let length = line.len() + 1;
        out.extend_from_slice(&TLS_KEY_LOG.to_ne_bytes());
        out.extend_from_slice(&(length as u32).to_ne_bytes());
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
        pad(out, length);
    });
    true
}

/// `LABEL CLIENT_RANDOM SECRET`, the latter two in hexadecimal (draft-ietf-tls-keylogfile).
fn is_key_log_line(line: &str) -> bool {
    let mut words = line.split(' ');
    let label = words.next().unwrap_or_default();
    let label_is = !label.is_empty()
        && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let mut is_hex =
        || words.next().is_some_and(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_hexdigit()));
    let hex_is = is_hex() && is_hex();
    line.len() <= KEY_LOG_LINE_BYTES_MAX && label_is && hex_is && words.next().is_none()
}

/// What a block of ours tells beside frames.
pub(crate) enum Known {
    /// This name.
    Name(NameRecord),
    /// A secret.
    Secret,
}

/// What a block tells that [`names`] has written for one name, or [`secrets`].
pub(crate) fn known(block: &[u8]) -> Option<Known> {
    match u32::from_ne_bytes(*block.first_chunk()?) {
        NAME_RESOLUTION => {
            let records = block.get(BEFORE..block.len().checked_sub(BEHIND + END.len())?)?;
            Some(Known::Name(NameRecord(records.into())))
        }
        DECRYPTION_SECRETS => Some(Known::Secret),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, NameRecord, known, names, secrets};

    #[test]
    fn a_name_is_found_in_its_block() {
        for (address, name) in [("192.0.2.1", "a"), ("2001:db8::1", "very.long.example")] {
            let record = NameRecord::new(address.parse().unwrap(), name).unwrap();
            let mut block = Vec::new();
            names(&mut block, [&record]);
            assert!(block.len().is_multiple_of(4));
            assert!(matches!(known(&block), Some(Known::Name(found)) if found == record));
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        let address = "192.0.2.1".parse().unwrap();
        for name in ["", "a b", "a\0b", "a\nb", &"x".repeat(254)] {
            assert_eq!(NameRecord::new(address, name), None, "{name:?}");
        }
        assert!(NameRecord::new(address, &"x".repeat(253)).is_some());
    }

    #[test]
    fn what_is_no_line_of_a_key_log_is_not_written() {
        let mut out = Vec::new();
        for line in ["", "CLIENT_RANDOM", "CLIENT_RANDOM 00", "CLIENT_RANDOM 00 11 22"] {
            assert!(!secrets(&mut out, line), "{line}");
        }
        for line in ["CLIENT_RANDOM 00 1x", "CLIENT_RANDOM 00 11\n", "# 00 11"] {
            assert!(!secrets(&mut out, line), "{line}");
        }
        assert!(!secrets(&mut out, &format!("CLIENT_RANDOM 00 {}", "0".repeat(500))));
        assert!(out.is_empty());
        assert!(secrets(&mut out, "CLIENT_RANDOM 00 11"));
        assert!(matches!(known(&out), Some(Known::Secret)));
    }
}
