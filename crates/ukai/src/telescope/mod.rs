//! `ukai telescope`: who scans for what, and who is under attack, by the packets at unused
//! addresses: from captures, or as they arrive.

mod live;
mod look;
mod report;

use crate::cli::WrongUse;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufWriter, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use ukai_link::capture::{CaptureError, CaptureReader, Direction};
use ukai_telescope::{Link, Origins, Settings, Telescope};
use ukai_watch::FlowFile;

use look::LookArgs;
pub(crate) use look::origins;
use report::{Report, Told};

/// Packets between two looks at the clock.
const PROGRESS_PACKETS: u64 = 1 << 16;

/// The telescope's commands.
#[derive(Subcommand)]
pub(crate) enum TelescopeCommand {
    /// Read captures: scanners with their tools, DDoS attacks, campaigns, ports.
    Read(ReadArgs),
    /// Watch interfaces: tells scanners, attacks and rising ports as they happen.
    Live(live::LiveArgs),
}

/// Flags of `ukai telescope read`.
#[derive(Args)]
pub(crate) struct ReadArgs {
    /// Captures (pcap or pcapng, also compressed by gzip or zstd), in the order of their
    /// times; `-` reads standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    look: LookArgs,
    /// Write records per minute to this file: as Parquet if its name ends so, otherwise one
    /// JSON object a line.
    #[arg(long, value_name = "FILE")]
    flows: Option<PathBuf>,
    /// Records of a minute; what comes beyond is counted together.
    #[arg(long, value_name = "N", default_value_t = 262_144, value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    flows_max: u32,
    /// Rows of each table that are shown; JSON has all.
    #[arg(long, value_name = "N", default_value_t = 15)]
    top: usize,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs a command of the telescope.
pub(crate) fn run(command: &TelescopeCommand) -> Result<ExitCode> {
    match command {
        TelescopeCommand::Read(args) => read(args),
        TelescopeCommand::Live(args) => live::run(args),
    }
}

/// Reads captures. Exit code 3: a file ended in the middle of a frame.
fn read(args: &ReadArgs) -> Result<ExitCode> {
    let origins = Arc::new(args.look.origins()?);
    let mut flows = Flows::create(args.flows.as_deref())?;
    let seed = RandomState::new().build_hasher().finish();
    let settings = Settings {
        flows_max: args.flows.as_ref().map_or(0, |_| args.flows_max as usize),
        ..args.look.settings()?
    };
    let mut telescope = Telescope::new(settings, Arc::clone(&origins), seed);
    let mut told = Told::default();
    let mut cut_off = false;
    for file in &args.files {
        match read_file(file, &mut telescope, &mut told, (&mut flows, &origins))? {
            None => {}
            Some(error) => {
                eprintln!("ukai: {}: {error}", file.display());
                cut_off = true;
            }
        }
    }
    telescope.finish();
    told.take(&mut telescope);
    flows.take(&mut telescope, &origins)?;
    flows.finish()?;
    let summary = telescope.summary(args.top.max(100));
    let report = Report::new(&args.files, args.look.sampling(), told, summary);
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, &report).context("standard output")?;
        writeln!(out).context("standard output")?;
    } else {
        write!(out, "{}", report.text(args.top)).context("standard output")?;
    }
    Ok(if cut_off { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// The file of records, if one is wanted.
enum Flows {
    None,
    Lines(BufWriter<File>),
    Parquet(Box<FlowFile<BufWriter<File>>>),
}

impl Flows {
    fn create(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::None) };
        let wrong = |error: std::io::Error| WrongUse(format!("{}: {error}", path.display()));
        let out = BufWriter::new(File::create(path).map_err(wrong)?);
        if path.extension().is_some_and(|extension| extension == "parquet") {
            return Ok(Self::Parquet(Box::new(FlowFile::new(out).map_err(wrong)?)));
        }
        Ok(Self::Lines(out))
    }

    fn take(&mut self, telescope: &mut Telescope, origins: &Origins) -> Result<()> {
        for minute in telescope.minutes() {
            match self {
                Self::None => {}
                Self::Lines(file) => {
                    for flow in minute.flows() {
                        serde_json::to_writer(&mut *file, &flow).context("the file of records")?;
                        file.write_all(b"\n").context("the file of records")?;
                    }
                }
                Self::Parquet(file) => {
                    file.add(&minute, origins).context("the file of records")?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Lines(mut file) => file.flush(),
            Self::Parquet(file) => file.finish().and_then(|mut file| file.flush()),
        }
        .context("the file of records")
    }
}

/// Gives a file's frames to the telescope; an error if the file ends too early.
fn read_file(
    path: &Path,
    telescope: &mut Telescope,
    told: &mut Told,
    (flows, origins): (&mut Flows, &Origins),
) -> Result<Option<CaptureError>> {
    let wrong = |error: &dyn std::fmt::Display| WrongUse(format!("{}: {error}", path.display()));
    let (input, size): (Box<dyn Read>, u64) = if path == Path::new("-") {
        (Box::new(std::io::stdin().lock()), 0)
    } else {
        let file = File::open(path).map_err(|error| wrong(&error))?;
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        (Box::new(file), size)
    };
    let progress = Progress::new(path, size);
    let input = Counted { input, read: Arc::clone(&progress.read) };
    let mut capture = CaptureReader::new(input).map_err(|error| wrong(&error))?;
    let mut packets = 0_u64;
    let ended = loop {
        let frame = match capture.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        // What the capturing machine sent itself did not arrive at the telescope.
        if frame.direction != Direction::Out {
            match Link::from_number(u32::from(frame.link_type.0)) {
                Some(link) => {
                    telescope.frame(frame.time, link, frame.bytes, frame.original_bytes);
                }
                None => told.unknown_links += 1,
            }
        }
        packets += 1;
        flows.take(telescope, origins)?;
        if packets.is_multiple_of(PROGRESS_PACKETS) {
            told.take(telescope);
            progress.show(packets);
        }
    };
    told.lost += capture.dropped();
    progress.clear();
    Ok(ended)
}

/// A reader that counts.
struct Counted<R> {
    input: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let bytes = self.input.read(buffer)?;
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

/// A line on the terminal that says how far a file is.
struct Progress {
    name: String,
    size: u64,
    read: Arc<AtomicU64>,
    began: Instant,
    shown: bool,
}

impl Progress {
    fn new(path: &Path, size: u64) -> Self {
        Self {
            name: path.display().to_string(),
            size,
            read: Arc::default(),
            began: Instant::now(),
            shown: std::io::stderr().is_terminal(),
        }
    }

    fn show(&self, packets: u64) {
        if !self.shown {
            return;
        }
        let read = self.read.load(Ordering::Relaxed);
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let far = (read * 100).checked_div(self.size).map_or_else(
            || format!("{} MiB", read >> 20),
            |percent| format!("{:3} %", percent.min(100)),
        );
        let rate = packets as f64 / seconds / 1e6;
        eprint!("\r{}: {far}, {packets} packets, {rate:.1} million/s \x1b[K", self.name);
    }

    fn clear(&self) {
        if self.shown {
            eprint!("\r\x1b[K");
        }
    }
}
