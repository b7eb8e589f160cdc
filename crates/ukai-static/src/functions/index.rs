//! Which programs' functions are alike: all are compared, which for 64 small numbers takes as long
//! as reading them.

use super::{MinHash, percent, read};
use ukai_model::Sha256;

/// The MinHashes of programs.
#[derive(Default)]
pub(crate) struct CodeIndex(Vec<(MinHash, Sha256)>);

/// A program that is alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlikeCode {
    /// The sample.
    pub(crate) sha256: Sha256,
    /// How much of the code is the same, in percent.
    pub(crate) percent: u8,
}

impl CodeIndex {
    /// Adds a program by its MinHash as an analysis has it; false if that is none.
    pub(crate) fn add(&mut self, sha256: Sha256, functions: &str) -> bool {
        let Some(values) = read(functions) else { return false };
        self.0.push((values, sha256));
        true
    }

    /// The `count` programs that are most alike, from `least` percent on, the nearest first;
    /// equally near ones by their names.
    pub(crate) fn nearest(&self, functions: &str, least: u8, count: usize) -> Vec<AlikeCode> {
        let Some(own) = read(functions) else { return Vec::new() };
        let all = self.0.iter().map(|(other, sha256)| (percent(&own, other), *sha256));
        let near = all.filter(|(percent, _)| *percent >= least);
        let mut found: Vec<_> =
            near.map(|(percent, sha256)| AlikeCode { sha256, percent }).collect();
        found.sort_by_key(|it| (std::cmp::Reverse(it.percent), it.sha256));
        found.truncate(count);
        found
    }
}
