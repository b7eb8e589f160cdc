//! TLS without trust: what malware is served with has bad certificates more often than
//! not, and what it serves is hostile anyway. Errors of the certificate are noted. Services
//! that are given keys must prove who they are.

use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// What the certificate of a connection was like, once it is made.
pub(crate) type CertificateError = Arc<Mutex<Option<String>>>;

/// Makes a configuration for each connection.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    honest: Arc<WebPkiServerVerifier>,
}

impl Tls {
    pub(crate) fn new() -> Self {
        let provider = Arc::new(ring::default_provider());
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let honest =
            WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(&provider))
                .build()
                .expect("the built-in roots are not empty");
        Self { provider, honest }
    }

    /// A configuration for one connection, and where its certificate's error will be.
    pub(crate) fn configuration(&self) -> (Arc<ClientConfig>, CertificateError) {
        let error = CertificateError::default();
        let verifier =
            NotingVerifier { honest: Arc::clone(&self.honest), error: Arc::clone(&error) };
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        (Arc::new(config), error)
    }

    /// A configuration for a service that must prove who it is.
    pub(crate) fn strict(&self) -> Arc<ClientConfig> {
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .with_webpki_verifier(Arc::clone(&self.honest))
            .with_no_client_auth();
        Arc::new(config)
    }
}

/// Verifies, notes what is wrong, and accepts.
#[derive(Debug)]
struct NotingVerifier {
    honest: Arc<WebPkiServerVerifier>,
    error: CertificateError,
}

impl NotingVerifier {
    fn note<T>(&self, result: Result<T, Error>, otherwise: T) -> T {
        result.unwrap_or_else(|error| {
            self.error.lock().get_or_insert_with(|| error.to_string());
            otherwise
        })
    }
}

impl ServerCertVerifier for NotingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.honest.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        Ok(self.note(verified, ServerCertVerified::assertion()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.honest.verify_tls12_signature(message, cert, dss);
        Ok(self.note(verified, HandshakeSignatureValid::assertion()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.honest.verify_tls13_signature(message, cert, dss);
        Ok(self.note(verified, HandshakeSignatureValid::assertion()))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.honest.supported_verify_schemes()
    }
}
