//! Control packets (MQTT 5.0, 2 and 3): framing, what clients send, what brokers answer.

use super::properties::Properties;
use crate::limits::MQTT_PACKET_BYTES;
use crate::wire::Reader;

/// A control packet, cut out of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// Type, 1 to 15.
    pub(super) kind: u8,
    /// The four bits beside it.
    pub(super) flags: u8,
    /// Variable header and payload.
    pub(super) body: &'a [u8],
}

/// Why a packet cannot be cut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// More bytes are needed.
    Incomplete,
    /// This is no MQTT.
    Broken,
    /// Longer than is taken.
    TooLong,
}

/// The first packet of `bytes`, and its length.
pub(super) fn cut(bytes: &[u8]) -> Result<(Packet<'_>, usize), Framing> {
    let mut reader = Reader(bytes);
    let first = reader.u8().ok_or(Framing::Incomplete)?;
    let length = match varint(&mut reader) {
        Some(length) => length as usize,
        None if bytes.len() > 4 => return Err(Framing::Broken),
        None => return Err(Framing::Incomplete),
    };
    if length > MQTT_PACKET_BYTES {
        return Err(Framing::TooLong);
    }
    let header = bytes.len() - reader.0.len();
    let body = reader.take(length).ok_or(Framing::Incomplete)?;
    Ok((Packet { kind: first >> 4, flags: first & 15, body }, header + length))
}

/// A variable byte integer (1.5.5); `None` if it is cut off or longer than four bytes.
pub(super) fn varint(reader: &mut Reader<'_>) -> Option<u32> {
    let mut value = 0;
    for shift in [0, 7, 14, 21] {
        let byte = reader.u8()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A packet of this type and flags around a body.
pub(super) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 5);
    out.push(first);
    put_varint(&mut out, body.len());
    out.extend_from_slice(body);
    out
}

/// Appends a variable byte integer.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

/// CONNECT (3.1).
#[derive(Debug)]
pub(super) struct Connect<'a> {
    pub(super) level: u8,
    pub(super) clean: bool,
    pub(super) keep_alive: u16,
    pub(super) client: &'a [u8],
    pub(super) will: Option<Will<'a>>,
    pub(super) user: Option<&'a [u8]>,
    pub(super) password: Option<&'a [u8]>,
    pub(super) auth_method: Option<&'a [u8]>,
}

/// What is to be published when the client is lost.
#[derive(Debug)]
pub(super) struct Will<'a> {
    pub(super) topic: &'a [u8],
    pub(super) payload: &'a [u8],
}

impl<'a> Connect<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let name = reader.counted16()?;
        let level = reader.u8()?;
        let flags = reader.u8()?;
        if !matches!(name, b"MQTT" | b"MQIsdp") || flags & 1 != 0 {
            return None;
        }
        let keep_alive = reader.u16()?;
        let mut auth_method = None;
        if level == 5 {
            auth_method = Properties::read(&mut reader)?.auth_method;
        }
        let client = reader.counted16()?;
        let mut will = None;
        if flags & 4 != 0 {
            if level == 5 {
                Properties::read(&mut reader)?;
            }
            will = Some(Will { topic: reader.counted16()?, payload: reader.counted16()? });
        }
        let user = if flags & 0x80 == 0 { None } else { Some(reader.counted16()?) };
        // Clients of 3.1 were allowed to announce a password and leave it out.
        let password = if flags & 0x40 == 0 { None } else { reader.counted16() };
        let clean = flags & 2 != 0;
        Some(Self { level, clean, keep_alive, client, will, user, password, auth_method })
    }
}

/// PUBLISH (3.3), either way.
#[derive(Debug)]
pub(super) struct Publish<'a> {
    pub(super) qos: u8,
    pub(super) retain: bool,
    pub(super) topic: &'a [u8],
    pub(super) id: Option<u16>,
    pub(super) alias: Option<u16>,
    /// Properties that go on to subscribers, as they came.
    pub(super) forwarded: Vec<u8>,
    pub(super) payload: &'a [u8],
}

impl<'a> Publish<'a> {
    pub(super) fn read(packet: &Packet<'a>, level: u8) -> Option<Self> {
        let mut reader = Reader(packet.body);
        let qos = packet.flags >> 1 & 3;
        if qos == 3 {
            return None;
        }
        let topic = reader.counted16()?;
        let id = if qos == 0 { None } else { Some(reader.u16()?) };
        let properties =
            if level == 5 { Properties::read(&mut reader)? } else { Properties::default() };
        Some(Self {
            qos,
            retain: packet.flags & 1 != 0,
            topic,
            id,
            alias: properties.topic_alias,
            forwarded: properties.forwarded,
            payload: reader.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packets_are_cut_out_when_they_are_whole() {
        let whole = packet(0x30, &[7; 200]);
        assert_eq!(whole[..3], [0x30, 0xc8, 1]);
        for end in 0..whole.len() {
            assert_eq!(cut(&whole[..end]), Err(Framing::Incomplete));
        }
        let (read, length) = cut(&whole).expect("a packet");
        assert_eq!((read.kind, read.flags, read.body.len(), length), (3, 0, 200, 203));
        assert_eq!(cut(&[0x30, 0xff, 0xff, 0xff, 0xff, 1]), Err(Framing::Broken));
        assert_eq!(cut(&[0x30, 0xff, 0xff, 0xff, 0x7f]), Err(Framing::TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..200), level in 3..6_u8) {
            if let Ok((packet, length)) = cut(&bytes) {
                prop_assert!(length <= bytes.len());
                let _ = Publish::read(&packet, level);
            }
            let _ = Connect::read(&bytes);
        }

        #[test]
        fn integers_read_back(value in 0..268_435_456_usize) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            prop_assert_eq!(varint(&mut Reader(&out)), Some(value as u32));
        }
    }
}
