//! Sessions: listed, one with all that belongs to it, its recording.

use super::error::{ApiError, ErrorBody};
use super::find::{SessionSearch, find};
use super::indicators::IndicatorView;
use super::query::{Params, Part};
use crate::shared::App;
use crate::{clock, limits};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeSet;
use ukai_model::{Event, EventKind, SessionId};
use ukai_store::{EventQuery, Page, SampleSummary, SessionSummary};

/// Lists sessions, newest first.
#[utoipa::path(get, path = "/api/sessions", tag = "sessions", params(SessionSearch), responses(
    (status = 200, description = "A page of sessions", body = Page<SessionSummary>),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn sessions(
    State(app): State<App>,
    Params(search): Params<SessionSearch>,
) -> Result<Json<Page<SessionSummary>>, ApiError> {
    Ok(Json(find(&app, search).await?))
}

/// A session with all that belongs to it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SessionPage {
    /// The session in short.
    session: SessionSummary,
    /// Its events, oldest first; at most the first 1,000.
    events: Vec<Event>,
    /// The samples that it brought.
    samples: Vec<SampleSummary>,
    /// The indicators that rest on it.
    indicators: Vec<IndicatorView>,
}

const FORM: &str = "a UUID such as 018bcfe5-687b-7fff-8fff-ffffffffffff";

/// Shows one session.
#[utoipa::path(get, path = "/api/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "Identity of the session")), responses(
    (status = 200, description = "The session", body = SessionPage),
    (status = 400, description = "No identity", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such session", body = ErrorBody)))]
pub(crate) async fn session(
    State(app): State<App>,
    part: Part,
) -> Result<Json<SessionPage>, ApiError> {
    let id: SessionId = part.identity("a session", FORM)?;
    let Some(session) = app.store.session(id).await? else { return Err(gone()) };
    let events = first_events(&app, id).await?;
    let mut samples = Vec::new();
    for sha256 in captured(&events) {
        samples.extend(app.store.sample_summary(&sha256).await?);
    }
    let indicators = app.store.indicators_of_session(id).await?;
    let now = clock::now();
    let indicators = indicators.into_iter().map(|i| IndicatorView::new(i, now)).collect();
    Ok(Json(SessionPage { session, events, samples, indicators }))
}

fn gone() -> ApiError {
    let remedy = "look for it in /api/sessions; the oldest go when the disk's quota is used up";
    ApiError::not_found("this session", remedy)
}

/// The first events of a session. The store lists the newest first, so a long session is
/// paged through to its beginning; sessions are limited, so this is too.
pub(super) async fn first_events(app: &App, id: SessionId) -> Result<Vec<Event>, ApiError> {
    let mut events: Vec<Event> = Vec::new();
    let mut before = None;
    for _ in 0..limits::SESSION_PAGES_MAX {
        let query = EventQuery {
            session: Some(id),
            before: before.take(),
            limit: Some(limits::SESSION_EVENTS_MAX),
            ..EventQuery::default()
        };
        let page = app.store.events(query).await?;
        // Newest first: what comes later in the paging is earlier in time.
        let mut earlier = page.items;
        earlier.reverse();
        earlier.append(&mut events);
        events = earlier;
        events.truncate(limits::SESSION_EVENTS_MAX as usize);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok(events)
}

fn captured(events: &[Event]) -> Vec<ukai_model::Sha256> {
    let named = events.iter().filter_map(|event| match event.kind {
        EventKind::SampleCaptured { sha256, .. } => Some(sha256),
        _ => None,
    });
    let mut seen = BTreeSet::new();
    let distinct = named.filter(|sha256| seen.insert(*sha256));
    distinct.take(limits::RELATED_ITEMS_MAX as usize).collect()
}

/// Gives a session's terminal recording (asciicast version 2).
#[utoipa::path(get, path = "/api/sessions/{id}/recording", tag = "sessions",
    params(("id" = String, Path, description = "Identity of the session")), responses(
    (status = 200, description = "The recording", body = String, content_type = "application/x-asciicast"),
    (status = 400, description = "No identity", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no recording", body = ErrorBody)))]
pub(crate) async fn recording(State(app): State<App>, part: Part) -> Result<Response, ApiError> {
    let id: SessionId = part.identity("a session", FORM)?;
    let Some(recording) = app.store.recording(id).await? else {
        let remedy = "only sessions with `recorded` have one, until the disk's quota is used up";
        return Err(ApiError::not_found("this recording", remedy));
    };
    let media_type = HeaderValue::from_static("application/x-asciicast");
    Ok(([(header::CONTENT_TYPE, media_type)], recording).into_response())
}
