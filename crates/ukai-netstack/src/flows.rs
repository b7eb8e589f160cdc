//! The flows, found by their ends or by their number in the same time however many there
//! are.

use crate::event::FlowId;
use crate::flow::{Flow, Tuple};
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

struct Slot {
    generation: u32,
    flow: Option<Flow>,
}

pub(crate) struct Flows {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_tuple: HashTable<u32>,
    keys: (u64, u64),
}

impl Flows {
    /// `keys` make collisions unpredictable for peers.
    pub(crate) fn new(keys: (u64, u64)) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), by_tuple: HashTable::new(), keys }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_tuple.len()
    }

    /// Adds a flow; its ends must be free.
    pub(crate) fn insert(&mut self, flow: Flow) -> FlowId {
        let hash = hash(self.keys, &flow.tuple);
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, flow: None });
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        slot.flow = Some(flow);
        let generation = slot.generation;
        let (keys, slots) = (self.keys, &self.slots);
        self.by_tuple.insert_unique(hash, index, |i| rehash(keys, slots, *i));
        FlowId { index, generation }
    }

    pub(crate) fn find(&self, tuple: &Tuple) -> Option<FlowId> {
        let hash = hash(self.keys, tuple);
        let index = *self.by_tuple.find(hash, |index| {
            self.slots[*index as usize].flow.as_ref().is_some_and(|flow| flow.tuple == *tuple)
        })?;
        Some(FlowId { index, generation: self.slots[index as usize].generation })
    }

    pub(crate) fn get_mut(&mut self, id: FlowId) -> Option<&mut Flow> {
        let slot = self.slots.get_mut(id.index as usize)?;
        slot.flow.as_mut().filter(|_| slot.generation == id.generation)
    }

    /// The flow at a place, as timers name it.
    pub(crate) fn at(&self, index: u32) -> Option<FlowId> {
        let slot = self.slots.get(index as usize)?;
        slot.flow.as_ref().map(|_| FlowId { index, generation: slot.generation })
    }

    pub(crate) fn remove(&mut self, id: FlowId) -> Option<Flow> {
        let slot = self.slots.get_mut(id.index as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        let flow = slot.flow.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        let found = self.by_tuple.find_entry(hash(self.keys, &flow.tuple), |i| *i == id.index);
        if let Ok(entry) = found {
            entry.remove();
        }
        self.free.push(id.index);
        Some(flow)
    }
}

fn hash((first, second): (u64, u64), tuple: &Tuple) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(first, second);
    tuple.write(&mut hasher);
    hasher.finish()
}

fn rehash(keys: (u64, u64), slots: &[Slot], index: u32) -> u64 {
    slots[index as usize].flow.as_ref().map_or(0, |flow| hash(keys, &flow.tuple))
}
