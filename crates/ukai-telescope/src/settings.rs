//! What a telescope is told. Every number has the unit in its name or its description.

use crate::Rules;
use crate::prefixes::Prefixes;
use crate::seen::Reading;
use crate::source::Source;
use crate::table::Entry as _;
use std::time::Duration;

/// What a telescope is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The telescope's own prefixes. Packets to other addresses are only counted; without
    /// any, every destination is taken for dark, and nothing is said about the Internet.
    pub dark: Prefixes,
    /// The operator's prefixes: a source in them is suspected to be infected.
    pub own: Prefixes,
    /// Whether somebody answers at these addresses, as honeypots do: what belongs to a
    /// conversation that a peer began is then only counted.
    pub answered: bool,
    /// How packets are read.
    pub reading: Reading,
    /// How they are named.
    pub rules: Rules,
    /// One packet in so many was captured; counts are not multiplied, estimates are.
    pub sampling: u32,
    /// Sources that are remembered at once.
    pub sources_max: usize,
    /// Victims that are remembered at once, and prefixes of them.
    pub victims_max: usize,
    /// A source is a scanner from so many probes on.
    pub scan_packets_min: u64,
    /// And from so many different addresses and ports on.
    pub scan_targets_min: u64,
    /// A source that is silent so long and then comes back makes another visit.
    pub visit_gap: Duration,
    /// What an attack is.
    pub attack: AttackRules,
    /// Length of an interval in the history of ports.
    pub interval: Duration,
    /// How a port rises.
    pub rising: RisingRules,
    /// A source that is silent so long is told and forgotten, and whoever scans is told while
    /// it does; without it, as for a capture, all are told at the end.
    pub forget_after: Option<Duration>,
    /// Records that are kept for a minute; none are made with zero.
    pub flows_max: usize,
}

/// What an attack is: the thresholds of CAIDA's RSDoS (Corsaro 2 and 3; after Moore et al.,
/// "Inferring Internet Denial-of-Service Activity", 2001), and what was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttackRules {
    /// Packets in all, at least.
    pub packets_min: u64,
    /// From the first packet to the last, at least.
    pub duration_min: Duration,
    /// Packets in 60 seconds, by steps of 10, at least.
    pub packets_in_minute_min: u64,
    /// Silence that ends an attack.
    pub timeout: Duration,
    /// Dark addresses that were hit, at least: forged sources are many, a connection that was
    /// misled has one.
    pub addresses_min: u64,
    /// A prefix is bombed as a whole if so many of its addresses are victims.
    pub carpet_victims_min: u64,
    /// Length of such a prefix in IPv4.
    pub carpet_v4_bits: u8,
    /// Length of such a prefix in IPv6.
    pub carpet_v6_bits: u8,
}

/// How a port rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RisingRules {
    /// Sources in the interval, at least.
    pub sources_min: u64,
    /// As many times the mean of the intervals before.
    pub factor: u64,
    /// Intervals of history that are needed.
    pub history_min: usize,
}

impl Settings {
    /// Whether a source scans. Of one's own customers, a single probe is of interest.
    pub(crate) fn takes_for_scanner(&self, source: &Source) -> bool {
        source.scans(self.scan_packets_min, self.scan_targets_min)
            || (source.probes() > 0 && self.own.contains(source.address()))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dark: Prefixes::default(),
            own: Prefixes::default(),
            answered: false,
            reading: Reading::default(),
            rules: Rules::default(),
            sampling: 1,
            sources_max: 262_144,
            victims_max: 65_536,
            scan_packets_min: 10,
            scan_targets_min: 5,
            visit_gap: Duration::from_mins(30),
            attack: AttackRules::default(),
            interval: Duration::from_hours(1),
            rising: RisingRules { sources_min: 20, factor: 3, history_min: 3 },
            forget_after: None,
            flows_max: 0,
        }
    }
}

impl Default for AttackRules {
    fn default() -> Self {
        Self {
            packets_min: 25,
            duration_min: Duration::from_mins(1),
            packets_in_minute_min: 30,
            timeout: Duration::from_mins(5),
            addresses_min: 2,
            carpet_victims_min: 16,
            carpet_v4_bits: 24,
            carpet_v6_bits: 48,
        }
    }
}
