//! The tree of the sample's processes.

use super::files::Files;
use crate::limits::{PROCESSES_MAX, PROGRAMS_PER_PROCESS_MAX, TEXT_BYTES_MAX};
use std::collections::BTreeMap;
use ukai_model::{PeerText, Process, Program};
use ukai_trace::STATUS_UNKNOWN;

/// The processes of one run. A number that is used again is a process of its own.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    all: Vec<Tracked>,
    /// The living one of each number.
    current: BTreeMap<u32, usize>,
    /// The last one of each number that has ended.
    ended: BTreeMap<u32, usize>,
    /// Threads: they act for their process.
    threads: BTreeMap<u32, u32>,
    pub(crate) left_out: u64,
}

/// One process while the trace is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tracked {
    pub(crate) pid: u32,
    pub(crate) parent: Option<u32>,
    pub(crate) started_ms: u64,
    ended_ms: Option<u64>,
    status: Option<u32>,
    name: Vec<u8>,
    programs: Vec<Program>,
    /// Whether the first program is its parent's.
    inherited: bool,
    threads: u64,
    children: u64,
    connections: u64,
    accepted: u64,
    sent_bytes: u64,
    listens: Vec<u16>,
    killed: u64,
    killed_others: u64,
    created: u64,
    created_example: Vec<u8>,
    deleted: u64,
}

/// What a second log says of a process.
pub(super) enum Met {
    /// It was not known.
    New,
    /// Only its command line was not.
    WithCommand,
    Again,
}

impl Processes {
    fn at(&mut self, pid: u32, at_ms: u64) -> Option<&mut Tracked> {
        let pid = self.threads.get(&pid).copied().unwrap_or(pid);
        if let Some(index) = self.known_at(pid, at_ms) {
            return self.all.get_mut(index);
        }
        self.make(pid, at_ms)
    }

    fn make(&mut self, pid: u32, at_ms: u64) -> Option<&mut Tracked> {
        if self.all.len() >= PROCESSES_MAX {
            self.left_out += 1;
            return None;
        }
        self.current.insert(pid, self.all.len());
        self.all.push(Tracked { pid, started_ms: at_ms, ..Tracked::default() });
        self.all.last_mut()
    }

    /// The process of a number at a time. What it said is summed up, and may be told after
    /// its end.
    fn known_at(&self, pid: u32, at_ms: u64) -> Option<usize> {
        let current = self.current.get(&pid).copied();
        let later = current.is_none_or(|index| self.all[index].started_ms > at_ms);
        let ended = self.ended.get(&pid).copied().filter(|index| {
            later && self.all[*index].ended_ms.is_some_and(|ended_ms| at_ms <= ended_ms)
        });
        ended.or(current)
    }

    pub(super) fn executes(
        &mut self,
        pid: u32,
        parent: u32,
        at_ms: u64,
        path: &[u8],
        command: &[u8],
        deleted: bool,
    ) {
        let known_parent = self.current.contains_key(&parent).then_some(parent);
        let Some(process) = self.at(pid, at_ms) else { return };
        process.parent = process.parent.or(known_parent).filter(|parent| *parent != pid);
        if process.programs.len() < PROGRAMS_PER_PROCESS_MAX {
            process.programs.push(Program {
                at_ms,
                path: PeerText::truncated(path, TEXT_BYTES_MAX),
                command: PeerText::truncated(command, TEXT_BYTES_MAX),
                deleted,
            });
        }
    }

    /// A process that a log tells of: made and started at once.
    pub(super) fn starts(
        &mut self,
        pid: u32,
        parent: u32,
        at_ms: u64,
        path: &[u8],
        command: &[u8],
    ) {
        // A number without an end is used again where ends are not logged.
        if self.make(pid, at_ms).is_some() {
            self.executes(pid, parent, at_ms, path, command, false);
            if let Some(process) = self.at(parent, at_ms) {
                process.children += 1;
            }
        }
    }

    /// Whether it is known that this process was started about then. A command line that was
    /// missing is added.
    pub(super) fn met(&mut self, pid: u32, at_ms: u64, path: &[u8], command: &[u8]) -> Met {
        const ABOUT_MS: u64 = 2_000;
        let process = self.current.get(&pid).and_then(|index| self.all.get_mut(*index));
        let program = process.and_then(|process| process.programs.last_mut()).filter(|program| {
            program.at_ms.abs_diff(at_ms) <= ABOUT_MS
                && program.path.as_bytes().eq_ignore_ascii_case(path)
        });
        match program {
            None => Met::New,
            Some(program) if program.command.is_empty() && !command.is_empty() => {
                program.command = PeerText::truncated(command, TEXT_BYTES_MAX);
                Met::WithCommand
            }
            Some(_) => Met::Again,
        }
    }

    pub(super) fn forks(&mut self, pid: u32, child: u32, thread: bool, at_ms: u64) {
        let parent = self.threads.get(&pid).copied().unwrap_or(pid);
        let Some(process) = self.at(pid, at_ms) else { return };
        if thread {
            process.threads += 1;
            if self.threads.len() < PROCESSES_MAX {
                self.threads.insert(child, parent);
            }
            return;
        }
        process.children += 1;
        let program = process.programs.last().cloned();
        if child == parent {
            return;
        }
        self.threads.remove(&child);
        self.current.remove(&child);
        if let Some(made) = self.make(child, at_ms) {
            made.parent = Some(parent);
            // It goes on as the same program until it starts another.
            made.inherited = program.is_some();
            made.programs.extend(program.map(|program| Program { at_ms, ..program }));
        }
    }

