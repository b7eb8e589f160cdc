//! What the whole-program tests share: a running ukai, a bot, its servers, and the
//! consumers of feeds.

pub(crate) mod api;
pub(crate) mod bot;
pub(crate) mod consumers;
pub(crate) mod cowrie;
pub(crate) mod internet;
pub(crate) mod network;
pub(crate) mod program;
pub(crate) mod specimen;
pub(crate) mod sshd;
pub(crate) mod tool;
pub(crate) mod web;

use std::time::{Duration, Instant};

/// Calls `check` every 20 ms until it gives something, for at most `limit`.
///
/// # Panics
/// When time runs out, with `what` was awaited.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut check: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
