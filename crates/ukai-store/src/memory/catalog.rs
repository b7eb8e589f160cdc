//! The catalogue in memory.

use crate::StoreError;
use crate::cursor::{self, page_size, time_key, uuid_floor};
use crate::limits::{
    BEHAVIOUR_REPORTS_MAX, BUCKETS_MAX, ROLLUP_KEPT_S, SIGHTINGS_PER_SAMPLE_MAX, TOP_HOURS_KEPT_S,
};
use crate::query::{
    BehaviourQuery, BehaviourSummary, Bucket, EventQuery, Has, IndicatorQuery, IndicatorState, Job,
    Page, Remark, SampleQuery, SampleSummary, SessionQuery, SessionSummary, TopBy, TopEntry,
    Totals,
};
use crate::seam::{Batch, Catalog, EventPlace, Indexed, Position, Span};
use crate::summary;
use parking_lot::Mutex;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use ukai_model::{
    Analysis, Behaviour, Event, EventId, Evidence, Indicator, IndicatorId, SessionId, Sha256,
    Sighting, Timestamp,
};

type Result<T> = std::result::Result<T, StoreError>;

/// The catalogue, and the work queue, in memory.
#[derive(Default)]
pub(crate) struct MemoryCatalog {
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    indexed: Position,
    events: BTreeMap<EventId, Known>,
    sessions: BTreeMap<SessionId, SessionSummary>,
    recordings: HashMap<SessionId, Position>,
    samples: HashMap<Sha256, Sample>,
    analyses: BTreeMap<(Sha256, String), Analysis>,
    behaviours: HashMap<Sha256, Behaviour>,
    behaviour_reports: HashMap<Sha256, BTreeMap<Timestamp, Behaviour>>,
    remarks: BTreeMap<(Sha256, String), Remark>,
    indicators: BTreeMap<IndicatorId, Indicator>,
    minutes: BTreeMap<u64, Bucket>,
    hours: BTreeMap<(TopBy, u64), HashMap<String, u64>>,
    meta: HashMap<String, String>,
    pub(super) jobs: BTreeMap<u64, Job>,
    pub(super) last_job: u64,
}

struct Known {
    position: Position,
    event: Arc<Event>,
    protocol: Option<String>,
}

struct Sample {
    summary: SampleSummary,
    stored_bytes: u64,
    sightings: BTreeMap<EventId, Sighting>,
}

impl State {
    fn add(&mut self, position: Position, event: &Arc<Event>, batch: &Batch) -> u64 {
        if let Some(id) = event.session {
            if let Some(begun) = summary::begin_session(event) {
                self.sessions.entry(id).or_insert(begun);
            }
            if let Some(session) = self.sessions.get_mut(&id) {
                summary::add_to_session(session, event);
            }
        }
        let of_session = || self.sessions.get(&event.session?).map(|s| s.protocol.clone());
        let protocol = summary::own_protocol(&event.kind).map(str::to_owned).or_else(of_session);
        self.events.insert(event.id, Known { position, event: event.clone(), protocol });
        let minute = event.time.secs() / 60;
        let bucket = self.minutes.entry(minute).or_default();
        bucket.time = Timestamp::from_secs(minute * 60);
        summary::add_to_bucket(bucket, event);
        summary::top_values(event, |by, value| {
            let hour = self.hours.entry((by, event.time.secs() / 3_600)).or_default();
            *hour.entry(value).or_default() += 1;
        });
        self.add_sighting(event, batch)
    }

