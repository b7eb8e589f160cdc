//! `ukai antivirus`: engines of others, asked about files.

use crate::cli::{Place, WrongUse};
use crate::config::Config;
use crate::{analyze, terminal::Style};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use ukai_engine::{Agreement, EngineHealth, Engines, Vocabulary};
use ukai_model::{Judgement, PeerText, Verdict};

/// Commands of `ukai antivirus`.
#[derive(Subcommand)]
pub(crate) enum AntivirusCommand {
    /// Ask all engines of the configuration about files.
    Scan(ScanArgs),
    /// Tell which engines answer, with their versions and signatures.
    Check(CheckArgs),
}

/// Flags of `ukai antivirus scan`.
#[derive(Args)]
pub(crate) struct ScanArgs {
    /// The files; `-` reads standard input. CaRT containers are opened first.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
    /// Print a JSON object for each file.
    #[arg(long)]
    json: bool,
}

/// Flags of `ukai antivirus check`.
#[derive(Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    place: Place,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

/// What is said of one file.
#[derive(Serialize)]
struct Scanned<'a> {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<Agreement>,
    verdicts: &'a [Verdict],
}

/// Runs the command. Exit code 3: an engine did not scan a file, or is down.
pub(crate) fn run(command: &AntivirusCommand) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let all = match command {
        AntivirusCommand::Scan(args) => runtime.block_on(scan(args))?,
        AntivirusCommand::Check(args) => runtime.block_on(check(args))?,
    };
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// The engines as the hub asks them, if there are any.
pub(crate) fn seat(config: &Config) -> Result<Option<Arc<Engines>>> {
    let engines = Engines::new(&config.antivirus)?;
    Ok((!engines.is_empty()).then(|| Arc::new(engines)))
}

fn engines(place: &Place) -> Result<Engines> {
    let engines = Engines::new(&place.load()?.antivirus)?;
    if engines.is_empty() {
        let none = "no engine is configured: give --config FILE with [[antivirus]], as \
                    docs/antivirus.md shows";
        return Err(WrongUse(none.to_owned()).into());
    }
    Ok(engines)
}

async fn scan(args: &ScanArgs) -> Result<bool> {
    let (engines, known) = (engines(&args.place)?, Vocabulary::shipped());
    let mut all = true;
    for file in &args.files {
        let sample = analyze::sample(file)?;
        let verdicts = engines.scan(&sample.into()).await;
        all &= verdicts.iter().all(|v| !matches!(v.judgement, Judgement::NotScanned { .. }));
        let agreement = known.agreement(&verdicts);
        let file = PeerText::new(file.as_os_str().as_encoded_bytes()).to_string();
        let scanned = Scanned { file, agreement, verdicts: &verdicts };
        if args.json {
            println!("{}", serde_json::to_string(&scanned)?);
        } else {
            print!("{}", describe(&scanned, Style::of_stdout()));
        }
    }
    Ok(all)
}

fn describe(scanned: &Scanned<'_>, style: Style) -> String {
    let mut out = style.bold(&scanned.file);
    if let Some(Agreement { family, engines, of }) = &scanned.agreement {
        let _ = write!(out, ": {} ({engines} of {of} that know it)", style.bold(family));
    }
    out.push('\n');
    let width = scanned.verdicts.iter().map(|verdict| verdict.engine.len()).max().unwrap_or(0);
    for verdict in scanned.verdicts {
        let said = match &verdict.judgement {
            Judgement::Clean => "clean".to_owned(),
            Judgement::Detected { names } => {
                names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
            Judgement::NotScanned { reason, .. } => format!("not scanned: {reason}"),
        };
        let _ = writeln!(
            out,
            "  {:width$}  {said}  {}",
            verdict.engine,
            style.dim(&format!("{} ms", verdict.duration_ms))
        );
    }
    out
}

async fn check(args: &CheckArgs) -> Result<bool> {
    let health = engines(&args.place)?.health().await;
    if args.json {
        println!("{}", serde_json::to_string(&health)?);
    } else {
        let width = health.iter().map(|one| one.engine.len()).max().unwrap_or(0);
        for EngineHealth { engine, down, product, signatures, .. } in &health {
            let shown = |text: &Option<PeerText>| {
                text.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string)
            };
            if let Some(reason) = down {
                println!("{engine:width$}  down: {reason}");
                continue;
            }
            let (product, signatures) = (shown(product), shown(signatures));
            println!("{engine:width$}  up: {product}, signatures {signatures}");
        }
    }
    Ok(health.iter().all(|one| one.down.is_none()))
}
