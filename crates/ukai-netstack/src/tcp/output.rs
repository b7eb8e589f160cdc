//! What a flow sends.

use super::Context;
use super::options::Written;
use crate::flow::{Flow, NEVER, Next, State};
use crate::personality::IpId;
use crate::seq::{before, distance, later};
use std::sync::Arc;
use ukai_packet::protocol;
use ukai_packet::tcp::{Flags, Segment};

/// Shortest and longest time after which a segment is sent again, in milliseconds (Linux's
/// `TCP_RTO_MIN` and `TCP_RTO_MAX`); and the first (RFC 6298, 2.1).
const RTO_MS: (u64, u64, u64) = (200, 120_000, 1_000);

/// Segments that are sent at once: what is left follows the next acknowledgement, so that
/// one peer's segment does not cause an unbounded number of ours.
const BURST: usize = 256;

/// A segment that is to be sent.
pub(super) struct Due {
    seq: u32,
    length: u32,
    fin: bool,
}

impl Flow {
    /// Sends what may be sent; `must`: an acknowledgement in any case.
    pub(super) fn output(&mut self, cx: &mut Context<'_>, mut must: bool) {
        for _ in 0..BURST {
            let Some(due) = self.due_segment() else { break };
            self.send_segment(cx, &due);
            must = false;
        }
        if must {
            self.acknowledge(cx);
        }
        // What waits for the peer's window, or for more acknowledgements than come, is
        // asked about.
        let waits = self.queued() > 0 || self.fin_waits();
        if waits && self.sent_at == NEVER {
            self.arm(cx.wire.now);
        }
    }

    /// An acknowledgement alone. Its number must be inside the peer's window even while
    /// older data is sent again, or the peer would not look at it.
    pub(super) fn acknowledge(&mut self, cx: &mut Context<'_>) {
        let edge = later(self.snd_una.wrapping_add(self.snd_wnd), self.snd_una);
        self.bare(cx, if before(edge, self.snd_max) { edge } else { self.snd_max });
    }

    /// Asks the peer for an acknowledgement, with a byte that it has.
    pub(super) fn probe(&mut self, cx: &mut Context<'_>) {
        self.bare(cx, self.snd_una.wrapping_sub(1));
    }

    /// Ends the connection at the peer, by ourselves.
    pub(super) fn reset(&mut self, cx: &mut Context<'_>) {
        let options = Written::of_segment(self.stamps(cx.wire.now), &[]);
        let window = self.window(cx);
        self.write(cx, self.snd_max, 0, Flags::RST | Flags::ACK, window, &options);
    }

    fn bare(&mut self, cx: &mut Context<'_>, seq: u32) {
        let mut blocks = Vec::new();
        if self.sack {
            blocks.extend(cx.twice.take());
            blocks.extend(self.pending.iter().flat_map(|pending| pending.blocks()));
        }
        let options = Written::of_segment(self.stamps(cx.wire.now), &blocks);
        let window = self.window(cx);
        let ece = if self.congested { Flags::ECE } else { Flags(0) };
        self.write(cx, seq, 0, Flags::ACK | ece, window, &options);
        self.is_acknowledged();
    }

    fn is_acknowledged(&mut self) {
        (self.acked, self.ack_at, self.unacked) = (self.rcv_nxt, NEVER, 0);
    }

    fn stamps(&self, now: u64) -> Option<(u32, u32)> {
        self.timestamps.then(|| (self.clock(now), self.ts_recent))
    }

    /// Behind the last byte of data that there is.
    fn data_end(&self) -> u32 {
        self.snd_una.wrapping_add(self.queued() as u32)
    }

    /// Whether our FIN is still to be sent or acknowledged, and nothing else.
    fn fin_waits(&self) -> bool {
        self.shut
            && !self.fin_acknowledged()
            && matches!(self.state, State::FinWait1 | State::Closing | State::LastAck)
    }

    /// Bytes that are on their way, as far as we know.
    pub(super) fn in_flight(&self) -> u32 {
        self.queue.as_ref().map_or(0, |queue| queue.sent.flying())
    }

    fn due_segment(&self) -> Option<Due> {
        if matches!(self.state, State::SynSent | State::TimeWait | State::FinWait2) {
            return None;
        }
        let by_path = self.cwnd.saturating_sub(self.in_flight());
        match self.queue.as_ref().and_then(|queue| queue.sent.lost(self.snd_una)) {
            // The first goes in any case: it is what the peer waits for.
            Some((start, end)) if start == self.snd_una || by_path >= u32::from(self.mss) => {
                self.sent_once(start, end)
            }
            Some(_) => None,
            None => self.fresh(by_path),
        }
    }

    /// A segment of `start..end`, which was sent.
    pub(super) fn sent_once(&self, start: u32, end: u32) -> Option<Due> {
        let (data_end, edge) = (self.data_end(), self.snd_una.wrapping_add(self.snd_wnd));
        let to = |end: u32| if before(start, end) { distance(start, end) } else { 0 };
        let length = to(data_end).min(to(end)).min(to(edge)).min(u32::from(self.mss));
        let last = start.wrapping_add(length);
        let fin = self.fin_sent && last == data_end && before(data_end, end);
        (length > 0 || fin).then_some(Due { seq: start, length, fin })
    }

