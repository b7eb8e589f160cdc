//! Where flows come from: kernel sockets, or memory.

mod datagram;
mod kernel;
mod kernel_side;
mod memory;
mod netstack;
mod side;
#[cfg(test)]
mod tests;

pub use datagram::KernelDatagrams;
pub use kernel::{BindError, BindProblem, KernelAcceptor};
pub use memory::{MemoryAcceptor, MemoryDatagrams, MemoryDialer, MemoryListener};
pub use netstack::{Datagram, Datagrams, NetstackAcceptor, UnansweredSyns};
pub use side::{SideDoor, SideListener};

use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use ukai_model::Flow;

/// A connection's bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection that a peer has opened.
pub struct Accepted {
    /// The conversation, as the peer saw it.
    pub flow: Flow,
    /// Its bytes.
    pub stream: Box<dyn Stream>,
    /// Opens further connections with the same peer.
    pub side: Arc<dyn SideDoor>,
}

/// Where flows come from.
pub trait Acceptor: Send {
    /// The next flow. An error is of this one attempt: the caller may try again, and
    /// waits first when resources are short. `None`: there will be no more.
    fn accept(&mut self) -> impl Future<Output = Option<io::Result<Accepted>>> + Send;
}
