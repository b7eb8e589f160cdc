//! A channel, what works on it, and what waits on it in both directions.

use super::sftp::Sftp;
use super::tunnel::Tunnel;
use crate::limits::{SSH_INPUT_BYTES, SSH_PIECE_BYTES, SSH_VARIABLE_BYTES, SSH_VARIABLES};
use bytes::Bytes;
use std::collections::VecDeque;
use ukai_shell::{Console, Shell, TerminalModes, TerminalSize};

/// What works on a channel.
pub(super) enum Work {
    /// Nothing yet.
    Idle,
    /// A shell or command on a terminal.
    Console(Box<Console>),
    /// A shell or command without one.
    Shell(Box<Shell>),
    /// Files.
    Sftp(Box<Sftp>),
    /// An emulated service at the other end of a tunnel.
    Tunnel(Box<Tunnel>),
    /// It has ended.
    Over,
}

/// How work on a channel ends.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// A program's status.
    Status(i32),
    /// A tunnel's end, of which nothing more is told.
    Plain,
}

/// The terminal that a client asked for.
pub(super) struct Pty {
    pub(super) term: Bytes,
    pub(super) size: TerminalSize,
    pub(super) modes: TerminalModes,
}

/// A channel.
pub(super) struct Channel {
    pub(super) work: Work,
    pub(super) pty: Option<Pty>,
    pub(super) variables: Vec<(Bytes, Bytes)>,
    /// Output that the server did not take yet; whether it is for the error stream.
    pub(super) output: VecDeque<(bool, Bytes)>,
    pub(super) output_bytes: usize,
    /// Input that the program had no room for.
    pub(super) input: VecDeque<Bytes>,
    input_bytes: usize,
    /// The client sends no more.
    pub(super) input_ended: bool,
    /// The end was passed on.
    pub(super) end_told: bool,
    /// How what worked on it has ended, once it has.
    pub(super) ended: Option<End>,
    /// Output was dropped.
    pub(super) cut: bool,
    /// The client was told of the end.
    pub(super) closed: bool,
}

impl Channel {
    pub(super) fn new(work: Work) -> Self {
        Self {
            work,
            pty: None,
            variables: Vec::new(),
            output: VecDeque::new(),
            output_bytes: 0,
            input: VecDeque::new(),
            input_bytes: 0,
            input_ended: false,
            end_told: false,
            ended: None,
            cut: false,
            closed: false,
        }
    }

    /// Whether there is room for one more of the client's variables.
    pub(super) fn has_room_for(&self, name: &[u8], value: &[u8]) -> bool {
        let taken: usize =
            self.variables.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.variables.len() < SSH_VARIABLES
            && taken + name.len() + value.len() <= SSH_VARIABLE_BYTES
    }

    /// Adds output; `false` if it needs more than `room`, and is dropped.
    pub(super) fn put(&mut self, error: bool, bytes: Bytes, room: usize) -> bool {
        if bytes.is_empty() {
            return true;
        }
        let size = SSH_PIECE_BYTES + bytes.len();
        if size > room {
            return false;
        }
        self.output_bytes += size;
        self.output.push_back((error, bytes));
        true
    }

    /// Says that `count` bytes of the first piece of output are gone.
    pub(super) fn sent(&mut self, count: usize) {
        let Some((_, bytes)) = self.output.front_mut() else { return };
        let mut gone = count;
        if count >= bytes.len() {
            gone += SSH_PIECE_BYTES;
            self.output.pop_front();
        } else {
            let _ = bytes.split_to(count);
        }
        self.output_bytes = self.output_bytes.saturating_sub(gone);
    }

    /// Adds input that waits.
    pub(super) fn take_input(&mut self, bytes: Bytes) {
        let size = SSH_PIECE_BYTES + bytes.len();
        if self.input_bytes + size <= SSH_INPUT_BYTES {
            self.input_bytes += size;
            self.input.push_back(bytes);
        }
    }

    /// The next piece of input of at most `room` bytes.
    pub(super) fn next_input(&mut self, room: usize) -> Option<Bytes> {
        let first = self.input.front_mut()?;
        let count = first.len().min(room);
        if count == 0 {
            return None;
        }
        let piece = first.split_to(count);
        self.input_bytes = self.input_bytes.saturating_sub(count);
        if first.is_empty() {
            self.input.pop_front();
            self.input_bytes = self.input_bytes.saturating_sub(SSH_PIECE_BYTES);
        }
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, Work};
    use crate::limits::{SSH_INPUT_BYTES, SSH_PIECE_BYTES, SSH_VARIABLE_BYTES, SSH_VARIABLES};
    use bytes::Bytes;

    #[test]
    fn many_small_pieces_take_the_room_that_they_need() {
        let mut channel = Channel::new(Work::Idle);
        let mut room = 65_536;
        while channel.put(false, Bytes::from_static(b"x"), room) {
            room = 65_536 - channel.output_bytes;
        }
        assert_eq!(channel.output.len(), 65_536 / (SSH_PIECE_BYTES + 1));
        while !channel.output.is_empty() {
            channel.sent(1);
        }
        assert_eq!(channel.output_bytes, 0);
        for _ in 0..SSH_INPUT_BYTES {
            channel.take_input(Bytes::from_static(b"x"));
        }
        assert_eq!(channel.input.len(), SSH_INPUT_BYTES / (SSH_PIECE_BYTES + 1));
        while channel.next_input(usize::MAX).is_some() {}
        assert_eq!((channel.input.len(), channel.input_bytes), (0, 0));
    }

    #[test]
    fn a_piece_that_is_sent_in_parts_is_counted_once() {
        let mut channel = Channel::new(Work::Idle);
        assert!(channel.put(true, Bytes::from_static(b"abc"), 1_000));
        channel.sent(1);
        assert_eq!(channel.output_bytes, SSH_PIECE_BYTES + 2);
        channel.sent(2);
        assert_eq!((channel.output.len(), channel.output_bytes), (0, 0));
    }

    #[test]
    fn variables_are_bounded_in_number_and_size() {
        let mut channel = Channel::new(Work::Idle);
        assert!(!channel.has_room_for(b"LANG", &vec![b'x'; SSH_VARIABLE_BYTES]));
        for _ in 0..SSH_VARIABLES {
            assert!(channel.has_room_for(b"LANG", b"C"));
            channel.variables.push((Bytes::from_static(b"LANG"), Bytes::from_static(b"C")));
        }
        assert!(!channel.has_room_for(b"LANG", b"C"));
    }
}
