//! How new a sample is: what is like nothing that was run goes into the sandbox first, what
//! is nearly the same as another goes last.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::str::FromStr as _;
use ukai_model::Analysis;
use ukai_store::{BehaviourQuery, Store, StoreError};

type Tlsh = tlsh2::TlshDefault;

/// Digests that are remembered, of the samples that were queued last.
const REMEMBERED_MAX: usize = 10_000;
/// Of so many earlier runs the digests are read again at the start.
const READ_AGAIN: u32 = 1_000;

/// Up to this distance two files are nearly the same (Oliver, Cheng, Chen: TLSH, 2013, have
/// 0.2 % of unlike files below 30).
const NEARLY_THE_SAME: i32 = 30;
/// From this distance on they have little in common (the same paper: 6 % of unlike files are
/// below 100).
const UNLIKE: i32 = 100;

/// Priorities of a sample that is unlike all others, that is somewhat like one, that is
/// nearly the same as one, and of files that a sample left in the sandbox.
pub(crate) const NEW: i32 = 20;
const KNOWN: i32 = 10;
const REPEATED: i32 = 0;
pub(crate) const LEFT: i32 = 5;

/// The digests of samples that were queued for the sandbox.
#[derive(Default)]
pub(crate) struct Novelty(Mutex<VecDeque<Tlsh>>);

impl Novelty {
    /// Reads the digests of samples that were run.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let query = BehaviourQuery { limit: Some(READ_AGAIN), ..BehaviourQuery::default() };
        let mut digests = VecDeque::new();
        for run in store.behaviours(query).await?.items.iter().rev() {
            let analyses = store.analyses_of(&run.sha256).await?;
            digests.extend(analyses.iter().filter_map(digest));
        }
        Ok(Self(Mutex::new(digests)))
    }

    /// The priority of a sample, which is remembered.
    pub(crate) fn priority(&self, analysis: &Analysis) -> i32 {
        let Some(digest) = digest(analysis) else { return KNOWN };
        let mut remembered = self.0.lock();
        let nearest = remembered.iter().map(|other| digest.diff(other, true)).min();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.pop_front();
        }
        remembered.push_back(digest);
        match nearest {
            Some(..=NEARLY_THE_SAME) => REPEATED,
            Some(..UNLIKE) => KNOWN,
            _ => NEW,
        }
    }
}

fn digest(analysis: &Analysis) -> Option<Tlsh> {
    Tlsh::from_str(analysis.hashes.as_ref()?.tlsh.as_deref()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::rig::{analysis, code_like, with_digest};

    #[test]
    fn the_new_goes_first_and_the_nearly_same_last() {
        let novelty = Novelty::default();
        assert_eq!(novelty.priority(&with_digest(&code_like(1, 0))), NEW);
        assert_eq!(novelty.priority(&with_digest(&code_like(1, 3))), REPEATED);
        let bytes: Vec<u8> =
            code_like(2, 0).iter().map(|byte| byte.wrapping_mul(5) | 0x80).collect();
        assert_eq!(novelty.priority(&with_digest(&bytes)), NEW);
        assert_eq!(novelty.priority(&with_digest(&bytes)), REPEATED);
        // Too small for a digest: nothing can be said.
        assert_eq!(novelty.priority(&analysis(b"x", &[])), KNOWN);
    }
}
