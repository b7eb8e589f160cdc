//! Indicators: listed, one with its chain of evidence, false positives.

use super::error::{ApiError, ErrorBody};
use super::query::{Body, Params, Part};
use crate::board::FalsePositive;
use crate::shared::App;
use crate::{clock, limits};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::hash::Hash;
use ukai_indicator::current_confidence;
use ukai_model::{
    Event, EventId, Evidence, Indicator, IndicatorId, PeerText, SessionId, Sha256, Timestamp,
};
use ukai_store::{IndicatorQuery, Page, SampleSummary, SessionSummary};

/// An indicator, and how sure it is now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IndicatorView {
    /// The indicator; its `confidence` is that of its last sighting.
    #[serde(flatten)]
    indicator: Indicator,
    /// How sure it is now, 0 to 100: confidence decays until the next sighting.
    current_confidence: u8,
}

impl IndicatorView {
    pub(crate) fn new(indicator: Indicator, now: Timestamp) -> Self {
        let current_confidence = current_confidence(&indicator, now).get();
        Self { indicator, current_confidence }
    }
}

/// Lists indicators, last seen first.
#[utoipa::path(get, path = "/api/indicators", tag = "indicators", params(IndicatorQuery), responses(
    (status = 200, description = "A page of indicators", body = Page<IndicatorView>),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn indicators(
    State(app): State<App>,
    Params(query): Params<IndicatorQuery>,
) -> Result<Json<Page<IndicatorView>>, ApiError> {
    let now = clock::now();
    let page = app.store.indicators(query).await?;
    Ok(Json(page.map(|indicator| IndicatorView::new(indicator, now))))
}

/// An indicator with everything that it rests on.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct IndicatorPage {
    /// The indicator.
    indicator: IndicatorView,
    /// Names of the feeds that carry it now.
    published_in: Vec<String>,
    /// The report that keeps its value out of feeds, if there is one.
    false_positive: Option<FalsePositive>,
    /// Each piece of evidence with what is behind it, newest last.
    chain: Vec<Link>,
}

/// One piece of evidence with what is behind it, as far as it is still kept.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Link {
    /// The evidence.
    evidence: Evidence,
    /// The event that reported it.
    event: Option<Event>,
    /// The session in which it happened.
    session: Option<SessionSummary>,
    /// The sample behind it.
    sample: Option<SampleSummary>,
}

const FORM: &str = "a UUID such as 018bcfe5-687b-8fff-8fff-ffffffffffff";

/// Shows one indicator with its chain of evidence.
#[utoipa::path(get, path = "/api/indicators/{id}", tag = "indicators",
    params(("id" = String, Path, description = "Identity of the indicator")), responses(
    (status = 200, description = "The indicator", body = IndicatorPage),
    (status = 400, description = "No identity", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such indicator", body = ErrorBody)))]
pub(crate) async fn indicator(
    State(app): State<App>,
    part: Part,
) -> Result<Json<IndicatorPage>, ApiError> {
    let indicator = find(&app, &part).await?;
    let mut seen = Seen::default();
    let mut chain = Vec::with_capacity(indicator.evidence.len());
    for evidence in &indicator.evidence {
        chain.push(seen.link(&app, evidence).await?);
    }
    Ok(Json(IndicatorPage {
        published_in: app.board.published_in(&indicator.id),
        false_positive: app.board.false_positive(&indicator.observable),
        indicator: IndicatorView::new(indicator, clock::now()),
        chain,
    }))
}

async fn find(app: &App, part: &Part) -> Result<Indicator, ApiError> {
    let id: IndicatorId = part.identity("an indicator", FORM)?;
    let found = app.store.indicator(id).await?;
    found.ok_or_else(|| ApiError::not_found("this indicator", "look for it in /api/indicators"))
}

/// What was looked up already: many pieces of evidence share a session or a sample.
#[derive(Default)]
struct Seen {
    events: HashMap<EventId, Option<Event>>,
    sessions: HashMap<SessionId, Option<SessionSummary>>,
    samples: HashMap<Sha256, Option<SampleSummary>>,
}

impl Seen {
    async fn link(&mut self, app: &App, evidence: &Evidence) -> Result<Link, ApiError> {
        let store = &app.store;
        let Self { events, sessions, samples } = self;
        Ok(Link {
            event: once(events, evidence.event, |id| store.event(id)).await?,
            session: once(sessions, evidence.session, |id| store.session(id)).await?,
            sample: once(samples, evidence.sample, async |id| store.sample_summary(&id).await)
                .await?,
            evidence: evidence.clone(),
        })
    }
}

async fn once<K: Copy + Eq + Hash, V: Clone, E: Into<ApiError>>(
    seen: &mut HashMap<K, Option<V>>,
    key: Option<K>,
    look_up: impl AsyncFnOnce(K) -> Result<Option<V>, E>,
) -> Result<Option<V>, ApiError> {
    let Some(key) = key else { return Ok(None) };
    if let Some(value) = seen.get(&key) {
        return Ok(value.clone());
    }
    let value = look_up(key).await.map_err(Into::into)?;
    seen.insert(key, value.clone());
    Ok(value)
}

/// Why an indicator is a false positive.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// For other readers; 1 to 500 characters.
    reason: String,
}

/// Reports a false positive: the value leaves all feeds within a cycle of publishing,
/// whatever its role, until the report is taken back.
#[utoipa::path(post, path = "/api/indicators/{id}/false-positive", tag = "indicators",
    params(("id" = String, Path, description = "Identity of the indicator")), request_body = Report, responses(
    (status = 200, description = "Noted", body = FalsePositive),
    (status = 400, description = "No identity, or no reason", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such indicator", body = ErrorBody),
    (status = 409, description = "Too many reports", body = ErrorBody)))]
pub(crate) async fn report(
    State(app): State<App>,
    part: Part,
    Body(report): Body<Report>,
) -> Result<Json<FalsePositive>, ApiError> {
    let reason = report.reason.trim();
    if reason.is_empty() || reason.chars().count() > limits::REASON_CHARS_MAX {
        let remedy = format!("say why in 1 to {} characters", limits::REASON_CHARS_MAX);
        return Err(ApiError::bad_request("a report needs a reason", remedy));
    }
    let indicator = find(&app, &part).await?;
    // Shown to other readers: controls and direction marks become visible.
    let reason = PeerText::from(reason).to_string();
    let report = FalsePositive { reason, time: clock::now() };
    if !app.board.report(&app.store, indicator.observable, report.clone()).await? {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "too many false positives are kept",
            "put lasting exceptions on an allow-list in the configuration, and take reports back",
        ));
    }
    Ok(Json(report))
}

/// Takes a report of a false positive back: the value may be published again.
#[utoipa::path(delete, path = "/api/indicators/{id}/false-positive", tag = "indicators",
    params(("id" = String, Path, description = "Identity of the indicator")), responses(
    (status = 204, description = "Taken back, or never reported"),
    (status = 400, description = "No identity", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such indicator", body = ErrorBody)))]
pub(crate) async fn take_back(State(app): State<App>, part: Part) -> Result<StatusCode, ApiError> {
    let indicator = find(&app, &part).await?;
    app.board.take_back(&app.store, &indicator.observable).await?;
    Ok(StatusCode::NO_CONTENT)
}
