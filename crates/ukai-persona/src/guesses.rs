//! What each source has tried on a host, where a rule lets it guess right after a while.

use crate::policy::{After, REMEMBERED_PAIRS_MAX};
use lru::LruCache;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sources on hosts that are remembered together; the one not seen for longest is
/// forgotten first. At most some 2 KiB each.
pub(crate) const GUESSERS_MAX: usize = 16_384;

/// What sources have tried, for all hosts of an installation.
pub(crate) struct Guesses {
    state: Mutex<State>,
}

struct State {
    by_guesser: LruCache<u64, Guesser>,
    /// Whether a pair was found that is not saved yet.
    unsaved: bool,
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
        let State { by_guesser, unsaved } = &mut *self.lock();
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
        *unsaved = true;
        known.found.push(pair);
        known.refused_before = known.refused.len();
        if known.found.len() >= after.remember as usize {
            known.refused = Vec::new();
            known.refused_before = 0;
        }
        true
    }

    /// The pairs that were found, if there are new ones: a line for each guesser, numbers
    /// in hexadecimal, those seen last at the end.
    pub(crate) fn save(&self) -> Option<String> {
        let mut state = self.lock();
        if !std::mem::take(&mut state.unsaved) {
            return None;
        }
        let mut text = String::new();
        for (guesser, known) in state.by_guesser.iter().rev() {
            if known.found.is_empty() {
                continue;
            }
            let _ = write!(text, "{guesser:x}");
            for pair in &known.found {
                let _ = write!(text, " {pair:x}");
            }
            text.push('\n');
        }
        Some(text)
    }

    /// What was saved; lines that are none are skipped.
    pub(crate) fn restore(saved: &str) -> Self {
        let guesses = Self::default();
        for line in saved.lines().take(GUESSERS_MAX) {
            let mut numbers = line.split(' ').map_while(|n| u64::from_str_radix(n, 16).ok());
            let Some(guesser) = numbers.next() else { continue };
            let found = numbers.take(REMEMBERED_PAIRS_MAX as usize).collect();
            guesses.lock().by_guesser.put(guesser, Guesser { found, ..Guesser::default() });
        }
        guesses
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Guesses {
    fn default() -> Self {
        // A bounded cache would take all its memory at once, for each host.
        Self { state: Mutex::new(State { by_guesser: LruCache::unbounded(), unsaved: false }) }
    }
}

impl fmt::Debug for Guesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guesses").finish_non_exhaustive()
    }
}
