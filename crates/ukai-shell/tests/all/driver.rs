//! A session driven to the end of each line: fetches are answered, time passes.

use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use ukai_model::{Duration, FetchOutcome, PeerText, Sha256, Timestamp};
use ukai_persona::{Host, Persona};
use ukai_shell::{
    FetchId, Fetched, Fs, Login, Shell, ShellEffect, ShellState, TerminalSize, WaitingFor,
};

/// When every test begins.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_760_000_000);

/// A host wearing `persona`, always the same.
pub(crate) fn host(persona: &str) -> Arc<Host> {
    let persona = Persona::named(persona).expect("a built-in persona");
    Arc::new(persona.host("192.0.2.77".parse().expect("an address"), [7; 32]))
}

/// A router whose BusyBox has every applet that the tests use.
pub(crate) fn generous_host() -> Arc<Host> {
    const MORE: &str = "base64 dirname nohup od printf readlink realpath sha1sum sha256sum sort \
                        stat tee timeout uniq which whoami xargs xxd yes setsid env id nc printenv";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../personas/router-mips.toml");
    let text = std::fs::read_to_string(path).expect("the router's persona");
    let listed = format!("\"{}\", ", MORE.split_whitespace().collect::<Vec<_>>().join("\", \""));
    let text = text.replacen("applets = [", &format!("applets = [{listed}"), 1).replacen(
        "\"/bin\" = \"",
        &format!("\"/bin\" = \"{MORE} "),
        1,
    );
    let persona = Arc::new(Persona::parse(&text).expect("a persona with more applets"));
    Arc::new(persona.host("192.0.2.78".parse().expect("an address"), [7; 32]))
}

/// A router with Debian's BusyBox, which has these applets.
pub(crate) fn busybox_host(applets: &[String]) -> Arc<Host> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../personas/router-mips.toml");
    let text = std::fs::read_to_string(path).expect("the router's persona");
    let mut persona = Persona::parse(&text).expect("the router's persona");
    // As the machine that it is compared with has it.
    persona.machine.cpu = ukai_persona::Cpu::X86_64;
    if let Some(busybox) = &mut persona.busybox {
        busybox.banner = "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary".into();
        busybox.applets = applets.to_vec();
        busybox.links = BTreeMap::from([("/bin".to_owned(), applets.join(" "))]);
    }
    Arc::new(Arc::new(persona).host("192.0.2.78".parse().expect("an address"), [7; 32]))
}

/// A log-in as `user`, on a terminal or not.
pub(crate) fn login(user: &str, terminal: bool) -> Login {
    let login = Login::new(user, 0).from_peer("198.51.100.9".parse().expect("an address"));
    if terminal { login.on_terminal(TerminalSize { columns: 80, rows: 24 }) } else { login }
}

/// A session with its surroundings.
pub(crate) struct Driver {
    pub shell: Shell,
    pub now: Timestamp,
    /// URL → what is served there.
    pub served: BTreeMap<String, Vec<u8>>,
    /// Everything that was printed since it was last taken.
    pub output: Vec<u8>,
    /// What of it was standard error, where there is no terminal.
    pub errors: Vec<u8>,
    /// Whether `output` has it too.
    pub merged: bool,
    /// Other effects since they were last taken, as lines.
    pub effects: Vec<String>,
}

impl Driver {
    pub(crate) fn new(host: &Arc<Host>, fs: &Fs, user: &str, terminal: bool) -> Self {
        let shell = Shell::new(Arc::clone(host), fs.clone(), login(user, terminal), 1, START);
        Self {
            shell,
            now: START,
            served: BTreeMap::new(),
            output: Vec::new(),
            errors: Vec::new(),
            merged: true,
            effects: Vec::new(),
        }
    }

    /// Runs a line until the shell is ready again or wants input.
    pub(crate) fn run(&mut self, line: &[u8]) {
        let mut out = Vec::new();
        self.shell.run(line, self.now, &mut out);
        self.settle(out);
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let mut out = Vec::new();
        self.shell.feed_stdin(bytes, self.now, &mut out);
        self.settle(out);
    }

    pub(crate) fn end_input(&mut self) {
        let mut out = Vec::new();
        self.shell.end_stdin(self.now, &mut out);
        self.settle(out);
    }

    pub(crate) fn finish(&mut self) {
        let mut out = Vec::new();
        self.shell.finish(&mut out);
        self.take(out);
    }

    /// What was printed, and the status of what ran last.
    pub(crate) fn ended(&mut self) -> (Vec<u8>, Vec<u8>, i32) {
        let output = std::mem::take(&mut self.output);
        let errors = std::mem::take(&mut self.errors);
        let status = if let ShellState::Exited(status) = self.shell.state() {
            status
        } else {
            self.run(b"echo $?\n");
            String::from_utf8_lossy(&self.output).trim().parse().unwrap_or(-1)
        };
        (output, errors, status)
    }

