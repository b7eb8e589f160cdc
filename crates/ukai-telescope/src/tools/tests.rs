//! Each rule, by packets as the tools' sources make them.

use super::{Evidence, Tool, marks};
use crate::seen::{Reading, Seen};
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::Header;
use ukai_packet::tcp::{Flags, Segment};

const SRC: [u8; 4] = [203, 0, 113, 9];
const LIKE_WINDOWS: &[u8] = &[2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2];
const MSS: &[u8] = &[2, 4, 5, 0xb4];

struct Packet {
    dst: u32,
    src_port: u16,
    dst_port: u16,
    id: u16,
    hop_limit: u8,
    seq: u32,
    window: u16,
    options: &'static [u8],
    flags: Flags,
    dont_fragment: bool,
}

/// Numbers that look random and are the same each time.
fn noise(index: u32) -> u32 {
    index.wrapping_add(77).wrapping_mul(0x9e37_79b1).rotate_left(13).wrapping_mul(0x85eb_ca6b)
}

fn some(index: u32) -> Packet {
    Packet {
        dst: 0xc612_0000 + index % 512,
        src_port: 40_000 + (noise(index) % 1000) as u16,
        dst_port: 23,
        id: noise(index + 1) as u16,
        hop_limit: 240,
        seq: noise(index + 2),
        window: 1024,
        options: &[],
        flags: Flags::SYN,
        dont_fragment: false,
    }
}

fn written(packet: &Packet) -> Vec<u8> {
    let header = Header {
        src: SRC.into(),
        dst: std::net::Ipv4Addr::from(packet.dst).into(),
        protocol: 6,
        hop_limit: packet.hop_limit,
        traffic_class: 0,
        id: packet.id,
        dont_fragment: packet.dont_fragment,
        flow_label: 0,
    };
    let segment = Segment {
        src_port: packet.src_port,
        dst_port: packet.dst_port,
        seq: packet.seq,
        ack: 0,
        flags: packet.flags,
        window: packet.window,
        urgent: 0,
        options: packet.options,
        payload: [b"", b""],
    };
    let mut bytes = Vec::new();
    segment.write(&header, &mut bytes);
    bytes
}

fn named_bytes(packets: impl IntoIterator<Item = Vec<u8>>) -> Option<(Tool, u32)> {
    let mut evidence = Evidence::new();
    for bytes in packets {
        let seen = Seen::read(&bytes, false, Reading::default()).unwrap();
        evidence.add(marks(&seen));
    }
    evidence.tools().first().map(|count| (count.tool, count.packets))
}

/// The tool that a hundred packets are taken for.
fn named(make: impl Fn(u32, &mut Packet)) -> Option<(Tool, u32)> {
    named_bytes((0..100).map(|index| {
        let mut packet = some(index);
        make(index, &mut packet);
        written(&packet)
    }))
}

fn masked(packet: &Packet) -> u16 {
    (packet.dst ^ u32::from(packet.dst_port) ^ packet.seq) as u16
}

#[test]
fn zmap() {
    let old = |_, packet: &mut Packet| (packet.window, packet.id) = (65_535, 54_321);
    assert_eq!(named(old), Some((Tool::Zmap, 100)));
    let new = |_, packet: &mut Packet| (packet.window, packet.options) = (65_535, LIKE_WINDOWS);
    assert_eq!(named(new), Some((Tool::Zmap, 100)));
    // Windows itself: its hop limit, and its packets are not to be fragmented.
    let windows = |_, packet: &mut Packet| {
        (packet.window, packet.options) = (65_535, LIKE_WINDOWS);
        (packet.hop_limit, packet.dont_fragment) = (113, true);
    };
    assert_eq!(named(windows), Some((Tool::Windows, 100)));
    assert_eq!(named(|_, packet| packet.window = 65_535), None);
}

#[test]
fn masscan_with_and_without_the_option() {
    assert_eq!(named(|_, packet| packet.id = masked(packet)), Some((Tool::Masscan, 100)));
    let newer = |_, packet: &mut Packet| {
        packet.options = MSS;
        packet.id = masked(packet);
    };
    assert_eq!(named(newer), Some((Tool::Masscan, 100)));
    assert_eq!(named(|_, _| ()), None);
}

