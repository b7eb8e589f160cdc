//! A stack that is every address there is, on a link that leads to one machine which does
//! what it likes: no frame of ours goes to a station that has sent none, and what goes out
//! is bounded by what came in.

use proptest::prelude::*;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Config, Event, Host, Medium, Neighbourhood, Personality, Port, Stack};
use ukai_packet::arp::{Arp, Operation};
use ukai_packet::ether::{Frame, Mac, ethertype};
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::{Header, Ip, fragments};
use ukai_packet::ndp::Neighbor;
use ukai_packet::tcp::{Flags, Segment, Tcp};
use ukai_packet::udp::Udp;
use ukai_packet::{ipv6, protocol};

/// Everybody is at home, groups included: a neighbourhood may well say so.
struct Everybody(Arc<Personality>);

impl Neighbourhood for Everybody {
    fn host(&self, _: IpAddr) -> Option<Host<'_>> {
        Some(Host { personality: &self.0, booted: Timestamp::from_secs(1), mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, port: u16) -> Port {
        if port.is_multiple_of(3) { Port::Closed } else { Port::Open }
    }
}

const START: Timestamp = Timestamp::from_secs(1_800_000_000);

fn config() -> Config {
    Config {
        medium: Medium::Ethernet,
        closed: true,
        flows_max: 20,
        buffer_bytes_max: 200_000,
        fragment_bytes_max: 50_000,
        ..Config::default()
    }
}

/// What a machine sends.
#[derive(Clone, Debug)]
enum Content {
    Bytes(u16, Vec<u8>),
    Arp(bool, Mac, Ipv4Addr, Ipv4Addr),
    Solicitation(Ipv6Addr, Ipv6Addr, Ipv6Addr, u8),
    /// A packet, in fragments of this size if it is given, of which some are left out.
    Packet(IpAddr, IpAddr, Inner, Option<(usize, u8)>),
}

#[derive(Clone, Debug)]
enum Inner {
    Tcp(u16, u16, u32, u32, u16, Vec<u8>),
    Udp(u16, u16, Vec<u8>),
    Icmp(u8, u8, [u8; 4], Vec<u8>),
    Other(u8, Vec<u8>),
}

#[derive(Clone, Debug)]
enum Move {
    Frame {
        dst: Mac,
        src: Mac,
        tags: Vec<(u16, u16)>,
        content: Content,
        cut: Option<usize>,
    },
    /// The handshake that was answered last is completed, with data.
    Complete(Vec<u8>),
    Wait(u64),
}

fn mac() -> impl Strategy<Value = Mac> {
    prop_oneof![
        6 => (0_u8..3).prop_map(|n| Mac([0x52, 0x54, 0, 0x12, 0x34, n])),
        1 => Just(Mac::BROADCAST),
        1 => any::<[u8; 6]>().prop_map(Mac),
        1 => Just(Mac([1, 0, 0x5e, 0, 0, 0xfb])),
    ]
}

fn v4() -> impl Strategy<Value = Ipv4Addr> {
    prop_oneof![
        4 => any::<u32>().prop_map(Ipv4Addr::from_bits),
        3 => Just(Ipv4Addr::new(10, 0, 2, 15)),
        1 => Just(Ipv4Addr::UNSPECIFIED),
        1 => Just(Ipv4Addr::BROADCAST),
        1 => Just(Ipv4Addr::LOCALHOST),
        1 => Just(Ipv4Addr::new(224, 0, 0, 251)),
        1 => Just(Ipv4Addr::new(250, 1, 2, 3)),
    ]
}

fn v6() -> impl Strategy<Value = Ipv6Addr> {
    prop_oneof![
        4 => any::<u128>().prop_map(Ipv6Addr::from_bits),
        3 => Just(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x1234)),
        1 => Just(Ipv6Addr::UNSPECIFIED),
        1 => Just(Ipv6Addr::LOCALHOST),
        1 => Just(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1)),
        1 => any::<u32>().prop_map(|n| {
            ipv6::solicited_node(Ipv6Addr::from_bits(u128::from(n)))
        }),
    ]
}

fn ends() -> impl Strategy<Value = (IpAddr, IpAddr)> {
    prop_oneof![
        2 => (v4(), v4()).prop_map(|(a, b)| (IpAddr::V4(a), IpAddr::V4(b))),
        1 => (v6(), v6()).prop_map(|(a, b)| (IpAddr::V6(a), IpAddr::V6(b))),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..60),
        1 => (0_usize..5_000).prop_map(|length| vec![7; length]),
    ]
}

