//! What is on its way: which bytes were sent when, which of them the peer has, and which
//! are lost. The memory behind RACK-TLP (RFC 8985, 5), in runs: what was sent in the same
//! millisecond and fared alike is kept once, so that a window of segments takes few bytes.

use crate::seq::{at_most, before, distance, later};
use std::collections::VecDeque;

/// Runs of a flow. Beyond, what is sent joins the last one, and what peers have of it is
/// not noted.
const RUNS_MAX: usize = 512;

/// What has become of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Flying,
    /// The peer has it (RFC 2018).
    Arrived,
    Lost,
}

/// Bytes up to `end` from where the run before ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    end: u32,
    /// When it was last sent, in milliseconds.
    at: u32,
    fate: Fate,
    /// It was sent more than once.
    again: bool,
}

/// The delivered segment that was sent last (`RACK.xmit_ts`, `RACK.end_seq`, `RACK.rtt`).
#[derive(Clone, Copy, Debug)]
struct Newest {
    at: u32,
    end: u32,
    round_trip: u32,
}

/// A segment that was sent to have an answer, since nothing else was due (RFC 8985, 7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail {
    pub(crate) end: u32,
    /// It had been sent before.
    pub(crate) again: bool,
}

/// What to go back to if nothing was lost after all: windows of congestion, and our TCP
/// clock when it was sent again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undo {
    pub(crate) cwnd: u32,
    pub(crate) ssthresh: u32,
    pub(crate) clock: u32,
}

/// When and how an acknowledgement comes.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    /// In milliseconds.
    pub(crate) now: u32,
    /// The shortest round trip so far, in milliseconds.
    pub(crate) shortest: u32,
    /// How long ago that was sent which it answers, in milliseconds, if clocks tell. They do
    /// where something is acknowledged: the clock of what arrives behind a hole is not
    /// echoed (RFC 7323, 4.3).
    pub(crate) age: Option<u32>,
}

#[derive(Default)]
pub(crate) struct Sent {
    runs: VecDeque<Run>,
    flying: u32,
    arrived: u32,
    newest: Option<Newest>,
    /// Behind the last byte that has arrived (`RACK.fack`).
    far: Option<u32>,
    /// Something arrived behind what was sent after it.
    pub(crate) overtaken: bool,
    pub(crate) tail: Option<Tail>,
    pub(crate) undo: Option<Undo>,
    /// After so many milliseconds something may turn out to be lost.
    pub(crate) wait: Option<u32>,
}

impl Sent {
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Bytes on their way, as far as we know (RFC 6675, "pipe").
    pub(crate) const fn flying(&self) -> u32 {
        self.flying
    }

    /// Bytes that the peer has behind others that it lacks.
    pub(crate) const fn arrived(&self) -> u32 {
        self.arrived
    }

    /// New bytes up to `end` are sent.
    pub(crate) fn send(&mut self, count: u32, end: u32, now: u32) {
        self.flying += count;
        let full = self.runs.len() >= RUNS_MAX;
        match self.runs.back_mut() {
            Some(last) if last.fate == Fate::Flying && !last.again && (last.at == now || full) => {
                (last.end, last.at) = (end, now);
            }
            _ => self.runs.push_back(Run { end, at: now, fate: Fate::Flying, again: false }),
        }
    }

    /// `start..end` is sent again; `una` is where the first run begins.
    pub(crate) fn send_again(&mut self, una: u32, start: u32, end: u32, now: u32) {
        self.paint(una, start, end, |run| {
            (run.at, run.fate, run.again) = (now, Fate::Flying, true);
        });
    }

