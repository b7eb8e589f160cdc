//! The history of an interactive shell: its lines, and where bash keeps them between
//! sessions.

use crate::fs::Access;
use crate::limits;
use crate::process::{Process, Variable, VariableValue};
use crate::system::Session;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use ukai_model::Sha256;

/// Lines of a history.
#[derive(Debug)]
pub(crate) struct History {
    /// The newest last.
    pub(crate) lines: VecDeque<Bytes>,
    /// Number of the first line.
    pub(crate) first: usize,
    bytes: usize,
    /// How many of the lines this session added.
    fresh: usize,
    /// `$HISTFILE`, when the shell last ran something.
    pub(crate) file: Option<Bytes>,
}

impl Default for History {
    fn default() -> Self {
        Self { lines: VecDeque::new(), first: 1, bytes: 0, fresh: 0, file: None }
    }
}

impl History {
    /// Adds a line; of more than `most` the oldest go.
    pub(crate) fn add(&mut self, line: &[u8], most: usize) {
        let line = &line[..line.len().min(limits::RECORDED_LINE_BYTES)];
        self.lines.push_back(Bytes::copy_from_slice(line));
        self.bytes += line.len();
        self.fresh += 1;
        self.keep(most);
    }

    fn keep(&mut self, most: usize) {
        while self.lines.len() > most.min(limits::HISTORY_LINES)
            || self.bytes > limits::HISTORY_BYTES
        {
            let Some(line) = self.lines.pop_front() else { return };
            self.bytes -= line.len();
            self.first += 1;
        }
        self.fresh = self.fresh.min(self.lines.len());
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self { file: self.file.take(), ..Self::default() };
    }

    /// Forgets the line with that number; false if there is none.
    pub(crate) fn remove(&mut self, number: usize) -> bool {
        let index = number.checked_sub(self.first);
        let Some(line) = index.and_then(|index| self.lines.remove(index)) else { return false };
        self.bytes -= line.len();
        self.fresh = self.fresh.min(self.lines.len());
        true
    }

    /// The lines that this session added, each with a newline; they count as written.
    pub(crate) fn take_fresh(&mut self) -> Vec<u8> {
        let start = self.lines.len() - std::mem::take(&mut self.fresh).min(self.lines.len());
        self.lines.range(start..).flat_map(|line| [&line[..], b"\n"].concat()).collect()
    }

    /// All lines, each with a newline.
    pub(crate) fn text(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| [&line[..], b"\n"].concat()).collect()
    }
}

impl Process {
    /// Puts a line that was typed into the history, as the shell's settings have it.
    pub(crate) fn remember(&self, text: &[u8]) {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if self.bash {
            return self.remember_line(text);
        }
        // Each line of a command stands for itself.
        for line in text.split(|b| *b == b'\n') {
            self.remember_line(line.trim_ascii_start());
        }
    }

    fn remember_line(&self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let size = match self.variable(b"HISTSIZE").filter(|_| self.bash) {
            Some(size) => std::str::from_utf8(&size).ok().and_then(|s| s.parse().ok()),
            None => None,
        };
        let control = self.variable(b"HISTCONTROL").filter(|_| self.bash).unwrap_or_default();
        let has = |wanted: &[&[u8]]| control.split(|b| *b == b':').any(|w| wanted.contains(&w));
        let mut system = self.session.system();
        let same = system.history.lines.back().is_some_and(|last| last == line);
        let skipped = (same && (!self.bash || has(&[b"ignoredups", b"ignoreboth"])))
            || (line.starts_with(b" ") && has(&[b"ignorespace", b"ignoreboth"]));
        if !skipped {
            system.history.add(line, size.unwrap_or(limits::HISTORY_LINES));
        }
    }

    /// Where bash keeps the history, as an absolute path.
    pub(crate) fn history_file(&self) -> Option<Bytes> {
        let file = self.variable(b"HISTFILE").filter(|file| self.bash && !file.is_empty())?;
        Some(self.absolute(&file).into())
    }

    /// Bash begins: it sets its variables and reads the history file.
    pub(crate) fn read_history(&mut self) {
        const LINES: &str = "500";
        let home = self.variable(b"HOME").unwrap_or_default();
        let file = Bytes::from([&home[..], b"/.bash_history"].concat());
        for (name, value) in [
            ("HISTFILE", file.clone()),
            ("HISTSIZE", Bytes::from_static(LINES.as_bytes())),
            ("HISTFILESIZE", Bytes::from_static(LINES.as_bytes())),
        ] {
            let value = VariableValue::Scalar(value);
            let variable = Variable { value, ..Variable::default() };
            let name = Bytes::from_static(name.as_bytes());
            Arc::make_mut(&mut self.variables).entry(name).or_insert(variable);
        }
        self.read_history_from(&file);
        self.session.system().history.fresh = 0;
    }

    /// Adds the lines of a file to the history; false if it cannot be read.
    pub(crate) fn read_history_from(&self, path: &[u8]) -> bool {
        let Ok(text) = self.fs().read(&self.view(), path) else { return false };
        let mut system = self.session.system();
        let start = text.len().saturating_sub(limits::HISTORY_BYTES);
        for line in text[start..].split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            system.history.add(line, limits::HISTORY_LINES);
        }
        true
    }

    /// Writes lines to a history file: behind what it has, or instead of it.
    pub(crate) fn write_history(&self, path: &[u8], text: &[u8], append: bool) -> bool {
        self.session.write_history(&self.view(), path, text, append)
    }
}

impl Session {
    /// Writes what this session added behind what the history file has, as bash does when
    /// it ends.
    pub(crate) fn save_history(&self, path: &[u8]) {
        let fresh = self.system().history.take_fresh();
        if fresh.is_empty() {
            return;
        }
        let persona = &self.host.persona;
        let user = persona.user(self.login.user.as_bytes());
        let uid = user.map_or(self.login.uid, |u| u.uid);
        let gid = user.map_or(uid, |u| u.gid);
        let now = self.now();
        let seat = Arc::clone(&self.seat);
        let view = crate::fs::View { now, pid: 0, shell_pid: 0, uid, gid, seat };
        self.write_history(&view, path, &fresh, true);
    }

    fn write_history(
        &self,
        view: &crate::fs::View,
        path: &[u8],
        text: &[u8],
        append: bool,
    ) -> bool {
        const MODE: u16 = 0o600;
        let access = if append { Access::Append } else { Access::Truncate };
        let Ok(opened) = self.fs.open(view, path, access, MODE) else { return false };
        let crate::fs::Opened::File { ino } = opened else { return true };
        let offset = if append { None } else { Some(0) };
        let written = self.fs.write(view, ino, offset, text).is_ok();
        // It is the shell's own file, nothing that the attacker dropped.
        if let Ok(all) = self.fs.read(view, path) {
            self.fs.learn(Sha256::of(&all));
        }
        written
    }
}
