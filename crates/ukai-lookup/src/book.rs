//! What services said, and when they may be asked again. It can be kept as JSON.

use crate::config::Lookups;
use crate::limits::{
    KNOWN_FOR_S, PAUSE_MAX_S, PAUSE_S, REFUSED_PAUSE_S, REMEMBERED_MAX, UNKNOWN_FOR_S,
};
use crate::service::{Answer, Question, Reply, Standing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;
use ukai_model::{Sha256, Timestamp};

const MINUTE_S: u64 = 60;
const DAY_S: u64 = 86_400;

/// What services said, and their pace. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// By service and hash.
    answers: BTreeMap<String, Remembered>,
    paces: BTreeMap<String, Pace>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Remembered {
    answer: Answer,
    until_s: u64,
}

/// How often a service was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Pace {
    /// Times of the questions of the last minute.
    minute: Vec<u64>,
    /// Beginning of the day that is counted, and its questions.
    day_s: u64,
    today: u32,
    /// It must not be asked before.
    paused_until_s: u64,
    /// Why.
    reason: String,
}

/// What is to be done to know what a service knows.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Nothing: it said so a while ago.
    Remembered(Answer),
    /// Carry this, and tell the book what came ([`Book::replied`]).
    Carry(Question),
    /// Not now.
    Later {
        /// When again, in seconds since 1970.
        at_s: u64,
        /// Why.
        reason: String,
    },
    /// Never, as things are.
    Off(String),
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It knows something, or that it knows nothing.
    Answered(Answer),
    /// The question is open: too many, an outage, nonsense.
    Open(String),
}

impl Book {
    /// What is to be done to learn what the service at `index` knows of a sample. A question
    /// that is to be carried counts as asked.
    pub fn ask(&mut self, lookups: &Lookups, index: usize, sha256: &Sha256, now: Timestamp) -> Ask {
        let now_s = seconds(now);
        let known = self.answers.get(&key(lookups, index, sha256));
        if let Some(known) = known.filter(|known| known.until_s > now_s) {
            return Ask::Remembered(known.answer.clone());
        }
        let (_, ready) = &lookups.list[index];
        let ready = match ready {
            Ok(ready) => ready,
            Err(reason) => return Ask::Off(reason.clone()),
        };
        let pace = self.paces.entry(lookups.name(index)).or_default();
        match pace.take(ready.per_minute, ready.per_day, now_s) {
            Ok(()) => Ask::Carry(ready.service.question(sha256)),
            Err((at_s, reason)) => Ask::Later { at_s, reason },
        }
    }

    /// How a sample is given to a service: only if the operator allows it for this one.
    pub fn upload(
        &mut self,
        lookups: &Lookups,
        index: usize,
        sample: &[u8],
        now: Timestamp,
    ) -> Ask {
        let ready = match &lookups.list[index].1 {
            Ok(ready) => ready,
            Err(reason) => return Ask::Off(reason.clone()),
        };
        if !ready.upload {
            return Ask::Off("samples stay here: `upload` is not set for this service".to_owned());
        }
        let Some(question) = ready.service.upload(&Sha256::of(sample), sample) else {
            return Ask::Off("takes no samples, or none of this size".to_owned());
        };
        let pace = self.paces.entry(lookups.name(index)).or_default();
        match pace.take(ready.per_minute, ready.per_day, seconds(now)) {
            Ok(()) => Ask::Carry(question),
            Err((at_s, reason)) => Ask::Later { at_s, reason },
        }
    }

    /// What the reply to an upload says: an error is a reason.
    pub fn uploaded(
        &mut self,
        lookups: &Lookups,
        index: usize,
        now: Timestamp,
        reply: Result<Reply, String>,
    ) -> Result<(), String> {
        let reply = self.passed(lookups, index, now, reply)?;
        if (200..300).contains(&reply.status) {
            return Ok(());
        }
        Err(format!("HTTP status {}", reply.status))
    }

    /// What a reply says; it is remembered. An error is what kept the question from its
    /// service.
    pub fn replied(
        &mut self,
        lookups: &Lookups,
        index: usize,
        sha256: &Sha256,
        now: Timestamp,
        reply: Result<Reply, String>,
    ) -> Outcome {
        let (_, Ok(ready)) = &lookups.list[index] else {
            return Outcome::Open("is off".to_owned());
        };
        let reply = match self.passed(lookups, index, now, reply) {
            Ok(reply) => reply,
            Err(reason) => return Outcome::Open(reason),
        };
        match ready.service.read(reply.status, &reply.body) {
            Err(error) => Outcome::Open(format!("HTTP status {}: {error}", reply.status)),
            Ok(answer) => {
                self.remember(key(lookups, index, sha256), &answer, seconds(now));
                Outcome::Answered(answer)
            }
        }
    }

