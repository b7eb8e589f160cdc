//! Datagrams on a closed link: all are answered, at once or as flows.

use super::dialer::Anywhere;
use super::{Datagram, Datagrams, NetstackAcceptor};
use crate::acceptor::{Accepted, Acceptor as _};
use crate::world::SystemWorld;
use bytes::Bytes;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Waker};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ukai_model::Timestamp;
use ukai_netstack::{Config, Event, Hop, Link as _, Medium, MemoryLink, Stack, Tuple, memory_pair};

/// A guest with a stack of its own.
struct Guest {
    link: MemoryLink,
    stack: Stack<Anywhere>,
}

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const SERVER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1));

fn stage(datagrams: Datagrams) -> (NetstackAcceptor, Guest) {
    let (link, other) = memory_pair(Medium::Ip);
    let config = Config { closed: true, ..Config::default() };
    let world = Arc::new(SystemWorld);
    let acceptor =
        NetstackAcceptor::with_datagrams(link, Anywhere::new(), config, world, |_| {}, datagrams);
    let stack = Stack::new(config, Anywhere::new(), NOW, [9; 32]);
    (acceptor, Guest { link: other, stack })
}

impl Guest {
    /// Sends from port 53 of the `number`th address, as no gate would let it.
    fn send(&mut self, number: u8, bytes: &[u8]) {
        let local = IpAddr::from([10, 0, 0, number]);
        let tuple = Tuple { peer: SERVER, local, peer_port: 53, local_port: 53 };
        assert!(self.stack.send_datagram(NOW, tuple, Hop::default(), bytes));
        for frame in self.stack.frames().iter() {
            self.link.send(frame).unwrap();
        }
        self.stack.frames().clear();
    }

    /// The next datagram, and whom it is for.
    async fn receive(&mut self) -> (u8, Bytes) {
        let mut buffer = vec![0; 2_000];
        loop {
            while let Some(event) = self.stack.event() {
                if let Event::Datagram { tuple, bytes, .. } = event {
                    let IpAddr::V4(to) = tuple.local else { panic!() };
                    return (to.octets()[3], bytes);
                }
            }
            let length = std::future::poll_fn(|cx| self.link.poll_receive(cx, &mut buffer));
            let length = length.await.unwrap();
            self.stack.input(NOW, &buffer[..length]);
        }
    }

    fn hears_nothing(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.link.poll_receive(&mut cx, &mut [0; 2_000]).is_pending()
    }
}

async fn next(acceptor: &mut NetstackAcceptor) -> Accepted {
    acceptor.accept().await.unwrap().unwrap()
}

#[tokio::test]
async fn datagrams_from_anywhere_open_flows_on_which_everything_is_said() {
    let (mut acceptor, mut guest) = stage(Datagrams::Open { flows_max: 2, direct: None });
    let mut flows = Vec::new();
    for number in 1..=3 {
        guest.send(number, b"first");
        let mut accepted = next(&mut acceptor).await;
        assert_eq!(accepted.flow.src_ip, IpAddr::from([10, 0, 0, number]));
        let mut bytes = [0; 100];
        assert_eq!(accepted.stream.read(&mut bytes).await.unwrap(), 5);
        // More than one that has proved nothing would hear.
        for round in 0..5 {
            accepted.stream.write_all(&[round; 1_000]).await.unwrap();
            assert_eq!(guest.receive().await, (number, Bytes::from(vec![round; 1_000])));
        }
        flows.push(accepted.stream);
    }
    // There is no room for the first any more; the others go on.
    assert!(flows[0].read(&mut [0; 10]).await.is_err());
    for (number, flow) in (1..).zip(&mut flows).skip(1) {
        guest.send(number, b"again");
        assert_eq!(flow.read(&mut [0; 10]).await.unwrap(), 5);
    }
}

/// Answers what begins with a question mark; panics when it is told to.
struct Answers(u64);

impl Datagram for Answers {
    fn datagram(
        &mut self,
        _: Timestamp,
        tuple: Tuple,
        bytes: Bytes,
        reply: &mut dyn FnMut(&[u8]),
    ) -> bool {
        assert_eq!((tuple.local, tuple.local_port), (SERVER, 53));
        match &bytes[..] {
            b"panic" => panic!("as told"),
            [b'?', ..] => {
                self.0 += 1;
                reply(format!("{}", self.0).as_bytes());
                reply(&bytes);
                true
            }
            _ => false,
        }
    }
}

#[tokio::test]
async fn what_is_answered_at_once_opens_no_flow() {
    let direct = Some(Box::new(Answers(0)) as Box<dyn Datagram>);
    let (mut acceptor, mut guest) = stage(Datagrams::Open { flows_max: 10, direct });
    for round in 1..=20 {
        if round % 5 == 0 {
            guest.send(1, b"panic");
        }
        guest.send(7, b"?what");
        assert_eq!(guest.receive().await, (7, Bytes::from(round.to_string())));
        assert_eq!(guest.receive().await, (7, Bytes::from_static(b"?what")));
    }
    guest.send(7, b"else");
    let mut accepted = next(&mut acceptor).await;
    let mut bytes = [0; 100];
    assert_eq!(accepted.stream.read(&mut bytes).await.unwrap(), 4);
    assert_eq!(&bytes[..4], b"else", "the only one that was not answered");
    assert!(guest.hears_nothing());
}
