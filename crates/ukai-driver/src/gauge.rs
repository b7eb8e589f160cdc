//! A bound on what all sessions together hold in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes held by all sessions together, bounded.
#[derive(Debug)]
pub(crate) struct Gauge {
    held: AtomicUsize,
    max: usize,
}

impl Gauge {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { held: AtomicUsize::new(0), max })
    }

    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

/// One holder's part of a [`Gauge`]; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    gauge: Arc<Gauge>,
    held: usize,
}

impl Share {
    pub(crate) const fn new(gauge: Arc<Gauge>) -> Self {
        Self { gauge, held: 0 }
    }

    /// Holds `bytes` from now on; false, and nothing changes, if there is no room.
    pub(crate) fn set(&mut self, bytes: usize) -> bool {
        if bytes > self.held {
            let more = bytes - self.held;
            let before = self.gauge.held.fetch_add(more, Ordering::Relaxed);
            if before.saturating_add(more) > self.gauge.max {
                self.gauge.held.fetch_sub(more, Ordering::Relaxed);
                return false;
            }
        } else {
            self.gauge.held.fetch_sub(self.held - bytes, Ordering::Relaxed);
        }
        self.held = bytes;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.gauge.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Gauge, Share};

    #[test]
    fn shares_are_bounded_together_and_given_back() {
        let gauge = Gauge::new(10);
        let (mut one, mut two) = (Share::new(gauge.clone()), Share::new(gauge.clone()));
        assert!(one.set(6));
        assert!(!two.set(5));
        assert!(two.set(4));
        assert!(one.set(2));
        assert_eq!(gauge.held(), 6);
        drop((one, two));
        assert_eq!(gauge.held(), 0);
    }
}
