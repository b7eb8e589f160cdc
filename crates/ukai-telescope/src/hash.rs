//! Hashes of addresses, with a seed that a peer does not know: whoever chooses addresses
//! must not choose places in tables, nor what estimators count.

use cardinality_estimator::CardinalityEstimator;
use foldhash::quality::FixedState;
use std::hash::BuildHasher as _;
use std::net::IpAddr;

/// Counts what is different: exactly up to 128, then by HyperLogLog with `2^P` registers, an
/// error of `1.04 / sqrt(2^P)` (one standard deviation) in `2^P * 6 / 8` bytes. Hashes are
/// ours ([`Hashes`]); the estimator's own are not used.
pub(crate) type Estimator<const P: usize> =
    CardinalityEstimator<u64, std::hash::DefaultHasher, P, 6>;

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
