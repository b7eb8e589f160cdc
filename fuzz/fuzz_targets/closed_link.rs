//! A machine on a closed link, whose stack is every address there is: any frames, with
//! packets that are right but for what the input says. No answer goes to a station that has
//! sent nothing, and what goes out is bounded by what came in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Config, Event, Host, Medium, Neighbourhood, Personality, Port, Stack};
use ukai_packet::arp::{Arp, Operation};
use ukai_packet::ether::{Frame, Mac, ethertype};
use ukai_packet::icmp::Icmp;
use ukai_packet::ip::{Header, Ip, fragments};
use ukai_packet::protocol;
use ukai_packet::tcp::{Flags, Segment, Tcp};
use ukai_packet::udp::Udp;

struct Everybody(Arc<Personality>);

impl Neighbourhood for Everybody {
    fn host(&self, _: IpAddr) -> Option<Host<'_>> {
        Some(Host { personality: &self.0, booted: Timestamp::from_secs(1), mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, port: u16) -> Port {
        if port % 3 == 0 { Port::Closed } else { Port::Open }
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    fn long(&mut self) -> Option<u32> {
        Some(u32::from(self.word()?) << 16 | u32::from(self.word()?))
    }

    fn take(&mut self) -> Option<&'a [u8]> {
        let count = usize::from(self.byte()?);
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        Some(taken)
    }

    fn mac(&mut self) -> Option<Mac> {
        Some(match self.byte()? {
            number @ 0..=199 => Mac([0x52, 0x54, 0, 0x12, 0x34, number % 3]),
            200..=219 => Mac::BROADCAST,
            first => Mac([first, self.byte()?, 3, 4, 5, 6]),
        })
    }

    fn address(&mut self, is_v6: bool) -> Option<IpAddr> {
        let kind = self.byte()?;
        Some(match (is_v6, kind) {
            (false, 0..=99) => IpAddr::from([10, 0, 2, kind % 3]),
            (false, 100..=109) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            (false, 110..=119) => IpAddr::V4(Ipv4Addr::BROADCAST),
            (false, _) => IpAddr::from(self.long()?.to_be_bytes()),
            (true, 0..=99) => IpAddr::V6(Ipv6Addr::from_bits(0xfe80 << 112 | u128::from(kind))),
            (true, 100..=119) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            (true, _) => {
                let high = u128::from(self.long()?) << 96;
                IpAddr::V6(Ipv6Addr::from_bits(high | u128::from(self.word()?)))
            }
        })
    }
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

/// What a frame carries, by type.
fn packet(input: &mut Input<'_>) -> Option<(u16, Vec<u8>)> {
    let what = input.byte()?;
    let mut out = Vec::new();
    if what < 40 {
        return Some((input.word()?, input.take()?.to_vec()));
    }
    let is_v6 = what & 1 != 0;
    let (src, dst) = (input.address(is_v6)?, input.address(is_v6)?);
    if let (40..=59, IpAddr::V4(sender), IpAddr::V4(target)) = (what, src, dst) {
        let sender = (input.mac()?, sender);
        Arp { operation: Operation::Request, sender, target: (Mac::default(), target) }
            .write(&mut out);
        return Some((ethertype::ARP, out));
    }
    let hop_limit = if what & 2 != 0 { 255 } else { input.byte()? };
    let with = |protocol| header(src, dst, protocol, hop_limit);
    match what {
        0..=129 => Segment {
            src_port: input.word()?,
            dst_port: u16::from(input.byte()?),
            seq: input.long()?,
            ack: input.long()?,
            flags: if input.byte()? < 128 { Flags::SYN } else { Flags(input.word()? & 0xfff) },
            window: input.word()?,
            urgent: 0,
            options: &[],
            payload: [input.take()?, &[]],
        }
        .write(&with(protocol::TCP), &mut out),
        130..=179 => {
            let (src_port, dst_port) = (input.word()?, u16::from(input.byte()?));
            Udp { src_port, dst_port, payload: input.take()? }
                .write(&with(protocol::UDP), &mut out);
        }
        _ => {
            let number = if is_v6 { protocol::ICMP6 } else { protocol::ICMP };
            let (kind, code) = (input.byte()?, input.byte()?);
            let rest = input.long()?.to_be_bytes();
            Icmp { kind, code, rest, body: input.take()? }.write(&with(number), &mut out);
        }
    }
    Some((if is_v6 { ethertype::IPV6 } else { ethertype::IPV4 }, out))
}

fn config() -> Config {
    Config {
        medium: Medium::Ethernet,
        closed: true,
        flows_max: 10,
        buffer_bytes_max: 200_000,
        fragment_bytes_max: 20_000,
        ..Config::default()
    }
}

struct Machine {
    stack: Stack<Everybody>,
    now: Timestamp,
    stations: Vec<Mac>,
    /// How a handshake is completed that was answered.
    answered: Option<(Mac, Header, [u16; 2], [u32; 2])>,
    allowed: usize,
    sent: usize,
}

impl Machine {
    fn input(&mut self, frame: &[u8]) {
        self.allowed += 2 * frame.len() + 200;
        let station = Frame::parse(frame).ok().map(|frame| frame.src);
        self.stations.extend(station.filter(|station| !self.stations.contains(station)));
        self.stack.input(self.now, frame);
        self.settle();
        assert!(self.sent <= self.allowed);
        assert!(self.stack.buffered() <= 200_000 && self.stack.flows() <= 10);
    }

    fn settle(&mut self) {
        while let Some(event) = self.stack.event() {
            match event {
                Event::Received { flow, bytes } => {
                    self.stack.consumed(self.now, flow, bytes.len());
                    self.allowed += 8 * bytes.len();
                    self.stack.send(self.now, flow, &bytes);
                }
                Event::Datagram { tuple, hop, bytes } => {
                    self.stack.send_datagram(self.now, tuple, hop, &bytes);
                }
                _ => {}
            }
        }
        for bytes in self.stack.frames().iter() {
            self.sent += bytes.len();
            let frame = Frame::parse(bytes).expect("what is sent is a frame");
            assert!(!frame.dst.is_group() && self.stations.contains(&frame.dst));
            if frame.ethertype == ethertype::ARP {
                continue;
            }
            let ip = Ip::parse(frame.payload).expect("what is sent is a packet");
            assert!(!ip.src.is_multicast() && !ip.src.is_unspecified());
            let Ok(tcp) = Tcp::parse(&ip) else { continue };
            if tcp.flags().has(Flags::SYN | Flags::ACK) {
                let back = header(ip.dst, ip.src, protocol::TCP, 60);
                let numbers = [tcp.ack(), tcp.seq().wrapping_add(1)];
                self.answered = Some((frame.dst, back, [tcp.dst_port(), tcp.src_port()], numbers));
            }
        }
        self.stack.frames().clear();
    }

    fn complete(&mut self, payload: &[u8]) {
        let Some((mac, header, [src_port, dst_port], [seq, ack])) = self.answered.take() else {
            return;
        };
        let kind = if header.src.is_ipv6() { ethertype::IPV6 } else { ethertype::IPV4 };
        let mut frame = [config().mac.0, mac.0].concat();
        frame.extend_from_slice(&kind.to_be_bytes());
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
        segment.write(&header, &mut frame);
        self.input(&frame);
    }
}

fn step(machine: &mut Machine, input: &mut Input<'_>) -> Option<()> {
    match input.byte()? {
        0..=19 => machine.complete(input.take()?),
        20..=29 => {
            machine.now = machine.now + Duration::from_millis(u64::from(input.word()?) * 4);
            machine.stack.advance(machine.now);
            // What is sent again has no cause in what came.
            machine.allowed = usize::MAX / 2;
            machine.settle();
        }
        what => {
            let mut head = [input.mac()?.0, input.mac()?.0].concat();
            for _ in 0..what % 4 {
                let kind = if what & 8 != 0 { ethertype::VLAN } else { ethertype::PROVIDER_VLAN };
                // Mostly none.
                if what & 0x30 == 0 {
                    head.extend_from_slice(&kind.to_be_bytes());
                    head.extend_from_slice(&input.word()?.to_be_bytes());
                }
            }
            let (kind, packet) = packet(input)?;
            head.extend_from_slice(&kind.to_be_bytes());
            let is_ip = matches!(kind, ethertype::IPV4 | ethertype::IPV6);
            if what & 0xc0 == 0xc0 && is_ip && packet.len() > 60 {
                for part in fragments(&packet, 40 + usize::from(what), 9) {
                    machine.input(&[&head[..], &part].concat());
                }
            } else {
                machine.input(&[&head[..], &packet].concat());
            }
        }
    }
    Some(())
}

fuzz_target!(|data: &[u8]| {
    let now = Timestamp::from_secs(1_800_000_000);
    let hosts = Everybody(Arc::new(Personality::linux()));
    let mut machine = Machine {
        stack: Stack::new(config(), hosts, now, [3; 32]),
        now,
        stations: Vec::new(),
        answered: None,
        allowed: 0,
        sent: 0,
    };
    let mut input = Input(data);
    while step(&mut machine, &mut input).is_some() {}
});
