//! How fast the telescope is: makes a capture of known content, and reads it.
//!
//! ```text
//! cargo run --release -p ukai-telescope --example telescope_speed -- make FILE 10000000
//! cargo run --release -p ukai-telescope --example telescope_speed -- read FILE [DATABASE]
//! cargo run --release -p ukai-telescope --example telescope_speed -- flood 100000000 [DATABASE]
//! ```
//!
//! `bench/telescope.c` is the loop that it is compared with. `flood` sends SYNs, each with
//! a source of its own, and shows that memory stays where it is. With a database of origins,
//! as `make geo` installs them, packets and sources are counted by country and system as well.

#[allow(dead_code, reason = "shared with the tests")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use support::{DARK, Scale, Trace, packets};
use ukai_model::Timestamp;
use ukai_telescope::seen::{Reading, Seen};
use ukai_telescope::{Fact, Link, Origins, Rules, Settings, Telescope, classify};

const FILE_HEADER_BYTES: usize = 24;
const RECORD_HEADER_BYTES: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse().ok());
    let database = arguments.get(2);
    match (arguments.first().map(String::as_str), arguments.get(1)) {
        (Some("make"), Some(file)) => make(file, number(2).unwrap_or(10_000_000)),
        (Some("read"), Some(file)) => read(file, database),
        (Some("flood"), _) => flood(number(1).unwrap_or(100_000_000), database),
        _ => eprintln!(
            "telescope_speed make FILE PACKETS | read FILE [DATABASE] | flood PACKETS [DATABASE]"
        ),
    }
}

/// Writes a classic capture of raw IP.
fn make(file: &str, packets: u64) {
    let scale = Scale {
        attacks: 60,
        carpets: 5,
        weak_attacks: 60,
        scanners: 1000,
        scan_packets: packets * 7 / 10_000,
        flood_packets: packets * 15 / 100,
        noise_packets: packets * 3 / 100,
        seconds: 5400,
    };
    let mut out = BufWriter::new(std::fs::File::create(file).expect("a file can be made"));
    let mut head = Vec::new();
    head.extend_from_slice(&0xa1b2_3c4d_u32.to_le_bytes());
    head.extend_from_slice(&[2, 0, 4, 0]);
    head.extend_from_slice(&[0; 8]);
    head.extend_from_slice(&65_535_u32.to_le_bytes());
    head.extend_from_slice(&101_u32.to_le_bytes());
    out.write_all(&head).expect("the file can be written");
    let mut trace = Trace::new(7, scale);
    let mut written = 0;
    while written < packets
        && let Some((time, packet)) = trace.packet()
    {
        let length = packet.len() as u32;
        let mut record = [0; RECORD_HEADER_BYTES];
        record[..4].copy_from_slice(&(time.secs() as u32).to_le_bytes());
        record[4..8].copy_from_slice(&((time.nanos() % 1_000_000_000) as u32).to_le_bytes());
        record[8..12].copy_from_slice(&length.to_le_bytes());
        record[12..].copy_from_slice(&length.to_le_bytes());
        out.write_all(&record).expect("the file can be written");
        out.write_all(&packet).expect("the file can be written");
        written += 1;
    }
    out.flush().expect("the file can be written");
    println!("{file}: {written} packets");
}

/// Calls `each` for every packet of a capture that is in memory.
fn records(capture: &[u8], mut each: impl FnMut(Timestamp, &[u8])) -> u64 {
    let mut rest = &capture[FILE_HEADER_BYTES..];
    let mut count = 0;
    while let Some((head, behind)) = rest.split_at_checked(RECORD_HEADER_BYTES) {
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let Some((packet, behind)) = behind.split_at_checked(word(8) as usize) else { break };
        let nanos = u64::from(word(0)) * 1_000_000_000 + u64::from(word(4));
        each(Timestamp::from_nanos(nanos), packet);
        rest = behind;
        count += 1;
    }
    count
}

fn settings() -> Settings {
    let dark = DARK.iter().map(|net| net.parse().expect("a prefix")).collect();
    Settings { dark, ..Settings::default() }
}

fn origins(database: Option<&String>) -> Origins {
    let mut origins = Origins::default();
    if let Some(file) = database {
        let bytes = std::fs::read(file).expect("the database can be read");
        origins.add_database(bytes).expect("a database");
    }
    origins
}

