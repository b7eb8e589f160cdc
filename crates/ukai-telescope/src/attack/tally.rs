//! What is counted about one victim.

use super::{Attack, Pulses, VectorCount, Victim};
use crate::class::Vector;
use crate::estimator::Estimator;
use crate::limits::{PORTS_MAX, VECTORS_MAX};
use crate::origin::Origin;
use crate::settings::AttackRules;
use crate::table::Entry as _;
use crate::top::{Port, Top};
use ukai_model::Timestamp;

/// Seconds of a step, and steps of a minute.
const STEP_S: u64 = 10;
const STEPS: usize = 6;

/// Silence between waves, in nanoseconds, at least.
const WAVE_GAP_NS: u64 = 10_000_000_000;

/// Waves and packets in each that make pulses.
const WAVES_MIN: u32 = 4;
const WAVE_PACKETS_MIN: u64 = 20;

/// What one packet says about a victim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) time: Timestamp,
    pub(crate) vector: Vector,
    pub(crate) port: Option<Port>,
    pub(crate) bytes: u32,
    /// Hash of the dark address that was answered.
    pub(crate) dst_hash: u64,
    /// Hash of the victim's address.
    pub(crate) victim_hash: u64,
}

#[derive(Clone, Copy)]
struct OneVector {
    vector: Vector,
    packets: u64,
    first: Timestamp,
    last: Timestamp,
}

pub(crate) struct Tally {
    vectors: [Option<OneVector>; VECTORS_MAX],
    ports: Top<PORTS_MAX>,
    distinct_ports: Estimator<7>,
    addresses: Estimator<10>,
    victims: Estimator<10>,
    bytes: u64,
    /// Packets in each of the last steps, and which step is the newest.
    steps: [u32; STEPS],
    step: u64,
    minute_peak: u64,
    second: u64,
    in_second: u32,
    second_peak: u32,
    waves: Waves,
}

/// Beginnings of waves: how many, and the sums of their distances and of the squares.
#[derive(Clone, Copy)]
struct Waves {
    last: Timestamp,
    began: Timestamp,
    count: u32,
    sum_s: f64,
    squares: f64,
}

impl Tally {
    pub(crate) fn new(first: &Hit) -> Self {
        let mut tally = Self {
            vectors: [None; VECTORS_MAX],
            ports: Top::new(),
            distinct_ports: Estimator::new(),
            addresses: Estimator::new(),
            victims: Estimator::new(),
            bytes: 0,
            steps: [0; STEPS],
            step: first.time.secs() / STEP_S,
            minute_peak: 0,
            second: 0,
            in_second: 0,
            second_peak: 0,
            waves: Waves {
                last: first.time,
                began: first.time,
                count: 1,
                sum_s: 0.0,
                squares: 0.0,
            },
        };
        tally.add(first);
        tally
    }

