//! A peer of the network stack, whose packets are right but for what the input says: any
//! order, any numbers, any options; time passes, and our side does something, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Config, Event, FlowId, Host, Neighbourhood, Personality, Port, Stack};
use ukai_packet::ip::{Header, Ip};
use ukai_packet::tcp::{Flags, Segment, Tcp};

/// Bytes that may wait in all flows.
const BUFFER_BYTES: usize = 200_000;

struct One(Arc<Personality>);

impl Neighbourhood for One {
    fn host(&self, address: IpAddr) -> Option<Host<'_>> {
        let booted = Timestamp::from_secs(1);
        let here = address == IpAddr::from([198, 51, 100, 1]);
        here.then_some(Host { personality: &self.0, booted, mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, port: u16) -> Port {
        if port < 100 { Port::Open } else { Port::Closed }
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

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// Mostly nothing, else something near, else anything.
fn off(input: &mut Input<'_>) -> Option<i32> {
    Some(match input.byte()? {
        0..=159 => 0,
        160..=219 => i32::from(input.word()? as i16),
        _ => (i32::from(input.word()?) << 16) | i32::from(input.word()?),
    })
}

/// Options: often those that change what the stack does.
fn options(input: &mut Input<'_>, seen: u32) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let kind = input.byte()?;
    if kind & 1 != 0 {
        out.extend([2, 4, 5, 0xb4, 4, 2, 1, 1, 1, 3, 3, 7]);
    }
    if kind & 2 != 0 {
        out.extend([1, 1, 8, 10, 0, 0]);
        out.extend(input.word()?.to_be_bytes());
        out.extend(input.word()?.to_be_bytes());
        out.extend(input.word()?.to_be_bytes());
    }
    if kind & 4 != 0 {
        out.extend([1, 1, 5, 10]);
        let start = seen.wrapping_sub(u32::from(input.word()?));
        out.extend(start.to_be_bytes());
        out.extend(start.wrapping_add(u32::from(input.word()? % 4_000)).to_be_bytes());
    }
    if kind & 8 != 0 {
        out.extend_from_slice(input.take(usize::from(kind >> 4)));
    }
    out.truncate(40);
    out.resize(out.len().next_multiple_of(4), 0);
    Some(out)
}

fn segment(input: &mut Input<'_>, numbers: &mut [(u32, u32); 4]) -> Option<Vec<u8>> {
    let flow = usize::from(input.byte()? & 3);
    let (next, seen) = numbers[flow];
    let flags = match input.byte()? {
        0..=63 => Flags::SYN,
        64..=191 => Flags::ACK,
        192..=223 => Flags::ACK | Flags::FIN,
        other => Flags(u16::from(other) << 4 | u16::from(input.byte()?)),
    };
    let seq = next.wrapping_add_signed(off(input)?);
    let ack = seen.wrapping_add_signed(off(input)?);
    let options = options(input, seen)?;
    let length = usize::from(input.word()? % 3_000);
    let payload = vec![flow as u8; length];
    let segment = Segment {
        src_port: 1_000 + flow as u16,
        dst_port: if flow == 3 { 5_000 } else { 23 },
        seq,
        ack,
        flags,
        window: input.word()?,
        urgent: 0,
        options: &options,
        payload: [&payload, &[]],
    };
    let header = Header {
        src: IpAddr::from([203, 0, 113, 1]),
        dst: IpAddr::from([198, 51, 100, 1]),
        protocol: 6,
        hop_limit: 60,
        traffic_class: input.byte()?,
        id: 1,
        dont_fragment: true,
        flow_label: 0,
    };
    if seq == next || flags.any(Flags::SYN) {
        let length = if flags.any(Flags::SYN) { 1 } else { length as u32 };
        numbers[flow].0 = seq.wrapping_add(length);
    }
    let mut out = Vec::new();
    segment.write(&header, &mut out);
    Some(out)
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let mut now = Timestamp::from_secs(1_800_000_000);
    let config = Config {
        flows_max: 3,
        buffer_bytes_max: BUFFER_BYTES,
        fragment_bytes_max: 10_000,
        ..Config::default()
    };
    let hosts = One(Arc::new(Personality::linux()));
    let mut stack = Stack::new(config, hosts, now, [3; 32]);
    let mut numbers = [(0, 0), (u32::MAX - 500, 0), (5, 5), (9, 9)];
    let mut last: Option<FlowId> = None;
    while let Some(what) = input.byte() {
        match (what, last) {
            (0..=199, _) => {
                let Some(bytes) = segment(&mut input, &mut numbers) else { break };
                stack.input(now, &bytes);
            }
            (200..=209, _) => {
                let length = usize::from(input.byte().unwrap_or(0));
                stack.input(now, input.take(length));
            }
            (210..=229, _) => {
                now = now + Duration::from_millis(u64::from(input.word().unwrap_or(0)) * 4);
                stack.advance(now);
            }
            (230..=239, Some(flow)) => {
                let length = usize::from(input.word().unwrap_or(0));
                stack.send(now, flow, &vec![9; length]);
            }
            (240..=244, Some(flow)) => stack.shut(now, flow),
            (245..=249, Some(flow)) => stack.close(now, flow),
            (_, Some(flow)) => stack.abort(now, flow),
            (_, None) => {}
        }
        while let Some(event) = stack.event() {
            match event {
                Event::Opened { flow, .. } => last = Some(flow),
                Event::Received { flow, bytes } if bytes.len() % 2 == 0 => {
                    stack.consumed(now, flow, bytes.len());
                }
                _ => {}
            }
        }
        let frames = stack.frames();
        assert!(frames.len() <= 300);
        for frame in frames.iter() {
            let ip = Ip::parse(frame).expect("what is sent is a packet");
            let Ok(tcp) = Tcp::parse(&ip) else { continue };
            let place = usize::from(tcp.dst_port().wrapping_sub(1_000));
            if let Some((_, seen)) = numbers.get_mut(place) {
                let flags = tcp.flags();
                let extra = u32::from(flags.any(Flags::SYN)) + u32::from(flags.any(Flags::FIN));
                *seen = tcp.seq().wrapping_add(tcp.payload().len() as u32 + extra);
            }
        }
        frames.clear();
        assert!(stack.buffered() <= BUFFER_BYTES && stack.flows() <= 3);
    }
    // In the end, all is forgotten.
    for _ in 0..3_000 {
        let Some(due) = stack.next_due() else { break };
        now = due;
        stack.advance(now);
        while stack.event().is_some() {}
        stack.frames().clear();
    }
    assert_eq!((stack.flows(), stack.buffered()), (0, 0));
});
