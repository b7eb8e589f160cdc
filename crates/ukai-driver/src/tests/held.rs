//! One peer that holds very many connections over a link, and what an idle one costs.

use super::load::{Counter, resident_bytes};
use super::{SystemWorld, assignment, driver, echo};
use crate::{Budgets, NetstackAcceptor, TlsUse, World as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Config, Event, Hop, Host, Link, Medium, MemoryLink, Neighbourhood};
use ukai_netstack::{Personality, Port, Stack, Tuple, memory_pair};

/// Connections. With 50,000 the figures are the same.
const COUNT: usize = 5_000;

/// Memory that an idle connection may cost, in bytes, with what the peer's end in the same
/// process costs (about 300).
const IDLE_BYTES_MAX: usize = 4_096;

/// Connections that are on their way at a time: a link in memory takes so many frames.
const UNDER_WAY_MAX: usize = 300;

struct Everywhere(Arc<Personality>);

impl Neighbourhood for Everywhere {
    fn host(&self, _: IpAddr) -> Option<Host<'_>> {
        Some(Host { personality: &self.0, booted: Timestamp::from_secs(1), mac: None })
    }

    fn port(&self, _: IpAddr, _: Transport, _: u16) -> Port {
        Port::Open
    }
}

fn everywhere() -> Everywhere {
    Everywhere(Arc::new(Personality::linux()))
}

/// The peer: one address, a stack of its own.
struct Guest {
    link: MemoryLink,
    stack: Stack<Everywhere>,
    connected: usize,
    heard: usize,
}

impl Guest {
    fn turn(&mut self) {
        let now = SystemWorld.now();
        let mut cx = Context::from_waker(Waker::noop());
        let mut buffer = [0; 2_000];
        while let Poll::Ready(length) = self.link.poll_receive(&mut cx, &mut buffer) {
            self.stack.input(now, &buffer[..length.unwrap()]);
        }
        self.stack.advance(now);
        while let Some(event) = self.stack.event() {
            match event {
                Event::Connected { flow } => {
                    self.connected += 1;
                    // Every hundredth says something, and is answered.
                    if self.connected.is_multiple_of(100) {
                        self.stack.send(now, flow, b"alive?");
                    }
                }
                Event::Received { flow, bytes } => {
                    self.heard += bytes.len();
                    self.stack.consumed(now, flow, bytes.len());
                }
                Event::Closed { how, .. } => panic!("{how:?}"),
                _ => {}
            }
        }
        self.send();
    }

    fn send(&mut self) {
        for frame in self.stack.frames().iter() {
            self.link.send(frame).unwrap();
        }
        self.stack.frames().clear();
    }

    fn connect(&mut self, number: usize) {
        let tuple = Tuple {
            peer: IpAddr::from([198, 51, 100, (number % 4) as u8]),
            local: IpAddr::from([10, 0, 2, 15]),
            peer_port: 23,
            local_port: 1_024 + (number / 4) as u16,
        };
        self.stack.connect(SystemWorld.now(), tuple, Hop::default()).expect("a flow");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_peer_holds_many_connections_over_a_link() {
    let sink = Arc::new(Counter::default());
    let budgets =
        Budgets { sessions_max: COUNT, sessions_per_peer_max: COUNT, ..Budgets::default() };
    let driver = driver(budgets, &sink, Arc::new(SystemWorld));
    let (link, other) = memory_pair(Medium::Ip);
    let config = Config { closed: true, ..Config::default() };
    let acceptor = NetstackAcceptor::new(link, everywhere(), config, Arc::new(SystemWorld), |_| {});
    let shutdown = CancellationToken::new();
    let serving = {
        let (driver, shutdown) = (driver.clone(), shutdown.clone());
        let assignment = assignment(echo(), TlsUse::Recognised);
        tokio::spawn(async move {
            driver.serve(acceptor, move |_| Some(assignment.clone()), shutdown).await;
        })
    };
    let stack = Stack::new(config, everywhere(), SystemWorld.now(), [5; 32]);
    let mut guest = Guest { link: other, stack, connected: 0, heard: 0 };
    let before = resident_bytes();
    let start = Instant::now();
    let mut asked = 0;
    while guest.connected < COUNT || driver.sessions() < COUNT || guest.heard < COUNT / 100 * 6 {
        assert!(start.elapsed() < Duration::from_mins(2), "{} of {COUNT}", guest.connected);
        while asked < COUNT && asked < guest.connected + UNDER_WAY_MAX {
            guest.connect(asked);
            asked += 1;
            if asked.is_multiple_of(100) {
                guest.send();
            }
        }
        guest.turn();
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    let bytes_each = resident_bytes().saturating_sub(before) / COUNT;
    println!("{COUNT} connections in {:?}, {bytes_each} bytes each", start.elapsed());
    assert!(bytes_each < IDLE_BYTES_MAX, "{bytes_each} bytes per idle connection");
    assert_eq!(driver.sessions(), COUNT);
    shutdown.cancel();
    serving.await.expect("the driver does not panic");
}
