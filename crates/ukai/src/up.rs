//! `ukai up`: everything on one machine.

use crate::cli::{Place, WrongUse};
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::outputs::Outputs;
use crate::running::RunningFile;
use crate::source::cowrie;
use crate::terminal::{Style, columns};
use anyhow::{Context, Result};
use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use ukai_egress::Egress;
use ukai_honeypot::Honeypot;
use ukai_hub::{Hub, HubContext, ServiceInfo};
use ukai_store::Store;

/// Flags of `ukai up`.
#[derive(Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    place: Place,
    /// Print one line of JSON when ready, instead of text.
    #[arg(long)]
    json: bool,
}

/// What is told when everything listens: the JSON line, and the file beside the data
/// by which other commands find the running program.
#[derive(Serialize)]
struct Ready {
    #[serde(rename = "ready")]
    listening: bool,
    version: &'static str,
    pid: u32,
    ui: String,
    token_file: PathBuf,
    feed_token_file: PathBuf,
    data_dir: PathBuf,
    services: Vec<ServiceInfo>,
}

/// Runs until SIGTERM or SIGINT, then drains.
pub(crate) fn run(args: &UpArgs) -> Result<ExitCode> {
    crate::allocator::settle();
    let config = args.place.load()?;
    crate::log::start(&config.log)?;
    raise_descriptor_limit();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(serve(config, args.json))
}

async fn serve(config: Config, json: bool) -> Result<ExitCode> {
    // Signals are taken over first: one that comes while starting must drain too.
    let mut terminate = signal(SignalKind::terminate()).context("cannot take SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot take SIGINT")?;

    let data = DataFolder::make(&config.data_dir)?;
    let (ui_token, ui_token_new) = data.token("ui-token")?;
    let (feed_token, _) = data.token("feed-token")?;
    let secret = data.secret()?;
    let store = Store::open(data.path(), config.store.clone())
        .map_err(|error| WrongUse(format!("data folder {}: {error}", data.path().display())))?;
    let outputs = Outputs::start(&config.outputs, data.path(), store.clone(), cowrie(&data)?)
        .await
        .map_err(WrongUse::from_error)?;
    let egress = Arc::new(Egress::new(config.egress.clone(), config.own_prefixes())?);
    let honeypot = Honeypot::start(config.honeypot.clone(), store.clone(), egress, secret)
        .await
        .map_err(|error| WrongUse(error.to_string()))?;
    let services: Vec<ServiceInfo> = honeypot
        .services()
        .iter()
        .map(|service| ServiceInfo {
            protocol: service.protocol.to_string(),
            address: service.address,
            persona: service.persona.clone(),
        })
        .collect();
    let shown_token = ui_token.reveal().to_owned();
    let hub = Hub::start(
        config.hub.clone(),
        store.clone(),
        HubContext {
            sensor: config.honeypot.sensor.clone(),
            services: services.clone(),
            data_dir: data.path().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            analyzer: crate::analyze::analyzer(),
            ui_token,
            feed_token,
            policy: config.indicator_policy(),
        },
    )
    .await
    .map_err(|error| WrongUse(error.to_string()))?;

    let ready = Ready {
        listening: true,
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        ui: format!("http://{}/", hub.address()),
        token_file: data.path().join("ui-token"),
        feed_token_file: data.path().join("feed-token"),
        data_dir: data.path().to_owned(),
        services,
    };
    let line = serde_json::to_string(&ready).context("readiness line")?;
    let running = RunningFile::write(data.path(), &line)?;
    if json {
        println!("{line}");
    } else {
        print!("{}", greeting(&ready, ui_token_new.then_some(&shown_token)));
    }
    // Only a supervisor that asked for it listens; without one this does nothing.
    let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Ready]);

    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
        _ = interrupt.recv() => tracing::info!("SIGINT: draining"),
    }
    let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Stopping]);
    drop(running);
    honeypot.shutdown().await;
    hub.shutdown().await;
    if let Some(outputs) = outputs {
        outputs.finish().await;
    }
    store.close().await.context("closing the store")?;
    Ok(ExitCode::SUCCESS)
}

/// What a person is told at the start.
fn greeting(ready: &Ready, new_token: Option<&String>) -> String {
    let style = Style::of_stdout();
    let mut rows: Vec<Vec<String>> = ready
        .services
        .iter()
        .map(|service| {
            vec![
                format!("  {}", service.protocol),
                service.address.to_string(),
                service.persona.clone(),
            ]
        })
        .collect();
    rows.sort();
    let token = match new_token {
        Some(token) => format!("{token}\n              (kept in {})", ready.token_file.display()),
        None => format!("in {}", ready.token_file.display()),
    };
    format!(
        "\n{} {}\n\n  web UI      {}\n  token       {token}\n  data        {}\n\n{}\n{}\n{}\n",
        style.bold("ukai"),
        ready.version,
        style.bold(&ready.ui),
        ready.data_dir.display(),
        style.bold("Honeypot services"),
        columns(&rows),
        style.dim("Ctrl-C stops it. Try: telnet to one of the addresses above."),
    )
}

/// As many file descriptors as the system lets this user have: one per session.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}
