//! Any bytes as a frame, and as a packet: every header is read without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_packet::arp::Arp;
use ukai_packet::ether::Frame;
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::Ip;
use ukai_packet::ndp::Neighbor;
use ukai_packet::tcp::Tcp;
use ukai_packet::udp::Udp;

fn read(bytes: &[u8]) {
    for ip in [Ip::parse(bytes), Ip::parse_quoted(bytes)].into_iter().flatten() {
        assert_eq!(ip.header.len() + ip.payload.len(), ip.bytes.len());
        let _ = (Tcp::parse(&ip), Udp::parse(&ip));
        if let Ok(tcp) = Tcp::parse_unverified(ip.payload) {
            assert!(tcp.options().count() <= 40);
        }
        if let Ok(icmp) = Icmp::parse(&ip) {
            let _ = Neighbor::parse(&icmp);
            let _ = Ip::parse_quoted(icmp.body);
        }
        if ip.fragment.is_none() && bytes.len() > 40 {
            assert!(ukai_packet::ip::fragments(ip.bytes, 576, 7).all(|part| part.len() <= 576));
        }
    }
}

fuzz_target!(|data: &[u8]| {
    read(data);
    let _ = Arp::parse(data);
    if let Ok(frame) = Frame::parse(data) {
        let _ = Arp::parse(frame.payload);
        read(frame.payload);
    }
});
