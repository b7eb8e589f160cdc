//! What a recorder is told of the frames that it writes.

use super::Shared;
use crate::capture::{NameRecord, names_block, secrets_block};
use crate::limits::{
    KEY_LOG_LINE_BYTES_MAX, NAME_BYTES_MAX, RECORDER_NAMES_KNOWN_MAX, RECORDER_WAITING_BYTES,
};
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::Arc;

/// Tells a recorder's files names and secrets. What is told stands in the file before every
/// frame that passes afterwards, and before those of the last tenth of a second. Never waits
/// for the disk: what finds no room is counted.
#[derive(Clone)]
pub struct RecorderHandle {
    shared: Arc<Shared>,
}

/// Hashes of addresses with their names, bounded.
#[derive(Default)]
pub(super) struct Named {
    hashes: HashSet<u64>,
    keys: RandomState,
}

impl Named {
    /// Whether this is new; it is not afterwards.
    fn is_new(&mut self, address: IpAddr, name: &str) -> bool {
        let hash = self.keys.hash_one((address, name));
        if self.hashes.contains(&hash) {
            return false;
        }
        if self.hashes.len() >= RECORDER_NAMES_KNOWN_MAX {
            self.hashes.clear();
        }
        self.hashes.insert(hash)
    }
}

impl RecorderHandle {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    /// Gives an address a name. Each is written once, and again at the start of each
    /// further file; telling it again costs a look.
    pub fn name(&self, address: IpAddr, name: &str) {
        let mut queue = self.shared.queue.lock();
        let waiting = queue.waiting();
        if queue.closing || waiting + NAME_BYTES_MAX + 64 > RECORDER_WAITING_BYTES {
            queue.recorded.untold += 1;
            return;
        }
        if !queue.named.is_new(address, name) {
            return;
        }
        let Some(record) = NameRecord::new(address, name) else {
            queue.recorded.untold += 1;
            return;
        };
        names_block(&mut queue.known, [&record]);
        queue.recorded.names += 1;
        let now_waiting = queue.waiting();
        drop(queue);
        self.shared.wake(waiting, now_waiting);
    }

    /// Tells a secret of TLS, as a line of NSS's key log without its end.
    pub fn tls_secret(&self, line: &str) {
        let mut queue = self.shared.queue.lock();
        let waiting = queue.waiting();
        let fits = waiting + KEY_LOG_LINE_BYTES_MAX + 64 <= RECORDER_WAITING_BYTES;
        if queue.closing || !fits || !secrets_block(&mut queue.known, line) {
            queue.recorded.untold += 1;
            return;
        }
        let now_waiting = queue.waiting();
        drop(queue);
        self.shared.wake(waiting, now_waiting);
    }
}

impl fmt::Debug for RecorderHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecorderHandle").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Named;
    use crate::limits::RECORDER_NAMES_KNOWN_MAX;

    #[test]
    fn names_without_end_are_forgotten() {
        let mut named = Named::default();
        let address = "192.0.2.1".parse().unwrap();
        assert!(named.is_new(address, "0") && !named.is_new(address, "0"));
        for number in 1..=RECORDER_NAMES_KNOWN_MAX {
            assert!(named.is_new(address, &number.to_string()));
        }
        assert!(named.hashes.len() <= RECORDER_NAMES_KNOWN_MAX);
        assert!(named.is_new(address, "0"));
    }
}
