//! `ukai internet`: the virtual Internet alone, on a device, in a network namespace, or for
//! a machine of QEMU.

pub(crate) mod authority;
mod namespace;
mod screen;

use crate::cli::WrongUse;
use crate::log;
use crate::observing::{Stop, raise_descriptor_limit};
use crate::terminal::Style;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use ukai_link::{QemuListener, Tun};
use ukai_netstack::{Link, Medium};
use ukai_servers::replies::{ReplySet, SHIPPED};
use ukai_virtnet::{EVENTS_FILE, Internet, Options, Scenario, Summary};

/// Flags of `ukai internet`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct InternetArgs {
    #[command(subcommand)]
    command: Option<InternetCommand>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Subcommand)]
enum InternetCommand {
    /// Show what a run has shown: names, destinations, protocols, what was sent.
    Summary {
        /// The record's folder, or its file of events.
        record: PathBuf,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the default scenario: every key with its value.
    Scenario,
    /// Check files of conversations with known families, and run the tests in them.
    Replies {
        /// The files; without any, those that are shipped.
        files: Vec<PathBuf>,
    },
}

/// Flags of a run.
#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    guest: GuestArgs,
    /// What it is like (TOML); `ukai internet scenario` prints the default.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Files of conversations with known families, besides those that are shipped.
    #[arg(long, value_name = "FILE")]
    replies: Vec<PathBuf>,
    /// Folder of the record: events, packets, uploads. Without one, only the summary is kept.
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
    /// Folder of the authority that signs all certificates; made if there is none. Guests
    /// that are to trust it are given its `ca.pem`.
    #[arg(long, value_name = "FOLDER", default_value = "internet-ca")]
    ca: PathBuf,
    /// Record no packets.
    #[arg(long, requires = "record")]
    no_packets: bool,
    /// Print a line of JSON when it is ready, and the summary as JSON at the end.
    #[arg(long)]
    json: bool,
    /// Show no live view, even in a terminal.
    #[arg(long)]
    plain: bool,
}

/// Where the guest is.
#[derive(Args)]
#[group(required = false, multiple = false)]
struct GuestArgs {
    /// A TAP device, made if it does not exist.
    #[arg(long, value_name = "NAME")]
    tap: Option<String>,
    /// A network namespace by its name, made if it does not exist, or by a path such as
    /// /proc/1234/ns/net. The guest's address and routes are set there.
    #[arg(long, value_name = "NAME")]
    netns: Option<String>,
    /// A unix socket for the network card of a machine of QEMU
    /// (`-netdev stream,id=n,addr.type=unix,addr.path=PATH`).
    #[arg(long, value_name = "PATH")]
    qemu_socket: Option<PathBuf>,
}

/// What is told when it is there.
#[derive(Serialize)]
struct Ready {
    #[serde(rename = "ready")]
    listening: bool,
    version: &'static str,
    pid: u32,
    guest: String,
    gateway: std::net::Ipv4Addr,
    /// The certificate that guests are to trust.
    ca: PathBuf,
    record: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &InternetArgs) -> Result<ExitCode> {
    match &args.command {
        Some(InternetCommand::Summary { record, json }) => summary(record, *json),
        Some(InternetCommand::Scenario) => {
            print!("{}", Scenario::default_text());
            Ok(ExitCode::SUCCESS)
        }
        Some(InternetCommand::Replies { files }) => check(files),
        None => observe(&args.run),
    }
}

fn observe(args: &RunArgs) -> Result<ExitCode> {
    crate::allocator::settle();
    let scenario = match &args.scenario {
        None => Scenario::default(),
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| WrongUse(format!("{}: {error}", file.display())))?;
            Scenario::parse(&text)
                .map_err(|error| WrongUse(format!("{}: {error}", file.display())))?
        }
    };
    let live = !args.plain && !args.json && std::io::stdout().is_terminal();
    if !live {
        log::start(&crate::config::Config::default().log)?;
    }
    raise_descriptor_limit();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(serve(args, scenario, live))
}

/// What the guest's device needs as long as it is used.
struct Guest {
    link: Box<dyn Link>,
    told: String,
    _namespace: Option<namespace::Made>,
}

