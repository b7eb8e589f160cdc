//! Timers of flows, in a wheel of wheels: setting one and finding what is due take the same
//! time however many there are (Varghese and Lauck, "Hashed and Hierarchical Timing
//! Wheels", 1987).
//!
//! Each flow has one entry. An entry may be due before the flow's own deadline, which then
//! sets it again: so a deadline that moves away, as with every packet, costs nothing.

/// Bits of a level's slots.
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
/// Levels: with ticks of [`TICK_MS`], 2^24 of them are 37 hours.
const LEVELS: usize = 4;

/// Length of a tick, in milliseconds.
pub(crate) const TICK_MS: u64 = 8;

const NONE: u32 = u32::MAX;

/// The place of an entry: kept beside the flow.
#[derive(Clone, Copy, Debug)]
struct Entry {
    next: u32,
    prev: u32,
    /// Which list it is in; [`NONE`]: none.
    slot: u32,
    due: u64,
}

const FREE: Entry = Entry { next: NONE, prev: NONE, slot: NONE, due: 0 };

pub(crate) struct Wheel {
    heads: Vec<u32>,
    entries: Vec<Entry>,
    /// Which slots of a level have entries.
    taken: [u64; LEVELS],
    /// Ticks that have passed.
    now: u64,
    count: usize,
}

impl Wheel {
    pub(crate) fn new(now_ms: u64) -> Self {
        Self {
            heads: vec![NONE; SLOTS * LEVELS],
            entries: Vec::new(),
            taken: [0; LEVELS],
            now: now_ms / TICK_MS,
            count: 0,
        }
    }

    /// Makes sure that the timer of flow `index` is due at `at_ms` or before.
    pub(crate) fn at_most(&mut self, index: u32, at_ms: u64) {
        let due = at_ms.div_ceil(TICK_MS).max(self.now + 1);
        let place = index as usize;
        if place >= self.entries.len() {
            self.entries.resize(place + 1, FREE);
        }
        let entry = self.entries[place];
        if entry.slot != NONE {
            if entry.due <= due {
                return;
            }
            self.remove(index);
        }
        self.insert(index, due);
    }

    /// Takes out the timer of flow `index`.
    pub(crate) fn remove(&mut self, index: u32) {
        let Some(&Entry { next, prev, slot, .. }) = self.entries.get(index as usize) else {
            return;
        };
        if slot == NONE {
            return;
        }
        if prev == NONE {
            self.heads[slot as usize] = next;
        } else {
            self.entries[prev as usize].next = next;
        }
        if next != NONE {
            self.entries[next as usize].prev = prev;
        }
        if self.heads[slot as usize] == NONE {
            self.taken[slot as usize / SLOTS] &= !(1 << (slot as usize % SLOTS));
        }
        self.entries[index as usize] = FREE;
        self.count -= 1;
    }

    /// Goes on to `now_ms`; gives the flows whose timers are due.
    pub(crate) fn advance(&mut self, now_ms: u64, due: &mut Vec<u32>) {
        let target = now_ms / TICK_MS;
        while self.now < target {
            if self.count == 0 {
                self.now = target;
                return;
            }
            // Whole rounds of the first level without entries are passed over.
            let round = self.now & !(SLOTS as u64 - 1);
            if self.taken[0] == 0 && round + SLOTS as u64 <= target {
                self.now = round + SLOTS as u64 - 1;
            }
            self.now += 1;
            for level in 1..LEVELS {
                if self.now & ((1 << (BITS * level as u32)) - 1) != 0 {
                    break;
                }
                let slot = level * SLOTS + (self.now >> (BITS * level as u32)) as usize % SLOTS;
                while self.heads[slot] != NONE {
                    let index = self.heads[slot];
                    let at = self.entries[index as usize].due;
                    self.remove(index);
                    self.insert(index, at);
                }
            }
            let slot = self.now as usize % SLOTS;
            while self.heads[slot] != NONE {
                let index = self.heads[slot];
                self.remove(index);
                due.push(index);
            }
        }
    }

    /// When [`Wheel::advance`] has something to do, in milliseconds: never late, perhaps
    /// early.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        // The next slot with entries of each level: its own time on the first, the time at
        // which its entries come down on the others.
        let next = (0..LEVELS).filter_map(|level| {
            let bits = BITS * level as u32;
            let first = (self.now >> bits) + 1;
            let ahead = self.taken[level].rotate_right((first % SLOTS as u64) as u32);
            (ahead != 0).then(|| (first + u64::from(ahead.trailing_zeros())) << bits)
        });
        let next = next.min()?;
        Some(next * TICK_MS)
    }

    fn insert(&mut self, index: u32, due: u64) {
        let ahead = due.saturating_sub(self.now);
        let level = (0..LEVELS - 1)
            .find(|level| ahead < 1 << (BITS * (*level as u32 + 1)))
            .unwrap_or(LEVELS - 1);
        // Beyond the last level's reach it waits at its end, and is set again from there.
        let reach = self.now + (1 << (BITS * LEVELS as u32)) - 1;
        let place = (due.min(reach) >> (BITS * level as u32)) as usize % SLOTS;
        let slot = level * SLOTS + place;
        let head = self.heads[slot];
        self.entries[index as usize] = Entry { next: head, prev: NONE, slot: slot as u32, due };
        if head != NONE {
            self.entries[head as usize].prev = index;
        }
        self.heads[slot] = index;
        self.taken[level] |= 1 << place;
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{TICK_MS, Wheel};
    use proptest::prelude::*;

    #[test]
    fn a_deadline_far_away_is_kept() {
        let mut wheel = Wheel::new(1_000);
        let day = 30 * 3_600 * 1_000;
        wheel.at_most(3, 1_000 + day);
        let mut due = Vec::new();
        wheel.advance(1_000 + day - 2 * TICK_MS, &mut due);
        assert!(due.is_empty());
        wheel.advance(1_000 + day + TICK_MS, &mut due);
        assert_eq!(due, [3]);
        assert_eq!(wheel.next_ms(), None);
    }

    proptest! {
        #[test]
        fn each_is_due_once_and_in_time(
            start in 0_u64..1 << 40,
            waits in proptest::collection::vec(1_u64..40_000_000, 1..40),
            removed in proptest::collection::vec(any::<bool>(), 40),
        ) {
            let mut wheel = Wheel::new(start);
            for (index, wait) in waits.iter().enumerate() {
                wheel.at_most(index as u32, start + wait + 1_000);
                wheel.at_most(index as u32, start + wait);
            }
            for (index, _) in waits.iter().enumerate().filter(|(i, _)| removed[*i]) {
                wheel.remove(index as u32);
            }
            let mut seen = vec![0; waits.len()];
            let mut steps = 0;
            while let Some(next) = wheel.next_ms() {
                let mut due = Vec::new();
                wheel.advance(next, &mut due);
                for index in due {
                    let at = start + waits[index as usize];
                    prop_assert!(next + TICK_MS > at && next < at + 2 * TICK_MS, "{next} {at}");
                    seen[index as usize] += 1;
                }
                steps += 1;
                prop_assert!(steps < 1_000_000);
            }
            for (index, count) in seen.iter().enumerate() {
                prop_assert_eq!(*count, i32::from(!removed[index]));
            }
        }
    }
}
