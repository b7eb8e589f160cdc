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
}

impl Trace {
    /// So much has come. An error is the end of the trace: what follows is not frames.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        self.framer.push(bytes);
        let before = self.notices.len();
        while let Some(body) = self.framer.next_body()? {
            let Ok(notice) = Notice::decode(body) else {
                self.unknown += 1;
                continue;
            };
            self.follow(&notice);
            let full = self.notices.len() >= NOTICES_MAX || self.bytes >= TRACE_BYTES_MAX;
            if full {
                self.lost += 1;
            } else {
                self.notices.push(notice);
            }
        }
        if self.notices.len() > before {
            self.bytes += bytes.len();
        }
        Ok(())
    }

    /// Whether all processes of the sample have ended, as far as is known.
    pub(super) fn is_over(&self) -> bool {
        self.started && self.alive.is_empty()
    }

    /// Frames that could not be read.
    pub(super) const fn unknown(&self) -> u64 {
        self.unknown
    }

    fn follow(&mut self, notice: &Notice) {
        match &notice.what {
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
