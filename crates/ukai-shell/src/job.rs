//! Jobs: what runs in the background, and what control-Z stopped.

use crate::limits;
use crate::process::{Process, Source};
use crate::system::{Fut, Stop};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;

/// Exit status of a command that was stopped (128 + SIGTSTP).
const STATUS_STOPPED: i32 = 148;

/// Exit status of a job that nobody knows.
const STATUS_UNKNOWN: i32 = 127;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    Running,
    Stopped,
    /// A signal ended it; its future is dropped at the next opportunity.
    Killed(i32),
}

/// A job.
pub(crate) struct Job {
    /// The shell whose job it is.
    owner: u32,
    pub(crate) number: usize,
    pub(crate) pid: u32,
    pub(crate) text: Bytes,
    pub(crate) state: JobState,
    /// `None` while it is polled.
    future: Option<Fut<'static, i32>>,
    /// `disown`: it runs, but is not told of.
    pub(crate) disowned: bool,
}

/// A session's jobs.
#[derive(Default)]
pub(crate) struct Jobs {
    all: Vec<Job>,
    /// Processes of the jobs, the current one last.
    recent: Vec<u32>,
    /// Status of jobs that have ended, by process.
    done: BTreeMap<u32, i32>,
    /// Some began, and were not polled yet.
    began: bool,
}

impl Job {
    /// Whether it is this shell's, and told of.
    pub(crate) fn is_told_by(&self, owner: u32) -> bool {
        self.owner == owner && !self.disowned
    }
}

impl Jobs {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds a job and gives its number.
    pub(crate) fn add(
        &mut self,
        owner: u32,
        pid: u32,
        text: Bytes,
        state: JobState,
        future: Fut<'static, i32>,
    ) -> usize {
        let number = self.shown(owner).map(|j| j.number).max().unwrap_or(0) + 1;
        let future = Some(future);
        self.all.push(Job { owner, number, pid, text, state, future, disowned: false });
        self.recent.push(pid);
        self.began = true;
        number
    }

    /// Those that a shell tells of, by number.
    pub(crate) fn shown(&self, owner: u32) -> impl Iterator<Item = &Job> {
        self.all.iter().filter(move |j| j.owner == owner && !j.disowned)
    }

    /// A shell's jobs, the current one first.
    fn latest(&self, owner: u32) -> impl Iterator<Item = &Job> {
        let pids = self.recent.iter().rev();
        pids.filter_map(|p| self.all.iter().find(|j| j.pid == *p)).filter(move |j| j.owner == owner)
    }

    pub(crate) fn with_pid(&mut self, pid: u32) -> Option<&mut Job> {
        self.all.iter_mut().find(|j| j.pid == pid)
    }

    /// `+` for the current job, `-` for the one before.
    pub(crate) fn mark(&self, job: &Job) -> char {
        match self.latest(job.owner).position(|j| j.pid == job.pid) {
            Some(0) => '+',
            Some(1) => '-',
            _ => ' ',
        }
    }

    /// The job that `%1`, `%+`, `%-`, `%name` or nothing stands for.
    pub(crate) fn named(&self, owner: u32, name: Option<&str>) -> Option<&Job> {
        let name = name.map_or("+", |n| n.strip_prefix('%').unwrap_or(n));
        match name {
            "" | "+" | "%" => self.latest(owner).next(),
            "-" => self.latest(owner).nth(1).or_else(|| self.latest(owner).next()),
            _ => match name.parse::<usize>() {
                Ok(number) => self.shown(owner).find(|j| j.number == number),
                Err(_) => self.shown(owner).find(|j| j.text.starts_with(name.as_bytes())),
            },
        }
    }

    /// Takes a job off the list, to run in the foreground.
    pub(crate) fn take(&mut self, pid: u32) -> Option<(Job, Fut<'static, i32>)> {
        let at = self.all.iter().position(|j| j.pid == pid && j.future.is_some())?;
        let mut job = self.all.remove(at);
        self.recent.retain(|p| *p != pid);
        let future = job.future.take()?;
        Some((job, future))
    }

    /// Ends a job by a signal; false if there is no such job.
    pub(crate) fn kill(&mut self, pid: u32, status: i32) -> bool {
        let Some(job) = self.with_pid(pid) else { return false };
        job.state = JobState::Killed(status);
        self.began = true;
        true
    }

