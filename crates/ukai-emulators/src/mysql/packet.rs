//! Packets: a length of three bytes, a number, a payload; and what stands in payloads.

/// Payload after which a packet goes on in the next one.
const WHOLE_BYTES: usize = 0xff_ffff;

/// Answers on their way out, numbered on from the client's packet.
#[derive(Debug)]
pub(super) struct Packets {
    bytes: Vec<u8>,
    number: u8,
}

impl Packets {
    /// The next one has this number.
    pub(super) fn from(number: u8) -> Self {
        Self { bytes: Vec::new(), number }
    }

    /// Adds one payload.
    pub(super) fn add(&mut self, payload: &[u8]) {
        let mut rest = payload;
        loop {
            let (now, later) = rest.split_at(rest.len().min(WHOLE_BYTES));
            self.bytes.extend_from_slice(&(now.len() as u32).to_le_bytes()[..3]);
            self.bytes.push(self.number);
            self.number = self.number.wrapping_add(1);
            self.bytes.extend_from_slice(now);
            if now.len() < WHOLE_BYTES {
                return;
            }
            rest = later;
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// A number in as few bytes as it needs.
pub(super) fn put_number(out: &mut Vec<u8>, number: u64) {
    match number {
        0..=250 => out.push(number as u8),
        251..=0xffff => {
            out.push(0xfc);
            out.extend_from_slice(&(number as u16).to_le_bytes());
        }
        0x1_0000..=0xff_ffff => {
            out.push(0xfd);
            out.extend_from_slice(&(number as u32).to_le_bytes()[..3]);
        }
        _ => {
            out.push(0xfe);
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// Bytes behind their length.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// An error as the server words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: u16,
    pub(super) state: &'static str,
    pub(super) text: Vec<u8>,
}

impl Fault {
    pub(super) fn new(code: u16, state: &'static str, text: impl Into<Vec<u8>>) -> Self {
        Self { code, state, text: text.into() }
    }

    /// Its payload; clients from before 4.1 do not know states.
    pub(super) fn payload(&self, with_state: bool) -> Vec<u8> {
        let mut out = vec![0xff];
        out.extend_from_slice(&self.code.to_le_bytes());
        if with_state {
            out.push(b'#');
            out.extend_from_slice(self.state.as_bytes());
        }
        out.extend_from_slice(&self.text[..self.text.len().min(511)]);
        out
    }
}

/// Reads a payload piece by piece.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (now, later) = self.0.split_at_checked(count)?;
        self.0 = later;
        Some(now)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Up to a NUL, which must be there.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(0, self.0)?;
        let text = self.take(end)?;
        self.take(1)?;
        Some(text)
    }

    /// A number as [`put_number`] writes it.
    pub(super) fn number(&mut self) -> Option<u64> {
        Some(match self.byte()? {
            0xfc => u64::from(self.u16()?),
            0xfd => {
                let bytes = self.take(3)?;
                u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]))
            }
            0xfe => u64::from_le_bytes(self.take(8)?.try_into().ok()?),
            number => u64::from(number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for number in [0, 250, 251, 0xffff, 0x1_0000, 0xff_ffff, 0x100_0000, u64::MAX] {
            let mut out = Vec::new();
            put_number(&mut out, number);
            let mut reader = Reader(&out);
            assert_eq!((reader.number(), reader.0.len()), (Some(number), 0));
        }
    }

    #[test]
    fn a_payload_as_long_as_a_packet_ends_in_an_empty_one() {
        let mut packets = Packets::from(1);
        packets.add(&vec![7; WHOLE_BYTES]);
        let bytes = packets.into_bytes();
        assert_eq!(bytes.len(), WHOLE_BYTES + 8);
        assert_eq!(bytes[WHOLE_BYTES + 4..], [0, 0, 0, 2]);
    }
}
