//! The HTTP API: one file per subject; here the routes, who may take them, and what
//! every answer carries.

mod behaviours;
mod credentials;
mod error;
mod events;
mod feeds;
mod find;
mod indicators;
mod jobs;
mod overview;
mod query;
mod samples;
mod sessions;
mod status;
mod telescope;
mod views;

pub(crate) use error::ApiError;

use crate::auth::{Access, same_origin};
use crate::server::Client;
use crate::shared::App;
use crate::{limits, ui};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use bytes::Bytes;
use std::time::{Duration, Instant};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'none'; \
    frame-ancestors 'none'; base-uri 'none'";

/// All routes with their documentation.
pub(crate) fn router(app: &App) -> Router {
    let (routes, document) = routes(app).split_for_parts();
    let document = Bytes::from(document.to_pretty_json().expect("an OpenAPI document is JSON"));
    let compression = CompressionLayer::new().compress_when(
        // Containers of samples are compressed already.
        DefaultPredicate::new().and(NotForContentType::new("application/octet-stream")),
    );
    routes
        .fallback(ui::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Extension(Document(document)))
        .layer(DefaultBodyLimit::max(limits::JSON_BODY_BYTES_MAX))
        .layer(middleware::from_fn(refuse_other_sites))
        .layer(middleware::from_fn_with_state(app.clone(), limit_time))
        .layer(compression)
        .layer(middleware::from_fn_with_state(app.clone(), finish))
        .with_state(app.clone())
}

fn routes(app: &App) -> OpenApiRouter<App> {
    let upload = DefaultBodyLimit::max(app.config.http.upload_bytes_max);
    let operator = OpenApiRouter::new()
        .routes(routes!(status::me))
        .routes(routes!(status::status))
        .routes(routes!(overview::overview))
        .routes(routes!(credentials::credentials))
        .routes(routes!(credentials::export))
        .routes(routes!(events::events))
        .routes(routes!(events::live))
        .routes(routes!(sessions::sessions))
        .routes(routes!(sessions::session))
        .routes(routes!(sessions::recording))
        .routes(routes!(samples::samples, samples::submit).layer(upload))
        .routes(routes!(samples::sample))
        .routes(routes!(samples::cart))
        .routes(routes!(samples::reanalyze))
        .routes(routes!(samples::ask))
        .routes(routes!(samples::judge))
        .routes(routes!(samples::similar))
        .routes(routes!(views::bytes))
        .routes(routes!(views::texts))
        .routes(routes!(views::code))
        .routes(routes!(behaviours::behaviours))
        .routes(routes!(behaviours::behaviour))
        .routes(routes!(behaviours::reports))
        .routes(routes!(behaviours::differences))
        .routes(routes!(behaviours::artifact))
        .routes(routes!(behaviours::sandbox))
        .routes(routes!(behaviours::run))
        .routes(routes!(indicators::indicators))
        .routes(routes!(indicators::indicator))
        .routes(routes!(indicators::report, indicators::take_back))
        .routes(routes!(feeds::feeds))
        .routes(routes!(telescope::telescope))
        .routes(routes!(telescope::source))
        .routes(routes!(jobs::quarantined))
        .routes(routes!(jobs::retry))
        .route_layer(middleware::from_fn_with_state(app.clone(), for_operators));
    let readers = OpenApiRouter::new()
        .routes(routes!(feeds::feed))
        .route_layer(middleware::from_fn_with_state(app.clone(), for_readers));
    OpenApiRouter::with_openapi(base_document(&app.context.version))
        .merge(operator)
        .merge(readers)
        .routes(routes!(status::login))
        .routes(routes!(status::logout))
        .routes(routes!(status::healthz))
        .routes(routes!(status::metrics))
        .routes(routes!(document))
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "ukai", description = "Malware observation: events, samples, indicators, feeds."),
    security(("token" = []), ("session" = []))
)]
struct Base;

fn base_document(version: &str) -> OpenApi {
    let mut document = Base::openapi();
    version.clone_into(&mut document.info.version);
    document.info.license = None;
    let components = document.components.get_or_insert_default();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let basic = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(crate::auth::COOKIE)));
    components.add_security_scheme("token", bearer);
    components.add_security_scheme("feed-token", basic);
    components.add_security_scheme("session", cookie);
    document
}

#[derive(Clone)]
struct Document(Bytes);

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operation", responses(
    (status = 200, description = "OpenAPI 3.1", body = Object)), security(()))]
async fn document(Extension(Document(document)): Extension<Document>) -> Response {
    let media_type = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, media_type)], document).into_response()
}

async fn method_not_allowed() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this path is not for this method",
        "see /api/openapi.json for the methods of each path",
    )
}

async fn for_operators(
    State(app): State<App>,
    Extension(Client(client)): Extension<Client>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    admit(app.auth.operator(request.headers(), client.ip(), Instant::now()))?;
    Ok(next.run(request).await)
}

async fn for_readers(
    State(app): State<App>,
    Extension(Client(client)): Extension<Client>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match app.auth.reader(request.headers(), client.ip(), Instant::now()) {
        Access::Denied => Err(ApiError::unauthorized(
            "Basic realm=\"ukai feeds\", charset=\"UTF-8\"",
            "give the feed token as the password of Basic, or as Bearer",
        )),
        other => {
            admit(other)?;
            Ok(next.run(request).await)
        }
    }
}

/// Turns what the headers grant into an answer.
fn admit(access: Access) -> Result<(), ApiError> {
    match access {
        Access::Granted => Ok(()),
        Access::Denied => Err(ApiError::unauthorized(
            "Bearer realm=\"ukai\"",
            "log in by POST /api/login, or send Authorization: Bearer TOKEN",
        )),
        Access::Throttled => Err(ApiError::throttled(limits::FAILURE_WINDOW.as_secs())),
    }
}

async fn refuse_other_sites(request: Request, next: Next) -> Result<Response, ApiError> {
    if same_origin(request.method(), request.headers()) {
        return Ok(next.run(request).await);
    }
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "a page of another site asked for this",
        "use the UI at its own address",
    ))
}

async fn limit_time(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let limit = Duration::from_secs(app.config.http.request_timeout_s);
    tokio::time::timeout(limit, next.run(request)).await.map_err(|_| {
        ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "the request took too long",
            "send it faster, or raise hub.http.request_timeout_s",
        )
    })
}

/// What every answer carries: security headers, and an entity tag that is weak when
/// the body was compressed on the way (RFC 9110 section 8.8.1).
async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let head = request.method() == Method::HEAD;
    let mut response = next.run(request).await;
    app.metrics.count_answer(response.status().as_u16());
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let compressed = headers.contains_key(header::CONTENT_ENCODING) && !head;
    let weak = headers
        .get(header::ETAG)
        .filter(|tag| compressed && !tag.as_bytes().starts_with(b"W/"))
        .and_then(|tag| HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()).ok());
    if let Some(weak) = weak {
        headers.insert(header::ETAG, weak);
    }
    response
}
