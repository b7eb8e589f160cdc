//! A log in memory.

use crate::StoreError;
use crate::seam::{EventLog, Position, Stretch};
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::VecDeque;

type Result<T> = std::result::Result<T, StoreError>;

/// A log in memory. Positions count records.
pub(crate) struct MemoryLog {
    /// Bytes after which a new part is begun; retention deletes whole parts.
    part_bytes: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    parts: VecDeque<Part>,
    end: u64,
}

#[derive(Default)]
struct Part {
    base: u64,
    records: Vec<Bytes>,
    bytes: u64,
}

impl MemoryLog {
    pub(crate) fn new(part_bytes: u64) -> Self {
        Self { part_bytes, state: Mutex::default() }
    }
}

impl EventLog for MemoryLog {
    fn append(&self, records: &[Bytes]) -> Result<Vec<Position>> {
        let mut state = self.state.lock();
        let mut positions = Vec::with_capacity(records.len());
        for record in records {
            let base = state.end;
            if state.parts.back().is_none_or(|part| part.bytes >= self.part_bytes) {
                state.parts.push_back(Part { base, ..Part::default() });
            }
            let part = state.parts.back_mut().expect("there is one");
            part.bytes += record.len() as u64;
            part.records.push(record.clone());
            positions.push(Position(base));
            state.end += 1;
        }
        Ok(positions)
    }

    fn end(&self) -> Position {
        Position(self.state.lock().end)
    }

    fn start(&self) -> Position {
        let state = self.state.lock();
        Position(state.parts.front().map_or(state.end, |part| part.base))
    }

    fn read(&self, at: Position) -> Result<Option<Bytes>> {
        let state = self.state.lock();
        let part = state.parts.iter().rfind(|part| part.base <= at.0);
        Ok(part.and_then(|part| part.records.get((at.0 - part.base) as usize)).cloned())
    }

    fn read_from(&self, from: Position, records_max: usize, bytes_max: usize) -> Result<Stretch> {
        let state = self.state.lock();
        let start = state.parts.front().map_or(state.end, |part| part.base);
        let mut stretch = Stretch { next: from.max(Position(start)), ..Stretch::default() };
        let mut bytes = 0;
        for part in &state.parts {
            let skip = stretch.next.0.saturating_sub(part.base) as usize;
            for record in part.records.iter().skip(skip) {
                if stretch.records.len() >= records_max || (bytes > 0 && bytes >= bytes_max) {
                    return Ok(stretch);
                }
                bytes += record.len();
                stretch.records.push((stretch.next, record.clone()));
                stretch.next.0 += 1;
            }
        }
        Ok(stretch)
    }

    fn used_bytes(&self) -> u64 {
        self.state.lock().parts.iter().map(|part| part.bytes).sum()
    }

    fn seal(&self, _closing: bool) -> Result<bool> {
        Ok(false)
    }

    fn drop_oldest(&self) -> Result<bool> {
        let mut state = self.state.lock();
        let droppable = state.parts.len() > 1;
        if droppable {
            state.parts.pop_front();
        }
        Ok(droppable)
    }

    fn advance_to(&self, position: Position) -> Result<()> {
        let mut state = self.state.lock();
        if state.end < position.0 {
            state.end = position.0;
            state.parts.push_back(Part { base: position.0, ..Part::default() });
        }
        Ok(())
    }
}
