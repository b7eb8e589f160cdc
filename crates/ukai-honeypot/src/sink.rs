//! What a session's results mean here: facts and bytes go to the store, fetches to the
//! egress.

use crate::downloads;
use crate::limits::STORE_ERROR_LOG_EVERY;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Instant;
use ukai_driver::{FetchReply, FetchRequest, SessionOrigin, Sink};
use ukai_egress::Egress;
use ukai_emulators::Capture;
use ukai_model::{Event, SessionId, Sha256};
use ukai_store::{Store, StoreError};

/// The honeypot's policy.
pub(crate) struct HoneypotSink {
    store: Store,
    egress: Arc<Egress>,
    losses: Mutex<Losses>,
}

/// What could not be kept since the last line in the log.
#[derive(Default)]
struct Losses {
    count: u64,
    logged: Option<Instant>,
}

impl HoneypotSink {
    pub(crate) fn new(store: Store, egress: Arc<Egress>) -> Self {
        Self { store, egress, losses: Mutex::default() }
    }

    /// Nothing can be done for a session when the store cannot write: it goes on, and
    /// the log says so, but not once per event.
    fn note_loss(&self, what: &str, error: &StoreError) {
        let mut losses = self.losses.lock();
        losses.count += 1;
        if losses.logged.is_none_or(|last| last.elapsed() >= STORE_ERROR_LOG_EVERY) {
            tracing::error!(%error, lost = losses.count, "{what} could not be kept");
            *losses = Losses { count: 0, logged: Some(Instant::now()) };
        }
    }
}

impl Sink for HoneypotSink {
    fn record(&self, events: Vec<Event>) -> BoxFuture<'_, ()> {
        async move {
            if let Err(error) = self.store.enqueue(events).await {
                self.note_loss("events", &error);
            }
        }
        .boxed()
    }

    fn capture<'a>(
        &'a self,
        capture: &'a Capture,
        _origin: &'a SessionOrigin,
    ) -> BoxFuture<'a, Option<Sha256>> {
        async move {
            match self.store.put_sample(capture.bytes.clone()).await {
                Ok((sha256, _)) => Some(sha256),
                Err(error) => {
                    self.note_loss("a sample", &error);
                    None
                }
            }
        }
        .boxed()
    }

    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, FetchReply> {
        downloads::fetch(Arc::clone(&self.egress), self.store.clone(), request).boxed()
    }

    fn recording(&self, session: SessionId, asciicast: Vec<u8>) -> BoxFuture<'_, ()> {
        async move {
            if let Err(error) = self.store.put_recording(session, asciicast).await {
                self.note_loss("a recording", &error);
            }
        }
        .boxed()
    }
}
