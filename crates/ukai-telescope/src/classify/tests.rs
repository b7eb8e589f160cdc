//! One packet for each rule.

use super::{Rules, classify};
use crate::class::Verdict;
use crate::seen::{Reading, Seen};
use std::net::IpAddr;
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::Header;
use ukai_packet::tcp::{Flags, Segment};
use ukai_packet::udp::Udp;

const PEERS: [(&str, &str, &str); 2] = [
    ("203.0.113.9", "198.18.0.7", "192.0.2.77"),
    ("2001:db8:1::9", "2001:db8::7", "2001:db8:2::77"),
];

fn header(src: &str, dst: &str, protocol: u8) -> Header {
    Header {
        src: src.parse().unwrap(),
        dst: dst.parse().unwrap(),
        protocol,
        hop_limit: 50,
        traffic_class: 0,
        id: 1,
        dont_fragment: false,
        flow_label: 0,
    }
}

fn verdict(bytes: &[u8]) -> Verdict {
    let seen = Seen::read(bytes, false, Reading::default()).unwrap();
    classify(&seen, Rules::default())
}

fn shown(verdict: &Verdict) -> String {
    let class = verdict.class;
    let victim = verdict.victim.map_or(String::new(), |victim| {
        let port = victim.port.map_or(String::new(), |port| format!(" {port}"));
        format!(" > {} {}{port}", victim.address, victim.vector.name())
    });
    format!("{} {}{victim}", class.group(), class.kind())
}

fn tcp(flags: u16, ports: (u16, u16), payload: &[u8]) -> [Vec<u8>; 2] {
    PEERS.map(|(src, dst, _)| {
        let mut bytes = Vec::new();
        let segment = Segment {
            src_port: ports.0,
            dst_port: ports.1,
            seq: 1,
            ack: 2,
            flags: Flags(flags),
            window: 1024,
            urgent: 0,
            options: &[],
            payload: [payload, b""],
        };
        segment.write(&header(src, dst, 6), &mut bytes);
        bytes
    })
}

fn udp(ports: (u16, u16), payload: &[u8]) -> [Vec<u8>; 2] {
    PEERS.map(|(src, dst, _)| {
        let mut bytes = Vec::new();
        let datagram = Udp { src_port: ports.0, dst_port: ports.1, payload };
        datagram.write(&header(src, dst, 17), &mut bytes);
        bytes
    })
}

/// Both versions of IP say the same.
fn check(packets: &[Vec<u8>; 2], expected: &str) {
    for (bytes, (src, _, _)) in packets.iter().zip(PEERS) {
        let expected = expected.replace("SRC", src);
        assert_eq!(shown(&verdict(bytes)), expected);
    }
}

#[test]
fn segments_by_their_flags() {
    let (fin, syn, rst, psh, ack, urg) = (1, 2, 4, 8, 16, 32);
    let (ece, cwr) = (64, 128);
    check(&tcp(syn, (40_000, 23), b""), "scan syn");
    check(&tcp(syn | ece | cwr, (40_000, 23), b""), "scan syn");
    check(&tcp(syn, (40_000, 23), b"with data"), "scan syn");
    check(&tcp(fin, (40_000, 23), b""), "scan fin");
    check(&tcp(0, (40_000, 23), b""), "scan null");
    check(&tcp(fin | psh | urg, (40_000, 23), b""), "scan xmas");
    check(&tcp(fin | ack, (40_000, 23), b""), "scan maimon");
    check(&tcp(ack, (40_000, 23), b""), "scan ack");
    check(&tcp(psh, (40_000, 23), b""), "scan flags");
    check(&tcp(syn | ack, (80, 40_000), b""), "backscatter syn-ack > SRC tcp 80");
    check(&tcp(rst, (80, 40_000), b""), "backscatter rst > SRC tcp 80");
    check(&tcp(rst | ack, (80, 40_000), b""), "backscatter rst-ack > SRC tcp 80");
    check(&tcp(psh | ack, (80, 40_000), b"data"), "misconfiguration stray-data");
    check(&tcp(fin | ack, (80, 40_000), b"data"), "misconfiguration stray-data");
    check(&tcp(syn | fin, (80, 40_000), b""), "impossible flags");
    check(&tcp(syn | rst, (80, 40_000), b""), "impossible flags");
    check(&tcp(0x3f, (80, 40_000), b""), "impossible flags");
    check(&tcp(syn, (0, 40_000), b""), "impossible port-zero");
}

