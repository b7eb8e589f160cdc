//! What a single packet shows of a host, cheap enough to be asked for each one: nothing is
//! allocated.

use crate::persona::Persona;
use crate::services::Odds;
use siphasher::sip::SipHasher13;
use std::hash::{Hash as _, Hasher as _};
use std::net::IpAddr;
use ukai_model::{Duration, Timestamp};

const DAY_S: u64 = 86_400;

/// What a single packet shows of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// From which the rest is drawn.
    number: u64,
    /// Seconds between restarts.
    period_s: u64,
    /// Where in that period the epoch fell.
    phase_s: u64,
}

impl Outline {
    pub(crate) fn new(persona: &Persona, address: IpAddr, secret: &[u8; 32]) -> Self {
        let (first, second) = secret.split_at(16);
        let half =
            |half: &[u8]| half.iter().fold(0_u64, |sum, b| sum.rotate_left(8) ^ u64::from(*b));
        let mut hasher = SipHasher13::new_with_keys(half(first), half(second));
        (persona.name.as_str(), address.to_canonical()).hash(&mut hasher);
        let number = hasher.finish();
        let [low, high] = persona.identity.uptime_days.map(|days| days.max(1) * DAY_S);
        let period_s = low + drawn(number, 1) % (high.saturating_sub(low) + 1);
        Self { number, period_s, phase_s: drawn(number, 2) % period_s }
    }

    /// Time since the host was last started. It grows with `now`, and starts again once per
    /// period of the host's own, as power cuts and updates do.
    pub fn uptime(&self, now: Timestamp) -> Duration {
        const HOUR_S: u64 = 3_600;
        let into = (now.secs() + self.phase_s) % self.period_s;
        Duration::from_secs(into + HOUR_S) + Duration::from_nanos(now.nanos() % 1_000_000_000)
    }

    /// Whether the host has something that depends on all of these.
    pub fn has(&self, odds: &[Odds]) -> bool {
        odds.iter().all(|c| drawn(self.number, c.label) % 100 < u64::from(c.percent))
    }
}

/// A number for `label`, which says nothing about the others (`splitmix64`, Steele, Lea and
/// Flood, OOPSLA 2014).
const fn drawn(number: u64, label: u64) -> u64 {
    let mut z = number ^ label.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
