//! A seeded generator of traces with known truth: attacks, scanners, floods of forged
//! sources, and noise, over IPv4 and IPv6.

pub(crate) mod actors;
pub(crate) mod packets;

use actors::{Actor, AttackPlan, ScanPlan};
use packets::Vector;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::IpAddr;
use ukai_model::Timestamp;

/// The dark space: 65,536 addresses of IPv4, and a /48.
pub(crate) const DARK: [&str; 2] = ["198.18.0.0/16", "2001:db8:d::/48"];

/// 2026-01-01, a whole hour.
pub(crate) const BEGINS: u64 = 1_767_225_600;

/// How much of everything there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) attacks: usize,
    pub(crate) carpets: usize,
    pub(crate) weak_attacks: usize,
    pub(crate) scanners: usize,
    /// Packets of an average scanner.
    pub(crate) scan_packets: u64,
    pub(crate) flood_packets: u64,
    pub(crate) noise_packets: u64,
    /// Seconds from the first packet to the last, roughly.
    pub(crate) seconds: u64,
}

impl Scale {
    /// Some 150,000 packets.
    pub(crate) const SMALL: Self = Self {
        attacks: 40,
        carpets: 3,
        weak_attacks: 30,
        scanners: 300,
        scan_packets: 200,
        flood_packets: 20_000,
        noise_packets: 5_000,
        seconds: 5_400,
    };
}

/// What is in a trace.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    pub(crate) attacks: Vec<AttackTruth>,
    pub(crate) scanners: Vec<ScanTruth>,
    /// Packets of each group of classes.
    pub(crate) groups: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct AttackTruth {
    /// The victim's address, or the prefix of victims.
    pub(crate) victim: String,
    pub(crate) vectors: Vec<Vector>,
    pub(crate) port: Option<u16>,
    pub(crate) pulses: bool,
    pub(crate) carpet: bool,
    pub(crate) packets: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct ScanTruth {
    pub(crate) source: IpAddr,
    pub(crate) tool: &'static str,
    pub(crate) packets: u64,
}

/// A trace in the making: packets by time.
pub(crate) struct Trace {
    rng: SmallRng,
    actors: Vec<Actor>,
    next: BinaryHeap<Reverse<(u64, usize)>>,
    pub(crate) truth: Truth,
}

impl Trace {
    pub(crate) fn new(seed: u64, scale: Scale) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut actors = Vec::new();
        for number in 0..scale.attacks {
            actors.push(Actor::attack(AttackPlan::strong(number, scale.seconds, &mut rng)));
        }
        for number in 0..scale.carpets {
            actors.push(Actor::attack(AttackPlan::carpet(number, scale.seconds, &mut rng)));
        }
        for number in 0..scale.weak_attacks {
            actors.push(Actor::attack(AttackPlan::weak(number, scale.seconds, &mut rng)));
        }
        for number in 0..scale.scanners {
            actors.push(Actor::scan(ScanPlan::new(number, &scale, &mut rng)));
        }
        actors.push(Actor::flood(scale.flood_packets, scale.seconds));
        actors.push(Actor::noise(scale.noise_packets, scale.seconds));
        let next = actors.iter().enumerate().map(|(i, actor)| Reverse((actor.next, i))).collect();
        Self { rng, actors, next, truth: Truth::default() }
    }

    /// The next packet of IP.
    pub(crate) fn packet(&mut self) -> Option<(Timestamp, Vec<u8>)> {
        let Reverse((nanos, index)) = self.next.pop()?;
        let actor = &mut self.actors[index];
        let (group, bytes) = actor.packet(&mut self.rng);
        *self.truth.groups.entry(group).or_default() += 1;
        if actor.left > 0 {
            self.next.push(Reverse((actor.next, index)));
        } else {
            actor.tell(&mut self.truth);
        }
        Some((Timestamp::from_secs(BEGINS) + std::time::Duration::from_nanos(nanos), bytes))
    }
}

/// An address of IPv4 that is not dark and that the Internet routes.
pub(crate) fn public_v4(rng: &mut SmallRng) -> IpAddr {
    loop {
        let address = IpAddr::from(rng.random::<[u8; 4]>());
        let dark = matches!(address, IpAddr::V4(a) if a.octets()[..2] == [198, 18]);
        if !dark && !ukai_telescope::never_routed(address) {
            return address;
        }
    }
}
