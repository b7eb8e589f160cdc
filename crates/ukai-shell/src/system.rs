//! What all processes of a session share: the clock, effects, budgets, the terminal's
//! input, fetches, jobs. Futures wait on it and are polled by the shell.

use crate::expand::pattern::Work;
use crate::fs::{Fs, Seat};
use crate::history::History;
use crate::io::Moves;
use crate::job::Jobs;
use crate::process::Process;
use crate::terminal::{TerminalModes, Termios};
use crate::{Budget, FetchId, Fetched, Login, ShellEffect, TerminalSize, WaitingFor, limits};
use bytes::{Bytes, BytesMut};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use ukai_model::{CaptureHow, Duration, PeerText, Sha256, Timestamp};
use ukai_persona::Host;

/// A future of the evaluator.
pub(crate) type Fut<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why evaluation leaves where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// `exit`: this shell process ends.
    Exit(i32),
    /// `return` from a function or a sourced file.
    Return(i32),
    Break(u32),
    Continue(u32),
    /// An error that ends the command line (and a script).
    Abort(i32),
    /// The session ends, whichever of its processes said so: `reboot`, `kill -9 $$`.
    HangUp(i32),
    /// Control-C.
    Interrupted,
    /// A budget is used up: everything the line started ends.
    Killed,
    /// Nobody reads the output any more.
    BrokenPipe,
}

/// State shared by the processes of a session.
pub(crate) struct System {
    pub(crate) now: Timestamp,
    pub(crate) effects: Vec<ShellEffect>,
    /// Output not yet an effect.
    output: BytesMut,
    /// Whether it is for standard error.
    output_is_error: bool,
    output_left: usize,
    output_session_left: usize,
    steps_left: u64,
    steps_session_left: u64,
    /// The limit that was reached, reported once per input.
    limited: bool,
    /// Jobs started by the present input.
    pub(crate) jobs_started: usize,
    budget: Budget,
    /// Commands that shells of this session have read.
    pub(crate) commands_read: u64,
    /// Programs started, which take time.
    pub(crate) programs_run: u64,
    /// A budget is used up: all that runs must end.
    pub(crate) killed: bool,
    pub(crate) interrupted: bool,
    /// Where the stack stood when polling began.
    pub(crate) stack_base: usize,
    /// Where in `effects` the present command is.
    command_at: Option<usize>,
    fetches: u32,
    connections: u32,
    fetched: BTreeMap<FetchId, Fetched>,
    timers: Vec<Timestamp>,
    /// What the foreground waits for.
    pub(crate) waiting: Option<WaitingFor>,
    pub(crate) input: Input,
    pub(crate) jobs: Jobs,
    /// Whether what is polled is a job in the background.
    pub(crate) polling_job: bool,
    /// Control-Z: the foreground is to stop.
    pub(crate) suspended: bool,
    pids: u32,
    captures: usize,
    pub(crate) rng: SmallRng,
    pub(crate) history: History,
    pub(crate) modes: TerminalModes,
    /// The rest of the terminal's modes, for `stty`.
    pub(crate) termios: Termios,
    pub(crate) size: Option<TerminalSize>,
    /// A console edits the lines that shells ask for.
    pub(crate) edits: bool,
    /// A shell inside the login shell asks for a line.
    pub(crate) asked: Option<Box<Asked>>,
    /// Bash ran what there was of an unfinished command, and still asks for its rest.
    pub(crate) ended_early: bool,
    /// Whether programs of interpreters go on where they would fail.
    pub(crate) goes_on: bool,
    /// Evaluated texts that were told of.
    evaluations: u32,
    /// `exit` has told of stopped jobs.
    pub(crate) warned: bool,
}

/// A shell's question for a line.
pub(crate) struct Asked {
    pub(crate) prompt: Vec<u8>,
    /// A copy of the shell, to look names up in.
    pub(crate) reader: Process,
    pub(crate) answer: Option<Answer>,
}

