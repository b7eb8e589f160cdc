//! From the kernel's records to notices: which process, which path, what came of it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use ukai_trace::{Address, STATUS_UNKNOWN, What};

use crate::files::Files;
use crate::limits::{LOOKED_AFTER_MAX, PAGES_AT_ONCE, RING_KIB, SUM_EVERY, TALKS_MAX, TASKS_MAX};
use crate::out::Out;
use crate::probes::{DEPTH, Probes};
use crate::ring::{Format, PAGE_BYTES, Record, page};
use crate::sys;
use crate::wine::Wine;

/// A program that a process is about to execute, as read at the gate.
#[derive(Default)]
pub struct Program {
    path: Vec<u8>,
    arguments: Vec<Vec<u8>>,
    environment: Vec<Vec<u8>>,
    folder: Vec<u8>,
    deleted: bool,
    interpreted: bool,
}

impl Program {
    pub fn new(path: Vec<u8>, arguments: Vec<Vec<u8>>, environment: Vec<Vec<u8>>) -> Self {
        Self { path, arguments, environment, ..Self::default() }
    }
}

#[derive(Default, Clone)]
struct Task {
    process: u32,
    parent: u32,
    folder: Vec<u8>,
}

/// A call that was entered and has not come back.
struct Entered {
    at_ns: u64,
    what: What,
}

#[derive(PartialEq, Eq, Hash, Clone)]
struct Talk {
    pid: u32,
    protocol: u8,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    received: bool,
}

/// A process while it lives.
#[derive(Default)]
struct Life {
    threads: u32,
    /// How its first thread has ended.
    status: Option<u32>,
    /// When it was first found to be gone, on the kernel's monotonic clock.
    gone_ns: Option<u64>,
}

pub struct Watch {
    nest: u32,
    tasks: HashMap<u32, Task>,
    lives: HashMap<u32, Life>,
    /// Processes that were there before the sample.
    before: HashSet<u32>,
    looked: Instant,
    /// All records up to this time were read.
    read_to_ns: u64,
    /// Whether what ends now is ended by us.
    pub ending: bool,
    programs: HashMap<u32, Program>,
    /// By thread and the call's name.
    entered: HashMap<(u32, &'static str), Entered>,
    talks: HashMap<Talk, (u64, u64, u64)>,
    summed: Instant,
    pub wine: Wine,
}

const NATIVE_MACHINES: [[u8; 2]; 2] = [[62, 0], [3, 0]];

impl Watch {
    pub fn new(nest: u32) -> Self {
        let mut watch = Self {
            nest,
            tasks: HashMap::new(),
            lives: HashMap::new(),
            before: HashSet::new(),
            looked: Instant::now(),
            read_to_ns: 0,
            ending: false,
            programs: HashMap::new(),
            entered: HashMap::new(),
            talks: HashMap::new(),
            summed: Instant::now(),
            wine: Wine::default(),
        };
        watch.before = watch.neighbours();
        watch
    }

    /// The first process.
    pub fn begin(&mut self, pid: u32) {
        let folder = link(&format!("/proc/{pid}/cwd"));
        self.lives.insert(pid, Life { threads: 1, ..Life::default() });
        self.tasks.insert(pid, Task { process: pid, parent: self.nest, folder });
    }

    /// Wine's own processes, which do what programs ask them for.
    pub fn adopt(&mut self, wine: Wine) {
        for (pid, tasks) in wine.tasks() {
            // They were there before the sample.
            self.before.insert(*pid);
            for task in tasks {
                let folder = link(&format!("/proc/{task}/cwd"));
                self.tasks.insert(*task, Task { process: *pid, parent: self.nest, folder });
            }
        }
        self.wine = wine;
    }

    /// Processes of the sample's world.
    fn neighbours(&self) -> HashSet<u32> {
        let world = |pid: &str| link(&format!("/proc/{pid}/ns/pid"));
        let own = world(&self.nest.to_string());
        if own.is_empty() {
            return HashSet::new();
        }
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        numbers.filter(|pid| world(&pid.to_string()) == own).collect()
    }

