//! The quota: what goes first, and what never goes.

use super::make::{at, captured, event, indicator, noise, noisy_line, session_id, visit};
use crate::query::EventQuery;
use crate::{Store, StoreConfig};
use bytes::Bytes;
use std::path::Path;
use ukai_model::{Role, Sha256};

fn config(quota_bytes: u64) -> StoreConfig {
    // The checks come when the test asks for them.
    StoreConfig {
        quota_bytes,
        free_bytes_min: 0,
        segment_bytes: 64 << 10,
        quota_check_ms: 3_600_000,
        ..StoreConfig::default()
    }
}

fn files_in(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}

/// Recordings of 1 MB, events of 1 MB, samples of 1 MB, an indicator.
async fn fill(store: &Store) -> Vec<Sha256> {
    for n in 0..100 {
        let session = session_id(n, at(n.into()));
        store.put_recording(session, noise(n.into(), 10_000)).await.unwrap();
    }
    for n in 0..500 {
        let mut events = visit(n, at(n.into()), n as u8);
        let line = noisy_line(n.into(), 2_000);
        events[3].kind = super::make::command(&line);
        store.enqueue(events).await.unwrap();
    }
    let mut samples = Vec::new();
    for n in 0..20u32 {
        let (sha256, _) = store.put_sample(noise(n.into(), 50_000).into()).await.unwrap();
        let seen = at(1_000 + u64::from(n));
        store
            .submit(vec![event(
                90_000 + n,
                seen,
                session_id(499, at(499)),
                1,
                captured(sha256, "x"),
            )])
            .await
            .unwrap();
        samples.push(sha256);
    }
    store.put_indicators(&[indicator("c2.example", Role::C2, at(0))]).await.unwrap();
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_go_before_events_and_events_before_samples() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), config(0)).unwrap();
    let samples = fill(&store).await;
    drop(store);
    // Old counts go at the first check, which leaves a write-ahead log until the close.
    let store = Store::open(dir.path(), config(0)).unwrap();
    store.enforce_quota().await.unwrap();
    drop(store);
    let store = Store::open(dir.path(), config(0)).unwrap();
    let full = store.disk_usage().await.unwrap();
    assert!(
        full.recordings_bytes > 900_000
            && full.events_bytes > 900_000
            && full.samples_bytes > 900_000,
        "{full:?}"
    );
    drop(store);

    // Room for all but some recordings.
    let store = Store::open(dir.path(), config(full.used_bytes - 300_000)).unwrap();
    store.enforce_quota().await.unwrap();
    let usage = store.disk_usage().await.unwrap();
    assert!(usage.used_bytes <= usage.quota_bytes, "{usage:?}");
    assert!(
        usage.recordings_bytes < full.recordings_bytes - 200_000
            && usage.recordings_bytes > 300_000,
        "{full:?} {usage:?}"
    );
    assert_eq!((usage.events_bytes, usage.samples_bytes), (full.events_bytes, full.samples_bytes));
    let recording = |n: u32| store.recording(session_id(n, at(n.into())));
    assert_eq!(recording(0).await.unwrap(), None);
    assert_eq!(recording(99).await.unwrap(), Some(noise(99, 10_000)));
    drop(store);

    // No room for recordings, and not for all events.
    let store = Store::open(dir.path(), config(full.used_bytes - 1_500_000)).unwrap();
    store.enforce_quota().await.unwrap();
    let usage = store.disk_usage().await.unwrap();
    assert!(usage.used_bytes <= usage.quota_bytes, "{usage:?}");
    assert!(
        usage.recordings_bytes < 200_000 && usage.events_bytes < full.events_bytes - 100_000,
        "{usage:?}"
    );
    assert_eq!(usage.samples_bytes, full.samples_bytes);
    assert_eq!(store.session(session_id(0, at(0))).await.unwrap(), None);
    assert!(store.session(session_id(499, at(499))).await.unwrap().is_some());
    let newest =
        store.events(EventQuery { limit: Some(1_000), ..EventQuery::default() }).await.unwrap();
    assert!(newest.items.len() > 100);
    let totals = store.totals().await.unwrap();
    assert!(totals.events < 3_000 && totals.sessions < 500, "{totals:?}");
    drop(store);

    // Room for next to nothing.
    let store = Store::open(dir.path(), config(700_000)).unwrap();
    store.enforce_quota().await.unwrap();
    let usage = store.disk_usage().await.unwrap();
    assert!(usage.samples_bytes < full.samples_bytes, "{usage:?}");
    assert_eq!(store.sample(&samples[0]).await.unwrap(), None);
    let oldest = store.sample_summary(&samples[0]).await.unwrap().unwrap();
    assert!(!oldest.stored && oldest.sightings == 1);
    assert_eq!(store.sightings(&samples[0], 9).await.unwrap().len(), 1);
    let kept = store.totals().await.unwrap();
    assert_eq!((kept.samples, kept.indicators), (20, 1));
    // Every deletion reaches the blob.
    let mut stored = 0;
    for sha256 in &samples {
        stored += usize::from(store.sample(sha256).await.unwrap().is_some());
    }
    assert_eq!(files_in(&dir.path().join("samples")), stored);
    // A sample that comes again is kept again.
    store.enforce_quota().await.unwrap();
    drop(store);
    let store = Store::open(dir.path(), config(0)).unwrap();
    assert!(store.put_sample(Bytes::from(noise(0, 50_000))).await.unwrap().1);
    assert_eq!(store.sample(&samples[0]).await.unwrap().unwrap(), noise(0, 50_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_stays_within_its_quota_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let quota_bytes = 4 << 20;
    let config = StoreConfig { quota_check_ms: 20, ..config(quota_bytes) };
    let store = Store::open(dir.path(), config).unwrap();
    for n in 0..3_000 {
        let mut events = visit(n, at(n.into()), n as u8);
        events[3].kind = super::make::command(&noisy_line(n.into(), 1_000));
        store.enqueue(events).await.unwrap();
        if n % 100 == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    store.submit(visit(3_000, at(3_000), 1)).await.unwrap();
    store.enforce_quota().await.unwrap();
    let usage = store.disk_usage().await.unwrap();
    assert!(usage.used_bytes <= quota_bytes, "{usage:?}");
    let newest =
        store.events(EventQuery { limit: Some(6), ..EventQuery::default() }).await.unwrap();
    assert_eq!(newest.items[0].session, Some(session_id(3_000, at(3_000))));
    let (events, _) = {
        let (mut all, mut at) = (0, crate::Position::default());
        while at < store.log_position() {
            let (events, next) = store.events_after(at, 1_000).await.unwrap();
            all += events.len() as u64;
            at = next;
        }
        (all, at)
    };
    // The rows of a few that were out of order by time go with the next segment.
    let indexed = store.totals().await.unwrap().events;
    assert!((events..events + 12).contains(&indexed), "{indexed} {events}");
}
