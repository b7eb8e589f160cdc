//! Commands on lists (t_list.c of Redis 7.0).

use super::reply::{Answer, OK, Reply, SYNTAX, bulk, bulks, count, int, number};
use super::store::{Call, range};
use std::collections::VecDeque;

impl Call<'_> {
    pub(super) fn on_lists(&mut self) -> Option<Answer> {
        Some(match self.name {
            "lpush" | "rpush" | "lpushx" | "rpushx" => self.push(),
            "lpop" | "rpop" => self.pop(),
            "lrange" => self.elements(),
            "llen" => self.list_length(),
            "lindex" => self.element_at(),
            "lset" => self.set_element(),
            "lrem" => self.remove_elements(),
            "ltrim" => self.trim(),
            "linsert" => self.insert(),
            "rpoplpush" => self.hand_over(),
            _ => return None,
        })
    }

    fn push(&mut self) -> Answer {
        let (db, key, items) = (self.db, self.arg(0).to_vec(), &self.args[1..]);
        if self.store.list(db, &key)?.is_none() && self.name.ends_with('x') {
            return Ok(Reply::Int(0));
        }
        self.reserve()?;
        let left = self.name.starts_with('l');
        let list = self.store.list_mut(db, &key)?;
        for item in items {
            if left {
                list.push_front(item.clone());
            } else {
                list.push_back(item.clone());
            }
        }
        let length = list.len();
        self.store.dirty += items.len() as u64;
        Ok(count(length))
    }

    fn pop(&mut self) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        let most = match self.args {
            [_] => None,
            [_, most] => {
                let most = int(most).and_then(|most| usize::try_from(most).ok());
                Some(most.ok_or("ERR value is out of range, must be positive")?)
            }
            _ => return self.wrong_arity(),
        };
        let Some(list) = self.store.list(db, &key)? else {
            return Ok(if most.is_some() { Reply::NilArray } else { Reply::Nil });
        };
        let take = most.unwrap_or(1).min(list.len());
        let left = self.name == "lpop";
        let list = self.store.list_mut(db, &key)?;
        let popped = (0..take)
            .filter_map(|_| if left { list.pop_front() } else { list.pop_back() })
            .collect::<Vec<_>>();
        self.store.tidy(db, &key);
        self.store.freed();
        self.store.dirty += popped.len() as u64;
        let mut popped = bulks(popped);
        Ok(match most {
            Some(_) => Reply::Array(popped),
            None => popped.pop().unwrap_or(Reply::Nil),
        })
    }

    fn list_or_empty(&mut self) -> Result<&VecDeque<Vec<u8>>, std::borrow::Cow<'static, str>> {
        static EMPTY: VecDeque<Vec<u8>> = VecDeque::new();
        let (db, key) = (self.db, self.arg(0).to_vec());
        Ok(self.store.list(db, &key)?.unwrap_or(&EMPTY))
    }

    fn elements(&mut self) -> Answer {
        let (from, to) = (number(self.arg(1))?, number(self.arg(2))?);
        let list = self.list_or_empty()?;
        Ok(Reply::Array(bulks(list.range(range(from, to, list.len())))))
    }

    fn list_length(&mut self) -> Answer {
        Ok(count(self.list_or_empty()?.len()))
    }

    fn element_at(&mut self) -> Answer {
        let at = number(self.arg(1));
        let list = self.list_or_empty()?;
        if list.is_empty() {
            return Ok(Reply::Nil);
        }
        let at = at?;
        let place = range(at, at, list.len());
        // Before the first there is nothing.
        let before = at < 0 && at.unsigned_abs() > list.len() as u64;
        let found = list.get(place.start).filter(|_| !place.is_empty() && !before);
        Ok(found.map_or(Reply::Nil, bulk))
    }

    fn set_element(&mut self) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        if self.store.list(db, &key)?.is_none() {
            return Err("ERR no such key".into());
        }
        let (at, item) = (number(self.arg(1))?, self.arg(2).to_vec());
        self.reserve()?;
        let list = self.store.list_mut(db, &key)?;
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        let at = if at < 0 { at.saturating_add(length) } else { at };
        let place = usize::try_from(at).ok().and_then(|at| list.get_mut(at));
        *place.ok_or("ERR index out of range")? = item;
        self.store.dirty += 1;
        Ok(OK)
    }

    fn remove_elements(&mut self) -> Answer {
        let (most, item) = (number(self.arg(1))?, self.arg(2).to_vec());
        let (db, key) = (self.db, self.arg(0).to_vec());
        let Some(list) = self.store.list(db, &key)? else { return Ok(Reply::Int(0)) };
        let (length, size) = (list.len(), self.store.used());
        self.store.worked(size);
        let list = self.store.list_mut(db, &key)?;
        let limit = usize::try_from(most.unsigned_abs()).unwrap_or(usize::MAX);
        let mut left = if most == 0 { usize::MAX } else { limit };
        if most < 0 {
            list.make_contiguous().reverse();
        }
        list.retain(|other| {
            let goes = left > 0 && *other == item;
            left -= usize::from(goes);
            !goes
        });
        if most < 0 {
            list.make_contiguous().reverse();
        }
        let removed = length - list.len();
        self.store.tidy(db, &key);
        self.store.freed();
        self.store.dirty += removed as u64;
        Ok(count(removed))
    }

    fn trim(&mut self) -> Answer {
        let (from, to) = (number(self.arg(1))?, number(self.arg(2))?);
        let (db, key) = (self.db, self.arg(0).to_vec());
        if self.store.list(db, &key)?.is_none() {
            return Ok(OK);
        }
        let list = self.store.list_mut(db, &key)?;
        let kept = range(from, to, list.len());
        list.truncate(kept.end);
        list.drain(..kept.start.min(list.len()));
        self.store.tidy(db, &key);
        self.store.freed();
        self.store.dirty += 1;
        Ok(OK)
    }

    fn insert(&mut self) -> Answer {
        let behind = match &self.arg(1).to_ascii_lowercase()[..] {
            b"after" => 1,
            b"before" => 0,
            _ => return Err(SYNTAX),
        };
        let (db, key) = (self.db, self.arg(0).to_vec());
        let (pivot, item) = (self.arg(2).to_vec(), self.arg(3).to_vec());
        let Some(list) = self.store.list(db, &key)? else { return Ok(Reply::Int(0)) };
        let Some(at) = list.iter().position(|other| *other == pivot) else {
            return Ok(Reply::Int(-1));
        };
        let size = self.store.used();
        self.store.worked(size);
        self.reserve()?;
        let list = self.store.list_mut(db, &key)?;
        list.insert(at + behind, item);
        let length = list.len();
        self.store.dirty += 1;
        Ok(count(length))
    }

    fn hand_over(&mut self) -> Answer {
        let (db, from, to) = (self.db, self.arg(0).to_vec(), self.arg(1).to_vec());
        if self.store.list(db, &from)?.is_none() {
            return Ok(Reply::Nil);
        }
        self.store.list(db, &to)?;
        self.store.reserve(to.len(), 1)?;
        let Some(item) = self.store.list_mut(db, &from)?.pop_back() else { return Ok(Reply::Nil) };
        self.store.list_mut(db, &to)?.push_front(item.clone());
        self.store.tidy(db, &from);
        self.store.dirty += 1;
        Ok(Reply::Bulk(item))
    }
}
