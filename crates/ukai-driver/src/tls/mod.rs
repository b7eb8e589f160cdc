//! TLS on any port: the ClientHello read for what it tells, then the server's side.

mod certificate;
mod fingerprint;
mod hello;
#[cfg(test)]
mod tests;

pub use certificate::{CertificateNames, TlsConfigs, TlsError};
pub use hello::{ClientHello, Sniff, sniff};
