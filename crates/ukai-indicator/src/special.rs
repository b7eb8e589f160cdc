//! Address blocks that are not ordinary public addresses, by the registries of IANA.
//!
//! Depends on nothing of ukai: the guard asks it what may be published, the egress
//! what may be contacted.
//!
//! Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190),
//! IPv4 and IPv6 multicast (RFC 5771, RFC 4291), and the IPv6 address space registry, of
//! which only `2000::/3` is assigned as global unicast.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One block of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The block in CIDR form.
    pub prefix: &'static str,
    /// Its name in the registry, for a reader.
    pub name: &'static str,
    /// The document that sets it apart.
    pub source: &'static str,
    /// Whether it is for documentation or benchmarks: nobody is there, so tests use it.
    pub documentation: bool,
    network: u128,
    bits: u8,
}

const fn v4(
    prefix: &'static str,
    network: [u8; 4],
    bits: u8,
    name: &'static str,
    source: &'static str,
) -> Block {
    let network = u32::from_be_bytes(network) as u128;
    Block { prefix, name, source, documentation: false, network, bits }
}

const fn v6(
    prefix: &'static str,
    network: [u16; 8],
    bits: u8,
    name: &'static str,
    source: &'static str,
) -> Block {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = network;
    let network = Ipv6Addr::new(s0, s1, s2, s3, s4, s5, s6, s7).to_bits();
    Block { prefix, name, source, documentation: false, network, bits }
}

const fn documentation(block: Block) -> Block {
    Block { documentation: true, ..block }
}

/// Special blocks of IPv4; the most specific one comes first where they overlap.
pub static IPV4: [Block; 20] = [
    v4("255.255.255.255/32", [255, 255, 255, 255], 32, "limited broadcast", "RFC 8190"),
    v4("0.0.0.0/8", [0, 0, 0, 0], 8, "this network", "RFC 791"),
    v4("10.0.0.0/8", [10, 0, 0, 0], 8, "private use", "RFC 1918"),
    v4("100.64.0.0/10", [100, 64, 0, 0], 10, "shared address space", "RFC 6598"),
    v4("127.0.0.0/8", [127, 0, 0, 0], 8, "loopback", "RFC 1122"),
    v4("169.254.0.0/16", [169, 254, 0, 0], 16, "link-local", "RFC 3927"),
    v4("172.16.0.0/12", [172, 16, 0, 0], 12, "private use", "RFC 1918"),
    v4("192.0.0.0/24", [192, 0, 0, 0], 24, "IETF protocol assignments", "RFC 6890"),
    documentation(v4("192.0.2.0/24", [192, 0, 2, 0], 24, "documentation (TEST-NET-1)", "RFC 5737")),
    v4("192.31.196.0/24", [192, 31, 196, 0], 24, "AS112-v4", "RFC 7535"),
    v4("192.52.193.0/24", [192, 52, 193, 0], 24, "AMT", "RFC 7450"),
    v4("192.88.99.0/24", [192, 88, 99, 0], 24, "6to4 relay anycast", "RFC 7526"),
    v4("192.168.0.0/16", [192, 168, 0, 0], 16, "private use", "RFC 1918"),
    v4("192.175.48.0/24", [192, 175, 48, 0], 24, "direct delegation AS112", "RFC 7534"),
    documentation(v4("198.18.0.0/15", [198, 18, 0, 0], 15, "benchmarking", "RFC 2544")),
    documentation(v4(
        "198.51.100.0/24",
        [198, 51, 100, 0],
        24,
        "documentation (TEST-NET-2)",
        "RFC 5737",
    )),
    documentation(v4(
        "203.0.113.0/24",
        [203, 0, 113, 0],
        24,
        "documentation (TEST-NET-3)",
        "RFC 5737",
    )),
    documentation(v4(
        "233.252.0.0/24",
        [233, 252, 0, 0],
        24,
        "documentation (MCAST-TEST-NET)",
        "RFC 6676",
    )),
    v4("224.0.0.0/4", [224, 0, 0, 0], 4, "multicast", "RFC 5771"),
    v4("240.0.0.0/4", [240, 0, 0, 0], 4, "reserved", "RFC 1112"),
];

