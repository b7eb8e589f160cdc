//! A packet as it was seen: the fields that decisions need, read once. A capture may have
//! cut it off, and it may be wrong on purpose: what is wrong with it is noted, not refused.

use std::net::IpAddr;
use ukai_packet::checksum::Sum;
use ukai_packet::ip::{Ip, V4_HEADER_BYTES};
use ukai_packet::protocol;
use ukai_packet::tcp::{Flags, HEADER_BYTES as TCP_BYTES, Tcp};
use ukai_packet::{Malformed, icmp, udp};

/// Tunnels that are looked into, one inside the other.
const TUNNELS_MAX: usize = 2;

const IPV4_IN_IP: u8 = 4;
const IPV6_IN_IP: u8 = 41;
const GRE: u8 = 47;

/// How packets are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether checksums of TCP, UDP and ICMP are looked at. Not where a network card of
    /// the capturing machine computes them.
    pub checksums: bool,
    /// Whether IP in IP and GRE are looked into (RFC 2003, 2473, 4213, 2784): the telescope
    /// is fed through a tunnel.
    pub tunnels: bool,
}

impl Default for Reading {
    fn default() -> Self {
        Self { checksums: true, tunnels: false }
    }
}

/// A packet.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Who says to have sent it.
    pub src: IpAddr,
    /// To whom.
    pub dst: IpAddr,
    /// What it carries: see [`protocol`].
    pub protocol: u8,
    /// Routers that it may still pass.
    pub hop_limit: u8,
    /// IPv4's identification; zero with IPv6.
    pub id: u16,
    /// Whether routers must not fragment it.
    pub dont_fragment: bool,
    /// Bytes of the packet of IP as it was on the wire.
    pub length: u32,
    /// What it carries.
    pub transport: Transport<'a>,
    /// What is wrong with it.
    pub flaw: Option<Malformed>,
}

/// What a packet carries.
#[derive(Clone, Copy, Debug)]
pub enum Transport<'a> {
    /// A segment.
    Tcp(Segment<'a>),
    /// A datagram.
    Udp(Datagram<'a>),
    /// A message of ICMP or ICMPv6.
    Icmp(Message<'a>),
    /// A piece of a packet that is not its first.
    Fragment,
    /// Any other protocol, or a header that is not all there.
    Other,
}

/// A segment of TCP.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// From which port.
    pub src_port: u16,
    /// To which port.
    pub dst_port: u16,
    /// Its number.
    pub seq: u32,
    /// The number that it acknowledges.
    pub ack: u32,
    /// Its control bits.
    pub flags: Flags,
    /// Its window, not scaled.
    pub window: u16,
    /// Its options as they stand.
    pub options: &'a [u8],
    /// What it carries, as far as it was captured.
    pub payload: &'a [u8],
}

/// A datagram of UDP.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// From which port.
    pub src_port: u16,
    /// To which port.
    pub dst_port: u16,
    /// What it carries, as far as it was captured.
    pub payload: &'a [u8],
}

/// A message of ICMP or ICMPv6.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its type.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// Four bytes whose meaning the type gives.
    pub rest: [u8; 4],
    /// What follows, as far as it was captured.
    pub body: &'a [u8],
}

impl<'a> Seen<'a> {
    /// Reads a packet of IP. `cut` says that the capture kept only its beginning.
    #[allow(clippy::inline_always, reason = "a packet passed on in memory costs more than it")]
    #[inline(always)]
    pub fn read(packet: &'a [u8], cut: bool, how: Reading) -> Result<Self, Malformed> {
        let ip = Ip::parse_quoted(packet)?;
        if how.tunnels {
            let mut ip = ip;
            let mut packet = packet;
            for _ in 0..TUNNELS_MAX {
                let Some(inner) = inside(&ip) else { break };
                packet = inner;
                ip = Ip::parse_quoted(packet)?;
            }
            return Ok(one(packet, &ip, cut, how));
        }
        Ok(one(packet, &ip, cut, how))
    }

    /// The port that it came from; zero without ports.
    #[inline]
    pub fn src_port(&self) -> u16 {
        match self.transport {
            Transport::Tcp(segment) => segment.src_port,
            Transport::Udp(datagram) => datagram.src_port,
            _ => 0,
        }
    }

