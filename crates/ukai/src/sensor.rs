//! `ukai sensor`: the honeypots alone, and who lives at which of their addresses.

use crate::cli::{Place, WrongUse};
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::observing::{NetworkInfo, Observing, Stop, raise_descriptor_limit, tables};
use crate::rules::{Applied, RulesArgs};
use crate::terminal::{Style, columns};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use ipnet::IpNet;
use serde::Serialize;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use ukai_honeypot::{HostCard, HostMap};
use ukai_hub::ServiceInfo;

/// Addresses that are shown at most.
const SHOWN_MAX: usize = 1 << 20;

/// What `ukai sensor` does.
#[derive(Subcommand)]
pub(crate) enum SensorCommand {
    /// Run the honeypots of a configuration, without analysis, feeds and web UI. `ukai up` on
    /// the same data folder analyses later what was captured.
    Run(RunArgs),
    /// Show who lives at which address of the configuration's networks.
    Hosts(HostsArgs),
    /// Show, apply or remove the kernel's rules that give us any port of this machine.
    Rules(RulesArgs),
}

/// Flags of `ukai sensor run`.
#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    place: Place,
    /// Apply the kernel's rules for networks by TPROXY, and remove them at the end.
    #[arg(long)]
    apply_rules: bool,
    /// Print one line of JSON when ready, instead of text.
    #[arg(long)]
    json: bool,
}

/// Flags of `ukai sensor hosts`.
#[derive(Args)]
pub(crate) struct HostsArgs {
    /// Addresses and prefixes; without any, the planned hosts of all networks.
    addresses: Vec<Range>,
    #[command(flatten)]
    place: Place,
    /// Print a JSON object for each host.
    #[arg(long)]
    json: bool,
}

/// An address or a prefix.
#[derive(Clone, Copy)]
struct Range(IpNet);

impl std::str::FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        address.or_else(|_| text.parse()).map(Self).map_err(|_| {
            "neither an address such as 198.18.0.1 nor a prefix such as 198.18.0.0/24".to_owned()
        })
    }
}

/// What is told when everything listens.
#[derive(Serialize)]
struct Ready {
    #[serde(rename = "ready")]
    listening: bool,
    version: &'static str,
    pid: u32,
    data_dir: PathBuf,
    services: Vec<ServiceInfo>,
    networks: Vec<NetworkInfo>,
}

/// Runs the command.
pub(crate) fn run(command: &SensorCommand) -> Result<ExitCode> {
    match command {
        SensorCommand::Run(args) => observe(args),
        SensorCommand::Hosts(args) => hosts(args),
        SensorCommand::Rules(args) => crate::rules::run(args),
    }
}

fn observe(args: &RunArgs) -> Result<ExitCode> {
    crate::allocator::settle();
    let config = args.place.load()?;
    crate::log::start(&config.log)?;
    raise_descriptor_limit();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(serve(config, args))
}

async fn serve(config: Config, args: &RunArgs) -> Result<ExitCode> {
    let mut stop = Stop::new()?;
    let observing = Observing::start(&config).await?;
    let applied = if args.apply_rules { Some(Applied::new(&config)?) } else { None };
    let ready = Ready {
        listening: true,
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        data_dir: observing.data.path().to_owned(),
        services: observing.services(),
        networks: observing.networks(),
    };
    if args.json {
        println!("{}", serde_json::to_string(&ready).context("readiness line")?);
    } else {
        print!("{}", greeting(&ready));
    }
    stop.wait().await;
    drop(applied);
    observing.finish(async {}).await?;
    Ok(ExitCode::SUCCESS)
}

fn greeting(ready: &Ready) -> String {
    let style = Style::of_stdout();
    let mut text = format!(
        "\n{} {} sensor\n\n  data        {}\n",
        style.bold("ukai"),
        ready.version,
        ready.data_dir.display()
    );
    let [services, networks] = tables(&ready.services, &ready.networks);
    for (title, rows) in [("Honeypot services", services), ("Networks", networks)] {
        if !rows.is_empty() {
            text.extend(["\n", style.bold(title).as_str(), "\n", columns(&rows).as_str()]);
        }
    }
    text + &format!("\n{}\n", style.dim("Ctrl-C stops it."))
}

fn hosts(args: &HostsArgs) -> Result<ExitCode> {
    let config = args.place.load()?;
    if config.honeypot.networks.is_empty() {
        return Err(WrongUse(
            "the configuration has no [[honeypot.networks]]; `ukai config default` shows the keys"
                .to_owned(),
        )
        .into());
    }
    let secret = DataFolder::make(&config.data_dir)?.secret()?;
    let map = HostMap::new(&config.honeypot, secret)
        .map_err(|error| WrongUse(format!("[honeypot] {error}")))?;
    let addresses: Vec<IpAddr> = if args.addresses.is_empty() {
        map.planned()
    } else {
        let all = args.addresses.iter().flat_map(|range| addresses_of(range.0));
        all.take(SHOWN_MAX + 1).collect()
    };
    if addresses.len() > SHOWN_MAX {
        let most = format!("more than {SHOWN_MAX} addresses; name smaller prefixes");
        return Err(WrongUse(most).into());
    }
    let cards: Vec<HostCard> = addresses.iter().filter_map(|address| map.at(*address)).collect();
    let mut out = std::io::stdout().lock();
    if args.json {
        for card in &cards {
            serde_json::to_writer(&mut out, card).context("standard output")?;
            writeln!(out).context("standard output")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows =
        vec![["ADDRESS", "PERSONA", "NAME", "SYSTEM", "OPEN PORTS"].map(str::to_owned).to_vec()];
    rows.extend(cards.iter().map(row));
    write!(out, "{}", columns(&rows)).context("standard output")?;
    if args.addresses.is_empty() && cards.is_empty() {
        eprintln!("every address of the networks is a host: name those to be shown");
    }
    Ok(ExitCode::SUCCESS)
}

fn addresses_of(range: IpNet) -> Box<dyn Iterator<Item = IpAddr>> {
    match range {
        IpNet::V4(range) => {
            let (first, last) = (u32::from(range.network()), u32::from(range.broadcast()));
            Box::new((first..=last).map(|number| IpAddr::V4(number.into())))
        }
        IpNet::V6(range) => {
            let (first, last) = (u128::from(range.network()), u128::from(range.broadcast()));
            Box::new((first..=last).map(|number| IpAddr::V6(number.into())))
        }
    }
}

fn row(card: &HostCard) -> Vec<String> {
    let ports: Vec<String> = card
        .services
        .iter()
        .map(|service| format!("{}/{}", service.port, service.protocol))
        .collect();
    vec![
        card.address.to_string(),
        card.persona.clone(),
        card.hostname.clone(),
        card.system.clone(),
        ports.join(" "),
    ]
}
