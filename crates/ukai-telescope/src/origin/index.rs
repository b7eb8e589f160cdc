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
