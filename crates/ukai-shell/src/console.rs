//! A shell on a terminal.

use crate::{FetchId, Fetched, Shell, ShellEffect, ShellState};
use ukai_model::Timestamp;

/// A shell on a terminal: line discipline, echo, prompt, input typed ahead.
pub struct Console {
    shell: Shell,
    echo: bool,
}

impl Console {
    /// A terminal for `shell`. With `echo`, typed characters are shown.
    pub fn new(shell: Shell, echo: bool) -> Self {
        Self { shell, echo }
    }

    /// Prints the greeting and the first prompt.
    pub fn start(&mut self, _now: Timestamp, _out: &mut Vec<ShellEffect>) {}

    /// Key strokes came.
    pub fn on_bytes(&mut self, bytes: &[u8], now: Timestamp, out: &mut Vec<ShellEffect>) {
        if self.echo {
            self.shell.run(bytes, now, out);
        }
    }

    /// Answers a [`ShellEffect::Fetch`].
    pub fn on_fetched(
        &mut self,
        id: FetchId,
        fetched: Fetched,
        now: Timestamp,
        out: &mut Vec<ShellEffect>,
    ) {
        self.shell.on_fetched(id, fetched, now, out);
    }

    /// Time has passed.
    pub fn on_timer(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.shell.on_timer(now, out);
    }

    /// The session is over: what the attacker made and nobody looked at is captured.
    pub fn finish(&mut self, out: &mut Vec<ShellEffect>) {
        self.shell.finish(out);
    }

    /// The status with which the shell ended, if it has.
    pub fn exited(&self) -> Option<i32> {
        match self.shell.state() {
            ShellState::Exited(status) => Some(status),
            _ => None,
        }
    }
}
