//! Samples in memory, still in their containers.

use crate::StoreError;
use crate::seam::SampleStore;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::HashMap;
use ukai_model::Sha256;

type Result<T> = std::result::Result<T, StoreError>;

/// Samples in memory.
#[derive(Default)]
pub(crate) struct MemorySamples {
    containers: Mutex<HashMap<Sha256, Bytes>>,
}

impl SampleStore for MemorySamples {
    fn contains(&self, sha256: &Sha256) -> Result<bool> {
        Ok(self.containers.lock().contains_key(sha256))
    }

    fn put(&self, sha256: &Sha256, container: &[u8]) -> Result<()> {
        self.containers.lock().insert(*sha256, Bytes::copy_from_slice(container));
        Ok(())
    }

    fn container(&self, sha256: &Sha256) -> Result<Option<Bytes>> {
        Ok(self.containers.lock().get(sha256).cloned())
    }

    fn remove(&self, sha256: &Sha256) -> Result<()> {
        self.containers.lock().remove(sha256);
        Ok(())
    }
}
