//! TFTP packets (RFC 1350, RFC 2347, RFC 2348), as a client sends and reads them.

/// A packet of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A block of the file.
    Data {
        /// Its number, from 1, modulo 65,536.
        block: u16,
        /// Its bytes; fewer than a block's end the file.
        bytes: &'a [u8],
    },
    /// Options that the server takes.
    Options {
        /// `blksize`, if it is among them.
        block_bytes: Option<usize>,
    },
    /// The server will not.
    Error {
        /// Code; 8 is "option negotiation failed" (RFC 2347).
        code: u16,
        /// Message.
        message: &'a [u8],
    },
}

/// Not a packet that a server may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a TFTP packet of a server")]
pub struct NotAPacket;

impl<'a> Packet<'a> {
    /// Reads one datagram.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, NotAPacket> {
        let (opcode, rest) = split_u16(datagram)?;
        match opcode {
            3 => {
                let (block, bytes) = split_u16(rest)?;
                Ok(Self::Data { block, bytes })
            }
            5 => {
                let (code, text) = split_u16(rest)?;
                let message = text.split(|b| *b == 0).next().unwrap_or_default();
                Ok(Self::Error { code, message })
            }
            6 => Ok(Self::Options { block_bytes: block_bytes(rest)? }),
            _ => Err(NotAPacket),
        }
    }
}

fn split_u16(bytes: &[u8]) -> Result<(u16, &[u8]), NotAPacket> {
    let (number, rest) = bytes.split_first_chunk().ok_or(NotAPacket)?;
    Ok((u16::from_be_bytes(*number), rest))
}

/// The value of `blksize` among names and values that each end with a zero.
fn block_bytes(options: &[u8]) -> Result<Option<usize>, NotAPacket> {
    let Some(options) = options.strip_suffix(&[0]) else {
        return if options.is_empty() { Ok(None) } else { Err(NotAPacket) };
    };
    let mut texts = options.split(|b| *b == 0);
    while let Some(name) = texts.next() {
        let value = texts.next().ok_or(NotAPacket)?;
        if name.eq_ignore_ascii_case(b"blksize") {
            let value = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            // RFC 2348: 8 to 65,464.
            return match value {
                Some(bytes @ 8..=65_464) => Ok(Some(bytes)),
                _ => Err(NotAPacket),
            };
        }
    }
    Ok(None)
}

/// A read request in octet mode, with an own block size if given.
pub fn read_request(file: &str, block_bytes: Option<usize>) -> Vec<u8> {
    let mut packet = vec![0, 1];
    packet.extend_from_slice(file.as_bytes());
    packet.extend_from_slice(b"\0octet\0");
    if let Some(bytes) = block_bytes {
        packet.extend_from_slice(format!("blksize\0{bytes}\0").as_bytes());
    }
    packet
}

/// An acknowledgement.
pub fn acknowledgement(block: u16) -> [u8; 4] {
    let [high, low] = block.to_be_bytes();
    [0, 4, high, low]
}

/// That the client stops: code 0, "not defined".
pub fn stop() -> &'static [u8] {
    b"\0\x05\0\0stopped\0"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packets_of_a_server() {
        assert_eq!(Packet::parse(b"\0\x03\0\x01abc"), Ok(Packet::Data { block: 1, bytes: b"abc" }));
        assert_eq!(Packet::parse(b"\0\x03\0\x02"), Ok(Packet::Data { block: 2, bytes: b"" }));
        assert_eq!(
            Packet::parse(b"\0\x05\0\x01File not found\0"),
            Ok(Packet::Error { code: 1, message: b"File not found" })
        );
        assert_eq!(
            Packet::parse(b"\0\x06tsize\x007\0BlkSize\x001428\0"),
            Ok(Packet::Options { block_bytes: Some(1428) })
        );
        assert_eq!(Packet::parse(b"\0\x06"), Ok(Packet::Options { block_bytes: None }));
        for bytes in [
            &b""[..],
            b"\0",
            b"\0\x01x\0octet\0",
            b"\0\x04\0\x01",
            b"\0\x03\0",
            b"\0\x05",
            b"\0\x06blksize\0",
            b"\0\x06blksize\x007\0",
            b"\0\x06blksize\x0070000\0",
            b"\0\x06blksize\x001428",
            b"\x01\x03\0\x01",
        ] {
            assert_eq!(Packet::parse(bytes), Err(NotAPacket), "{bytes:?}");
        }
    }

    #[test]
    fn packets_of_a_client() {
        assert_eq!(read_request("mips", None), b"\0\x01mips\0octet\0");
        assert_eq!(read_request("a", Some(1428)), b"\0\x01a\0octet\0blksize\x001428\0");
        assert_eq!(acknowledgement(258), [0, 4, 1, 2]);
        assert!(matches!(Packet::parse(stop()), Ok(Packet::Error { code: 0, .. })));
    }

    proptest! {
        #[test]
        fn any_datagram_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000), opcode in 0..8_u8) {
            let _ = Packet::parse(&bytes);
            let mut likely = vec![0, opcode];
            likely.extend_from_slice(&bytes);
            match Packet::parse(&likely) {
                Ok(Packet::Data { bytes: data, .. }) => prop_assert_eq!(data.len() + 2, bytes.len()),
                Ok(Packet::Options { block_bytes: Some(size) }) => prop_assert!((8..=65_464).contains(&size)),
                _ => {}
            }
        }
    }
}
