//! What is answered to single packets, byte for byte where it matters: the rules of RFC 9293
//! (3.10.7), and what `nmap -O` looks at.

use crate::hosts::Everywhere;
use std::net::IpAddr;
use ukai_model::Timestamp;
use ukai_netstack::{Config, Event, Medium, Personality, Stack};
use ukai_packet::arp::{Arp, Operation};
use ukai_packet::ether::{self, Frame, Mac, Tags, ethertype};
use ukai_packet::icmp::{Icmp, v4, v6};
use ukai_packet::ip::{Header, Ip};
use ukai_packet::tcp::{Flags, Segment, Tcp, TcpOption};
use ukai_packet::udp::Udp;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const NMAP_OPTIONS: &[u8] =
    &[3, 3, 10, 1, 2, 4, 5, 0xb4, 8, 10, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 4, 2];

fn stack(personality: Personality) -> Stack<Everywhere> {
    Stack::new(Config::default(), Everywhere::new(personality), NOW, [7; 32])
}

fn header(v6: bool, protocol: u8) -> Header {
    let [src, dst] =
        if v6 { ["2001:db9::1", "2001:db8::2"] } else { ["203.0.113.1", "198.51.100.2"] };
    Header {
        src: src.parse().expect("an address"),
        dst: dst.parse().expect("an address"),
        protocol,
        hop_limit: 55,
        traffic_class: 0,
        id: 0x1042,
        dont_fragment: true,
        flow_label: 0,
    }
}

fn tcp(port: u16, flags: Flags, seq: u32, ack: u32, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let segment = Segment {
        src_port: 40_000,
        dst_port: port,
        seq,
        ack,
        flags,
        window: 1_024,
        urgent: 0,
        options,
        payload: [payload, &[]],
    };
    let mut out = Vec::new();
    segment.write(&header(false, 6), &mut out);
    out
}

fn answers(stack: &mut Stack<Everywhere>, packet: &[u8]) -> Vec<Vec<u8>> {
    stack.input(NOW, packet);
    let frames = stack.frames();
    let answers = frames.iter().map(<[u8]>::to_vec).collect();
    frames.clear();
    answers
}

/// The answer's flags, number and acknowledgement.
fn brief(answers: &[Vec<u8>]) -> Option<(Flags, u32, u32)> {
    assert!(answers.len() < 2);
    let ip = Ip::parse(answers.first()?).expect("a packet");
    let tcp = Tcp::parse(&ip).expect("a segment");
    Some((tcp.flags(), tcp.seq(), tcp.ack()))
}

const FIN: Flags = Flags::FIN;
const SYN: Flags = Flags::SYN;
const RST: Flags = Flags::RST;
const ACK: Flags = Flags::ACK;
const NULL: Flags = Flags(0);

#[test]
fn odd_segments_are_answered_as_linux_does() {
    let xmas = FIN | Flags::PSH | Flags::URG;
    let mut stack = stack(Personality::linux());
    for (port, flags, expected) in [
        (23, NULL, None),
        (23, xmas, None),
        (23, FIN, None),
        (23, SYN | FIN | Flags::PSH | Flags::URG, None),
        (23, ACK, Some((RST, 900, 0))),
        (23, SYN | ACK, Some((RST, 900, 0))),
        (23, FIN | ACK, Some((RST, 900, 0))),
        (23, RST, None),
        (23, RST | ACK, None),
        (444, SYN, Some((RST | ACK, 0, 101))),
        (444, ACK, Some((RST, 900, 0))),
        (444, xmas, Some((RST | ACK, 0, 101))),
        (444, NULL, Some((RST | ACK, 0, 100))),
        (444, RST, None),
        (666, SYN, None),
        (666, ACK, None),
    ] {
        let told = brief(&answers(&mut stack, &tcp(port, flags, 100, 900, &[], b"")));
        assert_eq!(told, expected, "{flags:?} to {port}");
    }
    assert_eq!(stack.flows(), 0);
    let old = Personality::linux_2_6();
    let told = answers(&mut self::stack(old), &tcp(23, SYN | FIN, 100, 0, &[], b""));
    assert_eq!(brief(&told).map(|told| told.0), Some(SYN | ACK));
}

