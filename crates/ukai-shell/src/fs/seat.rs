//! Where a session sits: its terminal, the connection it came by, and the processes that
//! the log-in made. `ps`, `who`, `netstat` and `/proc` all tell of the same.

use super::View;
use crate::Login;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use ukai_model::Timestamp;
use ukai_persona::{Host, Process};

/// Longest command line that is shown of a session's command, in bytes.
const COMMAND_BYTES: usize = 4_096;

/// The program that let the user in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Door {
    Ssh,
    Telnet,
    /// A command was injected into a service, or nobody knows.
    #[default]
    Other,
}

/// A session's place on the host.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    pub(crate) user: String,
    /// When the session began.
    pub(crate) since: Timestamp,
    pub(crate) terminal: bool,
    /// This host's and the peer's end of the connection.
    pub(crate) connection: Option<(SocketAddr, SocketAddr)>,
    door: Door,
    shell_pid: u32,
    shell_files: [String; 3],
    /// Command line of the shell, where it runs one command.
    command: OnceLock<String>,
    /// What the shell has started and what has not ended, by number.
    running: Mutex<BTreeMap<u32, Running>>,
    /// Where the shell was when it last started something.
    directory: Mutex<String>,
    /// Whether the user told `sudo` his password.
    password_told: AtomicBool,
}

/// A program that a session runs.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    /// Where its first descriptors lead, as `/proc/PID/fd` names it.
    pub(crate) files: [String; 3],
    pub(crate) directory: String,
    /// Whether the shell waits for it.
    pub(crate) foreground: bool,
}

/// Keeps a program in the list for as long as it runs.
pub(crate) struct Seated {
    seat: Arc<Seat>,
    pid: u32,
}

impl Drop for Seated {
    fn drop(&mut self) {
        self.seat.running().remove(&self.pid);
    }
}

impl Seat {
    pub(crate) fn new(host: &Host, login: &Login, since: Timestamp, shell_pid: u32) -> Self {
        let ssh = login.environment.iter().find(|(name, _)| name == "SSH_CONNECTION");
        let by_ssh = ssh.and_then(|(_, value)| connection(value));
        let terminal = login.terminal.is_some();
        let door = match (ssh, terminal) {
            (Some(_), _) => Door::Ssh,
            (None, true) => Door::Telnet,
            _ => Door::Other,
        };
        let services = &host.services;
        let port = match door {
            Door::Ssh => services.ssh.first().copied().unwrap_or(22),
            Door::Telnet => services.telnet.first().copied().unwrap_or(23),
            Door::Other => services.http.first().copied().unwrap_or(80),
        };
        let guessed = login.peer.map(|peer| {
            // Nobody said from which port; it stays the same for the session.
            let from = 32_768 + (shell_pid.wrapping_mul(7_919) % 28_000) as u16;
            (SocketAddr::new(host.address, port), SocketAddr::new(peer.to_canonical(), from))
        });
        Self {
            user: login.user.clone(),
            since,
            terminal,
            connection: by_ssh.or(guessed),
            door,
            shell_pid,
            shell_files: Self::first_files(terminal, shell_pid),
            command: OnceLock::new(),
            running: Mutex::default(),
            directory: Mutex::new("/".to_owned()),
            password_told: AtomicBool::new(false),
        }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u32, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A program runs, until what this gives is dropped.
    pub(crate) fn starts(self: &Arc<Self>, running: Running) -> Seated {
        let pid = running.process.pid;
        self.directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&running.directory);
        self.running().insert(pid, running);
        Seated { seat: Arc::clone(self), pid }
    }

    /// Whether `sudo` need not ask again on this terminal.
    pub(crate) fn password_known(&self) -> bool {
        self.terminal && self.password_told.load(Ordering::Relaxed)
    }

    /// `sudo` was told the password.
    pub(crate) fn remember_password(&self) {
        self.password_told.store(true, Ordering::Relaxed);
    }

    /// `sudo -k`
    pub(crate) fn forget_password(&self) {
        self.password_told.store(false, Ordering::Relaxed);
    }

    /// Whether the shell makes way for the only command that it was started for, as bash
    /// does to save a process.
    pub(crate) fn gives_way(&self) -> bool {
        const SEPARATORS: &[char] = &[';', '|', '&', '\n', '(', '`'];
        self.command.get().is_some_and(|command| !command.contains(SEPARATORS))
    }

    /// Where a descriptor of a process leads.
    pub(crate) fn descriptor(&self, pid: u32, fd: u8) -> String {
        let running = self.running();
        let place = usize::from(fd);
        if let Some(file) = running.get(&pid).and_then(|r| r.files.get(place)) {
            return file.clone();
        }
        drop(running);
        match (fd, self.shell_files.get(place)) {
            (_, Some(file)) if self.is_shell(pid) => file.clone(),
            (0, _) => "/dev/null".to_owned(),
            _ => format!("socket:[{}]", 13_000 + pid),
        }
    }

