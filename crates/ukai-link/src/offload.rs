//! Checksums that are left to hardware, by link.
//!
//! What comes out of a link has right checksums, and what goes into one must have them: the
//! stack always computes them, and verifies them.
//!
//! | link | what comes without a checksum | what is done |
//! | --- | --- | --- |
//! | AF_PACKET on veth, bridges, loopback | segments and datagrams of this machine, of which the kernel marks each (`TP_STATUS_CSUMNOTREADY`) | completed here |
//! | AF_PACKET on a network card | segments that the kernel has joined (GRO), with that mark, too | completed here |
//! | TUN, TAP | nothing: the kernel computes it, since no offload was agreed on | |
//! | TUN with a header of virtio (`Tun::open_offloaded`) | segments and datagrams of this machine, as their headers say | completed here |
//! | QEMU's sockets | nothing: QEMU agrees on none for these devices | |
//! | capture files | what was captured so | comes as it is, and is malformed to a stack |
//! | memory | nothing | |
//!
//! On AF_PACKET and on an offloaded TUN, segments of TCP may be longer than the link's
//! packets, up to 64 KiB: those that the kernel was to cut (TSO), or has joined. They come
//! whole, as one segment. Datagrams that their sender has joined (`UDP_SEGMENT`) are cut on
//! an offloaded TUN; on a veth they come joined: where one ends is not said.

use std::collections::VecDeque;
use ukai_netstack::Medium;
use ukai_packet::ether::{Frame, ethertype};
use ukai_packet::ip::{Header, Ip};
use ukai_packet::protocol;
use ukai_packet::udp::Udp;

/// Puts the checksum into a frame of TCP or UDP whose sender has left it to hardware.
/// Other frames stay as they are.
pub fn complete(medium: Medium, frame: &mut [u8]) {
    if let Some((at, sum)) = missing(medium, frame) {
        frame[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }
}

/// Cuts a packet of datagrams that their sender has joined, each of `size` bytes but for the
/// last. `None` if it is no such packet.
pub(crate) fn datagrams(packet: &[u8], size: usize) -> Option<VecDeque<Vec<u8>>> {
    let ip = Ip::parse(packet).ok()?;
    let udp = Udp::parse(&ip).ok()?;
    let flow = u32::from_be_bytes(*packet.first_chunk()?) & 0x000f_ffff;
    let parts = udp.payload.chunks(size.max(1)).zip(0_u16..).map(|(payload, number)| {
        let header = Header {
            src: ip.src,
            dst: ip.dst,
            protocol: ip.protocol,
            hop_limit: ip.hop_limit,
            traffic_class: ip.traffic_class,
            id: ip.id.wrapping_add(number),
            dont_fragment: ip.dont_fragment,
            flow_label: if ip.src.is_ipv6() { flow } else { 0 },
        };
        let mut out = Vec::new();
        Udp { payload, ..udp }.write(&header, &mut out);
        out
    });
    Some(parts.collect())
}

/// Where the checksum belongs, and what it is.
fn missing(medium: Medium, frame: &[u8]) -> Option<(usize, u16)> {
    let packet = match medium {
        Medium::Ip => frame,
        Medium::Ethernet => {
            let frame = Frame::parse(frame).ok()?;
            matches!(frame.ethertype, ethertype::IPV4 | ethertype::IPV6).then_some(frame.payload)?
        }
    };
    let ip = Ip::parse(packet).ok()?;
    let field = match ip.protocol {
        protocol::TCP => 16,
        protocol::UDP => 6,
        _ => return None,
    };
    // Of a fragment, nobody but its sender can know it.
    if ip.fragment.is_some() {
        return None;
    }
    let there = u16::from_be_bytes(*ip.payload.get(field..)?.first_chunk()?);
    // The sum without what is there: the complement takes it away (RFC 1624).
    let sum = match ip.pseudo_header().bytes(ip.payload).word(!there).finish() {
        0 if ip.protocol == protocol::UDP => 0xffff,
        sum => sum,
    };
    let start = frame.len() - packet.len() + ip.bytes.len() - ip.payload.len();
    Some((start + field, sum))
}

#[cfg(test)]
mod tests {
    use super::{Medium, complete};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use ukai_packet::ether::{self, Mac, Tags, ethertype};
    use ukai_packet::ip::Header;
    use ukai_packet::tcp::{Flags, Segment};
    use ukai_packet::udp::Udp;

    /// A packet whose checksums are right.
    fn packet(is_v6: bool, is_udp: bool, port: u16, payload: &[u8]) -> Vec<u8> {
        let v6 = |last| std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into();
        let header = Header {
            src: if is_v6 { v6(1) } else { [192, 0, 2, 1].into() },
            dst: if is_v6 { v6(2) } else { [198, 51, 100, 7].into() },
            protocol: if is_udp { 17 } else { 6 },
            hop_limit: 61,
            traffic_class: 0,
            id: 1,
            dont_fragment: true,
            flow_label: 0,
        };
        let mut out = Vec::new();
        if is_udp {
            Udp { src_port: port, dst_port: 53, payload }.write(&header, &mut out);
        } else {
            let segment = Segment {
                src_port: port,
                dst_port: 80,
                seq: 1,
                ack: 2,
                flags: Flags::ACK,
                window: 3,
                urgent: 0,
                options: &[1, 1, 1, 0],
                payload: [payload, &[]],
            };
            segment.write(&header, &mut out);
        }
        out
    }

    proptest! {
        #[test]
        fn what_is_missing_is_put_in(
            is_v6: bool, is_udp: bool, port: u16, payload in vec(any::<u8>(), 0..200),
            there: u16, is_ethernet: bool, padding in 0..7_usize,
        ) {
            let whole = packet(is_v6, is_udp, port, &payload);
            let field = if is_v6 { 40 } else { 20 } + if is_udp { 6 } else { 16 };
            let (mut right, mut medium) = (Vec::new(), Medium::Ip);
            if is_ethernet {
                let kind = if is_v6 { ethertype::IPV6 } else { ethertype::IPV4 };
                ether::write(&mut right, Mac([2; 6]), Mac([4; 6]), &Tags::default(), kind);
                medium = Medium::Ethernet;
            }
            let at = right.len() + field;
            right.extend_from_slice(&whole);
            right.extend_from_slice(&vec![0xaa; padding]);
            let mut frame = right.clone();
            frame[at..at + 2].copy_from_slice(&there.to_be_bytes());
            complete(medium, &mut frame);
            prop_assert_eq!(frame, right);
        }

        #[test]
        fn other_bytes_stay_as_they_are_but_for_a_checksum(
            mut frame in vec(any::<u8>(), 0..100), is_v6: bool, medium: bool,
        ) {
            if let Some(first) = frame.first_mut() {
                *first = if is_v6 { 0x60 } else { 0x45 };
            }
            let before = frame.clone();
            complete(if medium { Medium::Ip } else { Medium::Ethernet }, &mut frame);
            let changed = frame.iter().zip(&before).filter(|(now, before)| now != before).count();
            prop_assert!(changed <= 2 && frame.len() == before.len());
        }
    }
}
