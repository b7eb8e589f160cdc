//! Samples that are alike, by their content or by what their functions are made of.

use crate::functions::CodeIndex;
use crate::similar::SimilarityIndex;
use std::collections::BTreeMap;
use ukai_model::{Hashes, Sha256};

/// Distance of TLSH up to which samples are alike.
const DISTANCE_MAX: u32 = 100;
/// Share of the functions' code from which on they are, in percent.
const CODE_PERCENT_MIN: u8 = 50;

/// The digests of samples.
#[derive(Default)]
pub struct AlikeIndex {
    content: SimilarityIndex,
    code: CodeIndex,
}

/// A sample that is like another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alike {
    /// The sample.
    pub sha256: Sha256,
    /// TLSH's distance, up to 100: 0 for the same, below 50 for one's next version.
    pub distance: Option<u32>,
    /// How much of the functions' code is the same, in percent, from 50 on.
    pub code: Option<u8>,
}

impl Alike {
    /// What is nearest by either comes first; of equals the name decides.
    fn rank(&self) -> (u32, Sha256) {
        let by_code = self.code.map(|percent| 100_u32.saturating_sub(percent.into()));
        let nearest = by_code.into_iter().chain(self.distance).min();
        (nearest.unwrap_or(u32::MAX), self.sha256)
    }
}

impl AlikeIndex {
    /// Adds a sample; false if its hashes say nothing of what is alike.
    pub fn add(&mut self, sha256: Sha256, hashes: &Hashes) -> bool {
        let content = hashes.tlsh.as_ref().is_some_and(|it| self.content.add(sha256, it));
        let code = hashes.functions.as_ref().is_some_and(|it| self.code.add(sha256, it));
        content || code
    }

    /// The `count` samples that are nearest, those that have the same hashes among them.
    pub fn nearest(&self, hashes: &Hashes, count: usize) -> Vec<Alike> {
        let mut found: BTreeMap<Sha256, Alike> = BTreeMap::new();
        let none = |sha256| Alike { sha256, distance: None, code: None };
        if let Some(tlsh) = &hashes.tlsh {
            for near in self.content.nearest(tlsh, DISTANCE_MAX, count) {
                found.entry(near.sha256).or_insert(none(near.sha256)).distance =
                    Some(near.distance);
            }
        }
        if let Some(functions) = &hashes.functions {
            for near in self.code.nearest(functions, CODE_PERCENT_MIN, count) {
                found.entry(near.sha256).or_insert(none(near.sha256)).code = Some(near.percent);
            }
        }
        let mut found: Vec<Alike> = found.into_values().collect();
        found.sort_by_key(Alike::rank);
        found.truncate(count);
        found
    }
}
