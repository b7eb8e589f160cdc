//! The objects of COM that scripts of Windows work with, as far as they tell what a script wants:
//! nothing is done, each deed goes into the report. Both JScript and VBScript use them.
//!
//! A request is answered by a made-up file that remembers its URL, so that it is known where it
//! ends up, by whichever objects it goes.

mod automation;
mod bag;
mod collections;
mod dom;
mod encodings;
mod files;
mod http;
mod management;
mod progid;
mod script_control;
mod shell;
mod stream;
mod value;
mod wscript;

pub(crate) use encodings::{decode_base64, decode_hex, encode_hex};
pub(crate) use management::task_line;
pub(crate) use value::{Content, ObjectId, Value, latin1, narrow, number_text};

use crate::limits::Limits;
use crate::recorder::Recorder;
use crate::report::{Dialect, Report};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use ukai_model::Sha256;

/// Objects of one run.
const OBJECTS_MAX: usize = 20_000;

/// URLs whose made-up answers are told apart.
const URLS_MAX: usize = 1000;

/// After so many requests for one URL a script does nothing new.
const ASKED_MAX: u32 = 16;

/// Requests for one URL that are not answered where nothing is.
const ASKED_IN_VAIN: u32 = 4;

/// Scripts of one language or the other inside each other.
const SCRIPTS_DEPTH: usize = 3;

/// Texts that wait to be run.
const PENDING_MAX: usize = 64;

/// Evaluated texts that are told apart.
const TOLD_MAX: usize = 4096;

/// An evaluated text of that length that calls and sets nothing is not told.
const PLAIN_BYTES_MAX: usize = 60;

/// Length of a made-up answer, in bytes.
const ANSWER_BYTES: usize = 4096;

/// Length that a made-up answer claims where a script asks for it: scripts pass over what is too
/// small for a program.
const ANSWER_CLAIMED_BYTES: usize = 245_760;

/// What stands in a made-up answer before the number of its URL.
const MARK: &str = "made-up-answer-";

/// When it is on the made-up machine at the start: Wednesday 2026-03-04, 01:23:45 UTC, in
/// milliseconds since 1970.
const START_MS: f64 = 1_772_587_425_000.0;

/// An object: what a script may ask of it. Names come in lower case.
trait Com {
    /// A property; none if there is no such, or it is a method.
    fn get(&mut self, host: &mut Host, name: &str) -> Option<Value>;
    /// A method, or a property with arguments; the name is empty for what the object itself
    /// stands for.
    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value;
    /// Sets a property; `index` is what stands in brackets after it.
    fn set(&mut self, host: &mut Host, name: &str, index: &[Value], value: Value);
}

/// The named elements of a page, and their texts.
pub(crate) type Page = Vec<(String, String)>;

/// A value that a script inside the script gives.
pub(crate) struct Asked {
    /// The language of both texts.
    pub(crate) dialect: Dialect,
    /// What was run before.
    pub(crate) code: String,
    /// What is asked for.
    pub(crate) expression: String,
}

/// How a run is held: by the engine, and by the functions that it gave to the script.
pub(crate) type Shared = Rc<RefCell<Host>>;

/// The made-up machine of one run, and what it may still use.
pub(crate) struct Host {
    /// Where deeds go.
    pub(crate) recorder: Recorder<'static>,
    /// The run's limits.
    pub(crate) limits: Limits,
    /// Whether requests are answered; without, scripts ask where else they would.
    pub(crate) answers: bool,
    /// Whether a script that wants to end is let go.
    pub(crate) heeds_quit: bool,
    /// A script wanted to end.
    pub(crate) quit: bool,
    /// Scripts that run inside each other now.
    pub(crate) depth: usize,
    steps: u64,
    objects: Vec<Option<Box<dyn Com>>>,
    files: BTreeMap<String, Content>,
    registry: BTreeMap<String, String>,
    /// Variables of the environment that scripts set, by name in lower case.
    variables: BTreeMap<String, String>,
    /// What was asked for, and how often.
    urls: Vec<(String, u32)>,
    pending: Vec<(Dialect, String)>,
    /// The value that an object was asked for, and that a script gives.
    pub(crate) asked: Option<Asked>,
    /// The script itself, which it may read.
    script: Option<Content>,
    /// The elements of the page around it that have a name, and their texts.
    page: Rc<Page>,
    /// The server of mail, and its port.
    mail: (String, Option<u16>),
    held_bytes: usize,
    clock_ms: f64,
    names: u32,
    told: BTreeSet<Sha256>,
}

