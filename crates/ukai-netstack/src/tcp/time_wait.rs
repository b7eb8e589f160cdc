//! TIME-WAIT: both sides have closed, we first, and the end is remembered for a while, in
//! case that the peer has not heard our last acknowledgement (RFC 9293, 3.10.7.4). So does
//! Linux with FIN-WAIT-2, once nobody listens: the rules are those of its
//! `tcp_timewait_state_process`.

use super::options::{Seen, Written};
use super::{Context, Outcome};
use crate::event::{Closing, Event};
use crate::flow::{Flow, NEVER, State};
use crate::seq::before;
use ukai_packet::tcp::{Flags, Tcp};

impl Flow {
    pub(super) fn time_wait(&mut self, cx: &mut Context<'_>) {
        self.state = State::TimeWait;
        *cx.buffered -= self.buffered();
        (self.queue, self.pending, self.unconsumed) = (None, None, 0);
        self.sent_at = NEVER;
        self.wait_again(cx);
        cx.events.push_back(Event::Closed { flow: cx.id, how: Closing::Done });
    }

    fn wait_again(&mut self, cx: &Context<'_>) {
        self.end_at = cx.wire.now + u64::from(cx.wire.config.time_wait_seconds) * 1_000;
    }

    /// A segment for a flow that is over.
    pub(super) fn remembered(
        &mut self,
        cx: &mut Context<'_>,
        tcp: &Tcp<'_>,
        seen: &Seen<'_>,
    ) -> Outcome {
        let (flags, seq) = (tcp.flags(), tcp.seq());
        let stamps = seen.stamps.filter(|_| self.timestamps);
        let newer = stamps.is_some_and(|(theirs, _)| before(self.ts_recent, theirs));
        // A reset, too: or an old one would end the memory early (RFC 1337).
        let old = stamps.is_some_and(|(theirs, _)| before(theirs, self.ts_recent));
        let length = super::input::length_of(tcp);
        if !old && seq == self.rcv_nxt && (length == 0 || flags.any(Flags::RST)) {
            if flags.any(Flags::RST) {
                return Outcome::Over(None);
            }
            self.wait_again(cx);
            if let Some((theirs, _)) = stamps {
                self.ts_recent = theirs;
            }
            return Outcome::Keep;
        }
        if flags.any(Flags::RST) {
            return Outcome::Keep;
        }
        if flags.any(Flags::SYN)
            && !flags.any(Flags::ACK)
            && !old
            && (before(self.rcv_nxt, seq) || newer)
        {
            return Outcome::Anew;
        }
        if old || flags.any(Flags::ACK) {
            self.wait_again(cx);
        }
        let counts = length > 0 && !flags.any(Flags::SYN);
        if self.may_challenge(cx, counts) {
            self.acknowledge(cx);
        }
        Outcome::Keep
    }

    /// A segment of a peer that has not closed, though we have, and take nothing more;
    /// `None`: nothing is wrong with it.
    pub(super) fn half_remembered(
        &mut self,
        cx: &mut Context<'_>,
        tcp: &Tcp<'_>,
        inside: bool,
    ) -> Option<Outcome> {
        let (flags, seq) = (tcp.flags(), tcp.seq());
        if !inside {
            return None;
        }
        if flags.any(Flags::RST) {
            return Some(Outcome::Over(Some(Closing::Reset)));
        }
        let end = seq.wrapping_add(super::input::length_of(tcp));
        let syn = flags.any(Flags::SYN) && !before(seq, self.rcv_nxt);
        let ends = flags.any(Flags::FIN) && end == self.rcv_nxt.wrapping_add(1);
        let more = flags.has(Flags::ACK) && end != seq && before(self.rcv_nxt, end) && !ends;
        if !syn && !more {
            return None;
        }
        self.refuse(cx, tcp);
        Some(Outcome::Over(Some(Closing::Done)))
    }

    /// Answers a segment with a reset.
    pub(super) fn refuse(&mut self, cx: &mut Context<'_>, tcp: &Tcp<'_>) {
        if tcp.flags().has(Flags::ACK) {
            return self.write(cx, tcp.ack(), 0, Flags::RST, 0, &Written::NONE);
        }
        self.rcv_nxt = tcp.seq().wrapping_add(super::input::length_of(tcp));
        self.write(cx, 0, 0, Flags::RST | Flags::ACK, 0, &Written::NONE);
    }
}
