//! Hosts for tests.

use std::net::IpAddr;
use std::sync::Arc;
use ukai_model::{Timestamp, Transport};
use ukai_netstack::{Host, Neighbourhood, Personality, Port};
use ukai_packet::ether::Mac;

/// The same host at every address of 198.51.100.0/24, 192.0.2.0/24 and 2001:db8::/32: ports
/// below 100 are open, 666 says nothing, all others are closed.
pub(crate) struct Everywhere {
    pub(crate) personality: Arc<Personality>,
    pub(crate) mac: Option<Mac>,
}

impl Everywhere {
    pub(crate) fn new(personality: Personality) -> Self {
        Self { personality: Arc::new(personality), mac: None }
    }
}

impl Neighbourhood for Everywhere {
    fn host(&self, address: IpAddr) -> Option<Host<'_>> {
        let ours = match address {
            IpAddr::V4(a) => matches!(a.octets(), [198, 51, 100, _] | [192, 0, 2, _]),
            IpAddr::V6(a) => a.segments()[..2] == [0x2001, 0xdb8],
        };
        let booted = Timestamp::from_secs(1_700_000_000);
        ours.then_some(Host { personality: &self.personality, booted, mac: self.mac })
    }

    fn port(&self, _: IpAddr, _: Transport, port: u16) -> Port {
        match port {
            ..100 => Port::Open,
            666 => Port::Silent,
            _ => Port::Closed,
        }
    }
}
