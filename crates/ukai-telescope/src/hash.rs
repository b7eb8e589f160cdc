//! Hashes of addresses, with a seed that a peer does not know: whoever chooses addresses
//! must not choose places in tables, nor what estimators count.

use foldhash::quality::FixedState;
use std::hash::BuildHasher as _;
use std::net::IpAddr;

/// Hashes addresses.
#[derive(Clone, Debug)]
pub(crate) struct Hashes(FixedState);

impl Hashes {
    pub(crate) fn new(seed: u64) -> Self {
        Self(FixedState::with_seed(seed))
    }

    /// Never zero, so that zero can mean that there is nobody.
    #[inline]
    pub(crate) fn address(&self, address: IpAddr) -> u64 {
        let hash = match address {
            // No IPv6 address has this form of 64 bits: the family is in the type of hash.
            IpAddr::V4(address) => self.0.hash_one(u64::from(u32::from(address)) | 4 << 32),
            IpAddr::V6(address) => self.0.hash_one(u128::from(address)),
        };
        hash.max(1)
    }

    #[inline]
    pub(crate) fn pair(&self, address: u64, port: u32) -> u64 {
        self.0.hash_one(address ^ u64::from(port).rotate_left(40)).max(1)
    }
}
