//! Whether what was sent is lost: by what was sent later and has arrived, and by time
//! (RACK-TLP, RFC 8985); by repeated acknowledgements where the peer names no blocks
//! (RFC 6582). And what follows of it (RFC 5681).

use super::Context;
use crate::flow::{Flow, NEVER, Next};
use crate::sent::{Heard, Tail, Undo};
use crate::seq::{at_most, before};

/// Acknowledgements of the same byte, or segments that have arrived behind it, after which
/// it is held for lost (RFC 5681, 3.2).
const DUP_THRESHOLD: u8 = 3;

/// What is lost of the window with each loss: three tenths (RFC 9438, 4.6).
const KEPT_TENTHS: u32 = 7;

/// The most and the least that the last segment's acknowledgement is waited for, beyond two
/// round trips, in milliseconds: the peer may delay it (Linux's `tcp_schedule_loss_probe`).
const TAIL_MS: (u64, u64) = (200, 8);

/// How many quarters of a round trip what was overtaken is waited for at most, and for how
/// many recoveries after the last duplicate (RFC 8985, 6.2, step 4).
const PATIENCE: (u8, u8) = (16, 16);

impl Flow {
    /// How an acknowledgement comes, with these clocks.
    pub(super) fn heard(&self, now: u64, stamps: Option<(u32, u32)>) -> Heard {
        let hertz = u64::from(self.personality.clock_hertz.unwrap_or(0));
        let age = stamps.filter(|_| hertz > 0).map(|(_, echo)| {
            let ticks = self.clock(now).wrapping_sub(echo);
            // The clock's own ticks blur it.
            let age = u64::from(ticks.saturating_sub(1)) * 1_000 / hertz;
            age.min(u64::from(u32::MAX)) as u32
        });
        Heard { now: now as u32, shortest: self.shortest, age }
    }

    /// Sees what an acknowledgement means for what is on its way. `moved`: it acknowledges
    /// something; `twice`: the peer has had something twice.
    pub(super) fn recover(
        &mut self,
        now: u64,
        moved: bool,
        twice: bool,
        stamps: Option<(u32, u32)>,
    ) {
        let una = self.snd_una;
        if moved {
            self.undo(stamps);
        }
        if twice && at_most(self.patience_from, una) {
            self.patience = self.patience.saturating_add(1).min(PATIENCE.0);
            (self.patience_left, self.patience_from) = (PATIENCE.1, self.snd_max);
        }
        if self.in_recovery && at_most(self.recover, una) {
            self.in_recovery = false;
            self.dup_acks = 0;
            self.patience_left = self.patience_left.saturating_sub(1);
            if self.patience_left == 0 {
                self.patience = 1;
            }
        } else if self.in_recovery && moved && !self.sack {
            // The next hole begins here.
            self.lose_first();
        }
        self.find_lost(now);
    }

    /// Finds what is lost by now.
    pub(super) fn find_lost(&mut self, now: u64) {
        let (una, mss, flight) = (self.snd_una, u32::from(self.mss), self.in_flight());
        let begins = !self.in_recovery && at_most(self.recover, una);
        if !self.sack {
            if begins && self.dup_acks >= DUP_THRESHOLD {
                self.lose_first();
                self.begin_recovery(flight);
            }
            return;
        }
        let Some(queue) = &mut self.queue else { return };
        self.overtaken |= std::mem::take(&mut queue.sent.overtaken);
        let many = queue.sent.arrived() >= u32::from(DUP_THRESHOLD) * mss;
        let window = if !self.overtaken && (many || !begins) {
            0
        } else {
            let quarters = u64::from(self.shortest) * u64::from(self.patience) / 4;
            (quarters.min(u64::from(self.srtt / 8)) as u32).max(1)
        };
        if queue.sent.find_lost(una, now as u32, window) && begins {
            self.begin_recovery(flight);
        }
    }

    fn begin_recovery(&mut self, flight: u32) {
        self.in_recovery = true;
        self.recover = self.snd_max;
        self.ssthresh = (flight / 10 * KEPT_TENTHS).max(2 * u32::from(self.mss));
        self.cwnd = self.ssthresh;
    }

    fn lose_first(&mut self) {
        let (una, end) = (self.snd_una, self.snd_una.wrapping_add(u32::from(self.mss)));
        let end = if before(self.snd_max, end) { self.snd_max } else { end };
        if let Some(queue) = &mut self.queue {
            queue.sent.lose(una, una, end);
        }
    }

