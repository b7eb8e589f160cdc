//! A shell on a terminal.
//!
//! While the shell asks for a line, its line editor has the keys: `readline` in bash,
//! `ash` in BusyBox. While a command runs they go through the line discipline, which
//! echoes and corrects as the kernel does, and wait for whoever reads next.

mod ash;
mod cells;
mod columns;
mod complete;
mod discipline;
mod events;
mod keys;
mod line;
mod quoting;
mod readline;
mod recall;
mod redraw;
mod search;
mod seat;

use crate::process::Process;
use crate::system::Answer;
use crate::{
    FetchId, Fetched, Shell, ShellEffect, ShellState, TerminalModes, TerminalSize, WaitingFor,
    limits,
};
use ash::{Ash, Build};
use bytes::Bytes;
use discipline::{Act, Discipline};
use readline::Readline;
use redraw::Terminal;
use seat::{Seat, Verdict};
use std::collections::VecDeque;
use ukai_model::Timestamp;

/// A shell on a terminal: line editor, line discipline, prompt, input typed ahead.
pub struct Console {
    shell: Shell,
    /// There is no terminal that could echo: a socket, or a peer that echoes itself.
    bare: bool,
    /// A return and the newline or NUL after it are one key, as Telnet sends them.
    joins_returns: bool,
    after_return: bool,
    discipline: Discipline,
    /// What was typed and nobody has read.
    queue: VecDeque<u8>,
    editor: Option<Editor>,
    /// A bare console's prompt stands on the screen.
    prompted: bool,
    /// What was cut last.
    cut: Vec<u8>,
    /// What editors may still draw in this session, in bytes.
    drawing_left: usize,
}

/// Who edits the line that the shell asks for.
enum Editor {
    Readline(Box<Readline>),
    Ash(Box<Ash>),
}

impl Console {
    /// A terminal for `shell`. Without `echo` nothing edits lines, and nothing typed is
    /// shown.
    pub fn new(shell: Shell, echo: bool) -> Self {
        shell.has_console(echo);
        Self {
            shell,
            bare: !echo,
            joins_returns: true,
            after_return: false,
            discipline: Discipline::default(),
            queue: VecDeque::new(),
            editor: None,
            prompted: false,
            cut: Vec::new(),
            drawing_left: limits::DRAWN_BYTES_PER_SESSION,
        }
    }

    /// Whether typed characters are shown from now on.
    pub fn set_echo(&mut self, echo: bool) {
        self.bare = !echo;
        self.shell.has_console(echo);
    }

    /// A return is a key of its own, and a newline after it another: as on a
    /// pseudo-terminal that no Telnet server stands before.
    pub fn set_separate_returns(&mut self) {
        self.joins_returns = false;
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
        self.shell.read_history();
        let greeting = self.shell.greeting();
        print(out, greeting.as_bytes(), true);
        self.settle(now, out);
    }

    /// Key strokes came.
    pub fn on_bytes(&mut self, bytes: &[u8], now: Timestamp, out: &mut Vec<ShellEffect>) {
        if self.exited().is_some() {
            return;
        }
        out.push(ShellEffect::Input(Bytes::copy_from_slice(bytes)));
        for byte in bytes {
            if self.exited().is_some() {
                return;
            }
            let after_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            if !(after_return && self.joins_returns && matches!(byte, b'\n' | 0)) {
                self.arrive(*byte, now, out);
            }
        }
        self.settle(now, out);
    }

    /// A byte comes to the terminal, in the mode that it has now.
    fn arrive(&mut self, byte: u8, now: Timestamp, out: &mut Vec<ShellEffect>) {
        if self.editor.is_some() {
            if self.shell.state() == ShellState::Ready || self.shell.is_asked() {
                self.editor_signal(byte);
            }
            self.keep(&[byte]);
            return;
        }
        let mut modes = self.modes();
        modes.echo &= !self.bare;
        let mut echo = Vec::new();
        let act = self.discipline.key(byte, modes, &mut echo);
        push_output(out, &echo);
        match act {
            Act::Nothing => {}
            Act::Ready(bytes) => {
                self.keep(&bytes);
                self.settle(now, out);
            }
            Act::End => {
                // What was typed before is read first.
                self.settle(now, out);
                self.end_of_input(now, out);
            }
            signal => self.signal(&signal, now, out),
        }
    }

