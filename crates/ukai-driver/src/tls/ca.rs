//! A certification authority of ours, which a guest is made to trust: it has a certificate
//! for every name at once.

use super::certificate::TlsError;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType, SerialNumber,
};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use ukai_model::Timestamp;

const YEAR: Duration = Duration::from_secs(31_556_952);

/// How long before it is made an authority's certificate begins to be valid, and how long it
/// is: a guest's clock may stand elsewhere.
const CA_BEFORE: Duration = YEAR.saturating_mul(5);
const CA_VALID: Duration = YEAR.saturating_mul(25);

/// An authority. All of the certificates that it makes have one key, made with it: that of
/// each costs a signature.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    leaf: KeyPair,
    leaf_signer: Arc<dyn SigningKey>,
}

/// Whom a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Name(String),
    Address(IpAddr),
}

impl Ca {
    /// Makes one, which calls itself `name`.
    pub fn make(name: &str, now: Timestamp, random: u128) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, name);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        validity(&mut params, now, CA_BEFORE, CA_VALID);
        params.serial_number = Some(serial(random));
        let certificate_pem = params.self_signed(&key)?.pem();
        Self::new(certificate_pem, key)
    }

    /// The authority that was stored as [`Ca::certificate_pem`] and [`Ca::key_pem`], or
    /// another's: a certificate and its key (PKCS #8) in PEM.
    pub fn load(certificate_pem: &str, key_pem: &str) -> Result<Self, TlsError> {
        Self::new(certificate_pem.to_owned(), KeyPair::from_pem(key_pem)?)
    }

    fn new(certificate_pem: String, key: KeyPair) -> Result<Self, TlsError> {
        let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        let is_key = holds(&certificate, &key.subject_public_key_info());
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        if !is_key {
            return Err(TlsError::OtherKey);
        }
        let leaf = KeyPair::generate()?;
        let leaf_signer = any_supported_type(&PrivateKeyDer::Pkcs8(leaf.serialize_der().into()))?;
        Ok(Self { issuer, certificate, certificate_pem, leaf, leaf_signer })
    }

    /// The certificate that a guest is to trust, in PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The key, in PEM: whoever has it can be any server to those who trust the
    /// certificate.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// A certificate with its chain and key, valid from a year ago on for two years.
    pub(super) fn mint(
        &self,
        subject: &Subject,
        now: Timestamp,
        random: u128,
    ) -> Result<CertifiedKey, TlsError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = DistinguishedName::new();
        let (shown, alternative) = match subject {
            Subject::Name(name) => (name.clone(), SanType::DnsName(name.as_str().try_into()?)),
            Subject::Address(address) => (address.to_string(), SanType::IpAddress(*address)),
        };
        // A common name has at most 64 characters (RFC 5280, A.1); names that are looked at
        // are the alternative ones.
        if shown.len() <= 64 {
            params.distinguished_name.push(DnType::CommonName, shown);
        }
        params.subject_alt_names.push(alternative);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        validity(&mut params, now, YEAR, 2 * YEAR);
        params.serial_number = Some(serial(random));
        let leaf = params.signed_by(&self.leaf, &self.issuer)?;
        let chain = vec![leaf.der().clone(), self.certificate.clone()];
        Ok(CertifiedKey::new(chain, Arc::clone(&self.leaf_signer)))
    }
}

impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ca").finish_non_exhaustive()
    }
}

/// Whether a certificate is of this public key: it stands in it as it is (RFC 5280, 4.1).
fn holds(certificate: &[u8], public_key_info: &[u8]) -> bool {
    certificate.windows(public_key_info.len()).any(|window| window == public_key_info)
}

fn validity(params: &mut CertificateParams, now: Timestamp, before: Duration, valid: Duration) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let from = Duration::from_secs(now.secs()).saturating_sub(before);
    params.not_before = epoch + from;
    params.not_after = epoch + (from + valid);
}

/// A positive number (RFC 5280, 4.1.2.2).
pub(super) fn serial(random: u128) -> SerialNumber {
    let mut serial = random.to_be_bytes();
    serial[0] = serial[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&serial)
}
