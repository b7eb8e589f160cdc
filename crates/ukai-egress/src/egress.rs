//! A fetch from its URL to its report.

use crate::config::EgressConfig;
use crate::connect::Connector;
use crate::failure::Failure;
use crate::http::Exchange;
use crate::limits::ADDRESSES_MAX;
use crate::policy::Policy;
use crate::recent::Recent;
use crate::report::FetchReport;
use crate::resolve::{DnsResolver, Resolve};
use crate::tls::Tls;
use crate::tool::{Tool, tool};
use crate::transfer::Transfer;
use crate::turns::Turns;
use crate::{ftp, http, tftp};
use bytes::Bytes;
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use ukai_indicator::observables::{FetchUrl, NotAnObservable};
use ukai_model::{FetchOutcome, Sha256};
use url::Host;

/// Fetches what attackers point to, under one policy. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Egress {
    pub(crate) config: EgressConfig,
    policy: Policy,
    resolver: Arc<dyn Resolve>,
    pub(crate) connector: Connector,
    pub(crate) tls: Tls,
    pub(crate) turns: Turns,
    recent: Recent,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// A limit of zero, by which nothing could ever be fetched.
    #[error("egress.{0} must not be 0")]
    Zero(&'static str),
}

impl Egress {
    /// An egress that never contacts `own` addresses.
    pub fn new(config: EgressConfig, own: Vec<IpNet>) -> Result<Self, EgressError> {
        let resolver = Arc::new(DnsResolver::new(&config.resolvers));
        Self::with_resolver(config, own, resolver)
    }