/// Special blocks of IPv6; the most specific one comes first where they overlap.
pub static IPV6: [Block; 26] = [
    v6("::1/128", [0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback", "RFC 4291"),
    v6("::/128", [0; 8], 128, "unspecified", "RFC 4291"),
    v6("::ffff:0:0/96", [0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "IPv4-mapped", "RFC 4291"),
    v6("::/96", [0; 8], 96, "IPv4-compatible, deprecated", "RFC 4291"),
    v6("64:ff9b::/96", [0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "NAT64", "RFC 6052"),
    v6("64:ff9b:1::/48", [0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "local NAT64", "RFC 8215"),
    v6("100::/64", [0x100, 0, 0, 0, 0, 0, 0, 0], 64, "discard-only", "RFC 6666"),
    v6("100:0:0:1::/64", [0x100, 0, 0, 1, 0, 0, 0, 0], 64, "dummy prefix", "RFC 9780"),
    v6("2001::/32", [0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "Teredo", "RFC 4380"),
    documentation(v6("2001:2::/48", [0x2001, 2, 0, 0, 0, 0, 0, 0], 48, "benchmarking", "RFC 5180")),
    v6("2001:3::/32", [0x2001, 3, 0, 0, 0, 0, 0, 0], 32, "AMT", "RFC 7450"),
    v6("2001:4:112::/48", [0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, "AS112-v6", "RFC 7535"),
    v6("2001:10::/28", [0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, "ORCHID, deprecated", "RFC 4843"),
    v6("2001:20::/28", [0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, "ORCHIDv2", "RFC 7343"),
    v6("2001:30::/28", [0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, "drone remote id", "RFC 9374"),
    v6("2001::/23", [0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "IETF protocol assignments", "RFC 2928"),
    documentation(v6(
        "2001:db8::/32",
        [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0],
        32,
        "documentation",
        "RFC 3849",
    )),
    v6("2002::/16", [0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "6to4", "RFC 3056"),
    v6(
        "2620:4f:8000::/48",
        [0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0],
        48,
        "direct delegation AS112",
        "RFC 7534",
    ),
    documentation(v6("3fff::/20", [0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation", "RFC 9637")),
    v6("5f00::/16", [0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "SRv6 SIDs", "RFC 9602"),
    v6("fc00::/7", [0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "unique-local", "RFC 4193"),
    v6("fe80::/10", [0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local", "RFC 4291"),
    v6("fec0::/10", [0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "site-local, deprecated", "RFC 3879"),
    v6("ff00::/8", [0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast", "RFC 4291"),
    v6("::/3", [0; 8], 3, "reserved by the IETF", "RFC 4291"),
];

/// What lies outside `2000::/3` and every block above.
static UNASSIGNED: Block =
    v6("::/0", [0; 8], 0, "not assigned as global unicast", "IANA IPv6 address space registry");

/// The block that makes `address` special, `None` for an ordinary public address.
///
/// An IPv4-mapped address is judged as the IPv4 address that it is.
pub fn find(address: IpAddr) -> Option<&'static Block> {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let bits = u128::from(address.to_bits());
            IPV4.iter().find(|block| within(bits ^ block.network, 32, block.bits))
        }
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            IPV6.iter()
                .find(|block| within(bits ^ block.network, 128, block.bits))
                .or((bits >> 125 != 1).then_some(&UNASSIGNED))
        }
    }
}

/// Whether the first `bits` of a number of `width` bits are zero.
const fn within(difference: u128, width: u8, bits: u8) -> bool {
    bits == 0 || difference >> (width - bits) == 0
}

/// The IPv4 address that an IPv6 address carries and that traffic to it would reach:
/// IPv4-mapped and -compatible (RFC 4291), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056),
/// Teredo (RFC 4380: the client's, which is stored inverted).
pub fn embedded_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let low = Ipv4Addr::from_bits(bits as u32);
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, ..] if bits > 1 => Some(low),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => Some(low),
        [0x2002, ..] => Some(Ipv4Addr::from_bits((bits >> 80) as u32)),
        [0x2001, 0, ..] => Some(Ipv4Addr::from_bits(!(bits as u32))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipnet::IpNet;
    use proptest::prelude::*;

    fn name_of(address: &str) -> Option<&'static str> {
        find(address.parse().expect("an address")).map(|block| block.name)
    }

    #[test]
    fn each_block_says_in_text_what_it_is_in_numbers() {
        for block in IPV4.iter().chain(&IPV6) {
            let net: IpNet = block.prefix.parse().expect("CIDR");
            assert_eq!(net.prefix_len(), block.bits, "{}", block.prefix);
            let network = match net.network() {
                IpAddr::V4(a) => u128::from(a.to_bits()),
                IpAddr::V6(a) => a.to_bits(),
            };
            assert_eq!(network, block.network, "{}", block.prefix);
        }
    }

    #[test]
    fn the_more_specific_block_comes_first() {
        for table in [&IPV4[..], &IPV6[..]] {
            for (i, earlier) in table.iter().enumerate() {
                let earlier: IpNet = earlier.prefix.parse().expect("CIDR");
                for later in &table[i + 1..] {
                    let later: IpNet = later.prefix.parse().expect("CIDR");
                    assert!(!earlier.contains(&later), "{later} hides behind {earlier}");
                }
            }
        }
    }

    #[test]
    fn edges_of_the_blocks() {
        for (address, expected) in [
            ("9.255.255.255", None),
            ("10.0.0.0", Some("private use")),
            ("10.255.255.255", Some("private use")),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some("shared address space")),
            ("100.127.255.255", Some("shared address space")),
            ("100.128.0.0", None),
            ("172.15.255.255", None),
            ("172.31.255.255", Some("private use")),
            ("172.32.0.0", None),
            ("198.17.255.255", None),
            ("198.19.255.255", Some("benchmarking")),
            ("223.255.255.255", None),
            ("224.0.0.1", Some("multicast")),
            ("255.255.255.255", Some("limited broadcast")),
            ("255.255.255.254", Some("reserved")),
            ("0.1.2.3", Some("this network")),
            ("::ffff:127.0.0.1", Some("loopback")),
            ("::ffff:8.8.4.4", None),
            ("::1", Some("loopback")),
            ("::127.0.0.1", Some("IPv4-compatible, deprecated")),
            ("64:ff9b::7f00:1", Some("NAT64")),
            ("2001::1", Some("Teredo")),
            ("2001:1ff::1", Some("IETF protocol assignments")),
            ("2001:200::1", None),
            ("2001:db8::1", Some("documentation")),
            ("2606:4700::1", None),
            ("3fff:fff::1", Some("documentation")),
            ("3fff:1000::1", None),
            ("4000::1", Some("not assigned as global unicast")),
            ("1fff::1", Some("reserved by the IETF")),
            ("fd00::1", Some("unique-local")),
            ("fe80::1", Some("link-local")),
            ("ff02::1", Some("multicast")),
        ] {
            assert_eq!(name_of(address), expected, "{address}");
        }
    }

    #[test]
    fn inner_addresses_come_to_light() {
        let inner = Some(Ipv4Addr::new(169, 254, 169, 254));
        for address in [
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "2001:0:4136:e378:8000:63bf:5601:5601",
        ] {
            assert_eq!(embedded_ipv4(address.parse().expect("an address")), inner, "{address}");
        }
        for address in ["::", "::1", "2606:4700::1"] {
            assert_eq!(embedded_ipv4(address.parse().expect("an address")), None, "{address}");
        }
    }

    proptest! {
        #[test]
        fn the_table_agrees_with_the_prefixes_in_text(bits: u128, v4: bool) {
            let address = if v4 {
                IpAddr::V4(Ipv4Addr::from_bits(bits as u32))
            } else {
                IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical()
            };
            let listed = IPV4.iter().chain(&IPV6).any(|block| {
                block.prefix.parse::<IpNet>().expect("CIDR").contains(&address)
            });
            let unassigned = matches!(address, IpAddr::V6(a) if a.to_bits() >> 125 != 1);
            prop_assert_eq!(find(address).is_some(), listed || unassigned);
        }
    }
}
