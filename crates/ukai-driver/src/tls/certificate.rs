//! The server's side: certificates made on demand, kept ready, never shared by hosts.

use crate::World;
use crate::limits::TLS_CONFIGS_MAX;
use lru::LruCache;
use parking_lot::Mutex;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType, SerialNumber};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
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
}

/// The TLS configurations of all hosts: made on demand, the most recent kept.
pub struct TlsConfigs {
    names: CertificateNames,
    world: Arc<dyn World>,
    ready: Mutex<LruCache<(IpAddr, String), Arc<ServerConfig>>>,
}

impl TlsConfigs {
    /// No configuration yet.
    pub fn new(names: CertificateNames, world: Arc<dyn World>) -> Self {
        let max = NonZeroUsize::new(TLS_CONFIGS_MAX).expect("a constant above zero");
        Self { names, world, ready: Mutex::new(LruCache::new(max)) }
    }

    /// The configuration with which `host` answers a peer that asks for `server_name`.
    pub fn config(
        &self,
        host: &Host,
        server_name: Option<&PeerText>,
    ) -> Result<Arc<ServerConfig>, TlsError> {
        let requested = match self.names {
            CertificateNames::Host => None,
            CertificateNames::Requested => server_name.and_then(dns_name),
        };
        let name = requested.unwrap_or_else(|| host.hostname.clone());
        let key = (host.address, name);
        if let Some(ready) = self.ready.lock().get(&key) {
            return Ok(Arc::clone(ready));
        }
        // Made outside the lock: two makers at once cost a key, not a wait of all.
        let config = Arc::new(self.make(host, &key.1)?);
        Ok(Arc::clone(self.ready.lock().get_or_insert(key, || config)))
    }

    fn make(&self, host: &Host, name: &str) -> Result<ServerConfig, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = DistinguishedName::new();
        if self.names == CertificateNames::Host {
            let maker = host.persona.identity.model.split(' ').next().unwrap_or_default();
            if !maker.is_empty() {
                params.distinguished_name.push(DnType::OrganizationName, maker);
            }
        }
        params.distinguished_name.push(DnType::CommonName, name);
        if let Ok(name) = name.try_into() {
            params.subject_alt_names.push(SanType::DnsName(name));
        }
        params.subject_alt_names.push(SanType::IpAddress(host.address));
        let (from, until) = validity(host, self.world.now());
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        let mut serial = self.world.random().to_be_bytes();
        serial[0] &= 0x7f; // a positive number (RFC 5280 §4.1.2.2)
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        let certificate = params.self_signed(&key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )?;
        Ok(config)
    }
}

/// A name that can stand in a certificate, or nothing.
fn dns_name(text: &PeerText) -> Option<String> {
    let bytes = text.as_bytes();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._".contains(b);
    let fits = (1..=253).contains(&bytes.len()) && bytes.iter().all(plain);
    fits.then(|| String::from_utf8_lossy(bytes).to_ascii_lowercase())
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