/// What the console answers a shell that asks for a line.
#[derive(Debug)]
pub(crate) enum Answer {
    Line(Vec<u8>),
    End,
    Interrupt,
}

/// Bytes that are looked at and hashed in a step.
pub(crate) const HASHED_PER_STEP: u64 = 2_048;

/// Comparisons of a pattern's element with a byte that cost as much as a step.
const COMPARISONS_PER_STEP: u64 = 1_024;

/// Words (each with its memory) that are copied in a step.
const WORDS_PER_STEP: usize = 32;

/// Bytes that are copied, quoted and split in a step.
const BYTES_PER_STEP: usize = 1_024;

/// What was typed for the running command.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) bytes: VecDeque<u8>,
    /// It was ended. On a terminal that is read once, and more may be typed.
    pub(crate) ended: bool,
    /// It is no terminal: its end stays.
    pub(crate) piped: bool,
}

/// The session's parts that never change, and the lock around those that do.
pub(crate) struct Session {
    pub(crate) host: Arc<Host>,
    pub(crate) fs: Fs,
    pub(crate) login: Login,
    pub(crate) shell_pid: u32,
    pub(crate) seat: Arc<Seat>,
    /// Counts what pipes do, so that those who wait are asked again.
    pub(crate) moves: Moves,
    system: Mutex<System>,
}

