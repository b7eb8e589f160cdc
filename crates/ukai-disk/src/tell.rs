//! Telling what was found, within bounds.

use crate::limits::{ALL_BYTES_MAX, TOLD_MAX};
use ukai_trace::limits::PIECE_BYTES_MAX;
use ukai_trace::{Notice, Reason, What};

/// Who is told, and how much of it still.
pub(crate) struct Teller<'a> {
    tell: &'a mut dyn FnMut(&Notice),
    /// The time from which notices count, in nanoseconds since 1970.
    pub(crate) began_ns: i128,
    left: usize,
    bytes_left: u64,
    files: u32,
    /// Notices for which there was no room.
    pub(crate) lost: u64,
}

impl<'a> Teller<'a> {
    pub(crate) fn new(began_ns: i128, tell: &'a mut dyn FnMut(&Notice)) -> Self {
        let (left, bytes_left) = (TOLD_MAX, ALL_BYTES_MAX);
        Self { tell, began_ns, left, bytes_left, files: 0, lost: 0 }
    }

    /// Tells it, of no process.
    pub(crate) fn say(&mut self, time_ns: i128, what: What) {
        if self.left == 0 {
            self.lost += 1;
            return;
        }
        self.left -= 1;
        self.say_more(time_ns, what);
    }

    /// Tells it in any case: whoever calls has a limit.
    pub(crate) fn say_more(&mut self, time_ns: i128, what: What) {
        let at_ns = u64::try_from(time_ns - self.began_ns).unwrap_or_default();
        (self.tell)(&Notice { at_ns, pid: 0, what });
    }

    /// How many bytes of a file of this size may be handed over.
    pub(crate) fn room(&self, size: u64) -> u64 {
        size.min(crate::limits::FILE_BYTES_MAX).min(self.bytes_left)
    }

    /// Hands a file over.
    pub(crate) fn hand(
        &mut self,
        time_ns: i128,
        path: &[u8],
        reason: Reason,
        size: u64,
        bytes: &[u8],
    ) {
        self.bytes_left = self.bytes_left.saturating_sub(bytes.len() as u64);
        let number = self.files;
        self.files += 1;
        let mut pieces = bytes.chunks(PIECE_BYTES_MAX).peekable();
        let mut offset = 0;
        loop {
            let piece = pieces.next().unwrap_or_default().to_vec();
            let last = pieces.peek().is_none();
            let length = piece.len() as u64;
            let path = path.to_vec();
            self.say(
                time_ns,
                What::File { number, path, reason, size, offset, bytes: piece, last },
            );
            offset += length;
            if last {
                return;
            }
        }
    }
}
