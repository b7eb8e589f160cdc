//! Connection ids: they count up on a host, whoever connects, and faster than that where
//! others use the server too.

use crate::Open;
use crate::limits::MYSQL_HOSTS;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use ukai_model::Timestamp;
use ukai_persona::Host;

/// Seconds between the host's start and its database's.
const START_S: u64 = 14;

/// How long the server runs, in seconds.
pub(super) fn uptime(host: &Host, now: Timestamp) -> u64 {
    host.uptime(now).as_secs().saturating_sub(START_S).max(1)
}

/// Connections that the host's own programs have made by `now`.
fn others(host: &Host, now: Timestamp) -> u64 {
    let every_s = host.draw("mysql connection interval", 35, 900);
    3 + uptime(host, now) / every_s
}

/// The id of a new connection.
pub(super) fn next(open: &Open) -> u32 {
    static LAST: LazyLock<Mutex<HashMap<u64, (u64, u64)>>> = LazyLock::new(Mutex::default);
    let host = &open.host;
    let up = uptime(host, open.now);
    if cfg!(test) {
        // Transcripts must not hang on what ran before them.
        return others(host, open.now) as u32;
    }
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.len() >= MYSQL_HOSTS {
        last.clear();
    }
    let (seen_at, ours) = last.entry(host.seed).or_insert((up, 0));
    // A restart counts from one again.
    if up < *seen_at {
        *ours = 0;
    }
    *seen_at = up;
    *ours += 1;
    (others(host, open.now) + *ours) as u32
}
