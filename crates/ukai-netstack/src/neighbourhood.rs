//! Who is at an address.

use crate::personality::Personality;
use std::net::IpAddr;
use std::sync::Arc;
use ukai_model::{Timestamp, Transport};
use ukai_packet::ether::Mac;

/// How a port behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Somebody listens.
    Open,
    /// Nobody listens, and that is told.
    Closed,
    /// Nothing is told: as behind a packet filter.
    Silent,
}

/// A host.
#[derive(Clone, Copy, Debug)]
pub struct Host<'a> {
    /// Its operating system, as it is seen from outside.
    pub personality: &'a Arc<Personality>,
    /// Since when it runs: its TCP clock counts from there.
    pub booted: Timestamp,
    /// Its station on Ethernet; `None`: the stack's.
    pub mac: Option<Mac>,
}

/// The hosts that a stack stands for. Asked for every packet: must be quick and must not
/// allocate.
pub trait Neighbourhood {
    /// The host at an address; `None`: nobody, and nothing is ever sent in its name.
    fn host(&self, address: IpAddr) -> Option<Host<'_>>;

    /// How a port of the host at `address` behaves.
    fn port(&self, address: IpAddr, transport: Transport, port: u16) -> Port;
}
