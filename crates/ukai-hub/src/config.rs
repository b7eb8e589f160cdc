//! What the operator can set of the hub.

use crate::HubError;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use ukai_jail::JailLimits;
use ukai_model::Tlp;

/// The hub's section of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HubConfig {
    /// Address and port of the UI, the API and the feeds. Port 0 takes any free one.
    #[schema(value_type = String)]
    pub listen: SocketAddr,
    /// How often feeds follow changed indicators, in milliseconds (100 to 3,600,000).
    pub publish_interval_ms: u64,
    /// Analyses that run at once (0 to 256; 0: this hub analyses nothing). Two per processor keep
    /// it busy.
    pub workers: usize,
    /// What one analysis of one sample may use. Beyond it the analysis is cut off, and
    /// what was found until then is kept.
    pub analysis: JailLimits,
    /// A folder whose files become samples: what appears in it and does not change for a second
    /// is submitted and moved to `taken/` below it.
    #[schema(value_type = Option<String>)]
    pub watch_folder: Option<PathBuf>,
    /// What goes into feeds.
    pub feeds: FeedConfig,
    /// Limits of the web server.
    pub http: HttpConfig,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8765)),
            publish_interval_ms: 1_000,
            workers: 4,
            analysis: JailLimits::default(),
            watch_folder: None,
            feeds: FeedConfig::default(),
            http: HttpConfig::default(),
        }
    }
}

/// What goes into feeds. How sure an indicator must be is part of the policy of
/// indicators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FeedConfig {
    /// The strictest Traffic Light Protocol mark that feeds carry: `clear`, `green`,
    /// `amber` or `red`. What is marked stricter stays out.
    pub tlp: Tlp,
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self { tlp: Tlp::Green }
    }
}

/// Limits of the web server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Largest sample that may be submitted, in bytes.
    pub upload_bytes_max: usize,
    /// Connections open at once; more wait in the backlog.
    pub connections_max: usize,
    /// Live event streams open at once; more are refused.
    pub live_streams_max: usize,
    /// Time from a request's head to its answer's, in seconds: slow bodies included.
    pub request_timeout_s: u64,
    /// How long a log-in to the UI lasts, in hours.
    pub session_hours: u64,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            upload_bytes_max: 64 << 20,
            connections_max: 512,
            live_streams_max: 64,
            request_timeout_s: 60,
            session_hours: 12,
        }
    }
}

impl HubConfig {
    /// Says what in these values cannot work.
    ///
    /// # Errors
    /// [`HubError::Config`] with the key and the remedy.
    pub fn check(&self) -> Result<(), HubError> {
        within("publish_interval_ms", self.publish_interval_ms, 100, 3_600_000)?;
        within("workers", self.workers as u64, 0, 256)?;
        within("analysis.wall_ms", self.analysis.wall_ms, 100, 3_600_000)?;
        within("analysis.cpu_s", self.analysis.cpu_s, 1, 3_600)?;
        within("analysis.memory_bytes", self.analysis.memory_bytes, 64 << 20, 1 << 40)?;
        within("analysis.output_bytes", self.analysis.output_bytes, 64 << 10, 256 << 20)?;
        within("http.upload_bytes_max", self.http.upload_bytes_max as u64, 1, 1 << 30)?;
        within("http.connections_max", self.http.connections_max as u64, 8, 100_000)?;
        within("http.live_streams_max", self.http.live_streams_max as u64, 0, 10_000)?;
        within("http.request_timeout_s", self.http.request_timeout_s, 1, 3_600)?;
        within("http.session_hours", self.http.session_hours, 1, 24 * 365)
    }
}

fn within(key: &'static str, value: u64, min: u64, max: u64) -> Result<(), HubError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(HubError::Config {
        key,
        problem: format!("{value} is out of range"),
        remedy: format!("choose a value from {min} to {max}"),
    })
}

#[cfg(test)]
mod tests {
    use super::HubConfig;

    #[test]
    fn the_defaults_are_accepted() {
        HubConfig::default().check().expect("the defaults work");
    }

    #[test]
    fn bad_values_are_told_with_key_and_remedy() {
        let mut config = HubConfig::default();
        config.http.connections_max = 0;
        let error = config.check().expect_err("no connections").to_string();
        assert!(error.contains("http.connections_max") && error.contains("choose"), "{error}");
    }

    #[test]
    fn unknown_keys_are_refused() {
        let json = r#"{"listen":"127.0.0.1:1","lissten":1}"#;
        serde_json::from_str::<HubConfig>(json).expect_err("a misspelt key");
    }
}
