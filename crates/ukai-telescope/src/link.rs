//! What carries packets in a capture: from a frame to the packet of IP in it.

use ukai_packet::Malformed;
use ukai_packet::ether::{Frame, ethertype};

/// The kinds of link that telescopes capture from. Numbers are those of capture files
/// (tcpdump.org, "Link-Layer Header Types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Ethernet, with VLAN tags (1).
    Ethernet,
    /// Packets of IP without anything in front of them (101, 12, 14, 228, 229).
    Raw,
    /// Four bytes of address family in some byte order: BSD's loopback (0, 108).
    Loopback,
    /// Linux's cooked capture (113).
    Cooked,
    /// Linux's cooked capture, version 2 (276).
    Cooked2,
}

impl Link {
    /// The kind that a capture file names by this number.
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Ethernet,
            12 | 14 | 101 | 228 | 229 => Self::Raw,
            0 | 108 => Self::Loopback,
            113 => Self::Cooked,
            276 => Self::Cooked2,
            _ => return None,
        })
    }

    /// The packet of IP that a frame carries; `None` if it carries something else.
    pub fn packet(self, frame: &[u8]) -> Result<Option<&[u8]>, Malformed> {
        let (kind, payload) = match self {
            Self::Raw => return Ok(Some(frame)),
            Self::Loopback => {
                return Ok(Some(frame.get(4..).ok_or(Malformed::Truncated)?));
            }
            Self::Ethernet => {
                let frame = Frame::parse(frame)?;
                (frame.ethertype, frame.payload)
            }
            Self::Cooked => behind(frame, 14, 16)?,
            Self::Cooked2 => behind(frame, 0, 20)?,
        };
        let (kind, payload) = untagged(kind, payload)?;
        Ok(matches!(kind, ethertype::IPV4 | ethertype::IPV6).then_some(payload))
    }
}

fn behind(frame: &[u8], kind_at: usize, bytes: usize) -> Result<(u16, &[u8]), Malformed> {
    let payload = frame.get(bytes..).ok_or(Malformed::Truncated)?;
    let kind = frame.get(kind_at..kind_at + 2).ok_or(Malformed::Truncated)?;
    Ok((u16::from_be_bytes([kind[0], kind[1]]), payload))
}

/// Behind one VLAN tag, as cooked captures have them.
fn untagged(kind: u16, payload: &[u8]) -> Result<(u16, &[u8]), Malformed> {
    if !matches!(kind, ethertype::VLAN | ethertype::PROVIDER_VLAN) {
        return Ok((kind, payload));
    }
    let [_, _, a, b, rest @ ..] = payload else { return Err(Malformed::Truncated) };
    Ok((u16::from_be_bytes([*a, *b]), rest))
}

#[cfg(test)]
mod tests {
    use super::Link;

    #[test]
    fn each_kind_of_link_gives_the_packet() {
        let packet: &[u8] = &[0x45, 1, 2, 3];
        let check = |link: Link, head: &[u8]| {
            let frame = [head, packet].concat();
            assert_eq!(link.packet(&frame), Ok(Some(packet)), "{link:?}");
            for length in 0..head.len() {
                assert!(link.packet(&frame[..length]).is_err(), "{link:?}, {length} bytes");
            }
        };
        check(Link::Loopback, &[2, 0, 0, 0]);
        check(Link::Ethernet, &[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8, 0]);
        check(
            Link::Ethernet,
            &[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 9, 8, 0],
        );
        check(Link::Cooked, &[0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 1, 0, 0, 8, 0]);
        check(Link::Cooked, &[0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 1, 0, 0, 0x81, 0, 0, 7, 8, 0]);
        let mut head = [0; 20];
        head[0] = 8;
        check(Link::Cooked2, &head);
        assert_eq!(Link::Raw.packet(packet), Ok(Some(packet)));
    }

    #[test]
    fn what_is_not_ip_is_passed_over() {
        let arp = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8, 6, 0, 1];
        assert_eq!(Link::Ethernet.packet(&arp), Ok(None));
        assert_eq!(Link::from_number(147), None);
    }
}