    pub(super) fn exits(&mut self, pid: u32, at_ms: u64, status: u32) {
        if self.threads.remove(&pid).is_some() {
            return;
        }
        if let Some(process) = self.at(pid, at_ms) {
            process.ended_ms = Some(at_ms);
            process.status = (status != STATUS_UNKNOWN).then_some(status);
            if let Some(index) = self.current.remove(&pid) {
                self.ended.insert(pid, index);
            }
        }
    }

    pub(super) fn named(&mut self, pid: u32, at_ms: u64, name: &[u8]) {
        if let Some(process) = self.at(pid, at_ms) {
            process.name = name[..name.len().min(TEXT_BYTES_MAX)].to_vec();
        }
    }

    pub(super) fn listens(&mut self, pid: u32, at_ms: u64, port: u16) {
        if let Some(process) = self.at(pid, at_ms)
            && process.listens.len() < crate::limits::FEW
            && !process.listens.contains(&port)
        {
            process.listens.push(port);
        }
    }

    pub(super) fn connects(&mut self, pid: u32, at_ms: u64) {
        if let Some(process) = self.at(pid, at_ms) {
            process.connections += 1;
        }
    }

    pub(super) fn accepts(&mut self, pid: u32, at_ms: u64) {
        if let Some(process) = self.at(pid, at_ms) {
            process.accepted += 1;
        }
    }

    pub(super) fn sends(&mut self, pid: u32, at_ms: u64, bytes: u64) {
        if let Some(process) = self.at(pid, at_ms) {
            process.sent_bytes = process.sent_bytes.saturating_add(bytes);
        }
    }

    pub(super) fn kills(&mut self, pid: u32, at_ms: u64, own: bool) {
        if let Some(process) = self.at(pid, at_ms) {
            *(if own { &mut process.killed } else { &mut process.killed_others }) += 1;
        }
    }

    /// Which files each process made and deleted.
    pub(super) fn files_of(&mut self, files: &Files) {
        let index: BTreeMap<u32, usize> =
            self.all.iter().enumerate().map(|(index, process)| (process.pid, index)).collect();
        for (path, track) in files.all() {
            let made = track.created.then_some(track.maker).flatten();
            let owner = made.map(|pid| self.threads.get(&pid).copied().unwrap_or(pid));
            if let Some(process) = owner.and_then(|pid| self.all.get_mut(*index.get(&pid)?)) {
                process.created += 1;
                if process.created_example.is_empty() {
                    process.created_example = path.to_vec();
                }
            }
            let deleter = track.deleter.map(|pid| self.threads.get(&pid).copied().unwrap_or(pid));
            if let Some(process) = deleter.and_then(|pid| self.all.get_mut(*index.get(&pid)?)) {
                process.deleted += 1;
            }
        }
    }

    pub(super) fn knows(&self, pid: u32) -> bool {
        self.current.contains_key(&pid) || self.threads.contains_key(&pid)
    }

    /// Whether the file was started as a program of a process.
    pub(super) fn is_running(&self, path: &[u8]) -> bool {
        self.current.values().any(|index| {
            let process = self.all.get(*index);
            let programs = process.map_or(&[][..], |process| &process.programs);
            programs.iter().any(|program| program.path.as_bytes() == path)
        })
    }

    /// The file that a process runs; empty if that is not known.
    pub(crate) fn program(&self, pid: u32) -> &[u8] {
        let pid = self.threads.get(&pid).copied().unwrap_or(pid);
        let process = match self.current.get(&pid) {
            Some(index) => self.all.get(*index),
            None => self.all.iter().rev().find(|process| process.pid == pid),
        };
        process.and_then(|process| process.programs.last()).map_or(b"", |p| p.path.as_bytes())
    }

    /// The process that a thread acts for.
    pub(crate) fn process_of(&self, pid: u32) -> u32 {
        self.threads.get(&pid).copied().unwrap_or(pid)
    }

    pub(crate) fn all(&self) -> &[Tracked] {
        &self.all
    }
}

impl Tracked {
    /// The programs that it started, without the one that it goes on with from its parent.
    pub(crate) fn started(&self) -> &[Program] {
        self.programs.get(usize::from(self.inherited)..).unwrap_or_default()
    }

    /// As the report has it.
    pub(crate) fn told(&self, run: u32) -> Process {
        Process {
            run,
            pid: self.pid,
            parent: self.parent,
            started_ms: self.started_ms,
            ended_ms: self.ended_ms,
            exit: self.status.map(exit),
            name: PeerText::new(self.name.clone()),
            programs: self.programs.clone(),
            threads: self.threads,
            children: self.children,
            did: self.did(),
        }
    }

    fn did(&self) -> Vec<String> {
        let mut did = Vec::new();
        let mut say = |count: u64, one: &str, many: &str| match count {
            0 => {}
            1 => did.push(one.to_owned()),
            count => did.push(format!("{count} {many}")),
        };
        let example = PeerText::truncated(&self.created_example, 100);
        let one = format!("made {example}");
        say(self.created, &one, &format!("files made, {example} first"));
        say(self.deleted, "1 file deleted", "files deleted");
        say(self.connections, "1 connection", "connections");
        say(self.accepted, "1 connection taken", "connections taken");
        say(self.sent_bytes, "1 byte sent", "bytes sent");
        say(self.killed_others, "1 foreign process killed", "foreign processes killed");
        say(self.killed, "1 own process signalled", "own processes signalled");
        say(self.children, "1 child", "children");
        for port in &self.listens {
            did.push(format!("listens on port {port}"));
        }
        did
    }
}

/// A wait status in words (wait(2)).
fn exit(status: u32) -> String {
    match status & 0x7f {
        0 => format!("exit {}", status >> 8 & 0xff),
        signal => format!("signal {signal}"),
    }
}
