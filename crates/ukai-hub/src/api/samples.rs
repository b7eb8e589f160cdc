//! Samples: listed, one with all that is known of it, its bytes, and new ones.

use super::error::{ApiError, ErrorBody};
use super::indicators::IndicatorView;
use super::query::{Body, Params, Part};
use crate::opinions::{self, ANALYST, ANTIVIRUS, Decision, Judged, LOOKUPS, LookedUp, Scanned};
use crate::sandbox::{RUN, RUN_ASKED};
use crate::shared::App;
use crate::wishes::{RunWish, wish};
use crate::worker::ENGINE;
use crate::{clock, limits, submission};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use ukai_model::{Analysis, Sha256, Sighting};
use ukai_store::{Job, Page, Queue, SampleQuery, SampleSummary};

/// Lists samples, newest first.
#[utoipa::path(get, path = "/api/samples", tag = "samples", params(SampleQuery), responses(
    (status = 200, description = "A page of samples", body = Page<SampleSummary>),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn samples(
    State(app): State<App>,
    Params(query): Params<SampleQuery>,
) -> Result<Json<Page<SampleSummary>>, ApiError> {
    Ok(Json(app.store.samples(query).await?))
}

/// About a submitted sample.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Submission {
    /// Its file name, at most 255 bytes.
    name: Option<String>,
}

/// The name of a submitted sample.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Submitted {
    /// SHA-256.
    #[schema(value_type = String)]
    sha256: Sha256,
}

/// Takes a sample from a person: the body is the file.
#[utoipa::path(post, path = "/api/samples", tag = "samples", params(Submission),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, description = "Kept; its analysis is on the way", body = Submitted),
    (status = 400, description = "An empty body", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 413, description = "Too large", body = ErrorBody),
    (status = 507, description = "No space left", body = ErrorBody)))]
pub(crate) async fn submit(
    State(app): State<App>,
    Params(submission): Params<Submission>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Submitted>, ApiError> {
    let bytes = body?;
    if bytes.is_empty() {
        return Err(ApiError::bad_request(
            "the body is empty",
            "send the file's bytes as the body",
        ));
    }
    let name = submission.name.as_ref().map(String::as_bytes);
    let sha256 = submission::take(&app, bytes, name).await?;
    Ok(Json(Submitted { sha256 }))
}

/// A sample with all that is known of it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SamplePage {
    /// The sample in short.
    sample: SampleSummary,
    /// How it came, newest first; at most 200.
    sightings: Vec<Sighting>,
    /// What its analyses found.
    analyses: Vec<Analysis>,
    /// The indicators that rest on it.
    indicators: Vec<IndicatorView>,
    /// Its analysis that is still to be done, or that failed too often.
    job: Option<Job>,
    /// Whether it was run in the sandbox: then `/api/samples/{sha256}/behaviour` tells.
    ran: bool,
    /// Its run that is still to be done, or that failed too often.
    run_job: Option<Job>,
    /// The settings that a person has asked for in that run.
    run_wish: RunWish,
    /// What others say of it.
    opinions: Opinions,
}

/// What others say of a sample.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Opinions {
    /// Anti-virus engines; none: they were not asked.
    antivirus: Option<Scanned>,
    /// Engines are still to be asked, or asked again.
    antivirus_job: Option<Job>,
    /// Services that know samples by their hashes; none: they were not asked.
    lookups: Option<LookedUp>,
    /// Services are still to be asked, or asked again.
    lookups_job: Option<Job>,
    /// A person, if one said something.
    analyst: Option<Judged>,
}

pub(super) const FORM: &str = "a SHA-256 in 64 hexadecimal digits";

