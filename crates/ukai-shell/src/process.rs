//! A shell process: variables, functions, descriptors, directory. A subshell is a copy.

use crate::fs::{Fs, View};
use crate::io::{Fd, Fds};
use crate::limits;
use crate::syntax::{CaseChange, Command, ShellKind};
use crate::system::{Session, Stop};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use ukai_persona::ShellFlavour;

/// `$PS1` of a new shell, which stands for the persona's prompt.
pub(crate) const FIRST_PROMPT: &str = "\\w \\$ ";

/// A variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    pub(crate) value: VariableValue,
    pub(crate) exported: bool,
    pub(crate) read_only: bool,
    /// What bash's `declare` says of it.
    pub(crate) traits: Traits,
}

/// Attributes of a variable that only bash knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// `-i`: what is assigned is calculated.
    pub(crate) integer: bool,
    /// `-n`: its value is the name of the variable that is meant.
    pub(crate) reference: bool,
    /// `-u`, `-l`: what is assigned changes its case.
    pub(crate) case: Option<CaseChange>,
}

/// What a variable holds.
#[derive(Clone, Debug)]
pub(crate) enum VariableValue {
    Scalar(Bytes),
    /// Elements by index (bash).
    Array(Arc<BTreeMap<u32, Bytes>>),
    /// Elements by name (bash).
    Map(Arc<BTreeMap<MapKey, Bytes>>),
    /// Declared, and not set.
    Unset,
}

/// Elements of an array, or variables, that are copied in a step.
const ELEMENTS_PER_STEP: u64 = 64;

impl VariableValue {
    /// How many elements an array has.
    pub(crate) fn elements(&self) -> usize {
        match self {
            Self::Scalar(_) | Self::Unset => 0,
            Self::Array(elements) => elements.len(),
            Self::Map(elements) => elements.len(),
        }
    }
}

impl Default for VariableValue {
    fn default() -> Self {
        Self::Scalar(Bytes::new())
    }
}

/// A key of an associative array, in the order in which bash tells them: by the bucket
/// of its hash table (`hash_string` of `hashlib.c`, 1,024 buckets).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MapKey {
    bucket: u32,
    pub(crate) name: Bytes,
}

impl MapKey {
    pub(crate) fn new(name: &[u8]) -> Self {
        const BUCKETS: u32 = 1_024;
        const FNV_OFFSET: u32 = 2_166_136_261;
        const FNV_PRIME: u32 = 16_777_619;
        let hash = name.iter().fold(FNV_OFFSET, |hash, byte| {
            hash.wrapping_mul(FNV_PRIME) ^ i32::from(*byte as i8) as u32
        });
        Self { bucket: hash & (BUCKETS - 1), name: Bytes::copy_from_slice(name) }
    }
}

/// Which element of an array is meant.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Index(u32),
    Name(MapKey),
}

/// A function or sourced file that runs.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Its name; `source` for a file.
    pub(crate) function: Bytes,
    /// Where it was defined.
    pub(crate) source: Bytes,
    /// Line of the call.
    pub(crate) line: u32,
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
    pub(crate) no_clobber: bool,
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

/// A list that is to be assigned to an array: keys (if they were given) and values.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenArray {
    pub(crate) append: bool,
    pub(crate) elements: Vec<(Option<Bytes>, Bytes)>,
}

