//! A table of prefixes with what each says: the longest that holds an address decides.

use super::{Origin, WrongLine};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The table: of each version of IP, ranges one behind the other without gaps.
#[derive(Debug, Default)]
pub(super) struct Prefixed {
    v4: Vec<(u32, Option<u32>)>,
    v6: Vec<(u128, Option<u32>)>,
    /// By the ranges' numbers.
    origins: Vec<Origin>,
}

impl Prefixed {
    /// Reads `prefix,asn,country[,name]` lines; the last of a prefix counts.
    pub(super) fn parse(text: &str) -> Result<Self, WrongLine> {
        let mut by_prefix = BTreeMap::new();
        let mut origins = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (prefix, origin) = parse_line(line).ok_or_else(|| WrongLine {
                line: number + 1,
                text: line.chars().take(60).collect(),
            })?;
            by_prefix.insert(prefix.trunc(), origins.len() as u32);
            origins.push(origin);
        }
        // In the order of first addresses, and of the same the shorter prefix first.
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (prefix, number) in by_prefix {
            match prefix {
                IpNet::V4(net) => {
                    v4.push((u32::from(net.network()), u32::from(net.broadcast()), number));
                }
                IpNet::V6(net) => {
                    v6.push((u128::from(net.network()), u128::from(net.broadcast()), number));
                }
            }
        }
        let v4 = ranges(&v4, |last: u32| last.checked_add(1));
        let v6 = ranges(&v6, |last: u128| last.checked_add(1));
        Ok(Self { v4, v6, origins })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// What the table says of an address.
    pub(super) fn of(&self, address: IpAddr) -> Option<&Origin> {
        let (key, _) = self.key(address);
        self.origins.get(usize::try_from(key.checked_sub(1)?).ok()?)
    }

    /// A number that tells what is said of an address, zero if nothing is; and the last address
    /// up to which it is the same.
    pub(super) fn key(&self, address: IpAddr) -> (u64, IpAddr) {
        let (number, next) = match address {
            IpAddr::V4(address) => {
                let (number, next) = range(&self.v4, u32::from(address));
                let last = next.map_or(u32::MAX, |next| next - 1);
                (number, IpAddr::V4(Ipv4Addr::from(last)))
            }
            IpAddr::V6(address) => {
                let (number, next) = range(&self.v6, u128::from(address));
                let last = next.map_or(u128::MAX, |next| next - 1);
                (number, IpAddr::V6(Ipv6Addr::from(last)))
            }
        };
        (number.map_or(0, |number| u64::from(number) + 1), next)
    }
}

/// The number at an address, and where the next range begins.
fn range<T: Ord + Copy>(ranges: &[(T, Option<u32>)], address: T) -> (Option<u32>, Option<T>) {
    let behind = ranges.partition_point(|(first, _)| *first <= address);
    let number = behind.checked_sub(1).and_then(|at| ranges[at].1);
    (number, ranges.get(behind).map(|(first, _)| *first))
}

/// Prefixes, which overlap only by containing each other, as ranges that do not: where each
/// begins, and whose it is.
fn ranges<T: Ord + Copy>(
    prefixes: &[(T, T, u32)],
    next: impl Fn(T) -> Option<T>,
) -> Vec<(T, Option<u32>)> {
    let mut ranges: Vec<(T, Option<u32>)> = Vec::new();
    let mut begin = |at: T, number: Option<u32>| match ranges.last_mut() {
        // What began here has nothing of its own.
        Some(last) if last.0 == at => last.1 = number,
        _ => ranges.push((at, number)),
    };
    // Prefixes that are open: the last address and the number of each, the innermost last.
    let mut open: Vec<(T, u32)> = Vec::new();
    for (first, last, number) in prefixes {
        while let Some((end, _)) = open.pop_if(|(end, _)| *end < *first) {
            if let Some(behind) = next(end) {
                begin(behind, open.last().map(|(_, number)| *number));
            }
        }
        begin(*first, Some(*number));
        open.push((*last, *number));
    }
    while let Some((end, _)) = open.pop() {
        if let Some(behind) = next(end) {
            begin(behind, open.last().map(|(_, number)| *number));
        }
    }
    ranges
}

fn parse_line(line: &str) -> Option<(IpNet, Origin)> {
    let mut fields = line.split(',').map(|field| field.trim().trim_matches('"'));
    let prefix = fields.next()?.parse().ok()?;
    let number = fields.next().unwrap_or_default();
    let number = number.strip_prefix("AS").unwrap_or(number);
    let asn = if number.is_empty() { None } else { Some(number.parse().ok()?) };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let country = some(fields.next().unwrap_or_default());
    if country.as_ref().is_some_and(|country| country.len() != 2) {
        return None;
    }
    let name = some(fields.next().unwrap_or_default());
    Some((prefix, Origin { country, asn, name }))
}

#[cfg(test)]
mod tests {
    use super::Prefixed;
    use proptest::prelude::*;
    use std::net::IpAddr;

    #[test]
    fn ranges_end_where_prefixes_do() {
        let table = Prefixed::parse(
            "10.0.0.0/8,1,\n10.0.0.0/16,2,\n10.0.255.0/24,3,\n10.255.255.255/32,4,\n\
             255.255.255.0/24,5,\n::/0,6,\nffff::/16,7,\n",
        )
        .unwrap();
        for (address, asn, last) in [
            ("0.0.0.0", None, "9.255.255.255"),
            ("10.0.3.4", Some(2), "10.0.254.255"),
            ("10.0.255.9", Some(3), "10.0.255.255"),
            ("10.1.0.0", Some(1), "10.255.255.254"),
            ("10.255.255.255", Some(4), "10.255.255.255"),
            ("11.0.0.0", None, "255.255.254.255"),
            ("255.255.255.255", Some(5), "255.255.255.255"),
            ("::", Some(6), "fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("ffff::1", Some(7), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            let at: IpAddr = address.parse().unwrap();
            let found = table.of(at).and_then(|origin| origin.asn);
            assert_eq!((found, table.key(at).1), (asn, last.parse().unwrap()), "{address}");
        }
    }

    proptest! {
        #[test]
        fn the_longest_prefix_decides(
            prefixes in proptest::collection::vec((0_u8..16, 0_u8..=32), 0..40),
            addresses in proptest::collection::vec(0_u32.., 20),
        ) {
            use std::fmt::Write as _;
            // Many of them in a few places, so that they contain each other.
            let place = |number: u8| (u32::from(number >> 2) * 0x4010_2040) | u32::from(number & 3);
            let mut text = String::new();
            let mut nets = Vec::new();
            for ((number, length), asn) in prefixes.iter().zip(1..) {
                let address = std::net::Ipv4Addr::from(place(*number));
                let net = ipnet::Ipv4Net::new(address, *length).unwrap().trunc();
                writeln!(text, "{net},{asn},").unwrap();
                nets.push((net, asn));
            }
            let table = Prefixed::parse(&text).unwrap();
            let asked = (0..16).map(place).chain(addresses);
            for address in asked.map(std::net::Ipv4Addr::from) {
                let holding = nets.iter().filter(|(net, _)| net.contains(&address));
                let expected = holding.max_by_key(|(net, asn)| (net.prefix_len(), *asn));
                let found = table.of(address.into()).and_then(|origin| origin.asn);
                prop_assert_eq!(found, expected.map(|(_, asn)| *asn));
            }
        }
    }
}
