//! A session's interpreter, seen from outside.

use crate::fs::Fs;
use crate::history::History;
use crate::io::Fds;
use crate::job::{JobState, job_line};
use crate::process::{Process, Source};
use crate::syntax::{Parser, ShellKind};
use crate::system::{Answer, Fut, Session, Stop};
use crate::terminal::{TerminalModes, TerminalSize};
use crate::{Budget, FetchId, Fetched, Login, ShellEffect, limits};
use bytes::Bytes;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use ukai_model::{CaptureHow, Timestamp};
use ukai_persona::{Host, ShellFlavour};

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
    /// Time, or a job.
    Time,
    /// Input.
    Stdin,
}

/// A session's interpreter. It is driven by calls and never waits itself: while a
/// command waits (for a fetch, time, input), its state is a suspended future here.
pub struct Shell {
    session: Arc<Session>,
    /// The login shell, when no command runs.
    idle: Option<Process>,
    /// The running command, which has the login shell.
    running: Option<Fut<'static, (Process, Result<i32, Stop>)>>,
    /// Lines of a command that is not complete yet.
    pending: Vec<u8>,
    pending_lines: usize,
    /// Bytes read again for each of them.
    looked_at: usize,
    /// Jobs that ended, for the next prompt.
    notices: Vec<u8>,
    exited: Option<i32>,
    /// The shell ends with what runs now.
    runs_once: bool,
}

impl Shell {
    /// A shell for `login` on `host`. Two shells with the same seed do the same.
    pub fn new(host: Arc<Host>, fs: Fs, login: Login, seed: u64, now: Timestamp) -> Self {
        let session = Arc::new(Session::new(host, fs, login, seed, now));
        let fds = Fds::standard(session.login.terminal.is_some());
        let process = Process::login(Arc::clone(&session), fds);
        Self {
            session,
            idle: Some(process),
            running: None,
            pending: Vec::new(),
            pending_lines: 0,
            looked_at: 0,
            notices: Vec::new(),
            exited: None,
            runs_once: false,
        }
    }

    /// With another budget than usual.
    #[must_use]
    pub fn with_budget(self, budget: Budget) -> Self {
        self.session.system().allow(budget);
        self
    }

    /// With interpreters of other languages that go on with the next statement where a program
    /// would end by an error of its own: for whoever wants to see all that it would do, and not
    /// how it ends.
    #[must_use]
    pub fn going_on(self) -> Self {
        self.session.system().goes_on = true;
        self
    }

    /// What `$0` is, for a script that lies in a file and looks into it.
    pub fn called(&mut self, path: &str) {
        if let Some(process) = &mut self.idle {
            process.name = Bytes::copy_from_slice(path.as_bytes());
        }
    }

    /// Runs `command` as `sshd` does for a session without a shell (`$SHELL -c command`,
    /// session.c of OpenSSH): its status is the shell's, which ends.
    pub fn exec(&mut self, command: &[u8], now: Timestamp, out: &mut Vec<ShellEffect>) {
        if self.exited.is_some() || self.running.is_some() {
            return;
        }
        self.wake(now);
        self.session.system().refill();
        if let Some(process) = &mut self.idle {
            process.source = Source::Text;
            process.name = process.own_name();
            let name = String::from_utf8_lossy(&process.name).into_owned();
            self.session.seat.runs(&name, command);
        }
        self.runs_once = true;
        let mut text = command.to_vec();
        text.truncate(limits::SCRIPT_BYTES);
        self.start(text, true, out);
    }

    /// Runs the commands that the peer sends as standard input, line by line, up to its
    /// end; what runs meanwhile may read the input too. Then the shell has ended.
    pub fn script(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        if self.exited.is_some() || self.running.is_some() {
            return;
        }
        self.wake(now);
        self.session.system().refill();
        let Some(mut process) = self.idle.take() else { return };
        process.source = Source::Input;
        self.runs_once = true;
        self.running = Some(Box::pin(async move {
            let result = process.run_stdin(true).await;
            let result = process.ended(result).await;
            (process, result)
        }));
        self.drive(out);
    }

