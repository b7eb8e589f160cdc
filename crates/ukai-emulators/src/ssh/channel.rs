//! A channel, what works on it, and what waits on it in both directions.

use super::sftp::Sftp;
use super::tunnel::Tunnel;
use crate::limits::{SSH_INPUT_BYTES, SSH_OUTPUT_BYTES};
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
    output_bytes: usize,
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

    /// Adds output; `false` if that is beyond the limit, and dropped.
    pub(super) fn put(&mut self, error: bool, bytes: Bytes) -> bool {
        if self.output_bytes + bytes.len() > SSH_OUTPUT_BYTES {
            return false;
        }
        if !bytes.is_empty() {
            self.output_bytes += bytes.len();
            self.output.push_back((error, bytes));
        }
        true
    }

    /// Says that `count` bytes of the first piece of output are gone.
    pub(super) fn sent(&mut self, count: usize) {
        self.output_bytes = self.output_bytes.saturating_sub(count);
        let Some((_, bytes)) = self.output.front_mut() else { return };
        if count >= bytes.len() {
            self.output.pop_front();
        } else {
            let _ = bytes.split_to(count);
        }
    }

    /// Adds input that waits.
    pub(super) fn take_input(&mut self, bytes: Bytes) {
        if self.input_bytes + bytes.len() <= SSH_INPUT_BYTES {
            self.input_bytes += bytes.len();
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
        if first.is_empty() {
            self.input.pop_front();
        }
        self.input_bytes -= count;
        Some(piece)
    }
}
