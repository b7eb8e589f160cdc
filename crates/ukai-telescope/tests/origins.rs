//! Countries and autonomous systems of sources, with known truth: also under a flood of forged
//! sources that the table of sources has no room for.

#[allow(dead_code, reason = "shared with the other tests")]
mod support;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;
use support::{DARK, Scale, Trace};
use ukai_telescope::class::{Class, Impossible};
use ukai_telescope::seen::{Reading, Seen};
use ukai_telescope::{Fact, Interval, Link, Origins, Settings, Summary, Telescope, classify};

/// Sixteen countries of IPv4, some of them of two systems; one of IPv6.
fn table() -> String {
    let mut text = String::from("2000::/3,64999,ZZ,Of the sixth version\n");
    for number in 0..15 {
        let country = char::from(b'A' + number as u8);
        writeln!(text, "{}.0.0.0/4,{},{country}{country}", number * 16, 64_500 + number)
            .expect("text");
        writeln!(text, "{}.0.0.0/8,{},", number * 16 + 8, 64_600 + number).expect("text");
        writeln!(text, "{}.0.0.0/9,{},{country}{country}", number * 16 + 9, 64_700 + number)
            .expect("text");
    }
    text
}

#[derive(Default)]
struct Truth {
    packets: u64,
    sources: HashSet<IpAddr>,
}

type ByCountry = BTreeMap<Option<String>, Truth>;
type BySystem = BTreeMap<Option<u32>, Truth>;

fn settings() -> Settings {
    Settings {
        dark: DARK.iter().map(|net| net.parse().expect("a prefix")).collect(),
        sources_max: 1_024,
        ..Settings::default()
    }
}

/// A trace, looked at by the telescope and, packet by packet, by a plain map.
fn watched(seed: u64, settings: &Settings) -> (ByCountry, BySystem, Vec<Interval>, Summary) {
    let origins = || Origins::parse(&table()).expect("a table");
    let plain = origins();
    let mut telescope = Telescope::new(settings.clone(), origins(), seed);
    let (mut countries, mut systems) = (ByCountry::new(), BySystem::new());
    let mut trace = Trace::new(seed, Scale::SMALL);
    let mut facts = Vec::new();
    while let Some((time, packet)) = trace.packet() {
        telescope.frame(time, Link::Raw, &packet, packet.len() as u32);
        facts.extend(telescope.facts());
        let Ok(seen) = Seen::read(&packet, false, Reading::default()) else { continue };
        let class = classify(&seen, settings.rules).class;
        let forged = matches!(
            class,
            Class::Backscatter(_)
                | Class::Impossible(
                    Impossible::Source | Impossible::OwnSource | Impossible::Broken
                )
        );
        if !settings.dark.contains(seen.dst) || settings.dark.contains(seen.src) || forged {
            continue;
        }
        let origin = plain.of(seen.src);
        for truth in
            [countries.entry(origin.country).or_default(), systems.entry(origin.asn).or_default()]
        {
            truth.packets += 1;
            truth.sources.insert(seen.src);
        }
    }
    telescope.finish();
    facts.extend(telescope.facts());
    let intervals = facts.into_iter().filter_map(|fact| match fact {
        Fact::Interval(interval) => Some(interval),
        _ => None,
    });
    (countries, systems, intervals.collect(), telescope.summary(10))
}

/// Four standard deviations of the sketch, where it is one.
fn right(estimated: u64, truth: usize, exact_max: usize, error: f64) -> bool {
    let truth = truth as f64;
    let most = if truth <= exact_max as f64 { 0.0 } else { 4.0 * error * truth };
    (estimated as f64 - truth).abs() <= most
}

