//! Who has how many sessions, and how much was captured from whom.

use crate::Budgets;
use crate::limits::{IDLE_PEERS_MAX, REFUSAL_REPORT_EVERY, VOLUME_WINDOW};
use lru::LruCache;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use ukai_model::Timestamp;

/// A peer: an IPv4 address, or the /64 of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct PeerKey(u64, bool);

impl PeerKey {
    const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self(v4.to_bits() as u64, false),
            IpAddr::V6(v6) => Self((v6.to_bits() >> 64) as u64, true),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    sessions: usize,
    captured_bytes: u64,
    window_start: Timestamp,
    refused: u64,
    refusal_reported: Option<Timestamp>,
}

/// The bounded table of peers: those with sessions (bounded by the sessions), and the
/// most recent of those without.
#[derive(Debug)]
pub(crate) struct Peers {
    table: Mutex<Table>,
    sessions_max: usize,
    sessions_per_peer_max: usize,
    captured_bytes_max: u64,
}

#[derive(Debug)]
struct Table {
    active: HashMap<PeerKey, Usage>,
    idle: LruCache<PeerKey, Usage>,
    sessions: usize,
    refused: u64,
    refusal_reported: Option<Timestamp>,
}

/// What a connection that cannot be taken is reported as: not each one, but with a
/// count.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The budget's name.
    pub limit: &'static str,
    /// Connections refused since the last report; `None`: no report is due.
    pub report: Option<u64>,
}

impl Peers {
    pub(crate) fn new(budgets: &Budgets) -> Arc<Self> {
        Arc::new(Self {
            table: Mutex::new(Table {
                active: HashMap::new(),
                // Bounded where entries are put in; `new(n)` would allocate for n at once.
                idle: LruCache::unbounded(),
                sessions: 0,
                refused: 0,
                refusal_reported: None,
            }),
            sessions_max: budgets.sessions_max,
            sessions_per_peer_max: budgets.sessions_per_peer_max,
            captured_bytes_max: budgets.captured_bytes_per_peer_max,
        })
    }

    /// Sessions at this moment.
    pub(crate) fn sessions(&self) -> usize {
        self.table.lock().sessions
    }

    /// Admits a session of `address`, or says why not.
    pub(crate) fn admit(
        self: &Arc<Self>,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Seat, Refusal> {
        let key = PeerKey::of(address);
        let mut table = self.table.lock();
        let table = &mut *table;
        if table.sessions >= self.sessions_max {
            table.refused += 1;
            let report = due(&mut table.refusal_reported, &mut table.refused, now);
            return Err(Refusal { limit: "sessions_max", report });
        }
        let usage =
            table.active.entry(key).or_insert_with(|| table.idle.pop(&key).unwrap_or_default());
        if usage.sessions >= self.sessions_per_peer_max {
            usage.refused += 1;
            let report = due(&mut usage.refusal_reported, &mut usage.refused, now);
            if usage.sessions == 0 {
                table.active.remove(&key);
            }
            return Err(Refusal { limit: "sessions_per_peer_max", report });
        }
        usage.sessions += 1;
        table.sessions += 1;
        Ok(Seat { peers: Arc::clone(self), key })
    }
}

fn due(reported: &mut Option<Timestamp>, refused: &mut u64, now: Timestamp) -> Option<u64> {
    if reported.is_some_and(|last| now.since(last) < REFUSAL_REPORT_EVERY) {
        return None;
    }
    *reported = Some(now);
    Some(std::mem::take(refused))
}

/// A session's place in the table; freed when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    peers: Arc<Peers>,
    key: PeerKey,
}

impl Seat {
    /// Books captured bytes on the peer; false if its budget has no room for them.
    pub(crate) fn book_capture(&self, bytes: u64, now: Timestamp) -> bool {
        let mut table = self.peers.table.lock();
        let Some(usage) = table.active.get_mut(&self.key) else { return false };
        if now.since(usage.window_start) >= VOLUME_WINDOW {
            usage.window_start = now;
            usage.captured_bytes = 0;
        }
        let after = usage.captured_bytes.saturating_add(bytes);
        if after > self.peers.captured_bytes_max {
            return false;
        }
        usage.captured_bytes = after;
        true
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = self.peers.table.lock();
        let table = &mut *table;
        table.sessions = table.sessions.saturating_sub(1);
        let Some(usage) = table.active.get_mut(&self.key) else { return };
        usage.sessions = usage.sessions.saturating_sub(1);
        if usage.sessions == 0 {
            let usage = *usage;
            table.active.remove(&self.key);
            table.idle.put(self.key, usage);
            if table.idle.len() > IDLE_PEERS_MAX {
                table.idle.pop_lru();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Peers, Refusal};
    use crate::Budgets;
    use ukai_model::{Duration, Timestamp};

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn budgets() -> Budgets {
        Budgets {
            sessions_max: 3,
            sessions_per_peer_max: 2,
            captured_bytes_per_peer_max: 100,
            ..Budgets::default()
        }
    }

    #[test]
    fn sessions_are_bounded_per_peer_and_overall() {
        let peers = Peers::new(&budgets());
        let [a, b] = ["192.0.2.1", "192.0.2.2"].map(|a| a.parse().expect("an address"));
        let one = peers.admit(a, NOW).expect("room");
        let _two = peers.admit(a, NOW).expect("room");
        let refused = |count| Refusal { limit: "sessions_per_peer_max", report: count };
        assert_eq!(peers.admit(a, NOW).expect_err("full"), refused(Some(1)));
        assert_eq!(peers.admit(a, NOW).expect_err("full"), refused(None));
        let later = NOW + Duration::from_secs(61);
        assert_eq!(peers.admit(a, later).expect_err("full"), refused(Some(2)));
        let _three = peers.admit(b, NOW).expect("room");
        assert_eq!(peers.admit(b, NOW).expect_err("full").limit, "sessions_max");
        drop(one);
        assert!(peers.admit(a, NOW).is_ok());
        assert_eq!(peers.sessions(), 2);
    }

    #[test]
    fn an_ipv6_peer_is_its_network() {
        let peers = Peers::new(&budgets());
        let seats = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
            .map(|a| peers.admit(a.parse().expect("an address"), NOW));
        assert_eq!(seats.iter().filter(|seat| seat.is_ok()).count(), 2);
    }

    #[test]
    fn captured_volume_is_remembered_after_the_session_and_forgiven_after_an_hour() {
        let peers = Peers::new(&budgets());
        let a = "192.0.2.1".parse().expect("an address");
        assert!(peers.admit(a, NOW).expect("room").book_capture(80, NOW));
        let seat = peers.admit(a, NOW).expect("room");
        assert!(!seat.book_capture(30, NOW));
        assert!(seat.book_capture(20, NOW));
        assert!(seat.book_capture(30, NOW + Duration::from_hours(1)));
    }
}
