//! Flows from a stack of our own on a link: every address and port that its neighbourhood
//! says.

mod datagrams;
#[cfg(test)]
pub(super) mod dialer;
mod door;
mod pump;
mod stream;
#[cfg(test)]
mod tests;

use super::{Accepted, Acceptor};
use crate::world::World;
use datagrams::Flows;
pub use datagrams::{Datagram, Datagrams};
use door::Doors;
pub use pump::UnansweredSyns;

use pump::Shared;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;
use ukai_netstack::{Config, Link, Neighbourhood};

/// Flows that may wait to be accepted; more are reset.
const WAITING_MAX: usize = 16_384;

/// Gives the flows of a stack on a link.
pub struct NetstackAcceptor {
    incoming: mpsc::Receiver<Accepted>,
    /// Ends with the link.
    pump: tokio::task::JoinHandle<()>,
}

impl NetstackAcceptor {
    /// Makes a stack on `link` for the hosts of `neighbourhood`. What a link's frames are,
    /// and how long they may be, is taken from the link, not from `config`. Must be called
    /// within a runtime.
    ///
    /// `told` is called, now and then, when SYNs come in the name of a prefix that never
    /// completes a handshake. It must be quick.
    pub fn new(
        link: impl Link + 'static,
        neighbourhood: impl Neighbourhood + Send + 'static,
        config: Config,
        world: Arc<dyn World>,
        told: impl Fn(UnansweredSyns) + Send + Sync + 'static,
    ) -> Self {
        Self::with_datagrams(link, neighbourhood, config, world, told, Datagrams::Guarded)
    }

    /// The same, with another way to treat datagrams.
    pub fn with_datagrams(
        link: impl Link + 'static,
        neighbourhood: impl Neighbourhood + Send + 'static,
        config: Config,
        world: Arc<dyn World>,
        told: impl Fn(UnansweredSyns) + Send + Sync + 'static,
        datagrams: Datagrams,
    ) -> Self {
        let (outgoing, incoming) = mpsc::channel(WAITING_MAX);
        let config = Config { medium: link.medium(), mtu: link.mtu(), ..config };
        let hosts = Doors::new(neighbourhood);
        let flows = Flows::new(datagrams);
        let shared = Shared::new(Box::new(link), hosts, config, world, outgoing, told, flows);
        let pump = tokio::spawn(async {
            let error = shared.pump().await;
            tracing::error!(%error, "the link has failed: its hosts answer no more");
        });
        Self { incoming, pump }
    }
}

impl Acceptor for NetstackAcceptor {
    async fn accept(&mut self) -> Option<io::Result<Accepted>> {
        self.incoming.recv().await.map(Ok)
    }
}

impl Drop for NetstackAcceptor {
    fn drop(&mut self) {
        self.pump.abort();
    }
}
