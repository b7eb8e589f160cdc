//! `ukai sandbox run FILE`.

use super::host::HostArgs;
use super::keep;
use super::memory::{archive, look_into, packed};
use super::own;
use super::series::{after_as_told, as_told, series};
use super::told::told;
use crate::analyze::sample;
use crate::cli::WrongUse;
use crate::config::Config;
use crate::internet::{authority, replies};
use crate::jailed::{analyzed, jail_for};
use anyhow::{Context, Result};
use clap::Args;
use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use ukai_behaviour::{RuleSet, contents, report, set_memory, text};
use ukai_jail::Jail;
use ukai_model::{Analysis, Ended, Run};
use ukai_sandbox::machine::LinuxGuest;
use ukai_sandbox::run::{
    Again, Authority, CONDITIONS, Conditions, RunError, Seen, Setup, plan, run_and_keep,
};
use ukai_virtnet::Scenario;

/// Flags of `ukai sandbox run`.
#[derive(Args)]
pub(crate) struct RunArgs {
    /// The sample; `-` reads standard input. A CaRT container is opened first.
    file: PathBuf,
    /// What to take it for: `x86-64`, `arm`, `mipsel`, `sh`, `python` ...; by its bytes if it is
    /// left out.
    #[arg(long, value_name = "NAME")]
    arch: Option<String>,
    /// An argument of the sample; may be given several times.
    #[arg(long = "arg", value_name = "TEXT", allow_hyphen_values = true)]
    arguments: Vec<OsString>,
    /// A variable of its environment, NAME=VALUE; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<OsString>,
    /// How long it is watched, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    time: u64,
    /// The network: `open`, `offline`, `nxdomain`, `refused`, `slow`, or a file for
    /// `ukai internet`.
    #[arg(long, value_name = "NAME", default_value = "open")]
    scenario: String,
    /// How far the guest's clock is ahead, in seconds; negative: behind.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_hyphen_values = true)]
    clock: i64,
    /// Do not cut sleeping short.
    #[arg(long)]
    sleep: bool,
    /// Ask for the memory of its processes, and look into it; with --record it is kept, neutered.
    #[arg(long)]
    dump: bool,
    /// Configuration file (TOML): its YARA rules look at memory.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Runs under other conditions: `auto` runs it again where the first run leaves a
    /// question, a number as often.
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = runs)]
    runs: Again,
    /// Keep the machine after the run for so many minutes, with a shell in it for you: in this
    /// terminal, or fed by what is piped in. One run.
    #[arg(long, value_name = "MINUTES", num_args = 0..=1, default_missing_value = "30", value_parser = clap::value_parser!(u64).range(1..=1_440))]
    keep: Option<u64>,
    /// Folder of the record: events, packets with the secrets of TLS, uploads.
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
    /// Folder of the authority that signs all certificates; made if there is none.
    #[arg(long, value_name = "FOLDER", default_value = "internet-ca")]
    ca: PathBuf,
    /// Print the guest's trace, too, on standard error.
    #[arg(long)]
    trace: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Run it in a guest of your own, as this file describes it (docs/sandbox.md).
    #[arg(long, value_name = "FILE")]
    machine: Option<PathBuf>,
    #[command(flatten)]
    host: HostArgs,
}

/// Runs the sample. Exit code 3: it could not be started, or the guest broke.
pub(super) fn run(args: &RunArgs) -> Result<ExitCode> {
    crate::allocator::settle();
    if !args.json {
        crate::log::start(&Config::default().log)?;
    }
    crate::observing::raise_descriptor_limit();
    let bytes = sample(&args.file)?;
    if args.keep.is_some() && matches!(args.runs, Again::Runs(2..)) {
        return Err(WrongUse("--keep keeps the machine of one run: leave --runs out".into()).into());
    }
    if args.keep.is_some() && args.machine.is_some() {
        let text = "--keep needs the guest of `ukai sandbox build`: leave --machine out";
        return Err(WrongUse(text.into()).into());
    }
    let config = Config::load(args.config.as_deref()).map_err(WrongUse::from_error)?;
    let jail = jail_for(1, &config.yara)?;
    let host = args.host.host()?;
    let first = setup(args)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        let analysis = analyzed(&jail, &bytes).await;
        let name = args.file.file_name().map(OsStrExt::as_bytes).unwrap_or_default();
        let further: Vec<Vec<u8>> =
            args.arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
        let show = |seen: &Seen| {
            if args.trace {
                print_trace(seen);
            }
        };
        let unsuitable = |error| WrongUse(format!("{}: {error}", args.file.display()));
        let failed = |error: RunError| WrongUse(error.to_string());
        if let Some(machine) = &args.machine {
            let guest = own::open(machine, host, &first).await?;
            let plan = guest.plan(&analysis, name, args.arch.as_deref(), &further);
            let plan = plan.map_err(unsuitable)?;
            let told = series(&guest, &bytes, &plan, &first, args.runs, show).await;
            return finish(args, &analysis, &jail, &told.map_err(failed)?).await;
        }
        let plan = plan(&analysis, name, args.arch.as_deref(), &further).map_err(unsuitable)?;
        let parts = args.host.parts(plan.system)?;
        let guest = LinuxGuest::open(host, parts, &mut |said| eprintln!("{said}"))
            .await
            .map_err(|error| WrongUse(format!("{error}; see `ukai sandbox check`")))?;
        let Some(minutes) = args.keep else {
            let told = series(&guest, &bytes, &plan, &first, args.runs, show).await;
            return finish(args, &analysis, &jail, &told.map_err(failed)?).await;
        };
        let keep = Some(Duration::from_secs(60 * minutes));
        let kept = run_and_keep(&guest, &bytes, &plan, &first, keep).await;
        let (seen, kept) = kept.map_err(failed)?;
        show(&seen);
        let told = [as_told(&plan, &first, None, &seen)];
        let code = finish(args, &analysis, &jail, &told).await?;
        let Some(kept) = kept else {
            eprintln!("There is no machine to keep: the guest did not last.");
            return Ok(code);
        };
        let after = keep::console(kept).await?;
        if let Some(record) = &args.record {
            keep::keep_trace(record, &after)?;
            let after = after_as_told(&plan, &first, &seen, &after);
            keep_drops(&record.join("after"), &[after])?;
        }
        Ok(code)
    })
}