#[test]
fn probes_and_answers_in_udp() {
    let dns_query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";
    let dns_reply = b"\x12\x34\x81\x80\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";
    check(&udp((40_000, 53), dns_query), "scan dns");
    check(&udp((53, 40_000), dns_reply), "backscatter dns > SRC dns 53");
    check(&udp((53, 53), dns_query), "scan dns");
    check(&udp((53, 53), dns_reply), "backscatter dns > SRC dns 53");
    let ntp = |first: u8| [&[first][..], &[0; 47]].concat();
    check(&udp((40_000, 123), &ntp(0x23)), "scan ntp");
    check(&udp((123, 123), &ntp(0x23)), "scan ntp");
    check(&udp((123, 40_000), &ntp(0x24)), "backscatter ntp > SRC ntp 123");
    check(&udp((40_000, 123), &[0x17, 0, 3, 0x2a, 0, 0, 0, 0]), "scan ntp");
    check(&udp((123, 80), &[0xd7, 0, 3, 0x2a, 0, 6, 0, 0x48]), "backscatter ntp > SRC ntp 123");
    let get = b"0\x1a\x02\x01\x01\x04\x06public\xa0\x0d\x02\x01\x05\x02\x01\0\x02\x01\0";
    let response = b"0\x1a\x02\x01\x01\x04\x06public\xa2\x0d\x02\x01\x05\x02\x01\0\x02\x01\0";
    check(&udp((40_000, 161), get), "scan snmp");
    check(&udp((161, 40_000), response), "backscatter snmp > SRC snmp 161");
    check(&udp((40_000, 1900), b"M-SEARCH * HTTP/1.1\r\n"), "scan ssdp");
    check(&udp((1900, 40_000), b"HTTP/1.1 200 OK\r\n"), "backscatter ssdp > SRC ssdp 1900");
    let search = b"0\x84\0\0\0\x2d\x02\x01\x01c\x84\0\0\0\x24";
    let entry = b"0\x84\0\0\0\x2d\x02\x01\x01d\x84\0\0\0\x24";
    check(&udp((40_000, 389), search), "scan cldap");
    check(&udp((389, 40_000), entry), "backscatter cldap > SRC cldap 389");
    check(&udp((40_000, 11211), b"\0\0\0\0\0\x01\0\0stats\r\n"), "scan memcached");
    check(
        &udp((11211, 40_000), b"\0\0\0\0\0\x01\0\0STAT pid 7\r\n"),
        "backscatter memcached > SRC memcached 11211",
    );
    let quic = [&b"\xc3\0\0\0\x01\x08abcdefgh\0"[..], &[0; 60]].concat();
    check(&udp((40_000, 443), &quic), "scan quic");
    check(&udp((443, 40_000), &quic), "backscatter quic > SRC quic 443");
    let negotiation = b"\x8a\0\0\0\0\x04abcd\x04efgh\0\0\0\x01";
    check(&udp((443, 40_000), negotiation), "backscatter quic > SRC quic 443");
    check(&udp((40_000, 3702), b"<soap>Probe</soap>"), "scan ws-discovery");
    check(
        &udp((3702, 40_000), b"<soap>ProbeMatches</soap>"),
        "backscatter ws-discovery > SRC ws-discovery 3702",
    );
    check(&udp((19, 80), &[b'a'; 74]), "backscatter chargen > SRC chargen 19");
    check(&udp((40_000, 53413), b"AA\0\0AAAA"), "scan netis");
    check(&udp((40_000, 9), b""), "scan empty");
    check(&udp((40_000, 9), b"?"), "scan unknown");
    check(&udp((40_000, 0), b"?"), "impossible port-zero");
    check(&udp((80, 40_000), b"?"), "other udp");
}

#[test]
fn noise_and_mistakes() {
    check(&udp((6881, 6881), b"d1:ad2:id20:abcdefghij0123456789e"), "peer-to-peer dht");
    let connect = b"\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0\x01\x02\x03\x04";
    check(&udp((40_000, 6969), connect), "peer-to-peer bittorrent");
    let utp = [&[0x41, 0][..], &[7; 18]].concat();
    check(&udp((40_000, 51413), &utp), "peer-to-peer bittorrent");
    let stun = b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl";
    check(&udp((40_000, 3478), stun), "peer-to-peer stun");
    check(&udp((40_000, 4672), b"\xe4\x20abc"), "peer-to-peer edonkey");
    check(&udp((40_000, 514), b"<34>Oct 11 su: failed"), "misconfiguration log");
    check(&udp((40_000, 2055), b"\0\x05\0\x01"), "misconfiguration telemetry");
}

fn icmp(from: usize, kind: u8, body: &[u8]) -> Vec<u8> {
    let (src, dst, _) = PEERS[from];
    let protocol = if from == 0 { 1 } else { 58 };
    let mut bytes = Vec::new();
    let message = Icmp { kind, code: 0, rest: [0; 4], body };
    message.write(&header(src, dst, protocol), &mut bytes);
    bytes
}

