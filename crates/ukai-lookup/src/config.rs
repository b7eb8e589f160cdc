//! Which services are asked, where, with which key and how often.

use crate::service::Service;
use crate::services::abuse_ch::{AbuseCh, Collection};
use crate::services::hashlookup::Hashlookup;
use crate::services::misp::Misp;
use crate::services::otx::Otx;
use crate::services::virustotal::VirusTotal;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use url::{Host, Url};

/// A service: `{ service = "virustotal", key_file = "/etc/ukai/virustotal.key" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupConfig {
    /// Which one.
    pub service: ServiceKind,
    /// File with its key. Without it a service that needs one is off.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub key_file: Option<PathBuf>,
    /// Its address, where that is not the public one; a MISP has no other.
    #[serde(default)]
    pub url: Option<String>,
    /// Questions a minute; what the service allows without a contract by default.
    #[serde(default)]
    pub per_minute: Option<u32>,
    /// Questions a day.
    #[serde(default)]
    pub per_day: Option<u32>,
    /// Whether it may be given samples, when the command line asks for that, too.
    #[serde(default)]
    pub upload: bool,
}

/// The services that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    /// VirusTotal.
    VirusTotal,
    /// MalwareBazaar of abuse.ch.
    MalwareBazaar,
    /// URLhaus of abuse.ch.
    UrlHaus,
    /// ThreatFox of abuse.ch.
    ThreatFox,
    /// CIRCL hashlookup.
    Hashlookup,
    /// A MISP.
    Misp,
    /// LevelBlue (AlienVault) OTX.
    Otx,
}

impl ServiceKind {
    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VirusTotal => "virustotal",
            Self::MalwareBazaar => "malwarebazaar",
            Self::UrlHaus => "urlhaus",
            Self::ThreatFox => "threatfox",
            Self::Hashlookup => "hashlookup",
            Self::Misp => "misp",
            Self::Otx => "otx",
        }
    }

    const fn address(self) -> Option<&'static str> {
        match self {
            Self::VirusTotal => Some("https://www.virustotal.com/api/v3"),
            Self::MalwareBazaar => Some("https://mb-api.abuse.ch/api/v1/"),
            Self::UrlHaus => Some("https://urlhaus-api.abuse.ch/v1"),
            Self::ThreatFox => Some("https://threatfox-api.abuse.ch/api/v1/"),
            Self::Hashlookup => Some("https://hashlookup.circl.lu"),
            Self::Misp => None,
            Self::Otx => Some("https://otx.alienvault.com/api/v1"),
        }
    }

    /// Questions a minute and a day that the service allows without a contract, or that are
    /// polite where it names none.
    const fn pace(self) -> (u32, u32) {
        match self {
            Self::VirusTotal => (4, 500),
            Self::Hashlookup => (60, 50_000),
            Self::Misp => (120, 100_000),
            Self::Otx => (60, 10_000),
            Self::MalwareBazaar | Self::UrlHaus | Self::ThreatFox => (30, 2_000),
        }
    }
}

/// What is wrong with a service's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("service \"{service}\", {key}: {problem}")]
pub struct LookupError {
    service: &'static str,
    key: &'static str,
    problem: String,
}

/// A service that can be asked.
pub(crate) struct Ready {
    pub(crate) service: Box<dyn Service>,
    pub(crate) per_minute: u32,
    pub(crate) per_day: u32,
    pub(crate) upload: bool,
}

/// The services that are configured.
pub struct Lookups {
    pub(crate) list: Vec<(ServiceKind, Result<Ready, String>)>,
}

impl Lookups {
    /// Reads keys with `read` and makes the services ready. One without its key is off.
    ///
    /// # Errors
    /// The service, the key of the configuration, and what is wrong.
    pub fn new(
        configs: &[LookupConfig],
        read: &dyn Fn(&Path) -> Result<String, String>,
    ) -> Result<Self, LookupError> {
        let mut list: Vec<(ServiceKind, _)> = Vec::new();
        for config in configs {
            let kind = config.service;
            let wrong = |key, problem: &str| LookupError {
                service: kind.name(),
                key,
                problem: problem.to_owned(),
            };
            if list.iter().any(|(known, _)| *known == kind) && kind != ServiceKind::Misp {
                return Err(wrong("service", "stands there twice"));
            }
            let ready = config.ready(read)?;
            list.push((kind, ready));
        }
        Ok(Self { list })
    }

    /// Whether no service is configured.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Number of services that are configured.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The name of the one at `index`, with its number where it is one of several of a kind.
    pub fn name(&self, index: usize) -> String {
        let kind = self.kind(index);
        let before = self.list[..index].iter().filter(|(other, _)| *other == kind).count();
        if before == 0 { kind.name().to_owned() } else { format!("{}-{}", kind.name(), before + 1) }
    }

    /// Which service the one at `index` is.
    pub fn kind(&self, index: usize) -> ServiceKind {
        self.list[index].0
    }
}

impl LookupConfig {
    fn ready(
        &self,
        read: &dyn Fn(&Path) -> Result<String, String>,
    ) -> Result<Result<Ready, String>, LookupError> {
        let kind = self.service;
        let wrong = |key, problem: String| LookupError { service: kind.name(), key, problem };
        let address = self.url.as_deref().or(kind.address());
        let address = address.ok_or_else(|| wrong("url", "is missing: where is it?".into()))?;
        let url = Url::parse(address).map_err(|error| wrong("url", error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong("url", "write https:// and a host".into()));
        }
        if url.scheme() == "http" && !is_here(&url) {
            return Err(wrong(
                "url",
                "the key would go over the net unencrypted; write https".into(),
            ));
        }
        let (per_minute, per_day) = kind.pace();
        let per_minute = self.per_minute.unwrap_or(per_minute);
        let per_day = self.per_day.unwrap_or(per_day);
        if per_minute == 0 || per_day == 0 {
            return Err(wrong("per_minute", "0: remove the service instead".into()));
        }
        let key = match (&self.key_file, kind) {
            (Some(file), _) => {
                let key = read(file).map_err(|error| wrong("key_file", error))?.trim().to_owned();
                let good =
                    (1..=512).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
                if !good {
                    return Err(wrong("key_file", "holds no key: one word is expected".into()));
                }
                key
            }
            (None, ServiceKind::Hashlookup) => String::new(),
            (None, _) => return Ok(Err("off: it has no key (key_file)".to_owned())),
        };
        let abuse_ch = |collection, url, key| Box::new(AbuseCh { collection, url, key });
        let service: Box<dyn Service> = match kind {
            ServiceKind::VirusTotal => Box::new(VirusTotal { url, key }),
            ServiceKind::MalwareBazaar => abuse_ch(Collection::MalwareBazaar, url, key),
            ServiceKind::UrlHaus => abuse_ch(Collection::UrlHaus, url, key),
            ServiceKind::ThreatFox => abuse_ch(Collection::ThreatFox, url, key),
            ServiceKind::Hashlookup => Box::new(Hashlookup { url }),
            ServiceKind::Misp => Box::new(Misp { url, key }),
            ServiceKind::Otx => Box::new(Otx { url, key }),
        };
        Ok(Ok(Ready { service, per_minute, per_day, upload: self.upload }))
    }
}

/// Whether an address is on this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}
