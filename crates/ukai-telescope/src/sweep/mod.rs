//! Scans of all of IPv4 by ZMap: which generator of its group they go by, how far they are,
//! and how fast.
//!
//! ZMap goes through the group of [`group`] by multiplying with a generator: after `n` steps
//! it is at `first * generator^n`. A telescope sees few of the steps, and does not know how
//! many were between. In logarithms the steps are sums, and the distances `n` are small
//! against the group's order: so they are a short vector of a lattice ([`lattice`]), and with
//! them the generator is known (the idea is of Mazel and Strullu, "Identifying and
//! characterizing ZMap scans: a cryptanalytic approach", 2019). It is the same for all shards
//! of a scan and for all of its threads, and different from that of any other scan.

mod group;
mod lattice;
mod list;

pub use list::LeftOut;

use group::{ORDER, exponential, inverse, logarithm, product};
use lattice::{DIMENSIONS, reduce};
use serde::Serialize;
use ukai_model::Timestamp;

/// Addresses that are kept of a source, the first: half of them solve, the others confirm.
const KEPT: usize = 16;

/// Addresses that are needed.
const NEEDED: usize = DIMENSIONS + 4;

/// How many times the mean number of steps a number may be.
const FAR: i64 = 16;

/// Half of the group, an odd number. Modulo this, the parts of two threads begin at the same
/// place: a generator is solved by it first.
const HALF: u64 = ORDER / 2;
const _: () = assert!(HALF & 1 == 1);

/// A scan of all of IPv4 by ZMap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// By which the scan goes on: the same for all shards of a scan.
    pub generator: u64,
    /// What it leaves out.
    pub left_out: LeftOut,
    /// Threads that send; two may be four, and the generator is then that of two.
    pub threads: u64,
    /// Where the source began, as a part of the scan's way: shards have different ones.
    pub position: f64,
    /// Which part of the scan it was seen to do.
    pub done: f64,
    /// Packets a second that it sends to the whole of IPv4.
    pub rate: f64,
}

/// The addresses that a source tried.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    addresses: [u32; KEPT],
    kept: usize,
    first: Timestamp,
    last: Timestamp,
    last_address: u32,
}

impl Track {
    pub(crate) fn new(address: u32, time: Timestamp) -> Self {
        let mut addresses = [0; KEPT];
        addresses[0] = address;
        Self { addresses, kept: 1, first: time, last: time, last_address: address }
    }

    #[inline]
    pub(crate) fn add(&mut self, address: u32, time: Timestamp) {
        // Several packets to each address are one step.
        if address == self.last_address {
            return;
        }
        if let Some(place) = self.addresses.get_mut(self.kept) {
            *place = address;
            self.kept += 1;
        }
        (self.last, self.last_address) = (time, address);
    }

    /// Whether there is enough to find something.
    pub(crate) const fn is_enough(&self) -> bool {
        self.kept >= NEEDED
    }

    /// The scan that tries these addresses, if it is one.
    pub(crate) fn sweep(&self) -> Option<Sweep> {
        if !self.is_enough() {
            return None;
        }
        LeftOut::ALL.into_iter().find_map(|left_out| {
            let log = |address: u32| left_out.number(address).map(logarithm);
            let mut logs = [0; KEPT];
            for (place, address) in logs.iter_mut().zip(&self.addresses[..self.kept]) {
                *place = log(*address)?;
            }
            let logs = &logs[..self.kept];
            let Solved { generator, threads } = solve(logs)?;
            // Powers of a generator that is even in logarithms are half of the group: older
            // versions choose such, too.
            let order = if generator & 1 == 1 { ORDER } else { HALF };
            let unit = inverse(generator % order, order)?;
            let place = |log: u64| product(log % order, unit, order);
            let steps = place(log(self.last_address)? + ORDER - logs[0]);
            // Of the thread that sent it; the other is as far.
            let steps = (steps % (order / threads)) as f64 * threads as f64;
            let seconds = self.last.since(self.first).as_secs_f64();
            let tried = left_out.addresses() as f64 / ORDER as f64;
            Some(Sweep {
                generator: exponential(generator),
                left_out,
                threads,
                position: place(logs[0]) as f64 / order as f64,
                done: steps / ORDER as f64,
                rate: if seconds > 0.0 { steps * tried / seconds } else { 0.0 },
            })
        })
    }
}

/// By what a scan goes.
struct Solved {
    /// The logarithm of the generator.
    generator: u64,
    /// One, or more: those have each a part of the group, in one piece. Four go to the same
    /// places as two by half of their steps, so these stand for both; with three, several
    /// generators fit, and none is found.
    threads: u64,
}

