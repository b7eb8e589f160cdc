//! Segments of a flow (RFC 9293, 3.10.7.4).

use super::options::Seen;
use super::{Context, Outcome};
use crate::event::{Closing, Event, FlowId};
use crate::flow::{Flow, NEVER, State};
use crate::hop::Hop;
use crate::seq::{at_most, before, distance, later};
use crate::stack::Core;
use bytes::Bytes;
use ukai_packet::ip::Ip;
use ukai_packet::tcp::{Flags, Tcp};

/// How often a segment outside the window is answered, in milliseconds (Linux's
/// `tcp_invalid_ratelimit`): two ends that disagree do not go on for ever.
const CHALLENGE_MS: u64 = 500;

/// How long an acknowledgement may wait for another segment or for data, in milliseconds.
const DELAYED_ACK_MS: u64 = 40;

/// How long the peer may take to close, once we take nothing more, in milliseconds (Linux's
/// `tcp_fin_timeout`).
pub(super) const FIN_WAIT_MS: u64 = 60_000;

/// How soon a segment is to be acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ack {
    No,
    Soon,
    Now,
}

impl Core {
    /// Takes a segment; whether its flow is gone and the segment opens another.
    pub(super) fn segment(&mut self, id: FlowId, hop: Hop, ip: &Ip<'_>, tcp: &Tcp<'_>) -> bool {
        let congested = ip.traffic_class & 3 == 3;
        let outcome = self.with(id, |flow, cx| flow.input(cx, hop, congested, tcp));
        outcome == Some(Outcome::Anew)
    }
}

impl Flow {
    fn input(&mut self, cx: &mut Context<'_>, hop: Hop, congested: bool, tcp: &Tcp<'_>) -> Outcome {
        let (flags, seq) = (tcp.flags(), tcp.seq());
        let seen = Seen::read(tcp);
        if self.state == State::SynSent {
            return self.syn_sent(cx, tcp, &seen);
        }
        if self.state == State::TimeWait {
            return self.remembered(cx, tcp, &seen);
        }
        let stamps = seen.stamps.filter(|_| self.timestamps);
        let length = length_of(tcp);
        let end = seq.wrapping_add(length);
        let inside = at_most(self.rcv_nxt, end) && at_most(seq, self.rcv_edge);
        if self.state == State::FinWait2
            && self.deaf
            && let Some(outcome) = self.half_remembered(cx, tcp, inside && !self.is_old(stamps))
        {
            return outcome;
        }
        if flags.any(Flags::RST) {
            return self.peer_resets(cx, seq, inside);
        }
        if flags.any(Flags::SYN) {
            return self.challenge(cx, false);
        }
        if self.is_old(stamps) || !inside {
            if before(seq, self.rcv_nxt) && length > 0 {
                let known = if before(self.rcv_nxt, end) { self.rcv_nxt } else { end };
                cx.twice = Some((seq, known));
            }
            return self.challenge(cx, length > 0);
        }
        if !flags.has(Flags::ACK) {
            return Outcome::Keep;
        }
        if before(self.snd_max, tcp.ack()) || before(tcp.ack(), self.ack_least) {
            return self.challenge(cx, false);
        }
        self.hop = hop;
        if congested {
            self.congested = true;
        }
        if flags.any(Flags::CWR) {
            self.congested = congested;
        }
        if let Some((theirs, _)) = stamps
            && at_most(seq, self.acked)
        {
            self.ts_recent = theirs;
        }
        self.stays_alive(cx);
        self.acknowledged(cx, tcp, &seen, length);
        if self.fin_acknowledged() {
            match self.state {
                State::FinWait1 => {
                    self.state = State::FinWait2;
                    if self.deaf {
                        self.end_at = cx.wire.now + FIN_WAIT_MS;
                    }
                }
                State::Closing => {
                    self.time_wait(cx);
                    return Outcome::Keep;
                }
                State::LastAck => return Outcome::Over(Some(Closing::Done)),
                _ => {}
            }
        }
        let mut ack = if length > 0 { Ack::Now } else { Ack::No };
        let fresh = !tcp.payload().is_empty() && before(self.rcv_nxt, end);
        match self.state {
            // Nobody takes it, and it must not seem that somebody did.
            State::Established | State::FinWait1 | State::FinWait2 if self.deaf && fresh => {
                self.refuse(cx, tcp);
                return Outcome::Over(Some(Closing::Done));
            }
            State::Established | State::FinWait1 | State::FinWait2 if length > 0 => {
                ack = self.take(cx, tcp);
            }
            // The peer has closed: nothing can follow.
            State::CloseWait | State::Closing | State::LastAck if at_most(self.rcv_nxt, seq) => {
                ack = Ack::No;
            }
            State::CloseWait | State::Closing | State::LastAck if fresh => {
                self.refuse(cx, tcp);
                return Outcome::Over(Some(Closing::Reset));
            }
            _ if length > 0 => cx.twice = Some((seq, end)),
            _ => {}
        }
        if ack == Ack::Soon && self.ack_at == NEVER {
            self.ack_at = cx.wire.now + DELAYED_ACK_MS;
        }
        self.output(cx, ack == Ack::Now);
        Outcome::Keep
    }