    /// Returns the number of jobs made.
    fn add_sighting(&mut self, event: &Event, batch: &Batch) -> u64 {
        let Some((sighting, size)) = summary::sighting(event) else { return 0 };
        let sha256 = sighting.sha256;
        let sample = self.sample_mut(&sha256, size, sighting.time);
        let row = &mut sample.summary;
        if row.sightings == 0 {
            (row.first_seen, row.last_seen) = (sighting.time, sighting.time);
        }
        row.sightings += 1;
        row.first_seen = row.first_seen.min(sighting.time);
        row.last_seen = row.last_seen.max(sighting.time);
        summary::add_label(&mut row.names, sighting.name.as_ref());
        summary::add_label(&mut row.urls, sighting.url.as_ref());
        sample.sightings.insert(event.id, sighting);
        if sample.sightings.len() as u64 > SIGHTINGS_PER_SAMPLE_MAX {
            sample.sightings.pop_first();
        }
        let mut jobs = 0;
        for engine in &batch.engines {
            let analysed = self.analyses.contains_key(&(sha256, engine.clone()));
            if !analysed && self.find_job(engine, &sha256).is_none() {
                self.new_job(engine, &sha256, crate::Queue::CAPTURED, batch.now);
                jobs += 1;
            }
        }
        jobs
    }

    fn sample_mut(&mut self, sha256: &Sha256, size: u64, now: Timestamp) -> &mut Sample {
        self.samples.entry(*sha256).or_insert_with(|| Sample {
            summary: SampleSummary {
                sha256: *sha256,
                size,
                first_seen: now,
                last_seen: now,
                sightings: 0,
                file_type: None,
                description: None,
                names: Vec::new(),
                urls: Vec::new(),
                analysed: None,
                labels: Vec::new(),
                stored: false,
            },
            stored_bytes: 0,
            sightings: BTreeMap::new(),
        })
    }

    fn remarks_of(&self, sha256: &Sha256) -> impl Iterator<Item = &Remark> {
        let of = *sha256;
        let from = self.remarks.range((of, String::new())..);
        from.take_while(move |((sha256, _), _)| *sha256 == of).map(|(_, remark)| remark)
    }

    /// A sample's line with the labels of its remarks.
    fn labelled(&self, summary: &SampleSummary) -> SampleSummary {
        let labels = self.remarks_of(&summary.sha256).flat_map(|remark| &remark.labels);
        let labels = summary::labels(labels.map(String::as_str));
        SampleSummary { labels, ..summary.clone() }
    }

    fn indicators_with(&self, limit: u32, fits: impl Fn(&Evidence) -> bool) -> Vec<Indicator> {
        let with = self.indicators.values().filter(|i| i.evidence.iter().any(&fits));
        let mut found: Vec<Indicator> = with.cloned().collect();
        found.sort_by_key(|i| Reverse((i.last_seen, i.id)));
        found.truncate(limit as usize);
        found
    }
}

/// The page that begins with `items`, of which one more than the page holds was taken.
fn page<T>(mut items: Vec<T>, size: u32, key: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > size as usize;
    items.truncate(size as usize);
    let next = items.last().filter(|_| more).map(key);
    Page { items, next }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
}

fn event_fits(query: &EventQuery, known: &Known) -> bool {
    let event = &known.event;
    let id = event.id.as_bytes();
    query.kind.as_ref().is_none_or(|kind| event.kind.name() == kind)
        && query.src_ip.is_none_or(|ip| event.source() == Some(ip))
        && query.session.is_none_or(|session| event.session == Some(session))
        && query.sha256.is_none_or(|sha256| event.kind.sample() == Some(sha256))
        && query.protocol.as_ref().is_none_or(|p| known.protocol.as_ref() == Some(p))
        && query.from.is_none_or(|from| *id >= uuid_floor(from.millis()))
        && query.to.is_none_or(|to| *id < uuid_floor(to.millis()))
}

fn session_fits(query: &SessionQuery, session: &SessionSummary) -> bool {
    query.src_ip.is_none_or(|ip| session.src_ip == ip)
        && query.protocol.as_ref().is_none_or(|protocol| session.protocol == *protocol)
        && query.has.is_none_or(|has| match has {
            Has::Login => session.logins > 0,
            Has::Command => session.commands > 0,
            Has::Download => session.downloads > 0,
            Has::Sample => session.samples > 0,
            Has::Recording => session.recorded,
        })
}

