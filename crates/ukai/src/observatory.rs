//! The telescope beside the honeypots: what comes to their networks, and to interfaces.

use crate::cli::WrongUse;
use crate::config::Config;
use anyhow::{Context, Result};
use ipnet::IpNet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinHandle;
use ukai_honeypot::NetworkLink;
use ukai_link::Watcher;
use ukai_store::Store;
use ukai_watch::{FlowKeeper, News, Watch, keep};

/// A telescope whose events are kept.
pub(crate) struct Observatory {
    watch: Watch,
    keeping: JoinHandle<()>,
    /// Whether it looks at what comes to honeypots.
    honeypots: bool,
}

impl Observatory {
    /// Starts it, if there is something to look at.
    pub(crate) async fn start(config: &Config, data: &Path, store: &Store) -> Result<Option<Self>> {
        let networks = watched_networks(config);
        let telescope = &config.telescope;
        if networks.is_empty() && telescope.interfaces.is_empty() {
            return Ok(None);
        }
        let table = telescope.origins.clone();
        let databases = match &telescope.databases {
            none if none.is_empty() => installed(&data.join("geo"))?,
            some => some.clone(),
        };
        let known = telescope.known.clone();
        // Databases are large.
        let origins = tokio::task::spawn_blocking(move || {
            crate::telescope::origins(table.as_deref(), &databases, known.as_deref())
        })
        .await
        .context("reading the telescope's databases")??;
        let settings = telescope.settings(&networks, &config.indicators.own);
        let origins = Arc::new(origins);
        for about in origins.databases() {
            let (format, made, licence) = (about.format, about.made, about.licence);
            let holds = about.holds.unwrap_or_default();
            tracing::info!(format, %made, holds, licence, "the telescope knows whose addresses are");
        }
        let (mut keep_fact, keeping) = keep(store.clone(), config.honeypot.sensor.clone());
        let mut flows = match telescope.flow_folder(data) {
            Some(folder) => {
                let path = folder.path.display().to_string();
                let keeper = FlowKeeper::start(folder, Arc::clone(&origins));
                Some(keeper.map_err(|error| WrongUse(format!("{path}: {error}")))?)
            }
            None => None,
        };
        let tell = move |news| match (news, &mut flows) {
            (News::Minute(minute), Some(flows)) => flows.keep(minute),
            (news, _) => keep_fact(news),
        };
        let watch = Watch::start(telescope, settings, origins, tell)
            .map_err(|error| WrongUse(format!("[telescope] interfaces: {error}")))?;
        Ok(Some(Self { watch, keeping, honeypots: !networks.is_empty() }))
    }

    /// Is told of what comes to honeypots, if it is looked at.
    pub(crate) fn watcher(&self) -> Option<Watcher> {
        self.honeypots.then(|| self.watch.watcher())
    }

    /// Ends it: what is open is told, and kept.
    pub(crate) async fn finish(self) -> Result<()> {
        let figures = self.watch.figures();
        let watch = self.watch;
        tokio::task::spawn_blocking(move || watch.finish()).await.context("the telescope")?;
        self.keeping.await.context("the telescope's events")?;
        if figures.dropped() > 0 {
            tracing::warn!(
                frames = figures.arrived,
                dropped_by_kernel = figures.dropped_by_kernel,
                dropped_here = figures.dropped_here,
                "not all that came to the telescope was looked at"
            );
        }
        Ok(())
    }
}

/// Prefixes of networks whose packets we see: with TPROXY the kernel keeps them to itself.
fn watched_networks(config: &Config) -> Vec<IpNet> {
    if !config.telescope.honeypots {
        return Vec::new();
    }
    let networks = config.honeypot.networks.iter();
    let seen = networks.filter(|network| !matches!(network.link, NetworkLink::Tproxy { .. }));
    seen.flat_map(|network| &network.prefixes).copied().collect()
}

/// The databases that `make geo` has put into a folder, by name.
fn installed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| folder.display().to_string()),
    };
    let mut databases = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "mmdb" || extension == "db") {
            databases.push(path);
        }
    }
    databases.sort();
    Ok(databases)
}
