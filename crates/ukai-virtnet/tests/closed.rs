//! In memory, over the whole address space: whatever a guest sends, and wherever to, what
//! comes back goes to the guest, and there is no other way.

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;
use ukai_driver::Ca;
use ukai_model::Timestamp;
use ukai_netstack::{Link, Medium, MemoryLink, memory_pair};
use ukai_packet::arp::{Arp, Operation};
use ukai_packet::ether::{self, Frame, Mac, Tags, ethertype};
use ukai_packet::ip::{Header, Ip};
use ukai_packet::protocol;
use ukai_packet::tcp::{Flags, Segment, Tcp};
use ukai_packet::udp::Udp;
use ukai_servers::replies::ReplySet;
use ukai_virtnet::{Internet, Options, Scenario};

const GUEST: Mac = Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
const GATEWAY: Mac = Mac([0x2c, 0x91, 0xab, 0x5e, 0x00, 0x01]);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 178, 23);

fn start(folder: Option<PathBuf>) -> (MemoryLink, Internet) {
    let (ours, theirs) = memory_pair(Medium::Ethernet);
    let options = Options {
        scenario: Scenario::default(),
        files: PathBuf::new(),
        replies: ReplySet::shipped(),
        sensor: "test".parse().expect("a name"),
        folder,
        packets: true,
        ca: Ca::make("Test", Timestamp::from_secs(1_767_323_045), 7).expect("an authority"),
        listener: None,
    };
    (ours, Internet::start(theirs, options).expect("it starts"))
}

fn frame(kind: u16, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    ether::write(&mut out, GATEWAY, GUEST, &Tags::default(), kind);
    write(&mut out);
    out
}

fn header(src: IpAddr, dst: IpAddr, protocol: u8) -> Header {
    Header {
        src,
        dst,
        protocol,
        hop_limit: 64,
        traffic_class: 0,
        id: 1,
        dont_fragment: true,
        flow_label: 0,
    }
}

/// A number that has nothing to do with the one before (SplitMix64).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Takes all frames that are there, after the other side had its turn.
async fn received(link: &mut MemoryLink) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 65_536];
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
    while let Some(length) = poll_fn(|cx| match link.poll_receive(cx, &mut buffer) {
        Poll::Ready(Ok(length)) => Poll::Ready(Some(length)),
        Poll::Ready(Err(_)) | Poll::Pending => Poll::Ready(None),
    })
    .await
    {
        all.push(buffer[..length].to_vec());
    }
    all
}

