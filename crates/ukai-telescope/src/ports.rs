//! Ports over time: which are tried, by how many sources, and which rise.

use crate::estimator::Estimator;
use crate::large;
use crate::limits::{HISTORY_INTERVALS, INTERVAL_PORTS_MAX};
use crate::prefetch::prefetch;
use crate::settings::RisingRules;
use crate::top::Port;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use ukai_model::Timestamp;

/// Ports of TCP, ports of UDP, and ICMP.
const CELLS: usize = 2 * 65_536 + 1;

/// A port in the current interval.
#[derive(Default)]
struct Cell {
    packets: u64,
    /// Of 6.5 %: 131,073 of them take at most 36 MB.
    sources: Estimator<8>,
}

pub(crate) struct Ports {
    cells: Vec<Cell>,
    interval: Duration,
    /// Number of the current interval, from the epoch; none before the first packet.
    current: Option<u64>,
    /// The oldest interval of which there is something.
    oldest: u64,
    history: BTreeMap<u32, History>,
}

/// A port in the intervals before, by their number modulo how many are kept.
struct History {
    intervals: [(u64, Past); HISTORY_INTERVALS],
    packets: u64,
    /// Of one interval, at most.
    sources_max: u64,
}

#[derive(Clone, Copy, Default)]
struct Past {
    packets: u64,
    sources: u64,
}

/// A port in one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PortInterval {
    /// When it begins.
    pub begins: Timestamp,
    /// Probes.
    pub packets: u64,
    /// Sources, roughly.
    pub sources: u64,
}

/// A port, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortReport {
    /// The port.
    pub port: Port,
    /// Probes in all.
    pub packets: u64,
    /// Sources in the interval in which they were most.
    pub sources_peak: u64,
    /// The last intervals in which there was something, the oldest first.
    pub intervals: Vec<PortInterval>,
}

/// A port in the interval that was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PortSeen {
    /// The port.
    pub port: Port,
    /// Probes.
    pub packets: u64,
    /// Sources, roughly.
    pub sources: u64,
}

/// An interval that is over.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) begins: Timestamp,
    pub(crate) length: Duration,
    /// Ports that rose in it.
    pub(crate) rises: Vec<Rise>,
    /// Ports that were tried most in it.
    pub(crate) ports: Vec<PortSeen>,
}

/// A port that rises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rise {
    /// The port.
    pub port: Port,
    /// The interval in which it rose.
    pub begins: Timestamp,
    /// Sources in it, roughly.
    pub sources: u64,
    /// Probes in it.
    pub packets: u64,
    /// What was before, the oldest first; intervals without anything are left out.
    pub history: Vec<PortInterval>,
}

fn cell_of(port: Port) -> Option<usize> {
    match port {
        Port::Tcp(port) => Some(usize::from(port)),
        Port::Udp(port) => Some(65_536 + usize::from(port)),
        Port::Icmp => Some(CELLS - 1),
        Port::Protocol(_) => None,
    }
}

fn port_of(cell: usize) -> Port {
    match cell {
        0..=0xffff => Port::Tcp(cell as u16),
        0x1_0000..=0x1_ffff => Port::Udp(cell as u16),
        _ => Port::Icmp,
    }
}

impl Ports {
    pub(crate) fn new(interval: Duration) -> Self {
        let mut cells = large::with_capacity(CELLS);
        cells.resize_with(CELLS, Cell::default);
        let interval = interval.max(Duration::from_secs(1));
        Self { cells, interval, current: None, oldest: 0, history: BTreeMap::new() }
    }

    /// Counts a probe; of a source that was not counted for this port in the interval, also
    /// the source.
    #[inline]
    pub(crate) fn add(&mut self, port: Port, source_hash: Option<u64>) {
        if let Some(cell) = cell_of(port).and_then(|cell| self.cells.get_mut(cell)) {
            cell.packets += 1;
            if let Some(hash) = source_hash {
                cell.sources.insert_hash(hash);
            }
        }
    }

    /// Brings what [`Self::add`] will read nearer.
    #[inline]
    pub(crate) fn prefetch(&self, port: Port) {
        if let Some(cell) = cell_of(port).and_then(|cell| self.cells.get(cell)) {
            prefetch(cell);
        }
    }

    /// Closes the interval if `now` is behind it, and tells the ports that rose in it.
    pub(crate) fn advance(&mut self, now: Timestamp, rules: RisingRules) -> Option<Closed> {
        let interval = now.secs() / self.interval.as_secs();
        match self.current {
            None => {
                self.current = Some(interval);
                self.oldest = interval;
                None
            }
            Some(current) if interval > current => {
                let closed = self.close(current, rules);
                self.current = Some(interval);
                Some(closed)
            }
            Some(_) => None,
        }
    }

    /// Closes the interval that is open.
    pub(crate) fn finish(&mut self, rules: RisingRules) -> Option<Closed> {
        self.current.take().map(|current| self.close(current, rules))
    }

