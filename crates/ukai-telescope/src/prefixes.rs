//! A set of prefixes: what belongs to the telescope, or to the operator.

use ipnet::IpNet;
use std::net::IpAddr;

/// Bits of an address behind its block: /24 of IPv4, /48 of IPv6.
pub(crate) const V4_BLOCK_SHIFT: u32 = 8;
pub(crate) const V6_BLOCK_SHIFT: u32 = 80;

/// A set of prefixes.
#[derive(Clone, Debug, Default)]
pub struct Prefixes {
    /// First and last addresses, sorted, without overlaps.
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Prefixes {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether an address lies in one of them.
    #[inline]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => within(&self.v4, u32::from(address)),
            IpAddr::V6(address) => within(&self.v6, u128::from(address)),
        }
    }

    /// In which of the ranges an address lies, and where in it: of IPv4 by addresses, of IPv6
    /// by prefixes of /48.
    #[inline]
    pub(crate) fn place(&self, address: IpAddr) -> Option<(usize, u64)> {
        match address {
            IpAddr::V4(address) => {
                let address = u32::from(address);
                let (number, first) = range(&self.v4, address)?;
                Some((number, u64::from(address - first)))
            }
            IpAddr::V6(address) => {
                let address = u128::from(address);
                let (number, first) = range(&self.v6, address)?;
                let place = (address >> V6_BLOCK_SHIFT) - (first >> V6_BLOCK_SHIFT);
                Some((self.v4.len() + number, place as u64))
            }
        }
    }

    /// The ranges, as [`Self::place`] numbers them: the first address of each, and how many
    /// blocks of /24 or /48 it touches.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (IpAddr, u64)> + '_ {
        let v4 = self.v4.iter().map(|(first, last)| {
            (IpAddr::V4((*first).into()), u64::from((last - first) >> V4_BLOCK_SHIFT) + 1)
        });
        let v6 = self.v6.iter().map(|(first, last)| {
            let blocks = (last >> V6_BLOCK_SHIFT) - (first >> V6_BLOCK_SHIFT);
            (IpAddr::V6((*first).into()), blocks as u64 + 1)
        });
        v4.chain(v6)
    }

    /// How many IPv4 addresses they have.
    pub fn v4_addresses(&self) -> u64 {
        self.v4.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }
}

#[inline]
fn within<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    range(ranges, address).is_some()
}

/// The number of the range in which an address lies, and its first address.
#[inline]
fn range<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> Option<(usize, T)> {
    let number = ranges.partition_point(|(first, _)| *first <= address).checked_sub(1)?;
    let (first, last) = ranges[number];
    (address <= last).then_some((number, first))
}

impl FromIterator<IpNet> for Prefixes {
    fn from_iter<I: IntoIterator<Item = IpNet>>(prefixes: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for prefix in prefixes {
            match prefix {
                IpNet::V4(net) => v4.push((u32::from(net.network()), u32::from(net.broadcast()))),
                IpNet::V6(net) => {
                    v6.push((u128::from(net.network()), u128::from(net.broadcast())));
                }
            }
        }
        Self { v4: merged(v4), v6: merged(v6) }
    }
}

/// Prefixes overlap only by containing each other.
fn merged<T: Ord + Copy>(mut ranges: Vec<(T, T)>) -> Vec<(T, T)> {
    ranges.sort_by_key(|(first, last)| (*first, std::cmp::Reverse(*last)));
    let mut kept: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for range in ranges {
        if kept.last().is_none_or(|last| range.0 > last.1) {
            kept.push(range);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::Prefixes;

    #[test]
    fn edges_and_nested_prefixes() {
        let list = ["198.18.0.0/15", "198.18.4.0/24", "192.0.2.128/25", "2001:db8::/32"];
        let prefixes: Prefixes = list.iter().map(|prefix| prefix.parse().unwrap()).collect();
        let contains = |address: &str| prefixes.contains(address.parse().unwrap());
        for address in ["198.18.0.0", "198.19.255.255", "192.0.2.128", "2001:db8::1"] {
            assert!(contains(address), "{address}");
        }
        for address in ["198.17.255.255", "198.20.0.0", "192.0.2.127", "2001:db9::"] {
            assert!(!contains(address), "{address}");
        }
        assert_eq!(prefixes.v4_addresses(), 131_072 + 128);
        assert!(!Prefixes::default().contains([1, 1, 1, 1].into()));
    }
}
