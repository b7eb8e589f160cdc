//! What the values of running scripts hold, counted where they are made and dropped.
//!
//! Values are made in hundreds of places; a counter that each of them had to be handed would be
//! forgotten in one. It counts per thread, and a run reads it relative to where it began.

use std::cell::Cell;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MADE: Cell<u64> = const { Cell::new(0) };
}

/// Bytes that a value holds, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held(usize);

impl Held {
    pub(crate) fn new(bytes: usize) -> Self {
        add(bytes);
        Self(bytes)
    }

    /// `bytes` more.
    pub(crate) fn grow(&mut self, bytes: usize) {
        add(bytes);
        self.0 += bytes;
    }
}

impl Clone for Held {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.with(|it| it.set(it.get().saturating_sub(self.0)));
    }
}

fn add(bytes: usize) {
    HELD.with(|it| it.set(it.get().saturating_add(bytes)));
    MADE.with(|it| it.set(it.get().wrapping_add(bytes as u64)));
}

/// Bytes were copied that no value holds: they cost as much.
pub(crate) fn copied(bytes: usize) {
    MADE.with(|it| it.set(it.get().wrapping_add(bytes as u64)));
}

/// Bytes that are held on this thread.
pub(crate) fn held_bytes() -> usize {
    HELD.with(Cell::get)
}

/// Bytes that were ever made on this thread, around at the end of the type.
pub(crate) fn made_bytes() -> u64 {
    MADE.with(Cell::get)
}
