//! A table of fixed size for whoever appears, so that a flood of forged sources takes no
//! more memory than its absence.
//!
//! An address belongs to one bucket of [`WAYS`] entries. In a full bucket the newcomer takes
//! the place of the entry of the lowest score: the one with the fewest packets, halved for
//! each 512 seconds of silence. So a flood of addresses that come once
//! each displaces one another, and who has sent more than they stays. What an entry says is exact
//! since it was made; it may have been there before only if it was displaced, with at most
//! as many packets as `missed` says.

use crate::limits::WAYS;
use std::net::IpAddr;
use ukai_model::Timestamp;

/// Something that is kept for an address.
pub(crate) trait Entry {
    /// Whose it is.
    fn address(&self) -> IpAddr;
    /// Packets that were counted for it.
    fn packets(&self) -> u64;
    /// When it was last seen.
    fn last(&self) -> Timestamp;
}

/// How much an entry is worth keeping.
#[inline]
fn score(packets: u32, idle_s: u32) -> u64 {
    (u64::from(packets) << 24) >> (idle_s >> 9).min(63)
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Hashes of the addresses; zero where there is none.
    keys: [u64; WAYS],
    places: [u32; WAYS],
    /// What decides who makes room, so that entries need not be looked at: packets, and the
    /// second of the last.
    packets: [u32; WAYS],
    seen_s: [u32; WAYS],
    /// The most packets that an entry had that was displaced from here.
    missed: u32,
}

/// The table.
pub(crate) struct Table<T> {
    buckets: Vec<Bucket>,
    entries: Vec<Option<T>>,
    free: Vec<u32>,
    displaced: u64,
}

/// Where an address is.
pub(crate) struct Place<T> {
    /// Its entry.
    pub(crate) index: usize,
    /// Who was displaced for it.
    pub(crate) displaced: Option<T>,
}

impl<T: Entry> Table<T> {
    /// A table of at least `entries` places.
    pub(crate) fn new(entries: usize) -> Self {
        let buckets = entries.div_ceil(WAYS).next_power_of_two();
        let empty = Bucket {
            keys: [0; WAYS],
            places: [0; WAYS],
            packets: [0; WAYS],
            seen_s: [0; WAYS],
            missed: 0,
        };
        Self { buckets: vec![empty; buckets], entries: Vec::new(), free: Vec::new(), displaced: 0 }
    }

    /// Finds the entry of an address of which a packet came, or makes one; `make` is told how many packets may have
    /// been missed.
    #[inline]
    pub(crate) fn place(
        &mut self,
        key: u64,
        now: Timestamp,
        make: impl FnOnce(u32) -> T,
    ) -> Place<T> {
        let mask = self.buckets.len() - 1;
        let number = (key >> 32) as usize & mask;
        let bucket = &mut self.buckets[number];
        if let Some(way) = bucket.keys.iter().position(|other| *other == key) {
            let index = bucket.places[way] as usize;
            bucket.packets[way] = bucket.packets[way].saturating_add(1);
            bucket.seen_s[way] = now.secs() as u32;
            return Place { index, displaced: None };
        }
        self.make(number, key, now, make)
    }

    fn make(
        &mut self,
        number: usize,
        key: u64,
        now: Timestamp,
        make: impl FnOnce(u32) -> T,
    ) -> Place<T> {
        let bucket = &mut self.buckets[number];
        if let Some(way) = bucket.keys.iter().position(|other| *other == 0) {
            let entry = Some(make(bucket.missed));
            let index = if let Some(free) = self.free.pop() {
                self.entries[free as usize] = entry;
                free
            } else {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            };
            bucket.keys[way] = key;
            bucket.places[way] = index;
            bucket.packets[way] = 1;
            bucket.seen_s[way] = now.secs() as u32;
            return Place { index: index as usize, displaced: None };
        }
        let now_s = now.secs() as u32;
        let worth =
            |way: &usize| score(bucket.packets[*way], now_s.saturating_sub(bucket.seen_s[*way]));
        let way = (0..WAYS).min_by_key(worth).unwrap_or(0);
        let index = bucket.places[way] as usize;
        bucket.missed = bucket.missed.max(bucket.packets[way]);
        bucket.keys[way] = key;
        bucket.packets[way] = 1;
        bucket.seen_s[way] = now_s;
        let displaced = self.entries[index].replace(make(bucket.missed));
        self.displaced += 1;
        Place { index, displaced }
    }

    /// Reads what [`Self::place`] will read first. The result is of no use; but a processor
    /// that is told early of several places waits for all of them at once.
    #[inline]
    pub(crate) fn warm_bucket(&self, key: u64) -> u64 {
        let bucket = &self.buckets[(key >> 32) as usize & (self.buckets.len() - 1)];
        bucket.keys[0] ^ u64::from(bucket.packets[0])
    }

