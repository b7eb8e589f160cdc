//! Addresses that belong to the guest: nobody else is there, or it would find that somebody
//! has its address.

use crate::limits::GUESTS_MAX;
use parking_lot::Mutex;
use std::net::{IpAddr, Ipv4Addr};
use ukai_packet::ether::Mac;

/// The guest's addresses, as it was given them or as it claims them.
#[derive(Debug, Default)]
pub(crate) struct Guests {
    known: Mutex<Vec<(IpAddr, Mac)>>,
}

impl Guests {
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.known.lock().iter().any(|(known, _)| *known == address)
    }

    /// Learns an address; the oldest makes room.
    pub(crate) fn learn(&self, address: IpAddr, mac: Mac) {
        let special = match address {
            IpAddr::V4(v4) => v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
            IpAddr::V6(v6) => v6.is_unspecified() || v6.is_multicast(),
        };
        let mut known = self.known.lock();
        if special || known.iter().any(|(other, _)| *other == address) {
            return;
        }
        if known.len() == GUESTS_MAX {
            known.remove(0);
        }
        known.push((address, mac));
    }

    /// The address that a station was given before.
    pub(crate) fn lease(&self, mac: Mac, within: impl Fn(Ipv4Addr) -> bool) -> Option<Ipv4Addr> {
        self.known.lock().iter().find_map(|(address, station)| match address {
            IpAddr::V4(v4) if *station == mac && within(*v4) => Some(*v4),
            _ => None,
        })
    }
}