#[test]
fn packets_are_exact_and_sources_within_the_stated_error_however_many_are_forged() {
    for seed in [1, 2, 3] {
        for forget_after in [None, Some(Duration::from_mins(5))] {
            let (countries, systems, intervals, summary) =
                watched(seed, &Settings { forget_after, ..settings() });
            assert!(summary.sources_displaced > 10_000, "{}", summary.sources_displaced);
            assert_eq!(summary.countries.len(), countries.len());
            for seen in &summary.countries {
                let truth = &countries[&seen.country];
                assert_eq!(seen.packets, truth.packets, "{seen:?}");
                assert!(right(seen.sources, truth.sources.len(), 128, 0.033), "{seen:?}");
            }
            assert_eq!(summary.systems.len(), systems.len());
            for seen in &summary.systems {
                let truth = &systems[&seen.asn];
                assert_eq!(seen.packets, truth.packets, "{seen:?}");
                assert!(right(seen.sources, truth.sources.len(), 32, 0.065), "{seen:?}");
            }
            assert!(countries.contains_key(&Some("ZZ".to_owned())) && countries.len() >= 15);
            assert!(systems.len() >= 40, "{}", systems.len());
            let order: Vec<_> = summary.countries.iter().map(|seen| seen.sources).collect();
            assert!(order.is_sorted_by(|one, next| one >= next), "{order:?}");
            // Each packet is in one interval.
            assert!(intervals.len() >= 2);
            let mut packets = BTreeMap::<Option<String>, u64>::new();
            for seen in intervals.iter().flat_map(|interval| &interval.countries) {
                *packets.entry(seen.country.clone()).or_default() += seen.packets;
            }
            let expected = countries.iter().map(|(name, truth)| (name.clone(), truth.packets));
            assert_eq!(packets, expected.collect());
        }
    }
}

#[test]
fn an_interval_says_the_same_as_the_sum_of_all() {
    let (countries, systems, intervals, _) =
        watched(4, &Settings { interval: Duration::from_hours(24), ..settings() });
    let [interval] = &intervals[..] else { panic!("{} intervals", intervals.len()) };
    for seen in &interval.countries {
        let truth = &countries[&seen.country];
        assert_eq!(seen.packets, truth.packets, "{seen:?}");
        assert!(right(seen.sources, truth.sources.len(), 128, 0.033), "{seen:?}");
    }
    for seen in &interval.systems {
        let truth = &systems[&seen.asn];
        assert!(right(seen.sources, truth.sources.len(), 32, 0.065), "{seen:?}");
    }
    let named = interval.systems.iter().find(|seen| seen.asn == Some(64_999));
    assert_eq!(named.and_then(|seen| seen.name.as_deref()), Some("Of the sixth version"));
}

#[test]
fn who_sent_most_is_told_and_whose_it_is() {
    let mut telescope = Telescope::new(
        Settings { interval: Duration::from_hours(24), sources_max: 65_536, ..settings() },
        Origins::parse(&table()).expect("a table"),
        5,
    );
    let mut trace = Trace::new(5, Scale::SMALL);
    while let Some((time, packet)) = trace.packet() {
        telescope.frame(time, Link::Raw, &packet, packet.len() as u32);
    }
    telescope.finish();
    let interval = telescope.facts().find_map(|fact| match fact {
        Fact::Interval(interval) => Some(interval),
        _ => None,
    });
    let senders = interval.expect("an interval").senders;
    let plain = Origins::parse(&table()).expect("a table");
    let mut scanners = trace.truth.scanners;
    scanners.sort_by_key(|scanner| std::cmp::Reverse(scanner.packets));
    assert_eq!(senders.len(), 50);
    for (seen, truth) in senders.iter().zip(&scanners) {
        assert_eq!(seen.packets, truth.packets, "{seen:?}");
        assert_eq!(seen.origin, plain.of(seen.source));
    }
    assert!(senders.iter().any(|seen| seen.source == scanners[0].source));
}

#[test]
fn without_a_table_nothing_is_said() {
    let mut telescope = Telescope::new(settings(), Origins::default(), 5);
    let mut trace = Trace::new(5, Scale::SMALL);
    while let Some((time, packet)) = trace.packet() {
        telescope.frame(time, Link::Raw, &packet, packet.len() as u32);
    }
    telescope.finish();
    let summary = telescope.summary(1);
    assert!(summary.countries.is_empty() && summary.systems.is_empty());
}
