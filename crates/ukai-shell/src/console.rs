//! A shell on a terminal.

use crate::{
    FetchId, Fetched, Shell, ShellEffect, ShellState, TerminalModes, TerminalSize, WaitingFor,
    limits,
};
use bytes::Bytes;
use std::collections::VecDeque;
use ukai_model::Timestamp;

/// A shell on a terminal: line discipline, echo, prompt, input typed ahead.
///
/// Lines end with CR, CR LF, CR NUL or LF. Backspace, control-U, -W, -C, -D and the
/// arrow keys do what a person expects. While a command runs, lines wait, unless the
/// command reads them itself.
pub struct Console {
    shell: Shell,
    echo: bool,
    line: Vec<u8>,
    /// Complete lines not yet taken.
    ahead: VecDeque<Vec<u8>>,
    ahead_bytes: usize,
    after_return: bool,
    /// Inside an escape sequence of the keyboard: its bytes so far.
    escape: Vec<u8>,
    /// How far back in the history the line was taken from.
    back: usize,
    /// Whether a prompt stands on the screen.
    prompted: bool,
    /// Part of the line was typed while a command ran, and was not shown.
    hidden: bool,
}

impl Console {
    /// A terminal for `shell`. With `echo`, typed characters are shown.
    pub fn new(shell: Shell, echo: bool) -> Self {
        Self {
            shell,
            echo,
            line: Vec::new(),
            ahead: VecDeque::new(),
            ahead_bytes: 0,
            after_return: false,
            escape: Vec::new(),
            back: 0,
            prompted: false,
            hidden: false,
        }
    }

    /// Whether typed characters are shown from now on.
    pub fn set_echo(&mut self, echo: bool) {
        self.echo = echo;
    }

    /// The terminal has another size from now on.
    pub fn resize(&mut self, size: TerminalSize) {
        self.shell.resize(size);
    }

    /// The terminal has other modes from now on, such as those of an SSH client's
    /// request (RFC 4254, section 8).
    pub fn set_modes(&mut self, modes: TerminalModes) {
        self.shell.with_modes(|own| *own = modes);
    }

    /// The terminal's present modes.
    pub fn modes(&self) -> TerminalModes {
        self.shell.with_modes(|own| *own)
    }

    /// Prints the greeting and the first prompt.
    pub fn start(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let greeting = self.shell.greeting();
        print(out, greeting.as_bytes());
        self.settle(now, out);
    }

    /// Key strokes came.
    pub fn on_bytes(&mut self, bytes: &[u8], now: Timestamp, out: &mut Vec<ShellEffect>) {
        if self.exited().is_some() {
            return;
        }
        out.push(ShellEffect::Input(Bytes::copy_from_slice(bytes)));
        for byte in bytes {
            self.key(*byte, now, out);
            if self.exited().is_some() {
                return;
            }
        }
    }

    fn key(&mut self, byte: u8, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
        if !self.escape.is_empty() {
            self.escape_key(byte, out);
            return;
        }
        match byte {
            b'\r' => self.enter(now, out),
            b'\n' if !after_return => self.enter(now, out),
            0x03 => self.interrupt(now, out),
            0x04 => self.end_of_input(now, out),
            0x08 | 0x7f => {
                if self.line.pop().is_some() {
                    self.show(out, b"\x08 \x08");
                }
            }
            0x15 => {
                let count = self.line.len();
                self.rub_out(count, out);
            }
            0x17 => {
                let kept = self.line.trim_ascii_end();
                let start = kept.iter().rposition(|b| *b == b' ').map_or(0, |at| at + 1);
                let count = self.line.len() - start;
                self.rub_out(count, out);
            }
            0x1b => self.escape.push(byte),
            0..=0x1f => {}
            _ => {
                if self.line.len() < limits::TERMINAL_LINE_BYTES {
                    self.line.push(byte);
                    self.show(out, &[byte]);
                }
            }
        }
    }

    /// Arrow keys go through the history; other sequences are swallowed.
    fn escape_key(&mut self, byte: u8, out: &mut Vec<ShellEffect>) {
        const LONGEST: usize = 8;
        self.escape.push(byte);
        let ends = self.escape.len() > 2 && byte.is_ascii_alphabetic() || byte == b'~';
        if self.escape.len() == 2 && !matches!(byte, b'[' | b'O') || self.escape.len() >= LONGEST {
            self.escape.clear();
            return;
        }
        if !ends || self.escape.len() < 3 {
            return;
        }
        let back = match byte {
            b'A' => self.back + 1,
            b'B' => self.back.saturating_sub(1),
            _ => self.back,
        };
        self.escape.clear();
        if back == self.back {
            return;
        }
        let text = if back == 0 { Some(Bytes::new()) } else { self.shell.history_line(back) };
        if let Some(text) = text {
            self.back = back;
            let count = self.line.len();
            self.rub_out(count, out);
            self.line = text.to_vec();
            self.show(out, &text);
        }
    }

    fn rub_out(&mut self, count: usize, out: &mut Vec<ShellEffect>) {
        self.line.truncate(self.line.len() - count);
        self.show(out, &b"\x08 \x08".repeat(count));
    }

    /// Shows what was typed at the prompt, or to a command that reads it.
    fn show(&mut self, out: &mut Vec<ShellEffect>, bytes: &[u8]) {
        let waits_for_other =
            matches!(self.shell.state(), ShellState::Waiting(WaitingFor::Fetch | WaitingFor::Time));
        if self.echo && !waits_for_other && self.shell.echoes() && self.ahead.is_empty() {
            push_output(out, bytes);
        } else {
            self.hidden = true;
        }
    }

