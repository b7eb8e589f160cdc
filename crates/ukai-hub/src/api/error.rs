//! What the API answers when it does not do what was asked.

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use ukai_store::StoreError;

/// The body of every answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ErrorBody {
    /// What is wrong.
    pub(crate) error: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

/// An error with its status.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    body: ErrorBody,
    header: Option<Header>,
}

/// What an error's answer carries besides its body.
#[derive(Debug)]
enum Header {
    /// `WWW-Authenticate`.
    Challenge(&'static str),
    /// `Retry-After`, in seconds.
    RetryAfter(u64),
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        error: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            status,
            body: ErrorBody { error: error.into(), remedy: remedy.into() },
            header: None,
        }
    }

    pub(crate) fn bad_request(error: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, remedy)
    }

    /// `what` does not exist.
    pub(crate) fn not_found(what: &str, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} does not exist"), remedy)
    }

    /// The request carries no right token; `challenge` is for `WWW-Authenticate`.
    pub(crate) fn unauthorized(challenge: &'static str, remedy: &str) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "not logged in", remedy);
        error.header = Some(Header::Challenge(challenge));
        error
    }

    /// Too many wrong tokens.
    pub(crate) fn throttled(seconds: u64) -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too many wrong tokens from this address",
            format!("wait {seconds} s, then use the token in the file named at start"),
        );
        error.header = Some(Header::RetryAfter(seconds));
        error
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let (name, value) = match self.header {
            None => return response,
            Some(Header::Challenge(text)) => {
                (header::WWW_AUTHENTICATE, HeaderValue::from_static(text))
            }
            Some(Header::RetryAfter(seconds)) => (header::RETRY_AFTER, seconds.into()),
        };
        response.headers_mut().insert(name, value);
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::BadQuery(problem) => {
                Self::bad_request(problem, "see /api/openapi.json for the parameters")
            }
            StoreError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string(), "send less at once")
            }
            _ if error.is_full() => {
                tracing::error!(%error, "no space for what a request brought");
                let remedy = "make space on the disk, or raise the store's quota";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "there is no space left", remedy)
            }
            _ => {
                tracing::error!(%error, "the store failed a request");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the store does not answer",
                    "look at the log of ukai for the cause, and try again",
                )
            }
        }
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(rejection.body_text(), "see /api/openapi.json for the path")
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(
            rejection.status(),
            rejection.body_text(),
            "send JSON as /api/openapi.json says, with Content-Type: application/json",
        )
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        let remedy = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                "send a smaller file, or raise hub.http.upload_bytes_max"
            }
            _ => "send the file's bytes as the body",
        };
        Self::new(rejection.status(), rejection.body_text(), remedy)
    }
}
