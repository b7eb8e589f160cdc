//! A shell process: variables, functions, descriptors, directory. A subshell is a copy.

use crate::fs::{Fs, View};
use crate::io::{Fd, Fds};
use crate::limits;
use crate::syntax::Command;
use crate::system::{Session, Stop};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use ukai_persona::ShellFlavour;

/// A variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    pub(crate) value: VariableValue,
    pub(crate) exported: bool,
    pub(crate) read_only: bool,
}

/// What a variable holds.
#[derive(Clone, Debug)]
pub(crate) enum VariableValue {
    Scalar(Bytes),
    /// Elements by index (bash).
    Array(Arc<BTreeMap<u32, Bytes>>),
}

/// Elements of an array, or variables, that are copied in a step.
const ELEMENTS_PER_STEP: u64 = 64;

impl VariableValue {
    /// How many elements an array has.
    pub(crate) fn elements(&self) -> usize {
        match self {
            Self::Scalar(_) => 0,
            Self::Array(elements) => elements.len(),
        }
    }
}

impl Default for VariableValue {
    fn default() -> Self {
        Self::Scalar(Bytes::new())
    }
}

/// Where commands come from: it shapes messages and what an error ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A person (or bot) at a prompt.
    Interactive,
    /// `sh -c`
    Text,
    /// A file.
    Script,
    /// Standard input.
    Input,
}

/// `set` options that matter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub(crate) exit_on_error: bool,
    pub(crate) no_unset: bool,
    pub(crate) no_glob: bool,
    pub(crate) trace: bool,
    pub(crate) all_export: bool,
    pub(crate) pipe_fail: bool,
    /// Commands are read and not run.
    pub(crate) no_run: bool,
}

/// A function.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) body: Arc<Command>,
    /// What it takes, by the length of its text.
    pub(crate) bytes: usize,
}

/// A shell process.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) session: Arc<Session>,
    pub(crate) variables: Arc<HashMap<Bytes, Variable>>,
    variable_bytes: usize,
    /// Names to be exported once they are set.
    pub(crate) to_export: Arc<std::collections::BTreeSet<Bytes>>,
    pub(crate) functions: Arc<HashMap<Bytes, Function>>,
    pub(crate) aliases: Arc<BTreeMap<Bytes, Bytes>>,
    pub(crate) positional: Arc<Vec<Bytes>>,
    /// `$0`
    pub(crate) name: Bytes,
    pub(crate) directory: Arc<Vec<u8>>,
    pub(crate) umask: u16,
    pub(crate) fds: Fds,
    /// `$?`
    pub(crate) status: i32,
    /// `$!`
    pub(crate) last_job: Option<u32>,
    pub(crate) pid: u32,
    /// `$$`: the shell's own process; copies keep it.
    pub(crate) own_pid: u32,
    /// Actions of traps whose signal came, to be run after the command.
    pub(crate) trapped: Vec<Bytes>,
    /// Whether the process has only its command to run, and makes way for the program.
    pub(crate) gives_way: bool,
    /// Whether nobody waits for what runs here.
    pub(crate) in_background: bool,
    pub(crate) options: Options,
    pub(crate) traps: Arc<BTreeMap<Bytes, Bytes>>,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) source: Source,
    /// `sh -c` was given a name for `$0`: its messages tell the line, too.
    pub(crate) named: bool,
    pub(crate) bash: bool,
    /// Whether this is a copy of a shell, without control of jobs.
    pub(crate) subshell: bool,
    /// Nesting of compound commands, functions and scripts.
    pub(crate) depth: u32,
    pub(crate) loops: u32,
    /// Variables hidden by `local`, a list per running function.
    pub(crate) locals: Vec<Vec<(Bytes, Option<Variable>)>>,
    pub(crate) line: u32,
    /// Which descriptors `<(...)` has taken, a bit for each.
    pub(crate) lent: u16,
    /// Status of each stage of the last pipeline (`PIPESTATUS`).
    pub(crate) pipe_statuses: Vec<i32>,
    /// What `jobs` would show of the command that runs.
    pub(crate) command_text: Bytes,
    /// Where `getopts` stands inside an argument.
    pub(crate) getopts_place: usize,
    /// Status of the last command substitution, for `a=$(false)`.
    pub(crate) substitution_status: Option<i32>,
    /// Whether a failing command is being tested (`if`, `&&`), which `set -e` spares.
    pub(crate) tested: u32,
}

