//! Answers to addresses that have proved nothing, capped by prefix.
//!
//! A forged SYN makes us send to whom it names. Spread over many sensors that respond, such
//! SYNs are a reflected flood; so a prefix that never completes a handshake gets few
//! answers, and it is told. The table has a fixed size: prefixes that share a place share
//! its allowance, which a seeded hash makes unpredictable.

use crate::config::Config;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Places of the table: 2^16, 40 bytes each.
const PLACES: usize = 1 << 16;

/// Handshakes prove a prefix for so long, in milliseconds.
const PROVED_MS: u64 = 10 * 60 * 1_000;

/// Answers per second that a proved prefix may have, as a multiple.
const PROVED_FACTOR: u32 = 256;

/// ICMP errors to a prefix: so many at once, then one per second (Linux's `icmp_ratelimit`).
const ERRORS_BURST: u64 = 6;

/// What is counted together: a claimed source of a site.
pub(crate) fn prefix(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(a) => {
            let [a, b, c, _] = a.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(a) => {
            let [a, b, c, ..] = a.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Place {
    /// When `tokens` was brought up to date, in milliseconds.
    at: u64,
    /// When a handshake was last completed, in milliseconds; zero: never.
    proved: u64,
    /// Answers left, in thousandths.
    tokens: u32,
    syns: u32,
    unanswered: u32,
    told: u32,
    /// Until when errors are used up, in milliseconds: each puts it off by a second.
    errors: u64,
}

pub(crate) struct Caps {
    places: Vec<Place>,
    keys: (u64, u64),
    per_second: u32,
    burst: u32,
    told_from: u32,
    /// Whether nothing is capped.
    off: bool,
}

/// What is to be told about a prefix.
pub(crate) struct Told {
    pub(crate) syns: u32,
    pub(crate) unanswered: u32,
}

impl Caps {
    pub(crate) fn new(config: &Config, keys: (u64, u64)) -> Self {
        let burst = u32::from(config.unproved_burst.max(1)) * 1_000;
        let place = Place { tokens: burst, ..Place::default() };
        Self {
            places: vec![place; PLACES],
            keys,
            off: config.closed,
            per_second: u32::from(config.unproved_answers_per_second),
            burst,
            told_from: config.unproved_syns_told.max(1),
        }
    }

    /// Whether `source` may have an answer.
    pub(crate) fn allow(&mut self, source: IpAddr, now: u64) -> bool {
        if self.off {
            return true;
        }
        let (rate, burst) = (self.per_second, self.burst);
        let place = self.place(source);
        let proved = place.proved != 0 && now.saturating_sub(place.proved) < PROVED_MS;
        let factor = if proved { PROVED_FACTOR } else { 1 };
        let passed = u32::try_from(now.saturating_sub(place.at)).unwrap_or(u32::MAX);
        // Thousandths of an answer: one per second is one per millisecond of them.
        let earned = passed.saturating_mul(rate).saturating_mul(factor);
        place.tokens = place.tokens.saturating_add(earned).min(burst.saturating_mul(factor));
        place.at = now;
        let allowed = place.tokens >= 1_000;
        if allowed {
            place.tokens -= 1_000;
        } else {
            place.unanswered = place.unanswered.saturating_add(1);
        }
        allowed
    }

    /// Whether `source` may have an ICMP error.
    pub(crate) fn allow_error(&mut self, source: IpAddr, now: u64) -> bool {
        if self.off {
            return true;
        }
        let place = self.place(source);
        let used = place.errors.max(now);
        let allowed = used - now < ERRORS_BURST * 1_000;
        if allowed {
            place.errors = used + 1_000;
        }
        allowed
    }

    /// Counts a SYN; tells when there are many, again at each doubling.
    pub(crate) fn syn(&mut self, source: IpAddr) -> Option<Told> {
        let from = self.told_from;
        let place = self.place(source);
        place.syns = place.syns.saturating_add(1);
        if place.syns < place.told.saturating_mul(2).max(from) {
            return None;
        }
        place.told = place.syns;
        Some(Told { syns: place.syns, unanswered: place.unanswered })
    }

    /// A handshake was completed.
    pub(crate) fn proved(&mut self, source: IpAddr, now: u64) {
        let place = self.place(source);
        place.proved = now.max(1);
        (place.syns, place.unanswered, place.told) = (0, 0, 0);
    }

    fn place(&mut self, source: IpAddr) -> &mut Place {
        let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        match prefix(source) {
            IpAddr::V4(a) => hasher.write_u32(a.to_bits()),
            IpAddr::V6(a) => hasher.write_u64((a.to_bits() >> 64) as u64),
        }
        &mut self.places[hasher.finish() as usize % PLACES]
    }
}

#[cfg(test)]
mod tests {
    use super::Caps;
    use crate::Config;

    #[test]
    fn what_proves_nothing_gets_its_burst_and_then_its_rate() {
        let config = Config::default();
        let mut caps = Caps::new(&config, (1, 2));
        let source = "192.0.2.1".parse().unwrap();
        let neighbour = "192.0.2.200".parse().unwrap();
        let answered = (0..10_000).filter(|_| caps.allow(source, 5)).count();
        assert_eq!(answered, usize::from(config.unproved_burst));
        assert!(!caps.allow(neighbour, 5), "a /24 counts as one");
        let answered = (0..10_000).filter(|_| caps.allow(source, 1_005)).count();
        assert_eq!(answered, usize::from(config.unproved_answers_per_second));
        assert!(caps.allow("198.51.100.1".parse().unwrap(), 5), "others are not concerned");
        caps.proved(source, 2_000);
        let answered = (0..10_000).filter(|_| caps.allow(source, 2_100)).count();
        assert!(answered > 1_000, "{answered}");
    }

    #[test]
    fn many_syns_without_a_handshake_are_told_at_each_doubling() {
        let mut caps = Caps::new(&Config::default(), (1, 2));
        let source = "2001:db8::1".parse().unwrap();
        let told: Vec<u32> =
            (0..5_000).filter_map(|_| caps.syn(source)).map(|told| told.syns).collect();
        assert_eq!(told, [1_000, 2_000, 4_000]);
        caps.proved(source, 1);
        assert!(caps.syn(source).is_none());
    }
}
