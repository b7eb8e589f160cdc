//! How much comes to each /24 of the telescope, or /48 of IPv6: a part that gets more than
//! its neighbours is somebody's mistake, or somebody's aim.

use crate::limits::{BLOCKS_MAX, BLOCKS_TOLD_MAX};
use crate::prefixes::{Prefixes, V4_BLOCK_SHIFT, V6_BLOCK_SHIFT};
use ipnet::IpNet;
use serde::Serialize;
use std::net::IpAddr;

/// A block in the interval that was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BlockSeen {
    /// The block.
    pub block: IpNet,
    /// Packets.
    pub packets: u64,
}

/// Counts of the interval that is open, block after block.
pub(crate) struct Blocks {
    packets: Vec<u64>,
    /// Of each range of the telescope, its first address, and where its blocks begin and end
    /// in `packets`.
    ranges: Vec<(IpAddr, usize, usize)>,
}

impl Blocks {
    /// Of a telescope of so many blocks that each can have a place, otherwise of its first.
    pub(crate) fn new(dark: &Prefixes) -> Self {
        let (mut ranges, mut begins) = (Vec::new(), 0);
        for (first, blocks) in dark.blocks() {
            let ends =
                (begins + usize::try_from(blocks).unwrap_or(usize::MAX - begins)).min(BLOCKS_MAX);
            ranges.push((first, begins, ends));
            begins = ends;
        }
        Self { packets: vec![0; begins], ranges }
    }

    /// Counts a packet to a place that [`Prefixes::place`] gave.
    #[inline]
    pub(crate) fn add(&mut self, (range, place): (usize, u64)) {
        let Some((first, begins, ends)) = self.ranges.get(range) else { return };
        let block = if first.is_ipv4() { place >> V4_BLOCK_SHIFT } else { place };
        let at = (*begins as u64).saturating_add(block);
        if at < *ends as u64 {
            self.packets[at as usize] += 1;
        }
    }

    /// Ends the interval: the blocks to which most came, in the order of their addresses.
    pub(crate) fn close(&mut self) -> Vec<BlockSeen> {
        let mut seen = Vec::new();
        for (first, begins, ends) in &self.ranges {
            let counts = self.packets[*begins..*ends].iter_mut().map(std::mem::take);
            let found = counts.enumerate().filter(|(_, packets)| *packets > 0);
            seen.extend(found.map(|(number, packets)| {
                let block = block_of(*first, number as u64);
                BlockSeen { block, packets }
            }));
        }
        seen.sort_by_key(|one| (std::cmp::Reverse(one.packets), one.block));
        seen.truncate(BLOCKS_TOLD_MAX);
        seen.sort_by_key(|one| one.block);
        seen
    }
}

/// The block of a number in a range.
fn block_of(first: IpAddr, number: u64) -> IpNet {
    let (address, bits) = match first {
        IpAddr::V4(first) => {
            let address = u64::from(u32::from(first)) + (number << V4_BLOCK_SHIFT);
            (IpAddr::V4((address as u32).into()), 24)
        }
        IpAddr::V6(first) => {
            let address = u128::from(first) + (u128::from(number) << V6_BLOCK_SHIFT);
            (IpAddr::V6(address.into()), 48)
        }
    };
    IpNet::new(address, bits).map_or_else(|_| address.into(), |net| net.trunc())
}

#[cfg(test)]
mod tests {
    use super::Blocks;
    use crate::prefixes::Prefixes;
    use std::net::IpAddr;

    #[test]
    fn packets_are_counted_by_block_of_either_version() {
        let dark: Prefixes = ["198.18.0.0/16", "192.0.2.128/25", "2001:db8:d::/47"]
            .iter()
            .map(|net| net.parse().unwrap())
            .collect();
        let mut blocks = Blocks::new(&dark);
        let mut add = |address: &str| {
            let address: IpAddr = address.parse().unwrap();
            blocks.add(dark.place(address).unwrap());
        };
        for address in ["198.18.0.0", "198.18.0.255", "198.18.255.1", "192.0.2.200"] {
            add(address);
        }
        for address in ["2001:db8:c::1", "2001:db8:d:ffff::", "2001:db8:d::1"] {
            add(address);
        }
        let seen = blocks.close();
        let seen: Vec<_> =
            seen.iter().map(|one| format!("{} {}", one.block, one.packets)).collect();
        let expected = [
            "192.0.2.0/24 1",
            "198.18.0.0/24 2",
            "198.18.255.0/24 1",
            "2001:db8:c::/48 1",
            "2001:db8:d::/48 2",
        ];
        assert_eq!(seen, expected);
        assert!(blocks.close().is_empty(), "the next interval begins with nothing");
    }

    #[test]
    fn a_telescope_of_more_blocks_than_are_kept_counts_the_first() {
        let dark: Prefixes =
            ["10.0.0.0/7", "2001:db8::/16"].iter().map(|net| net.parse().unwrap()).collect();
        let mut blocks = Blocks::new(&dark);
        for address in ["10.0.0.1", "10.255.255.1", "11.255.255.1", "2001:db8::1", "2001::"] {
            blocks.add(dark.place(address.parse().unwrap()).unwrap());
        }
        let packets: u64 = blocks.close().iter().map(|one| one.packets).sum();
        assert_eq!(packets, 2);
    }
}
