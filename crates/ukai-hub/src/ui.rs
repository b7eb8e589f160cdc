//! The web UI, embedded in the program.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::api::ApiError;

/// What the UI's build left; its `assets/` have the content's hash in their names.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
struct Dist;

const INDEX: &str = "index.html";

/// Serves a file of the UI, and its first page for the paths that the UI itself makes.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") || path.starts_with("feeds/") {
        return ApiError::not_found("this path", "see /api/openapi.json for what there is")
            .into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return ApiError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "pages are only read",
            "use GET, or a path below /api/",
        )
        .into_response();
    }
    if let Some(file) = Dist::get(if path.is_empty() { INDEX } else { path }) {
        return answer(path, file, &headers);
    }
    // A missing asset must not become a page: the browser would run it as a script.
    match Dist::get(INDEX) {
        Some(index) if !path.starts_with("assets/") => answer(INDEX, index, &headers),
        _ => {
            ApiError::not_found("this file", "reload the page: the UI was updated").into_response()
        }
    }
}

fn answer(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let caching = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if matches_etag(request, &etag) {
        headers.insert(header::ETAG, HeaderValue::from_str(&etag).expect("hexadecimal"));
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::ETAG, HeaderValue::from_str(&etag).expect("hexadecimal"));
    let media_type = HeaderValue::from_str(&media_type(file.metadata.mimetype()))
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, media_type);
    (headers, Body::from(file.data)).into_response()
}

fn media_type(guessed: &str) -> String {
    if guessed.starts_with("text/") && !guessed.contains("charset") {
        format!("{guessed}; charset=utf-8")
    } else {
        guessed.to_owned()
    }
}

/// Whether the client already has the content named `etag` (RFC 9110 section 13.1.2:
/// weak comparison).
pub(crate) fn matches_etag(request: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let ours = opaque(etag);
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fetch(path: &'static str) -> Response {
        serve(Method::GET, Uri::from_static(path), HeaderMap::new()).await
    }

    #[tokio::test]
    async fn paths_of_the_ui_are_its_first_page_and_missing_assets_are_not() {
        for path in ["/", "/samples/abc", "/index.html"] {
            let response = fetch(path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        }
        for path in ["/assets/gone-12345678.js", "/api/gone", "/feeds/gone.txt"] {
            assert_eq!(fetch(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(fetch("/../Cargo.toml").await.headers()[header::CACHE_CONTROL], "no-cache");
    }

    #[tokio::test]
    async fn an_unchanged_page_is_not_sent_again() {
        let etag = fetch("/").await.headers()[header::ETAG].clone();
        let request = HeaderMap::from_iter([(header::IF_NONE_MATCH, etag)]);
        let response = serve(Method::GET, Uri::from_static("/"), request).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn assets_are_kept_for_ever_because_their_names_change() {
        // None where the UI was not built.
        for path in Dist::iter().filter(|path| path.starts_with("assets/")) {
            let uri = format!("/{path}").parse().expect("a path");
            let response = serve(Method::GET, uri, HeaderMap::new()).await;
            let caching = response.headers()[header::CACHE_CONTROL].to_str().expect("text");
            assert!(caching.contains("immutable"), "{path}");
        }
    }

    #[test]
    fn entity_tags_compare_weakly() {
        let request = |value| {
            HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(value))])
        };
        assert!(matches_etag(&request("\"x\", W/\"abc\""), "\"abc\""));
        assert!(matches_etag(&request("*"), "\"abc\""));
        assert!(!matches_etag(&request("\"abcd\""), "\"abc\""));
    }
}
