//! Events: searched, and live.

use super::error::{ApiError, ErrorBody};
use super::query::Params;
use crate::limits;
use crate::metrics::Metrics;
use crate::shared::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, timeout_at};
use ukai_model::Event;
use ukai_store::{EventQuery, Page};

/// Searches events, newest first.
#[utoipa::path(get, path = "/api/events", tag = "events", params(EventQuery), responses(
    (status = 200, description = "A page of events", body = Page<Event>),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn events(
    State(app): State<App>,
    Params(query): Params<EventQuery>,
) -> Result<Json<Page<Event>>, ApiError> {
    Ok(Json(app.store.events(query).await?))
}

/// Streams events as they come, as server-sent events: `event` carries an event;
/// `lagged` carries `{"missed": n}` when they came faster than a reader can follow.
#[utoipa::path(get, path = "/api/events/stream", tag = "events", responses(
    (status = 200, description = "Events without end", body = Event, content_type = "text/event-stream"),
    (status = 401, description = "Not logged in", body = ErrorBody),
    (status = 503, description = "Too many streams are open", body = ErrorBody)))]
pub(crate) async fn live(State(app): State<App>) -> Result<Response, ApiError> {
    let Ok(permit) = Arc::clone(&app.live).try_acquire_owned() else {
        return Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many live streams are open",
            "close other windows, or raise hub.http.live_streams_max",
        ));
    };
    let live = Live {
        events: app.store.subscribe(),
        metrics: Arc::clone(&app.metrics),
        window_end: Instant::now() + WINDOW,
        left: limits::LIVE_EVENTS_PER_SECOND,
        missed: 0,
        _open: Open::new(Arc::clone(&app.metrics), permit),
    };
    let stop = app.stop.clone().cancelled_owned();
    let messages = stream::unfold(live, Live::next).take_until(stop);
    let keep_alive = KeepAlive::new().interval(limits::LIVE_KEEP_ALIVE);
    Ok(Sse::new(messages).keep_alive(keep_alive).into_response())
}

const WINDOW: Duration = Duration::from_secs(1);

/// One live stream. It never falls behind by more than the store's own channel holds,
/// and never sends more per second than a browser can show.
struct Live {
    events: broadcast::Receiver<Arc<Event>>,
    metrics: Arc<Metrics>,
    window_end: Instant,
    left: u32,
    missed: u64,
    _open: Open,
}

/// Counts a stream as open, and holds its place.
struct Open {
    metrics: Arc<Metrics>,
    _permit: OwnedSemaphorePermit,
}

impl Open {
    fn new(metrics: Arc<Metrics>, permit: OwnedSemaphorePermit) -> Self {
        metrics.live_streams.fetch_add(1, Relaxed);
        Self { metrics, _permit: permit }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.metrics.live_streams.fetch_sub(1, Relaxed);
    }
}

impl Live {
    async fn next(mut self) -> Option<(Result<Message, Infallible>, Self)> {
        loop {
            let now = Instant::now();
            if now >= self.window_end {
                self.window_end = now + WINDOW;
                self.left = limits::LIVE_EVENTS_PER_SECOND;
                if self.missed > 0 {
                    let message = Message::default()
                        .event("lagged")
                        .data(format!("{{\"missed\":{}}}", self.missed));
                    self.metrics.live_missed.fetch_add(self.missed, Relaxed);
                    self.missed = 0;
                    return Some((Ok(message), self));
                }
            }
            // What was missed is told when the second is over, also when nothing follows.
            let received = match self.missed {
                0 => self.events.recv().await,
                _ => match timeout_at(self.window_end, self.events.recv()).await {
                    Ok(received) => received,
                    Err(_) => continue,
                },
            };
            match received {
                Ok(event) if self.left > 0 => {
                    self.left -= 1;
                    let Ok(json) = serde_json::to_string(&*event) else { continue };
                    let message = Message::default().event("event").data(json);
                    return Some((Ok(message), self));
                }
                Ok(_) => self.missed += 1,
                Err(RecvError::Lagged(count)) => self.missed += count,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
