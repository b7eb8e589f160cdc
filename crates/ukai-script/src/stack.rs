//! Room on the stack for scripts that call themselves.
//!
//! The interpreters recurse where a script does, and a script that decodes a text letter by letter
//! does so some hundred times. What is left of the thread's stack is measured; where it becomes
//! short, work goes on on another one, until a limit. `#[cfg(test)]` threads have 2 MiB.

use std::cell::Cell;

/// What is left at least for work between two looks: reading a text, and the engine of JavaScript.
const RESERVE_BYTES: usize = 1280 * 1024;

/// The same where a script begins, so that its first statements need no new stack each.
const BEGINNING_BYTES: usize = 4 * 1024 * 1024;

/// Length of a further stack; of it, only what is used is memory.
const SEGMENT_BYTES: usize = 16 * 1024 * 1024;

/// Further stacks at once.
const SEGMENTS_MAX: usize = 6;

thread_local! {
    static SEGMENTS: Cell<usize> = const { Cell::new(0) };
}

/// Counts a further stack as long as it is in use.
struct Segment;

impl Segment {
    fn new() -> Self {
        SEGMENTS.with(|it| it.set(it.get() + 1));
        Self
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        SEGMENTS.with(|it| it.set(it.get().saturating_sub(1)));
    }
}

/// Whether the next work needs a further stack, which costs more than a step.
pub(crate) fn is_short() -> bool {
    left() < RESERVE_BYTES
}

fn left() -> usize {
    stacker::remaining_stack().unwrap_or(0)
}

/// Does something with enough room on the stack; nothing where all stacks are used up.
pub(crate) fn with_room<T>(work: impl FnOnce() -> T) -> Option<T> {
    at_least(RESERVE_BYTES, work)
}

/// The same for a whole script.
pub(crate) fn with_room_for_script<T>(work: impl FnOnce() -> T) -> Option<T> {
    at_least(BEGINNING_BYTES, work)
}

fn at_least<T>(bytes: usize, work: impl FnOnce() -> T) -> Option<T> {
    if left() >= bytes {
        return Some(work());
    }
    if SEGMENTS.with(Cell::get) >= SEGMENTS_MAX {
        return None;
    }
    let segment = Segment::new();
    let done = stacker::grow(SEGMENT_BYTES, work);
    drop(segment);
    Some(done)
}