impl Process {
    /// The login shell.
    pub(crate) fn login(session: Arc<Session>, fds: Fds) -> Self {
        let host = Arc::clone(&session.host);
        let spec = &host.persona.shell;
        let user = host.persona.user(session.login.user.as_bytes());
        let uid = user.map_or(session.login.uid, |u| u.uid);
        let gid = user.map_or(uid, |u| u.gid);
        let home = user.map_or("/", |u| u.home.as_str());
        let seat = Arc::clone(&session.seat);
        let view = View { now: session.now(), pid: 0, shell_pid: 0, uid, gid, seat };
        let at_home = session.fs.stat(&view, home.as_bytes(), true).is_ok_and(|s| s.is_dir());
        let directory = if at_home { home } else { "/" };
        let mut process = Self {
            pid: session.shell_pid,
            own_pid: session.shell_pid,
            trapped: Vec::new(),
            gives_way: false,
            in_background: false,
            variables: Arc::default(),
            variable_bytes: 0,
            to_export: Arc::default(),
            functions: Arc::default(),
            aliases: Arc::default(),
            positional: Arc::default(),
            name: Bytes::copy_from_slice(spec.name.as_bytes()),
            directory: Arc::new(directory.as_bytes().to_vec()),
            umask: 0o022,
            fds,
            status: 0,
            last_job: None,
            options: Options::default(),
            traps: Arc::default(),
            uid,
            gid,
            source: if session.login.terminal.is_some() {
                Source::Interactive
            } else {
                Source::Text
            },
            named: false,
            bash: spec.flavour == ShellFlavour::Bash,
            subshell: false,
            depth: 0,
            loops: 0,
            locals: Vec::new(),
            line: 0,
            command_text: Bytes::new(),
            pipe_statuses: Vec::new(),
            lent: 0,
            getopts_place: 0,
            substitution_status: None,
            tested: 0,
            session,
        };
        let session = Arc::clone(&process.session);
        let login_user = session.login.user.as_str();
        let shell = user.map_or("/bin/sh", |u| u.shell.as_str());
        for (name, value) in [
            ("HOME", home),
            ("LOGNAME", login_user),
            ("USER", login_user),
            ("PATH", &spec.path),
            ("PWD", directory),
            ("SHELL", shell),
            ("TERM", "linux"),
        ]
        .into_iter()
        .chain(spec.environment.iter().map(|(n, v)| (n.as_str(), v.as_str())))
        {
            process.set_initial(name, value, true);
        }
        for (name, value) in session.login.environment.iter().take(limits::LOGIN_VARIABLES) {
            if crate::syntax::is_name(name)
                && name.len() + value.len() <= limits::LOGIN_VARIABLE_BYTES
            {
                let value = VariableValue::Scalar(value.clone());
                let variable = Variable { value, exported: true, read_only: false };
                Arc::make_mut(&mut process.variables).insert(name.clone(), variable);
            }
        }
        let parent = session.seat.shell(&host, &process.view()).ppid.to_string();
        for (name, value) in [
            ("IFS", " \t\n"),
            ("OPTIND", "1"),
            ("PS1", "\\w \\$ "),
            ("PS2", "> "),
            ("PS4", "+ "),
            ("PPID", &parent),
        ] {
            process.set_initial(name, value, false);
        }
        if process.bash {
            process.set_initial("BASH_VERSION", "5.2.15(1)-release", false);
            process.set_initial("HOSTNAME", &host.hostname, false);
            process.set_initial("SHLVL", "1", true);
        }
        process
    }

    /// What this shell is called when it is started for one command: its file's name.
    pub(crate) fn own_name(&self) -> Bytes {
        let path = self.variable(b"SHELL").unwrap_or_default();
        let name = crate::eval::base_name(&path);
        if name.is_empty() { Bytes::from_static(b"sh") } else { Bytes::copy_from_slice(name) }
    }

    fn set_initial(&mut self, name: &str, value: &str, exported: bool) {
        let value = VariableValue::Scalar(Bytes::copy_from_slice(value.as_bytes()));
        let variable = Variable { value, exported, read_only: false };
        let name = Bytes::copy_from_slice(name.as_bytes());
        Arc::make_mut(&mut self.variables).insert(name, variable);
    }