    /// Where a process is.
    pub(crate) fn directory(&self, pid: u32) -> String {
        if let Some(running) = self.running().get(&pid) {
            return running.directory.clone();
        }
        if self.is_shell(pid) {
            return self.directory.lock().unwrap_or_else(PoisonError::into_inner).clone();
        }
        "/".to_owned()
    }

    fn is_shell(&self, pid: u32) -> bool {
        pid == self.shell_pid
    }

    /// The descriptors that a session's shell begins with.
    pub(crate) fn first_files(terminal: bool, shell_pid: u32) -> [String; 3] {
        [0, 1, 2].map(|fd| {
            if terminal {
                "/dev/pts/0".to_owned()
            } else {
                format!("pipe:[{}]", 20_001 + shell_pid * 11 + fd)
            }
        })
    }

    /// The shell runs this command alone.
    pub(crate) fn runs(&self, name: &str, command: &[u8]) {
        let text = String::from_utf8_lossy(&command[..command.len().min(COMMAND_BYTES)]);
        // The first command decides; a session has one.
        let _ = self.command.set(format!("{name} -c {text}"));
    }

    /// The terminal as `ps` names it.
    pub(crate) fn tty(&self) -> &'static str {
        if self.terminal { "pts/0" } else { "?" }
    }

    /// The peer as `who` names it.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.connection.map(|(_, peer)| peer.ip().to_canonical())
    }

    /// Number of the process that holds the connection.
    pub(crate) fn door_pid(&self, host: &Host, view: &View) -> Option<u32> {
        let last = self.before(host, view).last().map(|p| p.pid);
        last.or_else(|| listener(host, "telnetd").filter(|_| self.door == Door::Telnet))
    }

    /// The session's processes: those that the log-in made, the shell, and what it runs.
    pub(crate) fn processes(&self, host: &Host, view: &View) -> Vec<Process> {
        let mut all = self.before(host, view);
        if !self.running().contains_key(&view.shell_pid) {
            all.push(self.shell(host, view));
        }
        all.extend(self.running().values().map(|r| self.shown(r, view)));
        // A shell that is no program of its own, as in the stage of a pipeline.
        if view.pid != view.shell_pid && !self.running().contains_key(&view.pid) {
            all.push(Process { pid: view.pid, ppid: view.shell_pid, ..self.shell(host, view) });
        }
        all
    }

    /// The session's process of that number.
    pub(crate) fn process_with(&self, host: &Host, view: &View, pid: u32) -> Option<Process> {
        if let Some(running) = self.running().get(&pid) {
            return Some(self.shown(running, view));
        }
        if pid == view.shell_pid {
            return Some(self.shell(host, view));
        }
        self.processes(host, view).into_iter().find(|p| p.pid == pid)
    }

    /// A program with the state that it has while another looks at it.
    fn shown(&self, running: &Running, view: &View) -> Process {
        let looks = running.process.pid == view.pid;
        let leads = running.process.pid == view.shell_pid;
        let state = format!(
            "{}{}{}",
            if looks { "R" } else { "S" },
            if leads { "s" } else { "" },
            if self.terminal && running.foreground { "+" } else { "" }
        );
        Process { state, ..running.process.clone() }
    }

    /// Number of the shell's parent.
    pub(crate) fn parent(&self, host: &Host, view: &View) -> u32 {
        let parent = self.before(host, view).last().map(|p| p.pid);
        let parent = parent.or_else(|| match self.door {
            Door::Other => listener(host, "php-fpm: pool").or_else(|| listener(host, "httpd")),
            _ => listener(host, "telnetd"),
        });
        parent.unwrap_or(1)
    }

    /// The shell.
    pub(crate) fn shell(&self, host: &Host, view: &View) -> Process {
        let gnu = host.persona.is_gnu();
        let (vsz_kb, rss_kb) = match (gnu, self.terminal) {
            (true, true) => (7_964, 4_736),
            (true, false) => (7_196, 3_820),
            _ => (1_112, 452),
        };
        let command = self.command.get().unwrap_or(&host.persona.shell.name).clone();
        let busy = self.running().values().any(|r| r.foreground);
        Process {
            pid: view.shell_pid,
            ppid: self.parent(host, view),
            name: Process::name_of(&command),
            exe: if gnu { "/usr/bin/bash".to_owned() } else { String::new() },
            vsz_kb,
            rss_kb,
            state: if self.terminal && !busy { "Ss+" } else { "Ss" }.to_owned(),
            tty: self.tty().to_owned(),
            ..self.process(host, view, &command)
        }
    }

    /// A process of the log-in with the shell's user and time.
    fn process(&self, host: &Host, view: &View, command: &str) -> Process {
        let user = host.users().iter().find(|u| u.uid == view.uid);
        let since = if self.since == Timestamp::default() { view.now } else { self.since };
        Process {
            pid: view.shell_pid,
            ppid: 1,
            user: user.map_or_else(|| self.user.clone(), |u| u.name.clone()),
            command: command.to_owned(),
            name: Process::name_of(command),
            exe: String::new(),
            vsz_kb: 0,
            rss_kb: 0,
            state: "Ss".to_owned(),
            tty: "?".to_owned(),
            started_s: host.uptime(since).as_secs(),
        }
    }

    /// What the log-in started before the shell; what holds the connection is the last.
    fn before(&self, host: &Host, view: &View) -> Vec<Process> {
        let pid = |back: u32| view.shell_pid.saturating_sub(back);
        let user = &self.user;
        let made =
            |back: u32, ppid: Option<u32>, (command, owner, exe): (String, &str, &str)| Process {
                pid: pid(back),
                ppid: ppid.unwrap_or(1),
                user: owner.to_owned(),
                exe: exe.to_owned(),
                ..self.process(host, view, &command)
            };
        let sized =
            |process: Process, vsz_kb: u64, rss_kb: u64| Process { vsz_kb, rss_kb, ..process };
        let line = if self.terminal { "pts/0" } else { "notty" };
        let manager = "/usr/lib/systemd/systemd";
        // pam_systemd starts the user's own systemd with the first session.
        let own_systemd = |back: u32| {
            let systemd = made(back, None, ("/lib/systemd/systemd --user".into(), user, manager));
            let pam = made(back - 1, Some(pid(back)), ("(sd-pam)".into(), user, manager));
            let pam = Process { name: "(sd-pam)".into(), state: "S".into(), ..pam };
            vec![sized(systemd, 18_984, 10_632), sized(pam, 169_148, 3_012)]
        };
        let sshd = "/usr/sbin/sshd";
        match self.door {
            Door::Ssh if !host.persona.is_gnu() => {
                let server = listener(host, "dropbear");
                let path = "/usr/sbin/dropbear";
                vec![sized(made(1, server, (path.into(), "root", path)), 1_204, 688)]
            }
            // A user that is not root has a process without privileges between
            // (sshd.c, `privsep_postauth`).
            Door::Ssh if user == "root" => {
                let mut all = own_systemd(6);
                let title = format!("sshd: root@{line}");
                let daemon = made(9, listener(host, "sshd"), (title, "root", sshd));
                all.push(sized(daemon, 17_728, 10_884));
                all
            }
            Door::Ssh => {
                let mut all = own_systemd(7);
                let title = format!("sshd: {user} [priv]");
                let monitor = made(10, listener(host, "sshd"), (title, "root", sshd));
                all.push(sized(monitor, 17_728, 10_912));
                let daemon = made(1, Some(pid(10)), (format!("sshd: {user}@{line}"), user, sshd));
                all.push(Process { state: "S".to_owned(), ..sized(daemon, 17_988, 6_700) });
                all
            }
            Door::Telnet if host.persona.is_gnu() => {
                let mut all = own_systemd(4);
                let peer = self.peer().map_or_else(String::new, |peer| peer.to_string());
                let title = format!("telnetd: {peer}");
                let server = made(7, listener(host, "inetd"), (title, "root", "/usr/sbin/telnetd"));
                let line = format!("/bin/login -h {peer} -p");
                let login = made(6, Some(pid(7)), (line, "root", "/usr/bin/login"));
                let login = Process { tty: "pts/0".to_owned(), ..sized(login, 6_880, 4_312) };
                all.push(sized(server, 3_092, 2_108));
                all.push(login);
                all
            }
            _ => Vec::new(),
        }
    }
}

