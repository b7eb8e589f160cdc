//! Counts: what happened in each minute, and the most frequent values by hour and day.

use super::Result;
use super::values::int;
use crate::limits::{BUCKETS_MAX, ROLLUP_KEPT_S, TOP_HOURS_KEPT_S, TOP_VALUES_PER_BUCKET_MAX};
use crate::query::{Bucket, TopBy, TopEntry};
use crate::seam::Span;
use crate::summary;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use ukai_model::{Event, Timestamp};

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 86_400;

/// Old counts are looked for this often, in seconds.
const FORGET_EVERY_S: u64 = 600;

const ALL: [TopBy; 12] = [
    TopBy::DstPort,
    TopBy::SrcIp,
    TopBy::Credential,
    TopBy::Password,
    TopBy::Command,
    TopBy::Protocol,
    TopBy::DownloadUrl,
    TopBy::User,
    TopBy::LoginProtocol,
    TopBy::LoginSuccess,
    TopBy::PublicKey,
    TopBy::Client,
];

/// A bucket of a top list: unit in seconds, what, number of units since 1970.
type TopBucket = (u64, i64, u64);

/// What to look after later.
#[derive(Default)]
pub(super) struct Touched {
    /// Top lists that may have grown too long.
    buckets: BTreeSet<TopBucket>,
    /// Values written since they were last looked at.
    values: usize,
    /// When old counts were last removed, in seconds since 1970.
    forgot_s: u64,
}

/// What a batch adds.
#[derive(Default)]
pub(super) struct Counts {
    minutes: BTreeMap<u64, Bucket>,
    hours: BTreeMap<(TopBy, u64), HashMap<String, i64>>,
}

impl Counts {
    pub(super) fn add(&mut self, event: &Event) {
        let seconds = event.time.secs();
        summary::add_to_bucket(self.minutes.entry(seconds / 60).or_default(), event);
        summary::top_values(event, |by, value| {
            let values = self.hours.entry((by, seconds / HOUR_S)).or_default();
            *values.entry(value).or_default() += 1;
        });
    }

    pub(super) fn store(self, c: &Connection, touched: &mut Touched) -> Result<()> {
        self.store_minutes(c)?;
        let mut add = c.prepare_cached(
            "INSERT INTO top (unit, what, bucket, value, count) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for ((by, hour), values) in self.hours {
            let what = number(by);
            for (unit, bucket) in [(HOUR_S, hour), (DAY_S, hour * HOUR_S / DAY_S)] {
                touched.buckets.insert((unit, what, bucket));
                touched.values += values.len();
                for (value, count) in &values {
                    add.execute(params![int(unit), what, int(bucket), value, count])?;
                }
            }
        }
        if touched.values > TOP_VALUES_PER_BUCKET_MAX {
            for bucket in std::mem::take(&mut touched.buckets) {
                shorten(c, bucket)?;
            }
            touched.values = 0;
        }
        Ok(())
    }

    fn store_minutes(&self, c: &Connection) -> Result<()> {
        let mut add = c.prepare_cached(
            "INSERT INTO minute (minute, sessions, logins, commands, downloads, samples, attacks)
             VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions,
                 logins = logins + excluded.logins, commands = commands + excluded.commands,
                 downloads = downloads + excluded.downloads,
                 samples = samples + excluded.samples, attacks = attacks + excluded.attacks",
        )?;
        for (minute, b) in &self.minutes {
            let counts = [b.sessions, b.logins, b.commands, b.downloads, b.samples, b.attacks];
            if counts == [0; 6] {
                continue;
            }
            let [sessions, logins, commands, downloads, samples, attacks] = counts.map(int);
            let minute = int(*minute);
            add.execute([minute, sessions, logins, commands, downloads, samples, attacks])?;
        }
        Ok(())
    }
}

fn number(by: TopBy) -> i64 {
    match by {
        TopBy::DstPort => 0,
        TopBy::SrcIp => 1,
        TopBy::Credential => 2,
        TopBy::Password => 3,
        TopBy::Command => 4,
        TopBy::Protocol => 5,
        TopBy::DownloadUrl => 6,
        TopBy::User => 7,
        TopBy::LoginProtocol => 8,
        TopBy::LoginSuccess => 9,
        TopBy::PublicKey => 10,
        TopBy::Client => 11,
    }
}