#[test]
fn chance_names_nothing() {
    // One packet among a hundred with the mask; and the mask on every twentieth.
    let once = |index, packet: &mut Packet| {
        if index == 50 {
            packet.id = masked(packet);
        }
    };
    assert_eq!(named(once), None);
    let rarely = |index, packet: &mut Packet| {
        if index % 20 == 0 {
            packet.id = masked(packet);
        }
    };
    assert_eq!(named(rarely), None);
}

#[test]
fn nmap_by_pairs_of_numbers() {
    let nmap = |index, packet: &mut Packet| {
        let word = noise(index) & 0xffff;
        packet.seq = 0x1234_5678 ^ (word << 16 | word);
        (packet.options, packet.hop_limit) = (MSS, 50);
    };
    assert_eq!(named(nmap), Some((Tool::Nmap, 100)));
    let xmas = |index, packet: &mut Packet| {
        nmap(index, packet);
        packet.flags = Flags::FIN | Flags::PSH | Flags::URG;
        packet.options = &[];
    };
    assert_eq!(named(xmas), Some((Tool::Nmap, 100)));
    assert_eq!(named(|_, packet| packet.options = MSS), None);
}

#[test]
fn mirai_and_its_variants() {
    let mirai = |index, packet: &mut Packet| {
        packet.dst_port = if index % 10 == 0 { 2323 } else { 23 };
        (packet.seq, packet.window, packet.hop_limit) = (packet.dst, noise(index) as u16, 47);
    };
    assert_eq!(named(mirai), Some((Tool::Mirai, 100)));
    let variant = |index, packet: &mut Packet| {
        mirai(index, packet);
        packet.dst_port = 37_215;
    };
    assert_eq!(named(variant), Some((Tool::Mirai, 100)));
}

#[test]
fn unicornscan_on_machines_of_both_byte_orders() {
    for swapped in [true, false] {
        let unicornscan = |index, packet: &mut Packet| {
            let dst = if swapped { packet.dst.swap_bytes() } else { packet.dst };
            packet.dst_port = 1 + index as u16;
            let ports = u32::from(packet.dst_port) << 16 | u32::from(packet.src_port);
            packet.seq = 0xdead_beef ^ dst ^ ports;
            (packet.window, packet.hop_limit) = (4096, 110);
        };
        assert_eq!(named(unicornscan), Some((Tool::Unicornscan, 100)), "{swapped}");
    }
    // Numbers that do not change are not such numbers.
    assert_eq!(named(|_, packet| (packet.seq, packet.window) = (5, 4096)), None);
}

#[test]
fn hping_and_scapy() {
    assert_eq!(
        named(|_, packet| (packet.window, packet.hop_limit) = (512, 55)),
        Some((Tool::Hping, 100))
    );
    let scapy = |_, packet: &mut Packet| {
        (packet.window, packet.src_port, packet.seq, packet.hop_limit) = (8192, 20, 0, 55);
    };
    assert_eq!(named(scapy), Some((Tool::Scapy, 100)));
    let echo = |index: u16| {
        let mut header_bytes = Vec::new();
        let [low, high] = index.to_le_bytes();
        let message = Icmp { kind: 8, code: 0, rest: [1, 2, low, high], body: b"" };
        let header = Header {
            src: SRC.into(),
            dst: [198, 18, 0, 1].into(),
            protocol: 1,
            hop_limit: 55,
            traffic_class: 0,
            id: index,
            dont_fragment: false,
            flow_label: 0,
        };
        message.write(&header, &mut header_bytes);
        header_bytes
    };
    // A carry goes into the second byte.
    assert_eq!(named_bytes((250..262).map(echo)), Some((Tool::Hping, 12)));
    // ping(8) counts the other way round.
    assert_eq!(named_bytes((250..262_u16).map(|i| echo(i.swap_bytes()))), None);
}