/// Memory that a program takes, in kB: virtual, and resident.
pub(crate) fn sizes(host: &Host, name: &str) -> (u64, u64) {
    if !host.persona.is_gnu() {
        return (1_112, 348 + name.len() as u64 % 5 * 8);
    }
    match name {
        "bash" => (7_196, 3_820),
        "sh" | "dash" => (2_576, 932),
        "ps" => (11_084, 4_388),
        "top" => (11_544, 4_016),
        "htop" => (6_016, 4_380),
        "grep" | "egrep" | "fgrep" => (6_332, 2_080),
        "sed" => (6_020, 1_992),
        "awk" | "mawk" => (4_652, 1_792),
        "wget" => (15_612, 8_212),
        "curl" => (27_620, 10_940),
        "python3" | "python" => (13_984, 9_712),
        "perl" => (8_744, 5_232),
        "su" => (6_752, 3_900),
        "sudo" => (10_268, 5_112),
        "vi" | "vim" => (9_800, 6_300),
        "find" => (6_984, 3_120),
        other => (5_456 + other.len() as u64 % 7 * 12, 884 + other.len() as u64 % 9 * 8),
    }
}

/// The host's own process whose command line has `name` in it.
fn listener(host: &Host, name: &str) -> Option<u32> {
    host.processes().iter().find(|p| p.command.contains(name)).map(|p| p.pid)
}

/// `SSH_CONNECTION`: the peer's address and port, this host's address and port.
fn connection(text: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split(' ');
    let mut end = || -> Option<SocketAddr> {
        let address: IpAddr = words.next()?.parse().ok()?;
        Some(SocketAddr::new(address.to_canonical(), words.next()?.parse().ok()?))
    };
    let (peer, own) = (end()?, end()?);
    Some((own, peer))
}
