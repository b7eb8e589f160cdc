//! What one run shares among its dialects: acts, steps, depth, and the files and the environment
//! of the made-up machine. A PowerShell script that a batch file starts goes on in the same run.

use crate::command_line::{self, Nested};
use crate::held::{Held, held_bytes, made_bytes};
use crate::stack::{is_short, with_room};
use crate::{
    Dialect, Limits, Recorder, Report, batch, javascript, machine, powershell, programs, vbscript,
};
use bytes::Bytes;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use ukai_model::ScriptAct;

/// Bytes that are copied for one step.
const STEP_BYTES: u64 = 64;
/// Part of the steps that are left which a script of VBScript or JScript may use.
const FOREIGN_PART: u64 = 4;
/// Steps that a further stack costs.
const STACK_STEPS: u64 = 64;
/// Files of the made-up machine that are kept in mind.
const FILES_MAX: usize = 500;
/// Variables of the environment that are kept.
const VARIABLES_MAX: usize = 5000;

/// Values of the registry that are kept in mind.
const SETTINGS_MAX: usize = 500;

/// Copies of the system's programs under other names that are kept in mind.
const ALIASES_MAX: usize = 64;

/// Programs of the system whose copies do what they do.
const COPIED: &[&str] = &[
    "powershell",
    "pwsh",
    "cmd",
    "mshta",
    "certutil",
    "curl",
    "bitsadmin",
    "wscript",
    "cscript",
    "rundll32",
    "regsvr32",
    "msiexec",
    "wmic",
    "schtasks",
    "reg",
    "ftp",
    "tftp",
    "wget",
    "ssh",
    "scp",
    "finger",
    "forfiles",
    "conhost",
    "nslookup",
    "telnet",
];

/// Turns of a loop after which it is left when they tell nothing new.
const SAME_TURNS: usize = 3;
/// The same for turns that only wait.
const WAITING_TURNS: usize = 64;

/// A limit is met: everything ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop;

/// What a file of the made-up machine has in it.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// What the script wrote.
    Own(Vec<u8>),
    /// The answer to a request for this URL.
    Answer(String),
}

/// Variables by their name in lower case.
pub(crate) type Environment = BTreeMap<Rc<str>, Rc<Variable>>;

/// A variable's value, shared by the scopes that have it.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) value: String,
    _held: Held,
}

#[derive(Debug)]
struct File {
    path: String,
    content: Content,
    /// Whether it was written since it was last told.
    is_fresh: bool,
}

