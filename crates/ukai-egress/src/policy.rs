//! The policy: which schemes, ports and addresses may be contacted.

use crate::failure::Failure;
use ipnet::IpNet;
use std::net::IpAddr;
use ukai_indicator::observables::FetchUrl;
use ukai_indicator::special;

/// Which addresses may be contacted. In this order: `deny` forbids; `allow` opens; our own
/// addresses and special ones are forbidden; the rest is public.
///
/// `allow` does not open an own address, except on loopback: there, sensors and the
/// servers of a test share one address.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) allow: Vec<IpNet>,
    pub(crate) deny: Vec<IpNet>,
    pub(crate) own: Vec<IpNet>,
}

/// Ports of services that an HTTP or FTP request could be smuggled into: the bad ports of
/// the Fetch standard (WHATWG, "port blocking"). A scheme's own port is not blocked.
const BLOCKED_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

impl Policy {
    /// Whether the URL's port may be contacted by its scheme.
    pub(crate) fn check_url(url: &FetchUrl) -> Result<(), Failure> {
        let own_port = matches!((url.scheme(), url.port()), ("ftp", 21) | ("tftp", 69));
        if own_port || !is_blocked(url.port()) {
            return Ok(());
        }
        Err(Failure::forbidden(format!("port {} belongs to another service", url.port())))
    }

    /// Whether an FTP server may name `port` for its data.
    pub(crate) fn check_data_port(port: u16) -> Result<(), Failure> {
        if port < 1024 || is_blocked(port) {
            return Err(Failure::forbidden(format!("the server names port {port} for data")));
        }
        Ok(())
    }

    /// Whether `address` may be contacted. An IPv4 address inside an IPv6 one is looked at
    /// too: by NAT64 or 6to4 it would be reached.
    pub(crate) fn check_address(&self, address: IpAddr) -> Result<(), Failure> {
        let address = address.to_canonical();
        let inner = match address {
            IpAddr::V6(v6) => special::embedded_ipv4(v6).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        if let Some(net) = covering(&self.deny, address, inner) {
            return Err(Failure::forbidden(format!("{address} is denied, in {net}")));
        }
        let own = covering(&self.own, address, inner);
        if covering(&self.allow, address, None).is_some()
            && (own.is_none() || address.is_loopback())
        {
            return Ok(());
        }
        if let Some(net) = own {
            return Err(Failure::forbidden(format!("{address} is our own, in {net}")));
        }
        let block = match special::find(address) {
            // These prefixes only carry another address, which decides.
            Some(block) if matches!(block.name, "NAT64" | "6to4") => {
                inner.map_or(Some(block), special::find)
            }
            other => other,
        };
        match block {
            Some(block) => Err(Failure::forbidden(format!(
                "{address} is not public: {} ({})",
                block.name, block.source
            ))),
            None => Ok(()),
        }
    }
}

fn is_blocked(port: u16) -> bool {
    BLOCKED_PORTS.binary_search(&port).is_ok()
}

fn covering(nets: &[IpNet], address: IpAddr, inner: Option<IpAddr>) -> Option<&IpNet> {
    nets.iter().find(|net| net.contains(&address) || inner.is_some_and(|i| net.contains(&i)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().expect("a prefix")).collect()
    }

    fn closed() -> Policy {
        Policy { allow: Vec::new(), deny: nets(&["11.0.0.0/8"]), own: nets(&["12.0.0.1/32"]) }
    }

    fn permits(policy: &Policy, address: &str) -> bool {
        policy.check_address(address.parse().expect("an address")).is_ok()
    }

    #[test]
    fn only_public_addresses_of_others_are_contacted() {
        for address in
            ["45.1.2.3", "2a00::1", "::ffff:45.1.2.3", "64:ff9b::2d01:203", "2002:2d01:203::1"]
        {
            assert!(permits(&closed(), address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.2.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "11.1.1.1",
            "12.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::c00:1",
            "64:ff9b:1::2d01:203",
            "2002:7f00:1::1",
            "2002:b01:101::1",
            "2001:0:4136:e378:8000:63bf:80ff:fffe",
        ] {
            assert!(!permits(&closed(), address), "{address}");
        }
    }

    #[test]
    fn allow_opens_what_it_names_and_nothing_else() {
        let policy = Policy { allow: nets(&["127.0.0.1/32", "192.0.2.0/24"]), ..closed() };
        assert!(permits(&policy, "127.0.0.1"));
        assert!(permits(&policy, "::ffff:127.0.0.1"));
        assert!(!permits(&policy, "127.0.0.2"));
        assert!(!permits(&policy, "::1"));
        assert!(!permits(&policy, "64:ff9b::7f00:1"));
        assert!(permits(&policy, "192.0.2.7"));
        let shared = nets(&["127.0.0.1/32", "192.0.2.7/32"]);
        let policy = Policy { own: shared, ..policy };
        assert!(permits(&policy, "127.0.0.1"), "a test shares it with its sensors");
        assert!(!permits(&policy, "192.0.2.7"));
        let policy = Policy { deny: nets(&["127.0.0.0/8"]), ..policy };
        assert!(!permits(&policy, "127.0.0.1"));
    }

    #[test]
    fn ports_of_other_services_are_refused() {
        let permits = |url| Policy::check_url(&FetchUrl::parse(url).expect("a URL")).is_ok();
        for url in [
            "http://a.example/",
            "http://a.example:8080/",
            "ftp://a.example/",
            "tftp://a.example/x",
        ] {
            assert!(permits(url), "{url}");
        }
        for url in [
            "http://a.example:25/",
            "http://a.example:21/",
            "ftp://a.example:22/",
            "tftp://a.example:53/x",
        ] {
            assert!(!permits(url), "{url}");
        }
        assert!(BLOCKED_PORTS.is_sorted());
        assert!(Policy::check_data_port(22).is_err());
        assert!(Policy::check_data_port(6000).is_err());
        assert!(Policy::check_data_port(40_000).is_ok());
    }

    proptest! {
        /// However an address is written into IPv6, it does not lead where IPv4 may not.
        #[test]
        fn no_ipv6_form_leads_to_a_forbidden_ipv4(bits: u32) {
            let inner = Ipv4Addr::from_bits(bits);
            let plain = closed().check_address(inner.into()).is_ok();
            let mapped = inner.to_ipv6_mapped();
            prop_assert_eq!(closed().check_address(mapped.into()).is_ok(), plain);
            for prefix in [0x0064_ff9b_u128 << 96, 0x2002_u128 << 112 | 1] {
                let shift = if prefix >> 112 == 0x2002 { 80 } else { 0 };
                let address = Ipv6Addr::from_bits(prefix | u128::from(bits) << shift);
                prop_assert_eq!(closed().check_address(address.into()).is_ok(), plain);
            }
        }
    }
}
