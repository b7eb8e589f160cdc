//! Chooses the addresses of sensors within an operator's prefixes: one in each block of a
//! size, as a /23, at a place in it that only the block and a seed decide. So a plan does
//! not change when prefixes elsewhere are added or taken away, and nobody who does not
//! know the seed can tell the places.
//!
//! A prefix inside another is a route of its own: it gets its own sensors, and those of the
//! wider one lie outside of it.

mod place;

pub use ipnet::IpNet;

use place::Places;
use siphasher::sip::SipHasher13;
use std::collections::BTreeSet;
use std::hash::{Hash as _, Hasher as _};
use std::net::IpAddr;

/// Sensors of one plan.
pub const SENSORS_MAX: usize = 1_000_000;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Request {
    /// The operator's prefixes, each as it is routed.
    pub prefixes: Vec<IpNet>,
    /// Where there must be none.
    pub exclude: Vec<IpNet>,
    /// Length of an IPv4 block that gets one sensor; a shorter prefix has several blocks, a
    /// longer one is a block itself.
    pub density: u8,
    /// The same with IPv6.
    pub density_v6: u8,
    /// Decides the places within blocks.
    pub seed: String,
}

/// A sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sensor {
    /// Its address.
    pub address: IpAddr,
    /// The block that it stands for.
    pub block: IpNet,
    /// The prefix of the list that the block is of.
    pub prefix: IpNet,
}

/// What was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The sensors, by address.
    pub sensors: Vec<Sensor>,
    /// Blocks in which no address is left, or none was found.
    pub full: Vec<IpNet>,
}

/// Why there is no plan.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A density is longer than an address.
    #[error("density {density} is too long: a prefix of {family} has at most {most} bits")]
    Density {
        /// As given.
        density: u8,
        /// `IPv4` or `IPv6`.
        family: &'static str,
        /// Bits of an address.
        most: u8,
    },
    /// There would be too many sensors.
    #[error(
        "prefix {prefix} makes more than {SENSORS_MAX} sensors at one per /{density}; choose a \
         shorter density"
    )]
    TooMany {
        /// The prefix at which they became too many.
        prefix: IpNet,
        /// The density that was given.
        density: u8,
    },
}

/// Chooses sensors.
pub fn plan(request: &Request) -> Result<Plan, PlanError> {
    for (density, family, most) in
        [(request.density, "IPv4", 32), (request.density_v6, "IPv6", 128)]
    {
        if density > most {
            return Err(PlanError::Density { density, family, most });
        }
    }
    let prefixes: BTreeSet<IpNet> = request.prefixes.iter().map(IpNet::trunc).collect();
    let mut plan = Plan::default();
    for prefix in &prefixes {
        let density = match prefix {
            IpNet::V4(_) => request.density,
            IpNet::V6(_) => request.density_v6,
        };
        let length = density.max(prefix.prefix_len());
        let within = u32::from(length - prefix.prefix_len());
        if within > 20 || plan.sensors.len() + (1 << within) > SENSORS_MAX {
            return Err(PlanError::TooMany { prefix: *prefix, density });
        }
        // Prefixes inside this one follow it in their order.
        let inside = prefixes.range(prefix..).skip(1).take_while(|other| prefix.contains(*other));
        let excluded = request.exclude.iter().map(IpNet::trunc);
        let taken: Vec<IpNet> = excluded
            .filter(|other| prefix.contains(other) || other.contains(prefix))
            .chain(inside.copied())
            .collect();
        for block in blocks(*prefix, length) {
            let free = |address: &IpAddr| !taken.iter().any(|net| net.contains(address));
            match Places::new(block, hash(&request.seed, block)).find(free) {
                Some(address) => plan.sensors.push(Sensor { address, block, prefix: *prefix }),
                None => plan.full.push(block),
            }
        }
    }
    plan.sensors.sort();
    Ok(plan)
}

/// Which of `count` things belongs to the sensor at `address`, whatever other sensors there
/// are; zero if there are none.
pub fn share(seed: &str, address: IpAddr, count: usize) -> usize {
    let mut hasher = SipHasher13::new_with_keys(1, 1);
    (seed, address).hash(&mut hasher);
    (hasher.finish() % count.max(1) as u64) as usize
}

fn blocks(prefix: IpNet, length: u8) -> Box<dyn Iterator<Item = IpNet>> {
    match prefix {
        IpNet::V4(prefix) => Box::new(prefix.subnets(length).into_iter().flatten().map(IpNet::V4)),
        IpNet::V6(prefix) => Box::new(prefix.subnets(length).into_iter().flatten().map(IpNet::V6)),
    }
}

fn hash(seed: &str, block: IpNet) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    (seed, block.network(), block.prefix_len()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
