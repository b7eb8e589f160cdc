//! Which number an address has among those that a scan may try. ZMap numbers prefixes of
//! /20 that are allowed as a whole first, in their order, and then what is left over
//! (`constraint.c`): so within such prefixes numbers and addresses differ by the prefixes
//! before them that are not.

use serde::Serialize;
use std::sync::OnceLock;

/// What a scan leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// What ZMap leaves out as it is installed: addresses that are not for everybody.
    Special,
    /// Nothing but 0.0.0.0.
    Nothing,
}

/// ZMap's `blocklist.conf`, from the registries of IANA: first addresses and lengths.
const SPECIAL: [([u8; 4], u8); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([255, 255, 255, 255], 32),
];

const PREFIX_BITS: u32 = 20;
const PREFIX_ADDRESSES: u64 = 1 << (32 - PREFIX_BITS);

impl LeftOut {
    pub(super) const ALL: [Self; 2] = [Self::Special, Self::Nothing];

    /// The number of an address, from one; none if its prefix is not allowed as a whole.
    pub(super) fn number(self, address: u32) -> Option<u64> {
        let prefix = address >> (32 - PREFIX_BITS);
        let barred = self.barred();
        let before = barred.partition_point(|other| *other < prefix);
        if barred.get(before) == Some(&prefix) {
            return None;
        }
        Some(u64::from(address) - before as u64 * PREFIX_ADDRESSES + 1)
    }

    /// How many addresses a scan tries.
    pub(super) fn addresses(self) -> u64 {
        match self {
            Self::Special => {
                let left_out = SPECIAL.iter().map(|(_, bits)| 1_u64 << (32 - bits)).sum::<u64>();
                // The last is within the one before.
                (1 << 32) - left_out + 1
            }
            Self::Nothing => (1 << 32) - 1,
        }
    }

    /// The prefixes that are not allowed as a whole, in their order.
    fn barred(self) -> &'static [u32] {
        static BARRED: OnceLock<Vec<u32>> = OnceLock::new();
        match self {
            Self::Nothing => &[0],
            Self::Special => BARRED.get_or_init(|| {
                let prefixes = SPECIAL.iter().flat_map(|(first, bits)| {
                    let first = u32::from_be_bytes(*first) >> (32 - PREFIX_BITS);
                    let count = 1_u32 << PREFIX_BITS.saturating_sub(u32::from(*bits));
                    first..first + count
                });
                let mut barred: Vec<_> = prefixes.collect();
                barred.sort_unstable();
                barred.dedup();
                barred
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LeftOut;

    #[test]
    fn numbers_leave_out_what_is_not_tried() {
        let number = |list: LeftOut, address: [u8; 4]| list.number(u32::from_be_bytes(address));
        assert_eq!(number(LeftOut::Nothing, [0, 0, 16, 0]), Some(1));
        assert_eq!(number(LeftOut::Nothing, [0, 0, 15, 255]), None);
        assert_eq!(number(LeftOut::Special, [1, 0, 0, 0]), Some(1));
        assert_eq!(number(LeftOut::Special, [11, 0, 0, 5]), Some((9 << 24) + 6));
        assert_eq!(number(LeftOut::Special, [198, 18, 7, 7]), None);
        // Its /20 has a part that is left out.
        assert_eq!(number(LeftOut::Special, [192, 0, 3, 1]), None);
        // As ZMap 2.1.1 says it itself, with each list.
        assert_eq!(LeftOut::Special.addresses(), 3_702_258_432);
        assert_eq!(LeftOut::Nothing.addresses(), 4_294_967_295);
    }
}