/// One run of a script and of all that it starts.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) limits: &'a Limits,
    recorder: Recorder<'a>,
    steps: u64,
    depth: usize,
    calls: usize,
    held_before: usize,
    made: u64,
    files: BTreeMap<String, File>,
    files_bytes: usize,
    /// Keys of files that are fresh, in the order in which they became so.
    fresh: Vec<String>,
    environment: Environment,
    /// Scripts that run, by their content: one that starts itself says nothing new.
    /// What the script that is started next is given.
    pub(crate) arguments: Vec<String>,
    running: Vec<u64>,
    /// Acts, each once.
    told: HashSet<u64>,
    acts: usize,
    requests: usize,
    waits: usize,
    /// Values of the registry by key and name, as [`setting_key`] writes them.
    settings: BTreeMap<String, String>,
    settings_bytes: usize,
    /// Copies of the system's programs: the copy's name, the program's.
    aliases: BTreeMap<String, String>,
    /// What the last process left with.
    pub(crate) exit_code: i64,
    /// What a process puts out, where somebody reads it.
    pub(crate) output: Option<String>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            recorder: Recorder::new(limits),
            steps: limits.steps,
            depth: 0,
            calls: 0,
            held_before: held_bytes(),
            made: made_bytes(),
            files: BTreeMap::new(),
            files_bytes: 0,
            fresh: Vec::new(),
            environment: BTreeMap::new(),
            arguments: Vec::new(),
            running: Vec::new(),
            told: HashSet::new(),
            acts: 0,
            requests: 0,
            waits: 0,
            settings: BTreeMap::new(),
            settings_bytes: 0,
            aliases: BTreeMap::new(),
            exit_code: 0,
            output: None,
        }
    }

    pub(crate) fn finish(mut self) -> Report {
        self.flush();
        if self.steps == 0 {
            self.recorder.note(&format!("ended after {} steps", self.limits.steps));
        }
        self.recorder.finish()
    }

    /// The beginning of `source` that is read, with a note where it is cut.
    pub(crate) fn beginning<'s>(&mut self, source: &'s str) -> &'s str {
        let mut end = source.len().min(self.limits.source_bytes);
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        if end < source.len() {
            self.note(&format!("only the first {end} bytes are read"));
        }
        &source[..end]
    }

    /// One step, and those for what was copied since the last.
    pub(crate) fn step(&mut self) -> Result<(), Stop> {
        self.steps(1)
    }

    /// Several at once.
    pub(crate) fn steps(&mut self, count: u64) -> Result<(), Stop> {
        let made = made_bytes();
        let copied = made.wrapping_sub(self.made) / STEP_BYTES;
        if copied > 0 {
            self.made = made;
        }
        self.steps = self.steps.saturating_sub(count.saturating_add(copied));
        if self.steps == 0 {
            return Err(Stop);
        }
        if held_bytes().saturating_sub(self.held_before) > self.limits.held_bytes {
            self.note(&format!(
                "ended: its values hold more than {} bytes",
                self.limits.held_bytes
            ));
            return Err(Stop);
        }
        Ok(())
    }

    pub(crate) fn steps_left(&self) -> u64 {
        self.steps
    }

    /// One deeper; whoever gets `true` leaves again.
    pub(crate) fn enter(&mut self) -> bool {
        if self.depth >= self.limits.depth {
            self.note(&format!("not followed deeper than {} levels", self.limits.depth));
            return false;
        }
        self.depth += 1;
        true
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// A call of the script's own procedures begins, in which levels are counted anew; whoever
    /// gets something hands it to [`Self::end_call`].
    pub(crate) fn begin_call(&mut self) -> Option<usize> {
        if self.calls >= self.limits.calls {
            self.note(&format!("not followed deeper than {} calls", self.limits.calls));
            return None;
        }
        self.calls += 1;
        Some(std::mem::take(&mut self.depth))
    }

    pub(crate) fn end_call(&mut self, depth: usize) {
        self.calls = self.calls.saturating_sub(1);
        self.depth = depth;
    }

    /// A further stack may be needed next.
    pub(crate) fn pay_for_stack(&mut self) -> Result<(), Stop> {
        if is_short() { self.steps(STACK_STEPS) } else { Ok(()) }
    }

    pub(crate) fn note_deep(&mut self) {
        self.note("not followed deeper: all stacks are used up");
    }

    pub(crate) fn note(&mut self, note: &str) {
        self.recorder.note(note);
    }

    /// Text for whoever searches, if it looks like something.
    pub(crate) fn remark(&mut self, text: &str) {
        if text.len() >= 8 && text.contains(['.', ':']) && self.is_news("remark", text, "") {
            self.recorder.remark(Bytes::copy_from_slice(text.as_bytes()));
        }
    }

    /// Text that a request carries and that is not asked.
    pub(crate) fn beside(&mut self, text: &str) {
        self.recorder.beside(text);
    }

    /// A process puts out text, if somebody reads it.
    pub(crate) fn say(&mut self, text: &str) {
        let max = self.limits.value_bytes;
        if let Some(output) = &mut self.output
            && output.len().saturating_add(text.len()) <= max
        {
            output.push_str(text);
        }
    }

    /// Number of acts, of requests and connections among them, of distinct ones, of waits.
    pub(crate) fn acts(&self) -> usize {
        self.acts
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests
    }

    pub(crate) fn news(&self) -> usize {
        self.told.len()
    }

    pub(crate) fn waits(&self) -> usize {
        self.waits
    }

    pub(crate) fn wait(&mut self) {
        self.waits += 1;
    }

    fn is_news(&mut self, act: &str, what: &str, value: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        (act, what, value).hash(&mut hasher);
        self.told.len() < 100_000 && self.told.insert(hasher.finish())
    }

    fn act(&mut self, act: &str, what: &str, value: &str) {
        self.flush();
        self.acts += 1;
        self.is_news(act, what, value);
    }

    /// A request; what is saved is a file from now on.
    pub(crate) fn fetch(&mut self, url: &str, to: Option<&str>) {
        let url = url.trim();
        if url.is_empty() {
            return self.note("a request for a URL that is not known");
        }
        self.act("fetch", url, to.unwrap_or_default());
        self.requests += 1;
        self.recorder.fetch(url, to);
        if let Some(path) = to {
            self.put(path, Content::Answer(url.to_owned()), false);
        }
    }

    /// A request's answer is saved later than it was asked for.
    pub(crate) fn saved(&mut self, url: &str, path: &str) {
        self.flush();
        self.recorder.saved(url, path);
        self.put(path, Content::Answer(url.to_owned()), false);
    }

    pub(crate) fn connect(&mut self, host: &str, port: Option<u16>) {
        let host = host.trim();
        if host.is_empty() || matches!(host, "127.0.0.1" | "localhost" | "::1" | ".") {
            return;
        }
        self.act("connect", host, &port.unwrap_or_default().to_string());
        self.requests += 1;
        self.recorder.connect(host, port);
    }

    pub(crate) fn set(&mut self, what: &str, value: &str) {
        self.act("set", what, value);
        self.recorder.set(what, value);
        let key = setting_key(what);
        let held = self.settings_bytes.saturating_add(key.len() + value.len());
        if self.settings.len() < SETTINGS_MAX && held <= self.limits.value_bytes {
            self.settings_bytes = held;
            self.settings.insert(key, value.to_owned());
        }
    }

    /// What the script set a value of the registry to.
    pub(crate) fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(&setting_key(key)).map(String::as_str)
    }

    /// The values that the script set below a key of the registry: names and what they are.
    pub(crate) fn settings_of(&self, key: &str) -> Vec<(String, String)> {
        let start = format!("{}\\", setting_key(key));
        let below = self.settings.range(start.clone()..).take_while(|it| it.0.starts_with(&start));
        below
            .map(|(key, value)| (key[start.len()..].to_owned(), value.clone()))
            .filter(|it| !it.0.contains('\\'))
            .collect()
    }

    /// A file is written anew, or longer; it is told before the next act.
    pub(crate) fn write(&mut self, path: &str, bytes: &[u8], append: bool) -> Result<(), Stop> {
        self.steps(bytes.len() as u64 / STEP_BYTES)?;
        let key = key(path);
        if append && let Some(file) = self.files.get_mut(&key) {
            if let Content::Own(content) = &mut file.content {
                let room = self.limits.value_bytes.saturating_sub(content.len());
                let room = room.min(self.limits.held_bytes.saturating_sub(self.files_bytes));
                let bytes = &bytes[..bytes.len().min(room)];
                content.extend_from_slice(bytes);
                self.files_bytes += bytes.len();
                if !file.is_fresh {
                    file.is_fresh = true;
                    self.fresh.push(key);
                }
            }
            return Ok(());
        }
        let bytes = &bytes[..bytes.len().min(self.limits.value_bytes)];
        self.put(path, Content::Own(bytes.to_vec()), true);
        Ok(())
    }

    /// A file that is there without an act: the script itself, which runs.
    pub(crate) fn place(&mut self, path: &str, bytes: &[u8], dialect: Dialect) {
        let mut hasher = DefaultHasher::new();
        (bytes, dialect).hash(&mut hasher);
        self.running.push(hasher.finish());
        self.put(path, Content::Own(bytes.to_vec()), false);
    }

    /// A file has another's content.
    pub(crate) fn copy(&mut self, from: &str, to: &str) {
        if let Some(content) = self.file(from).cloned() {
            self.put(to, content, false);
            return;
        }
        let (program, name) = (command_line::program(from), name_of(to));
        let program = self.aliases.get(&program).cloned().unwrap_or(program);
        if COPIED.contains(&program.as_str()) && name != program && self.aliases.len() < ALIASES_MAX
        {
            self.aliases.insert(name, program);
        }
    }

    /// The command line of a program that goes by another name, by its own.
    pub(crate) fn unmasked(&self, line: &str) -> Option<String> {
        if self.aliases.is_empty() {
            return None;
        }
        let words = command_line::split(line);
        let program = self.aliases.get(&name_of(words.first()?))?;
        let rest = command_line::after_words(line.trim_start(), 1).unwrap_or_default();
        Some(format!("{program} {rest}"))
    }

    fn put(&mut self, path: &str, content: Content, is_fresh: bool) {
        let key = key(path);
        let size = size_of(&content);
        let before = self.files.get(&key).map_or(0, |it| size_of(&it.content));
        let held = self.files_bytes.saturating_sub(before).saturating_add(size);
        if key.is_empty()
            || held > self.limits.held_bytes
            || (self.files.len() >= FILES_MAX && !self.files.contains_key(&key))
        {
            return self.note("not all files that it writes are kept");
        }
        self.files_bytes = held;
        if is_fresh && !self.fresh.contains(&key) {
            self.fresh.push(key.clone());
        }
        self.files.insert(key, File { path: path.to_owned(), content, is_fresh });
    }

    /// The content of a file that the script wrote or saved: by its path, else by its name.
    pub(crate) fn file(&self, path: &str) -> Option<&Content> {
        let key = key(path);
        let name = key.rsplit('\\').next().filter(|it| !it.is_empty())?.to_owned();
        self.files.get(&key).map(|it| &it.content).or_else(|| {
            let by_name = |it: &&String| it.rsplit('\\').next() == Some(name.as_str());
            self.files.get(self.files.keys().find(by_name)?).map(|it| &it.content)
        })
    }

    /// Paths of the files that the script wrote or saved in a folder or below it.
    pub(crate) fn files_below(&mut self, folder: &str) -> Result<Vec<String>, Stop> {
        self.steps(1 + self.files.len() as u64 / 4)?;
        let start = format!("{}\\", key(folder).trim_end_matches('\\'));
        let below = self.files.iter().filter(|(key, _)| key.starts_with(&start));
        Ok(below.map(|(_, file)| file.path.clone()).collect())
    }

    fn flush(&mut self) {
        for key in std::mem::take(&mut self.fresh) {
            let Some(file) = self.files.get_mut(&key) else { continue };
            file.is_fresh = false;
            let Content::Own(content) = &file.content else { continue };
            let content = Bytes::copy_from_slice(content);
            let path = file.path.clone();
            self.steps = self.steps.saturating_sub(content.len() as u64 / STEP_BYTES);
            self.acts += 1;
            let size = content.len().to_string();
            self.is_news("write", &path, &size);
            self.recorder.write(&path, content);
        }
    }

    /// A variable of the environment: what the script set, else the machine's.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        match self.environment.get(name.to_ascii_lowercase().as_str()) {
            Some(variable) => Some(variable.value.as_str()).filter(|it| !it.is_empty()),
            None => machine::variable(name),
        }
    }

    /// Sets one; empty means that there is none.
    pub(crate) fn set_variable(&mut self, name: &str, value: &str) -> Result<(), Stop> {
        self.step()?;
        let name: Rc<str> = name.to_ascii_lowercase().into();
        let is_new = !self.environment.contains_key(&name);
        if name.len() > 256 || (is_new && self.environment.len() >= VARIABLES_MAX) {
            self.note("not all variables are kept");
            return Ok(());
        }
        let held = Held::new(name.len() + value.len() + 64);
        self.environment.insert(name, Rc::new(Variable { value: value.to_owned(), _held: held }));
        Ok(())
    }

    /// The variables that the script set.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// A copy of them, for a scope or a process.
    pub(crate) fn copy_environment(&mut self) -> Result<Environment, Stop> {
        self.steps(1 + self.environment.len() as u64 / 2)?;
        Ok(self.environment.clone())
    }

    pub(crate) fn restore_environment(&mut self, environment: Environment) {
        self.environment = environment;
    }

    /// Text that was put together is run in a process of its own.
    pub(crate) fn evaluate(&mut self, dialect: Dialect, text: &str) -> Result<(), Stop> {
        self.evaluate_nested(&Nested { dialect, text: text.to_owned(), is_delayed: false })
    }

    fn evaluate_nested(&mut self, nested: &Nested) -> Result<(), Stop> {
        self.tell_layer(nested.dialect, &nested.text);
        self.interpret(nested, batch::Mode::Line)
    }

    /// Text is run that was put together; whoever calls also runs it.
    pub(crate) fn tell_layer(&mut self, dialect: Dialect, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.act("evaluate", dialect.name(), text);
        self.recorder.evaluate(dialect, text);
    }

    fn interpret(&mut self, nested: &Nested, mode: batch::Mode) -> Result<(), Stop> {
        self.step()?;
        self.pay_for_stack()?;
        if !self.enter() {
            return Ok(());
        }
        let environment = match self.copy_environment() {
            Ok(environment) => environment,
            Err(stop) => {
                self.leave();
                return Err(stop);
            }
        };
        let done = with_room(|| match nested.dialect {
            Dialect::PowerShell => powershell::interpret(self, &nested.text),
            Dialect::Batch => batch::interpret(self, &nested.text, mode, nested.is_delayed),
            Dialect::VbScript => self.interpret_foreign(vbscript::run, &nested.text),
            Dialect::JavaScript => self.interpret_foreign(javascript::run, &nested.text),
        });
        let done = done.unwrap_or_else(|| {
            self.note_deep();
            Ok(())
        });
        self.environment = environment;
        self.leave();
        done
    }

    /// A script runs on a made-up machine of its own; what it does is told here.
    fn interpret_foreign(
        &mut self,
        run: fn(&str, &Limits) -> Report,
        text: &str,
    ) -> Result<(), Stop> {
        let steps = self.steps / FOREIGN_PART;
        self.steps(steps)?;
        let report = run(text, &Limits { steps, ..self.limits.clone() });
        self.flush();
        for act in &report.acts {
            self.acts += 1;
            self.is_news("foreign", &format!("{act:?}"), "");
            if let ScriptAct::Fetch { url, to } = act {
                self.requests += 1;
                if let Some(to) = to {
                    let url = String::from_utf8_lossy(url.as_bytes()).into_owned();
                    let path = String::from_utf8_lossy(to.as_bytes()).into_owned();
                    self.put(&path, Content::Answer(url), false);
                }
            }
        }
        for made in &report.made {
            let path = String::from_utf8_lossy(made.path.as_bytes()).into_owned();
            self.put(&path, Content::Own(made.content.to_vec()), false);
        }
        self.say(&report.output);
        self.recorder.absorb(report);
        Ok(())
    }

    /// A program is started by a command line: what it is known to do is told, else that it is
    /// started; a script that it carries, or that this run wrote, is run.
    pub(crate) fn start(&mut self, line: &str) -> Result<(), Stop> {
        self.step()?;
        let line = line.trim();
        if line.is_empty() {
            return Ok(());
        }
        if !self.enter() {
            return Ok(());
        }
        let unmasked = self.unmasked(line);
        let done = self.start_line(unmasked.as_deref().unwrap_or(line));
        self.leave();
        done
    }

    fn start_line(&mut self, line: &str) -> Result<(), Stop> {
        let words = command_line::split(line);
        self.steps(words.len() as u64)?;
        if programs::known(self, &words)? {
            return Ok(());
        }
        if programs::url_in(line).is_some_and(|url| url.len() == line.len()) {
            self.fetch(line, None);
            return Ok(());
        }
        self.act("run", line, "");
        self.recorder.run(line);
        programs::on_start(self, &words)?;
        if let Some(nested) = command_line::nested(line) {
            return self.evaluate_nested(&nested);
        }
        if let Some(path) = command_line::script_file(&words) {
            let behind = words.iter().position(|it| *it == path).map_or(words.len(), |at| at + 1);
            let arguments = words.get(behind..).unwrap_or_default().to_vec();
            return self.run_file(&path, command_line::engine(&words), arguments);
        }
        self.open_shortcut(&words);
        Ok(())
    }

    /// A shortcut to a place of the Internet, which this run wrote, is opened.
    fn open_shortcut(&mut self, words: &[String]) {
        let is_url = |it: &&String| it.to_ascii_lowercase().ends_with(".url");
        let Some(path) = words.iter().find(is_url) else { return };
        let Some(Content::Own(content)) = self.file(path) else { return };
        let text = decode(content);
        let target = text.lines().find_map(|it| it.trim().strip_prefix("URL="));
        if let Some(target) = target.map(str::to_owned) {
            self.fetch(&target, None);
        }
    }

    /// A script that this run wrote is run: in the language that is told, else by its name.
    fn run_file(
        &mut self,
        path: &str,
        dialect: Option<Dialect>,
        arguments: Vec<String>,
    ) -> Result<(), Stop> {
        let Some(Content::Own(content)) = self.file(path) else { return Ok(()) };
        let text = decode(content);
        let lower = path.to_ascii_lowercase();
        let by_name = match lower.rsplit('.').next() {
            Some("bat" | "cmd") => Some(Dialect::Batch),
            Some("ps1" | "psm1") => Some(Dialect::PowerShell),
            Some("vbs" | "vbe") => Some(Dialect::VbScript),
            Some("js" | "jse") => Some(Dialect::JavaScript),
            _ => None,
        };
        let Some(dialect) = dialect.or(by_name) else {
            self.note(&format!("runs {path}, which it wrote"));
            return Ok(());
        };
        // What is both batch and another language runs itself as the other.
        let mut hasher = DefaultHasher::new();
        (content.as_slice(), dialect, &arguments).hash(&mut hasher);
        let hash = hasher.finish();
        if self.running.contains(&hash) {
            return Ok(());
        }
        self.running.push(hash);
        self.arguments = if dialect == Dialect::Batch { arguments } else { Vec::new() };
        let done = self.interpret(&Nested { dialect, text, is_delayed: false }, batch::Mode::File);
        self.running.pop();
        done
    }

    /// Something that has no meaning here, by its name.
    pub(crate) fn note_unknown(&mut self, what: &str, name: &str) {
        let name: String = name.chars().take(60).collect();
        self.note(&format!("{what} not known: {name}"));
    }
}