#[test]
fn a_syn_is_answered_without_keeping_anything_and_its_ack_opens_a_flow() {
    let mut stack = stack(Personality::linux());
    let told = answers(&mut stack, &tcp(23, SYN, 100, 0, NMAP_OPTIONS, b""));
    let ip = Ip::parse(&told[0]).unwrap();
    assert_eq!((ip.hop_limit, ip.id, ip.dont_fragment), (64, 0, true));
    let answer = Tcp::parse(&ip).unwrap();
    assert_eq!((answer.flags(), answer.ack(), answer.window()), (SYN | ACK, 101, 65_160));
    // nmap's notation: M5B4ST11NW7.
    let options: Vec<_> = answer.options().collect();
    let TcpOption::Timestamps(_, echo) = options[2] else { panic!("{options:?}") };
    assert_eq!(echo, u32::MAX);
    assert_eq!(options[0], TcpOption::Mss(1_460));
    assert_eq!(options[1], TcpOption::SackPermitted);
    assert_eq!(options[3..], [TcpOption::Nop, TcpOption::WindowScale(7)]);
    assert_eq!((stack.flows(), stack.event()), (0, None));
    // The data comes with the acknowledgement.
    let stamps = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1];
    let told = answers(
        &mut stack,
        &tcp(23, ACK | Flags::PSH, 101, answer.seq().wrapping_add(1), &stamps, b"hello"),
    );
    assert_eq!(brief(&told).map(|told| (told.0, told.2)), Some((ACK, 106)));
    assert!(matches!(stack.event(), Some(Event::Opened { .. })));
    let Some(Event::Received { bytes, .. }) = stack.event() else { panic!("nothing received") };
    assert_eq!((&bytes[..], stack.flows(), stack.buffered()), (&b"hello"[..], 1, 5));
}

#[test]
fn who_is_not_there_says_nothing_and_nobody_is_answered_who_cannot_be() {
    let mut stack = stack(Personality::linux());
    for (src, dst) in [
        ("203.0.113.1", "203.0.113.7"),
        ("224.0.0.1", "198.51.100.2"),
        ("127.0.0.1", "198.51.100.2"),
        ("255.255.255.255", "198.51.100.2"),
        ("0.0.0.0", "198.51.100.2"),
        ("198.51.100.2", "198.51.100.2"),
    ] {
        let header =
            Header { src: src.parse().unwrap(), dst: dst.parse().unwrap(), ..header(false, 1) };
        let mut echo = Vec::new();
        Icmp { kind: v4::ECHO, code: 0, rest: [0; 4], body: b"" }.write(&header, &mut echo);
        assert!(answers(&mut stack, &echo).is_empty(), "{src} to {dst}");
    }
}

#[test]
fn echo_requests_are_answered_by_both_versions() {
    for (v6, kind, reply) in [(false, v4::ECHO, v4::ECHO_REPLY), (true, v6::ECHO, v6::ECHO_REPLY)] {
        let mut stack = stack(Personality::linux());
        let header = Header { traffic_class: 4, ..header(v6, if v6 { 58 } else { 1 }) };
        let mut echo = Vec::new();
        let asked = Icmp { kind, code: 9, rest: [1, 2, 3, 4], body: &[0xaa; 3_000] };
        asked.write(&header, &mut echo);
        let told = answers(&mut stack, &echo);
        // Longer than the link takes: it comes in parts.
        assert_eq!(told.len(), 3);
        let mut whole = Vec::new();
        let mut total = None;
        for part in &told {
            let ip = Ip::parse(part).unwrap();
            assert!(part.len() <= 1_500 && ip.traffic_class == 4);
            assert_eq!((ip.src, ip.dst), (header.dst, header.src));
            let fragment = ip.fragment.unwrap();
            assert_eq!(fragment.offset as usize, whole.len());
            whole.extend_from_slice(ip.payload);
            total = (!fragment.more).then_some(whole.len());
        }
        assert_eq!((total, whole[0], whole[1]), (Some(3_008), reply, 9));
        assert_eq!(&whole[4..8], &[1, 2, 3, 4]);
    }
}