    /// A key that the kernel takes for a signal throws away what waits to be edited.
    fn editor_signal(&mut self, byte: u8) {
        let modes = self.modes();
        let signal = modes.signals && byte == modes.interrupt && !matches!(byte, 0 | 255);
        if signal && matches!(self.editor, Some(Editor::Readline(_))) {
            self.queue.clear();
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = limits::TYPE_AHEAD_BYTES.saturating_sub(self.queue.len());
        self.queue.extend(&bytes[..bytes.len().min(room)]);
    }

    fn signal(&mut self, signal: &Act, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.queue.clear();
        self.prompted = false;
        let mut effects = Vec::new();
        match signal {
            Act::Suspend => self.shell.suspend(now, &mut effects),
            Act::Quit => {
                let runs = matches!(self.shell.state(), ShellState::Waiting(_));
                push_output(out, if runs { b"Quit\r\n" } else { b"" });
                self.shell.interrupt(now, &mut effects);
                if runs {
                    self.shell.was_quit();
                }
            }
            _ => {
                push_output(out, b"\r\n");
                self.shell.interrupt(now, &mut effects);
            }
        }
        self.translate(effects, out);
        self.settle(now, out);
    }

    fn end_of_input(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        match self.shell.state() {
            ShellState::Waiting(_) => {
                let mut effects = Vec::new();
                self.shell.end_stdin(now, &mut effects);
                self.translate(effects, out);
                self.settle(now, out);
            }
            ShellState::Ready => self.log_out(now, out),
            _ => {}
        }
    }

    /// The login shell's input has ended.
    fn log_out(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let mut effects = Vec::new();
        self.prompted = false;
        self.shell.run_unrecorded(b"exit\n", now, &mut effects);
        // Nobody typed it, so it is no command in the record.
        effects.retain(|effect| !matches!(effect, ShellEffect::Command { .. }));
        self.translate(effects, out);
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
        self.translate(effects, out);
        self.settle(now, out);
    }

    /// Time has passed.
    pub fn on_timer(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let mut effects = Vec::new();
        self.shell.on_timer(now, &mut effects);
        self.translate(effects, out);
        self.settle(now, out);
    }

    /// Gives what was typed to whoever reads, until nobody does or there is no more.
    fn settle(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        loop {
            let state = self.shell.state();
            let asks = match state {
                ShellState::Exited(_) => {
                    self.editor = None;
                    return;
                }
                ShellState::Ready | ShellState::NeedMore => true,
                ShellState::Waiting(WaitingFor::Stdin) => self.shell.is_asked(),
                ShellState::Waiting(_) => false,
            };
            if !asks {
                self.editor = None;
                if state != ShellState::Waiting(WaitingFor::Stdin) || self.queue.is_empty() {
                    return;
                }
                self.feed(now, out);
            } else if self.bare {
                if !self.bare_line(now, out) {
                    return;
                }
            } else if !self.edit(now, out) {
                return;
            }
        }
    }

    /// The command that reads gets all that was typed.
    fn feed(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let typed: Vec<u8> = self.queue.drain(..).collect();
        let mut effects = Vec::new();
        self.shell.feed_stdin(&typed, now, &mut effects);
        self.translate(effects, out);
    }

    /// Without an editor the shell prints its prompt and reads a line.
    fn bare_line(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) -> bool {
        if !std::mem::replace(&mut self.prompted, true) {
            self.reclaim();
            let prompt = self.shell.prompt();
            print(out, &prompt, true);
        }
        let Some(end) = self.queue.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
            return false;
        };
        let mut line: Vec<u8> = self.queue.drain(..=end).collect();
        line.pop();
        self.give(line, now, out);
        true
    }

    /// What a command left unread is read by the shell.
    fn reclaim(&mut self) {
        let unread = self.shell.take_unread();
        for byte in unread.into_iter().rev() {
            self.queue.push_front(byte);
        }
    }

    /// Lets the editor work on what was typed, one key or as many as there are; whether
    /// the shell went on.
    fn edit(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) -> bool {
        let terminal = self.terminal();
        if self.editor.is_none() {
            self.reclaim();
            let rest = self.discipline.rest();
            self.keep(&rest);
            self.open_editor(terminal, out);
        }
        let mut verdict = Verdict::More;
        let modes = self.modes();
        let mut drawn = Vec::new();
        let mut seat = Seat { shell: &self.shell, terminal, cut: &mut self.cut, out: &mut drawn };
        while verdict == Verdict::More
            && let Some(byte) = self.queue.pop_front()
        {
            let start = seat.out.len();
            verdict = match &mut self.editor {
                None => return false,
                Some(Editor::Ash(ash)) => ash.byte(byte, modes.interrupt, &mut seat),
                Some(Editor::Readline(readline)) => {
                    let signal = |c: u8| modes.signals && byte == c && !matches!(c, 0 | 255);
                    if signal(modes.interrupt) {
                        readline.interrupt(byte, &mut seat);
                        Verdict::Interrupted
                    } else if signal(modes.quit) {
                        Verdict::More
                    } else {
                        readline.byte(byte, &mut seat)
                    }
                }
            };
            let count = seat.out.len() - start;
            if count > self.drawing_left {
                seat.out.truncate(start);
            } else if count > 1 {
                self.drawing_left -= count;
            }
        }
        let unseen = matches!(self.editor, Some(Editor::Readline(_))) && !modes.echo;
        if unseen {
            drawn.retain(|b| matches!(b, b'\r' | b'\n'));
        }
        push_output(out, &drawn);
        match verdict {
            Verdict::More => return false,
            Verdict::Complete => self.complete(now, out),
            Verdict::Interrupted => {
                self.editor = None;
                self.discard(now, out);
            }
            Verdict::End => self.end(now, out),
        }
        true
    }