    /// Runs one input line, or a script of many lines (at most
    /// [`limits::SCRIPT_BYTES`]). While a command runs, the text goes to its input.
    pub fn run(&mut self, line: &[u8], now: Timestamp, out: &mut Vec<ShellEffect>) {
        if self.exited.is_some() {
            return;
        }
        if self.running.is_some() {
            self.feed_stdin(line, now, out);
            return;
        }
        self.wake(now);
        self.session.system().refill();
        if self.continues(line) {
            self.session.system().drain(out);
            return;
        }
        let mut text = std::mem::take(&mut self.pending);
        (self.pending_lines, self.looked_at) = (0, 0);
        text.extend_from_slice(line);
        text.truncate(limits::SCRIPT_BYTES);
        self.start(text, true, out);
    }

    /// Runs a line that nobody typed: it is not in the history.
    pub(crate) fn run_unrecorded(
        &mut self,
        line: &[u8],
        now: Timestamp,
        out: &mut Vec<ShellEffect>,
    ) {
        if self.exited.is_none() && self.running.is_none() {
            self.wake(now);
            self.session.system().refill();
            self.start(line.to_vec(), false, out);
        }
    }

    /// Runs what there is of an unfinished command, whose rest will not come.
    pub(crate) fn run_unfinished(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        let text = std::mem::take(&mut self.pending);
        self.pending_lines = 0;
        self.run_unrecorded(&text, now, out);
        self.session.system().ended_early = self.is_bash();
    }

