//! Cells (tor-spec, 3).

use crate::wire::Reader;

/// Length of the payload of a cell of fixed length, in bytes.
const PAYLOAD_BYTES: usize = 509;

pub(super) const VERSIONS: u8 = 7;
pub(super) const NETINFO: u8 = 8;

/// A cell of link protocol 4 or 5, whose circuits have four bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    pub(super) command: u8,
    pub(super) payload: &'a [u8],
    /// Its whole length.
    pub(super) length: usize,
}

impl<'a> Cell<'a> {
    /// The cell at the beginning of the bytes, if it is whole.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        reader.u32()?;
        let command = reader.u8()?;
        let payload = if command == VERSIONS || command >= 128 {
            reader.counted16()?
        } else {
            reader.take(PAYLOAD_BYTES)?
        };
        Some(Self { command, payload, length: bytes.len() - reader.0.len() })
    }

    /// What a command is called.
    pub(super) fn name(command: u8) -> &'static str {
        match command {
            0 => "PADDING",
            1 => "CREATE",
            3 => "RELAY",
            4 => "DESTROY",
            5 => "CREATE_FAST",
            8 => "NETINFO",
            9 => "RELAY_EARLY",
            10 => "CREATE2",
            12 => "PADDING_NEGOTIATE",
            128 => "VPADDING",
            129 => "CERTS",
            130 => "AUTH_CHALLENGE",
            131 => "AUTHENTICATE",
            _ => "unknown",
        }
    }
}

/// The versions in a VERSIONS cell (whose circuit has two bytes) at the beginning, and the
/// cell's length.
pub(super) fn versions(bytes: &[u8]) -> Option<(Vec<u16>, usize)> {
    let mut reader = Reader(bytes);
    if reader.u16()? != 0 || reader.u8()? != VERSIONS {
        return None;
    }
    let payload = reader.counted16().filter(|payload| matches!(payload.len(), 2..=64))?;
    let versions: Vec<u16> =
        payload.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    let known = versions.iter().any(|version| (1..=9).contains(version));
    (known && payload.len() % 2 == 0).then_some((versions, bytes.len() - reader.0.len()))
}

/// A cell of fixed length on no circuit.
pub(super) fn fixed(command: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 0, command];
    out.extend_from_slice(&payload[..payload.len().min(PAYLOAD_BYTES)]);
    out.resize(5 + PAYLOAD_BYTES, 0);
    out
}

/// A cell of any length on no circuit.
pub(super) fn variable(command: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 0, command];
    out.extend_from_slice(&(payload.len() as u16).to_be_bytes());
    out.extend_from_slice(payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_and_cells_are_read() {
        assert_eq!(versions(b"\0\0\x07\0\x06\0\x03\0\x04\0\x05rest"), Some((vec![3, 4, 5], 11)));
        assert_eq!(versions(b"\0\0\x07\0\x03\0\x03\0"), None);
        let made = [fixed(NETINFO, b"abc"), variable(129, b"x")].concat();
        let first = Cell::read(&made).expect("a cell");
        assert_eq!((first.command, first.length), (NETINFO, 514));
        let second = Cell::read(&made[514..]).expect("a cell");
        assert_eq!((second.command, second.payload), (129, &b"x"[..]));
        assert_eq!(Cell::read(&made[..513]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = (versions(&bytes), Cell::read(&bytes));
        }
    }
}