/// Prints the report, and keeps what is to be kept.
async fn finish(
    args: &RunArgs,
    analysis: &Analysis,
    jail: &Jail,
    told: &[ukai_behaviour::Seen],
) -> Result<ExitCode> {
    let mut behaviour = report(&analysis.sha256, told, RuleSet::built_in());
    set_memory(&mut behaviour, look_into(packed(told), analysis, jail).await);
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&behaviour)?).context("standard output")?;
    } else {
        write!(out, "{}", text(&behaviour)).context("standard output")?;
    }
    if let Some(record) = &args.record {
        keep_drops(&record.join("drops"), told)?;
        for (number, seen) in (1..).zip(told) {
            let Some(container) = archive(seen) else { continue };
            let file = record.join(format!("memory-{number}.tar.cart"));
            std::fs::write(&file, container).with_context(|| file.display().to_string())?;
        }
    }
    let whole = |run: &Run| matches!(run.ended, Ended::Exited | Ended::TimeUsed);
    let all = behaviour.runs.iter().all(whole);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn setup(args: &RunArgs) -> Result<Setup> {
    let ca = authority::of(&args.ca)?;
    Ok(Setup {
        time: Duration::from_secs(args.time),
        conditions: conditions(&args.scenario)?,
        environment: args.env.iter().map(|variable| variable.clone().into_vec()).collect(),
        clock_shift_s: args.clock,
        skip_sleep: !args.sleep,
        memory: args.dump,
        record: args.record.clone(),
        authority: Authority { certificate: ca.certificate_pem().to_owned(), key: ca.key_pem() },
        replies: replies(&[])?,
    })
}

/// Conditions by name, or an Internet of the operator's own.
fn conditions(name: &str) -> Result<Conditions> {
    if let Some(known) = Conditions::named(name) {
        return Ok(known);
    }
    let known = CONDITIONS.join(", ");
    let text = std::fs::read_to_string(name).map_err(|error| {
        WrongUse(format!("--scenario {name}: {error}; it is one of {known}, or a file"))
    })?;
    let internet =
        Scenario::parse(&text).map_err(|error| WrongUse(format!("--scenario {name}: {error}")))?;
    let mut conditions = Conditions::of("open", internet).expect("known");
    name.clone_into(&mut conditions.name);
    Ok(conditions)
}

fn runs(text: &str) -> Result<Again, String> {
    match (text, text.parse::<u32>()) {
        ("auto", _) => Ok(Again::Auto),
        (_, Ok(count @ 1..=6)) => Ok(Again::Runs(count)),
        _ => Err("it is `auto` or a number from 1 to 6".to_owned()),
    }
}

/// The trace, a line each, on standard error.
fn print_trace(seen: &Seen) {
    let mut out = std::io::stderr().lock();
    for notice in &seen.notices {
        let at_ms = notice.at_ns / 1_000_000;
        // Who reads it may be gone; the report is not for him alone.
        let _ = writeln!(out, "{at_ms:>8} ms {:>6} {}", notice.pid, told(notice));
    }
}

/// Keeps the files that came back, neutered, in a folder of the record.
fn keep_drops(folder: &Path, runs: &[ukai_behaviour::Seen]) -> Result<()> {
    for content in runs.iter().flat_map(contents) {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| folder.display().to_string())?;
        let file = folder.join(format!("{}.cart", content.sha256));
        let container = ukai_store::cart::pack(&content.bytes, &serde_json::Map::new());
        std::fs::write(&file, container).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
