//! What samples did in the sandbox: listed, one in full, and new runs.

use super::error::{ApiError, ErrorBody};
use super::query::{Params, Part};
use super::samples::{FORM, Queued, not_kept, unknown};
use crate::sandbox::RUN_ASKED;
use crate::shared::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ukai_model::{Behaviour, Sha256};
use ukai_store::{BehaviourQuery, BehaviourSummary, Page, Queue};

/// Lists samples that were run in the sandbox, the last first.
#[utoipa::path(get, path = "/api/behaviours", tag = "samples", params(BehaviourQuery), responses(
    (status = 200, description = "A page of samples that were run", body = Page<BehaviourSummary>),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn behaviours(
    State(app): State<App>,
    Params(query): Params<BehaviourQuery>,
) -> Result<Json<Page<BehaviourSummary>>, ApiError> {
    Ok(Json(app.store.behaviours(query).await?))
}

/// Tells what a sample did in the sandbox (`docs/behaviour.md`).
#[utoipa::path(get, path = "/api/samples/{sha256}/behaviour", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")), responses(
    (status = 200, description = "What it did", body = Behaviour),
    (status = 400, description = "No SHA-256", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "It was not run", body = ErrorBody)))]
pub(crate) async fn behaviour(
    State(app): State<App>,
    part: Part,
) -> Result<Json<Behaviour>, ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    let behaviour = app.store.behaviour(&sha256).await?;
    behaviour.map(Json).ok_or_else(|| {
        ApiError::not_found("a run of this sample", "ask for one by POST /api/samples/{sha256}/run")
    })
}

/// Asks for a run in the sandbox.
#[utoipa::path(post, path = "/api/samples/{sha256}/run", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")), responses(
    (status = 202, description = "It is on the way", body = Queued),
    (status = 400, description = "No SHA-256", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such sample", body = ErrorBody),
    (status = 409, description = "There is no sandbox, or it cannot run such a file", body = ErrorBody)))]
pub(crate) async fn run(
    State(app): State<App>,
    part: Part,
) -> Result<(StatusCode, Json<Queued>), ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    let Some(sample) = app.store.sample_summary(&sha256).await? else { return Err(unknown()) };
    if !sample.stored {
        return Err(not_kept("this sample's content"));
    }
    let Some(seat) = &app.context.sandbox else {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "this hub has no sandbox",
            "build a guest by `ukai sandbox build` and name its folder in [sandbox] image",
        ));
    };
    let analyses = app.store.analyses_of(&sha256).await?;
    let refused = analyses
        .iter()
        .filter(|analysis| analysis.engine == ukai_static::ENGINE)
        .find_map(|analysis| seat.sandbox.takes(analysis).err());
    if let Some(reason) = refused {
        let remedy = "`ukai sandbox run --arch NAME` takes it for what you say";
        return Err(ApiError::new(StatusCode::CONFLICT, reason, remedy));
    }
    let queued = app.store.queue().push(RUN_ASKED, sha256, Queue::ASKED).await?;
    Ok((StatusCode::ACCEPTED, Json(Queued { queued })))
}
