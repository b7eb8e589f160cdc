//! Floods: nothing is kept of SYNs, claimed sources are not flooded, and flows that exist go
//! on.

use crate::hosts::Everywhere;
use std::net::{IpAddr, Ipv4Addr};
use ukai_model::Timestamp;
use ukai_netstack::{Config, Event, Personality, Stack};
use ukai_packet::ip::Header;
use ukai_packet::tcp::{Flags, Segment};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn syn(src: Ipv4Addr, port: u16) -> Vec<u8> {
    let header = Header {
        src: IpAddr::V4(src),
        dst: IpAddr::V4(Ipv4Addr::new(198, 51, 100, port as u8)),
        protocol: 6,
        hop_limit: 55,
        traffic_class: 0,
        id: 0,
        dont_fragment: false,
        flow_label: 0,
    };
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
