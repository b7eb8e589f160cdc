//! The samples that were put last, as they came: what has just been captured is analysed right
//! away, and need not be opened and checked for that.

use crate::limits::{RECENT_SAMPLE_BYTES_MAX, RECENT_SAMPLES_BYTES_MAX, RECENT_SAMPLES_MAX};
use bytes::Bytes;
use std::collections::VecDeque;
use ukai_model::Sha256;

/// The last samples, the oldest first; within [`RECENT_SAMPLES_BYTES_MAX`] and
/// [`RECENT_SAMPLES_MAX`].
#[derive(Default)]
pub(crate) struct Recent {
    samples: VecDeque<(Sha256, Bytes)>,
    bytes: usize,
}

impl Recent {
    /// Remembers a sample, unless it is a large one.
    pub(crate) fn add(&mut self, sha256: Sha256, bytes: &Bytes) {
        if bytes.len() > RECENT_SAMPLE_BYTES_MAX {
            return;
        }
        self.bytes += bytes.len();
        self.samples.push_back((sha256, bytes.clone()));
        while self.bytes > RECENT_SAMPLES_BYTES_MAX || self.samples.len() > RECENT_SAMPLES_MAX {
            let Some((_, oldest)) = self.samples.pop_front() else { break };
            self.bytes -= oldest.len();
        }
    }

    /// A sample, if it is one of them. Whether it is still kept is for the caller to ask.
    pub(crate) fn get(&self, sha256: &Sha256) -> Option<Bytes> {
        self.samples.iter().rev().find(|(known, _)| known == sha256).map(|(_, bytes)| bytes.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;
    use crate::limits::{RECENT_SAMPLE_BYTES_MAX, RECENT_SAMPLES_BYTES_MAX, RECENT_SAMPLES_MAX};
    use bytes::Bytes;
    use ukai_model::Sha256;

    #[test]
    fn the_oldest_go_and_large_ones_do_not_come() {
        let mut recent = Recent::default();
        let large = Bytes::from(vec![0; RECENT_SAMPLE_BYTES_MAX + 1]);
        recent.add(Sha256::of(b"large"), &large);
        assert_eq!(recent.get(&Sha256::of(b"large")), None);
        let one = large.slice(1..);
        let count = RECENT_SAMPLES_BYTES_MAX / one.len() + 2;
        let names: Vec<Sha256> = (0..count).map(|it| Sha256::of(&it.to_le_bytes())).collect();
        for name in &names {
            recent.add(*name, &one);
        }
        let kept = names.iter().filter(|name| recent.get(name).is_some()).count();
        assert_eq!(kept * one.len(), RECENT_SAMPLES_BYTES_MAX);
        assert!(recent.get(&names[0]).is_none() && recent.get(&names[count - 1]) == Some(one));

        let small = Bytes::from_static(b"small");
        for number in 0..=RECENT_SAMPLES_MAX {
            recent.add(Sha256::of(&number.to_be_bytes()), &small);
        }
        let first = |number: usize| recent.get(&Sha256::of(&number.to_be_bytes()));
        assert!(first(0).is_none() && first(1).is_some());
    }
}
