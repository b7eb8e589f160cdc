//! Conversations as data: what a known family's server answered, so that a bot of that
//! family goes on waiting for orders that never come.
//!
//! A set is read from TOML files (`emulations/replies/`, whose README tells the form);
//! `check` runs the tests that stand in them. Nothing here reads files: who loads them
//! gives names and texts.

mod check;
mod error;
mod exchange;
mod matcher;
mod set;
mod spec;
mod talk;
mod template;

pub use check::{Failure, check};
pub use error::ReplyError;
pub use set::{ReplySet, SHIPPED};

use crate::simple::{Plain, Simple};
use exchange::Exchange;
use std::sync::Arc;
use ukai_emulators::{Context, Emulator, Open, Session, TimerId};
use ukai_model::Transport;

/// A server for all conversations of a set: the first bytes choose one.
#[derive(Clone, Debug)]
pub struct Replies {
    set: Arc<ReplySet>,
}

impl Replies {
    /// A server with this set.
    pub fn new(set: Arc<ReplySet>) -> Self {
        Self { set }
    }

    /// Whether a conversation of the set begins with these bytes on this port. Families'
    /// first bytes are short: whoever recognises protocols asks this last, unless a
    /// conversation [names](Self::names) the port.
    pub fn matches(&self, transport: Transport, port: u16, bytes: &[u8]) -> bool {
        self.set.begun_by(transport, port, bytes).is_some()
    }

    /// Whether a conversation of the set is for this port in particular.
    pub fn names(&self, transport: Transport, port: u16) -> bool {
        self.set.named_on(transport, port)
    }

    /// Whether on this port the server speaks first.
    pub fn speaks_first(&self, transport: Transport, port: u16) -> bool {
        self.set.opened_on(transport, port).is_some()
    }
}

impl Default for Replies {
    /// With the set that is shipped.
    fn default() -> Self {
        Self::new(ReplySet::shipped())
    }
}

impl Emulator for Replies {
    fn name(&self) -> &'static str {
        "replies"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(Plain(Exchange::new(Arc::clone(&self.set), open.flow)))
    }
}

impl Simple for Exchange {
    const NAME: &'static str = "replies";

    fn on_open(&mut self, cx: &mut Context<'_>) {
        self.open(cx);
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        self.bytes(cx, bytes);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.eof(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        self.timer(cx, timer);
    }
}

#[cfg(test)]
mod tests;
