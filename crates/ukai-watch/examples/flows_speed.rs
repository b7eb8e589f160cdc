//! How fast records per minute are made and written as Parquet: reads a capture as
//! `telescope_speed make` of `ukai-telescope` makes it, and writes its records to a file.
//!
//! ```text
//! cargo run --release -p ukai-watch --example flows_speed -- CAPTURE OUT.parquet
//! ```

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::time::Instant;
use ukai_model::Timestamp;
use ukai_telescope::{Link, Origins, Settings, Telescope};
use ukai_watch::FlowFile;

const FILE_HEADER_BYTES: usize = 24;
const RECORD_HEADER_BYTES: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [capture, out] = &arguments[..] else {
        eprintln!("flows_speed CAPTURE OUT.parquet");
        return;
    };
    let capture = std::fs::read(capture).expect("the capture can be read");
    let dark = ["198.18.0.0/16", "2001:db8:d::/48"];
    let settings = Settings {
        dark: dark.iter().map(|net| net.parse().expect("a prefix")).collect(),
        flows_max: 262_144,
        ..Settings::default()
    };
    let origins = Origins::default();
    let mut telescope = Telescope::new(settings, Origins::default(), 7);
    let file = BufWriter::new(File::create(out).expect("the file can be made"));
    let mut file = FlowFile::new(file).expect("the file can be written");
    let (began, began_cpu) = (Instant::now(), cpu_seconds());
    let (mut packets, mut records) = (0_u64, 0);
    let mut rest = &capture[FILE_HEADER_BYTES..];
    while let Some((head, behind)) = rest.split_at_checked(RECORD_HEADER_BYTES) {
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let Some((packet, behind)) = behind.split_at_checked(word(8) as usize) else { break };
        let nanos = u64::from(word(0)) * 1_000_000_000 + u64::from(word(4));
        telescope.frame(Timestamp::from_nanos(nanos), Link::Raw, packet, packet.len() as u32);
        for minute in telescope.minutes() {
            records += minute.len();
            file.add(&minute, &origins).expect("the file can be written");
        }
        rest = behind;
        packets += 1;
    }
    telescope.finish();
    for minute in telescope.minutes() {
        records += minute.len();
        file.add(&minute, &origins).expect("the file can be written");
    }
    file.finish().and_then(|mut file| file.flush()).expect("the file can be written");
    let (cpu, seconds) = (cpu_seconds() - began_cpu, began.elapsed().as_secs_f64());
    let bytes = std::fs::metadata(out).map_or(0, |metadata| metadata.len());
    println!(
        "sources, attacks, campaigns, records as Parquet: {packets} packets, {:.2} million/s of \
         CPU, {:.2} million/s; {records} records, {} MB, {:.1} bytes each",
        packets as f64 / cpu / 1e6,
        packets as f64 / seconds / 1e6,
        bytes / 1_000_000,
        bytes as f64 / records.max(1) as f64
    );
}

/// Time on a CPU: others may use the machine.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e9
}