fn inner() -> impl Strategy<Value = Inner> {
    let flags = prop_oneof![4 => Just(Flags::SYN.0), 2 => Just(Flags::ACK.0), 2 => 0_u16..0x1000];
    prop_oneof![
        3 => (any::<u16>(), any::<u16>(), any::<u32>(), any::<u32>(), flags, body())
            .prop_map(|(a, b, c, d, e, f)| Inner::Tcp(a, b, c, d, e, f)),
        2 => (any::<u16>(), any::<u16>(), body()).prop_map(|(a, b, c)| Inner::Udp(a, b, c)),
        2 => (prop_oneof![Just(8_u8), Just(128), any::<u8>()], any::<u8>(), any::<[u8; 4]>(), body())
            .prop_map(|(a, b, c, d)| Inner::Icmp(a, b, c, d)),
        1 => (any::<u8>(), body()).prop_map(|(a, b)| Inner::Other(a, b)),
    ]
}

fn content() -> impl Strategy<Value = Content> {
    let kind = prop_oneof![
        Just(ethertype::IPV4),
        Just(ethertype::IPV6),
        Just(ethertype::ARP),
        any::<u16>()
    ];
    prop_oneof![
        1 => (kind, prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(kind, bytes)| Content::Bytes(kind, bytes)),
        1 => (any::<bool>(), mac(), v4(), v4()).prop_map(|(a, b, c, d)| Content::Arp(a, b, c, d)),
        1 => (v6(), v6(), v6(), prop_oneof![Just(255_u8), any::<u8>()])
            .prop_map(|(a, b, c, d)| Content::Solicitation(a, b, c, d)),
        6 => (ends(), inner(), prop::option::weighted(0.2, (28_usize..600, any::<u8>())))
            .prop_map(|((src, dst), inner, cut)| Content::Packet(src, dst, inner, cut)),
    ]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let tag = (prop_oneof![Just(0x8100_u16), Just(0x88a8)], any::<u16>());
    let tags = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(tag, 0..4)];
    let cut = prop::option::weighted(0.05, 0_usize..100);
    let frame = (mac(), mac(), tags, content(), cut)
        .prop_map(|(dst, src, tags, content, cut)| Move::Frame { dst, src, tags, content, cut });
    prop::collection::vec(
        prop_oneof![
            16 => frame,
            3 => prop::collection::vec(any::<u8>(), 0..1_000).prop_map(Move::Complete),
            1 => (0_u64..100_000).prop_map(Move::Wait),
        ],
        1..100,
    )
}

fn header(src: IpAddr, dst: IpAddr, protocol: u8, hop_limit: u8) -> Header {
    Header {
        src,
        dst,
        protocol,
        hop_limit,
        traffic_class: 0,
        id: 77,
        dont_fragment: false,
        flow_label: 0,
    }
}

/// The packets of a content, each with its type.
fn packets(content: &Content) -> Vec<(u16, Vec<u8>)> {
    let mut out = Vec::new();
    match content {
        Content::Bytes(kind, bytes) => vec![(*kind, bytes.clone())],
        Content::Arp(request, station, sender, target) => {
            let operation = if *request { Operation::Request } else { Operation::Reply };
            let arp =
                Arp { operation, sender: (*station, *sender), target: (Mac::default(), *target) };
            arp.write(&mut out);
            vec![(ethertype::ARP, out)]
        }
        Content::Solicitation(src, dst, target, hop_limit) => {
            let asked = Neighbor { advertisement: false, flags: 0, target: *target, station: None };
            let (kind, rest, body) = asked.parts();
            let header = header((*src).into(), (*dst).into(), protocol::ICMP6, *hop_limit);
            Icmp { kind, code: 0, rest, body: &body }.write(&header, &mut out);
            vec![(ethertype::IPV6, out)]
        }
        Content::Packet(src, dst, inner, cut) => {
            let is_v6 = src.is_ipv6();
            let with = |protocol| header(*src, *dst, protocol, 60);
            match inner {
                Inner::Tcp(src_port, dst_port, seq, ack, flags, payload) => Segment {
                    src_port: *src_port,
                    dst_port: *dst_port,
                    seq: *seq,
                    ack: *ack,
                    flags: Flags(*flags),
                    window: 60_000,
                    urgent: 0,
                    options: &[],
                    payload: [payload, &[]],
                }
                .write(&with(protocol::TCP), &mut out),
                Inner::Udp(src_port, dst_port, payload) => {
                    Udp { src_port: *src_port, dst_port: *dst_port, payload }
                        .write(&with(protocol::UDP), &mut out);
                }
                Inner::Icmp(kind, code, rest, body) => {
                    let number = if is_v6 { protocol::ICMP6 } else { protocol::ICMP };
                    Icmp { kind: *kind, code: *code, rest: *rest, body }
                        .write(&with(number), &mut out);
                }
                // A packet of UDP that says to be another.
                Inner::Other(number, payload) => {
                    Udp { src_port: 1, dst_port: 2, payload }.write(&with(*number), &mut out);
                }
            }
            let kind = if is_v6 { ethertype::IPV6 } else { ethertype::IPV4 };
            let Some((mtu, left_out)) = cut else { return vec![(kind, out)] };
            let parts = fragments(&out, *mtu, 5).enumerate();
            let parts = parts.filter(|(index, _)| *left_out > 50 || index % 5 != 3);
            parts.map(|(_, part)| (kind, part)).collect()
        }
    }
}