    pub(crate) fn fs(&self) -> &Fs {
        &self.session.fs
    }

    /// Who looks at the file system, and when.
    pub(crate) fn view(&self) -> View {
        View {
            now: self.session.now(),
            pid: self.pid,
            shell_pid: self.session.shell_pid,
            uid: self.uid,
            gid: self.gid,
            seat: Arc::clone(&self.session.seat),
        }
    }

    /// `path` from the root, not normalised.
    pub(crate) fn absolute(&self, path: &[u8]) -> Vec<u8> {
        // Every use of the disk goes through here: long paths cost more. An empty
        // budget ends the command at its next step.
        const BYTES_PER_STEP: u64 = 64;
        let length = (path.len() + self.directory.len()) as u64;
        let _ = self.session.step(length / BYTES_PER_STEP);
        if path.starts_with(b"/") || path.is_empty() {
            return path.to_vec();
        }
        let mut absolute = self.directory.to_vec();
        absolute.push(b'/');
        absolute.extend_from_slice(path);
        absolute
    }

    /// A copy that runs on its own.
    pub(crate) fn fork(&self) -> Self {
        let mut child = self.clone();
        child.subshell = true;
        child.traps = Arc::default();
        child.loops = 0;
        child.gives_way = false;
        child
    }

    /// The value of a variable, if it is set. For an array its first element.
    pub(crate) fn variable(&self, name: &[u8]) -> Option<Bytes> {
        match &self.variables.get(name)?.value {
            VariableValue::Scalar(value) => Some(value.clone()),
            VariableValue::Array(elements) => elements.get(&0).cloned(),
        }
    }

    /// Sets a variable, keeping its attributes.
    pub(crate) fn assign(&mut self, name: &[u8], value: impl Into<Bytes>) -> Result<(), Stop> {
        self.assign_value(name, VariableValue::Scalar(value.into()))
    }

    pub(crate) fn assign_value(&mut self, name: &[u8], value: VariableValue) -> Result<(), Stop> {
        self.session.step(value.elements() as u64 / ELEMENTS_PER_STEP)?;
        let size = name.len() + size_of_value(&value);
        let old = self.variables.get(name);
        if old.is_some_and(|v| v.read_only) {
            let text = if self.bash { "readonly variable" } else { "is read only" };
            let message = format!("{}: {text}", String::from_utf8_lossy(name));
            self.complain(&message)?;
            return Err(Stop::Abort(if self.bash { 1 } else { 2 }));
        }
        let freed = old.map_or(0, |v| name.len() + size_of_value(&v.value));
        let total = (self.variable_bytes + size).saturating_sub(freed);
        if total > limits::VARIABLE_BYTES {
            self.session.system().limit("memory", "variables grew too large");
            self.complain("out of memory")?;
            return Err(Stop::Abort(2));
        }
        self.variable_bytes = total;
        let exported = self.options.all_export || self.to_export.contains(name);
        let variables = self.variables_mut();
        if let Some(variable) = variables.get_mut(name) {
            variable.value = value;
        } else {
            let variable = Variable { value, exported, read_only: false };
            variables.insert(Bytes::copy_from_slice(name), variable);
        }
        Ok(())
    }

    /// The variables, for a change: a copy of their own if others share them.
    pub(crate) fn variables_mut(&mut self) -> &mut HashMap<Bytes, Variable> {
        if Arc::strong_count(&self.variables) > 1 {
            // An empty budget ends the command at its next step.
            let _ = self.session.step(self.variables.len() as u64 / ELEMENTS_PER_STEP);
        }
        Arc::make_mut(&mut self.variables)
    }

    /// Forgets a variable.
    pub(crate) fn unset(&mut self, name: &[u8]) {
        if let Some(old) = self.variables_mut().remove(name) {
            let size = name.len() + size_of_value(&old.value);
            self.variable_bytes = self.variable_bytes.saturating_sub(size);
        }
    }

    /// Puts a variable back as it was.
    pub(crate) fn restore(&mut self, name: &Bytes, old: Option<Variable>) {
        self.unset(name);
        if let Some(old) = old {
            self.variable_bytes += name.len() + size_of_value(&old.value);
            self.variables_mut().insert(name.clone(), old);
        }
    }