    /// Tells of what the kernel's records do not, since they were lost, or stopped by a sample
    /// that knows how: processes that are gone, and, where none is left, those that are there.
    pub fn look_after(&mut self, out: &mut Out) {
        if self.looked.elapsed() < SUM_EVERY {
            return;
        }
        self.looked = Instant::now();
        let mut ended = Vec::new();
        for (pid, life) in self.lives.iter_mut().take(LOOKED_AFTER_MAX) {
            if sys::lives(*pid) {
                life.gone_ns = None;
                continue;
            }
            // Its record may still wait behind a flood of others.
            let gone_ns = *life.gone_ns.get_or_insert_with(sys::monotonic_ns);
            if gone_ns < self.read_to_ns {
                ended.push(*pid);
            }
        }
        for pid in ended {
            self.lives.remove(&pid);
            self.tasks.retain(|_, task| task.process != pid);
            out.tell(pid, What::Exit { status: STATUS_UNKNOWN });
        }
        if !self.lives.is_empty() {
            return;
        }
        for pid in self.neighbours().difference(&self.before) {
            let status = fs::read(format!("/proc/{pid}/status")).unwrap_or_default();
            let status = String::from_utf8_lossy(&status);
            let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
            // What is on its way out, a zombie too, has no memory any more.
            if field("VmSize:").is_none() {
                continue;
            }
            let parent = field("PPid:").and_then(|parent| parent.trim().parse().ok()).unwrap_or(0);
            out.tell(parent, What::Fork { child: *pid, thread: false });
            self.lives.insert(*pid, Life { threads: 1, ..Life::default() });
            self.tasks.insert(*pid, Task { process: *pid, parent, folder: Vec::new() });
        }
    }

    pub fn process(&self, task: u32) -> u32 {
        self.tasks.get(&task).map_or(task, |task| task.process)
    }

    /// Processes that have not ended.
    pub fn alive(&self) -> Vec<u32> {
        let sample = |pid: &&u32| !self.wine.is_own(**pid);
        let mut all: Vec<u32> = self.lives.keys().filter(sample).copied().collect();
        all.sort_unstable();
        all
    }

    /// A thread waits at the gate to execute a program. A file that is nowhere in a folder
    /// comes back, to be kept.
    pub fn executes(
        &mut self,
        task: u32,
        folder_fd: i32,
        mut program: Program,
    ) -> Option<(File, Vec<u8>)> {
        program.folder = link(&format!("/proc/{task}/cwd"));
        let opened = if program.path.is_empty() {
            Some(format!("/proc/{task}/fd/{folder_fd}"))
        } else {
            let text = String::from_utf8_lossy(&program.path);
            text.strip_prefix("/proc/self/fd/")
                .or_else(|| text.strip_prefix("/dev/fd/"))
                .map(|fd| format!("/proc/{task}/fd/{fd}"))
        };
        let mut found = None;
        let place = match opened {
            Some(opened) => {
                let name = link(&opened);
                program.deleted = name.ends_with(b" (deleted)");
                if program.deleted
                    && let Ok(file) = File::open(&opened)
                {
                    found = Some((file, name.clone()));
                }
                if !name.is_empty() {
                    program.path = name;
                }
                opened
            }
            None => {
                program.path = absolute(task, folder_fd, &program.path, &program.folder);
                format!("/proc/{task}/root{}", String::from_utf8_lossy(&program.path))
            }
        };
        let mut head = [0; 20];
        let count = File::open(place).and_then(|file| file.read_at(&mut head, 0)).unwrap_or(0);
        program.interpreted = match &head[..count] {
            [b'#', b'!', ..] => true,
            [0x7f, b'E', b'L', b'F', .., low, high] => !NATIVE_MACHINES.contains(&[*low, *high]),
            _ => false,
        };
        if self.programs.len() < TASKS_MAX {
            self.programs.insert(task, program);
        }
        found
    }

    /// Takes all records that were there when it was called.
    pub fn take_all(&mut self, probes: &Probes, files: &Files, out: &mut Out) {
        let now_ns = sys::monotonic_ns();
        // What is made meanwhile cannot keep it here: the ring holds so much and no more.
        for _ in 0..=RING_KIB as usize * 1024 / PAGE_BYTES / PAGES_AT_ONCE {
            self.take(probes, files, out);
            if self.read_to_ns >= now_ns {
                break;
            }
        }
    }

