//! SYNs over IPv4, which are most of what comes, read without detours: the fields that are
//! counted, straight from the packet's bytes. Whatever is unusual goes the long way, by
//! [`Seen`](crate::seen::Seen) and [`classify`](crate::classify()); both give the same.

use crate::classify::{Rules, never_routed};
use crate::seen::{Reading, Segment};
use crate::tools::{Head, Marks, Signs, mark_segment};
use std::net::{IpAddr, Ipv4Addr};
use ukai_packet::checksum::Sum;
use ukai_packet::ip::V4_HEADER_BYTES;
use ukai_packet::protocol;
use ukai_packet::tcp::{Flags, HEADER_BYTES as TCP_BYTES};

/// The first byte of a packet of IPv4 without options.
const PLAIN: u8 = 0x45;

/// Bits of IPv4's flags and offset that are set in a fragment.
const FRAGMENT: u16 = 0x3fff;
const DONT_FRAGMENT: u16 = 0x4000;

/// The bits of TCP's flags that say what a segment is for.
const MEANING: u16 = 0x3f;

/// A SYN.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Syn {
    pub(crate) src: u32,
    pub(crate) dst: u32,
    pub(crate) dst_port: u16,
    /// Bytes of the packet of IP.
    pub(crate) length: u32,
    pub(crate) signs: Signs,
}

impl Syn {
    /// Reads a packet that is an ordinary SYN over IPv4, all there and without a mistake.
    #[inline]
    pub(crate) fn read(packet: &[u8], how: Reading, rules: Rules) -> Option<Self> {
        let (header, rest) = packet.split_first_chunk::<V4_HEADER_BYTES>()?;
        let half = |bytes: &[u8], at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let word = |bytes: &[u8], at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let fragment = half(header, 6);
        if header[0] != PLAIN || header[9] != protocol::TCP || fragment & FRAGMENT != 0 {
            return None;
        }
        let length = half(header, 2);
        let segment = rest.get(..usize::from(length).checked_sub(V4_HEADER_BYTES)?)?;
        let (tcp, _) = segment.split_first_chunk::<TCP_BYTES>()?;
        let flags = half(tcp, 12);
        let options_end = usize::from(flags >> 12) * 4;
        if flags & MEANING != Flags::SYN.0 || options_end < TCP_BYTES {
            return None;
        }
        let options = segment.get(TCP_BYTES..options_end)?;
        let (src, dst) = (word(header, 12), word(header, 16));
        let (src_port, dst_port) = (half(tcp, 0), half(tcp, 2));
        let odd_source = !rules.private_sources && never_routed(Ipv4Addr::from(src).into());
        if src == dst || src_port == 0 || odd_source {
            return None;
        }
        if Sum::new().bytes(header).finish() != 0 {
            return None;
        }
        // The pseudo-header: both addresses, the protocol, and the segment's length.
        let sum = Sum::new().bytes(&header[12..]).word(u16::from(protocol::TCP));
        let sum = sum.word(segment.len() as u16);
        if how.checksums && sum.bytes(segment).finish() != 0 {
            return None;
        }
        let head = Head {
            is_v4: true,
            dst,
            id: half(header, 4),
            hop_limit: header[8],
            dont_fragment: fragment & DONT_FRAGMENT != 0,
        };
        let seq = word(tcp, 4);
        let read = Segment {
            src_port,
            dst_port,
            seq,
            ack: 0,
            flags: Flags(flags & 0x0fff),
            window: half(tcp, 14),
            options,
            payload: &[],
        };
        let mut marks = Marks::default();
        mark_segment(head, &read, &mut marks);
        let ports = u32::from(src_port) << 16 | u32::from(dst_port);
        let signs = Signs { marks, seq, ports, dst };
        Some(Self { src, dst, dst_port, length: u32::from(length), signs })
    }

    /// Who says to have sent it.
    #[inline]
    pub(crate) fn src(&self) -> IpAddr {
        IpAddr::V4(self.src.into())
    }

    /// To whom.
    #[inline]
    pub(crate) fn dst(&self) -> IpAddr {
        IpAddr::V4(self.dst.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Syn;
    use crate::class::{Class, Scan};
    use crate::seen::{Reading, Seen, Transport};
    use crate::tools::marks;
    use crate::{Rules, classify};
    use rand::rngs::SmallRng;
    use rand::{Rng as _, SeedableRng as _};
    use ukai_packet::ip::Header;
    use ukai_packet::tcp::{Flags, Segment};

    fn packet(rng: &mut SmallRng) -> Vec<u8> {
        let options: [&[u8]; 4] = [
            &[],
            &[2, 4, 5, 0xb4],
            &[2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2],
            &[2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7],
        ];
        let dst = [198, 18, rng.random(), rng.random()];
        let header = Header {
            src: [rng.random(), rng.random(), rng.random(), rng.random()].into(),
            dst: dst.into(),
            protocol: 6,
            hop_limit: rng.random(),
            traffic_class: 0,
            id: if rng.random() { 54_321 } else { rng.random() },
            dont_fragment: rng.random(),
            flow_label: 0,
        };
        let segment = Segment {
            src_port: rng.random_range(0..3000),
            dst_port: rng.random_range(0..100),
            seq: if rng.random() { u32::from_be_bytes(dst) } else { rng.random() },
            ack: 0,
            flags: if rng.random_range(0..9) > 0 { Flags::SYN } else { Flags(rng.random()) },
            window: [65_535, 1024, 512, 8192, 14_600][rng.random_range(0..5)],
            urgent: 0,
            options: options[rng.random_range(0..4)],
            payload: [if rng.random() { b"x" } else { b"" }, b""],
        };
        let mut bytes = Vec::new();
        segment.write(&header, &mut bytes);
        bytes
    }

    #[test]
    fn the_short_way_leads_where_the_long_one_does() {
        let mut rng = SmallRng::seed_from_u64(3);
        let (mut short, mut broken) = (0, 0);
        for round in 0..40_000 {
            let mut bytes = packet(&mut rng);
            if round % 4 == 0 {
                let at = rng.random_range(0..bytes.len());
                bytes[at] ^= 1 << rng.random_range(0..8);
                broken += 1;
            }
            if round % 16 == 1 {
                bytes.truncate(rng.random_range(0..bytes.len()));
            }
            let how = Reading { checksums: round % 3 != 0, tunnels: round % 5 == 0 };
            let rules = Rules { private_sources: round % 7 == 0 };
            let cut = round % 2 == 0;
            let found = Syn::read(&bytes, how, rules);
            let seen = Seen::read(&bytes, cut, how).ok();
            let class = seen.as_ref().map(|seen| classify(seen, rules).class);
            let Some(syn) = found else {
                // What went the long way is no SYN over IPv4, or has options of IP.
                let missed = class == Some(Class::Scan(Scan::Syn)) && bytes[0] == 0x45;
                let whole = seen.is_some_and(|seen| bytes.len() >= seen.length as usize);
                assert!(!missed || !whole, "{bytes:?}");
                continue;
            };
            short += 1;
            assert_eq!(class, Some(Class::Scan(Scan::Syn)), "{bytes:?}");
            let seen = seen.expect("it was named");
            let Transport::Tcp(segment) = seen.transport else { panic!("{seen:?}") };
            assert_eq!((syn.src(), syn.dst()), (seen.src, seen.dst));
            assert_eq!((syn.dst_port, syn.length), (segment.dst_port, seen.length));
            assert_eq!(syn.signs, marks(&seen), "{bytes:?}");
        }
        assert!(short > 15_000 && broken == 10_000, "{short}");
    }
}
