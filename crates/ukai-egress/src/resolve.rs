//! Names to addresses.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

/// Resolves names. Each fetch asks once and then keeps to the answer.
pub trait Resolve: Send + Sync + fmt::Debug {
    /// All addresses of `name`, or why there are none, for a reader.
    fn resolve<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, String>> + Send + 'a>>;
}

/// Asks over DNS; `/etc/hosts` and search domains, which are about the operator's own
/// network, are not looked at.
pub(crate) struct DnsResolver {
    /// Without a resolver, every name fails with the reason; addresses are still fetched
    /// from.
    resolver: Result<TokioResolver, String>,
}

impl DnsResolver {
    /// Asks `servers`; those of the system if there are none.
    pub(crate) fn new(servers: &[SocketAddr]) -> Self {
        let builder = if servers.is_empty() {
            TokioResolver::builder_tokio()
        } else {
            let servers = servers.iter().map(name_server).collect();
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            Ok(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
        };
        let resolver = builder.and_then(|mut builder| {
            let options = builder.options_mut();
            options.use_hosts_file = ResolveHosts::Never;
            options.attempts = 2;
            options.cache_size = 1_024;
            builder.build()
        });
        Self { resolver: resolver.map_err(|error| format!("no resolver: {error}")) }
    }
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

impl fmt::Debug for DnsResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DnsResolver").finish_non_exhaustive()
    }
}

impl Resolve for DnsResolver {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, String>> + Send + 'a>> {
        Box::pin(async move {
            let resolver = self.resolver.as_ref().map_err(Clone::clone)?;
            let found = resolver.lookup_ip(format!("{name}.")).await;
            found.map(|lookup| lookup.iter().collect()).map_err(|error| error.to_string())
        })
    }
}
