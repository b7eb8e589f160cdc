//! What one packet tells about the tool that made it. Hop limits are compared with 128: no
//! path is so long that what began at 255 comes with less, or what began at 64 with more.

use crate::seen::{Seen, Segment, Transport};
use crate::tools::Signs;
use std::net::IpAddr;
use ukai_packet::tcp::Flags;

/// A set of marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(pub(crate) u16);

impl Marks {
    pub(crate) const ZMAP: Self = Self(1);
    pub(crate) const MASSCAN: Self = Self(2);
    pub(crate) const MIRAI: Self = Self(4);
    pub(crate) const HPING: Self = Self(8);
    pub(crate) const SCAPY: Self = Self(16);
    pub(crate) const LINUX: Self = Self(32);
    pub(crate) const WINDOWS: Self = Self(64);
    /// The bits of those before, each of which stands for a tool by itself.
    pub(crate) const ALONE: u16 = 127;
    /// Has the form of nmap's raw packets: a second one of the same run decides.
    pub(crate) const NMAP_SHAPE: Self = Self(128);
    /// An echo request without data: a second one decides.
    pub(crate) const BARE_ECHO: Self = Self(256);
    /// A SYN over IPv4: a second one decides.
    pub(crate) const SYN_V4: Self = Self(512);

    #[inline]
    pub(crate) const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

    fn set(&mut self, mark: Self, whether: bool) {
        if whether {
            self.0 |= mark.0;
        }
    }
}

/// ZMap's identification before version 4.1 (packet.c, `make_ip_header`).
const ZMAP_ID: u16 = 54_321;

/// Windows: MSS, NOP, window scale 8, NOP, NOP, SACK permitted; ZMap copies it from 4.1 on.
const fn like_windows(options: &[u8]) -> bool {
    matches!(options, [2, 4, _, _, 1, 3, 3, 8, 1, 1, 4, 2])
}

/// Linux: MSS, SACK permitted, timestamps, NOP, window scale (tcp_output.c).
const fn like_linux(options: &[u8]) -> bool {
    matches!(options, [2, 4, _, _, 4, 2, 8, 10, _, _, _, _, _, _, _, _, 1, 3, 3, _])
}

/// One option: 1460 bytes a segment.
const fn mss_1460(options: &[u8]) -> bool {
    matches!(options, [2, 4, 0x05, 0xb4])
}

/// What a packet tells.
#[inline]
pub(crate) fn marks(seen: &Seen<'_>) -> Signs {
    let (src_port, dst_port) = (seen.src_port(), seen.dst_port());
    let ports = u32::from(src_port) << 16 | u32::from(dst_port);
    let head = Head::of(seen);
    let odd_id = head.is_v4 && head.is_far() && head.id == ZMAP_ID;
    let mut marks = Marks::default();
    let seq = match &seen.transport {
        Transport::Tcp(segment) => {
            mark_segment(head, segment, &mut marks);
            segment.seq
        }
        Transport::Icmp(message) => {
            marks.set(Marks::ZMAP, odd_id);
            let is_bare = message.kind == 8 && message.body.is_empty();
            marks.set(Marks::BARE_ECHO, head.is_v4 && is_bare);
            u32::from_be_bytes(message.rest)
        }
        _ => {
            marks.set(Marks::ZMAP, odd_id);
            0
        }
    };
    Signs { marks, seq, ports, dst: head.dst }
}

/// What of IP's header tells something.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) is_v4: bool,
    /// The destination, with IPv4.
    pub(crate) dst: u32,
    pub(crate) id: u16,
    pub(crate) hop_limit: u8,
    pub(crate) dont_fragment: bool,
}

impl Head {
    fn of(seen: &Seen<'_>) -> Self {
        let (is_v4, dst) = match seen.dst {
            IpAddr::V4(address) => (true, u32::from(address)),
            IpAddr::V6(_) => (false, 0),
        };
        let Seen { id, hop_limit, dont_fragment, .. } = *seen;
        Self { is_v4, dst, id, hop_limit, dont_fragment }
    }

    const fn is_far(self) -> bool {
        self.hop_limit > 128
    }
}

/// Marks what a segment tells.
#[inline]
pub(crate) fn mark_segment(head: Head, segment: &Segment<'_>, marks: &mut Marks) {
    let Head { is_v4, dst, id, dont_fragment, .. } = head;
    let far = head.is_far();
    let near = head.hop_limit <= 64;
    let options = segment.options;
    let none = options.is_empty();
    let is_syn = segment.flags.0 & 0x3f == Flags::SYN.0;
    match segment.window {
        65_535 if is_syn && far => {
            // IPv6 has no identification: window, hop limit and no options are the rule.
            let old = none && (!is_v4 || id == ZMAP_ID);
            let new = like_windows(options) && !(is_v4 && dont_fragment);
            marks.set(Marks::ZMAP, old || new);
        }
        1024 => {
            let mask = (dst ^ u32::from(segment.dst_port) ^ segment.seq) as u16;
            let masscan = is_syn && far && (none || mss_1460(options));
            marks.set(Marks::MASSCAN, masscan && (!is_v4 || id == mask));
            // nmap sends its option with a SYN only.
            marks.set(Marks::NMAP_SHAPE, if is_syn { mss_1460(options) } else { none });
        }
        512 => marks.set(Marks::HPING, none && near && is_v4 && !dont_fragment),
        8192 => marks.set(Marks::SCAPY, none && segment.seq == 0 && segment.src_port == 20),
        _ => {}
    }
    if is_syn {
        marks.set(Marks::MIRAI, is_v4 && none && near && segment.seq == dst);
        marks.set(Marks::SYN_V4, is_v4);
        marks.set(Marks::LINUX, near && like_linux(options));
        marks.set(Marks::WINDOWS, !near && !far && like_windows(options));
    }
}