    /// All up to `ack` is acknowledged; gives the round trip, in milliseconds, if it tells
    /// one (Karn's rule).
    pub(crate) fn acknowledge(&mut self, una: u32, ack: u32, heard: &Heard) -> Option<u32> {
        let (mut start, mut round_trip, mut clear) = (una, None, true);
        while let Some(run) = self.runs.front().copied()
            && before(start, ack)
        {
            let end = if before(ack, run.end) { ack } else { run.end };
            let length = distance(start, end);
            match run.fate {
                Fate::Flying => self.flying -= length,
                Fate::Arrived => self.arrived -= length,
                Fate::Lost => {}
            }
            if run.fate != Fate::Arrived {
                self.delivered(Run { end, ..run }, heard);
                round_trip = round_trip.or(Some(heard.now.wrapping_sub(run.at)));
                clear &= !run.again;
            }
            if end == run.end {
                self.runs.pop_front();
            }
            start = end;
        }
        if self.runs.is_empty() {
            (self.newest, self.far) = (None, None);
        }
        round_trip.filter(|_| clear)
    }

    /// The peer has `start..end`; whether that is news.
    pub(crate) fn arrive(&mut self, una: u32, start: u32, end: u32, heard: &Heard) -> bool {
        if self.runs.len() + 2 > RUNS_MAX {
            return false;
        }
        let mut news = Vec::new();
        self.paint(una, start, end, |run| {
            if run.fate != Fate::Arrived {
                news.push(*run);
                *run = Run { end: run.end, at: 0, fate: Fate::Arrived, again: false };
            }
        });
        let heard = Heard { age: None, ..*heard };
        for run in &news {
            self.delivered(*run, &heard);
        }
        !news.is_empty()
    }

    /// RFC 8985, 6.2, steps 2 and 3.
    fn delivered(&mut self, run: Run, heard: &Heard) {
        let round_trip = heard.now.wrapping_sub(run.at);
        // It may be what was sent first that has arrived.
        let unsure = round_trip < heard.shortest || heard.age.is_some_and(|age| age > round_trip);
        if run.again && unsure {
            return;
        }
        match self.far {
            Some(far) if before(run.end, far) => self.overtaken |= !run.again,
            _ => self.far = Some(run.end),
        }
        let sent = (run.at, run.end);
        if self.newest.is_none_or(|newest| is_before((newest.at, newest.end), sent)) {
            self.newest = Some(Newest { at: run.at, end: run.end, round_trip });
        }
    }

    /// What is lost: sent before something that has arrived, and late by `window`
    /// milliseconds (RFC 8985, 6.2, step 5); whether that is news. After `self.wait`
    /// milliseconds, there may be more.
    pub(crate) fn find_lost(&mut self, una: u32, now: u32, window: u32) -> bool {
        self.wait = None;
        let Some(newest) = self.newest else { return false };
        let (mut start, mut lost) = (una, 0);
        for run in &mut self.runs {
            let length = distance(start, run.end);
            start = run.end;
            // Within a millisecond, what is sent again follows what is new.
            let earlier = is_before((run.at, run.end), (newest.at, newest.end))
                && !(run.again && run.at == newest.at);
            if run.fate != Fate::Flying || !earlier {
                continue;
            }
            let late = newest.round_trip.saturating_add(window);
            let left = late.saturating_sub(now.wrapping_sub(run.at));
            if left == 0 {
                run.fate = Fate::Lost;
                lost += length;
            } else {
                self.wait = Some(self.wait.unwrap_or(0).max(left));
            }
        }
        self.flying -= lost;
        lost > 0
    }

    /// `start..end` is held for lost.
    pub(crate) fn lose(&mut self, una: u32, start: u32, end: u32) {
        self.paint(una, start, end, |run| {
            if run.fate == Fate::Flying {
                run.fate = Fate::Lost;
            }
        });
    }

    /// All that the peer lacks is held for lost; `all`: even what it has said to have, and
    /// may have dropped (RFC 2018, 8).
    pub(crate) fn lose_all(&mut self, all: bool) {
        let mut arrived = 0;
        for run in &mut self.runs {
            if all || run.fate == Fate::Flying {
                run.fate = Fate::Lost;
            }
        }
        if !all {
            arrived = self.arrived;
        }
        (self.flying, self.arrived, self.wait, self.tail) = (0, arrived, None, None);
    }

