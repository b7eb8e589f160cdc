//! What a program's tree does: lists, pipelines, jobs, substitutions.

mod compound;
mod execute;
mod function;
mod listed;
mod redirect;
mod script;
mod simple;

pub(crate) use execute::base_name;

use crate::fs::Access;
use crate::io::{Moves, Open};
use crate::job::JobState;
use crate::limits;
use crate::process::{Process, VariableValue};
use crate::syntax::{AndOr, Command, Connector, List, RedirectKind, Target, TimeForm};
use crate::system::{Fut, Stop};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

/// Exit status after a broken pipe (128 + SIGPIPE).
const STATUS_SIGPIPE: i32 = 141;

impl Process {
    pub(crate) async fn list(&mut self, list: &List) -> Result<i32, Stop> {
        for item in &list.items {
            if self.options.no_run {
                break;
            }
            self.command_text = item.text.clone();
            let lent = self.lent;
            if item.background {
                self.background(&item.and_or, &item.text)?;
            } else {
                self.and_or(&item.and_or).await?;
            }
            self.take_back(lent);
        }
        Ok(self.status)
    }

    async fn and_or(&mut self, and_or: &Arc<AndOr>) -> Result<i32, Stop> {
        let mut tested = !and_or.rest.is_empty();
        self.tested += u32::from(tested);
        let result = self.pipeline(and_or, 0).await;
        self.tested -= u32::from(tested);
        let mut status = result?;
        for (index, (connector, _)) in and_or.rest.iter().enumerate() {
            let wanted = match connector {
                Connector::And => status == 0,
                Connector::Or => status != 0,
            };
            if !wanted {
                continue;
            }
            tested = index + 1 < and_or.rest.len();
            self.tested += u32::from(tested);
            let result = self.pipeline(and_or, index + 1).await;
            self.tested -= u32::from(tested);
            status = result?;
        }
        Ok(status)
    }

    /// Runs one of the pipelines of a list, by its place.
    async fn pipeline(&mut self, and_or: &Arc<AndOr>, index: usize) -> Result<i32, Stop> {
        let pipeline = and_or.pipeline(index);
        let began = pipeline.timed.map(|_| self.times_so_far());
        self.tested += u32::from(pipeline.negated);
        let result = match &pipeline.commands[..] {
            [command] if !command.is_subshell() || !self.controls_jobs() => {
                self.command(command).await
            }
            _ => self.stages(and_or, index).await,
        };
        self.tested -= u32::from(pipeline.negated);
        let mut status = result?;
        if pipeline.negated {
            status = i32::from(status == 0);
        }
        self.status = status;
        if let (Some(form), Some(began)) = (pipeline.timed, began) {
            self.tell_times(form, began)?;
        }
        if self.bash {
            if let [_] = pipeline.commands[..] {
                self.pipe_statuses =
                    vec![if pipeline.negated { i32::from(status == 0) } else { status }];
            }
            let statuses = std::mem::take(&mut self.pipe_statuses);
            let statuses = (0..).zip(statuses.iter().map(|s| s.to_string().into())).collect();
            self.assign_value(b"PIPESTATUS", VariableValue::Array(Arc::new(statuses)))?;
        }
        if status != 0 && self.tested == 0 && !pipeline.negated {
            if self.bash && self.traps.contains_key(&b"ERR"[..]) {
                Box::pin(self.error_trap(&pipeline.commands)).await?;
            }
            if self.options.exit_on_error {
                return Err(Stop::Exit(status));
            }
        }
        Ok(status)
    }

