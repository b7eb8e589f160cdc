//! A set of prefixes: what belongs to the telescope, or to the operator.

use ipnet::IpNet;
use std::net::IpAddr;

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

    /// How many IPv4 addresses they have.
    pub fn v4_addresses(&self) -> u64 {
        self.v4.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }
}

#[inline]
fn within<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= address);
    after > 0 && address <= ranges[after - 1].1
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
