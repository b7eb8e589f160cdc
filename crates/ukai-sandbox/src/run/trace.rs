//! The trace as it comes in: bounded, whatever the guest sends; and which processes of the
//! sample are alive.

use crate::limits::{NOTICES_MAX, TRACE_BYTES_MAX};
use std::collections::BTreeSet;
use ukai_trace::{Framer, Notice, TooLong, What};

/// What the guest has told so far.
#[derive(Default)]
pub(super) struct Trace {
    framer: Framer,
    /// Frames that are no notice.
    unknown: u64,
    pub(super) notices: Vec<Notice>,
    bytes: usize,
    /// Notices that were not kept.
    pub(super) lost: u64,
    alive: BTreeSet<u32>,
    pub(super) started: bool,
    pub(super) failed: bool,
    pub(super) finished: bool,
    /// Whether the agent was told to keep the machine: what follows its answer is of later.
    pub(super) keeping: bool,
    pub(super) kept: bool,
    /// What has come of later, with the last bytes of the run.
    later: Vec<Notice>,
    /// The analyst's console, if there was one.
    pub(super) console: Console,
}

/// What the guest tells of the analyst's console.
#[derive(Default)]
pub(super) struct Console {
    /// The shell is there.
    pub(super) began: bool,
    /// It cannot be: an error of the guest's system.
    pub(super) failed: Option<i32>,
    /// What it has printed and was not taken yet: no more than was pushed at once.
    pub(super) screen: Vec<u8>,
    /// Bytes of what was typed that it has got.
    pub(super) typed: u64,
    pub(super) status: Option<u32>,
}

impl Trace {
    /// So much has come. An error is the end of the trace: what follows is not frames.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        self.framer.push(bytes);
        while let Some(body) = self.framer.next_body()? {
            let length = body.len();
            let Ok(notice) = Notice::decode(body) else {
                self.unknown += 1;
                continue;
            };
            if self.kept {
                self.later.push(notice);
                continue;
            }
            self.take(notice, length);
        }
        Ok(())
    }

    /// Takes one notice of so many bytes, if there is room.
    pub(super) fn take(&mut self, notice: Notice, length: usize) {
        let Some(notice) = self.follow(notice) else { return };
        let full = self.notices.len() >= NOTICES_MAX || self.bytes >= TRACE_BYTES_MAX;
        if full {
            self.lost += 1;
        } else {
            self.bytes += length;
            self.notices.push(notice);
        }
    }

    /// Whether all processes of the sample have ended, as far as is known.
    pub(super) fn is_over(&self) -> bool {
        self.started && self.alive.is_empty()
    }

    /// Frames that could not be read.
    pub(super) const fn unknown(&self) -> u64 {
        self.unknown
    }

    /// The trace of what happens from the agent's answer on that the machine is kept.
    pub(super) fn go_on(&mut self) -> Self {
        let framer = std::mem::take(&mut self.framer);
        let notices = std::mem::take(&mut self.later);
        let mut later = Self { framer, started: self.started, ..Self::default() };
        later.notices = notices.into_iter().filter_map(|notice| later.follow(notice)).collect();
        later
    }

    /// Takes note of it; what only the console is concerned with does not come back.
    fn follow(&mut self, notice: Notice) -> Option<Notice> {
        match &notice.what {
            What::Kept {} if self.keeping => self.kept = true,
            What::Console {} => self.console.began = true,
            What::Failed { step, error } if step == b"console" => {
                self.console.failed = Some(*error);
            }
            What::Screen { bytes } => self.console.screen.extend_from_slice(bytes),
            What::Typed { total } => self.console.typed = *total,
            What::ConsoleEnded { status } => self.console.status = Some(*status),
            What::Started {} => {
                self.started = true;
                self.alive.insert(notice.pid);
            }
            What::Failed { .. } if !self.started => self.failed = true,
            What::Finished {} => self.finished = true,
            What::Fork { child, thread: false } if self.alive.len() < NOTICES_MAX => {
                self.alive.insert(*child);
            }
            What::Exit { .. } => {
                self.alive.remove(&notice.pid);
            }
            _ => {}
        }
        let of_console =
            matches!(notice.what, What::Screen { .. } | What::Typed { .. } | What::Kept {});
        (!of_console).then_some(notice)
    }
}

#[cfg(test)]
mod tests {
    use super::{NOTICES_MAX, Trace};
    use ukai_trace::{Notice, What};

    fn bytes(pid: u32, what: What) -> Vec<u8> {
        let mut bytes = Vec::new();
        Notice { at_ns: 0, pid, what }.encode(&mut bytes);
        bytes
    }

    #[test]
    fn a_sample_is_over_with_its_last_process() {
        let mut trace = Trace::default();
        let mut tell = |pid, what| {
            trace.push(&bytes(pid, what)).expect("a frame");
            trace.is_over()
        };
        assert!(!tell(0, What::Ready { version: 1 }));
        assert!(!tell(7, What::Started {}));
        assert!(!tell(7, What::Fork { child: 8, thread: false }));
        assert!(!tell(7, What::Fork { child: 9, thread: true }));
        assert!(!tell(7, What::Exit { status: 0 }));
        assert!(tell(8, What::Exit { status: 0 }));
    }

    #[test]
    fn what_follows_the_run_is_told_apart() {
        let mut trace = Trace::default();
        let name = |name: &[u8]| bytes(7, What::Name { name: name.to_vec() });
        // Nobody has asked.
        trace.push(&bytes(0, What::Kept {})).expect("a frame");
        assert!(!trace.kept);
        trace.push(&bytes(7, What::Started {})).expect("a frame");
        trace.keeping = true;
        let screen = bytes(0, What::Screen { bytes: b"# ".to_vec() });
        let last = [name(b"run"), bytes(0, What::Kept {}), name(b"later"), screen].concat();
        trace.push(&last[..last.len() - 3]).expect("frames");
        assert!(trace.kept);
        let mut later = trace.go_on();
        later.push(&last[last.len() - 3..]).expect("the rest of a frame");
        let names = |trace: &Trace| {
            let name = |notice: &Notice| match &notice.what {
                What::Name { name } => Some(String::from_utf8_lossy(name).into_owned()),
                _ => None,
            };
            trace.notices.iter().filter_map(name).collect::<Vec<_>>()
        };
        assert_eq!((names(&trace), names(&later)), (vec!["run".into()], vec!["later".into()]));
        assert_eq!(later.console.screen, b"# ");
    }

    #[test]
    fn a_flood_is_counted_and_not_kept() {
        let mut trace = Trace::default();
        let one = bytes(1, What::Name { name: b"x".to_vec() });
        let piece = one.repeat(1_000);
        for _ in 0..NOTICES_MAX / 1_000 + 3 {
            trace.push(&piece).expect("frames");
        }
        assert_eq!(trace.notices.len(), NOTICES_MAX);
        assert!(trace.lost >= 2_000);
        assert!(trace.push(&[0xff; 8]).is_err());
    }
}
