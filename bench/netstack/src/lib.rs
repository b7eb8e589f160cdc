//! What the measuring programs share: segments of many peers, and figures.

pub mod packets;

use std::net::IpAddr;
use std::sync::Arc;
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Host, Neighbourhood, Personality, Port};
use ukai_packet::icmp::{Icmp, v4};
use ukai_packet::ip::Header;
use ukai_packet::tcp::{Flags, Segment};

/// Options of a client's SYN.
pub const OPTIONS: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7];

/// The same host everywhere: ports below 1,000 are open.
pub struct Everywhere(Arc<Personality>);

impl Default for Everywhere {
    fn default() -> Self {
        Self(Arc::new(Personality::linux()))
    }
}

impl Neighbourhood for Everywhere {
    fn host(&self, address: IpAddr) -> Option<Host<'_>> {
        let ours = matches!(address, IpAddr::V4(a) if a.octets()[0] == 198);
        let booted = Timestamp::from_secs(1);
        ours.then_some(Host { personality: &self.0, booted, mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, port: u16) -> Port {
        if port < 1_000 { Port::Open } else { Port::Closed }
    }
}

/// The header of peer `number`: sources of many prefixes, since what is allowed to one is not
/// what is measured.
pub fn header(number: usize, protocol: u8) -> Header {
    let [_, a, b, c] = (number as u32).to_be_bytes();
    Header {
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

/// A segment of peer `number` to port 23.
pub fn segment(number: usize, flags: Flags, seq: u32, ack: u32, tail: (&[u8], &[u8])) -> Vec<u8> {
    let (options, payload) = tail;
    let segment = Segment {
        src_port: 1_024 + (number / 65_536) as u16,
        dst_port: 23,
        seq,
        ack,
        flags,
        window: 64_240,
        urgent: 0,
        options,
        payload: [payload, &[]],
    };
    let mut out = Vec::new();
    segment.write(&header(number, 6), &mut out);
    out
}

/// An echo request of peer `number`, as `ping` sends it.
pub fn echo(number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let echo = Icmp { kind: v4::ECHO, code: 0, rest: [0, 1, 0, 2], body: &[7; 56] };
    echo.write(&header(number, 1), &mut out);
    out
}

/// Bytes of this process in memory.
pub fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("a number") * 4_096
}

/// Seconds for which this thread has had a processor (Documentation/scheduler/sched-stats.rst):
/// what else the machine does is not in it.
pub fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let time = text.split(' ').next().and_then(|time| time.parse::<f64>().ok());
    time.expect("a number") / 1e9
}