    /// The same for the entry that will be given or make room.
    #[inline]
    pub(crate) fn warm_entry(&self, key: u64) -> Option<&T> {
        let bucket = &self.buckets[(key >> 32) as usize & (self.buckets.len() - 1)];
        let way = bucket.keys.iter().position(|other| *other == key);
        let way = way.unwrap_or_else(|| {
            (0..WAYS).min_by_key(|way| bucket.packets[*way]).unwrap_or_default()
        });
        self.entries.get(bucket.places[way] as usize).and_then(Option::as_ref)
    }

    /// The entry at a place that [`Self::place`] gave.
    #[inline]
    pub(crate) fn at(&mut self, index: usize) -> Option<&mut T> {
        self.entries.get_mut(index).and_then(Option::as_mut)
    }

    /// Every entry.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().flatten()
    }

    /// Every entry, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().flatten()
    }

    /// Takes out the entries of which `over` says so.
    pub(crate) fn take(&mut self, mut over: impl FnMut(&T) -> bool, mut taken: impl FnMut(T)) {
        if !self.iter().any(&mut over) {
            return;
        }
        for bucket in &mut self.buckets {
            for way in 0..WAYS {
                let place = bucket.places[way] as usize;
                if bucket.keys[way] == 0 || !self.entries[place].as_ref().is_some_and(&mut over) {
                    continue;
                }
                bucket.keys[way] = 0;
                self.free.push(place as u32);
                if let Some(entry) = self.entries[place].take() {
                    taken(entry);
                }
            }
        }
    }

    /// Entries that were displaced so far.
    pub(crate) const fn displaced(&self) -> u64 {
        self.displaced
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Table};
    use std::net::IpAddr;
    use ukai_model::Timestamp;

    struct Counted(u32, u64, Timestamp);

    impl Entry for Counted {
        fn address(&self) -> IpAddr {
            IpAddr::V4(self.0.into())
        }
        fn packets(&self) -> u64 {
            self.1
        }
        fn last(&self) -> Timestamp {
            self.2
        }
    }

    fn key(address: u32) -> u64 {
        crate::hash::Hashes::new(7).address(IpAddr::V4(address.into()))
    }

    fn count(table: &mut Table<Counted>, address: u32, now: Timestamp) -> Option<Counted> {
        let place = table.place(key(address), now, |_| Counted(address, 0, now));
        let entry = table.at(place.index).unwrap();
        assert_eq!(entry.0, address);
        entry.1 += 1;
        entry.2 = now;
        place.displaced
    }

    #[test]
    fn a_flood_of_sources_displaces_itself_and_not_those_who_came_often() {
        let mut table = Table::new(1024);
        let now = Timestamp::from_secs(1);
        for round in 0..5 {
            for busy in 0..200 {
                assert!(count(&mut table, busy, now).is_none(), "round {round}");
            }
        }
        for forged in 0..100_000 {
            if let Some(displaced) = count(&mut table, 1_000_000 + forged, now) {
                assert_eq!(displaced.1, 1);
            }
        }
        assert_eq!(table.entries.len(), 1024);
        assert!(table.displaced() > 90_000);
        let kept = table.iter().filter(|entry| entry.0 < 200 && entry.1 == 5).count();
        assert_eq!(kept, 200);
    }

    #[test]
    fn silence_makes_room() {
        let mut table = Table::new(8);
        for address in 0..8 {
            for _ in 0..100 {
                count(&mut table, address, Timestamp::from_secs(u64::from(address) * 1000));
            }
        }
        let displaced = count(&mut table, 99, Timestamp::from_secs(8000)).unwrap();
        assert_eq!((displaced.0, displaced.1), (0, 100));
        let now = Timestamp::from_secs(8000);
        let place = table.place(key(98), now, |missed| Counted(98, u64::from(missed), now));
        assert_eq!(table.at(place.index).map(|entry| (entry.0, entry.1)), Some((98, 100)));
    }

    #[test]
    fn what_is_taken_out_leaves_room() {
        let mut table = Table::new(64);
        for address in 0..50 {
            count(&mut table, address, Timestamp::from_secs(1));
        }
        let mut taken = Vec::new();
        table.take(|entry| entry.0 % 2 == 0, |entry| taken.push(entry.0));
        taken.sort_unstable();
        assert_eq!(taken.len() + table.iter().count(), 50 - table.displaced() as usize);
        assert!(taken.iter().all(|address| address % 2 == 0));
        let before = table.entries.len();
        for address in 100..110 {
            count(&mut table, address, Timestamp::from_secs(2));
        }
        assert_eq!(table.entries.len(), before);
    }
}
