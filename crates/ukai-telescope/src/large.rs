//! Vectors that are read all over the place, on large pages: with small ones the processor
//! spends more time looking for where a page is than reading from it, above all in virtual
//! machines.

#![allow(unsafe_code, reason = "madvise(2) has no safe binding; the advice changes no content")]

use rustix::mm::{Advice, madvise};

/// Bytes of a page that the system must begin with; that of the smallest.
const PAGE_BYTES: usize = 4096;

/// The least that is worth a large page.
const LARGE_BYTES: usize = 2 << 20;

/// A vector with room for `capacity` items, on large pages where the system has them.
pub(crate) fn with_capacity<T>(capacity: usize) -> Vec<T> {
    let items: Vec<T> = Vec::with_capacity(capacity);
    let bytes = items.capacity() * size_of::<T>();
    if bytes >= LARGE_BYTES {
        let from_page = items.as_ptr().addr() % PAGE_BYTES;
        let first = items.as_ptr().cast::<u8>().wrapping_sub(from_page);
        // SAFETY: this advice changes neither what is in memory nor whether it may be used.
        // The pages are those of the allocation; what else is on the first one stays, too.
        let advised =
            unsafe { madvise(first.cast_mut().cast(), from_page + bytes, Advice::LinuxHugepage) };
        // Where there are no large pages, small ones do.
        let _ = advised;
    }
    items
}

/// A vector of `count` items that are alike.
pub(crate) fn filled<T: Clone>(count: usize, item: T) -> Vec<T> {
    let mut items = with_capacity(count);
    items.resize(count, item);
    items
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_a_vector_like_any() {
        for count in [0, 1, 1000, 3 << 20] {
            let mut items = super::filled(count, 7_u8);
            assert!(items.len() == count && items.iter().all(|item| *item == 7));
            items.push(8);
            assert_eq!(items.len(), count + 1);
        }
    }
}