    /// Prints a message of the shell itself on descriptor 2, with its name in front.
    pub(crate) fn complain(&mut self, message: &str) -> Result<(), Stop> {
        let mut text = self.name.to_vec();
        if self.source == Source::Script || self.named {
            text.extend_from_slice(format!(": line {}", self.shown_line()).as_bytes());
        }
        text.extend_from_slice(b": ");
        text.extend_from_slice(message.as_bytes());
        text.push(b'\n');
        self.error_bytes(&text)
    }

    /// A message of what BusyBox's shell shares with its applets: the program's own name
    /// stands in front.
    pub(crate) fn complain_as_applet(&mut self, message: &str) -> Result<(), Stop> {
        let name = String::from_utf8_lossy(&self.own_name()).into_owned();
        self.error(&format!("{name}: {message}"))
    }

    /// `$0` for a message.
    pub(crate) fn shown_name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// The present line, as messages count: ash begins a text of `-c` with 0.
    fn shown_line(&self) -> u32 {
        let from_zero = !self.bash && self.source != Source::Script;
        self.line.saturating_sub(u32::from(from_zero))
    }

    /// A message of a builtin.
    pub(crate) fn complain_as(&mut self, builtin: &str, message: &str) -> Result<(), Stop> {
        let name = String::from_utf8_lossy(&self.name).into_owned();
        let line = match self.source {
            Source::Interactive => String::new(),
            _ if self.bash && self.source != Source::Script && !self.named => String::new(),
            _ => format!("line {}: ", self.shown_line()),
        };
        let text = if self.bash {
            format!("{name}: {line}{builtin}: {message}\n")
        } else {
            format!("{name}: {builtin}: {line}{message}\n")
        };
        self.error_bytes(text.as_bytes())
    }

    /// Writes to descriptor 2.
    pub(crate) fn error_bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.write(2, bytes).map(|_| ())
    }

    /// `{program}: {message}` on descriptor 2, as an applet prints it.
    pub(crate) fn error(&mut self, message: &str) -> Result<(), Stop> {
        self.error_bytes(format!("{message}\n").as_bytes())
    }

    /// Environment as the programs get it.
    pub(crate) fn environment(&self) -> Vec<(Bytes, Bytes)> {
        // An empty budget ends the command at its next step.
        let _ = self.session.copied(2 * self.variables.len(), 0);
        let mut all: Vec<_> = self
            .variables
            .iter()
            .filter(|(_, v)| v.exported)
            .filter_map(|(name, v)| match &v.value {
                VariableValue::Scalar(value) => Some((name.clone(), value.clone())),
                VariableValue::Array(_) => None,
            })
            .collect();
        all.sort();
        all
    }

    /// Puts `fd` on `open` and gives what was there.
    pub(crate) fn swap_fd(&mut self, fd: usize, open: Option<Fd>) -> Option<Fd> {
        let old = self.fds.at(fd).cloned();
        self.fds.set(fd, open);
        old
    }

    /// Version of the persona's BusyBox, as major and minor.
    pub(crate) fn busybox_version(&self) -> (u32, u32) {
        let banner = self.session.host.persona.busybox.as_ref().map_or("", |b| b.banner.as_str());
        let version = banner.split_whitespace().find_map(|w| w.strip_prefix('v')).unwrap_or("1.30");
        let mut numbers = version.split('.').map(|n| n.parse().unwrap_or(0));
        (numbers.next().unwrap_or(1), numbers.next().unwrap_or(0))
    }
}

fn size_of_value(value: &VariableValue) -> usize {
    /// What a variable and an element take beside their bytes.
    const VARIABLE: usize = 64;
    const ELEMENT: usize = 32;
    match value {
        VariableValue::Scalar(value) => VARIABLE + value.len(),
        VariableValue::Array(elements) => {
            VARIABLE + elements.values().map(|v| v.len() + ELEMENT).sum::<usize>()
        }
    }
}

/// Variables that every shell sets anew, and that need not be exported to be there.
pub(crate) fn is_kept(name: &[u8]) -> bool {
    matches!(
        name,
        b"IFS" | b"OPTIND" | b"PS1" | b"PS2" | b"PS4" | b"PPID" | b"BASH_VERSION" | b"HOSTNAME"
    )
}