fn sample_fits(query: &SampleQuery, sample: &SampleSummary) -> bool {
    let labelled = |label: &String| sample.labels.iter().any(|l| l.eq_ignore_ascii_case(label));
    let searched = |q: &str| {
        sample.sha256.to_string().starts_with(&q.to_ascii_lowercase())
            || sample.description.as_ref().is_some_and(|d| contains(d, q))
            || sample.names.iter().chain(&sample.urls).any(|l| contains(&l.escaped(), q))
            || sample.labels.iter().any(|l| contains(l, q))
    };
    query.file_type.as_ref().is_none_or(|t| sample.file_type.as_ref() == Some(t))
        && query.label.as_ref().is_none_or(labelled)
        && query.q.as_deref().filter(|q| !q.is_empty()).is_none_or(searched)
}

fn indicator_fits(query: &IndicatorQuery, indicator: &Indicator, now: Timestamp) -> bool {
    let state = match (&indicator.withheld, indicator.valid_until > now) {
        (Some(_), _) => IndicatorState::Withheld,
        (None, true) => IndicatorState::Active,
        (None, false) => IndicatorState::Expired,
    };
    query.kind.as_ref().is_none_or(|kind| indicator.observable.kind.as_str() == kind)
        && query.role.as_ref().is_none_or(|role| indicator.role.as_str() == role)
        && query.state.is_none_or(|wanted| state == wanted)
        && query.min_confidence.is_none_or(|least| indicator.confidence.get() >= least)
        && query.q.as_ref().is_none_or(|q| contains(&indicator.observable.value, q))
}

impl Catalog for MemoryCatalog {
    fn indexed(&self) -> Result<Position> {
        Ok(self.state.lock().indexed)
    }

    fn index(&self, batch: &Batch) -> Result<Indexed> {
        let mut state = self.state.lock();
        let mut outcome = Indexed::default();
        for (position, event) in &batch.events {
            let fresh = !state.events.contains_key(&event.id);
            outcome.fresh.push(fresh);
            if fresh {
                outcome.jobs += state.add(*position, event, batch);
            }
        }
        state.recordings.extend(batch.recordings.iter().copied());
        state.indexed = state.indexed.max(batch.indexed);
        Ok(outcome)
    }

    fn forget_events(&self, start: Position, oldest: Timestamp) -> Result<bool> {
        let mut state = self.state.lock();
        state.events.retain(|_, known| known.position >= start);
        state.sessions.retain(|_, session| session.last_event >= oldest);
        Ok(false)
    }

    fn forget_recordings(&self, start: Position) -> Result<bool> {
        self.state.lock().recordings.retain(|_, position| *position >= start);
        Ok(false)
    }

    fn forget_counts(&self, now: Timestamp) -> Result<()> {
        let mut state = self.state.lock();
        let oldest_s = now.secs().saturating_sub(ROLLUP_KEPT_S);
        state.minutes.retain(|minute, _| *minute >= oldest_s / 60);
        state.hours.retain(|(_, hour), _| *hour >= oldest_s / 3_600);
        Ok(())
    }

    fn event(&self, id: EventId) -> Result<Option<Position>> {
        Ok(self.state.lock().events.get(&id).map(|known| known.position))
    }

    fn events(&self, query: &EventQuery) -> Result<Page<EventPlace>> {
        let size = page_size(query.limit);
        let before = cursor::decode::<16>(query.before.as_deref())?;
        let state = self.state.lock();
        let earlier = |id: &EventId| before.is_none_or(|before| *id.as_bytes() < before);
        let fitting =
            state.events.iter().rev().filter(|(id, known)| earlier(id) && event_fits(query, known));
        let places = fitting.map(|(id, known)| (*id, known.position)).take(size as usize + 1);
        Ok(page(places.collect(), size, |(id, _)| cursor::encode(id.as_bytes())))
    }

    fn session(&self, id: SessionId) -> Result<Option<SessionSummary>> {
        Ok(self.state.lock().sessions.get(&id).cloned())
    }

