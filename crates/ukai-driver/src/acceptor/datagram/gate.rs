//! Which first datagrams open a flow.

use crate::limits::{
    DATAGRAM_FLOWS_BURST, DATAGRAM_FLOWS_PER_S, DATAGRAM_PREFIX_BURST, DATAGRAM_PREFIX_PER_MINUTE,
    DATAGRAM_PREFIXES_MAX, PRIVILEGED_PORTS, REFUSAL_REPORT_EVERY, UNPROVED_FLOWS_MAX,
};
use futures_util::task::AtomicWaker;
use lru::LruCache;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Context;
use tokio::time::Instant;

/// Bounds what forged datagrams cost us, and what they make us send to whom.
#[derive(Debug)]
pub(crate) struct Gate {
    overall: Bucket,
    prefixes: LruCache<Prefix, Bucket>,
    /// Flows that wait for their proof, oldest first.
    waiting: VecDeque<Arc<Proof>>,
    dropped: u64,
    reported: Option<Instant>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self {
            overall: Bucket::full(DATAGRAM_FLOWS_BURST),
            prefixes: LruCache::unbounded(),
            waiting: VecDeque::new(),
            dropped: 0,
            reported: None,
        }
    }

    /// Whether a first datagram of `peer` opens a flow. The oldest flow without a proof
    /// makes room for it: a peer that is real has answered long before its turn comes.
    pub(crate) fn admit(&mut self, peer: SocketAddr, now: Instant) -> Option<Arc<Proof>> {
        if !may_ask(peer) || !self.has_rate_for(peer.ip(), now) {
            self.dropped += 1;
            self.report(now);
            return None;
        }
        if self.waiting.len() >= UNPROVED_FLOWS_MAX {
            self.waiting.retain(|proof| proof.is_awaited());
        }
        if self.waiting.len() >= UNPROVED_FLOWS_MAX
            && let Some(oldest) = self.waiting.pop_front()
        {
            oldest.refuse();
        }
        let proof = Arc::new(Proof::default());
        self.waiting.push_back(Arc::clone(&proof));
        Some(proof)
    }

    fn has_rate_for(&mut self, ip: IpAddr, now: Instant) -> bool {
        let prefix = Prefix::of(ip);
        let own = self.prefixes.get_or_insert_mut(prefix, || Bucket::full(DATAGRAM_PREFIX_BURST));
        let per_s = DATAGRAM_PREFIX_PER_MINUTE / 60.0;
        let may = own.take(per_s, DATAGRAM_PREFIX_BURST, now)
            && self.overall.take(DATAGRAM_FLOWS_PER_S, DATAGRAM_FLOWS_BURST, now);
        if self.prefixes.len() > DATAGRAM_PREFIXES_MAX {
            self.prefixes.pop_lru();
        }
        may
    }

    fn report(&mut self, now: Instant) {
        if self.reported.is_none_or(|last| now.duration_since(last) >= REFUSAL_REPORT_EVERY) {
            self.reported = Some(now);
            tracing::warn!(count = self.dropped, "first datagrams were dropped");
            self.dropped = 0;
        }
    }
}

/// Whether an answer to `peer` could be meant. What comes from a privileged port comes from
/// a service (echo, DNS ...) or is forged, and two services would answer each other for
/// ever.
fn may_ask(peer: SocketAddr) -> bool {
    let broadcast = matches!(peer.ip(), IpAddr::V4(ip) if ip.is_broadcast());
    let ip = peer.ip();
    let nowhere = ip.is_unspecified() || ip.is_multicast() || broadcast;
    !nowhere && !PRIVILEGED_PORTS.contains(&peer.port())
}

/// Whoever has one address of it may have them all: an IPv4 /24, an IPv6 /48.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Prefix(u64, bool);

impl Prefix {
    const fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self((v4.to_bits() >> 8) as u64, false),
            IpAddr::V6(v6) => Self((v6.to_bits() >> 80) as u64, true),
        }
    }
}

/// Tokens that come back with time.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Option<Instant>,
}

impl Bucket {
    const fn full(burst: f64) -> Self {
        Self { tokens: burst, filled: None }
    }

    fn take(&mut self, per_s: f64, burst: f64, now: Instant) -> bool {
        let passed = self.filled.map_or(0.0, |last| now.duration_since(last).as_secs_f64());
        self.filled = Some(now);
        self.tokens = (self.tokens + passed * per_s).min(burst);
        let has = self.tokens >= 1.0;
        if has {
            self.tokens -= 1.0;
        }
        has
    }
}

