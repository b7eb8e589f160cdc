//! A shell script, run by the shell that attackers get, to see what it would fetch.
//!
//! Variables, loops and substitutions hide URLs from a reader of the text; the interpreter
//! meets them all. Nothing is fetched: every request is answered with a made-up file. The
//! script runs once on each kind of device, since loaders ask for the processor, and once
//! more with every fetch refused, since they try other ways then (`wget || curl || tftp`).
//! Time is made up as well: a `sleep` is over at once.

use crate::elf;
use crate::kind::{self, Language};
use crate::limits::{
    Limits, SCRIPT_CAPTURE_NOTES_MAX, SCRIPT_FILES_MAX, SCRIPT_ROUNDS_MAX, SCRIPT_STUB_BYTES,
};
use crate::observables::{Finds, SCRIPT, Source, runs, scan_text};
use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use ukai_model::{FetchOutcome, PeerText, Sha256, StringEncoding, Timestamp};
use ukai_persona::{Host, Persona};
use ukai_shell::{FetchId, Fetched, Fs, Login, Shell, ShellEffect, ShellState, WaitingFor};

/// What came of running a script, besides the observables.
pub(crate) struct Report {
    /// The commands, in order, of the first run.
    pub(crate) commands: Vec<PeerText>,
    pub(crate) notes: Vec<String>,
    /// The files that it makes, with their paths.
    pub(crate) made: Vec<(PeerText, bytes::Bytes)>,
}

/// Runs `script` and adds what it would contact to `finds`.
pub(crate) fn run(script: &[u8], now: Timestamp, limits: &Limits, finds: &mut Finds) -> Report {
    let mut report = Report { commands: Vec::new(), notes: Vec::new(), made: Vec::new() };
    if script.len() > limits.script_bytes {
        report.notes.push(format!("only the first {} bytes were run", limits.script_bytes));
    }
    let head = &script[..script.len().min(limits.script_bytes)];
    // Written under Windows: real shells choke on the carriage returns, real loaders are
    // sent through `dos2unix` or fail; what was meant is what matters.
    let text: Vec<u8> = head.iter().copied().filter(|byte| *byte != b'\r').collect();
    let mut notes = BTreeSet::new();
    for fetches_succeed in [true, false] {
        for persona in Persona::built_in() {
            let first = report.commands.is_empty();
            let mut run = Run::new(persona, fetches_succeed, now);
            run.run(&text);
            run.scan(finds);
            if first {
                report.commands = run.commands(limits);
            }
            notes.append(&mut run.notes);
            for (path, content) in run.captured {
                let new = report.made.len() < SCRIPT_FILES_MAX
                    && !report.made.iter().any(|(_, other)| *other == content);
                // What was answered to a request is ours, not the sample's.
                if new && !is_answer(&content) {
                    report.made.push((path, content));
                }
            }
        }
    }
    report.notes.extend(notes);
    report
}

/// Whether a file is one that a request was answered with.
fn is_answer(content: &[u8]) -> bool {
    content == STUB_SCRIPT
        || content.len() == SCRIPT_STUB_BYTES && content.iter().skip(64).all(|byte| *byte == 0)
}

/// What a request for a script is answered with.
const STUB_SCRIPT: &[u8] = b"#!/bin/sh\nexit 0\n";

struct Run {
    host: Arc<Host>,
    shell: Shell,
    fetches_succeed: bool,
    now: Timestamp,
    /// When the shell wants to be called.
    timer: Option<Timestamp>,
    /// Requests that wait for their answer.
    waiting: VecDeque<(FetchId, PeerText)>,
    urls: Vec<PeerText>,
    commands: Vec<PeerText>,
    captured: Vec<(PeerText, bytes::Bytes)>,
    notes: BTreeSet<String>,
}

