//! Plans of small lists, and what must hold for any.

use crate::{IpNet, PlanError, Request, Sensor, plan, share};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn request(prefixes: &[&str], exclude: &[&str]) -> Request {
    Request {
        prefixes: nets(prefixes),
        exclude: nets(exclude),
        density: 23,
        density_v6: 48,
        seed: "a seed".to_owned(),
    }
}

#[test]
fn one_in_each_block_and_none_where_there_must_be_none() {
    let wanted = request(&["198.18.0.0/16", "2001:db8::/44", "203.0.113.0/24"], &["198.18.4.0/22"]);
    let made = plan(&wanted).unwrap();
    assert_eq!(made.sensors.len(), 128 - 2 + 16 + 1);
    assert_eq!(made.full, nets(&["198.18.4.0/23", "198.18.6.0/23"]));
    let blocks: BTreeSet<_> = made.sensors.iter().map(|sensor| sensor.block).collect();
    assert_eq!(blocks.len(), made.sensors.len());
    for sensor in &made.sensors {
        assert!(sensor.block.contains(&sensor.address) && sensor.prefix.contains(&sensor.block));
        if let std::net::IpAddr::V4(address) = sensor.address {
            assert!(!matches!(address.octets()[3], 0 | 255));
        }
    }
}

#[test]
fn a_route_inside_another_has_its_own() {
    let made = plan(&request(&["198.18.0.0/22", "198.18.1.0/24"], &[])).unwrap();
    let inside: IpNet = "198.18.1.0/24".parse().unwrap();
    let (own, wide): (Vec<&Sensor>, Vec<&Sensor>) =
        made.sensors.iter().partition(|sensor| sensor.prefix == inside);
    assert_eq!((own.len(), wide.len()), (1, 2));
    assert!(wide.iter().all(|sensor| !inside.contains(&sensor.address)));
}

#[test]
fn too_many_are_refused_with_a_remedy() {
    let error = plan(&Request { density: 32, ..request(&["10.0.0.0/8"], &[]) }).unwrap_err();
    assert!(error.to_string().contains("choose a shorter density"), "{error}");
    let error = plan(&Request { density: 33, ..request(&["10.0.0.0/8"], &[]) }).unwrap_err();
    assert_eq!(error, PlanError::Density { density: 33, family: "IPv4", most: 32 });
}

#[test]
fn places_differ_between_seeds_and_personas_are_shared_out() {
    let one = request(&["198.18.0.0/16"], &[]);
    let other = Request { seed: "another".to_owned(), ..one.clone() };
    let (one, other) = (plan(&one).unwrap(), plan(&other).unwrap());
    let same = one.sensors.iter().filter(|sensor| other.sensors.contains(sensor)).count();
    assert!(same < 10, "{same}");
    let offsets: BTreeSet<_> = one
        .sensors
        .iter()
        .map(|sensor| match sensor.address {
            std::net::IpAddr::V4(address) => u32::from(address) & 511,
            std::net::IpAddr::V6(_) => 0,
        })
        .collect();
    assert!(offsets.len() > 90, "{}", offsets.len());
    let mut shares = [0; 3];
    for sensor in &one.sensors {
        shares[share("x", sensor.address, 3)] += 1;
    }
    assert!(shares.iter().all(|count| *count > 20), "{shares:?}");
}

fn prefix() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        (any::<[u8; 4]>(), 14_u8..=32).prop_map(|(a, length)| IpNet::new(
            [a[0] & 3 | 8, a[1], a[2], a[3]].into(),
            length
        )
        .unwrap()),
        (any::<[u16; 3]>(), 36_u8..=128).prop_map(|(a, length)| {
            let address = [0x2001, 0xdb8, a[0], a[1], 0, 0, 0, a[2]];
            IpNet::new(address.into(), length).unwrap()
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_elsewhere_changes_nothing(
        prefixes in prop::collection::vec(prefix(), 1..6),
        more in prop::collection::vec(prefix(), 0..4),
        exclude in prop::collection::vec(prefix(), 0..3),
    ) {
        let one = Request { prefixes, exclude, ..request(&[], &[]) };
        let both = Request { prefixes: [one.prefixes.clone(), more.clone()].concat(), ..one.clone() };
        let (one, both) = (plan(&one).unwrap(), plan(&both).unwrap());
        for sensor in &one.sensors {
            prop_assert!(sensor.block.contains(&sensor.address));
            let touched = more.iter().any(|m| m.contains(&sensor.block) || sensor.block.contains(m));
            prop_assert!(touched || both.sensors.contains(sensor), "{sensor:?}");
        }
        let addresses: BTreeSet<_> = both.sensors.iter().map(|sensor| sensor.address).collect();
        prop_assert_eq!(addresses.len(), both.sensors.len(), "no address twice");
    }
}
