//! Who is there: log-in, the state of the system, health and metrics.

use super::error::{ApiError, ErrorBody};
use super::query::Body;
use crate::auth::{self, Access};
use crate::context::ServiceInfo;
use crate::metrics::{Exposition, label, resident_bytes};
use crate::opinions::ServiceHealth;
use crate::server::Client;
use crate::shared::{App, Cycle};
use crate::{clock, limits};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;
use ukai_engine::EngineHealth;
use ukai_model::{SensorId, Timestamp};
use ukai_store::{DiskUsage, Health, QueueStats, Totals};

/// A log-in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    /// The token that was shown at the first start and is in its file.
    token: String,
}

/// Who is logged in.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Me {
    /// Always `operator`, for now.
    user: &'static str,
}

const OPERATOR: Me = Me { user: "operator" };

/// Opens a session: the answer sets the cookie `ukai_session`.
#[utoipa::path(post, path = "/api/login", tag = "session", request_body = LogIn, responses(
    (status = 200, description = "Logged in", body = Me),
    (status = 400, description = "No JSON with a token", body = ErrorBody),
    (status = 401, description = "Wrong token", body = ErrorBody),
    (status = 403, description = "Asked from another site's page", body = ErrorBody),
    (status = 429, description = "Too many wrong tokens", body = ErrorBody)), security(()))]
pub(crate) async fn login(
    State(app): State<App>,
    Extension(Client(client)): Extension<Client>,
    Body(body): Body<LogIn>,
) -> Result<Response, ApiError> {
    let now = Instant::now();
    match app.auth.log_in(body.token.trim().as_bytes(), client.ip(), now) {
        Access::Granted => {}
        Access::Denied => {
            tracing::warn!(%client, "a log-in with a wrong token");
            return Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "this is not the token",
                "use the token in the file that ukai named at its start",
            ));
        }
        Access::Throttled => return Err(ApiError::throttled(limits::FAILURE_WINDOW.as_secs())),
    }
    let cookie = app.auth.open_session(now);
    Ok((set_cookie(&cookie, app.auth.session_time().as_secs()), Json(OPERATOR)).into_response())
}

/// Ends the session of the cookie.
#[utoipa::path(post, path = "/api/logout", tag = "session", responses(
    (status = 204, description = "Logged out, or never logged in")), security(()))]
pub(crate) async fn logout(State(app): State<App>, headers: HeaderMap) -> Response {
    app.auth.close_session(&headers);
    (StatusCode::NO_CONTENT, set_cookie("", 0)).into_response()
}

fn set_cookie(value: &str, seconds: u64) -> [(header::HeaderName, HeaderValue); 1] {
    let name = auth::COOKIE;
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}");
    [(header::SET_COOKIE, HeaderValue::from_str(&cookie).expect("printable ASCII"))]
}

/// Says who is logged in.
#[utoipa::path(get, path = "/api/me", tag = "session", responses(
    (status = 200, description = "Logged in", body = Me),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn me() -> Json<Me> {
    Json(OPERATOR)
}

/// The state of the system.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Status {
    /// Version of ukai.
    version: String,
    /// Since when it runs.
    #[schema(value_type = String, format = "date-time")]
    started: Timestamp,
    /// Name of the sensor in this process.
    sensor: SensorId,
    /// What listens where.
    services: Vec<ServiceInfo>,
    /// Where everything is kept.
    #[schema(value_type = String)]
    data_dir: PathBuf,
    /// Space used and free.
    disk: DiskUsage,
    /// Work that waits.
    queue: QueueStats,
    /// How much there is.
    totals: Totals,
    /// Whether the store can write.
    store: Health,
    /// The parts of the hub that fail at the moment, with their reasons; empty when all is well.
    faults: Vec<Fault>,
    /// Anti-virus engines that are asked about samples, as they were a minute ago at most.
    engines: Vec<EngineHealth>,
    /// Services that are asked about hashes.
    lookups: Vec<ServiceHealth>,
}

/// A part of the hub that fails at the moment. It tries again by itself.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Fault {
    /// `scoring`, `publishing`, `analysis`, `sandbox`, `antivirus`, `lookups` or `folder`.
    component: &'static str,
    /// What happened.
    detail: String,
}

