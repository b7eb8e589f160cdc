//! Every acceptor of datagrams passes the same tests; then what only sockets have.

use super::KernelDatagrams;
use crate::acceptor::{Accepted, Acceptor, MemoryAcceptor, MemoryDatagrams, MemoryDialer};
use crate::limits::UNPROVED_BYTES_MAX;
use crate::tests::{assignment, driver, echo};
use crate::{Budgets, SystemWorld, TlsUse};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use ukai_model::Transport;

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A peer that opens flows.
trait Client {
    type Flow: Talk;
    /// Sends a first datagram; gives the flow, and both addresses.
    async fn open(&self, first: &'static [u8]) -> (Self::Flow, SocketAddr, SocketAddr);
}

trait Talk {
    async fn say(&mut self, datagram: &'static [u8]);
    /// The next datagram, if there is one within a moment.
    async fn hear(&mut self) -> Option<Vec<u8>>;
}

struct Sockets(SocketAddr);

/// A client's socket, which answers where the last datagram came from.
struct Talker(UdpSocket, SocketAddr);

impl Client for Sockets {
    type Flow = Talker;

    async fn open(&self, first: &'static [u8]) -> (Talker, SocketAddr, SocketAddr) {
        let any = SocketAddr::new(self.0.ip(), 0);
        let socket = UdpSocket::bind(any).await.expect("a free port");
        let own = socket.local_addr().expect("an address");
        socket.send_to(first, self.0).await.expect("sent");
        (Talker(socket, self.0), own, self.0)
    }
}

impl Talk for Talker {
    async fn say(&mut self, datagram: &'static [u8]) {
        self.0.send_to(datagram, self.1).await.expect("sent");
    }

    async fn hear(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65_536];
        let received = timeout(Duration::from_millis(200), self.0.recv_from(&mut buffer)).await;
        let (count, from) = received.ok()?.ok()?;
        self.1 = from;
        buffer.truncate(count);
        Some(buffer)
    }
}

struct Memory(MemoryDialer);

impl Client for Memory {
    type Flow = MemoryDatagrams;

    async fn open(&self, first: &'static [u8]) -> (MemoryDatagrams, SocketAddr, SocketAddr) {
        let (peer, local) = (at("192.0.2.1:4000"), at("198.51.100.1:69"));
        let flow = self.0.send(peer, local, first.into()).await.expect("an acceptor");
        (flow, peer, local)
    }
}

impl Talk for MemoryDatagrams {
    async fn say(&mut self, datagram: &'static [u8]) {
        self.send(datagram);
    }

    async fn hear(&mut self) -> Option<Vec<u8>> {
        Some(timeout(Duration::from_millis(200), self.receive()).await.ok()??.to_vec())
    }
}

async fn next(acceptor: &mut impl Acceptor) -> Accepted {
    acceptor.accept().await.expect("the acceptor goes on").expect("a flow")
}

async fn conformance(mut acceptor: impl Acceptor, client: impl Client) {
    // The flow is what the peer sees; a read is a datagram, and so is a write.
    let (mut talk, peer, local) = client.open(b"first").await;
    let mut accepted = next(&mut acceptor).await;
    let flow = accepted.flow;
    assert_eq!((flow.transport, flow.peer(), flow.local()), (Transport::Udp, peer, local));
    let mut buffer = [0; 1_024];
    assert_eq!(accepted.stream.read(&mut buffer).await.expect("a datagram"), 5);
    assert_eq!(&buffer[..5], b"first");
    accepted.stream.write_all(b"answer").await.expect("written");
    assert_eq!(talk.hear().await.expect("an answer"), b"answer");
    talk.say(b"one").await;
    talk.say(b"second").await;
    assert_eq!(accepted.stream.read(&mut buffer).await.expect("a datagram"), 3);
    assert_eq!(accepted.stream.read(&mut buffer).await.expect("a datagram"), 6);

    // Now that the peer has answered, it may get as much as it asks for.
    for _ in 0..20 {
        accepted.stream.write_all(&[7; 1_000]).await.expect("written");
        assert_eq!(talk.hear().await.expect("a datagram").len(), 1_000);
    }

    // A side stream cannot be had.
    assert!(accepted.side.listen(&flow, 0).is_err());
    assert!(accepted.side.connect(&flow, 4_000).await.is_err());

    // Who has not answered may be somebody else: it gets one block, and not again and again.
    let (mut talk, ..) = client.open(b"again").await;
    let mut accepted = next(&mut acceptor).await;
    let mut heard = 0;
    for size in [1_000, 516, 516, 516, 84, 4] {
        accepted.stream.write_all(&vec![7; size]).await.expect("as if it were sent");
        heard += talk.hear().await.map_or(0, |datagram| datagram.len());
    }
    assert_eq!(heard, UNPROVED_BYTES_MAX);
}

#[tokio::test]
async fn sockets_conform_on_both_families() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let acceptor = KernelDatagrams::bind(&[at(address)]).expect("a free port");
        let bound = acceptor.addresses()[0];
        conformance(acceptor, Sockets(bound)).await;
    }
}

