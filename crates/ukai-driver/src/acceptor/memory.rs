//! Flows from memory: for tests, and for whoever has no sockets.

use super::{Accepted, Acceptor};
use std::io;
use std::net::SocketAddr;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use ukai_model::{Flow, Transport};

/// Connections that may wait to be accepted.
const WAITING_MAX: usize = 128;

/// Gives the connections that a [`MemoryDialer`] opens.
pub struct MemoryAcceptor {
    incoming: mpsc::Receiver<Accepted>,
}

/// Opens connections to a [`MemoryAcceptor`].
#[derive(Clone)]
pub struct MemoryDialer {
    outgoing: mpsc::Sender<Accepted>,
    buffer_bytes: usize,
}

impl MemoryAcceptor {
    /// An acceptor, and who connects to it. Each connection holds at most
    /// `buffer_bytes` each way before its writer has to wait.
    pub fn new(buffer_bytes: usize) -> (Self, MemoryDialer) {
        let (outgoing, incoming) = mpsc::channel(WAITING_MAX);
        (Self { incoming }, MemoryDialer { outgoing, buffer_bytes })
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
        let (ours, theirs) = tokio::io::duplex(self.buffer_bytes);
        let flow = Flow::new(Transport::Tcp, peer, local);
        let accepted = Accepted { flow, stream: Box::new(theirs) };
        self.outgoing.send(accepted).await.map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(ours)
    }
}