/// Shows what runs, how much there is, and how much space it takes.
#[utoipa::path(get, path = "/api/status", tag = "overview", responses(
    (status = 200, description = "The state", body = Status),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn status(State(app): State<App>) -> Result<Json<Status>, ApiError> {
    let store = &app.store;
    let (disk, queue, totals) =
        tokio::try_join!(store.disk_usage(), store.queue().stats(), store.totals())?;
    let faults = app.faults.current().into_iter();
    let engines = app.context.engines.as_ref().map(|engines| engines.known_health());
    let lookups = match &app.context.lookups {
        Some(services) => services.health().await,
        None => Vec::new(),
    };
    Ok(Json(Status {
        version: app.context.version.clone(),
        started: app.started,
        sensor: app.context.sensor.clone(),
        services: app.context.services.clone(),
        data_dir: app.context.data_dir.clone(),
        disk,
        queue,
        totals,
        store: store.health(),
        faults: faults.map(|(cycle, detail)| Fault { component: cycle.name(), detail }).collect(),
        engines: engines.unwrap_or_default(),
        lookups,
    }))
}

/// Whether all is well.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct HealthCheck {
    /// `ok` or `degraded`.
    status: &'static str,
    /// The parts that fail, by name; the reasons are in the log and in `/api/status`.
    failing: Vec<&'static str>,
}

/// For watchdogs and load balancers: needs no token and tells no details.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses(
    (status = 200, description = "All is well", body = HealthCheck),
    (status = 503, description = "Something fails", body = HealthCheck)), security(()))]
pub(crate) async fn healthz(State(app): State<App>) -> (StatusCode, Json<HealthCheck>) {
    let mut failing: Vec<_> =
        app.faults.current().into_iter().map(|(cycle, _)| cycle.name()).collect();
    if matches!(app.store.health(), Health::Degraded { .. }) {
        failing.push("store");
    }
    if failing.is_empty() {
        (StatusCode::OK, Json(HealthCheck { status: "ok", failing }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(HealthCheck { status: "degraded", failing }))
    }
}

/// Figures for Prometheus. Needs no token over loopback.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses(
    (status = 200, description = "Prometheus' text format", body = String,
     content_type = "text/plain; version=0.0.4"),
    (status = 401, description = "Asked from elsewhere without the token", body = ErrorBody)),
    security((), ("token" = [])))]
pub(crate) async fn metrics(
    State(app): State<App>,
    Extension(Client(client)): Extension<Client>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if !(client.ip().to_canonical().is_loopback() && asked_directly(&headers)) {
        super::admit(app.auth.operator(&headers, client.ip(), Instant::now()))?;
    }
    let text = exposition(&app).await?;
    let media_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}

/// Whether no proxy stands between, and no name was made to point here: a page on the
/// Internet can make a browser on this machine ask `http://its.name:8765/`.
fn asked_directly(headers: &HeaderMap) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip"];
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|c| c.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let ours = name == "localhost" || bare.parse::<std::net::IpAddr>().is_ok();
    ours && !forwarded.iter().any(|name| headers.contains_key(*name))
}