/// Keeps a top list from growing without bound: at twice the limit the rarest go.
fn shorten(c: &Connection, (unit, what, bucket): TopBucket) -> Result<()> {
    let key = params![int(unit), what, int(bucket)];
    let values: usize = c
        .prepare_cached("SELECT count(*) FROM top WHERE unit = ? AND what = ? AND bucket = ?")?
        .query_row(key, |row| row.get(0))?;
    if values > 2 * TOP_VALUES_PER_BUCKET_MAX {
        let surplus = values - TOP_VALUES_PER_BUCKET_MAX;
        c.prepare_cached(
            "DELETE FROM top WHERE unit = ?1 AND what = ?2 AND bucket = ?3 AND value IN
             (SELECT value FROM top WHERE unit = ?1 AND what = ?2 AND bucket = ?3
              ORDER BY count, value LIMIT ?4)",
        )?
        .execute(params![int(unit), what, int(bucket), surplus])?;
    }
    Ok(())
}

pub(super) fn forget(c: &Connection, touched: &mut Touched, now: Timestamp) -> Result<()> {
    if now.secs() < touched.forgot_s + FORGET_EVERY_S {
        return Ok(());
    }
    touched.forgot_s = now.secs();
    let oldest_s = now.secs().saturating_sub(ROLLUP_KEPT_S);
    c.execute("DELETE FROM minute WHERE minute < ?", [int(oldest_s / 60)])?;
    let oldest_hour = now.secs().saturating_sub(TOP_HOURS_KEPT_S) / HOUR_S;
    let mut delete =
        c.prepare_cached("DELETE FROM top WHERE unit = ? AND what = ? AND bucket < ?")?;
    for by in ALL {
        delete.execute([int(HOUR_S), number(by), int(oldest_hour)])?;
        delete.execute([int(DAY_S), number(by), int(oldest_s / DAY_S)])?;
    }
    Ok(())
}

pub(super) fn buckets(c: &Connection, span: Span, step_s: u64) -> Result<Vec<Bucket>> {
    let mut statement = c.prepare_cached(
        "SELECT minute * 60 / ?1 * ?1 AS start, sum(sessions), sum(logins), sum(commands),
             sum(downloads), sum(samples), sum(attacks)
         FROM minute WHERE minute >= ?2 AND minute < ?3
         GROUP BY start ORDER BY start DESC LIMIT ?4",
    )?;
    let minutes =
        span.from.nanos().div_ceil(60_000_000_000)..span.to.nanos().div_ceil(60_000_000_000);
    let key = params![int(step_s), int(minutes.start), int(minutes.end), BUCKETS_MAX];
    let rows = statement.query_map(key, |row| {
        Ok(Bucket {
            time: Timestamp::from_secs(row.get(0)?),
            sessions: row.get(1)?,
            logins: row.get(2)?,
            commands: row.get(3)?,
            downloads: row.get(4)?,
            samples: row.get(5)?,
            attacks: row.get(6)?,
        })
    })?;
    let mut buckets = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    buckets.reverse();
    Ok(buckets)
}

pub(super) fn top(
    c: &Connection,
    by: TopBy,
    span: Span,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<TopEntry>> {
    let by_hour = span.from.secs() >= now.secs().saturating_sub(TOP_HOURS_KEPT_S);
    let unit = if by_hour { HOUR_S } else { DAY_S };
    let buckets = span.in_units(unit);
    let mut statement = c.prepare_cached(
        "SELECT value, sum(count) AS total FROM top
         WHERE unit = ? AND what = ? AND bucket >= ? AND bucket < ?
         GROUP BY value ORDER BY total DESC, value LIMIT ?",
    )?;
    let key = params![int(unit), number(by), int(buckets.start), int(buckets.end), limit];
    let rows =
        statement.query_map(key, |row| Ok(TopEntry { value: row.get(0)?, count: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
