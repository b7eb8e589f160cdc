//! What each source has tried on a host, where a rule lets it guess right after a while.

use crate::policy::After;
use lru::LruCache;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Sources on hosts that are remembered together; the one not seen for longest is
/// forgotten first. At most some 2 KiB each.
pub(crate) const GUESSERS_MAX: usize = 16_384;

/// What sources have tried, for all hosts of an installation.
pub(crate) struct Guesses {
    by_guesser: Mutex<LruCache<u64, Guesser>>,
}

/// One source on one host.
#[derive(Default)]
struct Guesser {
    /// Pairs that were refused, as numbers.
    refused: Vec<u64>,
    /// Pairs that were let in.
    found: Vec<u64>,
    /// How many were refused when the last one was found.
    refused_before: usize,
}

impl Guesses {
    /// Whether the pair is let in now. `guesser` and `pair` are numbers for source and
    /// pair on this host; `tries` draws how many pairs it takes to find the next, which
    /// is told how many were found before.
    pub(crate) fn judge(
        &self,
        guesser: u64,
        pair: u64,
        after: After,
        tries: impl Fn(usize) -> u32,
    ) -> bool {
        let mut by_guesser = self.by_guesser.lock().unwrap_or_else(PoisonError::into_inner);
        if by_guesser.len() >= GUESSERS_MAX && !by_guesser.contains(&guesser) {
            by_guesser.pop_lru();
        }
        let known = by_guesser.get_or_insert_mut(guesser, Guesser::default);
        if known.found.contains(&pair) {
            return true;
        }
        if known.found.len() >= after.remember as usize || known.refused.contains(&pair) {
            return false;
        }
        // The pair that is let in is itself one of the tries.
        let tried = known.refused.len() - known.refused_before + 1;
        if tried < tries(known.found.len()) as usize {
            known.refused.push(pair);
            return false;
        }
        known.found.push(pair);
        known.refused_before = known.refused.len();
        if known.found.len() >= after.remember as usize {
            known.refused = Vec::new();
            known.refused_before = 0;
        }
        true
    }
}

impl Default for Guesses {
    fn default() -> Self {
        // A bounded cache would take all its memory at once, for each host.
        Self { by_guesser: Mutex::new(LruCache::unbounded()) }
    }
}

impl fmt::Debug for Guesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guesses").finish_non_exhaustive()
    }
}
