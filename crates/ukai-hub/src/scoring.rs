//! The scoring cycle: follows the event log and keeps indicators up to date.
//!
//! It reads from a durable place in the log, so that nothing is missed over a restart.
//! What a batch claims is put together by indicator first: thousands of events of one
//! attacker become one row. The place is saved after the indicators are: a crash in
//! between repeats a batch, which changes nothing, because evidence that is listed
//! already is not counted again, and events have identities that repeat.

use crate::shared::{App, Cycle};
use crate::{clock, limits, opinions};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::Ordering::Relaxed;
use ukai_indicator::{Claim, claims_of_analysis, claims_of_behaviour, claims_of_event, merge};
use ukai_model::{
    Event, EventId, EventKind, Indicator, IndicatorId, SCHEMA_VERSION, Sha256, Timestamp,
};
use ukai_store::{Position, StoreError};

/// Where the durable place is kept.
const CURSOR: &str = "hub.scoring.position";

/// Scores until the hub stops.
pub(crate) async fn run(app: App) {
    let mut arrivals = app.store.subscribe();
    loop {
        let round = async {
            // What came until now is read from the log; only later arrivals wake us.
            arrivals = arrivals.resubscribe();
            let result = catch_up(&app).await;
            app.faults.note(&app.metrics, Cycle::Scoring, &result);
            if result.is_err() {
                tokio::time::sleep(limits::CYCLE_RETRY).await;
                return;
            }
            let _ = tokio::time::timeout(limits::SCORING_IDLE, arrivals.recv()).await;
            // A little more comes along: fewer, larger batches.
            tokio::time::sleep(limits::SCORING_GATHER).await;
        };
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = round => {}
        }
    }
}

/// Scores everything up to the end of the log.
pub(crate) async fn catch_up(app: &App) -> Result<(), StoreError> {
    let mut position = match app.store.get_meta(CURSOR).await? {
        Some(text) => Position(text.parse().unwrap_or_default()),
        None => Position::default(),
    };
    loop {
        let (events, next) = app.store.events_after(position, limits::SCORING_BATCH_EVENTS).await?;
        if next == position {
            return Ok(());
        }
        score(app, &events).await?;
        app.store.put_meta(CURSOR, &next.0.to_string()).await?;
        app.metrics.scored_events.fetch_add(events.len() as u64, Relaxed);
        position = next;
    }
}

/// Brings the indicators of which `events` say something up to date.
async fn score(app: &App, events: &[Event]) -> Result<(), StoreError> {
    let claims = claims_of(app, events).await?;
    if claims.is_empty() {
        return Ok(());
    }
    let now = clock::now();
    let ids: Vec<_> = claims.keys().copied().collect();
    // Publishing writes indicators too; only one of us reads, changes and writes at a time.
    let _writing = app.board.writing().await;
    let known = app.store.indicators_by_ids(&ids).await?;
    let mut known: HashMap<IndicatorId, Indicator> =
        known.into_iter().map(|indicator| (indicator.id, indicator)).collect();
    let mut changed = Vec::with_capacity(claims.len());
    let mut new = Vec::new();
    for (id, claims) in claims {
        let before = known.remove(&id);
        let after = merge(before.clone(), &claims, now);
        if before.is_none() {
            new.push(announcement(app, &after));
        }
        if before.as_ref() != Some(&after) {
            changed.push(after);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    // Announced first: a crash in between repeats both, and the store knows the event.
    app.store.submit(new).await?;
    app.store.put_indicators(&changed).await?;
    app.metrics.indicator_writes.fetch_add(changed.len() as u64, Relaxed);
    app.board.changed(changed);
    Ok(())
}

/// What the events say, by indicator.
async fn claims_of(
    app: &App,
    events: &[Event],
) -> Result<HashMap<IndicatorId, Vec<Claim>>, StoreError> {
    let mut by_indicator: HashMap<IndicatorId, Vec<Claim>> = HashMap::new();
    let mut add = |claims: Vec<Claim>| {
        for claim in claims {
            let id = IndicatorId::of(&claim.observable, claim.role);
            by_indicator.entry(id).or_default().push(claim);
        }
    };
    let mut samples = BTreeSet::new();
    for event in events {
        add(claims_of_event(event));
        samples.extend(arrived(event));
    }
    for sha256 in samples {
        // Each report has its own proofs: another network brings out other servers.
        let known = app.store.known_of(&sha256, limits::SIGHTINGS_MAX).await?;
        for analysis in &known.analyses {
            add(claims_of_analysis(analysis, &known.sightings));
        }
        for report in &known.behaviours {
            add(claims_of_behaviour(report, &known.sightings));
        }
        add(opinions::claim(sha256, &known.remarks, &known.sightings).into_iter().collect());
    }
    Ok(by_indicator)
}

/// The sample of which something new is to be said after this event: it was analysed or run,
/// others said what they know of it, or it came again, which is a sighting of all that it contacts.
fn arrived(event: &Event) -> Option<Sha256> {
    match event.kind {
        EventKind::AnalysisDone { sha256, .. }
        | EventKind::SandboxDone { sha256, .. }
        | EventKind::AntivirusDone { sha256, .. }
        | EventKind::LookupDone { sha256, .. }
        | EventKind::SampleJudged { sha256, .. }
        | EventKind::SampleCaptured { sha256, .. } => Some(sha256),
        _ => None,
    }
}

/// Its identity follows from the indicator's, so that the store knows a repetition.
fn announcement(app: &App, indicator: &Indicator) -> Event {
    let time: Timestamp = indicator.first_seen;
    let digest = Sha256::of(format!("indicator.new {}", indicator.id).as_bytes());
    let mut random = [0; 16];
    random.copy_from_slice(&digest.as_bytes()[..16]);
    Event {
        v: SCHEMA_VERSION,
        id: EventId::new(time, u128::from_be_bytes(random)),
        time,
        sensor: app.context.sensor.clone(),
        session: None,
        flow: None,
        kind: EventKind::IndicatorNew {
            observable: indicator.observable.kind,
            value: indicator.observable.value.clone(),
            role: indicator.role,
            confidence: indicator.confidence.get(),
        },
    }
}
