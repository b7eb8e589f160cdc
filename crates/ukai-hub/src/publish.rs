//! The publishing cycle: indicators that changed become feeds, in memory for the web
//! server and in files for devices.
//!
//! It keeps what is valid at hand (without evidence), so that a cycle reads nothing from
//! the store. A cycle is short, and is followed by a pause four times its length: however
//! many indicators there are, publishing takes a fifth of one core at most.

use crate::board::without_evidence;
use crate::published::FeedFile;
use crate::shared::{App, Cycle};
use crate::{HubError, clock, limits};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant, SystemTime};
use ukai_feed::{FeedSpec, FeedState, feeds, render};
use ukai_indicator::{Brakes, Guard, Policy, Published, WarningList, Withheld, select};
use ukai_model::{Indicator, IndicatorId, Timestamp};
use ukai_store::StoreError;

/// Where the feeds' states are kept.
const STATES: &str = "hub.feeds";

/// What is kept of a feed over restarts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    state: FeedState,
    updated: Timestamp,
}

/// Why a cycle failed. It is tried again.
#[derive(Debug, thiserror::Error)]
enum CycleError {
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
}

/// Publishes until the hub stops; without a publisher (the last one met a fault of ours)
/// with one that is opened anew.
pub(crate) async fn run(publisher: Option<Publisher>, app: App) {
    let opened = match publisher {
        Some(publisher) => Ok(publisher),
        None => Publisher::open(app.clone()).await,
    };
    match opened {
        Ok(mut publisher) => publisher.run().await,
        Err(error) => {
            app.faults.note(&app.metrics, Cycle::Publishing, &Err(error));
            tokio::time::sleep(limits::CYCLE_RETRY).await;
        }
    }
}

/// The publishing cycle and what it remembers.
pub(crate) struct Publisher {
    app: App,
    folder: PathBuf,
    lists: Lists,
    known: Known,
    /// Entries of the last cycle; `None` before the first cycle ever.
    previous: Option<Vec<Indicator>>,
    kept: BTreeMap<String, Kept>,
    /// Entity tag of each file as it is on the disk.
    written: HashMap<String, String>,
    brakes_hit: Vec<String>,
}

impl Publisher {
    /// Reads what the last run left, and publishes it.
    pub(crate) async fn open(app: App) -> Result<Self, HubError> {
        let folder = app.context.data_dir.join("feeds");
        fs::create_dir_all(&folder)
            .map_err(|source| HubError::File { path: folder.clone(), source })?;
        let lists = Lists::read(&app.context.policy)?;
        let kept = app.store.get_meta(STATES).await?;
        let kept: BTreeMap<String, Kept> =
            kept.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        let valid = app.store.all_valid_indicators(clock::now()).await?;
        let mut known = Known::default();
        for indicator in valid {
            known.put(without_evidence(indicator));
        }
        // What is not withheld was published: the last cycle's reasons are in the store.
        let published = || known.all.iter().filter(|i| i.withheld.is_none()).cloned().collect();
        let previous = (!kept.is_empty()).then(published);
        let written = HashMap::new();
        let brakes_hit = Vec::new();
        let mut publisher = Self { app, folder, lists, known, previous, kept, written, brakes_hit };
        publisher.round().await;
        Ok(publisher)
    }

