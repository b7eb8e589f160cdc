//! Commands on hashes and sets (t_hash.c and t_set.c of Redis 7.0).

use super::glob;
use super::reply::{Answer, OK, Reply, bulk, bulks, count, int, number};
use super::store::{Call, Hash};
use super::strings::{float, float_text};
use std::borrow::Cow;
use std::collections::BTreeSet;

impl Call<'_> {
    pub(super) fn on_hashes(&mut self) -> Option<Answer> {
        Some(match self.name {
            "hset" | "hmset" => self.set_fields(),
            "hsetnx" => self.set_new_field(),
            "hget" => self.field(|hash, field| hash.get(field).map_or(Reply::Nil, bulk)),
            "hexists" => self.field(|hash, field| Reply::Int(hash.get(field).is_some().into())),
            "hstrlen" => self.field(|hash, field| count(hash.get(field).map_or(0, Vec::len))),
            "hlen" => self.field(|hash, _| count(hash.len())),
            "hmget" => self.get_fields(),
            "hgetall" => self.all_fields(|field, value| vec![bulk(field), bulk(value)]),
            "hkeys" => self.all_fields(|field, _| vec![bulk(field)]),
            "hvals" => self.all_fields(|_, value| vec![bulk(value)]),
            "hdel" => self.remove_fields(),
            "hincrby" => self.add_to_field(),
            "hincrbyfloat" => self.add_float_to_field(),
            "hscan" => self.scan_fields(),
            _ => return None,
        })
    }

    fn set_fields(&mut self) -> Answer {
        let pairs = &self.args[1..];
        if !pairs.len().is_multiple_of(2) {
            return self.wrong_arity();
        }
        let (db, key) = (self.db, self.arg(0).to_vec());
        self.store.hash(db, &key)?;
        self.reserve()?;
        let hash = self.store.hash_mut(db, &key)?;
        let mut new = 0;
        for pair in pairs.chunks_exact(2) {
            new += usize::from(hash.set(pair[0].clone(), pair[1].clone()));
        }
        self.store.dirty += pairs.len() as u64 / 2;
        Ok(if self.name == "hset" { count(new) } else { OK })
    }

    fn set_new_field(&mut self) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        let field = self.arg(1).to_vec();
        if self.store.hash(db, &key)?.is_some_and(|hash| hash.get(&field).is_some()) {
            return Ok(Reply::Int(0));
        }
        self.reserve()?;
        let value = self.arg(2).to_vec();
        self.store.hash_mut(db, &key)?.set(field, value);
        self.store.dirty += 1;
        Ok(Reply::Int(1))
    }

    fn field(&mut self, of: impl Fn(&Hash, &[u8]) -> Reply) -> Answer {
        let (db, key, field) = (self.db, self.arg(0).to_vec(), self.arg(1).to_vec());
        Ok(match self.store.hash(db, &key)? {
            Some(hash) => of(hash, &field),
            None => of(&Hash::default(), &field),
        })
    }

    fn get_fields(&mut self) -> Answer {
        let (db, key, fields) = (self.db, self.arg(0).to_vec(), &self.args[1..]);
        let hash = self.store.hash(db, &key)?;
        let one = |field: &Vec<u8>| hash.and_then(|hash| hash.get(field)).map_or(Reply::Nil, bulk);
        Ok(Reply::Array(fields.iter().map(one).collect()))
    }

    fn all_fields(&mut self, of: impl Fn(&[u8], &[u8]) -> Vec<Reply>) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        let all = self.store.hash(db, &key)?.map(Hash::in_order).unwrap_or_default();
        let items: Vec<Reply> = all.iter().flat_map(|(field, value)| of(field, value)).collect();
        if self.name != "hgetall" {
            return Ok(Reply::Array(items));
        }
        let mut items = items.into_iter();
        let mut pairs = Vec::new();
        while let (Some(field), Some(value)) = (items.next(), items.next()) {
            pairs.push((field, value));
        }
        Ok(Reply::Map(pairs))
    }

    fn remove_fields(&mut self) -> Answer {
        let (db, key, fields) = (self.db, self.arg(0).to_vec(), &self.args[1..]);
        if self.store.hash(db, &key)?.is_none() {
            return Ok(Reply::Int(0));
        }
        let hash = self.store.hash_mut(db, &key)?;
        let removed = fields.iter().filter(|field| hash.remove(field)).count();
        self.store.tidy(db, &key);
        self.store.freed();
        self.store.dirty += removed as u64;
        Ok(count(removed))
    }

    fn old_field(&mut self) -> Result<Option<Vec<u8>>, Cow<'static, str>> {
        let (db, key, field) = (self.db, self.arg(0).to_vec(), self.arg(1).to_vec());
        Ok(self.store.hash(db, &key)?.and_then(|hash| hash.get(&field).cloned()))
    }

    fn put_field(&mut self, value: Vec<u8>) -> Result<(), Cow<'static, str>> {
        let (db, key, field) = (self.db, self.arg(0).to_vec(), self.arg(1).to_vec());
        self.reserve()?;
        self.store.reserve(value.len(), 1)?;
        self.store.hash_mut(db, &key)?.set(field, value);
        self.store.dirty += 1;
        Ok(())
    }

    fn add_to_field(&mut self) -> Answer {
        let by = number(self.arg(2))?;
        let old = match self.old_field()? {
            Some(old) => int(&old).ok_or("ERR hash value is not an integer")?,
            None => 0,
        };
        let new = old.checked_add(by).ok_or("ERR increment or decrement would overflow")?;
        self.put_field(new.to_string().into_bytes())?;
        Ok(Reply::Int(new))
    }

    fn add_float_to_field(&mut self) -> Answer {
        let by = float(self.arg(2))?;
        let old = match self.old_field()? {
            Some(old) => float(&old).map_err(|_| "ERR hash value is not a float")?,
            None => 0.0,
        };
        let new = old + by;
        if !new.is_finite() {
            return Err("ERR increment would produce NaN or Infinity".into());
        }
        let text = float_text(new).into_bytes();
        self.put_field(text.clone())?;
        Ok(Reply::Bulk(text))
    }

    fn scan_fields(&mut self) -> Answer {
        let (pattern, _) = self.scan_options(2, false)?;
        let fits = |field: &[u8]| pattern.as_ref().is_none_or(|p| glob::fits(p, field, false));
        let (db, key) = (self.db, self.arg(0).to_vec());
        let work = self.store.used().saturating_mul(1 + pattern.as_ref().map_or(0, Vec::len));
        self.store.worked(work);
        let all = self.store.hash(db, &key)?.map(Hash::in_order).unwrap_or_default();
        let items = all
            .iter()
            .filter(|(field, _)| fits(field))
            .flat_map(|(field, value)| [bulk(field), bulk(value)])
            .collect();
        Ok(Reply::Array(vec![bulk("0"), Reply::Array(items)]))
    }

    pub(super) fn on_sets(&mut self) -> Option<Answer> {
        Some(match self.name {
            "sadd" => self.add_members(),
            "srem" => self.remove_members(),
            "smembers" => Ok(Reply::Set(bulks(match self.members_of(0) {
                Ok(members) => members,
                Err(error) => return Some(Err(error)),
            }))),
            "scard" => self.members_of(0).map(|members| count(members.len())),
            "sismember" => self.is_member(),
            "smismember" => self.are_members(),
            "spop" if self.args.len() == 1 => self.pop_member(),
            "srandmember" if self.args.len() == 1 => {
                self.members_of(0).map(|members| members.first().map_or(Reply::Nil, bulk))
            }
            "sscan" => self.scan_members(),
            "sunion" | "sinter" | "sdiff" => self.combine(),
            _ => return None,
        })
    }

    fn add_members(&mut self) -> Answer {
        let (db, key, members) = (self.db, self.arg(0).to_vec(), &self.args[1..]);
        self.store.set(db, &key)?;
        self.reserve()?;
        let set = self.store.set_mut(db, &key)?;
        let new = members.iter().filter(|member| set.insert((*member).clone())).count();
        self.store.dirty += new as u64;
        Ok(count(new))
    }

    fn remove_members(&mut self) -> Answer {
        let (db, key, members) = (self.db, self.arg(0).to_vec(), &self.args[1..]);
        if self.store.set(db, &key)?.is_none() {
            return Ok(Reply::Int(0));
        }
        let set = self.store.set_mut(db, &key)?;
        let removed = members.iter().filter(|member| set.remove(*member)).count();
        self.store.tidy(db, &key);
        self.store.freed();
        self.store.dirty += removed as u64;
        Ok(count(removed))
    }

    /// Members of the set that the `n`th argument names; numbers in their order, as an
    /// intset has them.
    fn members_of(&mut self, n: usize) -> Result<Vec<Vec<u8>>, Cow<'static, str>> {
        let (db, key) = (self.db, self.arg(n).to_vec());
        let work = self.store.used();
        self.store.worked(work / 16);
        let Some(set) = self.store.set(db, &key)? else { return Ok(Vec::new()) };
        let mut members: Vec<Vec<u8>> = set.iter().cloned().collect();
        if members.iter().all(|member| int(member).is_some()) {
            members.sort_by_key(|member| int(member));
        }
        Ok(members)
    }

    fn is_member(&mut self) -> Answer {
        let (db, key, member) = (self.db, self.arg(0).to_vec(), self.arg(1).to_vec());
        let there = self.store.set(db, &key)?.is_some_and(|set| set.contains(&member));
        Ok(Reply::Int(there.into()))
    }

    fn are_members(&mut self) -> Answer {
        let (db, key, members) = (self.db, self.arg(0).to_vec(), &self.args[1..]);
        let set = self.store.set(db, &key)?;
        let there = |member| Reply::Int(set.is_some_and(|set| set.contains(member)).into());
        Ok(Reply::Array(members.iter().map(there).collect()))
    }

    fn pop_member(&mut self) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        if self.store.set(db, &key)?.is_none() {
            return Ok(Reply::Nil);
        }
        let popped = self.store.set_mut(db, &key)?.pop_first();
        self.store.tidy(db, &key);
        self.store.freed();
        self.store.dirty += 1;
        Ok(popped.map_or(Reply::Nil, Reply::Bulk))
    }

    fn scan_members(&mut self) -> Answer {
        let (pattern, _) = self.scan_options(2, false)?;
        let work = self.store.used().saturating_mul(pattern.as_ref().map_or(0, Vec::len));
        self.store.worked(work);
        let mut members = self.members_of(0)?;
        members.retain(|member| pattern.as_ref().is_none_or(|p| glob::fits(p, member, false)));
        Ok(Reply::Array(vec![bulk("0"), Reply::Array(bulks(members))]))
    }

    fn combine(&mut self) -> Answer {
        let mut all: BTreeSet<Vec<u8>> = self.members_of(0)?.into_iter().collect();
        for n in 1..self.args.len() {
            let other: BTreeSet<Vec<u8>> = self.members_of(n)?.into_iter().collect();
            match self.name {
                "sunion" => all.extend(other),
                "sinter" => all.retain(|member| other.contains(member)),
                _ => all.retain(|member| !other.contains(member)),
            }
        }
        Ok(Reply::Set(bulks(all)))
    }
}
