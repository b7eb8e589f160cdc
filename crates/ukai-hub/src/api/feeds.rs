//! Feeds: listed, and handed out to those who enforce them.

use super::error::{ApiError, ErrorBody};
use super::query::Part;
use crate::published::FeedFile;
use crate::shared::App;
use crate::ui::matches_etag;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use ukai_model::Timestamp;
use ukai_store::Page;

/// A feed, and how to use it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct FeedItem {
    /// Name for a reader.
    name: String,
    /// File name.
    file: String,
    /// `text`, `csv`, `json`, `rpz`, `nftables`.
    format: String,
    /// One line for a reader.
    description: String,
    /// Media type.
    media_type: String,
    /// Entries in it.
    entries: u64,
    /// Its size in bytes.
    size: u64,
    /// Entity tag: changes when the content does.
    etag: String,
    /// When the content last changed.
    #[schema(value_type = String, format = "date-time")]
    updated: Timestamp,
    /// Path at this hub.
    url: String,
    /// How a device or resolver loads it.
    how_to_load: String,
}

impl FeedItem {
    fn of(feed: &FeedFile) -> Self {
        Self {
            name: feed.name.clone(),
            file: feed.file.clone(),
            format: feed.format.clone(),
            description: feed.description.clone(),
            media_type: feed.media_type.clone(),
            entries: feed.entries,
            size: feed.bytes.len() as u64,
            etag: feed.etag.clone(),
            updated: feed.updated,
            url: format!("/feeds/{}", feed.file),
            how_to_load: feed.how_to_load.clone(),
        }
    }
}

/// Lists the feeds.
#[utoipa::path(get, path = "/api/feeds", tag = "feeds", responses(
    (status = 200, description = "The feeds", body = Page<FeedItem>),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn feeds(State(app): State<App>) -> Json<Page<FeedItem>> {
    let items = app.board.feeds().iter().map(FeedItem::of).collect();
    Json(Page { items, next: None })
}

/// Hands a feed out. Ask again with `If-None-Match`: nothing is sent when nothing
/// changed. `HEAD` works too.
#[utoipa::path(get, path = "/feeds/{file}", tag = "feeds",
    params(
        ("file" = String, Path, description = "File name of the feed"),
        ("If-None-Match" = Option<String>, Header, description = "Entity tag of the last answer")),
    responses(
        (status = 200, description = "The feed", body = String, content_type = "text/plain",
         headers(("ETag" = String, description = "Changes when the content does"))),
        (status = 304, description = "Nothing changed"),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "There is no such feed", body = ErrorBody)),
    security(("feed-token" = []), ("token" = []), ("session" = [])))]
pub(crate) async fn feed(
    State(app): State<App>,
    request: HeaderMap,
    Part(file): Part,
) -> Result<Response, ApiError> {
    let feeds = app.board.feeds();
    let Some(feed) = feeds.iter().find(|feed| feed.file == file) else {
        return Err(ApiError::not_found("this feed", "see /api/feeds for what there is"));
    };
    let text = |text: &str| HeaderValue::from_str(text).expect("ours are printable ASCII");
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, text(&feed.etag));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if matches_etag(&request, &feed.etag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    headers.insert(header::CONTENT_TYPE, text(&feed.media_type));
    Ok((headers, feed.bytes.clone()).into_response())
}