impl Run {
    fn new(persona: &Arc<Persona>, fetches_succeed: bool, now: Timestamp) -> Self {
        // A documentation address (RFC 5737): nobody's.
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 254));
        let host = Arc::new(persona.host(address, [0; 32]));
        let login = Login::new("root", 0);
        let shell = Shell::new(Arc::clone(&host), Fs::new(&host), login, 0, now);
        Self {
            host,
            shell,
            fetches_succeed,
            now,
            timer: None,
            waiting: VecDeque::new(),
            urls: Vec::new(),
            commands: Vec::new(),
            captured: Vec::new(),
            notes: BTreeSet::new(),
        }
    }

    fn run(&mut self, text: &[u8]) {
        let mut effects = Vec::new();
        self.shell.run(text, self.now, &mut effects);
        let mut ended = false;
        for _ in 0..SCRIPT_ROUNDS_MAX {
            self.take(&mut effects);
            if !self.advance(&mut effects) {
                ended = true;
                break;
            }
        }
        if !ended {
            self.notes.insert(format!("the script did not end within {SCRIPT_ROUNDS_MAX} waits"));
        }
        self.shell.finish(&mut effects);
        self.take(&mut effects);
    }

    /// Gives the shell what it waits for; false if it waits for nothing.
    fn advance(&mut self, effects: &mut Vec<ShellEffect>) -> bool {
        if let Some((id, url)) = self.waiting.pop_front() {
            let fetched = self.answer(&url);
            self.shell.on_fetched(id, fetched, self.now, effects);
            return true;
        }
        match self.shell.state() {
            ShellState::Waiting(WaitingFor::Stdin) => {
                self.shell.end_stdin(self.now, effects);
                true
            }
            ShellState::Exited(_) => false,
            // The foreground may be done while jobs in the background sleep.
            _ => match self.timer.take() {
                Some(time) => {
                    self.now = self.now.max(time);
                    self.shell.on_timer(self.now, effects);
                    true
                }
                None => false,
            },
        }
    }

    fn take(&mut self, effects: &mut Vec<ShellEffect>) {
        for effect in effects.drain(..) {
            match effect {
                ShellEffect::Fetch { id, url, .. } => {
                    self.waiting.push_back((id, url.clone()));
                    self.urls.push(url);
                }
                ShellEffect::Connect { host, port, .. } => {
                    let host = String::from_utf8_lossy(host.as_bytes()).into_owned();
                    let place = format!("{host}:{port}");
                    self.urls.push(PeerText::from(place.as_bytes()));
                }
                ShellEffect::Command { line, .. } => self.commands.push(line),
                ShellEffect::Captured { path, bytes, .. } => self.captured.push((path, bytes)),
                ShellEffect::Timer(time) => self.timer = Some(time),
                ShellEffect::Limit { limit, detail } => {
                    self.notes.insert(format!("the script met a limit: {limit}: {detail}"));
                }
                ShellEffect::Output(_)
                | ShellEffect::ErrorOutput(_)
                | ShellEffect::Input(_)
                | ShellEffect::Executed { .. } => {}
            }
        }
    }

    /// A file as the script would want it: a script where the name says so, otherwise a
    /// program for this device, of which there is only the header.
    fn answer(&self, url: &PeerText) -> Fetched {
        let failed = Fetched {
            outcome: FetchOutcome::Unreachable,
            bytes: bytes::Bytes::new(),
            sha256: None,
            status: None,
            server_ip: None,
            content_type: None,
        };
        if !self.fetches_succeed {
            return failed;
        }
        let is_script = [&b".sh"[..], b".txt", b".py", b".pl", b".php", b".html"]
            .iter()
            .any(|ending| url.as_bytes().ends_with(ending));
        let bytes = if is_script {
            bytes::Bytes::from_static(STUB_SCRIPT)
        } else {
            let mut program = self.host.persona.machine.elf_header(SCRIPT_STUB_BYTES as u64);
            program.resize(SCRIPT_STUB_BYTES, 0);
            program.into()
        };
        Fetched {
            outcome: FetchOutcome::Complete,
            sha256: Some(Sha256::of(&bytes)),
            bytes,
            status: Some(200),
            ..failed
        }
    }

    /// Observables in what it fetched, said and made.
    fn scan(&mut self, finds: &mut Finds) {
        let source = Source {
            offset: 0,
            stride: 0,
            encoding: StringEncoding::Plain,
            method: SCRIPT,
            language: Some(Language::Shell),
        };
        for url in &self.urls {
            scan_text(url.as_bytes(), &source, finds);
        }
        for (path, bytes) in &self.captured {
            for run in runs(bytes) {
                scan_text(&run.text(bytes), &source, finds);
            }
            if self.notes.len() < SCRIPT_CAPTURE_NOTES_MAX {
                let kind = kind::identify(bytes, elf::read(bytes).as_ref());
                let kind = kind.file_type.description;
                self.notes.insert(format!(
                    "the script makes {path}: {kind}, SHA-256 {}",
                    Sha256::of(bytes)
                ));
            }
        }
    }

    fn commands(&self, limits: &Limits) -> Vec<PeerText> {
        let cut = |line: &PeerText| PeerText::truncated(line.as_bytes(), limits.string_bytes);
        self.commands.iter().map(cut).take(limits.commands).collect()
    }
}

#[cfg(test)]
mod tests;
