//! A table of fixed size for whoever appears, so that a flood of forged sources takes no
//! more memory than its absence.
//!
//! An address belongs to one bucket of [`WAYS`] entries. In a full bucket the newcomer takes
//! the place of the entry that is worth the least: the one with the fewest packets, halved for
//! each 512 seconds of silence. So a flood of addresses that come once each displaces itself,
//! and who has sent more than they stays. What an entry says is exact since it was made; it
//! may have been there before only if it was displaced, with at most as many packets as
//! `missed` says.

use crate::large;
use crate::limits::WAYS;
use crate::prefetch::prefetch;
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

/// Entries that a table has room for before it needs them.
const ENTRIES_AT_FIRST: usize = 1 << 20;

/// Seconds of silence that halve what an entry is worth, as a power of two.
const HALF_S: u32 = 9;

/// Bits of [`Bucket::worth`] that count packets; the others are the time of the last one, in
/// steps of [`HALF_S`], which comes round after 24 days.
const PACKET_BITS: u32 = 20;
const PACKETS: u32 = (1 << PACKET_BITS) - 1;
const STEPS: u32 = u32::MAX >> PACKET_BITS;
const LATE_STEPS: u32 = 8;

/// Two lines of cache: what every packet reads, and nothing else.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Bucket {
    /// Hashes of the addresses; zero where there is none.
    keys: [u64; WAYS],
    places: [u32; WAYS],
    /// What decides who makes room, so that entries need not be looked at.
    worth: [u32; WAYS],
}

impl Bucket {
    /// The way of an address.
    #[inline]
    fn way(&self, key: u64) -> Option<usize> {
        // Without a jump for each: which way it is, nobody can foretell.
        let mut found = 0_u32;
        for way in 0..WAYS {
            found |= u32::from(self.keys[way] == key) << way;
        }
        (found != 0).then(|| found.trailing_zeros() as usize)
    }

    /// Counts a packet.
    #[inline]
    fn count(&mut self, way: usize, now: Timestamp) {
        let packets = (self.worth[way] & PACKETS).min(PACKETS - 1) + 1;
        self.worth[way] = step(now) << PACKET_BITS | packets;
    }

    /// The way of the entry that is worth the least.
    fn least(&self, now: Timestamp) -> usize {
        let score = |way: &usize| {
            let idle = step(now).wrapping_sub(self.worth[*way] >> PACKET_BITS);
            let idle = idle & STEPS;
            // To a packet that comes late, the last one is of the future.
            let idle = if idle > STEPS - LATE_STEPS { 0 } else { idle };
            (u64::from(self.worth[*way] & PACKETS) << 40) >> idle.min(63)
        };
        (0..WAYS).min_by_key(score).unwrap_or(0)
    }
}

const fn step(now: Timestamp) -> u32 {
    (now.secs() >> HALF_S) as u32
}

/// The table.
pub(crate) struct Table<T> {
    buckets: Vec<Bucket>,
    /// Of each bucket, the most packets that an entry had that was displaced from it.
    missed: Vec<u32>,
    entries: Vec<Option<T>>,
    free: Vec<u32>,
    displaced: u64,
}

/// Where an address is.
pub(crate) struct Place<T> {
    /// Its entry.
    pub(crate) index: usize,
    /// Whether it was made for this packet.
    pub(crate) is_new: bool,
    /// Who was displaced for it.
    pub(crate) displaced: Option<T>,
}

/// Where in its bucket an address was when it was looked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spot {
    way: u8,
}

impl<T: Entry> Table<T> {
    /// A table of at least `entries` places.
    pub(crate) fn new(entries: usize) -> Self {
        let buckets = entries.div_ceil(WAYS).next_power_of_two();
        let empty = Bucket { keys: [0; WAYS], places: [0; WAYS], worth: [0; WAYS] };
        Self {
            buckets: large::filled(buckets, empty),
            missed: vec![0; buckets],
            entries: large::with_capacity((buckets * WAYS).min(ENTRIES_AT_FIRST)),
            free: Vec::new(),
            displaced: 0,
        }
    }

    #[inline]
    fn number(&self, key: u64) -> usize {
        (key >> 32) as usize & (self.buckets.len() - 1)
    }

    /// Finds the entry of an address of which a packet came, or makes one; `make` is told how
    /// many packets may have been missed.
    #[inline]
    pub(crate) fn place(
        &mut self,
        key: u64,
        now: Timestamp,
        make: impl FnOnce(u32) -> T,
    ) -> Place<T> {
        let way = self.buckets[self.number(key)].way(key).unwrap_or(0);
        self.place_at(Spot { way: way as u8 }, key, now, make)
    }

    /// The same, where the entry has been looked for.
    #[inline]
    pub(crate) fn place_at(
        &mut self,
        Spot { way }: Spot,
        key: u64,
        now: Timestamp,
        make: impl FnOnce(u32) -> T,
    ) -> Place<T> {
        let number = self.number(key);
        let bucket = &mut self.buckets[number];
        let mut way = usize::from(way) % WAYS;
        if bucket.keys[way] != key {
            // It was made since, or has yet to be.
            match bucket.way(key) {
                Some(other) => way = other,
                None => return self.make(number, key, now, make),
            }
        }
        bucket.count(way, now);
        Place { index: bucket.places[way] as usize, is_new: false, displaced: None }
    }

    fn make(
        &mut self,
        number: usize,
        key: u64,
        now: Timestamp,
        make: impl FnOnce(u32) -> T,
    ) -> Place<T> {
        let (bucket, missed) = (&mut self.buckets[number], &mut self.missed[number]);
        let (way, index, displaced) = if let Some(way) = bucket.way(0) {
            let entry = Some(make(*missed));
            let index = if let Some(free) = self.free.pop() {
                self.entries[free as usize] = entry;
                free
            } else {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            };
            bucket.places[way] = index;
            (way, index as usize, None)
        } else {
            let way = bucket.least(now);
            let index = bucket.places[way] as usize;
            let place = &mut self.entries[index];
            let packets = place.as_ref().map_or(0, Entry::packets);
            *missed = (*missed).max(u32::try_from(packets).unwrap_or(u32::MAX));
            self.displaced += 1;
            (way, index, place.replace(make(*missed)))
        };
        bucket.keys[way] = key;
        bucket.worth[way] = 0;
        bucket.count(way, now);
        Place { index, is_new: true, displaced }
    }

    /// Brings what [`Self::place`] will read first nearer. A processor that is told early of
    /// several places waits for all of them at once.
    #[inline]
    pub(crate) fn prefetch(&self, key: u64) {
        let bucket = &self.buckets[self.number(key)];
        prefetch(&bucket.keys);
        prefetch(&bucket.places);
    }

    /// Looks for the entry of an address, and brings it nearer, or the one that will make
    /// room.
    #[inline]
    pub(crate) fn look(&self, key: u64, now: Timestamp) -> Spot {
        let bucket = &self.buckets[self.number(key)];
        let way = bucket.way(key).unwrap_or_else(|| bucket.least(now));
        if let Some(entry) = self.entries.get(bucket.places[way] as usize) {
            prefetch(entry);
        }
        Spot { way: way as u8 }
    }

    /// The entry of an address that was looked for, if it has one.
    #[inline]
    pub(crate) fn spotted(&self, Spot { way }: Spot, key: u64) -> Option<&T> {
        let bucket = &self.buckets[self.number(key)];
        let way = usize::from(way) % WAYS;
        let is_its = bucket.keys[way] == key;
        self.entries.get(bucket.places[way] as usize)?.as_ref().filter(|_| is_its)
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
