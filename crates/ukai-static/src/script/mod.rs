//! Scripts, run by interpreters on made-up machines, to see what they would do.
//!
//! Nothing is fetched and nothing started. What scripts ask for is told as acts, and what
//! stands in those is searched for observables; the files that they make, and the texts that
//! they put together and run, are looked at as members.

mod device;
mod foreign;
mod page;
mod shell;
mod windows;

pub(crate) use windows::carried;

use crate::elf;
use crate::kind::{self, Kind, Language};
use crate::limits::{ACT_TEXT_BYTES_MAX, Limits, SCRIPT_CAPTURE_NOTES_MAX, SCRIPT_FILES_MAX};
use crate::observables::{Finds, SCRIPT, SCRIPT_TEXT, Source, runs, scan_text};
use bytes::Bytes;
use device::Device;
use std::collections::{BTreeSet, HashMap};
use ukai_model::{PeerText, ScriptAct, Sha256, StringEncoding, Timestamp};
use ukai_script::Dialect;

/// Length of the shortest evaluated text that is looked at as a member, in bytes.
const EVALUATED_BYTES_MIN: usize = 16;

/// What came of running a script.
#[derive(Default)]
pub(crate) struct Report {
    /// What it would do, in order.
    pub(crate) acts: Vec<ScriptAct>,
    /// The commands, in order, of the first run.
    pub(crate) commands: Vec<PeerText>,
    pub(crate) notes: Vec<String>,
    /// The files that it makes and the texts that it runs.
    pub(crate) made: Vec<Product>,
    /// Texts to search that nothing else holds.
    texts: Vec<Bytes>,
    /// Texts beside requests, of which nobody is asked.
    pub(crate) beside: Vec<PeerText>,
}

/// What a script made.
pub(crate) struct Product {
    /// Path of a file, language of a text.
    pub(crate) name: PeerText,
    pub(crate) bytes: Bytes,
    /// Whether the interpreter ran it as well.
    pub(crate) ran: bool,
    /// Its language, where it is told.
    pub(crate) dialect: Option<Dialect>,
}

