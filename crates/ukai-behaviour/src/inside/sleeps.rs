//! Sleeps that were cut short, and times by the clock of whoever slept.

use crate::limits::{PROCESSES_MAX, TIMES_MAX};
use std::collections::{BTreeMap, BTreeSet};

/// A sleep that was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Skipped {
    at_ms: u64,
    /// How long it would have been, in milliseconds.
    ms: u64,
    /// The thread.
    task: u32,
}

/// The sleeps of all processes, and who made each of these.
#[derive(Debug, Default)]
pub(crate) struct Sleeps {
    skipped: BTreeMap<u32, Vec<Skipped>>,
    makers: BTreeMap<u32, (u32, u64)>,
}

impl Sleeps {
    /// A process was made.
    pub(super) fn made(&mut self, child: u32, maker: u32, at_ms: u64) {
        if self.makers.len() < PROCESSES_MAX {
            self.makers.insert(child, (maker, at_ms));
        }
    }

    /// A thread of a process did not sleep as long as it wanted to.
    pub(super) fn skipped(&mut self, pid: u32, task: u32, at_ms: u64, ms: u64) {
        if self.skipped.len() < PROCESSES_MAX || self.skipped.contains_key(&pid) {
            let skipped = self.skipped.entry(pid).or_default();
            if skipped.len() < TIMES_MAX {
                skipped.push(Skipped { at_ms, ms, task });
            }
        }
    }

    /// Times of the trace as the clock of those behind them had it, which slept in full: of the
    /// processes `pids`, the threads `tasks` as far as they are known. Of several processes, the
    /// one that slept longest counts; where several have one maker, as where a loop starts a tool
    /// each time, its sleep is between them.
    pub(crate) fn own_times(&self, pids: &[u32], tasks: &[u32], times_ms: &[u64]) -> Vec<u64> {
        let mut times_ms = times_ms.to_vec();
        times_ms.sort_unstable();
        let makers = pids.iter().filter_map(|pid| self.makers.get(pid).map(|(maker, _)| *maker));
        let makers = makers.filter(|_| pids.len() > 1);
        let slept = |sleeps: &Vec<Skipped>| sleeps.iter().map(|one| one.ms).sum::<u64>();
        let all: BTreeSet<u32> = pids.iter().copied().chain(makers).collect();
        let all = all.into_iter().map(|pid| self.of(pid, tasks, &times_ms));
        let sleeps = all.max_by_key(slept).unwrap_or_default();
        let (mut next, mut slept) = (sleeps.iter().peekable(), 0_u64);
        for time in &mut times_ms {
            while let Some(one) = next.next_if(|one| one.at_ms < *time) {
                slept = slept.saturating_add(one.ms);
            }
            *time = time.saturating_add(slept);
        }
        times_ms
    }

    /// The sleeps of a process, with those of the ones that it comes from until they made it: they
    /// are part of its time, too.
    fn of(&self, mut pid: u32, tasks: &[u32], times_ms: &[u64]) -> Vec<Skipped> {
        const GENERATIONS: usize = 16;
        let mut until_ms = u64::MAX;
        let mut sleeps = Vec::new();
        for _ in 0..GENERATIONS {
            let own = self.skipped.get(&pid).map_or(&[][..], |own| own);
            let thread = thread_behind(own, tasks, times_ms);
            sleeps.extend(
                own.iter().filter(|one| Some(one.task) == thread && one.at_ms <= until_ms).copied(),
            );
            let Some((maker, at_ms)) = self.makers.get(&pid) else { break };
            until_ms = until_ms.min(*at_ms);
            pid = *maker;
        }
        sleeps.sort_unstable();
        sleeps
    }
}

/// The thread of a process whose sleeps lie between the times: threads that sleep at once do not
/// make time go faster, so that only one of them counts. One of `tasks` is the one that was seen
/// there; otherwise it is the one that sleeps once between two times the most often.
fn thread_behind(sleeps: &[Skipped], tasks: &[u32], times_ms: &[u64]) -> Option<u32> {
    let mut threads: BTreeMap<u32, Vec<Skipped>> = BTreeMap::new();
    for one in sleeps {
        threads.entry(one.task).or_default().push(*one);
    }
    let once = |own: &[Skipped]| {
        let until = |time: u64| own.partition_point(|one| one.at_ms < time);
        times_ms.windows(2).filter(|pair| until(pair[1]) - until(pair[0]) == 1).count()
    };
    let weight = |(task, own): &(u32, Vec<Skipped>)| {
        let slept: u64 = own.iter().map(|one| one.ms).sum();
        (tasks.contains(task), once(own), slept)
    };
    threads.into_iter().max_by_key(weight).map(|(task, _)| task)
}

#[cfg(test)]
mod tests {
    use super::Sleeps;

    /// Two threads that each sleep five seconds at a time, as Windows' own for the network does
    /// beside the sample's.
    #[test]
    fn threads_that_sleep_at_once_do_not_add_up() {
        let mut sleeps = Sleeps::default();
        let times: Vec<u64> = (0..6).map(|number| number * 60).collect();
        for at_ms in &times {
            sleeps.skipped(7, 7, at_ms + 20, 5_000);
            sleeps.skipped(7, 9, at_ms + 30, 4_000);
        }
        let of_main: Vec<u64> = (0..6).map(|number| number * 5_060).collect();
        assert_eq!(sleeps.own_times(&[7], &[7], &times), of_main);
        assert_eq!(sleeps.own_times(&[7], &[], &times), of_main, "the one that slept longest");
        let of_other: Vec<u64> = (0..6).map(|number| number * 4_060).collect();
        assert_eq!(sleeps.own_times(&[7], &[9, 11], &times), of_other);
    }

    /// A thread that only waits does so many times between two times.
    #[test]
    fn a_thread_that_sleeps_between_is_found() {
        let mut sleeps = Sleeps::default();
        let times: Vec<u64> = (0..6).map(|number| number * 100).collect();
        for at_ms in &times {
            sleeps.skipped(7, 8, at_ms + 50, 5_000);
            for step in 0..4 {
                sleeps.skipped(7, 7, at_ms + step * 24 + 1, 1_000 * (step + 1));
            }
        }
        let own = sleeps.own_times(&[7], &[], &times);
        assert_eq!(own, (0..6).map(|number| number * 5_100).collect::<Vec<u64>>());
    }
}