    /// A segment that is not taken: the peer is told where we are (RFC 5961), not too often
    /// unless it `counts`.
    fn challenge(&mut self, cx: &mut Context<'_>, counts: bool) -> Outcome {
        if self.may_challenge(cx, counts) {
            self.acknowledge(cx);
        }
        Outcome::Keep
    }

    pub(super) fn may_challenge(&mut self, cx: &Context<'_>, counts: bool) -> bool {
        let now = cx.wire.now;
        let may = counts || now >= self.challenged + CHALLENGE_MS;
        if may && !counts {
            self.challenged = now;
        }
        may
    }

    /// The peer resets: only the very next number counts, or what Linux takes for it
    /// (RFC 5961, 3.2): the one before a FIN, and the one behind all that has arrived.
    fn peer_resets(&mut self, cx: &mut Context<'_>, seq: u32, inside: bool) -> Outcome {
        let closed = matches!(self.state, State::CloseWait | State::LastAck | State::Closing);
        let ahead = self.pending.as_ref().filter(|_| self.sack).and_then(|p| p.end());
        if seq != self.rcv_nxt
            && !(closed && seq == self.rcv_nxt.wrapping_sub(1))
            && !(inside && ahead == Some(seq))
        {
            return if inside { self.challenge(cx, false) } else { Outcome::Keep };
        }
        Outcome::Over(Some(match self.state {
            // It has heard all, and forgotten us.
            State::LastAck | State::Closing if self.queued() == 0 => Closing::Done,
            _ => Closing::Reset,
        }))
    }

    /// Whether a segment's clock is behind what was seen (PAWS: RFC 7323, 5.3; Linux lets
    /// one tick pass).
    pub(super) fn is_old(&self, stamps: Option<(u32, u32)>) -> bool {
        stamps.is_some_and(|(theirs, _)| before(theirs.wrapping_add(1), self.ts_recent))
    }

    /// What a segment acknowledges, and the window that it tells.
    fn acknowledged(&mut self, cx: &mut Context<'_>, tcp: &Tcp<'_>, seen: &Seen<'_>, length: u32) {
        let (ack, una, now) = (tcp.ack(), self.snd_una, cx.wire.now);
        let window = u32::from(tcp.window()) << self.snd_scale;
        let moved = before(una, ack);
        let heard = self.heard(now, seen.stamps.filter(|_| self.timestamps));
        // Duplicates are told in the first block (RFC 2883).
        let mut blocks = seen.blocks();
        let twice = blocks.next().is_some_and(|(start, end)| {
            before(start, ack)
                || blocks.next().is_some_and(|(s, e)| at_most(s, start) && at_most(end, e))
        });
        let mut news = moved;
        if moved {
            self.tail_answered(ack, twice);
            let fin = self.fin_sent && ack == self.snd_max;
            let count = distance(una, ack) - u32::from(fin);
            if let Some(queue) = &mut self.queue {
                let before = queue.len();
                let time = queue.sent.acknowledge(una, ack, &heard);
                queue.acknowledge(count as usize);
                *cx.buffered -= before - queue.len();
                if let Some(time) = time {
                    self.measured(time);
                }
            }
            self.snd_una = ack;
            let oldest = ack.wrapping_sub(self.snd_wnd.max(u32::from(u16::MAX)));
            self.ack_least = later(self.ack_least, oldest);
            self.tries = 0;
            self.sent_at = NEVER;
            if !self.in_recovery {
                self.dup_acks = 0;
                let mss = u32::from(self.mss);
                let more = if self.cwnd < self.ssthresh {
                    count.min(2 * mss)
                } else {
                    // By bytes, since the peer acknowledges every other segment (RFC 3465).
                    (u64::from(mss) * u64::from(count.min(self.cwnd)) / u64::from(self.cwnd.max(1)))
                        as u32
                };
                let most = (cx.wire.config.send_bytes_per_flow as u32).saturating_mul(2);
                self.cwnd = self.cwnd.saturating_add(more).min(most.max(mss));
            }
            if self.blocked && self.queued() * 2 <= cx.wire.config.send_bytes_per_flow {
                self.blocked = false;
                cx.events.push_back(Event::Writable { flow: cx.id });
            }
        } else if ack == una
            && length == 0
            && window == self.snd_wnd
            && self.snd_una != self.snd_max
        {
            self.dup_acks = self.dup_acks.saturating_add(1);
        }
        if self.sack
            && let Some(queue) = &mut self.queue
        {
            for (start, end) in seen.blocks() {
                if at_most(self.snd_una, start) && before(start, end) && at_most(end, self.snd_max)
                {
                    news |= queue.sent.arrive(self.snd_una, start, end, &heard);
                }
            }
        }
        // As Linux: without news from the peer, a window only grows or closes.
        if moved
            || before(self.snd_wl1, tcp.seq())
            || self.snd_wl1 == tcp.seq() && (window > self.snd_wnd || window == 0)
        {
            if self.snd_wnd == 0 && window > 0 {
                // What waited for room was probed for, not lost.
                (self.tries, self.sent_at) = (0, NEVER);
            }
            self.snd_wnd = window;
            self.snd_wl1 = tcp.seq();
        }
        self.recover(now, moved, twice, seen.stamps);
        if self.queue.as_ref().is_some_and(|queue| queue.is_empty()) {
            self.queue = None;
        }
        if news {
            self.arm(now);
        }
    }