#[test]
fn a_closed_port_of_udp_quotes_what_came() {
    let mut stack = stack(Personality::linux());
    let mut probe = Vec::new();
    let sent = header(false, 17);
    Udp { src_port: 5, dst_port: 444, payload: &[b'C'; 300] }.write(&sent, &mut probe);
    let told = answers(&mut stack, &probe);
    let ip = Ip::parse(&told[0]).unwrap();
    let icmp = Icmp::parse(&ip).unwrap();
    assert_eq!((icmp.kind, icmp.code, icmp.rest), (3, 3, [0; 4]));
    // nmap's U1: IPL=164, TOS c0, no DF, all quoted.
    assert_eq!((ip.bytes.len(), ip.traffic_class, ip.dont_fragment), (0x164, 0xc0, false));
    assert_eq!(icmp.body, probe);
    let more = (0..100).filter(|_| !answers(&mut stack, &probe).is_empty()).count();
    assert_eq!(more, 5, "Linux gives six at once, and then one a second");
}

#[test]
fn datagrams_in_fragments_are_put_together() {
    let mut stack = stack(Personality::linux());
    let mut packet = Vec::new();
    let sent = header(false, 17);
    Udp { src_port: 5, dst_port: 53, payload: &[b'D'; 5_000] }.write(&sent, &mut packet);
    let mut parts: Vec<_> = ukai_packet::ip::fragments(&packet, 1_000, 0).collect();
    parts.reverse();
    for part in &parts {
        assert!(answers(&mut stack, part).is_empty());
    }
    let Some(Event::Datagram { tuple, hop, bytes }) = stack.event() else { panic!("none") };
    assert_eq!((bytes.len(), tuple.local_port), (5_000, 53));
    assert!(stack.send_datagram(NOW, tuple, hop, b"answer"));
    let answer = stack.frames().iter().next().unwrap().to_vec();
    let ip = Ip::parse(&answer).unwrap();
    let udp = Udp::parse(&ip).unwrap();
    assert_eq!(
        (ip.src, udp.src_port, udp.dst_port, udp.payload),
        (sent.dst, 53, 5, &b"answer"[..])
    );
}

#[test]
fn neighbours_ask_for_every_address_of_ours() {
    let config = Config { medium: Medium::Ethernet, ..Config::default() };
    let host = Mac([2, 0, 0, 0, 0, 0x42]);
    let hosts = Everywhere { mac: Some(host), ..Everywhere::new(Personality::linux()) };
    let mut stack = Stack::new(config, hosts, NOW, [7; 32]);
    let router = Mac([2, 0, 0, 0, 0, 9]);
    let mut asked = Vec::new();
    ether::write(&mut asked, Mac::BROADCAST, router, &Tags::default(), ethertype::ARP);
    let arp = Arp {
        operation: Operation::Request,
        sender: (router, [203, 0, 113, 1].into()),
        target: (Mac::default(), [198, 51, 100, 77].into()),
    };
    arp.write(&mut asked);
    let told = answers(&mut stack, &asked);
    let frame = Frame::parse(&told[0]).unwrap();
    assert_eq!((frame.dst, frame.src, told[0].len()), (router, host, 60));
    let reply = Arp::parse(frame.payload).unwrap();
    assert_eq!((reply.operation, reply.sender), (Operation::Reply, (host, arp.target.1)));

    // The same with IPv6, tagged; then an echo request through the station that it told.
    let tagged = [&router.0[..], &[0x81, 0, 0, 5]].concat();
    let target: std::net::Ipv6Addr = "2001:db8::7:7".parse().unwrap();
    let neighbor = ukai_packet::ndp::Neighbor {
        advertisement: false,
        flags: 0,
        target,
        station: Some(router),
    };
    let (kind, rest, body) = neighbor.parts();
    let to = ukai_packet::ipv6::solicited_node(target);
    let header = Header { hop_limit: 255, dst: IpAddr::V6(to), ..header(true, 58) };
    let mut asked = [&[0x33, 0x33, 0xff, 7, 0, 7][..], &tagged, &[0x86, 0xdd]].concat();
    Icmp { kind, code: 0, rest, body: &body }.write(&header, &mut asked);
    let told = answers(&mut stack, &asked);
    let frame = Frame::parse(&told[0]).unwrap();
    assert_eq!((frame.dst, frame.src, frame.tags.vlan()), (router, host, Some(5)));
    let ip = Ip::parse(frame.payload).unwrap();
    let told = ukai_packet::ndp::Neighbor::parse(&Icmp::parse(&ip).unwrap()).unwrap().unwrap();
    assert_eq!((told.target, told.station, told.advertisement), (target, Some(host), true));
}
