//! One flow: the conversation is chosen, by port or by first bytes, and then held.

use super::set::ReplySet;
use super::talk::{Talk, recognised};
use crate::limits::REPLY_BUFFER_BYTES;
use crate::told::Told;
use std::sync::Arc;
use ukai_emulators::{Context, TimerId};
use ukai_model::{Flow, Transport};

pub(super) struct Exchange {
    set: Arc<ReplySet>,
    flow: Flow,
    told: Told,
    /// First bytes that are nobody's yet.
    early: Vec<u8>,
    talk: Option<Talk>,
    named: bool,
}

impl Exchange {
    pub(super) fn new(set: Arc<ReplySet>, flow: Flow) -> Self {
        Self { set, flow, told: Told::new("replies"), early: Vec::new(), talk: None, named: false }
    }

    /// The conversation that is held.
    pub(super) fn held(&self) -> Option<&str> {
        self.talk.as_ref().map(Talk::id)
    }

    pub(super) fn open(&mut self, cx: &mut Context<'_>) {
        if let Some(found) = self.set.opened_on(self.flow.transport, self.flow.dst_port) {
            let mut talk = Talk::new(Arc::clone(found), self.flow.peer(), self.datagrams());
            talk.open(cx, &mut self.told);
            self.talk = Some(talk);
        }
    }

    pub(super) fn bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let datagrams = self.datagrams();
        let joined;
        let bytes = if self.early.is_empty() {
            bytes
        } else {
            joined = [std::mem::take(&mut self.early).as_slice(), bytes].concat();
            &joined
        };
        if self.talk.is_none() {
            let (transport, port) = (self.flow.transport, self.flow.dst_port);
            let Some(found) = self.set.begun_by(transport, port, bytes) else {
                let wait =
                    bytes.len() < REPLY_BUFFER_BYTES && self.set.may_begin(transport, port, bytes);
                if wait && !datagrams {
                    self.early = bytes.to_vec();
                } else {
                    self.told.payload(cx, "unknown", bytes);
                }
                return;
            };
            self.talk = Some(Talk::new(Arc::clone(found), self.flow.peer(), datagrams));
        }
        let Some(talk) = &mut self.talk else { return };
        if !self.named {
            self.named = true;
            self.told.record(cx, recognised(talk.id(), bytes));
        }
        talk.bytes(cx, &mut self.told, bytes);
    }

    pub(super) fn timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if let Some(talk) = &mut self.talk {
            talk.timer(cx, timer);
        }
    }

    /// The peer sends no more: what waited to become a conversation does not.
    pub(super) fn eof(&mut self, cx: &mut Context<'_>) {
        let early = std::mem::take(&mut self.early);
        if !early.is_empty() {
            self.told.payload(cx, "unknown", &early);
        }
        cx.close();
    }

    fn datagrams(&self) -> bool {
        self.flow.transport == Transport::Udp
    }
}
