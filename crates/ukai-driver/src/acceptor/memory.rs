//! Flows from memory: for tests, and for whoever has no sockets.

use super::datagram::{Carrier, DatagramFlow, Gate, poll_waiting};
use super::side::NoDoor;
use super::{Accepted, Acceptor, SideDoor, SideListener, Stream};
use crate::limits::MEMORY_DATAGRAMS_MAX;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{DuplexStream, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::Instant;
use ukai_model::{Flow, Transport};

/// Connections that may wait to be accepted.
const WAITING_MAX: usize = 128;

/// First of the ports that are given when any free one is asked for.
const FREE_PORTS: std::ops::RangeInclusive<u16> = 32_768..=60_999;

/// Gives the connections that a [`MemoryDialer`] opens.
pub struct MemoryAcceptor {
    incoming: mpsc::Receiver<Accepted>,
}

/// The peers of a [`MemoryAcceptor`]: connects to it and to side streams, and waits for
/// side streams that come from there.
#[derive(Clone)]
pub struct MemoryDialer {
    outgoing: mpsc::Sender<Accepted>,
    net: Net,
}

impl MemoryAcceptor {
    /// An acceptor, and who connects to it. Each connection holds at most
    /// `buffer_bytes` each way before its writer has to wait.
    pub fn new(buffer_bytes: usize) -> (Self, MemoryDialer) {
        let (outgoing, incoming) = mpsc::channel(WAITING_MAX);
        let gate = Arc::new(Mutex::new(Gate::new()));
        let net = Net { ports: Arc::default(), gate, buffer_bytes };
        (Self { incoming }, MemoryDialer { outgoing, net })
    }
}

impl Acceptor for MemoryAcceptor {
    async fn accept(&mut self) -> Option<io::Result<Accepted>> {
        self.incoming.recv().await.map(Ok)
    }
}

impl MemoryDialer {
    /// Connects from `peer` to `local`; fails if the acceptor is gone.
    pub async fn connect(&self, peer: SocketAddr, local: SocketAddr) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(self.net.buffer_bytes);
        let flow = Flow::new(Transport::Tcp, peer, local);
        let side = Arc::new(self.net.clone());
        let accepted = Accepted { flow, stream: Box::new(theirs), side };
        self.outgoing.send(accepted).await.map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(ours)
    }

    /// Sends a first datagram from `peer` to `local`. What opens no flow is lost, as a
    /// datagram is; fails if the acceptor is gone.
    pub async fn send(
        &self,
        peer: SocketAddr,
        local: SocketAddr,
        first: Bytes,
    ) -> io::Result<MemoryDatagrams> {
        let (outgoing, theirs) = mpsc::channel(MEMORY_DATAGRAMS_MAX);
        let (back, incoming) = mpsc::channel(MEMORY_DATAGRAMS_MAX);
        let admitted = self.net.gate.lock().admit(peer, Instant::now());
        if let Some(proof) = admitted {
            let ours = MemoryDatagrams { outgoing: back, incoming: theirs };
            let flow = Flow::new(Transport::Udp, peer, local);
            let stream = Box::new(DatagramFlow::new(ours, first, proof));
            let accepted = Accepted { flow, stream, side: Arc::new(NoDoor) };
            self.outgoing.send(accepted).await.map_err(|_| io::ErrorKind::ConnectionRefused)?;
        }
        Ok(MemoryDatagrams { outgoing, incoming })
    }

    /// Connects from `from` to a side stream that waits at `to`.
    pub fn connect_side(&self, from: SocketAddr, to: SocketAddr) -> io::Result<DuplexStream> {
        self.net.connect(from, to)
    }

    /// Waits at `address` for side streams that are opened from the other end.
    pub fn listen(&self, address: SocketAddr) -> io::Result<MemoryListener> {
        self.net.listen(address)
    }
}

/// One end of a flow of datagrams in memory.
pub struct MemoryDatagrams {
    outgoing: mpsc::Sender<Bytes>,
    incoming: mpsc::Receiver<Bytes>,
}

impl MemoryDatagrams {
    /// Sends a datagram. It is lost where too many wait, or nobody does.
    pub fn send(&self, datagram: impl Into<Bytes>) {
        let _ = self.outgoing.try_send(datagram.into());
    }

    /// The next datagram; `None` when the other end is gone.
    pub async fn receive(&mut self) -> Option<Bytes> {
        self.incoming.recv().await
    }
}

impl Carrier for MemoryDatagrams {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_waiting(&mut self.incoming, cx, buffer)
    }

    fn poll_send(&mut self, _: &mut Context<'_>, datagram: &[u8]) -> Poll<io::Result<()>> {
        self.send(Bytes::copy_from_slice(datagram));
        Poll::Ready(Ok(()))
    }
}

/// A connection and where it comes from.
type Dialled = (DuplexStream, SocketAddr);

/// Who waits where.
#[derive(Clone)]
struct Net {
    ports: Arc<Mutex<HashMap<SocketAddr, mpsc::Sender<Dialled>>>>,
    gate: Arc<Mutex<Gate>>,
    buffer_bytes: usize,
}

impl Net {
    fn listen(&self, address: SocketAddr) -> io::Result<MemoryListener> {
        let (sender, incoming) = mpsc::channel(WAITING_MAX);
        let mut ports = self.ports.lock();
        if ports.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        ports.insert(address, sender);
        Ok(MemoryListener { address, incoming, net: self.clone() })
    }

    fn connect(&self, from: SocketAddr, to: SocketAddr) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(self.buffer_bytes);
        let ports = self.ports.lock();
        let listener = ports.get(&to).ok_or(io::ErrorKind::ConnectionRefused)?;
        listener.try_send((theirs, from)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(ours)
    }

    fn free_port(&self, at: SocketAddr, random: u64) -> io::Result<SocketAddr> {
        let count = u64::from(FREE_PORTS.end() - FREE_PORTS.start()) + 1;
        let ports = self.ports.lock();
        (0..count)
            .map(|step| FREE_PORTS.start() + ((random % count + step) % count) as u16)
            .map(|port| SocketAddr::new(at.ip(), port))
            .find(|address| !ports.contains_key(address))
            .ok_or_else(|| io::ErrorKind::AddrInUse.into())
    }
}

impl SideDoor for Net {
    fn listen(&self, flow: &Flow, random: u64) -> io::Result<Box<dyn SideListener>> {
        let address = self.free_port(flow.local(), random)?;
        Ok(Box::new(Self::listen(self, address)?))
    }

    fn connect(&self, flow: &Flow, port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let to = SocketAddr::new(flow.src_ip, port);
        let from = self.free_port(flow.local(), 0);
        let stream = from.and_then(|from| Self::connect(self, from, to));
        Box::pin(std::future::ready(stream.map(|stream| Box::new(stream) as Box<dyn Stream>)))
    }
}

/// A port in memory that waits; closed when dropped.
pub struct MemoryListener {
    address: SocketAddr,
    incoming: mpsc::Receiver<Dialled>,
    net: Net,
}

impl SideListener for MemoryListener {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, SocketAddr)>> {
        Box::pin(async {
            let (stream, peer) = self.incoming.recv().await.ok_or(io::ErrorKind::BrokenPipe)?;
            Ok((Box::new(stream) as Box<dyn Stream>, peer))
        })
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        self.net.ports.lock().remove(&self.address);
    }
}
