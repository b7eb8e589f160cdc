//! One engine.

use crate::limits::{NAME_BYTES_MAX, NAMES_MAX};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::io;
use ukai_model::PeerText;

/// An engine that can be asked about samples.
pub trait Engine: Send + Sync {
    /// Asks about a sample. Whoever calls keeps the time.
    fn scan(&self, sample: Bytes) -> BoxFuture<'_, Result<Said, EngineError>>;

    /// Asks what it is and how new its signatures are.
    fn state(&self) -> BoxFuture<'_, Result<State, EngineError>>;
}

/// What an engine said of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It knows nothing of it.
    Clean,
    /// It knows it by these names.
    Detected(Vec<PeerText>),
}

impl Said {
    /// Detected by names, as far as they are kept.
    pub(crate) fn detected<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut kept = Vec::new();
        for name in names {
            let name = PeerText::truncated(name.trim_ascii(), NAME_BYTES_MAX);
            if !name.is_empty() && kept.len() < NAMES_MAX && !kept.contains(&name) {
                kept.push(name);
            }
        }
        if kept.is_empty() {
            kept.push(PeerText::new("unnamed"));
        }
        Self::Detected(kept)
    }
}

/// What an engine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Product and version.
    pub product: Option<PeerText>,
    /// Version or date of its signatures.
    pub signatures: Option<PeerText>,
}

/// Why an engine said nothing of a sample.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It is not there.
    #[error("cannot be reached: {0}")]
    Unreachable(io::Error),
    /// It was not there a moment ago, and is not asked again yet.
    #[error("{0}")]
    Down(String),
    /// It did not answer in time.
    #[error("did not answer within {0} s")]
    TimedOut(u64),
    /// What it answered is none of its protocol.
    #[error("answered what cannot be understood: {0}")]
    Nonsense(String),
    /// It looked at it, and gave up.
    #[error("did not scan it: {0}")]
    Refused(String),
    /// It takes no samples of this size.
    #[error("takes no more than {0} bytes")]
    TooLarge(u64),
}

impl EngineError {
    /// Whether it makes sense to ask again later.
    pub const fn again(&self) -> bool {
        !matches!(self, Self::TooLarge(_))
    }

    /// What was said in a way that nobody understands.
    pub(crate) fn nonsense(bytes: &[u8]) -> Self {
        Self::Nonsense(PeerText::truncated(bytes, 120).to_string())
    }
}

impl From<io::Error> for EngineError {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error)
    }
}
