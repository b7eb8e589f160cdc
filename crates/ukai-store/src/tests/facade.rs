//! The store as callers use it.

use super::make::{analysis, at, captured, event, indicator, ip, session_id, visit};
use crate::query::{EventQuery, Health, SampleQuery, SessionQuery};
use crate::seam::Position;
use crate::{Store, StoreConfig, StoreError};
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use ukai_model::{Event, Outcome, Role, Sha256};

const SOON: Duration = Duration::from_secs(10);

fn open(dir: &Path) -> Store {
    Store::open(dir, StoreConfig::default()).unwrap()
}

/// Runs a test against both engines.
fn with_each<F: Future<Output = ()>>(test: impl Fn(Store) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    runtime.block_on(test(open(dir.path())));
    runtime.block_on(test(Store::in_memory(StoreConfig::default())));
}

#[test]
fn what_was_submitted_is_found_at_once() {
    with_each(async |store: Store| {
        let events = visit(1, at(0), 1);
        let mut live = store.subscribe();
        store.submit(events.clone()).await.unwrap();
        let page = store.events(EventQuery::default()).await.unwrap();
        assert_eq!(page.items, events.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(store.event(events[2].id).await.unwrap().as_ref(), Some(&events[2]));
        for event in &events {
            // Subscribers are told right behind the acknowledgement.
            let told = timeout(Duration::from_secs(5), live.recv()).await.unwrap().unwrap();
            assert_eq!(*told, *event);
        }
        store.submit(events.clone()).await.unwrap();
        assert!(live.try_recv().is_err(), "a repeated event is not told again");
        assert_eq!(store.totals().await.unwrap().events, 6);
        store.submit(Vec::new()).await.unwrap();
        assert_eq!(store.health(), Health::Ok);
    });
}

#[test]
fn what_was_queued_is_told_soon() {
    with_each(async |store: Store| {
        let mut live = store.subscribe();
        let events = visit(1, at(0), 1);
        store.enqueue(events.clone()).await.unwrap();
        let first = timeout(Duration::from_secs(1), live.recv()).await.unwrap().unwrap();
        assert_eq!(*first, events[0]);
        assert_eq!(store.event(events[5].id).await.unwrap().as_ref(), Some(&events[5]));
    });
}

#[test]
fn a_reader_follows_the_log() {
    with_each(async |store: Store| {
        let (none, start) = store.events_after(Position::default(), 10).await.unwrap();
        assert_eq!((none.len(), start), (0, store.log_position()));
        let mut expected: Vec<Event> = Vec::new();
        for n in 1..6 {
            let events = visit(n, at(n.into()), 1);
            store.submit(events.clone()).await.unwrap();
            expected.extend(events);
        }
        let (mut read, mut position) = (Vec::new(), Position::default());
        while position < store.log_position() {
            let (events, next) = store.events_after(position, 7).await.unwrap();
            assert!(events.len() <= 7 && next > position);
            read.extend(events);
            position = next;
        }
        assert_eq!(read, expected);
        assert_eq!(store.events_after(position, 7).await.unwrap(), (Vec::new(), position));
    });
}

#[test]
fn samples_come_back_whole() {
    with_each(async |store: Store| {
        let bytes = Bytes::from(vec![0x7f; 300_000]);
        let (sha256, new) = store.put_sample(bytes.clone()).await.unwrap();
        assert!(new && sha256 == Sha256::of(&bytes));
        assert_eq!(store.put_sample(bytes.clone()).await.unwrap(), (sha256, false));
        assert_eq!(store.sample(&sha256).await.unwrap(), Some(bytes.clone()));
        let container = store.sample_cart(&sha256).await.unwrap().unwrap();
        assert_eq!(crate::cart::unpack(&container, 1 << 20).unwrap().bytes, bytes);
        assert_eq!(store.sample(&Sha256::of(b"other")).await.unwrap(), None);
        assert_eq!(store.samples(SampleQuery::default()).await.unwrap().items.len(), 1);
        assert!(store.disk_usage().await.unwrap().samples_bytes > 0);
    });
}

#[test]
fn recordings_come_back_whole() {
    with_each(async |store: Store| {
        let session = session_id(1, at(0));
        let cast = "{\"version\":2}\n[0.1,\"o\",\"# \"]\n".repeat(500).into_bytes();
        store.put_recording(session, cast.clone()).await.unwrap();
        store.submit(visit(1, at(0), 1)).await.unwrap();
        assert_eq!(store.recording(session).await.unwrap(), Some(cast));
        assert_eq!(store.recording(session_id(2, at(0))).await.unwrap(), None);
        let usage = store.disk_usage().await.unwrap();
        assert!((1..3_000).contains(&usage.recordings_bytes), "{usage:?}");
    });
}

#[test]
fn what_is_too_large_is_refused() {
    with_each(async |store: Store| {
        let limit = usize::try_from(StoreConfig::default().sample_bytes_max).unwrap();
        let sample = store.put_sample(vec![0; limit + 1].into()).await;
        assert!(matches!(sample, Err(StoreError::TooLarge { .. })));
        let cast = vec![b'x'; crate::limits::RECORDING_BYTES_MAX + 1];
        let recording = store.put_recording(session_id(1, at(0)), cast).await;
        assert!(matches!(recording, Err(StoreError::TooLarge { .. })));
        let line = "x".repeat(crate::limits::RECORD_BYTES_MAX);
        let huge = event(1, at(0), session_id(1, at(0)), 1, super::make::command(&line));
        assert!(matches!(store.submit(vec![huge]).await, Err(StoreError::TooLarge { .. })));
        assert!(
            store.put_meta(&"k".repeat(300), "v").await.is_err()
                || store.get_meta("k").await.unwrap().is_none()
        );
        assert_eq!(store.health(), Health::Ok);
    });
}

#[test]
fn a_captured_sample_wakes_a_worker() {
    with_each(async |store: Store| {
        let sha256 = Sha256::of(b"x");
        let worker = {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    let jobs = store.queue().lease("static", "w", SOON, 1).await.unwrap();
                    if let Some(job) = jobs.into_iter().next() {
                        return job;
                    }
                    store.queue().notified().await;
                }
            })
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        store
            .submit(vec![event(1, at(0), session_id(1, at(0)), 1, captured(sha256, "x"))])
            .await
            .unwrap();
        let job = timeout(SOON, worker).await.unwrap().unwrap();
        assert_eq!(job.sha256, sha256);
        assert!(store.queue().renew(&job, SOON).await.unwrap());
        store.put_analysis(Arc::new(analysis(sha256, at(1), Outcome::Complete))).await.unwrap();
        assert!(store.queue().complete(&job).await.unwrap());
        assert_eq!(store.queue().stats().await.unwrap().waiting, 0);
        assert_eq!(store.analyses_of(&sha256).await.unwrap().len(), 1);
    });
}

