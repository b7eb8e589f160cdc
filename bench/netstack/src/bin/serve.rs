//! Our stack on a device, for some seconds: every address of 198.0.0.0/8, port 23 echoes,
//! port 19 says zeros for ever. Prints for how many seconds it had a processor.
//!
//! ```text
//! serve DEVICE SECONDS
//! ```

use netstack_bench::{Everywhere, processor_seconds, resident_bytes};
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};
use ukai_link::{PacketConfig, PacketLink};
use ukai_model::Timestamp;
use ukai_netstack::{Config, Event, FlowId, Link as _, Medium, Stack};

/// Frames that are taken before answers are sent.
const BATCH: usize = 256;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [device, seconds] = &arguments[..] else { panic!("serve DEVICE SECONDS") };
    let time = Duration::from_secs(seconds.parse().expect("seconds"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(serve(device, time));
}

async fn serve(device: &str, time: Duration) {
    let mut link = PacketLink::open(device, &PacketConfig::default()).expect("a device");
    let config = Config {
        medium: Medium::Ethernet,
        unproved_answers_per_second: u16::MAX,
        unproved_burst: u16::MAX,
        send_bytes_per_flow: 1 << 20,
        ..Config::default()
    };
    let now = || Timestamp::from(SystemTime::now());
    let mut stack = Stack::new(config, Everywhere::default(), now(), [7; 32]);
    let zeros = vec![0; 1 << 20];
    let mut buffer = vec![0; 1 << 16];
    let mut talking: Vec<FlowId> = Vec::new();
    let begin = Instant::now();
    let memory = resident_bytes();
    while begin.elapsed() < time {
        let mut count = 0;
        let taking = poll_fn(|cx| {
            let at = now();
            while count < BATCH {
                match link.poll_receive(cx, &mut buffer) {
                    Poll::Ready(length) => stack.input(at, &buffer[..length.expect("it is up")]),
                    Poll::Pending if count == 0 => return Poll::Pending,
                    Poll::Pending => break,
                }
                count += 1;
            }
            Poll::Ready(())
        });
        let _ = tokio::time::timeout(Duration::from_millis(2), taking).await;
        let at = now();
        stack.advance(at);
        while let Some(event) = stack.event() {
            match event {
                Event::Opened { flow, tuple, .. } if tuple.local_port == 19 => talking.push(flow),
                Event::Received { flow, bytes } => {
                    stack.consumed(at, flow, bytes.len());
                    if !talking.contains(&flow) {
                        stack.send(at, flow, &bytes);
                    }
                }
                Event::PeerClosed { flow } => {
                    talking.retain(|other| *other != flow);
                    stack.close(at, flow);
                }
                Event::Closed { flow, .. } => talking.retain(|other| *other != flow),
                _ => {}
            }
        }
        for flow in &talking {
            stack.send(at, *flow, &zeros);
        }
        for frame in stack.frames().iter() {
            link.send(frame).expect("it is up");
        }
        stack.frames().clear();
        link.flush().expect("it is up");
    }
    println!("{:.3}", processor_seconds());
    let statistics = stack.statistics();
    eprintln!(
        "{} frames, {} SYNs, {} sent again, {} more bytes resident than at first; {:?}",
        statistics.frames_in,
        statistics.syns,
        statistics.sent_again,
        resident_bytes().saturating_sub(memory),
        link.statistics()
    );
}
