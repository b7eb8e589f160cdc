//! Names, addresses and time: `dig`, `drill`, `host`, DHCP, `ping`, `traceroute`, time
//! servers' clients.

use super::{address, client};
use crate::support::internet::{GATEWAY, GATEWAY_V6, VirtualInternet};
use crate::support::network::in_own_world;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[test]
fn every_name_has_records_of_every_type_whichever_way_it_is_asked() {
    in_own_world("internet::names::every_name_has_records_of_every_type_whichever_way_it_is_asked");
    let internet = VirtualInternet::start("[names]\nmissing = [\"*.gone.example\"]");
    let v4 = address(&internet, "c2.example.com", "A");
    let v6 = address(&internet, "c2.example.com", "AAAA");
    assert!(v4.parse::<Ipv4Addr>().is_ok() && v6.parse::<Ipv6Addr>().is_ok(), "{v4} {v6}");
    for (record, expected) in [
        ("MX", "10 mail.c2.example.com."),
        ("NS", "ns1.example.com.\nns2.example.com."),
        ("TXT", "\"v=spf1 a mx ~all\""),
        ("SOA", "ns1.example.com. hostmaster.example.com. "),
        ("ANY", &v4),
        ("CNAME", ""),
        ("HTTPS", ""),
        ("DNSKEY", ""),
        ("TYPE65280", ""),
    ] {
        let printed = client(&internet, &format!("dig +short @{GATEWAY} c2.example.com {record}"));
        assert!(printed.contains(expected), "{record}: {printed}");
    }
    let service = format!("dig +short @{GATEWAY} _xmpp-client._tcp.example.com SRV");
    assert_eq!(client(&internet, &service).trim(), "0 5 5222 example.com.");
    // Any server, any transport, either version: the same answer.
    for way in [
        "dig +short @8.8.8.8 c2.example.com A".to_owned(),
        "dig +short +tcp @9.9.9.9 c2.example.com A".to_owned(),
        "dig +short +tls @1.1.1.1 c2.example.com A".to_owned(),
        format!("dig +short @{GATEWAY_V6} c2.example.com A"),
        "dig +short +tls @2620:fe::fe c2.example.com A".to_owned(),
        "dig +short +https @1.1.1.1 c2.example.com A".to_owned(),
        "dig +short +dnssec +bufsize=4096 @8.8.4.4 c2.example.com A".to_owned(),
        format!("drill -Q @{GATEWAY} c2.example.com A"),
        format!("drill -Q -t @{GATEWAY} c2.example.com A"),
    ] {
        assert_eq!(client(&internet, &way).trim(), v4, "{way}");
    }
    for address in [&v4, &v6] {
        let back = client(&internet, &format!("dig +short @{GATEWAY} -x {address}"));
        assert_eq!(back.trim(), "c2.example.com.");
    }
    let gone = client(&internet, &format!("dig @{GATEWAY} a.gone.example"));
    assert!(gone.contains("status: NXDOMAIN"), "{gone}");
    internet.events("dns.query", |asked| {
        let via = |way: &str| asked.iter().any(|query| query["via"] == way);
        via("udp") && via("tcp") && via("tls") && via("https")
    });
}

#[test]
fn a_guest_is_given_an_address_and_finds_its_way() {
    in_own_world("internet::names::a_guest_is_given_an_address_and_finds_its_way");
    let internet = VirtualInternet::launch("", &["--tap", "ukai0"]);
    // Given addresses: DHCP by BusyBox' client, SLAAC by the kernel.
    let leased = client(
        &internet,
        "ip link set ukai0 up
         printf '#!/bin/sh\\nenv > lease.$1\\n' > lease.sh; chmod +x lease.sh
         busybox udhcpc -n -q -f -i ukai0 -s ./lease.sh -t 5 -T 2 >/dev/null 2>&1
         cat lease.bound",
    );
    for expected in
        ["ip=192.168.178.23", "router=192.168.178.1", "dns=192.168.178.1", "domain=home", "mask=24"]
    {
        assert!(leased.contains(expected), "{expected}: {leased}");
    }
    client(
        &internet,
        "ip address add 192.168.178.23/24 dev ukai0; ip route add default via 192.168.178.1
         for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
             ip -6 address show dev ukai0 scope global -tentative | grep -q inet6 && break
             sleep 0.5
         done
         ip -6 route show default | grep -q 'via fe80::1'",
    );
    for to in ["93.184.216.34", "2606:2800:220:1::1", "192.168.178.1"] {
        client(&internet, &format!("ping -c 1 -W 5 {to}"));
    }
    for (to, way) in [("93.184.216.34", "-4"), ("2606:2800:220:1::1", "-6")] {
        let route = client(&internet, &format!("traceroute {way} -n -q 1 -w 2 {to}"));
        let hops: Vec<IpAddr> = route
            .lines()
            .skip(1)
            .filter_map(|l| l.split_whitespace().nth(1)?.parse().ok())
            .collect();
        assert!((8..20).contains(&hops.len()), "{route}");
        assert_eq!(hops.last(), to.parse().ok().as_ref(), "{route}");
    }
    internet.events("service.request", |asked| {
        asked.iter().any(|event| event["protocol"] == "dhcp" && event["request"] == "request")
    });
}

#[test]
fn clocks_are_set_by_it_and_may_be_set_wrong() {
    in_own_world("internet::names::clocks_are_set_by_it_and_may_be_set_wrong");
    let internet = VirtualInternet::start("time_shift_s = 86400");
    let address = address(&internet, "pool.ntp.org", "A");
    let asked = client(&internet, &format!("ntpdate -q {address}"));
    let offset = |text: &str| {
        text.split_whitespace()
            .filter_map(|word| word.parse::<f64>().ok())
            .any(|number| (86_395.0..86_405.0).contains(&number))
    };
    assert!(offset(&asked), "{asked}");
    let chrony = client(
        &internet,
        &format!(
            "chronyd -Q -u root -t 20 'server {address} iburst maxsamples 2' \
             'pidfile {0}/chronyd.pid' 'bindcmdaddress /' 2>&1 || true",
            internet.folder().display()
        ),
    );
    assert!(
        chrony.contains("System clock wrong by 8640") || chrony.contains("wrong by 8639"),
        "{chrony}"
    );
    let time = client(&internet, &format!("nc -w 2 {address} 37 | od -An -tu4 --endian=big"));
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let told = time.trim().parse::<u64>().expect("a number") - 2_208_988_800;
    assert!(told.abs_diff(now.as_secs() + 86_400) < 120, "{told}");
}
