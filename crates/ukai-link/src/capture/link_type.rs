//! What a captured frame begins with.

use ukai_packet::ether::{Frame, ethertype};

/// A type of link, by its number in capture files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD's loopback: an address family of 4 bytes in the order of the machine that wrote.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// Packets of IP of either version.
    pub const RAW: Self = Self(101);
    /// OpenBSD's loopback: an address family of 4 bytes.
    pub const LOOP: Self = Self(108);
    /// What `tcpdump -i any` wrote for long: a header of 16 bytes that Linux gives.
    pub const LINUX_SLL: Self = Self(113);
    /// Packets of IPv4.
    pub const IPV4: Self = Self(228);
    /// Packets of IPv6.
    pub const IPV6: Self = Self(229);
    /// What `tcpdump -i any` writes: a header of 20 bytes, with the interface.
    pub const LINUX_SLL2: Self = Self(276);

    /// RAW as some BSDs number it.
    const RAW_BSD: [Self; 2] = [Self(12), Self(14)];

    /// The packet of IP in a frame, if it has one.
    pub fn ip(self, frame: &[u8]) -> Option<&[u8]> {
        let packet = match self {
            Self::ETHERNET => {
                let frame = Frame::parse(frame).ok()?;
                is_ip(frame.ethertype).then_some(frame.payload)?
            }
            Self::RAW | Self::IPV4 | Self::IPV6 => frame,
            raw if Self::RAW_BSD.contains(&raw) => frame,
            // Families have a number each on each system: the packet itself says it.
            Self::NULL | Self::LOOP => frame.get(4..)?,
            Self::LINUX_SLL => behind(frame.get(14..16)?, frame.get(16..)?)?,
            Self::LINUX_SLL2 => behind(frame.get(..2)?, frame.get(20..)?)?,
            _ => return None,
        };
        matches!(packet.first()? >> 4, 4 | 6).then_some(packet)
    }

    /// Whether the frame says that the machine that captured it had sent it.
    pub(super) fn says_outgoing(self, frame: &[u8]) -> bool {
        const OUTGOING: u8 = 4;
        match self {
            Self::LINUX_SLL => frame.get(..2) == Some(&[0, OUTGOING]),
            Self::LINUX_SLL2 => frame.get(10) == Some(&OUTGOING),
            _ => false,
        }
    }
}

fn is_ip(kind: u16) -> bool {
    matches!(kind, ethertype::IPV4 | ethertype::IPV6)
}

/// What is behind a protocol's number, and behind VLAN tags.
fn behind<'a>(mut kind: &'a [u8], mut rest: &'a [u8]) -> Option<&'a [u8]> {
    for _ in 0..=ukai_packet::ether::TAGS_MAX {
        let number = u16::from_be_bytes(kind.try_into().ok()?);
        if is_ip(number) {
            return Some(rest);
        }
        if !matches!(number, ethertype::VLAN | ethertype::PROVIDER_VLAN) {
            return None;
        }
        (kind, rest) = (rest.get(2..4)?, rest.get(4..)?);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::LinkType;

    #[test]
    fn the_packet_is_found_behind_each_header() {
        let packet = [0x45, 0, 0, 20];
        let with = |header: &[u8]| [header, &packet].concat();
        for (kind, header) in [
            (LinkType::RAW, &[][..]),
            (LinkType(12), &[]),
            (LinkType::IPV4, &[]),
            (LinkType::NULL, &[2, 0, 0, 0]),
            (LinkType::LOOP, &[0, 0, 0, 2]),
            (LinkType::ETHERNET, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0]),
            (LinkType::ETHERNET, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 0, 5, 8, 0]),
            (LinkType::LINUX_SLL, &[0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0]),
            (LinkType::LINUX_SLL, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x81, 0, 0, 5, 8, 0]),
            (LinkType::LINUX_SLL2, &[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0]),
        ] {
            assert_eq!(kind.ip(&with(header)), Some(&packet[..]), "{kind:?}");
            for cut in 0..header.len() {
                assert_eq!(kind.ip(&header[..cut]), None, "{kind:?} cut to {cut}");
            }
        }
        // ARP is none.
        let arp = with(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 6]);
        assert_eq!(LinkType::ETHERNET.ip(&arp), None);
        assert_eq!(LinkType(147).ip(&packet), None);
    }
}