/// A telescope, and what it takes to make one that knows origins.
fn telescope(settings: Settings, database: Option<&String>) -> Telescope {
    let began = cpu_seconds();
    let telescope = Telescope::new(settings, origins(database), 7);
    if database.is_some() {
        println!("origins: {:.2} s, {} MB", cpu_seconds() - began, resident_mb());
    }
    telescope
}

fn read(file: &str, database: Option<&String>) {
    let capture = std::fs::read(file).expect("the file can be read");
    let report = |what: &str, packets: u64, began: f64| {
        let rate = packets as f64 / (cpu_seconds() - began) / 1e6;
        println!("{what}: {packets} packets, {rate:.2} million/s");
    };
    let began = cpu_seconds();
    let mut bytes = 0;
    let packets = records(&capture, |_, packet| bytes += black_box(packet.len()));
    report("records", packets, began);
    for checksums in [false, true] {
        let began = cpu_seconds();
        let mut probes = 0_u64;
        let packets = records(&capture, |_, packet| {
            let how = Reading { checksums, tunnels: false };
            if let Ok(seen) = Seen::read(packet, false, how) {
                let verdict = classify(&seen, Rules::default());
                probes += u64::from(verdict.class.group() == "scan");
            }
        });
        black_box(probes);
        let with = if checksums { "with" } else { "without" };
        report(&format!("named, {with} checksums"), packets, began);
    }
    for (checksums, flows_max) in [(false, 0), (true, 0), (true, 262_144)] {
        let mut settings = settings();
        settings.reading.checksums = checksums;
        settings.flows_max = flows_max;
        let mut telescope = telescope(settings, database);
        let began = cpu_seconds();
        let mut flows = 0;
        let packets = records(&capture, |time, packet| {
            telescope.frame(time, Link::Raw, packet, packet.len() as u32);
            flows += telescope.minutes().map(|minute| minute.len()).sum::<usize>();
        });
        telescope.finish();
        flows += telescope.minutes().map(|minute| minute.len()).sum::<usize>();
        let with = if checksums { "with" } else { "without" };
        let more =
            if flows_max > 0 { format!(", {flows} records per minute") } else { String::new() };
        let what = format!("sources, attacks, campaigns, {with} checksums{more}");
        report(&what, packets, began);
        let facts: Vec<_> = telescope.facts().collect();
        let attacks = facts.iter().filter(|fact| matches!(fact, Fact::AttackEnded(_))).count();
        let scanners = facts.iter().filter(|fact| matches!(fact, Fact::Scanner(_))).count();
        let summary = telescope.summary(0);
        println!(
            "  {attacks} attacks, {scanners} scanners, {} sources of {} countries and {} systems \
             that are told; {} MB",
            summary.sources,
            summary.countries.len(),
            summary.systems.len(),
            resident_mb()
        );
    }
}

/// SYNs, each with a source of its own.
fn flood(packets: u64, database: Option<&String>) {
    // TCP's sum is not made anew for each source.
    let mut settings = settings();
    settings.reading.checksums = false;
    let mut telescope = telescope(settings, database);
    let mut rng = rand::SeedableRng::seed_from_u64(7);
    let (src, dst) = (IpAddr::from([9, 9, 9, 9]), IpAddr::from([198, 18, 7, 7]));
    let mut packet = packets::syn("unknown", 1, src, dst, 80, &mut rng);
    let began = cpu_seconds();
    for number in 0..packets {
        // An odd factor: each source once.
        let source = Ipv4Addr::from((number as u32).wrapping_mul(0x9e37_79b1));
        packet[12..16].copy_from_slice(&source.octets());
        packet[10..12].fill(0);
        let sum = ukai_packet::checksum::Sum::new().bytes(&packet[..20]).finish();
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        let time = Timestamp::from_secs(support::BEGINS) + std::time::Duration::from_micros(number);
        telescope.packet(time, &packet, false);
        if (number + 1).is_multiple_of(packets.div_ceil(10)) || number == 99_999 {
            println!("{} packets: {} MB", number + 1, resident_mb());
        }
    }
    let rate = packets as f64 / (cpu_seconds() - began) / 1e6;
    telescope.finish();
    let summary = telescope.summary(1);
    for seen in summary.countries.iter().take(5) {
        println!("  {seen:?}");
    }
    println!(
        "{rate:.2} million/s; {} sources estimated, {} displaced",
        summary.sources, summary.sources_displaced
    );
}

/// Time on a CPU: others may use the machine.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e9
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