    /// Nothing was acknowledged for long.
    pub(super) fn hold_all_for_lost(&mut self, now: u64) {
        let (mss, clock) = (u32::from(self.mss), self.clock(now));
        let undo = Undo { cwnd: self.cwnd, ssthresh: self.ssthresh, clock };
        let first = self.tries == 1;
        if first {
            self.ssthresh = (self.in_flight() / 2).max(2 * mss);
        }
        self.cwnd = mss;
        self.recover = self.snd_max;
        self.in_recovery = false;
        self.dup_acks = 0;
        if let Some(queue) = &mut self.queue {
            if first {
                queue.sent.undo = Some(undo);
            }
            queue.sent.lose_all(!first);
        }
    }

    /// If what is acknowledged was sent before it was held for lost, it was not: the path
    /// was slow (the Eifel detection, RFC 3522, and response, RFC 4015).
    fn undo(&mut self, stamps: Option<(u32, u32)>) {
        let una = self.snd_una;
        let Some(sent) = self.queue.as_mut().map(|queue| &mut queue.sent) else { return };
        let (Some(undo), Some((_, echo))) = (sent.undo.take(), stamps) else { return };
        if self.timestamps && before(echo, undo.clock) {
            sent.find_again(una);
            (self.cwnd, self.ssthresh) = (undo.cwnd, undo.ssthresh);
            self.recover = una;
        }
    }

    /// A round trip took `time` milliseconds (RFC 6298, 2).
    pub(super) fn measured(&mut self, time: u32) {
        let time = time.min(60_000);
        self.shortest = self.shortest.min(time);
        if self.srtt == 0 {
            self.srtt = (time * 8).max(1);
            self.rttvar = time * 2;
            return;
        }
        let off = (self.srtt / 8).abs_diff(time);
        self.rttvar = self.rttvar - self.rttvar / 4 + off;
        self.srtt = (self.srtt - self.srtt / 8 + time).max(1);
    }

    /// Sets the time for what was sent.
    pub(super) fn arm(&mut self, now: u64) {
        let mut late = now + self.rto();
        self.next = Next::Late;
        if let Some(queue) = &self.queue {
            let sent = &queue.sent;
            if let Some(wait) = sent.wait {
                self.next = Next::Overtaken;
                late = now + u64::from(wait.max(1));
            } else if self.sack
                && !self.in_recovery
                && self.tries == 0
                && self.srtt > 0
                && sent.tail.is_none()
                && sent.flying() > 0
                && at_most(self.recover, self.snd_una)
            {
                let alone = sent.flying() <= u32::from(self.mss);
                let extra = if alone { TAIL_MS.0 } else { TAIL_MS.1 };
                let tail = now + u64::from(self.srtt / 4) + extra;
                if tail < late {
                    (self.next, late) = (Next::Tail, tail);
                }
            }
        }
        let waits = self.snd_una != self.snd_max || self.queued() > 0;
        self.sent_at = if waits { late } else { NEVER };
    }

    /// Sends something, so that the peer says what it has (RFC 8985, 7.3).
    pub(super) fn ask_by_tail(&mut self, cx: &mut Context<'_>) {
        let Some(queue) = &self.queue else { return };
        let (una, mss) = (self.snd_una, u32::from(self.mss));
        let last = queue.sent.flying_to().and_then(|end| {
            let start = end.wrapping_sub(mss);
            self.sent_once(if before(start, una) { una } else { start }, end)
        });
        let fresh = self.fresh(mss);
        let again = fresh.is_none();
        let Some(due) = fresh.or(last) else { return };
        let max = self.snd_max;
        // Set first: nothing more of the kind is to follow.
        let tail = Some(Tail { end: max, again });
        if let Some(queue) = &mut self.queue {
            queue.sent.tail = tail;
        }
        self.send_segment(cx, &due);
        if let Some(tail) = self.queue.as_mut().and_then(|queue| queue.sent.tail.as_mut()) {
            tail.end = self.snd_max;
        }
    }

    /// `ack` answers what was sent to have an answer (RFC 8985, 7.4).
    pub(super) fn tail_answered(&mut self, ack: u32, twice: bool) {
        let Some(sent) = self.queue.as_mut().map(|queue| &mut queue.sent) else { return };
        let Some(tail) = sent.tail else { return };
        if before(ack, tail.end) {
            return;
        }
        if !tail.again || twice {
            sent.tail = None;
        } else if before(tail.end, ack) {
            // It brought back what was lost.
            sent.tail = None;
            if !self.in_recovery {
                self.ssthresh = (self.cwnd / 10 * KEPT_TENTHS).max(2 * u32::from(self.mss));
                self.cwnd = self.ssthresh;
            }
        }
    }
}
