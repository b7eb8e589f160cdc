//! Retention: when the quota or the disk is used up the oldest bulk goes first.
//!
//! The order is fixed: recordings, then events (with the sessions that they told of),
//! then samples' bytes. What was concluded (samples' rows, sightings, analyses,
//! indicators) is never deleted.

use crate::config::StoreConfig;
use crate::query::{DiskUsage, Health};
use crate::record::decode_event;
use crate::seam::{Catalog, EventLog, Position, SampleStore, WorkQueue};
use crate::{StoreError, clock};
use parking_lot::Mutex;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use ukai_model::Timestamp;

/// Bytes written to find out whether the disk takes any.
const PROBE_BYTES: usize = 64 << 10;

/// Samples looked at in one step of retention.
const SAMPLES_PER_STEP: u32 = 64;

/// The parts of a store.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) events: Arc<dyn EventLog>,
    pub(crate) recordings: Arc<dyn EventLog>,
    pub(crate) samples: Arc<dyn SampleStore>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) queue: Arc<dyn WorkQueue>,
    pub(crate) disk: Disk,
}

/// Where an engine's bytes lie.
#[derive(Clone)]
pub(crate) enum Disk {
    /// In a folder of the file system.
    Folder(PathBuf),
    /// In memory, which only the quota bounds.
    Memory,
}

impl Disk {
    /// Bytes that may still be written.
    fn free_bytes(&self) -> u64 {
        match self {
            Self::Folder(path) => rustix::fs::statvfs(path)
                .map_or(u64::MAX, |s| s.f_bavail.saturating_mul(s.f_frsize)),
            Self::Memory => u64::MAX,
        }
    }

    /// Writes a little and takes it back.
    fn probe(&self) -> Result<(), StoreError> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let path = folder.join("probe");
        let write = || {
            let mut file = fs::File::create(&path)?;
            file.write_all(&vec![0; PROBE_BYTES])?;
            file.sync_data()
        };
        let written = write();
        let removed = fs::remove_file(&path);
        written.and(removed).map_err(StoreError::io(&path))
    }
}

/// Watches over space and health.
pub(crate) struct Keeper {
    engine: Engine,
    config: Arc<StoreConfig>,
    health: Mutex<Health>,
    /// Held while something is deleted.
    deleting: Mutex<()>,
    /// Over the limits even after all that may go has gone.
    tight: AtomicBool,
}

impl Keeper {
    pub(crate) fn new(engine: Engine, config: Arc<StoreConfig>) -> Self {
        Self {
            engine,
            config,
            health: Mutex::new(Health::Ok),
            deleting: Mutex::new(()),
            tight: AtomicBool::new(false),
        }
    }

    pub(crate) fn health(&self) -> Health {
        self.health.lock().clone()
    }

    pub(crate) fn set_degraded(&self, error: &StoreError) {
        let mut health = self.health.lock();
        if matches!(*health, Health::Ok) {
            tracing::error!(%error, "the store cannot write; nothing is acknowledged until it can");
            *health = Health::Degraded { reason: error.to_string(), since: clock::now() };
        }
    }

    pub(crate) fn set_ok(&self) {
        let mut health = self.health.lock();
        if *health != Health::Ok {
            tracing::info!("the store can write again");
            *health = Health::Ok;
        }
    }

    /// An error if the store cannot write now.
    pub(crate) fn check_writable(&self) -> Result<(), StoreError> {
        match &*self.health.lock() {
            Health::Ok => Ok(()),
            Health::Degraded { reason, .. } => Err(StoreError::Degraded { reason: reason.clone() }),
        }
    }

    /// An error if bulk is not taken now.
    pub(crate) fn check_bulk(&self) -> Result<(), StoreError> {
        if self.tight.load(Ordering::Relaxed) {
            let reason = "too little space is left for samples and recordings".to_owned();
            return Err(StoreError::Degraded { reason });
        }
        self.check_writable()
    }

    pub(crate) fn probe(&self) -> Result<(), StoreError> {
        self.engine.disk.probe()
    }

    pub(crate) fn usage(&self) -> Result<DiskUsage, StoreError> {
        let events_bytes = self.engine.events.used_bytes();
        let recordings_bytes = self.engine.recordings.used_bytes();
        let samples_bytes = self.engine.catalog.samples_bytes()?;
        let catalogue_bytes = self.engine.catalog.used_bytes()?;
        Ok(DiskUsage {
            used_bytes: events_bytes + recordings_bytes + samples_bytes + catalogue_bytes,
            quota_bytes: self.config.quota_bytes,
            free_bytes: self.engine.disk.free_bytes(),
            events_bytes,
            recordings_bytes,
            samples_bytes,
            catalogue_bytes,
        })
    }

