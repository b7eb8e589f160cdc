//! Traces with known truth: every attack above the thresholds is found, none is invented,
//! and tools are named.

mod support;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;
use support::{DARK, Scale, Trace, Truth};
use ukai_model::Timestamp;
use ukai_telescope::{Attack, Fact, Link, Origins, Scanner, Settings, Summary, Telescope};

struct Found {
    attacks: Vec<Attack>,
    scanners: BTreeMap<IpAddr, Scanner>,
    summary: Summary,
}

fn watched(seed: u64, scale: Scale) -> (Truth, Found) {
    let settings = Settings {
        dark: DARK.iter().map(|net| net.parse().expect("a prefix")).collect(),
        ..Settings::default()
    };
    let mut telescope = Telescope::new(settings, Origins::default(), seed ^ 0x55);
    let mut trace = Trace::new(seed, scale);
    while let Some((time, packet)) = trace.packet() {
        let bytes = packet.len() as u32;
        telescope.frame(time, Link::Raw, &packet, bytes);
    }
    telescope.finish();
    let mut attacks = Vec::new();
    let mut scanners = BTreeMap::new();
    for fact in telescope.facts() {
        match fact {
            Fact::AttackEnded(attack) => attacks.push(attack),
            Fact::Scanner(scanner) => {
                scanners.insert(scanner.address, scanner);
            }
            _ => {}
        }
    }
    let summary = telescope.summary(10);
    (trace.truth, Found { attacks, scanners, summary })
}

fn name(attack: &Attack) -> String {
    let net = attack.victim;
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

#[test]
fn every_attack_is_found_and_none_invented() {
    for seed in [1, 2] {
        let (truth, found) = watched(seed, Scale::SMALL);
        let mut expected: Vec<_> =
            truth.attacks.iter().map(|attack| attack.victim.clone()).collect();
        let mut named: Vec<_> = found.attacks.iter().map(name).collect();
        expected.sort();
        named.sort();
        assert_eq!(named, expected, "seed {seed}");
        let v6 = truth.attacks.iter().filter(|attack| attack.victim.contains(':')).count();
        assert!(v6 >= 10 && truth.attacks.len() - v6 >= 30, "{v6} of {}", truth.attacks.len());
        for attack in &truth.attacks {
            let got = found.attacks.iter().find(|got| name(got) == attack.victim).unwrap();
            let mut vectors: Vec<_> = attack.vectors.iter().map(|vector| vector.name()).collect();
            let mut got_vectors: Vec<_> = got.vectors.iter().map(|v| v.vector.name()).collect();
            vectors.sort_unstable();
            vectors.dedup();
            got_vectors.sort_unstable();
            assert_eq!(got_vectors, vectors, "seed {seed}: {attack:?}");
            assert_eq!((got.first, got.last), (attack.first, attack.last), "{attack:?}");
            assert_eq!(got.packets, attack.packets, "{attack:?}");
            assert_eq!(got.pulses.is_some(), attack.pulses, "{attack:?}\n{got:?}");
            if let Some(port) = attack.port {
                let ports: Vec<_> = got.ports.iter().map(|count| count.port.to_string()).collect();
                assert!(
                    ports.iter().any(|got| got.starts_with(&format!("{port}/"))),
                    "{ports:?}, {attack:?}"
                );
            }
            assert_eq!(got.victims.is_some(), attack.carpet);
            if let Some(victims) = got.victims {
                assert!((95..=105).contains(&victims), "{victims}");
            }
        }
    }
}

#[test]
fn tools_are_named_for_99_of_100_packets() {
    for seed in [1, 2] {
        let (truth, found) = watched(seed, Scale::SMALL);
        let v6 = truth.scanners.iter().filter(|scan| scan.source.is_ipv6()).count();
        assert!(v6 >= 50 && truth.scanners.len() - v6 >= 200, "{v6}");
        let (mut right, mut all) = (0, 0);
        for scan in &truth.scanners {
            let tool = found.scanners.get(&scan.source).map(|scanner| {
                assert_eq!(scanner.packets, scan.packets, "{scan:?}");
                scanner.tool.map_or("unknown", ukai_telescope::Tool::name)
            });
            all += scan.packets;
            right += if tool == Some(scan.tool) { scan.packets } else { 0 };
        }
        assert!(right * 100 >= all * 99, "seed {seed}: {right} of {all}");
        // A flood of forged sources makes no scanners.
        assert!(found.scanners.len() <= truth.scanners.len(), "{}", found.scanners.len());
    }
}

#[test]
fn every_packet_is_in_its_group() {
    let (truth, found) = watched(4, Scale::SMALL);
    let mut groups = BTreeMap::new();
    for (class, packets) in found.summary.totals.classes.sorted() {
        *groups.entry(class.group()).or_default() += packets;
    }
    assert_eq!(groups, truth.groups);
    let sources = truth.scanners.len() as u64 + Scale::SMALL.flood_packets;
    assert!(found.summary.sources > sources * 95 / 100, "{}", found.summary.sources);
}

#[test]
fn whoever_scans_is_told_while_it_does_and_forgotten_when_it_is_silent() {
    let settings = Settings {
        dark: DARK.iter().map(|net| net.parse().expect("a prefix")).collect(),
        forget_after: Some(Duration::from_mins(10)),
        ..Settings::default()
    };
    let mut telescope = Telescope::new(settings, Origins::default(), 3);
    let mut trace = Trace::new(9, Scale::SMALL);
    let (mut began, mut ended) = (BTreeMap::new(), BTreeMap::<IpAddr, u64>::new());
    let (mut packets, mut at_once) = (0, 0);
    let mut end = Timestamp::default();
    let mut take = |telescope: &mut Telescope, now: Timestamp| {
        for fact in telescope.facts() {
            match fact {
                Fact::ScannerBegan(scanner) => {
                    began.entry(scanner.address).or_insert(now);
                    assert!(now.since(scanner.last) < Duration::from_mins(10), "{scanner:?}");
                }
                Fact::Scanner(scanner) => {
                    *ended.entry(scanner.address).or_default() += scanner.probes;
                }
                Fact::Interval(interval) => {
                    packets += interval.packets;
                    assert_eq!(interval.groups.values().sum::<u64>(), interval.packets);
                    at_once = at_once.max(interval.ports.len());
                }
                _ => {}
            }
        }
    };
    while let Some((time, packet)) = trace.packet() {
        telescope.frame(time, Link::Raw, &packet, packet.len() as u32);
        take(&mut telescope, time);
        end = time;
    }
    // Nothing comes any more: all is told by the time alone.
    for minute in 1..=90 {
        let now = end + Duration::from_mins(minute);
        telescope.tick(now);
        take(&mut telescope, now);
    }
    for scanner in &trace.truth.scanners {
        assert!(began.contains_key(&scanner.source), "{scanner:?}");
        assert_eq!(ended.get(&scanner.source), Some(&scanner.packets), "{scanner:?}");
    }
    assert_eq!(packets, telescope.summary(1).totals.packets);
    assert!(at_once >= 8, "{at_once} ports");
}
