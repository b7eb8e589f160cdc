//! Stack that evaluation uses, and more of it for programs that call themselves.
//!
//! Evaluation recurses where a program does. A program that is run for what it would do may go as
//! deep as on the real machine: what is left of the thread's stack is not enough for that.

use crate::limits::STACK_BYTES;
use crate::system::Fut;
use std::cell::Cell;
use std::future::poll_fn;
use std::task::{Context, Poll};

/// Length of a further stack, in bytes; of it, only what is used is memory.
const SEGMENT_BYTES: usize = 8 << 20;

/// What stays free of it, as of a worker's own: for parsing, and for what is not counted.
const RESERVE_BYTES: usize = 1280 * 1024;

/// Further stacks at once.
const SEGMENTS_MAX: usize = 8;

thread_local! {
    /// Where the further stack begins that is in use, and how many are.
    static SEGMENT: Cell<(Option<usize>, usize)> = const { Cell::new((None, 0)) };
}

/// About where the stack stands. Only differences mean anything.
#[inline(never)]
pub(crate) fn place() -> usize {
    let mark = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&mark)).addr()
}

/// Bytes in use of the stack that is used, and how many may be; `base` is where evaluation began.
fn used(base: usize) -> (usize, usize) {
    match SEGMENT.with(Cell::get).0 {
        Some(begin) => (begin.abs_diff(place()), SEGMENT_BYTES - RESERVE_BYTES),
        None => (base.abs_diff(place()), STACK_BYTES),
    }
}

/// Whether nothing may go deeper.
pub(crate) fn is_spent(base: usize) -> bool {
    let (used, most) = used(base);
    used > most
}

/// The same work, on a further stack where the one in use is half spent; the thread's own, which is
/// small, a quarter.
pub(crate) fn with_room<'a, T: Send + 'a>(base: usize, mut work: Fut<'a, T>) -> Fut<'a, T> {
    Box::pin(poll_fn(move |cx: &mut Context<'_>| -> Poll<T> {
        let (used, most) = used(base);
        let before = SEGMENT.with(Cell::get);
        let enough = if before.0.is_none() { most / 4 } else { most / 2 };
        if used < enough || before.1 >= SEGMENTS_MAX {
            return work.as_mut().poll(cx);
        }
        let polled = stacker::grow(SEGMENT_BYTES, || {
            SEGMENT.with(|it| it.set((Some(place()), before.1 + 1)));
            work.as_mut().poll(cx)
        });
        SEGMENT.with(|it| it.set(before));
        polled
    }))
}