    /// Takes the records that are there. Bounded: the gate must not wait for ever behind a
    /// flood of records.
    pub fn take(&mut self, probes: &Probes, files: &Files, out: &mut Out) {
        let mut bytes = vec![0; PAGE_BYTES];
        for _ in 0..PAGES_AT_ONCE {
            let now_ns = sys::monotonic_ns();
            let Ok(count @ 1..) = sys::read(probes.fd(), &mut bytes) else {
                self.read_to_ns = now_ns;
                break;
            };
            let lost = page(&bytes[..count], |record| {
                self.read_to_ns = record.at_ns;
                if let Some((name, format)) = probes.formats.get(&record.id()) {
                    self.record(name, &Fields { record: &record, format }, files, out);
                }
            });
            if lost > 0 {
                out.lost(lost);
            }
        }
    }

    fn record(&mut self, name: &'static str, fields: &Fields, files: &Files, out: &mut Out) {
        let task = fields.record.task();
        let at_ns = fields.record.at_ns;
        let pid = self.process(task);
        let mut tell = |what: What| out.tell_at(at_ns, pid, what);
        match name {
            "sched_process_exec" => {
                let before = fields.number("old_pid") as u32;
                // A thread that executes becomes the first of its process.
                if before != task
                    && let Some(moved) = self.tasks.remove(&before)
                {
                    self.tasks.insert(task, moved);
                }
                if let Some(life) = self.lives.get_mut(&pid) {
                    life.status = None;
                }
                let program = self.programs.remove(&before).unwrap_or_else(|| Program {
                    path: fields.text("filename"),
                    ..Program::default()
                });
                let parent = self.tasks.get(&pid).map_or(0, |task| task.parent);
                let interpreter = if program.interpreted {
                    link(&format!("/proc/{task}/exe"))
                } else {
                    Vec::new()
                };
                let Program { path, arguments, environment, folder, deleted, .. } = program;
                tell(What::Execute {
                    parent,
                    path,
                    arguments,
                    environment,
                    folder,
                    deleted,
                    interpreter,
                });
            }
            "task_newtask" => {
                const CLONE_THREAD: u64 = 0x1_0000;
                let child = fields.number("pid") as u32;
                let thread = fields.number("clone_flags") & CLONE_THREAD != 0;
                tell(What::Fork { child, thread });
                if self.tasks.len() < TASKS_MAX {
                    let mut made = self.tasks.get(&task).cloned().unwrap_or_default();
                    if made.folder.is_empty() {
                        made.folder = link(&format!("/proc/{task}/cwd"));
                    }
                    if !thread {
                        made.parent = pid;
                    }
                    made.process = if thread { pid } else { child };
                    self.lives.entry(made.process).or_default().threads += 1;
                    self.tasks.insert(child, made);
                }
            }
            "exit" => {
                let code = fields.number("code") as u32;
                if let Some(life) = self.lives.get_mut(&pid) {
                    life.threads = life.threads.saturating_sub(1);
                    if task == pid {
                        life.status = Some(code);
                    }
                    // With its last thread, whichever that is.
                    if life.threads == 0 {
                        if !self.ending {
                            tell(What::Exit { status: life.status.unwrap_or(code) });
                        }
                        self.lives.remove(&pid);
                    }
                }
                self.tasks.remove(&task);
                self.programs.remove(&task);
                self.entered.retain(|(other, _), _| *other != task);
            }
            "signal_generate" => {
                let target = fields.number("pid") as u32;
                let signal = fields.number("sig") as i32;
                if self.process(target) != pid {
                    tell(What::Kill { target, name: fields.text("comm"), signal });
                }
            }
            "module_load" => tell(What::Module { name: fields.text("name") }),
            "prctl" | "prctl32" => {
                let mut name = fields.text("name");
                name.truncate(15);
                tell(What::Name { name });
            }
            "ptrace" | "ptrace32" => {
                let request = fields.number("request");
                let target = if request == 0 { 0 } else { fields.number("target") as u32 };
                tell(What::Trace { target, request });
            }
            "reboot" | "reboot32" => {
                tell(What::Reboot { command: fields.number("command") as u32 })
            }
            "setclock" => {
                let unix_ns = fields.number("s").wrapping_mul(1_000_000_000);
                tell(What::SetClock { unix_ns: unix_ns.wrapping_add(fields.number("ns")) });
            }
            "receive" => {
                const WRITTEN: u64 = 2;
                let written = fields.number("mode") & WRITTEN != 0;
                if let Some((at_ns, path)) = self.wine.received(fields.number("ino"), pid, written)
                {
                    out.tell_at(at_ns, pid, What::Create { path });
                }
            }
            "sleep" => {
                const RELATIVE: u64 = 1;
                let mut ns = fields.number("ns");
                if fields.number("mode") & RELATIVE == 0 {
                    // Until a time of a clock, which then stood so.
                    let clock = fields.number("clock") as libc::clockid_t;
                    let since = sys::monotonic_ns().saturating_sub(at_ns);
                    ns = ns.saturating_sub(sys::clock_ns(clock).saturating_sub(since));
                }
                tell(What::Sleep { ns, skipped: false, task });
            }
            "mount" => {
                let target = fields.names();
                let flags = fields.number("flags") & 0xffff_ffff;
                let _ = files.watch_at(&format!(
                    "/proc/{}/root{}",
                    self.nest,
                    String::from_utf8_lossy(&target)
                ));
                let (source, kind) = (fields.text("src"), fields.text("kind"));
                tell(What::Mount { source, target, kind, flags });
            }
            "chdir" => {
                let folder = fields.names();
                if let Some(task) = self.tasks.get_mut(&pid) {
                    task.folder = folder;
                }
            }
            "chmod" => tell(What::Mode {
                path: fields.names(),
                mode: fields.number("mode") as u32 & 0o7777,
            }),
            "socket" => tell(What::Socket {
                family: fields.number("family") as u32,
                kind: fields.number("kind") as u32 & 0xf,
                protocol: fields.number("protocol") as u32,
            }),
            "listen" => tell(What::Listen { local: ip(fields.local()) }),
            "accept_r" => {
                let ret = fields.number("ret") as i64;
                if ret != 0 && !(-4_095..0).contains(&ret) {
                    tell(What::Accept { local: ip(fields.local()), remote: ip(fields.remote()) });
                }
            }
            "syn" => {
                if let Some(entered) = self.entered.get_mut(&(task, "connect"))
                    && let What::Connect { local, protocol, .. } = &mut entered.what
                {
                    *local = ip(fields.local());
                    *protocol = 6;
                }
            }
            "tcpsend" | "udpsend" | "udp6send" | "rawsend" | "raw6send" | "pingsend"
            | "packetsend" | "tcprecv" | "udprecv" => self.talk(name, pid, at_ns, fields),
            _ => self.call(name, task, pid, fields, out),
        }
    }