/// What a program does that a script of another machine starts: whether all that it does is told,
/// and what that is.
pub(crate) fn followed(line: &str, limits: &Limits) -> (bool, Report) {
    let mut run = Run::new(limits);
    let mut is_known = false;
    let commands = command_line::commands(line);
    for command in &commands {
        let words = command_line::split(command);
        // A limit that was met is in the notes.
        is_known = programs::known(&mut run, &words).unwrap_or(false);
        if !is_known {
            let _ = programs::on_start(&mut run, &words);
        }
    }
    // Of a shell's line with more commands than one, not all may be known.
    is_known &= commands.len() == 1;
    (is_known, run.finish())
}

/// A value's key and name as it is found again: the hive's short name, in lower case.
fn setting_key(key: &str) -> String {
    let lower = key.trim().trim_matches('"').replace('/', "\\").to_ascii_lowercase();
    let bare = lower.rsplit("registry::").next().unwrap_or_default();
    let (hive, rest) = bare.split_once('\\').unwrap_or((bare, ""));
    let hive = match hive.trim_end_matches(':') {
        "hkey_current_user" => "hkcu",
        "hkey_local_machine" => "hklm",
        "hkey_classes_root" => "hkcr",
        "hkey_users" => "hku",
        other => other,
    };
    let parts = rest.split('\\').filter(|it| !it.is_empty());
    parts.fold(hive.to_owned(), |key, part| key + "\\" + part)
}

