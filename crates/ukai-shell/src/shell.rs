//! A session's interpreter, seen from outside.

use crate::{FetchId, Fetched, Fs, ShellEffect};
use bytes::Bytes;
use std::net::IpAddr;
use std::sync::Arc;
use ukai_model::{PeerText, Timestamp};
use ukai_persona::Host;

/// Size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSize {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// Who logged in, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// User name.
    pub user: String,
    /// User number; the host's account of that name decides if there is one.
    pub uid: u32,
    /// The terminal, if there is one; without, the shell prints no prompt.
    pub terminal: Option<TerminalSize>,
    /// Where the user comes from, for `who` and `netstat`.
    pub peer: Option<IpAddr>,
}

/// What a shell is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShellState {
    /// It waits for a command.
    Ready,
    /// It waits for the rest of a command (open quote, here-document, `if` ...).
    NeedMore,
    /// A command runs and waits.
    Waiting(WaitingFor),
    /// It has ended with this status.
    Exited(i32),
}

/// What a running command waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingFor {
    /// An answer to [`ShellEffect::Fetch`].
    Fetch,
    /// Time.
    Time,
    /// Input.
    Stdin,
}

/// A session's interpreter.
pub struct Shell {
    host: Arc<Host>,
    state: ShellState,
}

impl Shell {
    /// A shell for `login` on `host`. Two shells with the same seed do the same.
    pub fn new(host: Arc<Host>, _fs: Fs, _login: Login, _seed: u64, _now: Timestamp) -> Self {
        Self { host, state: ShellState::Ready }
    }

    /// Runs one input line, or a script of many.
    pub fn run(&mut self, line: &[u8], _now: Timestamp, out: &mut Vec<ShellEffect>) {
        out.push(ShellEffect::Command { line: PeerText::from(line), unknown: Vec::new() });
        out.push(ShellEffect::Output(Bytes::from_static(b"")));
    }

    /// Gives input to the running command.
    pub fn feed_stdin(&mut self, _bytes: &[u8], _now: Timestamp, _out: &mut Vec<ShellEffect>) {}

    /// Ends the running command's input (control-D).
    pub fn end_stdin(&mut self, _now: Timestamp, _out: &mut Vec<ShellEffect>) {}

    /// Answers a [`ShellEffect::Fetch`].
    pub fn on_fetched(
        &mut self,
        _id: FetchId,
        _fetched: Fetched,
        _now: Timestamp,
        _out: &mut Vec<ShellEffect>,
    ) {
    }

    /// Time has passed.
    pub fn on_timer(&mut self, _now: Timestamp, _out: &mut Vec<ShellEffect>) {}

    /// Stops the running command (control-C).
    pub fn interrupt(&mut self, _now: Timestamp, _out: &mut Vec<ShellEffect>) {}

    /// The session is over: what the attacker made and nobody looked at is captured.
    pub fn finish(&mut self, _out: &mut Vec<ShellEffect>) {}

    /// What it is doing.
    pub fn state(&self) -> ShellState {
        self.state
    }

    /// The prompt for the next line, with the continuation prompt where one is open.
    pub fn prompt(&self) -> Vec<u8> {
        self.host.hostname.clone().into_bytes()
    }
}

/// Whether `text` is the beginning of a command whose rest is still to come.
pub fn needs_more(_text: &[u8]) -> bool {
    false
}
