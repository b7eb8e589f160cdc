//! A disk that really fills up: a tmpfs of a few megabytes in a mount namespace of its
//! own. Needs root, or user namespaces; fails loudly where it cannot run.

use super::make::{at, captured, command, event, indicator, noisy_line, session_id, visit};
use crate::query::{EventQuery, Health};
use crate::{Store, StoreConfig, StoreError};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use ukai_model::{Event, Role};

const DIR: &str = "UKAI_TEST_FULL_DISK_DIR";

#[test]
fn a_full_disk_degrades_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=12m,mode=700 tmpfs "$0" && exec "$@""#;
    let user: &[&str] = if is_root() { &[] } else { &["--user", "--map-root-user"] };
    let output = Command::new("unshare")
        .args(user)
        .args(["--mount", "sh", "-c", script])
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .args(["tests::full_disk::in_namespace", "--exact", "--nocapture"])
        .env(DIR, dir.path())
        .output()
        .expect("`unshare` and `mount` (util-linux) are needed to test a full disk");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("recovered"),
        "the full disk could not be tested, or the test failed:\n{printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Not a test by itself: what runs on the small disk.
#[test]
fn in_namespace() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(other_programs_fill_the_disk(Path::new(&dir)));
    runtime.block_on(the_store_itself_fills_the_disk(Path::new(&dir)));
    println!("recovered");
}

/// Takes all space that is left. Returns how to give it back.
fn fill(dir: &Path) -> impl FnOnce() {
    let filler = dir.join("filler");
    let full = |error: &std::io::Error| error.kind() == std::io::ErrorKind::StorageFull;
    let mut file = fs::File::create(&filler).unwrap();
    let error = loop {
        if let Err(error) = std::io::Write::write_all(&mut file, &[1; 4096]) {
            break error;
        }
    };
    assert!(full(&error), "{error}");
    move || fs::remove_file(filler).unwrap()
}

async fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Submits until it fails; the events that were acknowledged.
async fn submit_until_refused(store: &Store, from: u32) -> Vec<Event> {
    let mut acknowledged = Vec::new();
    for n in from.. {
        let mut events = visit(n, at(n.into()), 1);
        events[3].kind = command(&noisy_line(n.into(), 8_000));
        match store.submit(events.clone()).await {
            Ok(()) => acknowledged.extend(events),
            Err(error) => {
                assert!(matches!(error, StoreError::Degraded { .. }), "{error}");
                break;
            }
        }
    }
    acknowledged
}

async fn other_programs_fill_the_disk(dir: &Path) {
    let data = dir.join("one");
    let config = StoreConfig { free_bytes_min: 0, quota_check_ms: 50, ..StoreConfig::default() };
    let store = Store::open(&data, config.clone()).unwrap();
    store.put_indicators(&[indicator("c2.example", Role::C2, at(0))]).await.unwrap();
    let mut acknowledged = visit(1, at(1), 1);
    store.submit(acknowledged.clone()).await.unwrap();

    let give_back = fill(dir);
    acknowledged.extend(submit_until_refused(&store, 2).await);
    assert!(matches!(store.health(), Health::Degraded { .. }));
    let refused = visit(5_000, at(5_000), 1);
    assert!(store.enqueue(refused.clone()).await.is_err(), "it fails at once");
    assert!(store.submit(refused.clone()).await.is_err());
    let sample = store.put_sample(vec![7; 100].into()).await;
    assert!(matches!(sample, Err(StoreError::Degraded { .. })), "{sample:?}");
    assert!(store.put_recording(session_id(1, at(1)), vec![7; 100]).await.is_err());
    // What there is can still be read.
    for event in &acknowledged {
        assert_eq!(store.event(event.id).await.unwrap().as_ref(), Some(event));
    }
    assert_eq!(store.event(refused[0].id).await.unwrap(), None);

    give_back();
    wait_for("recovery", || store.health() == Health::Ok).await;
    store.submit(refused.clone()).await.unwrap();
    acknowledged.extend(refused);
    let (sha256, new) = store.put_sample(vec![7; 100].into()).await.unwrap();
    assert!(new);
    store
        .submit(vec![event(77, at(6_000), session_id(9, at(1)), 1, captured(sha256, "x"))])
        .await
        .unwrap();
    drop(store);
    let store = Store::open(&data, config).unwrap();
    for event in &acknowledged {
        assert_eq!(store.event(event.id).await.unwrap().as_ref(), Some(event));
    }
    assert!(store.sample(&sha256).await.unwrap().is_some());
    assert_eq!(store.totals().await.unwrap().indicators, 1);
    drop(store);
    fs::remove_dir_all(data).unwrap();
}

/// With segments to delete, the store makes its own room and goes on.
async fn the_store_itself_fills_the_disk(dir: &Path) {
    let data = dir.join("two");
    let config = StoreConfig {
        free_bytes_min: 2 << 20,
        segment_bytes: 512 << 10,
        quota_check_ms: 20,
        ..StoreConfig::default()
    };
    let store = Store::open(&data, config).unwrap();
    store.put_indicators(&[indicator("c2.example", Role::C2, at(0))]).await.unwrap();
    let mut refused = 0;
    for n in 0..6_000u32 {
        let mut events = visit(n, at(n.into()), n as u8);
        events[3].kind = command(&noisy_line(n.into(), 4_000));
        refused += u32::from(store.submit(events).await.is_err());
    }
    // 24 MB went over a disk of 12.
    wait_for("recovery", || store.health() == Health::Ok).await;
    store.submit(visit(9_000, at(9_000), 1)).await.unwrap();
    assert!(refused < 600, "{refused} refused");
    let newest = store.events(EventQuery::default()).await.unwrap();
    assert_eq!(newest.items[0].session, Some(session_id(9_000, at(9_000))));
    assert_eq!(store.session(session_id(0, at(0))).await.unwrap(), None);
    assert_eq!(store.totals().await.unwrap().indicators, 1);
}
