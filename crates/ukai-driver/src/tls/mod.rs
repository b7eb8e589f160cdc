//! TLS on any port: the ClientHello read for what it tells, then the server's side.

mod ca;
mod certificate;
mod failure;
mod fingerprint;
mod hello;
mod key_log;
#[cfg(test)]
mod tests;

pub use ca::Ca;
pub use certificate::{Asked, CertificateNames, TlsConfigs, TlsError};
pub(crate) use failure::failure;
pub use hello::{ClientHello, Sniff, sniff};