#[tokio::test]
async fn whatever_is_sent_anywhere_comes_back_to_the_guest_alone() {
    let (mut link, internet) = start(None);
    let mut state = 7;
    let mut answered = 0;
    for number in 0..60_000_u32 {
        let (one, two) = (draw(&mut state), draw(&mut state));
        // Steps through all of IPv4, a network at a time, and anywhere in IPv6.
        let v4 = Ipv4Addr::from(number.wrapping_mul(71_583) ^ (one as u32 & 0xff));
        let v6 = Ipv6Addr::from(u128::from(one) << 64 | u128::from(two));
        let forged = two.is_multiple_of(8);
        let from = if forged { Ipv4Addr::from(two as u32) } else { ADDRESS };
        let from_v6 = Ipv6Addr::from(0x2a02_8071_51c2_1a00_u128 << 64 | 0x17);
        let (port, kind) = ((one >> 16) as u16, one >> 60 & 7);
        let sent = match kind {
            0 | 1 => frame(ethertype::IPV4, |out| {
                let segment = Segment {
                    src_port: 4_000,
                    dst_port: port,
                    seq: two as u32,
                    ack: 0,
                    flags: if kind == 0 { Flags::SYN } else { Flags(two as u16 & 0x1ff) },
                    window: 1_024,
                    urgent: 0,
                    options: &[],
                    payload: [&[], &[]],
                };
                segment.write(&header(from.into(), v4.into(), protocol::TCP), out);
            }),
            2 => frame(ethertype::IPV4, |out| {
                Udp { src_port: 4_000, dst_port: port, payload: &two.to_be_bytes() }
                    .write(&header(from.into(), v4.into(), protocol::UDP), out);
            }),
            3 => frame(ethertype::IPV4, |out| {
                header(from.into(), v4.into(), (one >> 40) as u8).write(out, 8);
                out.extend_from_slice(&two.to_be_bytes());
            }),
            4 => frame(ethertype::IPV6, |out| {
                Udp { src_port: 4_000, dst_port: port, payload: &two.to_be_bytes() }
                    .write(&header(from_v6.into(), v6.into(), protocol::UDP), out);
            }),
            5 => frame(ethertype::ARP, |out| {
                Arp {
                    operation: Operation::Request,
                    sender: (GUEST, from),
                    target: (Mac([0; 6]), v4),
                }
                .write(out);
            }),
            6 => frame(ethertype::IPV6, |out| {
                let segment = Segment {
                    src_port: 4_000,
                    dst_port: port,
                    seq: two as u32,
                    ack: 0,
                    flags: Flags::SYN,
                    window: 1_024,
                    urgent: 0,
                    options: &[],
                    payload: [&[], &[]],
                };
                segment.write(&header(from_v6.into(), v6.into(), protocol::TCP), out);
            }),
            _ => frame(one as u16, |out| out.extend_from_slice(&two.to_be_bytes())),
        };
        link.send(&sent).expect("the link is there");
        if number % 64 != 63 {
            continue;
        }
        for frame in received(&mut link).await {
            let parsed = Frame::parse(&frame).expect("a frame");
            let advertised = parsed.dst == Mac([0x33, 0x33, 0, 0, 0, 1]);
            assert!(parsed.dst == GUEST || advertised, "{:?}", parsed.dst);
            answered += 1;
        }
    }
    assert!(answered > 10_000, "{answered}");
    let summary = internet.shutdown().await.expect("a record");
    assert!(summary.traffic.iter().any(|row| row.traffic == "scan"), "{:?}", summary.traffic);
    assert!(summary.destinations.len() <= 10_000);
}

#[tokio::test]
async fn a_conversation_is_held_and_recorded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut link, internet) = start(Some(folder.path().join("record")));
    let server = Ipv4Addr::new(198, 51, 100, 7);
    let (mut seq, mut ack) = (1_000_u32, 0_u32);
    let mut heard = Vec::new();
    let tell = |link: &mut MemoryLink, seq, ack, flags, payload: &[u8]| {
        let sent = frame(ethertype::IPV4, |out| {
            let segment = Segment {
                src_port: 4_000,
                dst_port: 8_291,
                seq,
                ack,
                flags,
                window: 64_000,
                urgent: 0,
                options: &[],
                payload: [payload, &[]],
            };
            segment.write(&header(ADDRESS.into(), server.into(), protocol::TCP), out);
        });
        link.send(&sent).expect("the link is there");
    };
    tell(&mut link, seq, 0, Flags::SYN, b"");
    let mut said = false;
    for _ in 0..500 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        for frame in received(&mut link).await {
            let parsed = Frame::parse(&frame).expect("a frame");
            let Ok(ip) = Ip::parse(parsed.payload) else { continue };
            let Ok(tcp) = Tcp::parse(&ip) else { continue };
            if tcp.flags().has(Flags::SYN) {
                seq += 1;
                ack = tcp.seq().wrapping_add(1);
                tell(&mut link, seq, ack, Flags::ACK, b"GET /x HTTP/1.0\r\n\r\n");
                seq += 19;
                said = true;
            } else if !tcp.payload().is_empty() && tcp.seq() == ack {
                heard.extend_from_slice(tcp.payload());
                ack = ack.wrapping_add(tcp.payload().len() as u32);
                tell(&mut link, seq, ack, Flags::ACK, b"");
            }
        }
        if said && heard.starts_with(b"HTTP/1.1 200") {
            break;
        }
    }
    assert!(heard.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&heard));
    let summary = internet.shutdown().await.expect("a record");
    let row = &summary.destinations["tcp 198.51.100.7:8291"];
    assert!(row.protocols.contains("http") && row.name.is_empty(), "{row:?}");
    let events = std::fs::read_to_string(folder.path().join("record/events.ndjson"));
    let events = events.expect("a file");
    for kind in ["destination", "session.open", "http.request", "session.close"] {
        assert!(events.contains(&format!("\"kind\":\"{kind}\"")), "{kind}: {events}");
    }
}
