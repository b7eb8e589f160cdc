//! Packets that are cut off, wrong, or inside others.

use super::{Quoted, Reading, Seen, Transport, quoted};
use ukai_packet::Malformed;
use ukai_packet::ip::Header;
use ukai_packet::tcp::{Flags, Segment};

fn header(protocol: u8) -> Header {
    Header {
        src: [203, 0, 113, 9].into(),
        dst: [198, 18, 0, 7].into(),
        protocol,
        hop_limit: 50,
        traffic_class: 0,
        id: 54_321,
        dont_fragment: false,
        flow_label: 0,
    }
}

fn syn() -> Vec<u8> {
    let segment = Segment {
        src_port: 40_000,
        dst_port: 23,
        seq: 7,
        ack: 0,
        flags: Flags::SYN,
        window: 1024,
        urgent: 0,
        options: &[2, 4, 5, 0xb4, 1, 1, 4, 2],
        payload: [b"", b""],
    };
    let mut bytes = Vec::new();
    segment.write(&header(6), &mut bytes);
    bytes
}

fn read(bytes: &[u8], cut: bool) -> Seen<'_> {
    Seen::read(bytes, cut, Reading::default()).unwrap()
}

#[test]
fn a_whole_packet() {
    let bytes = syn();
    let seen = read(&bytes, false);
    let Transport::Tcp(segment) = seen.transport else { panic!("{seen:?}") };
    assert_eq!((seen.id, seen.hop_limit, seen.length, seen.flaw), (54_321, 50, 48, None));
    assert_eq!((segment.seq, segment.window, segment.options.len()), (7, 1024, 8));
    assert_eq!((seen.src_port(), seen.dst_port()), (40_000, 23));
}

#[test]
fn cut_by_the_capture_is_no_flaw_and_cut_by_the_sender_is() {
    let bytes = syn();
    let seen = read(&bytes[..42], true);
    let Transport::Tcp(segment) = seen.transport else { panic!("{seen:?}") };
    assert_eq!((segment.flags, segment.options, seen.flaw), (Flags::SYN, &[2, 4][..], None));
    assert_eq!(read(&bytes[..42], false).flaw, Some(Malformed::Length));
    assert!(matches!(read(&bytes[..30], true).transport, Transport::Other));
    assert_eq!(read(&bytes[..30], true).flaw, None);
}

#[test]
fn a_wrong_bit_anywhere_is_noted() {
    let good = syn();
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(seen) = Seen::read(&bytes, false, Reading::default()) else { continue };
        assert!(seen.flaw.is_some(), "bit {bit}");
    }
}

#[test]
fn tunnels_are_looked_into_if_told_so() {
    let inner = syn();
    let how = Reading { tunnels: true, ..Reading::default() };
    let heads: [(u8, &[u8]); 4] = [
        (4, &[]),
        (47, &[0, 0, 8, 0]),
        (47, &[0x20, 0, 8, 0, 0, 0, 0, 9]),
        (47, &[0xb0, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1]),
    ];
    for (protocol, head) in heads {
        let mut bytes = Vec::new();
        header(protocol).write(&mut bytes, head.len() + inner.len());
        bytes.extend_from_slice(head);
        bytes.extend_from_slice(&inner);
        let seen = Seen::read(&bytes, false, how).unwrap();
        assert_eq!((seen.protocol, seen.dst_port()), (6, 23), "{head:?}");
        assert_eq!(read(&bytes, false).protocol, protocol);
    }
}

#[test]
fn a_quoted_packet_needs_eight_bytes_behind_its_header() {
    let bytes = syn();
    let expected = Quoted {
        src: [203, 0, 113, 9].into(),
        dst: [198, 18, 0, 7].into(),
        protocol: 6,
        ports: Some((40_000, 23)),
    };
    assert_eq!(quoted(&bytes[..28]), Some(expected));
    assert_eq!(quoted(&bytes[..20]), Some(Quoted { ports: None, ..expected }));
    assert_eq!(quoted(&bytes[..19]), None);
}
