//! Sets of names and of networks, as large as warning lists are.

use ipnet::IpNet;
use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

/// Domain names, each standing for itself and everything below it.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameSet {
    /// Labels in reverse, so that what is below a name follows it: `example.evil.www`.
    reversed: BTreeSet<String>,
}

impl NameSet {
    pub(crate) fn insert(&mut self, name: &str) {
        self.reversed.insert(reverse(name));
    }

    /// The listed name that is `name` or above it.
    pub(crate) fn covering(&self, name: &str) -> Option<String> {
        let reversed = reverse(name);
        reversed
            .match_indices('.')
            .map(|(end, _)| end)
            .chain([reversed.len()])
            .map(|end| &reversed[..end])
            .find(|prefix| self.reversed.contains(*prefix))
            .map(reverse)
    }

    /// A listed name below `name`: who blocks `name` blocks it too.
    pub(crate) fn below(&self, name: &str) -> Option<String> {
        let start = format!("{}.", reverse(name));
        let first = self.reversed.range(start.clone()..).next()?;
        first.starts_with(&start).then(|| reverse(first))
    }

    /// A listed name that is hit when `name` and all below it are blocked.
    pub(crate) fn touched_by(&self, name: &str) -> Option<String> {
        self.covering(name).or_else(|| self.below(name))
    }
}

fn reverse(name: &str) -> String {
    let mut labels: Vec<_> = name.split('.').collect();
    labels.reverse();
    labels.join(".")
}

/// Networks, found by an address within.
#[derive(Clone, Debug, Default)]
pub(crate) struct NetSet {
    nets: HashSet<IpNet>,
    /// Prefix lengths that occur, so that a look-up probes these only.
    v4_lengths: BTreeSet<u8>,
    v6_lengths: BTreeSet<u8>,
}

impl NetSet {
    pub(crate) fn insert(&mut self, net: IpNet) {
        match net {
            IpNet::V4(_) => self.v4_lengths.insert(net.prefix_len()),
            IpNet::V6(_) => self.v6_lengths.insert(net.prefix_len()),
        };
        self.nets.insert(net.trunc());
    }

    /// The listed network that `address` lies in, the largest if there are several.
    pub(crate) fn covering(&self, address: IpAddr) -> Option<IpNet> {
        let address = address.to_canonical();
        let lengths = if address.is_ipv4() { &self.v4_lengths } else { &self.v6_lengths };
        lengths
            .iter()
            .filter_map(|length| IpNet::new(address, *length).ok())
            .map(|net| net.trunc())
            .find(|net| self.nets.contains(net))
    }
}

/// Reads a network or a single address. IPv4-mapped ones become IPv4.
pub(crate) fn parse_net(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_what_is_below_them() {
        let mut set = NameSet::default();
        set.insert("www.partner.example");
        set.insert("pool.ntp.org");
        let covering = |name| set.covering(name);
        assert_eq!(covering("0.pool.ntp.org").as_deref(), Some("pool.ntp.org"));
        assert_eq!(covering("pool.ntp.org").as_deref(), Some("pool.ntp.org"));
        assert_eq!(covering("whirlpool.ntp.org"), None);
        assert_eq!(covering("ntp.org"), None);
        assert_eq!(set.below("partner.example").as_deref(), Some("www.partner.example"));
        assert_eq!(set.below("partner.exam"), None);
        assert_eq!(set.below("www.partner.example"), None);
        assert_eq!(set.touched_by("org").as_deref(), Some("pool.ntp.org"));
    }

    #[test]
    fn addresses_are_found_in_networks() {
        let mut set = NetSet::default();
        for net in ["192.0.2.0/25", "192.0.2.1", "2001:db8::/32", "::ffff:203.0.113.9"] {
            set.insert(parse_net(net).expect("a network"));
        }
        let covering = |address: &str| {
            set.covering(address.parse().expect("an address")).map(|n| n.to_string())
        };
        assert_eq!(covering("192.0.2.1").as_deref(), Some("192.0.2.0/25"));
        assert_eq!(covering("192.0.2.128"), None);
        assert_eq!(covering("::ffff:192.0.2.2").as_deref(), Some("192.0.2.0/25"));
        assert_eq!(covering("2001:db8:1::1").as_deref(), Some("2001:db8::/32"));
        assert_eq!(covering("2001:db9::1"), None);
        assert_eq!(covering("203.0.113.9").as_deref(), Some("203.0.113.9/32"));
    }
}
