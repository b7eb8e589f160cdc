//! The server's side: certificates made on demand, kept ready, never shared by hosts.

use super::ca::{Ca, Subject, serial};
use super::key_log::Lines;
use crate::World;
use crate::limits::TLS_CONFIGS_MAX;
use lru::LruCache;
use parking_lot::Mutex;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SingleCertAndKey;
use rustls::{ConfigBuilder, KeyLog, NoKeyLog, ServerConfig, WantsVerifier};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use ukai_model::{PeerText, Timestamp};
use ukai_persona::Host;

/// Whose name a certificate carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateNames {
    /// The host's own, whatever is asked for, as devices do.
    Host,
    /// The name that the peer asks for, where it asks for one.
    Requested,
}

/// No certificate could be made: our own failure.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate.
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The configuration.
    #[error("TLS refused its own certificate: {0}")]
    Config(#[from] rustls::Error),
    /// The two parts of an authority do not belong together.
    #[error("the key is not that of the authority's certificate")]
    OtherKey,
}

/// What a peer asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The address that it has reached.
    pub local: IpAddr,
    /// The name that it asks for.
    pub server_name: Option<&'a PeerText>,
    /// The protocol that is agreed on.
    pub alpn: Option<&'static str>,
}

/// The TLS configurations of all hosts: made on demand, the most recent kept.
pub struct TlsConfigs {
    names: CertificateNames,
    /// Who signs; nobody: each certificate signs itself.
    ca: Option<Authority>,
    key_log: Arc<dyn KeyLog>,
    world: Arc<dyn World>,
    ready: Mutex<LruCache<Key, Arc<ServerConfig>>>,
}

/// An authority, and what the configurations of all its certificates have in common.
struct Authority {
    ca: Ca,
    common: ServerConfig,
}

/// What a configuration is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// The host, where hosts have certificates of their own.
    host: Option<IpAddr>,
    subject: Subject,
    alpn: Option<&'static str>,
    /// When it was made, in half-years: what an authority signs is valid for a year, and a
    /// guest's time may run ahead.
    period: u64,
}

const HALF_YEAR_S: u64 = 15_778_476;

impl TlsConfigs {
    /// No configuration yet.
    pub fn new(names: CertificateNames, world: Arc<dyn World>) -> Self {
        let max = NonZeroUsize::new(TLS_CONFIGS_MAX).expect("a constant above zero");
        let ready = Mutex::new(LruCache::new(max));
        Self { names, ca: None, key_log: Arc::new(NoKeyLog), world, ready }
    }

    /// Lets all certificates be signed by an authority: one for each name, or address where
    /// no name is asked for, whatever the host.
    pub fn signed_by(mut self, ca: Ca) -> Result<Self, TlsError> {
        let nobody = Arc::new(rustls::server::ResolvesServerCertUsingSni::new());
        let common = builder()?.with_no_client_auth().with_cert_resolver(nobody);
        self.ca = Some(Authority { ca, common });
        Ok(self)
    }

    /// Tells the secrets of all connections, as lines of NSS's key log. Called within
    /// handshakes: must be quick.
    #[must_use]
    pub fn with_key_log(mut self, lines: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        self.key_log = Arc::new(Lines(lines));
        self
    }

    /// The configuration with which `host` answers.
    pub fn config(&self, host: &Host, asked: &Asked<'_>) -> Result<Arc<ServerConfig>, TlsError> {
        let requested = match self.names {
            CertificateNames::Host => None,
            CertificateNames::Requested => asked.server_name.and_then(subject),
        };
        let subject = requested.unwrap_or_else(|| match (&self.ca, self.names) {
            (Some(_), CertificateNames::Requested) => Subject::Address(asked.local),
            _ => Subject::Name(host.hostname.clone()),
        });
        let host_address = self.ca.is_none().then_some(host.address);
        let now = self.world.now();
        // Hosts keep the certificates that they have.
        let period = self.ca.as_ref().map_or(0, |_| now.secs() / HALF_YEAR_S);
        let key = Key { host: host_address, subject, alpn: asked.alpn, period };
        if let Some(ready) = self.ready.lock().get(&key) {
            return Ok(Arc::clone(ready));
        }
        // Made outside the lock: two makers at once cost a key, not a wait of all.
        let mut config = match &self.ca {
            None => self.make(host, &key.subject)?,
            Some(Authority { ca, common }) => {
                let minted = ca.mint(&key.subject, now, self.world.random())?;
                let mut config = common.clone();
                config.cert_resolver = Arc::new(SingleCertAndKey::from(minted));
                config
            }
        };
        config.key_log = Arc::clone(&self.key_log);
        config.alpn_protocols = asked.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let config = Arc::new(config);
        Ok(Arc::clone(self.ready.lock().get_or_insert(key, || config)))
    }

    fn make(&self, host: &Host, subject: &Subject) -> Result<ServerConfig, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = DistinguishedName::new();
        if self.names == CertificateNames::Host {
            let maker = host.persona.identity.model.split(' ').next().unwrap_or_default();
            if !maker.is_empty() {
                params.distinguished_name.push(DnType::OrganizationName, maker);
            }
        }
        match subject {
            Subject::Name(name) => {
                params.distinguished_name.push(DnType::CommonName, name);
                if let Ok(name) = name.as_str().try_into() {
                    params.subject_alt_names.push(SanType::DnsName(name));
                }
            }
            Subject::Address(address) => {
                params.distinguished_name.push(DnType::CommonName, address.to_string());
            }
        }
        params.subject_alt_names.push(SanType::IpAddress(host.address));
        let (from, until) = validity(host, self.world.now());
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        params.serial_number = Some(serial(self.world.random()));
        let certificate = params.self_signed(&key)?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let chain = vec![certificate.der().clone()];
        Ok(builder()?.with_no_client_auth().with_single_cert(chain, key)?)
    }
}

fn builder() -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

/// What can stand in a certificate, or nothing.
fn subject(text: &PeerText) -> Option<Subject> {
    let bytes = text.as_bytes();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._".contains(b);
    if let Ok(Ok(address)) = std::str::from_utf8(bytes).map(str::parse) {
        return Some(Subject::Address(address));
    }
    let fits = (1..=253).contains(&bytes.len()) && bytes.iter().all(plain);
    fits.then(|| Subject::Name(String::from_utf8_lossy(bytes).to_ascii_lowercase()))
}

type Day = (i32, u8, u8);

/// From a day of the last four years that is the host's own, for ten years: devices
/// make their certificate at first start and never again.
fn validity(host: &Host, now: Timestamp) -> (Day, Day) {
    const YEAR_S: u64 = 31_556_952;
    let year = 1970 + (now.secs() / YEAR_S) as i32;
    let drawn = |shift: u32, modulo: u64| (host.seed >> shift) % modulo;
    let year = year - 1 - drawn(0, 4) as i32;
    let (month, day) = (1 + drawn(8, 12) as u8, 1 + drawn(16, 28) as u8);
    ((year, month, day), (year + 10, month, day))
}
