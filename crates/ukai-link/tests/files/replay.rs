//! A file that is replayed to a stack.

use std::io::Write;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use ukai_link::capture::{CaptureLink, CaptureReader, LinkType, Pace, PcapWriter};
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Config, Host, Link, Medium, Neighbourhood, Personality, Port, Stack};
use ukai_packet::icmp::{Icmp, v4};
use ukai_packet::ip::{Header, Ip};

struct Everywhere(Arc<Personality>);

impl Neighbourhood for Everywhere {
    fn host(&self, _: IpAddr) -> Option<Host<'_>> {
        let booted = Timestamp::from_secs(1);
        Some(Host { personality: &self.0, booted, mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, _: u16) -> Port {
        Port::Closed
    }
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn echo(number: u8) -> Vec<u8> {
    let header = Header {
        src: [203, 0, 113, number].into(),
        dst: [198, 18, 0, 1].into(),
        protocol: 1,
        hop_limit: 60,
        traffic_class: 0,
        id: 7,
        dont_fragment: false,
        flow_label: 0,
    };
    let mut out = Vec::new();
    Icmp { kind: v4::ECHO, code: 0, rest: [0, 1, 0, number], body: b"hello" }
        .write(&header, &mut out);
    out
}

/// A file with pings behind headers of this kind, two seconds apart.
fn file(kind: LinkType, head: &[u8]) -> Vec<u8> {
    let mut writer = PcapWriter::new(Vec::new(), kind, 65_535).unwrap();
    for number in 1..=3 {
        let frame = [head, &echo(number)].concat();
        let time = Timestamp::from_secs(1_700_000_000 + 2 * u64::from(number));
        writer.frame(time, frame.len() as u32, &frame).unwrap();
    }
    writer.into_inner()
}

fn next(link: &mut impl Link) -> Poll<std::io::Result<Vec<u8>>> {
    let mut buffer = vec![0; 2_000];
    let received = link.poll_receive(&mut Context::from_waker(Waker::noop()), &mut buffer);
    received.map_ok(|length| buffer[..length].to_vec())
}

#[test]
fn a_stack_answers_a_file_into_another() {
    let sll = [0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0];
    let ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    for (kind, head, medium) in [
        (LinkType::LINUX_SLL, &sll[..], Medium::Ip),
        (LinkType::RAW, &[], Medium::Ip),
        (LinkType::ETHERNET, &ethernet, Medium::Ethernet),
    ] {
        let input = file(kind, head);
        let output = Output::default();
        let link = CaptureLink::new(&input[..], Pace::AtOnce).unwrap();
        let mut link = link.answers(output.clone()).unwrap();
        assert_eq!(link.medium(), medium);
        let config = Config { medium, ..Config::default() };
        let hosts = Everywhere(Arc::new(Personality::linux()));
        let mut stack = Stack::new(config, hosts, Timestamp::from_secs(1), [1; 32]);
        let mut given = 0;
        let end = loop {
            match next(&mut link) {
                Poll::Ready(Ok(frame)) => stack.input(link.time(), &frame),
                Poll::Ready(Err(error)) => break error,
                Poll::Pending => panic!("at once means at once"),
            }
            given += 1;
            for frame in stack.frames().iter() {
                link.send(frame).unwrap();
            }
            stack.frames().clear();
        };
        assert_eq!((given, end.kind()), (3, std::io::ErrorKind::UnexpectedEof));
        let written = output.0.lock().unwrap().clone();
        let mut reader = CaptureReader::new(&written[..]).unwrap();
        for number in 1..=3 {
            let frame = reader.next().unwrap().unwrap();
            assert_eq!(frame.time.secs(), 1_700_000_000 + 2 * u64::from(number));
            let ip = Ip::parse(frame.ip().unwrap()).unwrap();
            let icmp = Icmp::parse(&ip).unwrap();
            assert_eq!(ip.dst, IpAddr::from([203, 0, 113, number]));
            assert_eq!(
                (icmp.kind, icmp.rest[3], icmp.body),
                (v4::ECHO_REPLY, number, &b"hello"[..])
            );
        }
        assert!(reader.next().unwrap().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn frames_come_as_they_were_captured() {
    let input = file(LinkType::RAW, &[]);
    let mut link = CaptureLink::new(&input[..], Pace::AsCaptured).unwrap();
    let begin = tokio::time::Instant::now();
    let mut buffer = vec![0; 2_000];
    for number in 0..3 {
        std::future::poll_fn(|cx| link.poll_receive(cx, &mut buffer)).await.unwrap();
        // The clock is the test's: it stands still but for what is waited for.
        assert_eq!(begin.elapsed().as_secs(), 2 * number);
    }
}

#[test]
fn a_file_that_is_damaged_ends_the_link_and_not_before_its_damage() {
    let mut input = file(LinkType::RAW, &[]);
    input.truncate(input.len() - 1);
    let mut link = CaptureLink::new(&input[..], Pace::AtOnce).unwrap();
    for number in 1..=2 {
        assert!(matches!(next(&mut link), Poll::Ready(Ok(frame)) if frame == echo(number)));
    }
    let Poll::Ready(Err(error)) = next(&mut link) else { panic!("the third frame is cut off") };
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}
