//! Second connections with a session's own peer, as FTP's data connections are.

use super::Stream;
use futures_util::future::BoxFuture;
use std::io;
use std::net::SocketAddr;
use ukai_model::Flow;

/// Opens side streams of a flow. Between whom is fixed by the flow: a door takes a port
/// at the most, never an address.
pub trait SideDoor: Send + Sync {
    /// Waits at a free port of the address that the peer of `flow` has reached. `random`
    /// chooses where there is a choice: ports in sequence would tell about our other peers.
    fn listen(&self, flow: &Flow, random: u64) -> io::Result<Box<dyn SideListener>>;

    /// Connects from the address that the peer of `flow` has reached to `port` of the
    /// peer's own address.
    fn connect(&self, flow: &Flow, port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>>;
}

/// A port that waits; closed when dropped.
pub trait SideListener: Send {
    /// Where it waits.
    fn address(&self) -> SocketAddr;

    /// The next who connects, and from where. Whether that is who may is for the caller
    /// to judge.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, SocketAddr)>>;
}

/// The door of flows that have no side streams.
pub(crate) struct NoDoor;

impl SideDoor for NoDoor {
    fn listen(&self, _: &Flow, _: u64) -> io::Result<Box<dyn SideListener>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn connect(&self, _: &Flow, _: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        Box::pin(std::future::ready(Err(io::ErrorKind::Unsupported.into())))
    }
}