    /// A call that is told when it has come back, since only then its result is known.
    fn call(&mut self, name: &'static str, task: u32, pid: u32, fields: &Fields, out: &mut Out) {
        let at_ns = fields.record.at_ns;
        if let Some(call) = name.strip_suffix("_r") {
            let Some(key) = CALLS.iter().find(|known| **known == call) else { return };
            let Some(mut entered) = self.entered.remove(&(task, *key)) else { return };
            let result = fields.number("ret") as i64;
            let failed = if (-4_095..0).contains(&result) { -result as i32 } else { 0 };
            match &mut entered.what {
                What::Open { error, path, .. } => {
                    *error = failed;
                    const CREATED: u64 = 0x10_0000;
                    if failed == 0 && fields.number("mode") & CREATED != 0 {
                        let (at_ns, path) = (entered.at_ns, path.clone());
                        if self.wine.is_server(pid) {
                            // Who it is for is known when the file is handed over.
                            self.wine.made(fields.number("ino"), at_ns, path);
                        } else {
                            out.tell_at(at_ns, pid, What::Create { path });
                        }
                    }
                }
                What::Connect { error, .. } | What::Bind { error, .. } => *error = failed,
                _ if failed != 0 => return,
                _ => {}
            }
            out.tell_at(entered.at_ns, pid, entered.what);
            return;
        }
        let folder = self.tasks.get(&pid).map(|task| task.folder.clone()).unwrap_or_default();
        let first = |field: &str| {
            absolute(task, fields.number(field) as i32, &fields.text("name"), &folder)
        };
        let second = || absolute(task, fields.number("dfd2") as i32, &fields.text("to"), &folder);
        let what = match name {
            "open" => {
                What::Open { path: first("dfd"), flags: fields.number("flags") as u32, error: 0 }
            }
            "unlink" | "rmdir" => What::Delete { path: first("dfd") },
            "mkdir" => What::Folder { path: first("dfd") },
            "rename" => What::Rename { from: first("dfd"), to: second() },
            "link" => What::Link { from: first("dfd"), to: second(), symbolic: false },
            "symlink" => What::Link { from: fields.text("name"), to: second(), symbolic: true },
            "connect" => {
                let remote = fields.address();
                // Until a SYN says otherwise.
                let protocol = if matches!(remote, Address::Ip(_)) { 17 } else { 0 };
                What::Connect { local: Address::None, remote, protocol, error: 0, task }
            }
            "bind" => What::Bind { local: fields.address(), error: 0 },
            _ => return,
        };
        if self.entered.len() < TASKS_MAX {
            self.entered.insert((task, name), Entered { at_ns, what });
        }
    }

