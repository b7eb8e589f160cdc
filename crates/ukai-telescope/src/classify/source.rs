//! Addresses that no packet on the Internet comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is never a source on the Internet: the registries of special
/// addresses (RFC 6890; IANA "IPv4/IPv6 Special-Purpose Address Registry"), groups, and in
/// IPv6 whatever is not of 2000::/3, the only range that is handed out.
///
/// The ranges for documentation and benchmarks are taken for ordinary ones: no network
/// routes them, and laboratories use nothing else.
#[inline]
pub fn never_routed(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

fn v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    match a {
        0 | 10 | 127 | 224..=255 => true,
        100 => (64..128).contains(&b),
        169 => b == 254,
        172 => (16..32).contains(&b),
        192 => b == 168 || (b == 0 && c == 0),
        _ => false,
    }
}

fn v6(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    // 64:ff9b::/96 is how hosts behind NAT64 look from inside, 2002::/16 and 2001::/32 are
    // tunnels that are still met.
    first >> 13 != 1
}

#[cfg(test)]
mod tests {
    use super::never_routed;

    #[test]
    fn special_ranges_and_their_neighbours() {
        let special = [
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.8",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:1.2.3.4",
            "4000::1",
        ];
        for address in special {
            assert!(never_routed(address.parse().unwrap()), "{address}");
        }
        let ordinary = [
            "1.1.1.1",
            "11.0.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "169.253.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "192.0.1.1",
            "223.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "2001:db8::1",
            "2a00::1",
            "3fff::1",
        ];
        for address in ordinary {
            assert!(!never_routed(address.parse().unwrap()), "{address}");
        }
    }
}