    /// Takes what a segment brings.
    fn take(&mut self, cx: &mut Context<'_>, tcp: &Tcp<'_>) -> Ack {
        let (mut seq, mut data, mut fin) = (tcp.seq(), tcp.payload(), tcp.flags().any(Flags::FIN));
        if before(seq, self.rcv_nxt) {
            let known = (distance(seq, self.rcv_nxt) as usize).min(data.len());
            data = &data[known..];
            let begin = seq;
            seq = seq.wrapping_add(known as u32);
            cx.twice = (known > 0).then_some((begin, seq));
        }
        let room = if before(seq, self.rcv_edge) { distance(seq, self.rcv_edge) } else { 0 };
        if data.len() > room as usize {
            data = &data[..room as usize];
            fin = false;
        }
        if !data.is_empty() && *cx.buffered + data.len() > cx.wire.config.buffer_bytes_max {
            cx.wire.statistics.short_of_memory += 1;
            return Ack::Now;
        }
        if data.is_empty() && !(fin && at_most(self.rcv_nxt, seq)) {
            return Ack::Now;
        }
        if seq != self.rcv_nxt {
            self.put_aside(cx, seq, data, fin);
            return Ack::Now;
        }
        let whole = data.len() >= usize::from(self.mss);
        self.deliver(cx, Bytes::copy_from_slice(data));
        let in_order = self.pending.is_none();
        if let Some(mut pending) = self.pending.take() {
            let had = pending.bytes();
            while let Some(part) = pending.pop(self.rcv_nxt) {
                self.deliver(cx, part);
            }
            // What was delivered is counted there.
            *cx.buffered -= had - pending.bytes();
            fin |= pending.fin == Some(self.rcv_nxt);
            if !pending.is_empty() && !fin {
                self.pending = Some(pending);
            } else {
                *cx.buffered -= pending.bytes();
            }
        }
        if fin {
            self.peer_shuts(cx);
            return Ack::Now;
        }
        self.unacked = self.unacked.saturating_add(1);
        let quick = self.quick > 0;
        self.quick = self.quick.saturating_sub(1);
        if quick || !in_order || (whole && self.unacked >= 2) { Ack::Now } else { Ack::Soon }
    }

    fn put_aside(&mut self, cx: &mut Context<'_>, seq: u32, data: &[u8], fin: bool) {
        let pending = self.pending.get_or_insert_default();
        let had = pending.bytes();
        cx.twice = pending.insert(seq, data);
        *cx.buffered += pending.bytes() - had;
        if fin {
            pending.fin = Some(seq.wrapping_add(data.len() as u32));
        }
    }

    fn deliver(&mut self, cx: &mut Context<'_>, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        self.rcv_nxt = self.rcv_nxt.wrapping_add(length as u32);
        self.unconsumed += length as u32;
        *cx.buffered += length;
        cx.events.push_back(Event::Received { flow: cx.id, bytes });
    }

    fn peer_shuts(&mut self, cx: &mut Context<'_>) {
        self.rcv_nxt = self.rcv_nxt.wrapping_add(1);
        if !self.deaf {
            cx.events.push_back(Event::PeerClosed { flow: cx.id });
        }
        match self.state {
            State::Established => self.state = State::CloseWait,
            State::FinWait1 => self.state = State::Closing,
            State::FinWait2 => self.time_wait(cx),
            _ => {}
        }
    }
}

/// Numbers that a segment takes.
pub(super) fn length_of(tcp: &Tcp<'_>) -> u32 {
    let flags = tcp.flags();
    let ends = u32::from(flags.any(Flags::SYN)) + u32::from(flags.any(Flags::FIN));
    tcp.payload().len() as u32 + ends
}