    #[inline]
    pub(crate) fn add(&mut self, hit: &Hit) {
        self.vector(hit);
        if let Some(port) = hit.port
            && self.ports.add(port)
        {
            let code = u64::from(port.code()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.distinct_ports
                .insert_hash((code ^ code >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93));
        }
        self.addresses.insert_hash(hit.dst_hash);
        self.victims.insert_hash(hit.victim_hash);
        self.bytes += u64::from(hit.bytes);
        self.minute(hit.time);
        let second = hit.time.secs();
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        self.in_second += 1;
        self.second_peak = self.second_peak.max(self.in_second);
        self.waves.add(hit.time);
    }

    fn vector(&mut self, hit: &Hit) {
        // Of more vectors than are kept, the rarest makes room.
        let found =
            self.vectors.iter().position(|kept| kept.is_some_and(|k| k.vector == hit.vector));
        let way = found.unwrap_or_else(|| {
            let packets = |way: &usize| self.vectors[*way].map_or(0, |kept| kept.packets);
            (0..VECTORS_MAX).min_by_key(packets).unwrap_or(0)
        });
        let new = OneVector { vector: hit.vector, packets: 0, first: hit.time, last: hit.time };
        let mut kept = self.vectors[way].filter(|kept| kept.vector == hit.vector).unwrap_or(new);
        kept.packets += 1;
        kept.last = kept.last.max(hit.time);
        self.vectors[way] = Some(kept);
    }

    fn minute(&mut self, time: Timestamp) {
        let step = time.secs() / STEP_S;
        if step > self.step {
            let passed = usize::try_from(step - self.step).unwrap_or(STEPS).min(STEPS);
            for ago in 0..passed {
                self.steps[(step as usize - ago) % STEPS] = 0;
            }
            self.step = step;
        }
        // Late packets count for now: captures mix packets by fractions of a second.
        self.steps[self.step as usize % STEPS] += 1;
        let minute = self.steps.iter().map(|count| u64::from(*count)).sum();
        self.minute_peak = self.minute_peak.max(minute);
    }

    /// Whether these are the packets of an attack.
    pub(crate) fn passes(&self, victim: &Victim, rules: &AttackRules, is_prefix: bool) -> bool {
        victim.packets() >= rules.packets_min
            && victim.last().since(victim.first()) >= rules.duration_min
            && self.minute_peak >= rules.packets_in_minute_min
            && self.addresses.estimate() >= rules.addresses_min
            && (!is_prefix || self.victims.estimate() >= rules.carpet_victims_min)
    }

    /// What is known about it; `dark` is how many IPv4 addresses the telescope has, a packet
    /// in `sampling` was captured.
    pub(crate) fn attack(
        &self,
        victim: &Victim,
        is_prefix: bool,
        dark: Option<u64>,
        sampling: u32,
    ) -> Attack {
        let mut vectors: Vec<_> = self
            .vectors
            .iter()
            .flatten()
            .map(|kept| VectorCount {
                vector: kept.vector,
                packets: kept.packets,
                first: kept.first,
                last: kept.last,
            })
            .collect();
        vectors.sort_by_key(|count| (std::cmp::Reverse(count.packets), count.vector));
        let is_v4 = victim.target().addr().is_ipv4();
        let dark = dark.filter(|dark| *dark > 0 && is_v4);
        let rate = self.minute_peak as f64 / 60.0 * f64::from(sampling);
        Attack {
            victim: victim.target(),
            origin: Origin::default(),
            own: false,
            ended: false,
            first: victim.first(),
            last: victim.last(),
            vectors,
            ports: self.ports.ports(),
            distinct_ports: self.distinct_ports.estimate(),
            packets: victim.packets(),
            bytes: self.bytes,
            minute_peak: self.minute_peak,
            second_peak: u64::from(self.second_peak),
            addresses: self.addresses.estimate(),
            victims: is_prefix.then(|| self.victims.estimate()),
            pulses: self.waves.pulses(victim.packets()),
            rate_estimated: dark.map(|dark| rate * 4_294_967_296.0 / dark as f64),
        }
    }
}

impl Waves {
    fn add(&mut self, time: Timestamp) {
        let silence = time.nanos().saturating_sub(self.last.nanos());
        self.last = self.last.max(time);
        if silence < WAVE_GAP_NS {
            return;
        }
        let distance_s = time.since(self.began).as_secs_f64();
        self.began = time;
        self.count += 1;
        self.sum_s += distance_s;
        self.squares += distance_s * distance_s;
    }

    /// Waves are regular, and each is strong: the gaps of a weak attack are neither.
    fn pulses(&self, packets: u64) -> Option<Pulses> {
        if self.count < WAVES_MIN || packets < u64::from(self.count) * WAVE_PACKETS_MIN {
            return None;
        }
        let distances = f64::from(self.count - 1);
        let period_s = self.sum_s / distances;
        let variance = (self.squares / distances - period_s * period_s).max(0.0);
        let regular = variance.sqrt() <= 0.3 * period_s;
        regular.then_some(Pulses { count: u64::from(self.count), period_s })
    }
}
