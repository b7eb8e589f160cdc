//! The tests that stand in the files, run: each in a session of its own, with the whole
//! set, so that one family that is taken for another is found.
//!
//! They come from 192.0.2.1, port 40000, at 2026-01-02T03:04:05Z (`$now` is 1767323045).

use super::exchange::Exchange;
use super::set::{Conversation, ReplySet, Test};
use std::fmt;
use std::sync::Arc;
use ukai_emulators::{Context, Effect, TimerId};
use ukai_model::{Duration, Flow, PeerText, Timestamp};

/// When tests happen.
const START: Timestamp = Timestamp::from_secs(1_767_323_045);
/// The port where a family names none.
const PORT: u16 = 9_999;

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The conversation's identity.
    pub conversation: String,
    /// The test's name.
    pub test: String,
    /// Which step, from one.
    pub step: usize,
    /// What was expected and what came.
    pub problem: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversation, test, step, problem } = self;
        write!(f, "{conversation}: test {test:?}, step {step}: {problem}")
    }
}

/// Runs every test of the set; what failed.
pub fn check(set: &Arc<ReplySet>) -> Vec<Failure> {
    let all = set.conversations.iter();
    all.flat_map(|known| known.tests.iter().map(move |test| (known, test)))
        .filter_map(|(known, test)| run(set, known, test).err())
        .collect()
}

fn run(set: &Arc<ReplySet>, known: &Conversation, test: &Test) -> Result<(), Failure> {
    let fail = |step: usize, problem: String| Failure {
        conversation: known.id.clone(),
        test: test.name.clone(),
        step,
        problem,
    };
    let port = known.ports.first().copied().unwrap_or(PORT);
    let flow = Flow::new(
        known.tested_on(),
        ([192, 0, 2, 1], 40_000).into(),
        ([198, 51, 100, 1], port).into(),
    );
    let mut run = Run {
        exchange: Exchange::new(Arc::clone(set), flow),
        now: START,
        timers: Vec::new(),
        sent: Vec::new(),
        closed: false,
    };
    run.act(Exchange::open);
    for (at, step) in test.steps.iter().enumerate() {
        if let Some(bytes) = &step.send {
            run.act(|exchange, cx| exchange.bytes(cx, bytes));
        }
        run.wait(step.wait);
        if run.exchange.held().is_some_and(|held| held != known.id) {
            let other = run.exchange.held().unwrap_or_default();
            return Err(fail(at + 1, format!("it was taken for {other}")));
        }
        let sent = PeerText::new(std::mem::take(&mut run.sent));
        if sent.as_bytes() != step.expect {
            let expected = PeerText::new(step.expect.clone());
            return Err(fail(at + 1, format!("expected \"{expected}\", came \"{sent}\"")));
        }
        if run.closed != step.closed {
            let word = if run.closed { "closed" } else { "open" };
            return Err(fail(at + 1, format!("the connection is {word}")));
        }
    }
    Ok(())
}

/// What a driver would do.
struct Run {
    exchange: Exchange,
    now: Timestamp,
    timers: Vec<(TimerId, Timestamp)>,
    sent: Vec<u8>,
    closed: bool,
}

impl Run {
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = (0..self.timers.len()).min_by_key(|at| self.timers[*at].1)
            && self.timers[at].1 <= until
        {
            let (id, due) = self.timers.swap_remove(at);
            self.now = self.now.max(due);
            self.act(|exchange, cx| exchange.timer(cx, id));
        }
        self.now = until;
    }

    fn act(&mut self, act: impl FnOnce(&mut Exchange, &mut Context<'_>)) {
        let mut effects = Vec::new();
        act(&mut self.exchange, &mut Context { now: self.now, effects: &mut effects });
        for effect in effects {
            match effect {
                Effect::Send(bytes) if !self.closed => self.sent.extend_from_slice(&bytes),
                Effect::Timer { id, at } => {
                    self.timers.retain(|(other, _)| *other != id);
                    self.timers.push((id, at));
                }
                Effect::Close(_) => self.closed = true,
                _ => {}
            }
        }
    }
}
