//! Identifications of IPv4 packets.

use crate::personality::IpId;
use rand::RngCore as _;
use rand::rngs::SmallRng;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::net::IpAddr;

/// Counters that all hosts and peers share, as Linux's `ip_idents`.
const COUNTERS: usize = 4_096;

pub(crate) struct Ids {
    counters: Vec<u16>,
    keys: (u64, u64),
}

impl Ids {
    pub(crate) fn new(keys: (u64, u64), rng: &mut SmallRng) -> Self {
        Self { counters: (0..COUNTERS).map(|_| rng.next_u32() as u16).collect(), keys }
    }

    pub(crate) fn next(
        &mut self,
        kind: IpId,
        (local, peer): (IpAddr, IpAddr),
        protocol: u8,
        rng: &mut SmallRng,
    ) -> u16 {
        match (kind, local, peer) {
            (IpId::Zero, ..) | (_, IpAddr::V6(_), _) | (_, _, IpAddr::V6(_)) => 0,
            (IpId::Random, ..) => rng.next_u32() as u16,
            (IpId::Counter | IpId::Shared, IpAddr::V4(local), IpAddr::V4(peer)) => {
                let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
                hasher.write_u32(local.to_bits());
                hasher.write_u32(peer.to_bits());
                hasher.write_u8(if kind == IpId::Shared { 0 } else { protocol });
                let counter = &mut self.counters[hasher.finish() as usize % COUNTERS];
                *counter = counter.wrapping_add(1);
                *counter
            }
        }
    }
}