    /// The port that it is for; zero without ports.
    #[inline]
    pub fn dst_port(&self) -> u16 {
        match self.transport {
            Transport::Tcp(segment) => segment.dst_port,
            Transport::Udp(datagram) => datagram.dst_port,
            _ => 0,
        }
    }
}

/// The packet that another one carries.
fn inside<'a>(ip: &Ip<'a>) -> Option<&'a [u8]> {
    match ip.protocol {
        _ if ip.fragment.is_some() => None,
        IPV4_IN_IP | IPV6_IN_IP => Some(ip.payload),
        GRE => {
            // RFC 2784 and 2890: checksum, key and sequence number are there by their bits.
            let [flags, version, kind_a, kind_b, ..] = *ip.payload else { return None };
            let words = [0x80, 0x20, 0x10].iter().filter(|bit| flags & **bit != 0).count();
            let is_ip = matches!([kind_a, kind_b], [0x08, 0x00] | [0x86, 0xdd]);
            if version & 7 != 0 || flags & 0x40 != 0 || !is_ip {
                return None;
            }
            ip.payload.get(4 + 4 * words..)
        }
        _ => None,
    }
}

#[allow(clippy::inline_always, reason = "a packet passed on in memory costs more than it")]
#[inline(always)]
fn one<'a>(packet: &[u8], ip: &Ip<'a>, cut: bool, how: Reading) -> Seen<'a> {
    let length = stated_length(packet, ip.src.is_ipv6());
    let short = ip.bytes.len() < length as usize;
    let mut flaw = None;
    if ip.src.is_ipv4() && Sum::new().bytes(ip.header).finish() != 0 {
        flaw = Some(Malformed::Checksum);
    } else if (length as usize) < ip.header.len() || (short && !cut) {
        flaw = Some(Malformed::Length);
    }
    let whole = !short && ip.fragment.is_none();
    let verify = how.checksums && whole;
    let (transport, inner_flaw) = match ip.protocol {
        _ if ip.fragment.is_some_and(|fragment| fragment.offset != 0) => {
            (Transport::Fragment, None)
        }
        protocol::TCP => tcp(ip, verify),
        protocol::UDP => datagram(ip, verify),
        protocol::ICMP | protocol::ICMP6 => message(ip, verify),
        _ => (Transport::Other, None),
    };
    // What a capture or a fragment cut off is nobody's mistake.
    let inner_flaw = inner_flaw.filter(|flaw| whole || *flaw != Malformed::Truncated);
    Seen {
        src: ip.src,
        dst: ip.dst,
        protocol: ip.protocol,
        hop_limit: ip.hop_limit,
        id: ip.id,
        dont_fragment: ip.dont_fragment,
        length,
        transport,
        flaw: flaw.or(inner_flaw),
    }
}

/// How long a packet says to be; its header has been read.
#[inline]
fn stated_length(packet: &[u8], is_v6: bool) -> u32 {
    let (at, more) = if is_v6 { (4, 40) } else { (2, 0) };
    match packet.get(at..at + 2) {
        Some(length) => u32::from(u16::from_be_bytes([length[0], length[1]])) + more,
        None => V4_HEADER_BYTES as u32,
    }
}

type Read<'a> = (Transport<'a>, Option<Malformed>);

#[allow(clippy::inline_always, reason = "a packet passed on in memory costs more than it")]
#[inline(always)]
fn tcp<'a>(ip: &Ip<'a>, verify: bool) -> Read<'a> {
    let bytes = ip.payload;
    // Of a header that was cut off behind its fixed part, the options are what is there.
    let mut fixed = [0; TCP_BYTES];
    let (segment, options) = match Tcp::parse_unverified(bytes) {
        Ok(segment) => (segment, segment.option_bytes()),
        Err(flaw) => {
            let Some((head, rest)) = bytes.split_at_checked(TCP_BYTES) else {
                return (Transport::Other, Some(flaw));
            };
            fixed.copy_from_slice(head);
            fixed[12] = 5 << 4;
            let Ok(segment) = Tcp::parse_unverified(&fixed) else {
                return (Transport::Other, Some(flaw));
            };
            let rest = if flaw == Malformed::Truncated { rest } else { &[] };
            let read = segment_of(&segment, rest, &[]);
            return (Transport::Tcp(read), Some(flaw));
        }
    };
    let wrong = verify && ip.pseudo_header().bytes(bytes).finish() != 0;
    let read = segment_of(&segment, options, segment.payload());
    (Transport::Tcp(read), wrong.then_some(Malformed::Checksum))
}

