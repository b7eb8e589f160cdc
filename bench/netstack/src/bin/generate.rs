//! Sends SYNs or echo requests into a device, as fast as they are answered, for some seconds;
//! prints how many are sent and how many answers come in a second, by the device's own
//! counter, how many answers in all, and for how many seconds it had a processor. The
//! kernel answers within the sender's own time.
//!
//! ```text
//! generate DEVICE MAC syn|echo SECONDS        closed loop: 1,024 unanswered at most
//! generate DEVICE MAC syn-flood SECONDS       as fast as the machine makes
//! ```

use netstack_bench::packets::{BATCH, Packets};
use netstack_bench::{OPTIONS, echo, processor_seconds, segment};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};
use ukai_packet::ether::{Mac, Tags, ethertype};
use ukai_packet::tcp::Flags;

/// Frames without an answer, at most.
const UNANSWERED: u64 = 1_024;
/// After so long, what is unanswered is lost.
const LOST: Duration = Duration::from_millis(5);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [device, mac, what, seconds] = &arguments[..] else {
        panic!("generate DEVICE MAC syn|echo|syn-flood SECONDS")
    };
    let mut station = [0; 6];
    for (byte, text) in station.iter_mut().zip(mac.split(':')) {
        *byte = u8::from_str_radix(text, 16).expect("a station");
    }
    let frames: Vec<Vec<u8>> = (0..65_536)
        .map(|number| {
            let mut frame = Vec::new();
            let from = Mac([2, 0, 0, 0, 0, 1]);
            ukai_packet::ether::write(
                &mut frame,
                Mac(station),
                from,
                &Tags::default(),
                ethertype::IPV4,
            );
            frame.extend(if what == "echo" {
                echo(number)
            } else {
                segment(number, Flags::SYN, number as u32, 0, (OPTIONS, &[]))
            });
            frame
        })
        .collect();
    let time = Duration::from_secs(seconds.parse().expect("seconds"));
    let packets = Packets::open(device).expect("a device");
    let counter = File::open(format!("/sys/class/net/{device}/statistics/rx_packets"));
    let counter = counter.expect("a device has counters");
    let count = || {
        let mut text = [0; 24];
        let length = counter.read_at(&mut text, 0).expect("a counter");
        let text = std::str::from_utf8(&text[..length]).expect("digits");
        text.trim().parse::<u64>().expect("a number")
    };
    let (before, begin) = (count(), Instant::now());
    let (mut sent, mut lost, mut seen, mut since) = (0_u64, 0, 0, begin);
    while begin.elapsed() < time {
        let place = sent as usize % frames.len();
        packets.send(frames[place..place + BATCH].iter().map(Vec::as_slice));
        sent += BATCH as u64;
        while what != "syn-flood" {
            let answers = count() - before;
            if answers != seen {
                (seen, since) = (answers, Instant::now());
            } else if since.elapsed() > LOST {
                lost = sent.saturating_sub(answers);
                since = Instant::now();
            }
            if sent < answers + lost + UNANSWERED {
                break;
            }
            std::thread::yield_now();
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_millis(50));
    let answers = count() - before;
    let (sent, rate) = (sent as f64 / seconds, answers as f64 / seconds);
    println!("{sent:.0} {rate:.0} {answers} {:.3}", processor_seconds());
}