const AWAITED: u8 = 0;
const GIVEN: u8 = 1;
const REFUSED: u8 = 2;
const CLOSED: u8 = 3;

/// Whether a flow's peer has shown that it is where it says.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    state: AtomicU8,
    reader: AtomicWaker,
}

impl Proof {
    /// That of a peer who needs none.
    pub(crate) fn given() -> Arc<Self> {
        Arc::new(Self { state: AtomicU8::new(GIVEN), ..Self::default() })
    }

    pub(crate) fn is_given(&self) -> bool {
        self.state.load(Ordering::Acquire) == GIVEN
    }

    pub(crate) fn give(&self) {
        self.leave(AWAITED, GIVEN);
    }

    /// Whether the flow has to make room; wakes the reader when it comes to that.
    pub(crate) fn is_refused(&self, cx: &Context<'_>) -> bool {
        if self.is_given() {
            return false;
        }
        self.reader.register(cx.waker());
        self.state.load(Ordering::Acquire) == REFUSED
    }

    /// The flow is over.
    pub(crate) fn close(&self) {
        self.state.store(CLOSED, Ordering::Release);
    }

    fn is_awaited(&self) -> bool {
        self.state.load(Ordering::Acquire) == AWAITED
    }

    fn refuse(&self) {
        self.leave(AWAITED, REFUSED);
        self.reader.wake();
    }

    fn leave(&self, from: u8, to: u8) {
        // Somebody else was first: then there is nothing to change.
        let _ = self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }
}

#[cfg(test)]
mod tests {
    use super::Gate;
    use crate::limits::{DATAGRAM_PREFIXES_MAX, UNPROVED_FLOWS_MAX};
    use std::net::SocketAddr;
    use tokio::time::{Duration, Instant};

    fn peer(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_prefix_gets_few_answers_and_others_do_not_suffer() {
        let (mut gate, now) = (Gate::new(), Instant::now());
        let mut admitted = 0;
        for n in 0..10_000_u32 {
            let from = SocketAddr::from(([192, 0, 2, n as u8], 2_000 + (n % 60_000) as u16));
            admitted += u32::from(gate.admit(from, now).is_some());
        }
        assert_eq!(admitted, 30);
        assert!(gate.admit(peer("198.51.100.1:4000"), now).is_some());
        assert!(gate.admit(peer("[2001:db8:1::1]:4000"), now).is_some());
        let later = now + Duration::from_secs(4);
        let again = (0..100).filter(|_| gate.admit(peer("192.0.2.1:4000"), later).is_some());
        assert_eq!(again.count(), 2, "a token comes back every two seconds");
    }

    #[test]
    fn sources_without_end_are_bounded_in_rate_and_memory() {
        let (mut gate, start) = (Gate::new(), Instant::now());
        let mut proofs = Vec::new();
        for n in 0..100_000_u32 {
            let from = SocketAddr::from(((n << 8 | 1).to_be_bytes(), 4_000));
            // Ten thousand a second.
            proofs.extend(gate.admit(from, start + Duration::from_micros(u64::from(n) * 100)));
        }
        assert!((1_100..1_300).contains(&proofs.len()), "{} in ten seconds", proofs.len());
        let awaited = proofs.iter().filter(|proof| proof.is_awaited()).count();
        assert_eq!((awaited, gate.waiting.len()), (UNPROVED_FLOWS_MAX, UNPROVED_FLOWS_MAX));
        assert!(gate.prefixes.len() <= DATAGRAM_PREFIXES_MAX);
    }

    #[test]
    fn who_has_answered_does_not_make_room() {
        let (mut gate, start) = (Gate::new(), Instant::now());
        let real = gate.admit(peer("192.0.2.1:4000"), start).expect("room");
        real.give();
        for n in 0..1_000_u32 {
            let from = SocketAddr::from(((n << 8 | 1).to_be_bytes(), 4_000));
            let _ = gate.admit(from, start + Duration::from_millis(u64::from(n) * 10));
        }
        assert!(real.is_given());
    }

    #[test]
    fn what_no_client_sends_opens_nothing() {
        let (mut gate, now) = (Gate::new(), Instant::now());
        for from in [
            "192.0.2.1:7",
            "192.0.2.1:53",
            "0.0.0.0:4000",
            "255.255.255.255:4000",
            "224.0.0.1:4000",
            "[::]:4000",
            "[ff02::1]:4000",
            "192.0.2.1:0",
        ] {
            assert!(gate.admit(peer(from), now).is_none(), "{from}");
        }
    }
}
