//! Any bytes are read without a panic, and what is written is read again.

use proptest::prelude::*;
use std::net::IpAddr;
use ukai_packet::arp::Arp;
use ukai_packet::ether::Frame;
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::{Header, Ip};
use ukai_packet::ndp::Neighbor;
use ukai_packet::protocol;
use ukai_packet::tcp::Tcp;
use ukai_packet::udp::Udp;

fn read_all(bytes: &[u8]) {
    let _ = Arp::parse(bytes);
    if let Ok(frame) = Frame::parse(bytes) {
        let _ = Arp::parse(frame.payload);
        read_ip(frame.payload);
    }
    read_ip(bytes);
}

fn read_ip(bytes: &[u8]) {
    for ip in [Ip::parse(bytes), Ip::parse_quoted(bytes)].into_iter().flatten() {
        assert!(ip.bytes.len() <= bytes.len());
        assert_eq!(ip.header.len() + ip.payload.len(), ip.bytes.len());
        let _ = Udp::parse(&ip);
        let _ = Tcp::parse(&ip);
        if let Ok(tcp) = Tcp::parse_unverified(ip.payload) {
            assert!(tcp.options().count() <= 40);
        }
        if let Ok(icmp) = Icmp::parse(&ip) {
            let _ = Neighbor::parse(&icmp);
        }
    }
}

fn address() -> impl Strategy<Value = (IpAddr, IpAddr)> {
    let v4 = any::<([u8; 4], [u8; 4])>().prop_map(|(a, b)| (a.into(), b.into()));
    let v6 = any::<([u8; 16], [u8; 16])>().prop_map(|(a, b)| (a.into(), b.into()));
    prop_oneof![v4, v6]
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_plausible_start(
        start in prop_oneof![Just(0x45_u8), Just(0x60), Just(0x4f), Just(0x6f)],
        protocol in prop_oneof![Just(0_u8), Just(6), Just(17), Just(44), Just(58), Just(60)],
        mut bytes in proptest::collection::vec(any::<u8>(), 40..200),
    ) {
        bytes[0] = start;
        bytes[if start >> 4 == 6 { 6 } else { 9 }] = protocol;
        if start >> 4 == 6 {
            let length = (bytes.len() - 40) as u16;
            bytes[4..6].copy_from_slice(&length.to_be_bytes());
        }
        read_all(&bytes);
    }

    #[test]
    fn datagrams_come_back(
        (src, dst) in address(), src_port: u16, dst_port: u16,
        payload in proptest::collection::vec(any::<u8>(), 0..1400),
    ) {
        let header = Header {
            src, dst, protocol: protocol::UDP, hop_limit: 9, traffic_class: 3, id: 7,
            dont_fragment: false, flow_label: 1,
        };
        let udp = Udp { src_port, dst_port, payload: &payload };
        let mut bytes = Vec::new();
        udp.write(&header, &mut bytes);
        let ip = Ip::parse(&bytes).unwrap();
        prop_assert_eq!((ip.src, ip.dst), (src, dst));
        prop_assert_eq!(Udp::parse(&ip), Ok(udp));
    }
}
