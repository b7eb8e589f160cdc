//! TCP (RFC 9293). `answers.rs`: segments that belong to no flow. `open.rs`: how flows come
//! to be. `input.rs`: segments of a flow. `output.rs`: what a flow sends. `loss.rs`: what
//! of it is lost. `timers.rs`: what
//! it does by itself. `time_wait.rs`: what it answers once it is over. `calls.rs`: what its
//! user asks for.

mod answers;
mod calls;
mod input;
mod loss;
mod open;
mod options;
mod output;
mod time_wait;
mod timers;

use crate::event::{Closing, Event, FlowId};
use crate::flow::NEVER;
use crate::stack::Core;
use crate::wire::Wire;
use std::collections::VecDeque;

/// What a flow works with.
struct Context<'a> {
    id: FlowId,
    wire: &'a mut Wire,
    events: &'a mut VecDeque<Event>,
    /// Bytes that wait in all flows.
    buffered: &'a mut usize,
    /// What a segment has brought that was had: the acknowledgement tells it (RFC 2883).
    twice: Option<(u32, u32)>,
}

/// What becomes of a flow.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Keep,
    /// It is over; that is told, unless it was told before.
    Over(Option<Closing>),
    /// It is over, and a peer opens another with the same ends.
    Anew,
}

impl Core {
    /// Lets a flow work; gives what becomes of it, when that has happened.
    fn with(
        &mut self,
        id: FlowId,
        work: impl FnOnce(&mut crate::flow::Flow, &mut Context<'_>) -> Outcome,
    ) -> Option<Outcome> {
        let flow = self.flows.get_mut(id)?;
        let mut cx = Context {
            id,
            wire: &mut self.wire,
            events: &mut self.events,
            buffered: &mut self.buffered,
            twice: None,
        };
        let outcome = work(flow, &mut cx);
        let deadline = flow.deadline();
        match outcome {
            Outcome::Keep if deadline != NEVER => self.wheel.at_most(id.index, deadline),
            Outcome::Keep => {}
            Outcome::Over(how) => self.remove(id, how),
            Outcome::Anew => self.remove(id, None),
        }
        Some(outcome)
    }

    /// Forgets a flow, and tells it if `how` says so.
    pub(crate) fn remove(&mut self, id: FlowId, how: Option<Closing>) {
        let Some(flow) = self.flows.remove(id) else { return };
        self.wheel.remove(id.index);
        self.buffered -= flow.buffered();
        self.ended.note(&flow.tuple, self.wire.now);
        if let Some(how) = how {
            self.events.push_back(Event::Closed { flow: id, how });
        }
    }
}
