//! What the operator decides about fetching.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// What the operator decides about fetching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EgressConfig {
    /// Addresses that may be contacted although they are not public. For tests: a list
    /// that holds loopback opens loopback, and nothing else does.
    #[schema(value_type = Vec<String>)]
    pub allow: Vec<IpNet>,
    /// Addresses that must not be contacted, beside the special ones and our own.
    #[schema(value_type = Vec<String>)]
    pub deny: Vec<IpNet>,
    /// Largest file, in bytes; what came until then is kept as a part.
    pub bytes_max: u64,
    /// Longest fetch with everything in it, in milliseconds.
    pub total_ms_max: u64,
    /// Longest silence of the server, in milliseconds.
    pub idle_ms_max: u64,
    /// Longest connecting, TLS included, in milliseconds.
    pub connect_ms_max: u64,
    /// Redirections that are followed.
    pub redirects_max: u32,
    /// Fetches at a time.
    pub concurrent_max: usize,
    /// Fetches at a time from one host.
    pub concurrent_per_host_max: usize,
    /// Fetches per minute.
    pub per_minute_max: u32,
    /// Fetches per minute from one host.
    pub per_host_per_minute_max: u32,
    /// How long a result is given again to whoever asks for the same URL with the same
    /// tool, in milliseconds; 0: every time is a fetch of its own.
    pub reuse_ms: u64,
    /// An HTTP proxy with CONNECT through which TCP goes (`192.0.2.1:3128`), if any; TFTP
    /// is not possible then. The proxy gets addresses, never names.
    #[schema(value_type = Option<String>)]
    pub proxy: Option<SocketAddr>,
    /// Resolvers to ask; empty: those of the system.
    #[schema(value_type = Vec<String>)]
    pub resolvers: Vec<SocketAddr>,
}

impl Default for EgressConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            bytes_max: 32 << 20,
            total_ms_max: 120_000,
            idle_ms_max: 20_000,
            connect_ms_max: 10_000,
            redirects_max: 5,
            concurrent_max: 64,
            concurrent_per_host_max: 4,
            per_minute_max: 1_200,
            per_host_per_minute_max: 60,
            reuse_ms: 60_000,
            proxy: None,
            resolvers: Vec::new(),
        }
    }
}
