//! Packets as tools, victims and lost souls send them.

use rand::Rng as _;
use rand::rngs::SmallRng;
use std::net::IpAddr;
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::Header;
use ukai_packet::tcp::{Flags, Segment};
use ukai_packet::udp::Udp;

/// How a victim is attacked, and so how it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Vector {
    SynAck,
    Rst,
    UdpUnreachable,
    Echo,
    Dns,
    Ntp,
    Quic,
}

impl Vector {
    pub(crate) const ALL: [Self; 7] = [
        Self::SynAck,
        Self::Rst,
        Self::UdpUnreachable,
        Self::Echo,
        Self::Dns,
        Self::Ntp,
        Self::Quic,
    ];

    /// What the telescope calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SynAck | Self::Rst => "tcp",
            Self::UdpUnreachable => "udp",
            Self::Echo => "icmp",
            Self::Dns => "dns",
            Self::Ntp => "ntp",
            Self::Quic => "quic",
        }
    }

    /// The port that is attacked, given one that could be.
    pub(crate) fn port(self, some: u16) -> Option<u16> {
        match self {
            Self::SynAck | Self::Rst | Self::UdpUnreachable => Some(some),
            Self::Echo => None,
            Self::Dns => Some(53),
            Self::Ntp => Some(123),
            Self::Quic => Some(443),
        }
    }
}

pub(crate) fn header(src: IpAddr, dst: IpAddr, protocol: u8, hop_limit: u8, id: u16) -> Header {
    Header {
        src,
        dst,
        protocol,
        hop_limit,
        traffic_class: 0,
        id,
        dont_fragment: false,
        flow_label: 0,
    }
}

fn icmp_number(address: IpAddr) -> u8 {
    if address.is_ipv4() { 1 } else { 58 }
}

/// What a victim sends to a dark address in whose name it is attacked.
pub(crate) fn backscatter(
    vector: Vector,
    victim: IpAddr,
    port: u16,
    dst: IpAddr,
    rng: &mut SmallRng,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let back = rng.random_range(1024..=65_535);
    let head = |protocol| header(victim, dst, protocol, 50, 7);
    match vector {
        Vector::SynAck | Vector::Rst => {
            let flags = match vector {
                Vector::SynAck => Flags::SYN | Flags::ACK,
                _ if rng.random() => Flags::RST,
                _ => Flags::RST | Flags::ACK,
            };
            let segment = Segment {
                src_port: port,
                dst_port: back,
                seq: rng.random(),
                ack: rng.random(),
                flags,
                window: 29_200,
                urgent: 0,
                options: &[],
                payload: [b"", b""],
            };
            segment.write(&head(6), &mut bytes);
        }
        Vector::UdpUnreachable => {
            // A router before the victim answers for it.
            let mut forged = Vec::new();
            let datagram = Udp { src_port: back, dst_port: port, payload: &[0; 32] };
            datagram.write(&header(dst, victim, 17, 40, 9), &mut forged);
            let router = match victim {
                IpAddr::V4(a) => IpAddr::from([a.octets()[0], a.octets()[1], 255, 1]),
                IpAddr::V6(a) => IpAddr::V6(((u128::from(a) >> 64 << 64) + 0xffff).into()),
            };
            let v4 = victim.is_ipv4();
            let (kind, code) = if v4 { (3, 3) } else { (1, 4) };
            let body = if v4 { &forged[..28] } else { &forged[..] };
            let message = Icmp { kind, code, rest: [0; 4], body };
            message.write(&header(router, dst, icmp_number(victim), 50, 7), &mut bytes);
        }
        Vector::Echo => {
            let kind = if victim.is_ipv4() { 0 } else { 129 };
            let message = Icmp { kind, code: 0, rest: rng.random(), body: &[0; 24] };
            message.write(&head(icmp_number(victim)), &mut bytes);
        }
        Vector::Dns | Vector::Ntp | Vector::Quic => {
            let payload: &[u8] = match vector {
                Vector::Dns => b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x07example\0\0\xff\0\x01",
                Vector::Ntp => b"\xd7\0\x03\x2a\0\x06\0\x48\0\0\0\0\0\0\0\0\0\0\0\0",
                _ => b"\xf0\0\0\0\x01\x04abcd\x08efghijklmnopqrstuvwxyz",
            };
            let src_port = vector.port(port).unwrap_or(port);
            let datagram = Udp { src_port, dst_port: back, payload };
            datagram.write(&head(17), &mut bytes);
        }
    }
    bytes
}

/// The tools that the generator plays.
pub(crate) const TOOLS: [&str; 9] = [
    "zmap",
    "zmap-4.1",
    "masscan",
    "nmap",
    "mirai",
    "hping3",
    "unicornscan",
    "linux-sockets",
    "unknown",
];

const LIKE_WINDOWS: &[u8] = &[2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2];
const LIKE_LINUX: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7];
const MSS: &[u8] = &[2, 4, 5, 0xb4];

/// A SYN as a tool makes it. `key` is that of its run.
pub(crate) fn syn(
    tool: &str,
    key: u32,
    src: IpAddr,
    dst: IpAddr,
    port: u16,
    rng: &mut SmallRng,
) -> Vec<u8> {
    let low = match dst {
        IpAddr::V4(address) => u32::from(address),
        IpAddr::V6(_) => 0,
    };
    let hops = 5 + (key % 20) as u8;
    let (mut seq, mut id): (u32, u16) = (rng.random(), rng.random());
    let mut src_port = rng.random_range(32_768..=60_999);
    let (window, options, hop_limit): (u16, &[u8], u8) = match tool {
        "zmap" => {
            id = 54_321;
            (65_535, &[], 255 - hops)
        }
        "zmap-4.1" => (65_535, LIKE_WINDOWS, 255 - hops),
        "masscan" => {
            src_port = 40_000 + (key % 10_000) as u16;
            id = (low ^ u32::from(port) ^ seq) as u16;
            (1024, if key & 1 == 0 { &[] } else { MSS }, 255 - hops)
        }
        "nmap" => {
            src_port = 40_000 + (key % 10_000) as u16;
            let word = u32::from(rng.random::<u8>());
            seq = key ^ (word << 16 | word);
            (1024, MSS, 59 - hops)
        }
        "mirai" => {
            seq = low;
            (rng.random_range(1..60_000), &[], 64 - hops)
        }
        "hping3" => (512, &[], 64 - hops),
        "unicornscan" => {
            seq = key ^ low.swap_bytes() ^ (u32::from(port) << 16 | u32::from(src_port));
            (4096, &[], 128 - hops)
        }
        "linux-sockets" => (64_240, LIKE_LINUX, 64 - hops),
        _ => (14_600, MSS, 64 - hops),
    };
    let segment = Segment {
        src_port,
        dst_port: port,
        seq,
        ack: 0,
        flags: Flags::SYN,
        window,
        urgent: 0,
        options,
        payload: [b"", b""],
    };
    let mut bytes = Vec::new();
    segment.write(&header(src, dst, 6, hop_limit, id), &mut bytes);
    bytes
}

/// A datagram.
pub(crate) fn udp(src: IpAddr, dst: IpAddr, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let datagram = Udp { src_port: ports.0, dst_port: ports.1, payload };
    datagram.write(&header(src, dst, 17, 50, 1), &mut bytes);
    bytes
}