/// Shows one sample.
#[utoipa::path(get, path = "/api/samples/{sha256}", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")), responses(
    (status = 200, description = "The sample", body = SamplePage),
    (status = 400, description = "No SHA-256", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such sample", body = ErrorBody)))]
pub(crate) async fn sample(
    State(app): State<App>,
    part: Part,
) -> Result<Json<SamplePage>, ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    let store = &app.store;
    let Some(sample) = store.sample_summary(&sha256).await? else { return Err(unknown()) };
    let queue = store.queue();
    let (sightings, analyses, indicators, behaviour, remarks) = tokio::try_join!(
        store.sightings(&sha256, limits::SIGHTINGS_MAX),
        store.analyses_of(&sha256),
        store.indicators_of_sample(&sha256),
        store.behaviour(&sha256),
        store.remarks(&sha256),
    )?;
    let (job, run, asked, run_wish, antivirus_job, lookups_job) = tokio::try_join!(
        queue.job_of(ENGINE, sha256),
        queue.job_of(RUN, sha256),
        queue.job_of(RUN_ASKED, sha256),
        wish(&app, &sha256),
        queue.job_of(ANTIVIRUS, sha256),
        queue.job_of(LOOKUPS, sha256),
    )?;
    let opinions = Opinions {
        antivirus: opinions::read(&remarks, ANTIVIRUS),
        antivirus_job,
        lookups: opinions::read(&remarks, LOOKUPS),
        lookups_job,
        analyst: opinions::read(&remarks, ANALYST),
    };
    let (ran, run_job) = (behaviour.is_some(), asked.or(run));
    let now = clock::now();
    let indicators = indicators.into_iter().map(|i| IndicatorView::new(i, now)).collect();
    let page = SamplePage {
        sample,
        sightings,
        analyses,
        indicators,
        job,
        ran,
        run_job,
        run_wish,
        opinions,
    };
    Ok(Json(page))
}

pub(super) fn not_kept(what: &str) -> ApiError {
    ApiError::not_found(
        what,
        "the oldest samples' bytes go when the disk's quota is used up; submit it again",
    )
}

pub(super) fn unknown() -> ApiError {
    ApiError::not_found("this sample", "look for it in /api/samples, or submit it")
}

/// Gives a sample, neutered in a CaRT container (`cart FILE` of PyPI's `cart` unpacks it).
#[utoipa::path(get, path = "/api/samples/{sha256}/cart", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")), responses(
    (status = 200, description = "The container", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 400, description = "No SHA-256", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "Its bytes are not kept", body = ErrorBody)))]
pub(crate) async fn cart(State(app): State<App>, part: Part) -> Result<Response, ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    let Some(container) = app.store.sample_cart(&sha256).await? else {
        return Err(not_kept("this sample's container"));
    };
    let disposition = format!("attachment; filename=\"{sha256}.cart\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).expect("hexadecimal")),
    ];
    Ok((headers, container).into_response())
}

/// What was asked for.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Queued {
    /// Whether work was added; false when the sample is being analysed already.
    pub(super) queued: bool,
}

/// Asks for a new analysis.
#[utoipa::path(post, path = "/api/samples/{sha256}/reanalyze", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")), responses(
    (status = 202, description = "It is on the way", body = Queued),
    (status = 400, description = "No SHA-256", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such sample", body = ErrorBody)))]
pub(crate) async fn reanalyze(
    State(app): State<App>,
    part: Part,
) -> Result<(StatusCode, Json<Queued>), ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    match app.store.sample_summary(&sha256).await? {
        None => Err(unknown()),
        Some(sample) if !sample.stored => Err(not_kept("this sample's content")),
        Some(_) => {
            let queued = app.store.queue().push(ENGINE, sha256, Queue::ASKED).await?;
            Ok((StatusCode::ACCEPTED, Json(Queued { queued })))
        }
    }
}

/// Asks anti-virus engines and services anew what they say of a sample.
#[utoipa::path(post, path = "/api/samples/{sha256}/ask", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")), responses(
    (status = 202, description = "It is on the way", body = Queued),
    (status = 400, description = "No SHA-256", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such sample", body = ErrorBody),
    (status = 409, description = "Nobody is configured to be asked", body = ErrorBody)))]
