//! Settings of the C library's allocator: for servers, and for children that end soon.
#![allow(
    unsafe_code,
    reason = "mallopt(3), mallinfo2(3), and malloc(3) of blocks that nobody gets have no safe \
              binding; they are called while there is one thread"
)]

use std::thread::available_parallelism;

/// Blocks of this size and over are given back to the system when freed, in bytes: the
/// C library's default at its start, which it would otherwise raise by itself.
const GIVEN_BACK_BYTES: libc::c_int = 128 * 1024;

/// Up to this size, in bytes, a short-lived process keeps what it has freed.
const KEPT_BYTES: libc::c_int = 32 << 20;

/// By so many bytes its heap grows at a time.
const GROWN_BYTES: libc::c_int = 1 << 20;

/// One heap per core instead of eight, and no growing thresholds: sessions allocate and
/// free in bursts on all threads, and each further heap keeps the largest burst that it
/// ever saw (bench/README.md has the figures). Call it before threads are started.
pub(crate) fn settle() {
    let cores = available_parallelism().map_or(1, usize::from);
    let heaps = libc::c_int::try_from(cores).unwrap_or(libc::c_int::MAX);
    set(&[
        (libc::M_ARENA_MAX, heaps),
        (libc::M_TRIM_THRESHOLD, GIVEN_BACK_BYTES),
        (libc::M_MMAP_THRESHOLD, GIVEN_BACK_BYTES),
    ]);
}

/// For a process that looks at one sample and ends: what it frees it uses again, instead of
/// having the system clear new pages each time. Call it before threads are started.
pub(crate) fn keep() {
    set(&[
        (libc::M_TRIM_THRESHOLD, KEPT_BYTES),
        (libc::M_MMAP_THRESHOLD, KEPT_BYTES),
        (libc::M_TOP_PAD, GROWN_BYTES),
    ]);
}

/// Takes all that is free between other blocks, for good, so that what is allocated later lies
/// together at the heap's end. For a process that is to be forked: a child that fills gaps writes
/// to a page of its parent's for each, which the system must copy. Call it on the only thread.
pub(crate) fn fill_gaps() {
    /// Gaps are asked for from this size on downwards, in bytes: larger ones are filled in parts.
    const LARGEST: usize = 1 << 20;
    /// Below it each size has a list of its own in the C library.
    const LISTED: usize = 1024;
    const STEP: usize = 16;
    // Pages that are all free go back: a child gets new ones, with nothing to copy.
    // SAFETY: takes a number.
    unsafe { libc::malloc_trim(0) };
    // SAFETY: reads counters of the C library's.
    let counted = unsafe { libc::mallinfo2() };
    // SAFETY: moves the heap's end by nothing.
    let end = unsafe { libc::sbrk(0) } as usize;
    // What lies behind every gap.
    let top = end.saturating_sub(counted.keepcost);
    let mut size = LARGEST;
    while size >= STEP {
        loop {
            // SAFETY: a block of a size that is not zero.
            let block = unsafe { libc::malloc(size) };
            if block.is_null() {
                return;
            }
            if block as usize >= top {
                // SAFETY: it was just allocated, and nobody has it.
                unsafe { libc::free(block) };
                break;
            }
        }
        size = if size > LISTED { size / 2 } else { size - STEP };
    }
}

fn set(settings: &[(libc::c_int, libc::c_int)]) {
    for (parameter, value) in settings {
        // SAFETY: mallopt takes two integers, and no other thread runs yet.
        if unsafe { libc::mallopt(*parameter, *value) } != 1 {
            tracing::debug!(parameter, value, "the allocator refuses a setting");
        }
    }
}