#[test]
fn requests_and_answers_of_icmp() {
    assert_eq!(shown(&verdict(&icmp(0, 8, b""))), "scan echo");
    assert_eq!(shown(&verdict(&icmp(1, 128, b""))), "scan echo");
    for kind in [13, 15, 17] {
        assert_eq!(shown(&verdict(&icmp(0, kind, b""))), "scan icmp");
    }
    assert_eq!(shown(&verdict(&icmp(0, 0, b""))), "backscatter echo-reply > 203.0.113.9 icmp");
    assert_eq!(shown(&verdict(&icmp(1, 129, b""))), "backscatter echo-reply > 2001:db8:1::9 icmp");
    for kind in [14, 16, 18] {
        assert_eq!(
            shown(&verdict(&icmp(0, kind, b""))),
            "backscatter icmp-reply > 203.0.113.9 icmp"
        );
    }
    assert_eq!(shown(&verdict(&icmp(1, 135, b""))), "misconfiguration local-network");
    assert_eq!(shown(&verdict(&icmp(0, 42, b""))), "other icmp");
}

/// A packet that somebody forged in our name, as an error quotes it.
fn forged(family: usize, protocol: u8) -> Vec<u8> {
    let (_, us, victim) = PEERS[family];
    let mut bytes = Vec::new();
    let datagram = Udp { src_port: 1000, dst_port: 4444, payload: b"xxxxxxxx" };
    datagram.write(&header(us, victim, protocol), &mut bytes);
    bytes
}

#[test]
fn the_victim_of_an_error_is_whom_the_quoted_packet_was_for() {
    for (kind, name) in [
        (3, "unreachable"),
        (11, "time-exceeded"),
        (4, "icmp-error"),
        (5, "icmp-error"),
        (12, "icmp-error"),
    ] {
        let bytes = icmp(0, kind, &forged(0, 17)[..28]);
        let expected = format!("backscatter {name} > 192.0.2.77 udp 4444");
        assert_eq!(shown(&verdict(&bytes)), expected);
    }
    for (kind, name) in
        [(1, "unreachable"), (3, "time-exceeded"), (2, "icmp-error"), (4, "icmp-error")]
    {
        let bytes = icmp(1, kind, &forged(1, 6));
        let expected = format!("backscatter {name} > 2001:db8:2::77 tcp 4444");
        assert_eq!(shown(&verdict(&bytes)), expected);
    }
    let bytes = icmp(0, 3, &forged(0, 1));
    assert_eq!(shown(&verdict(&bytes)), "backscatter unreachable > 192.0.2.77 icmp");
    let bytes = icmp(0, 3, &forged(0, 50));
    assert_eq!(shown(&verdict(&bytes)), "backscatter unreachable > 192.0.2.77 protocol");
}

#[test]
fn an_error_about_somebody_elses_packet_names_no_victim() {
    let mut other = forged(0, 17);
    other[15] ^= 1;
    assert_eq!(shown(&verdict(&icmp(0, 3, &other))), "misconfiguration misdirected-error");
    assert_eq!(shown(&verdict(&icmp(0, 3, &forged(0, 17)[..10]))), "other cut");
}

#[test]
fn sources_that_cannot_be() {
    let from = |src: &str, dst: &str| {
        let mut bytes = Vec::new();
        let datagram = Udp { src_port: 1000, dst_port: 53, payload: b"xx" };
        datagram.write(&header(src, dst, 17), &mut bytes);
        bytes
    };
    let bytes = from("10.1.2.3", "198.18.0.7");
    assert_eq!(shown(&verdict(&bytes)), "impossible source");
    let seen = Seen::read(&bytes, false, Reading::default()).unwrap();
    let inside = classify(&seen, Rules { private_sources: true });
    assert_eq!(shown(&inside), "scan dns");
    let land = from("198.18.0.7", "198.18.0.7");
    assert_eq!(shown(&verdict(&land)), "impossible own-source");
    let source: IpAddr = "fe80::1".parse().unwrap();
    assert_eq!(shown(&verdict(&from(&source.to_string(), "2001:db8::7"))), "impossible source");
    let mut broken = from("203.0.113.9", "198.18.0.7");
    broken[8] ^= 1;
    assert_eq!(shown(&verdict(&broken)), "impossible broken");
    let mut other = Vec::new();
    header("203.0.113.9", "198.18.0.7", 132).write(&mut other, 8);
    other.extend_from_slice(&[0; 8]);
    assert_eq!(shown(&verdict(&other)), "scan protocol");
}
