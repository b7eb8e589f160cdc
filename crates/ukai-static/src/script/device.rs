//! A made-up device on which a script runs, and what is seen of it from outside.
//!
//! Nothing is fetched: every request is answered with a made-up file, or refused. Time is made
//! up as well: a `sleep` is over at once.

use crate::limits::{ACT_TEXT_BYTES_MAX, SCRIPT_ROUNDS_MAX, SCRIPT_STUB_BYTES};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use ukai_model::{FetchOutcome, PeerText, ScriptAct, Sha256, Timestamp};
use ukai_persona::{Host, Persona};
use ukai_shell::{FetchId, Fetched, Files, Fs, Login, Shell, ShellEffect, ShellState, WaitingFor};

/// Folders and files that decide what a system starts, and whom it lets in.
const SETTINGS: &[&str] = &[
    "/etc/cron",
    "/var/spool/cron",
    "/etc/crontab",
    "/etc/init.d/",
    "/etc/rc",
    "/etc/inittab",
    "/etc/systemd/",
    "/lib/systemd/",
    "/usr/lib/systemd/",
    "/etc/ld.so.preload",
    "/etc/profile",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/sudoers",
    "/etc/ssh/",
    "/etc/hosts",
    "/etc/resolv.conf",
];

/// The same, in a user's folder.
const OWN_SETTINGS: &[&str] = &[
    "/.ssh/authorized_keys",
    "/.bashrc",
    "/.bash_profile",
    "/.profile",
    "/.config/systemd/user/",
    "/.config/autostart/",
];

/// A device, and what happened on it.
pub(super) struct Device {
    host: Arc<Host>,
    fs: Fs,
    shell: Shell,
    fetches_succeed: bool,
    /// Whether it says that it runs Windows, to scripts that ask.
    pub(super) is_windows: bool,
    now: Timestamp,
    /// When the shell wants to be called.
    timer: Option<Timestamp>,
    /// Requests that wait for their answer.
    waiting: VecDeque<(FetchId, PeerText, &'static str)>,
    /// Which act asked for what a request was answered with.
    requests: HashMap<u32, usize>,
    /// The script itself, of which it is not told that it is there.
    sample: Option<(&'static str, Sha256)>,
    pub(super) acts: Vec<ScriptAct>,
    pub(super) commands: Vec<PeerText>,
    /// Files that were made, other than by requests.
    pub(super) captured: Vec<(PeerText, bytes::Bytes)>,
    /// Texts that were evaluated, with their languages.
    pub(super) evaluated: Vec<(&'static str, bytes::Bytes)>,
    pub(super) notes: BTreeSet<String>,
}

impl Device {
    pub(super) fn new(persona: &Arc<Persona>, fetches_succeed: bool, now: Timestamp) -> Self {
        // A documentation address (RFC 5737): nobody's.
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 254));
        let host = Arc::new(persona.host(address, [0; 32]));
        let login = Login::new("root", 0);
        let fs = Fs::new(&host);
        let shell = Shell::new(Arc::clone(&host), fs.clone(), login, 0, now).going_on();
        Self {
            host,
            fs,
            shell,
            fetches_succeed,
            is_windows: false,
            now,
            timer: None,
            waiting: VecDeque::new(),
            requests: HashMap::new(),
            sample: None,
            acts: Vec::new(),
            commands: Vec::new(),
            captured: Vec::new(),
            evaluated: Vec::new(),
            notes: BTreeSet::new(),
        }
    }

    /// Whether there is a program.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files().info(path.as_bytes(), true).is_ok()
    }

    /// Puts the script there as a file.
    pub(super) fn place(&mut self, path: &'static str, script: &[u8]) {
        let bytes = bytes::Bytes::copy_from_slice(script);
        self.sample = Some((path, Sha256::of(script)));
        if self.files().store(path.as_bytes(), bytes, 0o755).is_err() {
            self.notes.insert("the script is too long for the device that it runs on".to_owned());
        }
    }

    /// What the script that is run is called.
    pub(super) fn is_called(&mut self, path: &str) {
        self.shell.called(path);
    }

    fn files(&self) -> Files {
        let mut files = Files::new(self.fs.clone(), 0, 0);
        files.at(self.now);
        files
    }