    async fn run(&mut self) {
        let interval = Duration::from_millis(self.app.config.publish_interval_ms);
        let stop = self.app.stop.clone();
        loop {
            let app = self.app.clone();
            let woken = tokio::time::timeout(limits::PUBLISH_IDLE, app.board.woken());
            tokio::select! {
                () = stop.cancelled() => return,
                _ = woken => {}
            }
            let took = self.round().await;
            let pause = interval.max(took * limits::PUBLISH_PAUSE_FACTOR);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One cycle; how long it took.
    async fn round(&mut self) -> Duration {
        let begin = Instant::now();
        let result = self.cycle().await;
        let took = begin.elapsed();
        let metrics = &self.app.metrics;
        metrics.publish_cycles.fetch_add(1, Relaxed);
        metrics.publish_us.store(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
        self.app.faults.note(metrics, Cycle::Publishing, &result);
        if result.is_err() {
            tokio::time::sleep(limits::CYCLE_RETRY).await;
            self.app.board.changed(Vec::new());
        }
        took
    }

    async fn cycle(&mut self) -> Result<(), CycleError> {
        let now = clock::now();
        for changed in self.app.board.take_changed().into_values() {
            self.known.put(changed);
        }
        self.known.forget_expired(now);
        if let Err(error) = self.lists.reload(&self.app.context.policy) {
            tracing::error!(%error, "the warning lists stay as they were");
        }
        let false_positives = self.app.board.false_positives();
        Arc::make_mut(&mut self.lists.guard).set_false_positives(false_positives);
        let published = self.select(now).await;
        self.tell(&published);
        self.keep_reasons(&published.withheld).await?;
        if self.previous.as_ref() != Some(&published.entries) || self.app.board.feeds().is_empty() {
            self.render(published.entries, now).await?;
        }
        self.write_files()
    }

    /// Takes its time with many indicators, so it goes to a thread that may be busy.
    async fn select(&mut self, now: Timestamp) -> Published {
        let brakes: Brakes = self.app.context.policy.brakes;
        let guard = Arc::clone(&self.lists.guard);
        let known = std::mem::take(&mut self.known);
        let previous = self.previous.take();
        let work = move || {
            let published = select(&known.all, &guard, &brakes, previous.as_deref(), now);
            (published, known, previous)
        };
        let (published, known, previous) =
            tokio::task::spawn_blocking(work).await.expect("selection does not panic");
        (self.known, self.previous) = (known, previous);
        published
    }

    fn tell(&mut self, published: &Published) {
        self.app.metrics.withheld.store(published.withheld.len() as u64, Relaxed);
        if self.brakes_hit != published.brakes_hit {
            for brake in &published.brakes_hit {
                tracing::warn!(brake, "a brake holds the feeds back");
            }
            self.brakes_hit.clone_from(&published.brakes_hit);
        }
    }

    /// Keeps why indicators are withheld, where it changed.
    async fn keep_reasons(
        &mut self,
        withheld: &BTreeMap<IndicatorId, Withheld>,
    ) -> Result<(), CycleError> {
        let mut changed: HashMap<IndicatorId, Option<String>> = HashMap::new();
        for indicator in &self.known.all {
            let reason = withheld.get(&indicator.id).map(lasting_text);
            if reason != indicator.withheld {
                changed.insert(indicator.id, reason);
            }
        }
        let ids: Vec<IndicatorId> = changed.keys().copied().collect();
        for ids in ids.chunks(limits::REASONS_AT_ONCE) {
            let _writing = self.app.board.writing().await;
            let mut indicators = self.app.store.indicators_by_ids(ids).await?;
            for indicator in &mut indicators {
                indicator.withheld = changed.get(&indicator.id).cloned().flatten();
            }
            self.app.store.put_indicators(&indicators).await?;
            for indicator in indicators {
                self.known.put(without_evidence(indicator));
            }
        }
        Ok(())
    }

    /// Renders all feeds and serves them. The states go first: a serial number that
    /// somebody has seen must never stand for another content.
    async fn render(&mut self, entries: Vec<Indicator>, now: Timestamp) -> Result<(), CycleError> {
        let (tlp, kept) = (self.app.config.feeds.tlp, self.kept.clone());
        let work = move || {
            let specs = feeds().iter().map(|spec| FeedSpec { max_tlp: tlp, ..*spec });
            let files: Vec<_> =
                specs.map(|spec| feed_file(&spec, &entries, kept.get(spec.file), now)).collect();
            (files, entries)
        };
        let (files, entries) =
            tokio::task::spawn_blocking(work).await.expect("rendering does not panic");
        let states: BTreeMap<_, _> =
            files.iter().map(|(file, kept)| (file.file.clone(), kept.clone())).collect();
        if states != self.kept {
            let json = serde_json::to_string(&states).expect("text and numbers are JSON");
            self.app.store.put_meta(STATES, &json).await?;
            self.kept = states;
        }
        self.app.board.publish(files.into_iter().map(|(file, _)| file).collect());
        self.previous = Some(entries);
        Ok(())
    }

    /// Brings the files up to date with what is served.
    fn write_files(&mut self) -> Result<(), CycleError> {
        for feed in self.app.board.feeds().iter() {
            if self.written.get(&feed.file) == Some(&feed.etag) {
                continue;
            }
            let path = self.folder.join(&feed.file);
            let same = fs::read(&path).is_ok_and(|bytes| bytes == feed.bytes);
            if !same {
                replace(&path, &feed.bytes).map_err(|source| CycleError::File { path, source })?;
                self.app.metrics.feed_writes.fetch_add(1, Relaxed);
            }
            self.written.insert(feed.file.clone(), feed.etag.clone());
        }
        Ok(())
    }
}

/// A reason without the figures that change by themselves as time goes by.
fn lasting_text(reason: &Withheld) -> String {
    match reason {
        Withheld::Uncertain { needed, .. } => format!("not sure enough: feeds need {needed}"),
        Withheld::Shared { entry, needed, .. } => {
            format!("shared by many ({entry}): feeds need a confidence of {needed}")
        }
        other => other.to_string(),
    }
}

fn feed_file(
    spec: &FeedSpec,
    entries: &[Indicator],
    kept: Option<&Kept>,
    now: Timestamp,
) -> (FeedFile, Kept) {
    let rendered = render(spec, entries, kept.map(|kept| &kept.state));
    for note in &rendered.notes {
        tracing::debug!(feed = spec.file, note, "left out");
    }
    let updated = match kept {
        Some(kept) if kept.state == rendered.state => kept.updated,
        _ => now,
    };
    let carries = entries.iter().filter(|entry| spec.takes(entry)).map(|entry| entry.id);
    let file = FeedFile {
        name: spec.name.to_owned(),
        file: spec.file.to_owned(),
        format: spec.format.as_str().to_owned(),
        description: spec.description.to_owned(),
        media_type: spec.media_type.to_owned(),
        how_to_load: spec.how_to_load.to_owned(),
        bytes: Bytes::from(rendered.bytes),
        etag: rendered.etag,
        entries: rendered.entries as u64,
        updated,
        carries: carries.collect(),
    };
    (file, Kept { state: rendered.state, updated })
}

/// Replaces a file as a whole: a device that loads it never sees half of it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.new"));
    let mut file = fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Indicators at hand, in a row, found by identity.
#[derive(Default)]
struct Known {
    all: Vec<Indicator>,
    places: HashMap<IndicatorId, usize>,
}

impl Known {
    fn put(&mut self, indicator: Indicator) {
        if let Some(place) = self.places.get(&indicator.id) {
            self.all[*place] = indicator;
        } else {
            self.places.insert(indicator.id, self.all.len());
            self.all.push(indicator);
        }
    }

    fn forget_expired(&mut self, now: Timestamp) {
        let mut place = 0;
        while place < self.all.len() {
            if self.all[place].valid_until > now {
                place += 1;
                continue;
            }
            let expired = self.all.swap_remove(place);
            self.places.remove(&expired.id);
            if let Some(moved) = self.all.get(place) {
                self.places.insert(moved.id, place);
            }
        }
    }
}

/// The guard, with warning lists that are read again when their files change.
struct Lists {
    guard: Arc<Guard>,
    changed: Vec<Option<SystemTime>>,
}

impl Lists {
    fn read(policy: &Policy) -> Result<Self, HubError> {
        let changed = policy.warning_lists.iter().map(|path| changed_at(path)).collect();
        let mut guard = Guard::new(policy)?;
        for path in &policy.warning_lists {
            let fault = |problem| HubError::WarningList { path: path.clone(), problem };
            let json = fs::read(path).map_err(|error| fault(error.to_string()))?;
            let list = WarningList::parse(&json).map_err(|error| fault(error.to_string()))?;
            for note in list.notes() {
                tracing::warn!(list = list.name(), note, "an entry of a warning list is not used");
            }
            guard.add_warning_list(list);
        }
        Ok(Self { guard: Arc::new(guard), changed })
    }

    fn reload(&mut self, policy: &Policy) -> Result<(), HubError> {
        let changed: Vec<_> = policy.warning_lists.iter().map(|path| changed_at(path)).collect();
        if changed != self.changed {
            // Noted before reading: a broken list is told once, not in every cycle.
            self.changed = changed;
            *self = Self::read(policy)?;
        }
        Ok(())
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ukai_model::{Confidence, Observable, ObservableKind, Role, Tlp};

    fn indicator(name: &str, until: u64) -> Indicator {
        let observable = Observable { kind: ObservableKind::Domain, value: name.into() };
        Indicator {
            id: IndicatorId::of(&observable, Role::C2),
            observable,
            role: Role::C2,
            confidence: Confidence::new(80),
            tlp: Tlp::Clear,
            first_seen: Timestamp::from_secs(1),
            last_seen: Timestamp::from_secs(1),
            valid_until: Timestamp::from_secs(until),
            evidence: Vec::new(),
            evidence_count: 1,
            withheld: None,
        }
    }

    #[test]
    fn what_expired_is_forgotten_and_the_rest_is_found() {
        let mut known = Known::default();
        for n in 0..100 {
            known.put(indicator(&format!("n{n}.example"), if n % 3 == 0 { 10 } else { 1_000 }));
        }
        known.forget_expired(Timestamp::from_secs(100));
        assert_eq!(known.all.len(), 66);
        assert_eq!(known.places.len(), 66);
        for (id, place) in &known.places {
            assert_eq!(known.all[*place].id, *id);
        }
        known.put(indicator("n1.example", 5));
        assert_eq!(known.all.len(), 66);
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("domains.txt");
        replace(&path, b"one\n").expect("writes");
        replace(&path, b"two\n").expect("writes");
        assert_eq!(fs::read(&path).expect("is there"), b"two\n");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
