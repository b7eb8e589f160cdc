//! Two stacks and the path between them, with a clock of its own: what the path does to
//! frames is decided by a seed.

use crate::hosts::Everywhere;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use ukai_model::Timestamp;
use ukai_netstack::{Config, Event, FlowId, Hop, Stack, Tuple};

/// What a path does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// Of a thousand frames, so many are lost, doubled, held back, or spoilt in a byte.
    pub(crate) lost: u32,
    pub(crate) doubled: u32,
    pub(crate) held: u32,
    pub(crate) spoilt: u32,
    pub(crate) delay: Duration,
}

impl Path {
    pub(crate) const CLEAN: Self =
        Self { lost: 0, doubled: 0, held: 0, spoilt: 0, delay: Duration::from_millis(10) };
}

/// What one side does with its flow: says `say`, keeps what it hears.
#[derive(Default)]
pub(crate) struct Talker {
    pub(crate) say: Vec<u8>,
    said: usize,
    shut: bool,
    pub(crate) heard: Vec<u8>,
    pub(crate) peer_closed: bool,
    pub(crate) events: Vec<Event>,
}

/// Whether a side's frame is lost.
pub(crate) type Loses = Box<dyn FnMut(usize, &[u8]) -> bool>;

pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) stacks: [Stack<Everywhere>; 2],
    pub(crate) talkers: [HashMap<FlowId, Talker>; 2],
    /// What the opened side says on each flow.
    pub(crate) answer: Vec<u8>,
    pub(crate) path: Path,
    /// Frames of a side that are lost besides.
    pub(crate) loses: Option<Loses>,
    rng: SmallRng,
    /// Frames on their way: when they arrive, where.
    on_the_way: BTreeMap<(Timestamp, u64), (usize, Vec<u8>)>,
    count: u64,
}

impl World {
    pub(crate) fn new(config: Config, hosts: [Everywhere; 2], path: Path, seed: u64) -> Self {
        let now = Timestamp::from_secs(1_800_000_000);
        let mut number = 0;
        let stacks = hosts.map(|host| {
            number += 1;
            Stack::new(config, host, now, [number; 32])
        });
        Self {
            now,
            stacks,
            talkers: [HashMap::new(), HashMap::new()],
            answer: Vec::new(),
            path,
            loses: None,
            rng: SmallRng::seed_from_u64(seed),
            on_the_way: BTreeMap::new(),
            count: 0,
        }
    }

    /// The first stack opens a flow to the second.
    pub(crate) fn open(&mut self, tuple: Tuple, say: Vec<u8>) -> FlowId {
        let flow = self.stacks[0].connect(self.now, tuple, Hop::default()).expect("it can");
        let talker = Talker { say, ..Talker::default() };
        self.talkers[0].insert(flow, talker);
        self.settle(0);
        flow
    }

    /// Keeps what the first stack hears on `flow`, which says nothing.
    pub(crate) fn listen(&mut self, flow: FlowId) {
        self.talkers[0].insert(flow, Talker::default());
        self.settle(0);
    }

    /// Lets time pass until nothing happens any more, or `limit` is over; whether nothing
    /// happens any more before keep-alives.
    pub(crate) fn run(&mut self, limit: Duration) -> bool {
        let end = self.now + limit;
        loop {
            let frame = self.on_the_way.first_key_value().map(|((at, _), _)| *at);
            let timers = [0, 1].map(|side| self.stacks[side].next_due());
            let next = [frame, timers[0], timers[1]].into_iter().flatten().min();
            let Some(next) = next else { return true };
            if next > end {
                self.now = end;
                return false;
            }
            self.now = self.now.max(next);
            for side in [0, 1] {
                if timers[side].is_some_and(|at| at <= self.now) {
                    self.stacks[side].advance(self.now);
                    self.settle(side);
                }
            }
            while let Some(entry) = self.on_the_way.first_entry()
                && entry.key().0 <= self.now
            {
                let (side, bytes) = entry.remove();
                self.stacks[side].input(self.now, &bytes);
                self.settle(side);
            }
        }
    }

    /// Takes events, lets talkers talk, and sends frames.
    fn settle(&mut self, side: usize) {
        while let Some(event) = self.stacks[side].event() {
            self.happened(side, event);
        }
        self.send_frames(side);
    }

    fn happened(&mut self, side: usize, event: Event) {
        let stack = &mut self.stacks[side];
        let now = self.now;
        let id = match &event {
            Event::Opened { flow, .. } => {
                let talker = Talker { say: self.answer.clone(), ..Talker::default() };
                self.talkers[side].insert(*flow, talker);
                *flow
            }
            Event::Connected { flow }
            | Event::Received { flow, .. }
            | Event::PeerClosed { flow }
            | Event::Writable { flow }
            | Event::Closed { flow, .. } => *flow,
            Event::Datagram { .. } | Event::Unproved { .. } => return,
        };
        let Some(talker) = self.talkers[side].get_mut(&id) else { return };
        match &event {
            Event::Received { bytes, .. } => {
                talker.heard.extend_from_slice(bytes);
                stack.consumed(now, id, bytes.len());
            }
            Event::PeerClosed { .. } => talker.peer_closed = true,
            Event::Opened { .. } | Event::Connected { .. } | Event::Writable { .. } => {
                talker.said += stack.send(now, id, &talker.say[talker.said..]);
                if talker.said == talker.say.len() && !talker.shut {
                    talker.shut = true;
                    stack.shut(now, id);
                }
            }
            _ => {}
        }
        if !matches!(event, Event::Received { .. }) {
            talker.events.push(event);
        }
    }

    fn send_frames(&mut self, side: usize) {
        let frames: Vec<Vec<u8>> = self.stacks[side].frames().iter().map(<[u8]>::to_vec).collect();
        self.stacks[side].frames().clear();
        for mut bytes in frames {
            let path = self.path;
            let mut chance = |of: u32| self.rng.random_range(0..1_000) < of;
            let (lost, doubled, held, spoilt) =
                (chance(path.lost), chance(path.doubled), chance(path.held), chance(path.spoilt));
            let lost = lost || self.loses.as_mut().is_some_and(|loses| loses(side, &bytes));
            if lost {
                continue;
            }
            if spoilt {
                let at = self.rng.random_range(0..bytes.len());
                bytes[at] ^= 1 << self.rng.random_range(0..8);
            }
            let jitter = if held { self.rng.random_range(1..30) } else { 0 };
            for _ in 0..=u8::from(doubled) {
                self.count += 1;
                let at = self.now + path.delay + Duration::from_millis(jitter);
                self.on_the_way.insert((at, self.count), (1 - side, bytes.clone()));
            }
        }
    }
}