    fn sessions(&self, query: &SessionQuery) -> Result<Page<SessionSummary>> {
        let size = page_size(query.limit);
        let before = cursor::decode::<16>(query.before.as_deref())?;
        let state = self.state.lock();
        let earlier = |s: &&SessionSummary| before.is_none_or(|before| *s.id.as_bytes() < before);
        let fitting =
            state.sessions.values().rev().filter(earlier).filter(|s| session_fits(query, s));
        let sessions = fitting.take(size as usize + 1).cloned().collect();
        Ok(page(sessions, size, |s: &SessionSummary| cursor::encode(s.id.as_bytes())))
    }

    fn recording(&self, id: SessionId) -> Result<Option<Position>> {
        Ok(self.state.lock().recordings.get(&id).copied())
    }

    fn sample_stored(
        &self,
        sha256: &Sha256,
        size: u64,
        stored_bytes: u64,
        now: Timestamp,
    ) -> Result<()> {
        let mut state = self.state.lock();
        let sample = state.sample_mut(sha256, size, now);
        sample.stored_bytes = stored_bytes;
        sample.summary.stored = true;
        sample.summary.last_seen = sample.summary.last_seen.max(now);
        Ok(())
    }

    fn sample_gone(&self, sha256: &Sha256) -> Result<()> {
        if let Some(sample) = self.state.lock().samples.get_mut(sha256) {
            sample.stored_bytes = 0;
            sample.summary.stored = false;
        }
        Ok(())
    }

    fn samples_bytes(&self) -> Result<u64> {
        Ok(self.state.lock().samples.values().map(|sample| sample.stored_bytes).sum())
    }

    fn oldest_samples(&self, limit: u32) -> Result<Vec<(Sha256, u64)>> {
        let state = self.state.lock();
        let mut stored: Vec<&Sample> =
            state.samples.values().filter(|s| s.summary.stored).collect();
        stored.sort_by_key(|sample| (sample.summary.last_seen, sample.summary.sha256));
        let oldest = stored.into_iter().take(limit as usize);
        Ok(oldest.map(|sample| (sample.summary.sha256, sample.stored_bytes)).collect())
    }

    fn sample(&self, sha256: &Sha256) -> Result<Option<SampleSummary>> {
        let state = self.state.lock();
        Ok(state.samples.get(sha256).map(|sample| state.labelled(&sample.summary)))
    }

    fn samples(&self, query: &SampleQuery) -> Result<Page<SampleSummary>> {
        let size = page_size(query.limit);
        let before = cursor::decode::<40>(query.before.as_deref())?;
        let key = |s: &SampleSummary| time_key::<40>(s.first_seen.nanos(), s.sha256.as_bytes());
        let state = self.state.lock();
        let rows = state.samples.values().map(|sample| state.labelled(&sample.summary));
        let earlier = |s: &SampleSummary| before.is_none_or(|before| key(s) < before);
        let mut found: Vec<SampleSummary> =
            rows.filter(earlier).filter(|s| sample_fits(query, s)).collect();
        found.sort_by_key(|s| Reverse(key(s)));
        Ok(page(found, size, |s| cursor::encode(&key(s))))
    }

    fn sightings(&self, sha256: &Sha256, limit: u32) -> Result<Vec<Sighting>> {
        let state = self.state.lock();
        let sightings =
            state.samples.get(sha256).into_iter().flat_map(|s| s.sightings.values().rev());
        Ok(sightings.take(limit as usize).cloned().collect())
    }

    fn put_analysis(&self, analysis: &Analysis) -> Result<()> {
        let mut state = self.state.lock();
        let row = &mut state.sample_mut(&analysis.sha256, analysis.size, analysis.started).summary;
        row.analysed = Some(analysis.outcome.name().to_owned());
        if let Some(file_type) = &analysis.file_type {
            row.file_type = Some(file_type.name.clone());
            row.description = Some(file_type.description.clone());
        }
        state.analyses.insert((analysis.sha256, analysis.engine.clone()), analysis.clone());
        Ok(())
    }

