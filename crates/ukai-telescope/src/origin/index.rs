//! Whose every address is, so that it is found in some tens of nanoseconds: ranges of both
//! versions of IP, one behind the other, each with a country and an autonomous system.

use super::Origins;
use crate::limits::{COUNTRIES_MAX, NETWORKS_MAX, SYSTEMS_MAX};
use crate::prefetch::prefetch;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A country and a system, by their numbers in an [`Index`]; zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group(u32);

/// Bits of a group that are the system's.
const SYSTEM_BITS: u32 = 20;

const _: () = assert!(SYSTEMS_MAX < 1 << SYSTEM_BITS && COUNTRIES_MAX < 1 << (32 - SYSTEM_BITS));

impl Group {
    pub(crate) const fn country(self) -> usize {
        (self.0 >> SYSTEM_BITS) as usize
    }

    pub(crate) const fn system(self) -> usize {
        (self.0 & ((1 << SYSTEM_BITS) - 1)) as usize
    }
}

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Index {
    v4: Vec<u32>,
    v4_groups: Vec<Group>,
    /// For the upper half of an address of IPv4, the range in which it begins.
    v4_halves: Vec<u32>,
    v6: Vec<u128>,
    v6_groups: Vec<Group>,
    countries: Vec<String>,
    systems: Vec<(u32, Option<String>)>,
}

/// Numbers for what was met.
#[derive(Default)]
struct Numbers {
    countries: HashMap<String, u32>,
    systems: HashMap<u32, u32>,
    groups: HashMap<Vec<u64>, Group>,
}

impl Index {
    /// Of all that is known. Of more than [`NETWORKS_MAX`] networks of a version of IP the last
    /// are nobody's, as are countries and systems beyond those that are told apart.
    pub(super) fn of(origins: &Origins) -> Self {
        let mut index = Self::default();
        let mut numbers = Numbers::default();
        for (first, group) in index.ranges(origins, [0; 4].into(), &mut numbers) {
            if let IpAddr::V4(first) = first {
                index.v4.push(first.into());
                index.v4_groups.push(group);
            }
        }
        for (first, group) in index.ranges(origins, [0; 16].into(), &mut numbers) {
            if let IpAddr::V6(first) = first {
                index.v6.push(first.into());
                index.v6_groups.push(group);
            }
        }
        index.v4_halves = (0..=0xffff_u32)
            .map(|half| index.v4.partition_point(|first| *first <= half << 16) as u32 - 1)
            .collect();
        index
    }

    /// Where the range of each group begins, from an address to the end.
    fn ranges(
        &mut self,
        origins: &Origins,
        from: IpAddr,
        numbers: &mut Numbers,
    ) -> Vec<(IpAddr, Group)> {
        let mut ranges: Vec<(IpAddr, Group)> = Vec::new();
        let mut at = Some(from);
        for step in 0.. {
            let Some(first) = at else { break };
            let is_last = step >= NETWORKS_MAX;
            let (group, last) = if is_last {
                (Group::default(), first)
            } else {
                self.group_of(origins, first, numbers)
            };
            if ranges.last().is_none_or(|(_, before)| *before != group) {
                ranges.push((first, group));
            }
            at = if is_last { None } else { next(last) };
        }
        ranges
    }

    /// The group of an address, and the last address up to which it is the same.
    fn group_of(
        &mut self,
        origins: &Origins,
        address: IpAddr,
        numbers: &mut Numbers,
    ) -> (Group, IpAddr) {
        let (keys, last) = origins.keys(address);
        if let Some(group) = numbers.groups.get(&keys) {
            return (*group, last);
        }
        let origin = origins.of(address);
        let country = origin.country.map_or(0, |country| {
            let many = self.countries.len() + 1 >= COUNTRIES_MAX;
            match numbers.countries.get(&country) {
                Some(number) => *number,
                None if many => 0,
                None => {
                    self.countries.push(country.clone());
                    numbers.countries.insert(country, self.countries.len() as u32);
                    self.countries.len() as u32
                }
            }
        });
        let system = origin.asn.map_or(0, |asn| {
            let many = self.systems.len() + 1 >= SYSTEMS_MAX;
            match numbers.systems.get(&asn) {
                Some(number) => *number,
                None if many => 0,
                None => {
                    self.systems.push((asn, origin.name));
                    numbers.systems.insert(asn, self.systems.len() as u32);
                    self.systems.len() as u32
                }
            }
        });
        let group = Group(country << SYSTEM_BITS | system);
        numbers.groups.insert(keys, group);
        (group, last)
    }

