//! Why a fetch did not come to its end.

use ukai_model::FetchOutcome;

/// Why a fetch did not come to its end: what the report says of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) outcome: FetchOutcome,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(outcome: FetchOutcome, message: impl Into<String>) -> Self {
        Self { outcome, message: message.into() }
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(FetchOutcome::Forbidden, message)
    }

    pub(crate) fn bad_url(message: impl Into<String>) -> Self {
        Self::new(FetchOutcome::BadUrl, message)
    }

    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self::new(FetchOutcome::Unreachable, message)
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(FetchOutcome::Refused, message)
    }

    pub(crate) fn timed_out(message: impl Into<String>) -> Self {
        Self::new(FetchOutcome::TimedOut, message)
    }

    pub(crate) fn partial(message: impl Into<String>) -> Self {
        Self::new(FetchOutcome::Partial, message)
    }

    pub(crate) fn rate_limited(message: impl Into<String>) -> Self {
        Self::new(FetchOutcome::RateLimited, message)
    }
}
