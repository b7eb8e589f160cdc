//! Any packets in any order: nothing breaks, memory stays within its bounds, answers are
//! packets, and never more than a peer's packets may cause.

use crate::hosts::Everywhere;
use proptest::prelude::*;
use std::net::IpAddr;
use std::time::Duration;
use ukai_model::Timestamp;
use ukai_netstack::{Config, Event, FlowId, Personality, Stack};
use ukai_packet::ip::{Header, Ip};
use ukai_packet::tcp::{Flags, OPTIONS_BYTES_MAX, Segment, Tcp};

/// What a peer does next.
#[derive(Clone, Debug)]
enum Move {
    /// A segment: how far its numbers are from what would be right, and the rest.
    Segment {
        port: u8,
        seq: i32,
        ack: i32,
        flags: u16,
        window: u16,
        options: Vec<u8>,
        length: usize,
    },
    /// Any bytes.
    Bytes(Vec<u8>),
    /// Time passes, in milliseconds.
    Wait(u64),
    /// Our side does something with the flow that was opened last.
    Send(usize),
    Shut,
    Close,
    Abort,
}

fn near() -> impl Strategy<Value = i32> {
    prop_oneof![6 => Just(0), 2 => -3_000..70_000_i32, 1 => any::<i32>()]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let options = prop_oneof![
        3 => Just(Vec::new()),
        1 => Just(vec![2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]),
        1 => prop::collection::vec(any::<u8>(), 0..10).prop_map(|mut bytes| {
            bytes.resize(bytes.len().next_multiple_of(4).min(OPTIONS_BYTES_MAX), 0);
            bytes
        }),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(a, b)| {
            [&[1, 1, 5, 10][..], &a.to_be_bytes(), &b.to_be_bytes()].concat()
        }),
    ];
    let flags = prop_oneof![
        3 => Just(Flags::SYN.0), 8 => Just(Flags::ACK.0), 2 => Just(Flags::ACK.0 | Flags::FIN.0),
        1 => Just(Flags::RST.0), 1 => 0_u16..0x1000,
    ];
    let segment = (0_u8..4, near(), near(), flags, any::<u16>(), options, 0_usize..3_000).prop_map(
        |(port, seq, ack, flags, window, options, length)| Move::Segment {
            port,
            seq,
            ack,
            flags,
            window,
            options,
            length,
        },
    );
    prop::collection::vec(
        prop_oneof![
            12 => segment,
            1 => prop::collection::vec(any::<u8>(), 0..100).prop_map(Move::Bytes),
            2 => (0_u64..200_000).prop_map(Move::Wait),
            2 => (0_usize..300_000).prop_map(Move::Send),
            1 => Just(Move::Shut),
            1 => Just(Move::Close),
            1 => Just(Move::Abort),
        ],
        1..120,
    )
}

struct Peer {
    now: Timestamp,
    stack: Stack<Everywhere>,
    /// Our next number, and what was last seen of the other's, for each of four ports.
    numbers: [(u32, u32); 4],
    last: Option<FlowId>,
    flows: u64,
}

const CONFIG_BYTES: usize = 400_000;

impl Peer {
    fn act(&mut self, step: &Move) {
        match step {
            Move::Segment { port, seq, ack, flags, window, options, length } => {
                let (next, seen) = self.numbers[usize::from(*port)];
                let seq = next.wrapping_add_signed(*seq);
                let segment = Segment {
                    src_port: 1_000 + u16::from(*port),
                    dst_port: if *port == 3 { 5_000 } else { 23 },
                    seq,
                    ack: seen.wrapping_add_signed(*ack),
                    flags: Flags(*flags),
                    window: *window,
                    urgent: 0,
                    options,
                    payload: [&vec![7; *length], &[]],
                };
                let header = Header {
                    src: IpAddr::from([203, 0, 113, 1]),
                    dst: IpAddr::from([198, 51, 100, 1]),
                    protocol: 6,
                    hop_limit: 60,
                    traffic_class: 0,
                    id: 1,
                    dont_fragment: true,
                    flow_label: 0,
                };
                let mut bytes = Vec::new();
                segment.write(&header, &mut bytes);
                self.stack.input(self.now, &bytes);
                let syn = u32::from(Flags(*flags).any(Flags::SYN));
                if Flags(*flags).any(Flags::SYN) || seq == next {
                    let length = if syn == 1 { 1 } else { *length as u32 };
                    self.numbers[usize::from(*port)].0 = seq.wrapping_add(length);
                }
            }
            Move::Bytes(bytes) => self.stack.input(self.now, bytes),
            Move::Wait(time) => {
                self.now = self.now + Duration::from_millis(*time);
                self.stack.advance(self.now);
            }
            Move::Send(length) => {
                if let Some(flow) = self.last {
                    self.stack.send(self.now, flow, &vec![9; *length]);
                }
            }
            Move::Shut => self.with(Stack::shut),
            Move::Close => self.with(Stack::close),
            Move::Abort => self.with(Stack::abort),
        }
        while let Some(event) = self.stack.event() {
            match event {
                Event::Opened { flow, .. } => {
                    self.last = Some(flow);
                    self.flows += 1;
                }
                // Every other time it is used.
                Event::Received { flow, bytes } if bytes.len() % 2 == 0 => {
                    self.stack.consumed(self.now, flow, bytes.len());
                }
                Event::Closed { .. } => self.flows -= 1,
                _ => {}
            }
        }
        let frames = self.stack.frames();
        assert!(frames.len() <= 300, "{} frames", frames.len());
        for frame in frames.iter() {
            let ip = Ip::parse(frame).expect("a packet");
            if let Ok(tcp) = Tcp::parse(&ip) {
                let place = usize::from(tcp.dst_port().wrapping_sub(1_000));
                if let Some((_, seen)) = self.numbers.get_mut(place) {
                    let flags = tcp.flags();
                    let length = tcp.payload().len() as u32
                        + u32::from(flags.any(Flags::SYN))
                        + u32::from(flags.any(Flags::FIN));
                    *seen = tcp.seq().wrapping_add(length);
                }
            }
        }
        frames.clear();
        assert!(self.stack.buffered() <= CONFIG_BYTES, "{}", self.stack.buffered());
    }

    fn with(&mut self, call: fn(&mut Stack<Everywhere>, Timestamp, FlowId)) {
        if let Some(flow) = self.last {
            call(&mut self.stack, self.now, flow);
        }
    }
}

proptest! {
    #[test]
    fn any_packets_in_any_order(moves in moves()) {
        let now = Timestamp::from_secs(1_800_000_000);
        let config = Config {
            flows_max: 3,
            buffer_bytes_max: CONFIG_BYTES,
            fragment_bytes_max: 10_000,
            ..Config::default()
        };
        let hosts = Everywhere::new(Personality::linux());
        let mut peer = Peer {
            now,
            stack: Stack::new(config, hosts, now, [3; 32]),
            numbers: [(0, 0), (u32::MAX - 500, 0), (5, 5), (9, 9)],
            last: None,
            flows: 0,
        };
        for step in &moves {
            peer.act(step);
        }
        prop_assert!(peer.stack.flows() as u64 >= peer.flows);
        // In the end, all is forgotten.
        for _ in 0..3_000 {
            let Some(due) = peer.stack.next_due() else { break };
            peer.now = due;
            peer.act(&Move::Wait(0));
        }
        prop_assert_eq!((peer.stack.flows(), peer.flows, peer.stack.buffered()), (0, 0, 0));
    }
}
