//! Commands on keys, whatever they hold (db.c and expire.c of Redis 7.0).

use super::glob;
use super::reply::{Answer, NOT_INT, OK, Reply, SYNTAX, bulk, bulks, count, int, number};
use super::store::{Call, DATABASES, Value};
use std::borrow::Cow;

/// Pattern and kind of what a scan tells.
type Selection = (Option<Vec<u8>>, Option<String>);

impl Call<'_> {
    pub(super) fn on_keys(&mut self) -> Option<Answer> {
        Some(match self.name {
            "del" | "unlink" => Ok(self.delete()),
            "exists" | "touch" => Ok(self.exists()),
            "type" => Ok(self.kind()),
            "ttl" | "pttl" | "expiretime" | "pexpiretime" => Ok(self.time_left()),
            "expire" | "pexpire" | "expireat" | "pexpireat" => self.expire(),
            "persist" => Ok(self.persist()),
            "keys" => Ok(self.keys()),
            "scan" => self.scan(),
            "randomkey" => Ok(self.random_key()),
            "rename" | "renamenx" => self.rename(),
            "move" => self.move_key(),
            "copy" => self.copy(),
            "dbsize" => Ok(count(self.store.db(self.db).len())),
            "flushdb" | "flushall" => self.flush(),
            "swapdb" => self.swap(),
            "object|encoding" => Ok(self.encoding()),
            "object|refcount" => Ok(self.if_there(Reply::Int(1))),
            "object|idletime" => Ok(self.if_there(Reply::Int(0))),
            "object|freq" => self.frequency(),
            "memory|usage" => Ok(self.usage()),
            _ => return None,
        })
    }

    fn delete(&mut self) -> Reply {
        let (db, keys) = (self.db, self.args);
        let removed = keys.iter().filter(|key| self.store.remove(db, key)).count();
        self.store.dirty += removed as u64;
        count(removed)
    }

    fn exists(&mut self) -> Reply {
        let (db, keys) = (self.db, self.args);
        count(keys.iter().filter(|key| self.store.look_up(db, key).is_some()).count())
    }

    fn kind(&mut self) -> Reply {
        let key = self.arg(0);
        let kind = self.store.db(self.db).get(key).map_or("none", |e| e.value.kind());
        Reply::Simple(kind.into())
    }

    fn time_left(&mut self) -> Reply {
        let now = self.now_ms;
        let key = self.arg(0).to_vec();
        let left = match self.store.db(self.db).get(&key).map(|entry| entry.expires) {
            None => return Reply::Int(-2),
            Some(None) => return Reply::Int(-1),
            Some(Some(at)) => match self.name {
                "ttl" => (at.saturating_sub(now) + 500) / 1_000,
                "pttl" => at.saturating_sub(now),
                "expiretime" => (at + 500) / 1_000,
                _ => at,
            },
        };
        Reply::Int(i64::try_from(left).unwrap_or(i64::MAX))
    }

    fn expire(&mut self) -> Answer {
        let wrong = || Cow::from(format!("ERR invalid expire time in '{}' command", self.name));
        let (mut nx, mut xx, mut gt, mut lt) = (false, false, false, false);
        for word in self.args.iter().skip(2) {
            match &word.to_ascii_lowercase()[..] {
                b"nx" => nx = true,
                b"xx" => xx = true,
                b"gt" => gt = true,
                b"lt" => lt = true,
                _ => {
                    let option = super::reply::shown(word, usize::MAX);
                    return Err(format!("ERR Unsupported option {option}").into());
                }
            }
        }
        if nx && (xx || gt || lt) {
            return Err(
                "ERR NX and XX, GT or LT options at the same time are not compatible".into()
            );
        }
        if gt && lt {
            return Err("ERR GT and LT options at the same time are not compatible".into());
        }
        let time = number(self.arg(1))?;
        let scale = if self.name.starts_with('p') { 1 } else { 1_000 };
        let from = if self.name.ends_with("at") { 0 } else { self.now_ms };
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let at = time.checked_mul(scale).and_then(|time| time.checked_add(from));
        let at = at.ok_or_else(wrong)?;
        let (db, key, now) = (self.db, self.arg(0).to_vec(), self.now_ms);
        let Some(entry) = self.store.db(db).get_mut(&key) else { return Ok(Reply::Int(0)) };
        let new = u64::try_from(at).unwrap_or_default();
        let old = entry.expires;
        // To have no end is to end later than anything.
        if nx && old.is_some()
            || xx && old.is_none()
            || gt && old.is_none_or(|old| new <= old)
            || lt && old.is_some_and(|old| new >= old)
        {
            return Ok(Reply::Int(0));
        }
        if new <= now {
            self.store.remove(db, &key);
        } else {
            entry.expires = Some(new);
        }
        self.store.dirty += 1;
        Ok(Reply::Int(1))
    }

    fn persist(&mut self) -> Reply {
        let key = self.arg(0).to_vec();
        let entry = self.store.db(self.db).get_mut(&key);
        let had = entry.and_then(|entry| entry.expires.take()).is_some();
        Reply::Int(had.into())
    }

    fn matching(&mut self, pattern: Option<&[u8]>) -> Vec<Vec<u8>> {
        let work = self.store.used().saturating_mul(1 + pattern.map_or(0, <[u8]>::len));
        self.store.worked(work);
        let fits = |key: &[u8]| pattern.is_none_or(|pattern| glob::fits(pattern, key, false));
        self.store.db(self.db).keys().filter(|key| fits(key)).cloned().collect()
    }

    fn keys(&mut self) -> Reply {
        let pattern = self.arg(0).to_vec();
        Reply::Array(bulks(self.matching(Some(&pattern))))
    }

    fn scan(&mut self) -> Answer {
        let (pattern, kind) = self.scan_options(1, true)?;
        let mut keys = self.matching(pattern.as_deref());
        if let Some(kind) = kind {
            let db = self.store.db(self.db);
            let fits = |key: &[u8]| db.get(key).is_some_and(|entry| entry.value.kind() == kind);
            keys.retain(|key| fits(key));
        }
        Ok(Reply::Array(vec![bulk("0"), Reply::Array(bulks(keys))]))
    }

    /// `MATCH`, `COUNT` and `TYPE` behind a cursor. Everything is told in one go.
    pub(super) fn scan_options(
        &self,
        from: usize,
        types: bool,
    ) -> Result<Selection, Cow<'static, str>> {
        let cursor = std::str::from_utf8(self.arg(from - 1)).ok();
        if cursor.and_then(|text| text.parse::<u64>().ok()).is_none() {
            return Err("ERR invalid cursor".into());
        }
        let (mut pattern, mut kind) = (None, None);
        let mut words = self.args.iter().skip(from);
        while let Some(word) = words.next() {
            let value = words.next().ok_or(SYNTAX)?;
            match &word.to_ascii_lowercase()[..] {
                b"match" => pattern = Some(value.clone()),
                b"count" => {
                    if int(value).ok_or(NOT_INT)? < 1 {
                        return Err(SYNTAX);
                    }
                }
                b"type" if types => {
                    kind = Some(String::from_utf8_lossy(value).to_ascii_lowercase());
                }
                _ => return Err(SYNTAX),
            }
        }
        Ok((pattern, kind))
    }

    fn random_key(&mut self) -> Reply {
        let now = usize::try_from(self.now_ms).unwrap_or_default();
        let db = self.store.db(self.db);
        let at = now % db.len().max(1);
        db.keys().nth(at).map_or(Reply::Nil, bulk)
    }

    fn rename(&mut self) -> Answer {
        let (db, from, to) = (self.db, self.arg(0).to_vec(), self.arg(1).to_vec());
        let only_new = self.name == "renamenx";
        if !self.store.db(db).contains_key(&from) {
            return Err("ERR no such key".into());
        }
        if from == to {
            return Ok(if only_new { Reply::Int(0) } else { OK });
        }
        if only_new && self.store.db(db).contains_key(&to) {
            return Ok(Reply::Int(0));
        }
        if let Some(entry) = self.store.db(db).remove(&from) {
            self.store.db(db).insert(to, entry);
            self.store.dirty += 1;
        }
        Ok(if only_new { Reply::Int(1) } else { OK })
    }

    fn database(text: &[u8]) -> Option<usize> {
        let number = usize::try_from(int(text)?).ok()?;
        (number < DATABASES).then_some(number)
    }

    fn move_key(&mut self) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        if int(self.arg(1)).is_none() {
            return Err(NOT_INT);
        }
        let to = Self::database(self.arg(1)).ok_or("ERR DB index is out of range")?;
        if to == db {
            return Err("ERR source and destination objects are the same".into());
        }
        if self.store.db(to).contains_key(&key) {
            return Ok(Reply::Int(0));
        }
        let Some(entry) = self.store.db(db).remove(&key) else { return Ok(Reply::Int(0)) };
        self.store.db(to).insert(key, entry);
        self.store.dirty += 1;
        Ok(Reply::Int(1))
    }

    fn copy(&mut self) -> Answer {
        let (from, to) = (self.arg(0).to_vec(), self.arg(1).to_vec());
        let (mut db, mut replace) = (self.db, false);
        let mut words = self.args.iter().skip(2);
        while let Some(word) = words.next() {
            match &word.to_ascii_lowercase()[..] {
                b"replace" => replace = true,
                b"db" => {
                    let number = words.next().ok_or(SYNTAX)?;
                    int(number).ok_or(NOT_INT)?;
                    db = Self::database(number).ok_or("ERR DB index is out of range")?;
                }
                _ => return Err(SYNTAX),
            }
        }
        if db == self.db && from == to {
            return Err("ERR source and destination objects are the same".into());
        }
        let Some(entry) = self.store.look_up(self.db, &from) else { return Ok(Reply::Int(0)) };
        let size = entry.value.bytes();
        self.store.worked(size);
        if self.store.db(db).contains_key(&to) && !replace {
            return Ok(Reply::Int(0));
        }
        self.store.reserve(size + to.len(), 1)?;
        if let Some(entry) = self.store.db(self.db).get(&from).cloned() {
            self.store.db(db).insert(to, entry);
            self.store.dirty += 1;
        }
        Ok(Reply::Int(1))
    }

    fn flush(&mut self) -> Answer {
        let how = self.arg(0).to_ascii_lowercase();
        if self.args.len() > 1 || !matches!(&how[..], b"" | b"sync" | b"async") {
            return Err(SYNTAX);
        }
        let db = (self.name == "flushdb").then_some(self.db);
        self.store.clear(db);
        Ok(OK)
    }

    fn swap(&mut self) -> Answer {
        if int(self.arg(0)).is_none() {
            return Err("ERR invalid first DB index".into());
        }
        if int(self.arg(1)).is_none() {
            return Err("ERR invalid second DB index".into());
        }
        let of = |text: &[u8]| Self::database(text).ok_or("ERR DB index is out of range");
        let (one, other) = (of(self.arg(0))?, of(self.arg(1))?);
        self.store.dbs.swap(one, other);
        Ok(OK)
    }

    fn if_there(&mut self, reply: Reply) -> Reply {
        let key = self.arg(0);
        if self.store.db(self.db).contains_key(key) { reply } else { Reply::Nil }
    }

    fn frequency(&mut self) -> Answer {
        let key = self.arg(0);
        if !self.store.db(self.db).contains_key(key) {
            return Ok(Reply::Nil);
        }
        Err("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please \
             note that when switching between policies at runtime LRU and LFU data will take \
             some time to adjust."
            .into())
    }

    fn encoding(&mut self) -> Reply {
        const EMBEDDED_BYTES: usize = 44;
        let small = |item: &Vec<u8>| item.len() <= 64;
        let key = self.arg(0).to_vec();
        let Some(entry) = self.store.db(self.db).get(&key) else { return Reply::Nil };
        bulk(match &entry.value {
            Value::Text(text) if text.len() <= 20 && int(text).is_some() => "int",
            Value::Text(text) if text.len() <= EMBEDDED_BYTES => "embstr",
            Value::Text(_) => "raw",
            Value::List(_) => "quicklist",
            Value::Set(items) if items.len() <= 512 && items.iter().all(|i| int(i).is_some()) => {
                "intset"
            }
            Value::Set(_) => "hashtable",
            Value::Hash(hash) => {
                let all = hash.in_order();
                let fits = all.iter().all(|(field, value)| small(field) && small(value));
                if all.len() <= 512 && fits { "listpack" } else { "hashtable" }
            }
        })
    }

    fn usage(&mut self) -> Reply {
        let key = self.arg(0).to_vec();
        let found = self.store.db(self.db).get(&key);
        found.map_or(Reply::Nil, |entry| count((entry.value.bytes() + key.len() + 55) & !7))
    }
}
