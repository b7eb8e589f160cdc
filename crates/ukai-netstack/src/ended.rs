//! Flows that ended a while ago. While its cookie is good, the ACK that opened a flow would
//! open it again: what comes for a flow that is over is refused instead, as by a host that
//! has forgotten it.
//!
//! A table of a fixed size: a newer flow takes the place of an older one.

use crate::flow::Tuple;
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;

/// Places of the table: 2^16, 8 bytes each.
const PLACES: usize = 1 << 16;

/// For so long a flow is known to be over, in seconds: no cookie is good for longer.
const KNOWN_SECONDS: u32 = 64;

#[derive(Clone, Copy, Default)]
struct Place {
    /// Bits of the flow's hash; zero: nothing.
    mark: u32,
    seconds: u32,
}

pub(crate) struct Ended {
    places: Vec<Place>,
    keys: (u64, u64),
}

impl Ended {
    pub(crate) fn new(keys: (u64, u64)) -> Self {
        Self { places: vec![Place::default(); PLACES], keys }
    }

    /// A flow is over at `now`, in milliseconds.
    pub(crate) fn note(&mut self, tuple: &Tuple, now: u64) {
        let (place, mark) = self.place(tuple);
        *place = Place { mark, seconds: (now / 1_000) as u32 };
    }

    /// Its ends may open another.
    pub(crate) fn forget(&mut self, tuple: &Tuple) {
        let (place, mark) = self.place(tuple);
        if place.mark == mark {
            *place = Place::default();
        }
    }

    /// Whether a flow between these ends is over, and no other has begun.
    pub(crate) fn has(&mut self, tuple: &Tuple, now: u64) -> bool {
        let (place, mark) = self.place(tuple);
        let age = ((now / 1_000) as u32).wrapping_sub(place.seconds);
        place.mark == mark && age <= KNOWN_SECONDS
    }

    fn place(&mut self, tuple: &Tuple) -> (&mut Place, u32) {
        let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        tuple.write(&mut hasher);
        let hash = hasher.finish();
        (&mut self.places[hash as usize % PLACES], (hash >> 32) as u32 | 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, KNOWN_SECONDS};
    use crate::flow::Tuple;

    #[test]
    fn what_is_over_is_known_for_a_while_or_until_it_begins_anew() {
        let mut ended = Ended::new((1, 2));
        let tuple = |port| Tuple {
            peer: "192.0.2.1".parse().unwrap(),
            local: "198.51.100.2".parse().unwrap(),
            peer_port: port,
            local_port: 23,
        };
        let (now, later) = (5_000_000, u64::from(KNOWN_SECONDS + 1) * 1_000);
        assert!(!ended.has(&tuple(1), now));
        ended.note(&tuple(1), now);
        assert!(ended.has(&tuple(1), now + 30_000) && !ended.has(&tuple(2), now));
        assert!(!ended.has(&tuple(1), now + later));
        ended.note(&tuple(1), now);
        ended.forget(&tuple(2));
        assert!(ended.has(&tuple(1), now));
        ended.forget(&tuple(1));
        assert!(!ended.has(&tuple(1), now));
    }
}
