//! A session's timers: few, so a list does.

use crate::limits::TIMERS_MAX;
use tokio::time::Instant;
use ukai_emulators::TimerId;

/// A session's timers.
#[derive(Debug, Default)]
pub(crate) struct Timers(Vec<(Instant, TimerId)>);

impl Timers {
    /// Sets or replaces a timer; false if there are too many.
    pub(crate) fn set(&mut self, id: TimerId, at: Instant) -> bool {
        self.0.retain(|(_, known)| *known != id);
        if self.0.len() >= TIMERS_MAX {
            return false;
        }
        self.0.push((at, id));
        true
    }

    /// When the earliest is due.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.0.iter().map(|(at, _)| *at).min()
    }

    /// Takes the earliest, if it is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<TimerId> {
        let (index, _) = self.0.iter().enumerate().min_by_key(|(_, (at, _))| *at)?;
        (self.0[index].0 <= now).then(|| self.0.remove(index).1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0 = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::Timers;
    use std::time::Duration;
    use tokio::time::Instant;
    use ukai_emulators::TimerId;

    #[test]
    fn the_earliest_fires_first_and_a_new_one_replaces_its_like() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::default();
        assert!(timers.set(TimerId(1), at(30)) && timers.set(TimerId(2), at(20)));
        assert!(timers.set(TimerId(1), at(10)));
        assert_eq!(timers.take_due(at(5)), None);
        assert_eq!(timers.take_due(at(30)), Some(TimerId(1)));
        assert_eq!(timers.take_due(at(30)), Some(TimerId(2)));
        assert!(timers.is_empty());
    }

    #[test]
    fn there_is_a_limit() {
        let mut timers = Timers::default();
        let now = Instant::now();
        assert_eq!((0..100).filter(|id| timers.set(TimerId(*id), now)).count(), 64);
    }
}