    /// Nothing was lost but what was sent again already.
    pub(crate) fn find_again(&mut self, una: u32) {
        let (mut start, mut found) = (una, 0);
        for run in &mut self.runs {
            if run.fate == Fate::Lost && !run.again {
                run.fate = Fate::Flying;
                found += distance(start, run.end);
            }
            start = run.end;
        }
        self.flying += found;
    }

    /// The first range that is lost.
    pub(crate) fn lost(&self, una: u32) -> Option<(u32, u32)> {
        let mut start = una;
        for run in &self.runs {
            if run.fate == Fate::Lost {
                return Some((start, run.end));
            }
            start = run.end;
        }
        None
    }

    /// Behind the last byte that is on its way.
    pub(crate) fn flying_to(&self) -> Option<u32> {
        self.runs.iter().rev().find(|run| run.fate == Fate::Flying).map(|run| run.end)
    }

    /// Lets `change` loose on the runs of `start..end`, which are split so that there are
    /// such, if there is room.
    fn paint(&mut self, una: u32, start: u32, end: u32, mut change: impl FnMut(&mut Run)) {
        let first = self.begin_at(una, start);
        let behind = self.begin_at(una, end);
        let mut from = if first == 0 { una } else { self.runs[first - 1].end };
        for run in self.runs.range_mut(first..behind.max(first)) {
            let length = distance(from, run.end);
            let before = run.fate;
            change(run);
            match before {
                Fate::Flying => self.flying -= length,
                Fate::Arrived => self.arrived -= length,
                Fate::Lost => {}
            }
            match run.fate {
                Fate::Flying => self.flying += length,
                Fate::Arrived => self.arrived += length,
                Fate::Lost => {}
            }
            from = run.end;
        }
        // Neighbours that are alike now are one.
        let mut place = first.saturating_sub(1);
        let mut left = behind.saturating_sub(place) + 1;
        while left > 0 && place + 1 < self.runs.len() {
            let (one, next) = (self.runs[place], self.runs[place + 1]);
            if (one.at, one.fate, one.again) == (next.at, next.fate, next.again) {
                self.runs.remove(place);
            } else {
                place += 1;
            }
            left -= 1;
        }
    }

    /// The place of the run that begins at `seq`: made, if there is room; else of the next.
    fn begin_at(&mut self, una: u32, seq: u32) -> usize {
        let mut start = una;
        for place in 0..self.runs.len() {
            if at_most(seq, start) {
                return place;
            }
            let run = self.runs[place];
            if before(seq, run.end) {
                if self.runs.len() < RUNS_MAX {
                    self.runs.insert(place, Run { end: seq, ..run });
                }
                return place + 1;
            }
            start = later(start, run.end);
        }
        self.runs.len()
    }
}

/// Whether one was sent before the other (RFC 8985, 6.2, `RACK_sent_after`).
fn is_before((at, end): (u32, u32), (other_at, other_end): (u32, u32)) -> bool {
    before(at, other_at) || at == other_at && before(end, other_end)
}

#[cfg(test)]
mod tests {
    use super::{Heard, RUNS_MAX, Sent};
    use proptest::prelude::*;

    fn at(now: u32) -> Heard {
        Heard { now, shortest: 0, age: None }
    }

    #[test]
    fn what_is_sent_at_once_is_one_run_and_holes_are_found() {
        let mut sent = Sent::default();
        for end in [100, 200, 300, 400] {
            sent.send(100, end, 5);
        }
        sent.send(100, 500, 6);
        assert_eq!((sent.runs.len(), sent.flying()), (2, 500));
        assert!(sent.arrive(0, 100, 200, &at(25)) && !sent.arrive(0, 100, 200, &at(25)));
        assert_eq!((sent.flying(), sent.arrived()), (400, 100));
        // What was sent at the same time and before is late at once without a window.
        assert!(!sent.find_lost(0, 25, 5));
        assert_eq!((sent.wait, sent.lost(0)), (Some(5), None));
        assert!(sent.find_lost(0, 30, 5));
        assert_eq!((sent.lost(0), sent.flying()), (Some((0, 100)), 300));
        sent.send_again(0, 0, 100, 30);
        assert_eq!((sent.lost(0), sent.flying()), (None, 400));
        // It is lost again: something was sent later, and has arrived.
        sent.send(100, 600, 31);
        assert!(sent.arrive(0, 500, 600, &at(51)));
        assert!(sent.find_lost(0, 51, 0));
        assert_eq!(sent.lost(0), Some((0, 100)));
        assert_eq!(sent.acknowledge(0, 600, &at(52)), None, "Karn");
        assert!(sent.is_empty() && sent.flying() == 0 && sent.arrived() == 0);
        sent.send(10, 610, 60);
        assert_eq!(sent.acknowledge(600, 610, &at(65)), Some(5));
    }