    /// Runs command lines to their end.
    pub(super) fn run(&mut self, text: &[u8]) {
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
        if let Some((id, url, tool)) = self.waiting.pop_front() {
            let fetched = self.answer(id, &url, tool);
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
                ShellEffect::Fetch { id, url, tool } => {
                    self.waiting.push_back((id, url.clone(), tool));
                    self.requests.insert(id.0, self.acts.len());
                    self.acts.push(ScriptAct::Fetch { url, to: None });
                }
                ShellEffect::Kept { path, bytes } => {
                    self.saved(&path, &bytes);
                }
                ShellEffect::Connect { host, port, .. } => {
                    self.acts.push(ScriptAct::Connect { host, port: Some(port) });
                }
                ShellEffect::Command { line, .. } => self.commands.push(line),
                ShellEffect::Evaluated { text, tool } => {
                    let sha256 = Sha256::of(&text);
                    let size = text.len() as u64;
                    let name = language_of(tool);
                    let language = name.to_owned();
                    self.acts.push(ScriptAct::Evaluate { language, size, sha256 });
                    self.evaluated.push((name, text));
                }
                ShellEffect::Started { line, .. } => self.acts.push(ScriptAct::Run { line }),
                ShellEffect::Executed { path, arguments, .. } => {
                    let own = self.sample.is_some_and(|(own, _)| path.as_bytes() == own.as_bytes());
                    let told = self.acts.last().is_some_and(
                        |last| matches!(last, ScriptAct::Run { line } if *line == arguments),
                    );
                    if !own && !told {
                        self.acts.push(ScriptAct::Run { line: arguments });
                    }
                }
                ShellEffect::Captured { path, bytes, .. } => self.made(path, bytes),
                ShellEffect::Timer(time) => self.timer = Some(time),
                ShellEffect::Limit { limit, detail } => {
                    self.notes.insert(format!("the script met a limit: {limit}: {detail}"));
                }
                ShellEffect::Output(_) | ShellEffect::ErrorOutput(_) | ShellEffect::Input(_) => {}
            }
        }
    }

    /// A file that the script made.
    fn made(&mut self, path: PeerText, bytes: bytes::Bytes) {
        if self.saved(&path, &bytes) {
            return;
        }
        let sha256 = Sha256::of(&bytes);
        if self.sample.is_some_and(|(_, own)| own == sha256) {
            return;
        }
        let place = String::from_utf8_lossy(path.as_bytes()).into_owned();
        let sets = SETTINGS.iter().any(|start| place.starts_with(start))
            || OWN_SETTINGS.iter().any(|part| place.contains(part));
        self.acts.push(if sets {
            let value = PeerText::truncated(&bytes, ACT_TEXT_BYTES_MAX);
            ScriptAct::Set { what: path.clone(), value }
        } else {
            ScriptAct::Write { path: path.clone(), size: bytes.len() as u64, sha256 }
        });
        self.captured.push((path, bytes));
    }

    /// Notes where the answer to a request lies; false if these bytes are none.
    fn saved(&mut self, path: &PeerText, bytes: &[u8]) -> bool {
        let Some(id) = request_of(bytes) else { return false };
        let act = self.requests.get(&id).and_then(|at| self.acts.get_mut(*at));
        if let Some(ScriptAct::Fetch { to: to @ None, .. }) = act {
            *to = Some(path.clone());
        }
        true
    }

    /// A file as the script would want it: a text where the name says so, or where an
    /// interpreter asks; otherwise a program for this device, of which there is only the header.
    fn answer(&self, id: FetchId, url: &PeerText, tool: &str) -> Fetched {
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
        let is_script = matches!(tool, "python3" | "perl")
            || [&b".sh"[..], b".txt", b".py", b".pl", b".php", b".html"]
                .iter()
                .any(|ending| url.as_bytes().ends_with(ending));
        let bytes = if is_script {
            format!("{TEXT_STUB}{:08}\n", id.0).into_bytes()
        } else {
            let mut program = self.host.persona.machine.elf_header(SCRIPT_STUB_BYTES as u64);
            program.resize(SCRIPT_STUB_BYTES - 4, 0);
            program.extend_from_slice(&id.0.to_be_bytes());
            program
        };
        Fetched {
            outcome: FetchOutcome::Complete,
            sha256: Some(Sha256::of(&bytes)),
            bytes: bytes.into(),
            status: Some(200),
            ..failed
        }
    }
}

/// The kind of what an interpreter reads.
fn language_of(tool: &str) -> &'static str {
    match tool {
        "python3" => "python",
        "perl" => "perl",
        _ => "shell-script",
    }
}

/// What a request for a text is answered with, before its number: a program that does nothing
/// to a shell, to Python and to Perl.
const TEXT_STUB: &str = "#!/bin/sh\n# ";

/// The number of the request that was answered with these bytes.
fn request_of(content: &[u8]) -> Option<u32> {
    if let Some(number) = content.strip_prefix(TEXT_STUB.as_bytes()) {
        return std::str::from_utf8(number.trim_ascii_end()).ok()?.parse().ok();
    }
    let (rest, number) = content.split_last_chunk::<4>()?;
    (content.len() == SCRIPT_STUB_BYTES && rest.iter().skip(64).all(|byte| *byte == 0))
        .then(|| u32::from_be_bytes(*number))
}