    fn analyses_of(&self, sha256: &Sha256) -> Result<Vec<Analysis>> {
        let state = self.state.lock();
        let from = state.analyses.range((*sha256, String::new())..);
        Ok(from.take_while(|((of, _), _)| of == sha256).map(|(_, a)| a.clone()).collect())
    }

    fn put_behaviour(&self, behaviour: &Behaviour) -> Result<()> {
        self.state.lock().behaviours.insert(behaviour.sha256, behaviour.clone());
        self.put_behaviour_report(behaviour)
    }

    fn put_behaviour_report(&self, behaviour: &Behaviour) -> Result<()> {
        let mut state = self.state.lock();
        let of = state.behaviour_reports.entry(behaviour.sha256).or_default();
        of.insert(behaviour.started, behaviour.clone());
        if of.len() > BEHAVIOUR_REPORTS_MAX as usize {
            of.pop_first();
        }
        Ok(())
    }

    fn behaviour_reports(&self, sha256: &Sha256) -> Result<Vec<BehaviourSummary>> {
        let state = self.state.lock();
        let of = state.behaviour_reports.get(sha256);
        Ok(of.into_iter().flat_map(|of| of.values().rev()).map(summary::behaviour).collect())
    }

    fn behaviour_report(&self, sha256: &Sha256, started: Timestamp) -> Result<Option<Behaviour>> {
        let state = self.state.lock();
        Ok(state.behaviour_reports.get(sha256).and_then(|of| of.get(&started)).cloned())
    }

    fn behaviour(&self, sha256: &Sha256) -> Result<Option<Behaviour>> {
        Ok(self.state.lock().behaviours.get(sha256).cloned())
    }

    fn behaviours(&self, query: &BehaviourQuery) -> Result<Page<BehaviourSummary>> {
        let size = page_size(query.limit);
        let before = cursor::decode::<40>(query.before.as_deref())?;
        let key = |s: &BehaviourSummary| time_key::<40>(s.started.nanos(), s.sha256.as_bytes());
        let state = self.state.lock();
        let mut found: Vec<BehaviourSummary> =
            state.behaviours.values().map(summary::behaviour).collect();
        found.retain(|s| {
            s.score >= query.min_score.unwrap_or(0) && before.is_none_or(|before| key(s) < before)
        });
        found.sort_by_key(|s| Reverse(key(s)));
        Ok(page(found, size, |s| cursor::encode(&key(s))))
    }

    fn minhashes(&self, limit: u32) -> Result<Vec<(Sha256, Vec<u32>)>> {
        let state = self.state.lock();
        let talks = |behaviour: &&Behaviour| !behaviour.fingerprint.minhash.is_empty();
        let mut found: Vec<&Behaviour> = state.behaviours.values().filter(talks).collect();
        found.sort_by_key(|behaviour| Reverse((behaviour.started, behaviour.sha256)));
        let newest = found.into_iter().take(limit as usize);
        Ok(newest.map(|b| (b.sha256, b.fingerprint.minhash.clone())).collect())
    }

    fn put_remark(&self, remark: &Remark) -> Result<()> {
        let key = (remark.sha256, remark.kind.clone());
        self.state.lock().remarks.insert(key, remark.clone());
        Ok(())
    }

    fn remarks(&self, sha256: &Sha256) -> Result<Vec<Remark>> {
        Ok(self.state.lock().remarks_of(sha256).cloned().collect())
    }

    fn put_indicators(&self, indicators: &[Indicator]) -> Result<()> {
        let known = indicators.iter().map(|indicator| (indicator.id, indicator.clone()));
        self.state.lock().indicators.extend(known);
        Ok(())
    }

    fn indicators_by_ids(&self, ids: &[IndicatorId]) -> Result<Vec<Indicator>> {
        let state = self.state.lock();
        Ok(ids.iter().filter_map(|id| state.indicators.get(id).cloned()).collect())
    }

