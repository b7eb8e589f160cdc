//! How fast the processor's time-stamp counter counts, by which a guest that is emulated has
//! its clock.
//!
//! The guest's kernel would find out by itself, against a timer of QEMU's; on a busy host it
//! finds a fraction of it, and its clock runs several times too fast.
#![allow(unsafe_code, reason = "the counter has no other reader")]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::_rdtsc;
use std::time::{Duration, Instant};

/// For how long is counted.
const COUNTED: Duration = Duration::from_millis(30);
/// How often is tried to be undisturbed.
#[cfg(target_arch = "x86_64")]
const TRIES: usize = 5;

/// Counts per millisecond; `None`: this processor has no such counter.
pub(super) fn khz() -> Option<u64> {
    let (began, first) = now()?;
    std::thread::sleep(COUNTED);
    let (ended, last) = now()?;
    let ns = ended.duration_since(began).as_nanos().max(1);
    u64::try_from(u128::from(last.wrapping_sub(first)) * 1_000_000 / ns).ok()
}

#[cfg(not(target_arch = "x86_64"))]
fn now() -> Option<(Instant, u64)> {
    None
}

/// The time and the counter, as close together as can be had.
#[cfg(target_arch = "x86_64")]
fn now() -> Option<(Instant, u64)> {
    let one = || {
        // SAFETY: every x86-64 processor has the instruction; it touches no memory.
        let before = unsafe { _rdtsc() };
        let at = Instant::now();
        // SAFETY: as above.
        let after = unsafe { _rdtsc() };
        (after.wrapping_sub(before), at, after)
    };
    let best = (0..TRIES).map(|_| one()).min_by_key(|(span, ..)| *span);
    best.map(|(_, at, count)| (at, count))
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_measurements_agree() {
        let [one, other] = [super::khz(), super::khz()].map(|khz| khz.expect("x86-64"));
        assert!(one > 100_000 && one.abs_diff(other) < one / 100, "{one} {other}");
    }
}
