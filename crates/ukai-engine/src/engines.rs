//! All engines at once.

use crate::config::{ConfigError, EngineConfig};
use crate::engine::{Engine, EngineError, Said, State};
use crate::limits::{DOWN_FOR, STATE_KEPT};
use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, Stream};
use serde::Serialize;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Semaphore;
use ukai_model::{Judgement, PeerText, Sha256, Timestamp, Verdict};

/// The engines of a configuration.
pub struct Engines(Vec<Slot>);

struct Slot {
    config: EngineConfig,
    engine: Box<dyn Engine>,
    turns: Semaphore,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    state: State,
    asked: Option<Instant>,
    down: Option<(Instant, String)>,
    counts: Counts,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    clean: u64,
    detected: u64,
    not_scanned: u64,
}

/// How an engine is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EngineHealth {
    /// Its name.
    pub engine: String,
    /// Why it is down; `None`: it is up.
    pub down: Option<String>,
    /// Product and version.
    pub product: Option<PeerText>,
    /// Version or date of its signatures.
    pub signatures: Option<PeerText>,
    /// Samples that it called clean since the start.
    pub clean: u64,
    /// Samples that it knew.
    pub detected: u64,
    /// Samples that it was asked about in vain.
    pub not_scanned: u64,
}

impl std::fmt::Debug for Engines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Engines {
    /// The engines that are meant.
    ///
    /// # Errors
    /// One that cannot be, or a name that stands twice.
    pub fn new(configs: &[EngineConfig]) -> Result<Self, ConfigError> {
        let mut slots: Vec<Slot> = Vec::new();
        for config in configs {
            let engine = config.engine()?;
            if slots.iter().any(|slot| slot.config.name == config.name) {
                return Err(config.twice());
            }
            let turns = Semaphore::new(config.concurrent_max);
            slots.push(Slot { config: config.clone(), engine, turns, known: Mutex::default() });
        }
        Ok(Self(slots))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What all of them say of a sample, in the order of the configuration.
    pub async fn scan(&self, sample: &Bytes) -> Vec<Verdict> {
        let sha256 = Sha256::of(sample);
        join_all(self.0.iter().map(|slot| slot.verdict(sha256, sample))).await
    }

    /// What those that are `wanted`, by name, say of a sample, as they say it: who is slow holds
    /// up nobody.
    pub fn ask<'a>(
        &'a self,
        sample: &'a Bytes,
        wanted: impl Fn(&str) -> bool,
    ) -> impl Stream<Item = Verdict> + 'a {
        let sha256 = Sha256::of(sample);
        let slots = self.0.iter().filter(|slot| wanted(&slot.config.name));
        slots.map(|slot| slot.verdict(sha256, sample)).collect::<FuturesUnordered<_>>()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|slot| slot.config.name.as_str())
    }

    /// How all of them are, as far as that is known: nobody is asked.
    pub fn known_health(&self) -> Vec<EngineHealth> {
        self.0.iter().map(Slot::known_health).collect()
    }

    /// How all of them are; asks those that have not been asked for a while.
    pub async fn health(&self) -> Vec<EngineHealth> {
        join_all(self.0.iter().map(Slot::health)).await
    }
}

impl EngineConfig {
    fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

impl Slot {
    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let limit = self.config.timeout();
        let late = |_| Err(EngineError::TimedOut(limit.as_secs()));
        tokio::time::timeout(limit, work).await.unwrap_or_else(late)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks what it is, unless that is known.
    async fn refresh(&self) {
        let fresh = |known: &Known| match &known.down {
            Some((since, _)) => since.elapsed() < DOWN_FOR,
            None => known.asked.is_some_and(|asked| asked.elapsed() < STATE_KEPT),
        };
        if fresh(&self.known()) {
            return;
        }
        let state = self.in_time(self.engine.state()).await;
        let mut known = self.known();
        match state {
            Ok(state) => {
                known.state = state;
                known.asked = Some(Instant::now());
                known.down = None;
            }
            Err(error) => known.down = Some((Instant::now(), error.to_string())),
        }
    }

    async fn said(&self, sample: &Bytes) -> Result<Said, EngineError> {
        if sample.len() as u64 > self.config.sample_bytes_max {
            return Err(EngineError::TooLarge(self.config.sample_bytes_max));
        }
        self.refresh().await;
        if let Some((_, reason)) = &self.known().down {
            return Err(EngineError::Down(reason.clone()));
        }
        let said = self.in_time(self.engine.scan(sample.clone())).await;
        if let Err(error @ (EngineError::Unreachable(_) | EngineError::TimedOut(_))) = &said {
            // The next sample asks first whether it is there.
            self.known().asked = None;
            tracing::warn!(engine = self.config.name, %error, "a sample was not scanned");
        }
        said
    }

    async fn verdict(&self, sha256: Sha256, sample: &Bytes) -> Verdict {
        // Closed by nobody: there is always a turn.
        let _turn = self.turns.acquire().await.ok();
        let (time, clock) = (Timestamp::from(SystemTime::now()), Instant::now());
        let judgement = match self.said(sample).await {
            Ok(Said::Clean) => Judgement::Clean,
            Ok(Said::Detected(names)) => Judgement::Detected { names },
            Err(error) => Judgement::NotScanned { again: error.again(), reason: error.to_string() },
        };
        let mut known = self.known();
        match &judgement {
            Judgement::Clean => known.counts.clean += 1,
            Judgement::Detected { .. } => known.counts.detected += 1,
            Judgement::NotScanned { .. } => known.counts.not_scanned += 1,
        }
        Verdict {
            sha256,
            engine: self.config.name.clone(),
            product: known.state.product.clone(),
            signatures: known.state.signatures.clone(),
            time,
            duration_ms: u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX),
            judgement,
        }
    }

    async fn health(&self) -> EngineHealth {
        self.refresh().await;
        self.known_health()
    }

    fn known_health(&self) -> EngineHealth {
        let known = self.known();
        EngineHealth {
            engine: self.config.name.clone(),
            down: known.down.as_ref().map(|(_, reason)| reason.clone()),
            product: known.state.product.clone(),
            signatures: known.state.signatures.clone(),
            clean: known.counts.clean,
            detected: known.counts.detected,
            not_scanned: known.counts.not_scanned,
        }
    }
}