impl Session {
    pub(crate) fn new(host: Arc<Host>, fs: Fs, login: Login, seed: u64, now: Timestamp) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed ^ host.seed);
        let shell_pid = host.next_pid(now).max(fs.last_resident() + 1) + rng.random_range(0..40);
        let budget = Budget::default();
        let system = System {
            now,
            effects: Vec::new(),
            output: BytesMut::new(),
            output_is_error: false,
            output_left: budget.output_bytes_per_input,
            output_session_left: budget.output_bytes_per_session,
            steps_left: budget.steps_per_input,
            steps_session_left: budget.steps_per_session,
            budget,
            limited: false,
            jobs_started: 0,
            commands_read: 0,
            programs_run: 0,
            killed: false,
            interrupted: false,
            stack_base: crate::stack::place(),
            command_at: None,
            fetches: 0,
            connections: 0,
            fetched: BTreeMap::new(),
            timers: Vec::new(),
            waiting: None,
            input: Input { piped: login.piped_input, ..Input::default() },
            jobs: Jobs::default(),
            polling_job: false,
            suspended: false,
            pids: shell_pid,
            captures: 0,
            rng,
            history: History::default(),
            modes: TerminalModes::default(),
            termios: Termios::default(),
            size: login.terminal,
            edits: false,
            asked: None,
            ended_early: false,
            goes_on: false,
            evaluations: 0,
            warned: false,
        };
        let seat = Arc::new(Seat::new(&host, &login, now, shell_pid));
        Self {
            host,
            fs,
            login,
            shell_pid,
            seat,
            moves: Moves::default(),
            system: Mutex::new(system),
        }
    }

    pub(crate) fn system(&self) -> MutexGuard<'_, System> {
        self.system.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.system().now
    }

    /// The terminal's present size, if there is a terminal.
    pub(crate) fn terminal(&self) -> Option<TerminalSize> {
        self.system().size
    }

    /// What is left of the budget, for matching patterns; see [`worked`](Self::worked).
    pub(crate) fn work(&self) -> Work {
        let system = self.system();
        let left = if system.killed { 0 } else { system.steps_left.min(system.steps_session_left) };
        Work::new(left.saturating_mul(COMPARISONS_PER_STEP))
    }

    /// Takes from the budget what matching patterns took.
    pub(crate) fn worked(&self, work: &Work) -> Result<(), Stop> {
        self.step(work.used() / COMPARISONS_PER_STEP + u64::from(work.is_spent()))
    }

    /// Takes from the budget what it takes to copy so many words and bytes.
    pub(crate) fn copied(&self, words: usize, bytes: usize) -> Result<(), Stop> {
        self.step((words / WORDS_PER_STEP + bytes / BYTES_PER_STEP) as u64)
    }

    /// Takes `steps` from the budget.
    pub(crate) fn step(&self, steps: u64) -> Result<(), Stop> {
        let mut system = self.system();
        if system.killed {
            return Err(Stop::Killed);
        }
        let left = system.steps_left.min(system.steps_session_left);
        system.steps_left = system.steps_left.saturating_sub(steps);
        system.steps_session_left = system.steps_session_left.saturating_sub(steps);
        if left < steps {
            system.kill("steps", "a command ran too long");
            return Err(Stop::Killed);
        }
        Ok(())
    }

    /// Asks for a file and waits for it; `None` if the session has asked for too many.
    pub(crate) async fn fetch(
        &self,
        url: &[u8],
        tool: &'static str,
    ) -> Result<Option<Fetched>, Stop> {
        const URL_BYTES: usize = 4_096;
        let id = {
            let mut system = self.system();
            if system.fetches >= limits::FETCHES {
                system.limit("fetches", "no more fetches in this session");
                return Ok(None);
            }
            let id = FetchId(system.fetches);
            system.fetches += 1;
            system.flush();
            let url = PeerText::truncated(url, URL_BYTES);
            system.effects.push(ShellEffect::Fetch { id, url, tool });
            id
        };
        let fetched = Wait {
            session: self,
            for_what: Some(WaitingFor::Fetch),
            ready: |s: &mut System| s.fetched.remove(&id),
        }
        .await?;
        let sha256 = fetched.sha256;
        if let Some(sha256) = sha256 {
            self.fs.learn(sha256);
        }
        Ok(Some(fetched))
    }

    /// Tells of a connection that a program asks for.
    pub(crate) fn connect(&self, host: &[u8], port: u16, tool: &'static str) {
        const HOST_BYTES: usize = 256;
        let mut system = self.system();
        if system.connections >= limits::CONNECTIONS {
            system.limit("connections", "no more connections are told of in this session");
            return;
        }
        system.connections += 1;
        system.flush();
        let host = PeerText::truncated(host, HOST_BYTES);
        system.effects.push(ShellEffect::Connect { host, port, tool });
    }

    /// Tells that an interpreter starts a program.
    pub(crate) fn started(&self, words: &[Vec<u8>], tool: &'static str) {
        let line = match words {
            [shell, flag, text] if shell == b"sh" && flag == b"-c" => text.clone(),
            words => words.join(&b' '),
        };
        let mut system = self.system();
        system.flush();
        let line = PeerText::truncated(&line, limits::RECORDED_LINE_BYTES);
        system.effects.push(ShellEffect::Started { line, tool });
    }

    /// Tells of a text that is evaluated, if that is wanted.
    pub(crate) fn evaluated(&self, text: &[u8], tool: &'static str) {
        let mut system = self.system();
        if system.goes_on && system.evaluations < limits::EVALUATIONS {
            system.evaluations += 1;
            system.flush();
            let text = Bytes::copy_from_slice(text);
            system.effects.push(ShellEffect::Evaluated { text, tool });
        }
    }

    /// How many statements of a program in another language may fail without its end.
    pub(crate) fn may_pass_over(&self) -> u32 {
        if self.system().goes_on { limits::PASSED_OVER } else { 0 }
    }

    /// Waits until `duration` has passed.
    pub(crate) async fn sleep(&self, duration: Duration) -> Result<(), Stop> {
        let until = {
            let mut system = self.system();
            let until = system.now + duration.min(Duration::from_secs(limits::SLEEP_S));
            system.timers.push(until);
            until
        };
        Wait {
            session: self,
            for_what: Some(WaitingFor::Time),
            ready: |s: &mut System| (s.now >= until).then_some(()),
        }
        .await
    }

    /// Waits for typed bytes: some of them, or none at the end of the input.
    pub(crate) async fn typed(&self, max: usize, line: bool) -> Result<Vec<u8>, Stop> {
        Wait {
            session: self,
            for_what: Some(WaitingFor::Stdin),
            ready: |s: &mut System| s.input.take(max, line),
        }
        .await
    }

    /// Asks the console for a line.
    pub(crate) async fn ask(&self, prompt: Vec<u8>, reader: Process) -> Result<Answer, Stop> {
        self.system().asked = Some(Box::new(Asked { prompt, reader, answer: None }));
        let answer = Wait {
            session: self,
            for_what: Some(WaitingFor::Stdin),
            ready: |s: &mut System| s.asked.as_mut()?.answer.take(),
        }
        .await;
        let asked = self.system().asked.take();
        drop(asked);
        answer
    }

    /// Waits until a job has ended (or is unknown).
    pub(crate) async fn job_end(&self, pid: u32) -> Result<i32, Stop> {
        Wait {
            session: self,
            for_what: Some(WaitingFor::Time),
            ready: |s: &mut System| s.jobs.status_of(pid),
        }
        .await
    }

    /// Waits until a pipe gives something (or whatever `ready` looks for).
    pub(crate) async fn until<T>(
        &self,
        mut ready: impl FnMut() -> Option<T> + Unpin,
    ) -> Result<T, Stop> {
        Wait { session: self, for_what: None, ready: move |_: &mut System| ready() }.await
    }

    /// Records that an attacker's file is whole, if it is worth it and new.
    pub(crate) fn capture(&self, path: &[u8], bytes: &Bytes, how: CaptureHow) {
        // An empty budget ends the command at its next step.
        let _ = self.step(bytes.len() as u64 / HASHED_PER_STEP);
        let uniform = bytes.iter().all(|b| Some(b) == bytes.first());
        if bytes.len() < limits::CAPTURE_BYTES_MIN || uniform || self.fs.is_host_program(bytes) {
            return;
        }
        if self.system().captures >= limits::CAPTURES {
            self.system().limit("captures", "no more files captured in this session");
            return;
        }
        if self.fs.learn(Sha256::of(bytes)) {
            let mut system = self.system();
            system.captures += 1;
            system.flush();
            let path = PeerText::truncated(path, limits::PATH_BYTES);
            system.effects.push(ShellEffect::Captured { path, bytes: bytes.clone(), how });
        }
    }
}