    fn enter(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let line = std::mem::take(&mut self.line);
        self.back = 0;
        self.hidden = false;
        let busy = !self.ahead.is_empty()
            || matches!(self.shell.state(), ShellState::Waiting(w) if w != WaitingFor::Stdin);
        if busy {
            if self.ahead_bytes + line.len() < limits::TYPE_AHEAD_BYTES {
                self.ahead_bytes += line.len() + 1;
                self.ahead.push_back(line);
            }
            return;
        }
        if self.echo {
            push_output(out, b"\r\n");
        }
        self.take(line, now, out);
        self.settle(now, out);
    }

    /// Gives a complete line to whoever wants it.
    fn take(&mut self, mut line: Vec<u8>, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.prompted = false;
        line.push(b'\n');
        let mut effects = Vec::new();
        match self.shell.state() {
            ShellState::Waiting(_) => self.shell.feed_stdin(&line, now, &mut effects),
            _ => self.shell.run(&line, now, &mut effects),
        }
        translate(effects, out);
    }

    fn end_of_input(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        match self.shell.state() {
            ShellState::Waiting(WaitingFor::Stdin) => {
                let mut effects = Vec::new();
                let rest = std::mem::take(&mut self.line);
                if rest.is_empty() {
                    self.shell.end_stdin(now, &mut effects);
                } else {
                    self.shell.feed_stdin(&rest, now, &mut effects);
                }
                translate(effects, out);
                self.settle(now, out);
            }
            ShellState::Ready if self.line.is_empty() => {
                self.prompted = false;
                let mut effects = Vec::new();
                self.shell.run(b"exit\n", now, &mut effects);
                // Nobody typed it, so it is no command in the record.
                effects.retain(|effect| !matches!(effect, ShellEffect::Command { .. }));
                translate(effects, out);
            }
            _ => {}
        }
    }

    fn interrupt(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.line.clear();
        self.ahead.clear();
        self.ahead_bytes = 0;
        self.back = 0;
        self.prompted = false;
        if self.echo {
            push_output(out, b"^C");
        }
        push_output(out, b"\r\n");
        let mut effects = Vec::new();
        self.shell.interrupt(now, &mut effects);
        translate(effects, out);
        self.settle(now, out);
    }

    /// Answers a [`ShellEffect::Fetch`].
    pub fn on_fetched(
        &mut self,
        id: FetchId,
        fetched: Fetched,
        now: Timestamp,
        out: &mut Vec<ShellEffect>,
    ) {
        let mut effects = Vec::new();
        self.shell.on_fetched(id, fetched, now, &mut effects);
        translate(effects, out);
        self.settle(now, out);
    }

    /// Time has passed.
    pub fn on_timer(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let mut effects = Vec::new();
        self.shell.on_timer(now, &mut effects);
        translate(effects, out);
        self.settle(now, out);
    }

    /// Prints the prompt if the shell is ready, and goes on with what was typed ahead.
    fn settle(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        loop {
            match self.shell.state() {
                ShellState::Waiting(WaitingFor::Stdin) => {}
                ShellState::Exited(_) | ShellState::Waiting(_) => return,
                ShellState::Ready | ShellState::NeedMore => {
                    if !self.prompted {
                        push_output(out, &self.shell.prompt());
                        self.prompted = true;
                    }
                }
            }
            let Some(line) = self.ahead.pop_front() else {
                // What stands in the unfinished line was not shown while a command ran.
                if std::mem::take(&mut self.hidden) && self.echo && self.shell.echoes() {
                    push_output(out, &self.line);
                }
                return;
            };
            self.ahead_bytes = self.ahead_bytes.saturating_sub(line.len() + 1);
            if self.echo {
                if self.shell.echoes() {
                    push_output(out, &line);
                }
                push_output(out, b"\r\n");
            }
            self.take(line, now, out);
        }
    }

    /// The session is over: what the attacker made and nobody looked at is captured.
    pub fn finish(&mut self, out: &mut Vec<ShellEffect>) {
        let mut effects = Vec::new();
        self.shell.finish(&mut effects);
        translate(effects, out);
    }

    /// The status with which the shell ended, if it has.
    pub fn exited(&self) -> Option<i32> {
        match self.shell.state() {
            ShellState::Exited(status) => Some(status),
            _ => None,
        }
    }
}

/// The shell's effects as a terminal's: lines end with CR LF.
fn translate(effects: Vec<ShellEffect>, out: &mut Vec<ShellEffect>) {
    for effect in effects {
        match effect {
            ShellEffect::Output(bytes) | ShellEffect::ErrorOutput(bytes) => print(out, &bytes),
            other => out.push(other),
        }
    }
}

fn print(out: &mut Vec<ShellEffect>, bytes: &[u8]) {
    let mut text = Vec::with_capacity(bytes.len() + bytes.len() / 32 + 2);
    for byte in bytes {
        if *byte == b'\n' {
            text.push(b'\r');
        }
        text.push(*byte);
    }
    push_output(out, &text);
}

/// Adds to the last output, so that a line is not sent byte by byte.
fn push_output(out: &mut Vec<ShellEffect>, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    if let Some(ShellEffect::Output(last)) = out.last_mut() {
        // Its only owner is here: growing it in place keeps long lines linear.
        let mut joined = std::mem::take(last).try_into_mut().unwrap_or_else(|b| b[..].into());
        joined.extend_from_slice(bytes);
        *last = joined.freeze();
    } else {
        out.push(ShellEffect::Output(Bytes::copy_from_slice(bytes)));
    }
}
