//! `kill -9` at random points: what was acknowledged is there, readable, found, once.
//!
//! The test starts its own binary again as the victim, which writes events and samples
//! and prints each acknowledgement; the pipe keeps what was printed before the kill.

use super::make::{at, captured, event, session_id};
use crate::query::EventQuery;
use crate::seam::Position;
use crate::{Store, StoreConfig};
use bytes::Bytes;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use ukai_model::{Event, EventId, SessionId, Sha256, Timestamp};

const DIR: &str = "UKAI_TEST_CRASH_DIR";
const SEED: &str = "UKAI_TEST_SEED";
const ROUNDS: u64 = 100;
/// The victim lives so long at most, counted from its start, in microseconds: enough
/// for some hundred acknowledgements, little enough to hit opening and recovery too.
const LIFE_US_MAX: u64 = 180_000;

fn config() -> StoreConfig {
    // Small segments: kills shall hit roll-overs.
    StoreConfig {
        segment_bytes: 64 << 10,
        quota_bytes: 0,
        free_bytes_min: 0,
        flush_ms: 5,
        ..StoreConfig::default()
    }
}

/// Not a test by itself: the process that is killed.
#[test]
fn victim() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let seed = std::env::var(SEED).unwrap().parse().unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(write_until_killed(Path::new(&dir), seed));
}

async fn write_until_killed(dir: &Path, seed: u64) {
    let store = Store::open(dir, config()).unwrap();
    let mut tasks = Vec::new();
    for task in 0..4u64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut rng = SmallRng::seed_from_u64(seed.wrapping_mul(10).wrapping_add(task));
            for n in 0.. {
                if task == 0 {
                    write_sample(&store, &mut rng).await;
                } else {
                    write_events(&store, &mut rng, n).await;
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

fn random_event(rng: &mut SmallRng, kind: ukai_model::EventKind) -> Event {
    let time = at(rng.random_range(0..1_000_000));
    let mut event = event(0, time, session_id(rng.random_range(0..50), at(0)), 1, kind);
    event.id = EventId::new(time, rng.random());
    event
}

async fn write_events(store: &Store, rng: &mut SmallRng, n: u32) {
    let line = "x".repeat(rng.random_range(0..3_000));
    let count = rng.random_range(1..20);
    let events: Vec<Event> =
        (0..count).map(|_| random_event(rng, super::make::command(&line))).collect();
    if n.is_multiple_of(5) {
        // Queued only: it may be lost, but must not disturb.
        store.enqueue(events).await.unwrap();
        let cast = line.into_bytes();
        store.put_recording(SessionId::new(at(0), rng.random()), cast).await.unwrap();
        return;
    }
    let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
    store.submit(events).await.unwrap();
    let lines: Vec<String> = ids.iter().map(|id| format!("event {id}\n")).collect();
    acknowledge(&lines.concat());
}

async fn write_sample(store: &Store, rng: &mut SmallRng) {
    let mut bytes = vec![0; rng.random_range(1..20_000)];
    rng.fill(&mut bytes[..]);
    let (sha256, _) = store.put_sample(bytes.into()).await.unwrap();
    acknowledge(&format!("sample {sha256}\n"));
    let event = random_event(rng, captured(sha256, "x"));
    let id = event.id;
    store.submit(vec![event]).await.unwrap();
    acknowledge(&format!("sighting {id} {sha256}\n"));
}

/// One write, so that a kill leaves whole lines or nothing.
fn acknowledge(lines: &str) {
    std::io::stderr().lock().write_all(lines.as_bytes()).unwrap();
}

#[derive(Default)]
struct Acknowledged {
    events: HashSet<EventId>,
    samples: HashSet<Sha256>,
    sightings: HashMap<EventId, Sha256>,
}

impl Acknowledged {
    fn read(printed: &str) -> Self {
        let mut acknowledged = Self::default();
        // The last line may be cut.
        let whole = printed.rfind('\n').map_or("", |end| &printed[..end]);
        for line in whole.lines() {
            match *line.split(' ').collect::<Vec<_>>() {
                ["event", id] => drop(acknowledged.events.insert(id.parse().unwrap())),
                ["sample", sha256] => drop(acknowledged.samples.insert(sha256.parse().unwrap())),
                ["sighting", id, sha256] => {
                    let id: EventId = id.parse().unwrap();
                    acknowledged.events.insert(id);
                    acknowledged.sightings.insert(id, sha256.parse().unwrap());
                }
                _ => panic!("the victim failed by itself:\n{printed}"),
            }
        }
        acknowledged
    }
}

/// Starts the victim and kills it after `life`. What it had acknowledged.
fn kill_after(dir: &Path, seed: u64, life: Duration) -> Acknowledged {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["tests::crash::victim", "--exact", "--nocapture"])
        .env(DIR, dir)
        .env(SEED, seed.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = victim.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut printed = Vec::new();
        pipe.read_to_end(&mut printed).unwrap();
        printed
    });
    std::thread::sleep(life);
    // SIGKILL.
    victim.kill().unwrap();
    victim.wait().unwrap();
    Acknowledged::read(&String::from_utf8(reader.join().unwrap()).unwrap())
}

#[test]
fn nothing_acknowledged_is_lost() {
    let seed = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| Timestamp::from(std::time::SystemTime::now()).nanos() >> 10);
    println!("{SEED}={seed}");
    let mut rng = SmallRng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let started = Instant::now();
    let mut all = Acknowledged::default();
    for round in 0..ROUNDS {
        let life = Duration::from_micros(rng.random_range(0..LIFE_US_MAX));
        let acknowledged = kill_after(dir.path(), seed.wrapping_add(round), life);
        runtime.block_on(check(
            dir.path(),
            &acknowledged,
            &format!("round {round} of seed {seed}"),
        ));
        all.events.extend(acknowledged.events);
        all.samples.extend(acknowledged.samples);
        all.sightings.extend(acknowledged.sightings);
    }
    runtime.block_on(check(dir.path(), &all, &format!("the end of seed {seed}")));
    runtime.block_on(check_unique(dir.path()));
    println!(
        "{ROUNDS} kills in {:?}: {} events and {} samples were acknowledged, all are there",
        started.elapsed(),
        all.events.len(),
        all.samples.len(),
    );
    assert!(all.events.len() > 1_000 && all.samples.len() > 50, "too little to mean anything");
}

