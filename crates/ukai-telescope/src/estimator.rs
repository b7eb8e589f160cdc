//! Counts what is different in bounded memory: exactly while there is little of it, then by
//! HyperLogLog (Flajolet and others, 2007) with Ertl's estimator ("New cardinality estimation
//! algorithms for HyperLogLog sketches", 2017), which needs no tables.
//!
//! `cardinality-estimator` does the same in a quarter less memory. Here most packets insert
//! into a sketch that lies far away in memory: where is asked for early ([`Estimator::prefetch`]),
//! and a register is a byte, which is compared and seldom written.

use crate::prefetch::prefetch;

/// Hashes that need no memory of their own.
const FEW: usize = 3;

/// Slots of the smallest set.
const SLOTS_MIN: usize = 16;

/// Counts what is different by hashes that are spread evenly: exactly up to `2^P / 8` (at most
/// 128), then to `1.04 / sqrt(2^P)` (one standard deviation) in `2^P` bytes.
#[derive(Clone, Debug)]
pub(crate) struct Estimator<const P: u32>(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Few([u32; FEW]),
    /// Slots that are empty where they are zero, at most half full.
    Set(Box<[u32]>, u32),
    /// For each part of the hashes, the longest row of zeros that was met, and one.
    Registers(Box<[u8]>),
}

impl<const P: u32> Default for Estimator<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const P: u32> Estimator<P> {
    /// Hashes that are kept, in a set of at most as many bytes as the registers.
    const EXACT_MAX: u32 = if P > 10 { 0 } else { 1 << (P - 3) };

    /// Bits of a hash that count. More than four thousand million are only met with large ones.
    const BITS: u32 = if P > 10 { 64 } else { 32 };

    pub(crate) const fn new() -> Self {
        Self(Kind::Few([0; FEW]))
    }

    /// Counts what has this hash.
    #[inline]
    pub(crate) fn insert_hash(&mut self, hash: u64) {
        if let Kind::Registers(registers) = &mut self.0 {
            Self::note(registers, hash);
        } else {
            self.keep(hash);
        }
    }

    /// Brings what [`Self::insert_hash`] will read nearer.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        match &self.0 {
            Kind::Few(_) => {}
            Kind::Set(slots, _) => prefetch(&slots[slot(hash_kept(hash), slots.len())]),
            Kind::Registers(registers) => {
                if let Some(register) = registers.get(Self::part(hash)) {
                    prefetch(register);
                }
            }
        }
    }

    #[inline]
    const fn part(hash: u64) -> usize {
        (hash >> (64 - P)) as usize
    }

    #[inline]
    fn note(registers: &mut [u8], hash: u64) {
        let longest = Self::BITS - P;
        let row = ((hash << P).leading_zeros().min(longest) + 1) as u8;
        if let Some(register) = registers.get_mut(Self::part(hash))
            && row > *register
        {
            *register = row;
        }
    }

    fn keep(&mut self, hash: u64) {
        let kept = hash_kept(hash);
        match &mut self.0 {
            Kind::Few(hashes) => {
                for place in hashes.iter_mut() {
                    if *place == kept {
                        return;
                    }
                    if *place == 0 {
                        *place = kept;
                        return;
                    }
                }
            }
            Kind::Set(slots, count) => {
                let mut at = slot(kept, slots.len());
                while slots[at] != 0 {
                    if slots[at] == kept {
                        return;
                    }
                    at = (at + 1) % slots.len();
                }
                if *count < (slots.len() / 2) as u32 {
                    slots[at] = kept;
                    *count += 1;
                    return;
                }
            }
            Kind::Registers(_) => {}
        }
        self.grow();
        self.insert_hash(hash);
    }

    /// Makes room.
    #[cold]
    fn grow(&mut self) {
        let (hashes, slots) = match &self.0 {
            Kind::Few(hashes) => (&hashes[..], SLOTS_MIN),
            Kind::Set(slots, _) => (&slots[..], slots.len() * 2),
            Kind::Registers(_) => return,
        };
        let mut grown = if slots as u32 / 2 > Self::EXACT_MAX {
            Self(Kind::Registers(vec![0; 1 << P].into()))
        } else {
            Self(Kind::Set(vec![0; slots].into(), 0))
        };
        for hash in hashes.iter().filter(|hash| **hash != 0) {
            grown.insert_hash(u64::from(*hash) << 32);
        }
        *self = grown;
    }

    /// Counts what another has counted, too.
    pub(crate) fn merge(&mut self, other: &Self) {
        let hashes = match &other.0 {
            Kind::Few(hashes) => &hashes[..],
            Kind::Set(slots, _) => slots,
            Kind::Registers(theirs) => {
                while !matches!(self.0, Kind::Registers(_)) {
                    self.grow();
                }
                if let Kind::Registers(ours) = &mut self.0 {
                    for (ours, theirs) in ours.iter_mut().zip(theirs) {
                        *ours = (*ours).max(*theirs);
                    }
                }
                return;
            }
        };
        for hash in hashes.iter().filter(|hash| **hash != 0) {
            self.insert_hash(u64::from(*hash) << 32);
        }
    }

    /// How much is different, roughly.
    pub(crate) fn estimate(&self) -> u64 {
        match &self.0 {
            Kind::Few(hashes) => hashes.iter().filter(|hash| **hash != 0).count() as u64,
            Kind::Set(_, count) => u64::from(*count),
            Kind::Registers(registers) => {
                let longest = (Self::BITS - P) as usize;
                let mut rows = [0_u32; 66];
                for register in registers {
                    rows[usize::from(*register).min(longest + 1)] += 1;
                }
                let size = registers.len() as f64;
                let mut sum = size * tau(1.0 - f64::from(rows[longest + 1]) / size);
                for row in rows[1..=longest].iter().rev() {
                    sum = 0.5 * (sum + f64::from(*row));
                }
                sum += size * sigma(f64::from(rows[0]) / size);
                (size * size / (2.0 * std::f64::consts::LN_2 * sum)).round() as u64
            }
        }
    }
}

