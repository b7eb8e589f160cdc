//! What holds for every link, tried on pairs of them that hear each other.

use crate::in_namespace;
use crate::packet::{open, pair, runtime, shell};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use ukai_link::{
    Impaired, Impairment, PacketConfig, QemuDatagram, QemuStream, Recorder, Recording, Tun,
};
use ukai_netstack::{Link, Medium, memory_pair};
use ukai_packet::ip::Header;

/// A frame that nobody else sends, with a body of this length.
fn frame(medium: Medium, number: u8, length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    match medium {
        // A type for experiments (IEEE 802).
        Medium::Ethernet => out.extend_from_slice(&[&[2; 12][..], &[0x88, 0xb5]].concat()),
        Medium::Ip => {
            let header = Header {
                src: [203, 0, 113, 1].into(),
                dst: [198, 18, 0, 1].into(),
                // For experiments, too (RFC 3692).
                protocol: 253,
                hop_limit: 9,
                traffic_class: 0,
                id: u16::from(number),
                dont_fragment: true,
                flow_label: 0,
            };
            header.write(&mut out, length + 3);
        }
    }
    out.extend_from_slice(b"own");
    out.resize(out.len() + length, number);
    out
}

/// The next of those that `to` hears: the kernel has something to say on most links. Both
/// are polled, as by whoever serves them.
async fn next_own(from: &mut impl Link, to: &mut impl Link) -> Vec<u8> {
    let (mut buffer, mut heard) = (vec![0; 70_000], vec![0; 70_000]);
    let start = if to.medium() == Medium::Ethernet { 14 } else { 20 };
    let next = std::future::poll_fn(|cx| {
        while let Poll::Ready(other) = from.poll_receive(cx, &mut buffer) {
            other.expect("the link is up");
        }
        loop {
            let length = std::task::ready!(to.poll_receive(cx, &mut heard)).expect("it is up");
            if heard[..length].get(start..start + 3) == Some(b"own") {
                return Poll::Ready(heard[..length].to_vec());
            }
        }
    });
    // Far longer than it takes, and shorter than for ever.
    tokio::time::timeout(Duration::from_mins(1), next).await.expect("the frame does not come")
}

/// From one link to the other.
async fn one_way(from: &mut impl Link, to: &mut impl Link) {
    let medium = from.medium();
    assert_eq!(medium, to.medium());
    // Many come whole, and in their order.
    let lengths = [60, 61, 300, 1_000, 1_400].into_iter().cycle();
    let frames: Vec<_> =
        lengths.zip(0..100).map(|(length, number)| frame(medium, number, length)).collect();
    for frame in &frames {
        from.send(frame).expect("the link is up");
    }
    from.flush().expect("the link is up");
    for frame in &frames {
        assert_eq!(&next_own(from, to).await, frame);
    }
    // Who has found nothing finds what comes then.
    let last = frame(medium, 200, 500);
    let mut cx = Context::from_waker(Waker::noop());
    while to.poll_receive(&mut cx, &mut vec![0; 2_000]).is_ready() {}
    from.send(&last).expect("the link is up");
    from.flush().expect("the link is up");
    assert_eq!(next_own(from, to).await, last);
    // What does not fit is cut, and the next is whole.
    let long = frame(medium, 201, 1_000);
    for frame in [&long, &last] {
        from.send(frame).expect("the link is up");
    }
    from.flush().expect("the link is up");
    let mut small = vec![0; 100];
    loop {
        let length = std::future::poll_fn(|cx| to.poll_receive(cx, &mut small)).await;
        if length.expect("the link is up") == 100 && small == long[..100] {
            break;
        }
    }
    assert_eq!(next_own(from, to).await, last);
}

async fn conforms(mut one: impl Link, mut other: impl Link) {
    one_way(&mut one, &mut other).await;
    one_way(&mut other, &mut one).await;
    // Nothing waits: nobody hears himself.
    for _ in 0..10 {
        let mut buffer = vec![0; 2_000];
        let mut cx = Context::from_waker(Waker::noop());
        match one.poll_receive(&mut cx, &mut buffer) {
            Poll::Ready(length) => {
                let heard = &buffer[..length.expect("the link is up")];
                assert!(!heard.windows(3).any(|part| part == b"own"), "{heard:?}");
            }
            Poll::Pending => return,
        }
    }
}

#[test]
fn memory_and_what_wraps_a_link() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recording = Recording {
        folder: folder.path().to_owned(),
        name: "x".to_owned(),
        file_bytes_max: 10_000,
        file_seconds_max: 60,
        files_max: 3,
        snap_bytes: 100,
    };
    let recorder = Recorder::start(recording).expect("a recorder");
    runtime().block_on(async {
        for medium in [Medium::Ethernet, Medium::Ip] {
            let (one, other) = memory_pair(medium);
            let one: Box<dyn Link> = Box::new(recorder.tap(one, "one"));
            conforms(one, Impaired::new(other, Impairment::default(), 1)).await;
        }
    });
}

#[test]
fn sockets_of_qemu() {
    runtime().block_on(async {
        let (one, other) = UnixStream::pair().expect("a pair");
        let link = |socket| QemuStream::from_std(socket).expect("a link");
        conforms(link(one), link(other)).await;
        let (one, other) = UnixDatagram::pair().expect("a pair");
        let link = |socket| QemuDatagram::from_std(socket).expect("a link");
        conforms(link(one), link(other)).await;
    });
}

#[test]
fn interfaces_of_a_veth_pair() {
    pair("conformance::interfaces_of_a_veth_pair");
    runtime().block_on(async {
        let config = PacketConfig::default();
        conforms(open("near", &config), open("far", &config)).await;
    });
}

#[test]
fn devices_and_their_own_interfaces() {
    in_namespace("conformance::devices_and_their_own_interfaces");
    runtime().block_on(async {
        let config = PacketConfig::default();
        for (name, medium) in [("tap0", Medium::Ethernet), ("tun0", Medium::Ip)] {
            let device = Tun::open(name, medium, 1_500).unwrap_or_else(|error| panic!("{error}"));
            shell(&format!("echo 1 > /proc/sys/net/ipv6/conf/{name}/disable_ipv6"));
            conforms(device, open(name, &config)).await;
        }
        let device = Tun::open_offloaded("tun1", 1_500).unwrap_or_else(|error| panic!("{error}"));
        conforms(device, open("tun1", &config)).await;
    });
}