    fn open_editor(&mut self, terminal: Terminal, out: &mut Vec<ShellEffect>) {
        self.shell.tell_size();
        let prompt = self.shell.prompt();
        let mut drawn = Vec::new();
        let mut seat = Seat { shell: &self.shell, terminal, cut: &mut self.cut, out: &mut drawn };
        let editor = if self.shell.is_bash() {
            Editor::Readline(Box::new(Readline::begin(&prompt, &mut seat)))
        } else {
            let (version, debian) = self.shell.busybox();
            let build = Build { clears: version >= (1, 17), asks: debian, utf8: debian };
            Editor::Ash(Box::new(Ash::begin(prompt, build, &mut seat)))
        };
        self.editor = Some(editor);
        push_output(out, &drawn);
    }

    /// A line was entered.
    fn complete(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let line = match self.editor.take() {
            Some(Editor::Readline(mut editor)) => editor.take(),
            Some(Editor::Ash(mut editor)) => editor.take(),
            None => return,
        };
        if !self.shell.is_bash() {
            return self.give(line, now, out);
        }
        let expanded = self.shell.with_history(|history| events::expand(&line, history));
        match expanded {
            Ok(None) => self.give(line, now, out),
            Ok(Some(events::Expanded { text, only_shown })) => {
                print(out, &[&text[..], b"\n"].concat(), true);
                if only_shown {
                    self.shell.remember(&text);
                } else {
                    self.give(text, now, out);
                }
            }
            Err(message) => {
                let name = self.shell.with_reader(Process::shown_name);
                let name = name.unwrap_or_default();
                print(out, format!("{name}: {message}\n").as_bytes(), true);
            }
        }
    }

    /// The shell gets a line.
    fn give(&mut self, mut line: Vec<u8>, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.prompted = false;
        line.push(b'\n');
        let mut effects = Vec::new();
        if self.shell.is_asked() {
            self.shell.answer(Answer::Line(line), now, &mut effects);
        } else {
            self.shell.run(&line, now, &mut effects);
        }
        self.translate(effects, out);
    }

    /// The line that the shell had so far is forgotten.
    fn discard(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let mut effects = Vec::new();
        if self.shell.is_asked() {
            self.shell.answer(Answer::Interrupt, now, &mut effects);
        } else {
            self.shell.interrupt(now, &mut effects);
        }
        self.translate(effects, out);
    }

    /// Control-D on an empty line.
    fn end(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let terminal = self.terminal();
        let mut drawn = Vec::new();
        let mut seat = Seat { shell: &self.shell, terminal, cut: &mut self.cut, out: &mut drawn };
        match self.editor.take() {
            Some(Editor::Readline(_)) => Readline::farewell(&mut seat),
            _ => seat.out.extend_from_slice(b"\r\n"),
        }
        push_output(out, &drawn);
        let mut effects = Vec::new();
        if self.shell.is_asked() {
            self.shell.answer(Answer::End, now, &mut effects);
            self.translate(effects, out);
        } else if self.shell.state() == ShellState::NeedMore {
            self.shell.run_unfinished(now, &mut effects);
            self.translate(effects, out);
        } else {
            self.end_of_input(now, out);
        }
    }

    fn terminal(&self) -> Terminal {
        let columns = self.shell.size().map_or(80, |size| size.columns);
        let name = self.shell.with_reader(|process| process.variable(b"TERM")).flatten();
        Terminal::named(&name.unwrap_or_default(), columns)
    }

    /// The session is over: what the attacker made and nobody looked at is captured.
    pub fn finish(&mut self, out: &mut Vec<ShellEffect>) {
        let mut effects = Vec::new();
        self.shell.save_history();
        self.shell.finish(&mut effects);
        self.translate(effects, out);
    }

    /// The status with which the shell ended, if it has.
    pub fn exited(&self) -> Option<i32> {
        match self.shell.state() {
            ShellState::Exited(status) => Some(status),
            _ => None,
        }
    }

    /// The shell's effects as a terminal's: lines end with CR LF.
    fn translate(&self, effects: Vec<ShellEffect>, out: &mut Vec<ShellEffect>) {
        let returns = self.modes().newline_returns;
        for effect in effects {
            match effect {
                ShellEffect::Output(bytes) | ShellEffect::ErrorOutput(bytes) => {
                    print(out, &bytes, returns);
                }
                other => out.push(other),
            }
        }
    }
}

fn print(out: &mut Vec<ShellEffect>, bytes: &[u8], returns: bool) {
    let mut text = Vec::with_capacity(bytes.len() + bytes.len() / 32 + 2);
    for byte in bytes {
        if *byte == b'\n' && returns {
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
