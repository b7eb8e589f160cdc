//! Where an editor sits: the shell it serves, the screen, what lasts from line to line.

use super::redraw::Terminal;
use crate::Shell;
use bytes::Bytes;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The line goes on.
    More,
    /// The line is complete.
    Complete,
    /// The input ends here.
    End,
    /// The line was given up.
    Interrupted,
}

/// What an editor has around it while it handles a key.
pub(super) struct Seat<'a> {
    pub(super) shell: &'a Shell,
    pub(super) terminal: Terminal,
    /// What was cut last.
    pub(super) cut: &'a mut Vec<u8>,
    /// Bytes for the screen, ends of lines as CR LF.
    pub(super) out: &'a mut Vec<u8>,
}

impl Seat<'_> {
    pub(super) fn bell(&mut self) {
        self.out.push(0x07);
    }

    pub(super) fn history(&self, back: usize) -> Option<Bytes> {
        self.shell.history_line(back)
    }
}