    fn indicators(&self, query: &IndicatorQuery, now: Timestamp) -> Result<Page<Indicator>> {
        let size = page_size(query.limit);
        let before = cursor::decode::<24>(query.before.as_deref())?;
        let key = |i: &Indicator| time_key::<24>(i.last_seen.nanos(), i.id.as_bytes());
        let state = self.state.lock();
        let earlier = |i: &&Indicator| before.is_none_or(|before| key(i) < before);
        let all = state.indicators.values().filter(earlier);
        let mut found: Vec<Indicator> =
            all.filter(|i| indicator_fits(query, i, now)).cloned().collect();
        found.sort_by_key(|i| Reverse(key(i)));
        Ok(page(found, size, |i| cursor::encode(&key(i))))
    }

    fn valid_indicators(
        &self,
        now: Timestamp,
        after: Option<IndicatorId>,
        limit: u32,
    ) -> Result<Vec<Indicator>> {
        let state = self.state.lock();
        let later = state.indicators.values().filter(|i| after.is_none_or(|after| i.id > after));
        Ok(later.filter(|i| i.valid_until > now).take(limit as usize).cloned().collect())
    }

    fn indicators_of_sample(&self, sha256: &Sha256, limit: u32) -> Result<Vec<Indicator>> {
        Ok(self.state.lock().indicators_with(limit, |e| e.sample == Some(*sha256)))
    }

    fn indicators_of_session(&self, id: SessionId, limit: u32) -> Result<Vec<Indicator>> {
        Ok(self.state.lock().indicators_with(limit, |e| e.session == Some(id)))
    }

    fn rollup(&self, span: Span, step_s: u64) -> Result<Vec<Bucket>> {
        let mut buckets: BTreeMap<u64, Bucket> = BTreeMap::new();
        for minute in self.state.lock().minutes.values() {
            if (span.from..span.to).contains(&minute.time) {
                let start = minute.time.secs() / step_s * step_s;
                let bucket = buckets.entry(start).or_default();
                bucket.time = Timestamp::from_secs(start);
                bucket.sessions += minute.sessions;
                bucket.logins += minute.logins;
                bucket.commands += minute.commands;
                bucket.downloads += minute.downloads;
                bucket.samples += minute.samples;
                bucket.attacks += minute.attacks;
            }
        }
        buckets.retain(|_, b| *b != Bucket { time: b.time, ..Bucket::default() });
        let skip = buckets.len().saturating_sub(BUCKETS_MAX);
        Ok(buckets.into_values().skip(skip).collect())
    }

    fn top(&self, by: TopBy, span: Span, limit: u32, now: Timestamp) -> Result<Vec<TopEntry>> {
        let by_hour = span.from.secs() >= now.secs().saturating_sub(TOP_HOURS_KEPT_S);
        let unit_s = if by_hour { 3_600 } else { 86_400 };
        let units = span.in_units(unit_s);
        let mut counts: HashMap<String, u64> = HashMap::new();
        for ((of, hour), values) in &self.state.lock().hours {
            if *of == by && units.contains(&(hour * 3_600 / unit_s)) {
                for (value, count) in values {
                    *counts.entry(value.clone()).or_default() += count;
                }
            }
        }
        let mut entries: Vec<TopEntry> =
            counts.into_iter().map(|(value, count)| TopEntry { value, count }).collect();
        entries.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        entries.truncate(limit as usize);
        Ok(entries)
    }

    fn totals(&self) -> Result<Totals> {
        let state = self.state.lock();
        Ok(Totals {
            events: state.events.len() as u64,
            sessions: state.sessions.len() as u64,
            samples: state.samples.len() as u64,
            indicators: state.indicators.len() as u64,
        })
    }

    fn meta(&self, key: &str) -> Result<Option<String>> {
        Ok(self.state.lock().meta.get(key).cloned())
    }

    fn put_meta(&self, key: &str, value: &str) -> Result<()> {
        self.state.lock().meta.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn used_bytes(&self) -> Result<u64> {
        Ok(0)
    }

    fn compact(&self) -> Result<()> {
        Ok(())
    }

    fn close(&self) -> Result<()> {
        Ok(())
    }
}