    /// The stages of a pipeline run by turns, each in a process of its own, with pipes
    /// between them. When a stage ends, its ends of pipes close.
    fn stages<'a>(
        &'a mut self,
        and_or: &'a Arc<AndOr>,
        index: usize,
    ) -> Fut<'a, Result<i32, Stop>> {
        Box::pin(async move { self.run_stages(and_or, index).await })
    }

    async fn run_stages(&mut self, and_or: &Arc<AndOr>, index: usize) -> Result<i32, Stop> {
        let count = and_or.pipeline(index).commands.len();
        let mut stages = Vec::with_capacity(count);
        let mut input = None;
        for place in 0..count {
            let mut child = self.fork();
            child.depth += 1;
            child.pid = self.session.system().next_pid();
            if let Some(input) = input.take() {
                child.fds.set(0, Some(input));
            }
            if place + 1 < count {
                let (reader, writer) = Open::pipe(&self.session.moves);
                child.fds.set(1, Some(writer));
                input = Some(reader);
            }
            let and_or = Arc::clone(and_or);
            let ahead = and_or.pipeline(index).commands.get(place).and_then(|command| {
                child.gives_way = Process::makes_way_for(command);
                child.listed_ahead(command)
            });
            child.tested += 1;
            let stage: Fut<'static, Result<i32, Stop>> = Box::pin(async move {
                let _listed = ahead;
                let pipeline = and_or.pipeline(index);
                let Some(command) = pipeline.commands.get(place) else { return Ok(0) };
                let result = child.command(command).await;
                child.ended(result).await
            });
            stages.push(Stage::Running(stage));
        }
        let session = Arc::clone(&self.session);
        let fails = self.options.pipe_fail;
        let statuses = Arc::new(std::sync::Mutex::new(Vec::new()));
        let kept = Arc::clone(&statuses);
        let future = Box::pin(async move {
            let all = join(stages, &session.moves).await?;
            let last = all.last().copied().unwrap_or(0);
            let failed = all.iter().rev().find(|s| **s != 0).copied().unwrap_or(0);
            *crate::io::lock(&kept) = all;
            Ok(if fails { failed } else { last })
        });
        let text = self.command_text.clone();
        let status = self.foreground(text, future).await?;
        self.pipe_statuses = std::mem::take(&mut *crate::io::lock(&statuses));
        Ok(status)
    }

    /// The status with which a process of its own ended, whatever ended it; its exit
    /// trap is run.
    pub(crate) async fn ended(&mut self, result: Result<i32, Stop>) -> Result<i32, Stop> {
        let status = match result {
            Ok(status) | Err(Stop::Exit(status) | Stop::Return(status) | Stop::Abort(status)) => {
                status
            }
            Err(Stop::Break(_) | Stop::Continue(_)) => 0,
            Err(Stop::BrokenPipe) => STATUS_SIGPIPE,
            Err(stop @ (Stop::Interrupted | Stop::Killed | Stop::HangUp(_))) => return Err(stop),
        };
        self.exit_trap(status).await
    }

    /// Runs the ERR trap of bash after a command that failed. Functions do not have it.
    async fn error_trap(&mut self, commands: &[Command]) -> Result<(), Stop> {
        let group = matches!(commands, [Command::Compound { body, .. }]
            if !matches!(body, crate::syntax::Compound::Subshell(_)
                | crate::syntax::Compound::Arithmetic(_)));
        if group || !self.frames.is_empty() || self.in_trap {
            return Ok(());
        }
        self.run_trap(b"ERR").await
    }

    /// Runs the DEBUG trap of bash before a simple command.
    async fn debug_trap(&mut self) -> Result<(), Stop> {
        if self.in_trap || !self.frames.is_empty() {
            return Ok(());
        }
        self.run_trap(b"DEBUG").await
    }

    /// Runs a trap's action; the status stays as it was.
    async fn run_trap(&mut self, name: &[u8]) -> Result<(), Stop> {
        if self.traps.is_empty() {
            return Ok(());
        }
        let Some(action) = self.traps.get(name).filter(|a| !a.is_empty()).cloned() else {
            return Ok(());
        };
        let (status, line) = (self.status, self.line);
        self.in_trap = true;
        let result = Box::pin(self.run_text(&action)).await;
        self.in_trap = false;
        (self.status, self.line) = (status, line);
        result.map(|_| ())
    }

    /// The clock and how many programs have run, for `time`.
    fn times_so_far(&self) -> (ukai_model::Timestamp, u64) {
        let system = self.session.system();
        (system.now, system.programs_run)
    }

    /// What `time` of bash tells of a pipeline. A program takes a millisecond or two; what
    /// the shell does itself takes none that shows.
    fn tell_times(
        &mut self,
        form: TimeForm,
        (began, programs): (ukai_model::Timestamp, u64),
    ) -> Result<(), Stop> {
        let (now, programs_now) = self.times_so_far();
        let run = programs_now.saturating_sub(programs);
        let own = run as f64 * 0.001;
        let real = now.since(began).as_secs_f64() + own * 1.5;
        let text = match form {
            TimeForm::Posix => format!("real {real:.2}\nuser {:.2}\nsys {own:.2}", 0.0),
            TimeForm::Bash => {
                let shown =
                    |seconds: f64| format!("{}m{:.3}s", seconds as u64 / 60, seconds % 60.0);
                format!("\nreal\t{}\nuser\t{}\nsys\t{}", shown(real), shown(own), shown(0.0))
            }
        };
        self.error(&text)
    }

    /// Runs the EXIT trap, if there is one.
    pub(crate) async fn exit_trap(&mut self, status: i32) -> Result<i32, Stop> {
        let Some(text) = self.traps.get(&b"EXIT"[..]).filter(|t| !t.is_empty()).cloned() else {
            return Ok(status);
        };
        self.traps = Arc::default();
        self.status = status;
        match Box::pin(self.run_text(&text)).await {
            Err(Stop::Exit(status)) => Ok(status),
            Err(stop @ (Stop::Interrupted | Stop::Killed | Stop::HangUp(_))) => Err(stop),
            _ => Ok(status),
        }
    }

    pub(crate) fn command<'a>(&'a mut self, command: &'a Command) -> Fut<'a, Result<i32, Stop>> {
        Box::pin(async move {
            match command {
                Command::Simple(simple) => self.simple(simple).await,
                Command::Function { name, body, bytes } => {
                    self.status = 0;
                    self.define(name, body, *bytes)
                }
                Command::Compound { body, redirects } => {
                    self.enter()?;
                    let Ok(saved) = self.redirect_all(redirects).await? else {
                        self.depth -= 1;
                        return Ok(self.redirect_status());
                    };
                    let result = self.compound(body).await;
                    self.restore_fds(saved);
                    if !self.readers.is_empty() {
                        Box::pin(self.run_readers()).await?;
                    }
                    self.depth -= 1;
                    let status = result?;
                    self.status = status;
                    Ok(status)
                }
            }
        })
    }

    /// Goes one level deeper, if there is one left.
    pub(crate) fn enter(&mut self) -> Result<(), Stop> {
        self.session.step(1)?;
        let is_spent = crate::stack::is_spent(self.session.system().stack_base);
        if self.depth >= limits::RUN_DEPTH || is_spent {
            self.session.system().kill("nesting", "commands nested too deep");
            return Err(Stop::Killed);
        }
        self.depth += 1;
        Ok(())
    }

    /// Starts a job.
    fn background(&mut self, and_or: &Arc<AndOr>, text: &bytes::Bytes) -> Result<(), Stop> {
        self.check_jobs()?;
        let mut child = self.fork();
        if child.fds.at(0).is_some_and(|open| open.is_terminal()) {
            child.fds.set(0, Some(Arc::new(Open::Null)));
        }
        let only = match (&and_or.first.commands[..], and_or.rest.is_empty()) {
            ([command], true) => Some(command),
            _ => None,
        };
        let whole = Arc::clone(and_or);
        self.begin_job(child, text, only, |mut child| {
            Box::pin(async move {
                let result = child.and_or(&whole).await;
                child.ended(result).await.unwrap_or(130)
            })
        })?;
        Ok(())
    }

    /// Starts `command` in `child` as a job; gives its process number.
    pub(crate) fn start_job(
        &mut self,
        child: Process,
        command: Arc<Command>,
        text: &bytes::Bytes,
    ) -> Result<u32, Stop> {
        self.check_jobs()?;
        let only = Arc::clone(&command);
        self.begin_job(child, text, Some(&only), |mut child| {
            Box::pin(async move {
                let result = child.command(&command).await;
                child.ended(result).await.unwrap_or(130)
            })
        })
    }

    /// Whether another job may be started.
    fn check_jobs(&mut self) -> Result<(), Stop> {
        let running = {
            let mut system = self.session.system();
            system.jobs_started += 1;
            if system.jobs_started > limits::JOBS_PER_INPUT {
                system.kill("processes", "a command started too many jobs");
                return Err(Stop::Killed);
            }
            system.jobs.len()
        };
        if running >= limits::JOBS {
            self.session.system().limit("processes", "too many background jobs");
            let text = if self.bash {
                "fork: retry: Resource temporarily unavailable"
            } else {
                "can't fork"
            };
            self.complain(text)?;
            return Err(Stop::Abort(if self.bash { 254 } else { 2 }));
        }
        Ok(())
    }

    fn begin_job(
        &mut self,
        mut child: Process,
        text: &bytes::Bytes,
        only: Option<&Command>,
        run: impl FnOnce(Process) -> Fut<'static, i32>,
    ) -> Result<u32, Stop> {
        let pid = self.session.system().next_pid();
        child.subshell = true;
        child.pid = pid;
        child.depth = self.depth + 1;
        child.in_background = true;
        child.gives_way = only.is_some_and(Process::makes_way_for);
        let listed = only.and_then(|command| child.listed_ahead(command));
        let job = run(child);
        let future = Box::pin(async move {
            let _listed = listed;
            job.await
        });
        let number =
            self.session.system().jobs.add(self.pid, pid, text.clone(), JobState::Running, future);
        self.last_job = Some(pid);
        self.status = 0;
        if self.bash && self.controls_jobs() {
            self.error(&format!("[{number}] {pid}"))?;
        }
        Ok(pid)
    }

    /// `$(...)`: what a list prints, without newlines at its end.
    pub(crate) async fn substitute(&mut self, list: &Arc<List>) -> Result<Vec<u8>, Stop> {
        self.enter()?;
        let text = if let Some(path) = self.only_reads(list) {
            let path = self.expand_text(path).await?;
            if let Ok(open) = self.open(&path, Access::Read) {
                self.substitution_status = Some(0);
                let saved = self.swap_fd(0, Some(open));
                let text = self.still_input(0).unwrap_or_default().to_vec();
                self.fds.set(0, saved);
                text
            } else {
                self.substitution_status = Some(1);
                Vec::new()
            }
        } else {
            let collector = Open::collector();
            let mut child = self.fork();
            child.fds.set(1, Some(Arc::clone(&collector)));
            let result = child.list(list).await;
            let status = child.ended(result).await?;
            self.substitution_status = Some(status);
            self.status = status;
            collector.collected()
        };
        self.depth -= 1;
        self.session.step(text.len() as u64 / 1_024)?;
        let mut text = text;
        text.retain(|b| *b != 0);
        while text.last() == Some(&b'\n') {
            text.pop();
        }
        Ok(text)
    }

    /// `<(...)`: the path of a descriptor that gives what a list prints. It is closed
    /// after the command.
    pub(crate) async fn printed_file(&mut self, list: &Arc<List>) -> Result<String, Stop> {
        self.enter()?;
        let collector = Open::collector();
        let mut child = self.fork();
        child.fds.set(1, Some(Arc::clone(&collector)));
        let result = child.list(list).await;
        child.ended(result).await?;
        self.depth -= 1;
        let bytes = collector.collected();
        self.session.step(bytes.len() as u64 / 1_024)?;
        Ok(self.lend(Open::bytes(bytes)))
    }

    /// `>(...)`: the path of a descriptor that the list reads what is written to, when the
    /// command has ended.
    pub(crate) fn read_file_of(&mut self, list: &Arc<List>) -> String {
        let collector = Open::collector();
        self.readers.push((Arc::clone(&collector), Arc::clone(list)));
        self.lend(collector)
    }

    /// Runs the readers of `>(...)` over what was written to them.
    pub(crate) async fn run_readers(&mut self) -> Result<(), Stop> {
        for (collector, list) in std::mem::take(&mut self.readers) {
            self.enter()?;
            let mut child = self.fork();
            child.fds.set(0, Some(Open::bytes(collector.collected())));
            let result = child.list(&list).await;
            child.ended(result).await?;
            self.depth -= 1;
        }
        Ok(())
    }

    /// `$(< file)` of bash.
    fn only_reads<'a>(&self, list: &'a List) -> Option<&'a crate::syntax::Word> {
        let [item] = &list.items[..] else { return None };
        let [Command::Simple(simple)] = &item.and_or.first.commands[..] else { return None };
        let [redirect] = &simple.redirects[..] else { return None };
        let bare = simple.words.is_empty() && simple.assignments.is_empty();
        match &redirect.target {
            Target::Word(word) if self.bash && bare && redirect.kind == RedirectKind::Read => {
                Some(word)
            }
            _ => None,
        }
    }
}

/// A stage of a pipeline.
enum Stage {
    Running(Fut<'static, Result<i32, Stop>>),
    Ended(i32),
}

/// Runs stages by turns until all have ended. What a stage does to a pipe wakes others,
/// so all are asked again until nothing moves.
async fn join(mut stages: Vec<Stage>, moves: &Moves) -> Result<Vec<i32>, Stop> {
    poll_fn(move |cx| {
        loop {
            let before = moves.so_far();
            let mut ended = true;
            for stage in &mut stages {
                let Stage::Running(future) = stage else { continue };
                match future.as_mut().poll(cx) {
                    Poll::Ready(Ok(status)) => *stage = Stage::Ended(status),
                    Poll::Ready(Err(stop)) => return Poll::Ready(Err(stop)),
                    Poll::Pending => ended = false,
                }
            }
            if ended {
                let status = |s: &Stage| if let Stage::Ended(status) = s { *status } else { 0 };
                return Poll::Ready(Ok(stages.iter().map(status).collect()));
            }
            if moves.so_far() == before {
                return Poll::Pending;
            }
        }
    })
    .await
}
