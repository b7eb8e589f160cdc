//! What a flow does by itself, when its time comes.

use super::{Context, Outcome};
use crate::event::{Closing, FlowId};
use crate::flow::{Flow, NEVER, Next, State};
use crate::stack::Core;

/// Retransmissions after which a peer is gone (Linux's `tcp_retries2`); those of our SYN
/// (`tcp_syn_retries`); those of a flow that nobody waits for (`tcp_orphan_retries`).
const TRIES: (u8, u8, u8) = (15, 6, 8);

/// Questions to a silent peer, and the time between them in milliseconds (Linux's
/// `tcp_keepalive_probes` and `tcp_keepalive_intvl`).
const KEEP_ALIVE: (u8, u64) = (9, 75_000);

impl Core {
    /// A flow's timer has gone off, perhaps early.
    pub(crate) fn due(&mut self, id: FlowId) {
        self.with(id, Flow::due);
    }

    /// A path takes less than we sent: all that is on its way is sent again.
    pub(crate) fn send_again(&mut self, id: FlowId) {
        self.with(id, |flow, cx| {
            if let Some(queue) = &mut flow.queue {
                queue.sent.lose_all(false);
            }
            flow.output(cx, false);
            Outcome::Keep
        });
    }
}

impl Flow {
    fn due(&mut self, cx: &mut Context<'_>) -> Outcome {
        let now = cx.wire.now;
        if self.end_at <= now {
            match self.state {
                State::TimeWait => return Outcome::Over(None),
                State::FinWait2 if self.deaf => return Outcome::Over(Some(Closing::Done)),
                _ if self.sent_at == NEVER => {
                    if self.tries >= KEEP_ALIVE.0 {
                        self.reset(cx);
                        return Outcome::Over(Some(Closing::TimedOut));
                    }
                    self.tries += 1;
                    self.probe(cx);
                    self.end_at = now + KEEP_ALIVE.1;
                }
                // What is being sent again finds out.
                _ => self.end_at = NEVER,
            }
        }
        if self.sent_at <= now {
            self.sent_at = NEVER;
            match self.next {
                Next::Overtaken => {
                    self.find_lost(now);
                    self.output(cx, false);
                }
                Next::Tail => self.ask_by_tail(cx),
                Next::Late => {
                    let most = match self.state {
                        State::SynSent => TRIES.1,
                        _ if self.deaf => TRIES.2,
                        _ => TRIES.0,
                    };
                    if self.tries >= most {
                        return Outcome::Over(Some(Closing::TimedOut));
                    }
                    self.tries += 1;
                    self.late(cx);
                }
            }
            self.arm(now);
        }
        if self.ack_at <= now {
            self.acknowledge(cx);
        }
        Outcome::Keep
    }

    /// Nothing was acknowledged for long.
    fn late(&mut self, cx: &mut Context<'_>) {
        if self.state == State::SynSent {
            return self.send_syn(cx);
        }
        if self.snd_una == self.snd_max && self.snd_wnd == 0 {
            // A closed window is asked about as long as the peer answers.
            return self.probe(cx);
        }
        cx.wire.statistics.timeouts += 1;
        self.hold_all_for_lost(cx.wire.now);
        if self.snd_wnd == 0 {
            return self.probe(cx);
        }
        self.output(cx, false);
    }

    /// The peer was heard of.
    pub(super) fn stays_alive(&mut self, cx: &Context<'_>) {
        let closing = self.state == State::TimeWait || self.state == State::FinWait2 && self.deaf;
        if self.sent_at == NEVER {
            self.tries = 0;
        }
        if !closing {
            self.end_at = cx.wire.now + u64::from(cx.wire.config.keep_alive_seconds) * 1_000;
        }
    }
}
