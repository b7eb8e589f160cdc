//! The group in which ZMap counts when it scans all of IPv4: numbers modulo the prime
//! 2^32 + 15, by multiplication (ZMap, `cyclic.c`). Its order has small factors only, so that
//! logarithms are found at once (Pohlig and Hellman, 1978).

use std::sync::OnceLock;

/// The modulus.
const PRIME: u64 = (1 << 32) + 15;

/// How many numbers there are.
pub(super) const ORDER: u64 = PRIME - 1;

/// A number whose powers are all others.
const ROOT: u64 = 3;

/// The order's factors, each with its multiplicity, without the largest.
const FACTORS: [u64; 4] = [2, 9, 5, 131];
const LARGEST: u64 = 364_289;
const _: () = assert!(2 * 9 * 5 * 131 * LARGEST == ORDER);

/// Powers of the largest factor's root that are kept.
const STEPS: u64 = 4096;

/// A product in the group.
pub(super) fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // 2^32 is -15.
    let (high, low) = ((product >> 32) as i64, i64::from(product as u32));
    (low - 15 * high).rem_euclid(PRIME as i64) as u64
}

/// A power in the group.
pub(super) fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}

/// The root's power with this exponent.
pub(super) fn exponential(exponent: u64) -> u64 {
    power(ROOT, exponent)
}

struct Tables {
    /// Of each factor, the powers of its root in their order.
    small: [Vec<u64>; 4],
    /// The first powers of the largest factor's root with their exponents, sorted.
    steps: Vec<(u64, u64)>,
    /// The step back by all of these.
    giant: u64,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let powers = |factor: u64, count: u64| {
            let root = power(ROOT, ORDER / factor);
            std::iter::successors(Some(1), move |value| Some(times(*value, root)))
                .take(count as usize)
        };
        let mut steps: Vec<_> = powers(LARGEST, STEPS).zip(0..).collect();
        steps.sort_unstable();
        let giant = power(power(ROOT, ORDER / LARGEST), LARGEST - STEPS);
        Tables { small: FACTORS.map(|factor| powers(factor, factor).collect()), steps, giant }
    })
}

/// To which power the root is a number, that is not zero and below the prime.
pub(super) fn logarithm(number: u64) -> u64 {
    let tables = tables();
    let (mut log, mut modulus) = (0, 1);
    let mut join = |part: u64, factor: u64| {
        // The Chinese remainder theorem.
        let missing = (part + factor - log % factor) % factor;
        log += modulus * (missing * inverse(modulus % factor, factor).unwrap_or(0) % factor);
        modulus *= factor;
    };
    for (powers, factor) in tables.small.iter().zip(FACTORS) {
        let part = power(number, ORDER / factor);
        join(powers.iter().position(|power| *power == part).unwrap_or(0) as u64, factor);
    }
    let mut part = power(number, ORDER / LARGEST);
    for giants in 0..=LARGEST / STEPS {
        if let Ok(at) = tables.steps.binary_search_by_key(&part, |(power, _)| *power) {
            join(giants * STEPS + tables.steps[at].1, LARGEST);
            break;
        }
        part = times(part, tables.giant);
    }
    log
}

/// What makes one when it is multiplied with `number`, modulo `modulus`.
pub(super) fn inverse(number: u64, modulus: u64) -> Option<u64> {
    let (mut old, mut new) = (number as i64, modulus as i64);
    let (mut old_factor, mut factor) = (1_i64, 0_i64);
    while new != 0 {
        let quotient = old / new;
        (old, new) = (new, old - quotient * new);
        (old_factor, factor) = (factor, old_factor - quotient * factor);
    }
    (old == 1).then(|| old_factor.rem_euclid(modulus as i64) as u64)
}

/// A product modulo `modulus`.
pub(super) fn product(a: u64, b: u64, modulus: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(modulus)) as u64
}

#[cfg(test)]
mod tests {
    use super::{ORDER, PRIME, exponential, inverse, logarithm, product, times};

    #[test]
    fn a_logarithm_is_the_exponent() {
        for number in (0..ORDER).step_by(30_000_019) {
            assert_eq!(logarithm(exponential(number)), number);
        }
        for number in [1, 2, 3, PRIME - 1, PRIME - 2] {
            assert_eq!(exponential(logarithm(number)), number);
        }
    }

    #[test]
    fn products_and_inverses() {
        let large = PRIME - 1;
        assert_eq!(times(large, large), 1);
        assert_eq!(times(123_456_789, 4_000_000_000), product(123_456_789, 4_000_000_000, PRIME));
        assert_eq!(inverse(2, ORDER), None);
        let found = inverse(1_000_003, ORDER).unwrap();
        assert_eq!(product(found, 1_000_003, ORDER), 1);
    }
}
