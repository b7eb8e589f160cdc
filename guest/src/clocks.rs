//! Clocks that cannot be moved: how far the sample's are ahead of ours, and what a sleep until
//! one of their times is to a sample whose earlier ones were cut short.

use std::collections::HashMap;
use std::fs;

use crate::limits::DEADLINES_MAX;

/// How much older the machine is to the sample, in nanoseconds.
#[derive(Default)]
pub struct Older {
    monotonic_ns: u64,
    boot_ns: u64,
}

impl Older {
    /// As the kernel has it (time_namespaces(7)).
    pub fn of_process(pid: u32) -> Self {
        let text = fs::read_to_string(format!("/proc/{pid}/timens_offsets")).unwrap_or_default();
        let of = |clock: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(clock)).unwrap_or_default();
            let mut parts = line.split_whitespace().map(|part| part.parse().unwrap_or(0_u64));
            let (seconds, ns) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
            seconds.saturating_mul(1_000_000_000).saturating_add(ns)
        };
        Self { monotonic_ns: of("monotonic"), boot_ns: of("boottime") }
    }

    pub fn of(&self, clock: libc::clockid_t) -> u64 {
        if clock == libc::CLOCK_BOOTTIME { self.boot_ns } else { self.monotonic_ns }
    }
}

/// The last time that each thread slept until, of each clock, and how long that was.
#[derive(Default)]
pub struct Deadlines(HashMap<(u32, libc::clockid_t), (u64, u64)>);

impl Deadlines {
    /// How long a sleep until `until` is that has `left` to go. A thread that counts from its
    /// last time on, without a look at the clock, sleeps from there.
    pub fn length(&mut self, task: u32, clock: libc::clockid_t, until: u64, left: u64) -> u64 {
        let last = self.0.get(&(task, clock)).copied();
        let length = match last {
            Some((last, length)) if until.saturating_sub(last) >= length / 2 => {
                left.min(until.saturating_sub(last))
            }
            _ => left,
        };
        if self.0.len() >= DEADLINES_MAX {
            self.0.clear();
        }
        self.0.insert((task, clock), (until, length));
        length
    }
}
