//! A session's events: given identity, time and order, and recorded in batches.

use crate::SessionOrigin;
use crate::driver::Shared;
use std::sync::Arc;
use ukai_model::{Duration, Event, EventId, EventKind, Flow, SCHEMA_VERSION, SessionId, Timestamp};

/// A session's events.
pub(super) struct Journal {
    shared: Arc<Shared>,
    session: SessionId,
    flow: Flow,
    last: Timestamp,
    events: Vec<Event>,
    /// Limits that were reported already: each once per session.
    limits: Vec<&'static str>,
}

impl Journal {
    pub(super) fn new(shared: &Arc<Shared>, flow: Flow, now: Timestamp) -> Self {
        Self {
            session: SessionId::new(now, shared.world.random()),
            shared: Arc::clone(shared),
            flow,
            last: Timestamp::default(),
            events: Vec::new(),
            limits: Vec::new(),
        }
    }

    /// A journal that goes on where this one ends.
    pub(super) fn successor(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            session: self.session,
            flow: self.flow,
            last: self.last,
            events: Vec::new(),
            limits: self.limits.clone(),
        }
    }

    pub(super) const fn flow(&self) -> Flow {
        self.flow
    }

    pub(super) const fn session(&self) -> SessionId {
        self.session
    }

    pub(super) fn origin(&self, persona: &str) -> SessionOrigin {
        SessionOrigin {
            sensor: self.shared.sensor.clone(),
            session: self.session,
            flow: self.flow,
            persona: persona.to_owned(),
        }
    }

    /// Notes a fact, to be recorded with the batch. Two facts are at least a microsecond
    /// apart, so that identities, too, keep their order.
    pub(super) fn note(&mut self, kind: EventKind) {
        let time = self.shared.world.now().max(self.last + Duration::from_micros(1));
        self.last = time;
        self.events.push(Event {
            v: SCHEMA_VERSION,
            id: EventId::new(time, self.shared.world.random()),
            time,
            sensor: self.shared.sensor.clone(),
            session: Some(self.session),
            flow: Some(self.flow),
            kind,
        });
    }

    /// Notes that a limit cut something short; further cuts by it are not noted.
    pub(super) fn limit(&mut self, limit: &'static str, detail: &str) {
        if !self.limits.contains(&limit) {
            self.limits.push(limit);
            self.note(EventKind::LimitReached {
                limit: limit.to_owned(),
                detail: detail.to_owned(),
            });
        }
    }

    /// Records the batch.
    pub(super) async fn record(&mut self) {
        if !self.events.is_empty() {
            let events = std::mem::take(&mut self.events);
            self.shared.sink.record(events).await;
        }
    }
}
