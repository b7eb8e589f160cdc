//! Whose turn it is: how many fetches at a time and per minute, overall and per host.

use crate::config::EgressConfig;
use crate::failure::Failure;
use crate::limits::{HOSTS_REMEMBERED, TURN_WAIT_MAX};
use lru::LruCache;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// Admits fetches. A host is an address: names for one server share its limits.
#[derive(Debug)]
pub(crate) struct Turns {
    overall: Arc<Semaphore>,
    concurrent_per_host_max: usize,
    per_host_per_minute_max: u32,
    rate: Mutex<Bucket>,
    /// Bounded: what is forgotten starts with a full bucket, and the overall rate holds.
    host_rates: Mutex<LruCache<IpAddr, Bucket>>,
    /// Holds only hosts that are being fetched from.
    hosts: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
    wait_max: Duration,
}

/// The right to fetch, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// The right to fetch from one host, given back when dropped.
#[derive(Debug)]
pub(crate) struct HostTurn<'a> {
    turns: &'a Turns,
    host: IpAddr,
    semaphore: Option<Arc<Semaphore>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    pub(crate) fn new(config: &EgressConfig) -> Self {
        let now = Instant::now();
        let remembered = NonZeroUsize::new(HOSTS_REMEMBERED).expect("a limit above zero");
        Self {
            overall: Arc::new(Semaphore::new(config.concurrent_max.min(Semaphore::MAX_PERMITS))),
            concurrent_per_host_max: config.concurrent_per_host_max.min(Semaphore::MAX_PERMITS),
            per_host_per_minute_max: config.per_host_per_minute_max,
            rate: Mutex::new(Bucket::new(config.per_minute_max, now)),
            host_rates: Mutex::new(LruCache::new(remembered)),
            hosts: Mutex::new(HashMap::new()),
            wait_max: TURN_WAIT_MAX,
        }
    }

    /// Waits for a turn among all fetches.
    pub(crate) async fn overall(&self) -> Result<Turn, Failure> {
        if !self.rate.lock().take(Instant::now()) {
            return Err(Failure::rate_limited("too many fetches per minute"));
        }
        let permit = self.acquire(&self.overall).await;
        permit
            .map(|permit| Turn { _permit: permit })
            .ok_or_else(|| Failure::rate_limited("too many fetches at a time"))
    }

    /// Waits for a turn among those from `host`.
    pub(crate) async fn of_host(&self, host: IpAddr) -> Result<HostTurn<'_>, Failure> {
        let now = Instant::now();
        let in_rate = self
            .host_rates
            .lock()
            .get_or_insert_mut(host, || Bucket::new(self.per_host_per_minute_max, now))
            .take(now);
        if !in_rate {
            return Err(Failure::rate_limited(format!("too many fetches per minute from {host}")));
        }
        let semaphore = Arc::clone(
            self.hosts
                .lock()
                .entry(host)
                .or_insert_with(|| Arc::new(Semaphore::new(self.concurrent_per_host_max))),
        );
        // Made before waiting, so that a fetch that is dropped while it waits cleans up.
        let mut turn = HostTurn { turns: self, host, semaphore: None, permit: None };
        turn.permit = self.acquire(turn.semaphore.insert(semaphore)).await;
        if turn.permit.is_none() {
            return Err(Failure::rate_limited(format!("too many fetches at a time from {host}")));
        }
        Ok(turn)
    }

    async fn acquire(&self, semaphore: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        timeout(self.wait_max, Arc::clone(semaphore).acquire_owned()).await.ok()?.ok()
    }
}

impl Drop for HostTurn<'_> {
    fn drop(&mut self) {
        self.permit = None;
        self.semaphore = None;
        let mut hosts = self.turns.hosts.lock();
        // The map's own reference alone: nobody fetches from there or waits to. One who
        // waits is counted too, and cleans up in turn.
        if hosts.get(&self.host).is_some_and(|semaphore| Arc::strong_count(semaphore) <= 1) {
            hosts.remove(&self.host);
        }
    }
}

/// A token bucket that holds one minute's worth.
#[derive(Debug)]
struct Bucket {
    per_minute: f64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    fn new(per_minute: u32, now: Instant) -> Self {
        let per_minute = f64::from(per_minute);
        Self { per_minute, tokens: per_minute, filled: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let minutes = now.saturating_duration_since(self.filled).as_secs_f64() / 60.0;
        self.tokens = (self.tokens + minutes * self.per_minute).min(self.per_minute);
        self.filled = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns() -> Turns {
        let turns = Turns::new(&EgressConfig {
            concurrent_max: 3,
            concurrent_per_host_max: 1,
            per_minute_max: 60,
            per_host_per_minute_max: 2,
            ..EgressConfig::default()
        });
        Turns { wait_max: Duration::from_millis(20), ..turns }
    }

    #[test]
    fn a_bucket_fills_by_the_minute() {
        let start = Instant::now();
        let mut bucket = Bucket::new(2, start);
        let mut take = |seconds| bucket.take(start + Duration::from_secs(seconds));
        assert_eq!([take(0), take(0), take(0)], [true, true, false]);
        assert_eq!([take(31), take(31)], [true, false]);
        assert_eq!([take(1_000), take(1_000), take(1_000)], [true, true, false]);
    }

    #[tokio::test]
    async fn a_host_is_asked_no_faster_than_allowed() {
        let turns = turns();
        let host: IpAddr = "192.0.2.1".parse().expect("an address");
        for expected in [true, true, false] {
            assert_eq!(turns.of_host(host).await.is_ok(), expected);
        }
        assert!(turns.of_host("192.0.2.2".parse().expect("an address")).await.is_ok());
        assert!(turns.hosts.lock().is_empty(), "nothing is kept of hosts that are done");
    }

    #[tokio::test]
    async fn too_many_at_a_time_wait_and_then_give_up() {
        let turns = turns();
        let host: IpAddr = "192.0.2.1".parse().expect("an address");
        let first = turns.of_host(host).await.expect("a turn");
        let error = turns.of_host(host).await.expect_err("no turn");
        assert_eq!(error.outcome, ukai_model::FetchOutcome::RateLimited);
        drop(first);
        assert!(turns.hosts.lock().is_empty());
        let held = [turns.overall().await, turns.overall().await, turns.overall().await];
        assert!(held.iter().all(Result::is_ok));
        assert!(turns.overall().await.is_err());
        drop(held);
        assert!(turns.overall().await.is_ok());
    }
}
