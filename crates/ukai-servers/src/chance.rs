//! Choices that follow from a seed, so that the same session is told the same again.

/// A sequence of numbers (SplitMix64, Steele, Lea and Flood 2014). Not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// One that differs by what it is for.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a over the purpose.
        let purpose = purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(seed ^ purpose)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` up to below `high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.number() % high.saturating_sub(low).max(1)
    }

    /// One of some; there must be one.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, some: &[&'a T]) -> &'a T {
        some[self.between(0, some.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn the_same_seed_and_purpose_choose_the_same() {
        let mut first = Chance::new(7, "nick");
        let numbers: Vec<u64> = (0..4).map(|_| first.between(3, 5)).collect();
        let mut second = Chance::new(7, "nick");
        assert_eq!(numbers, (0..4).map(|_| second.between(3, 5)).collect::<Vec<_>>());
        assert!(numbers.iter().all(|number| (3..5).contains(number)));
        assert_ne!(Chance::new(7, "nick").number(), Chance::new(7, "name").number());
        assert_ne!(Chance::new(7, "nick").number(), Chance::new(8, "nick").number());
        assert_eq!(Chance::new(7, "nick").between(5, 5), 5);
    }
}
