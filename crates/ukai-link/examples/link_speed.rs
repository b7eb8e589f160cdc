//! How many frames a second pass a veth pair by AF_PACKET, sent in one thread and received
//! in another; how fast capture files are read. Bounded: some seconds. In a network
//! namespace of its own:
//!
//! ```text
//! cargo build --release -p ukai-link --example link_speed
//! unshare --map-root-user --net target/release/examples/link_speed
//! ```

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ukai_link::capture::{CaptureReader, Direction, LinkType, PcapngWriter, Record};
use ukai_link::{PacketConfig, PacketLink};
use ukai_model::Timestamp;
use ukai_netstack::Link;

const FRAMES: u64 = 1_000_000;

const PAIR: &str = "\
ip link add near type veth peer name far
for end in near far; do echo 1 > /proc/sys/net/ipv6/conf/$end/disable_ipv6; ip link set $end up; done
";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// What this thread has used of its processor, in nanoseconds: other than the time, it does
/// not hang on what else the machine does. What the kernel does in it counts.
fn used() -> u64 {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    said.split(' ').next().and_then(|used| used.parse().ok()).expect("a number")
}

fn open(name: &str) -> PacketLink {
    let config = PacketConfig { ring_bytes: 64 << 20, ..PacketConfig::default() };
    PacketLink::open(name, &config).unwrap_or_else(|error| panic!("{error}"))
}

fn veth(length: usize) {
    let done = AtomicBool::new(false);
    // A type for experiments: the kernel's own stack passes it over.
    let frame = [&[2; 12][..], &[0x88, 0xb5], &vec![7; length - 14]].concat();
    std::thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            runtime().block_on(async {
                let (mut link, mut buffer, mut count) = (open("far"), vec![0; 70_000], 0_u64);
                let mut last = Instant::now();
                let mut first = None;
                let before = used();
                loop {
                    let next = std::future::poll_fn(|cx| link.poll_receive(cx, &mut buffer));
                    match tokio::time::timeout(Duration::from_millis(300), next).await {
                        Ok(length) => {
                            length.expect("the link is up");
                            count += 1;
                            if count % 64 == 0 {
                                last = Instant::now();
                                first.get_or_insert(last);
                            }
                        }
                        Err(_) if done.load(Ordering::Relaxed) => break,
                        Err(_) => {}
                    }
                }
                let time = first.map_or(Duration::ZERO, |first| last.duration_since(first));
                let said = link.statistics();
                println!(
                    "{length} bytes: received {:.3} million/s, {} ns of a processor each, \
                     {count} given, {} dropped by the ring",
                    count as f64 / time.as_secs_f64() / 1e6,
                    (used() - before) / count.max(1),
                    said.dropped
                );
            });
        });
        scope.spawn(|| {
            runtime().block_on(async {
                let mut link = open("near");
                // The receiver opens its end meanwhile.
                std::thread::sleep(Duration::from_millis(200));
                let (begin, before) = (Instant::now(), used());
                for _ in 0..FRAMES {
                    link.send(&frame).expect("the link is up");
                }
                link.flush().expect("the link is up");
                let time = begin.elapsed();
                let said = link.statistics();
                println!(
                    "{length} bytes: sent {:.3} million/s, {} ns of a processor each, {} lost",
                    said.sent as f64 / time.as_secs_f64() / 1e6,
                    (used() - before) / FRAMES,
                    said.lost
                );
            });
            done.store(true, Ordering::Relaxed);
        });
        receiver.join().expect("the receiver ends");
    });
}

fn files(length: usize) {
    let mut writer = PcapngWriter::new(Vec::new()).expect("memory");
    writer.interface("eth0", LinkType::ETHERNET, 0).expect("memory");
    let frame = vec![7; length];
    let begin = Instant::now();
    for number in 0..FRAMES {
        let time = Timestamp::from_nanos(number);
        let original_bytes = length as u32;
        let record =
            Record { time, interface: 0, direction: Direction::In, original_bytes, dropped: 0 };
        writer.frame(&record, &frame).expect("memory");
    }
    let (written, file) = (begin.elapsed(), writer.into_inner());
    let begin = Instant::now();
    let mut reader = CaptureReader::new(&file[..]).expect("a capture");
    let mut count = 0;
    while let Some(frame) = reader.next().expect("a frame") {
        count += frame.bytes.len() / length;
    }
    let read = begin.elapsed();
    println!(
        "pcapng of {length} bytes a frame: written {:.1} million/s, read {:.1} million/s, {:.2} GB/s",
        FRAMES as f64 / written.as_secs_f64() / 1e6,
        count as f64 / read.as_secs_f64() / 1e6,
        file.len() as f64 / read.as_secs_f64() / 1e9
    );
}

fn main() {
    let made = Command::new("sh").args(["-ec", PAIR]).status().expect("sh runs");
    assert!(made.success(), "run this by unshare(1), as its first lines say");
    for length in [60, 1_514] {
        veth(length);
    }
    for length in [60, 1_514] {
        files(length);
    }
}