async fn guest(args: &GuestArgs, scenario: &Scenario, json: bool) -> Result<Guest> {
    const DEVICE: &str = "ukai0";
    const MTU: u16 = 1_500;
    if let Some(device) = &args.tap {
        let tap = Tun::open(device, Medium::Ethernet, MTU)
            .map_err(|error| WrongUse(error.to_string()))?;
        return Ok(Guest { link: Box::new(tap), told: format!("tap {device}"), _namespace: None });
    }
    if let Some(name) = &args.netns {
        let made = namespace::Made::find(name)?;
        let tap = made.open(DEVICE, MTU).await?;
        made.configure(DEVICE, &scenario.guest)?;
        let told = format!("namespace {name}, device {DEVICE}");
        return Ok(Guest { link: Box::new(tap), told, _namespace: Some(made) });
    }
    if let Some(path) = &args.qemu_socket {
        let listener = QemuListener::bind(path)
            .map_err(|error| WrongUse(format!("--qemu-socket {}: {error}", path.display())))?;
        if !json {
            eprintln!("waiting for a machine at {}", path.display());
        }
        let link = listener.accept().await.context("the machine's connection")?;
        let told = format!("machine at {}", path.display());
        return Ok(Guest { link: Box::new(link), told, _namespace: None });
    }
    Err(WrongUse(
        "where is the guest? Give one of --tap NAME, --netns NAME or --qemu-socket PATH".to_owned(),
    )
    .into())
}

async fn serve(args: &RunArgs, scenario: Scenario, live: bool) -> Result<ExitCode> {
    let mut stop = Stop::new()?;
    let guest = tokio::select! {
        guest = guest(&args.guest, &scenario, args.json) => guest?,
        () = stop.wait() => return Ok(ExitCode::SUCCESS),
    };
    let ready = Ready {
        listening: true,
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        guest: guest.told.clone(),
        gateway: scenario.guest.gateway(),
        ca: authority::certificate(&args.ca),
        record: args.record.clone(),
    };
    let files = args.scenario.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let options = Options {
        scenario,
        files: files.to_owned(),
        replies: replies(&args.replies)?,
        sensor: "internet".parse().expect("a name"),
        folder: args.record.clone(),
        packets: !args.no_packets,
        ca: authority::of(&args.ca)?,
        listener: None,
    };
    let mut internet =
        Internet::start(guest.link, options).map_err(|error| WrongUse(error.to_string()))?;
    if args.json {
        println!("{}", serde_json::to_string(&ready).context("readiness line")?);
    } else if !live {
        print!("{}", greeting(&ready));
    }
    if live {
        let pen = internet.pen();
        let (told, gateway) = (ready.guest.clone(), ready.gateway);
        tokio::select! {
            shown = screen::show(&pen, &told, gateway) => shown?,
            () = internet.ended() => {}
            () = stop.wait() => {}
        }
    } else {
        tokio::select! {
            () = internet.ended() => {}
            () = stop.wait() => {}
        }
    }
    let summary = internet.shutdown().await.context("the record")?;
    show(&summary, args.json)?;
    Ok(ExitCode::SUCCESS)
}

/// The shipped conversations, and those of `files`.
pub(crate) fn replies(files: &[PathBuf]) -> Result<Arc<ReplySet>> {
    if files.is_empty() {
        return Ok(ReplySet::shipped());
    }
    let texts = files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file)
                .map_err(|error| WrongUse(format!("{}: {error}", file.display())))?;
            Ok((file.display().to_string(), text))
        })
        .collect::<Result<Vec<_>>>()?;
    let named = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let set = ReplySet::read(SHIPPED.iter().copied().chain(named)).map_err(|errors| {
        WrongUse(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    Ok(Arc::new(set))
}

fn check(files: &[PathBuf]) -> Result<ExitCode> {
    let set = replies(files)?;
    let failures = ukai_servers::replies::check(&set);
    for failure in &failures {
        eprintln!("{failure}");
    }
    println!("{} conversations, {} tests failed", set.conversations().count(), failures.len());
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn greeting(ready: &Ready) -> String {
    let style = Style::of_stdout();
    let record = ready.record.as_ref().map_or_else(
        || "none (--record FOLDER keeps events, packets and uploads)".to_owned(),
        |record| record.display().to_string(),
    );
    format!(
        "\n{} {} internet\n\n  guest    {}\n  gateway  {}\n  trust    {}\n  record   {record}\n\n{}\n",
        style.bold("ukai"),
        ready.version,
        ready.guest,
        ready.gateway,
        ready.ca.display(),
        style.dim("Ctrl-C ends it and shows what was seen.")
    )
}

fn show(summary: &Summary, json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(summary)?).context("standard output")
    } else {
        write!(out, "{summary}").context("standard output")
    }
}

fn summary(record: &Path, json: bool) -> Result<ExitCode> {
    let file = if record.is_dir() { record.join(EVENTS_FILE) } else { record.to_owned() };
    let events =
        File::open(&file).map_err(|error| WrongUse(format!("{}: {error}", file.display())))?;
    let summary = Summary::read(BufReader::new(events).lines())
        .with_context(|| file.display().to_string())?;
    show(&summary, json)?;
    Ok(ExitCode::SUCCESS)
}