/// Most variables of the environment that scripts set.
const VARIABLES_MAX: usize = 64;

/// A command line with a variable's value for `%NAME%` and, as a text, for PowerShell's `$env:NAME`.
fn with_variable(line: &str, name: &str, value: &str) -> String {
    const LINE_BYTES_MAX: usize = 1 << 16;
    let percent = format!("%{name}%");
    let dollar = format!("$env:{name}");
    let (mut out, mut rest) = (String::new(), line);
    while out.len() < LINE_BYTES_MAX {
        let lower = rest.to_ascii_lowercase();
        let places = [(&percent, false), (&dollar, true)];
        let found = places.into_iter().filter_map(|(mark, is_text)| {
            let at = lower.find(mark.as_str())?;
            Some((at, mark.len(), is_text))
        });
        let Some((at, length, is_text)) = found.min() else { break };
        out.push_str(&rest[..at]);
        rest = &rest[at + length..];
        let goes_on = rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        match is_text {
            true if goes_on => out.push_str(&dollar),
            true => out.extend(["'", &value.replace('\'', "''"), "'"]),
            false => out.push_str(value),
        }
    }
    out.push_str(rest);
    out
}

impl Host {
    /// A machine on which nothing has happened.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            recorder: Recorder::<'static>::owning(limits.clone()),
            limits: limits.clone(),
            answers: true,
            heeds_quit: true,
            quit: false,
            depth: 0,
            steps: limits.steps,
            objects: Vec::new(),
            files: BTreeMap::new(),
            registry: BTreeMap::new(),
            variables: BTreeMap::new(),
            urls: Vec::new(),
            pending: Vec::new(),
            asked: None,
            script: None,
            page: Rc::default(),
            mail: (String::new(), None),
            held_bytes: 0,
            clock_ms: START_MS,
            names: 0,
            told: BTreeSet::new(),
        }
    }

    /// A variable of the environment: what a script set, else the machine's.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        let set = self.variables.get(&name.to_ascii_lowercase()).map(String::as_str);
        set.or_else(|| crate::machine::variable(name))
    }

    /// Sets a variable of the environment.
    pub(crate) fn set_variable(&mut self, name: &str, value: String) {
        if self.variables.len() < VARIABLES_MAX && self.holds(name.len() + value.len()) {
            self.variables.insert(name.to_ascii_lowercase(), value);
        }
    }

    /// A program is started, which has the environment that scripts left.
    pub(crate) fn start(&mut self, line: &str) {
        let mut line = crate::machine::expand(line);
        for (name, value) in &self.variables {
            line = with_variable(&line, name, value);
        }
        self.recorder.run(&line);
    }

    /// Uses steps; false once there are none left.
    pub(crate) fn charge(&mut self, steps: u64) -> bool {
        if self.steps == 0 {
            return false;
        }
        self.steps = self.steps.saturating_sub(steps);
        if self.steps == 0 {
            self.recorder.note(&format!("stopped after {} steps", self.limits.steps));
        }
        self.steps > 0
    }

    /// Uses steps for copying so many bytes.
    pub(crate) fn charge_bytes(&mut self, bytes: usize) -> bool {
        self.charge(1 + bytes as u64 / 64)
    }

    /// Whether steps are left and the script did not end itself.
    pub(crate) fn runs(&self) -> bool {
        self.steps > 0 && !(self.quit && self.heeds_quit)
    }

    /// Steps that are left.
    pub(crate) fn steps_left(&self) -> u64 {
        self.steps
    }

    /// A script begins; false if too many are inside each other.
    pub(crate) fn enter(&mut self) -> bool {
        if self.depth >= SCRIPTS_DEPTH {
            self.recorder.note("scripts run scripts too deep inside each other");
            return false;
        }
        self.depth += 1;
        true
    }

    /// It ended.
    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Leaves no more than `steps`.
    pub(crate) fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// What was collected.
    pub(crate) fn take_report(&mut self) -> Report {
        let empty = Recorder::<'static>::owning(self.limits.clone());
        std::mem::replace(&mut self.recorder, empty).finish()
    }

    /// Milliseconds since 1970; each question takes one.
    pub(crate) fn now_ms(&mut self) -> f64 {
        self.clock_ms += 1.0;
        self.clock_ms
    }

    /// Time passes.
    pub(crate) fn sleep(&mut self, milliseconds: f64) {
        if milliseconds.is_finite() && milliseconds > 0.0 {
            self.clock_ms += milliseconds.min(1e12);
        }
    }

    /// The texts that wait to be run, each in its language.
    pub(crate) fn take_pending(&mut self) -> Vec<(Dialect, String)> {
        std::mem::take(&mut self.pending)
    }

    /// Has text run after the call that is made now.
    fn run_later(&mut self, dialect: Dialect, text: &str) {
        if self.evaluated(dialect, text) && self.pending.len() < PENDING_MAX {
            self.pending.push((dialect, text.to_owned()));
        }
    }

    /// Text is about to be run: told, unless it is a made-up answer, which cannot be run.
    pub(crate) fn evaluated(&mut self, dialect: Dialect, text: &str) -> bool {
        if text.trim().is_empty() {
            return false;
        }
        if let Some(url) = self.origin(text.as_bytes()) {
            let note = format!("it runs what {} answers", self.urls[url].0);
            self.recorder.note(&note);
            return false;
        }
        let told = Sha256::of(text.as_bytes());
        self.charge_bytes(text.len());
        if is_plain(text) || self.told.len() >= TOLD_MAX || !self.told.insert(told) {
            return true;
        }
        self.recorder.evaluate(dialect, text);
        true
    }

    /// Asks for `url` and makes up what is answered.
    pub(crate) fn fetch(&mut self, url: &str) -> Content {
        if url.trim().is_empty() {
            self.recorder.note("a request for a URL that is not known");
        } else {
            self.recorder.fetch(url, None);
        }
        let known = self.urls.iter().position(|it| it.0 == url);
        let number = known.unwrap_or(self.urls.len());
        if known.is_none() {
            if number >= URLS_MAX {
                return Content::default();
            }
            self.urls.push((url.to_owned(), 0));
        }
        let times = self.urls.get_mut(number).map_or(0, |it| {
            it.1 += 1;
            it.1
        });
        if times >= ASKED_MAX {
            self.recorder.note(&format!("stopped where it asks for {url:.200} again and again"));
            self.steps = 0;
        }
        // Who asks until there is an answer gets one.
        if !self.answers && times < ASKED_IN_VAIN {
            return Content::default();
        }
        let mut bytes = format!("MZ {MARK}{number};").into_bytes();
        bytes.resize(ANSWER_BYTES, b'.');
        Content { bytes: bytes.into(), from: Some(number) }
    }

    /// The request that `bytes` were made up for.
    pub(crate) fn origin(&self, bytes: &[u8]) -> Option<usize> {
        if self.urls.is_empty() {
            return None;
        }
        let wide: Vec<u8>;
        let mut text = bytes;
        // Text of Windows: every other byte is zero.
        if bytes.get(1) == Some(&0) || bytes.starts_with(&[0xff, 0xfe]) {
            wide = bytes.iter().copied().filter(|byte| *byte != 0).collect();
            text = &wide;
        }
        let mark = MARK.as_bytes();
        let at = text.windows(mark.len()).position(|it| it == mark)? + mark.len();
        let digits = text.get(at..)?.iter().take_while(|it| it.is_ascii_digit()).count();
        let number: usize = std::str::from_utf8(text.get(at..at + digits)?).ok()?.parse().ok()?;
        (number < self.urls.len()).then_some(number)
    }

    /// A file is written: a made-up answer is saved, other content is told.
    pub(crate) fn save(&mut self, path: &str, mut content: Content) {
        if !self.charge_bytes(content.bytes.len()) {
            return;
        }
        if content.from.is_none() {
            content.from = self.origin(&content.bytes);
        }
        match content.from.and_then(|it| self.urls.get(it)) {
            Some((url, _)) => {
                let url = url.clone();
                self.recorder.saved(&url, path);
            }
            None => self.recorder.write(path, content.bytes.clone()),
        }
        self.keep_file(path, content);
    }

    /// A path that may lead to another machine.
    fn visit(&mut self, path: &str) {
        if let Some((server, port)) = crate::programs::share_of(path) {
            let server = server.to_owned();
            self.recorder.connect(&server, Some(port));
        }
    }

    /// Keeps a file for whoever reads it later, as far as there is room.
    fn keep_file(&mut self, path: &str, content: Content) {
        let size = content.bytes.len();
        if self.holds(size + path.len()) {
            self.files.insert(path.to_lowercase(), content);
        }
    }

    /// A file that was written before, or the script itself.
    pub(crate) fn file(&self, path: &str) -> Option<&Content> {
        self.written(path).or_else(|| {
            let lower = path.to_ascii_lowercase();
            let name = lower.rsplit('\\').next().unwrap_or_default();
            self.script.as_ref().filter(|_| matches!(name, "invoice.js" | "invoice.vbs"))
        })
    }

    /// A file that was written before.
    fn written(&self, path: &str) -> Option<&Content> {
        self.files.get(&path.to_lowercase())
    }

    /// The text of the element of a page that goes by a name.
    pub(crate) fn element(&self, name: &str) -> Option<&str> {
        self.page.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    /// The page around the script.
    pub(crate) fn set_page(&mut self, page: &Rc<Page>) {
        self.page = Rc::clone(page);
    }

    /// The script's own text.
    pub(crate) fn own_text(&self) -> String {
        self.script.as_ref().map(|it| latin1(&it.bytes)).unwrap_or_default()
    }

    /// The `document` of the page around the script.
    pub(crate) fn document(&mut self) -> Value {
        self.add(dom::PageDocument)
    }

    /// What the script reads where it reads itself.
    pub(crate) fn set_script(&mut self, source: &str) {
        if self.holds(source.len()) {
            self.script = Some(Content::from(narrow(source)));
        }
    }

    /// Whether there is room for so many bytes more, which are then held.
    pub(crate) fn holds(&mut self, bytes: usize) -> bool {
        if self.held_bytes.saturating_add(bytes) > self.limits.held_bytes {
            let note = format!("holds no more than {} bytes", self.limits.held_bytes);
            self.recorder.note(&note);
            return false;
        }
        self.held_bytes += bytes;
        true
    }

    /// What a script is told of the length of `content`.
    fn claimed_size(content: &Content) -> usize {
        if content.from.is_some() { ANSWER_CLAIMED_BYTES } else { content.bytes.len() }
    }

    /// Another name for a temporary file.
    fn fresh_name(&mut self) -> u32 {
        self.names += 1;
        0x5_A3C1 + self.names * 0x1F
    }

    fn add(&mut self, object: impl Com + 'static) -> Value {
        if self.objects.len() >= OBJECTS_MAX {
            let note = format!("makes no more than {OBJECTS_MAX} objects");
            self.recorder.note(&note);
            return Value::Unknown;
        }
        self.objects.push(Some(Box::new(object)));
        Value::Object(ObjectId(self.objects.len() - 1))
    }

    /// The object that a name of a program stands for: `WScript.Shell`.
    pub(crate) fn create(&mut self, progid: &str) -> Value {
        progid::create(self, progid)
    }

    /// What `GetObject` answers.
    pub(crate) fn get_object(&mut self, moniker: &str) -> Value {
        progid::get_object(self, moniker)
    }

    /// The `WScript` of the host of scripts.
    pub(crate) fn wscript(&mut self, script: &'static str) -> Value {
        self.add(wscript::WScript::new(script))
    }

    /// A property; none if there is no such, or it is a method.
    pub(crate) fn get(&mut self, id: ObjectId, name: &str) -> Option<Value> {
        self.ask(id, |object, host| object.get(host, &name.to_ascii_lowercase())).flatten()
    }

    /// A method, or a property with arguments.
    pub(crate) fn call(&mut self, id: ObjectId, name: &str, arguments: &[Value]) -> Value {
        let called =
            self.ask(id, |object, host| object.call(host, &name.to_ascii_lowercase(), arguments));
        called.unwrap_or(Value::Unknown)
    }

    /// Sets a property.
    pub(crate) fn set(&mut self, id: ObjectId, name: &str, index: &[Value], value: Value) {
        self.ask(id, |object, host| object.set(host, &name.to_ascii_lowercase(), index, value));
    }

    /// What a value says as text, objects by what they stand for.
    pub(crate) fn text(&mut self, value: &Value) -> String {
        match value {
            Value::Object(id) => {
                let own = self.call(*id, "", &[]);
                own.text()
            }
            other => other.text(),
        }
    }

    /// Bytes of a value, text as bytes of characters.
    fn content(&mut self, value: &Value) -> Content {
        match value {
            Value::Bytes(content) => content.clone(),
            Value::Array(items) => {
                items.iter().map(|it| it.number() as i64 as u8).collect::<Vec<_>>().into()
            }
            Value::Object(_) => match value {
                Value::Object(id) => match self.call(*id, "", &[]) {
                    Value::Bytes(content) => content,
                    other => narrow(&other.text()).into(),
                },
                _ => Content::default(),
            },
            other => narrow(&other.text()).into(),
        }
    }

    /// Takes an object out for as long as it works, since it may need the machine; an object that
    /// is asked for while it works is not there.
    fn ask<T>(
        &mut self,
        id: ObjectId,
        question: impl FnOnce(&mut dyn Com, &mut Self) -> T,
    ) -> Option<T> {
        if !self.charge(1) {
            return None;
        }
        let mut object = self.objects.get_mut(id.0)?.take()?;
        let answer = question(object.as_mut(), self);
        if let Some(place) = self.objects.get_mut(id.0) {
            *place = Some(object);
        }
        Some(answer)
    }
}

/// An argument as text, empty if there is none.
fn text_at(host: &mut Host, arguments: &[Value], at: usize) -> String {
    arguments.get(at).map(|it| host.text(it)).unwrap_or_default()
}

/// An argument as a number, `or` if there is none.
fn number_at(arguments: &[Value], at: usize, or: f64) -> f64 {
    arguments.get(at).filter(|it| !it.is_blank()).map_or(or, Value::number)
}

/// `program arguments`, the program in quotes if it has spaces.
fn command_line(program: &str, arguments: &str) -> String {
    let quoted = program.contains(' ') && !program.starts_with('"') && !arguments.is_empty();
    let program = if quoted { format!("\"{program}\"") } else { program.to_owned() };
    if arguments.is_empty() { program } else { format!("{program} {arguments}") }
}

/// Whether a text only names something: `return this`, `window`, `debugger`.
fn is_plain(text: &str) -> bool {
    text.len() <= PLAIN_BYTES_MAX
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || b" ._$[];'\"\n".contains(&it))
}

/// Text as UTF-8 bytes.
fn bytes_of(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