/// The upper half of a hash, which is kept; zero means none.
#[inline]
const fn hash_kept(hash: u64) -> u32 {
    let kept = (hash >> 32) as u32;
    if kept == 0 { 1 } else { kept }
}

/// A place in a set, by the bits that the registers do not use for theirs.
#[inline]
const fn slot(kept: u32, slots: usize) -> usize {
    kept as usize & (slots - 1)
}

/// Ertl's sum over registers that are empty.
fn sigma(mut share: f64) -> f64 {
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut sum, mut weight) = (share, 1.0);
    loop {
        share *= share;
        let before = sum;
        sum += share * weight;
        weight += weight;
        if sum <= before {
            return sum;
        }
    }
}

/// Ertl's sum over registers that are full.
fn tau(mut share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut sum, mut weight) = (1.0 - share, 1.0);
    loop {
        share = share.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - share) * (1.0 - share) * weight;
        if sum >= before {
            return sum / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Estimator;
    use crate::hash::Hashes;

    fn hash(number: u64) -> u64 {
        Hashes::new(11).pair(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15), 7)
    }

    fn counted<const P: u32>(from: u64, to: u64) -> Estimator<P> {
        let mut estimator = Estimator::new();
        for number in (from..to).chain(from..to) {
            estimator.insert_hash(hash(number));
        }
        estimator
    }

    #[test]
    fn little_is_counted_exactly_and_much_to_the_stated_error() {
        fn check<const P: u32>() {
            let error = 1.04 / f64::from(1_u32 << P).sqrt();
            for count in [0, 1, 2, 3, 4, 8, 9, 16, 32, 64, 100, 128, 500, 3_000, 60_000, 500_000] {
                let estimate = counted::<P>(0, count).estimate();
                if count <= 128.min((1 << P) / 8) && P <= 10 {
                    assert_eq!(estimate, count, "P = {P}");
                } else {
                    // Four standard deviations; the hashes are always the same.
                    let off = (estimate as f64 - count as f64).abs();
                    let most = (4.0 * error * count as f64).max(1.0);
                    assert!(off <= most, "P = {P}: {estimate} of {count}");
                }
            }
        }
        check::<7>();
        check::<8>();
        check::<10>();
        check::<14>();
    }

    #[test]
    fn what_two_have_counted_is_counted_once() {
        for (one, other) in [(2, 1), (3, 100), (100, 5_000), (5_000, 2), (5_000, 9_000)] {
            // Half of the smaller is in both.
            let half = one.min(other) / 2;
            let mut sum = counted::<10>(0, one);
            sum.merge(&counted::<10>(one - half, one - half + other));
            let all = (one + other - half) as f64;
            let off = (sum.estimate() as f64 - all).abs();
            assert!(off <= 4.0 * 0.0325 * all, "{one} and {other}: {}", sum.estimate());
        }
    }
}
