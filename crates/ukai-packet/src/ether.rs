//! Ethernet II frames and their VLAN tags (IEEE 802.3, 802.1Q, 802.1ad).

use crate::{Malformed, be16};
use std::fmt;

/// Bytes of a header without tags.
pub const HEADER_BYTES: usize = 14;

/// Tags that are looked behind.
pub const TAGS_MAX: usize = 2;

/// What a frame carries.
pub mod ethertype {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
    /// A customer's VLAN tag (802.1Q).
    pub const VLAN: u16 = 0x8100;
    /// A provider's VLAN tag (802.1ad).
    pub const PROVIDER_VLAN: u16 = 0x88a8;
}

/// A station's address.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Every station.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Whether it names a group of stations.
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        let mut mac = [0; 6];
        mac.copy_from_slice(&bytes[..6]);
        Self(mac)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The tags of a frame, outermost first: each its type and its control information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tags {
    tags: [(u16, u16); TAGS_MAX],
    count: u8,
}

impl Tags {
    /// Each tag's type and control information.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.tags[..usize::from(self.count)].iter().copied()
    }

    /// The VLAN that the outermost tag names.
    pub fn vlan(&self) -> Option<u16> {
        self.iter().next().map(|(_, control)| control & 0x0fff)
    }
}

/// A frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// To whom.
    pub dst: Mac,
    /// From whom.
    pub src: Mac,
    /// Its VLAN tags.
    pub tags: Tags,
    /// What it carries: see [`ethertype`].
    pub ethertype: u16,
    /// What it carries, with the padding to Ethernet's shortest frame.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a frame without its check sequence.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() < HEADER_BYTES {
            return Err(Malformed::Truncated);
        }
        let (dst, src) = (Mac::read(bytes), Mac::read(&bytes[6..]));
        let mut ethertype = be16(bytes, 12);
        let mut payload = &bytes[HEADER_BYTES..];
        let mut tags = Tags::default();
        while matches!(ethertype, ethertype::VLAN | ethertype::PROVIDER_VLAN) {
            if payload.len() < 4 {
                return Err(Malformed::Truncated);
            }
            let place = tags.tags.get_mut(usize::from(tags.count)).ok_or(Malformed::Headers)?;
            *place = (ethertype, be16(payload, 0));
            tags.count += 1;
            ethertype = be16(payload, 2);
            payload = &payload[4..];
        }
        Ok(Self { dst, src, tags, ethertype, payload })
    }
}

/// Writes a header; what it carries follows.
pub fn write(out: &mut Vec<u8>, dst: Mac, src: Mac, tags: &Tags, ethertype: u16) {
    out.extend_from_slice(&dst.0);
    out.extend_from_slice(&src.0);
    for (kind, control) in tags.iter() {
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&control.to_be_bytes());
    }
    out.extend_from_slice(&ethertype.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::{Frame, Mac, write};

    const TAGGED: &[u8] = &[
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xa8, 0x00, 0x64, 0x81, 0x00,
        0x20, 0x0a, 0x08, 0x06, 1, 2, 3,
    ];

    #[test]
    fn tags_are_kept_and_written_back() {
        let frame = Frame::parse(TAGGED).unwrap();
        assert_eq!((frame.dst, frame.ethertype), (Mac::BROADCAST, 0x0806));
        assert_eq!(frame.tags.iter().collect::<Vec<_>>(), [(0x88a8, 0x64), (0x8100, 0x200a)]);
        assert_eq!((frame.tags.vlan(), frame.payload), (Some(100), &[1, 2, 3][..]));
        let mut out = Vec::new();
        write(&mut out, frame.dst, frame.src, &frame.tags, frame.ethertype);
        out.extend_from_slice(frame.payload);
        assert_eq!(out, TAGGED);
    }
}
