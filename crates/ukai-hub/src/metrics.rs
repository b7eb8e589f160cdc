//! What the hub counts of itself, and how Prometheus reads it.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use ukai_model::Outcome;

/// Counters since start, and gauges of the last cycle.
#[derive(Default)]
pub(crate) struct Metrics {
    /// Answers by class of status: 1xx to 5xx.
    pub(crate) answers: [AtomicU64; 5],
    /// Live streams open now.
    pub(crate) live_streams: AtomicU64,
    /// Events that live streams left out because they came too fast.
    pub(crate) live_missed: AtomicU64,
    /// Connections open now.
    pub(crate) connections: AtomicU64,
    /// Analyses by outcome: complete, partial, failed.
    pub(crate) analyses: [AtomicU64; 3],
    /// Runs in the sandbox.
    pub(crate) runs: AtomicU64,
    /// Jobs given back for another attempt or to quarantine.
    pub(crate) job_failures: AtomicU64,
    /// Events that scoring has read.
    pub(crate) scored_events: AtomicU64,
    /// Rows of indicators that scoring has written.
    pub(crate) indicator_writes: AtomicU64,
    /// Cycles of publishing.
    pub(crate) publish_cycles: AtomicU64,
    /// Feed files written because their content changed.
    pub(crate) feed_writes: AtomicU64,
    /// Duration of the last publishing cycle, in microseconds.
    pub(crate) publish_us: AtomicU64,
    /// Indicators withheld in the last cycle.
    pub(crate) withheld: AtomicU64,
    /// Cycles of scoring, publishing and analysis that failed on our side.
    pub(crate) faults: AtomicU64,
}

impl Metrics {
    pub(crate) fn count_answer(&self, status: u16) {
        if let Some(class) = self.answers.get(usize::from(status / 100).wrapping_sub(1)) {
            class.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn count_analysis(&self, outcome: &Outcome) {
        let which = match outcome {
            Outcome::Complete => 0,
            Outcome::Partial { .. } => 1,
            Outcome::Failed { .. } => 2,
        };
        self.analyses[which].fetch_add(1, Relaxed);
    }

    /// Counts something that begins, until the guard goes.
    pub(crate) fn during(gauge: &AtomicU64) -> impl Drop + use<'_> {
        gauge.fetch_add(1, Relaxed);
        Down(gauge)
    }
}

struct Down<'a>(&'a AtomicU64);

impl Drop for Down<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Prometheus' text format, version 0.0.4.
#[derive(Default)]
pub(crate) struct Exposition(String);

impl Exposition {
    /// One metric with its samples: label set (without braces) and value.
    pub(crate) fn metric(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        samples: impl IntoIterator<Item = (String, f64)>,
    ) -> &mut Self {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = match labels.as_str() {
                "" => writeln!(self.0, "{name} {value}"),
                _ => writeln!(self.0, "{name}{{{labels}}} {value}"),
            };
        }
        self
    }

    /// A metric with one sample and no labels.
    pub(crate) fn single(&mut self, name: &str, kind: &str, help: &str, value: u64) -> &mut Self {
        self.metric(name, kind, help, [(String::new(), value as f64)])
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// A label with its value escaped.
pub(crate) fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

/// Resident memory of this process in bytes, where the system tells it.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}
