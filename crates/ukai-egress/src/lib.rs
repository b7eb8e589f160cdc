//! Egress: the only component that fetches what attackers point to, under one policy.

mod config;
mod report;

pub use config::EgressConfig;
pub use report::FetchReport;

use bytes::Bytes;
use ipnet::IpNet;
use ukai_model::{Duration, FetchOutcome};

/// Fetches under one policy.
#[derive(Debug)]
pub struct Egress {
    _config: EgressConfig,
}

/// Why the egress cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// No resolver.
    #[error("no resolver: {0}")]
    Resolver(String),
}

impl Egress {
    /// An egress that never contacts `own` addresses.
    pub fn new(config: EgressConfig, _own: Vec<IpNet>) -> Result<Self, EgressError> {
        Ok(Self { _config: config })
    }

    /// Fetches `url` in the manner of `tool` (`wget`, `curl` ...: its user agent).
    pub async fn fetch(&self, url: &str, _tool: &str) -> FetchReport {
        FetchReport {
            outcome: FetchOutcome::Forbidden,
            bytes: Bytes::new(),
            sha256: None,
            status: None,
            server_ip: None,
            final_url: None,
            error: Some(format!("{url} is not fetched yet")),
            duration: Duration::ZERO,
            content_type: None,
            notes: Vec::new(),
        }
    }
}
