//! What effects mean: the program's policy, behind one trait.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use ukai_emulators::{Capture, Fetched};
use ukai_model::{Event, Flow, PeerText, SensorId, SessionId, Sha256};

/// Where a session's results go, and who fetches for it.
pub trait Sink: Send + Sync + 'static {
    /// Takes facts. Waiting here is back-pressure on the session.
    fn record(&self, events: Vec<Event>) -> BoxFuture<'_, ()>;

    /// Keeps bytes durably and names them; `None` if they could not be kept. The event
    /// `sample.captured` is recorded only after this is done.
    fn capture<'a>(
        &'a self,
        capture: &'a Capture,
        origin: &'a SessionOrigin,
    ) -> BoxFuture<'a, Option<Sha256>>;

    /// Fetches for a session, and keeps what comes as a sample. May outlive the session.
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, FetchReply>;

    /// Keeps a session's terminal recording (asciicast v2).
    fn recording(&self, session: SessionId, asciicast: Vec<u8>) -> BoxFuture<'_, ()>;
}

/// Which session something comes from.
#[derive(Clone, Debug)]
pub struct SessionOrigin {
    /// Who observed it.
    pub sensor: SensorId,
    /// The session.
    pub session: SessionId,
    /// Its conversation.
    pub flow: Flow,
    /// Name of the persona that the address wears.
    pub persona: String,
}

/// What is to be fetched, and for whom.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Which session asks.
    pub origin: SessionOrigin,
    /// Where from, as the attacker wrote it.
    pub url: PeerText,
    /// The command or mechanism that asked.
    pub tool: &'static str,
}

/// What came of a fetch: what the session sees, and what only the record sees.
#[derive(Clone, Debug)]
pub struct FetchReply {
    /// What the session is told.
    pub fetched: Fetched,
    /// The last URL after redirections, when there were any.
    pub final_url: Option<PeerText>,
    /// What went wrong, for a reader.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

impl FetchReply {
    /// A fetch that was not tried.
    pub const fn not_tried(outcome: ukai_model::FetchOutcome, error: String) -> Self {
        Self {
            fetched: Fetched {
                outcome,
                bytes: Bytes::new(),
                sha256: None,
                status: None,
                server_ip: None,
                content_type: None,
            },
            final_url: None,
            error: Some(error),
            duration_ms: 0,
        }
    }
}