    fn settle(&mut self, out: Vec<ShellEffect>) {
        const ROUNDS: usize = 10_000;
        let (mut fetches, mut timer) = self.take(out);
        for _ in 0..ROUNDS {
            let mut out = Vec::new();
            if let Some((id, url)) = fetches.pop() {
                let fetched = self.answer(&url);
                self.shell.on_fetched(id, fetched, self.now, &mut out);
            } else if let (Some(at), ShellState::Waiting(WaitingFor::Time)) =
                (timer, self.shell.state())
            {
                self.now = self.now.max(at);
                self.shell.on_timer(self.now, &mut out);
            } else {
                return;
            }
            let (mut more, next) = self.take(out);
            more.append(&mut fetches);
            fetches = more;
            timer = next;
        }
        panic!("the shell never settles");
    }

    fn take(&mut self, out: Vec<ShellEffect>) -> (Vec<(FetchId, String)>, Option<Timestamp>) {
        let mut fetches = Vec::new();
        let mut timer = None;
        for effect in out {
            let line = match effect {
                ShellEffect::Output(bytes) => {
                    self.output.extend_from_slice(&bytes);
                    continue;
                }
                ShellEffect::ErrorOutput(bytes) => {
                    if self.merged {
                        self.output.extend_from_slice(&bytes);
                    }
                    self.errors.extend_from_slice(&bytes);
                    continue;
                }
                ShellEffect::Timer(at) => {
                    timer = Some(at);
                    continue;
                }
                ShellEffect::Input(_)
                | ShellEffect::Kept { .. }
                | ShellEffect::Evaluated { .. }
                | ShellEffect::Started { .. } => {
                    continue;
                }
                ShellEffect::Command { unknown, .. } if unknown.is_empty() => continue,
                ShellEffect::Command { unknown, .. } => format!("unknown {unknown:?}"),
                ShellEffect::Captured { path, bytes, how } => {
                    let head = PeerText::truncated(&bytes, 40);
                    format!("captured {path} {how:?} {} bytes: {head}", bytes.len())
                }
                ShellEffect::Executed { path, arguments, sha256 } => {
                    format!("executed {path} {} [{arguments}]", &sha256.to_string()[..8])
                }
                ShellEffect::Fetch { id, url, tool } => {
                    fetches.push((id, url.to_string()));
                    format!("fetch {tool} {url}")
                }
                ShellEffect::Connect { host, port, tool } => {
                    format!("connect {tool} {host}:{port}")
                }
                ShellEffect::Limit { limit, detail } => format!("limit {limit}: {detail}"),
            };
            self.effects.push(line);
        }
        fetches.reverse();
        (fetches, timer)
    }

    /// What the outside world answers: files told by the test, else by name an ELF
    /// header for an architecture, an error, or a harmless script.
    fn answer(&mut self, url: &str) -> Fetched {
        self.now = self.now + Duration::from_millis(40);
        let mut fetched = Fetched {
            outcome: FetchOutcome::Complete,
            bytes: Bytes::new(),
            sha256: None,
            status: Some(200),
            server_ip: Some("192.0.2.1".parse().expect("an address")),
            content_type: Some("application/octet-stream".to_owned()),
        };
        let name = url.rsplit('/').next().unwrap_or("");
        let bytes = if let Some(bytes) = self.served.get(url) {
            bytes.clone()
        } else if name.contains("missing") {
            fetched.outcome = FetchOutcome::Refused;
            fetched.status = Some(404);
            Vec::new()
        } else if name.contains("refused") {
            fetched.outcome = FetchOutcome::Unreachable;
            fetched.status = None;
            Vec::new()
        } else if url.contains("nowhere") {
            fetched.outcome = FetchOutcome::NotResolved;
            fetched.server_ip = None;
            fetched.status = None;
            Vec::new()
        } else if let Some(header) = elf(name) {
            header
        } else {
            format!("#!/bin/sh\necho ran {name}\n").into_bytes()
        };
        fetched.sha256 = (!bytes.is_empty()).then(|| Sha256::of(&bytes));
        fetched.bytes = bytes.into();
        fetched
    }
}

/// An inert ELF file for the architecture that a name ends with.
pub(crate) fn elf(name: &str) -> Option<Vec<u8>> {
    let (class, order, machine): (u8, u8, u16) = match name.rsplit('.').next()? {
        "mips" => (1, 2, 8),
        "mpsl" => (1, 1, 8),
        "arm7" | "arm" => (1, 1, 40),
        "x86" => (2, 1, 62),
        _ => return None,
    };
    let mut bytes = vec![0x7f, b'E', b'L', b'F', class, order, 1, 0];
    bytes.resize(16, 0);
    let half = |v: u16| if order == 1 { v.to_le_bytes() } else { v.to_be_bytes() };
    bytes.extend_from_slice(&half(2));
    bytes.extend_from_slice(&half(machine));
    bytes.resize(96, 0);
    Some(bytes)
}