    /// The status of a job that has ended, is stopped, or is unknown.
    pub(crate) fn status_of(&mut self, pid: u32) -> Option<i32> {
        if let Some(status) = self.done.remove(&pid) {
            return Some(status);
        }
        match self.with_pid(pid).map(|j| j.state) {
            Some(JobState::Running | JobState::Killed(_)) => None,
            Some(JobState::Stopped) => Some(STATUS_STOPPED),
            None => Some(STATUS_UNKNOWN),
        }
    }

    /// Whether jobs began or were ended since this was last asked.
    pub(crate) fn take_began(&mut self) -> bool {
        std::mem::take(&mut self.began)
    }

    /// Processes of a shell's jobs that run.
    pub(crate) fn running_of(&self, owner: u32) -> Vec<u32> {
        let mine = self.all.iter().filter(|j| j.owner == owner);
        mine.filter(|j| j.state != JobState::Stopped).map(|j| j.pid).collect()
    }

    /// Processes of the jobs that run or were killed.
    pub(crate) fn running(&self) -> Vec<u32> {
        self.all.iter().filter(|j| j.state != JobState::Stopped).map(|j| j.pid).collect()
    }

    /// A job's future, to be polled.
    pub(crate) fn take_future(&mut self, pid: u32) -> Option<Fut<'static, i32>> {
        self.with_pid(pid)?.future.take()
    }

    /// Gives a future back; it is dropped if the job was killed by itself.
    pub(crate) fn give_back(&mut self, pid: u32, future: Fut<'static, i32>) {
        if let Some(job) = self.with_pid(pid) {
            job.future = Some(future);
        }
    }

    /// A job has ended: it leaves the list, and its mark is told with it.
    pub(crate) fn ended(&mut self, pid: u32, status: i32) -> Option<(Job, char)> {
        let at = self.all.iter().position(|j| j.pid == pid)?;
        let mark = self.mark(&self.all[at]);
        let job = self.all.remove(at);
        self.recent.retain(|p| *p != pid);
        self.done.insert(pid, status);
        while self.done.len() > limits::JOBS {
            self.done.pop_first();
        }
        Some((job, mark))
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Process {
    /// Whether control-Z stops what this shell runs.
    pub(crate) fn controls_jobs(&self) -> bool {
        self.source == Source::Interactive && !self.subshell
    }

    /// Runs a process of its own in the foreground, where control-Z can stop it.
    pub(crate) async fn foreground(
        &mut self,
        text: Bytes,
        future: Fut<'static, Result<i32, Stop>>,
    ) -> Result<i32, Stop> {
        if !self.controls_jobs() {
            return future.await;
        }
        let session = std::sync::Arc::clone(&self.session);
        let modes = session.system().modes;
        let mut slot = Some(future);
        let result = poll_fn(|cx| {
            let Some(future) = &mut slot else { return Poll::Ready(None) };
            if let Poll::Ready(result) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(result));
            }
            let suspended = {
                let mut system = session.system();
                !system.polling_job && std::mem::take(&mut system.suspended)
            };
            if suspended { Poll::Ready(None) } else { Poll::Pending }
        })
        .await;
        if let Some(result) = result {
            return result;
        }
        if let Some(future) = slot {
            // What a stopped program did to the terminal is undone.
            session.system().modes = modes;
            self.stopped(&text, future)?;
        }
        if self.loops > 0 { Err(Stop::Break(self.loops)) } else { Ok(STATUS_STOPPED) }
    }

    fn stopped(
        &mut self,
        text: &Bytes,
        future: Fut<'static, Result<i32, Stop>>,
    ) -> Result<(), Stop> {
        let future = Box::pin(async move { future.await.unwrap_or(130) });
        let line = {
            let mut system = self.session.system();
            let pid = system.next_pid();
            let number = system.jobs.add(self.pid, pid, text.clone(), JobState::Stopped, future);
            job_line(number, '+', "Stopped", text, self.bash)
        };
        let before: &[u8] = if self.bash { b"\n" } else { b"" };
        self.error_bytes(&[before, &line[..]].concat())
    }
}

/// A line about a job, as `jobs` and the prompt show it.
pub(crate) fn job_line(number: usize, mark: char, state: &str, text: &[u8], bash: bool) -> Vec<u8> {
    let width = if bash { 24 } else { 27 };
    let mut line = format!("[{number}]{mark}  {state:<width$}").into_bytes();
    line.extend_from_slice(text);
    line.push(b'\n');
    line
}
