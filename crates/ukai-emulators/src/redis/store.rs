//! What a peer keeps: sixteen databases of strings, lists, hashes and sets, within a limit.

use super::reply::{Answer, OOM, WRONG_TYPE};
use crate::limits::REDIS_STORE_BYTES;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub(super) const DATABASES: usize = 16;

/// What an element costs beside its bytes.
const ELEMENT_BYTES: usize = 64;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(Vec<u8>),
    List(VecDeque<Vec<u8>>),
    Hash(Hash),
    Set(BTreeSet<Vec<u8>>),
}

/// Fields in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Hash {
    fields: BTreeMap<Vec<u8>, (u64, Vec<u8>)>,
    next: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) value: Value,
    /// When it goes, in milliseconds since 1970.
    pub(super) expires: Option<u64>,
}

pub(super) type Db = BTreeMap<Vec<u8>, Entry>;

/// The databases, and how full they are.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) dbs: Vec<Db>,
    /// At least what they hold, in bytes.
    used: usize,
    full: bool,
    /// Changes since the last save.
    pub(super) dirty: u64,
    pub(super) expired: u64,
    pub(super) hits: u64,
    pub(super) misses: u64,
    /// Work done since it was last asked for, in bytes looked at.
    work: usize,
}

impl Hash {
    pub(super) fn get(&self, field: &[u8]) -> Option<&Vec<u8>> {
        self.fields.get(field).map(|(_, value)| value)
    }

    /// Whether the field is new.
    pub(super) fn set(&mut self, field: Vec<u8>, value: Vec<u8>) -> bool {
        if let Some((_, old)) = self.fields.get_mut(&field) {
            *old = value;
            return false;
        }
        self.next += 1;
        self.fields.insert(field, (self.next, value));
        true
    }

    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        self.fields.remove(field).is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn in_order(&self) -> Vec<(&Vec<u8>, &Vec<u8>)> {
        let mut all: Vec<_> = self.fields.iter().collect();
        all.sort_by_key(|(_, (number, _))| *number);
        all.into_iter().map(|(field, (_, value))| (field, value)).collect()
    }
}

impl Value {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Hash(_) => "hash",
            Self::Set(_) => "set",
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let of = |item: &Vec<u8>| item.len() + ELEMENT_BYTES;
        match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(of).sum(),
            Self::Set(items) => items.iter().map(of).sum(),
            Self::Hash(hash) => {
                hash.fields.iter().map(|(field, (_, value))| of(field) + value.len()).sum()
            }
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Set(items) => items.is_empty(),
            Self::Hash(hash) => hash.len() == 0,
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            dbs: vec![Db::new(); DATABASES],
            used: 0,
            full: false,
            dirty: 0,
            expired: 0,
            hits: 0,
            misses: 0,
            work: 0,
        }
    }
}

macro_rules! typed {
    ($read:ident, $write:ident, $variant:ident, $type:ty) => {
        pub(super) fn $read(
            &mut self,
            db: usize,
            key: &[u8],
        ) -> Result<Option<&$type>, Cow<'static, str>> {
            match self.look_up(db, key) {
                None => Ok(None),
                Some(Entry { value: Value::$variant(value), .. }) => Ok(Some(value)),
                Some(_) => Err(WRONG_TYPE),
            }
        }

        /// What is there, or a new one.
        pub(super) fn $write(
            &mut self,
            db: usize,
            key: &[u8],
        ) -> Result<&mut $type, Cow<'static, str>> {
            let entry = self.db(db).entry(key.to_vec()).or_insert_with(|| Entry {
                value: Value::$variant(Default::default()),
                expires: None,
            });
            match &mut entry.value {
                Value::$variant(value) => Ok(value),
                _ => Err(WRONG_TYPE),
            }
        }
    };
}

impl Store {
    pub(super) fn db(&mut self, number: usize) -> &mut Db {
        let number = number.min(DATABASES - 1);
        &mut self.dbs[number]
    }

    typed!(text, text_mut, Text, Vec<u8>);
    typed!(list, list_mut, List, VecDeque<Vec<u8>>);
    typed!(hash, hash_mut, Hash, Hash);
    typed!(set, set_mut, Set, BTreeSet<Vec<u8>>);

    /// What is at a key, counted as a hit or a miss.
    pub(super) fn look_up(&mut self, db: usize, key: &[u8]) -> Option<&Entry> {
        let number = db.min(DATABASES - 1);
        let found = self.dbs[number].get(key);
        match found {
            Some(_) => self.hits += 1,
            None => self.misses += 1,
        }
        found
    }

