//! One attacker's view of one host's disk.

use std::sync::{Arc, Mutex};
use ukai_persona::Host;

/// What one attacker sees of one host's disk: a copy-on-write layer over the image
/// that all hosts of the persona share. Clones share the layer.
#[derive(Clone)]
pub struct Fs {
    inner: Arc<Mutex<u64>>,
}

impl Fs {
    /// The disk as the host's owner left it.
    pub fn new(_host: &Arc<Host>) -> Self {
        Self { inner: Arc::default() }
    }

    /// Bytes that the attacker's changes hold in memory.
    pub fn used_bytes(&self) -> u64 {
        self.inner.lock().map_or(0, |used| *used)
    }
}
