//! `ukai up`: everything on one machine.

use crate::cli::{Place, WrongUse};
use crate::config::Config;
use crate::observing::{NetworkInfo, Observing, Stop, raise_descriptor_limit, tables};
use crate::running::RunningFile;
use crate::terminal::{Style, columns};
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use ukai_hub::{Hub, HubContext, ServiceInfo};

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
    networks: Vec<NetworkInfo>,
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
    let mut stop = Stop::new()?;
    crate::yara::warn(&config.yara);
    let observing = Observing::start(&config).await?;
    let (data, store) = (&observing.data, &observing.store);
    let (ui_token, ui_token_new) = data.token("ui-token")?;
    let (feed_token, _) = data.token("feed-token")?;
    let services = observing.services();
    let shown_token = ui_token.reveal().to_owned();
    let (lookups, _alone) = crate::lookup::seat(&config, data.path())?.unzip();
    let hub = Hub::start(
        config.hub.clone(),
        store.clone(),
        HubContext {
            sensor: config.honeypot.sensor.clone(),
            services: services.clone(),
            data_dir: data.path().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            analyzer: crate::jailed::analyzer(&config.yara)?,
            ui_token,
            feed_token,
            sandbox: crate::sandbox::seat(&config.sandbox, &config.yara, data.path())?,
            engines: crate::antivirus::seat(&config)?,
            lookups: lookups.map(Arc::new),
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
        networks: observing.networks(),
    };
    let line = serde_json::to_string(&ready).context("readiness line")?;
    let running = RunningFile::write(data.path(), &line)?;
    if json {
        println!("{line}");
    } else {
        print!("{}", greeting(&ready, ui_token_new.then_some(&shown_token)));
    }
    stop.wait().await;
    drop(running);
    observing.finish(hub.shutdown()).await?;
    Ok(ExitCode::SUCCESS)
}

/// What a person is told at the start.
fn greeting(ready: &Ready, new_token: Option<&String>) -> String {
    let style = Style::of_stdout();
    let [rows, networks] = tables(&ready.services, &ready.networks);
    let networks = if networks.is_empty() {
        String::new()
    } else {
        format!("{}\n{}\n", style.bold("Networks"), columns(&networks))
    };
    let token = match new_token {
        Some(token) => format!("{token}\n              (kept in {})", ready.token_file.display()),
        None => format!("in {}", ready.token_file.display()),
    };
    format!(
        "\n{} {}\n\n  web UI      {}\n  token       {token}\n  data        {}\n\n{}\n{}\n{networks}{}\n",
        style.bold("ukai"),
        ready.version,
        style.bold(&ready.ui),
        ready.data_dir.display(),
        style.bold("Honeypot services"),
        columns(&rows),
        style.dim("Ctrl-C stops it. Try: telnet to one of the addresses above."),
    )
}