    /// A reply that is neither haste nor refusal nor outage; those make a pause.
    fn passed(
        &mut self,
        lookups: &Lookups,
        index: usize,
        now: Timestamp,
        reply: Result<Reply, String>,
    ) -> Result<Reply, String> {
        let now_s = seconds(now);
        let reply = reply?;
        let (pause_s, reason) = match reply.status {
            429 => {
                let wished = reply.retry_after.as_deref();
                let wished = wished.and_then(|text| retry_after(text, now_s)).unwrap_or(PAUSE_S);
                (wished.clamp(1, PAUSE_MAX_S), "says: too often".to_owned())
            }
            401 | 403 => {
                (REFUSED_PAUSE_S, format!("refuses the key (HTTP status {})", reply.status))
            }
            500.. => (PAUSE_S, format!("is out of order (HTTP status {})", reply.status)),
            _ => return Ok(reply),
        };
        let pace = self.paces.entry(lookups.name(index)).or_default();
        pace.paused_until_s = now_s.saturating_add(pause_s);
        pace.reason.clone_from(&reason);
        Err(reason)
    }

    /// Why the service at `index` is not asked now, if so, and how often it was asked on this
    /// day by UTC.
    pub fn state(&self, lookups: &Lookups, index: usize, now: Timestamp) -> (Option<String>, u32) {
        let (now_s, nothing) = (seconds(now), Pace::default());
        let pace = self.paces.get(&lookups.name(index)).unwrap_or(&nothing);
        let today = if pace.day_s == now_s - now_s % DAY_S { pace.today } else { 0 };
        let waits = match &lookups.list[index].1 {
            Err(reason) => Some(reason.clone()),
            Ok(ready) => {
                pace.clone().take(ready.per_minute, ready.per_day, now_s).err().map(|it| it.1)
            }
        };
        (waits, today)
    }

    fn remember(&mut self, key: String, answer: &Answer, now_s: u64) {
        if self.answers.len() >= REMEMBERED_MAX {
            self.answers.retain(|_, known| known.until_s > now_s);
        }
        // Still full of what holds: what ends first goes first.
        while self.answers.len() >= REMEMBERED_MAX {
            let first = self.answers.iter().min_by_key(|(_, known)| known.until_s);
            let Some(first) = first.map(|(key, _)| key.clone()) else { break };
            self.answers.remove(&first);
        }
        let unknown = answer.standing == Standing::Unknown;
        let until_s = now_s + if unknown { UNKNOWN_FOR_S } else { KNOWN_FOR_S };
        self.answers.insert(key, Remembered { answer: answer.clone(), until_s });
    }
}

impl Pace {
    /// Takes a turn, or says when there is one again.
    fn take(&mut self, per_minute: u32, per_day: u32, now_s: u64) -> Result<(), (u64, String)> {
        if self.paused_until_s > now_s {
            return Err((self.paused_until_s, self.reason.clone()));
        }
        let day_s = now_s - now_s % DAY_S;
        if self.day_s != day_s {
            (self.day_s, self.today) = (day_s, 0);
        }
        if self.today >= per_day {
            return Err((day_s + DAY_S, format!("was asked {per_day} times today")));
        }
        // A clock that was set back must not stop it for long.
        self.minute.retain(|at| *at <= now_s && now_s - at < MINUTE_S);
        if self.minute.len() >= per_minute as usize {
            let first = self.minute.first().copied().unwrap_or(now_s);
            return Err((first + MINUTE_S, format!("was asked {per_minute} times this minute")));
        }
        self.minute.push(now_s);
        self.today += 1;
        Ok(())
    }
}

fn key(lookups: &Lookups, index: usize, sha256: &Sha256) -> String {
    format!("{} {sha256}", lookups.name(index))
}

fn seconds(now: Timestamp) -> u64 {
    now.secs()
}

/// Seconds until the time of `Retry-After` (RFC 9110, section 10.2.3).
fn retry_after(text: &str, now_s: u64) -> Option<u64> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(seconds);
    }
    let at = httpdate::parse_http_date(text.trim()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(at.as_secs().saturating_sub(now_s))
}
