//! What a DNS server asks about names: who decides lives elsewhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ukai_model::Timestamp;

/// What a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is no such name (`NXDOMAIN`).
    Nowhere,
    /// The server fails (`SERVFAIL`).
    Fails,
    /// Nothing is ever answered.
    Silent,
    /// It is there.
    Here(Place),
}

/// Where a name is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The names that it is an alias of, one of the next, the last of which has the
    /// addresses.
    pub aliases: Vec<String>,
    /// Its IPv4 addresses.
    pub v4: Vec<Ipv4Addr>,
    /// Its IPv6 addresses.
    pub v6: Vec<Ipv6Addr>,
    /// Texts of its own.
    pub texts: Vec<String>,
    /// For how long the answer may be kept, in seconds.
    pub ttl: u32,
}

/// All names there are. Asked for every query: must be quick.
pub trait Zone: Send + Sync {
    /// What a name leads to, in lower case and without the last dot.
    fn find(&self, name: &str, now: Timestamp) -> Found;

    /// The name that leads to an address.
    fn name_of(&self, address: IpAddr) -> Option<String>;

    /// How a name server calls itself (`version.bind`); `None`: it does not say.
    fn version(&self) -> Option<String> {
        None
    }
}
