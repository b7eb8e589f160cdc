//! One conversation, as the peer saw it.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// The transport protocol of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP (RFC 9293): the peer's address is proved by the handshake.
    Tcp,
    /// UDP (RFC 768): the peer's address may be forged.
    Udp,
}

/// The 5-tuple of a conversation, as the peer saw it: `dst_*` is the original
/// destination, also behind a redirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Flow {
    /// Transport protocol.
    pub transport: Transport,
    /// The peer's address.
    #[schema(value_type = String)]
    pub src_ip: IpAddr,
    /// The peer's port.
    pub src_port: u16,
    /// Our address, as the peer addressed it.
    #[schema(value_type = String)]
    pub dst_ip: IpAddr,
    /// Our port, as the peer addressed it.
    pub dst_port: u16,
}

impl Flow {
    /// A flow between `peer` and `local`. IPv4-mapped IPv6 addresses are unmapped.
    pub fn new(transport: Transport, peer: SocketAddr, local: SocketAddr) -> Self {
        Self {
            transport,
            src_ip: peer.ip().to_canonical(),
            src_port: peer.port(),
            dst_ip: local.ip().to_canonical(),
            dst_port: local.port(),
        }
    }

    /// The peer's end.
    pub const fn peer(&self) -> SocketAddr {
        SocketAddr::new(self.src_ip, self.src_port)
    }

    /// Our end.
    pub const fn local(&self) -> SocketAddr {
        SocketAddr::new(self.dst_ip, self.dst_port)
    }
}
