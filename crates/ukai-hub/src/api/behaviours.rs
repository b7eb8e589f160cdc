//! What samples did in the sandbox: listed, reports in full and compared, what can be downloaded of
//! them, and new runs.

use super::error::{ApiError, ErrorBody};
use super::query::{Params, Part};
use super::samples::{FORM, Queued, not_kept, unknown};
use crate::artifacts::ArtifactView;
use crate::sandbox::{RUN_ASKED, SandboxChoices, SandboxSeat};
use crate::shared::App;
use crate::wishes::{self, RunWish};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use ukai_model::{Behaviour, ReportDifference, Sha256, Timestamp};
use ukai_store::{BehaviourQuery, BehaviourSummary, JobState, Page, Queue};

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

/// Which of a sample's reports.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `started` of the report; the usual one if it is left out.
    #[param(value_type = Option<String>)]
    report: Option<Timestamp>,
}

/// Two of a sample's reports.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Both {
    /// `started` of the first.
    #[param(value_type = String)]
    first: Timestamp,
    /// `started` of the second.
    #[param(value_type = String)]
    second: Timestamp,
}

/// Tells what a sample did in the sandbox (`docs/behaviour.md`).
#[utoipa::path(get, path = "/api/samples/{sha256}/behaviour", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample"), Which), responses(
    (status = 200, description = "What it did", body = Behaviour),
    (status = 400, description = "No SHA-256, or a wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "It was not run, or there is no such report", body = ErrorBody)))]
pub(crate) async fn behaviour(
    State(app): State<App>,
    part: Part,
    Params(which): Params<Which>,
) -> Result<Json<Behaviour>, ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    if let Some(started) = which.report {
        return report(&app, &sha256, started).await.map(Json);
    }
    let behaviour = app.store.behaviour(&sha256).await?;
    behaviour.map(Json).ok_or_else(|| {
        ApiError::not_found("a run of this sample", "ask for one by POST /api/samples/{sha256}/run")
    })
}

async fn report(app: &App, sha256: &Sha256, started: Timestamp) -> Result<Behaviour, ApiError> {
    let found = app.store.behaviour_report(sha256, started).await?;
    found.ok_or_else(|| {
        ApiError::not_found("this report", "see /api/samples/{sha256}/behaviour/reports")
    })
}

/// A report of a sample, in short.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ReportView {
    /// The report, which is known by when its first run began.
    #[serde(flatten)]
    summary: BehaviourSummary,
    /// Network and settings of its first run.
    settings: Vec<String>,
    /// What can be downloaded.
    artifacts: Vec<ArtifactView>,
}

/// Lists the reports of a sample, the last first: usual runs, and those with changed settings.
#[utoipa::path(get, path = "/api/samples/{sha256}/behaviour/reports", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")), responses(
    (status = 200, description = "Its reports, at most ten", body = Page<ReportView>),
    (status = 400, description = "No SHA-256", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn reports(
    State(app): State<App>,
    part: Part,
) -> Result<Json<Page<ReportView>>, ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    let mut items = Vec::new();
    for summary in app.store.behaviour_reports(&sha256).await? {
        let whole = app.store.behaviour_report(&sha256, summary.started).await?;
        let run = whole.as_ref().and_then(|report| report.runs.first());
        let settings = run.map(|run| {
            let scenario = format!("scenario = {}", run.scenario);
            let told = run.settings.iter().filter(|setting| !setting.starts_with("scenario"));
            [scenario].into_iter().chain(told.cloned()).collect()
        });
        let (kept, started) = (app.artifacts.clone(), summary.started);
        let artifacts = tokio::task::spawn_blocking(move || kept.list(&sha256, started)).await;
        let artifacts = artifacts.ok().and_then(Result::ok).unwrap_or_default();
        items.push(ReportView { summary, settings: settings.unwrap_or_default(), artifacts });
    }
    Ok(Json(Page { items, next: None }))
}

/// Tells what only one of two reports of a sample has.
#[utoipa::path(get, path = "/api/samples/{sha256}/behaviour/differences", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample"), Both), responses(
    (status = 200, description = "The differences", body = Page<ReportDifference>),
    (status = 400, description = "No SHA-256, or a wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such report", body = ErrorBody)))]
pub(crate) async fn differences(
    State(app): State<App>,
    part: Part,
    Params(both): Params<Both>,
) -> Result<Json<Page<ReportDifference>>, ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    let first = report(&app, &sha256, both.first).await?;
    let second = report(&app, &sha256, both.second).await?;
    Ok(Json(Page { items: ukai_behaviour::compare(&first, &second), next: None }))
}

/// Gives packets (pcapng, with names and the secrets of TLS) or memory (a tar archive in a CaRT
/// container) of a report's runs.
#[utoipa::path(get, path = "/api/samples/{sha256}/artifacts/{report}/{name}", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample"),
        ("report" = String, Path, description = "`started` of the report"),
        ("name" = String, Path, description = "As the list of reports has it")), responses(
    (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 400, description = "No SHA-256, or no time", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "It is not kept", body = ErrorBody)))]
