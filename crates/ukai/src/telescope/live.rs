//! `ukai telescope live`: interfaces, watched until a signal.

use super::look::LookArgs;
use crate::cli::WrongUse;
use crate::observing::Stop;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ukai_model::Timestamp;
use ukai_telescope::{Attack, Fact, Interval, Scanner, Settings, Tool};
use ukai_watch::{Figures, FlowFolder, FlowKeeper, Looking, News, TelescopeConfig, Watch};

/// Flags of `ukai telescope live`.
#[derive(Args)]
pub(crate) struct LiveArgs {
    /// Interfaces on which packets to unused addresses arrive.
    #[arg(required = true)]
    interfaces: Vec<String>,
    #[command(flatten)]
    look: LookArgs,
    /// Links that share an interface's packets by flow.
    #[arg(long, value_name = "N", default_value_t = TelescopeConfig::default().links_per_interface)]
    links: usize,
    /// MiB in which packets wait, of each link.
    #[arg(long, value_name = "MIB", default_value_t = TelescopeConfig::default().ring_bytes >> 20)]
    ring: usize,
    /// Seconds of silence after which a source is told and forgotten.
    #[arg(long, value_name = "SECONDS", default_value_t = TelescopeConfig::default().forget_after_s)]
    forget_after: u64,
    /// Seconds of an interval of the history of ports.
    #[arg(long, value_name = "SECONDS", default_value_t = TelescopeConfig::default().interval_s)]
    interval: u64,
    /// Seconds from one line with the counters to the next.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    status: u64,
    /// Keep records per minute as Parquet files in this folder, a new one every ten minutes.
    #[arg(long, value_name = "FOLDER")]
    flows: Option<PathBuf>,
    /// Print each fact, and the counters, as a line of JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &LiveArgs) -> Result<ExitCode> {
    let config = TelescopeConfig {
        interfaces: args.interfaces.clone(),
        links_per_interface: args.links,
        ring_bytes: args.ring << 20,
        forget_after_s: args.forget_after,
        interval_s: args.interval,
        flows: args.flows.is_some(),
        ..TelescopeConfig::default()
    };
    config.check().map_err(WrongUse)?;
    let settings = Settings {
        forget_after: Some(Duration::from_secs(args.forget_after)),
        interval: Duration::from_secs(args.interval),
        flows_max: if config.flows { config.flows_per_minute_max } else { 0 },
        ..args.look.settings()?
    };
    let origins = Arc::new(args.look.origins()?);
    let flows = match &args.flows {
        Some(path) => {
            let folder = FlowFolder {
                path: path.clone(),
                file_s: config.flows_file_s,
                bytes_max: config.flows_bytes_max,
            };
            let keeper = FlowKeeper::start(folder, Arc::clone(&origins));
            Some(keeper.map_err(|error| WrongUse(format!("{}: {error}", path.display())))?)
        }
        None => None,
    };
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let json = args.json;
    let sampling = args.look.sampling();
    let mut teller = Teller {
        json,
        sampling,
        flows,
        every: Duration::from_secs(args.status.max(1)),
        last: None,
        on_terminal: std::io::stderr().is_terminal(),
    };
    runtime.block_on(async move {
        let mut stop = Stop::new()?;
        let watch = Watch::start(&config, settings, origins, move |news| teller.tell(news))
            .map_err(|error| WrongUse(error.to_string()))?;
        stop.wait().await;
        let figures = watch.figures();
        let summary = tokio::task::spawn_blocking(move || watch.finish()).await?;
        let packets = summary.totals.packets;
        let line = if json {
            serde_json::to_string(&Line {
                time: now(),
                what: What::Ended { figures: figures.into(), sampling, summary: &summary },
            })?
        } else {
            status_text(packets, figures)
        };
        writeln!(std::io::stdout().lock(), "{line}").context("standard output")?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Prints what happens.
struct Teller {
    json: bool,
    /// One packet in so many arrives.
    sampling: u32,
    flows: Option<FlowKeeper>,
    every: Duration,
    last: Option<Instant>,
    on_terminal: bool,
}

/// A line of JSON.
#[derive(Serialize)]
struct Line<T> {
    time: Timestamp,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum What<'a> {
    Status {
        packets: u64,
        sampling: u32,
        #[serde(flatten)]
        figures: Shown,
    },
    Ended {
        #[serde(flatten)]
        figures: Shown,
        sampling: u32,
        #[serde(flatten)]
        summary: &'a ukai_telescope::Summary,
    },
}

/// The counters.
#[derive(Serialize)]
struct Shown {
    frames: u64,
    dropped_by_kernel: u64,
    dropped_here: u64,
}

impl From<Figures> for Shown {
    fn from(figures: Figures) -> Self {
        Self {
            frames: figures.arrived,
            dropped_by_kernel: figures.dropped_by_kernel,
            dropped_here: figures.dropped_here,
        }
    }
}

impl Teller {
    fn tell(&mut self, news: News) {
        let line = match news {
            News::Fact(fact, time, _) if self.json => {
                serde_json::to_string(&Line { time, what: &*fact }).ok()
            }
            News::Fact(fact, time, _) => Some(format!("{} {}", short(time), fact_text(&fact))),
            News::Minute(minute) => {
                if let Some(flows) = &mut self.flows {
                    flows.keep(minute);
                }
                return;
            }
            News::Tick(looking) => return self.status(&looking),
        };
        if let Some(line) = line {
            // Whoever reads no more has ended the program, or will.
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
    }

    fn status(&mut self, looking: &Looking) {
        if self.last.is_some_and(|last| last.elapsed() < self.every) {
            return;
        }
        self.last = Some(Instant::now());
        if self.json {
            let (packets, figures) = (looking.packets, looking.figures.into());
            let what = What::Status { packets, sampling: self.sampling, figures };
            if let Ok(line) = serde_json::to_string(&Line { time: now(), what }) {
                let _ = writeln!(std::io::stdout().lock(), "{line}");
            }
        } else {
            let text = status_text(looking.packets, looking.figures);
            let (begin, end) = if self.on_terminal { ("\r", "\x1b[K") } else { ("", "\n") };
            eprint!("{begin}{text}{end}");
        }
    }
}

fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}

/// To the second.
fn short(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..19).unwrap_or(&text).to_owned()
}

fn status_text(packets: u64, figures: Figures) -> String {
    format!(
        "{packets} packets, {} frames, {} dropped by the kernel, {} dropped here",
        figures.arrived, figures.dropped_by_kernel, figures.dropped_here
    )
}

fn fact_text(fact: &Fact) -> String {
    match fact {
        Fact::AttackBegan(attack) => format!("attack began    {}", attack_text(attack)),
        Fact::AttackEnded(attack) => format!("attack ended    {}", attack_text(attack)),
        Fact::ScannerBegan(scanner) => format!("scan began      {}", scanner_text(scanner)),
        Fact::Scanner(scanner) => format!("scan ended      {}", scanner_text(scanner)),
        Fact::PortRises(rise) => {
            format!("port rises      {}: {} sources", rise.port, rise.sources)
        }
        Fact::Interval(interval) => format!(
            "interval over   {} packets from {} sources{}",
            interval.packets,
            interval.sources,
            interval_text(interval)
        ),
    }
}

/// Lines of each list of an interval.
const INTERVAL_TOP: usize = 5;

/// What most came from and went to in an interval.
fn interval_text(interval: &Interval) -> String {
    let ports = interval.ports.iter().map(|seen| format!("{} {}", seen.port, seen.sources));
    let countries = interval
        .countries
        .iter()
        .map(|seen| format!("{} {}", seen.country.as_deref().unwrap_or("?"), seen.sources));
    let systems = interval.systems.iter().map(|seen| match seen.asn {
        Some(asn) => format!("AS{asn} {}", seen.sources),
        None => format!("? {}", seen.sources),
    });
    let senders = interval.senders.iter().map(|seen| format!("{} {}", seen.source, seen.packets));
    let lists: [(&str, Vec<String>); 4] = [
        ("ports by sources", ports.take(INTERVAL_TOP).collect()),
        ("countries by sources", countries.take(INTERVAL_TOP).collect()),
        ("systems by sources", systems.take(INTERVAL_TOP).collect()),
        ("sources by packets", senders.take(INTERVAL_TOP).collect()),
    ];
    let told = lists.iter().filter(|(_, list)| !list.is_empty());
    told.fold(String::new(), |text, (what, list)| format!("{text}; {what}: {}", list.join(", ")))
}

fn attack_text(attack: &Attack) -> String {
    let vectors: Vec<_> = attack.vectors.iter().map(|count| count.vector.name()).collect();
    let ports: Vec<_> = attack.ports.iter().take(3).map(|count| count.port.to_string()).collect();
    format!(
        "{} by {} on {}: {} packets, {} in the busiest minute{}",
        attack.victim,
        vectors.join(" "),
        if ports.is_empty() { "no port".to_owned() } else { ports.join(" ") },
        attack.packets,
        attack.minute_peak,
        if attack.own { ", of your own" } else { "" },
    )
}

fn scanner_text(scanner: &Scanner) -> String {
    let ports: Vec<_> = scanner.ports.iter().take(3).map(|count| count.port.to_string()).collect();
    format!(
        "{} with {} for {}: {} packets, {} addresses, {}{}",
        scanner.address,
        scanner.tool.map_or("an unknown tool", Tool::name),
        ports.join(" "),
        scanner.packets,
        scanner.addresses,
        scanner.order.name(),
        if scanner.own { ", of your own: suspected to be infected" } else { "" },
    )
}
