//! Properties of MQTT 5.0 (2.2.2).

use super::packet::varint;
use crate::wire::Reader;

/// The properties that mean something to us.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Properties<'a> {
    pub(super) auth_method: Option<&'a [u8]>,
    pub(super) topic_alias: Option<u16>,
    pub(super) subscription: Option<u32>,
    /// All but topic alias and subscription identifier, as they came: what a broker hands
    /// on with a message.
    pub(super) forwarded: Vec<u8>,
}

impl<'a> Properties<'a> {
    /// Reads the length and what follows; `None` if something is cut off or unknown.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let length = varint(reader)? as usize;
        let mut inner = Reader(reader.take(length)?);
        let mut found = Self::default();
        while !inner.0.is_empty() {
            let start = inner.0;
            let mut forward = true;
            match inner.u8()? {
                0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => drop(inner.u8()?),
                0x13 | 0x21 | 0x22 => drop(inner.u16()?),
                0x02 | 0x11 | 0x18 | 0x27 => drop(inner.u32()?),
                0x03 | 0x08 | 0x09 | 0x12 | 0x16 | 0x1a | 0x1c | 0x1f => drop(inner.counted16()?),
                0x15 => found.auth_method = Some(inner.counted16()?),
                0x26 => {
                    inner.counted16()?;
                    inner.counted16()?;
                }
                0x23 => {
                    found.topic_alias = Some(inner.u16()?);
                    forward = false;
                }
                0x0b => {
                    found.subscription = Some(varint(&mut inner)?);
                    forward = false;
                }
                _ => return None,
            }
            if forward {
                found.forwarded.extend_from_slice(&start[..start.len() - inner.0.len()]);
            }
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_stays_with_us_and_the_rest_goes_on() {
        let bytes = b"\x0e\x23\0\x05\x26\0\x01a\0\x01b\x02\0\0\0rest";
        let found = Properties::read(&mut Reader(bytes));
        assert_eq!(found, None, "the last property is cut off");
        let bytes = b"\x0a\x23\0\x05\x26\0\x01a\0\x01brest";
        let mut reader = Reader(bytes);
        let found = Properties::read(&mut reader).expect("properties");
        assert_eq!(found.topic_alias, Some(5));
        assert_eq!(found.forwarded, b"\x26\0\x01a\0\x01b");
        assert_eq!(reader.0, b"rest");
    }
}
