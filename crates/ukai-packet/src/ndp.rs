//! Neighbor discovery (RFC 4861): who has an address on the link.

use crate::Malformed;
use crate::ether::Mac;
use crate::icmp::{Icmp, v6};
use std::net::Ipv6Addr;

/// Options that are looked at in one message.
const OPTIONS_MAX: usize = 16;

const SOURCE_LINK_ADDRESS: u8 = 1;
const TARGET_LINK_ADDRESS: u8 = 2;

/// The sender is a router.
pub const ROUTER: u8 = 0x80;
/// It answers a solicitation.
pub const SOLICITED: u8 = 0x40;
/// It replaces what is known.
pub const OVERRIDE: u8 = 0x20;

/// A neighbour's solicitation or advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// Whether it tells instead of asks.
    pub advertisement: bool,
    /// [`ROUTER`], [`SOLICITED`], [`OVERRIDE`]; none in a solicitation.
    pub flags: u8,
    /// Whom it is about.
    pub target: Ipv6Addr,
    /// The sender's station in a solicitation, the target's in an advertisement.
    pub station: Option<Mac>,
}

impl Neighbor {
    /// Reads a message; `None` where it is another.
    pub fn parse(icmp: &Icmp<'_>) -> Result<Option<Self>, Malformed> {
        let (advertisement, wanted) = match icmp.kind {
            v6::NEIGHBOR_SOLICITATION => (false, SOURCE_LINK_ADDRESS),
            v6::NEIGHBOR_ADVERTISEMENT => (true, TARGET_LINK_ADDRESS),
            _ => return Ok(None),
        };
        let (target, mut options) =
            icmp.body.split_first_chunk::<16>().ok_or(Malformed::Truncated)?;
        let mut station = None;
        for _ in 0..OPTIONS_MAX {
            let [kind, units, ..] = options else { break };
            let length = usize::from(*units) * 8;
            if length == 0 {
                return Err(Malformed::Length);
            }
            let option = options.get(..length).ok_or(Malformed::Truncated)?;
            if *kind == wanted && length == 8 {
                let mut mac = [0; 6];
                mac.copy_from_slice(&option[2..8]);
                station = Some(Mac(mac));
            }
            options = &options[length..];
        }
        let flags = if advertisement { icmp.rest[0] } else { 0 };
        Ok(Some(Self { advertisement, flags, target: Ipv6Addr::from(*target), station }))
    }

    /// The message's type, its four bytes, and its body, to be sent as an [`Icmp`].
    pub fn parts(&self) -> (u8, [u8; 4], Vec<u8>) {
        let (kind, option) = if self.advertisement {
            (v6::NEIGHBOR_ADVERTISEMENT, TARGET_LINK_ADDRESS)
        } else {
            (v6::NEIGHBOR_SOLICITATION, SOURCE_LINK_ADDRESS)
        };
        let mut body = self.target.octets().to_vec();
        if let Some(Mac(mac)) = self.station {
            body.extend_from_slice(&[option, 1]);
            body.extend_from_slice(&mac);
        }
        (kind, [self.flags, 0, 0, 0], body)
    }
}

#[cfg(test)]
mod tests {
    use super::{Neighbor, OVERRIDE, SOLICITED};
    use crate::ether::Mac;
    use crate::icmp::Icmp;
    use crate::ip::{Header, Ip};

    #[test]
    fn what_is_written_is_read() {
        let neighbor = Neighbor {
            advertisement: true,
            flags: SOLICITED | OVERRIDE,
            target: "2001:db8::7".parse().unwrap(),
            station: Some(Mac([2, 0, 0, 0, 0, 7])),
        };
        let (kind, rest, body) = neighbor.parts();
        let header = Header {
            src: "2001:db8::7".parse().unwrap(),
            dst: "fe80::1".parse().unwrap(),
            protocol: 58,
            hop_limit: 255,
            traffic_class: 0,
            id: 0,
            dont_fragment: true,
            flow_label: 0,
        };
        let mut bytes = Vec::new();
        Icmp { kind, code: 0, rest, body: &body }.write(&header, &mut bytes);
        let icmp = Ip::parse(&bytes).and_then(|ip| Icmp::parse(&ip)).unwrap();
        assert_eq!(Neighbor::parse(&icmp), Ok(Some(neighbor)));
    }
}