struct Machine {
    now: Timestamp,
    stack: Stack<Everybody>,
    /// Stations that have sent something.
    stations: HashSet<Mac>,
    /// The handshake that was answered last.
    answered: Option<(Mac, Header, [u16; 2], [u32; 2])>,
    frames_in: usize,
    bytes_in: usize,
    said: usize,
    bytes_out: usize,
}

impl Machine {
    fn new() -> Self {
        let hosts = Everybody(Arc::new(Personality::linux()));
        Self {
            now: START,
            stack: Stack::new(config(), hosts, START, [3; 32]),
            stations: HashSet::new(),
            answered: None,
            frames_in: 0,
            bytes_in: 0,
            said: 0,
            bytes_out: 0,
        }
    }

    fn act(&mut self, step: &Move) {
        match step {
            Move::Frame { dst, src, tags, content, cut } => {
                for (kind, packet) in packets(content) {
                    let mut frame = [dst.0, src.0].concat();
                    for (kind, control) in tags {
                        frame.extend_from_slice(&kind.to_be_bytes());
                        frame.extend_from_slice(&control.to_be_bytes());
                    }
                    frame.extend_from_slice(&kind.to_be_bytes());
                    frame.extend_from_slice(&packet);
                    frame.truncate(cut.unwrap_or(usize::MAX));
                    self.input(&frame);
                }
            }
            Move::Complete(payload) => {
                let Some((mac, header, [src_port, dst_port], [seq, ack])) = self.answered.take()
                else {
                    return;
                };
                let segment = Segment {
                    src_port,
                    dst_port,
                    seq,
                    ack,
                    flags: Flags::ACK,
                    window: 60_000,
                    urgent: 0,
                    options: &[],
                    payload: [payload, &[]],
                };
                let kind = if header.src.is_ipv6() { ethertype::IPV6 } else { ethertype::IPV4 };
                let mut frame = [config().mac.0, mac.0].concat();
                frame.extend_from_slice(&kind.to_be_bytes());
                segment.write(&header, &mut frame);
                self.input(&frame);
            }
            Move::Wait(ms) => {
                self.now = self.now + Duration::from_millis(*ms);
                self.stack.advance(self.now);
                self.settle(None);
            }
        }
    }

    fn input(&mut self, frame: &[u8]) {
        self.frames_in += 1;
        self.bytes_in += frame.len();
        let station = Frame::parse(frame).ok().map(|frame| frame.src);
        self.stations.extend(station);
        self.stack.input(self.now, frame);
        self.settle(station);
        let allowed = 2 * self.bytes_in + 8 * self.said + 200 * self.frames_in;
        assert!(self.bytes_out <= allowed, "{} for {}", self.bytes_out, self.bytes_in);
        assert!(self.stack.buffered() <= 200_000 && self.stack.flows() <= 20);
    }

    /// Looks at what is sent: at once to `station`, or later to any that has sent.
    fn settle(&mut self, station: Option<Mac>) {
        while let Some(event) = self.stack.event() {
            match event {
                Event::Received { flow, bytes } => {
                    self.stack.consumed(self.now, flow, bytes.len());
                    self.said += bytes.len();
                    self.stack.send(self.now, flow, &bytes);
                }
                Event::Datagram { tuple, hop, bytes } => {
                    self.said += bytes.len();
                    self.stack.send_datagram(self.now, tuple, hop, &bytes);
                }
                _ => {}
            }
        }
        for frame in self.stack.frames().iter() {
            // What is sent again when time passes has no cause in what came.
            if station.is_some() {
                self.bytes_out += frame.len();
            }
            let frame = Frame::parse(frame).expect("a frame");
            assert!(!frame.dst.is_group() && !frame.src.is_group(), "{frame:?}");
            assert!(self.stations.contains(&frame.dst), "{frame:?} to a stranger");
            assert!(frame.payload.len() <= usize::from(config().mtu));
            if frame.ethertype == ethertype::ARP {
                assert_eq!(Some(frame.dst), station);
                continue;
            }
            let ip = Ip::parse(frame.payload).expect("a packet");
            assert!(!ip.src.is_multicast() && !ip.src.is_unspecified(), "{ip:?}");
            assert_ne!(ip.src, IpAddr::V4(Ipv4Addr::BROADCAST));
            let Ok(tcp) = Tcp::parse(&ip) else {
                assert_eq!(Some(frame.dst), station, "{ip:?}");
                continue;
            };
            if tcp.flags().has(Flags::SYN | Flags::ACK) {
                let back = header(ip.dst, ip.src, protocol::TCP, 60);
                let numbers = [tcp.ack(), tcp.seq().wrapping_add(1)];
                self.answered = Some((frame.dst, back, [tcp.dst_port(), tcp.src_port()], numbers));
            }
        }
        self.stack.frames().clear();
    }
}

