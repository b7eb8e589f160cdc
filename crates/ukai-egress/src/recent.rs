//! Results that are given again: many bots ask for one URL at once, and a server that is
//! asked by all of them through us would know us for what we are.

use crate::limits::{RECENT_BYTES_MAX, RECENT_MAX};
use crate::report::FetchReport;
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use ukai_model::FetchOutcome;

/// What is asked for: URL and user agent, since servers answer each tool differently.
pub(crate) type Key = (String, &'static str);

/// One URL: who holds the lock fetches, the others wait and take the result.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, FetchReport)>>>;

#[derive(Debug, Default)]
struct Entry {
    slot: Slot,
    /// Length of the result in it.
    bytes: usize,
}

/// Results of late, in bounded number and size.
#[derive(Debug)]
pub(crate) struct Recent {
    reuse: Duration,
    entries: Mutex<LruCache<Key, Entry>>,
}

impl Recent {
    /// Results are given again for `reuse` after they came.
    pub(crate) fn new(reuse: Duration) -> Self {
        let capacity = NonZeroUsize::new(RECENT_MAX).expect("a limit above zero");
        Self { reuse, entries: Mutex::new(LruCache::new(capacity)) }
    }

    /// The result of `fetch`, or that of another fetch for the same key that is under way
    /// or just over. A fetch that is dropped leaves the next one to try.
    pub(crate) async fn or_fetch(
        &self,
        key: Key,
        fetch: impl Future<Output = FetchReport>,
    ) -> FetchReport {
        if self.reuse.is_zero() {
            return fetch.await;
        }
        let asked = Instant::now();
        let slot =
            Arc::clone(&self.entries.lock().get_or_insert_mut(key.clone(), Entry::default).slot);
        let mut held = slot.lock().await;
        if let Some((when, report)) = &*held
            && self.is_good(report, *when, asked)
        {
            let mut report = report.clone();
            report.notes.push(format!("as fetched {} ms before", when.elapsed().as_millis()));
            return report;
        }
        *held = None;
        let report = fetch.await;
        *held = Some((Instant::now(), report.clone()));
        self.account(&key, report.bytes.len());
        report
    }

    /// Whether a result answers one who asked then: who waited for it takes it whatever
    /// it is; later ones only if something was tried.
    fn is_good(&self, report: &FetchReport, when: Instant, asked: Instant) -> bool {
        let tried = report.outcome != FetchOutcome::RateLimited;
        when >= asked || (tried && when.elapsed() < self.reuse)
    }

    /// Forgets the results that were not asked for the longest, until the rest fits.
    fn account(&self, key: &Key, bytes: usize) {
        let mut entries = self.entries.lock();
        if let Some(entry) = entries.peek_mut(key) {
            entry.bytes = bytes;
        }
        let mut total: usize = entries.iter().map(|(_, entry)| entry.bytes).sum();
        while total > RECENT_BYTES_MAX {
            let Some((_, forgotten)) = entries.pop_lru() else { return };
            total -= forgotten.bytes;
        }
    }
}
