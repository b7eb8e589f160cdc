//! How fast the stack is, in memory and in one thread: SYNs, echo requests, bulk data; and
//! what a flow takes. Rates are by seconds of the processor, so that what else the machine
//! does is not in them. Bounded: some seconds, 100,000 flows.
//!
//! ```text
//! cargo run --release -p ukai-netstack --example stack_speed
//! ```

use std::net::IpAddr;
use std::sync::Arc;
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Config, Event, Hop, Host, Neighbourhood, Personality, Port, Stack, Tuple};
use ukai_packet::icmp::{Icmp, v4};
use ukai_packet::ip::{Header, Ip};
use ukai_packet::tcp::{Flags, Segment, Tcp};

struct Everywhere(Arc<Personality>);

impl Neighbourhood for Everywhere {
    fn host(&self, _: IpAddr) -> Option<Host<'_>> {
        Some(Host { personality: &self.0, booted: Timestamp::from_secs(1), mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, port: u16) -> Port {
        if port < 1_000 { Port::Open } else { Port::Closed }
    }
}

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const FLOWS: usize = 100_000;
const ROUNDS: usize = 40;

fn stack() -> Stack<Everywhere> {
    let config = Config {
        unproved_answers_per_second: u16::MAX,
        unproved_burst: u16::MAX,
        ..Config::default()
    };
    Stack::new(config, Everywhere(Arc::new(Personality::linux())), NOW, [7; 32])
}

fn header(number: usize, protocol: u8) -> Header {
    let [_, a, b, c] = (number as u32).to_be_bytes();
    Header {
        // Sources of many prefixes: the cap per prefix is not what is measured.
        src: IpAddr::from([11 + (number % 100) as u8, a.wrapping_add(b), c, 1]),
        dst: IpAddr::from([198, 18, b, c]),
        protocol,
        hop_limit: 55,
        traffic_class: 0,
        id: number as u16,
        dont_fragment: true,
        flow_label: 0,
    }
}

fn tcp(number: usize, flags: Flags, seq: u32, ack: u32, options: &[u8]) -> Vec<u8> {
    let segment = Segment {
        src_port: 1_024 + (number / 65_536) as u16,
        dst_port: 23,
        seq,
        ack,
        flags,
        window: 64_240,
        urgent: 0,
        options,
        payload: [&[], &[]],
    };
    let mut out = Vec::new();
    segment.write(&header(number, 6), &mut out);
    out
}

const OPTIONS: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7];

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("a number") * 4_096
}

/// Seconds for which this thread has had a processor.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let time = text.split(' ').next().and_then(|time| time.parse::<f64>().ok());
    time.expect("a number") / 1e9
}

fn per_second(what: &str, packets: &[Vec<u8>]) {
    let mut stack = stack();
    let (mut answers, begin) = (0, processor_seconds());
    for round in 0..ROUNDS {
        let now = NOW + std::time::Duration::from_secs(round as u64);
        for packet in packets {
            stack.input(now, packet);
            answers += stack.frames().len();
            stack.frames().clear();
        }
    }
    let time = processor_seconds() - begin;
    let sent = ROUNDS * packets.len();
    let rate = sent as f64 / time;
    println!(
        "{what}: {:.2} million/s, {:.0} ns each, {:.1} % answered, {} flows",
        rate / 1e6,
        1e9 / rate,
        answers as f64 * 100.0 / sent as f64,
        stack.flows()
    );
}

fn flows() {
    let mut stack = stack();
    let before = resident_bytes();
    let begin = processor_seconds();
    for number in 0..FLOWS {
        stack.input(NOW, &tcp(number, Flags::SYN, 100, 0, OPTIONS));
        let answer = stack.frames().iter().next().expect("a SYN is answered").to_vec();
        stack.frames().clear();
        let cookie = Ip::parse(&answer).and_then(|ip| Tcp::parse(&ip)).expect("a segment").seq();
        let stamps = [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 1];
        stack.input(NOW, &tcp(number, Flags::ACK, 101, cookie.wrapping_add(1), &stamps));
        while stack.event().is_some() {}
        stack.frames().clear();
    }
    let time = processor_seconds() - begin;
    let taken = resident_bytes().saturating_sub(before);
    println!(
        "{} flows opened: {:.2} million handshakes/s, {} bytes resident for each",
        stack.flows(),
        FLOWS as f64 / time / 1e6,
        taken / FLOWS
    );
}

fn bulk() {
    const BYTES: usize = 1 << 30;
    let (mut client, mut server) = (stack(), stack());
    let tuple = Tuple {
        peer: IpAddr::from([198, 18, 0, 1]),
        local: IpAddr::from([203, 0, 113, 1]),
        peer_port: 23,
        local_port: 5_000,
    };
    client.connect(NOW, tuple, Hop::default());
    let chunk = vec![7; 64 * 1024];
    let (mut flow, mut said, mut heard) = (None, 0, 0);
    let begin = processor_seconds();
    while heard < BYTES {
        let frames: Vec<Vec<u8>> = client.frames().iter().map(<[u8]>::to_vec).collect();
        client.frames().clear();
        for frame in &frames {
            server.input(NOW, frame);
        }
        while let Some(event) = server.event() {
            if let Event::Opened { flow: opened, .. } = event {
                flow = Some(opened);
            }
        }
        if let Some(flow) = flow {
            said += server.send(NOW, flow, &chunk);
        }
        let frames: Vec<Vec<u8>> = server.frames().iter().map(<[u8]>::to_vec).collect();
        server.frames().clear();
        for frame in &frames {
            client.input(NOW, frame);
        }
        while let Some(event) = client.event() {
            if let Event::Received { flow, bytes } = event {
                heard += bytes.len();
                client.consumed(NOW, flow, bytes.len());
            }
        }
    }
    let rate = heard as f64 * 8.0 / (processor_seconds() - begin) / 1e9;
    println!("bulk, both ends in this thread: {rate:.1} Gbit/s ({said} bytes)");
}

fn main() {
    let syns: Vec<_> = (0..65_536).map(|n| tcp(n, Flags::SYN, n as u32, 0, OPTIONS)).collect();
    per_second("SYNs", &syns);
    let echoes: Vec<_> = (0..65_536)
        .map(|number| {
            let mut out = Vec::new();
            let body = [7; 56];
            let echo = Icmp { kind: v4::ECHO, code: 0, rest: [0, 1, 0, 2], body: &body };
            echo.write(&header(number, 1), &mut out);
            out
        })
        .collect();
    per_second("echo requests", &echoes);
    flows();
    bulk();
}