/// By what a scan goes that tried addresses of these logarithms.
fn solve(logs: &[u64]) -> Option<Solved> {
    let distance = |pair: &[u64]| (pair[1] + ORDER - pair[0]) % ORDER;
    let steps: Vec<u64> = logs.windows(2).map(distance).collect();
    // One that has an inverse comes first.
    let (unit, first) =
        steps.iter().enumerate().find_map(|(at, step)| Some((at, inverse(step % HALF, HALF)?)))?;
    let mut basis = [[0; DIMENSIONS]; DIMENSIONS];
    basis[0][0] = 1;
    let others = steps.iter().enumerate().filter(|(at, _)| *at != unit);
    for (place, (_, step)) in (1..DIMENSIONS).zip(others) {
        basis[0][place] = product(step % HALF, first, HALF) as i64;
        basis[place][place] = HALF as i64;
    }
    reduce(&mut basis);
    let numbers = basis[0];
    let mean = numbers.iter().map(|number| number.abs()).sum::<i64>() / DIMENSIONS as i64;
    let backwards = numbers.iter().sum::<i64>() < 0;
    let number = if backwards { -numbers[0] } else { numbers[0] };
    let number = inverse(number.rem_euclid(HALF as i64) as u64, HALF)?;
    let generator = product(steps[unit] % HALF, number, HALF);
    let numbers = numbers_of(&steps, generator, mean)?;
    // What half of the group leaves open: one thread goes by one generator throughout.
    let goes_by = |generator: u64| {
        let is = |(step, number): (&u64, &i64)| {
            *number > 0 && product(generator, *number as u64, ORDER) == *step
        };
        steps.iter().zip(&numbers).all(is)
    };
    let lifts = [generator, generator + HALF];
    if let Some(generator) = lifts.into_iter().find(|lift| goes_by(*lift)) {
        return Some(Solved { generator, threads: 1 });
    }
    let odd = lifts.into_iter().find(|lift| lift & 1 == 1)?;
    Some(Solved { generator: odd, threads: 2 })
}

/// How many steps of this generator, modulo half of the group, lie between addresses; none if
/// they are far apart, or go back by much: threads keep step, more or less.
fn numbers_of(steps: &[u64], generator: u64, mean: i64) -> Option<Vec<i64>> {
    let unit = inverse(generator, HALF)?;
    let most = (mean * FAR).min(HALF as i64 / 16);
    let number = |step: &u64| {
        let number = product(step % HALF, unit, HALF) as i64;
        let number = if number > HALF as i64 / 2 { number - HALF as i64 } else { number };
        (number.abs() <= most).then_some(number)
    };
    let numbers: Vec<i64> = steps.iter().map(number).collect::<Option<_>>()?;
    // However the threads take turns, all of them go forward.
    (numbers.iter().sum::<i64>() > most / 2).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::group::{ORDER, exponential, inverse, power, times};
    use super::{LeftOut, Track};
    use rand::rngs::SmallRng;
    use rand::{Rng as _, SeedableRng as _};
    use std::time::Duration;
    use ukai_model::Timestamp;

    /// What a telescope sees of a scan by this generator, as ZMap makes it: `count` addresses
    /// below `bits` of 44.0.0.0, the threads taking turns; a million steps are a second.
    fn seen(generator: u64, threads: u64, bits: u32, count: usize, from: u64) -> Track {
        let mut places: Vec<_> = (0..threads)
            .map(|thread| power(generator, (ORDER / threads * thread + from) % ORDER))
            .collect();
        let mut track = None::<Track>;
        let mut steps = 0_u64;
        let mut left = count;
        while left > 0 {
            let place = &mut places[(steps % threads) as usize];
            let address = *place - 1 + 4096;
            *place = times(*place, generator);
            steps += 1;
            if address >> (32 - bits) == 44 << 24 >> (32 - bits) {
                let time = Timestamp::from_secs(1) + Duration::from_micros(steps);
                let address = address as u32;
                match &mut track {
                    Some(track) => track.add(address, time),
                    None => track = Some(Track::new(address, time)),
                }
                left -= 1;
            }
        }
        track.unwrap()
    }

    fn generator(rng: &mut SmallRng) -> u64 {
        loop {
            let exponent = rng.random_range(1..ORDER);
            if inverse(exponent, ORDER).is_some() {
                return exponential(exponent);
            }
        }
    }

    #[test]
    fn the_generator_is_found_from_any_shard_and_however_many_threads_there_are() {
        let mut rng = SmallRng::seed_from_u64(5);
        for threads in [1, 2, 4] {
            for _ in 0..5 {
                let generator = generator(&mut rng);
                let shards = [0, 1].map(|_| {
                    let from = rng.random_range(0..ORDER);
                    seen(generator, threads, 12, 40, from).sweep().unwrap()
                });
                assert_eq!(shards[0].generator, shards[1].generator, "{threads}: {shards:?}");
                for shard in shards {
                    assert_eq!(shard.left_out, LeftOut::Nothing);
                    assert_eq!(shard.threads, threads.min(2));
                    assert!(threads == 4 || shard.generator == generator, "{shard:?}");
                    assert!((shard.rate / 1e6 - 1.0).abs() < 0.05, "{threads}: {shard:?}");
                }
            }
        }
    }

    #[test]
    fn addresses_by_lot_are_no_sweep() {
        let mut rng = SmallRng::seed_from_u64(6);
        for bits in [8, 16, 24] {
            for _ in 0..20 {
                let mut address = || 44 << 24 | rng.random::<u32>() >> bits;
                let mut track = Track::new(address(), Timestamp::from_secs(1));
                for second in 2..40 {
                    track.add(address(), Timestamp::from_secs(second));
                }
                assert_eq!(track.sweep(), None);
            }
        }
    }
}