    /// A segment of what was not sent yet, if the path takes so many bytes.
    pub(super) fn fresh(&self, by_path: u32) -> Option<Due> {
        let (mss, next) = (u32::from(self.mss), self.snd_max);
        let (data_end, edge) = (self.data_end(), self.snd_una.wrapping_add(self.snd_wnd));
        let to = |end: u32| if before(next, end) { distance(next, end) } else { 0 };
        let left = to(data_end);
        let mut length = left.min(to(edge)).min(by_path).min(mss);
        let flight = self.in_flight();
        // No small pieces because the window is small (RFC 9293, 3.8.6.2.1), unless nothing
        // else would bring an acknowledgement.
        if length < mss && length < left && flight > 0 {
            length = 0;
        }
        // A FIN may go beyond the window: it takes no memory.
        let fin = self.fin_waits()
            && !self.fin_sent
            && length == left
            && (left > 0 || flight == 0 || by_path > 0);
        (length > 0 || fin).then_some(Due { seq: next, length, fin })
    }

    pub(super) fn send_segment(&mut self, cx: &mut Context<'_>, due: &Due) {
        let now = cx.wire.now;
        let end = due.seq.wrapping_add(due.length).wrapping_add(u32::from(due.fin));
        let again = before(due.seq, self.snd_max);
        let options = Written::of_segment(self.stamps(now), &[]);
        let mut flags = Flags::ACK;
        if due.fin {
            flags = flags | Flags::FIN;
        }
        if due.length > 0 && due.seq.wrapping_add(due.length) == self.data_end() {
            flags = flags | Flags::PSH;
        }
        if self.congested {
            flags = flags | Flags::ECE;
        }
        let window = self.window(cx);
        self.write(cx, due.seq, due.length, flags, window, &options);
        self.is_acknowledged();
        let (una, time) = (self.snd_una, now as u32);
        let sent = &mut self.queue.get_or_insert_default().sent;
        if again {
            sent.send_again(una, due.seq, end, time);
            cx.wire.statistics.sent_again += 1;
        } else {
            sent.send(distance(due.seq, end), end, time);
            self.snd_max = end;
        }
        self.fin_sent |= due.fin;
        // What follows the last segment is asked for from the last segment on.
        if self.sent_at == NEVER || self.next == Next::Tail {
            self.arm(now);
        }
    }

    pub(super) fn write(
        &mut self,
        cx: &mut Context<'_>,
        seq: u32,
        length: u32,
        flags: Flags,
        window: u16,
        options: &Written,
    ) {
        let personality = Arc::clone(&self.personality);
        let ends = (self.tuple.local, self.tuple.peer);
        let mut header = cx.wire.header(ends, protocol::TCP, &personality, IpId::Zero);
        header.id = match personality.id_segments {
            IpId::Zero => 0,
            _ if ends.0.is_ipv6() => 0,
            // Linux counts in each flow (`inet->inet_id`).
            IpId::Counter => {
                self.ip_id = self.ip_id.wrapping_add(1);
                self.ip_id
            }
            kind => cx.wire.ids.next(kind, ends, protocol::TCP, &mut cx.wire.rng),
        };
        let payload = match &self.queue {
            Some(queue) if length > 0 => {
                queue.slices(distance(self.snd_una, seq) as usize, length as usize)
            }
            _ => [&[][..], &[][..]],
        };
        let segment = Segment {
            src_port: self.tuple.local_port,
            dst_port: self.tuple.peer_port,
            seq,
            ack: if flags.any(Flags::ACK) { self.rcv_nxt } else { 0 },
            flags,
            window,
            urgent: 0,
            options: options.bytes(),
            payload,
        };
        let out = cx.wire.begin(&self.hop, self.tuple.local.is_ipv6());
        segment.write(&header, out);
        cx.wire.frames.end();
    }

    /// The window to be told: what fits, and never less than was told before.
    fn window(&mut self, cx: &Context<'_>) -> u16 {
        let config = &cx.wire.config;
        let limit = config.receive_bytes_per_flow;
        let waiting = self.unconsumed as usize + self.pending();
        let short = *cx.buffered >= config.buffer_bytes_max;
        let most = usize::from(u16::MAX) << self.rcv_scale;
        let free = if short { 0 } else { limit.saturating_sub(waiting).min(most) };
        let free = (free >> self.rcv_scale << self.rcv_scale) as u32;
        let edge = self.rcv_nxt.wrapping_add(free);
        // No small steps (RFC 9293, 3.8.6.2.2).
        let step = u32::from(self.mss).min(limit as u32 / 2);
        if before(self.rcv_edge, edge) && distance(self.rcv_edge, edge) >= step {
            self.rcv_edge = edge;
        }
        let open = if before(self.rcv_nxt, self.rcv_edge) {
            distance(self.rcv_nxt, self.rcv_edge)
        } else {
            0
        };
        (open >> self.rcv_scale).min(u32::from(u16::MAX)) as u16
    }

    /// Whether the peer should be told that there is room again.
    pub(super) fn has_room(&mut self, cx: &Context<'_>) -> bool {
        let told = distance(self.rcv_nxt, later(self.rcv_edge, self.rcv_nxt));
        let free = cx.wire.config.receive_bytes_per_flow as u32;
        let free = free.saturating_sub(self.unconsumed + self.pending() as u32);
        // It was nearly closed, or a half of it is free again.
        let least = (2 * u32::from(self.mss)).min(free);
        free > told && (told < least || free - told >= free / 2)
    }

    /// After how long a segment is sent again, in milliseconds (RFC 6298).
    pub(super) fn rto(&self) -> u64 {
        let (least, most, first) = RTO_MS;
        let time = if self.srtt == 0 {
            first
        } else {
            u64::from(self.srtt / 8) + u64::from(self.rttvar).max(least)
        };
        (time.max(least) << self.tries.min(16)).min(most)
    }
}