/// How a kind of script is run.
#[derive(Clone, Copy)]
enum How {
    Shell,
    Foreign(&'static foreign::Interpreter),
    Windows(windows::Form),
}

fn how(kind: &Kind, dialect: Option<Dialect>) -> Option<How> {
    if let Some(dialect) = dialect {
        return Some(How::Windows(windows::Form::Whole(dialect)));
    }
    let name = kind.file_type.name.as_str();
    if let Some(form) = windows::form(name) {
        return Some(How::Windows(form));
    }
    Some(match name {
        "python" => How::Foreign(&foreign::PYTHON),
        "perl" => How::Foreign(&foreign::PERL),
        _ if kind.language == Some(Language::Shell) => How::Shell,
        _ => return None,
    })
}

/// Whether there is an interpreter for files of this kind, or for what they are said to be.
pub(crate) fn can_run(kind: &Kind, dialect: Option<Dialect>) -> bool {
    how(kind, dialect).is_some()
}

/// Runs a script of a kind that there is an interpreter for; `dialect` is its language where it
/// is known otherwise than by its text.
pub(crate) fn run(
    kind: &Kind,
    dialect: Option<Dialect>,
    script: &[u8],
    now: Timestamp,
    limits: &Limits,
) -> Report {
    let head = &script[..script.len().min(limits.script_bytes)];
    let mut report = match how(kind, dialect) {
        Some(How::Windows(form)) => windows::run(form, head, limits),
        Some(How::Shell) => shell::run(head, now, limits),
        Some(How::Foreign(interpreter)) => foreign::run(head, interpreter, now, limits),
        None => return Report::default(),
    };
    if script.len() > limits.script_bytes {
        report.notes.push(format!("only the first {} bytes were run", limits.script_bytes));
    }
    report
}

/// Runs the same on each device, and puts together what is new on each.
fn from_devices(
    devices: impl Iterator<Item = Device>,
    limits: &Limits,
    run: impl Fn(&mut Device),
) -> Report {
    let mut report = Report::default();
    let mut notes = BTreeSet::new();
    let mut known = HashMap::new();
    let mut contents = BTreeSet::new();
    for mut device in devices {
        run(&mut device);
        for act in device.acts {
            merge(act, &mut report.acts, &mut known);
        }
        if report.commands.is_empty() {
            let cut = |line: &PeerText| PeerText::truncated(line.as_bytes(), limits.string_bytes);
            report.commands = device.commands.iter().map(cut).take(limits.commands).collect();
        }
        notes.append(&mut device.notes);
        for (language, bytes) in device.evaluated {
            // A line as it stands there anyway says nothing new.
            if bytes.len() >= EVALUATED_BYTES_MIN
                && report.made.len() < SCRIPT_FILES_MAX
                && contents.insert(Sha256::of(&bytes))
            {
                report.made.push(Product {
                    name: language.into(),
                    bytes,
                    ran: true,
                    dialect: None,
                });
            }
        }
        for (path, bytes) in device.captured {
            if !contents.insert(Sha256::of(&bytes)) {
                continue;
            }
            if notes.len() < SCRIPT_CAPTURE_NOTES_MAX {
                let kind = kind::identify(&bytes, elf::read(&bytes).as_ref());
                let kind = kind.file_type.description;
                let sha256 = Sha256::of(&bytes);
                notes.insert(format!("the script makes {path}: {kind}, SHA-256 {sha256}"));
            }
            if report.made.len() < SCRIPT_FILES_MAX {
                report.made.push(Product { name: path, bytes, ran: false, dialect: None });
            }
        }
    }
    report.notes.extend(notes);
    report
}

/// Adds an act that no earlier run did: of requests, the URL counts.
fn merge(act: ScriptAct, acts: &mut Vec<ScriptAct>, known: &mut HashMap<String, usize>) {
    let key = match &act {
        ScriptAct::Fetch { url, .. } => format!("fetch {url}"),
        other => format!("{other:?}"),
    };
    match (known.get(&key).and_then(|at| acts.get_mut(*at)), act) {
        (Some(ScriptAct::Fetch { to, .. }), ScriptAct::Fetch { to: place @ Some(_), .. })
            if to.is_none() =>
        {
            *to = place;
        }
        (Some(_), _) => {}
        (None, act) => {
            known.insert(key, acts.len());
            acts.push(act);
        }
    }
}

impl Report {
    /// Observables in what it would do, say and make.
    pub(crate) fn scan(&self, finds: &mut Finds) {
        let source = Source {
            offset: 0,
            stride: 0,
            encoding: StringEncoding::Plain,
            method: SCRIPT,
            language: Some(Language::Shell),
        };
        // What carries a script tells by what that does, not by how it is put together.
        let lesser = Source { method: SCRIPT_TEXT, ..source.clone() };
        let mut scan = |text: &[u8]| scan_text(text, &source, &mut *finds);
        for (at, act) in self.acts.iter().enumerate() {
            match act {
                ScriptAct::Fetch { url, .. } => scan(url.as_bytes()),
                ScriptAct::Connect { host, port: Some(port) } => {
                    let host = String::from_utf8_lossy(host.as_bytes());
                    let v6 = host.contains(':') && !host.starts_with('[');
                    let place =
                        if v6 { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
                    scan(place.as_bytes());
                }
                ScriptAct::Connect { host, port: None } => scan(host.as_bytes()),
                ScriptAct::Set { what, value } => {
                    scan(what.as_bytes());
                    scan(value.as_bytes());
                }
                // What a program asked for is told by what follows, without what else its line
                // names: who it says that it is, where it says that it comes from.
                ScriptAct::Run { line }
                    if carried(line.as_bytes()).is_none()
                        && !(is_asking(line.as_bytes()) && asks(self.acts.get(at + 1), line)) =>
                {
                    scan(line.as_bytes());
                }
                ScriptAct::Run { .. } | ScriptAct::Write { .. } | ScriptAct::Evaluate { .. } => {}
            }
        }
        let written = self.made.iter().filter(|it| !it.ran && it.dialect.is_none() && !is_log(it));
        // A script that it writes is run as a member, and tells by what it does.
        let (scripts, others): (Vec<_>, Vec<_>) = written.partition(|it| is_script(&it.bytes));
        for product in others {
            for run in runs(&product.bytes) {
                let text = run.text(&product.bytes);
                if !is_chatter(&text) {
                    scan(&text);
                }
            }
        }
        for product in scripts {
            for run in runs(&product.bytes) {
                scan_text(&run.text(&product.bytes), &lesser, finds);
            }
        }
        // What a script put together is as good as what stands there, no more.
        for text in &self.texts {
            for run in runs(text) {
                scan_text(&run.text(text), &lesser, finds);
            }
        }
        for act in &self.acts {
            if let ScriptAct::Run { line } = act
                && carried(line.as_bytes()).is_some()
            {
                scan_text(line.as_bytes(), &lesser, finds);
            }
        }
    }
}

/// Whether a line starts a program that fetches, and nothing else that names places.
fn is_asking(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let mut words = text.split(|c: char| c.is_whitespace() || ";|&()`\"'".contains(c));
    let fetches = words.any(|word| matches!(word.rsplit('/').next(), Some("wget" | "curl")));
    fetches && !text.contains("-o stratum") && !text.contains("/dev/tcp/")
}

/// Whether an act is a request for what a line names.
fn asks(act: Option<&ScriptAct>, line: &PeerText) -> bool {
    let Some(ScriptAct::Fetch { url, .. }) = act else { return false };
    let url = url.as_bytes();
    let place = memchr::memmem::find(url, b"://").map_or(url, |at| &url[at + 3..]);
    memchr::memmem::find(line.as_bytes(), place).is_some()
}

/// Whether a file keeps what a script said, which nobody reads but people.
pub(crate) fn is_log(product: &Product) -> bool {
    let path = product.name.as_bytes();
    let is_named = [&b".log"[..], b"/log", b"_log"].iter().any(|end| path.ends_with(end));
    is_named && !product.ran && product.dialect.is_none() && !is_script(&product.bytes)
}

/// Whether these bytes are a script that is run where it is met as a member.
fn is_script(bytes: &[u8]) -> bool {
    !bytes.starts_with(b"\x7fELF") && can_run(&kind::identify(bytes, None), None)
}

/// What programs that fetch say of how they do it, which scripts keep as their logs.
fn is_chatter(line: &[u8]) -> bool {
    ["Connecting to ", "Resolving ", "Connected to ", "* Trying ", "*   Trying "]
        .iter()
        .any(|start| line.starts_with(start.as_bytes()))
}

/// An act as it is told: its texts are not longer than a reader wants.
pub(crate) fn shortened(mut act: ScriptAct) -> ScriptAct {
    for text in texts(&mut act).into_iter().flatten() {
        if text.as_bytes().len() > ACT_TEXT_BYTES_MAX {
            *text = PeerText::truncated(text.as_bytes(), ACT_TEXT_BYTES_MAX);
        }
    }
    act
}

/// Length of an act's texts, in bytes.
pub(crate) fn length(act: &mut ScriptAct) -> usize {
    texts(act).into_iter().flatten().map(|text| text.as_bytes().len()).sum()
}

/// What of an act is text of the script's.
fn texts(act: &mut ScriptAct) -> [Option<&mut PeerText>; 2] {
    match act {
        ScriptAct::Fetch { url, to } => [Some(url), to.as_mut()],
        ScriptAct::Connect { host: text, .. }
        | ScriptAct::Write { path: text, .. }
        | ScriptAct::Run { line: text } => [Some(text), None],
        ScriptAct::Evaluate { .. } => [None, None],
        ScriptAct::Set { what, value } => [Some(what), Some(value)],
    }
}

#[cfg(test)]
mod tests;