    pub(super) fn put(&mut self, db: usize, key: &[u8], value: Value, expires: Option<u64>) {
        self.db(db).insert(key.to_vec(), Entry { value, expires });
    }

    /// Takes a key away whose value has nothing left in it.
    pub(super) fn tidy(&mut self, db: usize, key: &[u8]) {
        if self.db(db).get(key).is_some_and(|entry| entry.value.is_empty()) {
            self.db(db).remove(key);
        }
    }

    pub(super) fn remove(&mut self, db: usize, key: &[u8]) -> bool {
        self.full = false;
        self.db(db).remove(key).is_some()
    }

    /// Makes room for so many bytes in so many elements, or tells that there is none.
    pub(super) fn reserve(
        &mut self,
        bytes: usize,
        elements: usize,
    ) -> Result<(), Cow<'static, str>> {
        let more = bytes.saturating_add(elements.saturating_mul(ELEMENT_BYTES));
        if self.full || more > REDIS_STORE_BYTES {
            return Err(OOM);
        }
        if self.used + more > REDIS_STORE_BYTES {
            self.used = self.count();
            // Counting again at each further byte would take for ever.
            if self.used + more > REDIS_STORE_BYTES / 8 * 7 {
                self.full = true;
                return Err(OOM);
            }
        }
        self.used += more;
        Ok(())
    }

    /// Something was taken away: there may be room again.
    pub(super) const fn freed(&mut self) {
        self.full = false;
    }

    /// What it holds now, in bytes.
    pub(super) fn count(&mut self) -> usize {
        let of = |db: &Db| -> usize {
            db.iter().map(|(key, entry)| key.len() + ELEMENT_BYTES + entry.value.bytes()).sum()
        };
        let used = self.dbs.iter().map(of).sum();
        self.work += used;
        used
    }

    /// An upper bound of what it holds, in bytes.
    pub(super) const fn used(&self) -> usize {
        self.used
    }

    /// Counts work that grows with what is stored.
    pub(super) const fn worked(&mut self, bytes: usize) {
        self.work = self.work.saturating_add(bytes);
    }

    pub(super) const fn take_work(&mut self) -> usize {
        std::mem::replace(&mut self.work, 0)
    }

    /// Takes away what is over by `now`.
    pub(super) fn expire(&mut self, now_ms: u64) {
        let mut expired = 0;
        for db in &mut self.dbs {
            let before = db.len();
            db.retain(|_, entry| entry.expires.is_none_or(|at| at > now_ms));
            expired += (before - db.len()) as u64;
        }
        if expired > 0 {
            self.expired += expired;
            self.full = false;
        }
    }

    pub(super) fn clear(&mut self, db: Option<usize>) {
        match db {
            Some(db) => self.db(db).clear(),
            None => self.dbs.iter_mut().for_each(Db::clear),
        }
        self.full = false;
        self.dirty += 1;
    }
}

/// One data command on its way.
pub(super) struct Call<'a> {
    pub(super) store: &'a mut Store,
    pub(super) db: usize,
    pub(super) now_ms: u64,
    /// The command's name as errors tell it.
    pub(super) name: &'a str,
    /// What stands behind the name.
    pub(super) args: &'a [Vec<u8>],
}

impl<'a> Call<'a> {
    /// The `n`th argument; the table's arity has seen to it that it is there.
    pub(super) fn arg(&self, n: usize) -> &'a [u8] {
        self.args.get(n).map_or(&[], Vec::as_slice)
    }

    /// Room for all arguments.
    pub(super) fn reserve(&mut self) -> Result<(), Cow<'static, str>> {
        let bytes = self.args.iter().map(Vec::len).sum();
        self.store.reserve(bytes, self.args.len())
    }

    pub(super) fn wrong_arity<T>(&self) -> Result<T, Cow<'static, str>> {
        Err(format!("ERR wrong number of arguments for '{}' command", self.name).into())
    }

    /// Carries a data command out; `None` if it is none that is here.
    pub(super) fn run(&mut self) -> Option<Answer> {
        let answer = self
            .on_keys()
            .or_else(|| self.on_strings())
            .or_else(|| self.on_lists())
            .or_else(|| self.on_hashes())
            .or_else(|| self.on_sets())?;
        Some(answer)
    }
}

/// `from..to` of `length` elements as Redis counts: from the end if negative.
pub(super) fn range(from: i64, to: i64, length: usize) -> std::ops::Range<usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let from = if from < 0 { from.saturating_add(length).max(0) } else { from };
    let to = if to < 0 { to.saturating_add(length) } else { to.min(length - 1) };
    if from > to || from >= length {
        return 0..0;
    }
    let at = |n: i64| usize::try_from(n).unwrap_or_default();
    at(from)..at(to) + 1
}