    /// An egress that asks `resolver` for names.
    pub fn with_resolver(
        config: EgressConfig,
        own: Vec<IpNet>,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self, EgressError> {
        check(&config)?;
        let connect_max = Duration::from_millis(config.connect_ms_max);
        Ok(Self {
            policy: Policy { allow: config.allow.clone(), deny: config.deny.clone(), own },
            resolver,
            connector: Connector { proxy: config.proxy, connect_max },
            tls: Tls::new(),
            turns: Turns::new(&config),
            recent: Recent::new(Duration::from_millis(config.reuse_ms)),
            config,
        })
    }

    /// Fetches `url` in the manner of `tool` (`wget`, `curl`, `busybox-wget` ...: its user
    /// agent). Never fails: the report says how it ended. Who asks for what was just
    /// fetched gets the same report again ([`EgressConfig::reuse_ms`]).
    pub async fn fetch(&self, url: &str, tool_name: &str) -> FetchReport {
        let tool = tool(tool_name);
        match FetchUrl::parse(url) {
            Ok(url) => {
                let key = (url.as_str().to_owned(), tool.user_agent);
                self.recent.or_fetch(key, self.fetch_now(url, tool)).await
            }
            Err(error) => {
                let words = error.to_string();
                let failure = match error {
                    NotAnObservable::Scheme => Failure::forbidden(words),
                    _ => Failure::bad_url(words),
                };
                let nothing = Transfer::new(0, Duration::ZERO);
                report(nothing, Err(failure), Duration::ZERO)
            }
        }
    }

    async fn fetch_now(&self, url: FetchUrl, tool: &Tool) -> FetchReport {
        let started = Instant::now();
        let idle_max = Duration::from_millis(self.config.idle_ms_max);
        let mut transfer = Transfer::new(self.config.bytes_max, idle_max);
        let deadline = started + Duration::from_millis(self.config.total_ms_max);
        let asked = url.as_str().to_owned();
        let fetching = self.run(url, tool, &mut transfer);
        let result = timeout_at(deadline, fetching).await.unwrap_or_else(|_| {
            Err(Failure::timed_out(format!("not done within {} ms", self.config.total_ms_max)))
        });
        let report = report(transfer, result, started.elapsed());
        tracing::debug!(
            url = asked,
            outcome = ?report.outcome,
            bytes = report.bytes.len(),
            "fetched"
        );
        report
    }

    async fn run(
        &self,
        mut url: FetchUrl,
        tool: &Tool,
        transfer: &mut Transfer,
    ) -> Result<(), Failure> {
        let _turn = self.turns.overall().await?;
        let mut redirects = 0;
        loop {
            match self.hop(&url, tool, transfer).await? {
                Exchange::Done => return Ok(()),
                Exchange::Redirect(_) if redirects == self.config.redirects_max => {
                    return Err(Failure::refused(format!("more than {redirects} redirections")));
                }
                Exchange::Redirect(next) => {
                    redirects += 1;
                    transfer.final_url = Some(next.as_str().to_owned());
                    url = next;
                }
            }
        }
    }

    /// One URL of a chain of redirections: each is checked as if it were the first.
    async fn hop(
        &self,
        url: &FetchUrl,
        tool: &Tool,
        transfer: &mut Transfer,
    ) -> Result<Exchange, Failure> {
        transfer.status = None;
        Policy::check_url(url)?;
        if url.scheme() == "tftp" && self.config.proxy.is_some() {
            return Err(Failure::forbidden("TFTP does not go through the proxy"));
        }
        let addresses = self.addresses(url, transfer).await?;
        let mut last = Failure::unreachable("no address");
        for address in addresses {
            match self.at_address(url, address, tool, transfer).await {
                // Another address may do only if this one has not begun to answer.
                Err(failure)
                    if transfer.status.is_none()
                        && transfer.bytes.is_empty()
                        && matches!(
                            failure.outcome,
                            FetchOutcome::Unreachable | FetchOutcome::TimedOut
                        ) =>
                {
                    last = failure;
                }
                other => return other,
            }
        }
        Err(last)
    }

    async fn at_address(
        &self,
        url: &FetchUrl,
        address: IpAddr,
        tool: &Tool,
        transfer: &mut Transfer,
    ) -> Result<Exchange, Failure> {
        let _turn = self.turns.of_host(address).await?;
        match url.scheme() {
            "ftp" => ftp::fetch(self.connector, url, address, transfer).await?,
            "tftp" => tftp::fetch(url, address, transfer).await?,
            _ => {
                return http::fetch(self.connector, &self.tls, url, address, tool, transfer).await;
            }
        }
        Ok(Exchange::Done)
    }

    /// The addresses to try. A name is resolved once; with one address that must not be
    /// contacted the whole name is refused, for it is not what it pretends to be.
    pub(crate) async fn addresses(
        &self,
        url: &FetchUrl,
        transfer: &mut Transfer,
    ) -> Result<Vec<IpAddr>, Failure> {
        let name = match url.host() {
            Host::Ipv4(address) => return self.checked(vec![IpAddr::V4(*address)]),
            Host::Ipv6(address) => return self.checked(vec![IpAddr::V6(*address)]),
            Host::Domain(name) => name,
        };
        if !name.contains('.') {
            return Err(Failure::forbidden(format!("{name} is a name of the local network")));
        }
        let asking = self.resolver.resolve(name);
        let asked = Transfer::awaited(transfer.idle_max, "DNS", asking).await?;
        let not_resolved = |why| Failure::new(FetchOutcome::NotResolved, why);
        let found = asked.map_err(|error| not_resolved(format!("{name}: {error}")))?;
        if found.is_empty() {
            return Err(not_resolved(format!("{name} has no address")));
        }
        self.checked(found)
    }

    fn checked(&self, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, Failure> {
        let mut checked: Vec<IpAddr> = Vec::new();
        for address in addresses {
            let address = address.to_canonical();
            self.policy.check_address(address)?;
            if !checked.contains(&address) && checked.len() < ADDRESSES_MAX {
                checked.push(address);
            }
        }
        Ok(checked)
    }
}

fn check(config: &EgressConfig) -> Result<(), EgressError> {
    let limits = [
        ("bytes_max", config.bytes_max),
        ("total_ms_max", config.total_ms_max),
        ("idle_ms_max", config.idle_ms_max),
        ("connect_ms_max", config.connect_ms_max),
        ("concurrent_max", config.concurrent_max as u64),
        ("concurrent_per_host_max", config.concurrent_per_host_max as u64),
        ("per_minute_max", u64::from(config.per_minute_max)),
        ("per_host_per_minute_max", u64::from(config.per_host_per_minute_max)),
    ];
    match limits.iter().find(|(_, value)| *value == 0) {
        Some((name, _)) => Err(EgressError::Zero(name)),
        None => Ok(()),
    }
}

fn report(transfer: Transfer, result: Result<(), Failure>, duration: Duration) -> FetchReport {
    let (outcome, error) = match result {
        Ok(()) => (FetchOutcome::Complete, None),
        Err(failure) => {
            let began = !transfer.bytes.is_empty() && !transfer.is_error_page;
            let outcome = if began { FetchOutcome::Partial } else { failure.outcome };
            (outcome, Some(failure.message))
        }
    };
    FetchReport {
        outcome,
        sha256: (!transfer.bytes.is_empty()).then(|| Sha256::of(&transfer.bytes)),
        bytes: Bytes::from(transfer.bytes),
        status: transfer.status,
        server_ip: transfer.server_ip,
        final_url: transfer.final_url,
        error,
        duration,
        content_type: transfer.content_type,
        notes: transfer.notes,
    }
}