#[allow(clippy::inline_always, reason = "a packet passed on in memory costs more than it")]
#[inline(always)]
fn segment_of<'a>(segment: &Tcp<'_>, options: &'a [u8], payload: &'a [u8]) -> Segment<'a> {
    Segment {
        src_port: segment.src_port(),
        dst_port: segment.dst_port(),
        seq: segment.seq(),
        ack: segment.ack(),
        flags: segment.flags(),
        window: segment.window(),
        options,
        payload,
    }
}

fn datagram<'a>(ip: &Ip<'a>, verify: bool) -> Read<'a> {
    let Some((head, payload)) = ip.payload.split_at_checked(udp::HEADER_BYTES) else {
        return (Transport::Other, Some(Malformed::Truncated));
    };
    let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let stated = usize::from(word(4));
    let mut flaw = None;
    if stated < udp::HEADER_BYTES {
        flaw = Some(Malformed::Length);
    } else if verify {
        if stated > ip.payload.len() {
            flaw = Some(Malformed::Length);
        } else {
            // No checksum is right with IPv4, and wrong with IPv6 (RFC 8200, 8.1).
            let has_sum = word(6) != 0;
            let sum = Sum::new().pseudo_header(ip.src, ip.dst, ip.protocol, stated);
            let wrong = has_sum && sum.bytes(&ip.payload[..stated]).finish() != 0;
            if wrong || (!has_sum && ip.src.is_ipv6()) {
                flaw = Some(Malformed::Checksum);
            }
        }
    }
    let end = stated.saturating_sub(udp::HEADER_BYTES).min(payload.len());
    let read = Datagram { src_port: word(0), dst_port: word(2), payload: &payload[..end] };
    (Transport::Udp(read), flaw)
}

fn message<'a>(ip: &Ip<'a>, verify: bool) -> Read<'a> {
    let Some((head, body)) = ip.payload.split_at_checked(icmp::HEADER_BYTES) else {
        return (Transport::Other, Some(Malformed::Truncated));
    };
    // Each version of IP has its own: the other's number is a protocol like any.
    if (ip.protocol == protocol::ICMP6) != ip.src.is_ipv6() {
        return (Transport::Other, None);
    }
    let sum = if ip.src.is_ipv6() { ip.pseudo_header() } else { Sum::new() };
    let wrong = verify && sum.bytes(ip.payload).finish() != 0;
    let rest = [head[4], head[5], head[6], head[7]];
    let read = Message { kind: head[0], code: head[1], rest, body };
    (Transport::Icmp(read), wrong.then_some(Malformed::Checksum))
}

/// What an ICMP error quotes: where the packet came from and went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Who is said to have sent it: us, if the error is for us.
    pub src: IpAddr,
    /// Whom it was for.
    pub dst: IpAddr,
    /// What it carried.
    pub protocol: u8,
    /// Its ports, if it has some and they are quoted: from, to.
    pub ports: Option<(u16, u16)>,
}

/// Reads what an ICMP error quotes.
pub fn quoted(body: &[u8]) -> Option<Quoted> {
    let ip = Ip::parse_quoted(body).ok()?;
    let has_ports = matches!(ip.protocol, protocol::TCP | protocol::UDP);
    let first = ip.fragment.is_none_or(|fragment| fragment.offset == 0);
    let ports = match *ip.payload {
        [a, b, c, d, ..] if has_ports && first => {
            Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
        }
        _ => None,
    };
    Some(Quoted { src: ip.src, dst: ip.dst, protocol: ip.protocol, ports })
}

#[cfg(test)]
mod tests;
