//! Commands on strings (t_string.c of Redis 7.0).

use super::reply::{Answer, NOT_INT, OK, Reply, SYNTAX, bulk, count, int, number};
use super::store::{Call, Value, range};
use std::borrow::Cow;

/// Which time an option gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
    SecondsAt,
    MillisecondsAt,
}

#[derive(Default)]
struct Options {
    nx: bool,
    xx: bool,
    get: bool,
    keep: bool,
    persist: bool,
    time: Option<(Unit, Vec<u8>)>,
}

impl Call<'_> {
    pub(super) fn on_strings(&mut self) -> Option<Answer> {
        Some(match self.name {
            "get" => self.get(),
            "set" => self.set(),
            "setnx" => self.set_if_absent(),
            "setex" => self.set_for(Unit::Seconds),
            "psetex" => self.set_for(Unit::Milliseconds),
            "getset" => self.get_and_set(),
            "getdel" => self.get_and_delete(),
            "getex" => self.get_and_expire(),
            "append" => self.append(),
            "strlen" => self.length(),
            "getrange" | "substr" => self.part(),
            "setrange" => self.set_part(),
            "incr" => self.add(Some(1)),
            "decr" => self.add(Some(-1)),
            "incrby" => number(self.arg(1)).and_then(|by| self.add(Some(by))),
            "decrby" => number(self.arg(1)).and_then(|by| self.subtract(by)),
            "incrbyfloat" => self.add_float(),
            "mget" => Ok(self.get_many()),
            "mset" => self.set_many(),
            "msetnx" => self.set_many_if_absent(),
            _ => return None,
        })
    }

    fn get(&mut self) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        Ok(self.store.text(db, &key)?.map_or(Reply::Nil, bulk))
    }

    fn options(&self, from: usize, of_get: bool) -> Result<Options, Cow<'static, str>> {
        let mut options = Options::default();
        let mut words = self.args.iter().skip(from);
        while let Some(word) = words.next() {
            let word = word.to_ascii_lowercase();
            let timeless = options.time.is_none() && !options.keep && !options.persist;
            let unit = match &word[..] {
                b"nx" if !options.xx && !of_get => {
                    options.nx = true;
                    continue;
                }
                b"xx" if !options.nx && !of_get => {
                    options.xx = true;
                    continue;
                }
                b"get" if !of_get => {
                    options.get = true;
                    continue;
                }
                b"keepttl" if options.time.is_none() && !of_get => {
                    options.keep = true;
                    continue;
                }
                b"persist" if options.time.is_none() && of_get => {
                    options.persist = true;
                    continue;
                }
                b"ex" => Unit::Seconds,
                b"px" => Unit::Milliseconds,
                b"exat" => Unit::SecondsAt,
                b"pxat" => Unit::MillisecondsAt,
                _ => return Err(SYNTAX),
            };
            if !timeless {
                return Err(SYNTAX);
            }
            let time = words.next().ok_or(SYNTAX)?;
            options.time = Some((unit, time.clone()));
        }
        Ok(options)
    }

    /// The moment that a time means, in milliseconds (`getExpireMillisecondsOrReply`).
    fn moment(&self, unit: Unit, time: &[u8]) -> Result<u64, Cow<'static, str>> {
        let wrong = || Cow::from(format!("ERR invalid expire time in '{}' command", self.name));
        let time = number(time)?;
        let scale = if matches!(unit, Unit::Seconds | Unit::SecondsAt) { 1_000 } else { 1 };
        let time = time.checked_mul(scale).filter(|time| *time > 0).ok_or_else(wrong)?;
        let from = match unit {
            Unit::Seconds | Unit::Milliseconds => i64::try_from(self.now_ms).unwrap_or(i64::MAX),
            Unit::SecondsAt | Unit::MillisecondsAt => 0,
        };
        let at = time.checked_add(from).ok_or_else(wrong)?;
        u64::try_from(at).map_err(|_| wrong())
    }

    fn set(&mut self) -> Answer {
        let options = self.options(2, false)?;
        let moment = match &options.time {
            Some((unit, time)) => Some(self.moment(*unit, time)?),
            None => None,
        };
        let (db, key) = (self.db, self.arg(0).to_vec());
        let old = if options.get { Some(self.get()?) } else { None };
        let there = self.store.db(db).get(&key).map(|entry| entry.expires);
        if options.nx && there.is_some() || options.xx && there.is_none() {
            return Ok(old.unwrap_or(Reply::Nil));
        }
        self.reserve()?;
        let expires = if options.keep { there.flatten() } else { moment };
        let value = Value::Text(self.arg(1).to_vec());
        self.store.put(db, &key, value, expires);
        self.store.dirty += 1;
        Ok(old.unwrap_or(OK))
    }

    fn put(&mut self, key: &[u8], text: Vec<u8>) {
        let db = self.db;
        let expires = self.store.db(db).get(key).and_then(|entry| entry.expires);
        self.store.put(db, key, Value::Text(text), expires);
        self.store.dirty += 1;
    }

    fn set_if_absent(&mut self) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        if self.store.db(db).contains_key(&key) {
            return Ok(Reply::Int(0));
        }
        self.reserve()?;
        let text = self.arg(1).to_vec();
        self.put(&key, text);
        Ok(Reply::Int(1))
    }

    fn set_for(&mut self, unit: Unit) -> Answer {
        let moment = self.moment(unit, self.arg(1))?;
        self.reserve()?;
        let (key, value) = (self.arg(0).to_vec(), Value::Text(self.arg(2).to_vec()));
        self.store.put(self.db, &key, value, Some(moment));
        self.store.dirty += 1;
        Ok(OK)
    }

    fn get_and_set(&mut self) -> Answer {
        let old = self.get()?;
        self.reserve()?;
        let (key, value) = (self.arg(0).to_vec(), Value::Text(self.arg(1).to_vec()));
        self.store.put(self.db, &key, value, None);
        self.store.dirty += 1;
        Ok(old)
    }

    fn get_and_delete(&mut self) -> Answer {
        let old = self.get()?;
        let key = self.arg(0).to_vec();
        if self.store.remove(self.db, &key) {
            self.store.dirty += 1;
        }
        Ok(old)
    }

    fn get_and_expire(&mut self) -> Answer {
        let options = self.options(1, true)?;
        let old = self.get()?;
        let moment = match &options.time {
            Some((unit, time)) => Some(self.moment(*unit, time)?),
            None => None,
        };
        let key = self.arg(0).to_vec();
        if (options.persist || moment.is_some())
            && let Some(entry) = self.store.db(self.db).get_mut(&key)
        {
            entry.expires = moment;
            self.store.dirty += 1;
        }
        Ok(old)
    }

    fn append(&mut self) -> Answer {
        let (db, key, more) = (self.db, self.arg(0).to_vec(), self.arg(1).to_vec());
        self.store.text(db, &key)?;
        self.reserve()?;
        let text = self.store.text_mut(db, &key)?;
        text.extend_from_slice(&more);
        let length = text.len();
        self.store.dirty += 1;
        Ok(count(length))
    }

    fn length(&mut self) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        Ok(count(self.store.text(db, &key)?.map_or(0, Vec::len)))
    }

    fn part(&mut self) -> Answer {
        let (from, to) = (number(self.arg(1))?, number(self.arg(2))?);
        let (db, key) = (self.db, self.arg(0).to_vec());
        let text = self.store.text(db, &key)?.map_or(&[][..], Vec::as_slice);
        if from < 0 && to < 0 && from > to {
            return Ok(bulk(""));
        }
        // An end before the beginning is the beginning here.
        let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
        let to = if to < 0 { to.saturating_add(length).max(0) } else { to };
        Ok(bulk(text.get(range(from, to, text.len())).unwrap_or_default()))
    }

    fn set_part(&mut self) -> Answer {
        let offset = number(self.arg(1))?;
        let (db, key, part) = (self.db, self.arg(0).to_vec(), self.arg(2).to_vec());
        let Ok(offset) = usize::try_from(offset) else {
            return Err("ERR offset is out of range".into());
        };
        let length = self.store.text(db, &key)?.map_or(0, Vec::len);
        if part.is_empty() {
            return Ok(count(length));
        }
        let end = offset.saturating_add(part.len());
        if end > 512 << 20 {
            return Err("ERR string exceeds maximum allowed size (proto-max-bulk-len)".into());
        }
        self.store.reserve(end.saturating_sub(length) + key.len(), 1)?;
        let text = self.store.text_mut(db, &key)?;
        if text.len() < end {
            text.resize(end, 0);
        }
        if let Some(place) = text.get_mut(offset..end) {
            place.copy_from_slice(&part);
        }
        let length = text.len();
        self.store.dirty += 1;
        Ok(count(length))
    }

    fn subtract(&mut self, by: i64) -> Answer {
        match by.checked_neg() {
            Some(by) => self.add(Some(by)),
            None => Err("ERR decrement would overflow".into()),
        }
    }

    fn add(&mut self, by: Option<i64>) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        let old = self.store.text(db, &key)?.map_or(Some(0), |text| int(text)).ok_or(NOT_INT)?;
        let new = by.and_then(|by| old.checked_add(by));
        let Some(new) = new else {
            return Err("ERR increment or decrement would overflow".into());
        };
        self.store.reserve(key.len() + 20, 1)?;
        self.put(&key, new.to_string().into_bytes());
        Ok(Reply::Int(new))
    }

    fn add_float(&mut self) -> Answer {
        let (db, key) = (self.db, self.arg(0).to_vec());
        let old = self.store.text(db, &key)?.map_or(Ok(0.0), |text| float(text))?;
        let new = old + float(self.arg(1))?;
        if !new.is_finite() {
            return Err("ERR increment would produce NaN or Infinity".into());
        }
        self.store.reserve(key.len() + 400, 1)?;
        let text = float_text(new).into_bytes();
        self.put(&key, text.clone());
        Ok(Reply::Bulk(text))
    }

    fn get_many(&mut self) -> Reply {
        let (db, keys) = (self.db, self.args);
        let one = |key: &Vec<u8>| match self.store.text(db, key) {
            Ok(Some(text)) => bulk(text),
            _ => Reply::Nil,
        };
        Reply::Array(keys.iter().map(one).collect())
    }

    fn set_many(&mut self) -> Answer {
        if !self.args.len().is_multiple_of(2) {
            return self.wrong_arity();
        }
        self.reserve()?;
        for pair in self.args.chunks_exact(2) {
            self.store.put(self.db, &pair[0], Value::Text(pair[1].clone()), None);
            self.store.dirty += 1;
        }
        Ok(OK)
    }

    fn set_many_if_absent(&mut self) -> Answer {
        if !self.args.len().is_multiple_of(2) {
            return self.wrong_arity();
        }
        let db = self.db;
        if self.args.iter().step_by(2).any(|key| self.store.db(db).contains_key(key)) {
            return Ok(Reply::Int(0));
        }
        self.set_many()?;
        Ok(Reply::Int(1))
    }
}

pub(super) fn float(text: &[u8]) -> Result<f64, Cow<'static, str>> {
    let wrong = || Cow::Borrowed("ERR value is not a valid float");
    let text = std::str::from_utf8(text).map_err(|_| wrong())?;
    text.parse().ok().filter(|number: &f64| !number.is_nan()).ok_or_else(wrong)
}

/// As `ld2string` prints it for people, as far as a double tells.
pub(super) fn float_text(number: f64) -> String {
    const DIGITS: usize = 15;
    let whole = format!("{:.0}", number.abs().trunc()).len();
    let text = format!("{number:.*}", DIGITS.saturating_sub(whole));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