pub(crate) async fn artifact(
    State(app): State<App>,
    Path((sha256, started, name)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let sha256: Sha256 = Part(sha256).identity("a sample", FORM)?;
    let started: Timestamp = Part(started).identity("a report", "a time as `started` has it")?;
    let gone = || {
        let remedy = "the oldest go when [sandbox] artifacts_mib is used up; run the sample again";
        ApiError::not_found("this file", remedy)
    };
    let path = app.artifacts.path(&sha256, started, &name).ok_or_else(gone)?;
    let file = tokio::fs::File::open(path).await.map_err(|_| gone())?;
    let size = file.metadata().await.map_err(|_| gone())?.len();
    // Piece by piece, however large.
    let pieces = futures_util::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; 64 * 1024];
        let count = tokio::io::AsyncReadExt::read(&mut file, &mut piece).await?;
        piece.truncate(count);
        Ok::<_, std::io::Error>((count > 0).then(|| (Bytes::from(piece), file)))
    });
    let disposition = format!("attachment; filename=\"{}-{name}\"", &sha256.to_string()[..16]);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).expect("plain names")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Tells what can be chosen for a run.
#[utoipa::path(get, path = "/api/sandbox", tag = "samples", responses(
    (status = 200, description = "What can be chosen", body = SandboxChoices),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 409, description = "There is no sandbox", body = ErrorBody)))]
pub(crate) async fn sandbox(State(app): State<App>) -> Result<Json<SandboxChoices>, ApiError> {
    Ok(Json(seat(&app)?.sandbox.choices()))
}

fn seat(app: &App) -> Result<&SandboxSeat, ApiError> {
    app.context.sandbox.as_ref().ok_or_else(|| {
        ApiError::new(
            StatusCode::CONFLICT,
            "this hub has no sandbox",
            "build a guest by `ukai sandbox build` and name its folder in [sandbox] image",
        )
    })
}

/// Asks for a run in the sandbox; with settings in the body, for one run as they say, whose report
/// is kept beside the usual one.
#[utoipa::path(post, path = "/api/samples/{sha256}/run", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")),
    request_body(content = Option<RunWish>, description = "Settings; the usual ones without a body"),
    responses(
    (status = 202, description = "It is on the way", body = Queued),
    (status = 400, description = "No SHA-256, or a setting that cannot be", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such sample", body = ErrorBody),
    (status = 409, description = "There is no sandbox, it cannot run such a file, or a run of it is waiting", body = ErrorBody)))]
pub(crate) async fn run(
    State(app): State<App>,
    part: Part,
    body: Bytes,
) -> Result<(StatusCode, Json<Queued>), ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    let wish: RunWish = if body.trim_ascii().is_empty() {
        RunWish::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| {
            ApiError::bad_request(
                format!("these are no settings: {error}"),
                "see /api/openapi.json",
            )
        })?
    };
    wish.check().map_err(|(error, remedy)| ApiError::bad_request(error, remedy))?;
    let Some(sample) = app.store.sample_summary(&sha256).await? else { return Err(unknown()) };
    if !sample.stored {
        return Err(not_kept("this sample's content"));
    }
    let seat = seat(&app)?;
    let choices = seat.sandbox.choices();
    for (field, value, known) in [
        ("architecture", &wish.architecture, &choices.architectures),
        ("scenario", &wish.scenario, &choices.scenarios),
    ] {
        if value.as_ref().is_some_and(|value| !known.contains(value)) {
            let remedy = format!("choose one of {}", known.join(", "));
            return Err(ApiError::bad_request(
                format!("{field}: there is none of this name"),
                remedy,
            ));
        }
    }
    let analyses = app.store.analyses_of(&sha256).await?;
    let refused = analyses
        .iter()
        .filter(|analysis| analysis.engine == ukai_static::ENGINE)
        .find_map(|analysis| seat.sandbox.takes_as(analysis, &wish).err());
    if let Some(reason) = refused {
        let remedy = "name an architecture to take it for what you say";
        return Err(ApiError::new(StatusCode::CONFLICT, reason, remedy));
    }
    let queue = app.store.queue();
    let waiting = queue.job_of(RUN_ASKED, sha256).await?;
    let waiting = waiting.is_some_and(|job| job.state != JobState::Quarantined);
    if waiting && wishes::wish(&app, &sha256).await? != wish {
        let remedy = "ask again when it is over";
        let error = "another run of this sample is asked for";
        return Err(ApiError::new(StatusCode::CONFLICT, error, remedy));
    }
    if !wishes::put(&app, &sha256, &wish).await? {
        let error = "too many runs with settings are waiting";
        return Err(ApiError::new(StatusCode::CONFLICT, error, "ask again when some are over"));
    }
    let queued = queue.push(RUN_ASKED, sha256, Queue::ASKED).await?;
    Ok((StatusCode::ACCEPTED, Json(Queued { queued })))
}
