//! ICMP and ICMPv6: echo, timestamps, errors in and out.

use crate::event::Closing;
use crate::flow::{State, Tuple};
use crate::hop::Hop;
use crate::neighbourhood::{Host, Neighbourhood};
use crate::seq::{at_most, before};
use crate::stack::Core;
use std::net::IpAddr;
use ukai_packet::ether::Frame;
use ukai_packet::icmp::{Icmp, v4, v6};
use ukai_packet::ip::{Header, Ip};
use ukai_packet::{Malformed, protocol};

/// Longest ICMP error over IPv4 (RFC 1812, 4.3.2.3) and over IPv6 (RFC 4443, 2.4), in
/// bytes.
const ERROR_BYTES: (usize, usize) = (576, 1_280);

/// A path that takes less than this is not believed (RFC 1191, 3; RFC 8200, 5), in bytes.
const MTU_MIN: (u32, u32) = (552, 1_280);

/// What an error says of the packet that it quotes.
enum Trouble {
    /// It did not fit; the path takes packets of so many bytes.
    TooBig(u32),
    /// It did not arrive.
    Unreachable,
}

impl Core {
    pub(crate) fn icmp(
        &mut self,
        frame: Option<&Frame<'_>>,
        hop: Hop,
        ip: &Ip<'_>,
        host: Host<'_>,
        neighbourhood: &impl Neighbourhood,
    ) -> Result<(), Malformed> {
        let icmp = Icmp::parse(ip)?;
        match (ip.src, icmp.kind) {
            (IpAddr::V4(_), v4::ECHO) => self.echo(&hop, ip, &icmp, host, v4::ECHO_REPLY),
            (IpAddr::V6(_), v6::ECHO) => self.echo(&hop, ip, &icmp, host, v6::ECHO_REPLY),
            (IpAddr::V4(_), v4::TIMESTAMP) => self.timestamp(&hop, ip, &icmp, host),
            (IpAddr::V4(_), v4::UNREACHABLE) => {
                let trouble = if icmp.code == v4::CODE_TOO_BIG {
                    Trouble::TooBig(u32::from(u16::from_be_bytes([icmp.rest[2], icmp.rest[3]])))
                } else {
                    Trouble::Unreachable
                };
                self.error(&icmp, &trouble);
            }
            (IpAddr::V6(_), v6::UNREACHABLE) => self.error(&icmp, &Trouble::Unreachable),
            (IpAddr::V6(_), v6::TOO_BIG) => {
                self.error(&icmp, &Trouble::TooBig(u32::from_be_bytes(icmp.rest)));
            }
            // A neighbour that knows our station asks whether it is still there.
            (IpAddr::V6(_), v6::NEIGHBOR_SOLICITATION) => {
                if let Some(frame) = frame {
                    self.wire.neighbor(frame, ip, &icmp, neighbourhood);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A packet to the group of those who may have an address.
    pub(crate) fn solicited(
        &mut self,
        frame: &Frame<'_>,
        ip: &Ip<'_>,
        neighbourhood: &impl Neighbourhood,
    ) {
        if ip.protocol == protocol::ICMP6
            && ip.fragment.is_none()
            && let Ok(icmp) = Icmp::parse(ip)
        {
            self.wire.neighbor(frame, ip, &icmp, neighbourhood);
        }
    }

    fn echo(&mut self, hop: &Hop, ip: &Ip<'_>, icmp: &Icmp<'_>, host: Host<'_>, kind: u8) {
        if !self.allow(ip.src) {
            return;
        }
        let personality = host.personality;
        let header = self.wire.icmp_header((ip.dst, ip.src), ip.protocol, personality);
        let header = Header { traffic_class: ip.traffic_class, ..header };
        let code = if personality.echoes_code { icmp.code } else { 0 };
        self.wire.packet(hop, &header, &Icmp { kind, code, ..*icmp });
    }

    /// RFC 792: milliseconds since midnight, UT.
    fn timestamp(&mut self, hop: &Hop, ip: &Ip<'_>, icmp: &Icmp<'_>, host: Host<'_>) {
        let Some(originate) = icmp.body.first_chunk::<4>() else { return };
        if icmp.code != 0 || !self.allow(ip.src) {
            return;
        }
        let since_midnight = ((self.wire.now % 86_400_000) as u32).to_be_bytes();
        let body = [*originate, since_midnight, since_midnight].concat();
        let header = self.wire.icmp_header((ip.dst, ip.src), ip.protocol, host.personality);
        let answer = Icmp { kind: v4::TIMESTAMP_REPLY, code: 0, rest: icmp.rest, body: &body };
        self.wire.packet(hop, &header, &answer);
    }

    /// Says that nobody listens at the port that `ip` was sent to.
    pub(crate) fn port_unreachable(&mut self, hop: &Hop, ip: &Ip<'_>, host: Host<'_>) {
        let code = if ip.src.is_ipv4() { v4::CODE_PORT } else { v6::CODE_PORT };
        self.send_error(hop, ip, host, (v4::UNREACHABLE, v6::UNREACHABLE), code, [0; 4]);
    }

    pub(crate) fn unknown_protocol(&mut self, hop: &Hop, ip: &Ip<'_>, host: Host<'_>) {
        // RFC 4443, 3.4: "unrecognized Next Header type", at its place in the packet.
        let place = 6_u32.to_be_bytes();
        let (code, rest) = if ip.src.is_ipv4() { (v4::CODE_PROTOCOL, [0; 4]) } else { (1, place) };
        self.send_error(hop, ip, host, (v4::UNREACHABLE, v6::PARAMETER_PROBLEM), code, rest);
    }

    fn send_error(
        &mut self,
        hop: &Hop,
        ip: &Ip<'_>,
        host: Host<'_>,
        (kind_v4, kind_v6): (u8, u8),
        code: u8,
        rest: [u8; 4],
    ) {
        if !self.caps.allow_error(ip.src, self.wire.now) {
            self.wire.statistics.capped += 1;
            return;
        }
        let personality = host.personality;
        let is_v4 = ip.src.is_ipv4();
        let (kind, number, longest) = if is_v4 {
            (kind_v4, protocol::ICMP, ERROR_BYTES.0 - 28)
        } else {
            (kind_v6, protocol::ICMP6, ERROR_BYTES.1 - 48)
        };
        let quoted = match personality.quote_bytes {
            Some(bytes) if is_v4 => (ip.header.len() + usize::from(bytes)).min(longest),
            _ => longest,
        };
        let body = &ip.bytes[..ip.bytes.len().min(quoted)];
        let header = self.wire.icmp_header((ip.dst, ip.src), number, personality);
        let header = Header {
            traffic_class: if is_v4 { personality.icmp_error_class } else { 0 },
            ..header
        };
        self.wire.packet(hop, &header, &Icmp { kind, code, rest, body });
    }

    /// An error about something that we sent. It may be forged: what it quotes must be on
    /// its way (RFC 5927).
    fn error(&mut self, icmp: &Icmp<'_>, trouble: &Trouble) {
        let Ok(quoted) = Ip::parse_quoted(icmp.body) else { return };
        let Some(ports) = quoted.payload.first_chunk::<8>() else { return };
        if quoted.protocol != protocol::TCP || quoted.fragment.is_some_and(|f| f.offset != 0) {
            return;
        }
        let [a, b, c, d, seq @ ..] = *ports;
        let tuple = Tuple {
            peer: quoted.dst,
            local: quoted.src,
            peer_port: u16::from_be_bytes([c, d]),
            local_port: u16::from_be_bytes([a, b]),
        };
        let seq = u32::from_be_bytes(seq);
        let Some(id) = self.flows.find(&tuple) else { return };
        let Some(flow) = self.flows.get_mut(id) else { return };
        if !at_most(flow.snd_una, seq) || !before(seq, flow.snd_max) {
            return;
        }
        match trouble {
            Trouble::Unreachable if flow.state == State::SynSent => {
                self.remove(id, Some(Closing::Refused));
            }
            Trouble::Unreachable => {}
            Trouble::TooBig(mtu) => {
                let (least, headers) =
                    if tuple.peer.is_ipv4() { (MTU_MIN.0, 40) } else { (MTU_MIN.1, 60) };
                let stamps = if flow.timestamps { 12 } else { 0 };
                let mss = (*mtu).max(least) - headers - stamps;
                if mss < u32::from(flow.mss) {
                    flow.mss = mss as u16;
                    self.send_again(id);
                }
            }
        }
    }

    /// Whether `source`, which has proved nothing by this, may have an answer.
    pub(crate) fn allow(&mut self, source: IpAddr) -> bool {
        let allowed = self.caps.allow(source, self.wire.now);
        if !allowed {
            self.wire.statistics.capped += 1;
        }
        allowed
    }
}

impl crate::wire::Wire {
    fn packet(&mut self, hop: &Hop, header: &Header, icmp: &Icmp<'_>) {
        if icmp.body.len() + ukai_packet::icmp::HEADER_BYTES > self.room(header.src.is_ipv6()) {
            let mut whole = Vec::new();
            icmp.write(header, &mut whole);
            return self.in_fragments(hop, &whole);
        }
        let out = self.begin(hop, header.src.is_ipv6());
        icmp.write(header, out);
        self.frames.end();
    }
}