#[tokio::test]
async fn memory_conforms() {
    let (acceptor, dialer) = MemoryAcceptor::new(64);
    conformance(acceptor, Memory(dialer)).await;
}

#[tokio::test]
async fn each_flow_has_a_port_of_its_own_that_hears_its_peer_only() {
    let mut acceptor = KernelDatagrams::bind(&[at("127.0.0.1:0")]).expect("a free port");
    let local = acceptor.addresses()[0];
    let (mut talk, ..) = Sockets(local).open(b"x").await;
    let mut accepted = next(&mut acceptor).await;
    accepted.stream.write_all(b"y").await.expect("written");
    talk.hear().await.expect("an answer");
    let own = talk.1;
    assert_eq!(own.ip(), local.ip());
    assert_ne!(own.port(), local.port(), "a transfer has its own identifier (RFC 1350)");
    let stranger = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    stranger.send_to(b"stranger", own).await.expect("sent");
    talk.say(b"peer").await;
    let mut buffer = [0; 64];
    assert_eq!(accepted.stream.read(&mut buffer).await.expect("the first"), 1);
    assert_eq!(accepted.stream.read(&mut buffer).await.expect("the peer's"), 4);
}

#[tokio::test]
async fn a_wildcard_keeps_the_address_that_was_meant() {
    for (any, ours) in [("0.0.0.0:0", ["127.0.0.1", "127.0.0.5"]), ("[::]:0", ["::1", "::1"])] {
        let mut acceptor = KernelDatagrams::bind(&[at(any)]).expect("a free port");
        let port = acceptor.addresses()[0].port();
        for ip in ours {
            let target = SocketAddr::new(ip.parse().expect("an address"), port);
            let (mut talk, ..) = Sockets(target).open(b"x").await;
            let mut accepted = next(&mut acceptor).await;
            assert_eq!(accepted.flow.local(), target);
            accepted.stream.write_all(b"y").await.expect("written");
            talk.hear().await.expect("an answer");
            assert_eq!(talk.1.ip(), target.ip(), "answered from the address that was asked");
        }
    }
}

#[tokio::test]
async fn an_address_in_the_way_is_told_with_its_remedy() {
    let taken = KernelDatagrams::bind(&[at("127.0.0.1:0")]).expect("a free port");
    let address = taken.addresses()[0];
    let Err(error) = KernelDatagrams::bind(&[address]) else { panic!("it is taken") };
    let text = error.to_string();
    assert!(text.contains(&format!("address {address}: in use")), "{text}");
    assert!(text.contains("ss -lunp"), "{text}");
}

/// Ten thousand sources that never answer, each from a network of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_forged_requests_stay_bounded() {
    let sink = Arc::new(crate::tests::Memory::default());
    let driver = driver(Budgets::default(), &sink, Arc::new(SystemWorld));
    let acceptor = KernelDatagrams::bind(&[at("127.0.0.1:0")]).expect("a free port");
    let target = acceptor.addresses()[0];
    let shutdown = CancellationToken::new();
    let serving = {
        let (driver, shutdown) = (driver.clone(), shutdown.clone());
        let assignment = assignment(echo(), TlsUse::Recognised);
        tokio::spawn(async move {
            driver.serve(acceptor, move |_| Some(assignment.clone()), shutdown).await;
        })
    };
    let mut most = 0;
    for n in 0..10_000_u32 {
        let [_, _, high, low] = n.to_be_bytes();
        let from = SocketAddr::from(([127, high + 1, low, 1], 0));
        let forged = std::net::UdpSocket::bind(from).expect("loopback has them all");
        forged.send_to(b"\0\x01x\0octet\0", target).expect("sent");
        if n % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            most = most.max(driver.sessions());
        }
    }
    assert!((1..=300).contains(&most), "{most} sessions at a time");
    // In the midst of it a real client is served.
    let (mut talk, ..) = Sockets(target).open(b"ping").await;
    let heard = talk.hear().await;
    shutdown.cancel();
    serving.await.expect("the driver does not panic");
    let recorded = sink.events.lock().len();
    assert!(recorded < 1_500, "{recorded} events");
    println!("{most} sessions at most, {recorded} events, the client heard {heard:?}");
}

/// A socket that is not ready at first, as one that was just made.
struct Late {
    refusals: u32,
    sent: Arc<parking_lot::Mutex<Vec<usize>>>,
}

impl super::Carrier for Late {
    fn poll_receive(&mut self, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<()>> {
        if self.refusals > 0 {
            self.refusals -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.sent.lock().push(datagram.len());
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn an_answer_that_waits_for_its_socket_is_not_lost() {
    let sent = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let proof = super::Gate::new().admit(at("192.0.2.1:4000"), Instant::now()).expect("room");
    let late = Late { refusals: 5, sent: Arc::clone(&sent) };
    let mut flow = super::DatagramFlow::new(late, bytes::Bytes::from_static(b"ask"), proof);
    flow.write_all(&[0; 516]).await.expect("it is sent");
    // The second would be too much for a peer that has not answered.
    flow.write_all(&[0; 516]).await.expect("it is dropped");
    assert_eq!(*sent.lock(), [516]);
}