impl System {
    /// Gives the session this much from now on.
    pub(crate) fn allow(&mut self, budget: Budget) {
        self.budget = budget;
        self.output_session_left = budget.output_bytes_per_session;
        self.steps_session_left = budget.steps_per_session;
        self.refill();
    }

    /// Begins a new input: budgets are full again.
    pub(crate) fn refill(&mut self) {
        self.output_left = self.budget.output_bytes_per_input;
        self.steps_left = self.budget.steps_per_input;
        self.limited = false;
        self.jobs_started = 0;
        self.killed = false;
        self.interrupted = false;
    }

    /// Announces the command that now runs.
    pub(crate) fn command(&mut self, line: &[u8]) {
        self.flush();
        self.command_at = Some(self.effects.len());
        let line = PeerText::truncated(line, limits::RECORDED_LINE_BYTES);
        self.effects.push(ShellEffect::Command { line, unknown: Vec::new() });
    }

    /// A name that is no command of ours.
    pub(crate) fn unknown(&mut self, name: &[u8]) {
        const NAMES: usize = 32;
        const NAME_BYTES: usize = 256;
        let at = self.command_at;
        if let Some(ShellEffect::Command { unknown, .. }) =
            at.and_then(|at| self.effects.get_mut(at))
            && unknown.len() < NAMES
        {
            let name = PeerText::truncated(name, NAME_BYTES);
            if !unknown.contains(&name) {
                unknown.push(name);
            }
        }
    }