/// A program's name as it is called, in lower case.
fn name_of(path: &str) -> String {
    command_line::program(path)
}

fn size_of(content: &Content) -> usize {
    match content {
        Content::Own(bytes) => bytes.len(),
        Content::Answer(url) => url.len(),
    }
}

/// The name by which a file is found again.
fn key(path: &str) -> String {
    let path = path.trim().trim_matches('"').replace('/', "\\").to_ascii_lowercase();
    let mut rest = path.as_str();
    while let Some(bare) = rest.strip_prefix(".\\") {
        rest = bare;
    }
    let mut out = String::with_capacity(rest.len());
    for c in rest.chars() {
        // `%temp%\` and `\x` make two of them; a share begins with two.
        if c != '\\' || !out.ends_with('\\') || out.len() == 1 {
            out.push(c);
        }
    }
    out
}

/// Text of a file: wide by its mark or its zeros, else as UTF-8, else byte by byte.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8]| {
        let units: Vec<u16> =
            bytes.chunks_exact(2).map(|it| u16::from_le_bytes([it[0], it[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [first, 0, _, 0, ..] if *first != 0 => wide(bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|it| char::from(*it)).collect(),
        },
    }
}

/// A loop's turns: it is left when they say nothing new, or use too much.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    floor: u64,
    acts: usize,
    news: usize,
    waits: usize,
    same: usize,
    waiting: usize,
}

impl Turns {
    pub(crate) fn new(run: &Run<'_>) -> Self {
        Self {
            // What follows the loop shall be run too.
            floor: run.steps_left() / 2,
            acts: run.acts(),
            news: run.news(),
            waits: run.waits(),
            same: 0,
            waiting: 0,
        }
    }

    /// Whether it has not used up what it may.
    pub(crate) fn has_budget(&self, run: &mut Run<'_>) -> bool {
        let has = run.steps_left() > self.floor;
        if !has {
            run.note("a loop was left that does not end soon");
        }
        has
    }

    /// Whether there is another turn.
    pub(crate) fn again(&mut self, run: &mut Run<'_>) -> Result<bool, Stop> {
        run.step()?;
        let (acts, news, waits) = (run.acts(), run.news(), run.waits());
        if news > self.news {
            (self.same, self.waiting) = (0, 0);
        } else if acts > self.acts {
            self.same += 1;
        } else if waits > self.waits {
            self.waiting += 1;
        }
        (self.acts, self.news, self.waits) = (acts, news, waits);
        if self.same >= SAME_TURNS || self.waiting >= WAITING_TURNS {
            run.note("a loop was left that does the same again");
            return Ok(false);
        }
        Ok(self.has_budget(run))
    }
}