/// An alias, and when it was defined: it is known to commands read later.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    pub(crate) text: Bytes,
    pub(crate) read_at: u64,
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
    pub(crate) aliases: Arc<BTreeMap<Bytes, Alias>>,
    /// Number of the command that runs, among all that the session read.
    pub(crate) read_at: u64,
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
    /// Debian's `sh`: dash. Then `bash` is false.
    pub(crate) dash: bool,
    /// `shopt` options of bash that differ from its defaults.
    pub(crate) shell_options: Arc<BTreeMap<&'static str, bool>>,
    /// Functions and sourced files that run, the innermost last (bash).
    pub(crate) frames: Vec<Frame>,
    /// What a text without a name is called in messages of `eval` and the like.
    pub(crate) text_name: Option<&'static str>,
    /// How deep this subshell is in others (`BASH_SUBSHELL`).
    pub(crate) subshell_level: u32,
    /// Text of the simple command that runs (`BASH_COMMAND`).
    pub(crate) simple_text: Bytes,
    /// `$_`
    pub(crate) last_argument: Bytes,
    /// Arrays that stand as arguments of `declare`, by the variable's name.
    pub(crate) given_arrays: Vec<(Bytes, GivenArray)>,
    /// Folders of `pushd`, the last one first.
    pub(crate) folders: Vec<Bytes>,
    /// A trap's action runs.
    pub(crate) in_trap: bool,
    /// Whether this is a copy of a shell, without control of jobs.
    pub(crate) subshell: bool,
    /// Nesting of compound commands, functions and scripts.
    pub(crate) depth: u32,
    pub(crate) loops: u32,
    /// Variables hidden by `local`, a list per running function.
    pub(crate) locals: Vec<Vec<(Bytes, Option<Variable>)>>,
    pub(crate) line: u32,
    /// Readers of `>(...)`, which run when the command has ended.
    pub(crate) readers: Vec<(Fd, Arc<crate::syntax::List>)>,
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
            read_at: 0,
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
            dash: false,
            shell_options: Arc::default(),
            frames: Vec::new(),
            text_name: None,
            subshell_level: 0,
            simple_text: Bytes::new(),
            last_argument: Bytes::new(),
            given_arrays: Vec::new(),
            folders: Vec::new(),
            in_trap: false,
            readers: Vec::new(),
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
                let variable = Variable { value, exported: true, ..Variable::default() };
                Arc::make_mut(&mut process.variables).insert(name.clone(), variable);
            }
        }
        let parent = session.seat.parent(&host, &process.view()).to_string();
        for (name, value) in [
            ("IFS", " \t\n"),
            ("OPTIND", "1"),
            ("PS1", FIRST_PROMPT),
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

    /// What kind of shell a program of that name is here: Debian's `sh` is dash.
    pub(crate) fn kind_named(&self, name: &[u8]) -> ShellKind {
        match crate::eval::base_name(name) {
            _ if !self.session.host.persona.is_gnu() => ShellKind::Ash,
            b"sh" | b"dash" => ShellKind::Dash,
            _ => ShellKind::Bash,
        }
    }

    /// The kind of this shell.
    pub(crate) const fn kind(&self) -> ShellKind {
        match (self.bash, self.dash) {
            (true, _) => ShellKind::Bash,
            (_, true) => ShellKind::Dash,
            _ => ShellKind::Ash,
        }
    }

    pub(crate) fn become_kind(&mut self, kind: ShellKind) {
        self.bash = kind == ShellKind::Bash;
        self.dash = kind == ShellKind::Dash;
    }

    /// What this shell is called when it is started for one command: its file's name.
    pub(crate) fn own_name(&self) -> Bytes {
        let path = self.variable(b"SHELL").unwrap_or_default();
        let name = crate::eval::base_name(&path);
        if name.is_empty() { Bytes::from_static(b"sh") } else { Bytes::copy_from_slice(name) }
    }

    fn set_initial(&mut self, name: &str, value: &str, exported: bool) {
        let value = VariableValue::Scalar(Bytes::copy_from_slice(value.as_bytes()));
        let variable = Variable { value, exported, ..Variable::default() };
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
        child.subshell_level += 1;
        child.traps = Arc::default();
        child.loops = 0;
        child.gives_way = false;
        child
    }

    /// The value of a variable, if it is set. For an array its first element.
    pub(crate) fn variable(&self, name: &[u8]) -> Option<Bytes> {
        match &self.lookup(name)?.value {
            VariableValue::Scalar(value) => Some(value.clone()),
            VariableValue::Array(elements) => elements.get(&0).cloned(),
            VariableValue::Map(elements) => elements.get(&MapKey::new(b"0")).cloned(),
            VariableValue::Unset => None,
        }
    }

    /// A variable, or the one that it is a reference to.
    pub(crate) fn lookup(&self, name: &[u8]) -> Option<&Variable> {
        let found = self.variables.get(name)?;
        if !found.traits.reference {
            return Some(found);
        }
        self.variables.get(&self.referred(name)[..])
    }

    /// The name that `name` refers to: itself, if it is no reference.
    pub(crate) fn referred(&self, name: &[u8]) -> Bytes {
        const REFERENCES: usize = 8;
        let mut name = Bytes::copy_from_slice(name);
        for _ in 0..REFERENCES {
            match self.variables.get(&name) {
                Some(Variable { value: VariableValue::Scalar(target), traits, .. })
                    if traits.reference && !target.is_empty() =>
                {
                    name = target.clone();
                }
                _ => break,
            }
        }
        name
    }

    /// Which element a subscript's text means: a name in an associative array, a number
    /// otherwise. Negative numbers count from the end.
    pub(crate) fn element_key(&mut self, name: &[u8], subscript: &[u8]) -> Result<Key, Stop> {
        let count = match self.lookup(name).map(|v| &v.value) {
            Some(VariableValue::Map(_)) => return Ok(Key::Name(MapKey::new(subscript))),
            Some(VariableValue::Array(elements)) => {
                elements.last_key_value().map_or(0, |(k, _)| k.saturating_add(1))
            }
            _ => 1,
        };
        let mut index = self.arithmetic(subscript)?;
        if index < 0 {
            index = index.saturating_add(i64::from(count));
        }
        Ok(Key::Index(u32::try_from(index.max(0)).unwrap_or(0)))
    }

    /// An element of an array; a scalar is element 0.
    pub(crate) fn element(&self, name: &[u8], key: &Key) -> Option<Bytes> {
        match (&self.lookup(name)?.value, key) {
            (VariableValue::Map(elements), Key::Name(key)) => elements.get(key).cloned(),
            (VariableValue::Array(elements), Key::Index(index)) => elements.get(index).cloned(),
            (VariableValue::Scalar(text), Key::Index(0)) => Some(text.clone()),
            _ => None,
        }
    }

    /// Sets an element of an array, which the variable becomes if it is none.
    pub(crate) fn assign_element(
        &mut self,
        name: &[u8],
        key: Key,
        value: impl Into<Bytes>,
    ) -> Result<(), Stop> {
        let name = self.referred(name);
        let value = self.with_traits(&name, value.into())?;
        let old = self.variables.get(&name).map(|v| v.value.clone());
        let value = match (old, key) {
            (Some(VariableValue::Map(mut elements)), Key::Name(key)) => {
                Arc::make_mut(&mut elements).insert(key, value);
                VariableValue::Map(elements)
            }
            (old, key) => {
                let index = if let Key::Index(index) = key { index } else { 0 };
                let mut elements = match old {
                    Some(VariableValue::Array(elements)) => elements,
                    Some(VariableValue::Scalar(text)) => Arc::new(BTreeMap::from([(0, text)])),
                    _ => Arc::default(),
                };
                Arc::make_mut(&mut elements).insert(index, value);
                VariableValue::Array(elements)
            }
        };
        self.assign_whole(&name, value)
    }

    /// A text as it is when the variable's attributes have changed it.
    fn with_traits(&mut self, name: &[u8], text: Bytes) -> Result<Bytes, Stop> {
        let traits = self.variables.get(name).map(|v| v.traits).unwrap_or_default();
        if traits.integer {
            return Ok(self.arithmetic(&text)?.to_string().into());
        }
        Ok(match traits.case {
            Some(CaseChange::Upper) => text.to_ascii_uppercase().into(),
            Some(_) => text.to_ascii_lowercase().into(),
            None => text,
        })
    }

    /// Sets a variable, keeping its attributes.
    pub(crate) fn assign(&mut self, name: &[u8], value: impl Into<Bytes>) -> Result<(), Stop> {
        self.assign_value(name, VariableValue::Scalar(value.into()))
    }

    /// The same for any value. An array that is given a scalar takes it for its element 0.
    pub(crate) fn assign_value(&mut self, name: &[u8], value: VariableValue) -> Result<(), Stop> {
        let name = if self.bash { self.referred(name) } else { Bytes::copy_from_slice(name) };
        let VariableValue::Scalar(text) = value else { return self.assign_whole(&name, value) };
        match self.variables.get(&name) {
            Some(variable) if variable.traits != Traits::default() => {
                let text = self.with_traits(&name, text)?;
                self.assign_whole(&name, VariableValue::Scalar(text))
            }
            Some(Variable { value: VariableValue::Array(_), .. }) => {
                self.assign_element(&name, Key::Index(0), text)
            }
            Some(Variable { value: VariableValue::Map(_), .. }) => {
                self.assign_element(&name, Key::Name(MapKey::new(b"0")), text)
            }
            _ => self.assign_whole(&name, VariableValue::Scalar(text)),
        }
    }

    fn assign_whole(&mut self, name: &[u8], value: VariableValue) -> Result<(), Stop> {
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
            let variable = Variable { value, exported, ..Variable::default() };
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
        let mut text = self.message_name().into_bytes();
        if self.dash && self.source != Source::Interactive {
            text.extend_from_slice(format!(": {}", self.line).as_bytes());
        } else if self.tells_line() {
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

    /// Whether messages tell the line.
    pub(crate) fn tells_line(&self) -> bool {
        self.source == Source::Script || self.named
    }

    /// What stands in front of a message: the shell's name, or in bash that of the
    /// function's or sourced file's text (`get_name_for_error` of `error.c`).
    pub(crate) fn message_name(&self) -> String {
        let source = self.frames.last().map(|f| &f.source).filter(|s| !s.is_empty());
        let name = match source {
            Some(source) if self.bash && self.source != Source::Interactive => source,
            _ => &self.name,
        };
        String::from_utf8_lossy(name).into_owned()
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
        let name = self.message_name();
        let line = match self.source {
            Source::Interactive => String::new(),
            _ if self.dash => format!("{}: ", self.line),
            _ if self.bash && !self.tells_line() => String::new(),
            _ => format!("line {}: ", self.shown_line()),
        };
        let text = if self.bash || self.dash {
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
                _ => None,
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
        VariableValue::Map(elements) => {
            let element = |(k, v): (&MapKey, &Bytes)| k.name.len() + v.len() + 2 * ELEMENT;
            VARIABLE + elements.iter().map(element).sum::<usize>()
        }
        VariableValue::Unset => VARIABLE,
    }
}

/// Variables that every shell sets anew, and that need not be exported to be there.
pub(crate) fn is_kept(name: &[u8]) -> bool {
    matches!(
        name,
        b"IFS" | b"OPTIND" | b"PS1" | b"PS2" | b"PS4" | b"PPID" | b"BASH_VERSION" | b"HOSTNAME"
    )
}
