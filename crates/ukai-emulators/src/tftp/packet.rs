//! Packets of TFTP (RFC 1350, 5; options of RFC 2347).

/// A packet from the peer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// RRQ or WRQ.
    Request { write: bool, name: &'a [u8], mode: Vec<u8>, options: Vec<(Vec<u8>, Vec<u8>)> },
    /// DATA.
    Data(u16, &'a [u8]),
    /// ACK.
    Ack(u16),
    /// ERROR.
    Error,
}

/// Reads a datagram; `None` if it is no TFTP.
pub(super) fn read(bytes: &[u8]) -> Option<Packet<'_>> {
    const OPTIONS: usize = 16;
    let (code, rest) = bytes.split_at_checked(2)?;
    let number = || rest.first_chunk::<2>().map(|bytes| u16::from_be_bytes(*bytes));
    match code {
        [0, 1 | 2] => {
            let mut fields = rest.split(|byte| *byte == 0);
            let name = fields.next()?;
            let mode = fields.next()?.to_ascii_lowercase();
            let mut options = Vec::new();
            while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
                if name.is_empty() || options.len() == OPTIONS {
                    break;
                }
                options.push((name.to_ascii_lowercase(), value.to_vec()));
            }
            Some(Packet::Request { write: code[1] == 2, name, mode, options })
        }
        [0, 3] => Some(Packet::Data(number()?, rest.get(2..)?)),
        [0, 4] => Some(Packet::Ack(number()?)),
        [0, 5] => Some(Packet::Error),
        _ => None,
    }
}

/// DATA.
pub(super) fn data(block: u16, bytes: &[u8]) -> Vec<u8> {
    [&[0, 3][..], &block.to_be_bytes(), bytes].concat()
}

/// ACK.
pub(super) fn ack(block: u16) -> Vec<u8> {
    [&[0, 4][..], &block.to_be_bytes()].concat()
}

/// ERROR.
pub(super) fn error(code: u8, text: &str) -> Vec<u8> {
    [&[0, 5, 0, code][..], text.as_bytes(), &[0]].concat()
}

/// OACK, with the options that were agreed on.
pub(super) fn options(agreed: &[(&str, u64)]) -> Vec<u8> {
    let mut out = vec![0, 6];
    for (name, value) in agreed {
        out.extend_from_slice(name.as_bytes());
        out.push(0);
        out.extend_from_slice(value.to_string().as_bytes());
        out.push(0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_with_options() {
        let packet = read(b"\0\x01boot\0OCTET\0BlkSize\x001024\0tsize\x000\0");
        let Some(Packet::Request { write: false, name: b"boot", mode, options }) = packet else {
            panic!("{packet:?}");
        };
        assert_eq!(mode, b"octet");
        assert_eq!(options[0], (b"blksize".to_vec(), b"1024".to_vec()));
        assert_eq!(read(b"\0\x04\0\x07"), Some(Packet::Ack(7)));
        assert_eq!(read(b"\0\x03\0"), None);
    }

    proptest! {
        #[test]
        fn any_datagram_is_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes);
        }
    }
}
