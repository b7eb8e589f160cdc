//! Which samples are alike: a nearest-neighbour index over TLSH digests, exact.
//!
//! The distance of TLSH breaks the triangle inequality, so trees over metrics would lose
//! neighbours. But it is at least twelve for each step between the lengths' logarithms, and
//! that logarithm is one byte: digests lie in a bucket for each, and only buckets that may
//! hold a neighbour are looked at.

use std::str::FromStr as _;
use tlsh2::TlshDefault;
use ukai_model::Sha256;

/// Distance for one step between logarithms of lengths, from the second on (TLSH's own).
const LENGTH_STEP: u32 = 12;

/// Digests of samples, by the logarithms of their lengths.
pub(crate) struct SimilarityIndex {
    buckets: Vec<Vec<(TlshDefault, Sha256)>>,
}

/// A sample that is alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Neighbour {
    /// The sample.
    pub(crate) sha256: Sha256,
    /// TLSH's distance: 0 for the same, below 50 for one's next version, above 150 for
    /// strangers.
    pub(crate) distance: u32,
}

impl Default for SimilarityIndex {
    fn default() -> Self {
        Self { buckets: (0..256).map(|_| Vec::new()).collect() }
    }
}

impl SimilarityIndex {
    /// Adds a sample by its digest (`T1` and 70 digits); false if that is none.
    pub(crate) fn add(&mut self, sha256: Sha256, tlsh: &str) -> bool {
        let Some((bucket, digest)) = read(tlsh) else { return false };
        self.buckets[usize::from(bucket)].push((digest, sha256));
        true
    }

    /// The nearest `count` samples within a distance, the nearest first; equally near ones by
    /// their names.
    pub(crate) fn nearest(&self, tlsh: &str, within: u32, count: usize) -> Vec<Neighbour> {
        let Some((bucket, digest)) = read(tlsh) else { return Vec::new() };
        let mut found: Vec<Neighbour> = Vec::new();
        for (place, list) in self.buckets.iter().enumerate() {
            let steps = u32::from((place as u8).wrapping_sub(bucket));
            let steps = steps.min(256 - steps);
            if steps > 1 && steps * LENGTH_STEP > within {
                continue;
            }
            for (other, sha256) in list {
                let distance = digest.diff(other, true).unsigned_abs();
                if distance <= within {
                    found.push(Neighbour { sha256: *sha256, distance });
                }
            }
        }
        found.sort_by_key(|it| (it.distance, it.sha256));
        found.truncate(count);
        found
    }
}

/// The logarithm of the length, and the digest.
fn read(tlsh: &str) -> Option<(u8, TlshDefault)> {
    let digest = TlshDefault::from_str(tlsh).ok()?;
    // `T1`, two digits of the checksum, and the logarithm with its digits changed.
    let swapped = u8::from_str_radix(tlsh.get(4..6)?, 16).ok()?;
    Some((swapped.rotate_left(4), digest))
}

#[cfg(test)]
mod tests {
    use super::{Neighbour, SimilarityIndex, read};
    use crate::hashes;
    use proptest::prelude::*;
    use ukai_model::Sha256;

    /// A text of words in an order of its own.
    fn text(seed: u64, words: usize) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..words).flat_map(|_| format!("{:x} ", next() % 4096).into_bytes()).collect()
    }

    fn digest(bytes: &[u8]) -> String {
        hashes::tlsh(bytes).expect("long enough")
    }

    #[test]
    fn versions_are_found_and_strangers_are_not() {
        let first = text(1, 4000);
        let mut second = first.clone();
        second.splice(500..540, text(9, 12));
        let mut index = SimilarityIndex::default();
        for bytes in [&first, &second, &text(2, 4000), &text(3, 900)] {
            assert!(index.add(Sha256::of(bytes), &digest(bytes)));
        }
        let found = index.nearest(&digest(&first), 60, 10);
        let names: Vec<Sha256> = found.iter().map(|it| it.sha256).collect();
        assert_eq!(names, [Sha256::of(&first), Sha256::of(&second)], "{found:?}");
        assert_eq!(found[0], Neighbour { sha256: Sha256::of(&first), distance: 0 });
        assert_eq!(index.nearest(&digest(&first), 300, 1).len(), 1);
    }

    #[test]
    fn what_is_no_digest_is_not_taken() {
        let mut index = SimilarityIndex::default();
        for wrong in ["", "T1", "T1zz", "T1\u{e9}\u{e9}"] {
            assert!(!index.add(Sha256::of(b"x"), wrong), "{wrong}");
            assert!(index.nearest(wrong, 100, 10).is_empty());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// Leaving buckets out loses nobody.
        #[test]
        fn the_same_as_by_looking_at_all(
            sizes in proptest::collection::vec(100..4000_usize, 2..20),
            within in 0..400_u32,
        ) {
            let texts: Vec<Vec<u8>> =
                sizes.iter().enumerate().map(|(seed, size)| text(seed as u64 % 5 + 1, *size)).collect();
            let mut index = SimilarityIndex::default();
            for bytes in &texts {
                index.add(Sha256::of(bytes), &digest(bytes));
            }
            let wanted = digest(&texts[0]);
            let (_, mine) = read(&wanted).expect("a digest");
            let mut all: Vec<(u32, Sha256)> = texts
                .iter()
                .map(|bytes| {
                    let (_, other) = read(&digest(bytes)).expect("a digest");
                    (mine.diff(&other, true).unsigned_abs(), Sha256::of(bytes))
                })
                .filter(|(distance, _)| *distance <= within)
                .collect();
            all.sort_unstable();
            let found: Vec<(u32, Sha256)> =
                index.nearest(&wanted, within, usize::MAX).iter().map(|it| (it.distance, it.sha256)).collect();
            prop_assert_eq!(found, all);
        }
    }
}