#[test]
fn many_senders_share_commits() {
    with_each(async |store: Store| {
        let send = |n: u32| {
            let store = store.clone();
            tokio::spawn(async move { store.submit(visit(n, at(n.into()), n as u8)).await })
        };
        let sent: Vec<_> = (1..200).map(send).collect();
        for sent in sent {
            sent.await.unwrap().unwrap();
        }
        let totals = store.totals().await.unwrap();
        assert_eq!((totals.events, totals.sessions), (199 * 6, 199));
    });
}

#[test]
fn a_closed_store_says_so() {
    with_each(async |store: Store| {
        store.enqueue(visit(1, at(0), 1)).await.unwrap();
        store.close().await.unwrap();
        store.close().await.unwrap();
        assert!(matches!(store.submit(visit(2, at(1), 1)).await, Err(StoreError::Closed)));
        assert!(matches!(store.enqueue(visit(2, at(1), 1)).await, Err(StoreError::Closed)));
        assert_eq!(store.totals().await.unwrap().events, 6, "what was queued was written");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = Bytes::from_static(b"#!/bin/sh\n");
    let c2 = indicator("c2.example", Role::C2, at(0));
    let session = session_id(1, at(0));
    let sha256 = {
        let store = open(dir.path());
        let (sha256, _) = store.put_sample(bytes.clone()).await.unwrap();
        store.put_recording(session, b"cast".to_vec()).await.unwrap();
        let mut events = visit(1, at(0), 1);
        events.push(event(99, at(2), session, 1, captured(sha256, "x.sh")));
        store.enqueue(events).await.unwrap();
        store.put_indicators(std::slice::from_ref(&c2)).await.unwrap();
        store.put_meta("cursor", "42").await.unwrap();
        sha256
    };
    let store = open(dir.path());
    assert_eq!(store.totals().await.unwrap().events, 7);
    assert_eq!(store.sample(&sha256).await.unwrap(), Some(bytes));
    assert_eq!(store.recording(session).await.unwrap().as_deref(), Some(&b"cast"[..]));
    assert_eq!(store.indicator(c2.id).await.unwrap(), Some(c2));
    assert_eq!(store.get_meta("cursor").await.unwrap().as_deref(), Some("42"));
    assert_eq!(store.queue().stats().await.unwrap().waiting, 1);
    assert_eq!(store.session(session).await.unwrap().unwrap().samples, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_catalogue_is_made_again_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for n in 1..50 {
        store.submit(visit(n, at(n.into()), n as u8)).await.unwrap();
    }
    let before = store.sessions(SessionQuery::default()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    for name in ["catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"] {
        let _absent = std::fs::remove_file(dir.path().join(name));
    }
    let store = open(dir.path());
    assert_eq!(store.totals().await.unwrap().events, 49 * 6);
    assert_eq!(store.sessions(SessionQuery::default()).await.unwrap(), before);
    let query = EventQuery { src_ip: Some(ip(7)), ..EventQuery::default() };
    assert_eq!(store.events(query).await.unwrap().items.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_log_does_not_reuse_positions() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.submit(visit(1, at(1), 1)).await.unwrap();
    let position = store.log_position();
    drop(store);
    std::fs::remove_dir_all(dir.path().join("events")).unwrap();
    let store = open(dir.path());
    store.submit(visit(2, at(2), 2)).await.unwrap();
    assert!(store.log_position() > position);
    let events = store.events(EventQuery::default()).await.unwrap();
    assert_eq!(events.items.len(), 6, "the lost ones are left out");
    assert_eq!(store.events_after(position, 99).await.unwrap().0.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_sample_is_not_handed_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (first, _) = store.put_sample(Bytes::from_static(b"first")).await.unwrap();
    let (second, _) = store.put_sample(Bytes::from_static(b"second")).await.unwrap();
    // What was put just now is at hand: it is the file that counts after a start.
    store.close().await.unwrap();
    let store = open(dir.path());
    let path = |sha256: &Sha256| {
        let name = sha256.to_string();
        dir.path().join("samples").join(&name[..2]).join(format!("{name}.cart"))
    };
    std::fs::copy(path(&first), path(&second)).unwrap();
    assert!(matches!(store.sample(&second).await, Err(StoreError::Damaged { .. })));
    std::fs::write(path(&first), b"CART").unwrap();
    assert!(matches!(store.sample(&first).await, Err(StoreError::Damaged { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_on_disk_are_private_and_unfinished_ones_go() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let tmp = dir.path().join("samples/tmp");
    std::fs::create_dir_all(&tmp).unwrap();
    std::fs::write(tmp.join("half"), b"CA").unwrap();
    let store = open(dir.path());
    assert_eq!(std::fs::read_dir(&tmp).unwrap().count(), 0);
    let (sha256, _) = store.put_sample(Bytes::from_static(b"\x7fELF")).await.unwrap();
    let name = sha256.to_string();
    let path = dir.path().join("samples").join(&name[..2]).join(format!("{name}.cart"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read(&path).unwrap().starts_with(b"CART"));
    let catalogue = dir.path().join("catalogue.sqlite");
    assert_eq!(std::fs::metadata(catalogue).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_use_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let second = Store::open(dir.path(), StoreConfig::default());
    assert!(matches!(second, Err(StoreError::InUse { .. })));
    store.close().await.unwrap();
    open(dir.path());
}

#[test]
fn the_configuration_reads_back_and_refuses_unknown_keys() {
    let config = StoreConfig::default();
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<StoreConfig>(&json).unwrap(), config);
    assert!(serde_json::from_str::<StoreConfig>("{\"quota\": 1}").is_err());
    assert_eq!((config.retry_delay_ms(1), config.retry_delay_ms(3)), (10_000, 40_000));
    assert_eq!(config.retry_delay_ms(u32::MAX), config.job_retry_ms_max);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_whose_event_a_crash_lost_is_analysed_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (sha256, _) =
        store.put_sample(Bytes::from_static(b"#!/bin/sh\necho orphan\n")).await.unwrap();
    assert_eq!(store.queue().stats().await.unwrap().waiting, 0);
    store.close().await.unwrap();
    let store = open(dir.path());
    let jobs = store.queue().lease("static", "w", Duration::from_mins(1), 10).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.sha256).collect::<Vec<_>>(), [sha256]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_of_a_dead_worker_goes_on_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let sha256 = Sha256::of(b"x");
    store.queue().push("static", sha256, 0).await.unwrap();
    let day = Duration::from_hours(24);
    assert_eq!(store.queue().lease("static", "dead", day, 1).await.unwrap().len(), 1);
    store.close().await.unwrap();
    let store = open(dir.path());
    assert_eq!(store.queue().lease("static", "alive", day, 1).await.unwrap().len(), 1);
}
