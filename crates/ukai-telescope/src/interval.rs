//! What came in an interval: how much of what, from how many, for which ports.

use crate::blocks::BlockSeen;
use crate::estimator::Estimator;
use crate::origin::counts::{CountrySeen, SystemSeen};
use crate::ports::PortSeen;
use crate::senders::SenderSeen;
use crate::totals::Totals;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use ukai_model::Timestamp;

/// An interval, as it is reported.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// When it begins.
    pub begins: Timestamp,
    /// How long it is, in seconds.
    pub length_s: u64,
    /// Packets that were named.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Different sources, to 0.8 % (one standard deviation).
    pub sources: u64,
    /// Different destinations, to 0.8 %.
    pub addresses: u64,
    /// Packets of each group of classes that was met.
    pub groups: BTreeMap<&'static str, u64>,
    /// The ports that most sources tried, at most 100.
    pub ports: Vec<PortSeen>,
    /// The blocks of the telescope to which most came, at most 256, by address; none without
    /// [`crate::Settings::dark`].
    pub blocks: Vec<BlockSeen>,
    /// The sources that sent the most packets, at most 50. As in what follows, backscatter and
    /// packets of impossible sources do not count: who is said to have sent them did not.
    pub senders: Vec<SenderSeen>,
    /// The countries of the most sources, at most 100; none without a table of origins.
    pub countries: Vec<CountrySeen>,
    /// The autonomous systems of the most sources, at most 100; none without a table.
    pub systems: Vec<SystemSeen>,
}

/// What others have counted of an interval.
pub(crate) struct Parts {
    pub(crate) ports: Vec<PortSeen>,
    pub(crate) blocks: Vec<BlockSeen>,
    pub(crate) senders: Vec<SenderSeen>,
    pub(crate) countries: Vec<CountrySeen>,
    pub(crate) systems: Vec<SystemSeen>,
}

/// Counts for the interval that is open, and for all.
#[derive(Default)]
pub(crate) struct Intervals {
    sources: Estimator<14>,
    addresses: Estimator<14>,
    /// Of intervals that are closed.
    sources_before: Estimator<14>,
    addresses_before: Estimator<14>,
    packets_before: u64,
    bytes_before: u64,
    groups_before: BTreeMap<&'static str, u64>,
}

impl Intervals {
    /// Counts a packet's source.
    #[inline]
    pub(crate) fn add_source(&mut self, hash: u64) {
        self.sources.insert_hash(hash);
    }

    /// Counts a packet's destination.
    #[inline]
    pub(crate) fn add_address(&mut self, hash: u64) {
        self.addresses.insert_hash(hash);
    }

    /// Different sources in all.
    pub(crate) fn sources(&self) -> u64 {
        together(&self.sources_before, &self.sources).estimate()
    }

    /// Different destinations in all.
    pub(crate) fn addresses(&self) -> u64 {
        together(&self.addresses_before, &self.addresses).estimate()
    }

    /// Ends the interval; `totals` are those of all packets until now.
    pub(crate) fn close(
        &mut self,
        begins: Timestamp,
        length: Duration,
        totals: &Totals,
        parts: Parts,
    ) -> Interval {
        let Parts { ports, blocks, senders, countries, systems } = parts;
        let mut groups = BTreeMap::new();
        for (class, packets) in totals.classes.sorted() {
            *groups.entry(class.group()).or_default() += packets;
        }
        let since = |(group, packets): (&&'static str, &u64)| {
            let before = self.groups_before.get(group).copied().unwrap_or_default();
            (*packets > before).then_some((*group, packets - before))
        };
        let interval = Interval {
            begins,
            length_s: length.as_secs(),
            packets: totals.packets - self.packets_before,
            bytes: totals.bytes - self.bytes_before,
            sources: self.sources.estimate(),
            addresses: self.addresses.estimate(),
            groups: groups.iter().filter_map(since).collect(),
            ports,
            blocks,
            senders,
            countries,
            systems,
        };
        (self.packets_before, self.bytes_before) = (totals.packets, totals.bytes);
        self.groups_before = groups;
        self.sources_before = together(&self.sources_before, &self.sources);
        self.addresses_before = together(&self.addresses_before, &self.addresses);
        (self.sources, self.addresses) = (Estimator::new(), Estimator::new());
        interval
    }
}

fn together(one: &Estimator<14>, other: &Estimator<14>) -> Estimator<14> {
    let mut both = one.clone();
    both.merge(other);
    both
}
