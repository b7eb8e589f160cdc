//! What the user of a flow asks for.

use super::Outcome;
use crate::event::{Closing, FlowId};
use crate::flow::{Flow, State};
use crate::stack::Core;

impl Core {
    pub(crate) fn send(&mut self, id: FlowId, bytes: &[u8]) -> usize {
        let mut taken = 0;
        self.with(id, |flow, cx| {
            if flow.shut || !matches!(flow.state, State::Established | State::CloseWait) {
                return Outcome::Keep;
            }
            let config = &cx.wire.config;
            let room = config.send_bytes_per_flow.saturating_sub(flow.queued());
            let overall = config.buffer_bytes_max.saturating_sub(*cx.buffered);
            taken = bytes.len().min(room).min(overall);
            flow.blocked |= taken < bytes.len();
            if taken > 0 {
                flow.queue.get_or_insert_default().push(&bytes[..taken]);
                *cx.buffered += taken;
                flow.output(cx, false);
            }
            Outcome::Keep
        });
        taken
    }

    pub(crate) fn consumed(&mut self, id: FlowId, bytes: usize) {
        self.with(id, |flow, cx| {
            let count = bytes.min(flow.unconsumed as usize);
            flow.unconsumed -= count as u32;
            *cx.buffered -= count;
            let open = matches!(flow.state, State::Established | State::FinWait1 | State::FinWait2);
            if open && flow.has_room(cx) {
                flow.output(cx, true);
            }
            Outcome::Keep
        });
    }

    pub(crate) fn shut(&mut self, id: FlowId, deaf: bool) {
        self.with(id, |flow, cx| {
            if deaf {
                flow.deaf = true;
                *cx.buffered -= flow.unconsumed as usize;
                flow.unconsumed = 0;
            }
            match flow.state {
                State::SynSent => return Outcome::Over(Some(Closing::Done)),
                State::Established => flow.state = State::FinWait1,
                State::CloseWait => flow.state = State::LastAck,
                State::FinWait2 if deaf => {
                    flow.end_at = cx.wire.now + super::input::FIN_WAIT_MS;
                    return Outcome::Keep;
                }
                _ => return Outcome::Keep,
            }
            flow.shut = true;
            flow.output(cx, false);
            Outcome::Keep
        });
    }

    pub(crate) fn abort(&mut self, id: FlowId) {
        self.with(id, |flow, cx| {
            let told = flow.state != State::TimeWait;
            if !matches!(flow.state, State::SynSent | State::TimeWait) {
                flow.reset(cx);
            }
            Outcome::Over(told.then_some(Closing::Done))
        });
    }
}

impl Flow {
    /// Bytes that wait in it.
    pub(crate) fn buffered(&self) -> usize {
        self.queued() + self.pending() + self.unconsumed as usize
    }
}