proptest! {
    #[test]
    fn whatever_a_machine_does_stays_between_it_and_us(moves in moves()) {
        let mut machine = Machine::new();
        for step in &moves {
            machine.act(step);
        }
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A frame of a machine to ours.
fn frame(src: &str, dst: &str, inner: Inner) -> Move {
    let content = Content::Packet(address(src), address(dst), inner, None);
    let src = Mac([0x52, 0x54, 0, 0x12, 0x34, 0]);
    Move::Frame { dst: config().mac, src, tags: Vec::new(), content, cut: None }
}

/// How many frames come back.
fn answers(machine: &mut Machine, step: &Move) -> usize {
    let before = machine.bytes_out;
    machine.act(step);
    usize::from(machine.bytes_out > before)
}

#[test]
fn every_source_is_answered_without_a_cap_and_no_group_answers() {
    let mut machine = Machine::new();
    let echo = |n: u32| Inner::Icmp(8, 0, n.to_be_bytes(), vec![1; 8]);
    // A flood, from one prefix, and errors as many.
    for n in 0..10_000 {
        assert_eq!(answers(&mut machine, &frame("10.0.2.15", "192.0.2.1", echo(n))), 1);
        let closed = Inner::Udp(4_000, 9, vec![1]);
        assert_eq!(answers(&mut machine, &frame("10.0.2.15", "192.0.2.1", closed)), 1);
    }
    for source in ["8.8.8.8", "127.0.0.1", "250.1.2.3", "100.64.0.1", "169.254.3.4"] {
        assert_eq!(answers(&mut machine, &frame(source, "192.0.2.1", echo(1))), 1, "{source}");
    }
    for source in ["0.0.0.0", "255.255.255.255", "224.0.0.1"] {
        assert_eq!(answers(&mut machine, &frame(source, "192.0.2.1", echo(1))), 0, "{source}");
    }
    for group in ["255.255.255.255", "224.0.0.251", "239.255.255.250", "0.0.0.0"] {
        for inner in [
            echo(1),
            Inner::Udp(4_000, 9, vec![1]),
            Inner::Udp(4_000, 10, vec![1]),
            Inner::Tcp(4_000, 10, 1, 0, Flags::SYN.0, Vec::new()),
        ] {
            assert_eq!(answers(&mut machine, &frame("10.0.2.15", group, inner)), 0, "{group}");
        }
    }
    let echo = Inner::Icmp(128, 0, [0; 4], vec![1; 8]);
    assert_eq!(answers(&mut machine, &frame("fe80::1", "2001:db8::1", echo.clone())), 1);
    assert_eq!(answers(&mut machine, &frame("fe80::1", "ff02::1", echo.clone())), 0);
    assert_eq!(answers(&mut machine, &frame("ff02::1", "2001:db8::1", echo)), 0);
}

#[test]
fn who_looks_for_a_free_address_finds_all_free() {
    let mut machine = Machine::new();
    let station = Mac([0x52, 0x54, 0, 0x12, 0x34, 0]);
    let mut asks = |content| {
        let dst = Mac::BROADCAST;
        let step = Move::Frame { dst, src: station, tags: Vec::new(), content, cut: None };
        answers(&mut machine, &step)
    };
    let wanted = Ipv4Addr::new(10, 0, 2, 15);
    assert_eq!(asks(Content::Arp(true, station, Ipv4Addr::UNSPECIFIED, wanted)), 0, "a probe");
    assert_eq!(asks(Content::Arp(true, station, wanted, wanted)), 0, "an announcement");
    assert_eq!(asks(Content::Arp(true, station, wanted, Ipv4Addr::new(10, 0, 2, 2))), 1);
    assert_eq!(asks(Content::Arp(true, station, wanted, Ipv4Addr::BROADCAST)), 0);
    let target: Ipv6Addr = "fe80::5054:ff:fe12:3400".parse().unwrap();
    let group = ipv6::solicited_node(target);
    let unspecified = Ipv6Addr::UNSPECIFIED;
    assert_eq!(asks(Content::Solicitation(unspecified, group, target, 255)), 0);
    assert_eq!(asks(Content::Solicitation("fe80::9".parse().unwrap(), group, target, 255)), 1);
}
