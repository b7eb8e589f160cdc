//! The configuration file: one TOML file whose sections are the crates' own structs.
//! The only place that reads it.

use crate::outputs::OutputsConfig;
use crate::sandbox::SandboxConfig;
use crate::yara::YaraConfig;
use anyhow::{Context, Result, anyhow};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use ukai_egress::{Egress, EgressConfig};
use ukai_engine::{EngineConfig, Engines};
use ukai_honeypot::HoneypotConfig;
use ukai_hub::HubConfig;
use ukai_indicator::{Guard, Policy};
use ukai_lookup::LookupConfig;
use ukai_store::StoreConfig;
use ukai_watch::TelescopeConfig;

/// The whole configuration. Every key has a default; the defaults bind to loopback.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Folder of everything that is kept: events, samples, catalogue, feeds, tokens.
    #[schema(value_type = String)]
    pub(crate) data_dir: PathBuf,
    /// What the program says of itself, on standard error.
    pub(crate) log: LogConfig,
    /// The honeypot: who listens where, as whom, within which budgets.
    pub(crate) honeypot: HoneypotConfig,
    /// The telescope: who scans for what, and who is under attack.
    pub(crate) telescope: TelescopeConfig,
    /// Fetching what attackers point to.
    pub(crate) egress: EgressConfig,
    /// Which indicators may be published.
    pub(crate) indicators: Policy,
    /// The hub: UI, API, feeds, analysis workers.
    pub(crate) hub: HubConfig,
    /// How events and samples are kept.
    pub(crate) store: StoreConfig,
    /// The sandbox: where captured samples really run.
    pub(crate) sandbox: SandboxConfig,
    /// Files that follow what is observed.
    pub(crate) outputs: OutputsConfig,
    /// Anti-virus engines that the hub asks about every sample, and `ukai antivirus` about files:
    /// `{ name = "clamav", kind = "clamd", address = "/run/clamav/clamd.ctl" }`; the kinds
    /// are `clamd`, `icap`, `command` and `http` (docs/antivirus.md).
    pub(crate) antivirus: Vec<EngineConfig>,
    /// Services that the hub asks about every sample's hash, and `ukai lookup` about hashes:
    /// `{ service = "virustotal", key_file = "/etc/ukai/virustotal.key" }`; the services are
    /// `virustotal`, `malwarebazaar`, `urlhaus`, `threatfox`, `hashlookup`, `misp` and `otx`
    /// (docs/lookups.md).
    pub(crate) lookups: Vec<LookupConfig>,
    /// YARA rules that look at every sample.
    pub(crate) yara: YaraConfig,
}

/// What the program says of itself, on standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogConfig {
    /// Form: `text` or `json`.
    pub(crate) format: LogFormat,
    /// What is said: `error`, `warn`, `info`, `debug`, or per component as in
    /// `info,ukai_hub=debug`.
    pub(crate) level: String,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for a reader.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "data".into(),
            log: LogConfig::default(),
            honeypot: HoneypotConfig::default(),
            telescope: TelescopeConfig::default(),
            egress: EgressConfig::default(),
            indicators: Policy::default(),
            hub: HubConfig::default(),
            store: StoreConfig::default(),
            sandbox: SandboxConfig::default(),
            outputs: OutputsConfig::default(),
            antivirus: Vec::new(),
            lookups: Vec::new(),
            yara: YaraConfig::default(),
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}

impl Config {
    /// Reads and checks a file; without one, gives the defaults.
    ///
    /// # Errors
    /// One error with the file, the key and the remedy.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("{name}: cannot be read. `ukai config default > {name}` writes a file with all defaults")
        })?;
        let config = Self::parse(&text).map_err(|error| anyhow!("{name}: {error}"))?;
        config.check().map_err(|error| anyhow!("{name}: {error:#}"))?;
        Ok(config)
    }

    /// Reads the text of a file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let deserializer =
            toml::Deserializer::parse(text).map_err(|error| describe(&error, text, ""))?;
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let key = error.path().to_string();
            describe(error.inner(), text, if key == "." { "" } else { &key })
        })
    }

    /// Checks what no type can express.
    pub(crate) fn check(&self) -> Result<()> {
        self.log.filter()?;
        self.hub.check()?;
        self.honeypot.check().context("[honeypot]")?;
        self.telescope.check().map_err(|error| anyhow!("[telescope] {error}"))?;
        Egress::new(self.egress.clone(), Vec::new())?;
        self.sandbox.check().context("[sandbox]")?;
        Engines::new(&self.antivirus).context("[[antivirus]]")?;
        crate::lookup::lookups(self).context("[[lookups]]")?;
        self.yara.check().context("[yara]")?;
        Guard::new(&self.indicators).context("[indicators]")?;
        Ok(())
    }

    /// The policy of publishing, with our own addresses in it: those that listen are
    /// never published.
    pub(crate) fn indicator_policy(&self) -> Policy {
        let mut policy = self.indicators.clone();
        policy.own.extend(self.listening());
        policy
    }

    /// What the egress must never contact beside special addresses: our own. Loopback
    /// is special already, and only the tests' configuration opens it.
    pub(crate) fn own_prefixes(&self) -> Vec<IpNet> {
        let listening = self.listening().filter(|net| !net.addr().is_loopback());
        self.indicators.own.iter().copied().chain(listening).collect()
    }

    fn listening(&self) -> impl Iterator<Item = IpNet> {
        let addresses = self.honeypot.listeners.iter().flat_map(|listener| &listener.addresses);
        let networks = self.honeypot.networks.iter().flat_map(|network| &network.prefixes);
        // An unspecified address stands for all of the machine and names none.
        let addresses = addresses.filter(|address| !address.is_unspecified());
        addresses.map(|address| IpNet::from(*address)).chain(networks.copied())
    }
}

impl LogConfig {
    /// The filter that [`Self::level`] describes.
    pub(crate) fn filter(&self) -> Result<tracing_subscriber::EnvFilter> {
        tracing_subscriber::EnvFilter::builder().parse(&self.level).map_err(|error| {
            anyhow!(
                "[log] level: {error}. Choose error, warn, info or debug, or per component as in \"info,ukai_hub=debug\""
            )
        })
    }
}

/// One line: where, which key, what is wrong, what to do.
fn describe(error: &toml::de::Error, text: &str, key: &str) -> String {
    let place = error.span().map_or(String::new(), |span| {
        let before = &text[..span.start.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        format!("line {line}, column {column}: ")
    });
    let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
    let message = error.message().trim_end().replace('\n', "; ");
    format!("{place}{key}{message}. `ukai config default` prints every key with its meaning")
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn the_defaults_are_valid() {
        Config::default().check().expect("the defaults work");
    }

    #[test]
    fn a_wrong_key_is_named_with_its_place_and_remedy() {
        let error = Config::parse("[hub]\n# a comment\nlissten = \"127.0.0.1:1\"\n")
            .expect_err("a misspelt key");
        assert!(error.starts_with("line 3, column 1: hub"), "{error}");
        assert!(error.contains("lissten") && error.contains("`listen`"), "{error}");
        assert!(error.contains("ukai config default"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_named_with_its_key() {
        let error = Config::parse("[hub]\nlisten = \"nowhere\"\n").expect_err("no address");
        assert!(error.starts_with("line 2, column 10: hub.listen: "), "{error}");
    }

    #[test]
    fn broken_syntax_is_placed() {
        let error = Config::parse("[hub\nlisten = 1\n").expect_err("no TOML");
        assert!(error.starts_with("line 1, column "), "{error}");
    }
}
