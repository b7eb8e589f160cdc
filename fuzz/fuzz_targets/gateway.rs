//! Frames of a guest to the gateway of the virtual Internet: leases, discovery, routers on
//! the way, and what is counted. What comes back goes to the guest or to all, and is bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::task::{Context, Poll, Waker};
use ukai_netstack::{Link, Medium, memory_pair};
use ukai_packet::ether::Frame;
use ukai_virtnet::{Gateway, Scenario};

fuzz_target!(|data: &[u8]| {
    let (mut guest, inside) = memory_pair(Medium::Ethernet);
    let mut gateway = Gateway::alone(inside, &Scenario::default(), |_| {});
    let mut cx = Context::from_waker(Waker::noop());
    let mut buffer = vec![0; 65_536];
    for frame in data.split(|byte| *byte == 0xfe).take(64) {
        guest.send(frame).expect("the link is there");
        while let Poll::Ready(passed) = gateway.poll_receive(&mut cx, &mut buffer) {
            let length = passed.expect("the link is there");
            gateway.send(&buffer[..length].to_vec()).expect("the link is there");
        }
    }
    while let Poll::Ready(back) = guest.poll_receive(&mut cx, &mut buffer) {
        let length = back.expect("the link is there");
        assert!(length <= 1_600 + data.len(), "bounded");
        let _ = Frame::parse(&buffer[..length]);
    }
});