    /// Whether the text so far is an unfinished command; it is then kept.
    fn continues(&mut self, line: &[u8]) -> bool {
        let interactive = self.session.login.terminal.is_some();
        let too_long = self.pending.len() + line.len() > limits::TERMINAL_LINE_BYTES
            || self.pending_lines >= limits::CONTINUATION_LINES
            || self.looked_at >= limits::CONTINUATION_WORK_BYTES;
        if !interactive || too_long {
            return false;
        }
        let before = self.pending.len();
        self.pending.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            self.pending.push(b'\n');
        }
        self.looked_at += self.pending.len();
        let kind = if self.is_bash() { ShellKind::Bash } else { ShellKind::Ash };
        if is_unfinished(&self.pending, kind) {
            self.pending_lines += 1;
            return true;
        }
        self.pending.truncate(before);
        false
    }

    /// Whether the shell is bash; else it is BusyBox's ash.
    pub(crate) fn is_bash(&self) -> bool {
        self.session.host.persona.shell.flavour == ShellFlavour::Bash
    }

    fn start(&mut self, text: Vec<u8>, recorded: bool, out: &mut Vec<ShellEffect>) {
        let Some(mut process) = self.idle.take() else { return };
        if recorded {
            process.remember(&text);
        }
        let file = process.history_file();
        self.session.system().history.file = file;
        {
            let mut system = self.session.system();
            let leaves = [&b"exit"[..], b"logout"].iter().any(|word| text.starts_with(word));
            system.warned &= leaves || !recorded;
            system.ended_early = false;
        }
        let runs_once = self.runs_once;
        self.running = Some(Box::pin(async move {
            let mut result = process.run_input(&text).await;
            if runs_once {
                result = process.ended(result).await;
            }
            (process, result)
        }));
        self.drive(out);
    }

    /// Gives input to the running command.
    pub fn feed_stdin(&mut self, bytes: &[u8], now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.wake(now);
        {
            let mut system = self.session.system();
            let room = self.input_limit().saturating_sub(system.input.bytes.len());
            system.input.bytes.extend(&bytes[..bytes.len().min(room)]);
            if bytes.len() > room {
                system.limit("input", "more was sent than a command read");
            }
        }
        self.drive(out);
    }

    /// How many bytes [`feed_stdin`](Self::feed_stdin) would keep now; more are lost.
    pub fn input_room(&self) -> usize {
        self.input_limit().saturating_sub(self.session.system().input.bytes.len())
    }

    fn input_limit(&self) -> usize {
        if self.session.login.piped_input {
            limits::PIPED_INPUT_BYTES
        } else {
            limits::TYPE_AHEAD_BYTES
        }
    }

    /// The terminal has another size now.
    pub(crate) fn resize(&mut self, size: TerminalSize) {
        let mut system = self.session.system();
        if system.size.is_some() {
            system.size = Some(size);
        }
    }

    /// Modes of the terminal, to look at or change.
    pub(crate) fn with_modes<T>(&self, act: impl FnOnce(&mut TerminalModes) -> T) -> T {
        act(&mut self.session.system().modes)
    }

    /// Whether a console edits the lines that shells on this terminal ask for.
    pub(crate) fn has_console(&self, edits: bool) {
        self.session.system().edits = edits;
    }

    /// Whether a shell inside this one asks for a line.
    pub(crate) fn is_asked(&self) -> bool {
        self.session.system().asked.as_ref().is_some_and(|asked| asked.answer.is_none())
    }

    /// Answers a shell inside this one.
    pub(crate) fn answer(&mut self, answer: Answer, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.wake(now);
        if let Some(asked) = &mut self.session.system().asked {
            asked.answer = Some(answer);
        }
        self.drive(out);
    }

    /// What ran was ended by the quit character rather than by an interrupt.
    pub(crate) fn was_quit(&mut self) {
        const STATUS_QUIT: i32 = 131;
        if let Some(process) = &mut self.idle {
            process.status = STATUS_QUIT;
        }
    }

    /// Bash has the terminal's size in variables, which it sets while it asks for a line.
    pub(crate) fn tell_size(&mut self) {
        let (Some(size), true) = (self.size(), self.is_bash()) else { return };
        let Some(process) = &mut self.idle else { return };
        for (name, value) in [("COLUMNS", size.columns), ("LINES", size.rows)] {
            let _ = process.assign(name.as_bytes(), value.to_string().into_bytes());
        }
    }

    /// Lets `act` look at the shell that asks for a line.
    pub(crate) fn with_reader<T>(&self, act: impl FnOnce(&Process) -> T) -> Option<T> {
        let asked = self.session.system().asked.take();
        let result = match &asked {
            Some(asked) => Some(act(&asked.reader)),
            None => self.idle.as_ref().map(act),
        };
        self.session.system().asked = asked;
        result
    }

    /// What was typed and no command took.
    pub(crate) fn take_unread(&self) -> Vec<u8> {
        let mut system = self.session.system();
        system.input.ended &= system.input.piped;
        system.input.bytes.drain(..).collect()
    }

    pub(crate) fn size(&self) -> Option<TerminalSize> {
        self.session.terminal()
    }

    /// Version of the BusyBox, and whether it is Debian's.
    pub(crate) fn busybox(&self) -> ((u32, u32), bool) {
        let banner = self.session.host.persona.busybox.as_ref().map_or("", |b| b.banner.as_str());
        let version = self.with_reader(Process::busybox_version).unwrap_or((1, 30));
        (version, banner.contains("Debian"))
    }

    /// Ends the running command's input (control-D).
    pub fn end_stdin(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.wake(now);
        self.session.system().input.ended = true;
        self.drive(out);
    }

    /// Answers a [`ShellEffect::Fetch`].
    pub fn on_fetched(
        &mut self,
        id: FetchId,
        fetched: Fetched,
        now: Timestamp,
        out: &mut Vec<ShellEffect>,
    ) {
        self.wake(now);
        self.session.system().answer(id, fetched);
        self.drive(out);
    }

    /// Time has passed.
    pub fn on_timer(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.wake(now);
        self.drive(out);
    }

    /// Stops the running command (control-C), or forgets an unfinished one.
    pub fn interrupt(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.wake(now);
        self.pending.clear();
        (self.pending_lines, self.looked_at) = (0, 0);
        if self.running.is_some() {
            {
                let mut system = self.session.system();
                system.interrupted = true;
                system.input.bytes.clear();
                system.input.ended = false;
            }
            self.drive(out);
            self.session.system().interrupted = false;
        }
    }

    /// Stops the running command (control-Z), if a shell with job control runs it.
    pub fn suspend(&mut self, now: Timestamp, out: &mut Vec<ShellEffect>) {
        self.wake(now);
        if self.running.is_some() {
            self.session.system().suspended = true;
            self.drive(out);
            self.session.system().suspended = false;
        }
    }

    /// The session is over: what the attacker made and nobody looked at is captured.
    pub fn finish(&mut self, out: &mut Vec<ShellEffect>) {
        self.running = None;
        self.session.system().jobs.clear();
        for (path, bytes) in self.session.fs.written(limits::CAPTURES) {
            self.session.capture(&path, &bytes, CaptureHow::Dropped);
        }
        let mut system = self.session.system();
        system.flush();
        out.append(&mut system.effects);
    }

    /// What it is doing.
    pub fn state(&self) -> ShellState {
        if let Some(status) = self.exited {
            ShellState::Exited(status)
        } else if self.running.is_some() {
            ShellState::Waiting(self.session.system().waiting.unwrap_or(WaitingFor::Time))
        } else if self.pending.is_empty() {
            ShellState::Ready
        } else {
            ShellState::NeedMore
        }
    }

    /// The prompt for the next line, or for the rest of an unfinished command.
    pub fn prompt(&self) -> Vec<u8> {
        if !self.pending.is_empty() || self.session.system().ended_early {
            return b"> ".to_vec();
        }
        if let Some(asked) = &self.session.system().asked {
            return asked.prompt.clone();
        }
        let Some(process) = &self.idle else { return Vec::new() };
        process.prompt_text()
    }

    /// What an interactive shell prints when it starts, lines ended by `\n`.
    pub fn greeting(&self) -> String {
        self.session.host.fill(&self.session.host.persona.shell.greeting, self.session.now())
    }

    /// The line so far back in the history; 1 is the newest.
    pub(crate) fn history_line(&self, back: usize) -> Option<Bytes> {
        let system = self.session.system();
        let index = system.history.lines.len().checked_sub(back)?;
        system.history.lines.get(index).cloned()
    }

    /// How many lines the history has.
    pub(crate) fn history_lines(&self) -> usize {
        self.session.system().history.lines.len()
    }

    /// Lets `act` look at the history.
    pub(crate) fn with_history<T>(&self, act: impl FnOnce(&History) -> T) -> T {
        act(&self.session.system().history)
    }

    /// Puts a line into the history, as if it had run.
    pub(crate) fn remember(&self, line: &[u8]) {
        self.with_reader(|process| process.remember(line));
    }

    /// An interactive shell begins: bash reads the history of the sessions before.
    pub(crate) fn read_history(&mut self) {
        if self.is_bash()
            && let Some(process) = &mut self.idle
        {
            process.read_history();
            let file = process.history_file();
            self.session.system().history.file = file;
        }
    }

    /// It ends: bash writes what this session added.
    pub(crate) fn save_history(&self) {
        let file = self.session.system().history.file.clone();
        if self.is_bash()
            && let Some(file) = file
        {
            self.session.save_history(&file);
        }
    }

    fn wake(&self, now: Timestamp) {
        let mut system = self.session.system();
        system.now = system.now.max(now);
    }

    /// Polls what runs until nothing moves any more.
    fn drive(&mut self, out: &mut Vec<ShellEffect>) {
        self.session.system().stack_base = crate::stack::place();
        loop {
            let before = self.session.moves.so_far();
            let mut moved = self.drive_foreground();
            moved |= self.drive_jobs();
            if !moved && self.session.moves.so_far() == before {
                break;
            }
        }
        self.session.system().drain(out);
    }

    /// Polls the running command; whether it ended.
    fn drive_foreground(&mut self) -> bool {
        let Some(future) = &mut self.running else { return false };
        self.session.system().waiting = None;
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready((process, result)) = future.as_mut().poll(&mut cx) else { return false };
        self.running = None;
        self.ended(process, result);
        // What ended while the command before ran is told now, as before a prompt.
        let notices = std::mem::take(&mut self.notices);
        let _ = self.session.system().print(&notices, false);
        true
    }

    fn ended(&mut self, mut process: Process, result: Result<i32, Stop>) {
        let interactive = self.session.login.terminal.is_some();
        process.depth = 0;
        process.loops = 0;
        process.tested = 0;
        process.locals.clear();
        process.fds = Fds::standard(interactive);
        let file = process.history_file();
        self.session.system().history.file = file;
        match result {
            Ok(status) => process.status = status,
            Err(Stop::Exit(status) | Stop::HangUp(status)) => self.exited = Some(status & 0xff),
            Err(Stop::Interrupted) => process.status = 130,
            Err(Stop::Killed) => {
                let _ = self.session.system().print(b"Killed\n", !interactive);
                process.status = 137;
            }
            Err(Stop::Return(status) | Stop::Abort(status)) => {
                process.status = status;
                if !interactive {
                    self.exited = Some(status);
                }
            }
            Err(Stop::Break(_) | Stop::Continue(_) | Stop::BrokenPipe) => {}
        }
        if self.runs_once {
            self.exited.get_or_insert(process.status & 0xff);
        }
        if self.exited.is_none() {
            self.idle = Some(process);
        }
    }

    /// Keeps the line that tells of a job's end.
    fn notice(&mut self, pid: u32, status: i32) {
        const NOTICES_BYTES: usize = 4_096;
        let Some((job, mark)) = self.session.system().jobs.ended(pid, status) else { return };
        let silent =
            self.session.login.terminal.is_none() || !job.is_told_by(self.session.shell_pid);
        if silent || self.notices.len() > NOTICES_BYTES {
            return;
        }
        let state = match status {
            0 => "Done".to_owned(),
            130 => "Interrupt".to_owned(),
            137 => "Killed".to_owned(),
            143 => "Terminated".to_owned(),
            status if self.is_bash() => format!("Exit {status}"),
            status => format!("Done({status})"),
        };
        let line = job_line(job.number, mark, &state, &job.text, self.is_bash());
        self.notices.extend(line);
    }

    /// Polls the jobs; whether one began or ended.
    fn drive_jobs(&mut self) -> bool {
        let (mut moved, running) = {
            let mut system = self.session.system();
            (system.jobs.take_began(), system.jobs.running())
        };
        for pid in running {
            let future = {
                let mut system = self.session.system();
                let state = system.jobs.with_pid(pid).map(|j| j.state);
                let future = system.jobs.take_future(pid);
                if let Some(JobState::Killed(status)) = state {
                    drop(system);
                    drop(future);
                    self.notice(pid, status);
                    moved = true;
                    continue;
                }
                system.polling_job = true;
                future
            };
            let mut polled = None;
            let mut cx = Context::from_waker(Waker::noop());
            if let Some(mut future) = future {
                match future.as_mut().poll(&mut cx) {
                    Poll::Ready(status) => polled = Some(status),
                    Poll::Pending => self.session.system().jobs.give_back(pid, future),
                }
            }
            self.session.system().polling_job = false;
            if let Some(status) = polled {
                self.notice(pid, status);
                moved = true;
            }
        }
        moved
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It holds a process, which holds the session.
        let asked = self.session.system().asked.take();
        drop(asked);
    }
}