async fn exposition(app: &App) -> Result<String, ApiError> {
    let store = &app.store;
    let (disk, queue, totals) =
        tokio::try_join!(store.disk_usage(), store.queue().stats(), store.totals())?;
    let metrics = &app.metrics;
    let mut out = Exposition::default();
    let (c, g) = ("counter", "gauge");
    out.metric("ukai_info", g, "Version.", [(label("version", &app.context.version), 1.0)]);
    let uptime = clock::now().since(app.started).as_secs();
    out.single("ukai_uptime_seconds", g, "Time since start.", uptime);
    if let Some(bytes) = resident_bytes() {
        out.single("process_resident_memory_bytes", g, "Resident memory.", bytes);
    }
    out.single("ukai_events", g, "Events that can be looked up.", totals.events);
    out.single("ukai_sessions", g, "Sessions that can be looked up.", totals.sessions);
    out.single("ukai_samples", g, "Samples known.", totals.samples);
    out.single("ukai_indicators", g, "Indicators.", totals.indicators);
    let part = |name, value: u64| (label("part", name), value as f64);
    out.metric(
        "ukai_disk_bytes",
        g,
        "Space used by the store.",
        [
            part("events", disk.events_bytes),
            part("recordings", disk.recordings_bytes),
            part("samples", disk.samples_bytes),
            part("catalogue", disk.catalogue_bytes),
        ],
    );
    out.single("ukai_disk_quota_bytes", g, "Space the store may use; 0: any.", disk.quota_bytes);
    out.single("ukai_disk_free_bytes", g, "Space free on the disk.", disk.free_bytes);
    let state = |name, value: u64| (label("state", name), value as f64);
    out.metric(
        "ukai_jobs",
        g,
        "Analyses to be done.",
        [
            state("waiting", queue.waiting),
            state("leased", queue.leased),
            state("quarantined", queue.quarantined),
        ],
    );
    let outcomes = ["complete", "partial", "failed"].iter().zip(&metrics.analyses);
    let outcomes = outcomes.map(|(name, n)| (label("outcome", name), n.load(Relaxed) as f64));
    out.metric("ukai_analyses_total", c, "Analyses done.", outcomes);
    let classes = metrics.answers.iter().enumerate();
    let classes = classes
        .map(|(n, count)| (label("class", &format!("{}xx", n + 1)), count.load(Relaxed) as f64));
    out.metric("ukai_http_answers_total", c, "HTTP answers by class of status.", classes);
    for (name, kind, help, value) in [
        ("ukai_http_connections", g, "Connections open.", &metrics.connections),
        ("ukai_live_streams", g, "Live streams open.", &metrics.live_streams),
        ("ukai_live_missed_total", c, "Events that live streams left out.", &metrics.live_missed),
        (
            "ukai_job_failures_total",
            c,
            "Attempts at an analysis that failed.",
            &metrics.job_failures,
        ),
        ("ukai_sandbox_runs_total", c, "Runs of samples in the sandbox.", &metrics.runs),
        ("ukai_scored_events_total", c, "Events scored.", &metrics.scored_events),
        ("ukai_indicator_writes_total", c, "Indicators written.", &metrics.indicator_writes),
        ("ukai_indicators_withheld", g, "Indicators withheld from feeds.", &metrics.withheld),
        ("ukai_publish_cycles_total", c, "Cycles of publishing.", &metrics.publish_cycles),
        ("ukai_feed_writes_total", c, "Feeds written.", &metrics.feed_writes),
        ("ukai_faults_total", c, "Cycles that failed.", &metrics.faults),
    ] {
        out.single(name, kind, help, value.load(Relaxed));
    }
    let seconds = metrics.publish_us.load(Relaxed) as f64 / 1e6;
    let help = "Duration of the last cycle of publishing.";
    out.metric("ukai_publish_seconds", g, help, [(String::new(), seconds)]);
    let feeds = app.board.feeds();
    let entries = feeds.iter().map(|feed| (label("feed", &feed.file), feed.entries as f64));
    out.metric("ukai_feed_entries", g, "Entries of each feed.", entries);
    if let Some(engines) = &app.context.engines {
        engine_metrics(&mut out, &engines.known_health());
    }
    let failing = app.faults.current();
    let cycles = Cycle::ALL.iter().map(|cycle| {
        let down = failing.iter().any(|(failing, _)| failing == cycle);
        (label("component", cycle.name()), f64::from(u8::from(!down)))
    });
    out.metric("ukai_component_up", g, "Whether a part of the hub works.", cycles);
    Ok(out.finish())
}

fn engine_metrics(out: &mut Exposition, engines: &[EngineHealth]) {
    let up = engines
        .iter()
        .map(|one| (label("engine", &one.engine), f64::from(u8::from(one.down.is_none()))));
    out.metric("ukai_antivirus_up", "gauge", "Whether an anti-virus engine answers.", up);
    let verdicts = engines.iter().flat_map(|one| {
        let counts =
            [("clean", one.clean), ("detected", one.detected), ("not_scanned", one.not_scanned)];
        let engine = label("engine", &one.engine);
        counts.map(|(name, n)| (format!("{engine},{}", label("judgement", name)), n as f64))
    });
    let help = "What anti-virus engines said of samples.";
    out.metric("ukai_antivirus_verdicts_total", "counter", help, verdicts);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_points_here_is_not_direct() {
        let asked = |host: &'static str| {
            asked_directly(&HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]))
        };
        assert!(asked("127.0.0.1:8765") && asked("[::1]:8765") && asked("localhost:8765"));
        assert!(asked("127.0.0.1"));
        assert!(!asked("rebound.example:8765") && !asked(""));
    }
}
