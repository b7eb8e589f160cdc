//! What effects of sessions mean here: everything is written down, and what is fetched comes
//! from the virtual Internet itself.

use crate::book::Pen;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ukai_driver::{FetchReply, FetchRequest, SessionOrigin, Sink};
use ukai_emulators::Capture;
use ukai_model::{Event, FetchOutcome, SessionId, Sha256};

/// The virtual Internet's policy.
pub(crate) struct VirtualSink {
    pub(crate) pen: Pen,
}

impl Sink for VirtualSink {
    fn record(&self, events: Vec<Event>) -> BoxFuture<'_, ()> {
        self.pen.put(events).boxed()
    }

    fn capture<'a>(
        &'a self,
        capture: &'a Capture,
        _origin: &'a SessionOrigin,
    ) -> BoxFuture<'a, Option<Sha256>> {
        self.pen.keep(capture).boxed()
    }

    fn fetch(&self, _request: FetchRequest) -> BoxFuture<'static, FetchReply> {
        // A device that a sample takes over is told to load the sample's next part: there is
        // none but on the sample's own server, which the device is not.
        let error = "devices of the virtual Internet load nothing".to_owned();
        std::future::ready(FetchReply::not_tried(FetchOutcome::Forbidden, error)).boxed()
    }

    fn recording(&self, session: SessionId, asciicast: Vec<u8>) -> BoxFuture<'_, ()> {
        self.pen.terminal(session, asciicast).boxed()
    }
}
