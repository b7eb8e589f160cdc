//! What the shell runs stands in the process list for as long as it runs.

use crate::commands;
use crate::fs::{Running, Seated, sizes};
use crate::io::Open;
use crate::process::{Process, Source};
use crate::syntax::{Command, Part};
use ukai_persona::Process as Listed;

/// Longest command line that the list shows, in bytes.
const COMMAND_BYTES: usize = 4_096;

impl Process {
    /// Puts a program into the process list, until what this gives is dropped.
    pub(super) fn listed(&self, pid: u32, words: &[Vec<u8>], exe: &[u8]) -> Seated {
        let line = words.join(&b' ');
        let line = String::from_utf8_lossy(&line[..line.len().min(COMMAND_BYTES)]).into_owned();
        let host = &self.session.host;
        let seat = &self.session.seat;
        let user = host.users().iter().find(|u| u.uid == self.uid);
        let name = Listed::name_of(&line);
        let (vsz_kb, rss_kb) = sizes(host, &name);
        let shell = seat.shell(host, &self.view());
        let stands_in = pid == shell.pid;
        let process = Listed {
            pid,
            ppid: if stands_in { shell.ppid } else { self.parent_of_programs(pid) },
            user: user.map_or(shell.user, |u| u.name.clone()),
            command: line,
            name,
            exe: String::from_utf8_lossy(exe).into_owned(),
            vsz_kb,
            rss_kb,
            state: "S".to_owned(),
            tty: shell.tty,
            started_s: host.uptime(self.session.now()).as_secs(),
        };
        seat.starts(Running {
            process,
            files: self.files(),
            directory: String::from_utf8_lossy(&self.directory).into_owned(),
            foreground: !self.in_background,
        })
    }

    /// The shell that waits for a program; a process that makes way for it is not.
    fn parent_of_programs(&self, pid: u32) -> u32 {
        if self.pid == pid { self.own_pid } else { self.pid }
    }

    /// Puts the command of a stage into the list before it has its turn, if its words say
    /// what it will be.
    pub(super) fn listed_ahead(&self, command: &Command) -> Option<Seated> {
        let Command::Simple(simple) = command else { return None };
        let text = |part: &Part| match part {
            Part::Literal(text) | Part::Quoted(text) => Some(text.clone()),
            _ => None,
        };
        let words: Option<Vec<Vec<u8>>> = simple
            .words
            .iter()
            .map(|word| word.parts.iter().map(text).collect::<Option<Vec<_>>>().map(|p| p.concat()))
            .collect();
        let words = words?;
        let name = words.first()?;
        if commands::builtin(name, self).is_some() || self.functions.contains_key(&name[..]) {
            return None;
        }
        let path = self.find_program(name)?;
        let path = self.fs().real_path(&self.view(), &path).ok()?;
        Some(self.listed(self.pid, &words, &path))
    }

    /// Where the first three descriptors lead.
    fn files(&self) -> [String; 3] {
        let session =
            crate::fs::Seat::first_files(self.session.seat.terminal, self.session.shell_pid);
        let mut place = 0_u32;
        session.map(|own| {
            let open = self.fds.at(place as usize);
            place += 1;
            match open.map(|open| &**open) {
                Some(Open::Terminal | Open::PeerInput | Open::PeerOutput { .. }) => own,
                Some(Open::Null) | None => "/dev/null".to_owned(),
                Some(Open::Zero) => "/dev/zero".to_owned(),
                Some(Open::Full) => "/dev/full".to_owned(),
                Some(Open::Random) => "/dev/urandom".to_owned(),
                // Its number is that of the process that has it and its place.
                Some(_) => format!("pipe:[{}]", 21_000 + self.pid * 3 + place),
            }
        })
    }

    /// Whether the program that comes next is all that this process has to run.
    pub(super) fn makes_way(&self) -> bool {
        self.gives_way
            || self.pid == self.session.shell_pid
                && self.source == Source::Text
                && self.session.seat.gives_way()
    }

    /// Whether a simple command is all that a process has to do, so that it makes way for
    /// the program.
    pub(super) fn makes_way_for(command: &Command) -> bool {
        matches!(command, Command::Simple(_))
    }
}
