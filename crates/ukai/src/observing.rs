//! What observes and keeps: the part that `ukai up` and `ukai sensor run` share.

use crate::cli::WrongUse;
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::observatory::Observatory;
use crate::outputs::Outputs;
use crate::source::cowrie;
use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use ukai_egress::Egress;
use ukai_honeypot::Honeypot;
use ukai_hub::ServiceInfo;
use ukai_store::Store;

/// What observes and keeps.
pub(crate) struct Observing {
    pub(crate) data: DataFolder,
    pub(crate) store: Store,
    honeypot: Honeypot,
    telescope: Option<Observatory>,
    outputs: Option<Outputs>,
}

/// A network, as readers of the readiness line see it.
#[derive(Serialize)]
pub(crate) struct NetworkInfo {
    link: String,
    prefixes: Vec<String>,
    /// How many hosts; `null`: every address is one.
    hosts: Option<usize>,
}

impl Observing {
    /// Starts it in the configuration's data folder.
    pub(crate) async fn start(config: &Config) -> Result<Self> {
        let data = DataFolder::make(&config.data_dir)?;
        let secret = data.secret()?;
        let store = Store::open(data.path(), config.store.clone())
            .map_err(|error| WrongUse(format!("data folder {}: {error}", data.path().display())))?;
        let outputs = Outputs::start(&config.outputs, data.path(), store.clone(), cowrie(&data)?)
            .await
            .map_err(WrongUse::from_error)?;
        let egress = Arc::new(Egress::new(config.egress.clone(), config.own_prefixes())?);
        let telescope = Observatory::start(config, data.path(), &store).await?;
        let watcher = telescope.as_ref().and_then(Observatory::watcher);
        let honeypot =
            Honeypot::start(config.honeypot.clone(), store.clone(), egress, secret, watcher)
                .await
                .map_err(|error| WrongUse(error.to_string()))?;
        Ok(Self { data, store, honeypot, telescope, outputs })
    }

    /// What listens where.
    pub(crate) fn services(&self) -> Vec<ServiceInfo> {
        let services = self.honeypot.services().iter().map(|service| ServiceInfo {
            protocol: service.protocol.to_string(),
            address: service.address,
            persona: service.persona.clone(),
        });
        services.collect()
    }

    /// Which networks are answered for.
    pub(crate) fn networks(&self) -> Vec<NetworkInfo> {
        let networks = self.honeypot.networks().iter().map(|network| NetworkInfo {
            link: network.link.clone(),
            prefixes: network.prefixes.iter().map(ToString::to_string).collect(),
            hosts: network.hosts,
        });
        networks.collect()
    }

    /// Ends it: first what observes, then `between`, then what keeps.
    pub(crate) async fn finish(self, between: impl Future<Output = ()>) -> Result<()> {
        self.honeypot.shutdown().await;
        if let Some(telescope) = self.telescope {
            telescope.finish().await?;
        }
        between.await;
        if let Some(outputs) = self.outputs {
            outputs.finish().await;
        }
        self.store.close().await.context("closing the store")
    }
}

/// A table of services and networks, for a person.
pub(crate) fn tables(services: &[ServiceInfo], networks: &[NetworkInfo]) -> [Vec<Vec<String>>; 2] {
    let mut rows: Vec<Vec<String>> = services
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
    let networks = networks.iter().map(|network| {
        let hosts = match network.hosts {
            Some(1) => "1 host".to_owned(),
            Some(hosts) => format!("{hosts} hosts"),
            None => "every address".to_owned(),
        };
        vec![format!("  {}", network.link), network.prefixes.join(", "), hosts]
    });
    [rows, networks.collect()]
}

/// Signals that end the program. Taken over first: one that comes while it starts must
/// drain too.
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Takes the signals over.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot take SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot take SIGINT")?,
        })
    }

    /// Tells a supervisor that the program is ready, and waits for the end.
    pub(crate) async fn wait(&mut self) {
        // Only a supervisor that asked for it listens; without one this does nothing.
        let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Ready]);
        tokio::select! {
            _ = self.terminate.recv() => tracing::info!("SIGTERM: draining"),
            _ = self.interrupt.recv() => tracing::info!("SIGINT: draining"),
        }
        let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Stopping]);
    }
}

/// As many file descriptors as the system lets this user have: one per session.
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}
