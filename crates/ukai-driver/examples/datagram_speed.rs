//! How many datagrams a stack answers at once, in memory and on one core: what a guest asks
//! of a closed link's responder, with nothing behind it. Some seconds.
//!
//! ```text
//! cargo run --release -p ukai-driver --example datagram_speed
//! ```

use bytes::Bytes;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ukai_driver::{Datagram, Datagrams, NetstackAcceptor, SystemWorld, World as _};
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Config, Hop, Host, Link, Medium, Neighbourhood, Personality, Port};
use ukai_netstack::{Stack, Tuple, memory_pair};

/// Frames on their way: what the link takes.
const UNDER_WAY: u16 = 512;

struct Everywhere(Arc<Personality>);

impl Everywhere {
    fn new() -> Self {
        Self(Arc::new(Personality::linux()))
    }
}

impl Neighbourhood for Everywhere {
    fn host(&self, _: IpAddr) -> Option<Host<'_>> {
        Some(Host { personality: &self.0, booted: Timestamp::from_secs(1), mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, _: u16) -> Port {
        Port::Open
    }
}

/// Says what it hears, and the length of it.
struct Answers;

impl Datagram for Answers {
    fn datagram(
        &mut self,
        _: Timestamp,
        _: Tuple,
        bytes: Bytes,
        reply: &mut dyn FnMut(&[u8]),
    ) -> bool {
        let mut answer = [0; 64];
        let count = bytes.len().min(answer.len());
        answer[..count].copy_from_slice(&bytes[..count]);
        reply(&answer);
        true
    }
}

/// A guest's questions, as frames.
fn questions() -> Vec<Vec<u8>> {
    let (config, now) = (Config::default(), SystemWorld.now());
    let mut guest = Stack::new(config, Everywhere::new(), now, [7; 32]);
    for number in 0..UNDER_WAY {
        let tuple = Tuple {
            peer: IpAddr::from([198, 51, 100, number as u8]),
            local: IpAddr::from([10, 0, 2, 15]),
            peer_port: 53,
            local_port: 1_024 + number,
        };
        guest.send_datagram(now, tuple, Hop::default(), &[7; 40]);
    }
    guest.frames().iter().map(<[u8]>::to_vec).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (link, mut guest) = memory_pair(Medium::Ip);
    let direct = Some(Box::new(Answers) as Box<dyn Datagram>);
    let hosts = Everywhere::new();
    let config = Config { closed: true, ..Config::default() };
    let world = Arc::new(SystemWorld);
    let datagrams = Datagrams::Open { flows_max: 1_024, direct };
    let _acceptor = NetstackAcceptor::with_datagrams(link, hosts, config, world, |_| {}, datagrams);
    let questions = questions();
    let mut buffer = vec![0; 2_000];
    let (start, mut answered) = (Instant::now(), 0_u64);
    while start.elapsed() < Duration::from_secs(3) {
        for question in &questions {
            guest.send(question).expect("the stack is there");
        }
        for _ in 0..UNDER_WAY {
            let received = std::future::poll_fn(|cx| guest.poll_receive(cx, &mut buffer));
            received.await.expect("an answer");
            answered += 1;
        }
    }
    let per_second = answered as f64 / start.elapsed().as_secs_f64();
    println!(
        "{per_second:.0} datagrams answered per second, on one core, the guest's part included"
    );
}
