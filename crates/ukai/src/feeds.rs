//! `ukai feed`: the published feeds, from a running ukai or from its data folder.

use crate::cli::{Place, WrongUse};
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::terminal::{Style, columns};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use ukai_feed::{FeedSpec, feed, feeds};
use ukai_hub::{Hub, HubContext, Secret};
use ukai_store::{Store, StoreError};

/// Commands of `ukai feed`.
#[derive(Subcommand)]
pub(crate) enum FeedCommand {
    /// Show which feeds there are and how a device loads them.
    List(ListArgs),
    /// Write a feed, or all of them into a folder.
    Export(ExportArgs),
}

/// Flags of `ukai feed list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    place: Place,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Flags of `ukai feed export`.
#[derive(Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    place: Place,
    /// File name of the feed, e.g. `rpz.zone` (`ukai feed list` names them).
    #[arg(value_name = "FEED", required_unless_present = "folder")]
    feed: Option<String>,
    /// Where to write it; standard output by default.
    #[arg(short, long, value_name = "FILE", conflicts_with = "folder")]
    output: Option<PathBuf>,
    /// Write all feeds into this folder.
    #[arg(long, value_name = "FOLDER", conflicts_with = "feed")]
    folder: Option<PathBuf>,
    /// Print as JSON what was written; needs --output or --folder.
    #[arg(long)]
    json: bool,
}

/// Runs a command of `ukai feed`.
pub(crate) fn run(command: &FeedCommand) -> Result<ExitCode> {
    match command {
        FeedCommand::List(args) => list(args),
        FeedCommand::Export(args) => export(args),
    }
}

fn list(args: &ListArgs) -> Result<ExitCode> {
    let published = published(&args.place)?;
    let mut rows = Vec::new();
    let mut items = Vec::new();
    for spec in feeds() {
        let size =
            std::fs::metadata(published.join(spec.file)).map_or(0, |metadata| metadata.len());
        items.push(json!({
            "name": spec.name, "file": spec.file, "format": spec.format.as_str(), "size": size,
            "description": spec.description, "how_to_load": spec.how_to_load,
        }));
        rows.push(vec![spec.file.to_owned(), format!("{size} bytes"), spec.description.to_owned()]);
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", json!({ "items": items }))?;
    } else {
        write!(out, "{}", columns(&rows))?;
        let note = format!("Files of a running ukai: {}", published.display());
        writeln!(out, "\n{}", Style::of_stdout().dim(&note))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn export(args: &ExportArgs) -> Result<ExitCode> {
    let wanted: Vec<&FeedSpec> = match &args.feed {
        None => feeds().iter().collect(),
        Some(name) => vec![feed(name).ok_or_else(|| {
            let names: Vec<&str> = feeds().iter().map(|spec| spec.file).collect();
            WrongUse(format!("no feed {}. There are: {}", name.escape_debug(), names.join(", ")))
        })?],
    };
    if args.json && args.output.is_none() && args.folder.is_none() {
        return Err(WrongUse(
            "--json needs --output or --folder: the feed itself goes to standard output".into(),
        )
        .into());
    }
    let published = published(&args.place)?;
    if let Some(folder) = &args.folder {
        std::fs::create_dir_all(folder)
            .map_err(|error| WrongUse(format!("{}: {error}", folder.display())))?;
    }
    let mut written = Vec::new();
    for spec in wanted {
        let path = published.join(spec.file);
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let target = args
            .folder
            .as_ref()
            .map(|folder| folder.join(spec.file))
            .or_else(|| args.output.clone());
        match target {
            None => std::io::stdout().lock().write_all(&bytes).context("standard output")?,
            Some(target) => {
                std::fs::write(&target, &bytes)
                    .map_err(|error| WrongUse(format!("{}: {error}", target.display())))?;
                written.push(json!({ "feed": spec.file, "path": target, "size": bytes.len() }));
            }
        }
    }
    if args.json {
        println!("{}", json!({ "items": written }));
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of published feeds. A running ukai keeps it fresh; without one, a
/// publishing cycle is run first, so that what expired in the meantime is gone.
fn published(place: &Place) -> Result<PathBuf> {
    let config = place.load()?;
    let data = DataFolder::existing(&config.data_dir)?;
    match Store::open(data.path(), config.store.clone()) {
        Ok(store) => {
            let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
            runtime.block_on(publish_once(&config, data.path(), store))?;
        }
        Err(StoreError::InUse { .. }) => {}
        Err(error) => return Err(error).with_context(|| data.path().display().to_string()),
    }
    Ok(data.path().join("feeds"))
}

/// Scores what is new and publishes once; nobody can connect meanwhile, and no sample is
/// analysed.
async fn publish_once(config: &Config, data: &Path, store: Store) -> Result<()> {
    let context = HubContext {
        sensor: config.honeypot.sensor.clone(),
        services: Vec::new(),
        data_dir: data.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        analyzer: crate::jailed::analyzer(&config.yara)?,
        ui_token: Secret::generate(),
        feed_token: Secret::generate(),
        sandbox: None,
        engines: None,
        lookups: None,
        policy: config.indicator_policy(),
    };
    Hub::publish_once(config.hub.clone(), store.clone(), context).await?;
    store.close().await?;
    Ok(())
}
