//! Arrays of `awk`, whose elements are told in the order of the real hash tables.

use super::value::Value;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// An array.
#[derive(Debug, Default)]
pub(super) struct Array {
    elements: BTreeMap<Vec<u8>, (u64, Value)>,
    /// Counts what is put in front of its list.
    moves: u64,
}

impl Array {
    pub(super) fn len(&self) -> usize {
        self.elements.len()
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.elements.contains_key(key)
    }

    /// An element, which mawk then puts in front of its list.
    pub(super) fn get(&mut self, key: &[u8], mawk: bool) -> Option<Value> {
        let (at, value) = self.elements.get_mut(key)?;
        if mawk {
            self.moves += 1;
            *at = self.moves;
        }
        Some(value.clone())
    }

    /// Sets an element; whether it is a new one.
    pub(super) fn set(&mut self, key: Vec<u8>, value: Value, mawk: bool) -> bool {
        self.moves += 1;
        if let Some(element) = self.elements.get_mut(&key) {
            element.1 = value;
            if mawk {
                element.0 = self.moves;
            }
            return false;
        }
        self.elements.insert(key, (self.moves, value));
        true
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> bool {
        self.elements.remove(key).is_some()
    }

    /// The names of the elements by their place in the hash table, the last one that was
    /// put into a list first.
    pub(super) fn keys(&self, mawk: bool) -> Vec<Vec<u8>> {
        let buckets = if mawk { mawk_buckets(self.len()) } else { busybox_buckets(self.len()) };
        let mut keys: Vec<_> = self
            .elements
            .iter()
            .map(|(key, (at, _))| {
                let hash = if mawk { mawk_hash(key) } else { busybox_hash(key) };
                (hash % buckets, Reverse(*at), key)
            })
            .collect();
        keys.sort();
        keys.into_iter().map(|(_, _, key)| key.clone()).collect()
    }
}

/// Lists of mawk's table (`array.w`): they double when there are twelve names for each.
fn mawk_buckets(names: usize) -> u32 {
    const FIRST: u32 = 64;
    const NAMES_PER_LIST: usize = 12;
    let mut buckets = FIRST;
    while names > buckets as usize * NAMES_PER_LIST && buckets < 1 << 20 {
        buckets *= 2;
    }
    buckets
}

/// FNV-1a.
fn mawk_hash(key: &[u8]) -> u32 {
    const OFFSET: u32 = 2_166_136_261;
    const PRIME: u32 = 16_777_619;
    key.iter().fold(OFFSET, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(PRIME))
}

/// Lists of BusyBox's table (`awk.c`), which grows when there are ten names for each.
fn busybox_buckets(names: usize) -> u32 {
    const PRIMES: [u32; 5] = [61, 251, 1_021, 4_093, 16_381];
    let fits = PRIMES.into_iter().find(|prime| names <= *prime as usize * 10);
    fits.unwrap_or(PRIMES[4])
}

/// `hashidx` of BusyBox's `awk.c`.
fn busybox_hash(key: &[u8]) -> u32 {
    const FACTOR: u32 = 63;
    key.iter().fold(0_u32, |hash, byte| {
        hash.wrapping_mul(FACTOR).wrapping_add(i32::from(*byte as i8) as u32)
    })
}