    #[test]
    fn what_was_held_for_lost_and_was_not_flies_again() {
        let mut sent = Sent::default();
        sent.send(1_000, 1_000, 1);
        sent.arrive(0, 500, 600, &at(9));
        sent.lose_all(false);
        assert_eq!((sent.flying(), sent.arrived()), (0, 100));
        sent.send_again(0, 0, 100, 300);
        sent.find_again(0);
        assert_eq!((sent.flying(), sent.arrived(), sent.lost(0)), (900, 100, None));
        sent.lose_all(true);
        assert_eq!((sent.flying(), sent.arrived(), sent.lost(0)), (0, 0, Some((0, 100))));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Send(u32),
        Arrive(u32, u32),
        Again(u32),
        Acknowledge(u32),
        Find(u32),
        Late(bool),
    }

    proptest! {
        #[test]
        fn the_sums_are_those_of_the_runs(
            start: u32,
            steps in prop::collection::vec(prop_oneof![
                4 => (1_u32..3_000).prop_map(Step::Send),
                3 => (0_u32..30_000, 1_u32..3_000).prop_map(|(a, b)| Step::Arrive(a, b)),
                2 => (1_u32..3_000).prop_map(Step::Again),
                1 => (0_u32..9_000).prop_map(Step::Acknowledge),
                2 => (0_u32..9).prop_map(Step::Find),
                1 => any::<bool>().prop_map(Step::Late),
            ], 1..300),
        ) {
            let (mut sent, mut una, mut max) = (Sent::default(), start, start);
            for (now, step) in steps.iter().enumerate() {
                let now = now as u32;
                match step {
                    Step::Send(count) => {
                        max = max.wrapping_add(*count);
                        sent.send(*count, max, now);
                    }
                    Step::Arrive(from, count) => {
                        let all = max.wrapping_sub(una);
                        let (from, to) = ((*from).min(all), from.saturating_add(*count).min(all));
                        sent.arrive(una, una.wrapping_add(from), una.wrapping_add(to), &at(now));
                    }
                    Step::Again(count) => {
                        if let Some((from, to)) = sent.lost(una) {
                            let count = to.wrapping_sub(from).min(*count);
                            sent.send_again(una, from, from.wrapping_add(count), now);
                        }
                    }
                    Step::Acknowledge(count) => {
                        let ack = una.wrapping_add((*count).min(max.wrapping_sub(una)));
                        sent.acknowledge(una, ack, &at(now));
                        una = ack;
                    }
                    Step::Find(window) => _ = sent.find_lost(una, now, *window),
                    Step::Late(all) => sent.lose_all(*all),
                }
                prop_assert!(sent.runs.len() <= RUNS_MAX);
                let (mut from, mut flying, mut arrived) = (una, 0, 0);
                for run in &sent.runs {
                    let length = run.end.wrapping_sub(from);
                    prop_assert!(length > 0 && length < 1 << 30);
                    flying += if run.fate == super::Fate::Flying { length } else { 0 };
                    arrived += if run.fate == super::Fate::Arrived { length } else { 0 };
                    from = run.end;
                }
                prop_assert_eq!((from, flying, arrived), (max, sent.flying(), sent.arrived()));
            }
        }
    }
}
