//! Debian's database of networks, as we read it and as its own reader does (the program
//! `location`, and the package `libloc-database`).

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;
use ukai_telescope::Origins;

const DATABASE: &str = "/usr/share/libloc-location/location.db";

/// What `location` says of an address: the lines below it, by their names.
fn told(addresses: &[IpAddr]) -> BTreeMap<String, BTreeMap<String, String>> {
    let arguments = addresses.iter().map(ToString::to_string);
    let output = Command::new("location")
        .args(["--database", DATABASE, "lookup"])
        .args(arguments)
        .output()
        .expect("`location` runs (Debian's package of that name)");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut all = BTreeMap::<_, BTreeMap<_, _>>::new();
    let mut address = String::new();
    for line in text.lines() {
        match line.split_once(" : ") {
            Some((name, value)) => {
                let fields = all.entry(address.clone()).or_default();
                fields.insert(name.trim().to_owned(), value.to_owned());
            }
            None => line.trim_end_matches(':').clone_into(&mut address),
        }
    }
    all
}

#[test]
fn the_same_is_said_as_by_the_formats_own_reader() {
    let bytes = std::fs::read(DATABASE).expect("Debian's package libloc-database");
    let mut origins = Origins::default();
    origins.add_database(bytes).expect("a database");
    let about = origins.databases().next().expect("a database");
    assert_eq!(about.licence.as_deref(), Some("CC BY-SA 4.0"), "{about:?}");
    let mut rng = SmallRng::seed_from_u64(1);
    let mut addresses: Vec<IpAddr> =
        (0..400).map(|_| Ipv4Addr::from(rng.random::<u32>()).into()).collect();
    // Half of what is handed out in IPv6 lies at the beginning.
    addresses.extend((0..400).map(|_| {
        let address = 0x2001_u128 << 112 | rng.random::<u128>() >> 16;
        IpAddr::from(Ipv6Addr::from(address))
    }));
    for known in ["8.8.8.8", "202.232.2.1", "2001:240::1", "10.0.0.1"] {
        addresses.push(known.parse().expect("an address"));
    }
    let told = told(&addresses);
    let mut with_systems = 0;
    for address in &addresses {
        let ours = origins.of(*address);
        let Some(theirs) = told.get(&address.to_string()) else {
            assert_eq!(ours, ukai_telescope::Origin::default(), "{address}");
            continue;
        };
        assert_eq!(ours.country.is_some(), theirs.contains_key("Country"), "{address}: {theirs:?}");
        let system = match (ours.asn, &ours.name) {
            (Some(number), Some(name)) => Some(format!("AS{number} - {name}")),
            (Some(number), None) => Some(format!("AS{number}")),
            (None, _) => None,
        };
        assert_eq!(system.as_ref(), theirs.get("Autonomous System"), "{address}: {ours:?}");
        with_systems += usize::from(system.is_some());
    }
    assert!(with_systems > 200, "{with_systems} of {}", addresses.len());
    let of = |address: &str| origins.of(address.parse().expect("an address"));
    assert_eq!(of("202.232.2.1").country.as_deref(), Some("JP"));
    assert_eq!(of("2001:240::1").asn, Some(2497));
}