    /// Whose an address is.
    #[inline]
    pub(crate) fn group(&self, address: IpAddr) -> Group {
        match address {
            IpAddr::V4(address) => {
                let address = u32::from(address);
                let half = (address >> 16) as usize;
                let begin = self.v4_halves[half] as usize;
                let last = self.v4_halves.get(half + 1).map_or(self.v4.len() - 1, |n| *n as usize);
                let behind = self.v4[begin + 1..=last].partition_point(|first| *first <= address);
                self.v4_groups[begin + behind]
            }
            IpAddr::V6(address) => {
                let behind = self.v6.partition_point(|first| *first <= u128::from(address));
                self.v6_groups[behind - 1]
            }
        }
    }

    /// Brings what [`Self::group`] will read nearer.
    #[inline]
    pub(crate) fn prefetch(&self, address: IpAddr) {
        if let IpAddr::V4(address) = address {
            let begin = self.v4_halves[(u32::from(address) >> 16) as usize] as usize;
            prefetch(&self.v4[begin]);
            prefetch(&self.v4_groups[begin]);
        }
    }

    /// The country of a number.
    pub(crate) fn country(&self, number: usize) -> Option<&str> {
        self.countries.get(number.checked_sub(1)?).map(String::as_str)
    }

    /// The system of a number, and its name.
    pub(crate) fn system(&self, number: usize) -> Option<(u32, Option<&str>)> {
        let (asn, name) = self.systems.get(number.checked_sub(1)?)?;
        Some((*asn, name.as_deref()))
    }
}

fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            u32::from(address).checked_add(1).map(|next| IpAddr::V4(Ipv4Addr::from(next)))
        }
        IpAddr::V6(address) => {
            u128::from(address).checked_add(1).map(|next| IpAddr::V6(Ipv6Addr::from(next)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Index;
    use crate::origin::Origins;
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    /// Debian's database of networks.
    const DATABASE: &str = "/usr/share/libloc-location/location.db";

    fn says(index: &Index, origins: &Origins, address: IpAddr) {
        let group = index.group(address);
        let origin = origins.of(address);
        assert_eq!(index.country(group.country()), origin.country.as_deref(), "{address}");
        let asn = index.system(group.system()).map(|(asn, _)| asn);
        assert_eq!(asn, origin.asn, "{address}");
    }

    fn edges(index: &Index) -> Vec<IpAddr> {
        let v4 = index.v4.iter().flat_map(|first| [*first, first.wrapping_sub(1)]);
        let v6 = index.v6.iter().flat_map(|first| [*first, first.wrapping_sub(1)]);
        let v6 = v6.map(|address| IpAddr::from(Ipv6Addr::from(address)));
        v4.map(|address| IpAddr::from(Ipv4Addr::from(address))).chain(v6).collect()
    }

    #[test]
    fn tables_and_databases_together() {
        let text = "198.18.0.0/15,64496,JP\n198.18.4.0/24,AS64497,US,\"Example\"\n\
                    2001:db8::/32,,DE\n203.0.113.128/25,1,\n0.0.0.0/8,2,\n";
        let mut origins = Origins::parse(text).unwrap();
        origins.add_database(crate::mmdb::tests::example()).unwrap();
        origins.add_database(crate::libloc::tests::example()).unwrap();
        let index = origins.index();
        assert!(index.v4.len() > 8 && index.v6.len() > 2, "{index:?}");
        for address in edges(index) {
            says(index, &origins, address);
        }
    }

    #[test]
    fn a_whole_database_says_the_same_by_its_index() {
        let mut origins = Origins::parse("8.8.8.0/25,64496,\n").unwrap();
        let bytes = std::fs::read(DATABASE).expect("Debian's package libloc-database");
        origins.add_database(bytes).unwrap();
        let index = origins.index();
        assert!(index.v4.len() > 100_000 && index.v6.len() > 30_000, "{}", index.v4.len());
        for address in edges(index).into_iter().step_by(7) {
            says(index, &origins, address);
        }
        for number in (0..u32::MAX - 70_000).step_by(65_519) {
            says(index, &origins, IpAddr::from(Ipv4Addr::from(number)));
        }
    }

    proptest! {
        // Each goes through all of a broken database.
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_broken_database_has_an_index_too(
            at in 0_usize..400, value in any::<u8>(), addresses in any::<[u32; 8]>(),
        ) {
            for mut bytes in [crate::mmdb::tests::example(), crate::libloc::tests::example()] {
                let at = at % bytes.len();
                bytes[at] = value;
                let mut origins = Origins::default();
                if origins.add_database(bytes).is_ok() {
                    let index = origins.index();
                    for address in addresses {
                        index.group(IpAddr::from(Ipv4Addr::from(address)));
                        let address = u128::from(address) << 96;
                        index.group(IpAddr::from(Ipv6Addr::from(address)));
                    }
                }
            }
        }
    }
}