    fn talk(&mut self, name: &str, pid: u32, at_ns: u64, fields: &Fields) {
        let (protocol, received) = match name {
            "tcpsend" => (6, false),
            "tcprecv" => (6, true),
            "udpsend" | "udp6send" => (17, false),
            "udprecv" => (17, true),
            "pingsend" => (1, false),
            "packetsend" => (0, false),
            _ => (255, false),
        };
        let mut local = fields.local();
        let mut remote = fields.remote();
        if fields.number("mn") != 0 {
            let v6 = matches!(name, "udp6send" | "raw6send");
            remote = Some(if v6 { fields.named_v6() } else { fields.named_v4() });
        }
        if name == "packetsend" {
            (local, remote) = (None, None);
        }
        let talk = Talk { pid, protocol, local, remote, received };
        let (first, bytes, count) = self.talks.entry(talk).or_insert((at_ns, 0, 0));
        *first = (*first).min(at_ns);
        *bytes += fields.number("len");
        *count += 1;
    }

    /// Tells what was said, summed up, when it is time; at the `end`, calls that never came
    /// back, too.
    pub fn sums(&mut self, out: &mut Out, end: bool) {
        if end {
            for (at_ns, path) in self.wine.left() {
                out.tell_at(at_ns, self.wine.server, What::Create { path });
            }
            let mut pending: Vec<_> = self.entered.drain().collect();
            pending.sort_by_key(|(_, entered)| entered.at_ns);
            for ((task, _), mut entered) in pending {
                let pid = self.tasks.get(&task).map_or(task, |task| task.process);
                if let What::Connect { error, .. } = &mut entered.what {
                    *error = libc::EINPROGRESS;
                    out.tell_at(entered.at_ns, pid, entered.what);
                }
            }
        }
        if !end && self.summed.elapsed() < SUM_EVERY && self.talks.len() < TALKS_MAX {
            return;
        }
        self.summed = Instant::now();
        let talks = self.talks.drain().collect();
        Self::tell_sums(talks, out);
    }

    /// Tells what one process has said so far.
    pub fn sums_of(&mut self, pid: u32, out: &mut Out) {
        Self::tell_sums(self.talks.extract_if(|talk, _| talk.pid == pid).collect(), out);
    }

