//! The samples that were put last, as they came: what has just been captured is analysed soon,
//! and need not be opened and checked for that.

use crate::cart::Digests;
use crate::limits::{RECENT_SAMPLE_BYTES_MAX, RECENT_SAMPLES_BYTES_MAX, RECENT_SAMPLES_MAX};
use bytes::Bytes;
use std::collections::VecDeque;
use ukai_model::Sha256;

/// The last samples, the oldest first; within [`RECENT_SAMPLES_BYTES_MAX`] and
/// [`RECENT_SAMPLES_MAX`].
#[derive(Default)]
pub(crate) struct Recent {
    samples: VecDeque<(Digests, Bytes)>,
    bytes: usize,
}

impl Recent {
    /// Remembers a sample, unless it is a large one.
    pub(crate) fn add(&mut self, digests: Digests, bytes: &Bytes) {
        if bytes.len() > RECENT_SAMPLE_BYTES_MAX {
            return;
        }
        self.bytes += bytes.len();
        self.samples.push_back((digests, bytes.clone()));
        while self.bytes > RECENT_SAMPLES_BYTES_MAX || self.samples.len() > RECENT_SAMPLES_MAX {
            let Some((_, oldest)) = self.samples.pop_front() else { break };
            self.bytes -= oldest.len();
        }
    }

    /// Takes a sample out, if it is one of them: its memory goes with the analysis. Whether it is
    /// still kept is for the caller to ask.
    pub(crate) fn take(&mut self, sha256: &Sha256) -> Option<(Bytes, Digests)> {
        let is = |(known, _): &(Digests, Bytes)| known.sha256 == *sha256.as_bytes();
        // The one that waited longest is mostly wanted first.
        let at = self.samples.iter().position(is)?;
        let (digests, bytes) = self.samples.remove(at)?;
        self.bytes -= bytes.len();
        Some((bytes, digests))
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;
    use crate::cart::Digests;
    use crate::limits::{RECENT_SAMPLE_BYTES_MAX, RECENT_SAMPLES_BYTES_MAX, RECENT_SAMPLES_MAX};
    use bytes::Bytes;
    use ukai_model::Sha256;

    #[test]
    fn the_oldest_go_and_large_ones_do_not_come() {
        let mut recent = Recent::default();
        let large = Bytes::from(vec![0; RECENT_SAMPLE_BYTES_MAX + 1]);
        let named = |name: &[u8]| Digests::of(name);
        let mut add = |name: &[u8], bytes: &Bytes| recent.add(named(name), bytes);
        add(b"large", &large);
        let one = large.slice(1..);
        let count = RECENT_SAMPLES_BYTES_MAX / one.len() + 2;
        for number in 0..count {
            add(&number.to_le_bytes(), &one);
        }
        let mut take = |name: &[u8]| recent.take(&Sha256::of(name));
        assert_eq!(take(b"large"), None);
        let taken = (0..count).filter_map(|number| take(&number.to_le_bytes()));
        let taken: Vec<(Bytes, Digests)> = taken.collect();
        assert_eq!(taken.len() * one.len(), RECENT_SAMPLES_BYTES_MAX);
        assert_eq!(taken.last(), Some(&(one, named(&(count - 1).to_le_bytes()))));
        assert_eq!((take(&(count - 1).to_le_bytes()), recent.bytes), (None, 0));

        let small = Bytes::from_static(b"small");
        for number in 0..=RECENT_SAMPLES_MAX {
            recent.add(named(&number.to_be_bytes()), &small);
        }
        let mut is_there =
            |number: usize| recent.take(&Sha256::of(&number.to_be_bytes())).is_some();
        assert!(!is_there(0) && is_there(1) && !is_there(1));
    }
}
