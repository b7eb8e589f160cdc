//! What was measured, as JSON.

use crate::server::Usage;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Different failures that are told; the rest is only counted.
const FAILURES_MAX: usize = 16;

/// What was measured.
#[derive(Default)]
pub(crate) struct Report {
    times: Vec<Duration>,
    failed: u64,
    failures: BTreeMap<String, u64>,
}

impl Report {
    /// A session went well and took this long.
    pub(crate) fn done(&mut self, time: Duration) {
        self.times.push(time);
    }

    /// A session failed.
    pub(crate) fn failed(&mut self, why: &str) {
        self.failed += 1;
        if self.failures.len() < FAILURES_MAX || self.failures.contains_key(why) {
            *self.failures.entry(why.to_owned()).or_default() += 1;
        }
    }

    /// Adds another worker's.
    pub(crate) fn merge(&mut self, other: Self) {
        self.times.extend(other.times);
        self.failed += other.failed;
        for (why, count) in other.failures {
            *self.failures.entry(why).or_default() += count;
        }
    }

    /// The whole of it.
    pub(crate) fn into_json(
        mut self,
        took: Duration,
        concurrency: usize,
        usage: Option<Usage>,
    ) -> Value {
        self.times.sort_unstable();
        let sessions = self.times.len() as u64;
        let mut json = json!({
            "sessions": sessions,
            "failed": self.failed,
            "failures": self.failures,
            "concurrency": concurrency,
            "seconds": took.as_secs_f64(),
            "sessions_per_s": sessions as f64 / took.as_secs_f64(),
            "p50_ms": self.percentile(50),
            "p99_ms": self.percentile(99),
        });
        if let Some(usage) = usage {
            let per_session = usage.cpu.as_secs_f64() / sessions.max(1) as f64;
            json["cpu_s"] = usage.cpu.as_secs_f64().into();
            json["cpu_ms_per_session"] = (per_session * 1_000.0).into();
            json["sessions_per_cpu_s"] = (1.0 / per_session).into();
            json["rss_before_kib"] = usage.rss_before_kib.into();
            json["rss_after_kib"] = usage.rss_after_kib.into();
        }
        json
    }

    fn percentile(&self, percent: usize) -> f64 {
        let at = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    }
}