    /// Bytes for the peer's screen.
    pub(crate) fn print(&mut self, bytes: &[u8], error: bool) -> Result<(), Stop> {
        if error != self.output_is_error {
            self.flush();
            self.output_is_error = error;
        }
        let left = self.output_left.min(self.output_session_left);
        let fits = bytes.len().min(left);
        self.output.extend_from_slice(&bytes[..fits]);
        self.output_left -= fits;
        self.output_session_left -= fits;
        if fits < bytes.len() {
            self.kill("output", "a command printed too much");
            return Err(Stop::Killed);
        }
        Ok(())
    }

    /// Turns what was printed into an effect, so that the order stays.
    pub(crate) fn flush(&mut self) {
        if !self.output.is_empty() {
            let bytes = self.output.split().freeze();
            self.effects.push(if self.output_is_error {
                ShellEffect::ErrorOutput(bytes)
            } else {
                ShellEffect::Output(bytes)
            });
        }
    }

    /// Reports a limit, once per input.
    pub(crate) fn limit(&mut self, limit: &'static str, detail: &str) {
        if !self.limited {
            self.limited = true;
            self.flush();
            self.effects.push(ShellEffect::Limit { limit, detail: detail.to_owned() });
        }
    }

    /// Ends everything that runs.
    pub(crate) fn kill(&mut self, limit: &'static str, detail: &str) {
        self.limit(limit, detail);
        self.killed = true;
    }

    /// Gives the effects to the caller, and asks for the next timer.
    pub(crate) fn drain(&mut self, out: &mut Vec<ShellEffect>) {
        self.flush();
        self.command_at = None;
        out.append(&mut self.effects);
        let now = self.now;
        self.timers.retain(|at| *at > now);
        if let Some(next) = self.timers.iter().min() {
            out.push(ShellEffect::Timer(*next));
        }
    }

    /// The answer to a fetch.
    pub(crate) fn answer(&mut self, id: FetchId, fetched: Fetched) {
        if id.0 < self.fetches {
            self.fetched.insert(id, fetched);
        }
    }

    /// A fresh process number.
    pub(crate) fn next_pid(&mut self) -> u32 {
        let step = self.rng.random_range(1..4);
        self.pids = if self.pids + step >= 32_768 { 1_200 } else { self.pids + step };
        self.pids
    }
}

impl Input {
    /// Typed bytes, if there are any or there will be none.
    fn take(&mut self, max: usize, line: bool) -> Option<Vec<u8>> {
        let available = if line {
            match self.bytes.iter().take(max).position(|b| *b == b'\n') {
                Some(end) => end + 1,
                None if self.ended || self.bytes.len() >= max => self.bytes.len().min(max),
                None => 0,
            }
        } else {
            self.bytes.len().min(max)
        };
        if available == 0 {
            let ended = self.ended;
            self.ended &= self.piped;
            return ended.then(Vec::new);
        }
        Some(self.bytes.drain(..available).collect())
    }
}

/// Waits until `ready` gives something.
struct Wait<'a, F> {
    session: &'a Session,
    /// What the caller is to bring; nothing, if another process does.
    for_what: Option<WaitingFor>,
    ready: F,
}

impl<T, F: FnMut(&mut System) -> Option<T> + Unpin> Future for Wait<'_, F> {
    type Output = Result<T, Stop>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut system = this.session.system();
        if system.killed {
            return Poll::Ready(Err(Stop::Killed));
        }
        let job = system.polling_job;
        if system.interrupted && !job {
            return Poll::Ready(Err(Stop::Interrupted));
        }
        if let Some(value) = (this.ready)(&mut system) {
            return Poll::Ready(Ok(value));
        }
        // Of several in a pipeline, the one that reads is told of.
        if !job && system.waiting != Some(WaitingFor::Stdin) {
            system.waiting = this.for_what.or(system.waiting);
        }
        Poll::Pending
    }
}
