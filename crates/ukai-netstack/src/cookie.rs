//! SYN cookies: the state of a half-open connection is in the number that the peer must
//! give back (RFC 4987, 3.6).
//!
//! The lowest byte of our first number holds what the SYN offered, masked (as in FreeBSD's
//! `syncache`). The middle twelve bits are a keyed hash over the flow, the peer's own
//! number, the time in steps of [`EPOCH_SECONDS`], and that byte; the highest twelve the
//! same without the peer's number: so data that overtook the handshake's end is told from
//! data of a flow that is forgotten. Nothing but a clock and a key is kept. Whether timestamps were agreed on is seen in the ACK itself:
//! they stand in every segment then (RFC 7323, 3.2).

use crate::flow::Tuple;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// A cookie is good in the step in which it was made and in the next.
const EPOCH_SECONDS: u64 = 32;

/// Segment lengths that can be agreed on: the highest that is not above the peer's.
const MSS: [u16; 8] = [48, 536, 1200, 1300, 1360, 1400, 1440, 1460];

/// Scales that can be agreed on: the highest that is not above the peer's, whose window
/// seems smaller for it. No scale at all is the first; the others are those that systems
/// have.
const SCALES: [u8; 8] = [0, 0, 2, 4, 6, 7, 8, 10];

/// What a SYN offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) mss: u16,
    pub(crate) scale: Option<u8>,
    pub(crate) sack: bool,
}

pub(crate) struct Cookies {
    keys: (u64, u64),
}

impl Cookies {
    pub(crate) fn new(keys: (u64, u64)) -> Self {
        Self { keys }
    }

    /// Our first number for a peer's SYN with number `seq`.
    pub(crate) fn make(&self, tuple: &Tuple, seq: u32, offer: Offer, now_seconds: u64) -> u32 {
        let epoch = now_seconds / EPOCH_SECONDS;
        let mss = MSS.iter().rposition(|m| *m <= offer.mss).unwrap_or(0) as u8;
        let scale = match offer.scale {
            None => 0,
            Some(scale) => 1 + SCALES[1..].iter().rposition(|s| *s <= scale).unwrap_or(0) as u8,
        };
        let choices = mss << 5 | scale << 2 | u8::from(offer.sack) << 1 | (epoch & 1) as u8;
        self.sum(tuple, seq, epoch, choices)
    }

    /// What the SYN offered that was answered with `cookie`; `None`: it was none of ours.
    pub(crate) fn check(
        &self,
        tuple: &Tuple,
        seq: u32,
        cookie: u32,
        now_seconds: u64,
    ) -> Option<Offer> {
        let now = now_seconds / EPOCH_SECONDS;
        [now, now.wrapping_sub(1)].into_iter().find_map(|epoch| {
            let choices = (cookie as u8) ^ self.mask(tuple, seq, epoch);
            if u64::from(choices & 1) != epoch & 1 || self.sum(tuple, seq, epoch, choices) != cookie
            {
                return None;
            }
            let scale = usize::from(choices >> 2 & 7);
            Some(Offer {
                mss: MSS[usize::from(choices >> 5)],
                scale: (scale > 0).then(|| SCALES[scale]),
                sack: choices & 2 != 0,
            })
        })
    }

    /// Whether `cookie` was made for this flow, whatever the peer's number was.
    pub(crate) fn is_ours(&self, tuple: &Tuple, cookie: u32, now_seconds: u64) -> bool {
        let now = now_seconds / EPOCH_SECONDS;
        [now, now.wrapping_sub(1)].into_iter().any(|e| self.of_flow(tuple, e) == cookie >> 20)
    }

    fn sum(&self, tuple: &Tuple, seq: u32, epoch: u64, choices: u8) -> u32 {
        let mut hasher = self.hasher(tuple, seq, epoch);
        hasher.write_u8(choices);
        let low = u32::from(choices ^ self.mask(tuple, seq, epoch));
        self.of_flow(tuple, epoch) << 20 | (hasher.finish() as u32 & 0xfff) << 8 | low
    }

    /// Twelve bits.
    fn of_flow(&self, tuple: &Tuple, epoch: u64) -> u32 {
        let mut hasher = SipHasher13::new_with_keys(self.keys.1, self.keys.0);
        tuple.write(&mut hasher);
        hasher.write_u64(epoch);
        (hasher.finish() >> 52) as u32
    }

    fn mask(&self, tuple: &Tuple, seq: u32, epoch: u64) -> u8 {
        self.hasher(tuple, seq, epoch).finish() as u8
    }

    fn hasher(&self, tuple: &Tuple, seq: u32, epoch: u64) -> SipHasher13 {
        let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        tuple.write(&mut hasher);
        hasher.write_u32(seq);
        hasher.write_u64(epoch);
        hasher
    }
}

#[cfg(test)]
mod tests {
    use super::{Cookies, Offer};
    use crate::flow::Tuple;
    use proptest::prelude::*;

    fn tuple() -> Tuple {
        Tuple {
            peer: "192.0.2.1".parse().unwrap(),
            local: "198.51.100.2".parse().unwrap(),
            peer_port: 40_000,
            local_port: 23,
        }
    }

    proptest! {
        #[test]
        fn what_was_offered_comes_back_rounded_down(
            mss in 48_u16.., scale in proptest::option::of(0_u8..=14), sack: bool, seq: u32,
            made in 0_u64..1 << 40, late in 0_u64..32,
        ) {
            let cookies = Cookies::new((3, 4));
            let cookie = cookies.make(&tuple(), seq, Offer { mss, scale, sack }, made);
            let back = cookies.check(&tuple(), seq, cookie, made + late).expect("it is ours");
            prop_assert!(back.mss <= mss && back.sack == sack);
            prop_assert_eq!(back.scale.is_some(), scale.is_some());
            prop_assert!(back.scale <= scale);
        }
    }

    #[test]
    fn a_cookie_is_good_for_its_flow_and_for_a_while() {
        let cookies = Cookies::new((3, 4));
        let offer = Offer { mss: 1460, scale: Some(7), sack: true };
        let cookie = cookies.make(&tuple(), 9, offer, 1_000);
        assert_eq!(cookies.check(&tuple(), 9, cookie, 1_000), Some(offer));
        assert_eq!(cookies.check(&tuple(), 10, cookie, 1_000), None);
        assert_eq!(cookies.check(&tuple(), 9, cookie.wrapping_add(1), 1_000), None);
        assert_eq!(cookies.check(&tuple(), 9, cookie, 1_100), None);
        assert!(cookies.is_ours(&tuple(), cookie, 1_010));
        assert!(!cookies.is_ours(&tuple(), cookie, 1_100));
        let other = Tuple { local_port: 24, ..tuple() };
        assert_eq!(cookies.check(&other, 9, cookie, 1_000), None);
        assert!(!cookies.is_ours(&other, cookie, 1_000));
    }
}