pub(crate) async fn ask(
    State(app): State<App>,
    part: Part,
) -> Result<(StatusCode, Json<Queued>), ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    if app.store.sample_summary(&sha256).await?.is_none() {
        return Err(unknown());
    }
    if app.context.engines.is_none() && app.context.lookups.is_none() {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "nobody is configured to be asked",
            "name engines in [[antivirus]] (docs/antivirus.md) or services in [[lookups]]",
        ));
    }
    let queued = opinions::queue(&app, sha256, Queue::ASKED).await?;
    Ok((StatusCode::ACCEPTED, Json(Queued { queued })))
}

/// What a person says of a sample.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Judging {
    /// What they think of it; absent: they have not decided.
    #[serde(default)]
    verdict: Option<Decision>,
    /// Words by which they find it again: at most 32 of 64 characters.
    #[serde(default)]
    tags: Vec<String>,
    /// What they note: at most 16,384 bytes.
    #[serde(default)]
    note: String,
}

/// Keeps what a person says of a sample, in place of what they said before.
#[utoipa::path(put, path = "/api/samples/{sha256}/analyst", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")),
    request_body = Judging, responses(
    (status = 200, description = "Kept", body = Judged),
    (status = 400, description = "No SHA-256, or too much of something", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such sample", body = ErrorBody)))]
pub(crate) async fn judge(
    State(app): State<App>,
    part: Part,
    Body(judging): Body<Judging>,
) -> Result<Json<Judged>, ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    if app.store.sample_summary(&sha256).await?.is_none() {
        return Err(unknown());
    }
    let Judging { verdict, tags, note } = judging;
    let long = |tag: &String| tag.chars().count() > limits::TAG_CHARS_MAX;
    if tags.len() > limits::TAGS_MAX || tags.iter().any(long) {
        return Err(ApiError::bad_request("too many or too long tags", "give 32 of 64 characters"));
    }
    if note.len() > limits::NOTE_BYTES_MAX {
        return Err(ApiError::bad_request("the note is too long", "give at most 16,384 bytes"));
    }
    Ok(Json(opinions::judge(&app, sha256, verdict, tags, note).await?))
}

/// Samples that are alike, the nearest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AlikeSamples {
    /// At most 50.
    items: Vec<AlikeSample>,
    /// Samples that were compared; the newest may still be missing right after the start.
    compared: u64,
}

/// A sample that is alike.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AlikeSample {
    /// Distance of TLSH: 0 for the same, below 50 for a next version; at most 100. Absent where
    /// it is more, or nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<u32>,
    /// How much of the functions' code is the same, in percent, from 50 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
    /// The sample in short.
    sample: SampleSummary,
}

/// Lists samples that are alike: their content by TLSH, their code by what functions are made of.
#[utoipa::path(get, path = "/api/samples/{sha256}/similar", tag = "samples",
    params(("sha256" = String, Path, description = "SHA-256 of the sample")), responses(
    (status = 200, description = "The samples", body = AlikeSamples),
    (status = 400, description = "No SHA-256", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 404, description = "There is no such sample", body = ErrorBody)))]
pub(crate) async fn similar(
    State(app): State<App>,
    part: Part,
) -> Result<Json<AlikeSamples>, ApiError> {
    let sha256: Sha256 = part.identity("a sample", FORM)?;
    if app.store.sample_summary(&sha256).await?.is_none() {
        return Err(unknown());
    }
    let analyses = app.store.analyses_of(&sha256).await?;
    let mut items = Vec::new();
    for near in app.likeness.nearest(&analyses) {
        if let Some(sample) = app.store.sample_summary(&near.sha256).await? {
            items.push(AlikeSample { distance: near.distance, code: near.code, sample });
        }
    }
    Ok(Json(AlikeSamples { items, compared: app.likeness.len() }))
}
