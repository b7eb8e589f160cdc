//! What an analyst looks at in a sample: bytes, texts, instructions. Headers are read and layers
//! unpacked for it, so a jailed child does it.

use super::error::{ApiError, ErrorBody};
use super::query::{Params, Part};
use super::samples::{FORM, not_kept, unknown};
use crate::limits;
use crate::shared::App;
use crate::worker::jail;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use ukai_jail::{Jail, JailOutcome};
use ukai_model::Sha256;
use ukai_static::{Look, Seen, View, Viewed};

/// A part of a sample.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Section {
    /// Which of the analysis' members; the sample itself when absent.
    layer: Option<u32>,
    /// Place of the first byte; for instructions the entry point when absent, else 0.
    offset: Option<u64>,
    /// Bytes (at most 16,384; 4,096 when absent) or instructions (at most 500; 100).
    count: Option<u32>,
}

/// Which texts of a sample.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// Which of the analysis' members; the sample itself when absent.
    layer: Option<u32>,
    /// Place from which on they are searched; 0 when absent.
    offset: Option<u64>,
    /// Texts, at most 500; 200 when absent.
    count: Option<u32>,
    /// Only texts in which this stands, ignoring ASCII case; at most 255 bytes.
    find: Option<String>,
}

/// Shows bytes of a sample or of a layer in it.
#[utoipa::path(get, path = "/api/samples/{sha256}/bytes", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample"), Section), responses(
    (status = 200, description = "The bytes", body = Viewed),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "Its bytes are not kept, or there is no such layer", body = ErrorBody),
    (status = 503, description = "They could not be read within the limits", body = ErrorBody)))]
pub(crate) async fn bytes(
    State(app): State<App>,
    part: Part,
    Params(section): Params<Section>,
) -> Result<Json<Viewed>, ApiError> {
    let offset = section.offset.unwrap_or(0);
    let length = section.count.unwrap_or(4_096).into();
    look(&app, &part, section.layer, Look::Bytes { offset, length }).await
}

/// Shows printable texts of a sample or of a layer in it.
#[utoipa::path(get, path = "/api/samples/{sha256}/texts", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample"), Search), responses(
    (status = 200, description = "The texts", body = Viewed),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "Its bytes are not kept, or there is no such layer", body = ErrorBody),
    (status = 503, description = "They could not be read within the limits", body = ErrorBody)))]
pub(crate) async fn texts(
    State(app): State<App>,
    part: Part,
    Params(search): Params<Search>,
) -> Result<Json<Viewed>, ApiError> {
    let find = search.find.unwrap_or_default();
    if find.len() > limits::VIEW_FIND_BYTES_MAX {
        return Err(ApiError::bad_request("find is too long", "give at most 255 bytes"));
    }
    let (offset, count) = (search.offset.unwrap_or(0), search.count.unwrap_or(200));
    look(&app, &part, search.layer, Look::Texts { offset, find, count }).await
}

/// Shows instructions of a program: a sample, or a layer in it.
#[utoipa::path(get, path = "/api/samples/{sha256}/code", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample"), Section), responses(
    (status = 200, description = "The instructions, or why there are none", body = Viewed),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "Its bytes are not kept, or there is no such layer", body = ErrorBody),
    (status = 503, description = "They could not be read within the limits", body = ErrorBody)))]
pub(crate) async fn code(
    State(app): State<App>,
    part: Part,
    Params(section): Params<Section>,
) -> Result<Json<Viewed>, ApiError> {
    let (offset, count) = (section.offset, section.count.unwrap_or(100));
    look(&app, &part, section.layer, Look::Code { offset, count }).await
}

async fn look(
    app: &App,
    part: &Part,
    layer: Option<u32>,
    look: Look,
) -> Result<Json<Viewed>, ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    if app.store.sample_summary(&sha256).await?.is_none() {
        return Err(unknown());
    }
    let Some(sample) = app.store.sample(&sha256).await? else {
        return Err(not_kept("this sample's content"));
    };
    let task = serde_json::to_string(&View { layer, look }).expect("numbers and text are JSON");
    let mut arguments = app.context.analyzer.viewer.clone();
    arguments.push(task.into());
    // Few at once: each may use as much as an analysis.
    let _turn = app.views.acquire().await;
    let jail = Jail { arguments, warm: false, ..jail(app) };
    let failed = |reason: String| {
        let remedy = "raise hub.analysis if a limit is named";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, reason, remedy)
    };
    let output = match jail.run(&sample).await {
        JailOutcome::Done(output) => output,
        JailOutcome::Partial { reason, .. }
        | JailOutcome::Interrupted { reason, .. }
        | JailOutcome::Failed { reason } => return Err(failed(reason)),
    };
    // The child read a hostile file: what it says is taken only in its form.
    let viewed: Viewed = (output.len() <= limits::VIEW_OUTPUT_BYTES_MAX)
        .then(|| serde_json::from_slice(&output).ok())
        .flatten()
        .ok_or_else(|| failed("the child says what cannot be read".to_owned()))?;
    match viewed.seen {
        Seen::Nothing { .. } if viewed.size == 0 && layer.is_some() => Err(ApiError::not_found(
            "this layer",
            "the sample's analysis lists its members; their numbers begin at 0",
        )),
        _ => Ok(Json(viewed)),
    }
}
