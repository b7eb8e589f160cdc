//! Where packets come from, by country and by autonomous system: in the interval that is open,
//! and in all. A source's packets are counted together, when an interval is over or when its
//! entry makes room, so that packets cost nothing here until then.

use crate::limits::{ORIGINS_TOLD_MAX, PENDING};
use crate::origin::Origins;
use crate::origin::counts::{CountrySeen, Counts, SystemSeen};
use crate::origin::index::Index;
use std::net::IpAddr;
use std::sync::Arc;

pub(crate) struct OriginsSeen {
    origins: Arc<Origins>,
    open: Counts,
    /// Of intervals that are closed.
    before: Counts,
    /// Sources that wait for what is said of them to be read from memory, together: in a flood
    /// of forged ones nearly each packet displaces a source.
    pending: Vec<(IpAddr, u64, u64)>,
}

impl OriginsSeen {
    /// Makes the index of origins, if it is not made.
    pub(crate) fn new(origins: Arc<Origins>) -> Self {
        origins.index();
        let (open, before) = (Counts::default(), Counts::default());
        Self { origins, open, before, pending: Vec::with_capacity(PENDING) }
    }

    /// Counts packets of a source, soon.
    #[inline]
    pub(crate) fn add(&mut self, address: IpAddr, hash: u64, packets: u64) {
        self.pending.push((address, hash, packets));
        if self.pending.len() >= PENDING {
            self.settle();
        }
    }

    fn settle(&mut self) {
        let index = self.origins.index();
        for (address, ..) in &self.pending {
            index.prefetch(*address);
        }
        for (address, hash, packets) in self.pending.drain(..) {
            self.open.add(index.group(address), packets, hash);
        }
    }

    /// Ends the interval.
    pub(crate) fn close(&mut self) -> (Vec<CountrySeen>, Vec<SystemSeen>) {
        self.settle();
        let open = std::mem::take(&mut self.open);
        self.before.merge(&open);
        told(&open, self.origins.index())
    }

    /// What came in all intervals that are closed.
    pub(crate) fn all(&self) -> (Vec<CountrySeen>, Vec<SystemSeen>) {
        told(&self.before, self.origins.index())
    }
}

fn told(counts: &Counts, index: &Index) -> (Vec<CountrySeen>, Vec<SystemSeen>) {
    (counts.countries(index, ORIGINS_TOLD_MAX), counts.systems(index, ORIGINS_TOLD_MAX))
}
