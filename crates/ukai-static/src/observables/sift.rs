//! Searches for places by a few neighbouring bytes, a block at a time: the test has no branches,
//! so that the compiler makes it one of the processor's vectors.

/// Places that are tested at once.
const LANES: usize = 64;
/// Bytes of the longest window.
const WINDOW_BYTES_MAX: usize = 8;
/// A block, and what the windows of its last places take from the next.
const BLOCK_BYTES: usize = LANES + WINDOW_BYTES_MAX;

/// Calls `found` with each place whose window passes `test`, in order. A window that runs over the
/// end goes on in zeros: it is for `found` to look once more.
#[inline]
pub(super) fn sift<const WINDOW: usize>(
    bytes: &[u8],
    test: impl Fn([u8; WINDOW]) -> bool,
    mut found: impl FnMut(usize),
) {
    const { assert!(WINDOW <= WINDOW_BYTES_MAX, "windows are short") };
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let mut padded = [0; BLOCK_BYTES];
        let block = rest.first_chunk().unwrap_or_else(|| {
            padded[..rest.len()].copy_from_slice(rest);
            &padded
        });
        let marks = marks(block, &test);
        for (group, eight) in marks.as_chunks::<8>().0.iter().enumerate() {
            let mut eight = u64::from_le_bytes(*eight);
            while eight != 0 {
                let place = at + group * 8 + eight.trailing_zeros() as usize / 8;
                if place < bytes.len() {
                    found(place);
                }
                eight &= eight - 1;
            }
        }
        at += LANES;
    }
}

/// One for each place of the block that passes, else zero.
#[inline]
fn marks<const WINDOW: usize>(
    block: &[u8; BLOCK_BYTES],
    test: impl Fn([u8; WINDOW]) -> bool,
) -> [u8; LANES] {
    let mut marks = [0; LANES];
    for (place, mark) in marks.iter_mut().enumerate() {
        *mark = u8::from(test(std::array::from_fn(|ahead| block[place + ahead])));
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::sift;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_is_found_once(bytes in proptest::collection::vec(0u8..4, 0..400)) {
            let mut found = Vec::new();
            sift(&bytes, |[a, b, c]: [u8; 3]| a == 1 && b ^ c == 3, |at| found.push(at));
            let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
            let wanted = (0..bytes.len()).filter(|at| byte(*at) == 1 && byte(at + 1) ^ byte(at + 2) == 3);
            prop_assert_eq!(found, wanted.collect::<Vec<_>>());
        }
    }
}
