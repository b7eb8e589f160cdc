//! Processor time of a run: the last resort where one operation of an engine costs far more than
//! the steps that it is counted for. What ends in time never meets it, so that results stay the
//! same everywhere.

use rustix::time::{ClockId, clock_gettime};
use std::cell::Cell;
use std::time::Duration;

thread_local! {
    static UNTIL: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// The processor time of one run on this thread, runs inside of it included.
#[derive(Debug)]
pub(crate) struct Budget {
    is_outer: bool,
}

impl Budget {
    /// Begins with `most`; inside of another, that one counts.
    pub(crate) fn begin(most: Duration) -> Self {
        let is_outer = UNTIL.with(Cell::get).is_none();
        if is_outer {
            UNTIL.with(|it| it.set(Some(used().saturating_add(most))));
        }
        Self { is_outer }
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        if self.is_outer {
            UNTIL.with(|it| it.set(None));
        }
    }
}

/// Whether the run that goes on has used up its time.
pub(crate) fn is_over() -> bool {
    UNTIL.with(Cell::get).is_some_and(|until| used() > until)
}

fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
