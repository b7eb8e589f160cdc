//! Secrets of TLS, as lines of NSS's key log (draft-ietf-tls-keylogfile).

use rustls::KeyLog;
use std::fmt;
use std::sync::Arc;

/// Takes lines, without their ends.
pub(super) struct Lines(pub(super) Arc<dyn Fn(&str) + Send + Sync>);

impl KeyLog for Lines {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let (random, secret) = (hex::encode(client_random), hex::encode(secret));
        self.0(&format!("{label} {random} {secret}"));
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}