impl Process {
    /// The prompt for the next command: `$PS1`, if it was changed.
    pub(crate) fn prompt_text(&self) -> Vec<u8> {
        match self.variable(b"PS1") {
            Some(own) if own != crate::process::FIRST_PROMPT => self.expand_prompt(&own),
            Some(_) => self.host_prompt(),
            None => Vec::new(),
        }
    }

    fn host_prompt(&self) -> Vec<u8> {
        let spec = &self.session.host.persona.shell;
        let directory = self.prompt_directory();
        let template = if self.uid == 0 { &spec.prompt_root } else { &spec.prompt_user };
        let text = template
            .replace("{hostname}", &self.session.fs.hostname())
            .replace("{user}", &self.session.login.user)
            .replace("{directory}", &String::from_utf8_lossy(&directory));
        text.into_bytes()
    }
}

/// Whether `text` is the beginning of a command whose rest is still to come.
pub fn needs_more(text: &[u8]) -> bool {
    is_unfinished(text, ShellKind::Bash)
}

pub(crate) fn is_unfinished(text: &[u8], kind: ShellKind) -> bool {
    let text = &text[..text.len().min(limits::SCRIPT_BYTES)];
    let mut parser = Parser::new(text, kind);
    loop {
        match parser.next_command() {
            Ok(Some(_)) => {}
            Ok(None) => return parser.left_open(),
            Err(error) => return error.incomplete,
        }
    }
}