    fn usage_compacted(&self) -> Result<DiskUsage, StoreError> {
        self.engine.catalog.compact()?;
        self.usage()
    }

    fn within_limits(&self, usage: &DiskUsage) -> bool {
        (usage.quota_bytes == 0 || usage.used_bytes <= usage.quota_bytes)
            && usage.free_bytes >= self.config.free_bytes_min
    }

    /// Makes one part that is no longer written smaller; whether there was one.
    fn seal_one(&self, closing: bool) -> bool {
        let logs = [&self.engine.events, &self.engine.recordings];
        logs.into_iter().any(|log| {
            log.seal(closing).unwrap_or_else(|error| {
                // What is sealed needs room beside what it replaces; it stays as it is.
                tracing::warn!(%error, "a segment could not be sealed");
                false
            })
        })
    }

    /// Makes everything smaller that is not written any more.
    pub(crate) fn seal_at_close(&self) {
        while self.seal_one(true) {}
    }

    /// Keeps the store within its limits, and makes smaller what can be.
    pub(crate) fn enforce(&self) -> Result<(), StoreError> {
        self.enforce_limits()?;
        while !self.tight.load(Ordering::Relaxed) && self.seal_one(false) {
            self.enforce_limits()?;
        }
        self.engine.catalog.forget_counts(clock::now())
    }

    /// Deletes the oldest bulk until the store is within its limits.
    fn enforce_limits(&self) -> Result<(), StoreError> {
        let _deleting = self.deleting.lock();
        self.forget_dropped()?;
        let mut usage = self.usage()?;
        if !self.within_limits(&usage) {
            usage = self.usage_compacted()?;
        }
        while !self.within_limits(&usage) {
            if !self.drop_something(&usage)? {
                break;
            }
            usage = self.usage_compacted()?;
        }
        self.tight.store(!self.within_limits(&usage), Ordering::Relaxed);
        Ok(())
    }

    /// Deletes a piece of the oldest bulk whatever the limits say: the disk is full.
    /// Whether anything went.
    pub(crate) fn make_room(&self) -> Result<bool, StoreError> {
        let _deleting = self.deleting.lock();
        let usage = self.usage()?;
        self.drop_something(&usage)
    }

    fn drop_something(&self, usage: &DiskUsage) -> Result<bool, StoreError> {
        let gone = if self.engine.recordings.drop_oldest()? {
            "the oldest recordings"
        } else if self.engine.events.drop_oldest()? {
            "the oldest events"
        } else if self.drop_samples()? {
            "the oldest samples"
        } else {
            return Ok(false);
        };
        tracing::warn!(
            used_bytes = usage.used_bytes,
            quota_bytes = usage.quota_bytes,
            free_bytes = usage.free_bytes,
            "space is short: {gone} were deleted"
        );
        self.forget_dropped()?;
        Ok(true)
    }

    /// Deletes samples that came least recently: some, or as many as are over the quota.
    fn drop_samples(&self) -> Result<bool, StoreError> {
        let oldest = self.engine.catalog.oldest_samples(SAMPLES_PER_STEP)?;
        let any = !oldest.is_empty();
        for (sha256, _) in oldest {
            self.engine.samples.remove(&sha256)?;
            self.engine.catalog.sample_gone(&sha256)?;
            if self.within_limits(&self.usage_compacted()?) {
                break;
            }
        }
        Ok(any)
    }

    /// Takes out of the catalogue what is no longer in the logs.
    fn forget_dropped(&self) -> Result<(), StoreError> {
        let catalog = &self.engine.catalog;
        while catalog.forget_recordings(self.engine.recordings.start())? {}
        let start = self.engine.events.start();
        let oldest = self.oldest_event(start)?;
        while catalog.forget_events(start, oldest)? {}
        Ok(())
    }

    /// The time of the oldest event still kept.
    fn oldest_event(&self, start: Position) -> Result<Timestamp, StoreError> {
        if start == Position::default() {
            return Ok(Timestamp::default());
        }
        let first = self.engine.events.read_from(start, 1, 1)?;
        let event = first.records.first().and_then(|(_, record)| decode_event(record).ok());
        Ok(event.map_or_else(clock::now, |event| event.time))
    }
}
