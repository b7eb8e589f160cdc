//! Floods: nothing is kept of SYNs, claimed sources are not flooded, and flows that exist go
//! on.

use crate::hosts::Everywhere;
use std::net::{IpAddr, Ipv4Addr};
use ukai_model::Timestamp;
use ukai_netstack::{Config, Event, Personality, Stack};
use ukai_packet::ip::{Header, Ip};
use ukai_packet::tcp::{Flags, Segment, Tcp};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn header(dst: IpAddr) -> Header {
    Header {
        src: dst,
        dst,
        protocol: 6,
        hop_limit: 55,
        traffic_class: 0,
        id: 0,
        dont_fragment: false,
        flow_label: 0,
    }
}

fn syn(src: Ipv4Addr, port: u16) -> Vec<u8> {
    let dst = IpAddr::V4(Ipv4Addr::new(198, 51, 100, port as u8));
    let header = Header { src: IpAddr::V4(src), ..header(dst) };
    let segment = Segment {
        src_port: port,
        dst_port: 23,
        seq: 7,
        ack: 0,
        flags: Flags::SYN,
        window: 512,
        urgent: 0,
        options: &[],
        payload: [&[], &[]],
    };
    let mut out = Vec::new();
    segment.write(&header, &mut out);
    out
}

#[test]
fn a_claimed_prefix_gets_few_answers_and_is_told() {
    let config = Config::default();
    let mut stack = Stack::new(config, Everywhere::new(Personality::linux()), NOW, [1; 32]);
    for number in 0..20_000_u16 {
        let [_, low] = number.to_be_bytes();
        stack.input(NOW, &syn(Ipv4Addr::new(203, 0, 113, low), number));
    }
    assert_eq!(stack.frames().len(), usize::from(config.unproved_burst));
    stack.frames().clear();
    assert_eq!((stack.flows(), stack.buffered()), (0, 0));
    let mut told = Vec::new();
    while let Some(event) = stack.event() {
        let Event::Unproved { prefix, syns, .. } = event else { panic!("{event:?}") };
        assert_eq!(prefix, IpAddr::V4(Ipv4Addr::new(203, 0, 113, 0)));
        told.push(syns);
    }
    assert_eq!(told, [1_000, 2_000, 4_000, 8_000, 16_000]);
    // Another's SYN is answered meanwhile.
    stack.input(NOW, &syn(Ipv4Addr::new(192, 0, 3, 1), 9));
    assert_eq!(stack.frames().len(), 1);
}

/// Bytes of this process in memory.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("a number") * 4_096
}

/// A peer of a flow that says something from time to time.
struct Session {
    port: u16,
    seq: u32,
    ack: u32,
}

impl Session {
    fn say(&mut self, stack: &mut Stack<Everywhere>, flags: Flags, text: &[u8]) -> Vec<u8> {
        let header = Header {
            src: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
            ..header(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 9)))
        };
        let segment = Segment {
            src_port: self.port,
            dst_port: 23,
            seq: self.seq,
            ack: self.ack,
            flags,
            window: 60_000,
            urgent: 0,
            options: &[],
            payload: [text, &[]],
        };
        let mut out = Vec::new();
        segment.write(&header, &mut out);
        self.seq = self.seq.wrapping_add(text.len() as u32 + u32::from(flags.any(Flags::SYN)));
        stack.input(NOW, &out);
        while let Some(event) = stack.event() {
            if let Event::Received { flow, bytes } = event {
                stack.consumed(NOW, flow, bytes.len());
                assert_eq!(stack.send(NOW, flow, &bytes), bytes.len());
            }
        }
        let mut heard = Vec::new();
        for frame in stack.frames().iter() {
            let ip = Ip::parse(frame).expect("a packet");
            let tcp = Tcp::parse(&ip).expect("a segment");
            assert_eq!(tcp.dst_port(), self.port);
            if tcp.flags().any(Flags::SYN) {
                self.ack = tcp.seq().wrapping_add(1);
            } else if !tcp.payload().is_empty() {
                assert_eq!(tcp.seq(), self.ack, "in order");
                self.ack = self.ack.wrapping_add(tcp.payload().len() as u32);
                heard.extend_from_slice(tcp.payload());
            }
        }
        stack.frames().clear();
        heard
    }
}

#[test]
fn a_flood_leaves_sessions_working_and_memory_flat() {
    const SYNS: u32 = 200_000;
    let config = Config::default();
    let mut stack = Stack::new(config, Everywhere::new(Personality::linux()), NOW, [1; 32]);
    let mut sessions: Vec<Session> =
        (1..=100).map(|port| Session { port, seq: 0, ack: 0 }).collect();
    for session in &mut sessions {
        session.say(&mut stack, Flags::SYN, b"");
        session.say(&mut stack, Flags::ACK, b"");
    }
    let mut at_first = 0;
    let (mut answered, mut told) = (0, 0);
    for number in 0..SYNS {
        // From everywhere, to every host of a /24.
        let source = Ipv4Addr::from(0x0b00_0001 + number.wrapping_mul(0x9e37_79b1) % 0x5000_0000);
        stack.input(NOW, &syn(source, number as u16));
        answered += stack.frames().len();
        stack.frames().clear();
        while let Some(event) = stack.event() {
            assert!(matches!(event, Event::Unproved { .. }), "{event:?}");
            told += 1;
        }
        if number % 2_000 == 0 {
            let place = number as usize / 2_000 % sessions.len();
            let text = format!("round {number}, session {place}");
            let heard = sessions[place].say(&mut stack, Flags::ACK | Flags::PSH, text.as_bytes());
            assert_eq!(heard, text.as_bytes());
        }
        if number == SYNS / 10 {
            at_first = resident_bytes();
        }
    }
    assert!(answered as u32 > SYNS * 9 / 10, "{answered} answered");
    assert_eq!((stack.flows(), stack.statistics().opened), (100, 100));
    // Each session's last words are not acknowledged yet.
    assert!(stack.buffered() < 100 * 100, "{}", stack.buffered());
    assert!(told < 1_000, "{told} events");
    let grown = resident_bytes().saturating_sub(at_first);
    assert!(grown < 4 << 20, "{grown} bytes more than after a tenth of the flood");
}
