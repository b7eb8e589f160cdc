//! The terminal in front of a log-in: it echoes what comes when it comes, and keeps it for
//! the program until that reads or drops it.

use super::line::{LineReader, Typed};
use crate::limits::{LOGIN_LINE_BYTES, LOGIN_TYPE_AHEAD_BYTES};

const LINE: u8 = b'\n';
const END: u8 = 0x04;

/// Its state.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    line: LineReader,
    /// What can be read, each piece behind the byte that ended it, which it does not hold.
    ready: Vec<u8>,
    full: bool,
}

impl Terminal {
    /// Takes bytes up to one that sends a signal; gives that, and the rest.
    pub(super) fn take<'a>(
        &mut self,
        bytes: &'a [u8],
        echo: bool,
        screen: &mut Vec<u8>,
    ) -> (Option<u8>, &'a [u8]) {
        for (at, byte) in bytes.iter().enumerate() {
            match self.line.take(*byte, echo, LOGIN_LINE_BYTES, screen) {
                Typed::Line(text) => self.keep(&text, LINE),
                Typed::End(text) => self.keep(&text, END),
                Typed::Signal(key) => {
                    self.ready.clear();
                    return (Some(key), &bytes[at + 1..]);
                }
                Typed::More => {}
            }
        }
        (None, &[])
    }

    fn keep(&mut self, text: &[u8], end: u8) {
        if self.ready.len() + text.len() < LOGIN_TYPE_AHEAD_BYTES {
            self.ready.extend_from_slice(text);
            self.ready.push(end);
        } else {
            self.full = true;
        }
    }

    /// What a program reads next, and whether a line ends there.
    pub(super) fn read(&mut self) -> Option<(Vec<u8>, bool)> {
        let end = memchr::memchr2(LINE, END, &self.ready)?;
        let mut text: Vec<u8> = self.ready.drain(..=end).collect();
        let whole = text.pop() == Some(LINE);
        Some((text, whole))
    }

    /// Drops what was typed.
    pub(super) fn flush(&mut self) {
        self.ready.clear();
        self.line.clear();
    }

    /// Gives all that was typed to who reads byte by byte from now on.
    pub(super) fn hand_over(&mut self) -> Vec<u8> {
        let mut typed = std::mem::take(&mut self.ready);
        typed.extend(self.line.take_line());
        typed
    }

    /// Whether bytes were dropped for want of room; tells once.
    pub(super) fn take_overflow(&mut self) -> bool {
        self.line.take_overlong() | std::mem::take(&mut self.full)
    }
}
