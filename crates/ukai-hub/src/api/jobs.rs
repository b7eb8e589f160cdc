//! Analyses that failed too often.

use super::error::{ApiError, ErrorBody};
use super::query::Part;
use crate::limits;
use crate::shared::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ukai_store::{Job, Page};

/// Lists jobs that failed too often, newest first; at most 1,000.
#[utoipa::path(get, path = "/api/jobs/quarantined", tag = "jobs", responses(
    (status = 200, description = "The jobs", body = Page<Job>),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn quarantined(State(app): State<App>) -> Result<Json<Page<Job>>, ApiError> {
    let items = app.store.queue().quarantined(limits::QUARANTINE_ITEMS_MAX).await?;
    Ok(Json(Page { items, next: None }))
}

/// Gives a quarantined job its attempts anew.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", tag = "jobs",
    params(("id" = u64, Path, description = "Identity of the job")), responses(
    (status = 202, description = "It is on the way"),
    (status = 400, description = "No identity", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such job in quarantine", body = ErrorBody)))]
pub(crate) async fn retry(State(app): State<App>, part: Part) -> Result<StatusCode, ApiError> {
    let id: u64 = part.identity("a job", "a number")?;
    if app.store.queue().retry(id).await? {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(ApiError::not_found("this job", "look for it in /api/jobs/quarantined"))
    }
}
