//! Every acceptor passes the same tests.

use super::{Accepted, Acceptor, KernelAcceptor, MemoryAcceptor, Stream};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ukai_model::Transport;

/// Connects to the acceptor under test; gives the stream and the peer's own address.
trait Dial {
    async fn dial(&self) -> (Box<dyn Stream>, SocketAddr);
    fn target(&self) -> SocketAddr;
}

struct Kernel(SocketAddr);

impl Dial for Kernel {
    async fn dial(&self) -> (Box<dyn Stream>, SocketAddr) {
        let stream = TcpStream::connect(self.0).await.expect("a connection");
        let local = stream.local_addr().expect("an address");
        (Box::new(stream), local)
    }

    fn target(&self) -> SocketAddr {
        self.0
    }
}

struct Memory(super::MemoryDialer);

impl Dial for Memory {
    async fn dial(&self) -> (Box<dyn Stream>, SocketAddr) {
        let peer: SocketAddr = "192.0.2.1:4000".parse().expect("an address");
        (Box::new(self.0.connect(peer, self.target()).await.expect("a connection")), peer)
    }

    fn target(&self) -> SocketAddr {
        "198.51.100.1:23".parse().expect("an address")
    }
}

async fn next(acceptor: &mut impl Acceptor) -> Accepted {
    acceptor.accept().await.expect("the acceptor goes on").expect("a flow")
}

async fn conformance(mut acceptor: impl Acceptor, dial: impl Dial) {
    // The flow is what the peer sees.
    let (mut ours, peer) = dial.dial().await;
    let mut accepted = next(&mut acceptor).await;
    assert_eq!(accepted.flow.transport, Transport::Tcp);
    assert_eq!(accepted.flow.peer(), peer);
    assert_eq!(accepted.flow.local(), dial.target());

    // Bytes go both ways.
    ours.write_all(b"ping").await.expect("written");
    let mut bytes = [0; 4];
    accepted.stream.read_exact(&mut bytes).await.expect("read");
    assert_eq!(&bytes, b"ping");
    accepted.stream.write_all(b"pong").await.expect("written");
    ours.read_exact(&mut bytes).await.expect("read");
    assert_eq!(&bytes, b"pong");

    // Each direction ends by itself.
    ours.shutdown().await.expect("shut down");
    assert_eq!(accepted.stream.read(&mut bytes).await.expect("the end"), 0);
    accepted.stream.write_all(b"last").await.expect("written");
    accepted.stream.shutdown().await.expect("shut down");
    ours.read_exact(&mut bytes).await.expect("read");
    assert_eq!(ours.read(&mut bytes).await.expect("the end"), 0);

    // A peer that goes away before it is accepted spoils nothing.
    drop(dial.dial().await);
    let (mut ours, _) = dial.dial().await;
    drop(next(&mut acceptor).await);
    let mut accepted = next(&mut acceptor).await;
    ours.write_all(b"ping").await.expect("written");
    accepted.stream.read_exact(&mut bytes).await.expect("read");
    assert_eq!(&bytes, b"ping");
}

#[tokio::test]
async fn kernel_sockets_conform_on_both_families() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let acceptor =
            KernelAcceptor::bind(&[address.parse().expect("an address")]).expect("a free port");
        let bound = acceptor.addresses()[0];
        conformance(acceptor, Kernel(bound)).await;
    }
}

#[tokio::test]
async fn memory_conforms() {
    let (acceptor, dialer) = MemoryAcceptor::new(64);
    conformance(acceptor, Memory(dialer)).await;
}

#[tokio::test]
async fn a_wildcard_keeps_the_address_that_was_meant() {
    let mut acceptor =
        KernelAcceptor::bind(&["0.0.0.0:0".parse().expect("an address")]).expect("a free port");
    let port = acceptor.addresses()[0].port();
    for ip in ["127.0.0.1", "127.0.0.5"] {
        let target = SocketAddr::new(ip.parse().expect("an address"), port);
        let _stream = TcpStream::connect(target).await.expect("a connection");
        assert_eq!(next(&mut acceptor).await.flow.local(), target);
    }
}

#[tokio::test]
async fn every_address_that_is_in_the_way_is_told_with_its_remedy() {
    let taken = KernelAcceptor::bind(&["127.0.0.1:0".parse().expect("an address")]).expect("free");
    let port = taken.addresses()[0].port();
    let wanted = [format!("127.0.0.1:{port}"), "192.0.2.77:2323".into(), "127.0.0.1:0".into()];
    let wanted = wanted.map(|a| a.parse().expect("an address"));
    let Err(error) = KernelAcceptor::bind(&wanted) else { panic!("two are in the way") };
    let text = error.to_string();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains(&format!("address 127.0.0.1:{port}: in use")), "{text}");
    assert!(text.contains("address 192.0.2.77:2323: not an address of this machine"), "{text}");
}
