//! Every acceptor passes the same tests.

use super::netstack::dialer::{Anywhere, Dialer};
use super::{
    Accepted, Acceptor, KernelAcceptor, MemoryAcceptor, NetstackAcceptor, SideDoor, SideListener,
    Stream,
};
use crate::world::SystemWorld;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use ukai_model::{Flow, Transport};
use ukai_netstack::{Config, Medium, memory_pair};

/// Connects to the acceptor under test; gives the stream and the peer's own address.
trait Dial {
    async fn dial(&self) -> (Box<dyn Stream>, SocketAddr);
    fn target(&self) -> SocketAddr;
    /// Connects to a side stream from the peer's address.
    async fn dial_side(&self, from: IpAddr, to: SocketAddr) -> io::Result<Box<dyn Stream>>;
    /// Waits at the peer's address; gives the port and who comes.
    async fn wait(&self, at: IpAddr) -> (u16, BoxFuture<'static, (Box<dyn Stream>, SocketAddr)>);
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

    async fn dial_side(&self, from: IpAddr, to: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(from, 0))?;
        Ok(Box::new(socket.connect(to).await?))
    }

    async fn wait(&self, at: IpAddr) -> (u16, BoxFuture<'static, (Box<dyn Stream>, SocketAddr)>) {
        let listener = TcpListener::bind((at, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let coming = async move {
            let (stream, from) = listener.accept().await.expect("a connection");
            (Box::new(stream) as Box<dyn Stream>, from)
        };
        (port, coming.boxed())
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

    async fn dial_side(&self, from: IpAddr, to: SocketAddr) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.0.connect_side(SocketAddr::new(from, 4001), to)?))
    }

    async fn wait(&self, at: IpAddr) -> (u16, BoxFuture<'static, (Box<dyn Stream>, SocketAddr)>) {
        let mut listener = self.0.listen(SocketAddr::new(at, 5000)).expect("a free port");
        let coming = async move { listener.accept().await.expect("a connection") };
        (5000, coming.boxed())
    }
}

/// Another stack, at the other end of a link; each connection from another port.
struct Netstack {
    dialer: Dialer,
    target: SocketAddr,
    peer: IpAddr,
    next: AtomicU16,
}

impl Netstack {
    async fn connect(
        &self,
        from: IpAddr,
        to: SocketAddr,
    ) -> io::Result<(Box<dyn Stream>, SocketAddr)> {
        let from = SocketAddr::new(from, self.next.fetch_add(1, Ordering::Relaxed));
        self.dialer.connect(from, to).await.map(|stream| (stream, from))
    }
}

impl Dial for Netstack {
    async fn dial(&self) -> (Box<dyn Stream>, SocketAddr) {
        self.connect(self.peer, self.target).await.expect("a connection")
    }

    fn target(&self) -> SocketAddr {
        self.target
    }

    async fn dial_side(&self, from: IpAddr, to: SocketAddr) -> io::Result<Box<dyn Stream>> {
        self.connect(from, to).await.map(|(stream, _)| stream)
    }

    async fn wait(&self, at: IpAddr) -> (u16, BoxFuture<'static, (Box<dyn Stream>, SocketAddr)>) {
        let mut listener = self.dialer.listen(at).expect("a free port");
        let port = listener.address().port();
        let coming = async move { listener.accept().await.expect("a connection") };
        (port, coming.boxed())
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

    side_conformance(accepted.side, accepted.flow, &dial).await;
}

async fn side_conformance(side: Arc<dyn SideDoor>, flow: Flow, dial: &impl Dial) {
    // The peer connects to us, at the address that it knows.
    let mut listener = side.listen(&flow, 7).expect("a free port");
    let at = listener.address();
    assert_eq!(at.ip(), flow.dst_ip);
    let another = side.listen(&flow, 7).expect("a free port");
    assert_ne!(another.address(), at, "two wait side by side");
    let (dialled, accepted) = tokio::join!(dial.dial_side(flow.src_ip, at), listener.accept());
    let (theirs, (ours, from)) = (dialled.expect("connected"), accepted.expect("accepted"));
    assert_eq!(from.ip(), flow.src_ip);
    talk(ours, theirs).await;

    // A port that nobody waits at any more is closed.
    drop(listener);
    assert!(dial.dial_side(flow.src_ip, at).await.is_err());

    // We connect to the peer, from the address that it knows.
    let (port, coming) = dial.wait(flow.src_ip).await;
    let (ours, (theirs, from)) = tokio::join!(side.connect(&flow, port), coming);
    assert_eq!(from.ip(), flow.dst_ip);
    talk(ours.expect("connected"), theirs).await;
    assert!(side.connect(&flow, port).await.is_err(), "nobody waits there any more");
}

async fn talk(mut ours: Box<dyn Stream>, mut theirs: Box<dyn Stream>) {
    let mut bytes = Vec::new();
    ours.write_all(b"ping").await.expect("written");
    ours.shutdown().await.expect("shut down");
    theirs.read_to_end(&mut bytes).await.expect("read");
    theirs.write_all(b"pong").await.expect("written");
    theirs.shutdown().await.expect("shut down");
    ours.read_to_end(&mut bytes).await.expect("read");
    assert_eq!(bytes, b"pingpong");
}

#[tokio::test]
async fn side_streams_wait_on_the_ports_that_the_firewall_lets_through() {
    // Two neighbouring free ports, of which one is taken by somebody else.
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let first = taken.local_addr().expect("an address").port();
    let Some(last) = first.checked_add(1) else { return };
    let range = Some(first..=last);
    let address = "127.0.0.1:0".parse().expect("an address");
    let mut acceptor = KernelAcceptor::bind_with(&[address], range).expect("a free port");
    let _peer = TcpStream::connect(acceptor.addresses()[0]).await.expect("a connection");
    let accepted = next(&mut acceptor).await;
    for random in 0..4 {
        if let Ok(listener) = accepted.side.listen(&accepted.flow, random) {
            assert_eq!(listener.address().port(), last);
        }
    }
    let _one = accepted.side.listen(&accepted.flow, 0);
    let full = accepted.side.listen(&accepted.flow, 1).err().expect("no port is left");
    assert_eq!(full.kind(), io::ErrorKind::AddrInUse);
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
async fn our_own_stack_conforms_on_both_families() {
    for [peer, target] in
        [["203.0.113.1", "198.51.100.7:23"], ["2001:db8:1::1", "[2001:db8::7]:23"]]
    {
        let (link, other) = memory_pair(Medium::Ip);
        let world = Arc::new(SystemWorld);
        let acceptor =
            NetstackAcceptor::new(link, Anywhere::new(), Config::default(), world, |_| {});
        let dial = Netstack {
            dialer: Dialer::new(other),
            target: target.parse().expect("an address"),
            peer: peer.parse().expect("an address"),
            next: AtomicU16::new(40_000),
        };
        conformance(acceptor, dial).await;
    }
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
