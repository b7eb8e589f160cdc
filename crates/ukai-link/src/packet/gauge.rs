//! What has happened on a link, for whoever wants to know while a stack has the link.

use super::system;
use parking_lot::Mutex;
use socket2::Socket;
use std::sync::{Arc, Weak};
use tokio::io::unix::AsyncFd;

/// What has happened on a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketStatistics {
    /// Frames that passed the filter, those that found no room included.
    pub received: u64,
    /// Frames that found no room in the ring.
    pub dropped: u64,
    /// Frames that were sent.
    pub sent: u64,
    /// Frames that the interface did not take: it was busy or down, or they were too long.
    pub lost: u64,
}

/// Tells what happens on a [`super::PacketLink`], wherever that is.
#[derive(Clone)]
pub struct PacketGauge {
    /// Gone with the link.
    socket: Weak<AsyncFd<Socket>>,
    totals: Arc<Mutex<PacketStatistics>>,
}

impl PacketGauge {
    pub(super) fn new(socket: &Arc<AsyncFd<Socket>>) -> Self {
        Self { socket: Arc::downgrade(socket), totals: Arc::default() }
    }

    /// What has happened since the link was opened, or, if it is gone, until this was asked
    /// last.
    pub fn statistics(&self) -> PacketStatistics {
        let mut totals = self.totals.lock();
        // The kernel begins anew each time that it is asked.
        if let Some(socket) = self.socket.upgrade()
            && let Ok((received, dropped)) = system::statistics(socket.get_ref())
        {
            totals.received += u64::from(received);
            totals.dropped += u64::from(dropped);
        }
        *totals
    }

    pub(super) fn sent(&self, sent: u64, lost: u64) {
        let mut totals = self.totals.lock();
        totals.sent += sent;
        totals.lost += lost;
    }
}