async fn check(dir: &Path, acknowledged: &Acknowledged, when: &str) {
    let store = Store::open(dir, config()).unwrap();
    for id in &acknowledged.events {
        let event = store.event(*id).await.unwrap();
        assert!(event.is_some_and(|event| event.id == *id), "event {id} is lost in {when}");
    }
    for sha256 in &acknowledged.samples {
        let bytes: Option<Bytes> = store.sample(sha256).await.unwrap();
        assert!(bytes.is_some(), "sample {sha256} is lost in {when}");
        assert!(store.sample_summary(sha256).await.unwrap().unwrap().stored, "in {when}");
    }
    for (id, sha256) in &acknowledged.sightings {
        let sightings = store.sightings(sha256, 10).await.unwrap();
        assert_eq!(sightings.iter().filter(|s| s.event == *id).count(), 1, "in {when}");
        let job = store.queue().job_of("static", *sha256).await.unwrap();
        assert!(job.is_some(), "sample {sha256} would never be analysed, in {when}");
        let query = EventQuery { sha256: Some(*sha256), ..EventQuery::default() };
        assert_eq!(store.events(query).await.unwrap().items.len(), 1, "in {when}");
    }
    store.close().await.unwrap();
}

/// The log holds each event once, and the index exactly those.
async fn check_unique(dir: &Path) {
    let store = Store::open(dir, config()).unwrap();
    let (mut seen, mut position) = (HashSet::new(), Position::default());
    while position < store.log_position() {
        let (events, next) = store.events_after(position, 4_000).await.unwrap();
        for event in events {
            assert!(seen.insert(event.id), "{} is there twice", event.id);
        }
        position = next;
    }
    assert_eq!(store.totals().await.unwrap().events, seen.len() as u64);
}
