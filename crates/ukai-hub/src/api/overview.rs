//! The overview: what happened lately, against the time before.

use super::error::{ApiError, ErrorBody};
use super::indicators::IndicatorView;
use super::query::Params;
use crate::shared::App;
use crate::{clock, limits};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use ukai_model::{Event, Timestamp};
use ukai_store::{
    Bucket, EventQuery, IndicatorQuery, SampleQuery, SampleSummary, SessionQuery, SessionSummary,
    TopBy, TopEntry,
};

/// A span of time up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) enum Range {
    /// The last hour, by the minute.
    #[serde(rename = "1h")]
    Hour,
    /// The last day, by the quarter of an hour.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// The last week, by two hours.
    #[serde(rename = "7d")]
    Week,
    /// The last 30 days, by eight hours.
    #[serde(rename = "30d")]
    Month,
}

impl Range {
    /// Length and step, in seconds.
    pub(super) const fn spans(self) -> (u64, u64) {
        match self {
            Self::Hour => (3_600, 60),
            Self::Day => (86_400, 900),
            Self::Week => (7 * 86_400, 7_200),
            Self::Month => (30 * 86_400, 28_800),
        }
    }
}

/// Which overview.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OverviewQuery {
    /// How far back; a day when absent.
    #[serde(default)]
    #[param(inline, required = false)]
    range: Range,
}

/// Sums over a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Sums {
    /// Sessions opened.
    sessions: u64,
    /// Log-ins tried.
    logins: u64,
    /// Lines given to shells.
    commands: u64,
    /// Downloads asked for.
    downloads: u64,
    /// Samples captured.
    samples: u64,
    /// Attacks recognised.
    attacks: u64,
}

impl Sums {
    fn of(buckets: &[Bucket]) -> Self {
        buckets.iter().fold(Self::default(), |sums, bucket| Self {
            sessions: sums.sessions + bucket.sessions,
            logins: sums.logins + bucket.logins,
            commands: sums.commands + bucket.commands,
            downloads: sums.downloads + bucket.downloads,
            samples: sums.samples + bucket.samples,
            attacks: sums.attacks + bucket.attacks,
        })
    }
}

/// What happened lately.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Overview {
    /// How far back.
    range: Range,
    /// What happened step by step, oldest first, without gaps; the last is not over yet.
    buckets: Vec<Bucket>,
    /// Sums of the buckets.
    totals: Sums,
    /// The same of the span of equal length before.
    previous: Sums,
    /// Ports addressed most.
    top_ports: Vec<TopEntry>,
    /// Addresses with the most sessions.
    top_sources: Vec<TopEntry>,
    /// `user:password` tried most, escaped.
    top_credentials: Vec<TopEntry>,
    /// Shell lines given most, escaped.
    top_commands: Vec<TopEntry>,
    /// The newest sessions.
    recent_sessions: Vec<SessionSummary>,
    /// The newest samples.
    recent_samples: Vec<SampleSummary>,
    /// The indicators seen last.
    recent_indicators: Vec<IndicatorView>,
    /// The newest uses of canaries in this time.
    canaries: Vec<Event>,
}

/// Shows what happened lately, and how much against the time before.
#[utoipa::path(get, path = "/api/overview", tag = "overview", params(OverviewQuery), responses(
    (status = 200, description = "The overview", body = Overview),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn overview(
    State(app): State<App>,
    Params(query): Params<OverviewQuery>,
) -> Result<Json<Overview>, ApiError> {
    let now = clock::now();
    let (length_s, step_s) = query.range.spans();
    let to_s = (now.secs() / step_s + 1) * step_s;
    let (from, to) = (Timestamp::from_secs(to_s - length_s), Timestamp::from_secs(to_s));
    let before = from - Duration::from_secs(length_s);
    let (store, step) = (&app.store, Duration::from_secs(step_s));
    let limit = Some(limits::RECENT_ITEMS);
    let top = |by| store.top(by, from, to, limits::TOP_ITEMS);
    let (buckets, earlier, top_ports, top_sources, top_credentials, top_commands) = tokio::try_join!(
        store.rollup(from, to, step),
        store.rollup(before, from, step),
        top(TopBy::DstPort),
        top(TopBy::SrcIp),
        top(TopBy::Credential),
        top(TopBy::Command),
    )?;
    let canaries = EventQuery {
        kind: Some("login.canary".into()),
        from: Some(from),
        limit,
        ..EventQuery::default()
    };
    let (sessions, samples, indicators, canaries) = tokio::try_join!(
        store.sessions(SessionQuery { limit, ..SessionQuery::default() }),
        store.samples(SampleQuery { limit, ..SampleQuery::default() }),
        store.indicators(IndicatorQuery { limit, ..IndicatorQuery::default() }),
        store.events(canaries),
    )?;
    Ok(Json(Overview {
        range: query.range,
        totals: Sums::of(&buckets),
        previous: Sums::of(&earlier),
        buckets: without_gaps(&buckets, from, to, step_s),
        top_ports,
        top_sources,
        top_credentials,
        top_commands,
        recent_sessions: sessions.items,
        recent_samples: samples.items,
        recent_indicators: indicators
            .items
            .into_iter()
            .map(|i| IndicatorView::new(i, now))
            .collect(),
        canaries: canaries.items,
    }))
}

/// The store leaves empty steps out; a chart wants them.
fn without_gaps(buckets: &[Bucket], from: Timestamp, to: Timestamp, step_s: u64) -> Vec<Bucket> {
    let mut known = buckets.iter().peekable();
    let starts = (from.secs()..to.secs()).step_by(usize::try_from(step_s).unwrap_or(usize::MAX));
    starts
        .map(|start| {
            let time = Timestamp::from_secs(start);
            while known.next_if(|bucket| bucket.time < time).is_some() {}
            match known.next_if(|bucket| bucket.time.secs() < start + step_s) {
                Some(bucket) => Bucket { time, ..*bucket },
                None => Bucket { time, ..Bucket::default() },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled() {
        let at = |secs, sessions| Bucket {
            time: Timestamp::from_secs(secs),
            sessions,
            ..Bucket::default()
        };
        let (from, to) = (Timestamp::from_secs(120), Timestamp::from_secs(360));
        let filled = without_gaps(&[at(180, 5), at(300, 7)], from, to, 60);
        assert_eq!(filled, [at(120, 0), at(180, 5), at(240, 0), at(300, 7)]);
        assert_eq!(Sums::of(&filled).sessions, 12);
    }
}