    fn tell_sums(mut talks: Vec<(Talk, (u64, u64, u64))>, out: &mut Out) {
        talks.sort_by_key(|(_, (first, ..))| *first);
        for (talk, (first, bytes, count)) in talks {
            let Talk { pid, protocol, local, remote, received } = talk;
            let (local, remote) = (ip(local), ip(remote));
            let what = if received {
                What::Receive { local, remote, protocol, bytes, count }
            } else {
                What::Send { local, remote, protocol, bytes, count }
            };
            out.tell_at(first, pid, what);
        }
    }
}

const CALLS: [&str; 9] =
    ["open", "unlink", "rmdir", "mkdir", "rename", "link", "symlink", "connect", "bind"];

fn ip(end: Option<SocketAddr>) -> Address {
    end.map_or(Address::None, Address::Ip)
}

fn link(path: &str) -> Vec<u8> {
    fs::read_link(path).map(|path| path.into_os_string().into_vec()).unwrap_or_default()
}

/// A path as the sample sees it, from the root on.
fn absolute(task: u32, folder_fd: i32, path: &[u8], folder: &[u8]) -> Vec<u8> {
    if path.starts_with(b"/") {
        return path.to_vec();
    }
    let base = if folder_fd == libc::AT_FDCWD {
        if folder.is_empty() { link(&format!("/proc/{task}/cwd")) } else { folder.to_vec() }
    } else {
        link(&format!("/proc/{task}/fd/{folder_fd}"))
    };
    let path = path.strip_prefix(b"./").unwrap_or(path);
    let mut whole = if base.is_empty() { b"?".to_vec() } else { base };
    if !whole.ends_with(b"/") {
        whole.push(b'/');
    }
    whole.extend_from_slice(path);
    whole
}

/// A record with the names of its fields.
struct Fields<'a> {
    record: &'a Record<'a>,
    format: &'a Format,
}

impl Fields<'_> {
    fn number(&self, name: &str) -> u64 {
        self.record.number(self.format, name)
    }

    fn text(&self, name: &str) -> Vec<u8> {
        self.record.text(self.format, name)
    }

    /// The path whose names were recorded from the inside out.
    fn names(&self) -> Vec<u8> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        for number in 0..DEPTH {
            match self.text(&format!("n{number}")) {
                name if name == b"/" || name.is_empty() => break,
                name => names.push(name),
            }
        }
        if names.is_empty() {
            return b"/".to_vec();
        }
        names.iter().rev().flat_map(|name| [b"/", &name[..]].concat()).collect()
    }

    fn v6(&self, first: &str, second: &str) -> IpAddr {
        let mut octets = [0; 16];
        octets[..8].copy_from_slice(&self.number(first).to_le_bytes());
        octets[8..].copy_from_slice(&self.number(second).to_le_bytes());
        IpAddr::from(Ipv6Addr::from_octets(octets)).to_canonical()
    }

    fn v4(&self, field: &str) -> IpAddr {
        Ipv4Addr::from_octets((self.number(field) as u32).to_le_bytes()).into()
    }

    fn local(&self) -> Option<SocketAddr> {
        let ip = match self.number("fam") {
            2 => self.v4("s4"),
            10 => self.v6("s6a", "s6b"),
            _ => return None,
        };
        Some(SocketAddr::new(ip, self.number("lp") as u16))
    }

    fn remote(&self) -> Option<SocketAddr> {
        let ip = match self.number("fam") {
            2 => self.v4("d4"),
            10 => self.v6("d6a", "d6b"),
            _ => return None,
        };
        let port = (self.number("dp") as u16).swap_bytes();
        (port != 0 || !ip.is_unspecified()).then(|| SocketAddr::new(ip, port))
    }

    fn port(&self) -> u16 {
        (self.number("port") as u16).swap_bytes()
    }

    fn named_v4(&self) -> SocketAddr {
        SocketAddr::new(self.v4("ip4"), self.port())
    }

    fn named_v6(&self) -> SocketAddr {
        SocketAddr::new(self.v6("w8", "w16"), self.port())
    }

    /// An address of a socket's as it was given to a call.
    fn address(&self) -> Address {
        match self.number("fam") as u16 {
            1 => match self.text("path") {
                path if path.is_empty() => Address::Unix(vec![0]),
                path => Address::Unix(path),
            },
            2 => Address::Ip(self.named_v4()),
            10 => Address::Ip(self.named_v6()),
            40 => Address::Vsock { port: self.number("ip4") as u32, cid: self.number("w8") as u32 },
            family => Address::Other(family),
        }
    }
}
