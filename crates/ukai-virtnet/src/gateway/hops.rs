//! Routers on the way: each takes one from a packet's time to live, and says so when there
//! is none left, so that a route can be traced.

use super::{Answers, Asker, Road};
use siphasher::sip::SipHasher13;
use std::hash::{Hash, Hasher};
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use ukai_model::Timestamp;
use ukai_netstack::Medium;
use ukai_packet::checksum::Sum;
use ukai_packet::ether::{Frame, ethertype};
use ukai_packet::icmp::{Icmp, v4, v6};
use ukai_packet::ip::Ip;
use ukai_packet::protocol;

/// Routers of the provider, the same for all destinations.
const PROVIDER: u8 = 3;

/// Bytes of a packet that an error quotes (RFC 1812 has up to 576 for the whole).
const QUOTED_BYTES: usize = 520;

impl Road {
    /// How many routers lie before an address.
    pub(super) fn distance(&self, to: IpAddr) -> u8 {
        if self.is_near(to) || to == IpAddr::V4(self.guest.gateway()) {
            return 0;
        }
        7 + (self.draw(to, 0) % 10) as u8
    }

    fn draw(&self, to: IpAddr, step: u8) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        // A way leads to a network, not to a host.
        let network = match to {
            IpAddr::V4(v4) => u64::from(u32::from(v4) >> 8),
            IpAddr::V6(v6) => (u128::from(v6) >> 80) as u64,
        };
        (if step > 0 && step <= PROVIDER { 0 } else { network }, step).hash(&mut hasher);
        hasher.finish()
    }

    /// The router at a step of the way.
    fn router_at(&self, to: IpAddr, step: u8) -> IpAddr {
        let draw = self.draw(to, step);
        if to.is_ipv4() {
            if step == 1 {
                return self.guest.gateway().into();
            }
            let octets = draw.to_be_bytes();
            // Carriers' own networks: of invented ones (RFC 6598) inside, any outside.
            let (a, b) = if step <= PROVIDER {
                (100, 64 | octets[1] & 0x3f)
            } else {
                (62 + octets[0] % 32, octets[1])
            };
            return [a, b, octets[2], octets[3].clamp(1, 254)].into();
        }
        match self.guest.gateway_v6() {
            Some(gateway) if step == 1 => gateway.into(),
            _ => {
                let high = 0x2001_0000_u128 | u128::from(draw >> 48 & 0x07ff) | 0x0200;
                Ipv6Addr::from(high << 96 | u128::from(draw & 0xffff_ffff) << 64 | u128::from(step))
                    .into()
            }
        }
    }

    /// Tells that a packet has gone as far as it may.
    pub(super) fn expired(
        &mut self,
        asker: Asker<'_>,
        ip: &Ip<'_>,
        now: Timestamp,
        answers: &mut Answers<'_>,
    ) -> io::Result<()> {
        let is_error = match (ip.protocol, ip.payload.first()) {
            (protocol::ICMP, Some(kind)) => matches!(*kind, v4::UNREACHABLE | v4::TIME_EXCEEDED),
            (protocol::ICMP6, Some(kind)) => *kind < 128,
            _ => false,
        };
        let first = ip.fragment.is_none_or(|fragment| fragment.offset == 0);
        // Of errors and later fragments nothing is told (RFC 1122, 3.2.2).
        if is_error || !first || ip.hop_limit == 0 || !self.may_tell(now) {
            return Ok(());
        }
        let router = self.router_at(ip.dst, ip.hop_limit);
        let is_v6 = ip.dst.is_ipv6();
        let (kind, carried) = if is_v6 {
            (v6::TIME_EXCEEDED, protocol::ICMP6)
        } else {
            (v4::TIME_EXCEEDED, protocol::ICMP)
        };
        let away = 64_u8.saturating_sub(ip.hop_limit - 1);
        let header = Self::header(router, ip.src, carried, away);
        let body = &ip.bytes[..ip.bytes.len().min(QUOTED_BYTES)];
        answers.packet(asker, None, is_v6, |out| {
            Icmp { kind, code: 0, rest: [0; 4], body }.write(&header, out);
        })
    }

    /// Takes from the time to live what the way takes that a packet of ours has come.
    pub(super) fn travel(&self, medium: Medium, frame: &mut [u8]) {
        let start = match medium {
            Medium::Ip => 0,
            Medium::Ethernet => match Frame::parse(frame) {
                Ok(parsed) if matches!(parsed.ethertype, ethertype::IPV4 | ethertype::IPV6) => {
                    frame.len() - parsed.payload.len()
                }
                _ => return,
            },
        };
        let packet = &mut frame[start..];
        match packet.first().map(|first| first >> 4) {
            Some(4) if packet.len() >= 20 => {
                let src = IpAddr::from([packet[12], packet[13], packet[14], packet[15]]);
                let Some(left) = packet[8].checked_sub(self.distance(src)) else { return };
                packet[8] = left.max(1);
                let bytes = usize::from(packet[0] & 0x0f) * 4;
                if let Some(header) = packet.get_mut(..bytes).filter(|header| header.len() >= 20) {
                    header[10..12].fill(0);
                    let sum = Sum::new().bytes(header).finish();
                    header[10..12].copy_from_slice(&sum.to_be_bytes());
                }
            }
            Some(6) if packet.len() >= 40 && packet[7] < 255 => {
                let mut src = [0; 16];
                src.copy_from_slice(&packet[8..24]);
                let distance = self.distance(Ipv6Addr::from(src).into());
                packet[7] = packet[7].saturating_sub(distance).max(1);
            }
            _ => {}
        }
    }
}