    fn close(&mut self, current: u64, rules: RisingRules) -> Closed {
        let (mut rises, mut ports) = (Vec::new(), Vec::new());
        // Intervals that are remembered, with those in which nothing came.
        let passed = (current - self.oldest).min(HISTORY_INTERVALS as u64);
        for number in 0..self.cells.len() {
            let cell = &mut self.cells[number];
            if cell.packets == 0 {
                continue;
            }
            let past = Past { packets: cell.packets, sources: cell.sources.estimate() };
            *cell = Cell::default();
            let port = port_of(number);
            ports.push(PortSeen { port, packets: past.packets, sources: past.sources });
            let history = self.history.entry(port.code()).or_insert_with(|| History {
                intervals: [(u64::MAX, Past::default()); HISTORY_INTERVALS],
                packets: 0,
                sources_max: 0,
            });
            let before: Vec<_> = history.before(current, self.interval).collect();
            let mean = before.iter().map(|past| past.sources).sum::<u64>() / passed.max(1);
            let enough = passed >= rules.history_min as u64 && past.sources >= rules.sources_min;
            if enough && past.sources >= rules.factor * mean.max(1) {
                rises.push(Rise {
                    port,
                    begins: begins(current, self.interval),
                    sources: past.sources,
                    packets: past.packets,
                    history: before,
                });
            }
            history.intervals[(current % HISTORY_INTERVALS as u64) as usize] = (current, past);
            history.packets += past.packets;
            history.sources_max = history.sources_max.max(past.sources);
        }
        ports.sort_by_key(|seen| (std::cmp::Reverse((seen.sources, seen.packets)), seen.port));
        ports.truncate(INTERVAL_PORTS_MAX);
        Closed { begins: begins(current, self.interval), length: self.interval, rises, ports }
    }

    /// The ports that were tried most, of intervals that are closed.
    pub(crate) fn report(&self, most: usize) -> Vec<PortReport> {
        let mut ports: Vec<_> = self.history.iter().collect();
        ports.sort_by_key(|(code, history)| (std::cmp::Reverse(history.packets), **code));
        ports
            .into_iter()
            .take(most)
            .map(|(code, history)| PortReport {
                port: Port::from_code(*code),
                packets: history.packets,
                sources_peak: history.sources_max,
                intervals: history.before(u64::MAX, self.interval).collect(),
            })
            .collect()
    }
}

fn begins(interval: u64, length: Duration) -> Timestamp {
    Timestamp::from_secs(interval.saturating_mul(length.as_secs()))
}

impl History {
    /// What was before an interval, the oldest first.
    fn before(&self, current: u64, length: Duration) -> impl Iterator<Item = PortInterval> {
        let mut kept = self.intervals;
        kept.sort_by_key(|(number, _)| *number);
        let remembered = move |number: u64| {
            number != u64::MAX
                && number < current
                && (current == u64::MAX || number + HISTORY_INTERVALS as u64 >= current)
        };
        kept.into_iter().filter(move |(number, _)| remembered(*number)).map(
            move |(number, past)| PortInterval {
                begins: begins(number, length),
                packets: past.packets,
                sources: past.sources,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Ports;
    use crate::settings::Settings;
    use crate::top::Port;
    use ukai_model::Timestamp;

    #[test]
    fn a_port_rises_over_what_was_before_it() {
        let settings = Settings::default();
        let mut ports = Ports::new(settings.interval);
        let mut rises = Vec::new();
        let hash = |source: u64| (source + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
        for hour in 0..6_u64 {
            let now = Timestamp::from_secs(hour * 3600 + 5);
            rises.extend(ports.advance(now, settings.rising).into_iter().flat_map(|c| c.rises));
            for source in 0..30 {
                ports.add(Port::Tcp(23), Some(hash(source)));
            }
            // A port of no interest, until the fifth hour.
            let sources = if hour == 4 { 60 } else { 4 };
            for source in 0..sources {
                ports.add(Port::Tcp(8291), Some(hash(source)));
                ports.add(Port::Tcp(8291), None);
            }
        }
        let closed = ports.finish(settings.rising).unwrap();
        assert_eq!(closed.ports[0].port, Port::Tcp(23));
        rises.extend(closed.rises);
        assert_eq!(rises.len(), 1, "{rises:?}");
        let rise = &rises[0];
        assert_eq!((rise.port, rise.packets), (Port::Tcp(8291), 120));
        assert!((50..=70).contains(&rise.sources), "{rise:?}");
        assert_eq!(rise.begins, Timestamp::from_secs(4 * 3600));
        let history: Vec<_> = rise.history.iter().map(|past| past.sources).collect();
        assert_eq!(history, [4, 4, 4, 4]);
        let report = ports.report(1);
        assert_eq!((report[0].port, report[0].packets), (Port::Tcp(23), 180));
        assert_eq!(report[0].intervals.len(), 6);
    }
}
